from __future__ import annotations

import pytest

from abicheck.model.layout import StructLayout, UnknownLayout
from abicheck.model.types import Named
from tests.layout.samples import MINGW, WINDOWS, bits_of, field, laid_out, offsets_of, struct


def test_bit_field_of_another_size_takes_a_unit_of_its_own() -> None:
    found = laid_out(struct("S", field("a", "u8", 3), field("b", "u32", 7)), target=WINDOWS)
    assert bits_of(found) == [(0, 3), (32, 7)]


def test_bit_fields_of_one_size_share_a_unit() -> None:
    found = laid_out(struct("S", field("a", "i32", 3), field("b", "c_ulong", 7)), target=WINDOWS)
    assert bits_of(found) == [(0, 3), (3, 7)]


def test_bit_field_takes_its_whole_unit() -> None:
    found = laid_out(struct("S", field("a", "u32", 3), field("b", "u8")), target=WINDOWS)
    assert isinstance(found, StructLayout)
    assert (offsets_of(found), found.size) == ([0, 4], 8)


def test_zero_width_counts_only_after_a_bit_field() -> None:
    found = laid_out(struct("S", field("a", "u8"), field(None, "u32", 0)), target=WINDOWS)
    assert isinstance(found, StructLayout)
    assert (found.size, found.alignment) == (1, 1)


def test_zero_width_closes_the_unit() -> None:
    fields = (field("a", "u32", 3), field(None, "u32", 0), field("b", "u32", 3))
    assert bits_of(laid_out(struct("S", *fields), target=WINDOWS)) == [(0, 3), (32, 3)]


def test_zero_width_makes_a_union_as_large_as_its_unit() -> None:
    fields = (field("a", "u8", 3), field(None, "u64", 0))
    found = laid_out(struct("U", *fields, is_union=True), target=WINDOWS)
    assert isinstance(found, StructLayout)
    assert (found.size, found.alignment) == (8, 1)


def test_demanded_alignment_outlives_packing() -> None:
    found = laid_out(
        struct("S", field("a", "u8"), field("i", Named("I")), packed=1),
        struct("I", field("x", "u8"), align=8),
        target=WINDOWS,
    )
    assert offsets_of(found) == [0, 8]


def test_natural_alignment_does_not_outlive_packing() -> None:
    found = laid_out(
        struct("S", field("a", "u8"), field("i", Named("I")), packed=1),
        struct("I", field("x", "u64")),
        target=WINDOWS,
    )
    assert offsets_of(found) == [0, 1]


@pytest.mark.parametrize("shape", [{"is_union": True}, {"packed": 1}], ids=["union", "packed"])
def test_bit_fields_on_which_gcc_and_clang_disagree_are_not_known(shape: dict[str, int]) -> None:
    found = laid_out(struct("S", field("a", "u32", 3), **shape), target=MINGW)
    assert isinstance(found, UnknownLayout)
    assert "GCC and Clang" in found.reason


def test_empty_struct_is_not_known() -> None:
    assert laid_out(struct("S"), target=WINDOWS) == UnknownLayout(
        "Microsoft's C has no empty structs"
    )
