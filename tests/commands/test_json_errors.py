"""Whatever goes wrong under `--format json`, standard output holds one document, as promised."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from abicheck import cli
from abicheck.commands import layout
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTRACT = "schemas/greeter.toml"
PLUGIN = "fixtures/greeter/libgreeter-good.so"
STRIPPED = "fixtures/greeter/libgreeter-stripped.so"

WRONG, UNREADABLE = 2, 4

CASES = {
    "diff": [
        ([], WRONG),
        ([CONTRACT], WRONG),
        ([CONTRACT, "absent.toml"], WRONG),
        ([CONTRACT, "{text}"], WRONG),
        ([CONTRACT, "{directory}"], WRONG),
        ([CONTRACT, CONTRACT, "--target", "pdp11"], WRONG),
        ([CONTRACT, CONTRACT, "--no-such-option"], WRONG),
        ([CONTRACT, STRIPPED], WRONG),
        (["{truncated}", CONTRACT], UNREADABLE),
        ([CONTRACT, "{truncated}"], UNREADABLE),
        (["{truncated}", "{truncated}"], UNREADABLE),
        ([CONTRACT, "{dos}"], UNREADABLE),
    ],
    "inspect": [
        ([], WRONG),
        ([PLUGIN, PLUGIN], WRONG),
        ([PLUGIN, "--type", "NoSuchType"], WRONG),
        ([STRIPPED, "--type", "Greeter"], WRONG),
        ([PLUGIN, "--debug-file", "absent.debug"], WRONG),
        ([PLUGIN, "--color", "sometimes"], WRONG),
        (["absent.so"], UNREADABLE),
        (["{directory}"], UNREADABLE),
        (["{text}"], UNREADABLE),
        (["{empty}"], UNREADABLE),
        (["{truncated}"], UNREADABLE),
        (["{dos}"], UNREADABLE),
    ],
    "layout": [
        ([], WRONG),
        (["absent.toml"], WRONG),
        (["{text}"], WRONG),
        (["{empty}"], WRONG),
        (["{directory}"], WRONG),
        ([PLUGIN], WRONG),
        ([CONTRACT, "--type", "NoSuchType"], WRONG),
        ([CONTRACT, "--target", "pdp11"], WRONG),
        ([CONTRACT, "--set", "1=2"], WRONG),
    ],
    "lint": [
        ([], WRONG),
        (["absent.toml"], WRONG),
        (["{text}"], WRONG),
        (["{empty}"], WRONG),
        (["{directory}"], WRONG),
        ([PLUGIN], WRONG),
        ([CONTRACT, "--allow", "no-such-rule"], WRONG),
    ],
}
TABLE = [(command, *case) for command, cases in CASES.items() for case in cases]
NAMES = [f"{command} {' '.join(words)}" for command, words, _ in TABLE]


@pytest.fixture(name="fill")
def _fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], list[str]]:
    monkeypatch.chdir(ROOT)
    (tmp_path / "directory").mkdir()
    (tmp_path / "text").write_text("this is = no contract\n")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "truncated").write_bytes((ROOT / PLUGIN).read_bytes()[:100])
    (tmp_path / "dos").write_bytes(b"MZ" + bytes(200))
    paths = {path.name: str(path) for path in tmp_path.iterdir()}
    return lambda words: [word.format(**paths) for word in words]


def schema(command: str) -> object:
    return json.loads((ROOT / f"schemas/formats/{command}.schema.json").read_text())


@pytest.mark.parametrize(("command", "words", "code"), TABLE, ids=NAMES)
def test_error_is_one_document_of_the_command_s_own_schema(
    command: str,
    words: list[str],
    code: int,
    fill: Callable[[list[str]], list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    assert cli.main([command, *fill(words), "--format", "json"]) == code
    out, err = capsys.readouterr()
    document = json.loads(out)
    jsonschema.validate(document, schema(command))
    assert document.get("exit_code", code) == code
    assert err


@pytest.mark.parametrize("command", ["diff", "inspect", "layout", "lint", "verify"])
@pytest.mark.parametrize("spelling", [["--format=json"], ["--format", "json"]])
def test_every_spelling_of_the_format_gets_a_document(
    command: str, spelling: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "--no-such-option", *spelling]) == WRONG
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert "--no-such-option" in error["message"]


def test_fault_of_its_own_is_a_document_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(layout, "open_contract", None)
    assert cli.main(["layout", CONTRACT, "--format", "json"]) == WRONG
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert "a fault of its own" in error["message"]
