"""Advice: what will hurt later in a contract that is right today."""

from __future__ import annotations

from abicheck.model.records import record


@record
class Advice:
    """One finding about a contract: where it stands, why it hurts and what to write instead.

    `message` and `remedy` are clauses: no capital letter, no full stop.
    """

    rule: str
    severity: str
    subject: str
    line: int
    message: str
    remedy: str
