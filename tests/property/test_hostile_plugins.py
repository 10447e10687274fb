"""Damaged plugins end in a verdict or in one clear error, within limits."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.property.mutations import BYTES, SECONDS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits are set the POSIX way")


def hammered(count: int, seed: int, keep: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.property.mutations", str(count), str(seed), str(keep)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    outcome: dict[str, object] = json.loads(done.stdout)
    return outcome


def check(outcome: dict[str, object]) -> None:
    assert outcome["wrong"] == []
    assert outcome["slowest"] < SECONDS  # type: ignore[operator]
    assert outcome["peak"] < BYTES  # type: ignore[operator]


def test_five_hundred_damaged_plugins_are_answered(tmp_path: Path) -> None:
    check(hammered(500, 0, tmp_path))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1_000_000, 25_000_000, 1_000_000))
def test_a_thousand_damaged_plugins_are_answered(seed: int, tmp_path: Path) -> None:
    check(hammered(1000, seed, tmp_path))
