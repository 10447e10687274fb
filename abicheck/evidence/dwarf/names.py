"""A name -> the entries that bear it, without decoding the others.

The name is looked for in the string sections as the bytes before a NUL (linkers
merge the tails of strings: it need not begin where a string begins), then the
offsets that lead there among the bytes of the units. Where one stands at the
place that an abbreviation gives to the name of a type, the entry is decoded.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.bytewise import occurrences
from abicheck.evidence.dwarf.forms import (
    DWARF_5,
    STRING_INDEX_FORMS,
    UNIT_REFERENCE_FORMS,
    WIDE,
    encode_uleb128,
)
from abicheck.evidence.dwarf.walk import SCOPES, TYPE_TAGS, find_in_unit, reached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from abicheck.evidence.dwarf.abbreviations import Abbreviation
    from abicheck.evidence.dwarf.entries import Entry
    from abicheck.evidence.dwarf.file import Book, DebugFile
    from abicheck.evidence.dwarf.regions import Region
    from abicheck.evidence.dwarf.units import InfoSection, Unit

MOST_TAILS = 16
"""Strings that merely end in the name, of which few are where a linker put the name itself."""

MOST_HITS = 100_000
RARE = 3
"""Bytes, zeros at the ends not counted, that are not found by chance where a name should be."""

WORTH_ONE_PASS = 8
"""Searches after which all names that may be asked for are looked for at once."""

WORTH_INFLATING = 2
"""The same for compressed sections, which each search may inflate again."""

LARGE_UNIT = 1 << 16
MOST_TRIED = 16
DW_CC_pass_by_value = 0x05
"""The greatest of the codes that a class can have. Source: DWARF 5, table 7.18."""

TELLING = SCOPES - {dw.DW_TAG_namespace, dw.DW_TAG_module} | {dw.DW_TAG_typedef}
INSIDE = TYPE_TAGS | {
    dw.DW_TAG_member, dw.DW_TAG_enumerator, dw.DW_TAG_inheritance, dw.DW_TAG_subprogram,
    dw.DW_TAG_template_type_parameter, dw.DW_TAG_template_value_parameter, dw.DW_TAG_variable,
    dw.DW_TAG_variant_part, dw.DW_TAG_imported_declaration, dw.DW_TAG_GNU_template_template_param,
    dw.DW_TAG_GNU_template_parameter_pack, dw.DW_TAG_template_alias, dw.DW_TAG_friend,
    dw.DW_TAG_volatile_type, dw.DW_TAG_ptr_to_member_type, dw.DW_TAG_rvalue_reference_type,
}  # fmt: skip
"""What compilers write inside of types."""

MOST_SPLITS = 4000

WALKED_AT_MOST = 100
"""How many times larger than a unit .debug_str may be before walking the unit is cheaper."""


class Names:
    """Finds entries of one plugin by name and tag."""

    def __init__(self, book: Book, sought: Callable[[], Iterable[str]] = tuple) -> None:
        """Search nothing yet; `sought` are names that may be asked for, if many are."""
        self._book, self._sought = book, sought
        self._searches: dict[int, int] = {}
        self._absent: dict[int, frozenset[str]] = {}
        self._offsets: dict[tuple[int, str], list[int]] = {}
        self._parts: dict[int, tuple[list[int], dict[int, list[int]]]] = {}
        self._readers: dict[tuple[int, frozenset[int]], list[tuple[Abbreviation, bytes, int]]] = {}

    def in_unit(self, unit: Unit, name: str, tags: frozenset[int]) -> Iterator[Entry]:
        """Yield the entries of `tags` in `unit` that bear `name`, in no particular order.

        Raises:
            BinaryError, UnsupportedError: the unit is damaged.
        """
        strings = unit.file.strings
        size = 0 if strings is None else strings.size
        if size > WALKED_AT_MOST * (unit.end - unit.start) or not self._all_fixed(unit, tags):
            yield from find_in_unit(unit, name, tags)
        else:
            yield from self._by_bytes(unit, name, tags)

    def everywhere(self, name: str, tags: frozenset[int]) -> Iterator[Entry]:
        """Yield the entries of `tags` in any unit that bear `name`.

        Raises:
            BinaryError: a unit is damaged.
            UnsupportedError: after all others, if the file of a split unit or of shared
                entries is missing.
        """
        book = self._book
        yield from self._in_file(book.main, name, tags)
        if book.has_supplementary:
            yield from self._in_file(book.supplementary, name, tags)
        missing = book.missing_supplementary
        for skeleton in book.skeletons(MOST_SPLITS):
            try:
                unit = book.split_unit(skeleton)
            except UnsupportedError as error:
                missing = missing or error
            else:
                yield from self._in_file(unit.file, name, tags)
        for unit in book.packaged_type_units(MOST_SPLITS):
            yield from self.in_unit(unit, name, tags)
        if missing:
            raise missing

    def _in_file(self, file: DebugFile, name: str, tags: frozenset[int]) -> Iterator[Entry]:
        for section in (file.info, file.types):
            if section is None:
                continue
            for unit in self._units_mentioning(section, name):
                yield from self.in_unit(unit, name, tags)

    def _units_mentioning(self, section: InfoSection, name: str) -> Iterable[Unit]:
        """Return the units whose bytes may refer to `name`, in order."""
        file = section.file
        if file.is_split:
            return section.units()  # One unit, or one and its type units.
        if name in self._absent_from(section):
            return ()
        offsets = self._string_offsets(file, name)
        needles = sorted({name.encode() + b"\0", *(self._pointer(file, each) for each in offsets)})
        found, begin, end = set(), 0, 0
        for hit in section.region.find_any(needles, MOST_HITS):
            if not begin <= hit < end:
                unit = section.unit_holding(hit)
                found.add(unit.start)
                begin, end = unit.start, unit.end
        if file.string_offsets is not None:
            for offset in offsets:
                found.update(self._units_indexing(section, file.string_offsets, offset))
        return [section.unit_at(start) for start in sorted(found)]

    def _pointer(self, file: DebugFile, offset: int) -> bytes:
        # Four bytes are enough to find eight in 64-bit DWARF: those that count, in either order.
        return (offset & 0xFFFFFFFF).to_bytes(4, file.byte_order)

    def _units_indexing(self, section: InfoSection, table: Region, offset: int) -> Iterator[int]:
        """Yield the units whose part of .debug_str_offsets leads to a string."""
        bases, owners = self._parts_of(section)
        for slot in table.find_all(self._pointer(section.file, offset), MOST_HITS):
            index = bisect_right(bases, slot) - 1
            if index >= 0:
                yield from owners[bases[index]]

    def _parts_of(self, section: InfoSection) -> tuple[list[int], dict[int, list[int]]]:
        """Return where the parts of .debug_str_offsets begin, and the units that use each.

        Units of other compilers, which use none, may stand between those that do. Type
        units share the part of the unit that they were compiled with.
        """
        if section.number not in self._parts:
            owners: dict[int, list[int]] = {}
            for unit in section.units():
                if unit.states_string_offsets_base:
                    owners.setdefault(unit.string_offsets_base, []).append(unit.start)
            self._parts[section.number] = sorted(owners), owners
        return self._parts[section.number]

    def _absent_from(self, section: InfoSection) -> frozenset[str]:
        """Return the names that no unit can bear, once there were many searches for others."""
        number, nothing = section.number, frozenset[str]()
        self._searches[number] = self._searches.get(number, 0) + 1
        is_plain = section.region.is_plain
        if self._searches[number] <= (WORTH_ONE_PASS if is_plain else WORTH_INFLATING):
            return nothing
        if number not in self._absent:
            from abicheck.evidence.dwarf.mentions import (  # noqa: PLC0415  rarely needed
                are_looked_for,
                mentioned,
            )

            sought = are_looked_for(self._sought())
            regions = [section.region, *self._string_regions(section.file)] if sought else []
            self._absent[number] = sought.difference(*(mentioned(each, sought) for each in regions))
        return self._absent[number]

    def _string_offsets(self, file: DebugFile, name: str) -> list[int]:
        """Return where in .debug_str (this file's, or the shared one) `name` stands."""
        key = id(file), name
        if key not in self._offsets:
            regions = self._string_regions(file)
            self._offsets[key] = [offset for each in regions for offset in _ends_in(each, name)]
        return self._offsets[key]

    def _string_regions(self, file: DebugFile) -> list[Region]:
        regions = [file.strings, file.line_strings]
        if self._book.has_supplementary and file is self._book.main:
            regions.append(self._book.supplementary.strings)
        return [each for each in regions if each is not None]

    def _by_bytes(self, unit: Unit, name: str, tags: frozenset[int]) -> Iterator[Entry]:
        offsets = self._string_offsets(unit.file, name)
        encoded: dict[str, list[bytes]] = {
            "inline": [name.encode() + b"\0"],
            "offset": [
                offset.to_bytes(unit.widths.offset_size, unit.file.byte_order)
                for offset in offsets if not offset >> 8 * unit.widths.offset_size
            ],
        }  # fmt: skip
        grouped: dict[tuple[int, int], dict[bytes, Abbreviation]] = {}
        for abbreviation, code, between in self._readers_of(unit, tags):
            form = abbreviation.forms[dw.DW_AT_name]
            grouped.setdefault((form, between), {})[code] = abbreviation
        doubtful: dict[int, Entry] = {}
        for (form, between), codes in grouped.items():
            if form in STRING_INDEX_FORMS:
                found = _indexes(unit, offsets)
                values = [index_bytes(unit, form, index) for index in found]
            else:
                values = encoded["inline" if form == dw.DW_FORM_string else "offset"]
            for value in filter(None, values):
                for position, code in occurrences(unit, codes, between, value):
                    entry = _entry_at(unit, position, codes[code], code)
                    if entry is None or not _bears(entry, name) or _is_mere_name(entry):
                        continue
                    if _is_referred_to(entry, value):
                        yield entry
                    else:
                        doubtful[position] = entry
        for position in reached(unit, doubtful):
            yield doubtful[position]

    def _all_fixed(self, unit: Unit, tags: frozenset[int]) -> bool:
        """Whether every abbreviation of `tags` has the name at a place of its own."""
        return all(between >= 0 for _, _, between in self._readers_of(unit, tags))

    def _readers_of(
        self, unit: Unit, tags: frozenset[int]
    ) -> list[tuple[Abbreviation, bytes, int]]:
        """Return the abbreviations of `tags` that have names: code, and bytes up to the name."""
        table = unit.abbreviations
        key = id(table), tags
        if key not in self._readers:
            found = self._readers[key] = []
            for abbreviation in table.all():
                if abbreviation.tag not in tags:
                    continue
                try:
                    if dw.DW_AT_name not in abbreviation.forms:
                        continue
                    between = abbreviation.fixed_offset(dw.DW_AT_name)
                except (KeyError, IndexError):
                    between = None
                code = encode_uleb128(abbreviation.code)
                found.append((abbreviation, code, -1 if between is None else between))
        return self._readers[key]


def _ends_in(region: Region, name: str) -> list[int]:
    """Return the offsets at which `name` stands before a NUL.

    Where it stands as a string of its own, strings that merely end in it are not counted:
    a linker that merges tails leaves no such string, one that does not refers to no tail.
    """
    whole, tails = [], []
    for offset in region.find_all(name.encode() + b"\0", MOST_HITS):
        if not offset or region.read(offset - 1, offset) == b"\0":
            whole.append(offset)
        else:
            tails.append(offset)
    return whole if whole and len(tails) > MOST_TAILS else [*whole, *tails]


def _indexes(unit: Unit, offsets: list[int]) -> list[int]:
    """Return the indexes under which a unit knows strings, by their offsets."""
    table, size = unit.file.string_offsets, unit.widths.offset_size
    if table is None:
        return []
    base = unit.string_offsets_base
    end = table.size
    header = 16 if size == WIDE else 8
    if unit.version >= DWARF_5 and base >= header:
        length = table.exactly(base - header, header)[header - 4 - size : header - 4]
        end = min(end, base - 4 + int.from_bytes(length, unit.file.byte_order))
    needles = [
        each.to_bytes(size, unit.file.byte_order) for each in offsets if not each >> 8 * size
    ]
    slots = [slot for needle in needles for slot in table.find_all(needle, MOST_TAILS, base, end)]
    return [(slot - base) // size for slot in slots if (slot - base) % size == 0]


def index_bytes(unit: Unit, form: int, index: int) -> bytes:
    """Return an index as a form encodes it; b"" where it does not fit."""
    width = {
        dw.DW_FORM_strx1: 1, dw.DW_FORM_strx2: 2, dw.DW_FORM_strx3: 3, dw.DW_FORM_strx4: 4,
    }.get(form)  # fmt: skip
    if width is None:
        return encode_uleb128(index)
    return b"" if index >> 8 * width else index.to_bytes(width, unit.file.byte_order)


def _entry_at(unit: Unit, position: int, abbreviation: Abbreviation, code: bytes) -> Entry | None:
    try:
        return unit.read_entry(position, abbreviation, position + len(code))
    except BinaryError:
        return None


def _is_referred_to(entry: Entry, value: bytes) -> bool:
    """Whether bytes that look like an entry with a rare name are the goal of a reference.

    Where the name is not rare, its unit is large, and walking it long, what is inside of
    the entry must look like what compilers write there. All other bytes that look like an
    entry are one only if a walk through the unit comes by them.
    """
    unit = entry.unit
    is_rare = len(value.strip(b"\0")) >= RARE
    if not is_rare and (unit.end - unit.start < LARGE_UNIT or not _is_plausible(entry)):
        return False
    relative = (entry.offset - unit.start).to_bytes(4, unit.file.byte_order)
    return unit.buffer.find(relative, unit.first - unit.shift, unit.end_position) >= 0


def _is_mere_name(entry: Entry) -> bool:
    """Whether this defines nothing: it is a declaration, or only looks like an entry."""
    if entry.flag(dw.DW_AT_declaration) and dw.DW_AT_signature not in entry:
        return True
    if (entry.unsigned(dw.DW_AT_calling_convention) or 0) > DW_CC_pass_by_value:
        return True
    is_telling = entry.tag == dw.DW_TAG_typedef or entry.abbreviation.has_children
    return entry.tag in TELLING and is_telling and not _is_plausible(entry)


def _is_plausible(entry: Entry) -> bool:
    """Whether a type's children, or the type that a typedef names, are what they should be."""
    try:
        if entry.tag == dw.DW_TAG_typedef:
            return _has_sound_type(entry)
        child = None
        for child in islice(entry.children(), MOST_TRIED):
            if child.tag not in INSIDE or not _has_sound_type(child):
                return False
            if child.abbreviation.has_children:
                break  # Among bytes that only look like entries, its end may be far away.
    except BinaryError:
        return False
    return child is not None


def _has_sound_type(entry: Entry) -> bool:
    """Whether DW_AT_type, if it is there, leads to a type; one in another section is believed."""
    if entry.form(dw.DW_AT_type) not in UNIT_REFERENCE_FORMS:
        return True
    place = entry.reference(dw.DW_AT_type)
    return place is not None and entry.unit.entry(place[1]).tag in TYPE_TAGS


def _bears(entry: Entry, name: str) -> bool:
    try:
        return entry.string(dw.DW_AT_name) == name
    except BinaryError:
        return False
