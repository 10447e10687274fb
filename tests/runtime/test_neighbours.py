"""Libraries that lie beside a plugin are found, though a copy of it is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from abicheck.errors import LoadError
from tests.conftest import ROOT
from tests.runtime.opening import call, compiled, mapped, on_linux, opened, placed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = on_linux

BOTH = pytest.mark.parametrize("pin", ["copy", "path"])


@BOTH
@pytest.mark.parametrize("place", [".", "deps"])
def test_libraries_beside_the_plugin_are_found(tmp_path: Path, place: str, pin: str) -> None:
    plugin = placed("libmarks-beside.so", tmp_path)
    (tmp_path / "deps").mkdir()
    placed("libneighbour.so", tmp_path / place)
    loaded = opened(plugin, pin=pin)
    assert call(loaded) == 40
    assert mapped(str(tmp_path.resolve() / place / "libneighbour.so").replace("/./", "/"))
    assert loaded.image.close() is None
    assert mapped("libneighbour.so") == []


def test_libraries_beside_a_link_to_the_plugin_are_found(tmp_path: Path) -> None:
    real, links = tmp_path / "real", tmp_path / "links"
    real.mkdir()
    links.symlink_to(real)
    placed("libmarks-beside.so", real)
    placed("libneighbour.so", real)
    loaded = opened(links / "libmarks-beside.so")
    assert call(loaded) == 40
    loaded.image.close()


def test_libraries_in_a_directory_with_a_dollar_are_found(tmp_path: Path) -> None:
    odd = tmp_path / "$LIB" / "$ORIGIN"
    odd.mkdir(parents=True)
    placed("libneighbour.so", odd)
    loaded = opened(placed("libmarks-beside.so", odd, "$PLATFORM.so"))
    assert call(loaded) == 40
    loaded.image.close()


def test_missing_library_is_named_without_our_own_paths(tmp_path: Path) -> None:
    plugin = placed("libmarks-beside.so", tmp_path)
    with pytest.raises(LoadError) as caught:
        opened(plugin)
    assert str(caught.value) == (
        f"{plugin}: the system would not load it: libneighbour.so: "
        "cannot open shared object file: No such file or directory"
    )


def test_private_directories_do_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = placed("libmarks-beside.so", tmp_path)
    placed("libneighbour.so", tmp_path)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    loaded = opened(plugin)
    assert os.listdir(tmp_path / "tmp") == []
    loaded.image.close()


@pytest.mark.oracle
def test_library_without_a_soname_is_found_beside_the_plugin(tmp_path: Path) -> None:
    compiled(tmp_path, "neighbour.c", "-DANSWER=41", name="libneighbour.so")
    flags = ["-DNEEDS_NEIGHBOUR", f"-L{tmp_path}", "-lneighbour", "-Wl,-rpath,$ORIGIN"]
    loaded = opened(compiled(tmp_path, "plugin.c", *flags))
    assert call(loaded) == 41
    loaded.image.close()


@pytest.mark.oracle
def test_library_beside_finds_its_own_neighbours(tmp_path: Path) -> None:
    far = tmp_path / "a" / "far"
    far.mkdir(parents=True)
    compiled(far, "unsigned far(void) { return 77; }", name="libfar.so")
    near = tmp_path / "a" / "near"
    near.mkdir()
    source = "unsigned far(void); unsigned neighbour(void) { return far(); }"
    compiled(near, source, f"-L{far}", "-lfar", "-Wl,-rpath,$ORIGIN/../far", name="libneighbour.so")
    flags = ["-DNEEDS_NEIGHBOUR", f"-L{near}", "-lneighbour", "-Wl,-rpath,$ORIGIN/../near"]
    (tmp_path / "a" / "plugin").mkdir()
    flags.append(f"-Wl,-rpath-link,{far}")
    loaded = opened(compiled(tmp_path / "a" / "plugin", "plugin.c", *flags))
    assert call(loaded) == 77
    loaded.image.close()


PRELOADING = """
import sys
sys.path.insert(0, {root!r})
from abicheck.errors import PluginRefused
from tests.runtime.opening import opened, call
try:
    loaded = opened({plugin!r})
except PluginRefused as refused:
    print("refused", refused)
else:
    print("loaded", call(loaded))
"""


def preloaded(tmp_path: Path, plugin: Path) -> str:
    """Load a plugin in a process into which a library with the same export was preloaded."""
    rival = compiled(tmp_path, "unsigned answer(void) { return 666; }", name="librival.so")
    script = PRELOADING.format(root=str(ROOT), plugin=str(plugin))
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "LD_PRELOAD": str(rival)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout
