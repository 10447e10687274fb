"""`abicheck generate`: files written, kept, refused and checked."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from abicheck import cli
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "schemas/greeter.toml", tmp_path)
    monkeypatch.chdir(tmp_path)


def run(line: str) -> int:
    return cli.main(["generate", *line.split()])


def test_header_is_written_into_a_directory_that_is_made(tmp_path: Path) -> None:
    assert run("c greeter.toml -o include/made") == 0
    text = (tmp_path / "include/made/greeter.h").read_text()
    assert "GREETER_PLUGIN" in text


def test_file_that_is_up_to_date_is_not_touched(tmp_path: Path) -> None:
    run("c greeter.toml")
    before = (tmp_path / "greeter.h").stat()
    assert run("c greeter.toml") == 0
    assert (tmp_path / "greeter.h").stat().st_mtime_ns == before.st_mtime_ns


def test_stale_file_of_abicheck_is_replaced(tmp_path: Path) -> None:
    run("c greeter.toml")
    header = tmp_path / "greeter.h"
    whole = header.read_text()
    header.write_text(whole.replace("Greeter", "Other"))
    assert run("c greeter.toml") == 0
    assert header.read_text() == whole


def test_foreign_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "greeter.h").write_text("int mine;\n")
    assert run("c greeter.toml") == 2
    assert "was not made by abicheck; --force replaces it" in capsys.readouterr().err
    assert (tmp_path / "greeter.h").read_text() == "int mine;\n"


def test_foreign_file_is_replaced_by_force(tmp_path: Path) -> None:
    (tmp_path / "greeter.h").write_text("int mine;\n")
    assert run("c greeter.toml --force") == 0
    assert "Made by abicheck" in (tmp_path / "greeter.h").read_text()


def test_directory_in_the_way_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "greeter.h").mkdir()
    assert run("c greeter.toml") == 2


def test_check_of_what_is_up_to_date_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    run("c greeter.toml -o include")
    capsys.readouterr()
    assert run("c greeter.toml -o include --check") == 0
    assert capsys.readouterr().out == ""


def test_check_takes_lines_that_end_as_on_windows(tmp_path: Path) -> None:
    run("c greeter.toml")
    header = tmp_path / "greeter.h"
    header.write_bytes(header.read_bytes().replace(b"\n", b"\r\n"))
    assert run("c greeter.toml --check") == 0


@pytest.mark.parametrize(("old", "word"), [(None, "missing"), ("Made by abicheck", "stale")])
def test_check_names_what_is_not_as_it_would_be_written(
    old: str | None, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if old is not None:
        (tmp_path / "greeter.h").write_text(old)
    assert run("c greeter.toml --check") == 1
    out = capsys.readouterr().out
    assert out == f"greeter.h: {word}\nmake them again: abicheck generate c greeter.toml\n"
    if old is None:
        assert not (tmp_path / "greeter.h").exists(), "it never writes"
    else:
        assert (tmp_path / "greeter.h").read_text() == old, "it never writes"


def test_changed_contract_makes_the_header_stale(tmp_path: Path) -> None:
    run("c greeter.toml")
    schema = tmp_path / "greeter.toml"
    schema.write_text(schema.read_text().replace("static u32", "static i32"))
    assert run("c greeter.toml --check") == 1


def test_standard_output_takes_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("c greeter.toml -o -") == 0
    assert capsys.readouterr().out.startswith("/*\n * Made by abicheck ")


def test_standard_output_does_not_take_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("c greeter.toml --host -o -") == 2
    assert "only one file fits on standard output" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "say in which language (c, rust, python): abicheck generate LANGUAGE CONTRACT"),
        ("c", "say which CONTRACT: abicheck generate c CONTRACT"),
        ("ruts greeter.toml", "did you mean rust?"),
        (
            "python greeter.toml --host",
            "hosts in Python call abicheck.load and need no guard; --host is for c, rust",
        ),
        ("c greeter.toml -o - --check", "--check looks at files"),
        ("c greeter.toml -o greeter.toml", "--output 'greeter.toml' cannot be made"),
    ],
)
def test_wrong_command_line_is_told(
    line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line) == 2
    assert message in capsys.readouterr().err


def test_export_whose_name_needs_a_parameter_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(ROOT / "schemas/xorg.toml", ".")
    note = "abicheck: note: {plugin}ModuleData is left out: it needs a parameter; see --set\n"
    assert run("c xorg.toml --set videodrv_major=3") == 0
    assert note in capsys.readouterr().err
    assert run("c xorg.toml --set plugin=dummy") == 0
    assert note not in capsys.readouterr().err


def test_settings_are_part_of_what_is_checked() -> None:
    shutil.copy(ROOT / "schemas/xorg.toml", ".")
    assert run("c xorg.toml --set plugin=dummy") == 0
    assert run("c xorg.toml --set plugin=dummy --check") == 0
    assert run("c xorg.toml --set plugin=other --check") == 1


def test_what_a_language_cannot_express_names_the_contract(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = tmp_path / "greeter.toml"
    schema.write_text(schema.read_text().replace('"fn() -> ', '"extern \\"Rust\\" fn() -> '))
    assert run("c greeter.toml") == 2
    assert capsys.readouterr().err == 'greeter.toml: C cannot call extern "Rust" functions\n'
    assert not (tmp_path / "greeter.h").exists()
