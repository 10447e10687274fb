from __future__ import annotations

from abicheck.model.layout import StructLayout, UnknownLayout
from abicheck.model.records import replace
from abicheck.model.target import PerTarget
from abicheck.model.types import Field, Named
from tests.layout.samples import I386, X86_64, field, laid_out, offsets_of, struct


def at(given: Field, **offsets: int) -> Field:
    return replace(given, offset=PerTarget(tuple(offsets.items())))


MODULE = struct(
    "Module",
    field("version", "c_int"),
    field("minor", "c_int"),
    at(field("magic", "c_ulong"), lp64=40, ilp32=24),
    field("after", "u8"),
    is_partial=True,
    size=PerTarget((("lp64", 112), ("ilp32", 60))),
)


def test_stated_offset_is_that_of_the_target() -> None:
    assert offsets_of(laid_out(MODULE)) == [0, 4, 40, 48]
    assert offsets_of(laid_out(MODULE, target=I386)) == [0, 4, 24, 28]


def test_size_is_the_stated_one() -> None:
    found = laid_out(MODULE)
    assert isinstance(found, StructLayout)
    assert (found.size, found.alignment, found.is_partial) == (112, None, True)


def test_offset_that_fits_no_target_is_unknown_with_those_that_follow() -> None:
    lost = struct(
        "S", field("a", "u8"), at(field("b", "u8"), ilp32=4), field("c", "u8"),
        at(field("d", "u8"), lp64=9), field("e", "u8"), is_partial=True,
    )  # fmt: skip
    assert offsets_of(laid_out(lost)) == [0, None, None, 9, 10]


def test_field_follows_its_predecessor_at_its_own_alignment() -> None:
    partial = struct("S", at(field("a", "u8"), lp64=5), field("b", "u32"), is_partial=True)
    assert offsets_of(laid_out(partial)) == [5, 8]


def test_bit_fields_follow_one_another() -> None:
    partial = struct(
        "S", at(field("a", "u32", 3), lp64=8), field("b", "u32", 4), field("c", "u32", 30),
        is_partial=True,
    )  # fmt: skip
    found = laid_out(partial)
    assert isinstance(found, StructLayout)
    assert [each.bit_offset for each in found.fields] == [64, 67, 96]


def test_members_of_a_partial_union_lie_at_its_start() -> None:
    partial = struct("U", field("a", "u8"), field("b", "u32"), is_partial=True, is_union=True)
    assert offsets_of(laid_out(partial)) == [0, 0]


def test_partial_struct_is_stored_by_its_stated_size() -> None:
    outer = struct("S", field("m", Named("Module")), field("a", "u8"))
    assert offsets_of(laid_out(outer, MODULE)) == [0, 112]


def test_partial_struct_without_a_size_here_cannot_be_stored() -> None:
    sizeless = replace(MODULE, size=PerTarget((("ilp32", 60),)))
    found = laid_out(struct("S", field("m", Named("Module"))), sizeless, target=X86_64)
    assert found == UnknownLayout("m: the size of Module on x86_64-linux-gnu is not stated")
