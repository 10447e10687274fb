"""The documentation says what the code does."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.authoring.lint import advise, lints
from abicheck.report.pages import EXAMPLES, render_page, render_table
from abicheck.report.text import sentence
from abicheck.rules import all_rules
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from abicheck.model.pages import Page
    from abicheck.model.report import Claim

DOCS = ROOT / "docs"
FIXTURES = ROOT / "fixtures"
HEADING = "## The rules\n"
UNSAID = re.compile(r"(?s)\A(contract|version|format)\s*=.*?\n\n")
"""What every contract begins with, and an example need not show."""

BLESS = "run pytest tests/test_docs.py --bless to write it anew"


def examples() -> dict[str, dict[str, str]]:
    """Return what fixtures/ shows of each rule."""
    rules = {each.name: rule_example(each) for each in sorted((FIXTURES / "rules").iterdir())}
    return rules | {each.name: lint_example(each) for each in sorted((FIXTURES / "lint").iterdir())}


def rule_example(folder: Path) -> dict[str, str]:
    return {
        "plugin": (folder / "bad.c").read_text().strip(),
        "contract": UNSAID.sub("", (folder / "schema.toml").read_text()).strip(),
        "finding": finding(folder),
    }


def lint_example(folder: Path) -> dict[str, str]:
    bad = folder / "bad.toml"
    found = next(each for each in advise(abicheck.parse_contract(bad)) if each.rule == folder.name)
    return {
        "contract": UNSAID.sub("", bad.read_text()).strip(),
        "finding": f"{found.subject}  [{found.rule}]\n{found.message}\nRemedy: {found.remedy}",
    }


def finding(folder: Path) -> str:
    report = abicheck.verify(folder / "bin" / "bad.so", folder / "schema.toml")
    claim = next(
        claim
        for status in ("mismatch", "unverified")
        for claim in report.claims
        if claim.rule == folder.name and claim.status == status and claim.cause is None
    )
    return "\n".join(finding_lines(claim))


def finding_lines(claim: Claim) -> Iterable[str]:
    yield f"{claim.subject}  [{claim.rule}]"
    story = claim.message or (claim.picture.story if claim.picture else None)
    for title, text in (
        ("", story and sentence(story)),
        ("expected  ", claim.expected),
        ("found     ", claim.actual),
        ("unverified: ", claim.reason if claim.status == "unverified" else None),
    ):
        if text:
            yield f"{title}{text}"


def toml(tables: dict[str, dict[str, str]]) -> str:
    lines = ["# What fixtures/ shows of each rule; tests/test_docs.py --bless writes this file."]
    for name, parts in tables.items():
        lines.extend(["", f"[{name}]"])
        lines.extend(f"{part} = '''\n{text}\n'''" for part, text in parts.items())
    return "\n".join([*lines, ""])


def chapter(pages: Iterable[Page], verb: str) -> str:
    known = examples()
    texts = [f"### {render_page(page, known.get(page.id, {}))}" for page in pages]
    return "\n".join(["", render_table(pages, verb), *texts])


def test_examples_are_what_the_fixtures_show(bless: bool) -> None:
    if bless:
        with open(EXAMPLES, "w") as file:
            file.write(toml(examples()))
    with open(EXAMPLES, "rb") as file:
        written = tomllib.load(file)
    shown = {
        rule: {part: f"{text}\n" for part, text in parts.items()}
        for rule, parts in examples().items()
    }
    assert written == shown, BLESS


PAGES: dict[str, tuple[str, Callable[[], list[Page]]]] = {
    "rules.md": ("decides", lambda: [rule.page for rule in all_rules()]),
    "lint.md": ("finds", lambda: [lint.page for lint in lints()]),
}


@pytest.mark.parametrize("file", PAGES)
def test_pages_of_rules_are_what_the_rules_say(file: str, bless: bool) -> None:
    page, (verb, pages) = DOCS / file, PAGES[file]
    head, heading, written = page.read_text().partition(HEADING)
    assert heading
    expected = chapter(pages(), verb)
    if bless:
        page.write_text(head + heading + expected)
        return
    assert written == expected, BLESS
