"""Tables of relocations -> the records whose address is in a range.

A plugin may have a hundred thousand, and a contract asks about ten addresses. So
tables are not decoded record by record: C code finds the few records that matter.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from functools import cached_property
from itertools import compress, count
from operator import gt
from typing import TYPE_CHECKING

from abicheck.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from abicheck.evidence.cursor import Cursor
    from abicheck.evidence.elf.file import ElfFile

    Record = tuple[int, int, int | None, int]
    """Address, r_info, addend (None: in place), and the file offset of the record."""

MOST_RELOCATIONS = 1 << 22
MOST_PACKED = 1 << 19
MOST_RUNS, MOST_SORTED = 1 << 10, 1 << 19
CHUNK = 1 << 20
SMALL, SEARCHES, NARROW, MOST_HITS = 1 << 14, 4, 1 << 10, 1 << 11
"""Tables larger than SMALL are searched SEARCHES times for ranges below NARROW bytes."""


class AddressIndex:
    """A column of addresses, in file order -> the rows whose address is in a range.

    Linkers sort relocations in a few runs (relative ones first), each of which can be
    bisected as it is; a table with many runs is sorted.
    """

    def __init__(self, addresses: Sequence[int], file: str = "") -> None:
        """Find the runs of `addresses` that ascend.

        Raises: UnsupportedError if there are so many addresses in no order that sorting
        them would take seconds; no linker leaves them so.
        """
        shifted = addresses[1:]
        breaks = list(compress(count(1), map(gt, addresses, shifted)))
        self._addresses = addresses
        self._order: list[int] | None = None
        self._runs = list(zip([0, *breaks], [*breaks, len(addresses)], strict=True))
        if len(self._runs) > MOST_RUNS:
            if len(addresses) > MOST_SORTED:
                raise UnsupportedError(f"{file}: {len(addresses)} relocations in no order")
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
    """A table of REL or RELA records.

    The first few questions about a large table are answered by a search for the bytes
    of the address, which costs less than taking out the column of addresses.
    """

    def __init__(self, elf: ElfFile, table: Cursor, *, has_addends: bool) -> None:
        """Decode no record yet.

        Raises: UnsupportedError if there are more than MOST_RELOCATIONS.
        """
        self._elf, self._table, self._has_addends = elf, table, has_addends
        self._words = 3 if has_addends else 2
        self.entry_size = self._words * elf.word_size
        self.count = table.remaining // self.entry_size
        self._searches_left = SEARCHES if self.count > SMALL else 0
        if self.count > MOST_RELOCATIONS:
            message = f"{elf.path}: {self.count} relocations; at most {MOST_RELOCATIONS} are read"
            raise UnsupportedError(message)

    @cached_property
    def _index(self) -> AddressIndex:
        code = "Q" if self._elf.is_64 else "I"
        column, step = array(code), CHUNK // self.entry_size
        self._table.seek(self._table.start)
        for first in range(0, self.count, step):
            rows = min(step, self.count - first)
            column.extend(array(code, self._table.take(rows * self.entry_size))[:: self._words])
        if self._elf.byte_order != sys.byteorder:
            column.byteswap()
        return AddressIndex(column, self._elf.path)

    def _search(self, low: int, high: int) -> list[int] | None:
        """Return the rows whose address shares all but its lowest byte with the range.

        None if there are so many hits that the index is the better way.
        """
        word, order = self._elf.word_size, self._elf.byte_order
        skipped = 1 if order == "little" else 0
        rows = []
        for block in range(low >> 8, (high - 1 >> 8) + 1):
            # Zeros are left out, of which tables are full: they make the search slow.
            whole = block.to_bytes(word - 1, order)  # type: ignore[arg-type]
            wanted = whole.strip(b"\0") or whole
            before = skipped + whole.index(wanted)
            for number, hit in enumerate(self._hits(wanted)):
                if number == MOST_HITS:
                    return None
                row, beside = divmod(hit - before, self.entry_size)
                if not beside:
                    rows.append(row)
        return rows

    def _hits(self, wanted: bytes) -> Iterator[int]:
        """Yield where bytes occur in the table: `find` is quick in bytes and slow in mappings."""
        start, end = self._table.start, self._table.start + self.count * self.entry_size
        for first in range(start, end, CHUNK):
            chunk = self._table.buffer[first : min(end, first + CHUNK + len(wanted) - 1)]
            hit = chunk.find(wanted)
            while hit >= 0:
                yield first + hit - start
                hit = chunk.find(wanted, hit + 1)

    def _rows(self, low: int, high: int) -> Iterable[int]:
        # Addresses have as many bytes as a word; a range may reach over either end.
        low, high = max(low, 0), min(high, 1 << 8 * self._elf.word_size)
        if self._searches_left and high - low < NARROW:
            self._searches_left -= 1
            found = self._search(low, high)
            if found is not None:
                return found
            self._searches_left = 0
        return self._index.rows(low, high)

    def records(self, low: int, high: int) -> Iterator[Record]:
        """Yield the records whose address is in a range."""
        elf, table = self._elf, self._table
        layout = ("Q" if elf.is_64 else "I") * 2 + ("q" if elf.is_64 else "i") * self._has_addends
        for row in self._rows(low, high):
            elf.counters.relocations += 1
            table.seek(table.start + row * self.entry_size)
            where = table.position
            address, info, *addend = table.unpack(layout)
            if low <= address < high:
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
        self._index, self._all = AddressIndex(addresses, elf.path), addresses

    def _keep(self, addend: int) -> None:
        if self._addends is not None:
            half = 1 << 8 * self._elf.word_size - 1
            self._addends.append((addend + half & self._mask) - half)

    def records(self, low: int, high: int) -> Iterator[Record]:
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

    def records(self, low: int, high: int) -> Iterator[Record]:
        """Yield (address, 0, None, file offset of the table) of the words in a range."""
        for address in self.addresses(low, high):
            yield address, 0, None, self._where
