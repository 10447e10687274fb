"""Symbol versions such as GLIBC_2.31 -> the release of the library that first had them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Release = tuple[int, ...]

MARKS: dict[str, Release] = {
    "GLIBC_ABI_DT_RELR": (2, 36),
    "GLIBC_ABI_DT_X86_64_PLT": (2, 42),
    "GLIBC_ABI_GNU2_TLS": (2, 42),
    "GLIBC_ABI_GNU_TLS": (2, 42),
}
"""Versions without symbols: the loader refuses what needs one if its library does not have it.

Some systems have patched them into earlier releases; an unpatched one lacks them.
Source: the GNU C Library's NEWS for 2.36 and its `Versions` files.
"""

PRIVATE = "GLIBC_PRIVATE"
"""Every release of glibc has this one; what it covers differs from each to the next."""


def family_of(version: str, families: Iterable[str]) -> str | None:
    """Return the family that a version belongs to: the longest that begins it, such as "GLIBC"."""
    return max(
        (family for family in families if version.startswith(f"{family}_")), key=len, default=None
    )


def release_of(version: str, family: str) -> Release | None:
    """Return the release that a version of `family` names; None if it names none.

    The number comes first ("SAMBA_4.17.12_DEBIAN") or last ("GLIBCXX_LDBL_3.4.29").
    """
    if version in MARKS:
        return MARKS[version]
    tail = version[len(family) + 1 :]
    found = re.match(r"\d+(?:\.\d+)*", tail) or re.search(r"(?<=_)\d+(?:\.\d+)*$", tail)
    return None if found is None else tuple(map(int, found[0].split(".")))
