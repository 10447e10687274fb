"""Entries: the attributes of one debugging information entry, and its children.

Source: DWARF 5, sections 2.1 to 2.3 and 7.5.2 to 7.5.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.forms import (
    ADDRESS_INDEX_FORMS,
    BLOCK_FORMS,
    CONSTANT_WIDTHS,
    LEB128_CONSTANTS,
    MORE,
    STRING_INDEX_FORMS,
    SUPPLEMENTARY_FORMS,
    UNIT_REFERENCE_FORMS,
    read_uleb128,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.dwarf.abbreviations import Abbreviation
    from abicheck.evidence.dwarf.forms import ByteOrder
    from abicheck.evidence.dwarf.units import Unit

    Place = tuple[int, int]

LARGEST_NUMBER = 16
"""Bytes of a number in a block, as which enumerators beyond 64 bits come."""


class Entry:
    """One entry, at `position` in its unit's buffer; its children begin at `after`."""

    __slots__ = ("_forms", "_values", "abbreviation", "after", "position", "unit")

    def __init__(  # noqa: PLR0913, PLR0917  built in one place only
        self,
        unit: Unit,
        position: int,
        abbreviation: Abbreviation,
        values: list[object],
        forms: dict[int, int],
        after: int,
    ) -> None:
        """Keep what was decoded."""
        self.unit, self.position, self.abbreviation = unit, position, abbreviation
        self._values, self._forms, self.after = values, forms, after

    @property
    def tag(self) -> int:
        """The entry's DW_TAG."""
        return self.abbreviation.tag

    @property
    def offset(self) -> int:
        """Where it begins in its section."""
        return self.position + self.unit.shift

    @property
    def place(self) -> Place:
        """Its section's number and its offset there: what names it among all entries."""
        return self.unit.section.number, self.position + self.unit.shift

    def __contains__(self, attribute: int) -> bool:
        """Whether the entry has the attribute."""
        return attribute in self._forms

    def form(self, attribute: int) -> int | None:
        """Return the form in which the entry has the attribute, None if it has not."""
        return self._forms.get(attribute)

    def raw(self, attribute: int) -> object:
        """Return the value as it is encoded; None if there is no such attribute."""
        slot = self.abbreviation.slots.get(attribute)
        if slot is not None:
            return self._values[slot]
        return self.abbreviation.constants.get(attribute)

    def flag(self, attribute: int) -> bool:
        """Return whether a flag is set."""
        return bool(self.raw(attribute))

    def unsigned(self, attribute: int) -> int | None:
        """Return a constant or an offset into a section as it stands; None if it is neither."""
        value = self.raw(attribute)
        return value if isinstance(value, int) else None

    def constant(self, attribute: int, *, size: int = 0) -> int | None:
        """Return a constant whose sign follows from its form.

        A fixed-width form as wide as `size` bytes holds a signed number of that size.
        """
        value, form = self.raw(attribute), self._forms.get(attribute)
        if form in LEB128_CONSTANTS:
            return value if isinstance(value, int) else None
        width = CONSTANT_WIDTHS.get(form or 0)
        if width is None and form in BLOCK_FORMS and isinstance(value, bytes):
            width = len(value) if len(value) <= LARGEST_NUMBER else 0
        if not width:
            return None
        if isinstance(value, bytes):
            value = int.from_bytes(value, self.unit.file.byte_order)
        if not isinstance(value, int):
            return None
        if width == size and value >> (8 * width - 1):
            value -= 1 << 8 * width
        return value

    def block(self, attribute: int) -> bytes | None:
        """Return the content of a block or an expression; None if it is neither."""
        value = self.raw(attribute)
        if isinstance(value, bytes) and self._forms.get(attribute) in BLOCK_FORMS:
            return value
        return None

    def string(self, attribute: int) -> str | None:
        """Return a string; None if there is no such attribute.

        Raises:
            BinaryError: it leads outside its section.
        """
        form = self._forms.get(attribute)
        if form is None:
            return None
        value = self.raw(attribute)
        if form == dw.DW_FORM_string:
            return value.decode(errors="backslashreplace") if isinstance(value, bytes) else None
        index = _number(value, self.unit.file.byte_order)
        if form in STRING_INDEX_FORMS:
            return self.unit.file.indexed_string(self.unit, index)
        return self.unit.file.string_by_form(form, index)

    def address(self, attribute: int) -> int | None:
        """Return an address, through .debug_addr where it is an index; None if it is no address."""
        form, value = self._forms.get(attribute), self.raw(attribute)
        if form == dw.DW_FORM_addr:
            return value if isinstance(value, int) else None
        if form in ADDRESS_INDEX_FORMS:
            return self.unit.file.indexed_address(
                self.unit, _number(value, self.unit.file.byte_order)
            )
        return None

    def reference(self, attribute: int) -> Place | None:
        """Return the place of the entry that an attribute leads to; None if it is no reference.

        Raises:
            BinaryError: it leads outside its section, or to a file that is not there.
        """
        form = self._forms.get(attribute)
        if form is None:
            return None
        value = _number(self.raw(attribute), self.unit.file.byte_order)
        unit = self.unit
        if form in UNIT_REFERENCE_FORMS:
            return unit.section.number, unit.start + value
        if form == dw.DW_FORM_ref_addr:
            return unit.file.info_number, value
        if form == dw.DW_FORM_ref_sig8:
            return unit.file.book.type_unit_place(value, unit)
        if form in SUPPLEMENTARY_FORMS:
            return unit.file.book.supplementary_place(value, unit.file)
        return None

    def children(self) -> Iterator[Entry]:
        """Yield the entry's direct children, decoded.

        Raises:
            BinaryError: something is damaged.
        """
        unit = self.unit
        for position, abbreviation, content in child_positions(self):
            yield unit.read_entry(position, abbreviation, content)


def _number(value: object, byte_order: ByteOrder) -> int:
    if isinstance(value, int):
        return value
    if isinstance(value, bytes):
        return int.from_bytes(value, byte_order)
    return 0


def child_positions(entry: Entry) -> Iterator[tuple[int, Abbreviation, int]]:
    """Yield position, abbreviation and begin of the attributes of each direct child.

    Raises:
        BinaryError: something is damaged.
    """
    if not entry.abbreviation.has_children:
        return
    unit, position = entry.unit, entry.after
    buffer, table, end = unit.buffer, unit.abbreviations, unit.end_position
    work = unit.file.book.work
    while True:
        try:
            code = buffer[position] if position < end else 0
            content = position + 1
            if code >= MORE:
                code, content = read_uleb128(buffer, position)
            if not code:
                return
            abbreviation = table[code]
            yield position, abbreviation, content
            work.count_skipped(1)
            position = _after_child(unit, abbreviation, content)
        except (KeyError, IndexError):
            raise unit.damage(position + unit.shift, "no entry can be decoded here") from None


def _after_child(unit: Unit, abbreviation: Abbreviation, content: int) -> int:
    """Return where the next sibling of an entry begins."""
    after = abbreviation.skip(unit.buffer, content)
    if not abbreviation.has_children:
        return after
    if abbreviation.sibling is not None:
        offset, width = abbreviation.sibling
        begin = content + offset
        value = int.from_bytes(unit.buffer[begin : begin + width], unit.file.byte_order)
        sibling = unit.start + value - unit.shift
        if after < sibling <= unit.end_position:
            return sibling
    return skip_descendants(unit, after)


def skip_descendants(unit: Unit, position: int) -> int:
    """Return the position after all entries down to the null entry that closes this level.

    Raises:
        IndexError, KeyError: an entry cannot be decoded.
    """
    buffer, table, end = unit.buffer, unit.abbreviations, unit.end_position
    depth, skipped = 1, 0
    while depth:
        if position >= end:
            return end
        code = buffer[position]
        position += 1
        if code >= MORE:
            code, position = read_uleb128(buffer, position - 1)
        if not code:
            depth -= 1
            continue
        abbreviation = table[code]
        skipped += 1
        first, later = abbreviation.skipping_plan
        position = position + first if not later else abbreviation.skip(buffer, position)
        if abbreviation.has_children:
            depth += 1
    unit.file.book.work.count_skipped(skipped)
    return position
