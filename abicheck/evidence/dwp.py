"""The index of a DWARF package (.dwp) -> which part of each section belongs to a unit.

Offsets and counts in an index are untrusted: they are held against the sections.

Source: DWARF 5, section 7.3.5; for version 2, the GNU proposal "DebugFissionDWP".
"""

from __future__ import annotations

from struct import calcsize
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError
from abicheck.evidence.cursor import Cursor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.sections import SectionBytes

COLUMNS = {
    2: {
        1: ".debug_info", 2: ".debug_types", 3: ".debug_abbrev", 4: ".debug_line",
        5: ".debug_loc", 6: ".debug_str_offsets", 7: ".debug_macinfo", 8: ".debug_macro",
    },
    5: {
        1: ".debug_info", 3: ".debug_abbrev", 4: ".debug_line", 5: ".debug_loclists",
        6: ".debug_str_offsets", 7: ".debug_macro", 8: ".debug_rnglists",
    },
}  # fmt: skip
"""DW_SECT_* of each version, as the sections that they mean (less their ".dwo")."""


class UnitIndex:
    """`.debug_cu_index` or `.debug_tu_index`: a hash table from signatures to parts of sections.

    | bytes | |
    | --- | --- |
    | 4 | version: 2, or 5 and two bytes of padding |
    | 4, 4, 4 | columns, units, slots (a power of two) |
    | 8 * slots | signatures |
    | 4 * slots | rows, counted from 1; 0 for a free slot |
    | 4 * columns | which section each column is about |
    | 4 * columns * units | offsets |
    | 4 * columns * units | sizes |
    """

    def __init__(self, section: SectionBytes, byte_order: str) -> None:
        """Read the header of `section`; `byte_order` is "little" or "big".

        Raises:
            BinaryError: it is no index, or its tables do not fit into the section.
        """
        self._section, self._byte_order = section, byte_order
        short, _, self._columns, self._units, self._slots = self._unpack("HHIII", 0)
        (long,) = self._unpack("I", 0)
        self.version = long if long in COLUMNS else short
        if self.version not in COLUMNS:
            raise self._damaged(f"its version is {self.version}, not 2 or 5")
        self._rows = 16 + 8 * self._slots
        self._offsets = self._rows + 4 * self._slots + 4 * self._columns
        self._sizes = self._offsets + 4 * self._columns * self._units
        if self._sizes + 4 * self._columns * self._units > len(section):
            raise self._damaged("its tables do not fit into it")
        if self._slots & (self._slots - 1):
            raise self._damaged(f"it has {self._slots} slots, not a power of two")
        names = COLUMNS[self.version]
        ids = self._unpack(f"{self._columns}I", self._offsets - 4 * self._columns)
        self._names = [names.get(id_) for id_ in ids]

    def find(self, signature: int) -> dict[str, tuple[int, int]] | None:
        """Return offset and size in each section of the unit with this signature, if it is here.

        Raises:
            BinaryError: the table is damaged on the way to it.
        """
        mask = self._slots - 1
        slot, step = signature & mask, ((signature >> 32) & mask) | 1
        for _ in range(self._slots):
            (row,) = self._unpack("I", self._rows + 4 * slot)
            if not row:
                return None
            if self._unpack("Q", 16 + 8 * slot) == (signature,):
                return self._row(row)
            slot = (slot + step) & mask
        return None

    def signatures(self) -> Iterator[int]:
        """Yield the signature of every unit, in the order of the table.

        Raises:
            BinaryError: the table is damaged.
        """
        for slot in range(self._slots):
            if self._unpack("I", self._rows + 4 * slot) != (0,):
                yield from self._unpack("Q", 16 + 8 * slot)

    def _row(self, row: int) -> dict[str, tuple[int, int]]:
        if row > self._units:
            raise self._damaged(f"row {row} of {self._units}")
        skipped = 4 * self._columns * (row - 1)
        offsets = self._unpack(f"{self._columns}I", self._offsets + skipped)
        sizes = self._unpack(f"{self._columns}I", self._sizes + skipped)
        columns = zip(self._names, offsets, sizes, strict=True)
        return {name: (offset, size) for name, offset, size in columns if name is not None}

    def _unpack(self, layout: str, at: int) -> tuple[int, ...]:
        section, size = self._section, calcsize(f"={layout}")
        base = None if section.file_offset is None else section.file_offset + at
        window = section[at : at + size]
        where, order = section.name, self._byte_order
        cursor = Cursor(window, file=section.file, where=where, byte_order=order, base=base)
        return cursor.unpack(layout)

    def _damaged(self, what: str) -> BinaryError:
        section = self._section
        return BinaryError(section.file, f"{section.name}: {what}", file_offset=section.file_offset)
