"""Compare versions: parts of a tag against the bounds of `accepts`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from abicheck.model.records import record

if TYPE_CHECKING:
    from abicheck.model.contract import Bound, Decoder

SEMVER = (
    r"v?(\d{1,18}(?:\.\d{1,18})*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?"
)
DATE, NUMBER = r"(\d{8})", r"\d{1,18}"


@record
class Version:
    """A version as numbers, most significant first; `prerelease` as semver writes it."""

    parts: tuple[int, ...]
    prerelease: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return "1.2.0-rc.1"."""
        text = ".".join(map(str, self.parts))
        return f"{text}-{'.'.join(self.prerelease)}" if self.prerelease else text


def from_bits(value: int, decoder: Decoder) -> Version:
    """Cut an integer into the parts that `decode` names, from the most significant bit down."""
    left = sum(width for _, width in decoder.bits)
    parts = []
    for name, width in decoder.bits:
        left -= width
        if name != "_":
            parts.append(value >> left & ((1 << width) - 1))
    return Version(tuple(parts))


def from_text(text: str, kind: str) -> Version | None:
    """Read "semver" or "date-number" out of a string; None if it holds no such version."""
    if kind == "semver":
        match = re.fullmatch(SEMVER, text.strip())
        if match is None:
            return None
        prerelease = tuple(match[2].split(".")) if match[2] else ()
        return Version(tuple(map(int, match[1].split("."))), prerelease)
    date = re.search(DATE, text)
    if date is None:
        return None
    number = re.search(NUMBER, text[date.end() :])
    return Version((int(date[0]), int(number[0])) if number else (int(date[0]),))


def accepts(version: Version, alternatives: tuple[tuple[Bound, ...], ...]) -> bool:
    """Whether a version fits one of the alternatives, each of whose bounds must hold."""
    return any(all(holds(version, bound) for bound in bounds) for bounds in alternatives)


def holds(version: Version, bound: Bound) -> bool:
    """Whether a version stands to a bound as its operator says, as far as the bound goes."""
    order = compare(version, bound)
    match bound.operator:
        case "==":
            return order == 0
        case "!=":
            return order != 0
        case "<":
            return order < 0
        case "<=":
            return order <= 0
        case ">":
            return order > 0
        case _:
            return order >= 0


def compare(version: Version, bound: Bound) -> int:
    """Return -1, 0 or 1; parts beyond the bound's do not count, pre-releases order as in semver.

    Source: Semantic Versioning 2.0.0, section 11.
    """
    length = len(bound.parts)
    parts = (version.parts + (0,) * length)[:length]
    if parts != bound.parts:
        return -1 if parts < bound.parts else 1
    if any(version.parts[length:]) and not bound.prerelease:
        return 0
    if not version.prerelease and not bound.prerelease:
        return 0
    if not version.prerelease:
        return 1
    if not bound.prerelease:
        return -1
    ours, theirs = _key(version.prerelease), _key(bound.prerelease)
    return (ours > theirs) - (ours < theirs)


def _key(prerelease: tuple[str, ...]) -> tuple[tuple[int, int, str], ...]:
    return tuple((0, int(each), "") if each.isdecimal() else (1, 0, each) for each in prerelease)
