"""Documentation of a rule -> its page, the same in `abicheck explain` and under docs/.

`examples.toml` holds what fixtures/ shows of each rule; the tests hold the two together.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from abicheck.model.options import Style
from abicheck.report.terminal import Pen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from abicheck.model.pages import Page

EXAMPLES = os.path.join(os.path.dirname(__file__), "examples.toml")

NO_EXAMPLE = "Example: none yet, as it is about a kind of plugin that is not read so far."

TITLES = {
    "plugin": "this plugin",
    "contract": "under this contract",
    "finding": "is reported as",
}
"""The parts of an example, in the order in which they are shown."""

INDENT = "    "


def read_examples() -> Mapping[str, Mapping[str, str]]:
    """Return the parts of each rule's example, by the rule's id."""
    from tomllib import load  # noqa: PLC0415 (only for pages)

    with open(EXAMPLES, "rb") as file:
        return load(file)


def render_page(page: Page, example: Mapping[str, str]) -> str:
    """Return a page: what, why, fix and an example, in lines of at most 80 characters."""
    return "\n".join([page.id, "", *_prose(page), *_example(example)])


def render_list(title: str, pages: Iterable[Page]) -> str:
    """Return the ids of some pages, each with what it is about."""
    lines = [title, ""]
    pen = Pen(Style())
    for page in pages:
        lines.append(f"  {page.id}")
        lines.extend(pen.wrap(page.summary, "      "))
    return "\n".join([*lines, ""])


def render_table(pages: Iterable[Page], verb: str) -> str:
    """Return the table of contents that a page under docs/ has: what each rule `verb`s."""
    rows = [f"| rule | severity | it {verb} |", "| --- | --- | --- |"]
    rows.extend(f"| `{page.id}` | {page.severity} | {page.summary} |" for page in pages)
    return "\n".join([*rows, ""])


def _prose(page: Page) -> Iterator[str]:
    pen = Pen(Style())
    for paragraph in page.paragraphs:
        yield from pen.wrap(paragraph)
        yield ""


def _example(example: Mapping[str, str]) -> Iterator[str]:
    if not example:
        yield from Pen(Style()).wrap(NO_EXAMPLE)
        yield ""
    lead = "Example: "
    for part, title in TITLES.items():
        if part in example:
            yield f"{lead}{title}"
            yield ""
            lead = ""
            for line in example[part].rstrip().split("\n"):
                yield from _code(line) if part != "finding" else _told(line)
            yield ""


def _code(line: str) -> Iterator[str]:
    yield f"{INDENT}{line}".rstrip()


def _told(line: str) -> Iterator[str]:
    return Pen(Style()).wrap(line, INDENT, f"{INDENT}          ")
