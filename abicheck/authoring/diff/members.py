"""The fields of one layout against those of another: which is which, and where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import StructLayout
from abicheck.model.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from abicheck.model.layout import FieldLayout, Layouts, TypeId

    Same = Callable[[TypeId, TypeId], bool]


@record
class Pairing:
    """Which field of the old struct is which of the new; `renamed` are pairs of another name."""

    same: tuple[tuple[FieldLayout, FieldLayout], ...]
    renamed: tuple[tuple[FieldLayout, FieldLayout], ...]
    removed: tuple[FieldLayout, ...]
    added: tuple[FieldLayout, ...]


def flatten(layouts: Layouts, struct: StructLayout) -> Iterator[FieldLayout]:
    """Yield the fields of a struct, those of its anonymous members in their stead."""
    for field in struct.fields:
        inner = layouts.layout(field.type) if field.name is None else None
        if isinstance(inner, StructLayout):
            for leaf in flatten(layouts, inner):
                bits = (
                    None if leaf.bit_offset is None else leaf.bit_offset + (field.offset or 0) * 8
                )
                offset = None if leaf.offset is None else leaf.offset + (field.offset or 0)
                yield replace(leaf, offset=offset, bit_offset=bits, line=leaf.line or field.line)
        elif field.name is not None:
            yield field


def first_bit(field: FieldLayout) -> int:
    """Return where a field begins, in bits from the start of its struct."""
    return field.bit_offset if field.bit_offset is not None else (field.offset or 0) * 8


def last_bit(layouts: Layouts, field: FieldLayout) -> int:
    """Return the bit behind a field."""
    size = getattr(layouts.layout(field.type), "size", None) or 0
    return first_bit(field) + (field.bit_size if field.bit_size is not None else 8 * size)


def pair(
    old: Layouts, before: StructLayout, new: Layouts, now: StructLayout, same: Same
) -> Pairing:
    """Pair fields by name, then those of one representation at one place."""
    theirs = {field.name: field for field in flatten(new, now)}
    ours = list(flatten(old, before))
    names = {field.name for field in ours}
    left = [field for field in theirs.values() if field.name not in names]
    found, renamed, removed = [], [], []
    for field in ours:
        if field.name in theirs:
            found.append((field, theirs[field.name]))
            continue
        match = next((each for each in left if _stands_for(field, each, same)), None)
        if match is None:
            removed.append(field)
        else:
            left.remove(match)
            renamed.append((field, match))
    return Pairing(tuple(found), tuple(renamed), tuple(removed), tuple(left))


def _stands_for(old: FieldLayout, new: FieldLayout, same: Same) -> bool:
    is_there = first_bit(old) == first_bit(new) and old.bit_size == new.bit_size
    return is_there and same(old.type, new.type)


def place(field: FieldLayout) -> str:
    """Return where a field lies, in words."""
    if field.offset is None:
        return "no known offset"
    if field.bit_size is None:
        return f"{field.offset:#x}"
    return f"{first_bit(field) // 8:#x} bit {first_bit(field) % 8}"
