"""Definitions held against each other: recursion, members, bit-fields, flexible arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.contract.natures import BOOL, INTEGER, nature_of
from abicheck.model.paths import member_names, see_through, struct_of
from abicheck.model.types import (
    Alias,
    Array,
    FunctionType,
    Named,
    Opaque,
    Pointer,
    Struct,
    spell,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from abicheck.contract.definitions import Definitions
    from abicheck.contract.positions import KeyPath
    from abicheck.model.types import Definition, Field, Type

MAX_NESTING = 60


def check_definitions(definitions: Definitions) -> None:
    """Note what is wrong between the definitions of a contract.

    Those that contain themselves are replaced by opaque types, so that whoever walks
    through the definitions afterwards comes to an end.
    """
    found = definitions.found
    _Cycles(definitions, _aliases_mentioned, "stands for itself").refuse()
    _Cycles(definitions, _held_by_value, "would contain itself", "; hold a pointer to it").refuse()
    for struct in [each for each in found.values() if isinstance(each, Struct)]:
        _check_struct(definitions, struct)


# Cycles.


class _Cycles:
    """One kind of reference between definitions, followed until it ends or comes back."""

    def __init__(
        self,
        definitions: Definitions,
        edges: Callable[[Definition], Iterable[str]],
        verb: str,
        hint: str = "",
    ) -> None:
        self.definitions = definitions
        self.edges = edges
        self.verb, self.hint = verb, hint
        self.heights: dict[str, int] = {}

    def refuse(self) -> None:
        """Note each cycle, and each definition nested too deep, and break it."""
        found = self.definitions.found
        for name in sorted(found, key=lambda name: found[name].line):
            self.height(name, ())

    def height(self, name: str, trail: tuple[str, ...]) -> int:
        """Return how deep a definition is nested; 0 for one that is broken."""
        if name in self.heights:
            return self.heights[name]
        if name in trail:
            cycle = " → ".join([*trail[trail.index(name) :], name])
            return self.broken(name, f'"{name}" {self.verb}: {cycle}{self.hint}')
        found = self.definitions.found
        heights = [0]
        if len(trail) <= MAX_NESTING:
            inner = [each for each in self.edges(found[name]) if each in found]
            heights += [self.height(each, (*trail, name)) for each in inner]
        if name in self.heights:  # It was broken on the way, as part of a cycle.
            return 0
        if len(trail) > MAX_NESTING or max(heights) >= MAX_NESTING:
            return self.broken(name, f'"{name}" is nested more than {MAX_NESTING} deep')
        self.heights[name] = max(heights) + 1
        return self.heights[name]

    def broken(self, name: str, message: str) -> int:
        definitions = self.definitions
        definitions.schema.problem(definitions.places[name], message)
        old = definitions.found[name]
        definitions.found[name] = Opaque(name=name, line=old.line)
        definitions.broken.add(name)
        self.heights[name] = 0
        return 0


def _aliases_mentioned(definition: Definition) -> Iterable[str]:
    if isinstance(definition, Alias):
        yield from _names_in(definition.type)


def _names_in(type_: Type) -> Iterator[str]:
    match type_:
        case Named(name):
            yield name
        case Pointer(to):
            yield from _names_in(to)
        case Array(element):
            yield from _names_in(element)
        case FunctionType():
            yield from _names_in(type_.result)
            for parameter in type_.parameters:
                yield from _names_in(parameter.type)


def _held_by_value(definition: Definition) -> Iterable[str]:
    types: list[Type] = []
    if isinstance(definition, Struct):
        types = [field.type for field in definition.fields]
    elif isinstance(definition, Alias):
        types = [definition.type]
    for type_ in types:
        held = type_
        while isinstance(held, Array):
            held = held.element
        if isinstance(held, Named):
            yield held.name


# Structs and unions.


def _check_struct(definitions: Definitions, struct: Struct) -> None:
    path = definitions.places[struct.name]
    indices = definitions.indices[path]
    if not struct.fields and not struct.is_partial and not definitions.has_faulty_fields(path):
        hint = f'; for a type nobody looks into, write types.{struct.name} = "opaque"'
        definitions.schema.problem((*path, "fields"), f"expected at least one field{hint}")
    last = len(struct.fields) - 1
    for position, (field, index) in enumerate(zip(struct.fields, indices, strict=True)):
        here = (*path, "fields", index)
        seen = see_through(field.type, definitions.found)
        if isinstance(seen, Named) and definitions.is_doubtful(seen.name):
            continue
        if field.bit_width is not None:
            _check_bit_field(definitions, here, field)
        elif field.name is None and struct_of(field.type, definitions.found) is None:
            message = (
                f'only a struct or union has members without a name, not "{spell(field.type)}"'
            )
            definitions.schema.problem(here, message)
        if isinstance(seen, Array) and seen.count is None:
            _check_flexible(definitions, here, struct, is_last=position == last)
    _check_names(definitions, path, struct)
    if struct.is_transparent:
        _check_transparent(definitions, path, struct)
    if struct.size_field is not None:
        _check_size_field(definitions, path, struct)


def _check_bit_field(definitions: Definitions, path: KeyPath, field: Field) -> None:
    schema, width = definitions.schema, field.bit_width
    nature = nature_of(field.type, definitions.found)
    if nature.kind not in {INTEGER, BOOL}:
        schema.problem(path, f'a bit-field is an integer, bool or enum, not "{spell(field.type)}"')
    elif width is not None and width > max(nature.bits):
        most = max(nature.bits)
        schema.problem(
            path, f'"{spell(field.type)}" has {most} bits, too few for a width of {width}'
        )
    elif width == 0 and field.name is not None:
        schema.problem(
            path, f'a bit-field of width 0 has no name; write "_: {spell(field.type)} : 0"'
        )


def _check_flexible(
    definitions: Definitions, path: KeyPath, struct: Struct, *, is_last: bool
) -> None:
    if struct.is_union or not is_last:
        message = "an array of unknown length can only be the last field of a struct"
        definitions.schema.problem(path, f'{message}; give it a length, "[T; N]"')


def _check_names(definitions: Definitions, path: KeyPath, struct: Struct) -> None:
    seen: set[str] = set()
    for position, field in enumerate(struct.fields):
        inner = None
        if field.name is None and field.bit_width is None:
            inner = struct_of(field.type, definitions.found)
        names = [field.name] if field.name else []
        if inner is not None:
            names = list(member_names(inner, definitions.found))
        for name in names:
            if name in seen:
                here = (*path, "fields", definitions.indices[path][position])
                where = f", inside {inner.subject}" if inner else ""
                definitions.schema.problem(here, f'a second field named "{name}"{where}')
            seen.add(name)


def _check_transparent(definitions: Definitions, path: KeyPath, struct: Struct) -> None:
    here = (*path, "repr")
    if struct.is_union:
        definitions.schema.problem(here, "a union is not transparent")
    elif definitions.has_faulty_fields(path):
        return
    elif len(struct.fields) != 1 or struct.fields[0].bit_width is not None:
        message = "a transparent struct has exactly one field, which is no bit-field"
        definitions.schema.problem(here, message)


def _check_size_field(definitions: Definitions, path: KeyPath, struct: Struct) -> None:
    here = (*path, "size_field")
    field = next((each for each in struct.fields if each.name == struct.size_field), None)
    if field is None and definitions.has_faulty_fields(path):
        return
    if field is None:
        from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415 (for mistakes only)

        names = [each.name for each in struct.fields if each.name]
        hint = did_you_mean(struct.size_field or "", names)
        message = f'{struct.subject} has no field "{struct.size_field}"{hint}'
        definitions.schema.problem(here, message)
    elif nature_of(field.type, definitions.found).kind != INTEGER or field.bit_width is not None:
        message = f'a size is an integer; {field.name} is "{spell(field.type)}"'
        definitions.schema.problem(here, message)
