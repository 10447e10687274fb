"""Structs, unions, enums, aliases and opaque types as the model has them."""

from __future__ import annotations

from typing import TypeVar

import pytest

from abicheck.contract import parse_contract_text
from abicheck.errors import ContractError
from abicheck.model.target import PerTarget
from abicheck.model.types import (
    Alias,
    Array,
    Definition,
    Enum,
    EnumValue,
    Field,
    FunctionType,
    Named,
    Opaque,
    Parameter,
    Pointer,
    Scalar,
    Struct,
)
from tests.contract.bad_contracts import HEADER

T = TypeVar("T", bound=Definition)


def definitions(body: str) -> dict[str, Definition]:
    return dict(parse_contract_text(HEADER + body, "test.toml").definitions)


def only(kind: type[T], body: str) -> T:
    (found,) = definitions(body).values()
    assert isinstance(found, kind)
    return found


def test_struct_keeps_its_fields_in_order_with_their_lines() -> None:
    body = '[structs.S]\nfields = [\n  "a: u8",\n  { name = "b", type = "u16" },\n]'
    assert only(Struct, body) == Struct(
        name="S",
        line=4,
        fields=(
            Field(name="a", type=Scalar("u8"), line=6),
            Field(name="b", type=Scalar("u16"), line=7),
        ),
    )


def test_string_and_table_forms_of_a_field_mean_the_same() -> None:
    body = '[structs.S]\nfields = ["a: c_uint : 3", { name = "b", type = "c_uint", bits = 3 }]'
    one, other = only(Struct, body).fields
    assert (one.type, one.bit_width) == (other.type, other.bit_width)


def test_underscore_names_nothing() -> None:
    body = '[structs.S]\nfields = ["_: c_uint : 0", { name = "_", type = "U" }, "a: u8"]\n'
    struct = definitions(body + '[unions.U]\nfields = ["i: i64"]')["S"]
    assert isinstance(struct, Struct)
    assert [field.name for field in struct.fields] == [None, None, "a"]


@pytest.mark.parametrize(
    ("text", "packed", "align", "is_transparent"),
    [
        ("C", None, None, False),
        ("C, packed", 1, None, False),
        ("C, packed(2)", 2, None, False),
        ("C, align(16)", None, 16, False),
        (" C ,packed( 2 ), align(4)", 2, 4, False),
        ("transparent", None, None, True),
    ],
)
def test_repr_is_read(
    text: str, packed: int | None, align: int | None, *, is_transparent: bool
) -> None:
    struct = only(Struct, f'[structs.S]\nrepr = "{text}"\nfields = ["a: u8"]')
    assert (struct.packed, struct.align, struct.is_transparent) == (packed, align, is_transparent)


def test_everything_else_of_a_struct_is_kept() -> None:
    body = """
[structs.S]
partial = true
size = { lp64 = 112, ilp32 = 60 }
match = "ns::S"
names = "exact"
size_field = "size"
filled_by = "plugin"
evidence = "when-present"
fields = ["size: u32", { name = "b", type = "u8", offset = { lp64 = 40 }, since = "1.1" }]
"""
    struct = only(Struct, body)
    assert struct.is_partial
    assert struct.size == PerTarget((("lp64", 112), ("ilp32", 60)))
    assert (struct.match, struct.has_exact_names) == ("ns::S", True)
    assert (struct.size_field, struct.filled_by) == ("size", "plugin")
    assert struct.evidence == "when-present"
    assert struct.fields[1].offset == PerTarget((("lp64", 40),))
    assert struct.fields[1].since == "1.1"


def test_partial_struct_needs_no_fields() -> None:
    assert only(Struct, "[structs.S]\npartial = true\nsize = 8").fields == ()


def test_union_says_that_it_is_one() -> None:
    union = only(Struct, '[unions.U]\nfields = ["a: u8", "b: f64"]')
    assert union.is_union
    assert union.subject == "unions.U"


def test_flexible_array_ends_a_struct() -> None:
    struct = only(Struct, '[structs.S]\nfields = ["count: u32", "items: [u8]"]')
    assert struct.fields[1].type == Array(Scalar("u8"))


def test_struct_may_point_to_itself_and_to_what_comes_later() -> None:
    found = definitions(
        '[structs.A]\nfields = ["next: *mut A", "b: B"]\n[structs.B]\nfields = ["a: &A", "n: N"]\n'
        '[types]\nN = "*mut B"'
    )
    assert list(found) == ["A", "B", "N"]


def test_enum_keeps_names_values_and_since() -> None:
    body = (
        '[enums.Mode]\nrepr = "u8"\nclosed = true\n'
        'values = { Off = 0, On = 0x1, Auto = { value = 2, since = "1.1" } }'
    )
    assert only(Enum, body) == Enum(
        name="Mode",
        line=4,
        repr="u8",
        is_closed=True,
        values=(
            EnumValue(name="Off", value=0, line=7),
            EnumValue(name="On", value=1, line=7),
            EnumValue(name="Auto", value=2, line=7, since="1.1"),
        ),
    )


def test_large_value_is_written_in_hexadecimal() -> None:
    body = '[enums.E]\nrepr = "u64"\nvalues = { Most = "0xffff_ffff_ffff_ffff" }'
    assert only(Enum, body).values[0].value == 2**64 - 1


def test_aliases_and_opaque_types_are_told_apart() -> None:
    found = definitions(
        """
[types]
Log = "fn(level: c_int)"
Host = "opaque"
Vector = { opaque = true, size = 16, alignment = { lp64 = 16, ilp32 = 8 } }
Make = { type = "fn() -> *mut Host", free = "host" }
"""
    )
    log = Pointer(FunctionType((Parameter(Scalar("c_int"), "level"),)), may_be_null=False)
    make = Pointer(FunctionType(result=Pointer(Named("Host"), is_mutable=True)), may_be_null=False)
    assert found == {
        "Log": Alias(name="Log", type=log, line=6),
        "Host": Opaque(name="Host", line=7),
        "Vector": Opaque(
            name="Vector",
            line=8,
            size=PerTarget((("*", 16),)),
            alignment=PerTarget((("lp64", 16), ("ilp32", 8))),
        ),
        "Make": Alias(name="Make", type=make, line=9, free="host"),
    }


def test_option_of_a_later_alias_is_its_function() -> None:
    found = definitions('[types]\nMaybe = "Option<Log>"\nLog = "fn(c_int)"')
    maybe = found["Maybe"]
    assert isinstance(maybe, Alias)
    assert maybe.type == Pointer(FunctionType((Parameter(Scalar("c_int")),)), may_be_null=True)


def test_definitions_come_in_the_order_of_the_file() -> None:
    body = '[types]\nZ = "u8"\n[structs.B]\nfields = ["a: Z"]\n[enums.A]\nvalues = { X = 1 }'
    assert list(definitions(body)) == ["Z", "B", "A"]


def test_long_chain_of_structs_is_refused_and_does_not_exhaust_the_stack() -> None:
    parts = ['[structs.S0]\nfields = ["a: u8"]']
    parts += [f'[structs.S{n}]\nfields = ["a: S{n - 1}"]' for n in range(1, 3000)]
    with pytest.raises(ContractError, match="is nested more than 60 deep"):
        definitions("\n".join(parts))
    with pytest.raises(ContractError, match="is nested more than 60 deep"):
        definitions("\n".join(reversed(parts)))


def test_long_chain_of_aliases_is_refused_and_does_not_exhaust_the_stack() -> None:
    parts = ["[types]", *(f'A{n} = "A{n + 1}"' for n in range(3000)), 'A3000 = "u8"']
    with pytest.raises(ContractError, match="is nested more than 60 deep"):
        definitions("\n".join(parts))
