"""Fingerprints: alike for what is alike on every target, and for nothing else."""

from __future__ import annotations

import pytest

from abicheck.layout import facts_for, known_targets
from abicheck.model.fingerprint import SAME_EVERYWHERE, fnv1a, type_fingerprint
from abicheck.model.types import SCALARS, Array, FunctionType, Parameter, Pointer, Scalar


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0xCBF29CE484222325), ("a", 0xAF63DC4C8601EC8C), ("foobar", 0x85944171F73967E8)],
)
def test_function_is_fnv_1a(text: str, expected: int) -> None:
    assert fnv1a(text) == expected


@pytest.mark.parametrize(("one", "other"), SAME_EVERYWHERE.items())
def test_scalars_counted_as_one_are_the_same_on_every_target(one: str, other: str) -> None:
    for target in known_targets():
        scalars = facts_for(target).scalars
        assert scalars[one] == scalars[other], target


@pytest.mark.parametrize("wrap", [Pointer, Array, lambda type_: Array(type_, 3)])
def test_spellings_are_alike_inside_other_types(wrap: type[Pointer]) -> None:
    assert type_fingerprint(wrap(Scalar("c_int"))) == type_fingerprint(wrap(Scalar("i32")))


def test_names_of_parameters_do_not_count() -> None:
    named = FunctionType((Parameter(Scalar("size_t"), "length"),))
    assert type_fingerprint(named) == type_fingerprint(FunctionType((Parameter(Scalar("usize")),)))


def test_scalars_that_differ_somewhere_have_fingerprints_of_their_own() -> None:
    distinct = SCALARS - SAME_EVERYWHERE.keys()
    assert len({type_fingerprint(Scalar(name)) for name in distinct}) == len(distinct)
