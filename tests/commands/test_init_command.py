"""`abicheck init` from the command line to the file that it leaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import abicheck
from abicheck import cli
from abicheck.commands.init import write_whole
from abicheck.errors import AbicheckError
from tests.conftest import ROOT

GOOD = "fixtures/greeter/libgreeter-good.so"
STRIPPED = "fixtures/greeter/libgreeter-stripped.so"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_contract_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", GOOD]) == 0
    assert 'contract = "greeter-good"' in capsys.readouterr().out


def test_contract_goes_to_the_file_and_nothing_else_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "greeter.toml"
    assert cli.main(["init", GOOD, "-o", str(output), "--name", "greeter"]) == 0
    assert os.listdir(tmp_path) == ["greeter.toml"]
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"{output}: 4 exports, 1 type\n"
    assert abicheck.verify(GOOD, output).verdict == "compatible"


def test_existing_file_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "greeter.toml"
    output.write_text("mine")
    assert cli.main(["init", GOOD, "-o", str(output)]) == 2
    assert output.read_text() == "mine"
    assert "--force replaces it" in capsys.readouterr().err


def test_existing_file_is_replaced_by_force(tmp_path: Path) -> None:
    output = tmp_path / "greeter.toml"
    output.write_text("mine")
    output.chmod(0o640)
    assert cli.main(["init", GOOD, "-o", str(output), "--force"]) == 0
    assert output.read_text().startswith("# Drafted")
    assert output.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["greeter.toml"]


def test_what_is_no_file_is_not_replaced_even_by_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for output in (pipe, tmp_path):
        assert cli.main(["init", GOOD, "-o", str(output), "--force"]) == 2
        assert "no file" in capsys.readouterr().err
    assert pipe.is_fifo()


def test_file_that_appeared_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    output = tmp_path / "greeter.toml"
    output.write_text("mine")
    with pytest.raises(AbicheckError, match="--force"):
        write_whole(str(output), "other", may_replace=False)
    assert output.read_text() == "mine"
    assert os.listdir(tmp_path) == ["greeter.toml"]


def test_nothing_is_left_where_writing_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["init", GOOD, "-o", str(tmp_path / "absent" / "greeter.toml")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


def test_plugin_without_types_is_told_what_can_be_had(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", STRIPPED]) == 2
    err = capsys.readouterr().err
    assert "no debug information" in err
    assert f"abicheck init {STRIPPED} --exports-only" in err


def test_exports_alone_can_be_had_without_types(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", STRIPPED, "--exports-only"]) == 0
    assert 'load_plugin   = "fn"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "say which one REFERENCE"),
        ([GOOD, GOOD], 2, "not 2"),
        (["README.md"], 4, "not an ELF"),
        (["absent.so"], 4, "cannot be read"),
        ([GOOD, "--export", "greet"], 2, "no export is called 'greet'"),
        ([GOOD, "--version", "new"], 2, "not a version"),
        ([GOOD, "--target", "x86_64-linx"], 2, 'no system named "linx"'),
        ([GOOD, "--cflags", "-I."], 2, "--cflags goes with --header"),
        (["--header", "absent.h"], 2, "not a file that exists"),
        ([GOOD, "--header", "fixtures/greeter/greeter.h"], 2, "not both"),
        (["--header", "fixtures/greeter/greeter.h", "--cc", "no-such-cc"], 2, "no-such-cc"),
    ],
)
def test_mistakes_are_explained(
    words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["init", *words]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], 'targets = ["x86_64-linux-gnu"]'),
        (["--target", "x86_64-linux,arm64-macos"], 'targets = ["x86_64-linux", "arm64-macos"]'),
        (["--target", "all"], None),
    ],
)
def test_targets_are_the_references_own_unless_others_are_named(
    words: list[str], expected: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["init", GOOD, *words]) == 0
    written = [line for line in capsys.readouterr().out.splitlines() if "targets" in line]
    assert written == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("libgreeter.so.1.2", "greeter"),
        ("plugin.node", "plugin"),
        ("greeter.h", "greeter"),
        ("odd", "odd"),
        ("lib.so", "lib"),
    ],
)
def test_contract_is_called_as_its_reference(
    file: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = tmp_path / file
    reference.write_bytes(Path(GOOD).read_bytes())
    assert cli.main(["init", str(reference)]) == 0
    assert f'contract = "{name}"' in capsys.readouterr().out
