"""What a terminal can be trusted with: harmless text, marks, colours, lines of a fixed width."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from abicheck.model.records import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from abicheck.model.options import Style

T = TypeVar("T")

WIDTH = 80
LONGEST = 600
"""Characters of one text taken from a plugin that are still shown."""

GREEN, RED, YELLOW, BOLD, FAINT = "32", "31", "33", "1", "2"

UNBROKEN = "\u00a0"
"""A space at which no line ends; `harmless` leaves none of a plugin's own."""

_ASCII: dict[str, str | int | None] = {
    "✓": "+", "✗": "x", "→": ">", "│": "|", "─": "-", "…": "...", "—": "-", "–": "-", "·": "-",  # noqa: RUF001
    "“": '"', "”": '"', "‘": "'", "’": "'", "≤": "<=", "≥": ">=", "≠": "!=", "×": "x",  # noqa: RUF001
}  # fmt: skip


class Pen:
    """Writes marks and colours as one `Style` allows them."""

    def __init__(self, style: Style) -> None:
        """Choose the marks that the reader of this report can see."""
        self.style = style
        self.good, self.bad, self.unsure, self.broken = "✓", "✗", "?", "!"
        self.arrow, self.bar, self.more = "→", "│", "…"
        if style.is_ascii:
            self.good, self.bad, self.arrow, self.bar, self.more = "+", "x", ">", "|", "..."

    def paint(self, text: str, *codes: str) -> str:
        """Return `text` in colour, if the style has any."""
        if not self.style.has_color or not text.strip():
            return text
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m"

    def clip(self, text: str, width: int) -> str:
        """Return `text`, cut to `width` characters with a mark where it goes on."""
        return text if len(text) <= width else text[: max(0, width - len(self.more))] + self.more

    def wrap(self, text: str, first: str = "", rest: str | None = None) -> Iterator[str]:
        """Yield `text` in lines of at most 80 characters; a longer word stays whole.

        `first` stands before the first line, `rest` (unsaid: as wide as `first`) before the others.
        """
        margin = " " * len(first) if rest is None else rest
        line, is_empty = first, True
        for word in text.split(" "):
            if not is_empty and len(line) + 1 + len(word) > WIDTH:
                yield line.rstrip()
                line, is_empty = margin, True
            line += word if is_empty else f" {word}"
            is_empty = False
        yield line.rstrip()

    def finish(self, lines: Iterable[str]) -> str:
        """Return the text of a whole report; every line ends in a newline."""
        text = "".join(f"{line}\n" for line in lines).replace(UNBROKEN, " ")
        if self.style.is_ascii and not text.isascii():
            text = text.translate(str.maketrans(_ASCII))
            text = text.encode("ascii", "backslashreplace").decode("ascii")
        return text


def harmless(value: T) -> T:
    r"""Return a report, or any part of one, whose texts cannot steer a terminal.

    A plugin's author chooses its names: control and direction characters, line ends,
    invisible characters and bytes that are no text become escapes such as `\x1b`.
    """
    if isinstance(value, str):
        return _harmless_text(value)  # type: ignore[return-value]
    if isinstance(value, tuple):
        return tuple([harmless(each) for each in value])  # type: ignore[return-value]
    names: tuple[str, ...] = getattr(type(value), "__match_args__", ())
    changes = {name: harmless(getattr(value, name)) for name in names}
    return replace(value, **changes) if names else value


def _harmless_text(text: str) -> str:
    if type(text) is not str:  # a verdict
        return text
    if not text.isprintable():
        text = "".join([each if each.isprintable() else _escaped(each) for each in text])
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 :]}"
    return text


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 (a byte of a file name that is not UTF-8)
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
