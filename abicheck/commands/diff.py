"""`abicheck diff`: two contracts -> what changed, for whom it breaks, what version that needs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from abicheck.commands import streams
from abicheck.commands.arguments import HELP, Option, UsageError, described, read_arguments
from abicheck.errors import BinaryError, ContractError, Problem, UnsupportedError
from abicheck.model.report import ExitCode
from abicheck.report import render_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.commands.arguments import Arguments
    from abicheck.model.contract import Contract
    from abicheck.model.target import Target

SUMMARY = "say what changed between two contracts, and for whom it breaks"

TOO_LITTLE = 1
"""The exit code where the version was not raised enough."""

MAGICS = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xcf")
"""How binaries begin; a contract is text."""

OPTIONS = (
    Option(
        "--target", "where types are laid out: names, patterns, lists of them, or `all`\n"
        "(default: one target for each way to lay them out)",
        value="TARGET", short="-t", is_repeatable=True,
    ),
    Option(
        "--format", "how to write the changes (default: text)",
        value="text|json", choices=("text", "json"),
    ),
    Option(
        "--debug-dir", "where to search for debug files of binaries, by build-id\nand name",
        value="DIR", is_repeatable=True,
    ),
    Option(
        "--color", "auto (on a terminal, unless NO_COLOR), always, never",
        value="WHEN", choices=("auto", "always", "never"),
    ),
    HELP,
)  # fmt: skip

USAGE = """\
usage: abicheck diff OLD NEW [options]

Says what changed from the contract OLD to the contract NEW; for each change,
whether it breaks plugins built for OLD under a host of NEW, or plugins built for
NEW under a host of OLD; and which version that calls for: a major step for what
breaks, a minor one for what is new, none for what nobody notices. Instead of a
contract, OLD or NEW may be a binary with debug information.

options:
{options}

examples:
  abicheck diff greeter-1.2.toml greeter.toml
  abicheck diff greeter.toml libgreeter.so --format json

exit codes:
  0  the version was raised enough
  1  the version of NEW was not raised enough
  2  the command line or a contract is wrong
  3  enough for what can be seen, but a binary does not show all
  4  a binary cannot be read
"""


def help_text() -> str:
    """Return what `abicheck diff --help` prints."""
    return USAGE.format(options=described(OPTIONS))


def run(words: Sequence[str]) -> int:
    """Compare the two contracts that a command line names; return the exit code."""
    arguments = read_arguments(words, OPTIONS)
    if arguments.has("--help"):
        streams.write(help_text())
        return ExitCode.COMPATIBLE
    if len(arguments.words) != 2:  # noqa: PLR2004 (old and new)
        found = f", not {len(arguments.words)} files" if arguments.words else ""
        raise UsageError(f"say which two contracts to compare{found}: abicheck diff OLD NEW")
    for directory in arguments.all("--debug-dir"):
        if not os.path.isdir(directory):
            raise UsageError(f"--debug-dir {directory!r} is not a directory that exists")
    problems: list[Problem] = []
    _targets(arguments)  # What is wrong with them is said before anything is read.
    sides: list[tuple[Contract | None, Target | None]] = []
    with streams.Progress(sys.stderr) as progress:
        for path in arguments.words:
            progress.show(f"reading {path}")
            try:
                sides.append(_side(path, problems, arguments.all("--debug-dir")))
            except (BinaryError, UnsupportedError) as error:
                return _unreadable(path, error, arguments)
    contracts = [contract for contract, _ in sides if contract is not None]
    if len(contracts) < len(sides):
        return streams.refuse(problems, arguments.one("--format", "text"))
    return _compare(contracts, [target for _, target in sides], arguments)


def _unreadable(path: str, error: BinaryError | UnsupportedError, arguments: Arguments) -> int:
    problem = Problem(file=path, line=None, key="", message=str(error))
    if arguments.one("--format", "text") == "json":
        streams.write(render_problems([problem], "json", ExitCode.UNREADABLE))
    streams.complain(f"abicheck: {error}")
    return ExitCode.UNREADABLE


def _compare(
    contracts: Sequence[Contract], built: Sequence[Target | None], arguments: Arguments
) -> int:
    """Compare on the targets that were named, else on that of a binary, else on all that differ."""
    from abicheck.authoring.diff import compare_contracts  # noqa: PLC0415 (not for --help)
    from abicheck.report.changes import render_json, render_text  # noqa: PLC0415

    old, new = contracts
    targets = _targets(arguments) or tuple(each for each in built if each is not None)[:1]
    with streams.Progress(sys.stderr) as progress:
        progress.show(f"comparing {old.file} with {new.file}")
        diff = compare_contracts(old, new, targets, (built[0], built[1]))
    if arguments.one("--format", "text") == "json":
        streams.write(render_json(diff))
    else:
        style = streams.style_of(arguments)
        streams.write(render_text(diff, style))
    if not diff.is_raised_enough:
        return TOO_LITTLE
    return ExitCode.UNVERIFIED if diff.not_compared else ExitCode.COMPATIBLE


def _targets(arguments: Arguments) -> tuple[Target, ...]:
    from abicheck.authoring.targets import named_targets  # noqa: PLC0415
    from abicheck.contract.targets import TargetError  # noqa: PLC0415

    try:
        return named_targets(arguments.all("--target"))
    except TargetError as error:
        raise UsageError(f"--target: {error}") from None


def _is_binary(path: str) -> bool:
    try:
        with open(path, "rb") as stream:
            return stream.read(4).startswith(MAGICS)
    except (OSError, ValueError):
        return False  # Whoever reads it says what is wrong.


def _side(
    path: str, problems: list[Problem], debug_dirs: Sequence[str]
) -> tuple[Contract | None, Target | None]:
    """Return one of the two contracts, None after noting what is wrong; of a binary its target."""
    from abicheck.verification import read_contract  # noqa: PLC0415 (not needed for --help)

    if _is_binary(path):
        return _drafted(path, debug_dirs)
    try:
        return read_contract(path), None
    except ContractError as error:
        problems.extend(error.problems)
        return None, None


def _drafted(path: str, debug_dirs: Sequence[str]) -> tuple[Contract, Target]:
    """Return the contract that a binary keeps, and the target that it is built for."""
    from abicheck.authoring.draft import AuthoringError, Wishes, draft  # noqa: PLC0415
    from abicheck.authoring.text import write  # noqa: PLC0415
    from abicheck.contract import parse_contract_text  # noqa: PLC0415
    from abicheck.evidence.reference import read_reference  # noqa: PLC0415

    name = os.path.basename(path).partition(".")[0].removeprefix("lib") or "plugin"
    try:
        evidence = read_reference(path, debug_dirs=debug_dirs)
        drafted = draft(evidence, os.path.basename(path), Wishes(name=name))
    except AuthoringError as error:
        raise UsageError(f"{path}: {error}; name a contract instead") from None
    try:
        return parse_contract_text(write(drafted), path), evidence.target
    except ContractError as error:  # Damaged debug information can say what no compiler does.
        message = f"what its debug information says makes no contract: {error.problems[0].message}"
        raise BinaryError(path, message) from None
