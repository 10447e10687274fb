"""The paths of tags: text -> Path, and where a path leads through the contract's types.

The grammar itself, which this module follows rule by rule, is in `docs/contract.md`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from abicheck.contract.expressions import MAX_COUNT, ExpressionError
from abicheck.contract.schema import is_identifier, shortened
from abicheck.model.contract import CallStep, EachStep, FieldStep, IndexStep, Path
from abicheck.model.paths import BadStep, see_through, walk
from abicheck.model.types import FunctionType, Named, Pointer, spell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from abicheck.model.contract import Export, Step
    from abicheck.model.types import Definition, Type

MAX_STEPS = 40

_TEMPLATE = r"\{[A-Za-z_]\w*(?:\|[A-Za-z_]\w*)*\}"
_TOKEN = rf"""(?a)\s*((?:[A-Za-z_$]|{_TEMPLATE})(?:[\w$]|{_TEMPLATE})*|\d\w*|"[^"]*"|'[^']*'|\S)"""


def parse_path(text: str) -> Path:
    """Return the path that `text` spells.

    Raises: ExpressionError.
    """
    return _Parser(text).path()


class _Parser:
    """The tokens of one path, and how far they are taken."""

    def __init__(self, text: str) -> None:
        self.text = text
        # The commonest path is a lone word, for which no pattern need be compiled.
        self.tokens: list[str] = [text] if is_identifier(text) else re.findall(_TOKEN, text)
        self.tokens.append("")
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at]

    def accept(self, token: str) -> bool:
        if self.tokens[self.at] != token:
            return False
        self.at += 1
        return True

    def fail(self, message: str, hint: str = "", at: int | None = None) -> NoReturn:
        place = place_in(self.text, self.at if at is None else at)
        raise ExpressionError(f"{message}{place}{hint}")

    def path(self) -> Path:
        """Parse `[*] root step…` or `section("name", …) step…`."""
        is_dereferenced = self.accept("*")
        if self.peek() == "*":
            self.fail('a path begins with at most one "*"')
        sections: tuple[str, ...] = ()
        root = ""
        if self.peek() == "section" and self.tokens[self.at + 1] == "(":
            sections = self.sections()
        else:
            root = self.root()
        steps: list[Step] = []
        while self.peek():
            steps.append(self.step())
            if len(steps) > MAX_STEPS:
                self.fail(f"a path has at most {MAX_STEPS} steps")
        return Path(
            text=self.text,
            root=root,
            steps=tuple(steps),
            is_dereferenced=is_dereferenced,
            sections=sections,
        )

    def root(self) -> str:
        token = self.peek()
        if token[:1] in {'"', "'"} and len(token) > 2:  # noqa: PLR2004 (more than two quotes)
            self.at += 1
            return token[1:-1]
        if not _is_word(token):
            found = f'"{token}"' if token else "the end"
            self.fail(f"expected the name of an export, found {found}")
        self.at += 1
        return token

    def sections(self) -> tuple[str, ...]:
        """Parse the names of `section("…", "…")`."""
        self.at += 2
        names = []
        while True:
            token = self.peek()
            if token[:1] not in {'"', "'"}:
                self.fail("expected a section's name in quotes")
            names.append(token[1:-1])
            self.at += 1
            if not self.accept(","):
                break
        if not self.accept(")"):
            self.fail('expected ")" after the sections')
        return tuple(names)

    def step(self) -> Step:
        """Parse `.name`, `[3]`, `[]` or `()`."""
        if self.accept("."):
            name = self.peek()
            if not _is_word(name):
                self.fail('expected the name of a field after "."')
            self.at += 1
            return FieldStep(name)
        if self.accept("["):
            if self.accept("]"):
                return EachStep()
            return IndexStep(self.index())
        if self.accept("("):
            if not self.accept(")"):
                self.fail('expected "()": a path passes no arguments')
            return CallStep()
        if self.tokens[self.at : self.at + 2] == ["-", ">"]:
            self.fail('expected ".", "[" or "("', '; "." follows pointers, write "." for "->"')
        return self.fail(f'expected ".", "[" or "(", found "{self.peek()}"')

    def index(self) -> int:
        token = self.peek()
        if not token.isdigit() or int(token[:16]) > MAX_COUNT:
            self.fail(
                f'expected an index from 0 upwards, or "[]" for every element, found "{token}"'
            )
        self.at += 1
        if not self.accept("]"):
            self.fail('expected "]" after an index')
        return int(token)


def _is_word(token: str) -> bool:
    """Whether a token is a name, which a template may begin but no lone brace."""
    if token.startswith("{"):
        return len(token) > 1
    return token.isascii() and (token[:1].isalpha() or token[:1] in {"_", "$"})


def place_in(text: str, token: int) -> str:
    """Return the column of a path's token as messages show it."""
    starts = [match.start(1) for match in re.finditer(_TOKEN, text)]
    starts.append(len(text.rstrip()))
    return f' (column {starts[token] + 1} of "{shortened(text, 120)}")' if len(starts) > 2 else ""  # noqa: PLR2004


def _step_token(path: Path, index: int) -> int:
    """Return the index of the token that a step begins with."""
    token = 1 + path.is_dereferenced
    if path.sections:
        token = 2 + 2 * len(path.sections) + path.is_dereferenced
    for step in path.steps[:index]:
        token += 3 if isinstance(step, IndexStep) else 2
    return token + isinstance(path.steps[index], FieldStep)


class Roots:
    """The exports that paths may begin at.

    `is_doubtful` says of a type's name whether the type has a problem of its own.
    """

    def __init__(
        self,
        exports: Mapping[str, Export],
        definitions: Mapping[str, Definition],
        is_doubtful: Callable[[str], bool],
    ) -> None:
        """Keep what a path can lead through."""
        self.exports = exports
        self.definitions = definitions
        self.is_doubtful = is_doubtful

    def type_of(self, path: Path, section_type: Type | None = None) -> Type | None:
        """Return the type of the value that a path leads to, aliases seen through.

        None if it leads through a type that has a problem of its own.

        Raises: ExpressionError, with the column of the step that leads nowhere.
        """
        root = section_type if path.sections else self._root_type(path)
        if root is None:
            raise ExpressionError('the bytes of a section have no fields; give them a "type"')
        types = walk(root, path.steps, self.definitions)
        if isinstance(types, BadStep):
            if self.is_doubtful(types.owner):
                return None
            place = place_in(path.text, _step_token(path, types.index))
            raise ExpressionError(f"{types.reason}{place}{_hint(types)}")
        final = types[-1] if types else see_through(root, self.definitions)
        if path.is_dereferenced:
            final = self._pointee(final, path)
        return None if isinstance(final, Named) and self.is_doubtful(final.name) else final

    def _pointee(self, type_: Type, path: Path) -> Type:
        if not isinstance(type_, Pointer):
            message = f'"{spell(type_)}" is no pointer, so there is nothing to follow'
            raise ExpressionError(f'{message}{place_in(path.text, 0)}; leave out the "*"')
        return see_through(type_.to, self.definitions)

    def find(self, name: str) -> Export | None:
        """Return the entry of `[exports]` that names an export: its own, else a glob."""
        exact = self.exports.get(name)
        if exact is not None:
            return exact
        globs = [export for export in self.exports.values() if export.is_glob]
        if globs:
            from fnmatch import fnmatchcase  # noqa: PLC0415 (few contracts hold globs)

            return next((export for export in globs if fnmatchcase(name, export.name)), None)
        return None

    def _root_type(self, path: Path) -> Type:
        at = 1 if path.is_dereferenced else 0
        if any(mark in path.root for mark in "*?["):
            hint = "; a tag reads one export, whose name a parameter may be part of"
            raise ExpressionError(f'"{path.root}" is a pattern{place_in(path.text, at)}{hint}')
        export = self.find(path.root)
        if export is None:
            from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415 (for mistakes)

            hint = did_you_mean(path.root, self.exports) or "; add it there"
            place = place_in(path.text, at)
            raise ExpressionError(f'[exports] names no "{path.root}"{place}{hint}')
        problem = None
        if export.is_forbidden:
            problem = f'"{path.root}" is forbidden in [exports]'
        elif export.type is None:
            problem = f'[exports] gives no type for "{path.root}"'
        elif isinstance(export.type, FunctionType) and path.steps[:1] != (CallStep(),):
            result = export.type.result
            problem = (
                f'"{path.root}" is a function; "{path.root}()" is what it returns, {spell(result)}'
            )
        if problem or export.type is None:
            raise ExpressionError(f"{problem}{place_in(path.text, at)}")
        return export.type


def _hint(bad: BadStep) -> str:
    if not bad.word:
        return ""
    from abicheck.contract.suggest import did_you_mean, listed  # noqa: PLC0415 (for mistakes)

    hint = did_you_mean(bad.word, bad.candidates)
    few = 12
    return hint or (f"; it has {listed(bad.candidates[:few])}" if bad.candidates else "")
