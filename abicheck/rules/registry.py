"""The table of rules: ids, severities and the documentation that `docs/rules.md` carries."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from abicheck.model.pages import Page
    from abicheck.model.report import Claim
    from abicheck.rules.case import Case

    Decide = Callable[[Case], Iterator[Claim]]


class Severity(str, Enum):
    """How much a rule's mismatch matters; the words are SARIF's."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@record
class Rule:
    """One rule: `decide` yields every claim of its kind that a contract makes."""

    id: str
    severity: Severity
    decide: Decide

    @property
    def page(self) -> Page:
        """What it decides, why, and what to do when it fires."""
        from abicheck.model.pages import page_of  # noqa: PLC0415 (only for documentation)

        return page_of(self.id, self.severity.value, self.decide.__doc__)

    @property
    def module(self) -> str:
        """The full name of the module that holds it."""
        return self.decide.__module__


RULES: dict[str, Rule] = {}
"""The rules of those modules that were imported so far; `rules.all_rules` imports the rest."""


def rule(rule_id: str, *, severity: Severity = Severity.ERROR) -> Callable[[Decide], Rule]:
    """Turn a function into the rule of that id, for ever, and enter it into the table."""

    def enter(decide: Decide) -> Rule:
        RULES[rule_id] = Rule(id=rule_id, severity=severity, decide=decide)
        return RULES[rule_id]

    return enter
