"""Abbreviation tables: .debug_abbrev -> how the entries of a unit are laid out.

A table is split into its declarations as far as codes are asked for; a declaration is
decoded when an entry first uses it, and so are the plans for reading and skipping entries.

Source: DWARF 5, section 7.5.3.
"""

from __future__ import annotations

from functools import cached_property
from struct import Struct
from typing import TYPE_CHECKING

from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.forms import (
    VARIABLE,
    WIDTHS,
    read_sleb128,
    read_uleb128,
    read_variable,
    skip_variable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from abicheck.evidence.dwarf.forms import Buffer, Widths
    from abicheck.evidence.dwarf.regions import Region

FIRST_WINDOW = 1 << 12
LARGEST_TABLE = 1 << 22
MOST_DECLARATIONS = 1 << 17
MOST_ATTRIBUTES = 512
SIBLING_WIDTHS = {
    dw.DW_FORM_ref1: 1, dw.DW_FORM_ref2: 2, dw.DW_FORM_ref4: 4, dw.DW_FORM_ref8: 8,
}  # fmt: skip


class Abbreviation:
    """One declaration: a tag, whether children follow, and the attributes' names and forms."""

    def __init__(
        self, code: int, tag: int, *, has_children: bool, attributes: bytes, widths: Widths
    ) -> None:
        """Keep the encoded `attributes` until an entry needs them."""
        self.code, self.tag, self.has_children = code, tag, has_children
        self._encoded, self.widths = attributes, widths

    def has(self, attribute: int) -> bool:
        """Whether this has an attribute (below 0x80); False also where it is damaged."""
        try:
            return attribute in self._encoded and attribute in self.forms
        except (KeyError, IndexError):
            return False

    @cached_property
    def attributes(self) -> tuple[tuple[int, int, int], ...]:
        """Name, form and implicit constant of each attribute, in order.

        Raises:
            IndexError: the declaration is cut short.
            KeyError: a form is unknown, so that nothing after it can be found.
        """
        encoded, position = self._encoded, 0
        found: list[tuple[int, int, int]] = []
        for _ in range(MOST_ATTRIBUTES):
            name, position = read_uleb128(encoded, position)
            form, position = read_uleb128(encoded, position)
            if not name and not form:
                return tuple(found)
            implicit = 0
            if form == dw.DW_FORM_implicit_const:
                implicit, position = read_sleb128(encoded, position)
            if form not in self.widths.codes and form not in VARIABLE:
                raise KeyError(form)
            found.append((name, form, implicit))
        raise IndexError

    @cached_property
    def forms(self) -> dict[int, int]:
        """The form of each attribute."""
        return {name: form for name, form, _ in self.attributes}

    @cached_property
    def constants(self) -> dict[int, int]:
        """Values that stand in the abbreviation itself."""
        return {
            name: implicit if form == dw.DW_FORM_implicit_const else 1
            for name, form, implicit in self.attributes
            if form in {dw.DW_FORM_implicit_const, dw.DW_FORM_flag_present}
        }

    @cached_property
    def slots(self) -> dict[int, int]:
        """Where `read` puts the value of each attribute that has one in the entry."""
        stored = [name for name, *_ in self.attributes if name not in self.constants]
        return {name: slot for slot, name in enumerate(stored)}

    @cached_property
    def _reading_plan(self) -> tuple[tuple[Struct, int], ...]:
        """Runs of fixed forms, each followed by a variable form (0: none)."""
        codes, prefix = self.widths.codes, self.widths.prefix
        plan, run = [], prefix
        for _, form, _ in self.attributes:
            if form in VARIABLE:
                plan.append((Struct(run), form))
                run = prefix
            else:
                run += codes[form]
        plan.append((Struct(run), 0))
        return tuple(plan)

    @cached_property
    def skipping_plan(self) -> tuple[int, tuple[tuple[int, int], ...]]:
        """Bytes to skip at first; then (kind of a variable form, bytes to skip after it) pairs."""
        runs = self._reading_plan
        later = [
            (VARIABLE[form], runs[index + 1][0].size) for index, (_, form) in enumerate(runs[:-1])
        ]
        return runs[0][0].size, tuple(later)

    def read(self, buffer: Buffer, position: int) -> tuple[list[object], dict[int, int], int]:
        """Return the values, their forms, and the position after an entry's attributes.

        Raises:
            IndexError, KeyError, struct.error: they do not fit into the buffer.
        """
        values: list[object] = []
        forms = self.forms
        for layout, form in self._reading_plan:
            values += layout.unpack_from(buffer, position)
            position += layout.size
            if form:
                real, value, position = read_variable(buffer, position, form, self.widths)
                if real != form:
                    forms = {**forms, self._name_of_slot(len(values)): real}
                values.append(value)
        return values, forms, position

    def skip(self, buffer: Buffer, position: int) -> int:
        """Return the position after an entry's attributes; raises as `read`."""
        first, later = self.skipping_plan
        position += first
        for kind, width in later:
            position = skip_variable(buffer, position, kind, self.widths) + width
        return position

    @cached_property
    def fixed_offsets(self) -> dict[int, int]:
        """How far after the code each attribute lies that is at the same place in all entries."""
        codes, offset = self.widths.codes, 0
        found: dict[int, int] = {}
        for name, form, _ in self.attributes:
            found[name] = offset
            if form in VARIABLE:
                break
            offset += WIDTHS[codes[form]]
        return found

    def fixed_offset(self, attribute: int) -> int | None:
        """Return how far after the code an attribute lies, if that is the same in all entries."""
        return self.fixed_offsets.get(attribute)

    @cached_property
    def sibling(self) -> tuple[int, int] | None:
        """Where after the code DW_AT_sibling lies, and its width; None if it cannot be told."""
        width = SIBLING_WIDTHS.get(self.forms.get(dw.DW_AT_sibling, 0))
        offset = self.fixed_offset(dw.DW_AT_sibling)
        return None if width is None or offset is None else (offset, width)

    def _name_of_slot(self, slot: int) -> int:
        return next((name for name, at in self.slots.items() if at == slot), 0)


class Abbreviations(dict[int, Abbreviation]):
    """A table by code; declarations are read as far as a code that is asked for.

    A code that the table does not have raises KeyError.
    """

    def __init__(self, region: Region, offset: int, widths: Widths) -> None:
        """Stand for the table at `offset`; raises BinaryError if it lies beyond the section."""
        super().__init__()
        if not 0 <= offset < region.size:
            raise region.damage(offset, "an abbreviation table begins beyond the section's end")
        self._region, self._offset, self._widths = region, offset, widths
        self._encoded, self._position = region.read(offset, offset + FIRST_WINDOW), 0
        self._is_complete = False
        self._having: dict[tuple[int, int], tuple[Abbreviation, ...]] = {}

    def __missing__(self, code: int) -> Abbreviation:
        """Read on until `code` is declared."""
        while not self._is_complete:
            declared = self._read_one()
            if declared == code:
                return self[code]
        raise KeyError(code)

    def all(self) -> Iterable[Abbreviation]:
        """Return every declaration of the table.

        Raises:
            BinaryError: the table has no end.
        """
        while not self._is_complete:
            self._read_one()
        return self.values()

    def having(self, tag: int, attribute: int) -> tuple[Abbreviation, ...]:
        """Return the sound declarations of `tag` with an attribute (below 0x80), found once.

        Raises:
            BinaryError: the table has no end.
        """
        key = tag, attribute
        if key not in self._having:
            self._having[key] = tuple(
                each for each in self.all() if each.tag == tag and each.has(attribute)
            )
        return self._having[key]

    def _read_one(self) -> int:
        """Read the next declaration and return its code, 0 at the table's end."""
        while True:
            try:
                return self._split_off()
            except IndexError:
                self._widen()

    def _widen(self) -> None:
        size = len(self._encoded)
        if self._offset + size >= self._region.size or size >= LARGEST_TABLE:
            message = "an abbreviation table has no end"
            raise self._region.damage(self._offset, message) from None
        size = min(8 * size, LARGEST_TABLE)
        self._encoded = self._region.read(self._offset, self._offset + size)

    def _split_off(self) -> int:
        encoded = self._encoded
        code, position = read_uleb128(encoded, self._position)
        if not code or len(self) >= MOST_DECLARATIONS:
            self._is_complete = True
            return 0
        tag, position = read_uleb128(encoded, position)
        has_children = encoded[position] == 1
        end = _end_of_attributes(encoded, position + 1)
        if code not in self:
            self[code] = Abbreviation(
                code, tag, has_children=has_children, attributes=encoded[position + 1 : end],
                widths=self._widths,
            )  # fmt: skip
        self._position = end
        return code


def _end_of_attributes(encoded: bytes, position: int) -> int:
    """Return where the two zeros end that close a declaration.

    No zero stands before them except as the last byte of an implicit constant, so that
    only three zeros in a row need a closer look: the first may be such a constant.
    """
    end = encoded.find(b"\0\0", position)
    if end < 0:
        raise IndexError
    if encoded[end + 2 : end + 3] not in {b"\0", b""}:
        return end + 2
    while True:
        name, position = read_uleb128(encoded, position)
        form, position = read_uleb128(encoded, position)
        if form == dw.DW_FORM_implicit_const:
            _, position = read_uleb128(encoded, position)
        if not name and not form:
            return position
