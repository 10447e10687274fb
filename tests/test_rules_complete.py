"""Every rule has its fixtures, its documentation and its place in the tables, and fires alone."""

from __future__ import annotations

import re

import pytest

import abicheck
from abicheck.model.report import MISMATCH, OK, UNVERIFIED, Claim, PluginReport, Verdict
from abicheck.rules import MODULES, UNRESOLVED, all_rules
from tests.conftest import ROOT

RULES = {rule.id: rule for rule in all_rules()}
FIXTURES = ROOT / "fixtures" / "rules"
WITHOUT_FIXTURES = {
    "platform-macos-mismatch": "makes claims about Mach-O alone",
}
UNVERIFIED_ALONE = {"field-convention-unverified"}
"""Rules that never see a mismatch: the evidence is there or it is not."""

RULES_WITH_FIXTURES = sorted(set(RULES) - set(WITHOUT_FIXTURES))


def judged(rule: str, name: str) -> PluginReport:
    folder = FIXTURES / rule
    report = abicheck.verify(folder / "bin" / f"{name}.so", folder / "schema.toml")
    assert report.plugins[0].error is None
    return report.plugins[0]


def fired(report: PluginReport) -> set[str]:
    """Return the rules whose claims are mismatches with no other cause."""
    return {claim.rule for claim in report.claims if is_fired(claim)}


def is_fired(claim: Claim) -> bool:
    if claim.rule in UNVERIFIED_ALONE:
        return claim.status == UNVERIFIED
    return claim.status == MISMATCH and claim.cause is None


@pytest.mark.parametrize("rule", RULES_WITH_FIXTURES)
def test_bad_fixture_fires_its_rule_alone(rule: str) -> None:
    assert fired(judged(rule, "bad")) == {rule}


@pytest.mark.parametrize("rule", RULES_WITH_FIXTURES)
def test_good_fixture_is_compatible_and_its_rule_spoke(rule: str) -> None:
    report = judged(rule, "good")
    assert report.verdict == Verdict.COMPATIBLE
    assert {claim.status for claim in report.claims if claim.rule == rule} <= {OK}


def test_fixtures_are_there_for_every_rule_and_for_no_other() -> None:
    assert {folder.name for folder in FIXTURES.iterdir()} == set(RULES_WITH_FIXTURES)


@pytest.mark.parametrize("rule", RULES_WITH_FIXTURES)
def test_fixture_is_a_pair_of_sources_and_a_contract(rule: str) -> None:
    names = {file.name for file in (FIXTURES / rule).iterdir()}
    assert {"good.c", "bad.c", "schema.toml", "bin"} <= names


@pytest.mark.parametrize("rule", sorted(RULES))
def test_rule_says_why_and_how_to_fix(rule: str) -> None:
    begins = {paragraph.partition(" ")[0] for paragraph in RULES[rule].page.paragraphs}
    assert begins >= {"Why:", "Fix:"}


@pytest.mark.parametrize("rule", sorted(RULES))
def test_rule_is_in_the_documentation(rule: str) -> None:
    assert f"`{rule}`" in (ROOT / "docs" / "rules.md").read_text()


def test_documentation_names_no_rule_that_is_not_there() -> None:
    text = (ROOT / "docs" / "rules.md").read_text()
    named = set(re.findall(r"^\| `([a-z]+(?:-[a-z]+)+)` \|", text, re.MULTILINE))
    assert named <= set(RULES)


def test_modules_that_are_passed_over_would_claim_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def claims() -> list[tuple[Claim, ...]]:
        return [
            judged(rule, name).claims for rule in RULES_WITH_FIXTURES for name in ("good", "bad")
        ]

    few = claims()
    monkeypatch.setattr("abicheck.rules.needed", lambda _case: MODULES)
    assert few == claims()


def test_problem_of_a_parameter_is_told_under_a_rule_that_exists() -> None:
    assert UNRESOLVED in RULES
