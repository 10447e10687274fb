"""The command line: what is said, where, and with which exit code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from abicheck import cli
from abicheck.commands import verify

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "abicheck verify PLUGIN --schema FILE"),
        (["verfy"], "did you mean verify?"),
        (["--schema", "x"], "comes after a command"),
        (["verify"], "say which PLUGIN"),
        (["verify", "x.so"], "abicheck verify x.so --schema FILE"),
        (["verify", "x.so", "--shema", "y"], "did you mean --schema?"),
        (["verify", "x.so", "--schema"], "--schema FILE"),
        (["verify", "x.so", "--schema", "--quiet"], "--schema FILE"),
        (["verify", "x.so", "--schema", "a", "--schema", "b"], "twice"),
        (["verify", "x.so", "--schema", "y", "--format", "jsn"], "did you mean json?"),
        (["verify", "x.so", "--schema", "y", "--hash=yes"], "takes no value"),
        (["verify", "x.so", "--schema", "y", "--set", "minor"], "NAME=VALUE"),
        (["verify", "x.so", "--schema", "y", "--debug-file", "absent"], "is not a file"),
        (["verify", "x.so", "--schema", "y", "--sysroot", "absent"], "is not a directory"),
    ],
)
def test_wrong_command_line_is_exit_2_and_one_helpful_line(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.startswith("abicheck: ")
    assert err.count("\n") == 1


def test_file_in_the_place_of_a_command_is_answered_with_the_whole_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main([str(ROOT / "pyproject.toml"), "--schema", "x"]) == 2
    assert "pyproject.toml --schema x" in capsys.readouterr().err


def test_wrong_command_line_is_a_document_where_json_was_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["verify", "x.so", "--format", "json"]) == 2
    assert '"exit_code": 2' in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["verify", "--help"], ["verify", "x", "-h"]])
def test_help_goes_to_stdout_and_fits_eighty_columns(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: abicheck")
    assert err == ""
    assert max(map(len, out.splitlines())) <= 80


def test_version_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("abicheck ")


def test_every_command_has_a_module_and_a_purpose() -> None:
    for name, purpose in cli.COMMANDS.items():
        module = __import__(f"abicheck.commands.{name}", fromlist=["run"])
        assert purpose == module.SUMMARY
        assert callable(module.run)


def test_fault_of_our_own_is_exit_2_and_asks_for_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_words: object) -> int:
        raise IndexError("no such element")

    monkeypatch.setattr(verify, "run", fail)
    monkeypatch.delenv("ABICHECK_DEBUG", raising=False)
    assert cli.main(["verify"]) == 2
    err = capsys.readouterr().err
    assert "report this" in err
    assert "IndexError" in err
    assert "Traceback" not in err


def test_traceback_is_shown_to_whoever_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_words: object) -> int:
        raise IndexError("no such element")

    monkeypatch.setattr(verify, "run", fail)
    monkeypatch.setenv("ABICHECK_DEBUG", "1")
    assert cli.main(["verify"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_interruption_is_exit_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_words: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(verify, "run", stop)
    assert cli.main(["verify"]) == 130


def test_reader_that_stops_reading_is_no_error() -> None:
    command = f"{sys.executable} -m abicheck --help | :; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_is_said_and_is_no_success() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "abicheck", "--help"],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_exit_codes_of_the_readme_are_those_of_the_program() -> None:
    readme = ROOT / "README.md"
    if not readme.is_file():
        pytest.skip("there is no README.md yet")
    rows = re.findall(r"^\|\s*`?(\d)`?\s*\|\s*(.+?)\s*\|\s*$", readme.read_text(), re.MULTILINE)
    assert [int(code) for code, _ in rows] == [int(code) for code in verify.EXIT_CODES]
    for (code, words), meaning in zip(rows, verify.EXIT_CODES.values(), strict=True):
        first = re.split(r"[:,(]", meaning)[0]
        assert first in words, f"exit code {code}: {first!r} is not in {words!r}"
