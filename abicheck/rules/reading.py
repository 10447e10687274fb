"""Read values of a plugin by path: through the contract's types, the image and its relocations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.contract import CallStep, EachStep, FieldStep, IndexStep, Path
from abicheck.model.evidence import FUNCTION, TLS, Observed, Unseen
from abicheck.model.layout import (
    BOOL,
    CHAR,
    FLOAT,
    SIGNED,
    ArrayLayout,
    EnumLayout,
    FunctionLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    UnknownLayout,
)
from abicheck.model.records import record, replace
from abicheck.model.report import MISMATCH, UNVERIFIED
from abicheck.model.types import type_id
from abicheck.rules.members import flatten, size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.contract import Step
    from abicheck.model.evidence import Memory, Origin, PointerValue
    from abicheck.model.layout import FieldLayout, TypeId
    from abicheck.model.types import Type
    from abicheck.rules.case import Case

MOST_ELEMENTS = 65_536
LONGEST_STRING = 1 << 16


@record
class Place:
    """A typed place in the image. `path` is how it was reached; `end` is where its symbol ends.

    `bits` is (first bit, width) of a bit-field, counted as `FieldLayout.bit_offset` from `address`.
    `through_pointer`: relocations were followed to get here.
    """

    address: int
    type_id: TypeId
    path: str
    end: int | None = None
    bits: tuple[int, int] | None = None
    through_pointer: bool = False


@record
class Failure:
    """Why a path leads nowhere: a MISMATCH (the plugin has it otherwise) or UNVERIFIED."""

    status: str
    detail: str
    origin: Origin | None = None
    is_absent: bool = False


@record
class Value:
    """What was read: a number, bool, text or a pointer; `width` is an integer's, in bits."""

    value: int | float | bool | str | PointerValue
    origin: Origin
    width: int = 0
    is_signed: bool = False


class SectionMemory:
    """A section's content as a little image of its own, which starts at address 0."""

    def __init__(self, content: Observed[bytes]) -> None:
        """Read from `content` as if it were mapped at 0."""
        self.content = content

    def read(self, address: int, size: int, *, initial: bool = False) -> Observed[bytes] | Unseen:
        """Return bytes of the section."""
        del initial
        whole = self.content.value
        if address < 0 or address + size > len(whole):
            return Unseen(f"the section has only {len(whole)} bytes")
        origin = self.content.origin
        offset = None if origin.file_offset is None else origin.file_offset + address
        return Observed(whole[address : address + size], replace(origin, file_offset=offset))

    def pointer(self, address: int) -> Observed[PointerValue] | Unseen:
        """Refuse: a path into a section follows no pointers."""
        return Unseen(f"pointers in a section (at {address:#x}) are not followed")

    def is_code(self, address: int) -> bool:
        """Say no: a path into a section calls nothing."""
        del address
        return False

    def string(self, address: int, limit: int = 4096) -> Observed[bytes] | Unseen:
        """Return the bytes before the first NUL, or before the section's end."""
        rest = self.content.value[address : address + limit]
        return Observed(rest.partition(b"\0")[0], self.content.origin)


class Reader:
    """Reads paths for one case."""

    def __init__(self, case: Case, *, initial: bool = False) -> None:
        """Read from the case's plugin; with `initial`, zeros in `.bss` count as values."""
        self.case, self.initial = case, initial
        self.memory: Memory | SectionMemory = case.evidence.memory
        self.byte_order = case.evidence.target.byte_order

    # From a path to places.

    def places(
        self, path: Path, type_: Type | None, at: int, until: str | Path | None
    ) -> list[Place] | Failure:
        """Return every place that `path` leads to: one, or one for each element of `[]`."""
        if path.calls and self.case.caller is None:
            found = self.case.symbol(path.root)
            if found is None:
                return self._absent(f"the plugin does not export {path.root}")
            return Failure(
                UNVERIFIED,
                f"it is behind a call of {path.root}(), which only a loaded plugin answers",
            )
        root = self._section(path, type_, at) if path.sections else self._symbol(path)
        if isinstance(root, Failure):
            return root
        return self._walk([root], path.steps, path, until)

    def _section(self, path: Path, type_: Type | None, at: int) -> Place | Failure:
        for name in path.sections:
            content = self.case.evidence.memory.section_bytes(name)
            if content is None:
                continue
            if isinstance(content, Unseen):
                return Failure(UNVERIFIED, content.reason)
            self.memory = SectionMemory(content)
            if type_ is None:
                return Failure(UNVERIFIED, "the contract gives no type for it")
            return Place(at, type_id(type_), path.text, end=len(content.value))
        names = " or ".join(path.sections)
        return self._absent(f"the plugin has no section {names}")

    def _absent(self, detail: str) -> Failure:
        return Failure(MISMATCH, detail, self.case.evidence.facts.origin, is_absent=True)

    def _symbol(self, path: Path) -> Place | Failure:
        export = self.case.contract.export_named(path.root)
        version = None if export is None else export.symbol_version
        symbol = self.case.symbol(path.root, version) or self.case.symbol(path.root)
        if symbol is None:
            return self._absent(f"the plugin does not export {path.root}")
        if symbol.kind == TLS:
            return Failure(UNVERIFIED, f"{path.root} is thread-local", symbol.origin)
        if symbol.kind == FUNCTION and not path.calls:
            return Failure(MISMATCH, f"{path.root} is a function", symbol.origin)
        type_ = self._type_of(path.root)
        if type_ is None:
            return Failure(UNVERIFIED, f"the contract gives no type for {path.root}")
        end = symbol.address + symbol.size if symbol.size else None
        return Place(symbol.address, type_id(type_), path.root, end=end)

    def _type_of(self, root: str) -> Type | None:
        exact = self.case.contract.export_named(root)
        if exact is not None:
            return exact.type
        from fnmatch import fnmatchcase  # noqa: PLC0415 (few contracts hold globs)

        globs = (export for export in self.case.contract.exports if export.is_glob)
        return next((each.type for each in globs if fnmatchcase(root, each.name)), None)

    def _walk(
        self, places: list[Place], steps: Sequence[Step], path: Path, until: str | Path | None
    ) -> list[Place] | Failure:
        for step in steps:
            following: list[Place] = []
            for place in places:
                found = self._step(place, step, until)
                if isinstance(found, Failure):
                    return found
                following.extend(found)
            places = following
        if path.is_dereferenced:
            return self._all_followed(places)
        return places

    def _all_followed(self, places: list[Place]) -> list[Place] | Failure:
        followed: list[Place] = []
        for place in places:
            found = self._follow(place)
            if isinstance(found, Failure):
                return found
            followed.append(found)
        return followed

    def _step(self, place: Place, step: Step, until: str | Path | None) -> list[Place] | Failure:
        match step:
            case FieldStep(name):
                found = self._field(place, name)
                return found if isinstance(found, Failure) else [found]
            case IndexStep(index):
                found = self._element(place, index)
                return found if isinstance(found, Failure) else [found]
            case EachStep():
                return self._each(place, until)
            case CallStep():
                found = self._call(place)
                return found if isinstance(found, Failure) else [found]

    def _call(self, place: Place) -> Place | Failure:
        function = self.case.layouts.layout(place.type_id)
        if isinstance(function, PointerLayout):
            followed = self._follow(place)
            if isinstance(followed, Failure):
                return followed
            place, function = followed, self.case.layouts.layout(followed.type_id)
        path = f"{place.path}()"
        if not isinstance(function, FunctionLayout) or function.result is None:
            return Failure(UNVERIFIED, f"{path} returns nothing that could be read")
        if self.case.caller is None:
            return Failure(UNVERIFIED, f"{path} is a call, which only a loaded plugin answers")
        if not self.memory.is_code(place.address):
            return Failure(MISMATCH, f"{place.path} does not point to code")
        found = self.case.caller.call(place.address, function)
        if isinstance(found, Unseen):
            return Failure(UNVERIFIED, f"{path}: {found.reason}")
        return Place(found.value, function.result, path)

    def _field(self, place: Place, name: str) -> Place | Failure:
        here = self._struct(place)
        if isinstance(here, Failure):
            return here
        place, struct = here
        field = next(
            (each for each in flatten(self.case.layouts, struct) if each.name == name), None
        )
        if field is None:
            return Failure(UNVERIFIED, f"{place.path} has no field {name}")
        if field.offset is None:
            return Failure(
                UNVERIFIED, f"the contract gives no offset of {name} for {self.case.target}"
            )
        path = f"{place.path}.{name}"
        if field.bit_size is not None and field.bit_offset is not None:
            return replace(
                place, type_id=field.type, path=path, bits=(field.bit_offset, field.bit_size)
            )
        return replace(place, address=place.address + field.offset, type_id=field.type, path=path)

    def _struct(self, place: Place) -> tuple[Place, StructLayout] | Failure:
        layout = self.case.layouts.layout(place.type_id)
        for _ in range(8):
            if not isinstance(layout, PointerLayout):
                break
            found = self._follow(place)
            if isinstance(found, Failure):
                return found
            place, layout = found, self.case.layouts.layout(found.type_id)
        if isinstance(layout, StructLayout):
            return place, layout
        reason = (
            layout.reason if isinstance(layout, UnknownLayout) else f"{place.path} is no struct"
        )
        return Failure(UNVERIFIED, reason)

    def _follow(self, place: Place) -> Place | Failure:
        layout = self.case.layouts.layout(place.type_id)
        if not isinstance(layout, PointerLayout):
            return Failure(UNVERIFIED, f"{place.path} is no pointer")
        found = self._pointer(place)
        if isinstance(found, Failure):
            return found
        pointer, origin = found.value, found.origin
        if pointer.is_null:
            return Failure(MISMATCH, f"{place.path} is NULL", origin)
        if pointer.address is None:
            return Failure(
                UNVERIFIED,
                f"{place.path} points to {pointer.symbol}, which another library defines",
                origin,
            )
        target = "c_void" if layout.target is None else layout.target
        return Place(pointer.address, target, place.path, through_pointer=True)

    def _pointer(self, place: Place) -> Observed[PointerValue] | Failure:
        outside = self._outside(place, self.case.facts.pointer_size)
        if outside:
            return outside
        found = self.memory.pointer(place.address)
        if isinstance(found, Unseen):
            return Failure(UNVERIFIED, f"{place.path}: {found.reason}")
        return found

    def _outside(self, place: Place, size: int) -> Failure | None:
        """Refuse to read past the symbol's end, where another variable begins."""
        if place.end is None or place.address + size <= place.end:
            return None
        start = place.address
        return Failure(
            MISMATCH,
            f"{place.path} lies outside the plugin's data, "
            f"which ends {start + size - place.end} bytes too early",
        )

    # Elements.

    def _element(self, place: Place, index: int) -> Place | Failure:
        found = self._elements(place)
        if isinstance(found, Failure):
            return found
        base, element, size, _ = found
        path = f"{place.path}[{index}]"
        return replace(base, address=base.address + index * size, type_id=element, path=path)

    def _elements(self, place: Place) -> tuple[Place, TypeId, int, int | None] | Failure:
        """Return the first element's place, the element's type and size, and how many there are."""
        layout = self.case.layouts.layout(place.type_id)
        if isinstance(layout, PointerLayout):
            place_or_failure = self._follow(place)
            if isinstance(place_or_failure, Failure):
                return place_or_failure
            place, layout = place_or_failure, self.case.layouts.layout(place_or_failure.type_id)
            if not isinstance(layout, ArrayLayout):
                size = size_of(layout)
                if not size:
                    return Failure(
                        UNVERIFIED, f"the size of the elements of {place.path} is not known"
                    )
                return place, place.type_id, size, None
        if not isinstance(layout, ArrayLayout):
            return Failure(UNVERIFIED, f"{place.path} is no array")
        size = size_of(self.case.layouts.layout(layout.element))
        if not size:
            return Failure(UNVERIFIED, f"the size of the elements of {place.path} is not known")
        return place, layout.element, size, layout.count

    def _each(self, place: Place, until: str | Path | None) -> list[Place] | Failure:
        found = self._elements(place)
        if isinstance(found, Failure):
            return found
        base, element, size, count = found
        limit = self._limit(base, size, count, until)
        if isinstance(limit, Failure):
            return limit
        elements: list[Place] = []
        for index in range(limit):
            each = replace(
                base,
                address=base.address + index * size,
                type_id=element,
                path=f"{place.path}[{index}]",
            )
            end = self._is_end(each, until, size) if isinstance(until, str) else False
            if isinstance(end, Failure):
                return end
            if end:
                return elements
            elements.append(each)
        if isinstance(until, str):
            return Failure(
                MISMATCH, f'{place.path} has no end within {limit} elements (until = "{until}")'
            )
        return elements

    def _limit(
        self, base: Place, size: int, count: int | None, until: str | Path | None
    ) -> int | Failure:
        """Return how many elements there are, or may be before the end that `until` marks."""
        room = None if base.end is None else max(0, base.end - base.address) // size
        if isinstance(until, Path):
            stated = self._count(until)
            if isinstance(stated, Failure):
                return stated
            if room is not None and stated > room:
                detail = f"{base.path} has room for {room} elements, not for {stated}"
                return Failure(MISMATCH, detail)
            count = stated
        if count is None and room is None and until is None:
            return Failure(UNVERIFIED, f"nothing says how many elements {base.path} has")
        limit = min(each for each in (count, room, MOST_ELEMENTS + 1) if each is not None)
        if limit > MOST_ELEMENTS and (count is not None or room is not None):
            return Failure(UNVERIFIED, f"{base.path} has more than {MOST_ELEMENTS} elements")
        return min(limit, MOST_ELEMENTS)

    def _count(self, path: Path) -> int | Failure:
        reader = Reader(self.case, initial=self.initial)
        places = reader.places(path, None, 0, None)
        if isinstance(places, Failure):
            return places
        value = reader.value(places[0])
        if isinstance(value, Failure):
            return value
        if not isinstance(value.value, int):
            return Failure(UNVERIFIED, f"{path.text} is no count")
        return value.value

    def _is_end(self, place: Place, until: str, size: int) -> bool | Failure:
        if until == "zero":
            return self._is_zero(place, size)
        pointer = self._first_pointer(place)
        if pointer is None:
            return Failure(UNVERIFIED, f"{place.path} holds no pointer that could be NULL")
        found = self._pointer(pointer)
        return found if isinstance(found, Failure) else found.value.is_null

    def _is_zero(self, place: Place, size: int) -> bool | Failure:
        found = self.memory.read(place.address, size, initial=True)
        if isinstance(found, Observed):
            return not any(found.value)
        # A relocation fills some of it: an element with a pointer is not the end.
        for field in self._pointers_in(place):
            pointer = self._pointer(replace(place, address=place.address + (field.offset or 0)))
            if isinstance(pointer, Observed) and not pointer.value.is_null:
                return False
        return Failure(UNVERIFIED, f"{place.path}: {found.reason}")

    def _pointers_in(self, place: Place) -> list[FieldLayout]:
        from abicheck.model.layout import FieldLayout  # noqa: PLC0415

        layout = self.case.layouts.layout(place.type_id)
        if isinstance(layout, PointerLayout):
            return [FieldLayout(name=None, type=place.type_id, offset=0)]
        if not isinstance(layout, StructLayout):
            return []
        layouts = self.case.layouts
        return [
            field
            for field in flatten(layouts, layout)
            if field.offset is not None and isinstance(layouts.layout(field.type), PointerLayout)
        ]

    def _first_pointer(self, place: Place) -> Place | None:
        fields = self._pointers_in(place)
        if not fields:
            return None
        return replace(
            place, address=place.address + (fields[0].offset or 0), type_id=fields[0].type
        )

    # From a place to a value.

    def pointer_value(self, place: Place) -> Value | Failure:
        """Return the pointer at a place, for `null` and `points_to`."""
        found = self._pointer(place)
        if isinstance(found, Failure):
            return found
        return Value(found.value, found.origin)

    def text(self, place: Place) -> Value | Failure:
        """Return the string at a place: a `c_char` array, or what a pointer points to."""
        layout = self.case.layouts.layout(place.type_id)
        if isinstance(layout, PointerLayout):
            followed = self._follow(place)
            if isinstance(followed, Failure):
                return followed
            return self._text_at(followed, None)
        if isinstance(layout, ArrayLayout):
            room = layout.count
            if room is None and place.end is not None:
                room = place.end - place.address
            return self._text_at(place, room)
        return Failure(UNVERIFIED, f"{place.path} is no string")

    def _text_at(self, place: Place, room: int | None) -> Value | Failure:
        if room is None:
            found = self.memory.string(place.address, LONGEST_STRING)
        else:
            outside = self._outside(place, min(room, 1))
            if outside:
                return outside
            found = self.memory.read(place.address, min(room, LONGEST_STRING), initial=self.initial)
        if isinstance(found, Unseen):
            return Failure(UNVERIFIED, f"{place.path}: {found.reason}")
        text = found.value.partition(b"\0")[0].decode("utf-8", "surrogateescape")
        return Value(text, found.origin)

    def value(self, place: Place) -> Value | Failure:
        """Return the number at a place."""
        layout = self.case.layouts.layout(place.type_id)
        while isinstance(layout, StructLayout) and layout.is_transparent and layout.fields:
            layout = self.case.layouts.layout(layout.fields[0].type)
        if isinstance(layout, UnknownLayout):
            return Failure(UNVERIFIED, layout.reason)
        if isinstance(layout, EnumLayout):
            return self._number(place, SIGNED if layout.is_signed else "unsigned", layout.size)
        if isinstance(layout, ScalarLayout):
            return self._number(place, layout.kind, layout.size)
        if isinstance(layout, PointerLayout):
            return Failure(
                UNVERIFIED, f"{place.path} is a pointer; `*{place.path}` reads what it points to"
            )
        kind = "an opaque type" if isinstance(layout, OpaqueLayout) else "no number"
        return Failure(UNVERIFIED, f"{place.path} is {kind}")

    def _number(self, place: Place, kind: str, size: int) -> Value | Failure:
        first, last = place.address, place.address + size
        if place.bits is not None:
            first = place.address + place.bits[0] // 8
            last = place.address + (place.bits[0] + place.bits[1] + 7) // 8
        outside = self._outside(replace(place, address=first), last - first)
        if outside:
            return outside
        found = self.memory.read(first, last - first, initial=self.initial)
        if isinstance(found, Unseen):
            return Failure(UNVERIFIED, f"{place.path}: {found.reason}")
        if kind == FLOAT:
            return self._float(place, found)
        raw = int.from_bytes(found.value, self.byte_order)  # type: ignore[arg-type]
        width = size * 8
        if place.bits is not None:
            raw, width = self._bits(raw, place.bits, last - first), place.bits[1]
        is_signed = kind == SIGNED or (kind == CHAR and self.case.facts.char_is_signed)
        if is_signed and raw >> (width - 1) & 1:
            raw -= 1 << width
        value = bool(raw) if kind == BOOL and raw in {0, 1} else raw
        return Value(value, found.origin, width=width, is_signed=is_signed)

    def _bits(self, raw: int, bits: tuple[int, int], size: int) -> int:
        skip = bits[0] % 8
        if self.byte_order == "big":
            skip = size * 8 - skip - bits[1]
        return raw >> skip & ((1 << bits[1]) - 1)

    def _float(self, place: Place, found: Observed[bytes]) -> Value | Failure:
        from struct import unpack  # noqa: PLC0415 (few tags are floating-point numbers)

        codes = {2: "e", 4: "f", 8: "d"}
        if len(found.value) not in codes:
            return Failure(
                UNVERIFIED, f"{place.path} is a floating-point number of {len(found.value)} bytes"
            )
        order = ">" if self.byte_order == "big" else "<"
        return Value(unpack(order + codes[len(found.value)], found.value)[0], found.origin)
