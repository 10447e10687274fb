"""`abicheck lint`: a contract -> what will hurt later, and an exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from abicheck.commands import streams
from abicheck.commands.arguments import (
    HELP,
    Option,
    UsageError,
    described,
    read_arguments,
    suggestion,
)
from abicheck.commands.contracts import SET, open_contract
from abicheck.errors import ContractError
from abicheck.model.report import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.commands.arguments import Arguments
    from abicheck.model.lint import Advice

SUMMARY = "say what will hurt later in a contract that is right today"

OPTIONS = (
    Option(
        "--allow", "leave out what this rule finds",
        value="RULE", is_repeatable=True,
    ),
    Option(
        "--format", "how to write the findings (default: text)",
        value="text|json", choices=("text", "json"),
    ),
    SET,
    Option(
        "--color", "auto (on a terminal, unless NO_COLOR), always, never",
        value="WHEN", choices=("auto", "always", "never"),
    ),
    HELP,
)  # fmt: skip

USAGE = """\
usage: abicheck lint CONTRACT [options]

Says what will hurt later: pointers that nobody owns, types that differ between
the targets, padding, structs that cannot grow, tags that only a call can read.
Each finding has a reason and a remedy; `abicheck explain RULE` says more.

options:
{options}

examples:
  abicheck lint greeter.toml
  abicheck lint greeter.toml --allow padding-unnamed --allow enum-width-unfixed
  abicheck lint greeter.toml --format json

exit codes:
  0  nothing was found
  1  something was found
  2  the command line or the contract is wrong
"""

CLEAN, FINDINGS = 0, 1


def help_text() -> str:
    """Return what `abicheck lint --help` prints."""
    return USAGE.format(options=described(OPTIONS))


def run(words: Sequence[str]) -> int:
    """Examine the contract that a command line names; return the exit code."""
    arguments = read_arguments(words, OPTIONS)
    if arguments.has("--help"):
        streams.write(help_text())
        return ExitCode.COMPATIBLE
    try:
        contract = open_contract(arguments, "lint")
    except ContractError as error:
        return streams.refuse(error.problems, arguments.one("--format", "text"))
    from abicheck.authoring.lint import advise  # noqa: PLC0415 (not needed for --help)
    from abicheck.report.lint import render_json, render_text  # noqa: PLC0415

    with streams.Progress(sys.stderr) as progress:
        progress.show(f"laying out {contract.file} for every target")
        findings: tuple[Advice, ...] = advise(contract, _allowed(arguments))
    if arguments.one("--format", "text") == "json":
        streams.write(render_json(contract, findings))
    else:
        style = streams.style_of(arguments)
        streams.write(render_text(contract, findings, style))
    return FINDINGS if findings else CLEAN


def _allowed(arguments: Arguments) -> tuple[str, ...]:
    from abicheck.authoring.lint import lints  # noqa: PLC0415

    known = [lint.id for lint in lints()]
    for name in arguments.all("--allow"):
        if name not in known:
            raise UsageError(f"--allow: there is no rule {name!r}{suggestion(name, known)}")
    return arguments.all("--allow")
