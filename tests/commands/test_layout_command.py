"""`abicheck layout`: what a contract's types come to, target beside target."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from abicheck import cli
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = ROOT / "tests" / "golden"
SCHEMA = json.loads((ROOT / "schemas/formats/layout.schema.json").read_text())
GREETER = "schemas/greeter.toml"

SHOWN = {
    "one": [GREETER, "--target", "x86_64-linux-gnu"],
    "two": ["schemas/xorg.toml", "--target", "x86_64-linux-gnu,i386-linux-gnu"],
    "all": ["MIXED", "--target", "all"],
}

MIXED = """\
contract = "mixed"
version  = "1.0"
format   = 1

[structs.Mixed]
fields = [
  "kind: u8",
  "wide: u64",
  "a: c_uint : 3",
  "b: c_uint : 7",
  "long: c_long",
  "_: Payload",
  "rest: [u16]",
]

[unions.Payload]
fields = ["i: i64", "p: *const c_void"]

[structs.Extended]
fields = ["flag: bool", "exact: c_longdouble"]

[structs.Counted]
fields = ["n: u128"]

[structs.Known]
partial = true
fields = ["first: c_int", { name = "later", type = "c_int", offset = { lp64 = 40 } }]

[enums.Mode]
values = { Off = 0, On = 1 }
"""


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def mixed(tmp_path: Path) -> str:
    file = tmp_path / "mixed.toml"
    file.write_text(MIXED)
    return str(file)


def layouts(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert cli.main(["layout", *words, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["layouts"]
    return list(document["layouts"])


@pytest.mark.parametrize("name", SHOWN)
def test_tables_read_as_agreed(
    name: str, mixed: str, bless: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["layout", *(mixed if word == "MIXED" else word for word in SHOWN[name])]) == 0
    shown = capsys.readouterr().out.replace(mixed, "mixed.toml")
    file = GOLDEN / f"layout-{name}.txt"
    if bless:
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("name", SHOWN)
def test_json_fits_its_schema(name: str, mixed: str, capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    words = [mixed if word == "MIXED" else word for word in SHOWN[name]]
    found = layouts(capsys, *words)
    assert found
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate({"layouts": found}, SCHEMA)


def test_greeter_is_the_example_of_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "layout.md").read_text()
    example = page.partition("```json\n")[2].partition("```")[0]
    found = layouts(capsys, GREETER, "--target", "x86_64-linux-gnu")
    assert {"layouts": found} == json.loads(example)


def test_table_of_the_documentation_is_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "layout.md").read_text()
    command, _, table = page.partition("$ abicheck ")[2].partition("```")[0].partition("\n")
    assert cli.main(command.split()) == 0
    assert capsys.readouterr().out == table


def test_bit_offsets_follow_the_byte_order(mixed: str, capsys: pytest.CaptureFixture[str]) -> None:
    little, big = layouts(
        capsys, mixed, "--type", "Mixed", "-t", "x86_64-linux-gnu,s390x-linux-gnu"
    )
    for each in (little, big):
        field = next(field for field in each["fields"] if field["name"] == "b")
        assert (field["offset"], field["bit_offset"], field["bit_size"]) == (16, 131, 7)


def test_type_without_a_layout_says_why(mixed: str, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = layouts(capsys, mixed, "--type", "Counted", "--target", "i386-linux-gnu")
    assert (found["size"], found["fields"]) == (None, [])
    assert "has no u128" in found["reason"]


def test_environment_that_decides_and_is_not_named_leaves_no_layout(
    mixed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (found,) = layouts(capsys, mixed, "--type", "structs.Extended", "--target", "x86_64-windows")
    assert "environment" in found["reason"]


def test_targets_of_the_platform_are_shown_unless_others_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "narrow.toml"
    file.write_text(f'{MIXED}\n[platform]\ntargets = ["arm64-macos", "riscv64-*"]\n')
    found = layouts(capsys, str(file), "--type", "Mode")
    assert [each["target"] for each in found] == ["aarch64-macos"]
    found = layouts(capsys, str(file), "--type", "Mode", "--target", "s390x-linux-musl")
    assert [each["target"] for each in found] == ["s390x-linux-musl"]


def test_this_machine_is_shown_where_nothing_names_a_target(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert len(layouts(capsys, GREETER)) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "say which CONTRACT"),
        ([GREETER, GREETER], "not 2 of them"),
        ([GREETER, "--type", "Greter"], "did you mean Greeter?"),
        ([GREETER, "--target", "amd46-linux"], "did you mean amd64?"),
        ([GREETER, "--target", "riscv32-windows-*"], "no target whose layouts are known"),
        ([GREETER, "--set", "minor"], "NAME=VALUE"),
    ],
)
def test_wrong_command_line_is_exit_2_and_one_line(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["layout", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1


def test_wrong_contract_is_exit_2_with_every_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(MIXED.replace("u64", "u65").replace("c_long", "c_lng"))
    assert cli.main(["layout", str(file), "--format", "json"]) == 2
    out, err = capsys.readouterr()
    assert len(json.loads(out)["errors"]) == err.count("\n") >= 2
