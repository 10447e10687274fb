"""The documentation says what the code does."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.report.pages import EXAMPLES, render_page, render_table
from abicheck.report.text import sentence
from abicheck.rules import all_rules
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from abicheck.model.pages import Page
    from abicheck.model.report import Claim

DOCS = ROOT / "docs"
FIXTURES = ROOT / "fixtures" / "rules"
HEADING = "## The rules\n"
UNSAID = re.compile(r"(?s)\A(contract|version|format)\s*=.*?\n\n")
"""What every contract begins with, and an example need not show."""

BLESS = "run pytest tests/test_docs.py --bless to write it anew"


def examples() -> dict[str, dict[str, str]]:
    """Return what fixtures/ shows of each rule."""
    return {folder.name: rule_example(folder) for folder in sorted(FIXTURES.iterdir())}


def rule_example(folder: Path) -> dict[str, str]:
    return {
        "plugin": (folder / "bad.c").read_text().strip(),
        "contract": UNSAID.sub("", (folder / "schema.toml").read_text()).strip(),
        "finding": finding(folder),
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


@pytest.mark.parametrize("file", ["rules.md"])
def test_pages_of_rules_are_what_the_rules_say(file: str, bless: bool) -> None:
    page = DOCS / file
    head, heading, written = page.read_text().partition(HEADING)
    expected = chapter([rule.page for rule in all_rules()], "decides")
    if bless:
        page.write_text(head + heading + expected)
        return
    assert written == expected, BLESS
