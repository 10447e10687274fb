"""Any offset into .debug_info -> the last compile unit at or before it, and no other.

Going from header to header touches a page for each of thousands of units. Instead the
bytes before the offset are searched for what headers look like. A chance likeness would
have to be followed, by its own length, by others; and whoever asks confirms what the unit
that is found says.

Source: DWARF 5, section 7.5.1.1; DWARF 4, section 7.5.1.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.forms import DWARF_2, DWARF_5, SHORT_LENGTH_END

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.dwarf.units import InfoSection

REACHES = (1 << 14, 1 << 17, 1 << 20, 1 << 23)
"""How many bytes before an offset are searched, one after the other."""

LONG_RUN = 4
"""Headers, each where the last one's unit ends, that no chance puts there."""

MOST_LIKENESSES = 1 << 15
"""Likenesses that are followed in one section; going from header to header is then quicker."""

SHORTEST_UNIT = 12
ADDRESS_SIZES = frozenset({4, 8})


def last_start(section: InfoSection, offset: int, lowest: int = 0) -> int | None:
    """Return where the last compile unit from `lowest` to `offset` begins.

    None if no header is recognised there.
    """
    last = offset
    for reach in REACHES:
        begin = max(lowest, offset - reach)
        for start in _likenesses(section, begin, last):
            if _is_run(section, start):
                return start
        if begin == lowest:
            break
        last = begin - 1
    return None


def _likenesses(section: InfoSection, begin: int, end: int) -> Iterator[int]:
    """Yield where headers like that of the first unit may begin, the last one first."""
    first = section.region.read(0, SHORTEST_UNIT)
    mark = first[4:6]
    if int.from_bytes(mark, section.file.byte_order) >= DWARF_5:
        kind = dw.DW_UT_skeleton if first[6] == dw.DW_UT_skeleton else dw.DW_UT_compile
        mark += bytes([kind, first[7]])
    # The mark follows the length, of four bytes.
    window = section.region.read(begin + 4, end + 4 + len(mark))
    at = len(window)
    while section.likenesses < MOST_LIKENESSES:
        section.likenesses += 1
        at = window.rfind(mark, 0, max(0, at - 1 + len(mark)))
        if at < 0:
            return
        yield begin + at


def _is_run(section: InfoSection, start: int) -> bool:
    for _ in range(LONG_RUN):
        end = _end_of_unit(section, start)
        if end is None:
            return False
        if end == section.region.size:
            return True
        start = end
    return True


def _end_of_unit(section: InfoSection, start: int) -> int | None:
    """Return where the unit ends whose header is at `start`; None if that is no header."""
    order = section.file.byte_order
    header = section.region.read(start, start + SHORTEST_UNIT)
    if len(header) < SHORTEST_UNIT:
        return None
    length, version = int.from_bytes(header[:4], order), int.from_bytes(header[4:6], order)
    table, address_size = header[6:10], header[10]
    if version >= DWARF_5:
        table, address_size = header[8:12], header[7]
    end = start + 4 + length
    is_header = (
        DWARF_2 <= version <= DWARF_5
        and address_size in ADDRESS_SIZES
        and int.from_bytes(table, order) < section.file.abbreviations_size
        and SHORTEST_UNIT <= length < SHORT_LENGTH_END
        and end <= section.region.size
    )
    return end if is_header else None
