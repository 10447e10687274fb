"""Pieces of Rust -> lines as rustfmt breaks them, for what generated modules are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LINE, ATTRIBUTE = 100, 70
"""rustfmt's widths: of a line, and of what an attribute holds between its parentheses."""

SKIP = "#[rustfmt::skip]"


def attribute(name: str, arguments: Sequence[str]) -> list[str]:
    """Return the lines of `#[name(arguments)]`; none without arguments."""
    if not arguments:
        return []
    joined = ", ".join(arguments)
    if len(joined) <= ATTRIBUTE:
        return [f"#[{name}({joined})]"]
    if len(arguments) == 1 and joined.endswith(")"):
        return [f"#[{name}({line}" if at == 0 else line for at, line in _nested(joined)]
    return [
        f"#[{name}(",
        *(f"    {each}," for each in arguments[:-1]),
        f"    {arguments[-1]}",
        ")]",
    ]


def _nested(predicate: str) -> Iterable[tuple[int, str]]:
    """Yield the lines of one predicate that is too long, the last with the attribute's end."""
    lines = broken(predicate)
    lines[-1] += ")]"
    return enumerate(lines)


def broken(predicate: str, depth: int = 0) -> list[str]:
    """Return the lines of `any(a, b)` with each part on its own."""
    indent = "    " * depth
    head, _, rest = predicate.partition("(")
    parts = split_arguments(rest[:-1])
    lines = [f"{indent}{head}("]
    for part in parts:
        if len(part.partition("(")[2]) - 1 > ATTRIBUTE - 4 * depth and part.endswith(")"):
            inner = broken(part, depth + 1)
        else:
            inner = [f"{indent}    {part}"]
        inner[-1] += "," if part is not parts[-1] else ""
        lines += inner
    return [*lines, f"{indent})"]


def split_arguments(text: str) -> list[str]:
    """Return what the outermost commas of `text` divide."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    return [*parts, text[start:].strip()]


def field(name: str, type_: str, *, visibility: str = "pub ") -> list[str]:
    """Return the lines of a field, indented once."""
    head = f"    {visibility}{name}:"
    if len(head) + len(type_) + 2 <= LINE:
        return [f"{head} {type_},"]
    if len(type_) + 9 <= LINE:
        return [head, f"        {type_},"]
    return [f"    {SKIP}", f"{head} {type_},"]


def alias(name: str, type_: str, indent: str = "") -> list[str]:
    """Return the lines of `pub type name = type;`."""
    line = f"{indent}pub type {name} = {type_};"
    if len(line) <= LINE:
        return [line]
    if len(type_) + len(indent) + 5 <= LINE:
        return [f"{indent}pub type {name} =", f"{indent}    {type_};"]
    return [f"{indent}{SKIP}", line]


def documentation(*sentences: str, indent: str = "") -> list[str]:
    """Return doc comments, a line for each of `sentences`; what is empty is a blank line."""
    return [f"{indent}/// {each}".rstrip() for each in sentences]


def string(text: str) -> str:
    """Return a string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"'
        + "".join(each if each.isprintable() else f"\\u{{{ord(each):x}}}" for each in escaped)
        + '"'
    )
