"""Schema: one TOML document on its way to a Contract, and every problem found in it so far."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from abicheck.contract.keys import (
    ANYTHING,
    ARRAY,
    FLAG,
    INTEGER,
    KEYS,
    NUMBER,
    OTHER_WORDS,
    TABLE,
    TEXT,
    TEXTS,
    VERSION,
)
from abicheck.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Self

    from abicheck.contract.keys import Kind
    from abicheck.contract.positions import KeyPath

TEMPLATE = r"(?a:\{([A-Za-z_]\w*)((?:\|[A-Za-z_]\w*)*)\})"
MAX_VERSION_PARTS = 8
MAX_VERSION_DIGITS = 9

# Compiled when first needed: every expression compiled at import is paid by every run.
_BARE_KEY = r"[A-Za-z0-9_-]+"
_HEXADECIMAL = r"0[xX][0-9a-fA-F][0-9a-fA-F_]{0,63}"
_DECIMAL = r"[+-]?[0-9]{1,40}"


class WrittenFloat(float):
    """A number with a point that is printed as it was written: `1.10` is not `1.1`."""

    text: str

    def __new__(cls, text: object) -> Self:
        """Keep both the number and its text."""
        number = super().__new__(cls, str(text))
        number.text = str(text)
        return number

    def __str__(self) -> str:
        """Return the number as it was written."""
        return self.text


class FilledFloat(WrittenFloat):
    """A number with a point that a parameter stands for: text where text is wanted."""


class FilledText(str):
    """Text that a parameter was put into: taken for an integer where one is wanted."""

    __slots__ = ()


class FilledInteger(int):
    """An integer that a parameter stands for: taken for text where text is wanted."""


class Schema:
    """Places and problems of one document. `lines` are those of the keys as written.

    `renamed` maps the names of exports to the keys they were written as. `has_open`: some
    templates stay as they are, because only a plugin's file name gives them a value.
    `filled` are the entries that parameters are part of; `left_out` the names of exports
    that were taken out of the document for want of a parameter.
    """

    def __init__(  # noqa: PLR0913 (all but two by keyword)
        self,
        file: str,
        lines: Mapping[KeyPath, int],
        *,
        renamed: Mapping[str, str] | None = None,
        filled: AbstractSet[KeyPath] = frozenset(),
        left_out: AbstractSet[str] = frozenset(),
        has_open: bool = False,
    ) -> None:
        """Begin without problems."""
        self.file = file
        self.lines = lines
        self.renamed = renamed or {}
        self.has_open = has_open
        self.uses_growth = False
        self.filled = filled
        self.left_out = left_out
        self.pending: set[str] = set()  # Exports whose type is wrong, or not known yet.
        self.problems: list[Problem] = []

    def line(self, path: KeyPath) -> int:
        """Return the line of a key, or of the innermost table around it that has one."""
        if path[:1] == ("exports",) and len(path) > 1:
            path = ("exports", self.renamed.get(str(path[1]), path[1]), *path[2:])
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: KeyPath, message: str) -> None:
        """Note what is wrong with the value at `path`."""
        self.problems.append(
            Problem(file=self.file, line=self.line(path), key=key_text(path), message=message)
        )

    def is_open(self, value: object) -> bool:
        """Whether `value` is text that waits for the plugin's file name."""
        return self.has_open and isinstance(value, str) and has_template(value)

    def table(self, kind: str, path: KeyPath, value: object) -> dict[str, Any]:
        """Return what is well-formed in a table of one `kind`; note the rest."""
        keys = KEYS[kind]
        if not isinstance(value, dict):
            self.problem(path, f"expected a table, found {described(value)}")
            return {}
        good: dict[str, Any] = {}
        for key, item in value.items():
            expected = keys.get(key)
            if expected is None:
                self._unknown_key((*path, key), kind, key)
            elif (checked := self.checked(expected, (*path, key), item)) is not None:
                good[key] = checked
        return good

    def _unknown_key(self, path: KeyPath, kind: str, key: str) -> None:
        from abicheck.contract.suggest import listed, nearest  # noqa: PLC0415 (for mistakes only)

        keys = KEYS[kind]
        other = OTHER_WORDS.get(key.lower())
        best = nearest(key, keys) or (other if other in keys else None)
        hint = f'did you mean "{best}"?' if best else f"expected {listed(keys)}"
        self.problem(path, f'unknown key "{key}"; {hint}')

    def lacks(self, kind: str, path: KeyPath, value: object, key: str, message: str = "") -> None:
        """Note that a table has no `key`; not where a misspelt key may be the one."""
        if isinstance(value, dict) and key not in value and value.keys() <= KEYS[kind].keys():
            self.problem(path, message or f'"{key}" is missing')

    def checked(self, kind: Kind, path: KeyPath, value: Any) -> Any:  # noqa: ANN401
        """Return `value` if it is of `kind`; None if it is open, or after noting a problem."""
        if isinstance(kind, tuple):
            return self._word(kind, path, value)
        if kind == TEXT:
            return self.text(path, value)
        if kind == INTEGER:
            return self.integer(path, value)
        if kind == TEXTS:
            return self.texts(path, value)
        if kind == VERSION:
            return self._version(path, value)
        if kind == ANYTHING or isinstance(value, _PYTHON_TYPES[kind]):
            return value
        if not self.is_open(value):
            self.problem(path, f"expected {kind}, found {described(value)}")
        return None

    def text(self, path: KeyPath, value: object) -> str | None:
        """Return `value` if it is text without control characters, and not empty."""
        if isinstance(value, (FilledInteger, FilledFloat)):
            return str(value)
        if not isinstance(value, str):
            self.problem(path, f"expected {TEXT}, found {described(value)}")
        elif not value:
            self.problem(path, "expected some text, found none")
        elif "\0" in value:
            self.problem(path, "no name holds a NUL character")
        else:
            return str(value)
        return None

    def texts(self, path: KeyPath, value: object) -> tuple[str, ...] | None:
        """Return an array of texts."""
        if not isinstance(value, list):
            if not self.is_open(value):
                self.problem(path, f"expected {TEXTS}, found {described(value)}")
            return None
        found = (self.text((*path, index), item) for index, item in enumerate(value))
        return tuple(item for item in found if item is not None)

    def integer(
        self, path: KeyPath, value: object, expected: str = INTEGER, least: int | None = None
    ) -> int | None:
        """Return an integer: one of TOML's, text such as "0xffffffffffffffff", or a capture."""
        number = as_integer(value)
        if number is None:
            if not self.is_open(value):
                self.problem(path, f"expected {expected}, found {described(value)}")
        elif least is not None and number < least:
            self.problem(path, f"expected {expected} from {least} upwards, found {number}")
        else:
            return number
        return None

    def _word(self, words: tuple[str, ...], path: KeyPath, value: object) -> str | None:
        if value in words:
            return str(value)
        if not self.is_open(value):
            from abicheck.contract.suggest import did_you_mean, listed  # noqa: PLC0415

            hint = did_you_mean(value, words) if isinstance(value, str) else ""
            expected = listed(f'"{word}"' for word in words)
            self.problem(path, f"expected {expected}, found {described(value)}{hint}")
        return None

    def _version(self, path: KeyPath, value: object) -> str | None:
        if isinstance(value, str) and is_version(value):
            return str(value)
        if isinstance(value, (FilledInteger, FilledFloat)) and is_version(str(value)):
            return str(value)
        if not self.is_open(value):
            hint = ""
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                hint = f'; write it in quotes: "{value}"'
            self.problem(path, f"expected {VERSION}, found {described(value)}{hint}")
        return None


_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    FLAG: bool,
    TABLE: dict,
    ARRAY: list,
    NUMBER: (int, dict, str),
}


def has_template(text: str) -> bool:
    """Whether a template is part of `text`."""
    words = text.split("{")[1:]
    could = any(word[:1] == "_" or word[:1].isalpha() for word in words)
    return could and re.search(TEMPLATE, text) is not None


def is_identifier(text: str) -> bool:
    """Whether `text` is a word of letters, digits and underscores."""
    return text.isascii() and text.isidentifier()


def is_version(text: str) -> bool:
    """Whether `text` is a version of one to eight numbers with dots between them."""
    parts = text.split(".")
    return len(parts) <= MAX_VERSION_PARTS and all(map(_is_number, parts))


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) <= MAX_VERSION_DIGITS


def as_integer(value: object) -> int | None:
    """Return the integer that a value of the schema means, if it means one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        if re.fullmatch(_HEXADECIMAL, value):
            return int(value, 16)
        if isinstance(value, FilledText) and re.fullmatch(_DECIMAL, value):
            return int(value)
    return None


def version_parts(text: str) -> tuple[int, ...]:
    """Return a dotted version as numbers, without trailing zeros, so that 1.2 equals 1.2.0."""
    parts = [int(part) for part in text.split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def key_text(path: Iterable[str | int]) -> str:
    """Return a key path as people write it: `structs.Greeter.fields[2].type`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            shown = part if re.fullmatch(_BARE_KEY, part) else f'"{part}"'
            text += f".{shown}" if text else shown
    return text


def described(value: object) -> str:
    """Return what a value is, for the end of a sentence: `the text "x"`, `the integer 5`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'the text "{shortened(value)}"'
    if isinstance(value, int):
        return f"the integer {int(value)}" if abs(value) >> 256 == 0 else "an integer far too large"
    if isinstance(value, float):
        return f"the number {value}"
    if isinstance(value, list):
        return "an array" if value else "an empty array"
    if isinstance(value, dict):
        return "a table"
    return "a date or time"


def shortened(text: str, limit: int = 60) -> str:
    """Return text on one line and of bounded length, for messages."""
    line = text.replace("\n", "\\n")
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
