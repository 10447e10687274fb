"""The page about Rust shows what the tests build."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs/generate-rust.md").read_text()
PROJECTS = ROOT / "fixtures/tutorial/rust"
SNIPPETS = re.findall(r"^```rust\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def plain(text: str) -> str:
    """Return source without its indentation."""
    return "\n".join(line.strip() for line in text.splitlines())


@pytest.mark.parametrize(
    ("place", "file"),
    list(
        enumerate(["plugin/build.rs", "plugin/src/lib.rs", "host/src/main.rs", "host/src/main.rs"])
    ),
)
def test_snippet_is_of_the_tutorial(place: int, file: str) -> None:
    assert plain(SNIPPETS[place]) in plain((PROJECTS / file).read_text())


def test_no_other_snippet_is_shown() -> None:
    assert len(SNIPPETS) == 4
