"""The MIPS global offset table, which the loader fills without being told by relocations.

Source: System V ABI, MIPS Processor Supplement, 3rd edition, chapter 5, "Global Offset Table".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence.elf import standard as elf_
from abicheck.evidence.elf.relocation_types import OTHER, RELATIVE, SLOT, RelocationType
from abicheck.evidence.elf.relocations import Relocation

if TYPE_CHECKING:
    from abicheck.evidence.elf.dynamic import Dynamic

LOCAL = RelocationType("MIPS local GOT entry", RELATIVE)
GLOBAL = RelocationType("MIPS global GOT entry", SLOT)
RESERVED = RelocationType("MIPS reserved GOT entry", OTHER)


class GlobalOffsets:
    """DT_PLTGOT: entries that get the load base added, then one for each symbol from GOTSYM on."""

    RESERVED_COUNT = 2
    """The lazy resolver, and (GNU) the module pointer."""

    def __init__(self, dynamic: Dynamic) -> None:
        """Read the bounds."""
        values = dynamic.values
        self._word = dynamic.elf.word_size
        self._start = values.get(elf_.DT_PLTGOT, 0)
        self._first_symbol = values.get(elf_.DT_MIPS_GOTSYM, 0)
        self._local = values.get(elf_.DT_MIPS_LOCAL_GOTNO, 0)
        symbols = values.get(elf_.DT_MIPS_SYMTABNO, 0)
        self._count = self._local + max(0, symbols - self._first_symbol) if self._start else 0

    def touching(self, address: int, size: int) -> list[Relocation]:
        """Return the entries that lie in a range of addresses, as if relocations filled them."""
        first = max(0, (address - self._start) // self._word)
        last = min(self._count, -(-(address + size - self._start) // self._word))
        return [self._entry(index) for index in range(first, last)]

    def _entry(self, index: int) -> Relocation:
        address = self._start + index * self._word
        if index < self.RESERVED_COUNT:
            return Relocation(address, RESERVED, 0, None, 0, self._word)
        if index < self._local:
            return Relocation(address, LOCAL, 0, None, 0, self._word)
        symbol = self._first_symbol + index - self._local
        return Relocation(address, GLOBAL, symbol, None, 0, self._word)
