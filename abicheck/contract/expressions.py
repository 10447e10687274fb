"""Type expressions -> types: the grammar of fields, exports and types, by recursive descent.

The grammar itself, which this module follows rule by rule, is in `docs/contract.md`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from abicheck.contract.schema import is_identifier
from abicheck.model.types import (
    CONVENTIONS,
    SCALARS,
    Array,
    FunctionType,
    Named,
    Parameter,
    Pointer,
    Scalar,
    Void,
    spell,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from abicheck.model.types import Type

MAX_DEPTH = 40
MAX_LENGTH = 4000
MAX_COUNT = 2**48

_TOKEN = re.compile(
    r"""\s*(->|\.\.\.|[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*|\d\w*|"[^"]*"|\S)""", re.ASCII
)

# Where a type stands decides what may stand there.
FIELD, PARAMETER, RESULT, POINTEE, ELEMENT, STATIC, ALIAS = (
    "a field", "a parameter", "a result", "what a pointer points to", "an array's element",
    "exported data", "an alias",
)  # fmt: skip

# What a name of the contract's own is. OPAQUE types have no size, SIZED ones have.
STRUCT, UNION, ENUM, ALIASED, OPAQUE, SIZED = (
    "struct", "union", "enum", "alias", "opaque", "sized opaque",
)  # fmt: skip

_SCALARS = {name: Scalar(name) for name in SCALARS}
_VOID = Void()


class ExpressionError(Exception):
    """An expression that does not follow the grammar, or names what does not exist."""


class Vocabulary:
    """The names that the type expressions of one contract may use.

    `kinds` says what each name of the contract's own is, `alias` gives an alias's type:
    None for one that is wrong itself or still being parsed.
    """

    def __init__(self, kinds: Mapping[str, str], alias: Callable[[str], Type | None]) -> None:
        """Begin with the names that the contract defines."""
        self.kinds = kinds
        self.alias = alias
        self._types: dict[tuple[str, str], Type] = {}

    def parse_type(self, text: str, place: str) -> Type:
        """Return the type that `text` spells, if it may stand at `place`.

        Raises: ExpressionError.
        """
        found = self._types.get((place, text))
        if found is None:
            parser = _Parser(text, self)
            found = parser.type(place)
            parser.end()
            self._types[place, text] = found
        return found

    def parse_field(self, text: str) -> tuple[str | None, Type, int | None]:
        """Return name, type and width in bits of `name: type` or `name: type : bits`.

        Raises: ExpressionError.
        """
        parser = _Parser(text, self)
        if parser.peek(1) != ":" or not is_identifier(parser.peek()):
            parser.fail('expected "name: type"')
        name = parser.take()
        parser.take()
        type_ = parser.type(FIELD)
        bits = None
        if parser.peek() == ":":
            parser.take()
            bits = parser.integer("a width in bits")
        parser.end()
        return None if name == "_" else name, type_, bits

    def parse_export(self, text: str) -> tuple[bool, bool, Type | None]:
        """Return (is data, is mutable, type) of `fn(...)`, `static T`, `fn` or `static`.

        Raises: ExpressionError.
        """
        parser = _Parser(text, self)
        first = parser.peek()
        if first == "static":
            parser.take()
            is_mutable = parser.accept("mut")
            type_ = parser.type(STATIC) if parser.peek() else None
            parser.end()
            return True, is_mutable, type_
        if first not in {"fn", "extern", "unsafe"}:
            return False, False, self._named_function(parser)
        if parser.tokens == ["fn", ""]:
            return False, False, None
        function = parser.function()
        parser.end()
        return False, False, function

    def _named_function(self, parser: _Parser) -> Type | None:
        """Return the function that an export's type names by an alias for its pointer."""
        hint = ""
        try:
            named = parser.type(ALIAS)
            parser.end()
            hint = f'; did you mean "static {parser.text.strip()}"?'
        except ExpressionError:
            if len(parser.tokens) == 2 and self.kinds:  # noqa: PLR2004 (a lone word)
                hint = parser.near(parser.tokens[0])
        else:
            seen = self.see_through(named)
            if seen is None:
                return None
            if isinstance(named, Named) and isinstance(seen, Pointer):
                function = seen.to
                if isinstance(function, FunctionType):
                    return function
        return parser.fail('an export is a function, "fn(...)", or data, "static T"', hint, 0)

    def see_through(self, type_: Type) -> Type | None:
        """Return what an alias stands for; None if that is not known."""
        for _ in range(MAX_DEPTH):
            if not isinstance(type_, Named) or self.kinds.get(type_.name) != ALIASED:
                return type_
            found = self.alias(type_.name)
            if found is None:
                return None
            type_ = found
        return None


class _Parser:
    """The tokens of one expression, and how far they are taken."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self.tokens: list[str] = _TOKEN.findall(text[:MAX_LENGTH])
        self.tokens.append("")
        self.at = 0
        self.depth = 0
        if len(text) > MAX_LENGTH:
            raise ExpressionError(f"an expression has at most {MAX_LENGTH} characters")

    # Tokens.

    def peek(self, ahead: int = 0) -> str:
        """Return a token without taking it; "" at the end."""
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else ""

    def take(self) -> str:
        token = self.tokens[self.at]
        if token:
            self.at += 1
        return token

    def accept(self, token: str) -> bool:
        """Take `token` if it comes next."""
        if self.tokens[self.at] != token:
            return False
        self.at += 1
        return True

    def expect(self, token: str, where: str) -> None:
        if not self.accept(token):
            self.fail(f'expected "{token}" {where}, found {self.found()}')

    def found(self) -> str:
        """Return the next token as an error message shows it."""
        token = self.peek()
        return f'"{token}"' if token else "the end"

    def end(self) -> None:
        """Insist that all is taken."""
        if not self.peek():
            return
        if self.peek() == "*":
            self.fail("a pointer is written before its type", '; write "*const T" or "*mut T"')
        self.fail(f"expected the end, found {self.found()}")

    def fail(self, message: str, hint: str = "", at: int | None = None) -> NoReturn:
        """Raise an error that shows the column of token `at` (unsaid: the next one)."""
        place, token = "", self.at if at is None else at
        if len(self.tokens) > 2:  # noqa: PLR2004 (a lone word needs no column)
            starts = [match.start(1) for match in _TOKEN.finditer(self.text)]
            starts.append(len(self.text.rstrip()))
            place = f" (column {starts[token] + 1} of {self.shown()})"
        elif not self.tokens[token]:
            place = f" in {self.shown()}"
        raise ExpressionError(f"{message}{place}{hint}")

    def shown(self) -> str:
        from abicheck.contract.schema import shortened  # noqa: PLC0415 (for mistakes only)

        return f'"{shortened(self.text, 120)}"'

    def integer(self, what: str, most: int = MAX_COUNT) -> int:
        token = self.peek()
        try:
            number = int(token) if token.isdigit() else int(token, 0)
        except ValueError:
            self.fail(f"expected {what}, found {self.found()}")
        if number > most:
            self.fail(f"{what} is at most {most}")
        self.at += 1
        return number

    # The grammar.

    def type(self, place: str) -> Type:
        """Parse a type that stands at `place`."""
        start = self.at
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"types are nested more than {MAX_DEPTH} deep")
        type_ = self.any_type()
        self.depth -= 1
        if not isinstance(type_, (Scalar, Pointer)):
            self.admit(type_, place, start)
        return type_

    def any_type(self) -> Type:
        token = self.tokens[self.at]
        scalar = _SCALARS.get(token)
        if scalar is not None:
            self.at += 1
            return scalar
        match token:
            case "*":
                return self.raw_pointer()
            case "&":
                return self.reference()
            case "[":
                return self.array()
            case "c_void":
                self.at += 1
                return _VOID
            case "fn" | "extern" | "unsafe":
                return Pointer(self.function(), may_be_null=False)
            case "Option" if self.peek(1) == "<":
                return self.option()
        return self.named(token)

    def raw_pointer(self) -> Type:
        self.at += 1
        if self.accept("mut"):
            return Pointer(self.type(POINTEE), is_mutable=True)
        if not self.accept("const"):
            self.fail(f'expected "const" or "mut" after "*", found {self.found()}')
        return Pointer(self.type(POINTEE))

    def reference(self) -> Type:
        self.at += 1
        is_mutable = self.accept("mut")
        return Pointer(self.type(POINTEE), is_mutable=is_mutable, may_be_null=False)

    def array(self) -> Type:
        self.at += 1
        element = self.type(ELEMENT)
        count = None
        if self.accept(";"):
            count = self.integer("an array's length")
        self.expect("]", "after an array's element and length")
        return Array(element, count)

    def option(self) -> Type:
        """Parse `Option<fn(...)>`, or `Option<Name>` of an alias for a function pointer."""
        self.at += 2
        start = self.at
        inner = self.type(ALIAS)
        self.expect(">", "after Option's type")
        seen = self.vocabulary.see_through(inner)
        if isinstance(seen, Pointer) and isinstance(seen.to, FunctionType):
            return Pointer(seen.to, may_be_null=True)
        if seen is None:  # The alias has a problem of its own, which is reported there.
            return Pointer(FunctionType(), may_be_null=True)
        hint = ""
        if isinstance(seen, Pointer):
            pointer = spell(Pointer(seen.to, is_mutable=seen.is_mutable))
            hint = f'; write "{pointer}" for a pointer that may be NULL'
        return self.fail("Option holds only function pointers", hint, start)

    def function(self) -> FunctionType:
        """Parse `[unsafe] [extern "convention"] fn(parameters) -> result`."""
        self.accept("unsafe")
        convention = self.convention() if self.accept("extern") else "C"
        self.expect("fn", "of a function type")
        self.expect("(", 'after "fn"')
        parameters: list[Parameter] = []
        is_variadic = False
        while self.peek() != ")":
            if self.accept("..."):
                is_variadic = True
                break
            parameters.append(self.parameter())
            if not self.accept(","):
                break
        self.expect(")", "after a function's parameters")
        result = self.type(RESULT) if self.accept("->") else _VOID
        return FunctionType(tuple(parameters), result, is_variadic, convention)

    def convention(self) -> str:
        token = self.peek()
        if not token.startswith('"'):
            return "C"
        name = token.strip('"')
        if name not in CONVENTIONS:
            from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415

            hint = (
                did_you_mean(name, CONVENTIONS) or f"; known are {', '.join(sorted(CONVENTIONS))}"
            )
            self.fail(f'no calling convention named "{name}"', hint)
        self.at += 1
        return name

    def parameter(self) -> Parameter:
        name = None
        if self.peek(1) == ":" and is_identifier(self.peek()):
            name = self.take()
            self.at += 1
        return Parameter(self.type(PARAMETER), name)

    def named(self, token: str) -> Type:
        """Parse the name of a type that the contract defines."""
        if token in self.vocabulary.kinds:
            self.at += 1
            return Named(token)
        if not token or not (token[0].isalpha() or token[0] == "_"):
            hint = ""
            if token == "(":  # noqa: S105 (no password: a token of the grammar)
                hint = '; a function without a result has no "->"'
            self.fail(f"expected a type, found {self.found()}", hint)
        from abicheck.contract.suggest import FOREIGN_WORDS  # noqa: PLC0415 (for mistakes only)

        if token in FOREIGN_WORDS:
            self.fail(f'"{token}" is not written here', FOREIGN_WORDS[token])
        return self.fail(f'no type named "{token}"', self.near(token))

    def near(self, token: str) -> str:
        """Return a suggestion for an unknown type name."""
        from abicheck.contract.suggest import FOREIGN_TYPES, did_you_mean  # noqa: PLC0415

        last = token.rpartition("::")[2]
        known = {*SCALARS, "c_void", *self.vocabulary.kinds}
        if last != token and last in known:
            return f'; did you mean "{last}"?'
        if token in FOREIGN_TYPES:
            return f'; did you mean "{FOREIGN_TYPES[token]}"?'
        return did_you_mean(token, known)

    def admit(self, type_: Type, place: str, start: int) -> None:
        """Refuse what cannot stand at `place`."""
        if place in {POINTEE, ALIAS} and not isinstance(type_, (Array, Named)):
            return
        seen = self.vocabulary.see_through(type_)
        if isinstance(seen, Void) and place not in {RESULT, POINTEE, ALIAS}:
            hint = '; write "fn()" for a function without parameters' if place == PARAMETER else ""
            self.fail(f"c_void has no values, so it cannot be {place}", hint, start)
        if isinstance(seen, Array):
            self.admit_array(seen, place, start)
        if isinstance(seen, Named) and place not in {POINTEE, ALIAS}:
            self.admit_named(seen.name, place, start)

    def admit_named(self, name: str, place: str, start: int) -> None:
        if self.vocabulary.kinds.get(name) == OPAQUE:
            hint = "; use a pointer to it, or give it size and alignment"
            if place == STATIC:
                hint += ', or write "static" alone'
            self.fail(f'"{name}" is opaque, so it cannot be {place} by value', hint, start)

    def admit_array(self, array: Array, place: str, start: int) -> None:
        element = spell(array.element)
        if place in {PARAMETER, RESULT}:
            hint = f'; write "*const {element}" or "*mut {element}"'
            self.fail(f"C passes no arrays by value, so one cannot be {place}", hint, start)
        if array.count is None and place == POINTEE:
            hint = f'; write a pointer to the first element, "*const {element}" or "*mut {element}"'
            self.fail("a pointer to an array of unknown length is no C pointer", hint, start)
        if array.count is None and place == ELEMENT:
            self.fail("an array of unknown length cannot be an array's element", "", start)
