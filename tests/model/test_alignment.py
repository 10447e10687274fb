from __future__ import annotations

from abicheck.layout import facts_for
from abicheck.model.alignment import derived_alignment
from abicheck.model.layout import (
    ArrayLayout,
    FieldLayout,
    Layouts,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    TypeLayout,
    UnknownLayout,
)
from abicheck.model.target import Target

HERE = Target("x86_64", "linux", "gnu")
SCALARS: dict[str, TypeLayout] = {
    "char": ScalarLayout("char", 1),
    "int": ScalarLayout("signed", 4),
    "u64": ScalarLayout("unsigned", 8),
    "pointer": PointerLayout(8, None),
    "gone": UnknownLayout("it is in another file"),
}


def alignment_of(
    *fields: FieldLayout,
    size: int,
    target: Target = HERE,
    more: dict[str, TypeLayout] | None = None,
) -> int | None:
    struct = StructLayout("S", size, fields)
    graph = Layouts(target=target, types={**SCALARS, **(more or {}), "S": struct})
    return derived_alignment(graph, "S", facts_for(target))


def test_alignment_is_that_of_the_widest_member() -> None:
    assert alignment_of(FieldLayout("a", "char", 0), FieldLayout("b", "u64", 8), size=16) == 8


def test_alignment_follows_the_target() -> None:
    i386 = Target("i386", "linux", "gnu")
    fields = (FieldLayout("a", "char", 0), FieldLayout("b", "u64", 4))
    assert alignment_of(*fields, size=12, target=i386) == 4


def test_recorded_alignment_of_a_member_counts() -> None:
    assert alignment_of(FieldLayout("a", "int", 0, alignment=16), size=16) == 16


def test_member_off_its_alignment_shows_packing() -> None:
    assert alignment_of(FieldLayout("a", "char", 0), FieldLayout("b", "u64", 1), size=9) == 1


def test_packing_to_two_leaves_an_alignment_of_two() -> None:
    assert alignment_of(FieldLayout("a", "char", 0), FieldLayout("b", "u64", 2), size=10) == 2


def test_size_that_is_no_multiple_shows_packing() -> None:
    assert alignment_of(FieldLayout("a", "u64", 0), FieldLayout("b", "int", 8), size=12) == 4


def test_bit_field_brings_the_alignment_of_its_type() -> None:
    bits = FieldLayout("b", "int", 0, bit_offset=8, bit_size=3)
    assert alignment_of(FieldLayout("a", "char", 0), bits, size=4) == 4


def test_bit_field_in_a_microsoft_union_brings_none() -> None:
    bits = FieldLayout("b", "int", 0, bit_offset=0, bit_size=3)
    union = StructLayout("U", 4, (bits,), is_union=True)
    windows = Target("x86_64", "windows", "msvc")
    graph = Layouts(target=windows, types={**SCALARS, "U": union})
    assert derived_alignment(graph, "U", facts_for(windows)) == 1


def test_array_brings_the_alignment_of_its_element() -> None:
    array = ArrayLayout("int", 3, size=12)
    assert alignment_of(FieldLayout("a", "ints", 0), size=12, more={"ints": array}) == 4


def test_vector_without_a_recorded_alignment_is_not_known() -> None:
    vector = ArrayLayout("int", 4, size=16, is_vector=True)
    assert alignment_of(FieldLayout("a", "vector", 0), size=16, more={"vector": vector}) is None


def test_member_that_could_not_be_read_leaves_the_alignment_unknown() -> None:
    assert alignment_of(FieldLayout("a", "gone", 0), size=4) is None


def test_struct_inside_itself_ends() -> None:
    assert alignment_of(FieldLayout("a", "S", 0), size=4) is None


def test_types_nested_without_end_are_not_known() -> None:
    nested: dict[str, TypeLayout] = {
        f"T{depth}": ArrayLayout(f"T{depth + 1}", 1) for depth in range(2000)
    }
    nested["T2000"] = SCALARS["int"]
    assert alignment_of(FieldLayout("a", "T0", 0), size=4, more=nested) is None


def test_answers_are_kept_between_calls() -> None:
    known: dict[object, int | None] = {"int": 64}
    struct = StructLayout("S", 64, (FieldLayout("a", "int", 0),))
    graph = Layouts(target=HERE, types={**SCALARS, "S": struct})
    assert derived_alignment(graph, "S", facts_for(HERE), known) == 64
