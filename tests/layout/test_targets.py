from __future__ import annotations

import pytest

from abicheck.layout import facts_for, known_targets
from abicheck.model.target import BITS, Target
from abicheck.model.types import SCALARS

ALL = known_targets()


def test_every_machine_is_known() -> None:
    assert {target.machine for target in ALL} == BITS.keys()


@pytest.mark.parametrize("target", ALL, ids=str)
def test_every_scalar_of_the_vocabulary_is_known_or_wide(target: Target) -> None:
    missing = SCALARS - facts_for(target).scalars.keys() - {"va_list"}
    assert missing == (set() if target.bits == 64 else {"u128", "i128"})


@pytest.mark.parametrize("target", ALL, ids=str)
def test_every_scalar_has_an_alignment(target: Target) -> None:
    facts = facts_for(target)
    assert {pair for pair in facts.scalars.values() if pair not in facts.alignments} == set()


@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        ("c_long", Target("x86_64", "linux", "gnu"), ("signed", 8)),
        ("c_long", Target("x86_64", "windows", "msvc"), ("signed", 4)),
        ("wchar_t", Target("x86_64", "windows", "gnu"), ("unsigned", 2)),
        ("wchar_t", Target("aarch64", "linux", "gnu"), ("unsigned", 4)),
        ("wchar_t", Target("aarch64", "macos"), ("signed", 4)),
        ("c_longdouble", Target("powerpc64", "linux", "musl"), ("float", 8)),
        ("c_longdouble", Target("i386", "linux", "gnu"), ("float", 12)),
    ],
    ids=str,
)
def test_scalars_follow_the_platform(name: str, target: Target, expected: tuple[str, int]) -> None:
    assert facts_for(target).scalars[name] == expected


@pytest.mark.parametrize(
    ("machine", "alignment"), [("x86_64", 16), ("s390x", 8), ("powerpc64le", 16)]
)
def test_wide_integers_are_aligned_as_the_machine_has_it(machine: str, alignment: int) -> None:
    assert facts_for(Target(machine, "linux", "gnu")).alignments["unsigned", 16] == alignment


def test_facts_of_an_unknown_environment_have_the_same_alignments() -> None:
    target = Target("i386", "linux")
    assert facts_for(target).alignments == facts_for(Target("i386", "linux", "musl")).alignments
