"""The committed binaries are those of the manifest, small, and say nothing of a machine."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib

import pytest

from tests.conftest import ROOT

FIXTURES = ROOT / "fixtures"
MANIFEST = tomllib.loads((FIXTURES / "MANIFEST.toml").read_text())
ENTRIES = {str(entry["file"]): entry for entry in MANIFEST["binary"]}
SUFFIXES = (".so", ".debug", ".dwo", ".dwp")


@pytest.mark.parametrize("file", ENTRIES)
def test_binary_has_the_hash_of_the_manifest(file: str) -> None:
    assert hashlib.sha256((FIXTURES / file).read_bytes()).hexdigest() == ENTRIES[file]["sha256"]


@pytest.mark.parametrize("file", ENTRIES)
def test_binary_holds_no_path_of_a_machine(file: str) -> None:
    content = (FIXTURES / file).read_bytes()
    paths = (b"/home/", b"/root/", b"/tmp/", b"/work/", b"site-packages")
    assert [path for path in paths if path in content] == []


def test_source_of_every_binary_is_there() -> None:
    assert [e["source"] for e in ENTRIES.values() if not (FIXTURES / e["source"]).is_file()] == []


def test_every_binary_is_in_the_manifest() -> None:
    binaries = {
        file.relative_to(FIXTURES).as_posix()
        for file in FIXTURES.rglob("*")
        if file.name.endswith(SUFFIXES) and "real" not in file.relative_to(FIXTURES).parts
    }
    assert binaries == set(ENTRIES)


def test_binaries_stay_small() -> None:
    assert sum((FIXTURES / file).stat().st_size for file in ENTRIES) < 3_500_000


@pytest.mark.oracle
def test_binaries_come_out_of_their_commands_again() -> None:
    script = FIXTURES / "build.py"
    checked = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
