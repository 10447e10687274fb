"""Hash tables of the dynamic symbols: a name -> the indexes where the loader looks.

Names are found through DT_GNU_HASH, else DT_HASH, because the loader does that,
and because it costs a handful of reads where a scan costs one per symbol. Chains are
untrusted: a bounded number of steps is taken.
"""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

from abicheck.evidence.elf import standard as elf_

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.cursor import Cursor
    from abicheck.evidence.elf.dynamic import Dynamic

LONGEST_CHAIN = 1 << 16


def gnu_hash(name: bytes) -> int:
    """Return the hash of DT_GNU_HASH: Bernstein's, times 33, from 5381."""
    value = 5381
    for byte in name:
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value


def sysv_hash(name: bytes) -> int:
    """Return the hash of DT_HASH. Source: System V gABI, chapter 5, "Hash Table"."""
    value = 0
    for byte in name:
        value = ((value << 4) + byte) & 0xFFFFFFFF
        value = (value ^ (value >> 24 & 0xF0)) & 0x0FFFFFFF
    return value


class GnuHash:
    """DT_GNU_HASH: four words, a Bloom filter, buckets, and one hash value per symbol.

    The symbols before `first` are not in the table. With DT_MIPS_XHASH the hash values
    are followed by the symbols' indexes, because the MIPS ABI sorts symbols its own way.
    """

    def __init__(self, table: Cursor, word_size: int, translated: int | None = None) -> None:
        """Decode the header; `translated` is the number of symbols of a DT_MIPS_XHASH."""
        self.table, self.word_size = table, word_size
        self.bucket_count, self.first, self.filter_words, self.shift = table.unpack("IIII")
        if self.filter_words & (self.filter_words - 1) or not self.filter_words:
            raise table.error(f"its Bloom filter has {self.filter_words} words, no power of two")
        self.filter = table.skip(self.filter_words * word_size)
        self.buckets = table.skip(self.bucket_count * 4)
        self.chains = table.position
        self.has_order = translated is None
        if translated is not None:
            self.indexes = self.chains + 4 * (translated - self.first)

    def candidates(self, name: bytes) -> Iterator[int]:
        """Yield the indexes of the symbols whose hash is that of `name`."""
        hashed, table = gnu_hash(name), self.table
        if not self.bucket_count or not self._may_hold(hashed):
            return
        table.seek(self.buckets + 4 * (hashed % self.bucket_count))
        index = table.u32()
        if not index:
            return
        for _ in range(LONGEST_CHAIN):
            value = self._value(index)
            if value | 1 == hashed | 1:
                yield self._symbol(index)
            if value & 1:
                return
            index += 1
        raise table.error("a hash chain does not end")

    def _may_hold(self, hashed: int) -> bool:
        bits = 8 * self.word_size
        word = hashed // bits & (self.filter_words - 1)
        self.table.seek(self.filter + word * self.word_size)
        mask = self.table.unsigned(self.word_size)
        return bool(mask >> hashed % bits & mask >> (hashed >> self.shift) % bits & 1)

    def _value(self, index: int) -> int:
        if index < self.first:
            raise self.table.error(f"a bucket leads to symbol {index}, before the first")
        self.table.seek(self.chains + 4 * (index - self.first))
        return self.table.u32()

    def _symbol(self, index: int) -> int:
        if self.has_order:
            return index
        self.table.seek(self.indexes + 4 * (index - self.first))
        return self.table.u32()

    def symbol_count(self) -> int | None:
        """Return how many symbols there are: the end of the last chain; None if all are empty."""
        table = self.table
        table.seek(self.buckets)
        buckets = array("I", table.take(4 * self.bucket_count))
        if table.byte_order != sys.byteorder:
            buckets.byteswap()
        index = max(buckets, default=0)
        if not index:
            return None
        for _ in range(LONGEST_CHAIN):
            if self._value(index) & 1:
                return index + 1
            index += 1
        raise table.error("a hash chain does not end")


class SysvHash:
    """DT_HASH: bucket and chain counts, buckets, and one link per symbol."""

    first = 1

    def __init__(self, table: Cursor, entry_size: int) -> None:
        """Decode the header; `entry_size` is 4, but 8 on s390x."""
        self.table, self.entry_size = table, entry_size
        self.bucket_count, self.chain_count = table.unsigned(entry_size), table.unsigned(entry_size)
        self.buckets = table.skip(self.bucket_count * entry_size)
        self.chains = table.skip(self.chain_count * entry_size)

    def candidates(self, name: bytes) -> Iterator[int]:
        """Yield the indexes of the symbols in the bucket of `name`, whatever their hash."""
        if not self.bucket_count:
            return
        index = self._entry(self.buckets, sysv_hash(name) % self.bucket_count)
        for _ in range(min(self.chain_count, LONGEST_CHAIN)):
            if not index:
                return
            if index >= self.chain_count:
                raise self.table.error(f"a chain leads to symbol {index} of {self.chain_count}")
            yield index
            index = self._entry(self.chains, index)
        if index:
            raise self.table.error("a hash chain does not end")

    def _entry(self, start: int, index: int) -> int:
        self.table.seek(start + index * self.entry_size)
        return self.table.unsigned(self.entry_size)

    def symbol_count(self) -> int | None:
        """Return how many symbols there are."""
        return self.chain_count


def find_hash_table(dynamic: Dynamic) -> GnuHash | SysvHash | None:
    """Return the table that the loader searches, or None: then it finds no symbol at all."""
    elf = dynamic.elf
    table = dynamic.table(elf_.DT_GNU_HASH, "GNU hash table")
    if table is not None:
        return GnuHash(table, elf.word_size)
    if elf.machine == elf_.EM_MIPS:
        table = dynamic.table(elf_.DT_MIPS_XHASH, "MIPS hash table")
        if table is not None:
            count = dynamic.values.get(elf_.DT_MIPS_SYMTABNO, 0)
            return GnuHash(table, elf.word_size, translated=count)
    table = dynamic.table(elf_.DT_HASH, "hash table")
    if table is None:
        return None
    # The s390x ABI made the entries of DT_HASH as wide as an address.
    is_wide = elf.machine == elf_.EM_S390 and elf.is_64
    return SysvHash(table, 8 if is_wide else 4)
