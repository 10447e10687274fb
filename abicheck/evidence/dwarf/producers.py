"""What a producer's silence means, by the name and version it records of itself."""

from __future__ import annotations

FIRST_WITH_ALIGNMENT = {"GNU C": 8, "clang version ": 4}
"""Major versions from which DW_AT_alignment is written wherever alignment is explicit.

Source: GCC 8 and LLVM 4.0 release notes.
"""


def states_alignment(producer: str) -> bool:
    """Whether types without DW_AT_alignment have their natural alignment in such a unit."""
    if "-gstrict-dwarf" in producer:
        return False
    return any(
        version is not None and version >= first
        for name, first in FIRST_WITH_ALIGNMENT.items()
        if (version := _major(producer, name)) is not None
    )


def _major(producer: str, name: str) -> int | None:
    """Return the major version after `name`: 12 of "GNU C17 12.2.0"."""
    _, found, rest = producer.partition(name)
    if not found:
        return None
    for word in rest.replace("++", " ").split():
        if "." in word and word.partition(".")[0].isdecimal():
            return int(word.partition(".")[0])
    return None
