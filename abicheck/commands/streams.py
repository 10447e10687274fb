"""Text -> standard output, a file or the terminal's progress line, whatever these can show."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from abicheck.commands.arguments import UsageError
from abicheck.model.options import Style
from abicheck.model.report import ExitCode
from abicheck.report import render_problems

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self, TextIO

    from abicheck.commands.arguments import Arguments
    from abicheck.errors import Problem

MARKS = "✓✗→│…"
"""What a text report shows; a stream that cannot encode them gets ASCII."""

PATIENCE = 1.0
"""Seconds before a progress line appears."""

REFRESH = 0.1
"""Seconds between two progress lines."""


def shows_marks(stream: TextIO | None) -> bool:
    """Whether a stream can encode the marks of a text report."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    try:
        MARKS.encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person is likely to look at a stream, on something that moves its cursor."""
    try:
        return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:  # closed
        return False


def style_of(arguments: Arguments) -> Style:
    """Return how to write to standard output, by `--color`, `--verbose` and what it can show."""
    return Style(
        has_color=wants_color(arguments.one("--color", "auto"), sys.stdout),
        is_ascii=not shows_marks(sys.stdout),
        is_verbose=arguments.has("--verbose"),
    )


def wants_color(choice: str, stream: TextIO | None) -> bool:
    """Decide about colours: `choice` is "auto", "always" or "never"; "auto" honours NO_COLOR."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR") or (os.name == "nt" and "WT_SESSION" not in os.environ):
        return False
    return is_terminal(stream)


def write(text: str, file: str | None = None) -> None:
    """Write text to standard output, or to `file` as UTF-8; what cannot be encoded is escaped.

    A reader that has seen enough (`| head`) is no error: the exit code still holds.
    Raises: UsageError if the text cannot be written.
    """
    if file is not None and file != "-":
        try:
            with open(file, "w", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(text)
        except (OSError, ValueError) as error:
            cause = getattr(error, "strerror", None) or error
            raise UsageError(f"--output {file!r} cannot be written: {cause}") from None
        return
    if sys.stdout is None:  # closed by whoever started us; the exit code is what they want
        return
    _tolerate(sys.stdout)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is still buffered must not fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            message = f"standard output cannot be written: {error.strerror}"
            raise UsageError(message) from None


def complain(text: str) -> None:
    """Write lines that are no findings to standard error, if anybody listens there."""
    if sys.stderr is None:
        return
    from abicheck.report.terminal import harmless  # noqa: PLC0415 (good news has no complaints)

    _tolerate(sys.stderr)
    with suppress(OSError):
        sys.stderr.write("".join(f"{harmless(line)}\n" for line in text.split("\n")))
        sys.stderr.flush()


def refuse(problems: Sequence[Problem], output: str, file: str | None = None) -> int:
    """Say what is wrong with a contract, in the form of `output`; return the exit code."""
    document = render_problems(problems, output)
    if document:
        write(document, file)
    for problem in problems:
        complain(str(problem))
    return ExitCode.USAGE


def _tolerate(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


class Progress:
    """A line on a terminal that says what is being done, once it has taken more than a second."""

    def __init__(self, stream: TextIO | None, *, is_wanted: bool = True) -> None:
        """Prepare; nothing is written unless `stream` is a terminal."""
        self.stream = stream if is_wanted and is_terminal(stream) else None
        self.done, self.total, self.name = 0, 0, ""

    def show(self, name: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done now: plugin `done` of `total`."""
        self.name, self.done, self.total = name, done, total

    def __enter__(self) -> Self:
        """Begin to watch the clock."""
        if self.stream is not None:
            from threading import Event, Thread  # noqa: PLC0415 (only on a terminal)

            self._finished = Event()
            self._thread = Thread(target=self._draw, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Take the line away."""
        if self.stream is not None:
            self._finished.set()
            self._thread.join()

    def _draw(self) -> None:
        from time import monotonic  # noqa: PLC0415

        began = monotonic()
        is_drawn = False
        pause = PATIENCE
        while not self._finished.wait(pause):
            pause, is_drawn = REFRESH, True
            self._put(self.line(monotonic() - began))
        if is_drawn:
            self._put("")

    def line(self, seconds: float) -> str:
        """Return what the line says after so many seconds."""
        if self.total > 1:
            filled = 20 * self.done // self.total
            bar = "#" * filled + "." * (20 - filled)
            return f"[{bar}] {self.done}/{self.total} {self.name}"
        return f"{self.name}: {seconds:.0f} s"

    def _put(self, text: str) -> None:
        assert self.stream is not None
        try:
            columns = os.get_terminal_size(self.stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0  # Some terminals do not know either.
        width = (columns or 80) - 1
        shown = "".join(each if each.isprintable() else "?" for each in text)[:width]
        with suppress(OSError, ValueError):  # Nobody looks any more; the work goes on.
            self.stream.write(f"\r{shown}\x1b[K")
            self.stream.flush()
