"""`abicheck generate`: a contract -> headers and modules for plugins and hosts."""

from __future__ import annotations

import os
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
from abicheck.errors import ContractError, GenerationError
from abicheck.model.report import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.commands.arguments import Arguments
    from abicheck.generation import GeneratedFile
    from abicheck.model.contract import Contract

SUMMARY = "write headers and modules for plugins and hosts from a contract"

OPTIONS = (
    Option(
        "--output", "where the files go (default: here); - is standard output",
        value="DIR", short="-o",
    ),
    Option("--host", "also the guard that a host needs to check plugins before it loads them"),
    Option("--check", "write nothing; fail if a file is missing or not as it would be written"),
    Option("--force", "replace files that abicheck did not make"),
    SET,
    HELP,
)  # fmt: skip

USAGE = """\
usage: abicheck generate LANGUAGE CONTRACT [-o DIR] [options]

Writes what a plugin includes to keep CONTRACT: its types and prototypes, checked
by the compiler, and a descriptor that lets a stripped release be verified.

languages:
  c       NAME.h, for C99, C11, C++11 and newer
  rust    NAME.rs, without dependencies
  python  NAME_abi.py, for hosts: abicheck.load with the contract's types

options:
{options}

examples:
  abicheck generate c greeter.toml -o include
  abicheck generate rust greeter.toml -o src
  abicheck generate c greeter.toml --host -o host
  abicheck generate c greeter.toml -o include --check

exit codes:
  0  written, or with --check up to date
  1  with --check: a file is missing or stale
  2  the command line or the contract is wrong, or LANGUAGE cannot express it
"""

FIRST_LINES = 5
"""Where a generated file says that it is one."""


def help_text() -> str:
    """Return what `abicheck generate --help` prints."""
    return USAGE.format(options=described(OPTIONS))


def run(words: Sequence[str]) -> int:
    """Write the files that a command line asks for, or check them; return the exit code."""
    arguments = read_arguments(words, OPTIONS)
    if arguments.has("--help"):
        streams.write(help_text())
        return ExitCode.COMPATIBLE
    language = _language(arguments)
    try:
        contract = open_contract(arguments, f"generate {language}")
    except ContractError as error:
        return streams.refuse(error.problems, "text")
    from abicheck.generation import generate  # noqa: PLC0415

    try:
        files = generate(
            contract, language, host=arguments.has("--host"), settings=arguments.all("--set")
        )
    except GenerationError as error:
        for reason in error.reasons:
            streams.complain(f"{contract.file}: {reason}")
        return ExitCode.USAGE
    for name in _left_out(contract):
        streams.complain(f"abicheck: note: {name} is left out: it needs a parameter; see --set")
    directory = arguments.one("--output", ".")
    if arguments.has("--check"):
        return _check(files, directory, _again(words))
    if directory == "-":
        return _print(files)
    return _write(files, directory, is_forced=arguments.has("--force"))


def _left_out(contract: Contract) -> tuple[str, ...]:
    """Return the exports whose names need a parameter that nobody set, as the contract has them."""
    from abicheck.contract import parse_contract  # noqa: PLC0415

    written = [each.name for each in parse_contract(contract.file).exports if "{" in each.name]
    known = {each.written for each in contract.exports}
    return tuple(name for name in written if name not in known)


def _language(arguments: Arguments) -> str:
    """Take the language off the words of a command line.

    Raises: UsageError.
    """
    from abicheck.generation import GENERATORS, HOST_GENERATORS  # noqa: PLC0415

    known = HOST_GENERATORS if arguments.has("--host") else GENERATORS
    listed = ", ".join(known)
    if not arguments.words:
        raise UsageError(f"say in which language ({listed}): abicheck generate LANGUAGE CONTRACT")
    language = arguments.words.pop(0)
    if language not in known:
        if language == "python":
            raise UsageError(
                f"hosts in Python call abicheck.load and need no guard; --host is for {listed}"
            )
        close = suggestion(language, known)
        raise UsageError(f"{language!r} is none of the languages there are: {listed}{close}")
    return language


def _print(files: Sequence[GeneratedFile]) -> int:
    if len(files) != 1:
        *first, last = (file.name for file in files)
        names = f"{', '.join(first)} and {last}"
        raise UsageError(f"only one file fits on standard output, not {names}; say -o DIR")
    streams.write(files[0].text)
    return ExitCode.COMPATIBLE


def _write(files: Sequence[GeneratedFile], directory: str, *, is_forced: bool) -> int:
    from abicheck.commands.init import write_whole  # noqa: PLC0415

    paths = [os.path.join(directory, file.name) for file in files]
    if not is_forced:
        for path in paths:
            _refuse_foreign(path)
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--output {directory!r} cannot be made: {error.strerror}") from None
    for file, path in zip(files, paths, strict=True):
        if _content(path) == file.text:
            streams.complain(f"{_shown(path)}: up to date")
            continue
        write_whole(path, file.text, may_replace=True)
        streams.complain(f"{_shown(path)}: written")
    return ExitCode.COMPATIBLE


def _refuse_foreign(path: str) -> None:
    """Refuse to replace what abicheck did not make.

    Raises: UsageError.
    """
    from abicheck.generation.files import MARK  # noqa: PLC0415

    if os.path.lexists(path) and not os.path.isfile(path):
        raise UsageError(f"{_shown(path)} is there and no file, so it is not replaced")
    content = _content(path)
    if content is not None and MARK not in "\n".join(content.split("\n")[:FIRST_LINES]):
        raise UsageError(f"{_shown(path)} was not made by abicheck; --force replaces it")


def _check(files: Sequence[GeneratedFile], directory: str, again: str) -> int:
    if directory == "-":
        raise UsageError("--check looks at files; say in which -o DIR they are")
    wrong = []
    for file in files:
        path = os.path.join(directory, file.name)
        content = _content(path)
        if content != file.text:
            wrong.append(f"{_shown(path)}: {'missing' if content is None else 'stale'}")
    if not wrong:
        return ExitCode.COMPATIBLE
    streams.write("".join(f"{line}\n" for line in [*wrong, f"make them again: {again}"]))
    return ExitCode.INCOMPATIBLE


def _again(words: Sequence[str]) -> str:
    from shlex import join  # noqa: PLC0415

    return f"abicheck generate {join(word for word in words if word != '--check')}"


def _content(path: str) -> str | None:
    """Return the text of a file, None if there is none; how its lines end makes no difference."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"{_shown(path)} cannot be read: {error.strerror}") from None


def _shown(path: str) -> str:
    return path.removeprefix(f".{os.sep}")
