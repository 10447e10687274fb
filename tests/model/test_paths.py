"""Walks through types: where steps lead, and why they end."""

from __future__ import annotations

import pytest

from abicheck.model.contract import CallStep, EachStep, FieldStep, IndexStep, Step
from abicheck.model.paths import BadStep, find_member, member_names, see_through, walk
from abicheck.model.types import (
    Alias,
    Array,
    Definition,
    Field,
    FunctionType,
    Named,
    Parameter,
    Pointer,
    Scalar,
    Struct,
    Type,
    Void,
)

U8, U32 = Scalar("u8"), Scalar("u32")
GET = Pointer(FunctionType(result=Named("Handle")), may_be_null=False)

INNER = Struct(name="Inner", is_union=True, line=1, fields=(Field(name="deep", type=U8, line=1),))
OUTER = Struct(
    name="Outer",
    line=2,
    fields=(
        Field(name="next", type=Pointer(Pointer(Named("Outer"))), line=2),
        Field(name=None, type=U32, bit_width=3, line=2),
        Field(name=None, type=Named("Inner"), line=2),
        Field(name="list", type=Array(Named("Handle"), 2), line=2),
        Field(name="get", type=GET, line=2),
        Field(name="bytes", type=Pointer(U8), line=2),
        Field(name="row", type=Pointer(Array(U8, 4)), line=2),
    ),
)
DEFINITIONS: dict[str, Definition] = {
    "Inner": INNER,
    "Outer": OUTER,
    "Handle": Alias(name="Handle", type=Named("Again"), line=3),
    "Again": Alias(name="Again", type=Pointer(Named("Outer")), line=4),
}
HANDLE = Pointer(Named("Outer"))


def end(*steps: Step) -> Type | BadStep:
    types = walk(Named("Outer"), steps, DEFINITIONS)
    return types if isinstance(types, BadStep) else types[-1]


def test_alias_of_an_alias_is_seen_through() -> None:
    assert see_through(Named("Handle"), DEFINITIONS) == HANDLE


def test_anonymous_members_lead_to_their_own() -> None:
    assert [field.name for field in find_member(OUTER, "deep", DEFINITIONS)] == [None, "deep"]
    assert find_member(OUTER, "none", DEFINITIONS) == ()
    assert list(member_names(OUTER, DEFINITIONS))[:3] == ["next", "deep", "list"]


@pytest.mark.parametrize(
    ("steps", "type_"),
    [
        ([FieldStep("deep")], U8),
        ([FieldStep("next"), FieldStep("next"), FieldStep("deep")], U8),
        ([FieldStep("list")], Array(Named("Handle"), 2)),
        ([FieldStep("list"), IndexStep(1)], HANDLE),
        ([FieldStep("list"), EachStep(), FieldStep("deep")], U8),
        ([FieldStep("get"), CallStep()], HANDLE),
        ([FieldStep("bytes"), IndexStep(70)], U8),
        ([FieldStep("row"), IndexStep(3)], U8),
    ],
)
def test_steps_lead_to_their_type(steps: list[Step], type_: Type) -> None:
    assert end(*steps) == type_


@pytest.mark.parametrize(
    ("steps", "index", "reason"),
    [
        ([FieldStep("none")], 0, 'structs.Outer has no field "none"'),
        ([FieldStep("deep"), FieldStep("x")], 1, "u8 is no struct and has no fields"),
        ([FieldStep("deep"), IndexStep(0)], 1, "u8 is no array and has no elements"),
        ([FieldStep("list"), IndexStep(2)], 1, "[Handle; 2] has no element 2: the last one is 1"),
        ([FieldStep("row"), IndexStep(4)], 1, "[u8; 4] has no element 4: the last one is 3"),
        ([FieldStep("get"), IndexStep(0)], 1, "fn() -> Handle is no array and has no elements"),
        ([FieldStep("list"), CallStep()], 1, "[Handle; 2] is no function and cannot be called"),
    ],
)
def test_step_that_leads_nowhere_says_why(steps: list[Step], index: int, reason: str) -> None:
    found = end(*steps)
    assert isinstance(found, BadStep)
    assert (found.index, found.reason) == (index, reason)


def test_function_with_parameters_cannot_be_called() -> None:
    function = FunctionType((Parameter(U8),), Void())
    found = walk(function, [CallStep()], {})
    assert isinstance(found, BadStep)
    assert "takes arguments" in found.reason


def test_unknown_field_comes_with_those_that_exist() -> None:
    found = end(FieldStep("depe"))
    assert isinstance(found, BadStep)
    assert found.word == "depe"
    assert "deep" in found.candidates
