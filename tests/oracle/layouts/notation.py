"""Definitions <-> plain lists of words, for the committed table of what compilers said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypedDict

from abicheck.model.types import (
    SCALARS,
    Array,
    Enum,
    EnumValue,
    Field,
    FunctionType,
    Named,
    Pointer,
    Scalar,
    Struct,
    Void,
    spell,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abicheck.model.types import Definition, Type


class Written(TypedDict):
    """A definition: `marks` are words such as "union", "packed(2)"; `lines` as in contracts."""

    name: str
    marks: list[str]
    lines: list[str]


def written(definitions: Mapping[str, Definition]) -> list[Written]:
    """Return definitions in a form that JSON holds."""
    return [_written(each) for each in definitions.values()]


def read(table: list[Written]) -> dict[str, Definition]:
    """Return the definitions that `written` wrote."""
    return {each["name"]: _read(each) for each in table}


def _written(definition: Definition) -> Written:
    if isinstance(definition, Enum):
        lines = [f"{each.name} = {each.value}" for each in definition.values]
        return {"name": definition.name, "marks": ["enum"], "lines": lines}
    assert isinstance(definition, Struct)
    marks = ["union" if definition.is_union else "struct"]
    if definition.packed:
        marks.append(f"packed({definition.packed})")
    if definition.align:
        marks.append(f"align({definition.align})")
    lines = [_line(field) for field in definition.fields]
    return {"name": definition.name, "marks": marks, "lines": lines}


def _line(field: Field) -> str:
    width = "" if field.bit_width is None else f" : {field.bit_width}"
    return f"{field.name or '_'}: {spell(field.type)}{width}"


def _read(entry: Written) -> Definition:
    name, (kind, *marks) = entry["name"], entry["marks"]
    if kind == "enum":
        pairs = [line.split(" = ") for line in entry["lines"]]
        return Enum(name, tuple(EnumValue(each, int(value), 1) for each, value in pairs), 1)
    numbers = {word: int(number) for word, number in (mark[:-1].split("(") for mark in marks)}
    return Struct(
        name,
        tuple(_field(line) for line in entry["lines"]),
        1,
        is_union=kind == "union",
        packed=numbers.get("packed"),
        align=numbers.get("align"),
    )


def _field(line: str) -> Field:
    name, _, rest = line.partition(": ")
    type_, _, width = rest.partition(" : ")
    return Field(
        None if name == "_" else name, _type(type_), 1, bit_width=int(width) if width else None
    )


def _type(text: str) -> Type:
    array = re.fullmatch(r"\[(.*?)(?:; (\d+))?\]", text)
    if array:
        return Array(_type(array[1]), int(array[2]) if array[2] else None)
    if text == "*const c_void":
        return Pointer(Void())
    if text == "Option<fn()>":
        return Pointer(FunctionType(), may_be_null=True)
    return Scalar(text) if text in SCALARS else Named(text)
