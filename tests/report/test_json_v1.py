from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from abicheck.errors import Problem
from abicheck.model.records import replace
from abicheck.report import render, render_problems
from tests.report.samples import (
    COMPATIBLE,
    INCOMPATIBLE,
    STRIPPED,
    UNREADABLE,
    plugin,
    report,
    seen,
)

if TYPE_CHECKING:
    from abicheck.model.report import PluginReport, Report

FORMATS = Path(__file__).resolve().parents[2] / "schemas" / "formats"
SCHEMA = json.loads((FORMATS / "report.schema.json").read_text())

REPORTS = {
    "compatible": report(COMPATIBLE),
    "incompatible": report(INCOMPATIBLE),
    "unverified": report(STRIPPED),
    "unreadable": report(UNREADABLE),
    "several": report(COMPATIBLE, INCOMPATIBLE, STRIPPED, UNREADABLE),
    "none": report(),
}
PROBLEMS = (
    Problem(file="greeter.toml", line=14, key="exports.load", message="no type named `u65`"),
    Problem(file="greeter.toml", line=None, key="", message="no such file"),
)


def document(of: Report) -> Any:  # noqa: ANN401
    return json.loads(render(of, "json"))


def keys_of(definition: str) -> list[str]:
    return list(SCHEMA["$defs"][definition]["properties"])


@pytest.mark.parametrize("name", REPORTS)
def test_reports_fit_the_schema(name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document(REPORTS[name]), SCHEMA)


def test_wrong_contract_fits_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(json.loads(render_problems(PROBLEMS, "json")), SCHEMA)


def test_schema_refuses_what_is_not_in_it() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    changed = document(report(COMPATIBLE)) | {"more": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, SCHEMA)


def test_keys_and_their_order_are_those_of_the_schema() -> None:
    whole = document(report(INCOMPATIBLE))
    (only,) = whole["plugins"]
    claim = next(each for each in only["claims"] if each["origin"])
    assert list(whole) == keys_of("finished")
    assert list(only) == keys_of("plugin")
    assert list(claim) == keys_of("claim")
    assert list(claim["origin"]) == keys_of("origin")


def test_every_key_of_the_schema_is_obligatory() -> None:
    for definition in SCHEMA["$defs"].values():
        if "properties" in definition:
            assert definition["required"] == list(definition["properties"])


def test_wrong_contract_names_every_problem() -> None:
    assert json.loads(render_problems(PROBLEMS, "json")) == {
        "report": "abicheck",
        "version": 1,
        "verdict": None,
        "exit_code": 2,
        "errors": [
            {
                "file": "greeter.toml",
                "line": 14,
                "key": "exports.load",
                "message": "no type named `u65`",
            },
            {"file": "greeter.toml", "line": None, "key": "", "message": "no such file"},
        ],
    }


def test_text_has_no_document_for_a_wrong_contract() -> None:
    assert render_problems(PROBLEMS, "text") == ""


def test_every_claim_is_listed_consequences_too() -> None:
    (only,) = document(report(INCOMPATIBLE))["plugins"]
    assert [each["subject"] for each in only["claims"]] == [
        claim.subject for claim in INCOMPATIBLE.claims
    ]


def test_mismatch_says_where_it_was_seen() -> None:
    (only,) = document(report(INCOMPATIBLE))["plugins"]
    claim = next(each for each in only["claims"] if each["rule"] == "field-offset-mismatch")
    assert claim == {
        "rule": "field-offset-mismatch",
        "claim": "offset",
        "subject": "structs.Greeter.flags",
        "status": "mismatch",
        "required": True,
        "target": "x86_64-linux-gnu",
        "expected": "offset 0x8",
        "actual": "offset 0x10",
        "evidence": "dwarf",
        "origin": {"file": "libgreeter.so", "section": ".debug_info", "offset": 0x1267},
        "contract_line": 20,
        "reason": None,
        "message": "a field of 8 bytes, `context`, was inserted before `flags`",
    }


def test_every_mismatch_has_a_sentence_unless_another_explains_it() -> None:
    plain = tuple(replace(claim, message=None) for claim in INCOMPATIBLE.claims)
    (only,) = document(report(replace(INCOMPATIBLE, claims=plain)))["plugins"]
    mismatches = [each for each in only["claims"] if each["status"] == "mismatch"]
    assert all((each["message"] is None) == (each["reason"] is not None) for each in mismatches)
    assert "expected offset 0x8, found offset 0x10" in [each["message"] for each in mismatches]


def test_unreadable_plugin_has_an_error_and_no_claims() -> None:
    damaged = replace(COMPATIBLE, error="truncated inside the ELF header")
    whole = document(report(damaged))
    (only,) = whole["plugins"]
    assert (only["verdict"], only["claims"]) == (None, [])
    assert only["error"] == "truncated inside the ELF header"
    assert (whole["verdict"], whole["exit_code"]) == (None, 4)


@pytest.mark.parametrize(
    ("plugins", "exit_code", "verdict"),
    [
        ((COMPATIBLE,), 0, "compatible"),
        ((COMPATIBLE, STRIPPED), 3, "unverified"),
        ((STRIPPED, INCOMPATIBLE, COMPATIBLE), 1, "incompatible"),
        ((INCOMPATIBLE, UNREADABLE), 4, None),
        ((), 4, None),
    ],
)
def test_worst_plugin_decides(
    plugins: tuple[PluginReport, ...], exit_code: int, verdict: str | None
) -> None:
    whole = document(report(*plugins))
    assert (whole["exit_code"], whole["verdict"]) == (exit_code, verdict)


def test_any_file_name_can_be_printed_anywhere() -> None:
    odd = plugin(file="b\udcff\n.so", claims=(seen("exports.f", "present", "✓\x1b[31m"),))
    text = render(report(odd), "json")
    assert text.isascii()
    assert json.loads(text)["plugins"][0]["file"] == "b\udcff\n.so"


def test_same_report_is_the_same_text() -> None:
    assert render(REPORTS["several"], "json") == render(REPORTS["several"], "json")
