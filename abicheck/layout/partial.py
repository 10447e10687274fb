"""Partial structs: offsets that the contract states, and those that follow from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.layout.extent import Extent, round_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.layout.extent import Member
    from abicheck.model.target import Target, TargetFacts
    from abicheck.model.types import Field, Struct


def place(
    struct: Struct, members: Sequence[Member], facts: TargetFacts
) -> tuple[tuple[int | None, ...], Extent | None]:
    """Return the bit offset of each field, and the extent if `size` fits the target.

    A field without an offset follows its predecessor. One whose offset fits no target has
    none, nor have those that follow it up to the next that states its own. The alignment
    is that of the known fields, as far as anyone can tell.
    """
    end: int | None = 0
    alignment = struct.align or 1
    offsets: list[int | None] = []
    for field, member in zip(struct.fields, members, strict=True):
        own = min(member.extent.alignment, struct.packed or member.extent.alignment)
        start = 0 if struct.is_union else _start(field, member, end, own, facts.target)
        offsets.append(start)
        bits = member.extent.size * 8 if member.bit_width is None else member.bit_width
        end = None if start is None else start + bits
        alignment = max(alignment, own)
    size = None if struct.size is None else struct.size.value_for(facts.target)
    return tuple(offsets), None if size is None else Extent(size, alignment, struct.align or 1)


def _start(
    field: Field, member: Member, end: int | None, alignment: int, target: Target
) -> int | None:
    if field.offset is not None:
        offset = field.offset.value_for(target)
        return None if offset is None else offset * 8
    if end is None:
        return None
    unit = alignment * 8
    if member.bit_width is None or member.bit_width == 0:
        return round_up(end, unit)
    crosses = end % unit + member.bit_width > member.extent.size * 8
    return round_up(end, unit) if crosses else end
