"""The `repr` of structs, unions and enums: which layout rules hold for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abicheck.contract.positions import KeyPath
    from abicheck.contract.schema import Schema

MAX_ALIGNMENT = 2**28

ENUM_REPRS = {f"{sign}{bits}": (sign == "i", bits) for sign in "ui" for bits in (8, 16, 32, 64)}
"""Whether an enum of fixed width is signed, and how many bits it has."""

_WORD = r"\s*([A-Za-z]+)\s*(?:\(\s*([0-9]{1,10})\s*\))?\s*(,|$)"


def read_struct_repr(
    schema: Schema, path: KeyPath, text: str
) -> tuple[int | None, int | None, bool]:
    """Return packed, align and whether it is transparent, of a struct's `repr`."""
    if text == "C" or schema.is_open(text):
        return None, None, False
    words = _words(schema, path, text)
    names = [word for word, _ in words]
    numbers = dict(words)
    if "transparent" in names and len(names) > 1:
        schema.problem(path, '"transparent" stands alone')
    elif names and not {"C", "transparent"} & set(names):
        schema.problem(
            path, f'expected "C, {text.strip()}": only C\'s layout is the same everywhere'
        )
    for word in sorted({word for word in names if names.count(word) > 1}):
        schema.problem(path, f'"{word}" is said twice')
    packed = (numbers["packed"] or 1) if "packed" in numbers else None
    return packed, numbers.get("align"), "transparent" in numbers


def _words(schema: Schema, path: KeyPath, text: str) -> list[tuple[str, int | None]]:
    """Return the words of a `repr` that are right, each with its number."""
    words: list[tuple[str, int | None]] = []
    position = 0
    while position < len(text):
        found = re.match(_WORD, text[position:])
        if not found:
            schema.problem(path, f'expected words such as "C, packed(2)", found "{text}"')
            return []
        word, number = found.group(1), found.group(2)
        position += found.end()
        if _word_fits(schema, path, word, number):
            words.append((word, None if number is None else int(number)))
    return words


def _word_fits(schema: Schema, path: KeyPath, word: str, number: str | None) -> bool:
    problem = None
    if word not in {"C", "packed", "align", "transparent"}:
        from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415

        known = ("C", "packed", "align", "transparent")
        hint = did_you_mean(word, known)
        hint = hint or '; expected "C" with "packed", "packed(N)" or "align(N)", or "transparent"'
        problem = f'no repr of a struct named "{word}"{hint}'
        if word == "Rust":
            problem = 'Rust\'s own layout may change with every compiler; expected "C"'
    elif number is None and word == "align":
        problem = '"align" needs a number of bytes, such as "align(16)"'
    elif number is not None and word in {"C", "transparent"}:
        problem = f'"{word}" takes no number'
    elif number is not None and not _is_power_of_two(int(number)):
        problem = f"{number} is not a power of two between 1 and 2^28"
    if problem:
        schema.problem(path, problem)
    return problem is None


def read_enum_repr(schema: Schema, path: KeyPath, text: str) -> str:
    """Return an enum's `repr`: "C", or an integer of fixed width."""
    if text == "C" or text in ENUM_REPRS:
        return text
    from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415 (for mistakes only)

    hint = did_you_mean(text, ENUM_REPRS) or '; expected "C" or "u8" to "i64"'
    schema.problem(path, f'no repr of an enum named "{text}"{hint}')
    return "C"


def _is_power_of_two(number: int) -> bool:
    return 0 < number <= MAX_ALIGNMENT and number & (number - 1) == 0
