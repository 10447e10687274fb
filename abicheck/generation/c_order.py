"""Definitions of a contract -> the order in which C can take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import GenerationError
from abicheck.model.paths import see_through
from abicheck.model.types import Alias, Array, Enum, FunctionType, Named, Pointer, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.contract import Contract
    from abicheck.model.types import Definition, Type


def is_typedef(definition: Definition | None) -> bool:
    """Whether C has no tag for it, so that not even a pointer to it can come before it."""
    return isinstance(definition, Alias) or (
        isinstance(definition, Struct) and definition.is_transparent
    )


def in_order(contract: Contract) -> list[Definition]:
    """Return aliases, structs and sized opaque types, each behind what it needs.

    Enums and names of structs come before all of these.
    Raises: GenerationError where C has no order.
    """
    ordered: list[Definition] = []
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        definition = contract.definitions.get(name)
        if name in done or definition is None:
            return
        if name in trail:
            cycle = " -> ".join([*trail[trail.index(name) :], name])
            raise GenerationError([f"C can define none of these before the others: {cycle}"])
        for needed in _needs(definition, contract):
            visit(needed, (*trail, name))
        done.add(name)
        if not isinstance(definition, Enum):
            ordered.append(definition)

    for name in contract.definitions:
        visit(name, ())
    return ordered


def _needs(definition: Definition, contract: Contract) -> Iterator[str]:
    if isinstance(definition, Alias):
        yield from _typedefs(definition.type, contract)
        yield from _elements(definition.type, contract)
    elif isinstance(definition, Struct):
        for field in definition.fields:
            yield from _typedefs(field.type, contract)
            yield from _stored(field.type, contract)


def _typedefs(type_: Type, contract: Contract) -> Iterator[str]:
    """Yield the names in a type that must be declared before it, wherever in it they stand."""
    match type_:
        case Named(name):
            if is_typedef(contract.definitions.get(name)):
                yield name
        case Pointer(to):
            yield from _typedefs(to, contract)
        case Array(element):
            yield from _typedefs(element, contract)
            yield from _elements(type_, contract)
        case FunctionType(parameters, result):
            for each in parameters:
                yield from _typedefs(each.type, contract)
            yield from _typedefs(result, contract)


def _elements(type_: Type, contract: Contract) -> Iterator[str]:
    """Yield what an array is made of: C has no arrays of types that are not yet complete."""
    if isinstance(type_, Array):
        yield from _stored(type_.element, contract)
    elif isinstance(type_, Pointer):
        yield from _elements(type_.to, contract)


def _stored(type_: Type, contract: Contract) -> Iterator[str]:
    """Yield the definition whose values a field of this type holds."""
    seen = see_through(type_, contract.definitions)
    while isinstance(seen, Array):
        seen = see_through(seen.element, contract.definitions)
    if isinstance(seen, Named):
        yield seen.name
