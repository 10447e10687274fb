"""Kinds of opaque types: what a type is that the contract language cannot spell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from abicheck.model.layout import (
    BOOL,
    CHAR,
    COMPLEX,
    FLOAT,
    SIGNED,
    UNSIGNED,
    ArrayLayout,
    EnumLayout,
    FunctionLayout,
    PointerLayout,
    ScalarLayout,
)

if TYPE_CHECKING:
    from abicheck.model.layout import TypeGraph, TypeLayout

KINDS = {
    FLOAT: "float", COMPLEX: "complex", SIGNED: "integer", UNSIGNED: "integer", CHAR: "integer",
}  # fmt: skip
LETTERS = {FLOAT: "f", SIGNED: "i", UNSIGNED: "u"}
VECTOR = "vector of "
EXPECTED = '"float", "complex", "integer" or, for example, "vector of f32"'
_KIND = re.compile(r"float|complex|integer|vector of ([uif](8|16|32|64|128)|c_char|bool)")
ANY_SIGN = frozenset({"i8", "u8", "c_char"})


def is_kind(text: str) -> bool:
    """Whether a text spells a kind."""
    return _KIND.fullmatch(text) is not None


def kind_of(graph: TypeGraph, layout: TypeLayout) -> str | None:
    """Return the kind of a number or of a vector; None for all else."""
    if isinstance(layout, ScalarLayout):
        return KINDS.get(layout.kind) if layout.size else None
    if not isinstance(layout, ArrayLayout) or not layout.is_vector:
        return None
    element = _element(graph, layout)
    kind = None if element is None else VECTOR + element
    return kind if kind is not None and is_kind(kind) else None


def is_of_kind(graph: TypeGraph, layout: TypeLayout, kind: str) -> bool:
    """Whether a plugin's type is what a contract says of an opaque one.

    Rust's vectors are structs of arrays; a struct of the right size is not looked into.
    """
    if isinstance(layout, ArrayLayout) and kind.startswith(VECTOR):
        found, wanted = _element(graph, layout), kind.removeprefix(VECTOR)
        return found in {None, wanted} or {found, wanted} <= ANY_SIGN
    if isinstance(layout, ScalarLayout | ArrayLayout):
        return kind_of(graph, layout) == kind
    return not isinstance(layout, PointerLayout | EnumLayout | FunctionLayout)


def _element(graph: TypeGraph, layout: ArrayLayout) -> str | None:
    """Return what an array holds, by a name of the contract's vocabulary; None if it has none."""
    element = graph.layout(layout.element)
    if not isinstance(element, ScalarLayout):
        return None
    names = {CHAR: "c_char", BOOL: "bool"}
    return names.get(element.kind) or f"{LETTERS.get(element.kind, '?')}{8 * element.size}"
