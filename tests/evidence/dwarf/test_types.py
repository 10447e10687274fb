"""Every kind of type in every producer's DWARF is laid out as its source says."""
# ruff: noqa: E501  a type is one line of text

from __future__ import annotations

import pytest

from tests.conftest import binary
from tests.evidence.dwarf.spelled import Plugin

C_TYPES = {
    "f_alias": "fn(*Nested, i4) -> i4",
    "f_arrays": "fn(*i4, *[i4; 3]:12) -> void",
    "f_by_value": "fn(struct Nested:32{a@0 i4; _@4 struct :8{x@0 i4; y@4 i4}; _@16 union :8{f@0 f4; d@0 f8}; inner@24 struct Inner:2{s@0 i2}}, union Any:16{i@0 i4; d@0 f8; text@0 [char1; 16]:16; bits@0:5 u4}, enum Signed:i4{MINUS=-1, PLUS=200}) -> struct Nested:32{a@0 i4; _@4 struct :8{x@0 i4; y@4 i4}; _@16 union :8{f@0 f4; d@0 f8}; inner@24 struct Inner:2{s@0 i2}}",
    "f_callbacks": "fn(*fn(i4, f8) -> i4, *fn(i4, f8) -> i4) -> *fn(*void, *char1, ...) -> i4",
    "f_declared": "fn(*opaque Declared) -> *opaque Declared",
    "f_empty": "unstated fn() -> i4",
    "f_inlined": "fn(i4) -> i4",
    "f_inlines": "fn(i4) -> i4",
    "f_nothing": "fn() -> void",
    "f_old": "fn(i4, char1) -> i4",
    "f_pointers": "fn(*void, **void, *fn() -> void) -> *void",
    "f_real": "fn(*Nested, i4) -> i4",
    "f_variadic": "fn(*char1, ...) -> i4",
    "v_aligned": "struct Aligned:32{a@0 i4; c@8 char1}",
    "v_any": "union Any:16{i@0 i4; d@0 f8; text@0 [char1; 16]:16; bits@0:5 u4}",
    "v_arrays": "struct Arrays:128{cube@0 [[[i4; 4]:16; 3]:48; 2]:96; pair@96 [i4; 2]:8; handlers@104 [*fn(i4) -> void; 3]:24}",
    "v_bits": "struct Bits:16{a@0:3 u4; b@3:5 i4; c@10:40 u8; d@50:1 u1; e@51:1 bool1; f@64:7 u1; g@71:9 i2}",
    "v_callbacks": "struct Callbacks:32{variadic@0 *fn(*void, *char1, ...) -> i4; plain@8 *fn(i4, f8) -> i4; old@16 *unstated fn() -> void; get@24 *fn() -> *fn(char1) -> i4}",
    "v_color": "enum Color:u4{RED=0, GREEN=5, BLUE=2147483647}",
    "v_extern": "u4",
    "v_flexible": "struct Flexible:4{count@0 i4; content@4 [char1; None]:None}",
    "v_names": "[*char1; 3]:24",
    "v_nested": "struct Nested:32{a@0 i4; _@4 struct :8{x@0 i4; y@4 i4}; _@16 union :8{f@0 f4; d@0 f8}; inner@24 struct Inner:2{s@0 i2}}",
    "v_packed": "struct Packed:6{a@0 char1; b@1 i4}",
    "v_packed_bits": "struct PackedBits:13{x@0 u1; a@8:3 u4; b@11:30 u4; c@41:50 u8; y@12 char1}",
    "v_pointer": "*i4",
    "v_scalars": "struct Scalars:72{c@0 char1; sc@1 i1; uc@2 u1; us@4 u2; i@8 i4; ul@16 u8; ll@24 i8; b@32 bool1; w@36 i4; f@40 f4; d@48 f8; dc@56 complex16}",
    "v_self": "struct Self:24{next@0 *Self; declared@8 *opaque Declared; renamed@16 *Unnamed}",
    "v_signed": "enum Signed:i4{MINUS=-1, PLUS=200}",
    "v_tiny": "enum Tiny:u1{NOTHING=0, ALL=255}",
    "v_unnamed": "struct Unnamed:4{only@0 i4}",
    "v_vector": "vector[f4; 4]:16",
    "v_wide": "enum Wide:u8{HUGE=8589934591, LITTLE=1}",
    "v_zero": "struct Zero:4{count@0 i4; content@4 [i4; 0]:0}",
}
"""What fixtures/dwarf/types.c declares, on x86_64."""

CPP_TYPES = {
    "_ZN4Base6sharedE": "i4",
    "_ZN7Private6methodEi": "fn(*Private, i4) -> void",
    "blind": "fn() -> *void",
    "box": "fn(*Box<ns::Config>) -> *Box<ns::Config>",
    "derived": "fn(*Derived) -> *Derived",
    "member_pointers": "fn(opaque a pointer to a member of a class, opaque a pointer to a member of a class) -> void",
    "mode": "fn(enum Mode:u1{Off=0, On=200}) -> enum Mode:u1{Off=0, On=200}",
    "nothing": "fn() -> void",
    "wide_characters": "fn(i4, u2, u4, *void) -> void",
    "with_virtual_base": "fn(*opaque Virtual) -> *opaque Virtual",
}
"""What fixtures/dwarf/types.cc declares."""

RUST_TYPES = {
    "TABLE": "[enum Negative:i1{Minus=-1, Plus=1}; 2]:2",
    "by_value": "fn(struct Config:80{a@0 u1; b@8 u8; c@16 [u2; 3]:6; d@24 f4; e@28 bool1; f@32 u4; g@48 i16; h@64 u8}, u4, ?Config, &[u1; 4]:4) -> union Any:8{a@0 u4; b@0 f8}",
    "enums": "fn(&Enums) -> void",
    "exported_name": "fn(u8) -> u8",
    "functions": "fn(&Functions) -> void",
    "never": "fn() -> void",
    "nothing": "fn() -> void",
    "pointers": "fn(&Pointers) -> void",
    "wrappers": "fn(&Wrappers) -> void",
}
"""What fixtures/dwarf/types.rs declares."""

C_PLUGINS = (
    "gcc-2", "gcc-3", "gcc-4", "gcc-5", "clang-4", "clang-5", "gcc-dwarf64", "clang-dwarf64",
    "gcc-units-4", "gcc-units-5", "clang-units-5", "gcc-lto", "gcc-sections",
)  # fmt: skip


def plugin(name: str) -> Plugin:
    return Plugin(binary(f"dwarf/types-{name}.so"))


@pytest.mark.parametrize("name", C_PLUGINS)
def test_types_of_c_are_as_declared(name: str) -> None:
    read = plugin(name)
    assert {each: read.export(each) for each in C_TYPES} == C_TYPES


def test_clang_2_states_no_sign_of_enums_without_negative_values() -> None:
    read = plugin("clang-2")
    found = {each: read.export(each) for each in C_TYPES}
    assert {each: found[each] for each in C_TYPES if found[each] != C_TYPES[each]} == {
        each: C_TYPES[each].replace(":u", ":") for each in ("v_color", "v_wide", "v_tiny")
    }


@pytest.mark.parametrize("name", ["gxx", "clangxx"])
def test_types_of_cpp_are_as_declared(name: str) -> None:
    read = plugin(name)
    assert {each: read.export(each) for each in CPP_TYPES} == CPP_TYPES


@pytest.mark.parametrize("name", ["rust", "rust-2"])
def test_types_of_rust_are_as_declared(name: str) -> None:
    read = plugin(name)
    assert {each: read.export(each) for each in RUST_TYPES} == RUST_TYPES


@pytest.mark.parametrize("name", ["s390x-3", "s390x-5"])
def test_bit_fields_of_big_endian_count_from_the_most_significant_bit(name: str) -> None:
    assert plugin(name).export("v_bits") == C_TYPES["v_bits"]


@pytest.mark.parametrize("name", ["arm-3", "thumb-3", "x86-3"])
def test_addresses_of_32_bits_are_read(name: str) -> None:
    read = plugin(name)
    assert read.export("v_self") == (
        "struct Self:12{next@0 *Self; declared@4 *opaque Declared; renamed@8 *Unnamed}"
    )
    assert read.export("f_alias") == C_TYPES["f_alias"]
    assert read.export("f_variadic") == C_TYPES["f_variadic"]


def test_references_cannot_be_null_where_pointers_can() -> None:
    assert plugin("gxx").export("references") == "fn(&Config, &Config, *Config) -> i4"


def test_thunks_and_tables_of_classes_have_no_type() -> None:
    assert plugin("gxx").export("_ZTV4Base").startswith("? the debug information describes no data")
