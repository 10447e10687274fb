"""An observed scalar and how the source words it -> its name in the contract's vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import CHAR, FLOAT, SIGNED, UNSIGNED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from abicheck.model.evidence import Wording
    from abicheck.model.layout import ScalarLayout
    from abicheck.model.target import TargetFacts

TYPEDEFS = {
    **{f"uint{bits}_t": f"u{bits}" for bits in (8, 16, 32, 64)},
    **{f"int{bits}_t": f"i{bits}" for bits in (8, 16, 32, 64)},
    "size_t": "usize", "ssize_t": "isize", "ptrdiff_t": "ptrdiff_t", "intptr_t": "intptr_t",
    "uintptr_t": "uintptr_t", "wchar_t": "wchar_t", "bool": "bool",
}  # fmt: skip
"""What the typedefs of C's own headers stand for."""

_UNSIGNED = {
    "unsigned": "c_uint", "unsigned int": "c_uint", "unsigned char": "c_uchar",
    "unsigned short": "c_ushort", "short unsigned int": "c_ushort",
    "unsigned long": "c_ulong", "long unsigned int": "c_ulong",
    "unsigned long long": "c_ulonglong", "long long unsigned int": "c_ulonglong",
    "__int128 unsigned": "u128", "unsigned __int128": "u128",
}  # fmt: skip
_SIGNED = {
    "int": "c_int", "char": "c_char", "signed char": "c_schar", "short": "c_short",
    "short int": "c_short", "long": "c_long", "long int": "c_long", "long long": "c_longlong",
    "long long int": "c_longlong", "__int128": "i128", "wchar_t": "wchar_t",
}  # fmt: skip
BASES = {
    **_UNSIGNED, **_SIGNED, "_Bool": "bool", "bool": "bool", "float": "f32", "double": "f64",
    "long double": "c_longdouble",
}  # fmt: skip
"""What the names that compilers give to C's own types stand for."""

RUST_NAMES = frozenset(
    """u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool""".split()  # noqa: SIM905  a list of them is a page long
)
"""Names that mean the same in Rust's debug information as in a contract; Linux's typedefs, too."""

VA_LISTS = frozenset({"va_list", "__gnuc_va_list", "__builtin_va_list"})


def name_scalar(layout: ScalarLayout, wording: Wording, facts: TargetFacts) -> str | None:
    """Return the name that fits a scalar best, or None if the vocabulary has none for it.

    A name is taken only if it stands for the same size and kind on the plugin's target.
    """
    wanted = layout.kind, layout.size
    for name in _candidates(layout, wording.typedefs):
        if _alike(facts.scalars.get(name), wanted):
            return name
    return None


def _candidates(layout: ScalarLayout, typedefs: Iterable[str]) -> Iterator[str]:
    for typedef in typedefs:
        if typedef in TYPEDEFS:
            yield TYPEDEFS[typedef]
        elif typedef in RUST_NAMES:
            yield typedef
    if layout.name in BASES:
        yield BASES[layout.name]
    if layout.name in RUST_NAMES:
        yield layout.name
    if layout.kind == CHAR:
        yield "c_char"
    letter = {UNSIGNED: "u", SIGNED: "i", FLOAT: "f"}.get(layout.kind)
    if letter is not None and not _is_other_float(layout):
        yield f"{letter}{8 * layout.size}"
    elif letter is None:
        yield layout.kind


def _is_other_float(layout: ScalarLayout) -> bool:
    return layout.kind == FLOAT and layout.size not in {4, 8}


def _alike(known: tuple[str, int] | None, wanted: tuple[str, int]) -> bool:
    if known is None or known[1] != wanted[1]:
        return False
    return known[0] == wanted[0] or {known[0], wanted[0]} == {CHAR, SIGNED}
