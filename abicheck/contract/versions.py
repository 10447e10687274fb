"""`accepts` and `decode`: the comparisons of versions, and how a value becomes one."""

from __future__ import annotations

import re

from abicheck.contract.expressions import ExpressionError
from abicheck.model.contract import Bound

OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
TEXT_DECODERS = {"semver": 3, "date-number": 2}
"""The decoders of text, and how many parts a version of theirs has."""

_PARTS = r"\d{1,20}(?:\.\d{1,20})*"
_BOUND = re.compile(
    rf"\s*(==|!=|<=|>=|<|>)\s*({_PARTS})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\s*", re.ASCII
)
_FAMILIAR = re.compile(rf"\s*(=|~>|~|\^|v|)\s*({_PARTS})\s*", re.ASCII)
_FIELD = re.compile(r"([A-Za-z_]\w*)\s*:\s*(\d{1,3})(?:\s*,\s*|\s+|$)", re.ASCII)


def parse_accepts(text: str) -> tuple[tuple[Bound, ...], ...]:
    """Return the alternatives of `accepts`, each a tuple of bounds that must all hold.

    Raises: ExpressionError.
    """
    return tuple(tuple(_bound(part) for part in group.split(",")) for group in text.split("||"))


def _bound(text: str) -> Bound:
    found = _BOUND.fullmatch(text)
    if found:
        operator, parts, prerelease = found.groups()
        return Bound(
            operator,
            tuple(int(part) for part in parts.split(".")),
            tuple(prerelease.split(".")) if prerelease else (),
        )
    hint = ""
    familiar = _FAMILIAR.fullmatch(text)
    if familiar:
        sign, parts = familiar.groups()
        hint = f'; did you mean "=={parts}"?'
        if sign in {"^", "~", "~>"}:
            first = parts.split(".")[0]
            hint = f'; such ranges are written out, for example ">={parts}, <{int(first) + 1}"'
    raise ExpressionError(f'expected a comparison such as ">=1.0", found "{text.strip()}"{hint}')


def parse_bits(text: str) -> tuple[tuple[str, int], ...]:
    """Return names and widths of `major:16 minor:16`, the most significant first.

    Raises: ExpressionError.
    """
    fields: list[tuple[str, int]] = []
    position, text = 0, text.strip()
    while position < len(text):
        found = _FIELD.match(text, position)
        if not found:
            rest = text[position:].split()[0]
            raise ExpressionError(f'expected "name:bits", such as "major:16", found "{rest}"')
        name, width = found.group(1), int(found.group(2))
        if not 1 <= width <= 128:  # noqa: PLR2004 (the widest integer)
            raise ExpressionError(f'"{name}" has a width of {width}; expected 1 to 128 bits')
        if name != "_" and any(name == other for other, _ in fields):
            raise ExpressionError(f'two parts are named "{name}"')
        fields.append((name, width))
        position = found.end()
    if not any(name != "_" for name, _ in fields):
        raise ExpressionError('expected at least one part with a name, such as "major:16"')
    return tuple(fields)
