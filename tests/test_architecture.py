"""The table of who may import whom: rows below only, never a neighbour."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROWS = {
    "errors": 0,
    "model": 1,
    "contract": 2,
    "layout": 2,
    "evidence": 2,
    "rules": 3,
    "report": 3,
    "authoring": 3,
    "generation": 3,
    "verification": 4,
    "runtime": 5,
    "commands": 6,
    "cli": 7,
    "__init__": 7,
    "__main__": 8,
}
"""Package or module below `abicheck/` -> its row."""

ROWS_0_AND_1_ALONE = {"rules", "report"}
HEAVY = {"lief", "elftools", "dataclasses", "pathlib", "inspect", "subprocess", "ctypes", "msgspec"}
"""Modules that cost too much to import for a command whose budget is fifty milliseconds."""

PACKAGE = ROOT / "abicheck"
MODULES = sorted(PACKAGE.rglob("*.py"))


def part_of(module: Path) -> str:
    """Return the row's name that a file belongs to."""
    first = module.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(module: Path) -> set[str]:
    """Return the parts of abicheck that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "abicheck":
                names = [f"abicheck.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("abicheck."):
                found.add(name.split(".")[1])
            elif name == "abicheck":
                found.add("__init__")
    return found - {"__version__"}


def at_start(module: Path) -> set[str]:
    """Return the top-level names of what a file imports whenever it is imported."""
    found = set()
    for node in ast.parse(module.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downwards(module: Path) -> None:
    part = part_of(module)
    others = imported(module) - {part}
    assert {other for other in others if ROWS[other] >= ROWS[part]} == set()
    if part in ROWS_0_AND_1_ALONE:
        assert {other for other in others if ROWS[other] > 1} == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_start_up_imports_nothing_heavy(module: Path) -> None:
    earned = {"ctypes", "subprocess"} if part_of(module) == "runtime" else set()
    assert at_start(module) & HEAVY <= earned


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_says_what_it_is(module: Path) -> None:
    docstring = ast.get_docstring(ast.parse(module.read_text()))
    assert docstring
    assert docstring != "TODO."
