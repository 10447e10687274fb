"""Every case of the corpus, in the variants that differ most, ends in a verdict that is true."""

from __future__ import annotations

import functools

import pytest

import abicheck
from tests.oracle.corpus import CASES, Case, Change
from tests.oracle.corpus.variants import QUICK, Variant, available, build, fits

pytestmark = pytest.mark.oracle

BUILDS = [
    pytest.param(case, change, id=f"{case.name}/{change.name}")
    for case in CASES
    for change in case.all_changes()
]


@functools.cache
def is_present(variant: Variant) -> bool:
    return available(variant)


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
            wrong[variant.name] = verdict
    assert wrong == {}, f"allowed: {sorted(change.allowed)}"
