"""A type's name -> all its definitions on the nearest level that has any.

Levels: the units that define some exports, the same Rust crate, any unit.
Definitions of one level that are laid out alike are given once.

Source: DWARF 5, sections 3.2 and 5.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.functions import origins, reason_of
from abicheck.evidence.dwarf.names import Names
from abicheck.evidence.dwarf.spelling import Spellings
from abicheck.evidence.dwarf.types import STRUCTS
from abicheck.evidence.dwarf.units import RUST
from abicheck.evidence.dwarf.walk import CODE, SCOPES, imported_units, scopes_of
from abicheck.model.evidence import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.evidence.dwarf.entries import Entry, Place
    from abicheck.evidence.dwarf.exports import Exports
    from abicheck.evidence.dwarf.file import Book
    from abicheck.evidence.dwarf.types import TypeKey, Types
    from abicheck.evidence.dwarf.units import Unit
    from abicheck.model.evidence import Symbol

DEFINING = STRUCTS | {dw.DW_TAG_enumeration_type}
NAMED = frozenset(DEFINING | {dw.DW_TAG_typedef})

MOST_UNITS = 2048
"""Units that are looked at as one: those that define the exports, and what they import."""

LIBRARY = frozenset({"core", "alloc", "std"})
"""The crates of Rust's standard library."""

LINKED = "<artificial>"
"""What gcc calls a unit that link-time optimisation made; its functions originate elsewhere."""

MOST_LOCATED = 64
"""Entries of one layout whose surroundings are looked at, which may mean walking their units."""


class Definitions:
    """Finds the definitions of types by name, nearest first."""

    def __init__(self, book: Book, types: Types, exports: Exports) -> None:
        """Read nothing yet."""
        self._book, self._types, self._exports = book, types, exports
        self._names, self._spellings = Names(book), Spellings(types)
        self._known: dict[tuple[str, frozenset[tuple[int, int]]], list[tuple[TypeKey, Origin]]] = {}

    def named(self, name: str, near: Sequence[Symbol]) -> list[tuple[TypeKey, Origin]]:
        """Return the definitions of `name` on the first level that has any.

        Where a part of the level could not be read, one of them is of unknown layout.
        """
        exporting, trouble = self._exporting_units(near)
        key = name, frozenset(exporting)
        if key not in self._known:
            self._known[key] = self._search(name, list(exporting.values()), trouble)
        return self._known[key]

    def path_of(self, place: Place) -> str:
        """Return the name of a type with those of the namespaces and classes around it; "" if none.

        Raises:
            BinaryError, UnsupportedError: something is damaged.
        """
        entry, typedef = self._types.resolve(place)
        leaf = "" if entry is None else entry.string(dw.DW_AT_name) or typedef
        if entry is None or not leaf:
            return ""
        return "::".join([*_surroundings(entry)[0], leaf])

    def _search(
        self, name: str, exporting: list[Unit], trouble: list[str]
    ) -> list[tuple[TypeKey, Origin]]:
        path = _path(name)
        found = self._select(self._in_units(exporting, path[-1], trouble), path)
        if not found:
            everywhere = list(self._everywhere(path[-1], trouble))
            crates = {crate for unit in exporting if (crate := _crate(unit))}
            same_crate = [entry for entry in everywhere if _crate(entry.unit) in crates]
            found = self._select(same_crate, path) or self._select(everywhere, path)
        answers: list[tuple[TypeKey, Origin]] = [
            (entry.place, self._types.origin(entry)) for entry in found
        ]
        answers += [((-1, 0, reason), Origin(file=self._book.main_path)) for reason in trouble[:1]]
        return answers

    def _exporting_units(
        self, near: Sequence[Symbol]
    ) -> tuple[dict[tuple[int, int], Unit], list[str]]:
        """Return the units of the level that is asked first, and why some of it cannot be read."""
        units: dict[tuple[int, int], Unit] = {}
        trouble: list[str] = []
        for symbol in near:
            try:
                for unit in self._exports.units_of(symbol):
                    _add_with_imports(units, self._source(symbol, unit))
            except (BinaryError, UnsupportedError) as error:
                trouble.append(reason_of(error))
        return units, trouble

    def _source(self, symbol: Symbol, unit: Unit) -> Unit:
        """Return the unit that a function was written in, if link-time optimisation moved it."""
        if unit.name != LINKED:
            return unit
        source = self._exports.source_unit(symbol)
        return source if source and source.root.tag == dw.DW_TAG_compile_unit else unit

    def _in_units(self, units: list[Unit], leaf: str, trouble: list[str]) -> list[Entry]:
        found: list[Entry] = []
        for unit in units:
            try:
                found.extend(self._defined(self._names.in_unit(unit, leaf, NAMED)))
            except (BinaryError, UnsupportedError) as error:
                trouble.append(reason_of(error))
        return found

    def _everywhere(self, leaf: str, trouble: list[str]) -> Iterator[Entry]:
        try:
            yield from self._defined(self._names.everywhere(leaf, NAMED))
        except (BinaryError, UnsupportedError) as error:
            trouble.append(reason_of(error))

    def _defined(self, named: Iterator[Entry]) -> Iterator[Entry]:
        """Yield the definitions that named entries are, or are typedefs of, each once."""
        seen = set()
        for entry in named:
            behind, _ = self._types.resolve(entry.place)
            if behind is None or behind.tag not in DEFINING or behind.flag(dw.DW_AT_declaration):
                continue
            if behind.place not in seen:
                seen.add(behind.place)
                # A struct without a name of its own goes by the name of its typedef.
                yield behind if dw.DW_AT_name in behind else entry

    def _select(self, entries: list[Entry], path: list[str]) -> list[Entry]:
        """Return one entry of each layout, those that the path and their surroundings allow."""
        groups: dict[int, list[Entry]] = {}
        for entry in entries:
            groups.setdefault(self._spellings.number(entry.place), []).append(entry)
        is_rust = any(_is_rust(entry.unit) for entry in entries)
        if len(groups) <= 1 and len(path) == 1 and not is_rust:
            return [members[0] for members in groups.values()]
        ranked: dict[int, list[Entry]] = {}
        for members in groups.values():
            for rank, entry in _ranked(members[:MOST_LOCATED], path):
                ranked.setdefault(rank, []).append(entry)
        return ranked[min(ranked)] if ranked else []


def _add_with_imports(units: dict[tuple[int, int], Unit], first: Unit) -> None:
    """Add a unit and those that it imports, and they in turn."""
    pending = [first]
    while pending and len(units) < MOST_UNITS:
        unit = pending.pop()
        key = unit.section.number, unit.start
        if key not in units:
            units[key] = unit
            pending.extend(imported_units(unit))


def _path(name: str) -> list[str]:
    """Return the parts of a name such as "ns::Config"; "::" inside of "<...>" parts nothing."""
    head, opening, rest = name.partition("<")
    parts = head.split("::")
    parts[-1] += opening + rest
    return parts


def _crate(unit: Unit) -> str:
    """Return the crate that a Rust unit is from: "lib.rs/@/greeter.d9e7799061cfb24c-cgu.0"."""
    if not _is_rust(unit):
        return ""
    try:
        return unit.name.rpartition("/@/")[2].partition(".")[0]
    except (BinaryError, UnsupportedError):
        return ""


def _is_rust(unit: Unit) -> bool:
    try:
        return unit.language == RUST
    except (BinaryError, UnsupportedError):
        return False


def _ranked(entries: list[Entry], path: list[str]) -> Iterator[tuple[int, Entry]]:
    """Yield one entry for each rank at which some are: own crate, elsewhere, inside of a function.

    Rust's own library defines names that plugins use too; unless the path leads there,
    its types are not the plugin's.
    """
    seen: set[int] = set()
    for entry in entries:
        scopes, is_local = _surroundings(entry)
        if not _ends_with(scopes, path[:-1]):
            continue
        is_rust = _is_rust(entry.unit)
        if is_rust and len(path) == 1 and scopes[:1] and scopes[0] in LIBRARY:
            continue
        is_own = is_rust and scopes[:1] == [_crate(entry.unit)]
        rank = 2 if is_local else int(is_rust and not is_own)
        if rank not in seen:
            seen.add(rank)
            yield rank, entry


def _surroundings(entry: Entry) -> tuple[list[str], bool]:
    """Return the names of the scopes around an entry, and whether it is inside of a function."""
    try:
        # In a type unit a class stands at the top, and its declaration in its namespace.
        scopes = scopes_of(origins(entry)[-1])
    except (BinaryError, UnsupportedError):
        return [], False
    names = [name for tag, name in scopes if tag in SCOPES and name]
    return names, any(tag in CODE for tag, _ in scopes)


def _ends_with(scopes: list[str], path: list[str]) -> bool:
    return not path or scopes[-len(path) :] == path
