"""Two contracts -> what plugins of each are held to by hosts of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.diff.members import first_bit, flatten
from abicheck.layout import lay_out
from abicheck.model.growth import as_of, fixed_structs, is_beyond
from abicheck.model.layout import StructLayout
from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from abicheck.model.contract import Bound, Contract
    from abicheck.model.layout import Layouts
    from abicheck.model.target import Target


@record
class Terms:
    """The two contracts, and what `verify` would do with plugins of one under the other.

    `aged` is what the new contract demands of plugins that state the old version.
    `is_newer`: an old host lets plugins of the new version in, and knows that they are newer.
    `is_refused`: it does not let them in at all. `fixed` are structs of the old contract that
    may not grow, and why. `is_drafted`: a side was drafted from a binary, and says less.
    """

    old: Contract
    new: Contract
    aged: Contract
    is_newer: bool
    is_refused: bool
    fixed: Mapping[str, str]
    is_drafted: bool = False


@record
class Sheet:
    """The layouts of both contracts, and of the new one as of the old version, on one target."""

    target: Target
    old: Layouts
    new: Layouts
    aged: Layouts


def agree(old: Contract, new: Contract, targets: Sequence[Target], *, is_drafted: bool) -> Terms:
    """Return the terms between two contracts."""
    tag = old.interface_tag
    states_version = tag is not None and new.interface_tag is not None and not tag.path.calls
    accepted = _accepts(old, new.version)
    is_later = is_beyond(new.version, old.version)
    return Terms(
        old=old,
        new=new,
        aged=_aged(new, old.version, targets) if states_version else new,
        is_newer=states_version and is_later and accepted is True,
        is_refused=accepted is False,
        fixed=fixed_structs(old),
        is_drafted=is_drafted,
    )


def lay_out_all(terms: Terms, target: Target) -> Sheet:
    """Return the layouts of both contracts on a target."""
    old, new = lay_out(terms.old, target), lay_out(terms.new, target)
    aged = new if terms.aged == terms.new else lay_out(terms.aged, target)
    return Sheet(target=target, old=old, new=new, aged=aged)


def _aged(contract: Contract, version: str, targets: Iterable[Target]) -> Contract:
    """Return a contract as of a version; structs whose older fields would move stay whole."""
    if not contract.uses_growth:
        return contract
    kept = set(fixed_structs(contract))
    earlier = as_of(contract, version, fixed=kept)
    for target in targets:
        now, before = lay_out(contract, target), lay_out(earlier, target)
        kept |= {name for name in contract.definitions if _has_moved(name, now, before)}
    return as_of(contract, version, fixed=kept)


def _has_moved(name: str, now: Layouts, before: Layouts) -> bool:
    late, early = now.types.get(name), before.types.get(name)
    if not (isinstance(late, StructLayout) and isinstance(early, StructLayout)):
        return False
    places = {field.name: first_bit(field) for field in flatten(now, late)}
    return any(places.get(each.name) != first_bit(each) for each in flatten(before, early))


def _accepts(contract: Contract, version: str) -> bool | None:
    """Whether a host of `contract` accepts plugins that state `version`; None if no tag says."""
    tag = contract.interface_tag
    conditions = [] if tag is None else [each for each in tag.conditions if each.key == "accepts"]
    if not conditions:
        return None
    parts = tuple(int(part) for part in version.split("."))
    return all(holds(parts, each.value) for each in conditions)  # type: ignore[arg-type]


def holds(parts: tuple[int, ...], alternatives: tuple[tuple[Bound, ...], ...]) -> bool:
    """Whether a version fits one of the alternatives of `accepts`, each as far as its bounds go."""
    return any(all(_fits(parts, bound) for bound in bounds) for bounds in alternatives)


def _fits(parts: tuple[int, ...], bound: Bound) -> bool:
    wanted = bound.parts
    found = (parts + (0,) * len(wanted))[: len(wanted)]
    return {
        "==": found == wanted,
        "!=": found != wanted,
        "<": found < wanted,
        "<=": found <= wanted,
        ">": found > wanted,
        ">=": found >= wanted,
    }[bound.operator]
