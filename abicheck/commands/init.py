"""`abicheck init`: a reference plugin or a C header -> the text of a contract."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from abicheck.commands import streams
from abicheck.commands.arguments import HELP, Option, UsageError, described, read_arguments
from abicheck.errors import BinaryError, ContractError, UnsupportedError
from abicheck.model.report import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.authoring.draft import Draft, Wishes
    from abicheck.commands.arguments import Arguments

SUMMARY = "write a contract from a reference plugin or a C header"

OPTIONS = (
    Option("--output", "write to FILE, not to standard output", value="FILE", short="-o"),
    Option("--force", "replace FILE if it exists"),
    Option(
        "--export",
        "only this export, or those that fit a pattern such\nas 'codec_*'; repeatable",
        value="NAME",
        is_repeatable=True,
    ),
    Option(
        "--type",
        "this struct, union or enum too, which no export\nleads to; repeatable",
        value="NAME",
        is_repeatable=True,
    ),
    Option(
        "--target",
        "what plugins are built for, such as aarch64-linux;\n"
        "all: anything. Unsaid: what REFERENCE is built for.\nRepeatable",
        value="TARGET",
        is_repeatable=True,
    ),
    Option("--exports-only", "exports and their kinds alone, without types"),
    Option("--name", "the contract's name; unsaid: from the file's name", value="NAME"),
    Option(
        "--version",
        "the interface's version; unsaid: from a constant\nthat looks like one, else 1.0",
        value="VERSION",
    ),
    Option(
        "--debug-file",
        "a separate debug file of REFERENCE; repeatable",
        value="FILE",
        is_repeatable=True,
    ),
    Option(
        "--debug-dir",
        "a directory to search for debug files by build-id;\nrepeatable",
        value="DIR",
        is_repeatable=True,
    ),
    Option(
        "--header",
        "read a C header, not a plugin: the C compiler of\nthis machine compiles it",
        value="FILE",
    ),
    Option(
        "--cflags",
        "what the compiler needs for the header, such as\n'-Iinclude -DNDEBUG'; repeatable",
        value="FLAGS",
        is_repeatable=True,
    ),
    Option(
        "--cc",
        "the C compiler; unsaid: $CC, gcc, clang, or the one\nfrom PyPI (ziglang)",
        value="COMMAND",
    ),
    HELP,
)

USAGE = """\
usage: abicheck init REFERENCE [-o FILE] [options]
       abicheck init --header FILE.h [-o FILE] [options]

Writes the contract that REFERENCE keeps: a plugin or host binary with debug
information. Read it, and change what only its author can know.

options:
{options}

examples:
  abicheck init libgreeter.so -o greeter.toml
  abicheck init libgreeter.so --export 'load_*' --type Greeter
  abicheck init --header greeter.h --cflags='-Iinclude' -o greeter.toml

exit codes: 0 written, 2 the command line is wrong or nothing can be written,
4 REFERENCE cannot be read
"""

EVERY = "all"
SUFFIXES = re.compile(r"(\.(so|dylib|dll|node|pyd|h|hpp|debug)[.\d]*)+$|\.(cpython-|cp|abi)\d.*$")


def help_text() -> str:
    """Return what `abicheck init --help` prints."""
    return USAGE.format(options=described(OPTIONS))


def run(words: Sequence[str]) -> int:
    """Write the contract that a command line asks for; return the exit code."""
    arguments = read_arguments(words, OPTIONS)
    if arguments.has("--help"):
        streams.write(help_text())
        return ExitCode.COMPATIBLE
    reference = _reference(arguments)
    output = arguments.maybe("--output")
    is_file = output not in {None, "-"}
    if is_file:
        _refuse_existing(str(output), may_replace=arguments.has("--force"))
    try:
        with streams.Progress(sys.stderr) as progress:
            progress.show(f"reading {reference}")
            text, summary, hints = _text(reference, arguments)
    except (BinaryError, UnsupportedError) as error:
        streams.complain(f"abicheck: {error}")
        return ExitCode.UNREADABLE
    if is_file:
        write_whole(str(output), text, may_replace=arguments.has("--force"))
        streams.complain(f"{output}: {summary}")
    else:
        streams.write(text)
    for hint in hints:
        streams.complain(f"abicheck: note: {hint}")
    return ExitCode.COMPATIBLE


def _reference(arguments: Arguments) -> str:
    header = arguments.maybe("--header")
    if header is not None:
        if arguments.words:
            raise UsageError(f"name a REFERENCE or a --header, not both: {arguments.words[0]!r}")
        if not os.path.isfile(header):
            raise UsageError(f"--header {header!r} is not a file that exists")
        return header
    for option in ("--cflags", "--cc"):
        if arguments.has(option):
            raise UsageError(f"{option} goes with --header")
    if len(arguments.words) != 1:
        found = "" if not arguments.words else f", not {len(arguments.words)}"
        raise UsageError(f"say which one REFERENCE to read{found}: abicheck init REFERENCE -o FILE")
    return arguments.words[0]


def _refuse_existing(output: str, *, may_replace: bool) -> None:
    if os.path.exists(output) and not os.path.isfile(output):
        raise UsageError(f"--output {output!r} is there and no file, so it is not replaced")
    if not may_replace and os.path.lexists(output):
        raise UsageError(f"{output!r} exists; --force replaces it")


def _text(reference: str, arguments: Arguments) -> tuple[str, str, tuple[str, ...]]:
    """Return the contract's text, one line about it, and what else its author should know."""
    from abicheck.authoring.text import write  # noqa: PLC0415 (not needed for --help)
    from abicheck.contract import parse_contract_text  # noqa: PLC0415
    from abicheck.layout import check_contract  # noqa: PLC0415

    wishes = _wishes(reference, arguments)
    if arguments.has("--header"):
        from abicheck.authoring.headers import draft_header  # noqa: PLC0415

        draft = draft_header(
            reference, wishes, flags=_flags(arguments), compiler=arguments.maybe("--cc")
        )
    else:
        draft = _draft(reference, wishes, arguments)
    exports, types = len(draft.exports), len(draft.definitions)
    summary = f"{exports} export{'s' * (exports != 1)}, {types} type{'s' * (types != 1)}"
    text = write(draft)
    try:
        problems = check_contract(parse_contract_text(text, "draft"))
    except ContractError as error:
        problems = error.problems
    if problems:  # Damaged debug information can say what no compiler does.
        message = f"what its debug information says makes no contract: {problems[0].message}"
        raise BinaryError(reference, message)
    return text, summary, draft.hints


def _draft(reference: str, wishes: Wishes, arguments: Arguments) -> Draft:
    from abicheck.authoring.draft import NoTypesError, draft  # noqa: PLC0415
    from abicheck.evidence.reference import read_reference  # noqa: PLC0415

    evidence = read_reference(
        reference,
        debug_files=arguments.all("--debug-file"),
        debug_dirs=arguments.all("--debug-dir"),
    )
    try:
        return draft(evidence, os.path.basename(reference), wishes)
    except NoTypesError as error:
        raise UsageError(
            f"{reference}: {error}\n"
            "Build it with -g (Rust: debug = true), name its debug file with --debug-file, read\n"
            "the interface from its header with --header, or take what can be had without types:\n"
            f"  abicheck init {reference} --exports-only"
        ) from None


def _wishes(reference: str, arguments: Arguments) -> Wishes:
    from abicheck.authoring.draft import Wishes  # noqa: PLC0415

    version = arguments.maybe("--version")
    if version is not None and not re.fullmatch(r"\d+(\.\d+)*", version):
        raise UsageError(f"--version {version!r} is not a version such as 1.2")
    return Wishes(
        exports=arguments.all("--export"),
        types=arguments.all("--type"),
        is_exports_only=arguments.has("--exports-only"),
        targets=_targets(arguments),
        name=arguments.maybe("--name") or _name(reference),
        version=version,
    )


def _targets(arguments: Arguments) -> tuple[str, ...] | None:
    """Return the targets that `--target` names; none for `all`, None if nobody says."""
    from abicheck.contract.targets import TargetError, normal_target  # noqa: PLC0415

    named = [word.strip() for text in arguments.all("--target") for word in text.split(",")]
    if not named or named == [EVERY]:
        return () if named else None
    try:
        for word in named:
            normal_target(word)
    except TargetError as error:
        raise UsageError(f"--target {word!r}: {error}") from None
    return tuple(dict.fromkeys(named))


def _name(reference: str) -> str:
    """Return what a file is called without its decoration: "libgreeter.so.1" is "greeter"."""
    base = os.path.basename(reference)
    stem = SUFFIXES.sub("", base)
    return stem.removeprefix("lib") or stem or base


def _flags(arguments: Arguments) -> tuple[str, ...]:
    from shlex import split  # noqa: PLC0415

    try:
        return tuple(flag for text in arguments.all("--cflags") for flag in split(text))
    except ValueError as error:
        raise UsageError(f"--cflags: {error}") from None


def write_whole(output: str, text: str, *, may_replace: bool) -> None:
    """Write a file that is there either whole or not at all.

    Raises: UsageError.
    """
    directory, base = os.path.split(output)
    temporary = os.path.join(directory, f".{base}.{os.getpid()}.part")
    try:
        with open(temporary, "x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if may_replace:
            with suppress(OSError):
                os.chmod(temporary, os.stat(output).st_mode & 0o7777)
            os.replace(temporary, os.path.realpath(output) if os.path.islink(output) else output)
        else:
            os.link(temporary, output)  # Unlike a rename it fails if somebody was faster.
            os.unlink(temporary)
    except FileExistsError:
        _forget(temporary)
        raise UsageError(f"{output!r} exists; --force replaces it") from None
    except (OSError, ValueError) as error:
        _forget(temporary)
        cause = getattr(error, "strerror", None) or error
        raise UsageError(f"--output {output!r} cannot be written: {cause}") from None
    except BaseException:
        _forget(temporary)
        raise


def _forget(temporary: str) -> None:
    with suppress(OSError, ValueError):
        os.unlink(temporary)
