"""The comparison of old against new counts what was said, and reads exit statuses as documented."""

from __future__ import annotations

import pytest

from benchmarks.pairs import Answer, Pair, abidiff_says, pypi_says, sampled, table, wrongs

INSERTED = Pair("record/inserted", "Rust", True, "old.so", "inserted.so", "stripped.so")
REMOVED = Pair("exports/removed", "C by gcc", True, "old.so", "removed.so", "bare.so")
ADDED = Pair("exports/added", "C by gcc", False, "old.so", "added.so")

ANSWERS = [
    Answer(INSERTED, "one", "alarm", "passed"),
    Answer(REMOVED, "one", "unverified", "unverified"),
    Answer(ADDED, "one", "alarm"),
    Answer(INSERTED, "other", "passed", "alarm"),
    Answer(REMOVED, "other", "alarm", "alarm"),
    Answer(ADDED, "other", "passed"),
]


def test_each_pair_is_counted_once_in_its_language_and_once_in_all() -> None:
    _, *rows = table(ANSWERS)
    assert rows == [
        ["one", "Rust", "1", "0", "0", "0", "0", "0", "1 of 1"],
        ["one", "C by gcc", "0", "0", "1", "0", "1", "0", "0 of 1"],
        ["one", "all", "1", "0", "1", "0", "1", "0", "1 of 2"],
        ["other", "Rust", "0", "1", "0", "0", "0", "0", "0 of 1"],
        ["other", "C by gcc", "1", "0", "0", "1", "0", "0", "0 of 1"],
        ["other", "all", "1", "1", "0", "1", "0", "0", "0 of 2"],
    ]


def test_what_a_tool_got_wrong_is_named() -> None:
    assert wrongs(ANSWERS) == {
        "one: stripped and called compatible": ["record/inserted (Rust)"],
        "one: breaking, unverified": ["exports/removed (C by gcc)"],
        "one: false alarm": ["exports/added (C by gcc)"],
        "other: missed": ["record/inserted (Rust)"],
    }


@pytest.mark.parametrize(
    ("status", "said"),
    [(0, "passed"), (4, "alarm"), (12, "alarm"), (1, "unverified"), (3, "unverified"),
     (5, "unverified"), (-1, "unverified"), (-11, "unverified")],
)  # fmt: skip
def test_status_of_abidiff_is_a_set_of_bits(status: int, said: str) -> None:
    assert abidiff_says(status) == said


@pytest.mark.parametrize(
    ("status", "said"),
    [(0, "passed"), (2, "alarm"), (4, "alarm"), (1, "unverified"), (64, "unverified"),
     (-14, "unverified")],
)  # fmt: skip
def test_status_of_the_pypi_project_is_a_number(status: int, said: str) -> None:
    assert pypi_says(status) == said


def test_sample_is_spread_evenly() -> None:
    assert sampled(3, 9) == {0, 3, 6}
    assert sampled(0, 4) == {0, 1, 2, 3}
