"""A plugin is held to the version that it states, and may be ahead of it where that is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.errors import ContractError
from tests.conftest import binary, contract

if TYPE_CHECKING:
    from pathlib import Path

    from abicheck.model.report import Report

GROWTH = contract("growth/growth.toml")

COMPATIBLE = ["1.0", "1.1", "1.2", "1.3", "1.0-has-sized-field"]
INCOMPATIBLE = {
    "1.3-host-extra": "structs.Host",
    "1.3-point-z": "structs.Point",
    "1.2-lacks-1.2": "structs.Host.level",
    "1.0-has-other-field": "structs.Plugin",
    "1.0-has-unsized-field": "structs.Stats",
    "1.0-has-wrong-export": "exports.flush",
    "1.0-changed-type": "structs.Plugin.kind",
    "2.0": "tags.version",
}


def verify(name: str, schema: Path = GROWTH, as_of: str | None = None) -> Report:
    return abicheck.verify(binary(f"growth/libgrowth-{name}.so"), schema, as_of=as_of)


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """Return the contract with one passage of it written otherwise."""
    text = GROWTH.read_text()
    assert old in text
    file = tmp_path / "growth.toml"
    file.write_text(text.replace(old, new))
    return file


def wrong(report: Report) -> set[str]:
    return {c.subject for c in report.claims if c.status == "mismatch" and c.cause is None}


def said(report: Report) -> str:
    messages = [c.message or "" for c in report.claims if c.is_note]
    return "\n".join([*messages, *report.plugins[0].notes])


@pytest.mark.parametrize("name", COMPATIBLE)
def test_plugin_that_is_what_it_states_is_compatible(name: str) -> None:
    report = verify(name)
    assert (report.verdict, wrong(report)) == ("compatible", set())


@pytest.mark.parametrize("name", INCOMPATIBLE)
def test_plugin_that_is_not_what_it_states_is_incompatible(name: str) -> None:
    assert INCOMPATIBLE[name] in wrong(verify(name))


def test_every_plugin_is_judged_here() -> None:
    files = {file.stem.removeprefix("libgrowth-") for file in GROWTH.parent.glob("*.so")}
    assert files == {*COMPATIBLE, *INCOMPATIBLE}


def test_report_says_to_which_version_a_plugin_was_held() -> None:
    assert "held to growth as of 1.0, the version that it states" in said(verify("1.0"))


def test_report_says_nothing_of_a_plugin_that_states_the_contracts_version() -> None:
    assert "held to" not in said(verify("1.2"))


def test_fields_in_addition_are_noted() -> None:
    notes = {c.subject for c in verify("1.3").claims if c.rule == "field-added" and c.is_note}
    assert notes == {"structs.Plugin.extra", "structs.Stats.extra"}


def test_version_that_is_asked_for_goes_before_the_one_stated() -> None:
    assert wrong(verify("1.0", as_of="1.2")) >= {"structs.Host.level", "exports.flush"}
    assert verify("1.2-lacks-1.2", as_of="1.1").verdict == "compatible"


@pytest.mark.parametrize("version", ["1.3", "2", "new", "1.", ""])
def test_version_that_the_contract_does_not_describe_is_refused(version: str) -> None:
    with pytest.raises(ContractError, match="as of"):
        verify("1.0", as_of=version)


def test_version_asked_of_a_contract_that_never_grew_is_noted() -> None:
    report = abicheck.verify(binary("greeter/libgreeter-good.so"), contract("greeter"), as_of="1.0")
    assert "all of it was demanded" in said(report)


def test_plugin_without_a_tag_is_held_to_the_whole_contract(tmp_path: Path) -> None:
    schema = changed(tmp_path, "[tags.version]", "[tags.other]")
    report = verify("1.0", schema)
    assert "exports.flush" in wrong(report)
    assert "no tag" in said(report)


def test_tag_that_is_an_integer_states_a_version_of_one_part(tmp_path: Path) -> None:
    schema = changed(tmp_path, '"major:16 minor:16"\naccepts = ">=1.0, <2.0"', '""')
    text = schema.read_text().replace('decode  = ""', 'shift = 16\nmask = 1\naccepts = ">=1"')
    schema.write_text(text.replace('"1.2"', '"2"').replace('"1.1"', '"2"'))
    assert verify("1.0", schema).verdict == "compatible"


def test_field_of_a_struct_passed_by_value_is_demanded_of_every_version(tmp_path: Path) -> None:
    grown = '"y: f32", { name = "z", type = "f32", since = "1.1" }'
    report = verify("1.0", changed(tmp_path, '"y: f32"', grown))
    assert "structs.Point.z" in wrong(report)
    assert "structs.Point cannot grow" in said(report)


def test_later_field_before_older_ones_is_demanded_of_every_version(tmp_path: Path) -> None:
    inserted = '{ name = "first", type = "c_int", since = "1.1" }, "count: c_int"'
    report = verify("1.0", changed(tmp_path, '"count: c_int"', inserted))
    assert "structs.Stats.first" in wrong(report)


@pytest.mark.parametrize("direction", ["host", "both"])
def test_struct_that_the_host_fills_too_may_not_be_longer(tmp_path: Path, direction: str) -> None:
    schema = changed(tmp_path, 'filled_by  = "plugin"', f'filled_by  = "{direction}"')
    assert wrong(verify("1.3", schema)) == {"structs.Plugin"}


def test_struct_that_is_an_element_may_not_be_longer(tmp_path: Path) -> None:
    schema = changed(
        tmp_path, "[enums.Mode]", '[structs.Table]\nfields = ["all: [Stats; 4]"]\n\n[enums.Mode]'
    )
    assert wrong(verify("1.3", schema)) == {"structs.Stats"}


def test_size_field_cannot_tell_of_a_field_in_what_was_padding(tmp_path: Path) -> None:
    text = GROWTH.read_text()
    older = text[text.index('  "size: c_uint"') : text.index('size_field = "size"')]
    schema = changed(tmp_path, older, '"size: c_uint"]\nrepr = "C, align(8)"\n')
    report = verify("1.2", schema)
    stories = [c.message or "" for c in report.claims if c.status == "mismatch"]
    assert any("what was padding" in story for story in stories)


DATA = """
contract = "data"
version  = "1.2"
format   = 1

[exports]
interface_version = "static u32"
plugin            = "static Plugin"

[structs.Plugin]
fields = [
  "size: c_uint", "kind: c_int", "name: *const c_char",
  { name = "pause", type = "Option<fn()>", since = "1.1" },
]
size_field = "size"

[tags.version]
read    = "interface_version"
decode  = "major:16 minor:16"
accepts = ">=1.0"
"""


@pytest.mark.parametrize("name", ["1.0", "1.1", "1.3"])
def test_exported_data_has_the_size_of_its_version_or_more(tmp_path: Path, name: str) -> None:
    file = tmp_path / "data.toml"
    file.write_text(DATA)
    assert verify(name, file).verdict == "compatible"


def test_exported_data_that_is_shorter_than_its_version_is_a_mismatch(tmp_path: Path) -> None:
    file = tmp_path / "data.toml"
    file.write_text(DATA)
    assert "exports.plugin" in wrong(verify("1.0", file, as_of="1.2"))


def test_size_that_the_contract_asserts_is_that_of_its_own_version(tmp_path: Path) -> None:
    schema = changed(tmp_path, "[structs.Stats]", "[structs.Stats]\nsize = 8")
    assert verify("1.0", schema).verdict == "compatible"
    assert verify("1.2", schema).verdict == "compatible"


def test_partial_struct_may_have_a_later_field(tmp_path: Path) -> None:
    schema = changed(tmp_path, "[structs.Stats]", "[structs.Stats]\npartial = true\nsize = 8")
    assert verify("1.0", schema).verdict == "compatible"
    assert wrong(verify("1.0", schema, as_of="1.2")) >= {"structs.Stats.total"}


def test_tag_that_reads_a_later_field_is_no_claim_on_older_plugins(tmp_path: Path) -> None:
    text = DATA + '\n[tags.pause]\nread = "plugin.pause"\nnull = true\n'
    file = tmp_path / "data.toml"
    file.write_text(text)
    subjects = {claim.subject for claim in verify("1.0", file).claims}
    assert "tags.pause" not in subjects
    assert "tags.pause" in {claim.subject for claim in verify("1.2", file).claims}
