"""A `void *` of an interface -> the struct behind it, where the plugin shows which it is.

A wrong guess is a false alarm for ever: most of what `void *` leads to is a handle, whose inside is
nobody's business. So a struct is taken for what hosts look into only where the plugin itself
keeps one and hands out its address, and where it is of no use to them otherwise: it is
constant, or holds callbacks and no function handles the like, or nothing takes it back. Of what
functions handle inside, the author is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.getters import places_returned
from abicheck.authoring.sameness import are_same
from abicheck.model.evidence import DATA, Observed
from abicheck.model.layout import FunctionLayout, PointerLayout, StructLayout
from abicheck.model.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from abicheck.authoring.registry import Registry
    from abicheck.model.evidence import Evidence, Symbol
    from abicheck.model.layout import TypeId, TypeLayout

    Inside = Callable[[Symbol], tuple[TypeId, ...]]
    """What only some sources of types can say (`HasInsides`)."""

MOST_NAMED = 3
DEEPEST = 8


@record
class Behind:
    """A struct behind a `void *`, and whether hosts have no use for it but to look inside."""

    type_id: TypeId
    layout: StructLayout
    is_certain: bool


class Hidden:
    """What the exports of one plugin hide; `symbols` are those that are drafted."""

    def __init__(self, evidence: Evidence, known: Registry, symbols: Sequence[Symbol]) -> None:
        """Look at nothing yet."""
        self.evidence, self.types, self.known = evidence, evidence.types, known
        self.symbols = symbols
        self._takes_untyped: bool | None = None
        self._handled: tuple[Behind, ...] | None = None

    def returned(self, symbol: Symbol) -> Behind | None:
        """Return what a function that returns `void *` hands out, if it only looks that up."""
        places = places_returned(self.evidence.target.machine, self.evidence.memory, symbol)
        found = [
            each
            for place in places
            if (each := self._at(symbol, place.address, is_slot=place.is_slot)) is not None
        ]
        return self._one(found)

    def tables(self, symbol: Symbol) -> Iterator[tuple[TypeId, int]]:
        """Yield type and address of the structs with code in them that a function hands out."""
        places = places_returned(self.evidence.target.machine, self.evidence.memory, symbol)
        for place in places:
            address: int | None = place.address
            if place.is_slot:
                pointer = self.evidence.memory.pointer(place.address)
                address = pointer.value.address if isinstance(pointer, Observed) else None
            if address is None:
                continue
            type_id = self._variable(symbol, address)
            layout = None if type_id is None else self.types.layout(type_id)
            if isinstance(layout, StructLayout) and self._holds_code(layout, address):
                yield type_id, address

    def pointed_to(self, symbol: Symbol) -> Behind | None:
        """Return what exported data, a `void *`, points to in the file."""
        found = self._at(symbol, symbol.address, is_slot=True, is_own=True)
        return None if found is None else self._one([found])

    def handled(self, symbol: Symbol) -> tuple[Behind, ...]:
        """Return the structs that a function with a `void *` handles by the look of it."""
        types_inside: Inside | None = getattr(self.types, "types_inside", None)
        found: list[Behind] = []
        for type_id in types_inside(symbol) if types_inside is not None else ():
            layout = self.types.layout(type_id)
            if isinstance(layout, PointerLayout) and layout.target is not None:
                type_id = layout.target  # noqa: PLW2901 (what it leads to counts)
                layout = self.types.layout(type_id)
            if isinstance(layout, StructLayout) and layout.name and layout.fields:
                behind = Behind(type_id, layout, is_certain=False)
                if not any(self._are_same(behind, other) for other in found):
                    found.append(behind)
        return tuple(found[:MOST_NAMED])

    def _one(self, found: list[Behind]) -> Behind | None:
        """Return the one struct that all of these are; None if they differ."""
        if not found or not all(self._are_same(found[0], each) for each in found[1:]):
            return None
        return found[0]

    def _are_same(self, one: Behind, other: Behind) -> bool:
        return one.layout.name == other.layout.name and are_same(
            self.types, one.type_id, other.type_id
        )

    def _at(
        self, symbol: Symbol, address: int, *, is_slot: bool, is_own: bool = False
    ) -> Behind | None:
        """Return the struct that is kept at an address, or at the one that a pointer there has."""
        if is_slot:
            pointer = self.evidence.memory.pointer(address)
            place = pointer.value.address if isinstance(pointer, Observed) else None
            typed = None if is_own else self._variable(symbol, address)
            if typed is not None:  # A typed pointer, which may change: its type does not.
                layout = self.types.layout(typed)
                target = layout.target if isinstance(layout, PointerLayout) else None
                return None if target is None else self._behind(target, place)
            if place is None:
                return None
            address = place
        found = self._variable(symbol, address)
        return None if found is None else self._behind(found, address)

    def _variable(self, symbol: Symbol, address: int) -> TypeId | None:
        answer = self.types.variable(replace(symbol, name="", kind=DATA, address=address))
        return answer.value if isinstance(answer, Observed) else None

    def _behind(self, type_id: TypeId, address: int | None) -> Behind | None:
        layout = self.types.layout(type_id)
        if not isinstance(layout, StructLayout) or not layout.name or not layout.fields:
            return None
        is_constant = address is not None and not self.evidence.memory.is_writable(address)
        is_of_use = (
            is_constant or not self.takes_untyped() or self._is_table(type_id, layout, address)
        )
        is_certain = is_of_use and self._is_found_again(type_id, layout)
        return Behind(type_id, layout, is_certain=is_certain)

    def _is_table(self, type_id: TypeId, layout: StructLayout, address: int | None) -> bool:
        """Whether callbacks of a struct are for hosts: filled in, or of no use to the plugin."""
        if not self._has_callbacks(layout):
            return False
        this = Behind(type_id, layout, is_certain=False)
        is_taken_back = any(self._are_same(this, each) for each in self._taken_back())
        return not is_taken_back or (address is not None and self._holds_code(layout, address))

    def _holds_code(self, layout: StructLayout, address: int) -> bool:
        for field in layout.fields:
            inner, place = self.types.layout(field.type), address + (field.offset or 0)
            if isinstance(inner, PointerLayout) and self._is_callback(inner, 0):
                pointer = self.evidence.memory.pointer(place)
                found = pointer.value.address if isinstance(pointer, Observed) else None
                if found is not None and self.evidence.memory.is_code(found):
                    return True
        return False

    def _taken_back(self) -> tuple[Behind, ...]:
        """Return the structs that functions which take a `void *` handle by the look of it."""
        if self._handled is None:
            self._handled = tuple(
                each
                for symbol in self.symbols
                if any(is_untyped(self.types.layout(each)) for each in self._parameters([symbol]))
                for each in self.handled(symbol)
            )
        return self._handled

    def _has_callbacks(self, layout: StructLayout, depth: int = 0) -> bool:
        return depth < DEEPEST and any(
            self._is_callback(inner, depth)
            for field in layout.fields
            if (inner := self.types.layout(field.type))
        )

    def _is_callback(self, layout: TypeLayout, depth: int) -> bool:
        if isinstance(layout, StructLayout):
            return self._has_callbacks(layout, depth + 1)
        if not isinstance(layout, PointerLayout) or layout.target is None:
            return False
        return isinstance(self.types.layout(layout.target), FunctionLayout)

    def takes_untyped(self) -> bool:
        """Whether some export takes a `void *`, which may be a handle that comes back."""
        if self._takes_untyped is None:
            self._takes_untyped = any(
                is_untyped(self.types.layout(each)) for each in self._parameters(self.symbols)
            )
        return self._takes_untyped

    def _parameters(self, symbols: Sequence[Symbol]) -> Iterator[TypeId]:
        for symbol in symbols:
            answer = self.types.function(symbol) if symbol.kind != DATA else None
            layout = self.types.layout(answer.value) if isinstance(answer, Observed) else None
            if isinstance(layout, FunctionLayout):
                yield from layout.parameters

    def _is_found_again(self, type_id: TypeId, layout: StructLayout) -> bool:
        """Whether the name that a contract says leads to this very struct, and to no other."""
        wording = self.known.wording(type_id)
        name = wording.typedefs[-1] if wording.typedefs else layout.name
        found = self.types.definitions(name, self.symbols)
        return bool(found) and all(
            are_same(self.types, each.value, wording.type_id) for each in found
        )


def is_untyped(layout: TypeLayout) -> bool:
    """Whether a type is `void *`."""
    return isinstance(layout, PointerLayout) and layout.target is None
