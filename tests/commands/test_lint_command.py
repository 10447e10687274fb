"""`abicheck lint`: exit codes, text and JSON."""

from __future__ import annotations

import json

import pytest

from abicheck import cli
from tests.conftest import ROOT

GOLDEN = ROOT / "tests" / "golden"
SCHEMA = json.loads((ROOT / "schemas/formats/lint.schema.json").read_text())
BAD = "schemas/xorg.toml"
GOOD = "schemas/greeter.toml"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(("name", "file", "code"), [("clean", GOOD, 0), ("findings", BAD, 1)])
def test_findings_read_as_agreed(
    name: str, file: str, code: int, bless: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["lint", file]) == code
    shown, err = capsys.readouterr()
    golden = GOLDEN / f"lint-{name}.txt"
    if bless:
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")
    assert err == ""
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(("file", "code"), [(GOOD, 0), (BAD, 1)])
def test_json_fits_its_schema(file: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    assert cli.main(["lint", file, "--format", "json"]) == code
    document = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA)
    assert bool(document["findings"]) == bool(code)


def test_allowed_rules_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["pointer-owner-unsaid", "padding-unnamed", "version-tag-missing"]
    assert cli.main(["lint", BAD, *[word for rule in words for word in ("--allow", rule)]]) == 0
    assert "nothing to report" in capsys.readouterr().out


def test_wrong_contract_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lint", "pyproject.toml", "--format", "json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["exit_code"] == 2
    assert err


@pytest.mark.parametrize(
    ("words", "says"),
    [([], "say which CONTRACT"), ([GOOD, "--allow", "padding"], "did you mean padding-unnamed?")],
)
def test_wrong_command_line_is_exit_2(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["lint", *words]) == 2
    assert says in capsys.readouterr().err
