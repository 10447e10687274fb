"""Contract + Target -> Layouts: what holds in every environment that the target may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.layout.engine import lay_out_for
from abicheck.layout.targets import possible_facts
from abicheck.model.layout import Layouts, UnknownLayout
from abicheck.model.target import BITS

if TYPE_CHECKING:
    from abicheck.model.contract import Contract
    from abicheck.model.layout import TypeLayout
    from abicheck.model.target import Target, TargetFacts


_latest: list[tuple[Contract, Target, Layouts]] = []
"""The layouts asked for last: of one contract, for one plugin after the other."""


def lay_out(contract: Contract, target: Target) -> Layouts:
    """Return the layout of every type of `contract` on `target`, by its id.

    A type that cannot be laid out there, or that depends on an environment which the
    target does not name, is an `UnknownLayout` with the reason. Environments that the
    contract's own targets leave out do not count: no plugin for them would be accepted.
    """
    for known, where, layouts in _latest:
        if known is contract and where == target:
            return layouts
    layouts = _lay_out(contract, target)
    _latest[:] = [(contract, target, layouts)]
    return layouts


def _lay_out(contract: Contract, target: Target) -> Layouts:
    possible = possible_facts(target, contract.platform.targets)
    answers = [lay_out_for(contract, facts) for facts in possible]
    types = answers[0]
    if target.bits != BITS[target.machine]:
        reason = f"its pointers have {target.bits} bits, an ABI for which no layout is computed"
        return Layouts(target=target, types=dict.fromkeys(types, UnknownLayout(reason)))
    if len(answers) > 1:
        types = _agreed(answers, possible)
    return Layouts(target=target, types=types)


def _agreed(
    answers: list[dict[str, TypeLayout]], possible: tuple[TargetFacts, ...]
) -> dict[str, TypeLayout]:
    """Return the layouts that every environment shares; of the others, why they are not known."""
    environments = " or ".join(facts.target.environment for facts in possible)
    unknown = UnknownLayout(
        f"it depends on the environment ({environments}), which the file does not show"
    )
    first, *others = answers
    return {
        key: layout if all(other.get(key) == layout for other in others) else unknown
        for key, layout in first.items()
    }
