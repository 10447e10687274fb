"""Lay out both sides of a comparison for the eye."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.report import MISMATCH, Picture, Row
from abicheck.rules.describe import describe
from abicheck.rules.members import bit_position, size_of

if TYPE_CHECKING:
    from abicheck.model.layout import FieldLayout, TypeGraph
    from abicheck.model.types import Struct
    from abicheck.rules.case import Case
    from abicheck.rules.struct_comparison import Compared, Member

MOST_ROWS = 500


def draw(case: Case, struct: Struct, compared: Compared) -> Picture:
    """Return the two layouts of a struct, each row marked with how it differs."""
    members = compared.members[:MOST_ROWS]
    layouts, types = case.layouts, case.evidence.types
    expected = [
        _row(layouts, each.pair.wanted, str(each.pair.wanted.type), _mark(each)) for each in members
    ]
    actual = [
        _row(types, each.pair.found, each.actual_type or "", _mark(each))
        for each in members
        if each.pair.found is not None
    ]
    actual += [
        _row(types, field, describe(types, field.type), "added")
        for field in compared.added[:MOST_ROWS]
    ]
    return Picture(
        subject=struct.subject,
        expected=tuple(expected),
        actual=tuple(sorted(actual, key=_position)),
        expected_size=compared.wanted.size,
        actual_size=compared.found.size,
        expected_alignment=compared.wanted.alignment,
        actual_alignment=compared.alignment,
        actual_name=compared.found.name,
        origin=compared.binding.origin,
    )


def _row(graph: TypeGraph, field: FieldLayout, type_: str, mark: str) -> Row:
    bits = None if field.bit_size is None else (bit_position(field), field.bit_size)
    return Row(
        name=field.name or "_",
        type=type_,
        offset=field.offset,
        size=size_of(graph.layout(field.type)),
        bits=bits,
        mark=mark,
    )


def _position(row: Row) -> int:
    return row.bits[0] if row.bits else (row.offset or 0) * 8


def _mark(member: Member) -> str:
    if member.pair.found is None:
        return "missing" if member.place.status == MISMATCH else ""
    if member.place.status == MISMATCH:
        return "moved"
    if member.type.status == MISMATCH:
        return "changed"
    return "renamed" if member.pair.is_renamed else ""
