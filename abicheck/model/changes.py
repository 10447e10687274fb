"""Changes: what became of a contract, for whom it breaks, and which version that calls for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Iterable

# The steps of a version, severest first: what breaks, what is new, what changes nothing.
MAJOR, MINOR, PATCH = "major", "minor", "patch"
STEPS = (MAJOR, MINOR, PATCH)


@record
class Change:
    """One change between two contracts.

    `breaks_old` says why plugins built for the old contract break under a host of the new one,
    `breaks_new` why those of the new one break under the old host; "" where they do not.
    `targets` are those on which it is so, none if that is everywhere; `details` are pairs of a
    target and what the change comes to there. Lines are those of the two contracts.
    """

    subject: str
    message: str
    step: str
    breaks_old: str = ""
    breaks_new: str = ""
    targets: tuple[str, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    old_line: int | None = None
    new_line: int | None = None


@record
class Resized:
    """A struct, union or enum that has another size or alignment on a target; in bytes."""

    subject: str
    target: str
    old_size: int | None
    new_size: int | None
    old_alignment: int | None
    new_alignment: int | None


@record
class Side:
    """One of the two contracts, or a binary that one was drafted from."""

    name: str
    version: str
    file: str
    is_drafted: bool = False


@record
class Diff:
    """Everything that differs between two contracts, in the order of the new one.

    `not_compared` are sentences about what a binary, in the place of one, does not show.
    """

    old: Side
    new: Side
    targets: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    resized: tuple[Resized, ...] = ()
    notes: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()

    @property
    def step(self) -> str | None:
        """The severest step that a change calls for; None if nothing changed."""
        steps = {change.step for change in self.changes}
        return next((step for step in STEPS if step in steps), None)

    @property
    def wanted_version(self) -> str:
        """The least version that the new contract may have."""
        return least_version(self.old.version, self.step)

    @property
    def is_raised_enough(self) -> bool:
        """Whether the new contract's version says as much as its changes do."""
        return _parts(self.new.version) >= _parts(self.wanted_version)


def least_version(version: str, step: str | None) -> str:
    """Return the least version that comes after `version` by a step.

    Before 1.0 every step counts for the next one down, as in semver. A version of two parts
    has none for what changes nothing, and stays.
    """
    parts = [int(part) for part in version.split(".")]
    if step is None:
        return version
    place = STEPS.index(step) + (parts[0] == 0 and step != PATCH and len(parts) > 1)
    if place >= len(parts) and step == PATCH:
        return version
    while place >= len(parts) > 2:  # noqa: PLR2004 (major and minor)
        place -= 1
    parts += [0] * (min(place, 1) + 1 - len(parts))
    place = min(place, len(parts) - 1)
    raised = [*parts[:place], parts[place] + 1, *([0] * (len(parts) - place - 1))]
    return ".".join(map(str, raised))


def _parts(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (8 - len(parts)))


def merged(changes: Iterable[tuple[str, Change]], targets: Iterable[str]) -> tuple[Change, ...]:
    """Return the changes seen on several targets, each once, in the order in which they came."""
    every = tuple(targets)
    seen: dict[Change, dict[str, tuple[tuple[str, str], ...]]] = {}
    for target, change in changes:
        seen.setdefault(replace(change, details=()), {})[target] = change.details
    return tuple(
        replace(
            change,
            targets=() if set(found) >= set(every) else tuple(found),
            details=tuple(dict.fromkeys(each for details in found.values() for each in details)),
        )
        for change, found in seen.items()
    )
