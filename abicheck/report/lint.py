"""Advice about a contract -> text, or JSON by `schemas/formats/lint.schema.json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from abicheck.report.groups import counted
from abicheck.report.terminal import BOLD, FAINT, Pen, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.model.contract import Contract
    from abicheck.model.lint import Advice
    from abicheck.model.options import Style

VERSION = 1


def render_json(contract: Contract, findings: Sequence[Advice]) -> str:
    """Return the document of a finished run."""
    document = {
        "lint": "abicheck",
        "version": VERSION,
        "contract": {
            "name": contract.name,
            "version": contract.version,
            "file": contract.file,
        },
        "findings": [
            {
                "rule": each.rule,
                "severity": each.severity,
                "subject": each.subject,
                "line": each.line,
                "message": each.message,
                "remedy": each.remedy,
            }
            for each in findings
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def render_text(contract: Contract, findings: Sequence[Advice], style: Style) -> str:
    """Return every finding with its reason and its remedy, and how many there are."""
    return Pen(style).finish(_lines(harmless(contract.file), findings, Pen(style)))


def _lines(file: str, findings: Sequence[Advice], pen: Pen) -> Iterator[str]:
    for each in harmless(tuple(findings)):
        place = pen.paint(f"{file}:{each.line}", BOLD)
        yield f"{place}: {each.subject}  {pen.paint(f'[{each.rule}]', FAINT)}"
        yield from pen.wrap(each.message, "  ")
        yield from pen.wrap(each.remedy, "  Remedy: ")
        yield ""
    if findings:
        rule = findings[0].rule
        yield from pen.wrap(
            f"{counted(len(findings), 'finding')}. `abicheck explain {rule}` says more."
        )
    else:
        yield f"{file}: nothing to report"
