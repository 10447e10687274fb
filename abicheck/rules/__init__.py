"""Contract against evidence: every claim, decided by the rule of its kind."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from abicheck.model.contract import Platform, PluginRules
from abicheck.model.types import Enum, Struct
from abicheck.rules.case import Case
from abicheck.rules.registry import RULES, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.report import Claim

SECTIONS = (
    "plugin",
    "platform",
    "exports",
    "choices",
    "structs",
    "unions",
    "enums",
    "tags",
    "imports",
)
"""The order of subjects in a report; within one, the contract's own order holds."""

MODULES = (
    "structs", "enums", "exports", "agreement", "ownership",
    "imports", "platform", "plugin", "tags",
)  # fmt: skip
"""The modules of rules, in the order in which they decide."""

UNRESOLVED = "plugin-file-mismatch"
"""The rule under which a parameter without a value is told."""

__all__ = [
    "MODULES",
    "UNRESOLVED",
    "Case",
    "Rule",
    "all_rules",
    "judge",
    "needed",
    "rules_of",
    "stated_version",
]


def judge(case: Case) -> tuple[Claim, ...]:
    """Return every claim of a case, in the order of the contract."""
    claims = [
        claim for module in needed(case) for rule in rules_of(module) for claim in rule.decide(case)
    ]
    if case.second is not None:
        from abicheck.rules.agreement import supplemented  # noqa: PLC0415 (few have both)

        claims = supplemented(case, claims)
    claims.sort(key=_place)
    return tuple(claims)


def needed(case: Case) -> Iterator[str]:
    """Yield the modules whose rules can claim anything: to import the others costs time."""
    contract, surroundings = case.contract, case.surroundings
    kinds = {type(definition) for definition in contract.definitions.values()}
    can_claim = {
        "structs": Struct in kinds,
        "enums": Enum in kinds,
        "exports": True,
        "agreement": case.second is not None,
        "ownership": case.by_descriptor is not None,
        "imports": contract.imports is not None or surroundings.host or surroundings.sysroot,
        "platform": contract.platform != Platform(),
        "plugin": contract.plugin != PluginRules() or contract.choices,
        "tags": contract.tags,
    }
    return (module for module in MODULES if can_claim[module])


def rules_of(module: str) -> tuple[Rule, ...]:
    """Return the rules that a module of this package holds, in its order."""
    name = f"{__name__}.{module}"
    import_module(name)
    return tuple(rule for rule in RULES.values() if rule.module == name)


def all_rules() -> tuple[Rule, ...]:
    """Return every rule there is."""
    return tuple(rule for module in MODULES for rule in rules_of(module))


def stated_version(case: Case) -> str | None:
    """Return the interface version that the plugin's tag states, if it has one."""
    if not case.contract.tags:
        return None
    from abicheck.rules.tags import stated_version as read_version  # noqa: PLC0415

    return read_version(case)


def _place(claim: Claim) -> tuple[int, int]:
    section = claim.subject.partition(".")[0].partition("[")[0]
    return SECTIONS.index(section), claim.contract_line or 0
