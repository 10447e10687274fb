"""Contract against evidence: every claim, decided by the rule of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.rules import enums, exports, imports, platform, plugin, structs, tags
from abicheck.rules.case import Case
from abicheck.rules.registry import RULES
from abicheck.rules.tags import stated_version

if TYPE_CHECKING:
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

__all__ = [
    "RULES", "Case", "enums", "exports", "imports", "judge", "platform", "plugin", "stated_version",
    "structs", "tags",
]  # fmt: skip


def judge(case: Case) -> tuple[Claim, ...]:
    """Return every claim of a case, in the order of the contract."""
    claims = [claim for rule in RULES.values() for claim in rule.decide(case)]
    claims.sort(key=_place)
    return tuple(claims)


def _place(claim: Claim) -> tuple[int, int]:
    section = claim.subject.partition(".")[0].partition("[")[0]
    return SECTIONS.index(section), claim.contract_line or 0
