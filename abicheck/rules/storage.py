"""Bit-fields of a contract against Rust, which has none: they are kept in bytes of some field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import UNSIGNED, ArrayLayout, ScalarLayout
from abicheck.rules.members import bits_of, flatten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from abicheck.model.layout import FieldLayout, StructLayout
    from abicheck.rules.case import Case
    from abicheck.rules.members import Pair


def kept_in_bytes(
    case: Case, wanted: StructLayout, found: StructLayout, pairs: Iterable[Pair]
) -> Mapping[str | None, FieldLayout]:
    """Return the bit-fields, by name, that lie in the bytes of a field of another name."""
    types = case.evidence.types
    names = {field.name for field in flatten(case.layouts, wanted)}
    storage = [
        (bits_of(types, field), field)
        for field in flatten(types, found)
        if field.name not in names and field.bit_size is None and _is_bytes(case, field)
    ]
    kept: dict[str | None, FieldLayout] = {}
    for pair in pairs:
        if pair.wanted.name is None or pair.wanted.bit_size is None:
            continue
        bits = bits_of(case.layouts, pair.wanted)
        holders = [
            field for room, field in storage if room.start <= bits.start and bits.stop <= room.stop
        ]
        if holders and (pair.found is None or pair.is_renamed):
            kept[pair.wanted.name] = holders[0]
    return kept


def _is_bytes(case: Case, field: FieldLayout) -> bool:
    """Whether a field holds bytes, or an integer that they are taken from."""
    types = case.evidence.types
    layout = types.layout(field.type)
    if isinstance(layout, ArrayLayout):
        layout = types.layout(layout.element)
    return isinstance(layout, ScalarLayout) and layout.kind == UNSIGNED
