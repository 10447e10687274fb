"""A second reader of descriptors, written for the tests from the specification alone.

It trusts its input and knows nothing of abicheck: what both read must be the same.
"""

from __future__ import annotations

import re
import struct
from typing import Any

FIXED = {
    1: "<QH", 2: "<IIQHB", 3: "<IIQHB", 4: "<II", 5: "<IIBBQ", 6: "<IIIQ", 7: "<IBQH", 8: "<Q",
    9: "<BQ", 10: "<BQI",
}  # fmt: skip


def dump(content: bytes) -> dict[str, Any]:
    """Return all that a descriptor says, as plain tuples: the `desc` of a note."""
    _, _, begin, order, pointer, long, wchar, char, long_double = struct.unpack_from(
        "<BBHBBBBBB", content
    )
    said: dict[str, Any] = {"build": (order, pointer, long, wchar, char, long_double)}
    types: dict[str, Any] = said.setdefault("types", {})
    exports: dict[str, Any] = said.setdefault("exports", {})
    inner: list[Any] = []
    at = begin
    while at + 4 <= len(content):
        length, kind, fixed = struct.unpack_from("<HBB", content, at)
        if not length:
            break
        numbers = struct.unpack_from(FIXED[kind], content, at + 4)
        rest = content[at + fixed : at + length]
        strings = [each.decode(errors="replace") for each in rest.split(b"\0")]
        name = strings[0]
        if kind == 1:
            said["contract"] = (name, strings[1], numbers[1])
        elif kind in {2, 3}:
            size, alignment, _, count, flags = numbers
            inner = []
            types[name] = ("struct" if kind == 2 else "union", size, alignment, flags, count, inner)
        elif kind == 4:
            types[name] = ("opaque", *numbers)
        elif kind == 5:
            offset, size, measured, same, _ = numbers
            inner.append((name, strings[1], offset, size, measured, same, strings[2]))
        elif kind == 6:
            width, sampled, declared, _ = numbers
            behind = len(name.encode()) + len(strings[1].encode()) + 2
            bits = _bits(rest[behind : behind + sampled], order) if sampled else (declared, width)
            inner.append((name, strings[1], *bits))
        elif kind == 7:
            size, sign, _, count = numbers
            inner = []
            types[name] = ("enum", size, sign, count, inner)
        elif kind == 8:
            inner.append((name, numbers[0]))
        else:
            exports[name] = (kind, numbers[0], *numbers[2:], *strings[1:3])
        at += length
    return said


def _bits(sample: bytes, order: int) -> tuple[int, int]:
    """Return the first bit that is set and how many are, one bit after the other."""
    numbers = range(8) if order == 1 else range(7, -1, -1)
    bits = [byte >> number & 1 for byte in sample for number in numbers]
    return bits.index(1), sum(bits)


NUMBERS = r"(?:[ui](?:8|16|32|64|size)|f32|f64|bool|c_char|c_int|c_uint|c_long|const|mut)\b"
KINDS = {"u32": 1, "Mode": 1, "f64": 4, "bool": 3, "u64": 1, "i64": 2, "i16": 2, "u8": 1}
"""What a compiler measures of types, where it says that a field is of that very type."""


def essence(said: dict[str, Any]) -> object:
    """Return what of it a host depends on: all but names of fields, values and pointees."""
    types = {
        name: (*about[:3], [_member(about[0], each) for each in about[-1]])
        if isinstance(about[-1], list)
        else about
        for name, about in said["types"].items()
    }
    exports = {
        name: (kind, bound, *rest[:-2], _plain(rest[-2]), rest[-1] if kind == 9 else "")
        for name, (kind, bound, *rest) in said["exports"].items()
    }
    return types, exports


def _member(kind: str, member: tuple[Any, ...]) -> object:
    if kind == "enum":
        return member[1]
    if len(member) == 4:
        return (_plain(member[1]), *member[2:])
    _, text, offset, size, measured, same, free = member
    if measured in {1, 2, 3, 4}:
        text = f"measured as {measured}"  # Whatever its type is called.
    elif text in KINDS and same == 1:
        text = f"measured as {KINDS[text]}"
    return _plain(text), offset, size, free


def _plain(text: str) -> str:
    """Leave out of a type what makes no difference: `const`, names, nullability of the C side."""
    text = text.removeprefix("static ").replace("*const ", "*").replace("*mut ", "*")
    return re.sub(rf"\*(?!{NUMBERS})[A-Za-z_]\w*", "*T", text)
