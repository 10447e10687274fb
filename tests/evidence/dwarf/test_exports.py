"""What stands at a symbol's address is told from what only happens to stand there."""

from __future__ import annotations

import pytest

from abicheck.model.evidence import IFUNC, Origin, Symbol, Unseen
from tests.conftest import binary
from tests.evidence.dwarf.spelled import Plugin

BOTH = pytest.mark.parametrize("compiler", ["gcc", "clang"])


def folded(compiler: str) -> Plugin:
    return Plugin(binary(f"dwarf/folded-{compiler}.so"))


@BOTH
def test_alias_has_the_prototype_of_the_code_it_names(compiler: str) -> None:
    plugin = folded(compiler)
    assert plugin.export("other_name") == plugin.export("real") == "fn(*A, i4) -> i4"
    assert plugin.export("shown") == "fn(*A) -> i4"
    assert plugin.export("folded") == plugin.export("kept")


@BOTH
def test_ifunc_has_no_prototype(compiler: str) -> None:
    plugin = folded(compiler)
    assert plugin.symbols["resolved"].kind == IFUNC
    assert plugin.export("resolved").startswith("? it is an IFUNC")


@BOTH
def test_assembler_code_has_no_prototype(compiler: str) -> None:
    assert folded(compiler).export("assembled").startswith("? ")


@pytest.mark.parametrize("name", ["gcc-g1", "clang-g1"])
@pytest.mark.parametrize("export", ["f_nothing", "f_variadic", "f_by_value", "v_bits"])
def test_functions_without_types_do_not_take_no_parameters(name: str, export: str) -> None:
    assert Plugin(binary(f"dwarf/types-{name}.so")).export(export).startswith("? ")


def test_rust_without_types_says_so() -> None:
    plugin = Plugin(binary("greeter/libgreeter-rust-debuginfo1.so"))
    assert "without type information" in plugin.export("load_plugin")


@pytest.mark.parametrize(
    "name", ["gcc-5", "gcc-units-4", "clang-5", "gcc-lto", "gxx", "clangxx", "rust"]
)
def test_function_that_takes_nothing_takes_nothing(name: str) -> None:
    plugin = Plugin(binary(f"dwarf/types-{name}.so"))
    assert plugin.export("f_nothing" if "f_nothing" in plugin.symbols else "nothing") == (
        "fn() -> void"
    )


def test_rust_built_without_debug_information_names_the_unit_not_the_file() -> None:
    plugin = Plugin(binary("greeter/libgreeter-rust-std-release.so"))
    if plugin.types.absence() is None:
        assert "compiled without -g" in plugin.export("load_plugin")


def test_file_without_debug_information_is_absent() -> None:
    plugin = Plugin(binary("greeter/libgreeter-no-debug.so"))
    absence = plugin.types.absence()
    assert absence
    assert plugin.export("load_plugin") == f"? {absence}"
    assert plugin.named("Greeter") == []


def test_code_outside_of_all_units_is_not_described() -> None:
    plugin = folded("gcc")
    symbol = Symbol(name="real", kind="function", address=0x10, origin=Origin(file="x"))
    found = plugin.types.function(symbol)
    assert isinstance(found, Unseen)
    assert "describes no code" in found.reason


def test_conventions_are_those_that_clang_records_and_rust_spells() -> None:
    clang = Plugin(binary("dwarf/types-clang-5.so"))
    found = clang.types.function(clang.symbols["f_nothing"])
    assert not isinstance(found, Unseen)
    assert clang.types.layout(found.value).convention == "C"  # type: ignore[union-attr]
    gcc = Plugin(binary("dwarf/types-gcc-5.so"))
    found = gcc.types.function(gcc.symbols["f_nothing"])
    assert not isinstance(found, Unseen)
    assert gcc.types.layout(found.value).convention is None  # type: ignore[union-attr]


def test_origin_is_the_entry_in_the_file() -> None:
    file = binary("dwarf/types-gcc-5.so")
    plugin = Plugin(file)
    found = plugin.types.function(plugin.symbols["f_nothing"])
    assert not isinstance(found, Unseen)
    assert found.origin.section == ".debug_info"
    assert found.origin.file_offset is not None
    assert 0 < found.origin.file_offset < file.stat().st_size
    assert plugin.types.language(found.value) == "c"


@pytest.mark.parametrize("name", ["libpair-zlib.so", "libpair-zlib-gnu.so"])
def test_origin_in_a_compressed_section_has_no_place_in_the_file(name: str) -> None:
    plugin = Plugin(binary(f"debug/{name}"))
    found = plugin.types.function(plugin.symbols["pair_shape"])
    assert not isinstance(found, Unseen)
    assert found.origin.file_offset is None


@pytest.mark.parametrize(
    "name",
    ["libpair.so", "libpair-zlib.so", "libpair-zlib-gnu.so", "libpair-split.so", "libpair-dwz.so",
     "libpair-package.so", "libpair-package-4.so", "libpair-sup.so"],
)  # fmt: skip
def test_types_are_the_same_wherever_they_are_kept(name: str) -> None:
    plugin, plain = Plugin(binary(f"debug/{name}")), Plugin(binary("debug/libpair.so"))
    assert {each: plugin.export(each) for each in plain.symbols} == {
        each: plain.export(each) for each in plain.symbols
    }
    assert plugin.named("Tally", ["pair_count"]) == plain.named("Tally", ["pair_count"]) != []
