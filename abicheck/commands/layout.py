"""`abicheck layout`: a contract -> what its types come to on one target or several."""

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
    from abicheck.model.contract import Contract
    from abicheck.model.target import Target

SUMMARY = "show the layouts of a contract's types, target beside target"

OPTIONS = (
    Option(
        "--target", "where: names, patterns, lists of them, or `all`\n"
        "(default: those that [platform] names, else this machine)",
        value="TARGET", short="-t", is_repeatable=True,
    ),
    Option("--type", "only this struct, union or enum", value="NAME", is_repeatable=True),
    Option(
        "--format", "how to write them (default: text)",
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
usage: abicheck layout CONTRACT [options]

Shows size, alignment and offsets that the structs, unions and enums of CONTRACT
have on each target, by that platform's own rules. Targets on which a type looks
alike share a column; lines that differ between columns begin with *.

options:
{options}

examples:
  abicheck layout greeter.toml
  abicheck layout greeter.toml --target x86_64-linux-gnu,i386-linux-gnu
  abicheck layout greeter.toml --target all --type Greeter
  abicheck layout greeter.toml --target 'aarch64-*' --format json

exit codes:
  0  shown
  2  the command line or the contract is wrong
"""


def help_text() -> str:
    """Return what `abicheck layout --help` prints."""
    return USAGE.format(options=described(OPTIONS))


def run(words: Sequence[str]) -> int:
    """Show the layouts of the contract that a command line names; return the exit code."""
    arguments = read_arguments(words, OPTIONS)
    if arguments.has("--help"):
        streams.write(help_text())
        return ExitCode.COMPATIBLE
    try:
        contract = open_contract(arguments, "layout")
    except ContractError as error:
        return streams.refuse(error.problems, arguments.one("--format", "text"))
    with streams.Progress(sys.stderr) as progress:
        progress.show(f"laying out {contract.file}")
        shown = _render(contract, arguments)
    streams.write(shown)
    return ExitCode.COMPATIBLE


def _render(contract: Contract, arguments: Arguments) -> str:
    from abicheck.authoring.layouts import NoSuchTypeError, lay_out_on  # noqa: PLC0415
    from abicheck.report.layouts import render_json, render_text  # noqa: PLC0415

    try:
        sheet = lay_out_on(contract, _targets(contract, arguments), arguments.all("--type"))
    except NoSuchTypeError as error:
        raise UsageError(f"{error}{suggestion(error.name, error.known)}") from None
    if arguments.one("--format", "text") == "json":
        return render_json(sheet.definitions, sheet.layouts)
    style = streams.style_of(arguments)
    return render_text(sheet.definitions, sheet.layouts, contract.file, style)


def _targets(contract: Contract, arguments: Arguments) -> tuple[Target, ...]:
    from abicheck.authoring.targets import named_targets, usual_targets  # noqa: PLC0415
    from abicheck.contract.targets import TargetError  # noqa: PLC0415

    if not arguments.has("--target"):
        return usual_targets(contract)
    try:
        return named_targets(arguments.all("--target"))
    except TargetError as error:
        hint = suggestion(error.word, error.known) if error.word else ""
        raise UsageError(f"--target: {error}{hint}") from None
