"""An address of code -> the unit that describes it, without looking at the other units.

First .debug_aranges, searched for the address as bytes; then .debug_addr, whose
slots belong to units in order; then the ranges of all units' own entries. What
an index names is confirmed before it is believed, since linkers leave the
ranges of dropped functions behind.

Source: DWARF 5, sections 6.1.2 and 7.27.
"""

from __future__ import annotations

import struct
import sys
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.dwarf.forms import SHORT_LENGTH_END, WIDE
from abicheck.evidence.dwarf.ranges import ranges_of
from abicheck.model.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from abicheck.evidence.dwarf.file import DebugFile
    from abicheck.evidence.dwarf.regions import Region
    from abicheck.evidence.dwarf.units import Unit

MOST_SETS = 1 << 20
MOST_HITS = 64
MOST_WORDS = 1 << 22
LARGE_INDEX = 1 << 18
"""The size of .debug_aranges from which on to bisect the units is quicker than to search it."""

WORTH_BISECTING = 16
"""With fewer units than this all of them are looked at."""

MOST_WITHOUT_CODE = 64
"""Units without code, one after the other, that bisection steps over."""


class RangeSet(NamedTuple):
    """One set of .debug_aranges: the unit it is about, and where its tuples lie."""

    unit: int
    first: int
    end: int
    address_size: int


class UnitLookup:
    """Finds the units of one file by address, and remembers those it has found."""

    def __init__(self, file: DebugFile, address_size: int) -> None:
        """Read nothing yet; `address_size` is that of the plugin, in bytes."""
        self._file, self._address_size = file, address_size
        self._known: dict[int, tuple[list[int], dict[int, int]]] = {}
        self._sets: list[RangeSet] = []
        self._next_set = 0

    def units_at(self, address: int) -> Iterator[Unit]:
        """Yield the units that the first index which knows `address` gives, each once.

        Raises:
            BinaryError: the way there is damaged.
        """
        section = self._file.info
        if section is None:
            return
        first, second = self._by_ranges_index, self._by_order
        if section.is_jumped_into and self._aranges and self._aranges.size > LARGE_INDEX:
            first, second = second, first
        for source in (self._remembered, first, self._by_slot, second, self._by_roots):
            starts = dict.fromkeys(source(address))
            yield from map(section.unit_at, starts)
            if starts:
                return

    def opened(self) -> Iterator[Unit]:
        """Yield the units that were found for one address or another."""
        section = self._file.info
        if section is not None:
            yield from map(section.unit_at, list(self._known))

    def _remembered(self, address: int) -> Iterator[int]:
        for start, (begins, ends) in self._known.items():
            index = bisect_right(begins, address) - 1
            if index >= 0 and address < ends[begins[index]]:
                yield start

    @cached_property
    def _aranges(self) -> Region | None:
        return self._file.region(".debug_aranges")

    def _by_ranges_index(self, address: int) -> Iterator[int]:
        """Yield units by .debug_aranges: that with a range that begins at `address`, else any."""
        if self._aranges is None:
            return
        for start in self.starting_at(address):
            yield start
            # A range that begins where a function does is about that function alone.
            return
        nearest = self._nearest(address)
        if nearest is not None:
            yield nearest
            return
        for found in self._all_sets():
            if self._remember(found.unit, list(self._tuples(found)), address):
                yield found.unit

    def _nearest(self, address: int) -> int | None:
        """Return the unit of the range that begins last before `address`, if it holds it.

        All words of the section are taken for tuples at once, headers too, which is quick
        and may go wrong; so what is found is held against its set.
        """
        from array import array  # noqa: PLC0415  rarely needed

        region = self._aranges
        words = array("Q" if self._address_size == WIDE else "I")
        if region is None or region.size > MOST_WORDS * words.itemsize:
            return None
        words.frombytes(region.read(0, region.size - region.size % words.itemsize))
        if self._file.byte_order != sys.byteorder:
            words.byteswap()
        begins = words[0::2]
        nearest = max(filter(address.__ge__, begins), default=0)
        if not nearest:
            return None
        found = self._set_holding(2 * words.itemsize * begins.index(nearest))
        if found is None or not self._remember(found.unit, list(self._tuples(found)), address):
            return None
        return found.unit

    def _by_order(self, address: int) -> Iterator[int]:
        """Yield the unit whose first range begins last before `address`, if it holds it."""
        try:
            unit = self._last_before(_first_address, address)
        except (BinaryError, UnsupportedError):
            return  # Whichever unit is damaged, the others are still looked at one by one.
        if unit is not None and self._covers(unit, address):
            yield unit.start

    def starting_at(self, address: int) -> Iterator[int]:
        """Yield units by the ranges of .debug_aranges that begin at `address`, code or data."""
        region, size = self._aranges, self._address_size
        if region is None or address >> 8 * size:
            return
        for hit in region.find_all(address.to_bytes(size, self._file.byte_order), MOST_HITS):
            found = self._set_holding(hit)
            if found is None or found.address_size != size or (hit - found.first) % (2 * size):
                continue
            if self._remember(found.unit, list(self._tuples(found)), address):
                yield found.unit

    def _set_holding(self, offset: int) -> RangeSet | None:
        for found in self._all_sets():
            if offset < found.end:
                return found if found.first <= offset else None
        return None

    def _all_sets(self) -> Iterator[RangeSet]:
        index = 0
        while index < len(self._sets) or self._read_set():
            yield self._sets[index]
            index += 1

    def _read_set(self) -> bool:
        """Read the header of the next set; False at the end."""
        region, start, order = self._aranges, self._next_set, self._file.byte_order
        if region is None or start + 12 > region.size or len(self._sets) >= MOST_SETS:
            return False
        header = region.read(start, start + 24)
        length, at, offset_size = int.from_bytes(header[:4], order), 4, 4
        if length >= SHORT_LENGTH_END:
            length, at, offset_size = int.from_bytes(header[4:12], order), 12, 8
        end = start + at + length
        if end > region.size:
            raise region.damage(start, "a set of ranges reaches beyond the section's end")
        unit = int.from_bytes(header[at + 2 : at + 2 + offset_size], order)
        address_size, segment_size = header[at + 2 + offset_size], header[at + 3 + offset_size]
        if address_size not in {4, 8} or segment_size:
            raise region.damage(start, f"a set of ranges has addresses of {address_size} bytes")
        # The tuples are aligned to their own size, counted from the set's beginning.
        first = start + -(-(at + 4 + offset_size) // (2 * address_size)) * 2 * address_size
        self._sets.append(RangeSet(unit, first, end, address_size))
        self._next_set = end
        return True

    def _tuples(self, found: RangeSet) -> Iterator[tuple[int, int]]:
        region, size = self._aranges, found.address_size
        if region is None:
            return
        content = region.read(found.first, found.end)
        code = self._file.prefix + ("QQ" if size == WIDE else "II")
        usable = len(content) - len(content) % (2 * size)
        for begin, length in struct.iter_unpack(code, content[:usable]):
            yield begin, begin + length

    def _remember(self, unit: int, pairs: list[tuple[int, int]], address: int) -> bool:
        """Return whether one of the ranges of a unit holds `address`; if so, keep them all."""
        if not any(begin <= address < end for begin, end in pairs):
            return False
        ends = {begin: end for begin, end in pairs if begin}
        if unit not in self._known:
            self._known[unit] = sorted(ends), ends
        return True

    def _by_slot(self, address: int) -> Iterator[int]:
        """Yield units whose part of .debug_addr holds `address`, and whose code does."""
        for unit in self.with_slot(address):
            if self._covers(unit, address):
                yield unit.start

    def with_slot(self, address: int) -> Iterator[Unit]:
        """Yield units whose part of .debug_addr may hold `address`."""
        region, section = self._file.addresses, self._file.info
        if region is None or section is None:
            return
        if not section.is_jumped_into and len(section.starts()) < WORTH_BISECTING:
            yield from map(section.unit_at, section.starts())
            return
        size = self._address_size
        if address >> 8 * size:
            return
        for hit in region.find_all(address.to_bytes(size, self._file.byte_order), MOST_HITS):
            unit = self._last_before(_address_base, hit)
            if unit is not None and unit.widths.address_size == size:
                yield section.unit_at(unit.start)

    def _last_before(self, base_of: Callable[[Unit], int | None], limit: int) -> Unit | None:
        """Return the last unit whose base is not beyond `limit`, by bisection of the section.

        Linkers keep units and their tables in one order; where they did not, the
        unit that this finds does not cover the address, and is not believed.
        """
        section, found = self._file.info, None
        low, high = 0, 0 if section is None else section.region.size
        while section is not None and low < high:
            middle = (low + high) // 2
            unit, base = section.last_unit(middle, low), None
            for _ in range(MOST_WITHOUT_CODE):
                base = None if unit is None else base_of(unit)
                if unit is None or base is not None or unit.start == low:
                    break
                unit = section.last_unit(unit.start - 1, low)
            if unit is None or base is None or base <= limit:
                low = middle + 1
                found = unit if base is not None else found
            else:
                high = unit.start
        return found

    def _by_roots(self, address: int) -> Iterator[int]:
        section = self._file.info
        if section is None:
            return
        for start in section.starts():
            unit = section.unit_at(start)
            if self._covers(unit, address):
                yield start

    def _covers(self, unit: Unit, address: int) -> bool:
        if unit.signature is not None:
            return False
        try:
            pairs = list(ranges_of(unit.root))
        except (BinaryError, UnsupportedError):
            return False
        return self._remember(unit.start, pairs, address)


def _first_address(unit: Unit) -> int | None:
    """Return where the first range of a unit's code begins; None if it has none.

    What a linker dropped begins at 0, or at 1 in lists that a 0 would end.
    """
    return next((begin for begin, _ in ranges_of(unit.root) if begin > 1), None)


def _address_base(unit: Unit) -> int | None:
    return unit.address_base if unit.states_address_base else None
