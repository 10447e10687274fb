from __future__ import annotations

import pytest

from abicheck.layout import lay_out
from abicheck.model.contract import Platform
from abicheck.model.layout import StructLayout, TypeLayout, UnknownLayout
from abicheck.model.records import replace
from abicheck.model.target import Target
from abicheck.model.types import Named, Pointer
from tests.layout.samples import contract, field, laid_out, struct

WINDOWS = Target("x86_64", "windows")


def is_known(layout: TypeLayout) -> bool:
    return isinstance(layout, StructLayout)


@pytest.mark.parametrize(
    ("target", "known"),
    [
        (WINDOWS, False),
        (Target("i386", "linux"), False),  # Android's is a double.
        (Target("powerpc64le", "linux"), False),  # So is musl's here.
        (Target("x86_64", "linux"), True),
        (Target("aarch64", "windows"), True),
        (Target("x86_64", "freebsd"), True),
    ],
    ids=str,
)
def test_long_double_is_known_where_environments_agree(target: Target, *, known: bool) -> None:
    assert is_known(laid_out(struct("S", field("a", "c_longdouble")), target=target)) == known


def test_reason_names_the_environments() -> None:
    found = laid_out(struct("S", field("a", "c_longdouble")), target=WINDOWS)
    assert found == UnknownLayout(
        "it depends on the environment (gnu or msvc), which the file does not show"
    )


def test_struct_that_holds_an_unknown_one_is_unknown() -> None:
    inner = struct("I", field("a", "c_longdouble"))
    assert not is_known(laid_out(struct("S", field("i", Named("I"))), inner, target=WINDOWS))


def test_struct_that_points_to_an_unknown_one_is_known() -> None:
    inner = struct("I", field("a", "c_longdouble"))
    found = laid_out(struct("S", field("i", Pointer(Named("I")))), inner, target=WINDOWS)
    assert is_known(found)


def test_bit_fields_in_a_packed_struct_are_unknown() -> None:
    assert not is_known(laid_out(struct("S", field("a", "u8", 3), packed=1), target=WINDOWS))


def test_bit_fields_elsewhere_are_known() -> None:
    assert is_known(laid_out(struct("S", field("a", "u8", 3)), target=WINDOWS))


def test_target_is_that_asked_for() -> None:
    assert lay_out(contract(), WINDOWS).target == WINDOWS


def test_environments_that_the_contract_leaves_out_do_not_count() -> None:
    target = Target("i386", "linux")
    everywhere = contract(struct("S", field("a", "c_longdouble")))
    assert not is_known(lay_out(everywhere, target).layout("S"))
    platform = Platform(targets=("i386-linux-gnu", "i386-linux-musl"))
    assert is_known(lay_out(replace(everywhere, platform=platform), target).layout("S"))
