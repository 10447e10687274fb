"""Members -> offsets by the rules of Microsoft's compilers, which GCC and Clang follow on Windows.

A bit-field takes a whole unit of its type; the next one shares it only if its
type has the same size and the bits are enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.layout.extent import Extent, Member, Placement, UnplaceableError, round_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.target import TargetFacts
    from abicheck.model.types import Struct


def place(struct: Struct, members: Sequence[Member], facts: TargetFacts) -> Placement:
    """Place each member at the lowest offset that its alignment allows, bit-fields in units.

    Source: Microsoft C language reference, "C bit fields" and "Padding and alignment of
    structure members"; GCC manual, "-mms-bitfields".

    Raises:
        UnplaceableError: GCC and Clang, both of the gnu environment, do not agree.

    """
    is_msvc = facts.target.environment == "msvc"
    if not is_msvc and any(member.bit_width is not None for member in members):
        _refuse_disputed(struct)
    placing = _Placing(struct, is_msvc=is_msvc)
    offsets = [placing.next(member) for member in members]
    return Placement(tuple(offsets), placing.finish())


def _refuse_disputed(struct: Struct) -> None:
    if struct.is_union or struct.packed is not None:
        kind = "unions" if struct.is_union else "packed structs"
        raise UnplaceableError(f"GCC and Clang lay out bit-fields in {kind} differently on Windows")


class _Placing:
    """The state between two members. `unit` is the size of the open bit-field unit, or 0."""

    def __init__(self, struct: Struct, *, is_msvc: bool) -> None:
        self.struct, self.is_msvc = struct, is_msvc
        self.end, self.furthest, self.alignment, self.required = 0, 0, 1, 1
        self.unit, self.unused = 0, 0

    def next(self, member: Member) -> int:
        if self.struct.is_union:
            self.end = 0
        start = (
            self._plain(member)
            if member.bit_width is None
            else self._bits(member, member.bit_width)
        )
        self.furthest = max(self.furthest, self.end)
        return start

    def finish(self) -> Extent:
        align = self.struct.align or 1
        required = max(self.required, align)
        alignment = max(self.alignment, required if self.is_msvc else align)
        return Extent(
            size=round_up(self.furthest, alignment),
            alignment=alignment,
            required=alignment if self.struct.align else required,
        )

    def _plain(self, member: Member) -> int:
        extent = member.extent
        self.unit = 0
        own = self._limited(extent.alignment)
        if self.is_msvc:
            own = max(own, extent.required)
            self.required = max(self.required, extent.required)
        start = round_up(self.end, own)
        self.end = start + extent.size
        self.alignment = max(self.alignment, own)
        return start * 8

    def _limited(self, alignment: int) -> int:
        return alignment if self.struct.packed is None else min(alignment, self.struct.packed)

    def _bits(self, member: Member, width: int) -> int:
        size = member.extent.size
        if width == 0:
            return self._close_unit(size)
        if self.struct.is_union:
            self.end, self.unit = size, size
            return 0
        if self.unit == size and width <= self.unused:
            start = self.end * 8 - self.unused
            self.unused -= width
            return start
        own = self._limited(size)
        start = round_up(self.end, own)
        self.end, self.unit, self.unused = start + size, size, size * 8 - width
        self._align(own)
        return start * 8

    def _align(self, alignment: int) -> None:
        self.alignment = max(self.alignment, alignment)

    def _close_unit(self, size: int) -> int:
        """Place a bit-field of width zero, which counts only after another bit-field."""
        if self.unit and self.struct.is_union:
            self.end = size
        elif self.unit:
            own = self._limited(size)
            self.end = round_up(self.end, own)
            self._align(own)
        self.unit = 0
        return 0 if self.struct.is_union else self.end * 8
