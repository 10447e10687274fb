"""A .dwo file -> whether it holds the unit with a given id: the proof that it is of this build.

DWARF 5 has the id in the unit's header. Before, GNU's extension has it in the
unit's first entry, as DW_AT_GNU_dwo_id.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from abicheck.evidence.cursor import Cursor
from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.abbreviations import Abbreviations
from abicheck.evidence.dwarf.forms import Widths, read_uleb128
from abicheck.evidence.dwarf.regions import region

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.sections import SectionBytes, Sections

MOST_UNITS = 1 << 14
DWARF_64 = 0xFFFFFFFF
"""A unit length that says: the length follows in 8 bytes, and offsets have 8 as well."""

HEADER_SIZE = 64
FIRST_WITH_UNIT_TYPES, GNU_VERSION = 5, 4
LONGEST_ENTRY = 1 << 12
ADDRESS_SIZES = frozenset({2, 4, 8})


def holds_unit(sections: Sections, byte_order: str, dwo_id: int) -> bool:
    """Whether the compile unit with this id is in the `.debug_info` of `sections`.

    Raises:
        BinaryError: the section is damaged before such a unit is met.
    """
    section = sections.section(".debug_info")
    if section is None:
        return False
    return any(found == dwo_id for found in _ids(sections, section, byte_order))


def _ids(sections: Sections, section: SectionBytes, byte_order: str) -> Iterator[int | None]:
    """Yield the id of each unit, None for those without one."""
    offset = 0
    for _ in range(MOST_UNITS):
        if offset >= len(section):
            return
        header = _cursor(section, offset, HEADER_SIZE, byte_order)
        length, width = header.u32(), 4
        if length == DWARF_64:
            length, width = header.u64(), 8
        size = header.position + length
        if header.u16() >= FIRST_WITH_UNIT_TYPES:
            yield _id_in_header(header, width)
        else:
            yield _id_in_entry(sections, section.part(offset, size), header, width)
        offset += size


def _id_in_header(header: Cursor, width: int) -> int | None:
    """Read on in a header of DWARF 5, where the id comes last."""
    unit_type = header.u8()
    header.skip(1 + width)
    return header.u64() if unit_type == dw.DW_UT_split_compile else None


def _id_in_entry(sections: Sections, unit: SectionBytes, header: Cursor, width: int) -> int | None:
    """Read on in an older header, and then the first entry of the `unit`."""
    abbreviations_at, address_size = header.unsigned(width), header.u8()
    region_ = region(sections, ".debug_abbrev")
    if region_ is None or address_size not in ADDRESS_SIZES:
        return None
    widths = Widths(GNU_VERSION, width, address_size, header.prefix)
    content = unit[header.position : header.position + LONGEST_ENTRY]
    try:
        code, position = read_uleb128(content, 0)
        abbreviation = Abbreviations(region_, abbreviations_at, widths)[code]
        if dw.DW_AT_GNU_dwo_id not in abbreviation.forms:
            return None
        values, _, _ = abbreviation.read(content, position)
    except (IndexError, KeyError, struct.error):
        return None
    found = values[abbreviation.slots[dw.DW_AT_GNU_dwo_id]]
    return found if isinstance(found, int) else None


def _cursor(section: SectionBytes, offset: int, size: int, byte_order: str) -> Cursor:
    base = None if section.file_offset is None else section.file_offset + offset
    window = section[offset : offset + size]
    return Cursor(window, file=section.file, byte_order=byte_order, where=section.name, base=base)
