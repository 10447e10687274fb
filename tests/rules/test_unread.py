"""A type of which one definition cannot be read is unverified, whatever the others say."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.model.report import MISMATCH, UNVERIFIED
from tests.conftest import binary

if TYPE_CHECKING:
    from pathlib import Path

CONTRACT = """
contract = "pair"
version = "1.0"
format = 1
[exports]
pair_count = "fn"
[structs.Point]
fields = ["x: {number}", "weight: c_int"]
[enums.Kind]
values = {{ NONE = 0, CIRCLE = 1, SQUARE = 4 }}
"""


@pytest.mark.parametrize("number", ["f64", "i64"])
def test_a_missing_unit_leaves_names_unverified(number: str, tmp_path: Path) -> None:
    for name in ("libpair-split.so", "pair-split-pair.dwo"):
        shutil.copy(binary(f"debug/{name}"), tmp_path / name)
    schema = tmp_path / "pair.toml"
    schema.write_text(CONTRACT.format(number=number))
    report = abicheck.verify(str(tmp_path / "libpair-split.so"), str(schema))
    claims = [each for each in report.claims if each.subject.startswith(("structs", "enums"))]
    assert {each.status for each in claims} == {UNVERIFIED}
    assert all("pair-split-pair_second.dwo" in (each.reason or "") for each in claims)
    assert len(claims) >= 8


@pytest.mark.parametrize("number", ["f64", "i64"])
def test_with_all_units_names_are_settled(number: str, tmp_path: Path) -> None:
    schema = tmp_path / "pair.toml"
    schema.write_text(CONTRACT.format(number=number))
    report = abicheck.verify(str(binary("debug/libpair-split.so")), str(schema))
    statuses = {each.status for each in report.claims}
    assert (MISMATCH in statuses) is (number == "i64")
    assert UNVERIFIED not in statuses
