"""Addresses that a unit or a function covers: DW_AT_low_pc, .debug_ranges, .debug_rnglists.

Source: DWARF 5, sections 2.17 and 7.25; DWARF 4, section 2.17.3.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.forms import DWARF_5, WIDE, read_uleb128

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.dwarf.entries import Entry
    from abicheck.evidence.dwarf.regions import Region
    from abicheck.evidence.dwarf.units import Unit

MOST_RANGES = 200_000
WINDOW = 1 << 13


def ranges_of(entry: Entry) -> Iterator[tuple[int, int]]:
    """Yield the ranges of addresses that an entry covers, as begin and end.

    Raises:
        BinaryError: a list of ranges is damaged.
    """
    if dw.DW_AT_ranges in entry:
        yield from _listed(entry)
        return
    low = entry.address(dw.DW_AT_low_pc)
    if low is None:
        return
    high = entry.unsigned(dw.DW_AT_high_pc)
    if high is None:
        yield low, low + 1
    elif entry.form(dw.DW_AT_high_pc) == dw.DW_FORM_addr:
        yield low, high
    elif (end := entry.address(dw.DW_AT_high_pc)) is not None:
        yield low, end
    else:
        yield low, low + high


def begins_at(entry: Entry, address: int) -> bool:
    """Whether a function's entry says that its code, or a part of it, begins at `address`."""
    if dw.DW_AT_low_pc in entry:
        return entry.address(dw.DW_AT_low_pc) == address
    if dw.DW_AT_ranges not in entry:
        return False
    return any(begin == address for begin, _ in ranges_of(entry))


def has_code(entry: Entry) -> bool:
    """Whether a function's entry has code; what a linker dropped is left at 0 or near the top."""
    begins = [begin for begin, _ in ranges_of(entry)]
    highest = (1 << 8 * entry.unit.widths.address_size) - 1
    return any(1 < begin < highest - 1 for begin in begins)


def _listed(entry: Entry) -> Iterator[tuple[int, int]]:
    unit, value = entry.unit, entry.unsigned(dw.DW_AT_ranges) or 0
    file = unit.file if unit.skeleton is None or unit.version >= DWARF_5 else unit.skeleton.file
    base = unit.bases.address(dw.DW_AT_low_pc) or 0
    if unit.version < DWARF_5:
        section = file.region(".debug_ranges")
        if unit.skeleton is not None:
            value += unit.bases.unsigned(dw.DW_AT_GNU_ranges_base) or 0
        if section is not None:
            yield from _old_list(section, value, unit, base)
        return
    section = file.region(".debug_rnglists")
    if section is None:
        return
    if entry.form(dw.DW_AT_ranges) == dw.DW_FORM_rnglistx:
        value = _list_offset(section, unit, value)
    yield from _new_list(section, value, unit, base)


def _list_offset(section: Region, unit: Unit, index: int) -> int:
    """Return where list number `index` of a unit begins. Source: DWARF 5, section 7.28."""
    size = unit.widths.offset_size
    base = unit.root.unsigned(dw.DW_AT_rnglists_base)
    if base is None:
        base = 20 if size == WIDE else 12  # In a .dwo the one table begins with its header.
    slot = section.exactly(base + index * size, size)
    return base + int.from_bytes(slot, unit.file.byte_order)


def _old_list(section: Region, offset: int, unit: Unit, base: int) -> Iterator[tuple[int, int]]:
    size = unit.widths.address_size
    highest = (1 << 8 * size) - 1
    code = unit.file.prefix + ("QQ" if size == WIDE else "II")
    for start in range(offset, offset + MOST_RANGES * 2 * size, WINDOW):
        window = section.read(start, start + WINDOW)
        usable = len(window) - len(window) % (2 * size)
        for begin, end in struct.iter_unpack(code, window[:usable]):
            if begin == highest:
                base = end
            elif begin or end:
                yield base + begin, base + end
            else:
                return
        if len(window) < WINDOW:
            break
    raise section.damage(offset, "a range list has no end")


def _new_list(  # noqa: C901  a flat table of kinds
    section: Region, offset: int, unit: Unit, base: int
) -> Iterator[tuple[int, int]]:
    size, order, file = unit.widths.address_size, unit.file.byte_order, unit.file
    window, at = section.read(offset, offset + WINDOW), 0

    def number() -> int:
        nonlocal at
        value, at = read_uleb128(window, at)
        return value

    def address() -> int:
        nonlocal at
        at += size
        return int.from_bytes(window[at - size : at], order)

    try:
        for _ in range(MOST_RANGES):
            if at > WINDOW - 64:
                offset, at = offset + at, 0
                window = section.read(offset, offset + WINDOW)
            kind = window[at]
            at += 1
            if kind == dw.DW_RLE_end_of_list:
                return
            if kind == dw.DW_RLE_base_addressx:
                base = file.indexed_address(unit, number())
            elif kind == dw.DW_RLE_base_address:
                base = address()
            elif kind == dw.DW_RLE_offset_pair:
                begin = base + number()
                yield begin, base + number()
            elif kind == dw.DW_RLE_startx_endx:
                begin = file.indexed_address(unit, number())
                yield begin, file.indexed_address(unit, number())
            elif kind == dw.DW_RLE_startx_length:
                begin = file.indexed_address(unit, number())
                yield begin, begin + number()
            elif kind == dw.DW_RLE_start_end:
                begin = address()
                yield begin, address()
            elif kind == dw.DW_RLE_start_length:
                begin = address()
                yield begin, begin + number()
            else:
                raise section.damage(offset + at, f"range list entry {kind:#x} does not exist")
    except IndexError:
        raise section.damage(offset + at, "a range list has no end") from None
