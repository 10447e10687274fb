"""A type -> one line of text, equal for types of equal representation; to compare a few of them."""

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
    UnknownLayout,
)

if TYPE_CHECKING:
    from abicheck.evidence.dwarf.types import Types
    from abicheck.model.layout import TypeId

DEEPEST = 4


def spell(types: Types, key: TypeId | None, depth: int = 0) -> str:
    """Return a spelling of a type that goes a few levels deep."""
    if key is None:
        return "void"
    layout = types.layout(key)  # type: ignore[arg-type]
    match layout:
        case ScalarLayout():
            return f"{layout.kind}{layout.size}"
        case PointerLayout():
            return "*" if depth >= DEEPEST else f"*{spell(types, layout.target, depth + 1)}"
        case ArrayLayout():
            return f"[{layout.count}]{spell(types, layout.element, depth + 1)}"
        case FunctionLayout():
            inside = ",".join(spell(types, each, depth + 1) for each in layout.parameters)
            ending = "..." if layout.is_variadic else ""
            return f"({inside}{ending}){spell(types, layout.result, depth + 1)}"
        case StructLayout():
            if depth >= DEEPEST:
                return f"{layout.name}{layout.size}"
            inside = ",".join(
                f"{field.name}@{field.offset}.{field.bit_offset}.{field.bit_size}:"
                f"{spell(types, field.type, depth + 1)}"
                for field in layout.fields
            )
            return f"{'union' if layout.is_union else 'struct'}{layout.size}{{{inside}}}"
        case EnumLayout():
            return f"enum{layout.size}{layout.values}"
        case OpaqueLayout(name):
            return f"opaque {name}"
        case UnknownLayout(reason):
            return f"? {reason}"
