"""`abicheck explain`: the id of a rule -> its page of the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.commands import streams
from abicheck.commands.arguments import (
    HELP,
    UsageError,
    described,
    read_arguments,
    suggestion,
)
from abicheck.model.report import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.pages import Page

SUMMARY = "say what a rule is about, and what to do when it fires"

OPTIONS = (HELP,)

USAGE = """\
usage: abicheck explain [RULE...]

Prints what a RULE decides, why it matters, what to do when it fires, and an
example. Reports have the rule's id in brackets; without one, all are listed.

options:
{options}

examples:
  abicheck explain
  abicheck explain field-offset-mismatch
  abicheck explain pointer-owner-unsaid

exit codes:
  0  explained
  2  there is no such rule
"""


def help_text() -> str:
    """Return what `abicheck explain --help` prints."""
    return USAGE.format(options=described(OPTIONS))


def run(words: Sequence[str]) -> int:
    """Print the pages of the rules that a command line names; return the exit code."""
    arguments = read_arguments(words, OPTIONS)
    streams.write(help_text() if arguments.has("--help") else _pages(arguments.words))
    return ExitCode.COMPATIBLE


def _pages(names: Sequence[str]) -> str:
    from abicheck.authoring.lint import lints  # noqa: PLC0415 (not needed for --help)
    from abicheck.report.pages import read_examples, render_list, render_page  # noqa: PLC0415
    from abicheck.rules import all_rules  # noqa: PLC0415
    from abicheck.runtime import pages as of_loading  # noqa: PLC0415

    of_verify = tuple(rule.page for rule in all_rules())
    of_lint = tuple(lint.page for lint in lints())
    of_load = of_loading.pages()
    if not names:
        lists = (
            render_list("Rules of `abicheck verify`:", of_verify),
            render_list("Rules of `abicheck.load`:", of_load),
            render_list("Rules of `abicheck lint`:", of_lint),
        )
        return "\n".join(lists)
    known = {page.id: page for page in (*of_verify, *of_load, *of_lint)}
    examples = {**read_examples(), **of_loading.EXAMPLES}
    return "\n".join(
        render_page(page, examples.get(page.id, {}))
        for page in (_find(name, known) for name in names)
    )


def _find(name: str, known: dict[str, Page]) -> Page:
    # The brackets with which a report writes an id may have been copied with it.
    rule_id = name.strip("[]")
    if rule_id not in known:
        hint = suggestion(rule_id, known) or " (abicheck explain lists all)"
        raise UsageError(f"there is no rule {name!r}{hint}")
    return known[rule_id]
