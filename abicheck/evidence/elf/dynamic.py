"""Dynamic: PT_DYNAMIC -> the tables that the dynamic loader works with.

Section headers play no part: the loader does not read them, and `sstrip` takes them away.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError
from abicheck.evidence.elf import standard as elf_

if TYPE_CHECKING:
    from abicheck.evidence.cursor import Cursor
    from abicheck.evidence.elf.file import ElfFile

MOST_ENTRIES = 1 << 12
LONGEST_LABEL = 1 << 12
"""Bytes of the name of a library or of a version; symbols may have longer names."""


class Dynamic:
    """The dynamic section of one file, found through its program header.

    `entries` are (DT_x, value) in order; `values` has the last of each tag, which is
    the one that the loader takes.
    """

    def __init__(self, elf: ElfFile) -> None:
        """Decode the entries up to DT_NULL.

        Raises: BinaryError if there is no dynamic section or it is not mapped.
        """
        self.elf = elf
        header = next((one for one in elf.segments if one.type == elf_.PT_DYNAMIC), None)
        if header is None:
            raise BinaryError(elf.path, "no PT_DYNAMIC: the dynamic loader could not load it")
        window = self.mapped(header.address, "dynamic section")
        size = min(window.remaining, header.memory_size, MOST_ENTRIES * 2 * elf.word_size)
        table = window.take(size - size % (2 * elf.word_size))
        entries: list[tuple[int, int]] = []
        for tag, value in struct.iter_unpack(elf.prefix + ("QQ" if elf.is_64 else "II"), table):
            if tag == elf_.DT_NULL:
                break
            entries.append((tag, value))
        self.file_offset, self.entries, self.values = window.start, tuple(entries), dict(entries)

    def mapped(self, address: int, where: str) -> Cursor:
        """Return a cursor from `address` to the end of the file part of its segment.

        Raises: BinaryError if no PT_LOAD maps it from the file.
        """
        found = self.elf.mapped_range(address)
        if found is None:
            raise BinaryError(self.elf.path, f"{where} at {address:#x}: no PT_LOAD maps it")
        return self.elf.cursor(*found, where)

    def table(self, tag: int, where: str, size_tag: int | None = None) -> Cursor | None:
        """Return a cursor over the table that `tag` points to, of the size that `size_tag` says.

        None if there is no such entry; without `size_tag` the window ends with the segment.
        """
        address = self.values.get(tag)
        if address is None:
            return None
        if size_tag is None:
            return self.mapped(address, where)
        size = self.values.get(size_tag, 0)
        if not size:
            return None
        window = self.mapped(address, where)
        return window.window(window.start, size, where)

    @cached_property
    def strings(self) -> Cursor:
        """The string table, as a cursor that spans it."""
        table = self.table(elf_.DT_STRTAB, "dynamic string table", elf_.DT_STRSZ)
        if table is None:
            raise BinaryError(self.elf.path, "no dynamic string table (DT_STRTAB, DT_STRSZ)")
        return table

    def string(self, offset: int, limit: int = 1 << 16) -> bytes:
        """Return the string at `offset` of the string table."""
        table = self.strings
        table.seek(table.start + offset)
        return table.string(limit)

    def text(self, offset: int) -> str:
        """Return the string at `offset`, for people: bytes that are no UTF-8 are escaped."""
        return self.string(offset).decode(errors="backslashreplace")

    def label(self, offset: int) -> str:
        """Return the name of a library or of a version."""
        return self.string(offset, LONGEST_LABEL).decode(errors="backslashreplace")

    def texts(self, tag: int) -> tuple[str, ...]:
        """Return the strings of all entries with `tag`, in order."""
        return tuple(self.label(value) for one, value in self.entries if one == tag)

    @property
    def relocates_text(self) -> bool:
        """Whether segments that are not writable may be filled too: DT_TEXTREL, DF_TEXTREL."""
        flags = self.values.get(elf_.DT_FLAGS, 0)
        return elf_.DT_TEXTREL in self.values or bool(flags & elf_.DF_TEXTREL)

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The libraries of DT_NEEDED, as written."""
        return self.texts(elf_.DT_NEEDED)

    @cached_property
    def soname(self) -> str | None:
        """The name of DT_SONAME."""
        value = self.values.get(elf_.DT_SONAME)
        return None if value is None else self.label(value)
