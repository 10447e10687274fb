"""Report -> text: one renderer for each output that `--format` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from abicheck.errors import Problem
    from abicheck.model.options import Style
    from abicheck.model.report import Report

    Renderer = Callable[[Report, Style], str]


def _text(report: Report, style: Style) -> str:
    from abicheck.report.text import render  # noqa: PLC0415 (only what is asked for is imported)

    return render(report, style)


def _json(report: Report, _style: Style) -> str:
    from abicheck.report.json_v1 import render  # noqa: PLC0415

    return render(report)


RENDERERS: dict[str, Renderer] = {"text": _text, "json": _json}
"""Every output, by its name on the command line. Each returns whole lines."""


def render(report: Report, output: str = "text", style: Style | None = None) -> str:
    """Return a report in the form that `output` names, as lines that end in a newline."""
    from abicheck.model.options import Style  # noqa: PLC0415

    return RENDERERS[output](report, style or Style())


def render_problems(problems: Sequence[Problem], output: str, code: int = 2) -> str:
    """Return the document of a run that gave no answer; "" for outputs that leave it to stderr.

    `code` is the exit code: 2 for a wrong contract, 4 for a binary that cannot be read.
    """
    if output != "json":
        return ""
    from abicheck.report.json_v1 import render_problems as render_json  # noqa: PLC0415

    return render_json(problems, code)
