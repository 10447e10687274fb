"""Mangled names of C++ and Rust that hide a plain name, read just far enough for a hint."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_HITS = 64
LONGEST_NAME = 1 << 12

BUILTINS = {
    "v": "void", "b": "bool", "c": "char", "a": "signed char", "h": "unsigned char", "w": "wchar_t",
    "s": "short", "t": "unsigned short", "i": "int", "j": "unsigned int", "l": "long",
    "m": "unsigned long", "x": "long long", "y": "unsigned long long", "n": "__int128",
    "o": "unsigned __int128", "f": "float", "d": "double", "e": "long double", "z": "...",
}  # fmt: skip
"""One-letter types. Source: Itanium C++ ABI, section 5.1.5.2, "Builtin types"."""

QUALIFIERS = {"P": "*", "R": "&", "O": "&&", "K": " const"}


def mangled_near(name: bytes, strings: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield the mangled names in a string table that hold `name`, each with a clause about it."""
    part, position = b"%d%s" % (len(name), name), -1
    for _ in range(MOST_HITS):
        position = strings.find(part, position + 1)
        if position < 0:
            return
        first = max(0, position - LONGEST_NAME)
        begin = max(strings.rfind(b"\0", first, position) + 1, first)
        end = strings.find(b"\0", position, position + LONGEST_NAME)
        whole = strings[begin : max(end, begin)]
        is_number_inside = strings[position - 1 : position].isdigit()
        reading = None if is_number_inside else _reading(whole, position - begin, part)
        if reading is not None:
            yield whole, reading


def _reading(whole: bytes, place: int, part: bytes) -> str | None:
    """Return a clause about a mangled name that has `part` at `place`, or None if it is another."""
    text, after = whole.decode(errors="backslashreplace"), whole[place + len(part) :]
    if re.match(rb"17h[0-9a-f]{16}E", after) or whole.startswith(b"_R"):
        return f'there is a Rust function {text}: `#[no_mangle] pub extern "C"` forgotten?'
    if whole[:place] == b"_Z":
        shown = part.lstrip(b"0123456789").decode(errors="backslashreplace")
        parameters = _parameters(after.decode(errors="backslashreplace"))
        signature = text if parameters is None else f"{shown}({parameters})"
        return f'there is a C++ function {signature}: `extern "C"` forgotten?'
    if whole.startswith(b"_ZN") and after.startswith(b"E"):
        return f'there is a C++ function in a namespace or class, {text}: `extern "C"` forgotten?'
    return None


def _parameters(code: str) -> str | None:
    """Return the parameter types that `code` spells, if it uses builtin and plain types only."""
    found: list[str] = []
    while code:
        suffix = ""
        while code[:1] in QUALIFIERS:
            suffix = QUALIFIERS[code[0]] + suffix
            code = code[1:]
        if code[:1] in BUILTINS:
            found.append(BUILTINS[code[0]] + suffix)
            code = code[1:]
            continue
        number = re.match(r"\d{1,3}", code)
        if number is None:
            return None
        begin = number.end()
        end = begin + int(number.group())
        found.append(code[begin:end] + suffix)
        code = code[end:]
    return "" if found == ["void"] else ", ".join(found)
