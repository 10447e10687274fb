"""A C header -> a shared library that describes every declaration of it, by any C compiler.

There is no parser of C here: the words of the preprocessed header are tried one by one,
and the compiler says which of them are functions, data or types.

Safety: only the compiler runs, as for any C file; what it makes is read and not loaded.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

from abicheck.authoring.draft import AuthoringError
from abicheck.errors import UnsupportedError
from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
TAG = re.compile(
    r"\b(struct|union|enum)\s+(?:__attribute__\s*\(\(.*?\)\)\s*)?([A-Za-z_]\w*)", re.ASCII
)
TEXT = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
MARKER = re.compile(r'#(?:line)? ?\d+ "((?:[^"\\]|\\.)*)"([ \d]*)')
KEYWORDS = frozenset(
    """auto break case char const continue default do double else enum extern float for goto if
    inline int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while _Bool _Complex _Noreturn _Static_assert _Alignas _Alignof _Atomic
    __attribute__ __asm__ asm __extension__ __inline __inline__ __restrict __const __volatile__
    typeof __typeof__ __signed__""".split()  # noqa: SIM905  a list of them is a page long
)
SYSTEM_HEADER = "3"
"""What marks a system header at a line marker. Source: GCC manual, "Preprocessor Output"."""

MOST_WORDS = 50_000
PATIENCE = 120
"""Seconds that a compiler may take."""

PREFIX = "abicheck_says_"
CLANG = "abicheck_compiled_by_clang"
BUILD = (
    "-g", "-O0", "-w", "-fPIC", "-shared", "-nostdlib", "-fvisibility=default", "-fno-lto",
)  # fmt: skip

NO_BUILTINS = "-fno-builtin"
"""Else clang knows `log` and `printf` though no header declares them, and takes fields for them."""


@record
class Declared:
    """What a header declares: symbol of the compiled library by what it describes.

    `values` are functions and data of external linkage, `types` structs, unions, enums and
    typedefs, both in the order of the header.
    """

    library: str
    compiler: str
    values: Mapping[str, str]
    types: Mapping[str, str]


def find_compiler(wish: str | None) -> tuple[str, ...]:
    """Return the command of a C compiler: the wished one, $CC, gcc, clang, or ziglang's.

    Raises: AuthoringError if there is none.
    """
    stated = wish or os.environ.get("CC")
    if stated:
        from shlex import split  # noqa: PLC0415

        command = tuple(split(stated))
        if command and shutil.which(command[0]):
            return command
        raise AuthoringError(f"the C compiler {stated!r} is not on this machine")
    for name in ("gcc", "clang", "cc"):
        if shutil.which(name):
            return (name,)
    from importlib.util import find_spec  # noqa: PLC0415

    if find_spec("ziglang") is not None:
        return (sys.executable, "-m", "ziglang", "cc")
    raise AuthoringError(
        "no C compiler is on this machine, and --header needs one; "
        "`pip install ziglang` brings one along"
    )


def compile_header(
    header: str, directory: str, *, flags: Sequence[str] = (), compiler: str | None = None
) -> Declared:
    """Compile what a header declares into a library in `directory`.

    Raises: AuthoringError if there is no compiler, UnsupportedError if it refuses the header.
    """
    return _Compilation(header, directory, flags, find_compiler(compiler)).run()


class _Compilation:
    def __init__(
        self, header: str, directory: str, flags: Sequence[str], command: tuple[str, ...]
    ) -> None:
        self.header, self.command, self.flags = os.path.abspath(header), command, tuple(flags)
        self.shown = header
        self.source = os.path.join(directory, "abicheck_header.c")
        self.library = os.path.join(directory, "header.so")
        self.undefined: list[str] = []
        self.unlimited = ""

    def run(self) -> Declared:
        self._write(["#ifdef __clang__", CLANG, "#endif"])
        text = self._compile("-E", "-w")
        self.unlimited = "-ferror-limit=0" if CLANG in text else "-fmax-errors=0"
        own = "\n".join(own_lines(text, self.header, self.source))
        words = self._words(own)
        # What is expanded already must not be again: errors would be said of the macro's line.
        self.undefined = [f"#undef {word}" for word in words]
        values = self._accepted({word: f"__typeof__(&({word})) {{}};" for word in words})
        values -= self._accepted(
            {word: f"static __typeof__({word}) {word};" for word in words if word in values}
        )
        others = [word for word in words if word not in values]
        types = self._accepted({word: f"{word} *{{}};" for word in others})
        tags = dict.fromkeys(f"{kind} {name}" for kind, name in TAG.findall(own))
        symbols = {
            "values": {
                word: f"{PREFIX}value_{i}" for i, word in enumerate(words) if word in values
            },
            "types": {
                name: f"{PREFIX}type_{i}"
                for i, name in enumerate([*(w for w in words if w in types), *tags])
            },
        }
        self._write(
            [f"__typeof__(&({word})) {symbol};" for word, symbol in symbols["values"].items()]
            + [f"{name} *{symbol};" for name, symbol in symbols["types"].items()]
        )
        self._compile(*BUILD, "-o", self.library)
        return Declared(
            library=self.library,
            compiler="zig cc" if "ziglang" in self.command else os.path.basename(self.command[0]),
            **symbols,
        )

    def _words(self, text: str) -> list[str]:
        found = dict.fromkeys(WORD.findall(TEXT.sub('""', text)))
        words = [word for word in found if word not in KEYWORDS]
        if len(words) > MOST_WORDS:
            raise UnsupportedError(f"{self.shown}: it has more than {MOST_WORDS} words")
        return words

    def _accepted(self, lines: Mapping[str, str]) -> set[str]:
        """Return the words whose line the compiler accepts; `{}` in a line is a fresh name."""
        if not lines:
            return set()
        self._write([line.format(f"abicheck_try_{i}") for i, line in enumerate(lines.values())])
        errors = self._run("-fsyntax-only", "-w", NO_BUILTINS, self.unlimited)[1]
        base = re.escape(os.path.basename(self.source))
        refused = {
            int(line) for line in re.findall(rf"{base}:(\d+):(?:\d+:)? (?:fatal )?error", errors)
        }
        first = 2 + len(self.undefined)
        return {word for number, word in enumerate(lines, first) if number not in refused}

    def _write(self, lines: Iterable[str]) -> None:
        escaped = self.header.replace("\\", "\\\\").replace('"', '\\"')
        with open(self.source, "w", encoding="utf-8") as stream:
            stream.write("\n".join([f'#include "{escaped}"', *self.undefined, *lines, ""]))

    def _compile(self, *arguments: str) -> str:
        code, errors, output = self._run(*arguments)
        if code:
            first = next((line for line in errors.splitlines() if "error" in line), errors.strip())
            raise UnsupportedError(
                f"{self.shown}: {self.command[0]} does not compile it: {first[:300]}\n"
                "The flags that your build uses go into --cflags, such as --cflags='-Iinclude'."
            )
        return output

    def _run(self, *arguments: str) -> tuple[int, str, str]:
        import subprocess  # noqa: PLC0415  a compiler, which the user chose

        command = [*self.command, *self.flags, *arguments, self.source]
        try:
            done = subprocess.run(  # noqa: S603  no shell; the words are the user's own
                command, capture_output=True, check=False, timeout=PATIENCE,
                stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C", "LANG": "C"},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UnsupportedError(
                f"{self.shown}: {self.command[0]} cannot be run: {error}"
            ) from None
        return (
            done.returncode,
            done.stderr.decode("utf-8", "replace"),
            done.stdout.decode("utf-8", "replace"),
        )


def own_lines(text: str, header: str, source: str) -> Iterator[str]:
    """Yield the lines of preprocessed text that are not from system headers or from `source`."""
    is_own = False
    for line in text.splitlines():
        found = MARKER.match(line)
        if found:
            file, marks = found.group(1).replace("\\\\", "\\"), found.group(2).split()
            is_own = file == header or (
                SYSTEM_HEADER not in marks and file != source and not file.startswith("<")
            )
        elif is_own and not line.startswith("#"):
            yield line
