"""Our reader and pyelftools agree about every exported function of every fixture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from abicheck.model.evidence import FUNCTION
from tests.conftest import ROOT
from tests.evidence.dwarf.second_opinion import SecondOpinion
from tests.evidence.dwarf.spelled import Plugin

if TYPE_CHECKING:
    from pathlib import Path

FIXTURES = ROOT / "fixtures"
NEEDS_MORE = re.compile(
    r"rust|split|package|no-debug|stripped|separate|dwz|sup|shared|release|zstd|units-5|type-units|gnu.so"
)
"""Rust is spelled otherwise; other files and DWARF 5 type units, pyelftools does not look into."""

PLUGINS = sorted(
    file
    for folder in ("dwarf", "greeter", "debug")
    for file in (FIXTURES / folder).rglob("*.so")
    if not NEEDS_MORE.search(file.name)
)


def without_signs(text: str) -> str:
    """Leave out the sign of enums, which pyelftools' user would have to work out, too."""
    return re.sub(r"(enum [^:]*):[iu]", r"\1:", text)


def without_marks(text: str) -> str:
    return without_signs(text).replace("unstated ", "").replace(":None", "")


@pytest.mark.parametrize("file", PLUGINS, ids=lambda file: str(file.relative_to(FIXTURES)))
def test_readers_agree_about_functions(file: Path) -> None:
    ours, theirs = Plugin(file), SecondOpinion(file).functions
    names = [name for name in ours.symbols if ours.symbols[name].kind == FUNCTION]
    compared = {name: ours.export(name) for name in names if name in theirs}
    compared = {name: text for name, text in compared.items() if not text.startswith("?")}
    assert {name: without_marks(text) for name, text in compared.items()} == {
        name: without_marks(theirs[name]) for name in compared
    }
