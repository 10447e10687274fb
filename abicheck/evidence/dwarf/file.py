"""One file's debug sections -> units, strings and addresses; and the book of all such files.

A plugin's types may be spread over several files: the plugin or its debug file,
the split units that skeletons stand for, and a file of shared entries. Each is
a `DebugFile`; the `Book` holds them all and gives their sections numbers, so
that a place in any of them is one pair of numbers.

Source: DWARF 5, sections 7.3, 7.26, 7.27.
"""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from abicheck.errors import UnsupportedError
from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.abbreviations import Abbreviations
from abicheck.evidence.dwarf.forms import DWARF_5, ByteOrder, Widths, encode_uleb128
from abicheck.evidence.dwarf.regions import region
from abicheck.evidence.dwarf.units import ASSEMBLER, OTHER, InfoSection, Unit
from abicheck.evidence.dwarf.work import Work
from abicheck.model.evidence import Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from abicheck.evidence.counters import Counters
    from abicheck.evidence.debug_information import DebugInformation
    from abicheck.evidence.dwarf.entries import Entry, Place
    from abicheck.evidence.dwarf.regions import Region
    from abicheck.evidence.sections import Sections

MOST_ASKED = 64
"""Units that are asked for their language."""

MOST_HELD = 16 << 20
"""Bytes of units that are held at a time, unless a single one is larger."""

MOST_FILES = 20_000
"""Split units that are opened at most."""


MOST_HEADERS = 1 << 16
"""Units that are looked at for being skeletons."""


class DebugFile:
    """The debug sections of one file, or of one split unit in a package."""

    def __init__(self, sections: Sections, book: Book, *, is_split: bool = False) -> None:
        """Read nothing yet, apart from which sections there are."""
        self._sections, self.book, self.is_split = sections, book, is_split
        self.byte_order = book.byte_order
        self.prefix = "<" if book.byte_order == "little" else ">"
        self._widths: dict[tuple[int, int, int], Widths] = {}
        self._abbreviations: dict[tuple[int, Widths], Abbreviations] = {}
        self._names: dict[tuple[int, int], str] = {}
        self.find_type_unit: Callable[[int], Sections | None] = lambda _signature: None
        self.type_signatures: Callable[[], Iterable[int]] = tuple
        self.info = self._info_section(".debug_info", is_types=False)
        self.types = self._info_section(".debug_types", is_types=True)

    def _info_section(self, name: str, *, is_types: bool) -> InfoSection | None:
        found = region(self._sections, name)
        return None if found is None else self.book.add(self, found, is_types=is_types)

    @property
    def info_number(self) -> int:
        """The number of .debug_info, which DW_FORM_ref_addr leads to."""
        return -1 if self.info is None else self.info.number

    def region(self, name: str) -> Region | None:
        """Return the section `name` of this file, or None; raises BinaryError if it is damaged."""
        return region(self._sections, name)

    def widths(self, version: int, offset_size: int, address_size: int) -> Widths:
        """Return the widths of forms, made once for each kind of unit."""
        key = (version, offset_size, address_size)
        if key not in self._widths:
            self._widths[key] = Widths(*key, self.prefix)
        return self._widths[key]

    def abbreviations(self, offset: int, widths: Widths) -> Abbreviations:
        """Return the abbreviation table at `offset`, read once for each kind of unit."""
        table = self._abbreviations.get((offset, widths))
        if table is None:
            table = Abbreviations(self._demand(self._abbrev, ".debug_abbrev"), offset, widths)
            self._abbreviations[offset, widths] = table
        return table

    @cached_property
    def _abbrev(self) -> Region | None:
        return self.region(".debug_abbrev")

    @cached_property
    def has_old_skeletons(self) -> bool:
        """Whether a unit of DWARF 4 may stand for another: the only mark is an attribute."""
        if self._abbrev is None:
            return False
        mark = encode_uleb128(dw.DW_AT_GNU_dwo_name)
        return next(self._abbrev.find_all(mark, 1), None) is not None

    @property
    def abbreviations_size(self) -> int:
        """The size of .debug_abbrev."""
        return 0 if self._abbrev is None else self._abbrev.size

    @cached_property
    def strings(self) -> Region | None:
        """.debug_str."""
        return self.region(".debug_str")

    @cached_property
    def line_strings(self) -> Region | None:
        """.debug_line_str."""
        return self.region(".debug_line_str")

    @cached_property
    def string_offsets(self) -> Region | None:
        """.debug_str_offsets."""
        return self.region(".debug_str_offsets")

    @cached_property
    def addresses(self) -> Region | None:
        """.debug_addr."""
        return self.region(".debug_addr")

    def _demand(self, found: Region | None, name: str) -> Region:
        if found is None:
            raise UnsupportedError(f"the debug information refers to {name}, which is missing")
        return found

    def string_by_form(self, form: int, offset: int) -> str | None:
        """Return the string that a form of an offset means; None if it means no string."""
        key = form, offset
        name = self._names.get(key)
        if name is None:
            if form == dw.DW_FORM_strp:
                source = self._demand(self.strings, ".debug_str")
            elif form == dw.DW_FORM_line_strp:
                source = self._demand(self.line_strings, ".debug_line_str")
            elif form in {dw.DW_FORM_GNU_strp_alt, dw.DW_FORM_strp_sup}:
                source = self._demand(self.book.supplementary.strings, ".debug_str")
            else:
                return None
            name = self._names[key] = source.string(offset)
        return name

    def indexed_string(self, unit: Unit, index: int) -> str | None:
        """Return string number `index` of a unit."""
        size = unit.widths.offset_size
        offsets = self._demand(self.string_offsets, ".debug_str_offsets")
        slot = offsets.exactly(unit.string_offsets_base + index * size, size)
        return self.string_by_form(dw.DW_FORM_strp, int.from_bytes(slot, self.byte_order))

    def indexed_address(self, unit: Unit, index: int) -> int:
        """Return address number `index` of a unit, from its skeleton's file if it is split."""
        holder = self if unit.skeleton is None else unit.skeleton.file
        size = unit.widths.address_size
        table = self._demand(holder.addresses, ".debug_addr")
        slot = table.exactly(unit.address_base + index * size, size)
        return int.from_bytes(slot, self.byte_order)


class Book:
    """Every file that describes one plugin; sections are numbered in the order they are opened."""

    def __init__(self, debug: DebugInformation, counters: Counters) -> None:
        """Open the main file; the others are opened when something leads to them."""
        self._debug, self.work = debug, Work(counters)
        self.byte_order: ByteOrder = "big" if debug.byte_order == "big" else "little"
        self.sections: list[InfoSection] = []
        self._open: dict[Unit, int] = {}
        self._splits: dict[int, Unit | str] = {}
        self._foreign_types: dict[int, Place] = {}
        self.main = DebugFile(debug, self)

    @property
    def main_path(self) -> str:
        """The plugin, or its debug file."""
        return self._debug.file

    def add(self, file: DebugFile, content: Region, *, is_types: bool) -> InfoSection:
        """Give a section its number."""
        section = InfoSection(file, content, len(self.sections), is_types=is_types)
        self.sections.append(section)
        return section

    def keep_open(self, unit: Unit) -> None:
        """Take note of a unit whose bytes are held; those held longest are let go for it."""
        self.work.count_unit()
        self._open[unit] = unit.end - unit.start
        while len(self._open) > 1 and sum(self._open.values()) > MOST_HELD:
            oldest = next(iter(self._open))
            del self._open[oldest]
            oldest.close()

    def entry(self, place: Place) -> Entry:
        """Return the entry at a place.

        Raises:
            BinaryError: there is none, or it is damaged.
        """
        number, offset = place
        if not 0 <= number < len(self.sections):
            raise UnsupportedError("a reference leads into a section that is missing")
        return self.sections[number].unit_holding(offset).entry(offset)

    @cached_property
    def supplementary(self) -> DebugFile:
        """The file of entries shared by several; raises UnsupportedError if it is missing."""
        found = self._debug.supplementary
        if found is None:
            raise UnsupportedError("a reference leads into a shared debug file that is not named")
        if isinstance(found, Unseen):
            raise UnsupportedError(found.reason)
        return DebugFile(found, self)

    @cached_property
    def has_supplementary(self) -> bool:
        """Whether there is a file of entries shared by several, and it was found."""
        found = self._debug.supplementary
        return found is not None and not isinstance(found, Unseen)

    @property
    def missing_supplementary(self) -> UnsupportedError | None:
        """What says that there is a file of shared entries, but that it was not found."""
        found = self._debug.supplementary
        return UnsupportedError(found.reason) if isinstance(found, Unseen) else None

    @cached_property
    def common_language(self) -> str:
        """The language of the plugin's units, if there is only one, assembler not counted."""
        found = set()
        info = self.main.info
        for unit in islice(info.units() if info else (), MOST_ASKED):
            if unit.root.tag != dw.DW_TAG_partial_unit:
                found.add(unit.language)
        found.discard(ASSEMBLER)
        return found.pop() if len(found) == 1 else OTHER

    def skeletons(self, most: int) -> Iterator[Unit]:
        """Yield the units that stand for units in other files, in order."""
        info = self.main.info
        if info is None:
            return
        for start in islice(self._skeletons, most):
            yield info.unit_at(start)

    @cached_property
    def _skeletons(self) -> list[int]:
        """Where the skeletons begin, since it takes all headers to tell."""
        info, has_old_ones = self.main.info, self.main.has_old_skeletons
        found = []
        for unit in islice(info.units() if info else (), MOST_HEADERS):
            is_old = has_old_ones and unit.version < DWARF_5 and unit.signature is None
            if (unit.type == dw.DW_UT_skeleton or is_old) and unit.dwo_name:
                found.append(unit.start)
        return found

    def packaged_type_units(self, most: int) -> Iterator[Unit]:
        """Yield the type units that packages keep apart from the split units opened so far.

        Raises:
            BinaryError: one is damaged.
        """
        files = [unit.file for unit in self._splits.values() if isinstance(unit, Unit)]
        packages = {file.type_signatures: file for file in files}
        for signatures, file in packages.items():
            for signature in islice(signatures(), most):
                place = self._packaged_type_place(signature, file)
                if place is not None:
                    yield self.sections[place[0]].unit_holding(place[1])

    def supplementary_place(self, offset: int, file: DebugFile) -> Place:
        """Return the place of `offset` in the shared file, of which `file` is not one."""
        del file
        return self.supplementary.info_number, offset

    def split_unit(self, skeleton: Unit) -> Unit:
        """Return the unit that `skeleton` stands for.

        Raises:
            UnsupportedError: its file is missing, or of another build.
            BinaryError: it is damaged.
        """
        known = self._splits.get(skeleton.start)
        if known is None:
            try:
                known = self._open_split(skeleton)
            except UnsupportedError as error:
                known = str(error)
            self._splits[skeleton.start] = known
        if isinstance(known, str):
            raise UnsupportedError(known)
        return known

    def _open_split(self, skeleton: Unit) -> Unit:
        dwo_id = skeleton.dwo_id
        if dwo_id is None:
            dwo_id = skeleton.root.unsigned(dw.DW_AT_GNU_dwo_id) or 0
        directory = skeleton.root.string(dw.DW_AT_comp_dir)
        found = self._debug.split_unit(dwo_id, skeleton.dwo_name, directory)
        if isinstance(found, Unseen):
            raise UnsupportedError(found.reason)
        if len(self._splits) >= MOST_FILES:
            raise UnsupportedError(f"the plugin has more than {MOST_FILES} split units")
        file = DebugFile(found, self, is_split=True)
        file.find_type_unit, file.type_signatures = found.type_unit, found.type_signatures
        for unit in file.info.units() if file.info else ():
            if unit.signature is not None:
                continue
            if unit.dwo_id is None:
                unit.dwo_id = unit.root.unsigned(dw.DW_AT_GNU_dwo_id)
            if unit.dwo_id == dwo_id:
                kept = unit.section.unit_at(unit.start)
                kept.skeleton = skeleton
                return kept
        raise UnsupportedError(f"{found.file} does not hold the split unit {dwo_id:016x}")

    def type_unit_place(self, signature: int, unit: Unit) -> Place:
        """Return the place of the type with this signature, for a reference in `unit`.

        Raises:
            UnsupportedError: there is none.
        """
        place = _type_place(unit.file, signature)
        if place is None and unit.file.is_split:
            place = self._packaged_type_place(signature, unit.file)
        if place is None and unit.file is not self.main:
            place = _type_place(self.main, signature)
        if place is None:
            raise UnsupportedError(f"the type unit {signature:016x} is missing")
        return place

    def _packaged_type_place(self, signature: int, file: DebugFile) -> Place | None:
        if signature not in self._foreign_types:
            sections = file.find_type_unit(signature)
            if sections is None:
                return None
            opened = DebugFile(sections, self, is_split=True)
            opened.find_type_unit = file.find_type_unit
            place = _type_place(opened, signature)
            if place is None:
                return None
            self._foreign_types[signature] = place
        return self._foreign_types[signature]


def _type_place(file: DebugFile, signature: int) -> Place | None:
    for section in (file.types, file.info):
        if section is None:
            continue
        start = section.by_signature.get(signature)
        if start is not None:
            return section.number, start + section.unit_at(start).type_offset
    return None
