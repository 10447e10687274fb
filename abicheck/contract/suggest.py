"""A misspelt word -> the one that was probably meant. Only mistakes pay for this module."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIZED_INTEGER = re.compile(r"([uif])(\d+)")


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return `; did you mean "…"?` for the candidate closest to `word`, or nothing.

    A suggestion that only looks alike misleads more than none: short words must differ
    in one letter, longer ones in about one letter of four.
    """
    best = nearest(word, candidates)
    return f'; did you mean "{best}"?' if best else ""


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `word` is most likely a misspelling of."""
    names = sorted(set(candidates) - {word})
    folded = word.casefold().replace("-", "_")
    for name in names:
        if name.casefold().replace("-", "_") == folded:
            return name
    if _SIZED_INTEGER.fullmatch(word):
        sized = [name for name in names if _SIZED_INTEGER.fullmatch(name) and name[0] == word[0]]
        if sized:
            return min(sized, key=lambda name: abs(int(name[1:]) - int(word[1:6])))
    cutoff = 0.66 if len(word) <= 4 else 0.72  # noqa: PLR2004 (measured on the mistakes in tests)
    close = difflib.get_close_matches(word, names, n=1, cutoff=cutoff)
    return close[0] if close else None


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence has them: `a, b or c`."""
    names = list(words)
    if len(names) < 2:  # noqa: PLR2004 (one word stands alone)
        return "".join(names)
    return f"{', '.join(names[:-1])} or {names[-1]}"
