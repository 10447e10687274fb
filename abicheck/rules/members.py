"""Pair the fields of a contract's struct with those of a plugin's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from abicheck.model.layout import ArrayLayout, FieldLayout, StructLayout
from abicheck.model.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from abicheck.model.layout import TypeGraph, TypeLayout

    Same = Callable[[FieldLayout, FieldLayout], bool]

MOST_FIELDS = 20_000
DEEPEST = 16

PADDING_NAME = r"(?i)_*(?:bindgen_)?(?:pad|padding|reserved|unused|spare|rsvd)_?\d*_*"
"""Names by which people spell out padding that the compiler would insert anyway."""


def size_of(layout: TypeLayout) -> int | None:
    """Return the bytes a stored value takes; a flexible array takes none."""
    if isinstance(layout, ArrayLayout) and layout.count is None:
        return 0
    return getattr(layout, "size", None)


@record
class Pair:
    """A field of the contract and what stands for it in the plugin, or None.

    `is_renamed`: found by its place under another name.
    """

    wanted: FieldLayout
    found: FieldLayout | None
    is_renamed: bool = False


def is_padding(field: FieldLayout) -> bool:
    """Whether a field's name says that nothing is kept in it."""
    return field.name is not None and re.fullmatch(PADDING_NAME, field.name) is not None


def bit_position(field: FieldLayout) -> int:
    """Return the first bit of a field, counted from the start of its struct."""
    return field.bit_offset if field.bit_offset is not None else (field.offset or 0) * 8


def flatten(graph: TypeGraph, struct: StructLayout, depth: int = 0) -> Iterator[FieldLayout]:
    """Yield the fields of a struct, those of its anonymous members in their stead."""
    for field in struct.fields[:MOST_FIELDS]:
        inner = graph.layout(field.type) if field.name is None and depth < DEEPEST else None
        if isinstance(inner, StructLayout) and field.offset is not None:
            for leaf in flatten(graph, inner, depth + 1):
                yield _shifted(leaf, field.offset)
        elif field.name is not None:
            yield field


def _shifted(field: FieldLayout, by: int) -> FieldLayout:
    bits = None if field.bit_offset is None else field.bit_offset + by * 8
    return replace(
        field, offset=None if field.offset is None else field.offset + by, bit_offset=bits
    )


def views(
    graph: TypeGraph, struct: StructLayout, *, is_shared: bool = False, depth: int = 0
) -> Iterator[FieldLayout]:
    """Yield the fields of anonymous unions, which are other views of the same bytes."""
    for field in struct.fields[:MOST_FIELDS]:
        inner = graph.layout(field.type) if field.name is None and depth < DEEPEST else None
        if isinstance(inner, StructLayout) and field.offset is not None:
            shared = is_shared or inner.is_union
            for leaf in views(graph, inner, is_shared=shared, depth=depth + 1):
                yield _shifted(leaf, field.offset)
        elif field.name is not None and is_shared:
            yield field


def bits_of(graph: TypeGraph, field: FieldLayout) -> range:
    """Return the bits that a field takes, counted from the start of its struct."""
    first = bit_position(field)
    width = field.bit_size
    if width is None:
        width = 8 * (size_of(graph.layout(field.type)) or 0)
    return range(first, first + width)


def is_covered(bits: range, by: list[range]) -> bool:
    """Whether every one of `bits` is among `by`."""
    first = bits.start
    for each in sorted(by, key=lambda some: some.start):
        if each.start <= first < each.stop:
            first = each.stop
    return first >= bits.stop


def is_anonymous_aggregate(graph: TypeGraph, field: FieldLayout) -> bool:
    """Whether a field is an anonymous struct or union (and no unnamed bit-field)."""
    return field.name is None and isinstance(graph.layout(field.type), StructLayout)


def pair_fields(
    expected: TypeGraph, wanted: StructLayout, actual: TypeGraph, found: StructLayout
) -> tuple[list[Pair], list[FieldLayout]]:
    """Pair fields by name, then by place; return the pairs and the plugin's fields left over.

    An anonymous member of either side is paired as a whole with a member of its kind at
    its place; where there is none, its fields are paired one by one.
    """
    pairs: list[Pair] = []
    singles: list[FieldLayout] = []
    consumed: set[int] = set()
    names, theirs = _places(expected, wanted), _places(actual, found)
    for field in wanted.fields:
        index = _counterpart(expected, field, actual, found, names, theirs)
        if index is not None and index not in consumed:
            consumed.add(index)
            pairs.append(Pair(field, found.fields[index], is_renamed=field.name is not None))
        elif is_anonymous_aggregate(expected, field):
            singles.extend(flatten(expected, replace(wanted, fields=(field,))))
        elif field.name is not None:
            singles.append(field)
    rest = tuple(field for index, field in enumerate(found.fields) if index not in consumed)
    leaves = list(flatten(actual, replace(found, fields=rest)))
    matched, added = _match(singles, leaves, is_union=wanted.is_union)
    pairs.extend(matched)
    pairs.sort(key=lambda pair: -1 if pair.wanted.offset is None else bit_position(pair.wanted))
    return pairs, added


def _counterpart(  # noqa: PLR0913, PLR0917 (both sides, and the names each has)
    expected: TypeGraph,
    field: FieldLayout,
    actual: TypeGraph,
    found: StructLayout,
    ours: Mapping[str | None, int],
    theirs: Mapping[str | None, int],
) -> int | None:
    """Return which member stands for an aggregate, where one of the two is anonymous."""
    shape = expected.layout(field.type)
    if not isinstance(shape, StructLayout) or (field.name is not None and field.name in theirs):
        return None
    for index, candidate in enumerate(found.fields):
        is_named_alike = candidate.name is not None and candidate.name in ours
        if candidate.offset != field.offset or is_named_alike:
            continue
        if field.name is not None and candidate.name is not None:
            continue  # Two names for one field: paired by their place, like other fields.
        other = actual.layout(candidate.type)
        if not isinstance(other, StructLayout) or other.is_union != shape.is_union:
            continue
        if _stays(expected, field, theirs) and _stays(actual, candidate, ours):
            return index
    return None


def _places(graph: TypeGraph, struct: StructLayout) -> dict[str | None, int]:
    return {field.name: bit_position(field) for field in flatten(graph, struct)}


def _stays(graph: TypeGraph, member: FieldLayout, others: Mapping[str | None, int]) -> bool:
    """Whether no field of an anonymous member is found elsewhere on the other side."""
    if member.name is not None:
        return True
    leaves = flatten(graph, StructLayout("", None, (member,)))
    return all(others.get(leaf.name, bit_position(leaf)) == bit_position(leaf) for leaf in leaves)


def _match(
    wanted: list[FieldLayout], leaves: list[FieldLayout], *, is_union: bool
) -> tuple[list[Pair], list[FieldLayout]]:
    """Pair single fields. `class_` is `class`, which in the plugin's language is a keyword."""
    by_name: dict[str | None, FieldLayout] = {}
    for leaf in leaves:
        by_name.setdefault(leaf.name, leaf)
    names = {field.name for field in wanted}
    for leaf in leaves:
        if leaf.name and leaf.name not in names:
            by_name.setdefault(leaf.name.rstrip("_"), leaf)
    taken = {id(by_name[field.name]) for field in wanted if field.name in by_name}
    free: dict[int, list[FieldLayout]] = {}
    for leaf in leaves:
        if id(leaf) not in taken:
            free.setdefault(bit_position(leaf), []).append(leaf)
    pairs = []
    for field in wanted:
        if field.name in by_name:
            pairs.append(Pair(field, by_name[field.name]))
            continue
        here = [] if field.offset is None or is_union else free.get(bit_position(field), [])
        found = here.pop(0) if here else None
        pairs.append(Pair(field, found, is_renamed=found is not None))
    return pairs, [leaf for group in free.values() for leaf in group]


def place(field: FieldLayout) -> str:
    """Return where a field lies, in words: bytes in hexadecimal, bits of bit-fields counted."""
    if field.offset is None:
        return "an offset that the contract does not give for this target"
    if field.bit_size is None:
        return f"offset {field.offset:#x}"
    first = bit_position(field)
    width = "1 bit" if field.bit_size == 1 else f"{field.bit_size} bits"
    return f"offset {first // 8:#x} bit {first % 8}, {width}"


def find_by_representation(
    pairs: list[Pair], added: list[FieldLayout], same: Same
) -> tuple[list[Pair], list[FieldLayout]]:
    """Pair members of a union that no name matched with leftovers of the same representation."""
    left = list(added)
    settled = []
    for pair in pairs:
        if pair.found is None:
            match = next((leaf for leaf in left if same(pair.wanted, leaf)), None)
            if match is not None:
                left.remove(match)
                settled.append(Pair(pair.wanted, match, is_renamed=True))
                continue
        settled.append(pair)
    return settled, left
