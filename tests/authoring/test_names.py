"""Names that a contract may use."""

from __future__ import annotations

import pytest

from abicheck.authoring.names import as_field, as_word, inner_name, unique


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Greeter", "Greeter"),
        ("greeter::Greeter", "greeter_Greeter"),
        ("Vec<u8, Global>", "Vec_u8_Global"),
        ("u32", "u32_"),
        ("Option", "Option_"),
        ("long double", "long_double"),
        ("3d", "_3d"),
        ("", "Type"),
        ("<>", "Type"),
    ],
)
def test_word_is_what_the_language_allows(name: str, word: str) -> None:
    assert as_word(name) == word


def test_fields_of_one_struct_have_names_of_their_own() -> None:
    assert as_field("_vptr.Shape", {"_vptr_Shape"}) == "vptr_Shape"
    assert as_field("a", {"a", "a2"}) == "a3"


def test_taken_word_gets_a_number() -> None:
    assert unique("Config", {"Config", "Config2"}) == "Config3"


def test_type_without_a_name_is_called_after_its_field() -> None:
    assert inner_name("Shape", "side_lengths", is_union=True) == "ShapeSideLengths"
    assert inner_name("Shape", None, is_union=True) == "ShapeUnion"
    assert inner_name("shape_t", None, is_union=False) == "shape_t_struct"
