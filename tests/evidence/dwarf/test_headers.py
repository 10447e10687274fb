"""The units of a large section are found by the look of their headers, not one after the other."""

from __future__ import annotations

import pytest

from abicheck.evidence.dwarf.headers import last_start
from abicheck.model.evidence import Observed
from tests.conftest import ROOT, binary
from tests.evidence.agreement import answer, evidence_of
from tests.evidence.dwarf.handmade import FIRST_ENTRY, function, symbol, types_of, unit
from tests.evidence.dwarf.test_lookup import ADDRESSES, TABLE, UNITS, check, many_units

PLUGINS = sorted(
    str(path.relative_to(ROOT / "fixtures"))
    for folder in ("greeter", "debug")
    for path in (ROOT / "fixtures" / folder).glob("lib*.so")
    if "zstd" not in path.name
)


@pytest.fixture(autouse=True)
def every_section_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("abicheck.evidence.dwarf.units.WALKED", 0)
    monkeypatch.setattr("abicheck.evidence.dwarf.lookup.LARGE_INDEX", 0)


def section_of(info: bytes) -> object:
    types = types_of({".debug_info": info, ".debug_abbrev": TABLE})
    return types._book.main.info  # noqa: SLF001


def test_every_offset_leads_to_its_unit() -> None:
    info, offsets = many_units(ADDRESSES)
    section = section_of(info)
    for start, end in zip(offsets, [*offsets[1:], len(info)], strict=True):
        for offset in (start, start + 1, end - 1):
            assert last_start(section, offset) == start  # type: ignore[arg-type]


def test_what_looks_like_a_header_inside_a_unit_is_passed_over() -> None:
    likeness = unit(b"", 0)
    entries = function(FIRST_ENTRY) + b"\x03" + likeness[:2] + likeness + b"\0"
    first, second = unit(entries, 0x1000), unit(b"\0", 0x2000)
    section = section_of(first + second * 5)
    for offset in range(len(first)):
        assert last_start(section, offset) == 0  # type: ignore[arg-type]


def test_bytes_full_of_likenesses_are_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("abicheck.evidence.dwarf.headers.MOST_LIKENESSES", 100)
    broken = unit(b"\0" * 20, 0)[:-9] + b"\xff" * 9
    section = section_of(unit(b"\0", 0x1000) + broken[4:] * 2000)
    assert last_start(section, section.region.size - 1, 1) is None  # type: ignore[attr-defined, arg-type]
    assert section.likenesses == 100  # type: ignore[attr-defined]


def test_functions_are_found_and_few_units_are_looked_at() -> None:
    info, _ = many_units(ADDRESSES)
    check({".debug_info": info}, ADDRESSES, 20)


def test_units_out_of_order_are_found_one_by_one() -> None:
    shuffled = [ADDRESSES[(index * 77) % UNITS] for index in range(UNITS)]
    info, _ = many_units(shuffled)
    check({".debug_info": info}, shuffled, UNITS + 40)


def test_units_without_code_are_stepped_over() -> None:
    info = b""
    for index, address in enumerate(ADDRESSES):
        entry = function(FIRST_ENTRY, b"f%03d" % index, address + 0x10)
        info += unit(b"\0", 0) * 9 + unit(entry + b"\0", address)
    types = types_of({".debug_info": info, ".debug_abbrev": TABLE})
    found = types.function(symbol("f150", ADDRESSES[150] + 0x10))
    assert isinstance(found, Observed)
    assert types._elf.counters.dies <= 200  # noqa: SLF001


@pytest.mark.parametrize("name", PLUGINS)
def test_what_is_found_is_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def answers() -> list[object]:
        evidence = evidence_of(binary(name))
        return [answer(evidence, symbol) for symbol in evidence.exports()]

    found = answers()
    monkeypatch.undo()
    assert found == answers()
