"""Descriptors of one contract from C and from Rust: the same records, for guards to compare."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.generation import generate
from abicheck.generation.names import capitals
from abicheck.generation.plan import DATA, ENUM, FIELD, FUNCTION, SIGNED, UNSIGNED
from tests.conftest import ROOT
from tests.oracle.test_generated_headers import NOTE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

NAMES = (
    "greeter",
    "weechat",
    "nginx",
    "apache-httpd",
    "gstreamer",
    "postgresql",
    "sqlite-extension",
)
Records = list[tuple[int, bytes, list[bytes]]]


def records(note: bytes) -> Records:
    """Return the kind, the fixed part and the strings of each record behind the contract's."""
    at, found = 24 + int.from_bytes(note[26:28], "little"), []
    while at + 4 <= len(note) and int.from_bytes(note[at : at + 2], "little"):
        length, kind, fixed = (
            int.from_bytes(note[at : at + 2], "little"),
            note[at + 2],
            note[at + 3],
        )
        strings = note[at + fixed : at + length].rstrip(b"\0").split(b"\0")
        found.append((kind, _comparable(kind, note[at : at + fixed]), strings))
        at += length
    return found[1:]


def _comparable(kind: int, fixed: bytes) -> bytes:
    """Blank what languages may answer otherwise: a sign that C chooses, what was not asked."""
    part = bytearray(fixed[4:])
    if kind == FIELD and part[8] == UNSIGNED:
        part[8] = SIGNED
    if kind in {ENUM, FUNCTION, DATA}:
        part[4 if kind == ENUM else 0] = 0
    return bytes(part)


def notes(content: bytes) -> dict[bytes, bytes]:
    """Return the notes of a file, by the contract that each states first."""
    found = {}
    for match in re.finditer(NOTE, content, re.DOTALL):
        at = match.start()
        note = content[at : at + 24 + int.from_bytes(content[at + 4 : at + 8], "little")]
        found[note[36 + note[39] :].partition(b"\0")[0]] = note
    return found


def build(*command: str, folder: Path) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    made = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert made.returncode == 0, made.stderr[:3000]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    """Return the notes that gcc makes, and those that rustc makes."""
    folder = tmp_path_factory.mktemp("agreement")
    c, rust = [], ["#![allow(warnings)]"]
    for name in NAMES:
        contract = abicheck.parse_contract(ROOT / "schemas" / f"{name}.toml")
        for language in ("c", "rust"):
            (file,) = generate(contract, language)
            (folder / file.name).write_text(file.text)
            if language == "c":
                text = f'#include "{file.name}"\n{capitals(contract.name)}_PLUGIN;\n'
                (folder / f"{name}.c").write_text(text)
                c.append(f"{name}.c")
                continue
            (hidden,) = re.findall(r"pub mod (abicheck_\w+) \{", file.text)
            module, place = f"m{len(rust)}", f'#[path = "{file.name}"] pub mod'
            note = f"{module}::{hidden}"
            static = f"pub static NOTE_{module}: {note}::Descriptor = {note}::descriptor(&[]);"
            rust += [f"{place} {module};", f"#[no_mangle] {static}"]
    (folder / "all.rs").write_text("\n".join(rust) + "\n")
    build("gcc", "-shared", "-fPIC", *c, "-o", "c.so", folder=folder)
    build("rustc", "--edition=2021", "--crate-type=cdylib", "all.rs", "-o", "rs.so", folder=folder)
    return notes((folder / "c.so").read_bytes()), notes((folder / "rs.so").read_bytes())


def test_each_language_states_every_contract(
    both: tuple[dict[bytes, bytes], dict[bytes, bytes]],
) -> None:
    assert len(both[0]) == len(NAMES)
    assert both[0].keys() == both[1].keys()


def test_records_are_the_same(both: tuple[dict[bytes, bytes], dict[bytes, bytes]]) -> None:
    for name, note in both[0].items():
        assert records(both[1][name]) == records(note), name.decode()
