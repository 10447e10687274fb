"""Versions are compared first part first, as far as the bound goes."""

import pytest

from abicheck.model.contract import Bound, Decoder
from abicheck.rules.versions import Version, from_bits, from_text, holds


@pytest.mark.parametrize(
    ("version", "operator", "bound", "expected"),
    [
        ((1, 2, 5), "<=", (1, 2), True),
        ((1, 2, 5), ">", (1, 2), False),
        ((1, 2, 5), "==", (1, 2), True),
        ((1, 3), "<=", (1, 2), False),
        ((1, 10), ">=", (1, 9), True),
        ((2,), ">=", (1, 9), True),
        ((1, 2), "!=", (1, 2), False),
        ((1, 2), "<", (1, 2), False),
        ((0, 0), ">=", (0,), True),
    ],
)
def test_numbers_compare_as_far_as_the_bound_goes(
    version: tuple[int, ...], operator: str, bound: tuple[int, ...], expected: bool
) -> None:
    assert holds(Version(version), Bound(operator, bound)) is expected


@pytest.mark.parametrize(
    ("text", "operator", "bound", "prerelease", "expected"),
    [
        ("1.2.0-rc.1", "<", (1, 2, 0), (), True),
        ("1.2.0-rc.1", ">=", (1, 2), (), False),
        ("1.2.0-rc.1", "<=", (1, 2), (), True),
        ("1.2.1-rc.1", ">=", (1, 2), (), True),
        ("1.2.0-rc.2", ">", (1, 2, 0), ("rc", "1"), True),
        ("1.2.0-rc.10", ">", (1, 2, 0), ("rc", "9"), True),
        ("1.2.0-alpha", "<", (1, 2, 0), ("beta",), True),
        ("1.2.0", ">", (1, 2, 0), ("rc", "1"), True),
        ("1.2.0-1", "<", (1, 2, 0), ("alpha",), True),
        ("1.2.0+build.7", "==", (1, 2, 0), (), True),
    ],
)
def test_pre_releases_are_ordered_as_semver_has_them(
    text: str, operator: str, bound: tuple[int, ...], prerelease: tuple[str, ...], expected: bool
) -> None:
    version = from_text(text, "semver")
    assert version is not None
    assert holds(version, Bound(operator, bound, prerelease)) is expected


def test_bits_are_cut_from_the_most_significant_down() -> None:
    decoder = Decoder("bits", (("major", 8), ("_", 8), ("minor", 16)))
    assert from_bits(0x01FF0203, decoder) == Version((1, 0x0203))


@pytest.mark.parametrize("text", ["", "one", "1.2.", "1..2", "1.2.3 beta"])
def test_text_that_is_no_version_is_none(text: str) -> None:
    assert from_text(text, "semver") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("API20210902,NTS", Version((20210902,))),
        ("built 20120211 rev 142", Version((20120211, 142))),
        ("v1", None),
    ],
)
def test_date_number_is_eight_digits_and_the_number_after_them(
    text: str, expected: Version | None
) -> None:
    assert from_text(text, "date-number") == expected
