"""`abicheck diff` on the command line: the text, the JSON and the exit code."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.cli import main
from tests.conftest import ROOT, binary, contract

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = ROOT / "tests" / "golden"
GROWTH = contract("growth/growth.toml")

EARLIER = (
    ('version  = "1.2"', 'version  = "1.1"'),
    ('  { name = "level", type = "fn() -> c_int", since = "1.2" },\n', ""),
    ('  { name = "total", type = "c_int", since = "1.2" },\n', ""),
    (', Auto = { value = 2, since = "1.2" }', ""),
)
BROKEN = (
    ('"kind: c_int"', '"kind: c_long"'),
    ('"x: f32", "y: f32"', '"x: f32", "y: f32", "z: f32"'),
    ("On = 1", "Open = 1"),
    ("mode: Mode) ->", "mode: Mode, extra: u32) ->"),
    (">=1.0, <2.0", ">=1.1, <2.0"),
)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have three versions of a contract in the working directory."""
    text = GROWTH.read_text()
    (tmp_path / "new.toml").write_text(text)
    for name, passages in (("old", EARLIER), ("broken", BROKEN)):
        written = text
        for old, new in passages:
            assert old in written
            written = written.replace(old, new)
        (tmp_path / f"{name}.toml").write_text(written)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "sides", "code"),
    [
        ("growth", ("old.toml", "new.toml"), 0),
        ("breaking", ("old.toml", "broken.toml"), 1),
        ("nothing", ("new.toml", "new.toml"), 0),
    ],
)
def test_text_is_as_expected(
    name: str,
    sides: tuple[str, str],
    code: int,
    bless: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["diff", *sides]) == code
    printed = capsys.readouterr().out
    golden = GOLDEN / f"diff-{name}.txt"
    if bless:
        golden.write_text(printed)
    assert printed == golden.read_text()


def test_json_fits_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "schemas" / "formats" / "diff.schema.json").read_text())
    for sides in (("old.toml", "broken.toml"), ("new.toml", "new.toml")):
        main(["diff", *sides, "--format", "json"])
        jsonschema.validate(json.loads(capsys.readouterr().out), schema)


def test_json_says_for_whom_a_change_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    main(["diff", "old.toml", "new.toml", "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    (change,) = [each for each in document["changes"] if each["subject"] == "structs.Host.level"]
    assert (change["step"], change["breaks_old_plugins"], change["breaks_new_plugins"]) == (
        "minor",
        False,
        True,
    )
    assert (document["step"], document["wanted_version"]) == ("minor", "1.2")


def test_targets_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    main(["diff", "old.toml", "broken.toml", "--format=json", "--target", "x86_64-windows-msvc"])
    document = json.loads(capsys.readouterr().out)
    assert document["targets"] == ["x86_64-windows-msvc"]
    assert "structs.Plugin.kind" not in [each["subject"] for each in document["changes"]]


@pytest.mark.parametrize(
    "words",
    [
        ["old.toml"],
        [],
        ["old.toml", "new.toml", "new.toml"],
        ["old.toml", "absent.toml"],
        ["old.toml", "new.toml", "--target", "toaster"],
    ],
)
def test_wrong_command_line_is_2(words: list[str]) -> None:
    assert main(["diff", *words]) == 2


def test_every_problem_of_both_contracts_is_told(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one.toml", "two.toml"):
        (files / name).write_text('contract = "x"\n')
    assert main(["diff", "one.toml", "two.toml"]) == 2
    told = capsys.readouterr().err
    assert "one.toml" in told
    assert "two.toml" in told


def test_binaries_are_compared_as_the_contracts_that_they_keep(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ("libgrowth-1.0.so", "libgrowth-1.3-point-z.so")
    sides = [str(binary(f"growth/{name}")) for name in names]
    assert main(["diff", *sides]) == 1
    assert "structs.Point.z" in capsys.readouterr().out


def test_binary_does_not_differ_from_the_contract_it_keeps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["diff", "new.toml", str(binary("growth/libgrowth-1.2.so")), "--format=json"]) == 0
    steps = {each["step"] for each in json.loads(capsys.readouterr().out)["changes"]}
    assert "major" not in steps


def test_binary_without_types_asks_for_a_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(binary("greeter/libgreeter-stripped.so")), "new.toml"]) == 2
    assert "name a contract" in capsys.readouterr().err


def test_file_that_is_damaged_is_4(files: Path) -> None:
    (files / "damaged.so").write_bytes(b"\x7fELF")
    assert main(["diff", "damaged.so", "new.toml"]) == 4


PLUGINS = [
    *(f"libgreeter-{name}.so" for name in ("clang", "dwarf3", "lto", "rust", "rust-std")),
    *(f"libgreeter-{name}.so" for name in ("field-inserted", "missing-export", "bad")),
    *(f"libgreeter-rust-{name}.so" for name in ("field-inserted", "changed-signature")),
]


@pytest.mark.parametrize("name", PLUGINS)
def test_binary_breaks_under_a_contract_just_where_verify_says_so(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin, schema = binary(f"greeter/{name}"), contract("greeter")
    main(["diff", str(plugin), str(schema), "--format=json"])
    changes = json.loads(capsys.readouterr().out)["changes"]
    claims = abicheck.verify(plugin, schema).claims
    is_refuted = any(c.status == "mismatch" and not c.subject.startswith("tags") for c in claims)
    assert any(each["breaks_old_plugins"] for each in changes) is is_refuted


LATER = {
    "1.1": (
        ('  { name = "pause", type = "Option<fn()>", since = "1.1" },\n', ""),
        ('[exports.flush]\ntype  = "fn(how: c_int) -> c_int"\nsince = "1.1"\n', ""),
    ),
    "1.2": EARLIER[1:],
}


def as_written_in(version: str, folder: Path) -> Path:
    """Write the contract as it was in one of its versions."""
    text = GROWTH.read_text().replace('version  = "1.2"', f'version  = "{version}"')
    for later, passages in LATER.items():
        for old, new in passages if later > version else ():
            assert old in text
            text = text.replace(old, new)
    file = folder / f"growth-{version}.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(("old", "new"), [("1.0", "1.1"), ("1.0", "1.2"), ("1.1", "1.2")])
def test_diff_says_of_versions_what_verify_says_of_their_plugins(
    old: str, new: str, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, now = as_written_in(old, files), as_written_in(new, files)
    main(["diff", str(before), str(now), "--format=json", "--target", "x86_64-linux-gnu"])
    changes = json.loads(capsys.readouterr().out)["changes"]
    for key, plugin, host in (
        ("breaks_old_plugins", old, now),
        ("breaks_new_plugins", new, before),
    ):
        report = abicheck.verify(binary(f"growth/libgrowth-{plugin}.so"), host)
        assert any(each[key] for each in changes) is (report.verdict == "incompatible"), key


def test_what_a_binary_does_not_show_keeps_diff_from_success(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The assembler left no type of this function."""
    written = 'contract = "x"\nversion = "1.0"\nformat = 1\n[exports]\nassembled = "fn()"\n'
    (files / "typed.toml").write_text(written)
    plugin = str(binary("dwarf/folded-gcc.so"))
    assert main(["diff", "typed.toml", plugin]) == 3
    out = capsys.readouterr().out
    assert out.startswith("? ")
    assert "nothing changed that can be seen" in out
    assert "exports.assembled: " in out
    assert main(["diff", "typed.toml", plugin, "--format", "json"]) == 3
    assert len(json.loads(capsys.readouterr().out)["not_compared"]) == 1


def test_binary_whose_name_is_no_text_is_compared_like_any_other(files: Path) -> None:
    name = os.fsdecode(b"bad\xffname.so")
    try:
        shutil.copy(binary("greeter/libgreeter-good.so"), files / name)
    except OSError:
        pytest.skip("file names are text here")
    assert main(["diff", name, name]) == 0
    assert main(["init", name]) == 0


def test_debug_files_of_binaries_are_searched_for(files: Path) -> None:
    shutil.copy(binary("greeter/libgreeter-separate.so"), files)
    shutil.copy(binary("greeter/libgreeter-good.so"), files)
    sides = ["libgreeter-good.so", "libgreeter-separate.so"]
    assert main(["diff", *sides]) == 2
    assert main(["diff", *sides, "--debug-dir", str(ROOT / "fixtures" / "greeter")]) == 0
    assert main(["diff", *sides, "--debug-dir", "absent"]) == 2
