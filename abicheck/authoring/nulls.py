"""Exported data -> which callbacks in it are NULL, and which in constants are code.

A draft lets the former be NULL, and holds the latter by tags: a type does not show what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.names import as_word
from abicheck.authoring.tags import SuggestedTag
from abicheck.model.evidence import Observed
from abicheck.model.layout import ArrayLayout, FunctionLayout, PointerLayout, StructLayout
from abicheck.model.types import Alias, FunctionType, Named, Pointer, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.authoring.draft import DraftedExport
    from abicheck.authoring.registry import Registry
    from abicheck.model.evidence import Evidence, Symbol
    from abicheck.model.layout import TypeId
    from abicheck.model.types import Type

MOST_VISITED = 65_536
MOST_TAGS = 48
"""More would hide the contract behind them."""

SLOTS = "Constants lead to code here: hosts call what they find, and so it may not become NULL."
DEEPEST = 16


def nulls(
    evidence: Evidence, known: Registry, name: str, type_id: TypeId, address: int
) -> set[tuple[TypeId, str | None]]:
    """Return the callbacks that are NULL: what holds them, by each of its names, and which.

    `name` is that of the data at `address`.
    """
    found: set[tuple[TypeId, str | None]] = set()
    walk = _Walk(evidence, known)
    for owner, field, place in walk.slots(type_id, (name,), None, address):
        pointer = evidence.memory.pointer(place)
        if isinstance(pointer, Observed) and pointer.value.is_null:
            found.update((each, field) for each in owner)
    return found


def names_of_struct(known: Registry, type_id: TypeId, layout: StructLayout) -> tuple[TypeId, ...]:
    """Return what a struct may go by: its place, and the name that a draft gives it."""
    wording = known.wording(type_id)
    name = wording.typedefs[-1] if wording.typedefs else layout.name
    return (wording.type_id, name) if name else (wording.type_id,)


def tags_of_slots(
    evidence: Evidence, known: Registry, exports: Sequence[tuple[Symbol, DraftedExport]]
) -> tuple[SuggestedTag, ...]:
    """Return a tag for each callback of exported constants that leads to code; none if too many."""
    found: list[SuggestedTag] = []
    for symbol, export in exports:
        if isinstance(export.type, Named) and not evidence.memory.is_writable(symbol.address):
            paths = _paths(evidence, known, export.type.name, symbol.name, symbol.address)
            found.extend(_tag(path, is_first=not found) for path in paths)
        if len(found) > MOST_TAGS:
            return ()
    return tuple(found)


def _tag(path: str, *, is_first: bool) -> SuggestedTag:
    keys = (("read", path), ("points_to", "code"))
    name = as_word(path.replace(".", "_"))
    return SuggestedTag(name=name, comment=SLOTS if is_first else "", keys=keys, version="")


def _paths(  # noqa: PLR0913, PLR0917  what is there, and how a contract calls it
    evidence: Evidence, known: Registry, name: str, path: str, address: int, depth: int = 0
) -> Iterator[str]:
    """Yield the paths to callbacks of a struct, and of the structs in it, that lead to code."""
    definition, reached = known.definitions.get(name), known.structs.get(name)
    if not isinstance(definition, Struct) or definition.is_union or reached is None:
        return
    places = {each.name: each.offset for each in reached.layout.fields}
    for field in definition.fields:
        offset = places.get(field.name)
        if field.name is None or offset is None or depth > DEEPEST:
            continue
        inner, place = f"{path}.{field.name}", address + offset
        type_ = field.type
        if isinstance(type_, Named) and isinstance(known.definitions.get(type_.name), Struct):
            yield from _paths(evidence, known, type_.name, inner, place, depth + 1)
        elif _is_callback(known, type_) and _is_code(evidence, place):
            yield inner


def _is_callback(known: Registry, type_: Type) -> bool:
    """Whether a type is that of a callback which may not be NULL."""
    while isinstance(type_, Named):
        alias = known.definitions.get(type_.name)
        if not isinstance(alias, Alias):
            return False
        type_ = alias.type
    if not isinstance(type_, Pointer) or type_.may_be_null:
        return False
    return isinstance(type_.to, FunctionType)


def _is_code(evidence: Evidence, address: int) -> bool:
    pointer = evidence.memory.pointer(address)
    place = pointer.value.address if isinstance(pointer, Observed) else None
    return place is not None and evidence.memory.is_code(place)


class _Walk:
    def __init__(self, evidence: Evidence, known: Registry) -> None:
        self.types, self.known = evidence.types, known
        self.visited = 0

    def slots(
        self,
        type_id: TypeId,
        owner: tuple[TypeId, ...],
        field: str | None,
        address: int,
        depth: int = 0,
    ) -> Iterator[tuple[tuple[TypeId, ...], str | None, int]]:
        """Yield the pointers to functions of a type: whose they are, their name and place."""
        layout = self.types.layout(type_id)
        self.visited += 1
        if depth > DEEPEST or self.visited > MOST_VISITED:
            return
        if isinstance(layout, PointerLayout) and layout.target is not None:
            if isinstance(self.types.layout(layout.target), FunctionLayout):
                yield owner, field, address
        elif isinstance(layout, StructLayout) and not layout.is_union:
            names = names_of_struct(self.known, type_id, layout)
            for each in layout.fields:
                if each.offset is not None and each.bit_size is None:
                    place = address + each.offset
                    yield from self.slots(each.type, names, each.name, place, depth + 1)
        elif isinstance(layout, ArrayLayout):
            for place in self._elements(layout, address):
                yield from self.slots(layout.element, owner, field, place, depth + 1)

    def _elements(self, layout: ArrayLayout, address: int) -> Iterator[int]:
        """Yield where the elements of an array are; those of numbers need not be looked at."""
        element = self.types.layout(layout.element)
        is_plain = not isinstance(element, PointerLayout | StructLayout | ArrayLayout)
        if is_plain or not layout.count or not layout.size:
            return
        step = layout.size // layout.count
        for index in range(layout.count):
            if self.visited > MOST_VISITED:
                return
            yield address + index * step
