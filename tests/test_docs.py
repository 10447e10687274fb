"""The documentation says what the code does."""

from pathlib import Path

import pytest

from abicheck.rules import all_rules

DOCS = Path(__file__).parents[1] / "docs"
HEADING = "## The rules\n"


def rules_chapter() -> str:
    rows = ["| rule | severity | it decides |", "| --- | --- | --- |"]
    pages = []
    for rule in all_rules():
        summary, _, rest = rule.documentation.partition("\n")
        rows.append(f"| `{rule.id}` | {rule.severity.value} | {summary.strip()} |")
        body = "\n".join(line.strip() for line in rest.strip().splitlines())
        pages.append(f"### {rule.id}\n\n{summary.strip()}\n\n{body}\n")
    return "\n" + "\n".join(rows) + "\n\n" + "\n".join(pages)


def test_rules_page_is_what_the_rules_say(request: pytest.FixtureRequest) -> None:
    page = DOCS / "rules.md"
    head, heading, chapter = page.read_text().partition(HEADING)
    if request.config.getoption("--bless"):
        page.write_text(head + heading + rules_chapter())
        return
    assert chapter == rules_chapter(), "run pytest --bless to write it anew"

