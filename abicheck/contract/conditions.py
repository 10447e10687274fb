"""The conditions of a tag, held to the type of the value they speak of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from abicheck.contract.natures import (
    ARRAY,
    BOOL,
    FLOAT,
    FUNCTION,
    INTEGER,
    NOTHING,
    POINTER,
    STRUCT,
    TEXT,
    Nature,
)
from abicheck.contract.schema import TEMPLATE, FilledFloat, FilledInteger, as_integer, described
from abicheck.model.contract import Condition

if TYPE_CHECKING:
    from collections.abc import Callable

    from abicheck.contract.positions import KeyPath
    from abicheck.contract.schema import Schema

VALUE_KEYS = ("equals", "one_of", "at_least", "at_most")
TEXT_KEYS = ("matches", "starts_with")
POINTER_KEYS = ("null", "points_to")

_WHAT = {
    INTEGER: "an integer", BOOL: "true or false", FLOAT: "a number", TEXT: "text",
    POINTER: "a pointer", FUNCTION: "a function", STRUCT: "a struct", ARRAY: "an array",
    NOTHING: "a value without a size",
}  # fmt: skip

_HINTS = {
    STRUCT: "; name one of its fields",
    ARRAY: '; name an element, "[0]", or every one, "[]"',
    POINTER: '; "*path" is what it points to',
}


def read_conditions(
    schema: Schema, path: KeyPath, good: dict[str, Any], nature: Nature | None
) -> tuple[Condition, ...]:
    """Return the conditions of a tag or of its `when`, in the order in which they are written.

    `nature` is what the value is; None if that is not known, because its path is wrong or open.
    `accepts` is not among them: it speaks of a decoded value.
    """
    found = []
    for key, value in good.items():
        reader = _READERS.get(key)
        if reader is None:
            continue
        here = (*path, key)
        checked = reader(schema, here, value, nature, key)
        if checked is not None:
            found.append(
                Condition(key=key, value=checked, line=schema.line(here), text=_text(value))
            )
    return tuple(found)


def _text(value: object) -> str:
    """Return a condition's value as the contract writes it."""
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _value(
    schema: Schema, path: KeyPath, value: object, nature: Nature | None, key: str
) -> object | None:
    """Read what a value is compared with."""
    if schema.is_open(value):
        return None
    if nature is None:
        return value if isinstance(value, (int, float, str)) else None
    if nature.kind == INTEGER:
        return _integer(schema, path, value, nature)
    if nature.kind not in {FLOAT, BOOL, TEXT}:
        _unfit(schema, path, nature, key)
        return None
    fitting = _fitting(nature.kind, value)
    if fitting is None:
        schema.problem(path, f"expected {_WHAT[nature.kind]}, found {described(value)}")
    return fitting


def _fitting(kind: str, value: object) -> object | None:
    """Return `value` as a number, bool or text that can equal one of `kind`."""
    if kind == FLOAT and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if kind == BOOL and isinstance(value, int) and value in {0, 1}:
        return bool(value)
    if kind == TEXT and isinstance(value, (str, FilledInteger, FilledFloat)):
        return str(value)
    return None


def _integer(schema: Schema, path: KeyPath, value: object, nature: Nature) -> int | None:
    number = as_integer(value)
    if number is None:
        schema.problem(path, f"expected an integer, found {described(value)}")
        return None
    widest = max(nature.bits)
    if not -(2 ** (widest - 1)) <= number < 2**widest:
        schema.problem(path, f"{number} does not fit {widest} bits, which is all that the tag has")
        return None
    return number


def _values(
    schema: Schema,
    path: KeyPath,
    value: list[object],
    nature: Nature | None,
    key: str,
) -> object | None:
    if not value:
        schema.problem(path, "expected at least one value, found an empty array")
        return None
    read = [_value(schema, (*path, index), item, nature, key) for index, item in enumerate(value)]
    return None if None in read else tuple(read)


def _ordered(
    schema: Schema, path: KeyPath, value: object, nature: Nature | None, key: str
) -> object | None:
    if nature is not None and nature.kind in {TEXT, BOOL}:
        hint = '; text is compared as a version by "decode" and "accepts"'
        message = f"{_WHAT[nature.kind]} has no order{hint if nature.kind == TEXT else ''}"
        schema.problem(path, message)
        return None
    return _value(schema, path, value, nature, key)


def _pattern(
    schema: Schema, path: KeyPath, value: str, nature: Nature | None, key: str
) -> object | None:
    if not _is_text(schema, path, nature, key):
        return None
    pattern = re.sub(TEMPLATE, "x", value) if schema.is_open(value) else value
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        schema.problem(path, f"not a regular expression: {error}")
        return None
    return None if schema.is_open(value) else value


def _prefix(
    schema: Schema, path: KeyPath, value: str, nature: Nature | None, key: str
) -> object | None:
    if not _is_text(schema, path, nature, key) or schema.is_open(value):
        return None
    return value


def _is_text(schema: Schema, path: KeyPath, nature: Nature | None, key: str) -> bool:
    if nature is None or nature.kind == TEXT:
        return True
    _unfit(schema, path, nature, key)
    return False


def _of_pointer(
    schema: Schema, path: KeyPath, value: object, nature: Nature | None, key: str
) -> object | None:
    if nature is not None and not _is_pointer(nature):
        what = "an array" if nature.kind == TEXT else _WHAT[nature.kind]
        schema.problem(path, f'"{key}" looks at a pointer, and the path leads to {what}')
        return None
    return None if schema.is_open(value) else value


def _is_pointer(nature: Nature) -> bool:
    return nature.kind == POINTER or (nature.kind == TEXT and not nature.is_array)


def _unfit(schema: Schema, path: KeyPath, nature: Nature, key: str) -> None:
    wanted = "text: a c_char array or pointer" if key in TEXT_KEYS else "a value"
    hint = _HINTS.get(nature.kind, "")
    if key in TEXT_KEYS and nature.kind not in {STRUCT, ARRAY}:
        hint = ""
    message = f'"{key}" looks at {wanted}, and the path leads to {_WHAT[nature.kind]}{hint}'
    schema.problem(path, message)


_READERS: dict[str, Callable[..., object]] = {
    "equals": _value,
    "one_of": _values,
    "at_least": _ordered,
    "at_most": _ordered,
    "matches": _pattern,
    "starts_with": _prefix,
    "null": _of_pointer,
    "points_to": _of_pointer,
}
