"""Laws that every computed layout obeys, on generated structs."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from abicheck.layout import facts_for, known_targets, lay_out
from abicheck.model.alignment import derived_alignment
from abicheck.model.layout import EnumLayout, FieldLayout, Layouts, StructLayout, UnknownLayout
from abicheck.model.records import replace
from abicheck.model.target import Target
from abicheck.model.types import Scalar, Struct
from tests.oracle.layouts.generate import Shapes, contract_of, generate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.types import Definition

pytestmark = pytest.mark.property

SEEDS = range(6)
TARGETS = [
    Target("x86_64", "linux", "gnu"), Target("i386", "linux", "gnu"),
    Target("arm", "linux", "gnueabihf"), Target("s390x", "linux", "gnu"),
    Target("x86_64", "windows", "msvc"), Target("aarch64", "macos"),
]  # fmt: skip
PLAIN = Shapes(wide=False, huge_enums=False)


def definitions_of(seed: int) -> dict[str, Definition]:
    return generate(seed, 60, PLAIN)


def structs_of(layouts: Layouts, names: dict[str, Definition]) -> Iterator[StructLayout]:
    for name in names:
        layout = layouts.layout(name)
        if isinstance(layout, StructLayout):
            yield layout


def span(layouts: Layouts, field: FieldLayout) -> tuple[int, int]:
    """Return the first bit of a field and the bit behind it."""
    if field.bit_offset is not None and field.bit_size is not None:
        return field.bit_offset, field.bit_offset + field.bit_size
    start = (field.offset or 0) * 8
    return start, start + (getattr(layouts.layout(field.type), "size", None) or 0) * 8


@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_fields_of_a_struct_follow_one_another(seed: int, target: Target) -> None:
    definitions = definitions_of(seed)
    layouts = lay_out(contract_of(definitions), target)
    for layout in structs_of(layouts, definitions):
        spans = [span(layouts, field) for field in layout.fields]
        if not layout.is_union:
            assert all(first[1] <= second[0] for first, second in pairwise(spans)), layout
        assert all(end <= (layout.size or 0) * 8 for _, end in spans), layout


@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_size_is_a_multiple_of_the_alignment(seed: int, target: Target) -> None:
    definitions = definitions_of(seed)
    for layout in structs_of(lay_out(contract_of(definitions), target), definitions):
        assert (layout.size or 0) % (layout.alignment or 1) == 0, layout


@pytest.mark.parametrize("seed", SEEDS)
def test_byte_order_does_not_move_anything(seed: int) -> None:
    contract = contract_of(definitions_of(seed))
    for machine in ("mips", "mips64", "powerpc64"):
        little = f"{machine}le" if machine == "powerpc64" else f"{machine}el"
        one, other = (lay_out(contract, Target(each, "linux", "gnu")) for each in (machine, little))
        assert one.types == other.types


@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_field_at_the_end_moves_no_other(seed: int, target: Target) -> None:
    definitions = definitions_of(seed)
    before = lay_out(contract_of(definitions), target)
    for name, struct in list(definitions.items())[::5]:
        if isinstance(struct, Struct) and struct.fields[-1].name != "tail":
            added = replace(struct.fields[-1], name="z", type=Scalar("u8"), bit_width=None)
            grown = replace(struct, fields=(*struct.fields, added))
            after = lay_out(contract_of({**definitions, name: grown}), target).layout(name)
            old = before.layout(name)
            assert isinstance(old, StructLayout)
            assert isinstance(after, StructLayout)
            assert after.fields[: len(old.fields)] == old.fields


@pytest.mark.parametrize("seed", SEEDS)
def test_unknown_environment_says_nothing_that_one_contradicts(seed: int) -> None:
    contract = contract_of(definitions_of(seed))
    for machine, system in {(each.machine, each.system) for each in known_targets()}:
        blind = lay_out(contract, Target(machine, system))
        for target in known_targets():
            if (target.machine, target.system) == (machine, system):
                seen = lay_out(contract, target)
                known = {
                    key: layout
                    for key, layout in blind.types.items()
                    if not isinstance(layout, UnknownLayout)
                }
                assert known.items() <= {**seen.types}.items()


@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_derived_alignment_is_the_natural_one(seed: int, target: Target) -> None:
    """Only where nothing raises or lowers it: what DWARF shows of such a struct is enough."""
    definitions = {name: _natural(each) for name, each in definitions_of(seed).items()}
    layouts = lay_out(contract_of(definitions), target)
    bare = {key: _without_alignment(layout) for key, layout in layouts.types.items()}
    graph = Layouts(target=target, types=bare)  # type: ignore[arg-type]
    for layout in structs_of(layouts, definitions):
        assert derived_alignment(graph, layout.name, facts_for(target)) == layout.alignment, layout


def _without_alignment(layout: object) -> object:
    if isinstance(layout, StructLayout | EnumLayout) or hasattr(layout, "alignment"):
        return replace(layout, alignment=None)
    return layout


def _natural(definition: Definition) -> Definition:
    """Return a struct without what leaves no mark in debug information."""
    if not isinstance(definition, Struct):
        return definition
    marked = tuple(each for each in definition.fields if each.name or each.bit_width is None)
    return replace(definition, packed=None, align=None, fields=marked)
