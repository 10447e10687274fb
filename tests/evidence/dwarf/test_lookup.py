"""The unit of a function is found by its address among many, and few others are looked at."""

from __future__ import annotations

import pytest

from abicheck.evidence.dwarf import constants as dw
from abicheck.model.evidence import Observed, Unseen
from tests.evidence.dwarf.handmade import (
    FIRST_ENTRY,
    FUNCTION_ENTRY,
    ROOT,
    abbreviations,
    function,
    ranges_index,
    symbol,
    types_of,
    unit,
)

SIZED = [(dw.DW_AT_byte_size, dw.DW_FORM_data1), (dw.DW_AT_encoding, dw.DW_FORM_data1)]
BASE = (3, dw.DW_TAG_base_type, False, SIZED)
TABLE = abbreviations(ROOT, FUNCTION_ENTRY, BASE)
UNITS = 200
ADDRESSES = [0x10000 + 0x100 * index for index in range(UNITS)]
TYPE_AT = FIRST_ENTRY + len(function(0)) + 3


def many_units(addresses: list[int]) -> tuple[bytes, list[int]]:
    """Return .debug_info with one function of a type of its own in each unit, and the offsets."""
    info, offsets = b"", []
    for index, address in enumerate(addresses):
        offsets.append(len(info))
        entry = function(TYPE_AT, b"f%03d" % index, address + 0x10)
        info += unit(entry + b"\x03" + bytes([1 + index % 8]) + b"\x05" + b"\0", address)
    return info, offsets


def check(sections: dict[str, bytes], addresses: list[int], most: int) -> None:
    for index in (0, 1, 77, UNITS - 1):
        types = types_of({**sections, ".debug_abbrev": TABLE})
        found = types.function(symbol(f"f{index:03}", addresses[index] + 0x10))
        assert isinstance(found, Observed), found
        layout = types.layout(types.layout(found.value).result)  # type: ignore[union-attr]
        assert layout.size == 1 + index % 8  # type: ignore[union-attr]
        assert types._elf.counters.dies <= most  # noqa: SLF001
        assert types._elf.counters.units == 1  # noqa: SLF001


def test_index_of_ranges_leads_to_the_unit_alone() -> None:
    info, offsets = many_units(ADDRESSES)
    sets = [
        (offset, [(address, 0x100)]) for offset, address in zip(offsets, ADDRESSES, strict=True)
    ]
    check({".debug_info": info, ".debug_aranges": ranges_index(sets)}, ADDRESSES, 8)


def test_range_that_begins_at_the_function_leads_to_the_unit_alone() -> None:
    info, offsets = many_units(ADDRESSES)
    sets = [
        (offset, [(address, 0x10), (address + 0x10, 0x20)])
        for offset, address in zip(offsets, ADDRESSES, strict=True)
    ]
    check({".debug_info": info, ".debug_aranges": ranges_index(sets)}, ADDRESSES, 8)


def test_units_without_an_index_are_bisected() -> None:
    info, _ = many_units(ADDRESSES)
    check({".debug_info": info}, ADDRESSES, 20)


def test_units_out_of_order_are_found_one_by_one() -> None:
    shuffled = [ADDRESSES[(index * 77) % UNITS] for index in range(UNITS)]
    info, _ = many_units(shuffled)
    check({".debug_info": info}, shuffled, UNITS + 20)


def test_index_that_leaves_out_a_unit_is_not_the_last_word() -> None:
    info, offsets = many_units(ADDRESSES)
    sets = [(offsets[0], [(ADDRESSES[0], 0x100)])]
    check({".debug_info": info, ".debug_aranges": ranges_index(sets)}, ADDRESSES, 20)


@pytest.mark.parametrize("damage", [b"\xff", b"\xff\xff\xff\xff", bytes(40), b"\x02" * 64])
def test_damaged_index_is_a_reason_or_is_done_without(damage: bytes) -> None:
    info, _ = many_units(ADDRESSES)
    types = types_of({".debug_info": info, ".debug_aranges": damage, ".debug_abbrev": TABLE})
    found = types.function(symbol("f001", ADDRESSES[1] + 0x10))
    assert isinstance(found, Observed) or "damaged" in found.reason


def test_address_beyond_all_units_is_not_described() -> None:
    info, _ = many_units(ADDRESSES)
    types = types_of({".debug_info": info, ".debug_abbrev": TABLE})
    found = types.function(symbol("f", ADDRESSES[-1] + 0x1000))
    assert isinstance(found, Unseen)
    assert "describes no code" in found.reason
