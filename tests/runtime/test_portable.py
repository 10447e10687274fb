"""What loading promises on every system, with plugins made for the one that runs the tests."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck import verification

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

SUFFIX = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
CONTRACT = """
contract = "portable"
version  = "1.0"
format   = 1
[evidence]
signatures = "when-present"
[exports]
answer = "fn() -> c_int"
ABI    = "static c_uint"
[tags.version]
read   = "ABI"
equals = 1
"""
SOURCE = """
#include <stdio.h>
#include <stdlib.h>
#ifdef _WIN32
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED
#endif
EXPORTED unsigned ABI = VERSION;
EXPORTED int answer(void) { return ANSWER; }
__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("LOADING_MARKS");
    FILE *file = name ? fopen(name, "a") : 0;
    if (file) {
        fputs("begin\\n", file);
        fclose(file);
    }
}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a first, a second, and a plugin that does not fit."""
    if importlib.util.find_spec("ziglang") is None:
        pytest.skip("ziglang is not installed")
    directory = tmp_path_factory.mktemp("portable")
    source = directory / "plugin.c"
    source.write_text(SOURCE)
    for name, answer, version in (("first", 1, 1), ("second", 2, 1), ("wrong", 3, 2)):
        output = directory / f"{name}{SUFFIX}"
        command = [sys.executable, "-m", "ziglang", "cc", "-shared", "-O1"]
        command += [f"-DANSWER={answer}", f"-DVERSION={version}", str(source), "-o", str(output)]
        command += [] if sys.platform == "win32" else ["-fPIC"]
        subprocess.run(command, check=True, cwd=directory)
    (directory / "contract.toml").write_text(CONTRACT)
    return directory


@pytest.fixture
def plugin(made: Path, tmp_path: Path) -> Path:
    """Return a plugin at a place of its own, with its contract beside it."""
    shutil.copy(made / "contract.toml", tmp_path)
    shutil.copy(made / f"first{SUFFIX}", tmp_path / f"plugin{SUFFIX}")
    return tmp_path / f"plugin{SUFFIX}"


def load(plugin: Path, pin: str = "copy") -> abicheck.Plugin:
    return abicheck.load(plugin, plugin.with_name("contract.toml"), pin=pin)


@pytest.mark.parametrize("pin", ["copy", "path"])
def test_plugin_is_loaded_and_answers(plugin: Path, pin: str) -> None:
    loaded = load(plugin, pin)
    assert (loaded.answer(), loaded.ABI) == (1, 1)
    assert load(plugin, pin) is loaded
    loaded.unload()


@pytest.mark.parametrize("pin", ["copy", "path"])
def test_refused_plugin_ran_nothing(
    plugin: Path, made: Path, monkeypatch: pytest.MonkeyPatch, pin: str
) -> None:
    marks = plugin.with_name("marks")
    monkeypatch.setenv("LOADING_MARKS", str(marks))
    shutil.copy(made / f"wrong{SUFFIX}", plugin)
    with pytest.raises(abicheck.PluginRefused):
        load(plugin, pin)
    assert not marks.exists()


def test_file_swapped_after_verification_changes_nothing(
    plugin: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examine = verification.examine

    def examine_and_swap(*arguments: object) -> object:
        found = examine(*arguments)  # type: ignore[arg-type]
        os.replace(shutil.copy(made / f"second{SUFFIX}", plugin.with_name("new")), plugin)
        return found

    monkeypatch.setattr(verification, "examine", examine_and_swap)
    loaded = load(plugin)
    assert loaded.answer() == 1
    loaded.unload()


def test_second_version_from_the_same_path_is_the_second_one(plugin: Path, made: Path) -> None:
    first = load(plugin)
    os.replace(shutil.copy(made / f"second{SUFFIX}", plugin.with_name("new")), plugin)
    second = load(plugin)
    assert (first.answer(), second.answer()) == (1, 2)
    first.unload()
    second.unload()


def test_unloaded_plugin_is_gone(plugin: Path) -> None:
    loaded = load(plugin)
    assert loaded.unload() is None
    with pytest.raises(abicheck.PluginUnloaded):
        loaded.answer()


def test_probe_tells_what_fits(plugin: Path, made: Path) -> None:
    assert abicheck.probe(plugin, plugin.with_name("contract.toml")).outcome == "fine"
    shutil.copy(made / f"wrong{SUFFIX}", plugin)
    assert abicheck.probe(plugin, plugin.with_name("contract.toml")).outcome == "refused"
