"""`accepts` and `decode` as text: bounds, alternatives, widths."""

from __future__ import annotations

import pytest

from abicheck.contract.expressions import ExpressionError
from abicheck.contract.versions import parse_accepts, parse_bits
from abicheck.model.contract import Bound

BOUNDS = {
    ">=1.0": ((Bound(">=", (1, 0)),),),
    " < 2 ": ((Bound("<", (2,)),),),
    ">=1.0, <=1.2": ((Bound(">=", (1, 0)), Bound("<=", (1, 2))),),
    "==1||!=2,>3": ((Bound("==", (1,)),), (Bound("!=", (2,)), Bound(">", (3,)))),
    ">=1.0.0-rc.1-x": ((Bound(">=", (1, 0, 0), ("rc", "1-x")),),),
    "==1.0.0+build.7": ((Bound("==", (1, 0, 0)),),),
    "<=18446744073709551615": ((Bound("<=", (2**64 - 1,)),),),
}


@pytest.mark.parametrize("text", BOUNDS)
def test_bounds_are_read(text: str) -> None:
    assert parse_accepts(text) == BOUNDS[text]


@pytest.mark.parametrize(
    "text",
    ["", "1.2", "=1.2", ">=", ">=1.", ">=1..2", ">=x", ">= 1 2", ">=1,", "||", ">=1-", ">=\u0661"],
)
def test_what_is_no_comparison_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="expected a comparison"):
        parse_accepts(text)


@pytest.mark.parametrize(
    "text", ["major:16 minor:16", "major:16,minor:16", " major : 16 , minor: 16 "]
)
def test_widths_are_read(text: str) -> None:
    assert parse_bits(text) == (("major", 16), ("minor", 16))


@pytest.mark.parametrize("text", ["", "a", "a:", ":8", "a:x", "1:8", "a:0", "a:129", "_:8"])
def test_what_is_no_width_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_bits(text)
