"""`abicheck probe`: what it prints, and its exit codes."""

from __future__ import annotations

import json

import pytest

from abicheck import cli
from tests.conftest import ROOT, binary
from tests.runtime.opening import CALLED, on_linux

pytestmark = on_linux

SCHEMA = str(ROOT / "schemas" / "greeter.toml")


def plugin(name: str) -> str:
    return str(binary(f"greeter/libgreeter-{name}.so"))


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("good", 0, "loaded, called load_plugin(), freed what came back, unloaded without harm"),
        ("bad", 1, "refused: incompatible with greeter 1.2"),
        ("stripped", 3, "refused: unverified with greeter 1.2"),
    ],
)
def test_outcome_is_said_in_a_line_and_an_exit_code(
    name: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["probe", plugin(name), "--schema", SCHEMA]) == code
    assert said in capsys.readouterr().out.splitlines()[0]


def test_crash_is_said_with_its_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOADING_DIES", "begin")
    code = cli.main(["probe", str(binary("loading/libmarks.so")), "-s", str(CALLED)])
    assert code == 1
    assert "crashed (SIGABRT" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["good", "bad"])
def test_json_keeps_its_schema(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    code = cli.main(["probe", plugin(name), "--schema", SCHEMA, "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "schemas" / "formats" / "probe.schema.json").read_text())
    jsonschema.validate(document, schema)
    assert document["exit_code"] == code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "say which PLUGIN"),
        (["x.so"], "say which contract"),
        (["x.so", "y.so", "-s", SCHEMA], "not 2 of them"),
        (["x.so", "-s", SCHEMA, "--timeout", "soon"], "no number above 0"),
        (["x.so", "-s", SCHEMA, "--memory", "-1"], "no number above 0"),
    ],
)
def test_wrong_command_line_is_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["probe", *words]) == 2
    assert said in capsys.readouterr().err


def test_wrong_contract_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["probe", plugin("good"), "-s", "absent.toml"]) == 2
    assert "absent.toml" in capsys.readouterr().err


def test_absent_plugin_is_4() -> None:
    assert cli.main(["probe", "absent.so", "-s", SCHEMA]) == 4
