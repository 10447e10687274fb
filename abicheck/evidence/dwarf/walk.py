"""Walks through a unit: entries by name, and what an entry is inside of."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.entries import child_positions
from abicheck.evidence.dwarf.forms import read_uleb128

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from abicheck.evidence.dwarf.entries import Entry
    from abicheck.evidence.dwarf.units import Unit

DEEPEST_SCOPE = 64

SCOPES = frozenset(
    {
        dw.DW_TAG_namespace, dw.DW_TAG_module, dw.DW_TAG_structure_type, dw.DW_TAG_class_type,
        dw.DW_TAG_union_type, dw.DW_TAG_enumeration_type,
    }
)  # fmt: skip
"""What functions, data and types that others can name are inside of."""

TYPE_TAGS = frozenset(
    {
        dw.DW_TAG_base_type, dw.DW_TAG_pointer_type, dw.DW_TAG_typedef, dw.DW_TAG_array_type,
        dw.DW_TAG_enumeration_type, dw.DW_TAG_structure_type, dw.DW_TAG_class_type,
        dw.DW_TAG_union_type, dw.DW_TAG_const_type, dw.DW_TAG_subroutine_type,
        dw.DW_TAG_unspecified_type, dw.DW_TAG_reference_type,
    }
)  # fmt: skip
"""Entries that are types, those that stand for others included."""

CODE = frozenset({dw.DW_TAG_subprogram, dw.DW_TAG_lexical_block, dw.DW_TAG_inlined_subroutine})


def scoped(scope: Entry, tags: frozenset[int], depth: int = 0) -> Iterator[Entry]:
    """Yield the entries of `tags` in a unit, those in namespaces and classes too.

    Raises:
        BinaryError: something is damaged.
    """
    unit = scope.unit
    if depth > DEEPEST_SCOPE:
        return
    for position, abbreviation, content in child_positions(scope):
        if abbreviation.tag in tags:
            yield unit.read_entry(position, abbreviation, content)
        if abbreviation.tag in SCOPES and abbreviation.has_children:
            inner = unit.read_entry(position, abbreviation, content)
            yield from scoped(inner, tags, depth + 1)


def find_in_unit(unit: Unit, name: str, tags: frozenset[int]) -> Iterator[Entry]:
    """Yield the entries of `tags` that bear `name`, outside of functions; raises as `scoped`."""
    for entry in scoped(unit.root, tags):
        if entry.string(dw.DW_AT_name) == name:
            yield entry


def scopes_of(entry: Entry) -> list[tuple[int, str]]:
    """Return tag and name of everything an entry is inside of, the outermost first.

    Raises:
        BinaryError: something is damaged, or the entry is not reached.
    """
    unit, target = entry.unit, entry.position
    found: list[tuple[int, str]] = []
    scope = unit.root
    for _ in range(DEEPEST_SCOPE):
        last = _last_child(scope, target)
        if last == target:
            return found
        if last is None:
            break
        scope = unit.entry_at(last)
        found.append((scope.tag, scope.string(dw.DW_AT_name) or _name_elsewhere(scope)))
    raise unit.damage(entry.offset, "an entry is inside of no other")


def _last_child(scope: Entry, target: int) -> int | None:
    """Return the position of the last child that does not begin behind `target`.

    Who asks a second time about a level will ask again: then all of it is kept.
    """
    levels = scope.unit.levels
    if scope.position not in levels:
        levels[scope.position] = []
        last = None
        for position, *_ in child_positions(scope):
            if position > target:
                break
            last = position
        return last
    known = levels[scope.position]
    if not known:
        known.extend(position for position, *_ in child_positions(scope))
    index = bisect_right(known, target) - 1
    return known[index] if index >= 0 else None


def _name_elsewhere(scope: Entry) -> str:
    """Return the name of a class that only refers to its type unit; "" if it has none."""
    if dw.DW_AT_signature not in scope:
        return ""
    place = scope.reference(dw.DW_AT_signature)
    behind = None if place is None else scope.unit.file.book.entry(place)
    return (behind and behind.string(dw.DW_AT_name)) or ""


def reached(unit: Unit, positions: Collection[int]) -> list[int]:
    """Return those of `positions` at which an entry begins, as one walk through the unit shows.

    Raises:
        UnsupportedError: the walk is too long.
    """
    found: list[int] = []
    if not positions:
        return found
    buffer, table, last = unit.buffer, unit.abbreviations, max(positions)
    position, skipped = unit.first - unit.shift, 0
    try:
        while position <= last:
            if position in positions:
                found.append(position)
            code, position = read_uleb128(buffer, position)
            if code:
                skipped += 1
                position = table[code].skip(buffer, position)
    except (KeyError, IndexError):
        pass  # What lies behind the damage was not reached.
    unit.file.book.work.count_skipped(skipped)
    return found


def imported_units(unit: Unit) -> Iterator[Unit]:
    """Yield the partial units that `unit` imports at its beginning, where dwz and gcc write it.

    Raises:
        BinaryError: something is damaged.
    """
    for position, abbreviation, content in child_positions(unit.root):
        if abbreviation.tag != dw.DW_TAG_imported_unit:
            return
        place = unit.read_entry(position, abbreviation, content).reference(dw.DW_AT_import)
        if place is not None:
            yield unit.file.book.entry(place).unit
