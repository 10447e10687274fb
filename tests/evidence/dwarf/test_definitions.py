"""Definitions by name: the nearest level decides, and all of its definitions come back."""

from __future__ import annotations

import pytest

from tests.conftest import binary
from tests.evidence.dwarf.spelled import Plugin

ONE = "struct Config:16{size@0 i4; flags@8 i8}"
TWO = "struct Config:16{size@0 i4; mode@4 i2; flags@8 i8}"
BOTH = pytest.mark.parametrize("compiler", ["gcc", "clang"])


def ambiguous(compiler: str) -> Plugin:
    return Plugin(binary(f"dwarf/ambiguous-{compiler}.so"))


@BOTH
@pytest.mark.parametrize(
    ("near", "expected"),
    [(["one_size"], [ONE]), (["two_size"], [TWO]), (["three_blind"], [TWO]),
     (["one_size", "two_size"], [ONE, TWO]), ([], [ONE, TWO])],
    ids=["one", "two", "blind", "both", "nobody"],
)  # fmt: skip
def test_unit_of_the_export_decides(compiler: str, near: list[str], expected: list[str]) -> None:
    assert ambiguous(compiler).named("Config", near) == expected


@BOTH
def test_other_units_are_searched_where_that_of_the_export_has_none(compiler: str) -> None:
    expected = ["struct Elsewhere:8{declared@0 *opaque Declared}"]
    assert ambiguous(compiler).named("Elsewhere", ["one_size"]) == expected


@BOTH
def test_declaration_is_no_definition(compiler: str) -> None:
    assert ambiguous(compiler).named("Declared") == []


@BOTH
def test_equal_definitions_are_given_once(compiler: str) -> None:
    assert ambiguous(compiler).named("Same") == ["struct Same:1{c@0 char1}"]
    assert ambiguous(compiler).named("Level") == ["enum Level:u4{LOW=0, HIGH=1}"]


@BOTH
def test_struct_inside_of_a_function_is_found_where_there_is_no_other(compiler: str) -> None:
    assert ambiguous(compiler).named("Local") == ["struct Local:4{in_one@0 i4}"]


def test_absent_name_has_no_definition() -> None:
    assert ambiguous("gcc").named("Absent") == []


@pytest.mark.parametrize(
    "name", ["gcc-2", "gcc-5", "clang-5", "gcc-units-4", "gcc-units-5", "clang-units-5", "gcc-lto",
             "gcc-dwarf64", "clang-dwarf64", "s390x-3", "s390x-5", "gcc-sections"]
)  # fmt: skip
def test_name_is_found_in_every_form(name: str) -> None:
    plugin = Plugin(binary(f"dwarf/types-{name}.so"))
    expected = ["union Any:16{i@0 i4; d@0 f8; text@0 [char1; 16]:16; bits@0:5 u4}"]
    assert plugin.named("Any") == expected
    assert plugin.named("Any", ["f_by_value"]) == expected
    assert plugin.named("Unnamed") == plugin.named("Renamed") == ["struct Unnamed:4{only@0 i4}"]


@pytest.mark.parametrize("name", ["gxx", "clangxx"])
def test_path_tells_namespaces_apart(name: str) -> None:
    plugin = Plugin(binary(f"dwarf/types-{name}.so"))
    assert plugin.named("ns::Config") == ["struct Config:16{a@0 i4; b@8 i8}"]
    assert plugin.named("deep::Config") == ["struct Config:1{c@0 char1}"]
    assert plugin.named("ns::deep::Config") == ["struct Config:1{c@0 char1}"]
    assert plugin.named("other::Config") == []
    assert plugin.named("Mode") == ["enum Mode:u1{Off=0, On=200}"]
    assert {"struct Config:16{a@0 i4; b@8 i8}", "struct Config:1{c@0 char1}"} <= set(
        plugin.named("Config")
    )


def test_leaf_of_a_rust_path_is_enough() -> None:
    plugin = Plugin(binary("dwarf/types-rust.so"))
    found = plugin.named("Named", ["wrappers"])
    assert found == ["struct Named:4{value@0 u4}"] == plugin.named("types::Named", ["wrappers"])


def test_definitions_in_a_missing_file_are_unknown_not_absent() -> None:
    content = binary("debug/libpair-split.so").read_bytes()
    moved = content.replace(b"pair-split-pair_second.dwo", b"pair-split-pair_absent.dwo")
    assert moved != content
    plugin = Plugin(binary("debug/libpair-split.so"), content=moved)
    assert any(each.startswith("unknown (") for each in plugin.named("Tally", ["pair_shape"]))
