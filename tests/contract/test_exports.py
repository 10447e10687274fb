"""Exports, choices and ownership as the model has them."""

from __future__ import annotations

import pytest

from abicheck.contract import parse_contract_text
from abicheck.model.contract import Choice, Contract, Export
from abicheck.model.types import FunctionType, Named, Parameter, Pointer, Scalar
from tests.contract.bad_contracts import GREETER, HEADER


def contract(body: str) -> Contract:
    return parse_contract_text(HEADER + body, "test.toml")


def only(body: str) -> Export:
    (export,) = contract(body).exports
    return export


def test_short_and_table_forms_mean_the_same() -> None:
    short, table = only('[exports]\na = "fn(u8)"'), only('[exports.a]\ntype = "fn(u8)"')
    assert (short.type, short.is_data, short.line) == (table.type, table.is_data, 5)
    assert short.function == FunctionType((Parameter(Scalar("u8")),))


@pytest.mark.parametrize(
    ("text", "is_data", "is_mutable"),
    [
        ("fn", False, False), ("fn()", False, False), ("static", True, False),
        ("static u8", True, False), ("static mut u8", True, True), ("static mut", True, True),
    ],
)  # fmt: skip
def test_kind_and_mutability_are_read(text: str, *, is_data: bool, is_mutable: bool) -> None:
    export = only(f'[exports]\na = "{text}"')
    assert (export.is_data, export.is_mutable) == (is_data, is_mutable)


def test_export_without_a_type_states_no_kind() -> None:
    export = only("[exports.a]\noptional = true")
    assert (export.is_data, export.type, export.is_optional) == (None, None, True)


def test_size_alone_means_data() -> None:
    assert only("[exports.a]\nsize = 112") == Export(name="a", line=4, is_data=True, size=112)
    assert only("[exports.a]\nsize = { at_least = 96 }").size_at_least == 96


def test_everything_else_of_an_export_is_kept() -> None:
    export = only(
        '[exports.a]\ntype = "fn() -> *mut u8"\noptional = true\nsince = "1.1"\n'
        'symbol_version = "V_1"\nifunc = true\nforwarded = true\nfree = "host"\n'
        'evidence = "when-present"'
    )
    assert (export.is_optional, export.since, export.symbol_version) == (True, "1.1", "V_1")
    assert (export.allows_ifunc, export.allows_forwarder, export.free) == (True, True, "host")
    assert export.evidence == "when-present"


def test_what_the_plugin_allows_holds_for_functions_that_say_nothing() -> None:
    body = (
        '[plugin]\nifunc = true\n[exports]\na = "fn"\nb = "static u8"\n'
        '[exports.c]\ntype = "fn"\nifunc = false\n'
    )
    allowed = {each.name: each.allows_ifunc for each in contract(body).exports}
    assert allowed == {"a": True, "b": False, "c": False}


def test_forbidden_export_may_say_what_it_is() -> None:
    assert only('[exports.a]\ntype = "fn"\nforbidden = true').is_forbidden


@pytest.mark.parametrize(
    ("name", "is_glob"), [("a*", True), ("a?", True), ("[ab]", True), ("a_b", False)]
)
def test_glob_is_told_from_a_name(name: str, *, is_glob: bool) -> None:
    assert only(f'[exports]\n"{name}" = "fn"').is_glob is is_glob


def test_exports_come_in_the_order_of_the_file() -> None:
    body = '[exports]\nb = "fn"\na = "fn"\n[exports.c]\ntype = "fn"'
    assert [export.name for export in contract(body).exports] == ["b", "a", "c"]


def test_choices_are_kept() -> None:
    body = '[[choices]]\nof = [["a", "b*"], ["c"]]\n[[choices]]\nof = [["d"]]\nat_load = true'
    assert contract(body).choices == (
        Choice(index=0, groups=(("a", "b*"), ("c",)), line=4),
        Choice(index=1, groups=(("d",),), line=6, may_register_at_load=True),
    )


@pytest.mark.parametrize(
    ("result", "taker"),
    [
        ("*mut Greeter", "drop"),
        ("*const Greeter", "drop"),
        ("&mut Greeter", "drop"),
        ("GreeterPointer", "drop"),
        ("*mut Greeter", "drop_any"),
        ("*mut c_void", "drop"),
        ("*mut *const c_char", "drop_texts"),
        ("*mut Greeter", "host"),
    ],
)
def test_result_can_be_given_back_to_a_function_of_its_pointer(result: str, taker: str) -> None:
    body = f"""
drop_any = "fn(*mut c_void)"
drop_texts = "fn(*mut *mut c_char)"
[types]
GreeterPointer = "*mut Greeter"
[exports.other]
type = "fn() -> {result}"
free = "{taker}"
[structs.Table]
fields = [{{ name = "make", type = "fn() -> {result}", free = "{taker}" }}]
[types.Maker]
type = "fn() -> {result}"
free = "{taker}"
"""
    export = contract(GREETER + body).export_named("other")
    assert export is not None
    assert export.free == taker
    assert isinstance(export.function, FunctionType)


def test_result_can_be_borrowed() -> None:
    assert only('[exports.a]\ntype = "fn() -> *const u8"\nfree = false').free is False


@pytest.mark.parametrize(
    ("body", "grows"),
    [
        ('[exports.a]\ntype = "fn"', False),
        ('[exports.a]\ntype = "fn"\nsince = "1.1"', True),
        ('[structs.S]\nfilled_by = "host"\nfields = ["a: u8"]', True),
        ('[structs.S]\nsize_field = "a"\nfields = ["a: u8"]', True),
        ('[enums.E]\nvalues = { A = { value = 0, since = "1.0" } }', True),
    ],
)
def test_contract_that_speaks_of_growth_says_so(body: str, *, grows: bool) -> None:
    assert contract(body).uses_growth is grows


def test_pointer_to_a_struct_is_a_named_type() -> None:
    export = contract(GREETER).export_named("make")
    assert export is not None
    assert export.type == FunctionType(result=Pointer(Named("Greeter"), is_mutable=True))
