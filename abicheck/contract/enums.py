"""`[enums]` -> enums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.contract.reprs import ENUM_REPRS, read_enum_repr
from abicheck.contract.schema import is_identifier
from abicheck.model.types import Enum, EnumValue

if TYPE_CHECKING:
    from typing import Any

    from abicheck.contract.definitions import Definitions
    from abicheck.contract.positions import KeyPath


def read_enum(definitions: Definitions, name: str, value: object) -> Enum:
    """Read an enum."""
    path: KeyPath = ("enums", name)
    schema = definitions.schema
    good = schema.table("enum", path, value)
    if not good.get("values") and not (isinstance(value, dict) and value.get("values")):
        schema.problem(path, 'expected "values = { NAME = 0, … }" with one value or more')
    spelled = read_enum_repr(schema, (*path, "repr"), good.get("repr", "C"))
    return Enum(
        name=name,
        values=_values(definitions, (*path, "values"), good.get("values", {}), spelled),
        line=schema.line(path),
        repr=spelled,
        is_closed=good.get("closed", False),
        match=good.get("match"),
        has_exact_names="names" in good,
        evidence=good.get("evidence"),
    )


def _values(
    definitions: Definitions, path: KeyPath, values: dict[str, Any], spelled: str
) -> tuple[EnumValue, ...]:
    schema = definitions.schema
    is_signed, bits = ENUM_REPRS.get(spelled, (True, 65))
    least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if is_signed else (0, 2**bits - 1)
    if spelled == "C":
        least, most = -(2**63), 2**64 - 1
    found = []
    for name, item in values.items():
        here = (*path, name)
        good = {"value": item}
        if isinstance(item, dict):
            good = schema.table("enum value", here, item)
            schema.lacks("enum value", here, item, "value")
        number = schema.integer(here, good["value"]) if "value" in good else None
        if not is_identifier(name):
            schema.problem(here, f'"{name}" is no name of an enum value')
        if number is None:
            continue
        if not least <= number <= most:
            kind = "any integer of C" if spelled == "C" else spelled
            schema.problem(here, f"{number} does not fit {kind}: {least} to {most}")
        found.append(
            EnumValue(
                name=name,
                value=number,
                line=schema.line(here),
                since=definitions.since(here, good),
            )
        )
    return tuple(found)
