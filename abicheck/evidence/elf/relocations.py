"""Relocations: the loader's work orders -> those that touch one range of addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.elf import standard as elf_
from abicheck.evidence.elf.relocation_tables import PackedTable, RelativeTable, Table
from abicheck.evidence.elf.relocation_types import (
    COPIED,
    NOTHING,
    OTHER,
    RELATIVE,
    RESOLVED,
    THREAD,
    WIDEST,
    RelocationType,
    relocation_types,
)
from abicheck.model.records import NamedTuple

if TYPE_CHECKING:
    from abicheck.evidence.cursor import Cursor
    from abicheck.evidence.elf.dynamic import Dynamic


class Relocation(NamedTuple):
    """One relocation: `symbol` is an index (0: none), `addend` is None if it is in place."""

    address: int
    type: RelocationType
    symbol: int
    addend: int | None
    file_offset: int
    width: int

    @property
    def is_effective(self) -> bool:
        """Whether it changes anything: R_x_NONE does not."""
        return self.type.effect != NOTHING

    @property
    def clause(self) -> str:
        """What to say where it fills a value that is asked for."""
        reason = {
            RESOLVED: " with what a resolver returns",
            THREAD: " for thread-local storage",
            COPIED: " with what another library holds",
        }.get(self.type.effect, "")
        return f"it is filled by the loader{reason} ({self.type.name})"


RELR = RelocationType("DT_RELR", RELATIVE)


class Relocations:
    """All dynamic relocations of one file."""

    def __init__(self, dynamic: Dynamic) -> None:
        """Find the tables; none is decoded unless something is asked."""
        self._elf, self._dynamic = dynamic.elf, dynamic
        self._types = relocation_types(
            self._elf.machine, is_64=self._elf.is_64, has_descriptors=self._elf.has_descriptors
        )
        self._relative: list[RelativeTable] = []
        self._others: list[Table | PackedTable] = []
        self._read_tables()

    def _read_tables(self) -> None:
        elf, dynamic = self._elf, self._dynamic
        plt_has_addends = dynamic.values.get(elf_.DT_PLTREL) == elf_.DT_RELA
        for tag, wanted in ((elf_.DT_RELAENT, 3), (elf_.DT_RELENT, 2), (elf_.DT_RELRENT, 1)):
            if dynamic.values.get(tag, wanted * elf.word_size) != wanted * elf.word_size:
                message = f"relocations of {dynamic.values[tag]} bytes each"
                raise BinaryError(elf.path, message, file_offset=dynamic.file_offset)
        for tag, size_tag, has_addends in (
            (elf_.DT_RELA, elf_.DT_RELASZ, True),
            (elf_.DT_REL, elf_.DT_RELSZ, False),
            (elf_.DT_JMPREL, elf_.DT_PLTRELSZ, plt_has_addends),
        ):
            table = dynamic.table(tag, "relocations", size_tag)
            if table is not None and not (tag == elf_.DT_JMPREL and self._is_covered(table)):
                self._others.append(Table(elf, table, has_addends=has_addends))
        for tag, size_tag, has_addends in (
            (elf_.DT_ANDROID_RELA, elf_.DT_ANDROID_RELASZ, True),
            (elf_.DT_ANDROID_REL, elf_.DT_ANDROID_RELSZ, False),
        ):
            table = dynamic.table(tag, "packed relocations", size_tag)
            if table is not None:
                # Its r_info is compound, and linkers are known to lose the symbols.
                if elf.machine == elf_.EM_MIPS:
                    raise UnsupportedError(f"{elf.path}: packed relocations for MIPS")
                self._others.append(PackedTable(elf, table, has_addends=has_addends))
        for tag, size_tag in (
            (elf_.DT_RELR, elf_.DT_RELRSZ),
            (elf_.DT_ANDROID_RELR, elf_.DT_ANDROID_RELRSZ),
        ):
            table = dynamic.table(tag, "relative relocations", size_tag)
            if table is not None:
                self._relative.append(RelativeTable(elf, table))

    def _is_covered(self, plt: Cursor) -> bool:
        """Whether DT_JMPREL lies inside DT_RELA or DT_REL, as some linkers count it."""
        for tag, size_tag in ((elf_.DT_RELA, elf_.DT_RELASZ), (elf_.DT_REL, elf_.DT_RELSZ)):
            table = self._dynamic.table(tag, "relocations", size_tag)
            if table is not None and table.start <= plt.start and plt.end <= table.end:
                return True
        return False

    def touching(self, address: int, size: int) -> list[Relocation]:
        """Return the relocations that fill any of `size` bytes at `address`."""
        low, high, found = address - WIDEST + 1, address + size, []
        word = self._elf.word_size
        for relative in self._relative:
            for where, _, _, file_offset in relative.records(low, high):
                found.append(Relocation(where, RELR, 0, None, file_offset, word))
        for table in self._others:
            for where, info, addend, file_offset in table.records(low, high):
                symbol, number = self._split(info)
                kind = self._types.get(number) or RelocationType(f"type {number}", OTHER)
                width = kind.width or word
                found.append(Relocation(where, kind, symbol, addend, file_offset, width))
        return [one for one in found if one.address + one.width > address and one.is_effective]

    def _split(self, info: int) -> tuple[int, int]:
        """Return the symbol's index and the type of an r_info.

        MIPS64 packs three types and a special symbol beside a 32-bit symbol index, in
        that byte order even on little-endian machines.
        Source: 64-bit ELF Object File Specification (MIPS), section 2.9.1.
        """
        elf = self._elf
        if not elf.is_64:
            return info >> 8, info & 0xFF
        if elf.machine != elf_.EM_MIPS:
            return info >> 32, info & 0xFFFFFFFF
        if elf.byte_order == "big":
            return info >> 32, info & 0xFFFFFF
        kinds = info >> 40
        return info & 0xFFFFFFFF, kinds >> 16 | kinds & 0xFF00 | kinds << 16 & 0xFF0000
