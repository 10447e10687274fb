"""`abicheck inspect`: a plugin -> what can be seen of it without a contract."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from abicheck.commands import streams
from abicheck.commands.arguments import HELP, Option, UsageError, described, read_arguments
from abicheck.errors import BinaryError, UnsupportedError
from abicheck.model.report import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.commands.arguments import Arguments
    from abicheck.model.inspection import Inspection

SUMMARY = "show what can be seen of a plugin, without a contract"

OPTIONS = (
    Option("--type", "only this struct, union or enum", value="NAME", is_repeatable=True),
    Option(
        "--format", "how to write it (default: text)",
        value="text|json", choices=("text", "json"),
    ),
    Option(
        "--debug-file", "a file with the plugin's debug information",
        value="FILE", is_repeatable=True,
    ),
    Option(
        "--debug-dir", "where to search for such files, by build-id and name",
        value="DIR", is_repeatable=True,
    ),
    Option("--verbose", "leave nothing out, however long", short="-v"),
    Option(
        "--color", "auto (on a terminal, unless NO_COLOR), always, never",
        value="WHEN", choices=("auto", "always", "never"),
    ),
    HELP,
)  # fmt: skip

USAGE = """\
usage: abicheck inspect PLUGIN [options]

Shows what abicheck sees of PLUGIN, which may also be a host's executable: what
it is built for, what it exports and imports, the values of exported constants,
the layouts of its structs with their holes, and for what there is no evidence.
Nothing of it is run.

options:
{options}

examples:
  abicheck inspect libgreeter.so
  abicheck inspect libgreeter.so --type Greeter
  abicheck inspect libgreeter.so --debug-file libgreeter.so.debug
  abicheck inspect libgreeter.so --format json > greeter.json

exit codes:
  0  shown
  2  the command line is wrong, or there is no such type
  4  the plugin cannot be read
"""


def help_text() -> str:
    """Return what `abicheck inspect --help` prints."""
    return USAGE.format(options=described(OPTIONS))


def run(words: Sequence[str]) -> int:
    """Show the plugin that a command line names; return the exit code."""
    arguments = read_arguments(words, OPTIONS)
    if arguments.has("--help"):
        streams.write(help_text())
        return ExitCode.COMPATIBLE
    file = _file(arguments)
    is_json = arguments.one("--format", "text") == "json"
    try:
        with streams.Progress(sys.stderr) as progress:
            progress.show(f"reading {file}")
            inspection = _inspect(file, arguments, progress)
            progress.show(f"writing what is seen of {file}")
            shown = _render(inspection, arguments, is_json=is_json)
    except (BinaryError, UnsupportedError) as error:
        if is_json:
            from abicheck.report.inspection_json import render_error  # noqa: PLC0415

            streams.write(render_error(file, str(error)))
        streams.complain(f"abicheck: {error}")
        return ExitCode.UNREADABLE
    streams.write(shown)
    return ExitCode.COMPATIBLE


def _file(arguments: Arguments) -> str:
    if len(arguments.words) != 1:
        found = f", not {len(arguments.words)} of them" if arguments.words else ""
        raise UsageError(f"say which PLUGIN to inspect{found}: abicheck inspect PLUGIN")
    for option, exists, kind in (
        ("--debug-file", os.path.isfile, "file"),
        ("--debug-dir", os.path.isdir, "directory"),
    ):
        for path in arguments.all(option):
            if not exists(path):
                raise UsageError(f"{option} {path!r} is not a {kind} that exists")
    return arguments.words[0]


def _inspect(file: str, arguments: Arguments, progress: streams.Progress) -> Inspection:
    from abicheck.authoring.inspect import NoSuchTypeError, inspect  # noqa: PLC0415
    from abicheck.evidence.reference import read_references  # noqa: PLC0415 (not for --help)

    slices = read_references(
        file,
        debug_files=arguments.all("--debug-file"),
        debug_dirs=arguments.all("--debug-dir"),
    )
    try:
        return inspect(
            file,
            slices,
            arguments.all("--type"),
            is_whole=arguments.has("--verbose"),
            tell=lambda done, total: progress.show(f"exports of {file}", done, total),
        )
    except NoSuchTypeError as error:
        raise UsageError(str(error)) from None


def _render(inspection: Inspection, arguments: Arguments, *, is_json: bool) -> str:
    if is_json:
        from abicheck.report.inspection_json import render_json  # noqa: PLC0415

        return render_json(inspection)
    from abicheck.report.inspection import render_text  # noqa: PLC0415

    style = streams.style_of(arguments)
    return render_text(inspection, style)
