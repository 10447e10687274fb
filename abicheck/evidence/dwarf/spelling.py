"""Types -> numbers, equal for types of equal representation; to tell many definitions apart.

Source names of types do not count, names of fields and enumerators do.
"""

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
    from abicheck.model.layout import TypeId, TypeLayout

DEEPEST = 6
"""Levels of types inside types that are compared; what lies deeper is taken by its size."""


class Spellings:
    """Gives equal numbers to types that are equal as far as `DEEPEST` levels go."""

    def __init__(self, types: Types) -> None:
        """Know no type yet."""
        self._types = types
        self._known: dict[tuple[object, int], int] = {}
        self._numbers: dict[tuple[object, ...], int] = {}

    def number(self, key: TypeId | None, depth: int = 0) -> int:
        """Return the number of a type."""
        found = self._known.get((key, depth))
        if found is None:
            spelled = ("void",) if key is None else self._spell(key, depth)
            found = self._numbers.setdefault(spelled, len(self._numbers))
            self._known[key, depth] = found
        return found

    def _spell(self, key: TypeId, depth: int) -> tuple[object, ...]:
        layout = self._types.layout(key)  # type: ignore[arg-type]  # ids are made here only
        if depth >= DEEPEST:
            return type(layout).__name__, getattr(layout, "size", None)
        return self._inside(layout, depth + 1)

    def _inside(self, layout: TypeLayout, depth: int) -> tuple[object, ...]:
        match layout:
            case ScalarLayout(kind, size):
                return kind, size
            case PointerLayout(size, target, may_be_null):
                return "*", size, may_be_null, self.number(target, depth)
            case ArrayLayout(element, count):
                return "[]", count, layout.is_vector, self.number(element, depth)
            case FunctionLayout(parameters, result, is_variadic, convention):
                inside = tuple([self.number(each, depth) for each in parameters])
                return "fn", inside, self.number(result, depth), is_variadic, convention
            case StructLayout(_, size, fields, is_union, alignment):
                fields_spelled = tuple(
                    [
                        (field.name, field.offset, field.bit_offset, field.bit_size,
                         field.alignment, self.number(field.type, depth))
                        for field in fields
                    ]
                )  # fmt: skip
                return "{}", size, is_union, alignment, fields_spelled
            case EnumLayout(_, size, is_signed, values):
                return "enum", size, is_signed, values
            case OpaqueLayout(name):
                return "opaque", name
            case UnknownLayout(reason):
                return "?", reason
