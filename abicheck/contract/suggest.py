"""A misspelt word -> the one that was probably meant. Only mistakes pay for this module."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIZED_INTEGER = re.compile(r"([uif])(\d+)")


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return `; did you mean "…"?` for the candidate closest to `word`, or nothing.

    A suggestion that only looks alike misleads more than none: short words must differ
    in one letter, longer ones in about one letter of four.
    """
    best = nearest(word, candidates)
    return f'; did you mean "{best}"?' if best else ""


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `word` is most likely a misspelling of."""
    names = sorted(set(candidates) - {word})
    folded = word.casefold().replace("-", "_")
    for name in names:
        if name.casefold().replace("-", "_") == folded:
            return name
    if _SIZED_INTEGER.fullmatch(word):
        sized = [name for name in names if _SIZED_INTEGER.fullmatch(name) and name[0] == word[0]]
        if sized:
            return min(sized, key=lambda name: abs(int(name[1:]) - int(word[1:6])))
    cutoff = 0.66 if len(word) <= 4 else 0.72  # noqa: PLR2004 (measured on the mistakes in tests)
    close = difflib.get_close_matches(word, names, n=1, cutoff=cutoff)
    return close[0] if close else None


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence has them: `a, b or c`."""
    names = list(words)
    if len(names) < 2:  # noqa: PLR2004 (one word stands alone)
        return "".join(names)
    return f"{', '.join(names[:-1])} or {names[-1]}"


FOREIGN_TYPES = {
    "int": "c_int", "char": "c_char", "short": "c_short", "long": "c_long", "float": "c_float",
    "double": "c_double", "void": "c_void", "unsigned": "c_uint", "signed": "c_int",
    "uint": "c_uint", "uchar": "c_uchar", "ushort": "c_ushort", "ulong": "c_ulong",
    "str": "*const c_char", "String": "*const c_char", "string": "*const c_char",
    "CStr": "*const c_char", "CString": "*const c_char", "boolean": "bool", "_Bool": "bool",
    "byte": "u8", "char16_t": "u16", "char32_t": "u32", "__int128": "i128", "int128_t": "i128",
    "uint128_t": "u128", "double_t": "c_double", "VaList": "va_list",
    "__builtin_va_list": "va_list",
}  # fmt: skip
"""What C and Rust programmers write for a type, in words that no spelling distance leads from."""

FOREIGN_WORDS = {
    "struct": "; write the struct's name alone",
    "union": "; write the union's name alone",
    "enum": "; write the enum's name alone",
    "const": '; write "*const T" for a pointer to what is not changed',
    "volatile": "; a layout does not depend on it",
    "mut": '; write "*mut T" for a pointer to what may be changed',
    "static": "; only an export is static",
    "dyn": "; a trait object has no layout that C knows",
    "impl": "; a type in a contract has one fixed layout",
    "Box": '; write "*mut T"',
    "Vec": "; it has no layout that C knows; pass a pointer and a length",
    "Option": '; write "Option<fn(...)>"',
    "opaque": '; name it in [types]: Name = "opaque"',
}
"""Words of C and Rust that are no types, and what to write instead."""
