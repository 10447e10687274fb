"""What every test may use: committed binaries, contracts, and the switch that rewrites goldens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

EXPECTED_SKIPS = (
    "root may read everything",
    "the superuser may read everything",
    "neither Python 3.14 nor backports",
)
"""Reasons of skips that installing a tool does not cure."""

ROOT = Path(__file__).resolve().parent.parent


def binary(name: str) -> Path:
    """Return a committed binary by its path under fixtures/, as in MANIFEST.toml."""
    file = ROOT / "fixtures" / name
    assert file.is_file(), f"{file} is not there: python fixtures/build.py makes it"
    return file


def contract(name: str) -> Path:
    """Return schemas/NAME.toml, or a contract by its path under fixtures/."""
    schema = ROOT / "schemas" / f"{name}.toml"
    return schema if schema.is_file() else ROOT / "fixtures" / name


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `pytest --bless` accept what the program prints now."""
    parser.addoption("--bless", action="store_true", help="rewrite the expected outputs")
    parser.addoption("--no-skips", action="store_true", help="a skip that is not expected fails")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under `--no-skips`, turn a skip into a failure unless its reason is an expected one."""
    report = yield
    counts = report.skipped and item.config.getoption("--no-skips")
    if counts and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2])
        if not hasattr(report, "wasxfail") and not any(each in reason for each in EXPECTED_SKIPS):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: skipped where nothing may be: {reason}"
    return report


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> bool:
    """Whether expected outputs are to be rewritten."""
    return bool(request.config.getoption("--bless"))
