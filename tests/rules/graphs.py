"""Small graphs of types, written down by hand: both sides of comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import (
    BOOL,
    CHAR,
    FLOAT,
    SIGNED,
    UNSIGNED,
    FieldLayout,
    FunctionLayout,
    Layouts,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    TypeLayout,
)
from abicheck.model.target import Target
from abicheck.rules.compare import Comparison

if TYPE_CHECKING:
    from abicheck.model.layout import TypeId

LINUX = Target("x86_64", "linux", "gnu")

SCALARS: dict[str, TypeLayout] = {
    "u8": ScalarLayout(UNSIGNED, 1),
    "i8": ScalarLayout(SIGNED, 1),
    "char": ScalarLayout(CHAR, 1),
    "bool": ScalarLayout(BOOL, 1),
    "u32": ScalarLayout(UNSIGNED, 4),
    "i32": ScalarLayout(SIGNED, 4),
    "f32": ScalarLayout(FLOAT, 4),
    "u64": ScalarLayout(UNSIGNED, 8),
    "i64": ScalarLayout(SIGNED, 8),
    "f64": ScalarLayout(FLOAT, 8),
}


def pointer(target: str | None, *, may_be_null: bool | None = None) -> PointerLayout:
    return PointerLayout(size=8, target=target, may_be_null=may_be_null)


def function(
    *parameters: str,
    result: str | None = None,
    convention: str | None = "C",
    variadic: bool = False,
) -> FunctionLayout:
    return FunctionLayout(tuple(parameters), result, is_variadic=variadic, convention=convention)


def struct(name: str, size: int, **fields: tuple[int, str]) -> StructLayout:
    members = tuple(FieldLayout(key, type_, offset) for key, (offset, type_) in fields.items())
    return StructLayout(name, size, members)


class Types:
    """A plugin's types."""

    kind = "dwarf"

    def __init__(self, types: dict[str, TypeLayout], language: str = "c") -> None:
        self.types, self._language = SCALARS | types, language

    def layout(self, type_id: TypeId) -> TypeLayout:
        return self.types[str(type_id)]

    def language(self, _type_id: TypeId) -> str:
        return self._language

    def path(self, type_id: TypeId) -> str:
        return str(type_id)

    def definitions(self, _name: str, _near: tuple[()]) -> tuple[()]:
        return ()

    def is_passed_by_reference(self, type_id: TypeId) -> bool:
        return str(type_id).startswith("NonTrivial")


def compared(
    expected: dict[str, TypeLayout], actual: dict[str, TypeLayout], *, language: str = "c"
) -> tuple[Comparison, list[str]]:
    """Return a comparison of two graphs, and the list of definitions it will meet."""
    met: list[str] = []
    comparison = Comparison(
        Layouts(LINUX, SCALARS | expected),
        Types(actual, language),  # type: ignore[arg-type]
        LINUX,
        lambda name, _type_id, _flow: met.append(name),
    )
    return comparison, met
