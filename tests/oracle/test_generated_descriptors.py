"""Random interfaces in stripped plugins: each field that was changed is found, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from abicheck.contract import parse_contract_text
from abicheck.generation import generate
from tests.oracle.generated import Generator, Interface, contract_text
from tests.oracle.test_generated import blamed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

COUNT, FAULTS = 80, 25
SEEDS, LONG_SEEDS = range(2), range(100, 130)
COMPILERS = {"gcc": "c", "clang++": "cpp"}


def stripped(interface: Interface, compiler: str, directory: Path) -> Path:
    """Build a plugin with the header of what it was built as, and strip it."""
    text = contract_text(Interface(tuple(interface.as_built())))
    (header,) = generate(parse_contract_text(text, "generated.toml"), "c")
    (directory / header.name).write_text(header.text)
    source = directory / f"plugin.{COMPILERS[compiler]}"
    source.write_text(
        '#include "generated.h"\nGENERATED_PLUGIN;\n'
        + "".join(
            f"{each.name} *get_{each.name}(void) {{ return 0; }}\n"
            for each in interface.definitions
        )
    )
    plugin = directory / "plugin.so"
    command = [compiler, "-shared", "-fPIC", "-s", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    made = subprocess.run(
        [*command, str(source), "-o", str(plugin)], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr[:3000]
    return plugin


def check(seed: int, compiler: str, directory: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    interface = Generator(seed).interface(COUNT, FAULTS)
    told = blamed(interface, stripped(interface, compiler, directory), directory)
    seen = {name for name, texts in told.items() if any("mismatch" in text for text in texts)}
    assert {n: f for n, f in interface.faults.items() if n not in seen} == {}, "missed"
    sound = told.keys() - interface.embedding(set(interface.faults))
    assert {name: told[name] for name in sound} == {}, "false alarms"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_changes_are_found_in_a_stripped_plugin_and_nothing_else(
    compiler: str, seed: int, tmp_path: Path
) -> None:
    check(seed, compiler, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG_SEEDS)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_changes_are_found_in_many_stripped_plugins(
    compiler: str, seed: int, tmp_path: Path
) -> None:
    check(seed, compiler, tmp_path)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_stripped_plugin_of_a_sound_interface_is_compatible(compiler: str, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    interface = Generator(1000).interface(COUNT, 0)
    assert blamed(interface, stripped(interface, compiler, tmp_path), tmp_path) == {}
