"""Exported constants that look like the version of an interface -> suggested tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from abicheck.model.evidence import Observed
from abicheck.model.layout import (
    CHAR,
    SIGNED,
    UNSIGNED,
    ArrayLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
)
from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.model.evidence import Evidence, Symbol
    from abicheck.model.layout import TypeId

VERSION_NAME = re.compile(r"version|(^|_)(ver|abi|(abi|api)_?(level|number))$", re.IGNORECASE)
INTERFACE_NAME = re.compile(r"abi|api|interface|plugin", re.IGNORECASE)
SEMVER = re.compile(r"(\d+)\.(\d+)(?:\.(\d+)(?:[-+][0-9A-Za-z.+-]+)?)?")

HALF = {4: 16, 8: 32}
"""Bits of one of two halves of an integer, by its size."""

INTEGER = ScalarLayout(UNSIGNED, 4, "u32")
"""What read-only data of four bytes is taken for, where nothing shows its type."""

LARGEST_PART = 1000
LONGEST_TEXT = 64
SHORTEST_LIST = 2
LONGEST_LIST = 4096
"""Elements of a list that are looked at."""


@record
class SuggestedTag:
    """A tag that was guessed: `keys` are its lines, `version` is what it says now."""

    name: str
    comment: str
    keys: tuple[tuple[str, str], ...]
    version: str


def suggest_tags(
    evidence: Evidence, exported: Sequence[tuple[Symbol, TypeId]]
) -> tuple[SuggestedTag, ...]:
    """Return the one tag that looks most like the version of the interface, if any does."""
    found = [
        (rank, tag)
        for symbol, type_id in exported
        for rank, tag in _suggestions(evidence, symbol, type_id)
    ]
    best = min(found, key=lambda each: each[0], default=None)
    return () if best is None else (best[1],)


def _suggestions(
    evidence: Evidence, symbol: Symbol, type_id: TypeId
) -> Iterator[tuple[int, SuggestedTag]]:
    types = evidence.types
    layout = types.layout(type_id)
    if isinstance(layout, StructLayout):
        for field in layout.fields:
            name, inner = field.name or "", types.layout(field.type)
            is_plain = field.bit_size is None and field.offset is not None
            if is_plain and VERSION_NAME.search(name) and isinstance(inner, ScalarLayout):
                address = symbol.address + (field.offset or 0)
                tag = _of_integer(evidence, f"{symbol.name}.{name}", address, inner)
                if tag is not None:
                    yield _rank(name, 4), tag
        return
    if not VERSION_NAME.search(symbol.name):
        return
    if isinstance(layout, ScalarLayout):
        tag = _of_integer(evidence, symbol.name, symbol.address, layout)
    else:
        tag = _of_text(evidence, symbol, layout)
    if tag is not None:
        yield _rank(symbol.name, 0 if isinstance(layout, ScalarLayout) else 2), tag


def suggest_untyped_tag(evidence: Evidence, symbol: Symbol) -> SuggestedTag | None:
    """Return the tag that read-only data of an unknown type may be, by its name and its size."""
    if symbol.size != INTEGER.size or symbol.is_writable or not VERSION_NAME.search(symbol.name):
        return None
    return _of_integer(evidence, symbol.name, symbol.address, INTEGER)


def is_list(evidence: Evidence, symbol: Symbol, type_id: TypeId) -> bool:
    """Whether an array is one of pointers or structs whose last element, and no other, is zero."""
    layout = evidence.types.layout(type_id)
    if not isinstance(layout, ArrayLayout) or not layout.count or not layout.size:
        return False
    element = evidence.types.layout(layout.element)
    if layout.count < SHORTEST_LIST or not isinstance(element, PointerLayout | StructLayout):
        return False
    size = layout.size // layout.count
    end = symbol.address + layout.size - size
    if not _is_zero(evidence, end, size):
        return False
    elements = range(symbol.address, end, size)[:LONGEST_LIST]
    return not any(_is_zero(evidence, at, size) for at in elements)


def _is_zero(evidence: Evidence, address: int, size: int) -> bool:
    """Whether bytes are zero, and no relocation fills them."""
    answer = evidence.memory.read(address, size)
    return isinstance(answer, Observed) and not any(answer.value)


def _rank(name: str, base: int) -> int:
    return base if INTERFACE_NAME.search(name) else base + 1


def _of_integer(
    evidence: Evidence, path: str, address: int, layout: ScalarLayout
) -> SuggestedTag | None:
    if layout.kind not in {UNSIGNED, SIGNED} or layout.size not in {1, 2, 4, 8}:
        return None
    answer = evidence.memory.read(address, layout.size)
    if not isinstance(answer, Observed):
        return None
    is_little = evidence.target.byte_order == "little"
    number = int.from_bytes(answer.value, "little" if is_little else "big")
    if number == 0:
        return None
    half = HALF.get(layout.size, 0)
    major, minor = (number >> half, number & ((1 << half) - 1)) if half else (0, number)
    if 0 < major < LARGEST_PART and minor < LARGEST_PART:
        return _tag(
            path, f"it holds {number:#x}, which looks like {major}.{minor}", major, minor,
            f"major:{half} minor:{half}",
        )  # fmt: skip
    return SuggestedTag(
        name="version",
        comment=f"A guess: {path} holds {number}, which looks like the version of the interface.",
        keys=(("read", path), ("accepts", f"=={number}")),
        version=str(number) if number < LARGEST_PART else "",
    )


def _tag(path: str, why: str, major: int, minor: int, decode: str) -> SuggestedTag:
    return SuggestedTag(
        name="version",
        comment=f"A guess: {path} looks like the version of the interface; {why}.",
        keys=(
            ("read", path),
            ("decode", decode),
            ("accepts", f">={major}.0, <={major}.{minor}"),
        ),
        version=f"{major}.{minor}",
    )


def _of_text(evidence: Evidence, symbol: Symbol, layout: object) -> SuggestedTag | None:
    if not INTERFACE_NAME.search(symbol.name):
        return None  # Most texts called "version" are that of the program.
    text = _text(evidence, symbol, layout)
    found = SEMVER.fullmatch(text) if text else None
    if found is None or found.group(3) is None:
        return None
    major, minor = int(found.group(1)), int(found.group(2))
    return _tag(symbol.name, f'it holds "{text}"', major, minor, "semver")


def _text(evidence: Evidence, symbol: Symbol, layout: object) -> str | None:
    types, address = evidence.types, symbol.address
    element: TypeId | None = None
    if isinstance(layout, ArrayLayout):
        element = layout.element
    elif isinstance(layout, PointerLayout):
        element = layout.target
        pointer = evidence.memory.pointer(address)
        if not isinstance(pointer, Observed) or pointer.value.address is None:
            return None
        address = pointer.value.address
    letter = None if element is None else types.layout(element)
    if not isinstance(letter, ScalarLayout) or (letter.kind != CHAR and letter.size != 1):
        return None
    answer = evidence.memory.string(address, LONGEST_TEXT)
    return answer.value.decode("ascii", "replace") if isinstance(answer, Observed) else None
