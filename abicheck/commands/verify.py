"""`abicheck verify`: plugins and a contract -> a report and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from abicheck.commands import streams
from abicheck.commands.arguments import HELP, Option, UsageError, described, read_arguments
from abicheck.commands.contracts import SET, parse_set
from abicheck.errors import ContractError
from abicheck.model.options import Style, VerifyOptions
from abicheck.model.report import ExitCode, PluginReport, Report
from abicheck.report import RENDERERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.commands.arguments import Arguments
    from abicheck.errors import Problem
    from abicheck.evidence import Candidate
    from abicheck.model.contract import Contract

SUMMARY = "check plugins against a contract"

OPTIONS = (
    Option("--schema", "the contract, a TOML file", value="FILE", short="-s"),
    Option(
        "--format", "how to write the report (default: text)",
        value="|".join(RENDERERS), choices=tuple(RENDERERS),
    ),
    SET,
    Option(
        "--as-of", "the version of the contract to hold plugins to\n"
        "(default: the one that a plugin's tag states)", value="VERSION",
    ),
    Option(
        "--debug-file", "a file with the plugin's debug information",
        value="FILE", is_repeatable=True,
    ),
    Option(
        "--debug-dir", "where to search for such files, by build-id and name",
        value="DIR", is_repeatable=True,
    ),
    Option("--host", "the host's binary: what it exports, plugins may import", value="FILE"),
    Option("--sysroot", "where the libraries that a plugin needs are looked up", value="DIR"),
    Option("--hash", "put each plugin's SHA-256 into the report"),
    Option("--output", "write the report to a file, and verdicts to stderr", value="FILE"),
    Option("--verbose", "list every claim, also those that are fine", short="-v"),
    Option("--quiet", "one line for each plugin", short="-q"),
    Option(
        "--color", "auto (on a terminal, unless NO_COLOR), always, never",
        value="WHEN", choices=("auto", "always", "never"),
    ),
    HELP,
)  # fmt: skip

REPEATED = ("--set", "--as-of", "--host", "--sysroot")
"""Options that a command suggested to the user must repeat."""

EXIT_CODES = {
    ExitCode.COMPATIBLE: "compatible",
    ExitCode.INCOMPATIBLE: "incompatible",
    ExitCode.USAGE: "the command line or the contract is wrong",
    ExitCode.UNVERIFIED: "unverified: nothing contradicts the contract, but not all is proved",
    ExitCode.UNREADABLE: "a plugin cannot be read, or there was none to check",
}

USAGE = """\
usage: abicheck verify PLUGIN... --schema FILE [options]

Says whether each PLUGIN keeps the contract that its host was built against.
PLUGIN is a file, or a directory to search for plugins. Nothing of it is run.

options:
{options}

examples:
  abicheck verify libgreeter.so --schema greeter.toml
  abicheck verify plugins/ --schema greeter.toml --format json > report.json
  abicheck verify libgreeter.so --schema greeter.toml --debug-dir /usr/lib/debug
  abicheck verify mod_rewrite.so --schema apache-httpd.toml --set mmn_minor=126

exit codes (of several plugins the first of 2, 4, 1, 3, 0 that occurred):
{codes}
"""


def help_text() -> str:
    """Return what `abicheck verify --help` prints."""
    codes = "\n".join(f"  {code.value}  {words}" for code, words in EXIT_CODES.items())
    return USAGE.format(options=described(OPTIONS), codes=codes)


def run(words: Sequence[str]) -> int:
    """Verify the plugins that a command line names; return the exit code."""
    arguments = read_arguments(words, OPTIONS)
    if arguments.has("--help"):
        streams.write(help_text())
        return ExitCode.COMPATIBLE
    options = _options(arguments)
    problems: list[Problem] = []
    report = _report(arguments, options, problems)
    if problems:
        return streams.refuse(
            problems, arguments.one("--format", "text"), arguments.maybe("--output")
        )
    assert report is not None
    _publish(report, arguments)
    return report.exit_code


def _options(arguments: Arguments) -> VerifyOptions:
    if not arguments.words:
        raise UsageError("say which PLUGIN to verify: abicheck verify PLUGIN --schema FILE")
    if not arguments.has("--schema"):
        raise UsageError(
            "say which contract to verify against: "
            f"abicheck verify {' '.join(arguments.words[:1])} --schema FILE"
        )
    for name in ("--debug-file", "--host"):
        for file in arguments.all(name):
            _demand(os.path.isfile(file), name, file, "is not a file that exists")
    for name in ("--debug-dir", "--sysroot"):
        for directory in arguments.all(name):
            _demand(os.path.isdir(directory), name, directory, "is not a directory that exists")
    return VerifyOptions(
        parameters=dict(parse_set(each) for each in arguments.all("--set")),
        debug_files=arguments.all("--debug-file"),
        debug_dirs=arguments.all("--debug-dir"),
        host=arguments.maybe("--host"),
        sysroot=arguments.maybe("--sysroot"),
        wants_hash=arguments.has("--hash"),
        as_of=arguments.maybe("--as-of"),
    )


def _demand(is_met: bool, option: str, value: str, complaint: str) -> None:
    if not is_met:
        raise UsageError(f"{option} {value!r} {complaint}")


def _report(arguments: Arguments, options: VerifyOptions, problems: list[Problem]) -> Report | None:
    """Return the report of all plugins; None if the contract is wrong, which fills `problems`."""
    from abicheck.verification import read_contract  # noqa: PLC0415 (not needed for --help)

    try:
        contract = read_contract(arguments.one("--schema"))
    except ContractError as error:
        problems.extend(error.problems)
        return None
    with streams.Progress(sys.stderr, is_wanted=not arguments.has("--quiet")) as progress:
        plugins = tuple(_plugins(arguments.words, contract, options, problems, progress))
    return Report(
        contract_name=contract.name,
        contract_version=contract.version,
        contract_file=contract.file,
        plugins=plugins,
    )


def _plugins(
    paths: Sequence[str],
    contract: Contract,
    options: VerifyOptions,
    problems: list[Problem],
    progress: streams.Progress,
) -> Iterator[PluginReport]:
    from abicheck.verification import verify_plugin  # noqa: PLC0415

    found = list(_candidates(paths, progress))
    for done, candidate in enumerate(found):
        progress.show(f"checking {candidate.path}", done, len(found))
        if candidate.error is not None:
            yield PluginReport(file=candidate.path, error=candidate.error)
            continue
        try:
            yield verify_plugin(candidate.path, contract, options)
        except ContractError as error:  # Templates are filled in for each plugin.
            known = {str(problem) for problem in problems}
            problems.extend(each for each in error.problems if str(each) not in known)


def _candidates(paths: Sequence[str], progress: streams.Progress) -> Iterator[Candidate]:
    from abicheck.evidence import find_plugins  # noqa: PLC0415

    for path in paths:
        progress.show(f"searching {path}")
        yield from find_plugins(path)


def _publish(report: Report, arguments: Arguments) -> None:
    output = arguments.maybe("--output")
    is_file = output not in {None, "-"}
    style = Style(
        has_color=streams.wants_color(
            arguments.one("--color", "auto"), None if is_file else sys.stdout
        ),
        is_ascii=not is_file and not streams.shows_marks(sys.stdout),
        is_verbose=arguments.has("--verbose"),
        is_quiet=arguments.has("--quiet"),
        repeated=tuple(
            word for name in REPEATED for value in arguments.all(name) for word in (name, value)
        ),
    )
    streams.write(RENDERERS[arguments.one("--format", "text")](report, style), output)
    if is_file and not style.is_quiet:
        brief = Style(is_quiet=True, is_ascii=not streams.shows_marks(sys.stderr))
        streams.complain(RENDERERS["text"](report, brief).rstrip("\n"))
