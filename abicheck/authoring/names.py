"""Names of a plugin's types and fields -> words that a contract may use, each for one thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from abicheck.model.types import SCALARS

if TYPE_CHECKING:
    from collections.abc import Collection

RESERVED = SCALARS | {"c_void", "fn", "static", "extern", "unsafe", "mut", "const", "Option", "_"}

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_NO_WORD = re.compile(r"[^A-Za-z0-9_]+", re.ASCII)


def is_word(name: str) -> bool:
    """Whether a name can stand in a contract as it is."""
    return _WORD.fullmatch(name) is not None


def as_word(name: str, otherwise: str = "Type") -> str:
    """Return a name made of letters, digits and "_" alone: "Vec<u8>" is `Vec_u8`."""
    if is_word(name) and name not in RESERVED:
        return name
    word = _NO_WORD.sub("_", name).strip("_") if not is_word(name) else f"{name}_"
    if not word:
        return otherwise
    return f"_{word}" if word[0].isdigit() else word


def as_field(name: str, taken: Collection[str]) -> str:
    """Return a field's name that no other field of its struct has."""
    word = name if is_word(name) and name != "_" else as_word(name, "field")
    return unique(word, taken)


def unique(word: str, taken: Collection[str]) -> str:
    """Return `word`, with a number if it is taken."""
    if word not in taken:
        return word
    number = 2
    while f"{word}{number}" in taken:
        number += 1
    return f"{word}{number}"


def inner_name(owner: str, field: str | None, *, is_union: bool) -> str:
    """Return a name for a type that has none, in the manner of its owner's.

    The field `sides` makes `ShapeSides` of `Shape` and `shape_t_sides` of `shape_t`.
    """
    field = field or ("union" if is_union else "struct")
    if owner[:1].islower():
        return f"{owner}_{field}"
    return owner + "".join(part[:1].upper() + part[1:] for part in field.split("_") if part)
