"""Report -> JSON, version 1: every key is spelled out, and none depends on the model's own names.

The schema is `schemas/formats/report.schema.json`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from abicheck.model.report import MISMATCH, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.errors import Problem
    from abicheck.model.evidence import Origin
    from abicheck.model.report import Claim, PluginReport, Report, Verdict

VERSION = 1

Json = dict[str, object]


def render(report: Report) -> str:
    """Return the document of a finished run."""
    document: Json = {
        "report": "abicheck",
        "version": VERSION,
        "verdict": _word(report.verdict),
        "exit_code": int(report.exit_code),
        "contract": {
            "name": report.contract_name,
            "version": report.contract_version,
            "file": report.contract_file,
        },
        "plugins": [_plugin(plugin) for plugin in report.plugins],
    }
    return _text(document)


def render_problems(problems: Sequence[Problem], code: int = ExitCode.USAGE) -> str:
    """Return the document of a run that never began; `code` is its exit code."""
    document: Json = {
        "report": "abicheck",
        "version": VERSION,
        "verdict": None,
        "exit_code": int(code),
        "errors": [
            {
                "file": problem.file or None,
                "line": problem.line,
                "key": problem.key,
                "message": problem.message,
            }
            for problem in problems
        ],
    }
    return _text(document)


def _plugin(plugin: PluginReport) -> Json:
    unreadable = plugin.error is not None
    return {
        "file": plugin.file,
        "sha256": plugin.sha256,
        "format": plugin.format,
        "targets": list(plugin.targets),
        "verdict": _word(plugin.verdict),
        "error": plugin.error,
        "claims": [] if unreadable else [_claim(claim) for claim in plugin.claims],
    }


def _claim(claim: Claim) -> Json:
    return {
        "rule": claim.rule,
        "claim": claim.claim,
        "subject": claim.subject,
        "status": claim.status,
        "required": claim.required,
        "target": claim.target,
        "expected": claim.expected,
        "actual": claim.actual,
        "evidence": claim.evidence,
        "origin": None if claim.origin is None else _origin(claim.origin),
        "contract_line": claim.contract_line,
        "reason": claim.reason,
        "message": claim.message or _plainly(claim),
    }


def _plainly(claim: Claim) -> str | None:
    """Return a sentence for a mismatch that has no story, and that no other claim explains."""
    if claim.status != MISMATCH or claim.reason is not None:
        return None
    return f"expected {claim.expected}, found {claim.actual}"


def _origin(origin: Origin) -> Json:
    return {"file": origin.file, "section": origin.section, "offset": origin.file_offset}


def _word(verdict: Verdict | None) -> str | None:
    return None if verdict is None else verdict.value


def _text(document: Json) -> str:
    # ASCII survives every terminal, and a file name that is not UTF-8 becomes an escape.
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"
