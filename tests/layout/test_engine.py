from __future__ import annotations

import pytest

from abicheck.layout import lay_out
from abicheck.model.layout import (
    ArrayLayout,
    EnumLayout,
    FunctionLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    UnknownLayout,
)
from abicheck.model.target import PerTarget, Target
from abicheck.model.types import (
    Alias,
    Array,
    FunctionType,
    Named,
    Opaque,
    Parameter,
    Pointer,
    Scalar,
    Void,
    type_id,
)
from tests.layout.samples import (
    AARCH64,
    I386,
    WINDOWS,
    X86_64,
    contract,
    enum,
    field,
    fields_of,
    function_export,
    laid_out,
    offsets_of,
    struct,
)

CALLBACK = FunctionType((Parameter(Pointer(Scalar("c_char")), "message"),), is_variadic=True)


def reason_of(layout: object) -> str:
    assert isinstance(layout, UnknownLayout)
    return layout.reason


def test_pointer_leads_to_its_pointee() -> None:
    layouts = lay_out(contract(struct("S", field("next", Pointer(Named("S"))))), X86_64)
    pointer = layouts.layout(fields_of(layouts.layout("S"))["next"].type)
    assert pointer == PointerLayout(8, "S", alignment=8)


@pytest.mark.parametrize("pointee", [Void(), Named("Nothing")], ids=["c_void", "alias"])
def test_pointer_to_void_leads_nowhere(pointee: Void | Named) -> None:
    layouts = lay_out(
        contract(struct("S", field("p", Pointer(pointee))), Alias("Nothing", Void(), 1)), X86_64
    )
    pointer = layouts.layout(fields_of(layouts.layout("S"))["p"].type)
    assert isinstance(pointer, PointerLayout)
    assert pointer.target is None


@pytest.mark.parametrize("may_be_null", [True, False])
def test_function_pointer_leads_to_its_prototype(*, may_be_null: bool) -> None:
    layouts = lay_out(
        contract(struct("S", field("f", Pointer(CALLBACK, may_be_null=may_be_null)))), X86_64
    )
    pointer = layouts.layout(fields_of(layouts.layout("S"))["f"].type)
    assert isinstance(pointer, PointerLayout)
    assert pointer.may_be_null is may_be_null
    assert layouts.layout(pointer.target) == FunctionLayout(
        ("*const c_char",), None, is_variadic=True, convention="C", names=("message",)
    )


def test_exported_function_is_laid_out_under_its_own_id() -> None:
    function = FunctionType((), Pointer(Named("S")), convention="stdcall")
    layouts = lay_out(
        contract(struct("S", field("a", "u8")), exports=(function_export(function),)), X86_64
    )
    found = layouts.layout(type_id(function))
    assert isinstance(found, FunctionLayout)
    assert (found.result, found.convention) == ("*const S", "stdcall")


def test_alias_has_the_layout_of_its_target() -> None:
    layouts = lay_out(contract(Alias("A", Named("B"), 1), Alias("B", Scalar("u16"), 1)), X86_64)
    assert layouts.layout("A") == ScalarLayout("unsigned", 2, "u16", alignment=2)


def test_alias_of_itself_is_not_known() -> None:
    assert "A contains itself" in reason_of(laid_out(Alias("A", Named("A"), 1)))


def test_struct_inside_itself_is_not_known() -> None:
    found = laid_out(struct("S", field("inner", Array(Named("S"), 2))))
    assert reason_of(found) == "inner: S contains itself"


def test_structs_nested_without_end_are_not_known() -> None:
    deep = [struct(f"S{n}", field("inner", Named(f"S{n + 1}"))) for n in range(3000)]
    layouts = lay_out(contract(struct("S3000", field("last", "u8")), *reversed(deep)), X86_64)
    assert "types are nested 100 deep" in reason_of(layouts.layout("S0"))


def test_undefined_name_is_not_known() -> None:
    assert "defines no T" in reason_of(laid_out(struct("S", field("a", Named("T")))))


def test_opaque_has_the_size_it_states() -> None:
    size = PerTarget((("lp64", 16),))
    opaque = Opaque("V", 1, size=size, alignment=size)
    assert laid_out(opaque) == OpaqueLayout("V", size=16, alignment=16)


def test_opaque_is_stored_with_the_alignment_it_states() -> None:
    opaque = Opaque("V", 1, size=PerTarget((("*", 32),)), alignment=PerTarget((("*", 16),)))
    found = laid_out(struct("S", field("a", "u8"), field("v", Named("V"))), opaque)
    assert offsets_of(found) == [0, 16]


def test_opaque_without_a_size_here_leaves_its_struct_unknown() -> None:
    opaque = Opaque("V", 1, size=PerTarget((("ilp32", 8),)), alignment=PerTarget((("*", 4),)))
    found = laid_out(struct("S", field("v", Named("V"))), opaque)
    assert reason_of(found) == "v: the size of V on x86_64-linux-gnu is not stated"


def test_array_is_as_large_as_its_elements() -> None:
    layouts = lay_out(contract(Alias("A", Array(Scalar("u32"), 5), 1)), X86_64)
    assert layouts.layout("A") == ArrayLayout("u32", 5, size=20, alignment=4)


def test_flexible_array_takes_no_room() -> None:
    found = laid_out(struct("S", field("count", "u8"), field("tail", Array(Scalar("u64")))))
    assert isinstance(found, StructLayout)
    assert (found.size, offsets_of(found)) == (8, [0, 8])


def test_anonymous_member_is_placed_like_any_other() -> None:
    found = laid_out(
        struct("S", field("a", "u8"), field(None, Named("U"))),
        struct("U", field("i", "u32"), field("f", "f32"), is_union=True),
    )
    assert fields_of(found)[None].offset == 4


def test_unnamed_bit_field_is_padding_alone() -> None:
    found = laid_out(struct("S", field("a", "u8", 3), field(None, "u8", 2), field("b", "u8", 3)))
    assert [each.bit_offset for each in fields_of(found).values()] == [0, 5]


def test_transparent_struct_says_so() -> None:
    found = laid_out(struct("S", field("only", "u32"), is_transparent=True))
    assert isinstance(found, StructLayout)
    assert found.is_transparent


def test_c_enum_is_an_int_of_no_particular_sign() -> None:
    found = laid_out(enum("E", 0, 3))
    assert isinstance(found, EnumLayout)
    assert (found.size, found.is_signed, found.is_fixed) == (4, None, False)
    assert found.values == (("V0", 0), ("V1", 3))


def test_c_enum_widens_for_a_value_beyond_int() -> None:
    found = laid_out(enum("E", -1, 2**31))
    assert isinstance(found, EnumLayout)
    assert found.size == 8


def test_microsoft_enum_never_widens() -> None:
    found = laid_out(enum("E", 2**32), target=WINDOWS)
    assert reason_of(found) == "a value does not fit an int, which Microsoft's enums are"


def test_enum_of_fixed_width_has_that_width_and_sign() -> None:
    found = laid_out(enum("E", 1, repr="i16"))
    assert isinstance(found, EnumLayout)
    assert (found.size, found.is_signed, found.is_fixed) == (2, True, True)


def test_bit_field_of_a_float_is_not_known() -> None:
    found = laid_out(struct("S", field("f", "f32", 3)))
    assert reason_of(found) == "f: f32 cannot be the type of a bit-field"


def test_bit_field_wider_than_its_type_is_not_known() -> None:
    found = laid_out(struct("S", field("l", "c_long", 40)), target=I386)
    assert reason_of(found) == "l: a width of 40 is more than the 32 bits of c_long"


def test_bit_field_of_a_bool_has_one_bit() -> None:
    found = laid_out(struct("S", field("b", "bool", 2)))
    assert reason_of(found) == "b: a width of 2 is more than the 1 bits of bool"


def test_integer_that_the_targets_c_lacks_is_not_known() -> None:
    assert reason_of(laid_out(struct("S", field("wide", "u128")), target=I386)) == (
        "wide: the C of i386-linux-gnu has no u128"
    )


def test_va_list_that_is_an_array_becomes_a_pointer_as_a_parameter() -> None:
    function = FunctionType((Parameter(Scalar("va_list")),))
    layouts = lay_out(contract(exports=(function_export(function),)), X86_64)
    found = layouts.layout(type_id(function))
    assert isinstance(found, FunctionLayout)
    pointer = layouts.layout(found.parameters[0])
    assert isinstance(pointer, PointerLayout)
    assert fields_of(layouts.layout(pointer.target)).keys() == {
        "gp_offset", "fp_offset", "overflow_arg_area", "reg_save_area",
    }  # fmt: skip


def test_va_list_that_is_a_struct_is_passed_as_one() -> None:
    function = FunctionType((Parameter(Scalar("va_list")),))
    layouts = lay_out(contract(exports=(function_export(function),)), AARCH64)
    found = layouts.layout(type_id(function))
    assert isinstance(found, FunctionLayout)
    structure = layouts.layout(found.parameters[0])
    assert isinstance(structure, StructLayout)
    assert structure.size == 32


def test_every_type_that_is_named_has_a_layout() -> None:
    nested = Pointer(Array(Pointer(Pointer(CALLBACK, may_be_null=True)), 3))
    layouts = lay_out(contract(struct("S", field("a", nested))), X86_64)
    named = {
        each
        for layout in layouts.types.values()
        for each in (getattr(layout, "target", None), getattr(layout, "element", None))
        if isinstance(each, str)
    }
    assert named <= layouts.types.keys()


def test_abi_with_other_pointers_is_not_known() -> None:
    x32 = Target("x86_64", "linux", "gnu", pointer_bits=32)
    found = laid_out(struct("S", field("a", "u8")), target=x32)
    assert reason_of(found) == "its pointers have 32 bits, an ABI for which no layout is computed"
