"""Units: .debug_info and .debug_types -> unit headers, and what a unit's root entry says.

A unit's header is read when the unit is asked for; going from header to header
by their lengths decodes nothing else. Lengths and offsets are untrusted.

Source: DWARF 5, sections 7.4, 7.5.1; DWARF 4, section 7.5.1; GNU DebugFission.
"""

from __future__ import annotations

import struct
from bisect import bisect_right, insort
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError
from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.entries import Entry
from abicheck.evidence.dwarf.forms import (
    DWARF_2,
    DWARF_5,
    MORE,
    SHORT_LENGTH_END,
    WIDE,
    read_uleb128,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.dwarf.abbreviations import Abbreviation, Abbreviations
    from abicheck.evidence.dwarf.file import DebugFile
    from abicheck.evidence.dwarf.forms import Buffer
    from abicheck.evidence.dwarf.regions import Region

LONGEST_HEADER = 48
ROOT_WINDOW = 192
MOST_UNITS = 1 << 20
RELEASED_AT_ONCE = 1 << 22
"""Bytes after which the pages of headers that were gone through are given back."""

WALKED = 1 << 20
"""Sections up to this size are gone through from header to header."""

C, CPP, RUST, ASSEMBLER, OTHER = "c", "c++", "rust", "assembler", ""

LANGUAGES = {
    # C89, C, C99, Objective-C, UPC, C11, C17, C23
    **dict.fromkeys((0x01, 0x02, 0x0C, 0x10, 0x12, 0x1D, 0x2C, 0x3E), C),
    # C++, Objective-C++, C++03, C++11, C++14, C++17, C++20, C++23
    **dict.fromkeys((0x04, 0x11, 0x19, 0x1A, 0x21, 0x2A, 0x2B, 0x3A), CPP),
    dw.DW_LANG_Rust: RUST,
    0x31: ASSEMBLER,
    dw.DW_LANG_Mips_Assembler: ASSEMBLER,
}
"""Source: DWARF 5, table 7.17, and the codes given out since (dwarfstd.org/languages.html)."""


class Unit:
    """One unit of .debug_info or .debug_types. `start` and `end` are offsets into the section.

    `end_position` is where its entries end in `buffer`; adding `shift` to a
    position in the buffer gives an offset into the section.
    """

    skeleton: Unit | None = None
    """The unit that stands in the plugin for this one, if this one is split off."""

    def __init__(self, section: InfoSection, start: int) -> None:
        """Read the header at `start`.

        Raises:
            BinaryError: it is cut short, or of a version or kind that does not exist.
        """
        self.section, self.file, self.start = section, section.file, start
        self._buffer: Buffer | None = None
        self.levels: dict[int, list[int]] = {}
        """Where the children of some entries begin, by position; `walk` keeps them here."""
        header = section.region.read(start, start + LONGEST_HEADER)
        order = self.file.byte_order
        length, position, offset_size = int.from_bytes(header[:4], order), 4, 4
        if length >= SHORT_LENGTH_END:
            length, position, offset_size = int.from_bytes(header[4:12], order), 12, 8
        self.end = start + position + length
        if len(header) < position + 7 or self.end > section.region.size:
            raise section.region.damage(start, "a unit reaches beyond the section's end")

        def number(size: int) -> int:
            nonlocal position
            value = int.from_bytes(header[position : position + size], order)
            position += size
            return value

        self.version = number(2)
        self.type = dw.DW_UT_compile
        if self.version >= DWARF_5:
            self.type, address_size = number(1), number(1)
            self.abbreviations_offset = number(offset_size)
        else:
            self.abbreviations_offset, address_size = number(offset_size), number(1)
            self.type = dw.DW_UT_type if section.is_types else dw.DW_UT_compile
        if not DWARF_2 <= self.version <= DWARF_5 or address_size not in {2, 4, 8}:
            message = f"a unit of DWARF {self.version} with addresses of {address_size} bytes"
            raise section.region.damage(start, message)
        self.dwo_id: int | None = None
        self.signature: int | None = None
        self.type_offset = 0
        if self.type in {dw.DW_UT_skeleton, dw.DW_UT_split_compile}:
            self.dwo_id = number(8)
        elif self.type in {dw.DW_UT_type, dw.DW_UT_split_type}:
            self.signature, self.type_offset = number(8), number(offset_size)
        self.first = start + position
        if self.first > self.end:
            raise section.region.damage(start, "a unit is shorter than its header")
        self.widths = self.file.widths(self.version, offset_size, address_size)
        self.shift = section.region.shift(start, self.end)
        """The offset into the section of the buffer's first byte."""

    @property
    def size(self) -> int:
        """How many bytes the unit has, with its header."""
        return self.end - self.start

    @property
    def buffer(self) -> Buffer:
        """What the unit's bytes are decoded from."""
        found = self._buffer
        if found is None:
            found = self._buffer = self.section.region.view(self.start, self.end)
            self.file.book.keep_open(self)
        return found

    def close(self) -> None:
        """Let go of the unit's bytes, which are read again if they are asked for."""
        self._buffer = None
        self.levels.clear()
        self.section.region.release(self.start, self.end)

    @cached_property
    def end_position(self) -> int:
        """Where the unit ends in the buffer."""
        return self.end - self.shift

    @cached_property
    def abbreviations(self) -> Abbreviations:
        """The unit's abbreviation table."""
        return self.file.abbreviations(self.abbreviations_offset, self.widths)

    def entry(self, offset: int) -> Entry:
        """Return the entry at an offset into the section.

        Raises:
            BinaryError: there is none, or it is damaged.
        """
        if not self.first <= offset < self.end:
            raise self.damage(offset, "a reference leads outside its unit")
        return self.entry_at(offset - self.shift)

    def entry_at(self, position: int) -> Entry:
        """Return the entry at a position in the buffer; raises as `entry`."""
        buffer = self.buffer
        try:
            code = buffer[position]
            after = position + 1
            if code >= MORE:
                code, after = read_uleb128(buffer, position)
            return self.read_entry(position, self.abbreviations[code], after)
        except (KeyError, IndexError):
            raise self.damage(position + self.shift, "no entry can be decoded here") from None

    def read_entry(self, position: int, abbreviation: Abbreviation, content: int) -> Entry:
        """Return the entry at `position` whose attributes begin at `content`; raises as `entry`."""
        self.file.book.work.count_entry()
        try:
            values, forms, after = abbreviation.read(self.buffer, content)
        except (KeyError, IndexError, struct.error):
            after = self.end_position + 1
        if after > self.end_position:
            raise self.damage(position + self.shift, "an entry cannot be decoded")
        return Entry(self, position, abbreviation, values, forms, after)

    @cached_property
    def root(self) -> Entry:
        """The unit's own entry."""
        # Of most units this is all that is ever decoded, so no more than it is read.
        window = self.section.region.read(self.first, min(self.first + ROOT_WINDOW, self.end))
        try:
            code, content = read_uleb128(window, 0)
            abbreviation = self.abbreviations[code]
            values, forms, after = abbreviation.read(window, content)
        except (KeyError, IndexError, struct.error):
            return self.entry_at(self.first - self.shift)
        if after > len(window):
            return self.entry_at(self.first - self.shift)
        self.file.book.work.count_entry()
        position = self.first - self.shift
        return Entry(self, position, abbreviation, values, forms, position + after)

    def damage(self, offset: int, message: str) -> BinaryError:
        """Return (not raise) an error about the entry at `offset`."""
        return self.section.region.damage(offset, message)

    @cached_property
    def bases(self) -> Entry:
        """The root that states where this unit's tables begin: its skeleton's, if it has one."""
        return self.root if self.skeleton is None else self.skeleton.root

    @cached_property
    def string_offsets_base(self) -> int:
        """Where the unit's part of .debug_str_offsets begins, after any header."""
        stated = self.root.unsigned(dw.DW_AT_str_offsets_base)
        if stated is not None:
            return stated
        if self.file.is_split and self.version >= DWARF_5:
            # In a .dwo the one contribution begins with its header, which nothing points to.
            return 8 if self.widths.offset_size < WIDE else 16
        return 0

    @property
    def states_string_offsets_base(self) -> bool:
        """Whether the unit has a part of .debug_str_offsets."""
        return dw.DW_AT_str_offsets_base in self.root

    @cached_property
    def address_base(self) -> int:
        """Where the unit's part of .debug_addr begins, after any header."""
        root = self.bases
        for name in (dw.DW_AT_addr_base, dw.DW_AT_GNU_addr_base):
            stated = root.unsigned(name)
            if stated is not None:
                return stated
        return 8 if self.version >= DWARF_5 else 0

    @property
    def states_address_base(self) -> bool:
        """Whether the unit has a part of .debug_addr."""
        root = self.root
        return dw.DW_AT_addr_base in root or dw.DW_AT_GNU_addr_base in root

    @cached_property
    def language(self) -> str:
        """`C`, `CPP`, `RUST`, `ASSEMBLER` or `OTHER`.

        A partial unit states none: dwz made it for units of one language.
        """
        code = self.root.unsigned(dw.DW_AT_language)
        if code is None and self.root.tag == dw.DW_TAG_partial_unit:
            return self.file.book.common_language
        return LANGUAGES.get(code or 0, OTHER)

    @cached_property
    def producer(self) -> str:
        """What compiled the unit, as it calls itself."""
        return self.root.string(dw.DW_AT_producer) or ""

    @property
    def name(self) -> str:
        """The source file, for people."""
        return self.root.string(dw.DW_AT_name) or ""

    @cached_property
    def dwo_name(self) -> str | None:
        """The file that holds the rest of this unit, if it is a skeleton."""
        root = self.root
        return root.string(dw.DW_AT_dwo_name) or root.string(dw.DW_AT_GNU_dwo_name)


class InfoSection:
    """.debug_info or .debug_types of one file; `number` tells it from the others in type ids."""

    def __init__(self, file: DebugFile, region: Region, number: int, *, is_types: bool) -> None:
        """Read nothing yet."""
        self.file, self.region, self.number, self.is_types = file, region, number, is_types
        self._units: dict[int, Unit] = {}
        self._opened: list[int] = []
        self._starts: list[int] = []
        self._next = 0
        self._released = 0
        self._is_unfamiliar = False
        self.likenesses = 0

    def unit_at(self, start: int) -> Unit:
        """Return the unit whose header is at `start`."""
        unit = self._units.get(start)
        if unit is None:
            unit = self._units[start] = Unit(self, start)
            insort(self._opened, start)
        return unit

    def unit_holding(self, offset: int) -> Unit:
        """Return the unit that holds an offset into the section.

        Raises:
            BinaryError: there is none.
        """
        if not 0 <= offset < self.region.size:
            raise self.region.damage(offset, "a reference leads outside the section")
        # Most references stay inside a unit that is open: no header before it need be read.
        index = bisect_right(self._opened, offset) - 1
        if index >= 0:
            unit = self._units[self._opened[index]]
            if offset < unit.end:
                return unit
        while self._next <= offset and self._step():
            pass
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            raise self.region.damage(offset, "a reference leads outside the units")
        return self.unit_at(self._starts[index])

    @property
    def is_jumped_into(self) -> bool:
        """Whether units are found by the look of their headers, not by going through all.

        Not in a compressed section, where to go back means to inflate again.
        """
        return self.region.size > WALKED and self.region.is_plain and not self._is_unfamiliar

    def last_unit(self, offset: int, lowest: int = 0) -> Unit | None:
        """Return the last compile unit that begins from `lowest` to `offset`, if there is one.

        Where the section `is_jumped_into`, what the unit says must be confirmed.
        """
        if self.is_jumped_into:
            from abicheck.evidence.dwarf.headers import last_start  # noqa: PLC0415 (large files)

            start = last_start(self, offset, lowest)
            if start is not None:
                return self._units.get(start) or Unit(self, start)
            if lowest:
                return None
            self._is_unfamiliar = True
        starts = self._compile_starts
        index = bisect_right(starts, offset) - 1
        if index < 0 or starts[index] < lowest:
            return None
        return self._units.get(starts[index]) or Unit(self, starts[index])

    @cached_property
    def _compile_starts(self) -> list[int]:
        """Where units begin that are not for one type; those before the first damaged header."""
        found: list[int] = []
        with suppress(BinaryError):
            found.extend(unit.start for unit in self.units() if unit.signature is None)
        return found

    def starts(self) -> list[int]:
        """Return where the units begin; those before the first damaged header."""
        while self._step():
            pass
        return self._starts

    def units(self) -> Iterator[Unit]:
        """Yield the units in order, without keeping those that nobody else asked for.

        Raises:
            BinaryError: a header is damaged.
        """
        index = released = 0
        while index < len(self._starts) or self._step():
            start = self._starts[index]
            yield self._units.get(start) or Unit(self, start)
            index += 1
            if start - released > RELEASED_AT_ONCE:
                self.region.release(released, start)
                released = start

    def _step(self) -> bool:
        """Go on to the next header by the length of the last; False at the end."""
        start, region = self._next, self.region
        if start + 4 > region.size or len(self._starts) >= MOST_UNITS:
            return False
        order = self.file.byte_order
        length, size = int.from_bytes(region.read(start, start + 4), order), 4
        if length >= SHORT_LENGTH_END:
            length, size = int.from_bytes(region.read(start + 4, start + 12), order), 12
        self._starts.append(start)
        self._next = start + size + length
        if start - self._released > RELEASED_AT_ONCE:
            self.region.release(self._released, start)
            self._released = start
        return True

    @cached_property
    def by_signature(self) -> dict[int, int]:
        """Where the type unit of each signature begins."""
        found: dict[int, int] = {}
        for unit in self.units():
            if unit.signature is not None:
                found.setdefault(unit.signature, unit.start)
        return found
