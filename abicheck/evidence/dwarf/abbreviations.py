"""Abbreviation tables: .debug_abbrev -> how the entries of a unit are laid out.

A table is split into its declarations at once; a declaration is decoded when an
entry first uses it, and so are the plans for reading and for skipping entries.

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
    from abicheck.evidence.dwarf.forms import Buffer, Widths
    from abicheck.evidence.dwarf.regions import Region

FIRST_WINDOW = 1 << 14
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

    def may_have(self, attribute: int) -> bool:
        """Whether an attribute (below 0x80) may be among those not yet decoded."""
        return attribute in self._encoded

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
        return next(name for name, at in self.slots.items() if at == slot)


def read_abbreviations(region: Region, offset: int, widths: Widths) -> dict[int, Abbreviation]:
    """Return the table at `offset` by code.

    Raises:
        BinaryError: the table has no end, or lies beyond the section.
    """
    if not 0 <= offset < region.size:
        raise region.damage(offset, "an abbreviation table begins beyond the section's end")
    window = FIRST_WINDOW
    while True:
        encoded = region.read(offset, offset + window)
        try:
            return _split(encoded, widths)
        except IndexError:
            if offset + window >= region.size or window > FIRST_WINDOW << 12:
                raise region.damage(offset, "an abbreviation table has no end") from None
            window *= 8


def _split(encoded: bytes, widths: Widths) -> dict[int, Abbreviation]:
    table: dict[int, Abbreviation] = {}
    position = 0
    for _ in range(MOST_DECLARATIONS):
        code = encoded[position]
        position += 1
        if code >= 0x80:
            code, position = read_uleb128(encoded, position - 1)
        if not code:
            return table
        tag, position = read_uleb128(encoded, position)
        has_children = encoded[position] == 1
        end = _end_of_attributes(encoded, position + 1)
        if code not in table:
            table[code] = Abbreviation(
                code, tag, has_children=has_children, attributes=encoded[position + 1 : end],
                widths=widths,
            )  # fmt: skip
        position = end
    raise IndexError


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
