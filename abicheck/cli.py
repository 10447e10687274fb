"""The command line: finds the command, runs it, and turns whatever happens into an exit code."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING

from abicheck import __version__
from abicheck.commands import streams
from abicheck.commands.arguments import UsageError, suggestion
from abicheck.errors import AbicheckError, Problem
from abicheck.model.report import ExitCode
from abicheck.report import render_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Run = Callable[[Sequence[str]], int]

COMMANDS = {
    "verify": "check plugins against a contract",
    "probe": "load a plugin in a child process, and use it a little",
    "init": "write a contract from a reference plugin or a C header",
    "inspect": "show what can be seen of a plugin, without a contract",
    "generate": "write headers and modules for plugins and hosts from a contract",
    "diff": "say what changed between two contracts, and for whom it breaks",
    "layout": "show the layouts of a contract's types, target beside target",
    "lint": "say what will hurt later in a contract that is right today",
    "explain": "say what a rule is about, and what to do when it fires",
}
"""Every command and what it is for; each is a module of `abicheck.commands` with a `run`."""

INTERRUPTED = 130
"""What shells report of a command that the user stopped: 128 and SIGINT."""

USAGE = """\
usage: abicheck COMMAND ...

Says whether a plugin keeps the contract that its host was built against,
without running a byte of it.

commands:
{commands}

`abicheck COMMAND --help` explains a command; `abicheck --version` says which
version this is.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; nothing else leaves this function.

    A fault of abicheck itself is 2, like a wrong command line: no answer was given, and
    no gate can take it for one. ABICHECK_DEBUG in the environment shows its traceback.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return int(_run(words))
    except UsageError as error:
        return _complain(words, str(error))
    except AbicheckError as error:
        return _complain(words, str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 (the one place, so that no user meets a traceback)
        return _apologise(words, error)


def _run(words: Sequence[str]) -> int:
    if not words:
        raise UsageError("say what to do, such as: abicheck verify PLUGIN --schema FILE")
    name, *rest = words
    if name in {"--help", "-h", "help"}:
        streams.write(_help())
        return ExitCode.COMPATIBLE
    if name in {"--version", "-V"}:
        streams.write(f"abicheck {__version__}\n")
        return ExitCode.COMPATIBLE
    if name not in COMMANDS:
        raise UsageError(_unknown(name, rest))
    run: Run = import_module(f"abicheck.commands.{name}").run
    return run(rest)


def _help() -> str:
    width = max(len(name) for name in COMMANDS)
    commands = [f"  {name.ljust(width)}  {purpose}" for name, purpose in COMMANDS.items()]
    return USAGE.format(commands="\n".join(commands))


def _unknown(name: str, rest: Sequence[str]) -> str:
    if name.startswith("-"):
        return f"{name} comes after a command, such as: abicheck verify PLUGIN --schema FILE"
    if os.path.exists(name):
        typed = " ".join(["abicheck verify", name, *rest])
        return f"{name!r} is a file and no command; did you mean: {typed}"
    return f"there is no command {name!r}{suggestion(name, COMMANDS)} (abicheck --help lists all)"


def _complain(words: Sequence[str], message: str) -> int:
    _refuse_in_json(words, message)
    streams.complain(f"abicheck: {message}")
    return ExitCode.USAGE


def _refuse_in_json(words: Sequence[str], message: str) -> None:
    if "--format=json" in words or ("--format", "json") in pairwise(words):
        problem = Problem(file="", line=None, key="", message=message)
        with suppress(UsageError):  # Standard output may be what is wrong.
            streams.write(render_problems([problem], "json"))


def _apologise(words: Sequence[str], error: Exception) -> int:
    """Ask for a bug report; whoever debugs sees the traceback."""
    if os.environ.get("ABICHECK_DEBUG"):
        import traceback  # noqa: PLC0415

        streams.complain("".join(traceback.format_exception(error)).rstrip())
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    file = "" if last is None else os.path.basename(last.tb_frame.f_code.co_filename)
    place = "" if last is None else f" at {file}:{last.tb_lineno}"
    fault = f"a fault of its own ({type(error).__name__}: {error}{place}), so no answer."
    _refuse_in_json(words, fault)
    streams.complain(
        f"abicheck: {fault}"
        "\nPlease report this, with the command you typed and the plugin if you may share it;"
        "\nABICHECK_DEBUG=1 in the environment adds the traceback that we need."
    )
    return ExitCode.USAGE
