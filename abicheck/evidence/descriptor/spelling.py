"""The text of a type -> the type: a small reader of the one canonical spelling.

It knows nothing of aliases, places and mistakes: a descriptor is written by a program. What
is not of the vocabulary is the name of a type.

Source: docs/descriptor.md, "Types as text".
"""

from __future__ import annotations

import re

from abicheck.model.types import (
    SCALARS,
    Array,
    FunctionType,
    Named,
    Parameter,
    Pointer,
    Scalar,
    Type,
    Void,
)

MOST_TOKENS = 20_000
DEEPEST = 64
MOST_DIGITS = 15
"""Of an array's length: 2 to the power of 48 has as many."""

_TOKEN = re.compile(r'->|\.\.\.|[^\W\d]\w*|\d+|"[\w-]+"|[^\s\w]')
_NAME = re.compile(r"[^\W\d]\w*")


class SpellingError(Exception):
    """A text that spells no type."""


def read_type(text: str) -> Type:
    """Return the type that a text spells; a bare `fn(...)` is a pointer to a function.

    Raises:
        SpellingError: it spells none.
    """
    reader = _Reader(text)
    found = reader.type()
    if reader.peek():
        raise SpellingError
    return found


def read_function(text: str) -> FunctionType:
    """Return the prototype that a text spells.

    Raises:
        SpellingError: it spells none.
    """
    found = read_type(text)
    if isinstance(found, Pointer) and isinstance(found.to, FunctionType):
        return found.to
    raise SpellingError


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(text)[:MOST_TOKENS]
        self.tokens.append("")
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.at]

    def take(self) -> str:
        token = self.tokens[self.at]
        if not token:
            raise SpellingError
        self.at += 1
        return token

    def accept(self, token: str) -> bool:
        if self.tokens[self.at] != token:
            return False
        self.at += 1
        return True

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise SpellingError

    def type(self) -> Type:
        self.depth += 1
        if self.depth > DEEPEST:
            raise SpellingError
        found = self.any_type()
        self.depth -= 1
        return found

    def any_type(self) -> Type:
        token = self.peek()
        if token in {"fn", "extern"}:
            return Pointer(self.function(), may_be_null=False)
        token = self.take()
        if token in SCALARS:
            return Scalar(token)
        if token == "*":  # noqa: S105 (no password: a token of the grammar)
            is_mutable = self.accept("mut")
            if not is_mutable:
                self.expect("const")
            return Pointer(self.type(), is_mutable=is_mutable)
        if token == "&":  # noqa: S105
            is_mutable = self.accept("mut")
            return Pointer(self.type(), is_mutable=is_mutable, may_be_null=False)
        if token == "[":  # noqa: S105
            return self.array()
        if token == "c_void":  # noqa: S105
            return Void()
        if token == "Option" and self.accept("<"):  # noqa: S105
            function = self.function()
            self.expect(">")
            return Pointer(function, may_be_null=True)
        if not _NAME.fullmatch(token):
            raise SpellingError
        return Named(token)

    def array(self) -> Type:
        element = self.type()
        count = None
        if self.accept(";"):
            digits = self.take()
            if not (digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS):
                raise SpellingError
            count = int(digits)
        self.expect("]")
        return Array(element, count)

    def function(self) -> FunctionType:
        convention = "C"
        if self.accept("extern"):
            convention = self.take().strip('"')
        self.expect("fn")
        self.expect("(")
        parameters: list[Parameter] = []
        is_variadic = False
        while not self.accept(")"):
            if parameters:
                self.expect(",")
            if self.accept("..."):
                is_variadic = True
                self.expect(")")
                break
            parameters.append(Parameter(self.type()))
        result = self.type() if self.accept("->") else Void()
        return FunctionType(tuple(parameters), result, is_variadic, convention)
