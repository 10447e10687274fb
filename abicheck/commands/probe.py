"""`abicheck probe`: a plugin and a contract -> how it fares when it is loaded and used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.commands import streams
from abicheck.commands.arguments import HELP, Option, UsageError, described, read_arguments
from abicheck.commands.contracts import SET, parse_set
from abicheck.errors import ContractError
from abicheck.model.report import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.commands.arguments import Arguments
    from abicheck.model.options import VerifyOptions
    from abicheck.runtime.probing import Limits

SUMMARY = "load a plugin in a child process, and use it a little"
MEBIBYTE = 1 << 20

OPTIONS = (
    Option("--schema", "the contract, a TOML file", value="FILE", short="-s"),
    Option("--timeout", "seconds after which the plugin hangs (default: 10)", value="SECONDS"),
    Option("--memory", "MiB that the plugin may have (default: 1024)", value="MIB"),
    SET,
    Option(
        "--as-of", "the version of the contract to hold the plugin to\n"
        "(default: the one that its tag states)", value="VERSION",
    ),
    Option(
        "--debug-file", "a file with the plugin's debug information",
        value="FILE", is_repeatable=True,
    ),
    Option(
        "--debug-dir", "where to search for such files, by build-id and name",
        value="DIR", is_repeatable=True,
    ),
    Option(
        "--format", "how to write the outcome (default: text)",
        value="text|json", choices=("text", "json"),
    ),
    Option(
        "--color", "auto (on a terminal, unless NO_COLOR), always, never",
        value="WHEN", choices=("auto", "always", "never"),
    ),
    HELP,
)  # fmt: skip

USAGE = """\
usage: abicheck probe PLUGIN --schema FILE [options]

Loads PLUGIN in a child process, as a host would: verified first, then its tags
behind calls. Functions that take nothing and whose results the contract says how
to free are called, and what they return is freed; then it is unloaded. Says
whether that went well, or how it ended: refused, a crash, a hang.

The plugin runs, with your rights: this is no sandbox. `abicheck verify` runs nothing.

options:
{options}

examples:
  abicheck probe libgreeter.so --schema greeter.toml
  abicheck probe libgreeter.so --schema greeter.toml --timeout 2 --format json

exit codes:
  0  it was loaded, used and unloaded without harm
  1  it does not keep the contract, it crashed, or it hung
  2  the command line or the contract is wrong
  3  it was not loaded: nothing shows that it keeps the contract
  4  it cannot be read, or the system would not load it
"""


def help_text() -> str:
    """Return what `abicheck probe --help` prints."""
    return USAGE.format(options=described(OPTIONS))


def run(words: Sequence[str]) -> int:
    """Probe the plugin that a command line names; return the exit code."""
    arguments = read_arguments(words, OPTIONS)
    if arguments.has("--help"):
        streams.write(help_text())
        return ExitCode.COMPATIBLE
    if len(arguments.words) != 1:
        found = f", not {len(arguments.words)} of them" if arguments.words else ""
        raise UsageError(f"say which PLUGIN{found}: abicheck probe PLUGIN --schema FILE")
    if not arguments.has("--schema"):
        raise UsageError(f"say which contract: abicheck probe {arguments.words[0]} --schema FILE")
    from abicheck.report.probing import render_json, render_text  # noqa: PLC0415 (not for --help)
    from abicheck.runtime.probing import probe_plugin  # noqa: PLC0415

    try:
        report = probe_plugin(
            arguments.words[0], arguments.one("--schema"), _options(arguments), _limits(arguments)
        )
    except ContractError as error:
        return streams.refuse(error.problems, arguments.one("--format", "text"))
    if arguments.one("--format", "text") == "json":
        streams.write(render_json(report))
    else:
        streams.write(render_text(report, streams.style_of(arguments)))
    return report.exit_code


def _options(arguments: Arguments) -> VerifyOptions:
    from abicheck.model.options import VerifyOptions  # noqa: PLC0415

    return VerifyOptions(
        parameters=dict(parse_set(each) for each in arguments.all("--set")),
        debug_files=arguments.all("--debug-file"),
        debug_dirs=arguments.all("--debug-dir"),
        as_of=arguments.maybe("--as-of"),
    )


def _limits(arguments: Arguments) -> Limits:
    from abicheck.runtime.probing import Limits  # noqa: PLC0415

    seconds = _number(arguments, "--timeout", 10.0)
    return Limits(seconds, int(_number(arguments, "--memory", 1024.0) * MEBIBYTE))


def _number(arguments: Arguments, name: str, default: float) -> float:
    text = arguments.maybe(name)
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise UsageError(f"{name} {text!r} is no number above 0")
    return number
