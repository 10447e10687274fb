"""Plugins of unusual shape end in a verdict that is true, by every compiler that is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import abicheck
from tests.oracle.corpus.variants import QUICK, build, fits
from tests.oracle.shapes import CASES
from tests.oracle.test_corpus import is_present

if TYPE_CHECKING:
    from tests.oracle.corpus import Case, Change

pytestmark = pytest.mark.oracle

BUILDS = [
    pytest.param(case, change, id=f"{case.name}/{change.name}")
    for case in CASES
    for change in case.all_changes()
]


@pytest.mark.parametrize(("case", "change"), BUILDS)
def test_verdict_is_true(case: Case, change: Change) -> None:
    variants = [each for each in QUICK if fits(case, change, each) and is_present(each)]
    if not variants:
        pytest.skip("none of gcc, clang and rustc that this case needs is here")
    wrong = {}
    for variant in variants:
        plugin, schema = build(case, change, variant)
        report = abicheck.verify(plugin, schema)
        verdict = report.verdict.value if report.verdict else str(report.plugins[0].error)
        if verdict not in case.allowed(change, variant.compiler, has_types=variant.has_types):
            mismatches = [each.message for each in report.claims if each.status == "mismatch"]
            wrong[variant.name] = (verdict, mismatches[:1])
    assert wrong == {}, f"allowed: {sorted(change.allowed)}"
