"""The module for plugins in Rust: what it says, and what it refuses to say."""

from __future__ import annotations

import pytest

from abicheck.contract import parse_contract, parse_contract_text
from abicheck.errors import GenerationError
from abicheck.generation.rust import generate
from abicheck.generation.rust.targets import group_targets
from abicheck.layout import known_targets
from tests.conftest import ROOT, contract

GOLDEN = ROOT / "tests/golden/greeter.rs"
HEAD = 'contract = "thing"\nversion = "1.0"\nformat = 1\n'


def module(text: str) -> str:
    """Return the module made from a contract's text."""
    return generate(parse_contract_text(HEAD + text, "thing.toml"))[0].text


def test_module_of_the_greeter(bless: bool) -> None:
    text = generate(parse_contract(contract("greeter")))[0].text
    if bless:
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_same_contract_makes_the_same_bytes() -> None:
    one, other = (generate(parse_contract(contract("apache-httpd"))) for _ in range(2))
    assert one == other


def test_first_line_names_the_contract_and_no_directory() -> None:
    text = generate(parse_contract(contract("greeter")))[0].text
    assert text.startswith("// Made by abicheck ")
    assert str(ROOT) not in text


def test_file_is_named_after_the_contract() -> None:
    assert generate(parse_contract(contract("greeter")))[0].name == "greeter.rs"


def test_keyword_becomes_a_raw_identifier_and_keeps_its_name_in_the_descriptor() -> None:
    text = module('[structs.Box]\nfields = ["type: u32", "self: u8"]\n')
    assert "pub r#type: u32," in text
    assert "pub self_: u8," in text
    assert 'text("type")' in text
    assert 'text("self")' in text


def test_pointer_that_must_not_be_null_is_non_null() -> None:
    text = module('[structs.Node]\nfields = ["next: &mut Node", "call: Option<fn()>"]\n')
    assert "pub next: core::ptr::NonNull<Node>," in text
    assert 'pub call: Option<unsafe extern "C" fn()>,' in text


def test_enum_is_a_newtype_that_any_value_fits() -> None:
    text = module("[enums.Mode]\nvalues = { Off = 0, On = 1 }\nclosed = true\n")
    assert "#[repr(transparent)]" in text
    assert "pub struct Mode(pub core::ffi::c_int);" in text
    assert "pub const On: Self = Self(1);" in text


def test_type_named_like_something_of_rust_gets_an_underscore() -> None:
    assert "pub struct core_ {" in module('[structs.core]\nfields = ["a: u8"]\n')


def test_type_named_like_something_of_the_machinery_is_not_taken_for_it() -> None:
    text = module('[structs.Descriptor]\nfields = ["a: u8"]\n')
    assert "offset_of!(super::Descriptor, a)" in text


def test_layout_that_differs_by_target_is_written_for_each() -> None:
    text = module('[structs.Bits]\nfields = ["a: u8", "b: c_uint : 20", "c: u8"]\n')
    assert text.count("pub struct Bits {") > 1
    assert "pub fn set_b(&mut self, value: c_uint)" in text


def test_union_of_bit_fields_is_refused_by_name() -> None:
    with pytest.raises(GenerationError, match="Flags: a union in Rust"):
        module('[unions.Flags]\nfields = ["a: u8 : 3"]\n')


def test_packed_and_aligned_struct_is_refused_by_name() -> None:
    with pytest.raises(GenerationError, match="Both: a Rust struct cannot be both"):
        module('[structs.Both]\nrepr = "C, packed, align(8)"\nfields = ["a: u8"]\n')


def test_long_double_by_value_is_refused() -> None:
    with pytest.raises(GenerationError, match=r"exports\.f: Rust has no long double"):
        module('[exports]\nf = "fn(c_longdouble)"\n')


def test_struct_with_a_long_double_by_value_is_refused() -> None:
    with pytest.raises(GenerationError, match=r"exports\.f: Wide: Rust has no long double"):
        module(
            '[structs.Wide]\nfields = ["a: u8", "b: [c_longdouble; 2]"]\n'
            '[exports]\nf = "fn() -> Wide"\n'
        )


def test_partial_struct_by_value_is_refused() -> None:
    with pytest.raises(GenerationError, match="Part is partial"):
        module(
            '[structs.Part]\npartial = true\nsize = 8\nfields = ["a: u8"]\n'
            '[exports]\nf = "fn(Part)"\n'
        )


def test_opaque_by_value_is_refused() -> None:
    with pytest.raises(GenerationError, match="Vector is opaque"):
        module(
            "[types]\nVector = { opaque = true, size = 16, alignment = 16 }\n"
            '[exports]\nf = "fn(Vector)"\n'
        )


def test_optional_export_is_named_by_the_plugin_that_has_it() -> None:
    text = module('[exports.extra]\ntype = "fn()"\noptional = true\n')
    assert "(@optional extra) => {" in text
    assert 'number(has(_bound, "extra"), 1)' in text


def test_targets_with_one_label_need_no_predicate() -> None:
    assert [each.cfg for each in group_targets(dict.fromkeys(known_targets(), 1))] == [None]


def test_targets_are_told_apart_by_the_fewest_tests() -> None:
    groups = group_targets({target: target.bits for target in known_targets()})
    assert [each.cfg for each in groups] == [
        'target_pointer_width = "64"',
        'target_pointer_width = "32"',
    ]
