"""Random interfaces: every fault is found where it is, and nothing is said of what is sound."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import abicheck
from tests.oracle.generated import Generator, Interface, c_text, contract_text, rust_text

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

COUNT, FAULTS, SEEDS = 80, 25, 4
BARE = ["-shared", "-fPIC", "-nostdlib", "-g", "-w"]
ZIG = [sys.executable, "-m", "ziglang", "cc", "-fno-sanitize=undefined"]
COMPILERS = {
    "gcc": ["gcc", "-O0"],
    "gcc-4": ["gcc", "-gdwarf-4", "-fdebug-types-section", "-O2"],
    "clang": ["clang", "-O2"],
    "rustc": ["rustc", "-g", "--edition", "2021", "--crate-type", "cdylib", "-C", "panic=abort"],
    **{
        f"zig-{target}": [*ZIG, "-target", target]
        for target in (
            "x86-linux-gnu",
            "arm-linux-gnueabihf",
            "s390x-linux-gnu",
            "mips-linux-gnueabihf",
        )
    },
}


def built(interface: Interface, compiler: str, directory: Path) -> Path:
    command, plugin = COMPILERS[compiler], directory / "plugin.so"
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not here")
    if compiler == "rustc":
        source = directory / "plugin.rs"
        source.write_text(rust_text(interface))
    else:
        source = directory / "plugin.c"
        source.write_text(c_text(interface))
        command = [*command, *BARE]
    made = subprocess.run(
        [*command, str(source), "-o", str(plugin)], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return plugin


def blamed(interface: Interface, plugin: Path, directory: Path) -> dict[str, list[str]]:
    """Return which definitions mismatches speak of, and what they say."""
    schema = directory / "contract.toml"
    schema.write_text(contract_text(interface))
    found: dict[str, list[str]] = {}
    for claim in abicheck.verify(plugin, schema).claims:
        is_wrong = claim.status == "mismatch" or (claim.required and claim.status != "ok")
        if is_wrong and claim.subject.startswith(("structs.", "unions.", "enums.")):
            name = claim.subject.split(".")[1]
            found.setdefault(name, []).append(
                f"{claim.status} {claim.subject} {claim.claim}: {claim.expected} | {claim.actual} "
                f"({claim.reason or claim.message})"
            )
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("compiler", COMPILERS)
def test_faults_are_found_and_nothing_else(compiler: str, seed: int, tmp_path: Path) -> None:
    interface = Generator(seed).interface(COUNT, FAULTS)
    told = blamed(interface, built(interface, compiler, tmp_path), tmp_path)
    seen = {name for name, texts in told.items() if any("mismatch" in text for text in texts)}
    assert {n: f for n, f in interface.faults.items() if n not in seen} == {}, "missed"
    sound = told.keys() - interface.embedding(set(interface.faults))
    assert {name: told[name] for name in sound} == {}, "false alarms"


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("compiler", COMPILERS)
def test_sound_interface_is_compatible(compiler: str, seed: int, tmp_path: Path) -> None:
    interface = Generator(1000 + seed).interface(COUNT, 0)
    assert blamed(interface, built(interface, compiler, tmp_path), tmp_path) == {}
