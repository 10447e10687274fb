"""TOML text that is known to be valid -> the line of every key and array element.

`tomllib` gives values and no places. This walks the same text again, decodes nothing
but keys, and trusts that `tomllib` has already refused whatever is not TOML.

Source: TOML 1.0.0, sections "Keys", "String", "Array", "Inline Table", "Array of Tables".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")

# One part of a dotted key, and what follows it: "." another part, "=" a value, "]" a header's end.
_KEY_PART = re.compile(
    r"""[ \t]*(?:([A-Za-z0-9_-]+)|"((?:\\.|[^"\\\n])*)"|'([^'\n]*)')[ \t]*(\.|=[ \t]*|\]\]?)"""
)

# Multi-line strings may end in up to two quotation marks of their own before the closing three.
_PLAIN_VALUE = re.compile(
    r'''"""(?:\\[\s\S]|[^\\])*?""""{0,2}'''
    r"""|'''[\s\S]*?''''{0,2}"""
    r'''|"(?:\\.|[^"\\\n])*"'''
    r"""|'[^'\n]*'"""
    r"""|[^,\]}#\n"'\[{]+"""
)


def lines_of(text: str) -> Mapping[KeyPath, int]:
    r"""Return the 1-based line of every key path in a valid TOML document.

    A path holds keys and the indices of array elements, such as `("tags", "version", "one_of", 2)`.
    The text's line ends must be "\n" alone.
    """
    return _Walker(text).walk()


class _Walker:
    """One pass over a document, with the line of wherever the pass has come to."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[KeyPath, int] = {}
        self.array_lengths: dict[KeyPath, int] = {}
        self.line, self.counted = 1, 0

    def walk(self) -> Mapping[KeyPath, int]:
        text, end = self.text, len(self.text)
        table: KeyPath = ()
        position = self.blank(0)
        while position < end:
            if text[position] == "[":
                table, position = self.header(position)
            else:
                position = self.pair(position, table)
            position = self.blank(position)
        return self.lines

    def blank(self, position: int) -> int:
        """Return where the blank space and the comments at `position` end."""
        found = _BLANK.match(self.text, position)
        return found.end() if found else position

    def line_at(self, position: int) -> int:
        """Return the line of `position`, which never goes back."""
        self.line += self.text.count("\n", self.counted, position)
        self.counted = position
        return self.line

    def key(self, position: int) -> tuple[list[str], int]:
        """Return the parts of a dotted key, and where what follows it begins."""
        parts = []
        while found := _KEY_PART.match(self.text, position):
            bare, basic, literal, after = found.groups()
            parts.append(_decoded(basic) if basic is not None else bare or literal or "")
            position = found.end()
            if after != ".":
                break
        return parts, position

    def header(self, position: int) -> tuple[KeyPath, int]:
        """Enter `[table]` or `[[array of tables]]`; return its path."""
        is_array = self.text.startswith("[[", position)
        line = self.line_at(position)
        parts, position = self.key(position + (2 if is_array else 1))
        path: KeyPath = ()
        for part in parts[:-1]:
            path = (*path, part)
            self.lines.setdefault(path, line)
            if path in self.array_lengths:
                path = (*path, self.array_lengths[path] - 1)
        path = (*path, parts[-1])
        if is_array:
            index = self.array_lengths.get(path, 0)
            self.array_lengths[path] = index + 1
            self.lines.setdefault(path, line)
            path = (*path, index)
        self.lines[path] = line
        return path, position

    def pair(self, position: int, table: KeyPath) -> int:
        """Note `key = value`; return where it ends."""
        line = self.line_at(position)
        parts, position = self.key(position)
        for part in parts:
            table = (*table, part)
            self.lines.setdefault(table, line)
        return self.value(position, table)

    def value(self, position: int, path: KeyPath) -> int:
        """Note the places inside a value; return where it ends."""
        first = self.text[position]
        if first == "[":
            return self.array(position + 1, path)
        if first == "{":
            return self.inline_table(position + 1, path)
        found = _PLAIN_VALUE.match(self.text, position)
        return found.end() if found else len(self.text)

    def array(self, position: int, path: KeyPath) -> int:
        index = 0
        position = self.blank(position)
        while self.text[position] != "]":
            element = (*path, index)
            self.lines[element] = self.line_at(position)
            position = self.blank(self.value(position, element))
            if self.text[position] == ",":
                position = self.blank(position + 1)
            index += 1
        return position + 1

    def inline_table(self, position: int, path: KeyPath) -> int:
        position = self.blank(position)
        while self.text[position] != "}":
            position = self.blank(self.pair(position, path))
            if self.text[position] == ",":
                position = self.blank(position + 1)
        return position + 1


def _decoded(basic: str) -> str:
    """Return what a quoted key means, its escapes resolved."""
    if "\\" not in basic:
        return basic
    import tomllib  # noqa: PLC0415 (escapes in keys are rare)

    return str(tomllib.loads(f'key = "{basic}"')["key"])
