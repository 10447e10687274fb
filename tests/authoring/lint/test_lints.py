"""Every lint fires where it should, alone, and is silent where its remedy was taken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from abicheck import parse_contract
from abicheck.authoring.lint import advise, lints
from tests.conftest import ROOT, contract

if TYPE_CHECKING:
    from pathlib import Path

    from abicheck.model.lint import Advice

FIXTURES = ROOT / "fixtures" / "lint"
LINTS = {lint.id: lint for lint in lints()}
ALSO = {"bit-field-differs-by-target": {"padding-unnamed"}}
"""Where bit-fields do not lie together, something lies between them."""

HEAD = 'contract = "t"\nversion = "2.0"\nformat = 1\n'


def fired(name: str, kind: str) -> set[str]:
    return {each.rule for each in advise(parse_contract(FIXTURES / name / f"{kind}.toml"))}


def advice(tmp_path: Path, text: str) -> list[Advice]:
    file = tmp_path / "t.toml"
    file.write_text(HEAD + text)
    return [each for each in advise(parse_contract(file)) if each.rule != "version-tag-missing"]


def places(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    return [(each.rule, each.subject) for each in advice(tmp_path, text)]


@pytest.mark.parametrize("name", LINTS)
def test_bad_contract_fires_its_lint_alone(name: str) -> None:
    assert fired(name, "bad") - ALSO.get(name, set()) == {name}


@pytest.mark.parametrize("name", LINTS)
def test_good_contract_is_clean(name: str) -> None:
    assert fired(name, "good") == set()


def test_fixtures_are_there_for_every_lint_and_for_no_other() -> None:
    assert {folder.name for folder in FIXTURES.iterdir()} == set(LINTS)


@pytest.mark.parametrize("name", LINTS)
def test_lint_says_why_and_how_to_fix(name: str) -> None:
    begins = {paragraph.partition(" ")[0] for paragraph in LINTS[name].page.paragraphs}
    assert begins >= {"Why:", "Fix:"}
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", name)


def test_greeter_is_clean() -> None:
    assert advise(parse_contract(contract("greeter"))) == ()


def test_allowed_lint_is_silent() -> None:
    bad = parse_contract(FIXTURES / "padding-unnamed" / "bad.toml")
    assert advise(bad, {"padding-unnamed"}) == ()


def test_alias_is_told_once_where_it_is_defined(tmp_path: Path) -> None:
    text = """
[exports]
make = "Make"
use  = "fn(*const Table)"
[structs.Table]
fields = ["one: Make", "two: Option<Make>"]
[types]
Make = "fn() -> *mut u32"
"""
    assert places(tmp_path, text) == [("pointer-owner-unsaid", "types.Make")]
    owned = text.replace('"fn() -> *mut u32"', '{ type = "fn() -> *mut u32", free = "host" }')
    assert places(tmp_path, owned) == []


@pytest.mark.parametrize("result", ["Option<fn()>", "u32", "fn()"])
def test_result_that_is_no_pointer_to_data_has_no_owner(tmp_path: Path, result: str) -> None:
    assert places(tmp_path, f'[exports]\nmake = "fn() -> {result}"\n') == []


def test_forbidden_export_needs_nothing(tmp_path: Path) -> None:
    assert places(tmp_path, "[exports.old]\nforbidden = true\n") == []


@pytest.mark.parametrize(
    ("type_", "targets", "differs"),
    [
        ("c_long", '["*-linux-gnu"]\nbits = 64', False),
        ("c_long", '["*-linux-gnu", "*-windows"]\nbits = 64', True),
        ("c_long", '["x86_64-linux-gnu", "i386-linux-gnu"]', True),
        ("wchar_t", '["x86_64-linux-gnu", "aarch64-linux-gnu"]', True),
        ("wchar_t", '["x86_64-linux-gnu", "riscv64-linux-gnu"]', False),
        ("c_longdouble", '["x86_64-linux-gnu", "x86_64-macos"]', False),
        ("c_longdouble", '["arm64-macos", "x86_64-macos"]', True),
        ("usize", '["*"]', False),
        ("u128", '["*"]\nbits = 64', False),
        ("u128", '["*"]', True),
    ],
)
def test_type_differs_only_where_the_allowed_targets_do(
    tmp_path: Path, type_: str, targets: str, differs: bool
) -> None:
    text = f'[exports]\nstart = "fn({type_})"\n[platform]\ntargets = {targets}\n'
    found = places(tmp_path, text)
    assert found == ([("type-differs-by-target", "exports.start")] if differs else [])


@pytest.mark.parametrize(
    ("fields", "targets", "differs"),
    [
        ('"a: u32 : 3", "b: u32 : 29"', '["x86_64-linux-gnu", "s390x-linux-gnu"]', True),
        ('"a: u32 : 3", "b: u32 : 29"', '["x86_64-linux-gnu", "aarch64-linux-gnu"]', False),
        ('"a: u32 : 8", "b: u32 : 24"', '["x86_64-linux-gnu", "s390x-linux-gnu"]', False),
    ],
)
def test_bits_lie_at_the_other_end_where_the_bytes_do(
    tmp_path: Path, fields: str, targets: str, differs: bool
) -> None:
    text = f"""
[exports]
start = "fn(*const Flags)"
[structs.Flags]
fields = [{fields}]
[platform]
targets = {targets}
"""
    found = places(tmp_path, text)
    assert found == ([("bit-field-differs-by-target", "structs.Flags")] if differs else [])


def test_bool_is_found_wherever_it_is_written(tmp_path: Path) -> None:
    text = """
[exports]
start = "fn(*const Flags) -> bool"
other = "fn(u8)"
[structs.Flags]
fields = ["on: [bool; 4]", "off: u8"]
"""
    rule = "bool-unspoken"
    assert places(tmp_path, text) == [(rule, "exports.start"), (rule, "structs.Flags.on")]
    one = '[platform]\ntargets = ["x86_64-linux-gnu"]\n'
    assert places(tmp_path, text + one) == []


def test_padding_is_found_on_whichever_target_has_it(tmp_path: Path) -> None:
    text = """
[exports]
start = "fn(*const Wide)"
[structs.Wide]
fields = ["first: u32", "pointer: *const u8"]
[platform]
targets = ["x86_64-linux-gnu", "i386-linux-gnu"]
"""
    (found,) = advice(tmp_path, text)
    assert found.message == "4 bytes after `first` belong to no field on x86_64-linux-gnu"
    assert found.line == parse_line(text, "fields")
    assert places(tmp_path, text.replace('"x86_64-linux-gnu", ', "")) == []


def parse_line(text: str, word: str) -> int:
    return (HEAD + text).partition(word)[0].count("\n") + 1


@pytest.mark.parametrize(
    ("how", "subject"),
    [
        ('start = "fn(*const Grown)"', None),
        ('start = "fn(Grown)"', "exports.start"),
        ('start = "fn() -> Grown"', "exports.start"),
        ('start = "fn(fn(Grown))"', "exports.start"),
        ('table = "static [Grown; 4]"', "exports.table"),
        ('start = "fn(*const Holder)"', "structs.Holder.inner"),
    ],
)
def test_struct_that_grows_is_found_wherever_it_is_held_by_value(
    tmp_path: Path, how: str, subject: str | None
) -> None:
    holder = '[structs.Holder]\nfields = ["inner: Grown"]\n' if "Holder" in how else ""
    text = f"""
[exports]
{how}
{holder}
[structs.Grown]
fields = ["size: u32", {{ name = "more", type = "u32", since = "1.1" }}]
size_field = "size"
"""
    found = places(tmp_path, text)
    assert found == ([("struct-by-value-grows", subject)] if subject else [])


@pytest.mark.parametrize("schema", sorted(file.stem for file in (ROOT / "schemas").glob("*.toml")))
def test_findings_about_real_contracts_point_at_their_lines(schema: str) -> None:
    last = contract(schema).read_text().count("\n")
    for each in advise(parse_contract(contract(schema))):
        assert 1 <= each.line <= last
        assert each.message[-1] != "."
        assert each.remedy
