from __future__ import annotations

import pytest

from abicheck.model.layout import StructLayout
from abicheck.model.target import Target
from abicheck.model.types import Named
from tests.layout.samples import (
    AARCH64,
    I386,
    S390X,
    X86_64,
    bits_of,
    field,
    laid_out,
    offsets_of,
    struct,
)


def shape(layout: object) -> tuple[int | None, int | None]:
    assert isinstance(layout, StructLayout)
    return layout.size, layout.alignment


def test_fields_lie_at_multiples_of_their_alignment() -> None:
    found = laid_out(struct("S", field("a", "u8"), field("b", "u32"), field("c", "u16")))
    assert offsets_of(found) == [0, 4, 8]


def test_size_is_padded_to_the_widest_alignment() -> None:
    assert shape(laid_out(struct("S", field("a", "u64"), field("b", "u8")))) == (16, 8)


def test_i386_aligns_long_integers_to_four() -> None:
    found = laid_out(struct("S", field("a", "u8"), field("b", "u64")), target=I386)
    assert (offsets_of(found), shape(found)) == ([0, 4], (12, 4))


def test_union_is_as_large_as_its_largest_member() -> None:
    found = laid_out(struct("U", field("a", "u8"), field("b", "u64"), is_union=True))
    assert (offsets_of(found), shape(found)) == ([0, 0], (8, 8))


def test_packed_leaves_no_padding() -> None:
    found = laid_out(struct("S", field("a", "u8"), field("b", "u64"), packed=1))
    assert (offsets_of(found), shape(found)) == ([0, 1], (9, 1))


def test_packed_to_two_limits_alignments_to_two() -> None:
    found = laid_out(struct("S", field("a", "u8"), field("b", "u64"), packed=2))
    assert (offsets_of(found), shape(found)) == ([0, 2], (10, 2))


def test_align_raises_the_alignment_of_the_whole() -> None:
    assert shape(laid_out(struct("S", field("a", "u8"), align=16))) == (16, 16)


def test_align_never_lowers_an_alignment() -> None:
    assert shape(laid_out(struct("S", field("a", "u64"), align=2))) == (8, 8)


def test_packed_struct_keeps_the_alignment_it_is_given() -> None:
    found = laid_out(struct("S", field("a", "u8"), field("b", "u32"), packed=1, align=4))
    assert (offsets_of(found), shape(found)) == ([0, 1], (8, 4))


def test_bit_fields_share_a_unit() -> None:
    found = laid_out(struct("S", field("a", "c_uint", 3), field("b", "c_uint", 7)))
    assert (bits_of(found), shape(found)) == ([(0, 3), (3, 7)], (4, 4))


def test_bit_fields_of_different_types_share_bytes() -> None:
    found = laid_out(struct("S", field("a", "u8", 3), field("b", "u32", 7)))
    assert (bits_of(found), shape(found)) == ([(0, 3), (3, 7)], (4, 4))


def test_bit_field_follows_a_plain_field_within_the_unit() -> None:
    found = laid_out(struct("S", field("a", "u8"), field("b", "u32", 7)))
    assert bits_of(found)[1] == (8, 7)


def test_bit_field_that_would_cross_its_unit_starts_the_next() -> None:
    found = laid_out(struct("S", field("a", "c_uint", 30), field("b", "c_uint", 3)))
    assert bits_of(found) == [(0, 30), (32, 3)]


def test_packed_bit_field_crosses_units() -> None:
    found = laid_out(struct("S", field("a", "c_uint", 30), field("b", "c_uint", 3), packed=1))
    assert (bits_of(found), shape(found)) == ([(0, 30), (30, 3)], (5, 1))


def test_zero_width_closes_the_unit() -> None:
    fields = (field("a", "u32", 3), field(None, "u32", 0), field("b", "u32", 3))
    assert bits_of(laid_out(struct("S", *fields))) == [(0, 3), (32, 3)]


def test_zero_width_closes_the_unit_even_if_packed() -> None:
    fields = (field("a", "u32", 3), field(None, "u32", 0), field("b", "u32", 3))
    assert bits_of(laid_out(struct("S", *fields, packed=1))) == [(0, 3), (32, 3)]


@pytest.mark.parametrize(
    ("target", "alignment"), [(X86_64, 1), (AARCH64, 4), (Target("aarch64", "macos"), 1)], ids=str
)
def test_unnamed_bit_field_counts_for_the_alignment_only_under_aapcs(
    target: Target, alignment: int
) -> None:
    found = laid_out(struct("S", field("a", "u8"), field(None, "u32", 0)), target=target)
    assert shape(found)[1] == alignment


def test_bits_count_from_the_start_in_both_byte_orders() -> None:
    fields = (field("a", "u16"), field("b", "u32", 5))
    assert bits_of(laid_out(struct("S", *fields), target=S390X)) == bits_of(
        laid_out(struct("S", *fields))
    )


def test_bit_field_names_the_byte_of_its_first_bit() -> None:
    found = laid_out(struct("S", field("a", "u32", 12), field("b", "u32", 5)))
    assert offsets_of(found) == [0, 1]


def test_nested_struct_brings_its_alignment() -> None:
    inner = struct("I", field("x", "u8"), field("y", "u32"))
    found = laid_out(struct("S", field("a", "u8"), field("i", Named("I"))), inner)
    assert offsets_of(found) == [0, 4]
