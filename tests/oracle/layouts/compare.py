"""Computed layouts against measured ones, and the smallest struct on which they part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.layout import lay_out
from abicheck.model.layout import StructLayout
from abicheck.model.records import replace
from abicheck.model.types import Array, Enum, Named, Struct
from tests.oracle.layouts.c_source import Measured, measure
from tests.oracle.layouts.generate import contract_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from abicheck.model.target import Target
    from abicheck.model.types import Definition, Type

    Compiler = Callable[[Mapping[str, Definition]], bytes]


def differences(
    definitions: Mapping[str, Definition], target: Target, compiler: Compiler
) -> dict[str, str]:
    """Return by struct how the engine's layout differs from the compiler's; empty if nowhere."""
    measured = measure(compiler(definitions), definitions)
    return compared(definitions, target, measured)


def compared(
    definitions: Mapping[str, Definition], target: Target, measured: Mapping[str, Measured]
) -> dict[str, str]:
    """Return by struct how the engine's layout differs from what was measured."""
    layouts = lay_out(contract_of(definitions), target)
    found: dict[str, str] = {}
    for name, expected in measured.items():
        layout = layouts.layout(name)
        actual = as_measured(layout) if isinstance(layout, StructLayout) else None
        if actual is None or actual.__dict__ != expected.__dict__:
            shown = layout if actual is None else actual.__dict__
            found[name] = f"compiler {expected.__dict__}, engine {shown}"
    return found


def as_measured(layout: StructLayout) -> Measured:
    """Return a computed layout in the form of a measured one."""
    measured = Measured(layout.size or 0, layout.alignment or 0)
    for field in layout.fields:
        if field.bit_size is not None and field.bit_offset is not None:
            measured.bits[str(field.name)] = (field.bit_offset, field.bit_size)
        else:
            measured.offsets[str(field.name or field.type)] = field.offset or 0
    return measured


def shrunk(
    definitions: Mapping[str, Definition], name: str, target: Target, compiler: Compiler
) -> dict[str, Definition]:
    """Return the smallest definitions found on which engine and compiler still part."""

    def fails(candidate: Mapping[str, Definition]) -> bool:
        try:
            return bool(differences(candidate, target, compiler))
        except AssertionError:
            return False  # it does not compile: not a smaller example

    current = _needed(definitions, name)
    while True:
        smaller = next((each for each in _smaller(current, name) if fails(each)), None)
        if smaller is None:
            return current
        current = _needed(smaller, name)


def _needed(definitions: Mapping[str, Definition], name: str) -> dict[str, Definition]:
    wanted, found = [name], {name}
    while wanted:
        definition = definitions[wanted.pop()]
        if isinstance(definition, Struct):
            inner = {_base(field.type) for field in definition.fields} - {None} - found
            wanted.extend(str(each) for each in inner)
            found |= {str(each) for each in inner}
    return {each: definition for each, definition in definitions.items() if each in found}


def _base(type_: Type) -> str | None:
    while isinstance(type_, Array):
        type_ = type_.element
    return type_.name if isinstance(type_, Named) else None


def _smaller(definitions: Mapping[str, Definition], name: str) -> list[dict[str, Definition]]:
    found: list[dict[str, Definition]] = []
    for each in [name, *(other for other in definitions if other != name)]:
        struct = definitions[each]
        if isinstance(struct, Enum) or not isinstance(struct, Struct):
            continue
        changes: list[Struct] = []
        for index in range(len(struct.fields)):
            fields = struct.fields[:index] + struct.fields[index + 1 :]
            if any(field.name or field.bit_width is None for field in fields):
                changes.append(replace(struct, fields=fields))
        if struct.packed:
            changes.append(replace(struct, packed=None))
        if struct.align:
            changes.append(replace(struct, align=None))
        found.extend({**definitions, each: change} for change in changes)
    return found
