"""The contract's type language: repr(C) in Rust's vocabulary and C's own names.

These types hold on every target. What they come to on one target is in
`model/layout.py`; `layout/` computes that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.records import record

if TYPE_CHECKING:
    from abicheck.model.target import PerTarget

UNSIGNED_WIDTHS = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "u128": 16}
SIGNED_WIDTHS = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "i128": 16}

SCALARS = frozenset(
    """u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 usize isize f32 f64 bool
    c_char c_schar c_uchar c_short c_ushort c_int c_uint c_long c_ulong c_longlong c_ulonglong
    c_float c_double c_longdouble size_t ssize_t ptrdiff_t intptr_t uintptr_t wchar_t
    uint8_t uint16_t uint32_t uint64_t int8_t int16_t int32_t int64_t va_list""".split()
)
"""Names of scalar types (and `va_list`, whose kind the target decides). `c_void` is `Void`."""

CONVENTIONS = frozenset(
    """C C-unwind Rust system cdecl stdcall fastcall thiscall vectorcall win64 sysv64 aapcs
    efiapi""".split()
)
"""Calling conventions under their Rust names; "C" is what an unmarked `fn` has."""


@record
class Scalar:
    """A number, `bool`, character or `va_list`, by its name in the vocabulary."""

    name: str


@record
class Void:
    """`c_void`: what an untyped pointer points to, and what a function without a result returns."""


@record
class Pointer:
    """`*const T`, `*mut T`, `&T`, `&mut T`; around a `FunctionType`: `fn(...)`, `Option<fn(...)>`.

    `may_be_null` is None where the spelling says nothing (`*const T`, `*mut T`),
    False for `&T` and `fn(...)`, True for `Option<fn(...)>`.
    """

    to: Type
    is_mutable: bool = False
    may_be_null: bool | None = None


@record
class Array:
    """`[T; count]`, or `[T]` with a count of None: a flexible or unknown length."""

    element: Type
    count: int | None = None


@record
class Named:
    """A struct, union, enum, alias or opaque type of the same contract."""

    name: str


@record
class Parameter:
    """One parameter of a function; its name is for people only."""

    type: Type
    name: str | None = None


@record
class FunctionType:
    """A function's prototype. A function *pointer* is a `Pointer` to one."""

    parameters: tuple[Parameter, ...] = ()
    result: Type = Void()
    is_variadic: bool = False
    convention: str = "C"


Type = Scalar | Void | Pointer | Array | Named | FunctionType


def spell(type_: Type) -> str:
    """Return the one canonical spelling of a type: equal types are spelled alike.

    Parameter names are left out, since they do not tell types apart. The spelling
    is also the type's `TypeId` among the layouts computed from a contract, except
    that a bare function and the pointer to it are spelled alike: see `type_id`.
    """
    match type_:
        case Scalar(name) | Named(name):
            return name
        case Void():
            return "c_void"
        case Pointer(FunctionType() as function, _, may_be_null):
            text = spell(function)
            return text if may_be_null is False else f"Option<{text}>"
        case Pointer(to, is_mutable, may_be_null):
            if may_be_null is False:
                return ("&mut " if is_mutable else "&") + spell(to)
            return ("*mut " if is_mutable else "*const ") + spell(to)
        case Array(element, count):
            return f"[{spell(element)}]" if count is None else f"[{spell(element)}; {count}]"
        case FunctionType():
            return _spell_function(type_)


def type_id(type_: Type) -> str:
    """Return the `TypeId` of a type among computed layouts: its spelling.

    The `FunctionType` of an export is told from the function pointer that it is spelled like.
    """
    return f"function {spell(type_)}" if isinstance(type_, FunctionType) else spell(type_)


def _spell_function(function: FunctionType) -> str:
    parameters = [spell(parameter.type) for parameter in function.parameters]
    if function.is_variadic:
        parameters.append("...")
    prefix = "" if function.convention == "C" else f'extern "{function.convention}" '
    result = "" if isinstance(function.result, Void) else f" -> {spell(function.result)}"
    return f"{prefix}fn({', '.join(parameters)}){result}"


@record
class Field:
    """A field of a struct or a member of a union, on 1-based `line` of the contract.

    `name` is None for an anonymous member and for an unnamed bit-field;
    `bit_width` is None unless it is a bit-field. `free` names who takes back
    what a function-pointer field returns: an export, "host", or False (borrowed).
    """

    name: str | None
    type: Type
    line: int
    bit_width: int | None = None
    offset: PerTarget | None = None
    since: str | None = None
    free: str | bool | None = None


@record
class Struct:
    """A struct, or with `is_union` a union, as the contract writes it.

    `packed` and `align` are the bytes of `repr`'s `packed(N)` and `align(N)`.
    `size` is an assertion, or the definition of the size when `is_partial`.
    `match` is the type's name in the plugin where that differs.
    `evidence` overrides the contract's `[evidence]`: "required" or "when-present".
    """

    name: str
    fields: tuple[Field, ...]
    line: int
    is_union: bool = False
    packed: int | None = None
    align: int | None = None
    is_transparent: bool = False
    is_partial: bool = False
    size: PerTarget | None = None
    match: str | None = None
    has_exact_names: bool = False
    size_field: str | None = None
    filled_by: str | None = None
    evidence: str | None = None

    @property
    def subject(self) -> str:
        """The name under which claims speak of it."""
        return f"{'unions' if self.is_union else 'structs'}.{self.name}"


@record
class EnumValue:
    """One enumerator, on 1-based `line` of the contract."""

    name: str
    value: int
    line: int
    since: str | None = None


@record
class Enum:
    """An enum: `repr` is "C" or a fixed-width integer from "u8" to "i64"."""

    name: str
    values: tuple[EnumValue, ...]
    line: int
    repr: str = "C"
    is_closed: bool = False
    match: str | None = None
    has_exact_names: bool = False
    evidence: str | None = None

    @property
    def subject(self) -> str:
        """The name under which claims speak of it."""
        return f"enums.{self.name}"


@record
class Alias:
    """Another name for a type; `free` is who takes back what a function of this type returns."""

    name: str
    type: Type
    line: int
    free: str | bool | None = None


@record
class Opaque:
    """A type the contract does not look into; sized only where it must be stored by value.

    `kind` is what the plugin's type must be nevertheless, as `model.kinds` spells it.
    """

    name: str
    line: int
    size: PerTarget | None = None
    alignment: PerTarget | None = None
    kind: str | None = None


Definition = Struct | Enum | Alias | Opaque
