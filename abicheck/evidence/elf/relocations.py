"""Relocations: the loader's work orders -> those that touch one range of addresses.

A plugin may have a hundred thousand, and a contract asks about ten addresses. So
nothing is decoded record by record: one column of each table, the addresses, is taken
out by C code, and the few records that matter are found in it.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from itertools import compress, count
from operator import gt
from typing import TYPE_CHECKING, NamedTuple

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.elf import standard as elf_
from abicheck.evidence.elf.relocation_types import (
    NOTHING,
    OTHER,
    RELATIVE,
    WIDEST,
    RelocationType,
    relocation_types,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.evidence.cursor import Cursor
    from abicheck.evidence.elf.dynamic import Dynamic
    from abicheck.evidence.elf.file import ElfFile

MOST_RELOCATIONS = 1 << 23
MOST_PACKED = 1 << 19
MOST_RUNS = 64
CHUNK = 1 << 20


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


class AddressIndex:
    """A column of addresses, in file order -> the rows whose address is in a range.

    Linkers sort relocations in a few runs (relative ones first), each of which can be
    bisected as it is; a table with many runs is sorted.
    """

    def __init__(self, addresses: Sequence[int]) -> None:
        """Find the runs of `addresses` that ascend."""
        shifted = addresses[1:]
        breaks = list(compress(count(1), map(gt, addresses, shifted)))
        self._addresses, self._order = addresses, None
        self._runs = list(zip([0, *breaks], [*breaks, len(addresses)], strict=True))
        if len(self._runs) > MOST_RUNS:
            self._order = sorted(range(len(addresses)), key=addresses.__getitem__)
            self._addresses = array("Q", map(addresses.__getitem__, self._order))
            self._runs = [(0, len(addresses))]

    def rows(self, low: int, high: int) -> Iterator[int]:
        """Yield the rows whose address is at least `low` and less than `high`."""
        addresses, order = self._addresses, self._order
        for begin, end in self._runs:
            row = bisect_left(addresses, low, begin, end)
            while row < end and addresses[row] < high:
                yield row if order is None else order[row]
                row += 1


class Table:
    """A table of REL or RELA records."""

    def __init__(self, elf: ElfFile, table: Cursor, *, has_addends: bool) -> None:
        """Take out the addresses of all records.

        Raises: UnsupportedError if there are more than MOST_RELOCATIONS.
        """
        self._elf, self._table, self._has_addends = elf, table, has_addends
        self._words = 3 if has_addends else 2
        self.entry_size = self._words * elf.word_size
        rows = table.remaining // self.entry_size
        if rows > MOST_RELOCATIONS:
            message = f"{elf.path}: {rows} relocations; at most {MOST_RELOCATIONS} are read"
            raise UnsupportedError(message)
        self._index = AddressIndex(self._column(rows))

    def _column(self, rows: int) -> array[int]:
        code = "Q" if self._elf.is_64 else "I"
        column, step = array(code), CHUNK // self.entry_size
        for first in range(0, rows, step):
            words = array(code, self._table.take(min(step, rows - first) * self.entry_size))
            column.extend(words[:: self._words])
        if self._elf.byte_order != sys.byteorder:
            column.byteswap()
        return column

    def records(self, low: int, high: int) -> Iterator[tuple[int, int, int | None, int]]:
        """Yield (address, info, addend, file offset) of the records in a range of addresses."""
        elf, table = self._elf, self._table
        layout = ("Q" if elf.is_64 else "I") * 2 + ("q" if elf.is_64 else "i") * self._has_addends
        for row in self._index.rows(low, high):
            elf.counters.relocations += 1
            table.seek(table.start + row * self.entry_size)
            where = table.position
            address, info, *addend = table.unpack(layout)
            yield address, info, addend[0] if addend else None, where


class PackedTable:
    """Android's packed relocations, which have to be decoded from the first to the last.

    Groups of records share what their flags say. Source: bionic,
    linker/linker_reloc_iterators.h.
    """

    BY_INFO, BY_OFFSET, BY_ADDEND, HAS_ADDEND = 1, 2, 4, 8

    def __init__(self, elf: ElfFile, table: Cursor, *, has_addends: bool) -> None:
        """Decode all records."""
        self._elf, self._where = elf, table.start
        self._infos, self._addends = array("Q"), array("q") if has_addends else None
        if table.take(4) != b"APS2":
            raise table.error("packed relocations do not begin with APS2", at=table.start)
        addresses = array("Q")
        self._mask = (1 << 8 * elf.word_size) - 1
        total, address, addend = table.sleb128(), table.sleb128(), 0
        if not 0 <= total <= MOST_PACKED:
            raise UnsupportedError(f"{elf.path}: {total} packed relocations are too many to read")
        while len(addresses) < total:
            size, flags = table.sleb128(), table.sleb128()
            step = table.sleb128() if flags & self.BY_OFFSET else None
            info = table.sleb128() if flags & self.BY_INFO else None
            grouped = flags & (self.BY_ADDEND | self.HAS_ADDEND)
            if grouped == self.BY_ADDEND | self.HAS_ADDEND:
                addend += table.sleb128()
            elif grouped != self.HAS_ADDEND:
                addend = 0
            if not 0 < size <= total - len(addresses):
                raise table.error(f"a group of {size} packed relocations")
            for _ in range(size):
                address += table.sleb128() if step is None else step
                self._infos.append((table.sleb128() if info is None else info) & self._mask)
                if grouped == self.HAS_ADDEND:
                    addend += table.sleb128()
                addresses.append(address & self._mask)
                self._keep(addend)
        elf.counters.relocations += total
        self._index, self._all = AddressIndex(addresses), addresses

    def _keep(self, addend: int) -> None:
        if self._addends is not None:
            half = 1 << 8 * self._elf.word_size - 1
            self._addends.append((addend + half & self._mask) - half)

    def records(self, low: int, high: int) -> Iterator[tuple[int, int, int | None, int]]:
        """Yield (address, info, addend, file offset of the table) of the records in a range."""
        for row in self._index.rows(low, high):
            addend = None if self._addends is None else self._addends[row]
            yield self._all[row], self._infos[row], addend, self._where


class RelativeTable:
    """DT_RELR: an address, then bitmaps of the words after it; each is relative, in place.

    Source: System V gABI, chapter 4, "Relative Relocation Table".
    """

    def __init__(self, elf: ElfFile, table: Cursor) -> None:
        """Decode the words; bitmaps stay packed."""
        self._word, self._where = elf.word_size, table.start
        words = array("Q" if elf.is_64 else "I", table.take(table.remaining & -self._word))
        if elf.byte_order != sys.byteorder:
            words.byteswap()
        if len(words) > MOST_RELOCATIONS >> 2:
            raise UnsupportedError(f"{elf.path}: {len(words)} words of DT_RELR are too many")
        self._starts, self._bits = array("Q"), array("Q")
        self._reach = (8 * self._word - 1) * self._word
        following = None
        for word in words:
            if not word & 1:
                self._add(table, word, 1)
                following = word + self._word
            elif following is None:
                raise table.error("DT_RELR begins with a bitmap", at=table.start)
            else:
                self._add(table, following, word >> 1)
                following += self._reach
        elf.counters.relocations += len(words)

    def _add(self, table: Cursor, start: int, bits: int) -> None:
        if (self._starts and start < self._starts[-1]) or start >= 1 << 64:
            raise table.error(f"DT_RELR goes back to {start:#x}", at=table.start)
        self._starts.append(start)
        self._bits.append(bits)

    def addresses(self, low: int, high: int) -> Iterator[int]:
        """Yield the addresses of relocated words in a range."""
        row = bisect_left(self._starts, max(0, low - self._reach))
        while row < len(self._starts) and self._starts[row] < high:
            start, bits = self._starts[row], self._bits[row]
            first = max(0, -(-(low - start) // self._word))
            bits >>= first
            address = start + first * self._word
            while bits and address < high:
                if bits & 1:
                    yield address
                bits >>= 1
                address += self._word
            row += 1

    def records(self, low: int, high: int) -> Iterator[tuple[int, int, int | None, int]]:
        """Yield (address, 0, None, file offset of the table) of the words in a range."""
        for address in self.addresses(low, high):
            yield address, 0, None, self._where


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
