"""A reference's target -> the targets that its draft names: no more than the file proves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.layout import facts_for, possible_targets

if TYPE_CHECKING:
    from collections.abc import Collection

    from abicheck.model.evidence import Evidence
    from abicheck.model.target import Target

COMMENT = "What the reference is built for. Add what else plugins are built for, or take this out."
ODD_POINTERS = (
    "Its pointers have {bits} bits, an ABI for which no layout is computed: "
    "`verify` cannot prove structs."
)


RESOLVING = frozenset(
    {
        ("linux", ""), ("linux", "gnu"), ("linux", "gnueabi"), ("linux", "gnueabihf"),
        ("freebsd", ""),
    }
)  # fmt: skip
"""Systems and environments whose dynamic linkers know IFUNCs; musl's does not."""


def resolves_ifuncs(evidence: Evidence) -> bool:
    """Whether, for a host of the reference, a function that is an IFUNC is like any other."""
    return (evidence.target.system, evidence.target.environment) in RESOLVING


def own_targets(target: Target, scalars: Collection[str]) -> tuple[str, ...]:
    """Return the targets that a file is built for, as a contract names them.

    Where the file does not show its environment, that is left open, unless one of the
    `scalars` that it uses is another type in some: then those are named in which it is not.
    """
    if target.has_odd_pointers:  # No contract can name such a target.
        return ()
    own = facts_for(target).scalars
    possible = possible_targets(target)
    agreeing = [
        each
        for each in possible
        if all(facts_for(each).scalars.get(name) == own.get(name) for name in scalars)
    ]
    if len(agreeing) == len(possible):
        return (str(target),)
    return tuple(str(each) for each in agreeing)
