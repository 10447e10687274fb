"""Contract -> advice: what will hurt later, found by the lints of this package."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from abicheck.authoring.lint.registry import LINTS, Lint, Subject

if TYPE_CHECKING:
    from collections.abc import Collection

    from abicheck.model.contract import Contract
    from abicheck.model.lint import Advice

MODULES = ("interface", "portability", "growth")

__all__ = ["Lint", "advise", "lints"]


def lints() -> tuple[Lint, ...]:
    """Return every lint there is."""
    for module in MODULES:
        import_module(f"{__name__}.{module}")
    return tuple(LINTS.values())


def advise(contract: Contract, allowed: Collection[str] = ()) -> tuple[Advice, ...]:
    """Return all that the lints find, but for those `allowed`, in the order of the contract."""
    subject = Subject(contract)
    found = [
        advice for lint in lints() if lint.id not in allowed for advice in lint.findings(subject)
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda advice: advice.line))
