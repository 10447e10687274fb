"""Compare one struct or union of the contract with one type of the plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.alignment import derived_alignment
from abicheck.model.layout import ArrayLayout, StructLayout
from abicheck.model.records import record
from abicheck.model.report import MISMATCH, OK
from abicheck.rules.compare import SAME, Comparison, Outcome, different, unclear
from abicheck.rules.describe import describe
from abicheck.rules.members import (
    Pair,
    bit_position,
    bits_of,
    find_by_representation,
    flatten,
    is_covered,
    is_padding,
    pair_fields,
    place,
    size_of,
    views,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from abicheck.model.layout import FieldLayout
    from abicheck.rules.bindings import Binding
    from abicheck.rules.case import Case

NO_OFFSET = "the contract gives no offset for this target"

DEEPEST = 8
"""Structs inside of structs that are looked into to tell members of a union apart."""


@record
class Member:
    """One field of the contract, compared: where it lies, what it is, what it is called."""

    pair: Pair
    place: Outcome
    type: Outcome
    expected_type: str
    actual_type: str | None
    expected_size: int | None
    actual_size: int | None
    unrecorded: tuple[str, ...] = ()

    @property
    def moves_the_rest(self) -> bool:
        """Whether this difference shifts what follows it."""
        if self.place.status == MISMATCH:
            return True
        known = self.expected_size is not None and self.actual_size is not None
        return known and self.expected_size != self.actual_size


@record
class Compared:
    """A struct of the contract against one type of the plugin.

    `grown` are fields that a plugin may have in addition; `refusal` says of `added` ones why not.
    """

    wanted: StructLayout
    found: StructLayout
    binding: Binding
    members: tuple[Member, ...]
    added: tuple[FieldLayout, ...]
    alignment: int | None
    is_alignment_derived: bool
    grown: tuple[FieldLayout, ...] = ()
    refusal: str = ""

    @property
    def differs(self) -> bool:
        """Whether anything of it is a mismatch."""
        return (
            bool(self.added)
            or (self.wanted.size not in {None, self.found.size} and not self.grown)
            or any(MISMATCH in {each.place.status, each.type.status} for each in self.members)
            or (
                self.alignment not in {None, self.wanted.alignment} and not self.has_grown_alignment
            )
        )

    @property
    def has_grown_alignment(self) -> bool:
        """Whether fields that may be there in addition explain another alignment."""
        return bool(self.grown) and (self.alignment or 0) > (self.wanted.alignment or 0)


def compare_struct(case: Case, wanted: StructLayout, binding: Binding) -> Compared | None:
    """Return how the plugin's type differs from `wanted`; None if it is none of its kind."""
    types = case.evidence.types
    found = types.layout(binding.type_id)
    if not isinstance(found, StructLayout) or found.is_union != wanted.is_union:
        return None
    pairs, added = pair_members(case, wanted, found)
    if wanted.is_union or wanted.is_partial:
        added = []  # More members than the contract names are fine here.
    kept = _kept(case, wanted, found, binding, pairs)
    members = tuple(
        _in_bytes(case, pair, kept[pair.wanted.name])
        if pair.wanted.name in kept
        else _member(case, pair, binding, (wanted, found))
        for pair in pairs
    )
    added = [each for each in added if each not in kept.values()]
    alignment, is_derived = found.alignment, False
    if alignment is None:
        alignment, is_derived = derived_alignment(types, binding.type_id, case.facts), True
    extra = tuple(_real(case, added, wanted, found))
    compared = Compared(wanted, found, binding, members, extra, alignment, is_derived)
    if not extra or case.growth is None:
        return compared
    from abicheck.rules.growth import grown  # noqa: PLC0415 (few contracts speak of growth)

    return grown(case, compared)


def _kept(
    case: Case,
    wanted: StructLayout,
    found: StructLayout,
    binding: Binding,
    pairs: list[Pair],
) -> Mapping[str | None, FieldLayout]:
    """Return the bit-fields that a Rust struct, which has none, keeps in bytes."""
    has_bits = any(pair.wanted.bit_size is not None for pair in pairs)
    if not has_bits or case.evidence.types.language(binding.type_id) != "rust":
        return {}
    from abicheck.rules.storage import kept_in_bytes  # noqa: PLC0415 (rare)

    return kept_in_bytes(case, wanted, found, pairs)


def _in_bytes(case: Case, pair: Pair, storage: FieldLayout) -> Member:
    """Return a bit-field of which only the bytes are seen that it is kept in."""
    outcome = unclear(f"Rust has no bit-fields: its bytes are in `{storage.name}`")
    size = size_of(case.layouts.layout(pair.wanted.type))
    actual = describe(case.evidence.types, storage.type)
    expected = _spelled(pair.wanted)
    return Member(Pair(pair.wanted, None), outcome, outcome, expected, actual, size, size)


def quiet_comparison(case: Case) -> Comparison:
    """Return a comparison that binds nothing: all bindings are known by now."""
    return Comparison(case.layouts, case.evidence.types, case.evidence.target, lambda *_: None)


def pair_members(
    case: Case, wanted: StructLayout, found: StructLayout, depth: int = 0
) -> tuple[list[Pair], list[FieldLayout]]:
    """Pair fields by name, then by place; members of a union by name, then by representation."""
    pairs, added = pair_fields(case.layouts, wanted, case.evidence.types, found)
    if not wanted.is_union:
        return pairs, added
    return find_by_representation(pairs, added, lambda a, b: _represents(case, a, b, depth + 1))


def _represents(case: Case, wanted: FieldLayout, found: FieldLayout, depth: int) -> bool:
    """Whether two fields are represented alike, down to the fields of structs inside them."""
    layout, other = case.layouts.layout(wanted.type), case.evidence.types.layout(found.type)
    if _bits(wanted, size_of(layout)) != _bits(found, size_of(other)):
        return False
    if quiet_comparison(case).types(wanted.type, found.type).status != OK:
        return False
    if not isinstance(layout, StructLayout) or not isinstance(other, StructLayout):
        return True
    if layout.size != other.size or layout.is_partial or depth > DEEPEST:
        return layout.is_partial
    pairs, _ = pair_members(case, layout, other, depth)
    return all(
        pair.found is not None
        and _place(pair.wanted, pair.found).status == OK
        and _represents(case, pair.wanted, pair.found, depth + 1)
        for pair in pairs
    )


def _real(
    case: Case, added: list[FieldLayout], wanted: StructLayout, found: StructLayout
) -> list[FieldLayout]:
    """Leave out fields that only spell out the contract's own padding, and those without a size."""
    real = [field for field in added if not _is_empty(case, field)]
    if real:
        seen = set(_further_views(case, wanted, found))
        real = [field for field in real if (field.name, bit_position(field)) not in seen]
    if wanted.size != found.size:
        return real
    return [field for field in real if not is_padding(field)]


def _further_views(
    case: Case, wanted: StructLayout, found: StructLayout
) -> Iterator[tuple[str | None, int]]:
    """Yield name and place of members of anonymous unions that add no byte to the contract's."""
    types, layouts = case.evidence.types, case.layouts
    known = [bits_of(layouts, field) for field in flatten(layouts, wanted)]
    for field in views(types, found):
        if is_covered(bits_of(types, field), known):
            yield field.name, bit_position(field)


def _is_empty(case: Case, field: FieldLayout) -> bool:
    """Whether nothing is kept in a field: `()`, `PhantomData`; but C's `[]` goes on after it."""
    types = case.evidence.types
    layout = types.layout(field.type)
    is_array = isinstance(layout, ArrayLayout) and types.language(field.type) != "rust"
    return size_of(layout) == 0 and not is_array


def _member(
    case: Case, pair: Pair, binding: Binding, structs: tuple[StructLayout, StructLayout]
) -> Member:
    types = case.evidence.types
    expected_type = _spelled(pair.wanted)
    expected_size = size_of(case.layouts.layout(pair.wanted.type))
    if pair.found is None:
        missing = _missing(pair.wanted, *structs)
        return Member(pair, missing, missing, expected_type, None, expected_size, 0)
    comparison = quiet_comparison(case)
    outcome = comparison.types(pair.wanted.type, pair.found.type, binding.flow)
    actual_size = size_of(types.layout(pair.found.type))
    widths = _bits(pair.wanted, expected_size), _bits(pair.found, actual_size)
    if widths[0] != widths[1] and outcome.status == OK:
        outcome = different(f"expected {_width(widths[0])}, found {_width(widths[1])}")
    return Member(
        pair,
        _place(pair.wanted, pair.found),
        outcome,
        expected_type,
        _with_width(describe(types, pair.found.type), pair.found),
        expected_size,
        actual_size,
        unrecorded=tuple(comparison.unrecorded),
    )


def _missing(field: FieldLayout, struct: StructLayout, found: StructLayout) -> Outcome:
    if field.offset is None:  # It may be there under another name.
        return unclear(NO_OFFSET)
    if found.is_partial:
        return unclear(f"the descriptor speaks of only some of the fields of {found.name}")
    if is_padding(field):
        return Outcome(OK, "the plugin leaves it to the compiler, as padding")
    kind = "union" if struct.is_union else "struct"
    return different(f"the plugin's {kind} has no field `{field.name}`")


def _place(wanted: FieldLayout, found: FieldLayout) -> Outcome:
    if wanted.offset is None:
        return unclear(NO_OFFSET)
    if found.offset is None:
        return unclear("the plugin's debug information gives it no fixed offset")
    if bit_position(wanted) == bit_position(found):
        return SAME
    return different(f"expected {place(wanted)}, found {place(found)}")


def _spelled(field: FieldLayout) -> str:
    return _with_width(str(field.type), field)


def _with_width(text: str, field: FieldLayout) -> str:
    return text if field.bit_size is None else f"{text} : {field.bit_size}"


def _bits(field: FieldLayout, size: int | None) -> int | None:
    """Return a bit-field's width; None if it fills its type, which clang does not mark."""
    return None if size is not None and field.bit_size == 8 * size else field.bit_size


def _width(bits: int | None) -> str:
    return "no bit-field" if bits is None else f"a bit-field of {bits}"
