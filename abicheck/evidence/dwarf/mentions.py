"""Many names -> those that a section mentions, in one pass over it.

One name is found fastest by a search for its bytes; for thousands of names that
means thousands of searches through the same hundred megabytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from abicheck.evidence.dwarf.regions import Region

WINDOW = 1 << 21
TAIL = 8
"""Bytes at the end of a name by which it is recognised; what is shorter is not looked for."""

LONGEST = 1 << 12
SOUGHT = re.compile(rf"[!-~]{{{TAIL},{LONGEST}}}")
ENDS = re.compile(b"[!-~]{%d}(?=\\0)" % TAIL)


def are_looked_for(names: Iterable[str]) -> frozenset[str]:
    """Return those of `names` that `mentioned` finds."""
    return frozenset(filter(SOUGHT.fullmatch, names))


def mentioned(region: Region, names: frozenset[str]) -> set[str]:
    """Return those of `names` whose bytes stand before a NUL, be they the tail of a longer string.

    Raises:
        BinaryError: the section is compressed, and damaged.
    """
    by_tail: dict[bytes, dict[int, set[bytes]]] = {}
    for name in map(str.encode, names):
        by_tail.setdefault(name[-TAIL:], {}).setdefault(len(name), set()).add(name)
    found: set[bytes] = set()
    before = b""
    for start in range(0, region.size, WINDOW):
        window = before + region.read(start, start + WINDOW)
        if not by_tail.keys().isdisjoint(ENDS.findall(window)):
            found.update(_ends_in(window, by_tail))
        before = window[-LONGEST - 1 :]
        region.release(start, start + WINDOW)
    return {name.decode() for name in found}


def _ends_in(window: bytes, by_tail: dict[bytes, dict[int, set[bytes]]]) -> Iterator[bytes]:
    for hit in ENDS.finditer(window):
        for length, names in by_tail.get(hit[0], {}).items():
            name = window[max(0, hit.end() - length) : hit.end()]
            if name in names:
                yield name
