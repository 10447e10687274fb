"""`accepts` and `decode`: the comparisons of versions, and how a value becomes one."""

from __future__ import annotations

import re

from abicheck.contract.expressions import ExpressionError
from abicheck.contract.schema import is_identifier
from abicheck.model.contract import Bound

OPERATORS = ("==", "!=", "<=", ">=", "<", ">")
TEXT_DECODERS = {"semver": 3, "date-number": 2}
"""The decoders of text, and how many parts a version of theirs has."""

MAX_DIGITS = 20

_FAMILIAR = r"(=|~>|~|\^|v|)\s*([0-9]{1,9}(?:\.[0-9]{1,9})*)"


def parse_accepts(text: str) -> tuple[tuple[Bound, ...], ...]:
    """Return the alternatives of `accepts`, each a tuple of bounds that must all hold.

    Raises: ExpressionError.
    """
    return tuple(tuple(_bound(part) for part in group.split(",")) for group in text.split("||"))


def _bound(text: str) -> Bound:
    text = text.strip()
    operator = next((each for each in OPERATORS if text.startswith(each)), "")
    number, dash, prerelease = text[len(operator) :].partition("+")[0].partition("-")
    parts = number.strip().split(".")
    names = tuple(prerelease.split(".")) if dash else ()
    if operator and all(map(_is_number, parts)) and all(map(_is_prerelease, names)):
        return Bound(operator, tuple(map(int, parts)), names)
    hint = ""
    familiar = re.fullmatch(_FAMILIAR, text)
    if familiar:
        sign, number = familiar.groups()
        hint = f'; did you mean "=={number}"?'
        if sign in {"^", "~", "~>"}:
            first = number.split(".")[0]
            hint = f'; such ranges are written out, for example ">={number}, <{int(first) + 1}"'
    raise ExpressionError(f'expected a comparison such as ">=1.0", found "{text}"{hint}')


def _is_prerelease(text: str) -> bool:
    return text.isascii() and text.replace("-", "").isalnum()


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) <= MAX_DIGITS


def parse_bits(text: str) -> tuple[tuple[str, int], ...]:
    """Return names and widths of `major:16 minor:16`, the most significant first.

    Raises: ExpressionError.
    """
    fields: list[tuple[str, int]] = []
    for word in text.replace(",", " ").replace(" :", ":").replace(": ", ":").split():
        name, _, bits = word.partition(":")
        if not is_identifier(name) or not _is_number(bits):
            raise ExpressionError(f'expected "name:bits", such as "major:16", found "{word}"')
        width = int(bits)
        if not 1 <= width <= 128:  # noqa: PLR2004 (the widest integer)
            raise ExpressionError(f'"{name}" has a width of {width}; expected 1 to 128 bits')
        if name != "_" and any(name == other for other, _ in fields):
            raise ExpressionError(f'two parts are named "{name}"')
        fields.append((name, width))
    if not any(name != "_" for name, _ in fields):
        raise ExpressionError('expected at least one part with a name, such as "major:16"')
    return tuple(fields)
