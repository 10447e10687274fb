"""Exports of a contract -> prototypes, and what an author is told about the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.c_definitions import ownership, sentence
from abicheck.generation.c_text import block, fold
from abicheck.generation.c_types import convention, declare
from abicheck.generation.head import harmless
from abicheck.generation.plan import ExportRecord
from abicheck.generation.versions import stated_version
from abicheck.model.types import FunctionType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from abicheck.generation.c_names import Names
    from abicheck.generation.plan import Plan
    from abicheck.model.contract import Condition


LONGEST_DECIMAL = 99999
"""Integers above this one are shown in hex: they are mostly magic numbers."""


class Prototypes:
    """Writes what a plugin exports."""

    def __init__(self, plan: Plan, names: Names) -> None:
        """Prepare to write."""
        self.plan, self.names = plan, names
        self.version = stated_version(plan.contract)
        self.exports = [each for each in plan.records if isinstance(each, ExportRecord)]

    def lines(self) -> Iterator[str]:
        """Yield a declaration of each export, and a comment for those that have none."""
        for each in self.exports:
            for said in self._said_of(each):
                yield from block(said)
            yield from fold(f"{self._declaration(each)};")
        for name, reason in self.plan.skipped:
            yield from block(f"{name}: {reason}.")

    def _declaration(self, each: ExportRecord) -> str:
        type_ = each.export.type
        assert type_ is not None
        mark = f"{self.names.prefix}_EXPORT "
        if isinstance(type_, FunctionType):
            name = f"{convention(type_.convention, self.names)}{each.name}"
            return mark + declare(type_, name, self.names)
        is_const = not each.export.is_mutable
        return f"extern {mark}{declare(type_, each.name, self.names, is_const=is_const)}"

    def _said_of(self, each: ExportRecord) -> Iterator[str]:
        """Yield what an author should know of an export, and what tags want to read in it."""
        said = []
        if each.export.is_optional:
            said.append("Optional.")
        if each.export.since:
            said.append(f"Since {each.export.since}.")
        free: str | bool | None = False if each.free == "false" else each.free or None
        if ownership(free):
            said.append(f"{sentence(ownership(free))}.")
        if self.version and self.version[0] == each.name:
            said.append(f"{self.names.prefix}_PLUGIN defines it.")
        if said:
            yield " ".join(said)
        for tag in self.plan.contract.tags:
            is_given = self.version is not None and tag is self.plan.contract.interface_tag
            if tag.path.root == each.name and not is_given:
                decoded = "" if tag.decode is None else ", as a version,"
                wanted = f"{tag.path.text}{decoded} {_conditions(tag.conditions)}"
                if tag.when is not None:
                    wanted += f", when {tag.when.path.text} {_conditions(tag.when.conditions)}"
                yield f"tags.{tag.name}: {wanted}."

    def said(self) -> list[str]:
        """Return further sentences for the head of the file."""
        if self.version is None:
            return []
        return [f"It defines {self.version[0]}, too."]

    def said_of_version(self) -> str:
        """Return a sentence for the registration macro."""
        if self.version is None:
            return ""
        return harmless(f"It defines {self.version[0]} as {self.plan.contract.version}. ")

    def version_definition(self) -> Iterator[str]:
        """Yield the definition of the constant that states the interface version."""
        if self.version is None:
            return
        name, value = self.version
        export = self.plan.contract.export_named(name)
        assert export is not None
        assert export.type is not None
        declared = declare(export.type, name, self.names, is_const=not export.is_mutable)
        wide = "" if value < 2**32 else "ll"
        yield f"{declared} = 0x{value:08X}u{wide}"


def _conditions(conditions: Iterable[Condition]) -> str:
    """Return what a tag demands, in words: "accepts >=1.0", "equals 0x41503234"."""
    return " and ".join(map(_condition, conditions))


def _condition(condition: Condition) -> str:
    if condition.key == "accepts":
        return f"{condition.key} {condition.text}"
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    shown = [_shown(each) for each in values]
    return f"{condition.key.replace('_', ' ')} {' or '.join(shown)}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value > LONGEST_DECIMAL:
        return hex(value)
    return f'"{value}"' if isinstance(value, str) else str(value)
