"""A type's name -> all its definitions on the nearest level that has any.

Source: DWARF 5, sections 3.2 and 5.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.entries import child_positions
from abicheck.evidence.dwarf.functions import DEEPEST_SCOPE, SCOPES
from abicheck.evidence.dwarf.names import units_mentioning
from abicheck.evidence.dwarf.types import STRUCTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from abicheck.evidence.dwarf.entries import Entry
    from abicheck.evidence.dwarf.exports import Exports
    from abicheck.evidence.dwarf.file import Book
    from abicheck.evidence.dwarf.types import TypeKey, Types
    from abicheck.evidence.dwarf.units import Unit
    from abicheck.model.evidence import Origin, Symbol

DEFINED = STRUCTS | {dw.DW_TAG_enumeration_type, dw.DW_TAG_typedef}


class Definitions:
    """Finds the definitions of types by name, nearest first."""

    def __init__(self, book: Book, types: Types, exports: Exports) -> None:
        """Read nothing yet."""
        self._book, self._types, self._exports = book, types, exports

    def named(self, name: str, near: Sequence[Symbol]) -> list[tuple[TypeKey, Origin]]:
        """Return the definitions of `name` on the first level that has any."""
        path = name.split("::")
        exporting = self._exporting_units(near)
        found = self._in_units(exporting, path)
        if not found:
            found = self._in_units(self._mentioning(name), path)
        return [(place, self._types.origin(entry)) for place, entry in found.items()]

    def _exporting_units(self, near: Sequence[Symbol]) -> list[Unit]:
        units: dict[tuple[int, int], Unit] = {}
        for symbol in near:
            try:
                for unit in self._exports.units_of(symbol):
                    units[unit.section.number, unit.start] = unit
            except (BinaryError, UnsupportedError):
                continue
        return list(units.values())

    def _mentioning(self, name: str) -> list[Unit]:
        try:
            return units_mentioning(self._book, name.rpartition("::")[2])
        except (BinaryError, UnsupportedError):
            return []

    def _in_units(self, units: Iterable[Unit], path: list[str]) -> dict[tuple[int, int], Entry]:
        found: dict[tuple[int, int], Entry] = {}
        for unit in units:
            try:
                for entry in self._matches(unit.root, path, ()):
                    behind, _ = self._types.resolve(entry.place)
                    if behind is None or not self._is_definition(behind):
                        continue
                    anonymous = dw.DW_AT_name not in behind
                    found.setdefault(behind.place, entry if anonymous else behind)
            except (BinaryError, UnsupportedError):
                continue
        return {entry.place: entry for entry in found.values()}

    def _is_definition(self, entry: Entry) -> bool:
        if entry.flag(dw.DW_AT_declaration):
            return False
        return entry.tag in STRUCTS or entry.tag == dw.DW_TAG_enumeration_type

    def _matches(
        self, scope: Entry, path: list[str], outer: tuple[str, ...]
    ) -> Iterator[Entry]:
        unit = scope.unit
        if len(outer) > DEEPEST_SCOPE:
            return
        for position, abbreviation, content in child_positions(scope):
            tag = abbreviation.tag
            if tag not in DEFINED and tag not in SCOPES:
                continue
            if dw.DW_AT_name not in abbreviation.forms and tag not in SCOPES:
                continue
            entry = unit.read_entry(position, abbreviation, content)
            name = entry.string(dw.DW_AT_name) or ""
            if tag in DEFINED and name == path[-1] and _ends(outer, path[:-1]):
                yield entry
            if tag in SCOPES and abbreviation.has_children:
                yield from self._matches(entry, path, (*outer, name))


def _ends(outer: tuple[str, ...], path: list[str]) -> bool:
    return not path or list(outer[-len(path) :]) == path
