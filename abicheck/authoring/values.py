"""Exported data and its type -> what it holds, as the loader will leave it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal

from abicheck.model.evidence import Observed
from abicheck.model.inspection import SeenValue
from abicheck.model.layout import (
    BOOL,
    CHAR,
    FLOAT,
    SIGNED,
    UNSIGNED,
    ArrayLayout,
    EnumLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abicheck.model.evidence import Evidence, Symbol
    from abicheck.model.layout import FieldLayout, TypeId

MOST_ELEMENTS = 8
MOST_FIELDS = 16
MOST_BYTES = 1 << 20
DEEPEST = 2
LONGEST_TEXT = 256
SHORTEST_TEXT = 3
MOST_SCANNED = 4096
FLOATS = {4: "f", 8: "d"}
WIDTHS = frozenset({1, 2, 4, 8, 16})
INTEGERS = frozenset({1, 2, 4, 8})
"""Sizes of data that is taken for an integer where nothing shows its type."""


class Values:
    """Reads the values of one plugin's exported data."""

    def __init__(self, evidence: Evidence, functions: Mapping[int, str]) -> None:
        """Read nothing yet; `functions` are the names of exports by their address."""
        self.evidence, self.functions = evidence, functions

    def of_type(self, symbol: Symbol, type_id: TypeId) -> SeenValue | None:
        """Return what data of a known type holds, None where nothing can be said."""
        layout = self.evidence.types.layout(type_id)
        size = getattr(layout, "size", None)
        if isinstance(layout, StructLayout | ArrayLayout) and size and size <= MOST_BYTES:
            content, is_initial = self._read(symbol.address, size)
            if is_initial and not any(content or b""):
                return SeenValue(shown="zeros", is_initial=True)
        return self._value(symbol.address, type_id, 0)

    def of_bytes(self, symbol: Symbol) -> SeenValue | None:
        """Return what data of an unknown type holds: text, an integer, or pointers to text."""
        if symbol.size is None:
            return None
        text = self._text(symbol.address, symbol.size)
        if text is not None and len(text) + 1 == symbol.size and len(text) > 1:
            return SeenValue(shown=_quoted(text), plain=text)
        content, is_initial = None, False
        if symbol.size in INTEGERS:
            content, is_initial = self._read(symbol.address, symbol.size)
        if content is None:
            return self._strings(symbol)
        number = int.from_bytes(content, _endian(self._order))
        return SeenValue(shown=_number(number), plain=number, is_initial=is_initial)

    def _strings(self, symbol: Symbol) -> SeenValue | None:
        """Return the texts that pointers in data of an unknown type lead to, with their offsets."""
        step = self.evidence.target.bits // 8
        found = []
        for offset in range(0, min(symbol.size or 0, MOST_SCANNED) - step + 1, step):
            answer = self.evidence.memory.pointer(symbol.address + offset)
            place = answer.value.address if isinstance(answer, Observed) else None
            text = None if place is None else self._text(place, LONGEST_TEXT)
            if text is not None and len(text) >= SHORTEST_TEXT:
                found.append(f"{offset:#x}: {_quoted(text)}")
            if len(found) > MOST_ELEMENTS:
                break
        more = ", …" if len(found) > MOST_ELEMENTS else ""
        shown = f"{{ {', '.join(found[:MOST_ELEMENTS])}{more} }}"
        return SeenValue(shown=shown) if found else None

    @property
    def _order(self) -> str:
        return self.evidence.target.byte_order

    def _read(self, address: int, size: int) -> tuple[bytes | None, bool]:
        """Return bytes, and whether they are zeros that may change before anybody looks."""
        for is_initial in (False, True):
            answer = self.evidence.memory.read(address, size, initial=is_initial)
            if isinstance(answer, Observed):
                return answer.value, is_initial
        return None, False

    def _value(self, address: int, type_id: TypeId, depth: int) -> SeenValue | None:
        layout = self.evidence.types.layout(type_id)
        match layout:
            case ScalarLayout() | EnumLayout():
                return self._scalar(address, layout)
            case PointerLayout():
                return self._pointer(address, layout)
            case ArrayLayout():
                return self._array(address, layout, depth)
            case StructLayout(is_union=False) if depth < DEEPEST:
                return self._struct(address, layout, depth)
        return None

    def _scalar(self, address: int, layout: ScalarLayout | EnumLayout) -> SeenValue | None:
        if layout.size not in WIDTHS:
            return None
        content, is_initial = self._read(address, layout.size)
        if content is None:
            return None
        found = _decoded(content, layout, self._order)
        return None if found is None else SeenValue(*found, is_initial=is_initial)

    def _pointer(self, address: int, layout: PointerLayout) -> SeenValue | None:
        answer = self.evidence.memory.pointer(address)
        if not isinstance(answer, Observed):
            return None
        value = answer.value
        if value.is_null:
            return SeenValue(shown="NULL")
        if value.symbol is not None:
            more = f" + {value.addend}" if value.addend else ""
            return SeenValue(shown=f"&{value.symbol}{more}")
        place = value.address or 0
        if layout.target is not None and self._is_character(layout.target):
            text = self._text(place, LONGEST_TEXT)
            if text is not None:
                return SeenValue(shown=_quoted(text), plain=text)
        if place in self.functions:
            return SeenValue(shown=f"&{self.functions[place]}")
        is_code = self.evidence.memory.is_code(place)
        return SeenValue(shown=f"{'code' if is_code else 'data'} at {place:#x}")

    def _array(self, address: int, layout: ArrayLayout, depth: int) -> SeenValue | None:
        element = self.evidence.types.layout(layout.element)
        size = getattr(element, "size", None)
        if self._is_character(layout.element) and layout.size:
            text = self._text(address, layout.size)
            if text is not None:
                return SeenValue(shown=_quoted(text), plain=text)
        if not size or not layout.count or depth >= DEEPEST:
            return None
        shown = [
            self._shown(address + at * size, layout.element, depth + 1)
            for at in range(min(layout.count, MOST_ELEMENTS))
        ]
        more = ", …" if layout.count > MOST_ELEMENTS else ""
        return SeenValue(shown=f"[{', '.join(shown)}{more}]")

    def _struct(self, address: int, layout: StructLayout, depth: int) -> SeenValue | None:
        plain = [
            each for each in layout.fields if each.offset is not None and each.bit_size is None
        ]
        if not plain:
            return None
        shown = [self._field(address, each, depth) for each in plain[:MOST_FIELDS]]
        more = ", …" if len(plain) > MOST_FIELDS else ""
        return SeenValue(shown=f"{{ {', '.join(shown)}{more} }}")

    def _field(self, address: int, field: FieldLayout, depth: int) -> str:
        shown = self._shown(address + (field.offset or 0), field.type, depth + 1)
        return f"{field.name} = {shown}" if field.name else shown

    def _shown(self, address: int, type_id: TypeId, depth: int) -> str:
        value = self._value(address, type_id, depth)
        return "…" if value is None else value.shown

    def _is_character(self, type_id: TypeId) -> bool:
        layout = self.evidence.types.layout(type_id)
        if not isinstance(layout, ScalarLayout) or layout.size != 1:
            return False
        return layout.kind == CHAR or layout.name in {"i8", "c_char"}

    def _text(self, address: int, limit: int) -> str | None:
        """Return the text at a place, if there is any that people can read."""
        answer = self.evidence.memory.string(address, min(limit, LONGEST_TEXT))
        if not isinstance(answer, Observed):
            return None
        try:
            text = answer.value.decode("utf-8")
        except UnicodeDecodeError:
            return None
        return text if text.replace("\n", "").replace("\t", "").isprintable() else None


def _decoded(
    content: bytes, layout: ScalarLayout | EnumLayout, order: str
) -> tuple[str, int | float | bool] | None:
    if isinstance(layout, EnumLayout):
        number = int.from_bytes(content, _endian(order), signed=bool(layout.is_signed))
        name = next((name for name, value in layout.values if value == number), None)
        return (name or str(number)), number
    if layout.kind == FLOAT:
        if layout.size not in FLOATS:
            return None
        (real,) = struct.unpack(
            f"{'<' if order == 'little' else '>'}{FLOATS[layout.size]}", content
        )
        return repr(real), real
    if layout.kind not in {UNSIGNED, SIGNED, CHAR, BOOL}:
        return None
    number = int.from_bytes(content, _endian(order), signed=layout.kind == SIGNED)
    if layout.kind == BOOL and number in {0, 1}:
        return ("true" if number else "false"), bool(number)
    return _number(number), number


def _endian(order: str) -> Literal["little", "big"]:
    return "little" if order == "little" else "big"


def _number(number: int) -> str:
    return f"{number} ({number:#x})" if number > 255 else str(number)  # noqa: PLR2004


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
