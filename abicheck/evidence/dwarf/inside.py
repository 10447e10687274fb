"""A function's entry -> the types of the variables inside of it, which hint at what it handles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.functions import origins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.dwarf.entries import Entry, Place

MOST_VISITED = 2000
DEEPEST_BLOCK = 16


def types_inside(function: Entry) -> Iterator[Place]:
    """Yield the place of the type of each variable of a function, those of its blocks too.

    Variables of functions that were inlined into it are not its own.

    Raises:
        BinaryError: something is damaged.
    """
    seen = 0
    for origin in origins(function):
        waiting = [(origin, 0)]
        while waiting:
            scope, depth = waiting.pop()
            for child in scope.children():
                seen += 1
                if seen > MOST_VISITED:
                    return
                if child.tag == dw.DW_TAG_variable:
                    place = child.reference(dw.DW_AT_type)
                    if place is not None:
                        yield place
                elif child.tag == dw.DW_TAG_lexical_block and depth < DEEPEST_BLOCK:
                    waiting.append((child, depth + 1))
