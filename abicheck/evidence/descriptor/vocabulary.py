"""A name of the vocabulary -> its layout in the build that a descriptor speaks of.

What depends on the build is taken from the descriptor's header, where the compiler measured it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import (
    BOOL,
    CHAR,
    FLOAT,
    SIGNED,
    UNSIGNED,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    UnknownLayout,
)
from abicheck.model.types import SIGNED_WIDTHS, UNSIGNED_WIDTHS

if TYPE_CHECKING:
    from abicheck.evidence.descriptor.records import Descriptor
    from abicheck.model.layout import TypeLayout
    from abicheck.model.target import Target

FIXED = {
    **{name: (UNSIGNED, size) for name, size in UNSIGNED_WIDTHS.items()},
    **{name: (SIGNED, size) for name, size in SIGNED_WIDTHS.items()},
    **{f"uint{8 * size}_t": (UNSIGNED, size) for size in (1, 2, 4, 8)},
    **{f"int{8 * size}_t": (SIGNED, size) for size in (1, 2, 4, 8)},
    "c_char": (CHAR, 1), "c_schar": (SIGNED, 1), "c_uchar": (UNSIGNED, 1),
    "c_short": (SIGNED, 2), "c_ushort": (UNSIGNED, 2), "c_int": (SIGNED, 4),
    "c_uint": (UNSIGNED, 4), "c_longlong": (SIGNED, 8), "c_ulonglong": (UNSIGNED, 8),
    "f32": (FLOAT, 4), "f64": (FLOAT, 8), "c_float": (FLOAT, 4), "c_double": (FLOAT, 8),
    "bool": (BOOL, 1),
}  # fmt: skip
"""What is the same in every build."""

UNSIGNED_WORDS = frozenset({"usize", "size_t", "uintptr_t"})
SIGNED_WORDS = frozenset({"isize", "ssize_t", "ptrdiff_t", "intptr_t"})
SHORT_WCHAR = 2
"""Bytes of a `wchar_t` that is UTF-16, as on Windows and under -fshort-wchar: it has no sign."""

VA_LIST_STRUCT = "the structure of va_list"
ARRAYS = frozenset({"x86_64", "s390x", "powerpc"})
STRUCTS = {"aarch64": 32, "arm": 4}
"""Machines whose ELF ABI makes `va_list` an array of a structure (a pointer, as a parameter), or
a structure of so many bytes; elsewhere it is a pointer.

Sources: System V AMD64 psABI 1.0, 3.5.7; s390x ELF ABI 1.6, 1.2.7; PowerPC 32-bit psABI 1.0, 3.3.3;
AAPCS64, "Appendix: Variable argument lists"; AAPCS32, "Additional types".
"""


def lay_out_scalar(name: str, build: Descriptor, target: Target) -> TypeLayout:
    """Return the layout of a scalar, and of `va_list` as it is passed to a function."""
    if name in FIXED:
        kind, size = FIXED[name]
    elif name in UNSIGNED_WORDS:
        kind, size = UNSIGNED, build.pointer_size
    elif name in SIGNED_WORDS:
        kind, size = SIGNED, build.pointer_size
    elif name in {"c_long", "c_ulong"}:
        kind, size = (SIGNED if name == "c_long" else UNSIGNED), build.long_size
    elif name == "wchar_t":
        kind, size = _sign_of_wchar(build, target), build.wchar_size
    elif name == "va_list":
        return _va_list(build, target)
    else:
        kind, size = FLOAT, build.long_double_size
        if not size:
            return UnknownLayout("the descriptor does not state the size of `long double`")
    return ScalarLayout(kind=kind, size=size, name=name)


def _sign_of_wchar(build: Descriptor, target: Target) -> str:
    is_unsigned = target.machine in {"aarch64", "arm"} and target.system != "macos"
    return UNSIGNED if is_unsigned or build.wchar_size == SHORT_WCHAR else SIGNED


def _va_list(build: Descriptor, target: Target) -> TypeLayout:
    is_elf = target.system not in {"windows", "macos"}
    is_array = target.machine in ARRAYS if is_elf else str(target) == "x86_64-macos"
    if is_elf and target.machine in STRUCTS:
        return StructLayout("__va_list", STRUCTS[target.machine], ())
    return PointerLayout(build.pointer_size, VA_LIST_STRUCT if is_array else None)
