"""Derive the alignment of an observed type from its members, where nothing records it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import (
    ArrayLayout,
    EnumLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
)

if TYPE_CHECKING:
    from abicheck.model.layout import FieldLayout, TypeGraph, TypeId
    from abicheck.model.target import TargetFacts

DEEPEST = 32


def derived_alignment(graph: TypeGraph, type_id: TypeId, facts: TargetFacts) -> int | None:
    """Return the alignment in bytes that a type must have by its members; None if that is unknown.

    Members that lie where their own alignment does not let them show that the struct is
    packed; the answer is then the widest packing under which they fit. Packing that
    moves nothing does not show.
    """
    return _Derivation(graph, facts).of(type_id, 0)


class _Derivation:
    def __init__(self, graph: TypeGraph, facts: TargetFacts) -> None:
        self.graph, self.facts = graph, facts
        self.known: dict[TypeId, int | None] = {}

    def of(self, type_id: TypeId, depth: int) -> int | None:
        if type_id not in self.known:
            self.known[type_id] = None  # A type that contains itself has none.
            self.known[type_id] = self._of(type_id, depth) if depth < DEEPEST else None
        return self.known[type_id]

    def _of(self, type_id: TypeId, depth: int) -> int | None:
        layout = self.graph.layout(type_id)
        stated = getattr(layout, "alignment", None)
        if stated is not None:
            return int(stated)
        match layout:
            case ScalarLayout(kind, size):
                return self.facts.alignments.get((kind, size))
            case PointerLayout(size):
                return self.facts.alignments.get(("pointer", size))
            case EnumLayout(_, size):
                return self.facts.alignments.get(("unsigned", size))
            case ArrayLayout(element, _, size, is_vector):
                return size if is_vector else self.of(element, depth + 1)
            case StructLayout():
                return self._of_struct(layout, depth)
        return None

    def _of_struct(self, struct: StructLayout, depth: int) -> int | None:
        members = [self._of_member(field, depth) for field in struct.fields]
        if None in members:
            return None
        widest = max((each for each in members if each is not None), default=1)
        while widest > 1 and not self._fits(struct, members, widest):
            widest //= 2
        return widest

    def _of_member(self, field: FieldLayout, depth: int) -> int | None:
        return field.alignment or self.of(field.type, depth + 1)

    @staticmethod
    def _fits(struct: StructLayout, members: list[int | None], packing: int) -> bool:
        """Whether every member and the size agree with members aligned to at most `packing`."""
        if struct.size is not None and struct.size % packing:
            return False
        return all(
            field.bit_size is not None or not field.offset or not field.offset % min(each or 1, packing)
            for field, each in zip(struct.fields, members, strict=True)
        )
