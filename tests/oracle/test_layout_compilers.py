"""The layout engine against compilers, field by field, on generated structs for every target."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from abicheck.layout import facts_for, known_targets, lay_out
from abicheck.model.target import Target
from abicheck.model.types import Alias, Scalar
from tests.oracle.layouts.c_source import c_source, read_table
from tests.oracle.layouts.compare import differences, shrunk
from tests.oracle.layouts.compilers import (
    C_COMPILERS,
    compile_c_with_zig,
    compile_with,
    compile_with_rustc,
    compile_with_zig,
    has_zig,
    is_installed,
    present_compilers,
)
from tests.oracle.layouts.generate import Shapes, contract_of, generate
from tests.oracle.layouts.scalars import c_table, expected_scalars, expected_va_list

if TYPE_CHECKING:
    from tests.oracle.layouts.compare import Compiler

pytestmark = pytest.mark.oracle

needs_zig = pytest.mark.skipif(not has_zig(), reason="ziglang is not installed")
HERE = Target("x86_64", "linux", "gnu")
STRUCTS_PER_TARGET, STRUCTS_PER_LONG_RUN = 400, 4000
LONG_SEEDS = range(100, 105)


def compare(target: Target, compiler: Compiler, seed: int, count: int, shapes: Shapes) -> None:
    """Fail with the smallest struct found on which the engine and a compiler part."""
    definitions = generate(seed, count, shapes)
    found = differences(definitions, target, compiler)
    if found:
        name = next(iter(found))
        small = shrunk(definitions, name, target, compiler)
        declarations = c_source(small).partition("extern const")[0]
        reasons = "\n".join(differences(small, target, compiler).values())
        pytest.fail(
            f"{target}, seed {seed}, {len(found)} structs, such as\n{declarations}{reasons}"
        )


def shapes_of(target: Target) -> Shapes:
    """Return what the C of `target` can express."""
    return Shapes(
        wide=target.bits == 64,
        huge_enums=target.environment != "msvc",
        disputed=(target.system, target.environment) != ("windows", "gnu"),
    )


@needs_zig
@pytest.mark.parametrize("target", known_targets(), ids=str)
def test_layouts_are_those_of_zig(target: Target) -> None:
    compiler = partial(compile_with_zig, target)
    compare(target, compiler, 1, STRUCTS_PER_TARGET, shapes_of(target))


@needs_zig
@pytest.mark.parametrize("target", known_targets(), ids=str)
def test_scalars_are_those_of_zig(target: Target) -> None:
    asks_for_va_list = contract_of({"A": Alias("A", Scalar("va_list"), 1)})
    expected = expected_scalars(facts_for(target))
    expected |= expected_va_list(lay_out(asks_for_va_list, target))
    values = read_table(compile_c_with_zig(target, c_table(list(expected))))
    assert dict(zip(expected, values, strict=True)) == expected


@needs_zig
@pytest.mark.long
@pytest.mark.parametrize("seed", LONG_SEEDS)
@pytest.mark.parametrize("target", known_targets(), ids=str)
def test_many_layouts_are_those_of_zig(target: Target, seed: int) -> None:
    compiler = partial(compile_with_zig, target)
    compare(target, compiler, seed, STRUCTS_PER_LONG_RUN, shapes_of(target))


@pytest.mark.parametrize("command", present_compilers(), ids=" ".join)
def test_layouts_are_those_of_installed_compilers(command: tuple[str, ...]) -> None:
    if not is_installed(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    target = C_COMPILERS[command]
    compare(target, partial(compile_with, command), 2, STRUCTS_PER_TARGET * 5, shapes_of(target))


@pytest.mark.skipif(not is_installed("rustc"), reason="rustc is not installed")
def test_layouts_are_those_of_rustc() -> None:
    compare(HERE, compile_with_rustc, 3, STRUCTS_PER_TARGET * 3, Shapes(c_only=False))
