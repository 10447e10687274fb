"""Whether two types of one plugin, from different units, are the same type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import (
    ArrayLayout,
    EnumLayout,
    FunctionLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
)

if TYPE_CHECKING:
    from abicheck.model.layout import TypeGraph, TypeId, TypeLayout

MOST_PAIRS = 20_000
"""Pairs of types that are compared; types that agree in so much are taken for the same."""


def are_same(graph: TypeGraph, one: TypeId, other: TypeId) -> bool:
    """Whether two types are laid out alike, to the bottom of what they point to.

    A pair that is being compared counts as the same, so recursive types come to an end. A
    declaration is the same as any definition.
    """
    waiting = [(one, other)]
    seen: set[tuple[TypeId, TypeId]] = set()
    while waiting and len(seen) < MOST_PAIRS:
        pair = waiting.pop()
        if pair in seen or pair[0] == pair[1]:
            continue
        seen.add(pair)
        parts = _parts(graph.layout(pair[0]), graph.layout(pair[1]))
        if parts is None:
            return False
        waiting.extend(parts)
    return True


def _parts(one: TypeLayout, other: TypeLayout) -> list[tuple[TypeId, TypeId]] | None:
    """Return the pairs of types that must be the same too; None if these two already differ."""
    match one, other:
        case (OpaqueLayout(), StructLayout() | EnumLayout()) | (
            StructLayout() | EnumLayout(), OpaqueLayout(),
        ):  # fmt: skip
            return []
        case ScalarLayout(kind, size), ScalarLayout():
            return [] if (kind, size) == (other.kind, other.size) else None
        case PointerLayout(target=target), PointerLayout(target=behind):
            return _pair(target, behind)
        case ArrayLayout(element, count), ArrayLayout():
            return [(element, other.element)] if count == other.count else None
        case StructLayout(), StructLayout():
            return _fields(one, other)
        case EnumLayout(_, size, _, values), EnumLayout():
            return [] if (size, values) == (other.size, other.values) else None
        case FunctionLayout(), FunctionLayout():
            return _functions(one, other)
    return [] if type(one) is type(other) else None


def _pair(one: TypeId | None, other: TypeId | None) -> list[tuple[TypeId, TypeId]] | None:
    if one is None or other is None:
        return [] if one is other else None
    return [(one, other)]


def _fields(one: StructLayout, other: StructLayout) -> list[tuple[TypeId, TypeId]] | None:
    places = [
        [(each.name, each.offset, each.bit_offset, each.bit_size) for each in struct.fields]
        for struct in (one, other)
    ]
    if places[0] != places[1] or one.size != other.size or one.is_union != other.is_union:
        return None
    return [(a.type, b.type) for a, b in zip(one.fields, other.fields, strict=True)]


def _functions(one: FunctionLayout, other: FunctionLayout) -> list[tuple[TypeId, TypeId]] | None:
    if len(one.parameters) != len(other.parameters) or one.is_variadic != other.is_variadic:
        return None
    result = _pair(one.result, other.result)
    if result is None:
        return None
    return [*zip(one.parameters, other.parameters, strict=True), *result]
