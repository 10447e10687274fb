"""Observed layout -> the alignment that follows from its members, where the producer wrote none.

C compilers record an alignment only where the source states one, and nothing at all where a
struct is packed; what the members and their offsets leave open is said, not guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import (
    CHAR,
    UNSIGNED,
    ArrayLayout,
    EnumLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
)

if TYPE_CHECKING:
    from abicheck.model.layout import FieldLayout, TypeGraph, TypeId, TypeLayout
    from abicheck.model.target import TargetFacts

DEEPEST = 32
"""How many types may be nested by value before the answer is "not known"."""

PACKINGS = (16, 8, 4, 2, 1)
"""What `#pragma pack` can limit alignments to; the attribute `packed` is 1."""

_Known = dict["TypeId", "int | None"]


def derived_alignment(
    graph: TypeGraph, type_id: TypeId, facts: TargetFacts, known: _Known | None = None
) -> int | None:
    """Return the alignment of a type in bytes: as recorded, else as its members demand.

    Of a struct whose members lie where only a packed one's can, it is the largest that
    they leave room for. None where something inside cannot be known. `known` keeps
    answers between calls with one graph.
    """
    return _Deriver(graph, facts, known).alignment(type_id, 0)


class _Deriver:
    """One derivation over one graph; types by value cannot be recursive, but hostile ones can."""

    def __init__(self, graph: TypeGraph, facts: TargetFacts, known: _Known | None) -> None:
        self.graph, self.facts = graph, facts
        self.known: _Known = {} if known is None else known

    def alignment(self, type_id: TypeId, depth: int) -> int | None:
        if type_id not in self.known:
            self.known[type_id] = None  # the answer while a type is found inside itself
            if depth <= DEEPEST:
                self.known[type_id] = self._derive(self.graph.layout(type_id), depth)
        return self.known[type_id]

    def _derive(self, layout: TypeLayout, depth: int) -> int | None:
        match layout:
            case ScalarLayout(kind, size, _, alignment):
                return alignment or self._natural(kind, size)
            case PointerLayout(size, _, _, alignment):
                return alignment or self._natural("pointer", size)
            case EnumLayout(_, size, alignment=alignment):
                return alignment or self._natural(UNSIGNED, size)
            case ArrayLayout(element, alignment=alignment):
                if alignment is not None or layout.is_vector:
                    return alignment
                return self.alignment(element, depth + 1)
            case StructLayout(alignment=alignment):
                return alignment or self._of_struct(layout, depth)
            case OpaqueLayout(alignment=alignment):
                return alignment
        return None

    def _natural(self, kind: str, size: int) -> int | None:
        return self.facts.alignments.get((UNSIGNED if kind == CHAR else kind, size))

    def _of_struct(self, layout: StructLayout, depth: int) -> int | None:
        """Return the largest alignment under which all members may lie where they do."""
        members = [(field, self._of_field(layout, field, depth)) for field in layout.fields]
        alignments = [own for _, own in members if own is not None]
        if len(alignments) < len(members) or layout.size is None:
            return None
        whole = max(alignments, default=1)
        for limit in (whole, *(packing for packing in PACKINGS if packing < whole)):
            if layout.size % limit == 0 and all(
                _lies_well(field, min(own or 1, limit)) for field, own in members
            ):
                return limit
        return 1

    def _of_field(self, layout: StructLayout, field: FieldLayout, depth: int) -> int | None:
        if field.bit_size is not None and layout.is_union and self.facts.bit_fields == "microsoft":
            return 1
        derived = self.alignment(field.type, depth + 1)
        if field.alignment is None:
            return derived
        return max(field.alignment, derived or 1)


def _lies_well(field: FieldLayout, alignment: int) -> bool:
    # The place of a bit-field says little of its type's alignment.
    return field.bit_size is not None or field.offset is None or field.offset % alignment == 0
