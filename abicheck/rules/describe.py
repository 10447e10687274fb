"""Types in words: observed types spelled in the contract's vocabulary, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import (
    BOOL,
    CHAR,
    COMPLEX,
    FLOAT,
    SIGNED,
    ArrayLayout,
    EnumLayout,
    FunctionLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    UnknownLayout,
)

if TYPE_CHECKING:
    from abicheck.model.layout import TypeGraph, TypeId

DEEPEST = 6


def describe(  # noqa: C901  a flat match
    graph: TypeGraph, type_id: TypeId | None, depth: int = 0
) -> str:
    """Return a type as a contract would spell it, without what a layout does not keep (`const`)."""
    if type_id is None:
        return "c_void"
    if depth > DEEPEST:
        return "…"
    match graph.layout(type_id):
        case ScalarLayout(kind, size):
            return _scalar(kind, size)
        case PointerLayout() as pointer:
            return _pointer(graph, pointer, depth)
        case ArrayLayout(element, count):
            inner = describe(graph, element, depth + 1)
            return f"[{inner}]" if count is None else f"[{inner}; {count}]"
        case StructLayout() as struct:
            return struct.name or _anonymous(graph, struct, depth)
        case EnumLayout() as enum:
            return enum.name or "an unnamed enum"
        case OpaqueLayout(name):
            return name or "an incomplete type"
        case FunctionLayout() as function:
            return describe_function(graph, function, depth)
        case UnknownLayout(reason):
            return f"? ({reason})"


def in_bytes(size: int | None) -> str:
    """Return a size in words: "1 byte", "8 bytes"."""
    if size is None:
        return "an unknown size"
    return "1 byte" if size == 1 else f"{size} bytes"


def _scalar(kind: str, size: int) -> str:
    if kind == BOOL:
        return "bool" if size == 1 else f"bool of {size} bytes"
    if kind == CHAR:
        return "c_char" if size == 1 else f"character of {size} bytes"
    if kind == FLOAT:
        return f"f{size * 8}"
    if kind == COMPLEX:
        return f"complex number of {size} bytes"
    return f"{'i' if kind == SIGNED else 'u'}{size * 8}"


def _pointer(graph: TypeGraph, pointer: PointerLayout, depth: int) -> str:
    if pointer.target is None:
        return "*c_void"
    inner = describe(graph, pointer.target, depth + 1)
    if isinstance(graph.layout(pointer.target), FunctionLayout):
        return f"Option<{inner}>" if pointer.may_be_null else inner
    return ("&" if pointer.may_be_null is False else "*") + inner


def _anonymous(graph: TypeGraph, struct: StructLayout, depth: int) -> str:
    kind = "union" if struct.is_union else "struct"
    fields = ", ".join(
        f"{field.name}: {describe(graph, field.type, depth + 2)}" for field in struct.fields[:3]
    )
    return f"{kind} {{ {fields}{', …' if len(struct.fields) > 3 else ''} }}"  # noqa: PLR2004


def describe_function(graph: TypeGraph, function: FunctionLayout, depth: int = 0) -> str:
    """Return a prototype as a contract would spell it."""
    parameters = [describe(graph, each, depth + 1) for each in function.parameters]
    if function.is_variadic:
        parameters.append("...")
    if not function.is_prototyped:
        parameters = ["?"]
    result = "" if function.result is None else f" -> {describe(graph, function.result, depth + 1)}"
    unusual = function.convention not in {None, "C"}
    prefix = f'extern "{function.convention}" ' if unusual else ""
    if function.convention == "Rust":
        prefix = ""
    marker = " (Rust's own convention)" if function.convention == "Rust" else ""
    return f"{prefix}fn({', '.join(parameters)}){result}{marker}"
