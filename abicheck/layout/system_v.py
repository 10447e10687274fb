"""Members -> offsets by the rules of System V, which AAPCS and Apple share.

Bit positions count from the start of the struct in the target's bit order, so
that both byte orders follow one rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.layout.extent import Extent, Member, Placement, round_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.target import TargetFacts
    from abicheck.model.types import Struct


def place(struct: Struct, members: Sequence[Member], facts: TargetFacts) -> Placement:
    """Place each member at the lowest offset that its alignment and width allow.

    A bit-field shares bytes with its predecessor unless it would then cross more storage
    units of its type than it has to; a packed one is never moved. A width of zero
    closes the unit.

    Source: System V AMD64 psABI 1.0, section 3.1.2; AAPCS64, "Bit-fields subdivision".
    """
    end, furthest, alignment = 0, 0, 1
    offsets: list[int] = []
    for member in members:
        if struct.is_union:
            end = 0
        if member.bit_width is None:
            own = _limited(member.extent.alignment, struct.packed)
            start = round_up(end, own * 8)
            end = start + member.extent.size * 8
        else:
            own = _bit_field_alignment(member, struct.packed, facts)
            start = _bit_field_start(member, end, struct.packed)
            end = start + member.bit_width
        offsets.append(start)
        furthest = max(furthest, end)
        alignment = max(alignment, own)
    alignment = max(alignment, struct.align or 1)
    size = round_up(round_up(furthest, 8) // 8, alignment)
    return Placement(tuple(offsets), Extent(size, alignment, struct.align or 1))


def _limited(alignment: int, packed: int | None) -> int:
    return alignment if packed is None else min(alignment, packed)


def _bit_field_start(member: Member, end: int, packed: int | None) -> int:
    unit = member.extent.alignment * 8
    if member.bit_width == 0:
        return round_up(end, unit)
    crosses = end % unit + (member.bit_width or 0) > member.extent.size * 8
    return round_up(end, unit) if crosses and packed is None else end


def _bit_field_alignment(member: Member, packed: int | None, facts: TargetFacts) -> int:
    """Return what a bit-field asks of its struct: AAPCS counts unnamed ones, others do not."""
    if not member.is_named and not facts.unnamed_bit_fields_align:
        return 1
    if member.bit_width == 0:
        return member.extent.alignment
    return _limited(member.extent.alignment, packed)
