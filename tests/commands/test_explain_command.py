"""`abicheck explain`: every rule is explained by the page that the documentation has."""

from __future__ import annotations

import pytest

from abicheck import cli
from abicheck.authoring.lint import lints
from abicheck.rules import all_rules
from abicheck.runtime.pages import pages
from tests.conftest import ROOT

DOCS = {
    "rules.md": [rule.id for rule in all_rules()],
    "lint.md": [lint.id for lint in lints()],
    "loader.md": [page.id for page in pages()],
}
RULES = [rule for rules in DOCS.values() for rule in rules]


@pytest.mark.parametrize(("file", "rule"), [(f, rule) for f in DOCS for rule in DOCS[f]])
def test_page_is_that_of_the_documentation(
    file: str, rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["explain", rule]) == 0
    page = capsys.readouterr().out
    assert f"\n### {page}" in (ROOT / "docs" / file).read_text()
    prose = [line for line in page.splitlines() if not line.startswith("    ")]
    assert max(map(len, prose)) <= 80


def test_every_rule_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain"]) == 0
    shown = capsys.readouterr().out
    assert [rule for rule in RULES if f"\n  {rule}\n" not in shown] == []
    assert max(map(len, shown.splitlines())) <= 80


def test_several_rules_are_explained_in_the_order_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["explain", "tag-absent", "[field-added]"]) == 0
    shown = capsys.readouterr().out
    assert 0 == shown.index("tag-absent\n") < shown.index("\nfield-added\n")


@pytest.mark.parametrize("name", ["field-aded", "feld-added"])
def test_unknown_rule_is_exit_2_with_a_suggestion(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["explain", name]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "did you mean field-added?" in err


def test_word_like_no_rule_is_pointed_to_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "zzz"]) == 2
    assert "abicheck explain lists all" in capsys.readouterr().err
