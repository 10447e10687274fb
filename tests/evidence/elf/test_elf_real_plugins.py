"""The ELF reader against what is known of plugins of others, which lie beside the repository."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from abicheck.evidence import read_plugin
from abicheck.evidence.elf.reader import ElfEvidence
from abicheck.model.evidence import Observed
from tests.conftest import ROOT

PLUGINS = ROOT.parent / "shared" / "plugins"
CASES: list[dict[str, Any]] = (
    json.loads((PLUGINS / "cases.json").read_text()) if PLUGINS.is_dir() else []
)
ELF_CASES = [case for case in CASES if case["platform"]["format"] == "ELF"]
KINDS = {"func": "function", "data": "data"}
CODES = {"i32": "i", "u32": "I", "u64": "Q", "u16": "H", "u8": "B"}

pytestmark = pytest.mark.skipif(not CASES, reason="the plugins of others are not beside this tree")


@pytest.fixture(params=ELF_CASES, ids=[case["id"] for case in ELF_CASES])
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


@pytest.fixture
def evidence(case: dict[str, Any]) -> ElfEvidence:
    (found,) = read_plugin(str(PLUGINS / case["file"]))
    assert isinstance(found, ElfEvidence)
    return found


def test_platform(case: dict[str, Any], evidence: ElfEvidence) -> None:
    expected = case["platform"]
    machine = {"ppc64le": "powerpc64le"}.get(expected["machine"], expected["machine"])
    target = evidence.target
    assert (target.machine, target.bits, target.byte_order, evidence.elf.flags) == (
        machine, expected["bits"], expected["endian"], expected["e_flags"],
    )  # fmt: skip


def test_exports(case: dict[str, Any], evidence: ElfEvidence) -> None:
    assert len(evidence.exports()) == case["facts"]["exports_total"]
    for expected in case["facts"]["exports"]:
        symbol = evidence.find_export(expected["name"])
        assert symbol is not None
        assert (symbol.kind, symbol.binding, symbol.size, symbol.section) == (
            KINDS[expected["kind"]], expected["bind"], expected["size"], expected["section"],
        )  # fmt: skip


def value_at(evidence: ElfEvidence, symbol: str, path: list[int | str], kind: str) -> object:
    """Follow byte offsets, and pointers at "*", from a symbol; return the value there."""
    found, memory = evidence.find_export(symbol), evidence.memory
    assert found is not None
    place, pending = found.address, 0
    for step in path:
        if isinstance(step, int):
            place, pending = place + step, place + step
            continue
        seen = memory.pointer(pending)
        assert isinstance(seen, Observed)
        assert seen.value.address is not None
        place = pending = seen.value.address
    if kind == "cstr":
        text = memory.string(place)
        assert isinstance(text, Observed)
        return text.value.decode()
    if kind == "ptr":
        seen = memory.pointer(place)
        assert isinstance(seen, Observed)
        return seen.value.is_null
    size = struct.calcsize(CODES[kind])
    content = memory.read(place, size)
    assert isinstance(content, Observed)
    prefix = "<" if evidence.target.byte_order == "little" else ">"
    return struct.unpack(prefix + CODES[kind], content.value)[0]


def test_tags(case: dict[str, Any], evidence: ElfEvidence) -> None:
    for tag in case["facts"]["tags"]:
        expected = tag["value"]
        if tag["type"] == "ptr":
            expected = expected == "null"
        assert value_at(evidence, tag["symbol"], tag["at"], tag["type"]) == expected, tag["field"]


def test_dependencies(case: dict[str, Any], evidence: ElfEvidence) -> None:
    facts, found = case["facts"], evidence.facts
    assert list(found.needed) == facts["needed"]
    assert found.soname == facts["soname"]
    assert (":".join(found.runpath) or None) == facts["runpath"]


def test_versions_needed(case: dict[str, Any], evidence: ElfEvidence) -> None:
    expected = {
        (library, version)
        for library, versions in case["facts"]["symbol_versions_needed"].items()
        for version in versions
    }
    needs = evidence.facts.versions_needed
    assert {(need.library, need.version) for need in needs} == expected
    highest = max(
        tuple(int(part) for part in need.version.removeprefix("GLIBC_").split("."))
        for need in needs
        if need.version.startswith("GLIBC_")
    )
    assert ".".join(str(part) for part in highest) == case["facts"]["glibc_max"]


def test_number_of_relocations(case: dict[str, Any], evidence: ElfEvidence) -> None:
    found = evidence.memory.relocations.touching(0, 1 << 62)
    assert len(found) == case["facts"]["n_relocs"]
