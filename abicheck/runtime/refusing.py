"""A report -> the exception that carries it, with the first reasons in its message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import PluginRefused
from abicheck.model.report import MISMATCH, UNVERIFIED, PluginReport, Report, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.contract import Contract
    from abicheck.model.report import Claim

MOST_REASONS = 5


def refusal(report: PluginReport, contract: Contract) -> PluginRefused:
    """Return what to raise where a report stands against loading."""
    whole = Report(
        contract_name=contract.name,
        contract_version=contract.version,
        contract_file=contract.file,
        plugins=(report,),
    )
    return PluginRefused(_sentence(report, contract), whole)


def _sentence(report: PluginReport, contract: Contract) -> str:
    """Return why a plugin is refused: a line for each of the first claims or causes."""
    if report.verdict is None:
        return report.error or ""
    lines = [
        f"{report.file}: refused: {report.verdict.value} with {contract.name} {contract.version}"
    ]
    if report.verdict is Verdict.INCOMPATIBLE:
        wrong = [each for each in report.claims if each.status == MISMATCH]
        lines += [_mismatch(each) for each in wrong if not each.cause] or [
            _mismatch(each) for each in wrong
        ]
    else:
        late = {f"tags.{tag.name}" for tag in contract.tags if tag.calls}
        asked = [each for each in report.claims if each.subject not in late]
        lines += _unproved(asked) or _unproved(report.claims)
    left = len(lines) - MOST_REASONS - 1
    return "\n".join([*lines[: MOST_REASONS + 1], *([f"  and {left} more"] if left > 0 else [])])


def _mismatch(claim: Claim) -> str:
    found = claim.actual or claim.message or claim.reason
    return f"  {claim.subject}: {claim.claim}: expected {claim.expected}, found {found}"


def _unproved(claims: Sequence[Claim]) -> list[str]:
    """Return a line for each reason why required claims could not be shown to hold."""
    by_reason: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.required and claim.status == UNVERIFIED:
            by_reason.setdefault(claim.reason or "", []).append(claim)
    return [f"  {_first_of(each)}: {reason}" for reason, each in by_reason.items()]


def _first_of(claims: Sequence[Claim]) -> str:
    first, others = claims[0], len(claims) - 1
    if not others:
        return f"{first.subject}: {first.claim}"
    return f"{first.subject} and {others} more claim{'s' if others > 1 else ''}"
