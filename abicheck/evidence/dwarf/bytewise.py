"""The bytes of an attribute's value -> where entries may begin that have this value.

An abbreviation puts an attribute at a fixed distance behind its code, as long as
no form of variable width comes before it. So entries can be searched for as
bytes, at the speed of a search and without decoding what lies between them.
Whatever is found may still be a chance, which is for the caller to rule out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from abicheck.evidence.dwarf.units import Unit


def occurrences(
    unit: Unit, codes: Mapping[bytes, object], between: int, value: bytes
) -> Iterator[tuple[int, bytes]]:
    """Yield positions where one of `codes` stands, and `between` bytes after it `value`.

    The code that was found is yielded with each position.
    """
    first, end, buffer = unit.first - unit.shift, unit.end_position, unit.buffer
    if len(value) == 1 and not between:
        # A single byte stands everywhere; together with the code it does not.
        for code in codes:
            at = buffer.find(code + value, first, end)
            while at >= 0:
                yield at, code
                at = buffer.find(code + value, at + 1, end)
        return
    lengths = {len(code) for code in codes}
    at = buffer.find(value, first, end)
    while at >= 0:
        for length in lengths:
            start = at - between - length
            code = buffer[start : start + length] if start >= first else b""
            if code in codes:
                yield start, code
        at = buffer.find(value, at + 1, end)
