"""Spellings of targets: the ones people use come to one, and numbers by target do not tie."""

from __future__ import annotations

import pytest

from abicheck.contract.schema import Schema
from abicheck.contract.targets import TargetError, all_targets, normal_target, per_target
from abicheck.model.target import PerTarget, Target

SPELLINGS = {
    "x86_64-linux-gnu": "x86_64-linux-gnu",
    "x86_64-unknown-linux-gnu": "x86_64-linux-gnu",
    "x86-64-linux": "x86_64-linux",
    "amd64-linux": "x86_64-linux",
    "x64-windows": "x86_64-windows",
    "AMD64-Windows-MSVC": "x86_64-windows-msvc",
    "x86_64-pc-windows-msvc": "x86_64-windows-msvc",
    "x86_64-pc-windows-gnullvm": "x86_64-windows-gnu",
    "x86_64-w64-mingw32": "x86_64-windows-gnu",
    "i686-unknown-linux-gnu": "i386-linux-gnu",
    "i386-linux-gnu": "i386-linux-gnu",
    "arm64-macos": "aarch64-macos",
    "aarch64-apple-darwin": "aarch64-macos",
    "arm64-apple-macosx11.0": "aarch64-macos",
    "x86_64-apple-darwin23.1.0": "x86_64-macos",
    "arm-linux-gnueabihf": "arm-linux-gnueabihf",
    "armv7-unknown-linux-gnueabihf": "arm-linux-gnueabihf",
    "armhf-linux": "arm-linux-gnueabihf",
    "armel-linux": "arm-linux-gnueabi",
    "powerpc64le-linux-gnu": "powerpc64le-linux-gnu",
    "ppc64le-linux": "powerpc64le-linux",
    "ppc64el-linux-gnu": "powerpc64le-linux-gnu",
    "mips64el-linux-gnuabi64": "mips64el-linux-gnu",
    "riscv64gc-unknown-linux-gnu": "riscv64-linux-gnu",
    "x86_64-alpine-linux-musl": "x86_64-linux-musl",
    "aarch64-linux-android": "aarch64-linux-android",
    "armv7-linux-androideabi": "arm-linux-android",
    "x86_64-unknown-freebsd13.1": "x86_64-freebsd",
    "s390x-linux": "s390x-linux",
    "aarch64-linux-*": "aarch64-linux-*",
    "*-linux-gnu": "*-linux-gnu",
    "x86_64-*": "x86_64-*",
    "x86_64": "x86_64-*",
    "*": "*",
}


@pytest.mark.parametrize(("text", "normal"), SPELLINGS.items(), ids=SPELLINGS)
def test_spelling_comes_to_the_normal_one(text: str, normal: str) -> None:
    assert normal_target(text) == normal


@pytest.mark.parametrize("normal", sorted(set(SPELLINGS.values())))
def test_normal_spelling_stays_as_it_is(normal: str) -> None:
    assert normal_target(normal) == normal


@pytest.mark.parametrize("target", list(all_targets()), ids=str)
def test_every_target_fits_its_own_spelling(target: Target) -> None:
    assert target.fits(normal_target(str(target)))


@pytest.mark.parametrize(
    "text", ["", "-", "x86_64-", "sparc-linux", "x86_64-plan9", "x86_64-linux-gnux32", "a-b-c-d-e"]
)
def test_unknown_spelling_is_refused(text: str) -> None:
    with pytest.raises(TargetError):
        normal_target(text)


def number(value: object) -> tuple[PerTarget | None, list[str]]:
    schema = Schema("test.toml", {})
    found = per_target(schema, ("size",), value)
    return found, [problem.message for problem in schema.problems]


def test_plain_number_holds_everywhere() -> None:
    assert number(8) == (PerTarget((("*", 8),)), [])


def test_numbers_by_target_are_kept_under_normal_keys() -> None:
    found, problems = number({"lp64": 8, "arm64-macos": 16, "i686-*": "0x4"})
    assert found == PerTarget((("lp64", 8), ("aarch64-macos", 16), ("i386-*", 4)))
    assert not problems


def test_patterns_of_one_length_that_fit_one_target_tie() -> None:
    assert "both fit" in number({"x86_64-linux-*": 1, "*86_64-linux-*": 2})[1][0]


def test_patterns_of_one_length_that_fit_no_common_target_do_not_tie() -> None:
    assert number({"x86_64-linux-*": 1, "mipsel-linux-*": 2})[1] == []


def test_longer_pattern_goes_before_a_shorter_one() -> None:
    found, problems = number({"x86_64-*": 1, "x86_64-linux-*": 2})
    assert not problems
    assert found is not None
    assert found.value_for(Target(machine="x86_64", system="linux", environment="gnu")) == 2
