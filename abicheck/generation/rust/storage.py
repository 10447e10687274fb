"""A struct whose layout Rust would not find by itself -> members and fillers that give it.

Rust has no bit-fields, and none of a partial struct's gaps: both are written as bytes, so that
every other field comes to lie where C puts it on the target in question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import StructLayout, UnknownLayout
from abicheck.model.records import record
from abicheck.model.types import Named, type_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.layout import FieldLayout, Layouts
    from abicheck.model.types import Field, Struct

ALIGNING = {2: "u16", 4: "u32", 8: "u64"}
"""An integer by its alignment, of which an array of none raises that of a packed struct."""


class UnwritableError(Exception):
    """No Rust struct has this layout; says why."""


@record
class Part:
    """A field, or `size` bytes: a filler, or the storage of the bit-fields `bits`.

    Each of `bits` is a field and its first bit, counted from the start of these bytes.
    """

    name: str
    field: Field | None = None
    size: int = 0
    bits: tuple[tuple[Field, int], ...] = ()
    aligning: str = ""


@record
class Placed:
    """The parts of a struct in order, and what its `repr` needs."""

    parts: tuple[Part, ...]
    packed: int | None = None
    align: int | None = None


def needs_placing(struct: Struct) -> bool:
    """Whether a plain `repr(C)` struct of the same fields would not do."""
    return struct.is_partial or any(field.bit_width is not None for field in struct.fields)


def rust_names(struct: Struct) -> tuple[str, ...]:
    """Return the name of each field in Rust: an anonymous member has one there."""
    taken = {field.name for field in struct.fields}
    names, anonymous = [], 0
    for field in struct.fields:
        name = field.name or ""
        if not name and field.bit_width is None:
            anonymous += 1
            name = f"anonymous_{anonymous}"
            while name in taken:
                name += "_"
        names.append(name)
    return tuple(names)


def place(struct: Struct, layouts: Layouts) -> Placed:
    """Return the parts of `struct` on one target.

    Raises:
        UnwritableError: Rust cannot have this layout.

    """
    layout = layouts.layout(struct.name)
    if isinstance(layout, UnknownLayout):
        raise UnwritableError(f"{struct.name}: {layout.reason}")
    assert isinstance(layout, StructLayout)
    if struct.is_union:
        raise UnwritableError(f"{struct.name}: a union in Rust has neither bit-fields nor gaps")
    try:
        return _place(struct, layout, layouts, struct.packed)
    except _UnalignedError:
        return _place(struct, layout, layouts, 1)


class _UnalignedError(UnwritableError):
    """A field lies where Rust puts it only in a packed struct."""


def _place(struct: Struct, layout: StructLayout, layouts: Layouts, pack: int | None) -> Placed:
    builder = _Builder(struct, layouts, pack)
    for field, found in _in_order(struct, layout):
        builder.add(field, found)
    return builder.finish(layout)


def _in_order(struct: Struct, layout: StructLayout) -> Iterator[tuple[Field, FieldLayout]]:
    fields = [each for each in struct.fields if each.bit_width is None or each.name is not None]
    pairs = list(zip(fields, layout.fields, strict=True))
    for field, found in pairs:
        if found.offset is None:
            raise UnwritableError(f"{struct.name}.{field.name}: no offset is stated here")
    yield from sorted(pairs, key=lambda pair: (pair[1].offset or 0, pair[1].bit_offset or 0))


class _Builder:
    """Puts one part behind the other and counts the bytes."""

    def __init__(self, struct: Struct, layouts: Layouts, pack: int | None) -> None:
        self.struct, self.layouts, self.pack = struct, layouts, pack
        self.parts: list[Part] = []
        self.end, self.alignment = 0, 1
        self.run: list[tuple[Field, int]] = []
        self.taken = set(rust_names(struct))

    def add(self, field: Field, found: FieldLayout) -> None:
        if found.bit_offset is not None:
            self.run.append((field, found.bit_offset))
            return
        self.close_run()
        size, natural = _extent(field, self.layouts)
        alignment = min(natural, self.pack or natural)
        offset = found.offset or 0
        if offset % alignment:
            raise _UnalignedError(self.struct.name)
        if offset < self.end:
            raise UnwritableError(f"{self.struct.name}.{field.name}: it overlaps another field")
        if -(-self.end // alignment) * alignment != offset:
            self.fill(offset)
        name = next(
            name
            for name, each in zip(rust_names(self.struct), self.struct.fields, strict=True)
            if each is field
        )
        self.parts.append(Part(name=name, field=field))
        self.end, self.alignment = offset + size, max(self.alignment, alignment)

    def close_run(self) -> None:
        """Write the bit-fields seen since the last other field as the bytes that hold them."""
        if not self.run:
            return
        first = min(offset for _, offset in self.run) // 8
        last = max(offset + (field.bit_width or 0) for field, offset in self.run)
        if first < self.end:
            raise UnwritableError(
                f"{self.struct.name}: a bit-field shares a byte with its neighbour"
            )
        self.fill(first)
        bits = tuple((field, offset - 8 * first) for field, offset in self.run)
        size = -(-last // 8) - first
        name = self.unused(f"bits_{sum(bool(part.bits) for part in self.parts) + 1}")
        self.parts.append(Part(name=name, size=size, bits=bits))
        self.end, self.run = first + size, []

    def fill(self, offset: int) -> None:
        if offset > self.end:
            fillers = sum(part.field is None and not part.bits for part in self.parts)
            name = self.unused(f"padding_{fillers + 1}")
            self.parts.append(Part(name=name, size=offset - self.end))
            self.end = offset

    def unused(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def finish(self, layout: StructLayout) -> Placed:
        self.close_run()
        wanted, align = layout.alignment or self.alignment, None
        if wanted < self.alignment:
            raise _UnalignedError(self.struct.name)
        if wanted > self.alignment and self.pack is None:
            align = wanted
        elif self.pack is not None and wanted > self.alignment:
            if wanted > self.pack or wanted not in ALIGNING:
                raise UnwritableError(
                    f"{self.struct.name}: Rust has no structs both packed and aligned"
                )
            part = Part(name=self.unused("alignment"), aligning=ALIGNING[wanted])
            self.parts.insert(0, part)
        if layout.size is not None:
            self.end_at(layout.size, wanted)
        return Placed(parts=tuple(self.parts), packed=self.pack, align=align)

    def end_at(self, size: int, alignment: int) -> None:
        if size % alignment:
            raise _UnalignedError(f"{self.struct.name}: its size is no multiple of its alignment")
        if size < self.end:
            raise UnwritableError(f"{self.struct.name}: its fields end behind its size")
        if -(-self.end // alignment) * alignment != size:
            self.fill(size)


def _extent(field: Field, layouts: Layouts) -> tuple[int, int]:
    """Return the size and alignment of a field's type."""
    layout = layouts.layout(type_id(field.type))
    if isinstance(layout, UnknownLayout):
        raise UnwritableError(f"{field.name}: {layout.reason}")
    size, alignment = getattr(layout, "size", None), getattr(layout, "alignment", None)
    if alignment is None:
        alignment = 1
    if isinstance(layout, StructLayout) and layout.is_partial and isinstance(field.type, Named):
        raise UnwritableError(f"{field.name}: {field.type.name} is known only in part")
    return size or 0, alignment
