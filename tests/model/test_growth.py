"""A contract as of an earlier version is what it was then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from abicheck.contract.read import parse_contract_text
from abicheck.model.growth import as_of, fixed_structs, is_beyond
from abicheck.model.types import Enum, Opaque, Struct

if TYPE_CHECKING:
    from abicheck.model.contract import Contract, Export

HEAD = 'contract = "c"\nversion = "2.0"\nformat = 1\n'


def contract(text: str) -> Contract:
    return parse_contract_text(HEAD + text, "c.toml")


def fields(contract: Contract, name: str) -> list[str | None]:
    definition = contract.definitions[name]
    assert isinstance(definition, Struct)
    return [field.name for field in definition.fields]


GROWN = """
[exports]
open = "fn() -> *mut A"
more = { type = "fn() -> *mut Later", since = "1.5" }
info = "static Info"
size = { type = "static u32", since = "1.5" }
[structs.A]
fields = ["a: u32", { name = "b", type = "*mut Extra", since = "1.1" }]
[structs.Info]
fields = ["x: u32", { name = "y", type = "u32", since = "1.1" }]
[structs.Extra]
fields = ["e: u32"]
[structs.Later]
fields = ["l: u32"]
[structs.Alone]
fields = ["l: u32"]
[structs.New]
fields = [{ name = "n", type = "u32", since = "1.1" }]
[enums.E]
values = { A = 0, B = { value = 1, since = "1.1" } }
[tags.x]
read = "info.x"
equals = 1
[tags.y]
read = "info.y"
equals = 1
[tags.size]
read = "size"
equals = 1
[[choices]]
need = 2
of = [["open", "more"], ["size"]]
"""


def test_later_fields_are_not_there() -> None:
    assert fields(as_of(contract(GROWN), "1.0"), "A") == ["a"]


def test_fields_of_the_version_itself_are_there() -> None:
    assert fields(as_of(contract(GROWN), "1.1.0"), "A") == ["a", "b"]


def test_later_values_are_not_there() -> None:
    enum = as_of(contract(GROWN), "1.0").definitions["E"]
    assert isinstance(enum, Enum)
    assert [value.name for value in enum.values] == ["A"]


def test_later_exports_are_not_demanded() -> None:
    aged = as_of(contract(GROWN), "1.0")
    assert [export.name for export in aged.exports] == ["open", "info"]


def test_later_exports_that_are_there_must_fit() -> None:
    def is_present(export: Export) -> bool:
        return export.name == "size"

    aged = as_of(contract(GROWN), "1.0", is_present=is_present)
    found = aged.export_named("size")
    assert found is not None
    assert found.is_optional


def test_tags_that_read_what_was_not_there_are_left_out() -> None:
    assert [tag.name for tag in as_of(contract(GROWN), "1.0").tags] == ["x"]


def test_types_that_only_later_entries_lead_to_are_left_out() -> None:
    aged = as_of(contract(GROWN), "1.0")
    assert {"Extra", "Later"} & aged.definitions.keys() == set()
    assert "Alone" in aged.definitions


def test_struct_of_which_nothing_was_there_is_opaque() -> None:
    assert isinstance(as_of(contract(GROWN), "1.0").definitions["New"], Opaque)


def test_choices_are_of_what_was_there() -> None:
    (choice,) = as_of(contract(GROWN), "1.0").choices
    assert (choice.groups, choice.need) == ((("open",),), 1)


def test_tag_of_a_section_reads_what_was_there() -> None:
    text = """
[structs.A]
fields = ["a: u32", { name = "b", type = "u32", since = "1.1" }]
[tags.a]
read = 'section("x").a'
type = "A"
equals = 1
[tags.b]
read = 'section("x").b'
type = "A"
equals = 1
"""
    assert [tag.name for tag in as_of(contract(text), "1.0").tags] == ["a"]


def test_fixed_structs_keep_their_fields() -> None:
    assert fields(as_of(contract(GROWN), "1.0", fixed={"A"}), "A") == ["a", "b"]


def test_contract_as_of_its_own_version_is_itself() -> None:
    whole = contract(GROWN)
    assert as_of(whole, whole.version) == whole


GROWING = '[structs.G]\nfields = ["g: u32"]\n'


@pytest.mark.parametrize(
    "text",
    [
        '[exports]\nf = "fn(G)"',
        '[exports]\nf = "fn() -> G"',
        '[exports]\nf = "fn(fn(G))"',
        '[exports]\nf = "static [G; 2]"',
        '[exports]\nf = "fn(*const [G; 2])"',
        '[structs.H]\nfields = ["g: G"]',
        '[structs.H]\nfields = ["g: [G; 2]"]',
        '[structs.H]\nfields = ["_: G"]',
        '[structs.H]\nfields = ["f: fn(G)"]',
        '[unions.H]\nfields = ["g: G"]',
        '[types]\nF = "fn(G)"',
        '[types]\nH = "G"\n[structs.I]\nfields = ["h: H"]',
        '[exports]\nl = "static *const G"\n[tags.t]\nread = "l[].g"\nuntil = "zero"\nequals = 1',
        '[tags.t]\nread = \'section("x")[1].g\'\ntype = "[G; 2]"\nequals = 1',
    ],
)
def test_struct_whose_size_counts_somewhere_may_not_grow(text: str) -> None:
    assert "G" in fixed_structs(contract(f"{GROWING}{text}"))


@pytest.mark.parametrize(
    "text",
    [
        '[exports]\nf = "fn(*mut G) -> &G"',
        '[exports]\nf = "static G"',
        '[structs.H]\nfields = ["g: *const G", "f: fn(*mut G)"]',
        '[exports]\nl = "static *const G"\n[tags.t]\nread = "l[0].g"\nequals = 1',
    ],
)
def test_struct_that_is_only_pointed_to_may_grow(text: str) -> None:
    assert fixed_structs(contract(f"{GROWING}{text}")) == {}


@pytest.mark.parametrize(
    ("stated", "version", "expected"),
    [
        ("1.3", "1.2", True),
        ("1.2", "1.2", False),
        ("1.2.5", "1.2", False),
        ("2", "1.2", True),
        ("1", "1.2", False),
        ("1.10", "1.9", True),
    ],
)
def test_versions_are_compared_as_far_as_the_contract_goes(
    stated: str, version: str, expected: bool
) -> None:
    assert is_beyond(stated, version) is expected
