from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from abicheck.layout import check_contract, check_sizes
from abicheck.model.layout import Layouts, StructLayout
from abicheck.model.records import replace
from abicheck.model.target import PerTarget, Target
from abicheck.model.types import Named, Opaque, Struct
from tests.layout.samples import I386, X86_64, contract, field, struct

if TYPE_CHECKING:
    from abicheck.model.contract import Contract


def sized(*entries: tuple[str, int]) -> Struct:
    """Return a struct of a pointer-sized field and a `u64`, with assertions on its size."""
    return struct("S", field("a", "usize"), field("b", "u64"), size=PerTarget(entries))


def found(checked: Contract) -> list[str]:
    return [str(problem) for problem in check_contract(checked)]


def test_size_that_holds_is_no_problem() -> None:
    assert check_sizes(contract(sized(("lp64", 16))), X86_64) == ()


def test_size_that_does_not_hold_is_a_problem() -> None:
    (problem,) = check_sizes(contract(sized(("lp64", 24))), X86_64)
    assert str(problem) == (
        "sample.toml:1: structs.S.size: its fields come to 16 bytes on x86_64-linux-gnu, not to 24"
    )


def test_size_for_other_targets_asserts_nothing() -> None:
    assert check_sizes(contract(sized(("lp64", 24))), I386) == ()


def test_size_of_a_partial_struct_is_no_assertion() -> None:
    partial = replace(sized(("*", 1000)), is_partial=True)
    assert check_sizes(contract(partial), X86_64) == ()


@pytest.mark.parametrize("entry", [("lp64", 16), ("llp64", 16), ("ilp32", 12), ("ilp32", 16)])
def test_data_model_holds_if_one_of_its_platforms_agrees(entry: tuple[str, int]) -> None:
    assert found(contract(sized(entry))) == []


def test_data_model_that_holds_nowhere_is_a_problem() -> None:
    assert found(contract(sized(("ilp32", 13)))) == [
        "sample.toml:1: structs.S.size: its fields come to 12 bytes on i386-linux-gnu, not to 13"
    ]


def test_data_model_is_checked_on_a_platform_that_is_named() -> None:
    assert found(contract(sized(("ilp32", 12)), targets=("arm-linux-gnueabihf",))) == [
        (
            "sample.toml:1: structs.S.size: its fields come to 16 bytes on arm-linux-gnueabihf, "
            "not to 12"
        )
    ]


def test_exact_target_is_checked_there() -> None:
    assert found(contract(sized(("arm-linux-gnueabihf", 12)))) == [
        (
            "sample.toml:1: structs.S.size: "
            "its fields come to 16 bytes on arm-linux-gnueabihf, not to 12"
        )
    ]


def test_plain_number_is_checked_on_each_platform_named() -> None:
    targets = ("x86_64-linux-gnu", "i386-linux-gnu")
    assert found(contract(sized(("*", 16)), targets=targets)) == [
        "sample.toml:1: structs.S.size: its fields come to 12 bytes on i386-linux-gnu, not to 16"
    ]


def test_plain_number_without_platforms_is_checked_on_the_commonest() -> None:
    assert found(contract(sized(("*", 16)))) == []


def test_more_exact_key_decides() -> None:
    assert found(contract(sized(("lp64", 16), ("*", 12)))) == []


def test_two_keys_with_equal_right_are_a_tie() -> None:
    tied = sized(("x86_64-linux-*", 16), ("*-linux-gnu-x", 16), ("x86_64-*-musl*", 16))
    assert found(contract(tied)) == [
        (
            'sample.toml:1: structs.S.size: "x86_64-linux-*" and "x86_64-*-musl*" both fit '
            "x86_64-linux-musl, and neither is longer"
        )
    ]


def test_tie_that_an_exact_target_settles_is_none() -> None:
    settled = sized(
        ("x86_64-linux-*", 16), ("x86_64-*-musl*", 16), ("x86_64-linux-musl", 16)
    )  # fmt: skip
    assert found(contract(settled)) == []


def test_ties_of_offsets_name_the_field() -> None:
    offset = PerTarget((("x86_64-linux-*", 8), ("x86_64-*-musl*", 8)))
    partial = struct("S", replace(field("a", "u8"), offset=offset), is_partial=True)
    assert "structs.S.fields[0].offset" in found(contract(partial))[0]


def test_field_behind_the_stated_size_is_a_problem() -> None:
    at_eight = replace(field("a", "u64"), offset=PerTarget((("*", 8),)))
    partial = struct("S", at_eight, is_partial=True, size=PerTarget((("*", 12),)))
    assert found(contract(partial)) == [
        "sample.toml:1: structs.S.a: it ends at 16, but the struct has 12 bytes on x86_64-linux-gnu"
    ]


def test_struct_that_can_exist_nowhere_is_a_problem() -> None:
    assert found(contract(struct("S", field("inner", Named("S"))))) == [
        "sample.toml:1: structs.S: inner: S contains itself"
    ]


def test_struct_that_exists_elsewhere_is_none() -> None:
    opaque = Opaque("V", 1, size=PerTarget((("ilp32", 8),)), alignment=PerTarget((("*", 4),)))
    assert found(contract(struct("S", field("v", Named("V"))), opaque)) == []


def test_wide_integer_is_no_problem_of_the_contract() -> None:
    wide = struct("S", field("a", "u128"))
    assert found(contract(wide, targets=("i386-linux-gnu",))) == []


def test_known_layouts_are_not_computed_again() -> None:
    layouts = Layouts(target=Target("x86_64", "linux"), types={"S": StructLayout("S", 99, ())})
    (problem,) = check_sizes(contract(sized(("lp64", 16))), X86_64, layouts)
    assert "99 bytes" in problem.message
