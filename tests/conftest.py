"""What every test may use: committed binaries, contracts, and the switch that rewrites goldens."""

from __future__ import annotations

from pathlib import Path

import pytest

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


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> bool:
    """Whether expected outputs are to be rewritten."""
    return bool(request.config.getoption("--bless"))
