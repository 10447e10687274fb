"""Contracts, changed in one place: what each change is, and what it must lead to.

A plugin is built with the changed contract's header and held to the old one. Each change
that breaks names the subject under which it must be told; the others must not be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from abicheck.model.records import replace
from abicheck.model.types import (
    Alias,
    Array,
    Enum,
    EnumValue,
    Field,
    FunctionType,
    Named,
    Parameter,
    Pointer,
    Scalar,
    Struct,
    Type,
    Void,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.contract import Contract, Export


@dataclass(frozen=True)
class Change:
    """One change: `subject` is what a mismatch must be told of; None: nothing must be told."""

    name: str
    contract: Contract
    subject: str | None


BREAKING = {
    "u8": ("i8", "bool", "u16"), "i8": ("u8", "bool"), "u16": ("i16", "u32"),
    "i16": ("u16",), "u32": ("f32", "i32", "u64"), "i32": ("f32", "u32", "i64"),
    "u64": ("f64", "i64", "u32"), "i64": ("f64", "u64"), "f32": ("u32", "f64"),
    "f64": ("u64", "f32"), "bool": ("u8",), "c_int": ("f32", "c_uint"), "c_uint": ("c_int",),
    "c_long": ("c_ulong", "c_short"), "c_ulong": ("c_long",), "usize": ("isize", "u16"),
    "size_t": ("ptrdiff_t", "u8"), "uint32_t": ("int32_t", "f32"), "c_char": ("bool", "u16"),
    "c_short": ("c_ushort",), "u128": ("i128",), "wchar_t": ("f32",),
}  # fmt: skip
"""Scalars, and others of which a field of theirs must not be: by sign, kind or size."""

ALIKE = {
    "u8": ("c_uchar", "uint8_t"), "u32": ("c_uint", "uint32_t"), "i32": ("c_int",),
    "u16": ("c_ushort",), "f64": ("c_double",), "f32": ("c_float",), "u64": ("c_ulonglong",),
    "usize": ("size_t", "uintptr_t"), "c_int": ("i32",), "c_char": ("i8", "u8", "c_schar"),
    "size_t": ("usize",), "i64": ("c_longlong", "int64_t"),
}  # fmt: skip
"""Scalars, and others that are the same on every target."""


def changes(contract: Contract) -> Iterator[Change]:
    """Yield every change that is tried of a contract, one at a time."""
    for definition in contract.definitions.values():
        if isinstance(definition, Struct) and not definition.is_transparent:
            yield from _of_struct(contract, definition)
        if isinstance(definition, Enum):
            yield from _of_enum(contract, definition)
    for export in contract.exports:
        if export.type is not None and not (export.is_forbidden or export.is_glob):
            yield from _of_export(contract, export)


def _with(contract: Contract, definition: Struct | Enum) -> Contract:
    if isinstance(definition, Struct) and not definition.is_partial:
        definition = replace(definition, size=None)
    definitions = {**contract.definitions, definition.name: definition}
    return replace(contract, definitions=definitions)


def _of_struct(  # noqa: C901, PLR0912 (a flat list)
    contract: Contract, struct: Struct
) -> Iterator[Change]:
    fields = struct.fields
    here = struct.subject

    def changed(name: str, new: tuple[Field, ...], subject: str | None, **more: object) -> Change:
        made = replace(struct, fields=new, **more)
        return Change(f"{here}: {name}", _with(contract, made), subject)

    for at, field in enumerate(fields):
        if field.name is None:
            continue
        before, after = fields[:at], fields[at + 1 :]
        for what, type_ in _breaking(field.type, contract, field.bit_width):
            yield changed(
                f"{field.name} is {what}", (*before, replace(field, type=type_), *after), here
            )
        for what, type_ in _harmless(field.type, contract):
            one = replace(field, type=type_)
            yield changed(f"{field.name} is {what}, alike", (*before, one, *after), None)
        if field.bit_width is not None and field.bit_width > 1:
            one = replace(field, bit_width=field.bit_width - 1)
            yield changed(f"{field.name} has a bit less", (*before, one, *after), here)
        if not struct.is_partial:
            if not struct.is_union:
                extra = Field("inserted", Scalar("u64"), field.line)
                yield changed(
                    f"inserted before {field.name}", (*before, extra, field, *after), here
                )
            if len(fields) > 1:
                yield changed(f"{field.name} is gone", (*before, *after), here)
        if not struct.has_exact_names and not struct.is_union and not struct.is_partial:
            one = replace(field, name=f"{field.name}_2")
            is_named = struct.size_field == field.name
            if not is_named:
                yield changed(f"{field.name} is renamed", (*before, one, *after), None)
    if not struct.is_partial and not struct.is_union:
        last = Field("appended", Scalar("u64"), struct.line)
        if not _is_open(fields):
            yield changed("appended", (*fields, last), here)
        yield changed("aligned to 32", fields, here, align=32)
    if struct.is_union and not struct.is_partial:
        yield changed("reordered", tuple(reversed(fields)), None)


def _is_open(fields: tuple[Field, ...]) -> bool:
    return bool(fields) and isinstance(fields[-1].type, Array) and fields[-1].type.count is None


def _of_enum(contract: Contract, enum: Enum) -> Iterator[Change]:
    here = enum.subject

    def changed(name: str, subject: str | None, **more: object) -> Change:
        return Change(f"{here}: {name}", _with(contract, replace(enum, **more)), subject)

    unused = min(set(range(128)) - {each.value for each in enum.values})
    for at, value in enumerate(enum.values):
        before, after = enum.values[:at], enum.values[at + 1 :]
        other = replace(value, value=unused)
        yield changed(f"{value.name} is renumbered", here, values=(*before, other, *after))
    more = (*enum.values, EnumValue("More", unused, enum.line))
    yield changed("a value more", here if enum.is_closed else None, values=more)
    wider = "u64" if enum.repr != "u64" else "u8"
    yield changed("another size", here, repr=wider)


def _of_export(contract: Contract, export: Export) -> Iterator[Change]:
    here = f"exports.{export.name}"

    def changed(name: str, type_: Type, subject: str | None, **more: object) -> Change:
        exports = tuple(
            replace(each, type=type_, **more) if each is export else each
            for each in contract.exports
        )
        return Change(f"{here}: {name}", replace(contract, exports=exports), subject)

    assert export.type is not None
    if export.is_data:
        for what, type_ in _breaking(export.type, contract):
            yield changed(f"is {what}", type_, here)
        return
    for what, type_ in _functions(export.type, contract):
        yield changed(what, type_, here)
    for what, type_ in _harmless(export.type, contract):
        yield changed(f"{what}, alike", type_, None)


def _functions(type_: Type, contract: Contract) -> Iterator[tuple[str, Type]]:
    """Yield prototypes that differ from one."""
    if not isinstance(type_, FunctionType):
        return
    extra = Parameter(Scalar("u32"))
    yield "a parameter more", replace(type_, parameters=(*type_.parameters, extra))
    if type_.parameters:
        yield "a parameter less", replace(type_, parameters=type_.parameters[:-1])
    for at, parameter in enumerate(type_.parameters):
        for what, inner in _breaking(parameter.type, contract):
            taken = (*type_.parameters[:at], Parameter(inner), *type_.parameters[at + 1 :])
            yield f"parameter {at + 1} is {what}", replace(type_, parameters=taken)
    if isinstance(type_.result, Void):
        yield "returns something", replace(type_, result=Scalar("c_int"))
    else:
        yield "returns nothing", replace(type_, result=Void())
        for what, inner in _breaking(type_.result, contract):
            yield f"returns {what}", replace(type_, result=inner)
    yield "variadic or not", replace(type_, is_variadic=not type_.is_variadic)
    if type_.convention == "C":
        yield "another convention", replace(type_, convention="win64")


def _breaking(  # noqa: C901, PLR0912 (a flat list)
    type_: Type, contract: Contract, bit_width: int | None = None
) -> Iterator[tuple[str, Type]]:
    """Yield types that a type must not be replaced by; of a bit-field only what its bits show."""
    match type_:
        case Scalar(name):
            for other in BREAKING.get(name, ()):
                if bit_width is None:
                    yield other, Scalar(other)
        case Pointer(FunctionType() as function):
            yield "a pointer to data", Pointer(Void(), is_mutable=True)
            yield "a number", Scalar("usize")
            for what, inner in _functions(function, contract):
                yield f"a callback: {what}", replace(type_, to=inner)
        case Pointer(to):
            yield "a number", Scalar("usize")
            yield "a callback", Pointer(FunctionType(), may_be_null=True)
            if isinstance(to, Scalar):
                for what, inner in _breaking(to, contract):
                    yield f"a pointer to {what}", replace(type_, to=inner)
        case Array(element, count):
            if count is not None:
                yield "longer", Array(element, count + 1)
            for what, inner in _breaking(element, contract):
                yield f"an array of {what}", Array(inner, count)
        case Named(name):
            definition = contract.definitions.get(name)
            if isinstance(definition, Alias):
                yield from _breaking(definition.type, contract)
            elif isinstance(definition, Struct):
                yield "a pointer instead", Pointer(type_, is_mutable=True)


def _harmless(  # noqa: C901, PLR0912 (a flat list)
    type_: Type, contract: Contract
) -> Iterator[tuple[str, Type]]:
    """Yield types that stand for the same."""
    match type_:
        case Scalar(name):
            for other in ALIKE.get(name, ()):
                yield other, Scalar(other)
        case Pointer(to, is_mutable, None):
            yield "of the other mutability", replace(type_, is_mutable=not is_mutable)
            for what, inner in _harmless(to, contract):
                yield f"a pointer to {what}", replace(type_, to=inner)
        case Pointer(FunctionType() as function):
            for what, inner in _harmless(function, contract):
                yield what, replace(type_, to=inner)
        case FunctionType(parameters):
            for at, parameter in enumerate(parameters):
                for what, inner in _harmless(parameter.type, contract):
                    taken = (*parameters[:at], Parameter(inner, "x"), *parameters[at + 1 :])
                    yield f"parameter {at + 1} is {what}", replace(type_, parameters=taken)
        case Array(element, count):
            for what, inner in _harmless(element, contract):
                yield f"an array of {what}", Array(inner, count)
        case Named(name):
            definition = contract.definitions.get(name)
            if isinstance(definition, Alias):
                yield "its alias's type", definition.type
