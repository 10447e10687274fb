"""Names of a contract -> names of files, macros and identifiers of the languages generated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

C_WORDS = frozenset(
    """auto break case char const continue default do double else enum extern float for goto if
    inline int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while _Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary
    _Noreturn _Static_assert _Thread_local alignas alignof bool constexpr false nullptr
    static_assert thread_local true typeof typeof_unqual asm fortran
    and and_eq bitand bitor catch char8_t char16_t char32_t class co_await co_return co_yield compl
    concept const_cast consteval constinit decltype delete dynamic_cast explicit export final friend
    import module mutable namespace new noexcept not not_eq operator or or_eq override private
    protected public reinterpret_cast requires static_cast template this throw try typeid typename
    using virtual wchar_t xor xor_eq
    NULL offsetof va_list va_start va_end va_arg va_copy linux unix i386 near far interface
    errno stdin stdout stderr assert EOF size_t ptrdiff_t ssize_t std __func__
    uint8_t uint16_t uint32_t uint64_t int8_t int16_t int32_t int64_t intptr_t uintptr_t""".split()  # noqa: SIM905  (a hundred words read better so)
) - {"final", "override", "import", "module"}
"""Keywords of C23 and C++20, and what the headers define that are included everywhere."""

RUST_WORDS = frozenset(
    """as break const continue crate else enum extern false fn for if impl in let loop match mod
    move mut pub ref return self Self static struct super trait true type unsafe use where while
    async await dyn abstract become box do final macro override priv typeof unsized virtual yield
    try gen""".split()  # noqa: SIM905
)
"""Keywords of Rust up to edition 2024, reserved ones included."""


def capitals(contract_name: str) -> str:
    """Return the prefix of macros: the contract's name in capitals."""
    return identifier(contract_name).upper()


def identifier(contract_name: str) -> str:
    """Return a contract's name with `_` for whatever no identifier has."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", contract_name)
    return name if name and not name[0].isdigit() else f"_{name}"


def is_identifier(name: str) -> bool:
    """Whether every language has a way to call something by this name."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None


def file_stem(contract_name: str) -> str:
    """Return the name of generated files without its ending; it leads to no other directory."""
    return re.sub(r"[^A-Za-z0-9_+-]", "_", contract_name) or "_"


def escaped(name: str, words: Container[str]) -> str:
    """Return `name`, with `_` behind it if it is one of the language's own words."""
    return f"{name}_" if name in words else name
