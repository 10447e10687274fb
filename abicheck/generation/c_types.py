"""Types of the contract language -> declarations of C and C++."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import GenerationError
from abicheck.model.types import Array, FunctionType, Named, Pointer, Scalar, Void, spell

if TYPE_CHECKING:
    from abicheck.generation.c_names import Names
    from abicheck.model.types import Type

SCALARS = {
    "u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t",
    "i8": "int8_t", "i16": "int16_t", "i32": "int32_t", "i64": "int64_t",
    "usize": "uintptr_t", "isize": "intptr_t", "f32": "float", "f64": "double", "bool": "bool",
    "c_char": "char", "c_schar": "signed char", "c_uchar": "unsigned char",
    "c_short": "short", "c_ushort": "unsigned short", "c_int": "int", "c_uint": "unsigned int",
    "c_long": "long", "c_ulong": "unsigned long",
    "c_longlong": "long long", "c_ulonglong": "unsigned long long",
    "c_float": "float", "c_double": "double", "c_longdouble": "long double",
    "ssize_t": "ptrdiff_t",
}  # fmt: skip
"""What a scalar is called in C, where that is not its name in the contract.

`ssize_t` is POSIX's alone; `ptrdiff_t` has its size and sign everywhere.
"""

CONVENTIONS_WITHOUT_MARK = frozenset({"C", "cdecl", "C-unwind"})
"""Conventions that an unmarked function has. C++ may throw through any of them."""

INEXPRESSIBLE = frozenset({"Rust"})


def scalar(name: str, names: Names) -> str:
    """Return what a scalar is called in C."""
    if name in {"u128", "i128"}:
        return f"{names.stem}_{name}"
    return SCALARS.get(name, name)


def declare(type_: Type, name: str, names: Names, *, is_const: bool = False) -> str:
    """Return the declaration of `name` with a type; with "" the type alone.

    Raises: GenerationError if C cannot express the type.
    """
    const = "const " if is_const else ""
    match type_:
        case Scalar(word):
            return _joined(const + scalar(word, names), name)
        case Void():
            return _joined(f"{const}void", name)
        case Named(word):
            return _joined(const + names.type(word), name)
        case Pointer(FunctionType() as function):
            mark = convention(function.convention, names)
            return declare(function, f"({mark}*{const}{name})", names)
        case Pointer(to, is_mutable):
            inner = f"*{const}{name}"
            if isinstance(to, Array):
                inner = f"({inner})"
            return declare(to, inner, names, is_const=not is_mutable)
        case Array(element, count):
            length = "" if count is None else count
            return declare(element, f"{name}[{length}]", names, is_const=is_const)
        case FunctionType():
            return declare(type_.result, f"{name}({parameters(type_, names)})", names)


def _joined(base: str, name: str) -> str:
    return f"{base} {name}".rstrip()


def parameters(function: FunctionType, names: Names) -> str:
    """Return the parameters of a prototype, without its parentheses."""
    taken = [
        declare(each.type, names.field(each.name) if each.name else "", names)
        for each in function.parameters
    ]
    if function.is_variadic and not taken:
        raise GenerationError(
            [f"{spell(function)}: C has no function whose only parameter is `...`"]
        )
    return ", ".join([*taken, *(["..."] if function.is_variadic else [])]) or "void"


def convention(name: str, names: Names) -> str:
    """Return the mark of a calling convention with a blank behind it; "" for C's own."""
    if name in CONVENTIONS_WITHOUT_MARK:
        return ""
    if name in INEXPRESSIBLE:
        raise GenerationError([f'C cannot call extern "{name}" functions'])
    return f"{names.macro(name.upper())} "
