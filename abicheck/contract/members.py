"""`[structs]` and `[unions]` -> structs with their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.contract.expressions import FIELD, ExpressionError
from abicheck.contract.schema import described, is_identifier
from abicheck.model.types import Field, Struct

if TYPE_CHECKING:
    from typing import Any

    from abicheck.contract.definitions import Definitions
    from abicheck.contract.positions import KeyPath
    from abicheck.contract.schema import Schema
    from abicheck.model.target import PerTarget


def _repr(schema: Schema, path: KeyPath, text: str) -> tuple[int | None, int | None, bool]:
    if text == "C":
        return None, None, False
    from abicheck.contract.reprs import read_struct_repr  # noqa: PLC0415 (not in every contract)

    return read_struct_repr(schema, path, text)


def _per_target(schema: Schema, path: KeyPath, value: object) -> PerTarget | None:
    from abicheck.contract.targets import per_target  # noqa: PLC0415 (not in every contract)

    return per_target(schema, path, value)


def read_struct(definitions: Definitions, group: str, name: str, value: object) -> Struct:
    """Read a struct or union."""
    path: KeyPath = (group, name)
    schema = definitions.schema
    is_union = group == "unions"
    good = schema.table("union" if is_union else "struct", path, value)
    fields = good.get("fields")
    if fields is None and not good.get("partial"):
        definitions.faulty.add(path)
        schema.lacks("union" if is_union else "struct", path, value, "fields")
    packed, align, is_transparent = _repr(schema, (*path, "repr"), good.get("repr", "C"))
    is_partial = good.get("partial", False)
    size = good.get("size")
    return Struct(
        name=name,
        fields=_fields(definitions, path, fields or [], is_partial=is_partial),
        line=schema.line(path),
        is_union=is_union,
        packed=packed,
        align=align,
        is_transparent=is_transparent,
        is_partial=is_partial,
        size=None if size is None else _per_target(schema, (*path, "size"), size),
        match=good.get("match"),
        has_exact_names="names" in good,
        size_field=_growth(schema, good.get("size_field")),
        filled_by=_growth(schema, good.get("filled_by")),
        evidence=good.get("evidence"),
    )


def _growth(schema: Schema, value: str | None) -> str | None:
    """Note that the contract speaks of growth, if it does here."""
    schema.uses_growth |= value is not None
    return value


def _fields(
    definitions: Definitions, path: KeyPath, items: list[Any], *, is_partial: bool
) -> tuple[Field, ...]:
    """Read the fields of a struct or the members of a union."""
    read = [
        (index, _field(definitions, (*path, "fields", index), item, is_partial=is_partial))
        for index, item in enumerate(items)
    ]
    definitions.indices[path] = tuple(index for index, field in read if field is not None)
    if len(definitions.indices[path]) < len(read):
        definitions.faulty.add(path)
    return tuple(field for _, field in read if field is not None)


def _field(
    definitions: Definitions, path: KeyPath, item: object, *, is_partial: bool
) -> Field | None:
    """Read `"name: type"`, `"name: type : bits"` or the table form of either."""
    schema = definitions.schema
    line = schema.line(path)
    if schema.is_open(item):
        return None
    if isinstance(item, str):
        try:
            name, type_, bits = definitions.vocabulary.parse_field(item)
        except ExpressionError as error:
            schema.problem(path, str(error))
            return None
        return Field(name=name, type=type_, line=line, bit_width=bits)
    if not isinstance(item, dict):
        schema.problem(path, f'expected "name: type" or a table, found {described(item)}')
        return None
    return _field_table(definitions, path, item, line, is_partial=is_partial)


def _field_table(
    definitions: Definitions, path: KeyPath, item: dict[str, Any], line: int, *, is_partial: bool
) -> Field | None:
    schema = definitions.schema
    good = schema.table("field", path, item)
    for key in ("name", "type"):
        schema.lacks("field", path, item, key)
    name = good.get("name")
    if name is not None and not is_identifier(name):
        hint = '; the type goes into "type"' if ":" in name else ""
        schema.problem((*path, "name"), f'"{name}" is no name of a field{hint}')
    offset = None
    if "offset" in good:
        offset = _per_target(schema, (*path, "offset"), good["offset"])
        if not is_partial:
            message = "offsets are computed; only a struct with partial = true states them"
            schema.problem((*path, "offset"), message)
    type_ = definitions.type((*path, "type"), good["type"], FIELD) if "type" in good else None
    if name is None or type_ is None:
        return None
    return Field(
        name=None if name == "_" else name,
        type=type_,
        line=line,
        bit_width=schema.integer((*path, "bits"), good["bits"], "a width in bits", 0)
        if "bits" in good
        else None,
        offset=offset,
        since=definitions.since(path, good),
        free=good.get("free"),
    )
