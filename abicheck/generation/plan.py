"""Contract -> the records of its descriptor and what is measured for each, in no language yet.

Every generator goes through the same records in the same order, so that a plugin and a host
written in different languages carry descriptors that can be compared record by record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.names import C_WORDS, is_identifier
from abicheck.model.fingerprint import (
    contract_fingerprint,
    enum_fingerprint,
    struct_fingerprint,
    type_fingerprint,
)
from abicheck.model.records import record
from abicheck.model.types import (
    Alias,
    Array,
    Enum,
    FunctionType,
    Named,
    Opaque,
    Parameter,
    Pointer,
    Scalar,
    Struct,
    Void,
    spell,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from abicheck.model.contract import Contract, Export
    from abicheck.model.types import Definition, EnumValue, Field, Type

# Kinds of records, and of fields. Source: docs/descriptor.md.
CONTRACT, STRUCT, UNION, OPAQUE, FIELD, BIT_FIELD, ENUM, ENUMERATOR, FUNCTION, DATA = range(1, 11)
UNMEASURED, UNSIGNED, SIGNED, BOOL, FLOAT, POINTER, FUNCTION_POINTER, AGGREGATE = range(8)
IS_ARRAY = 16

FLAG_PARTIAL, FLAG_TRANSPARENT = 1, 2


@record
class FieldRecord:
    """A field: `type` has no aliases in it, `text` is its spelling, `free` who takes back.

    `index` is its place among the struct's fields.
    """

    field: Field
    index: int
    name: str
    type: Type
    text: str
    fingerprint: int
    free: str = ""


@record
class StructRecord:
    """A struct or union and the records of its fields; unnamed bit-fields have none."""

    struct: Struct
    name: str
    fingerprint: int
    flags: int
    fields: tuple[FieldRecord, ...]

    @property
    def kind(self) -> int:
        """STRUCT or UNION."""
        return UNION if self.struct.is_union else STRUCT


@record
class OpaqueRecord:
    """An opaque type that is stored by value, since the contract states its size."""

    opaque: Opaque
    name: str


@record
class EnumRecord:
    """An enum and its values."""

    enum: Enum
    name: str
    fingerprint: int
    values: tuple[EnumValue, ...]


@record
class ExportRecord:
    """An exported function, or with `is_data` data, that states its type."""

    export: Export
    name: str
    type: Type
    text: str
    fingerprint: int
    is_data: bool
    free: str = ""


Record = StructRecord | OpaqueRecord | EnumRecord | ExportRecord


@record
class Plan:
    """What a descriptor states of a contract; `skipped` has exports left out, with the reason."""

    contract: Contract
    fingerprint: int
    records: tuple[Record, ...]
    skipped: tuple[tuple[str, str], ...]

    @property
    def count(self) -> int:
        """The number of records behind that of the contract, fields and values included."""
        return sum(1 + len(_parts(each)) for each in self.records)


def _parts(each: Record) -> tuple[object, ...]:
    if isinstance(each, StructRecord):
        return each.fields
    return each.values if isinstance(each, EnumRecord) else ()


def make_plan(contract: Contract) -> Plan:
    """Return the records of a contract's descriptor, types first, in the order of the file."""
    definitions = contract.definitions
    records: list[Record] = []
    for definition in definitions.values():
        match definition:
            case Struct():
                records.append(_struct(definition, definitions))
            case Enum():
                records.append(
                    EnumRecord(
                        definition, definition.name, enum_fingerprint(definition), definition.values
                    )
                )
            case Opaque() if definition.size is not None:
                records.append(OpaqueRecord(definition, definition.name))
    skipped: list[tuple[str, str]] = []
    for export in contract.exports:
        reason = why_skipped(export)
        if reason:
            skipped.append((export.name, reason))
        else:
            records.append(_export(export, definitions))
    parts = [(each.name, getattr(each, "fingerprint", 0)) for each in records]
    fingerprint = contract_fingerprint(contract.name, contract.version, parts)
    return Plan(contract, fingerprint, tuple(records), tuple(skipped))


def why_skipped(export: Export) -> str:
    """Return why no source can declare an export, "" if it can."""
    if export.is_forbidden:
        return "the contract forbids it"
    if "{" in export.name:
        return "its name depends on a parameter, which --set gives"
    if export.is_glob:
        return "its name is a pattern"
    if not is_identifier(export.name) or export.name in C_WORDS:
        return "its name is none that C and C++ can declare"
    if export.type is None:
        return "the contract states no type of it"
    return ""


def _struct(struct: Struct, definitions: Mapping[str, Definition]) -> StructRecord:
    types = [expanded(field.type, definitions) for field in struct.fields]
    flags = (FLAG_PARTIAL if struct.is_partial else 0) | (
        FLAG_TRANSPARENT if struct.is_transparent else 0
    )
    return StructRecord(
        struct,
        struct.name,
        struct_fingerprint(struct, types),
        flags,
        tuple(
            FieldRecord(
                field,
                index,
                field.name or "",
                type_,
                spell(type_),
                type_fingerprint(type_),
                takes_back(field.free, field.type, definitions),
            )
            for index, (field, type_) in enumerate(zip(struct.fields, types, strict=True))
            if field.bit_width is None or field.name is not None
        ),
    )


def _export(export: Export, definitions: Mapping[str, Definition]) -> ExportRecord:
    assert export.type is not None
    is_data = bool(export.is_data)
    type_ = expanded(export.type, definitions)
    text = spell(type_)
    if is_data:
        text = f"static {'mut ' if export.is_mutable else ''}{text}"
    free = takes_back(export.free, export.type, definitions)
    return ExportRecord(export, export.name, type_, text, type_fingerprint(type_), is_data, free)


def takes_back(free: str | bool | None, type_: Type, definitions: Mapping[str, Definition]) -> str:
    """Return who takes back what a function returns: the nearest that says so, then its alias."""
    while free is None and isinstance(type_, Named):
        definition = definitions.get(type_.name)
        if not isinstance(definition, Alias):
            break
        free, type_ = definition.free, definition.type
    if free is None or free is True:
        return ""
    return "false" if free is False else free


def expanded(type_: Type, definitions: Mapping[str, Definition]) -> Type:
    """Return a type in which every alias is what it stands for, and parameters have no names."""
    match type_:
        case Named(name):
            definition = definitions.get(name)
            if isinstance(definition, Alias):
                return expanded(definition.type, definitions)
            return type_
        case Pointer(to, is_mutable, may_be_null):
            return Pointer(expanded(to, definitions), is_mutable, may_be_null)
        case Array(element, count):
            return Array(expanded(element, definitions), count)
        case FunctionType(parameters, result, is_variadic, convention):
            taken = tuple(Parameter(expanded(each.type, definitions)) for each in parameters)
            return FunctionType(taken, expanded(result, definitions), is_variadic, convention)
        case Scalar() | Void():
            return type_


def innermost(type_: Type) -> tuple[Type, int]:
    """Return the elements of an array of arrays and how many arrays there are around them."""
    depth = 0
    while isinstance(type_, Array):
        type_, depth = type_.element, depth + 1
    return type_, depth


def types_mentioned(contract: Contract) -> Iterator[Type]:
    """Yield every type that a contract's definitions and exports write, and those inside it."""
    written: list[Type] = []
    for definition in contract.definitions.values():
        if isinstance(definition, Struct):
            written += [field.type for field in definition.fields]
        elif isinstance(definition, Alias):
            written.append(definition.type)
    written += [
        each.type for each in contract.exports if each.type is not None and not why_skipped(each)
    ]
    yield from types_within(*written)


def types_within(*types: Type) -> Iterator[Type]:
    """Yield types, and every type that they are written with: elements, parameters, pointees."""
    written = [*types]
    while written:
        type_ = written.pop()
        yield type_
        match type_:
            case Pointer(to):
                written.append(to)
            case Array(element):
                written.append(element)
            case FunctionType(parameters, result):
                written += [each.type for each in parameters]
                written.append(result)
