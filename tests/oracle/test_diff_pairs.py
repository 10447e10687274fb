"""`diff` of two plugins, as compilers built them, says what a host of the old one meets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.pairs import ALARM, PASSED, Options, by_diff, pairs

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

CASES = ["record", "flexible", "negative-enum", "nullable", "opaque", "scalars"]

KNOWN = {
    # The draft of a raw pointer and that of `Option<&T>` read alike, so both are an alarm.
    "nullable/reference-became-pointer": ALARM,
}
"""Answers that differ from the truth."""


def test_diff_of_plugins_misses_nothing_and_raises_no_false_alarm(tmp_path: Path) -> None:
    found, _ = pairs(CASES, tmp_path)
    if not found:
        pytest.skip("no compiler of the corpus is installed")
    options = Options(limit=60, peer=None)
    wrong = {}
    for pair in found:
        said = by_diff(pair.old, pair.new, options)
        if said == (PASSED if pair.breaks else ALARM):
            wrong[pair.name] = said
    assert {name: said for name, said in wrong.items() if KNOWN.get(name) != said} == {}


def test_diff_with_a_stripped_plugin_never_passes(tmp_path: Path) -> None:
    found, _ = pairs(["record"], tmp_path)
    stripped = [pair for pair in found if pair.stripped is not None]
    if not stripped:
        pytest.skip("no compiler of the corpus is installed, or no strip")
    options = Options(limit=60, peer=None)
    said = {by_diff(pair.old, str(pair.stripped), options) for pair in stripped}
    assert PASSED not in said
