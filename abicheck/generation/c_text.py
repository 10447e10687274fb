"""Lines of generated C: folded where they are too long, with remarks behind or above them."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from abicheck.generation.head import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 100
INDENT = "    "
DEEPEST = 6
"""How deep parentheses are parted where nothing else makes a line short enough."""


def fold(line: str, end: str = "") -> Iterator[str]:
    """Yield a line, behind commas continued on further ones; `end` closes each of them.

    What stands in parentheses stays together where that is possible.
    """
    if len(line) + len(end) <= WIDTH:
        yield line + end
        return
    indent = line[: len(line) - len(line.lstrip())]
    room = WIDTH - len(indent) - len(INDENT) - len(end)
    pieces: list[str] = []
    for depth in range(DEEPEST):
        pieces = _pieces(line.strip(), depth)
        if all(len(piece) <= room for piece in pieces):
            break
    current = indent
    for piece in pieces:
        if current.strip() and len(current) + len(piece.rstrip()) + len(end) > WIDTH:
            yield current.rstrip() + end
            current = indent + INDENT
        current += piece
    yield current.rstrip() + end


def _pieces(text: str, deepest: int) -> list[str]:
    """Part text behind each comma and blank that at most `deepest` parentheses are around."""
    pieces, start, depth = [], 0, 0
    is_quoted = False
    for place, letter in enumerate(text):
        if letter == '"' and text[place - 1 : place] != "\\":
            is_quoted = not is_quoted
        elif not is_quoted:
            depth += (letter == "(") - (letter == ")")
            if depth <= deepest and text[place : place + 2] == ", ":
                pieces.append(text[start : place + 2])
                start = place + 2
    return [*pieces, text[start:]]


def block(text: str) -> Iterator[str]:
    """Yield a comment of as many lines as it takes."""
    first, *others = wrap(harmless(text), WIDTH - len("/*  */"), break_long_words=False)
    if not others:
        yield f"/* {first} */"
        return
    yield f"/* {first}"
    yield from (f" * {each}" for each in others[:-1])
    yield f" * {others[-1]} */"


def remarked(line: str, remark: str) -> Iterator[str]:
    """Yield a line with a remark behind it, or above it where there is no room."""
    if not remark:
        yield from fold(line)
        return
    comment = f"/* {harmless(remark)} */"
    if len(line) + 1 + len(comment) <= WIDTH:
        yield f"{line} {comment}"
        return
    indent = line[: len(line) - len(line.lstrip())]
    yield indent + comment
    yield from fold(line)
