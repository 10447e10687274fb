"""Names of scalars: what the source says, if it is so on the plugin's target."""

from __future__ import annotations

import pytest

from abicheck.authoring.scalars import name_scalar
from abicheck.layout import facts_for
from abicheck.model.evidence import Wording
from abicheck.model.layout import BOOL, CHAR, COMPLEX, FLOAT, SIGNED, UNSIGNED, ScalarLayout
from abicheck.model.target import Target

LP64 = Target("x86_64", "linux", "gnu")
ILP32 = Target("arm", "linux", "gnueabihf")


@pytest.mark.parametrize(
    ("kind", "size", "base", "typedefs", "name"),
    [
        (UNSIGNED, 4, "unsigned int", (), "c_uint"),
        (UNSIGNED, 4, "unsigned int", ("uint32_t", "__uint32_t"), "u32"),
        (UNSIGNED, 4, "unsigned int", ("handle_t", "uint32_t"), "u32"),
        (UNSIGNED, 4, "unsigned int", ("handle_t",), "c_uint"),
        (UNSIGNED, 8, "long unsigned int", ("size_t",), "usize"),
        (UNSIGNED, 8, "unsigned long", (), "c_ulong"),
        (SIGNED, 8, "long int", ("ssize_t",), "isize"),
        (SIGNED, 8, "long int", ("ptrdiff_t",), "ptrdiff_t"),
        (SIGNED, 8, "long int", (), "c_long"),
        (CHAR, 1, "char", (), "c_char"),
        (SIGNED, 1, "signed char", (), "c_schar"),
        (BOOL, 1, "_Bool", (), "bool"),
        (FLOAT, 8, "double", (), "f64"),
        (FLOAT, 16, "long double", (), "c_longdouble"),
        (UNSIGNED, 4, "u32", (), "u32"),
        (UNSIGNED, 8, "usize", (), "usize"),
        (UNSIGNED, 4, "char32_t", (), "u32"),
        (COMPLEX, 16, "complex double", (), None),
        (FLOAT, 2, "_Float16", (), None),
    ],
)
def test_name_is_that_of_the_source(
    kind: str, size: int, base: str, typedefs: tuple[str, ...], name: str | None
) -> None:
    layout = ScalarLayout(kind, size, base)
    assert name_scalar(layout, Wording(0, typedefs), facts_for(LP64)) == name


def test_name_that_means_something_else_there_is_not_used() -> None:
    odd = ScalarLayout(UNSIGNED, 8, "long unsigned int")
    assert name_scalar(odd, Wording(0, ("size_t",)), facts_for(ILP32)) == "u64"
