"""Natures: what kind of value a type holds, and how many bits it may have on some target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.paths import see_through
from abicheck.model.records import record
from abicheck.model.types import (
    SIGNED_WIDTHS,
    UNSIGNED_WIDTHS,
    Array,
    Enum,
    FunctionType,
    Named,
    Opaque,
    Pointer,
    Scalar,
    Struct,
    Void,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abicheck.model.types import Definition, Type

INTEGER, BOOL, FLOAT, POINTER, TEXT, FUNCTION, STRUCT, ARRAY, NOTHING = (
    "integer", "bool", "float", "pointer", "text", "function", "struct", "array", "nothing",
)  # fmt: skip

_WORD = (32, 64)

INTEGER_BITS: dict[str, tuple[int, ...]] = {
    **{name: (8 * size,) for name, size in {**UNSIGNED_WIDTHS, **SIGNED_WIDTHS}.items()},
    **{f"{sign}int{bits}_t": (bits,) for sign in ("u", "") for bits in (8, 16, 32, 64)},
    **{f"c_{sign}short": (16,) for sign in ("u", "")},
    **{f"c_{sign}int": (32,) for sign in ("u", "")},
    **{f"c_{sign}long": _WORD for sign in ("u", "")},
    **{f"c_{sign}longlong": (64,) for sign in ("u", "")},
    **dict.fromkeys(("c_char", "c_schar", "c_uchar"), (8,)),
    **dict.fromkeys(("usize", "isize", "size_t", "ssize_t"), _WORD),
    **dict.fromkeys(("ptrdiff_t", "intptr_t", "uintptr_t"), _WORD),
    "wchar_t": (16, 32),
}
"""The widths that an integer type of the vocabulary has, on one target or another."""

_FLOATS = frozenset({"f32", "f64", "c_float", "c_double", "c_longdouble"})


@record
class Nature:
    """What a value is. `bits` are the widths of an integer; text is an array or a pointer."""

    kind: str
    bits: tuple[int, ...] = ()
    is_array: bool = False


_SCALARS = {
    **{name: Nature(INTEGER, bits) for name, bits in INTEGER_BITS.items()},
    **dict.fromkeys(_FLOATS, Nature(FLOAT)),
    "bool": Nature(BOOL, (8,)),
    "va_list": Nature(STRUCT),
}


def nature_of(type_: Type, definitions: Mapping[str, Definition]) -> Nature:
    """Return what a value of a type is; arrays of and pointers to `c_char` are text."""
    seen = see_through(type_, definitions)
    match seen:
        case Scalar(name):
            return _SCALARS[name]
        case Pointer(to):
            return Nature(TEXT if _is_char(to, definitions) else POINTER)
        case Array(element):
            return Nature(TEXT if _is_char(element, definitions) else ARRAY, is_array=True)
        case FunctionType():
            return Nature(FUNCTION)
        case Named(name):
            return _named(definitions.get(name), definitions)
        case Void():
            return Nature(NOTHING)


def _is_char(type_: Type, definitions: Mapping[str, Definition]) -> bool:
    seen = see_through(type_, definitions)
    return isinstance(seen, Scalar) and seen.name == "c_char"


def _named(definition: Definition | None, definitions: Mapping[str, Definition]) -> Nature:
    match definition:
        case Struct(is_transparent=True, fields=(field,)):
            inner = nature_of(field.type, definitions)
            return inner if inner.kind in {INTEGER, BOOL, FLOAT} else Nature(STRUCT)
        case Enum(repr="C"):
            # C lets a compiler choose; every one takes a wider type only when a value needs it.
            is_wide = any(not -(2**31) <= each.value < 2**32 for each in definition.values)
            return Nature(INTEGER, (64,) if is_wide else (8, 16, 32))
        case Enum():
            return Nature(INTEGER, (int(definition.repr[1:]),))
        case Struct():
            return Nature(STRUCT)
        case Opaque():
            return Nature(STRUCT if definition.size else NOTHING)
        case _:
            return Nature(NOTHING)
