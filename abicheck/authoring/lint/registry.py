"""The table of lints: ids, severities and the documentation that `docs/lint.md` carries."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.authoring.targets import allowed_targets
from abicheck.layout import lay_out
from abicheck.model.lint import Advice
from abicheck.model.pages import page_of
from abicheck.model.paths import see_through
from abicheck.model.records import record
from abicheck.model.types import (
    Alias,
    Array,
    Enum,
    FunctionType,
    Named,
    Pointer,
    Struct,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from abicheck.model.contract import Contract
    from abicheck.model.layout import Layouts, TypeLayout
    from abicheck.model.pages import Page
    from abicheck.model.target import Target
    from abicheck.model.types import Definition, Type

    Found = tuple[str, int, str, str]
    """Subject, line, message and remedy of one finding."""

    Search = Callable[["Subject"], Iterator[Found]]

WARNING, NOTE = "warning", "note"


@record
class Use:
    """A type that the contract writes somewhere: in a field, a signature, data or an alias."""

    subject: str
    line: int
    type: Type


class Subject:
    """One contract under examination, and its layouts on every target that it allows."""

    def __init__(self, contract: Contract) -> None:
        """Lay out nothing yet."""
        self.contract = contract

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """Every target that the contract allows."""
        return allowed_targets(self.contract)

    @cached_property
    def layouts(self) -> tuple[Layouts, ...]:
        """The layouts on each of these targets."""
        return tuple(lay_out(self.contract, target) for target in self.targets)

    def layouts_of(self, definition: Definition) -> Iterator[tuple[Target, Layouts, TypeLayout]]:
        """Yield the layout of one definition on each target."""
        for sheet in self.layouts:
            yield sheet.target, sheet, sheet.layout(definition.name)

    @property
    def structs(self) -> Iterator[Struct]:
        """Every struct and union."""
        return (each for each in self.contract.definitions.values() if isinstance(each, Struct))

    @property
    def enums(self) -> Iterator[Enum]:
        """Every enum."""
        return (each for each in self.contract.definitions.values() if isinstance(each, Enum))

    def seen_through(self, type_: Type) -> Type:
        """Return what an alias stands for."""
        return see_through(type_, self.contract.definitions)

    @cached_property
    def aliases(self) -> Mapping[FunctionType, str]:
        """The aliases for function pointers, by what they stand for.

        Where an export or `Option<…>` is written with such a name, the contract keeps the
        function alone.
        """
        found = {}
        for name, definition in self.contract.definitions.items():
            seen = self.seen_through(definition.type) if isinstance(definition, Alias) else None
            if isinstance(seen, Pointer) and isinstance(seen.to, FunctionType):
                found[seen.to] = name
        return found

    def names_in(self, type_: Type) -> Iterator[str]:
        """Yield the names of the contract's own types that an expression mentions."""
        for each in parts(type_):
            if isinstance(each, Named):
                yield each.name
            elif isinstance(each, FunctionType) and each in self.aliases:
                yield self.aliases[each]

    def uses(self) -> Iterator[Use]:
        """Yield every type that the contract writes, as it is written."""
        for export in self.contract.exports:
            if export.type is not None and not export.is_forbidden:
                subject = f"exports.{export.written or export.name}"
                yield Use(subject=subject, line=export.line, type=export.type)
        for definition in self.contract.definitions.values():
            if isinstance(definition, Struct):
                for field in definition.fields:
                    subject = f"{definition.subject}.{field.name or '_'}"
                    yield Use(subject=subject, line=field.line, type=field.type)
            elif isinstance(definition, Alias):
                subject = f"types.{definition.name}"
                yield Use(subject=subject, line=definition.line, type=definition.type)


@record
class Lint:
    """One rule of advice: `search` yields whatever it finds in a contract."""

    id: str
    severity: str
    search: Search

    @property
    def page(self) -> Page:
        """What it finds, why it matters, and what to do."""
        return page_of(self.id, self.severity, self.search.__doc__)

    def findings(self, subject: Subject) -> Iterator[Advice]:
        """Yield the findings about one contract."""
        for name, line, message, remedy in self.search(subject):
            yield Advice(
                rule=self.id,
                severity=self.severity,
                subject=name,
                line=line,
                message=message,
                remedy=remedy,
            )


LINTS: dict[str, Lint] = {}
"""The lints of those modules that were imported so far."""


def lint(lint_id: str, *, severity: str = WARNING) -> Callable[[Search], Lint]:
    """Turn a function into the lint of that id, for ever, and enter it into the table."""

    def enter(search: Search) -> Lint:
        LINTS[lint_id] = Lint(id=lint_id, severity=severity, search=search)
        return LINTS[lint_id]

    return enter


def parts(type_: Type) -> Iterator[Type]:
    """Yield a type and every type that its expression mentions, names not followed."""
    yield type_
    match type_:
        case Pointer(to):
            yield from parts(to)
        case Array(element):
            yield from parts(element)
        case FunctionType(parameters, result):
            for parameter in parameters:
                yield from parts(parameter.type)
            yield from parts(result)
