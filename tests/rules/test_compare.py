"""What separates a difference from spelling."""

import pytest

from abicheck.model.layout import (
    COMPLEX,
    FLOAT,
    SIGNED,
    ArrayLayout,
    EnumLayout,
    FieldLayout,
    OpaqueLayout,
    ScalarLayout,
    StructLayout,
    TypeLayout,
    UnknownLayout,
)
from abicheck.model.report import MISMATCH, OK, UNVERIFIED
from abicheck.rules.compare import FROM_PLUGIN, PARAMETER, RESULT, STORED, TO_PLUGIN
from tests.rules.graphs import compared, function, pointer, struct

SAME_SCALARS = [("u32", "u32"), ("char", "i8"), ("char", "u8"), ("u8", "char"), ("i8", "char")]
OTHER_SCALARS = [
    ("u32", "i32"), ("u32", "u64"), ("u32", "f32"), ("f64", "u64"), ("bool", "u8"), ("u8", "bool"),
    ("u8", "i8"), ("f32", "f64"),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "found"), SAME_SCALARS)
def test_scalars_of_one_representation_are_the_same(wanted: str, found: str) -> None:
    assert compared({}, {})[0].types(wanted, found).status == OK


@pytest.mark.parametrize(("wanted", "found"), OTHER_SCALARS)
def test_scalars_of_another_representation_differ(wanted: str, found: str) -> None:
    assert compared({}, {})[0].types(wanted, found).status == MISMATCH


@pytest.mark.parametrize(
    ("wanted", "found", "status"),
    [
        (pointer("u32"), pointer("u32"), OK),
        (pointer("u32"), pointer("i32"), MISMATCH),
        (pointer(None), pointer("u32"), OK),
        (pointer("Host"), pointer("u32"), OK),
        (pointer("u32"), pointer(None), UNVERIFIED),
        (pointer("S"), pointer(None), OK),
        (pointer("S"), pointer("Incomplete"), OK),
        (pointer("S"), pointer("u32"), MISMATCH),
        (pointer("Array"), pointer("u32"), OK),
        (pointer("u32"), pointer("Array"), OK),
        (pointer("f"), pointer("u32"), MISMATCH),
        (pointer("f"), pointer(None), MISMATCH),
        (pointer(None), pointer("f"), MISMATCH),
        (pointer("S"), pointer("U"), MISMATCH),
        (pointer("f"), pointer("g"), MISMATCH),
    ],
)
def test_pointers_are_compared_by_what_they_point_to(
    wanted: TypeLayout, found: TypeLayout, status: str
) -> None:
    both: dict[str, TypeLayout] = {
        "S": struct("S", 4, a=(0, "u32")),
        "U": StructLayout("U", 4, (), is_union=True),
        "Host": OpaqueLayout("Host"),
        "Incomplete": OpaqueLayout("S"),
        "Array": ArrayLayout("u32", 4, 16),
        "f": function("u32"),
        "g": function("u32", "u32"),
    }
    comparison, _ = compared(both | {"wanted": wanted}, both | {"found": found})
    assert comparison.types("wanted", "found").status == status


def test_structs_are_met_and_compared_elsewhere() -> None:
    wanted, found = struct("S", 4, a=(0, "u32")), struct("T", 8, b=(0, "f64"))
    comparison, met = compared({"S": wanted}, {"T": found})
    assert comparison.types("S", "T").status == OK
    assert met == ["S"]


def test_struct_by_value_is_not_its_only_field() -> None:
    comparison, _ = compared({}, {"T": struct("T", 4, a=(0, "u32"))})
    assert comparison.types("u32", "T").status == MISMATCH


def test_transparent_wrapper_is_what_it_wraps() -> None:
    wrapper = StructLayout("W", 4, struct("", 4, __0=(0, "u32")).fields, is_transparent=True)
    assert compared({}, {"W": wrapper})[0].types("u32", "W").status == OK
    assert compared({"W": wrapper}, {})[0].types("W", "u32").status == OK
    assert compared({"W": wrapper}, {})[0].types("W", "f32").status == MISMATCH


VECTOR_OF_F32 = ArrayLayout("f32", 4, 16, alignment=16, is_vector=True)


@pytest.mark.parametrize(
    ("kind", "found", "status"),
    [
        (None, struct("T", 16, a=(0, "f64")), OK),
        ("vector of f32", VECTOR_OF_F32, OK),
        ("vector of f64", VECTOR_OF_F32, MISMATCH),
        ("float", VECTOR_OF_F32, MISMATCH),
        ("vector of f32", struct("__m128", 16, a=(0, "f32")), OK),  # Rust's have fields.
        ("vector of f32", ScalarLayout(FLOAT, 16), MISMATCH),
        ("float", ScalarLayout(FLOAT, 16), OK),
        ("float", ScalarLayout(SIGNED, 16), MISMATCH),
        ("complex", ScalarLayout(COMPLEX, 16), OK),
        ("complex", OpaqueLayout("_Decimal128", 16, is_complete=True), OK),  # of no kind
    ],
)
def test_opaque_type_of_a_kind_is_compared_by_it(
    kind: str | None, found: TypeLayout, status: str
) -> None:
    wanted = OpaqueLayout("V", size=16, alignment=16, kind=kind)
    assert compared({"V": wanted}, {"T": found})[0].types("V", "T").status == status


def test_enum_is_an_integer_of_its_size() -> None:
    mode = EnumLayout("Mode", 4, is_signed=False, values=(("On", 1),))
    assert compared({}, {"Mode": mode})[0].types("i32", "Mode").status == OK
    assert compared({}, {"Mode": mode})[0].types("u8", "Mode").status == MISMATCH
    assert compared({}, {"Mode": mode})[0].types("f32", "Mode").status == MISMATCH


@pytest.mark.parametrize(
    ("flow", "position", "wanted", "found", "status"),
    [
        (TO_PLUGIN, PARAMETER, False, True, OK),  # it accepts NULL, which never comes
        (TO_PLUGIN, PARAMETER, True, False, MISMATCH),
        (FROM_PLUGIN, RESULT, True, False, OK),  # it never returns NULL, which would be allowed
        (FROM_PLUGIN, RESULT, False, True, MISMATCH),
        (FROM_PLUGIN, STORED, True, False, MISMATCH),
        (None, PARAMETER, False, True, MISMATCH),
        (FROM_PLUGIN, STORED, None, False, OK),
        (FROM_PLUGIN, STORED, False, None, OK),
    ],
)
def test_nullability_is_compared_where_both_state_it(
    flow: str, position: str, wanted: bool | None, found: bool | None, status: str
) -> None:
    comparison, _ = compared(
        {"wanted": pointer("u32", may_be_null=wanted)}, {"found": pointer("u32", may_be_null=found)}
    )
    assert comparison.types("wanted", "found", flow, position).status == status


def test_callbacks_flip_which_way_values_travel() -> None:
    """A plugin calls what it is given, so there its NULL is the host's problem."""
    expected: dict[str, TypeLayout] = {
        "p": pointer("u32", may_be_null=False),
        "callback": function("p"),
        "cb": pointer("callback"),
    }
    actual = expected | {"p": pointer("u32", may_be_null=True)}
    comparison, _ = compared(expected, actual)
    assert comparison.types("cb", "cb", TO_PLUGIN, PARAMETER).status == MISMATCH
    assert comparison.types("cb", "cb", FROM_PLUGIN, RESULT).status == OK


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (function("u32", result="u32"), OK),
        (function("u32", result="i32"), MISMATCH),
        (function("u32"), MISMATCH),
        (function("u32", "u32", result="u32"), MISMATCH),
        (function("u32", result="u32", variadic=True), MISMATCH),
    ],
)
def test_functions_are_compared_whole(found: TypeLayout, status: str) -> None:
    wanted = function("u32", result="u32")
    comparison, _ = compared({"f": wanted, "p": pointer("f")}, {"f": found, "p": pointer("f")})
    assert comparison.types("p", "p").status == status


@pytest.mark.parametrize(
    ("wanted", "found", "language", "status"),
    [
        ("C", "C", "c", OK),
        ("C", "Rust", "rust", MISMATCH),
        ("stdcall", "C", "c", OK),  # outside 32-bit x86 it is the C convention
        ("system", "C", "c", OK),
        ("win64", "C", "c", MISMATCH),
        ("C-unwind", "C", "c", OK),
        ("C-unwind", "C", "rust", MISMATCH),
    ],
)
def test_recorded_conventions_of_callbacks_are_compared(
    wanted: str, found: str, language: str, status: str
) -> None:
    comparison, _ = compared(
        {"f": function(convention=wanted), "p": pointer("f")},
        {"f": function(convention=found), "p": pointer("f")},
        language=language,
    )
    assert comparison.types("p", "p").status == status
    assert comparison.unrecorded == []


def test_unrecorded_convention_of_a_callback_is_remembered() -> None:
    comparison, _ = compared(
        {"f": function(), "p": pointer("f")}, {"f": function(convention=None), "p": pointer("f")}
    )
    assert comparison.types("p", "p").status == OK
    assert comparison.unrecorded


def test_unknown_on_either_side_is_unverified() -> None:
    unknown = UnknownLayout("damaged")
    assert compared({"X": unknown}, {})[0].types("X", "u32").status == UNVERIFIED
    assert compared({}, {"X": unknown})[0].types("u32", "X").status == UNVERIFIED


@pytest.mark.parametrize(
    ("counts", "status"), [((4, 4), OK), ((4, 8), MISMATCH), ((None, 0), OK), ((None, 4), MISMATCH)]
)
def test_arrays_are_compared_by_length(counts: tuple[int | None, int | None], status: str) -> None:
    comparison, _ = compared(
        {"A": ArrayLayout("u8", counts[0])}, {"A": ArrayLayout("u8", counts[1])}
    )
    assert comparison.types("A", "A").status == status


def test_vector_is_no_array() -> None:
    vector = ArrayLayout("f32", 4, 16, is_vector=True)
    assert (
        compared({"A": ArrayLayout("f32", 4, 16)}, {"A": vector})[0].types("A", "A").status
        == MISMATCH
    )


@pytest.mark.parametrize(("by_value", "status"), [("NonTrivial", MISMATCH), ("Plain", OK)])
def test_class_with_a_destructor_is_not_passed_by_value_as_in_c(by_value: str, status: str) -> None:
    fields = (0, "u32")
    comparison, _ = compared(
        {"S": struct("S", 4, a=fields)}, {by_value: struct(by_value, 4, a=fields)}, language="c++"
    )
    taking = comparison.functions(function("S"), function(by_value), None)
    giving = comparison.functions(function(result="S"), function(result=by_value), None)
    assert [taking.status, giving.status] == [status, status]


def test_wrapper_of_a_struct_is_that_struct() -> None:
    state = struct("State", 4, a=(0, "u32"))
    cell = StructLayout("Cell", 4, (FieldLayout("value", "State", 0),), is_transparent=True)
    comparison, _ = compared({"S": state}, {"State": state, "Cell": cell}, language="rust")
    reached = []
    comparison.met = lambda name, found, _flow: reached.append((name, found))
    assert comparison.types("S", "Cell").status == OK
    assert reached == [("State", "State")]


def test_wrapper_is_the_struct_where_the_contract_has_a_struct_of_a_struct() -> None:
    inner = struct("Inner", 4, a=(0, "u32"))
    outer = StructLayout("Outer", 4, (FieldLayout("__0", "Inner", 0),), is_transparent=True)
    comparison, _ = compared(
        {"Inner": inner, "Outer": struct("Outer", 4, inner=(0, "Inner"))},
        {"Inner": inner, "Outer": outer},
        language="rust",
    )
    reached = []
    comparison.met = lambda name, found, _flow: reached.append((name, found))
    assert comparison.types("Outer", "Outer").status == OK
    assert reached == [("Outer", "Outer")]


@pytest.mark.parametrize(
    ("language", "position", "status"),
    [("rust", STORED, OK), ("rust", PARAMETER, UNVERIFIED), ("c", STORED, MISMATCH)],
)
def test_rust_struct_of_one_field_may_be_transparent(
    language: str, position: str, status: str
) -> None:
    handle = StructLayout("Id", 4, (FieldLayout("raw", "u32", 0, alignment=4),), alignment=4)
    comparison, _ = compared({}, {"Id": handle}, language=language)
    assert comparison.types("u32", "Id", None, position).status == status
