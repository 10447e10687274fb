"""The plan of a descriptor: the same records for every language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.contract import parse_contract_text
from abicheck.generation.plan import (
    EnumRecord,
    ExportRecord,
    OpaqueRecord,
    StructRecord,
    make_plan,
)
from tests.conftest import ROOT

if TYPE_CHECKING:
    from abicheck.model.contract import Contract


@pytest.fixture(scope="module")
def everything() -> Contract:
    return abicheck.parse_contract(ROOT / "tests/generation/everything.toml")


def test_types_come_first_and_each_group_in_the_order_of_the_file(everything: Contract) -> None:
    records = make_plan(everything).records
    kinds = [isinstance(each, ExportRecord) for each in records]
    assert kinds == sorted(kinds)
    exports = [each.name for each in records if isinstance(each, ExportRecord)]
    assert exports[:3] == ["make", "drop", "give"]


def test_sized_opaque_types_are_records_and_others_are_not(everything: Contract) -> None:
    opaque = {each.name for each in make_plan(everything).records if isinstance(each, OpaqueRecord)}
    assert opaque == {"Vector", "Jump"}


def test_types_are_spelled_without_aliases_and_names_of_parameters(everything: Contract) -> None:
    records = {each.name: each for each in make_plan(everything).records}
    node = records["Node"]
    assert isinstance(node, StructRecord)
    texts = {field.name: field.text for field in node.fields}
    assert texts["hook"] == "Option<fn(*mut Node, *const *mut Small) -> *mut c_char>"
    assert texts["s4"] == "[Small; 4]"


def test_unnamed_bit_fields_have_no_record(everything: Contract) -> None:
    records = {each.name: each for each in make_plan(everything).records}
    bits = records["Bits"]
    assert isinstance(bits, StructRecord)
    assert "" not in [field.name for field in bits.fields]


def test_ownership_is_that_of_the_alias_where_the_field_says_none(everything: Contract) -> None:
    records = {each.name: each for each in make_plan(everything).records}
    node = records["Node"]
    assert isinstance(node, StructRecord)
    assert {field.name: field.free for field in node.fields}["hook2"] == "false"


def test_count_is_that_of_all_records_behind_the_first(everything: Contract) -> None:
    plan = make_plan(everything)
    inner = sum(
        len(each.fields) if isinstance(each, StructRecord) else len(each.values)
        for each in plan.records
        if isinstance(each, StructRecord | EnumRecord)
    )
    assert plan.count == len(plan.records) + inner


def test_fingerprint_of_a_contract_changes_with_anything_in_it() -> None:
    text = (ROOT / "schemas/greeter.toml").read_text()
    changes = [
        ("", ""),
        ('"1.2"\nformat', '"1.1"\nformat'),
        ('"static u32"', '"static i32"'),
        ("fn(name: *const c_char)", "fn(name: *mut c_char)"),
        ("fn(*mut Greeter)", "fn(*const Greeter)"),
        ('name = "greet"', 'name = "salute"'),
    ]
    found = {
        make_plan(parse_contract_text(text.replace(old, new), "greeter.toml")).fingerprint
        for old, new in changes
    }
    assert len(found) == len(changes)
