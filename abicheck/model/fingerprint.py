"""Fingerprints: types, definitions and contracts as 64 bits, to see at once that none differs.

Source: docs/descriptor.md, "Fingerprints"; draft-eastlake-fnv-17, "FNV-1a".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.types import Array, FunctionType, Parameter, Pointer, Scalar, spell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from abicheck.model.target import PerTarget
    from abicheck.model.types import Enum, Struct, Type

OFFSET_BASIS, PRIME = 0xCBF29CE484222325, 0x100000001B3

SAME_EVERYWHERE = {
    "uint8_t": "u8", "c_uchar": "u8", "int8_t": "i8", "c_schar": "i8",
    "uint16_t": "u16", "c_ushort": "u16", "int16_t": "i16", "c_short": "i16",
    "uint32_t": "u32", "c_uint": "u32", "int32_t": "i32", "c_int": "i32",
    "uint64_t": "u64", "c_ulonglong": "u64", "int64_t": "i64", "c_longlong": "i64",
    "size_t": "usize", "uintptr_t": "usize",
    "ssize_t": "isize", "ptrdiff_t": "isize", "intptr_t": "isize",
    "c_float": "f32", "c_double": "f64",
}  # fmt: skip
"""Scalars that are another scalar on every target, and under which name they are counted."""


def fnv1a(text: str) -> int:
    """Return the 64 bits of FNV-1a over UTF-8 text."""
    value = OFFSET_BASIS
    for byte in text.encode():
        value = ((value ^ byte) * PRIME) & 0xFFFFFFFFFFFFFFFF
    return value


def alike(type_: Type) -> Type:
    """Return a type in which scalars that are the same on every target have one name."""
    match type_:
        case Scalar(name):
            return Scalar(SAME_EVERYWHERE.get(name, name))
        case Pointer(to, is_mutable, may_be_null):
            return Pointer(alike(to), is_mutable, may_be_null)
        case Array(element, count):
            return Array(alike(element), count)
        case FunctionType(parameters, result, is_variadic, convention):
            taken = tuple(Parameter(alike(each.type)) for each in parameters)
            return FunctionType(taken, alike(result), is_variadic, convention)
    return type_


def type_fingerprint(type_: Type) -> int:
    """Return the fingerprint of a type whose aliases are expanded."""
    return fnv1a(spell(alike(type_)))


def struct_fingerprint(struct: Struct, types: Iterable[Type]) -> int:
    """Return the fingerprint of a struct or union; `types` are its fields', aliases expanded."""
    words = ["union" if struct.is_union else "struct"]
    words += ["transparent"] if struct.is_transparent else []
    words += ["partial"] if struct.is_partial else []
    words += [f"packed({struct.packed})"] if struct.packed else []
    words += [f"align({struct.align})"] if struct.align else []
    words += [f"size({_numbers(struct.size)})"] if struct.is_partial and struct.size else []
    fields = []
    for field, type_ in zip(struct.fields, types, strict=True):
        text = f"{field.name or '_'}: {spell(alike(type_))}"
        text += "" if field.bit_width is None else f" : {field.bit_width}"
        text += f" at {_numbers(field.offset)}" if field.offset else ""
        fields.append(text + _since(field.since))
    return fnv1a(f"{' '.join(words)} {{{'; '.join(fields)}}}")


def enum_fingerprint(enum: Enum) -> int:
    """Return the fingerprint of an enum."""
    values = [f"{each.name} = {each.value}{_since(each.since)}" for each in enum.values]
    return fnv1a(f"enum {enum.repr} {{{'; '.join(values)}}}")


def contract_fingerprint(name: str, version: str, parts: Iterable[tuple[str, int]]) -> int:
    """Return the fingerprint of a contract: of the names and fingerprints of all it holds."""
    lines = [f"{name} {version}", *(f"{part} {value:016x}" for part, value in parts)]
    return fnv1a("\n".join(lines))


def _since(version: str | None) -> str:
    return f" since {version}" if version else ""


def _numbers(number: PerTarget) -> str:
    return ", ".join(f"{key} = {value}" for key, value in number.entries)
