"""ProbeReport -> a few lines for people, and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from abicheck.model.probing import FINE
from abicheck.report.terminal import FAINT, GREEN, RED, Pen, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.options import Style
    from abicheck.model.probing import ProbeReport

VERSION = 1
MOST_LINES = 10
"""Lines of what a plugin wrote that are shown."""


def render_text(report: ProbeReport, style: Style) -> str:
    """Return what became of a plugin as lines for a terminal or a log."""
    pen = Pen(style)
    output = report.output.strip().split("\n")[-MOST_LINES:]
    return pen.finish(_lines(harmless(report), harmless(tuple(output)), pen))


def _lines(report: ProbeReport, output: tuple[str, ...], pen: Pen) -> Iterator[str]:
    mark, color = (pen.good, GREEN) if report.outcome == FINE else (pen.bad, RED)
    yield f"{pen.paint(mark, color)} {report.message}"
    for reason in report.reasons:
        yield from pen.wrap(reason, "  ", "    ")
    if report.called and report.outcome != FINE:
        calls = ", ".join(f"{name}()" for name in report.called)
        yield from pen.wrap(f"before that it survived {calls}", "  ")
    if report.not_called:
        names = ", ".join(f"{name}()" for name in report.not_called)
        said = f"not called, since the contract does not say who frees what they return: {names}"
        yield from pen.wrap(said, "  ")
    if any(output) and report.outcome != FINE:
        yield pen.paint("  its last words on standard error:", FAINT)
        for line in output:
            yield f"  {pen.bar} {line}"


def render_json(report: ProbeReport) -> str:
    """Return the same as one JSON document; schemas/formats/probe.schema.json describes it."""
    document = {
        "probe": "abicheck",
        "version": VERSION,
        "file": report.file,
        "outcome": report.outcome,
        "exit_code": int(report.exit_code),
        "message": report.message,
        "reasons": list(report.reasons),
        "stage": report.stage,
        "signal": report.signal,
        "verdict": report.verdict,
        "called": list(report.called),
        "not_called": list(report.not_called),
        "output": report.output,
    }
    return json.dumps(document, indent=2) + "\n"
