from __future__ import annotations

from typing import Any

import pytest

from abicheck.evidence import read_plugin
from abicheck.model.evidence import Symbol
from tests.conftest import binary
from tests.evidence.elf.handmade import (
    CODE,
    DATA,
    EM_ARM,
    EM_MIPS,
    FUNC,
    IFUNC,
    LOCAL,
    NOTYPE,
    OBJECT,
    TLS,
    UNIQUE,
    WEAK,
    Plugin,
    Sym,
)
from tests.evidence.elf.opening import opened

VERSIONS = {1: "plugin.so", 2: "V1", 3: "V2"}
HIDDEN = 0x8000


def found(*symbols: Sym, version: str | None = None, **options: Any) -> Any:  # noqa: ANN401
    """Return what a lookup of "foo" finds; Any, so that a test can look into it at once."""
    return opened(Plugin(symbols=list(symbols), **options)).find_export("foo", version)


@pytest.mark.parametrize("hash_", ["gnu", "sysv"])
@pytest.mark.parametrize(
    ("numbers", "taken"),
    [
        pytest.param([2], 0, id="a default version"),
        pytest.param([2 | HIDDEN], None, id="a hidden version alone"),
        pytest.param([2 | HIDDEN, 3], 1, id="old and default"),
        pytest.param([3, 2 | HIDDEN], 0, id="default and old"),
        pytest.param([2, 3], None, id="two defaults"),
        pytest.param([1, 3], 0, id="the base version beside another"),
        pytest.param([0, 3], 0, id="no version beside another"),
        pytest.param([1 | HIDDEN], 0, id="a hidden base version"),
    ],
)
def test_unversioned_lookup(hash_: str, numbers: list[int], taken: int | None) -> None:
    symbols = [Sym("foo", CODE + 4 * at, version=number) for at, number in enumerate(numbers)]
    symbol = found(*symbols, definitions=VERSIONS, hash=hash_)
    assert (symbol and symbol.address - CODE) == (None if taken is None else taken * 4)


@pytest.mark.parametrize(
    ("version", "address"), [("V1", CODE), ("V2", CODE + 4), ("V3", None), ("plugin.so", None)]
)
def test_versioned_lookup_takes_that_version_only(version: str, address: int | None) -> None:
    symbols = Sym("foo", CODE, version=2 | HIDDEN), Sym("foo", CODE + 4, version=3)
    symbol = found(*symbols, version=version, definitions=VERSIONS)
    assert (symbol and symbol.address) == address


def test_versioned_lookup_takes_what_a_file_without_versions_has() -> None:
    symbol = found(Sym("foo"), version="V1")
    assert symbol
    assert symbol.version is None


def test_symbol_states_its_version() -> None:
    symbol = found(Sym("foo", version=2 | HIDDEN), version="V1", definitions=VERSIONS)
    assert (symbol.version, symbol.is_default_version) == ("V1", False)


def test_every_version_is_an_export_of_its_own() -> None:
    symbols = [Sym("foo", version=2 | HIDDEN), Sym("foo", version=3), Sym("bar", version=1)]
    exports = opened(Plugin(symbols=symbols, definitions=VERSIONS)).exports()
    assert [(one.name, one.version) for one in exports] == [
        ("bar", None), ("foo", "V1"), ("foo", "V2"),
    ]  # fmt: skip


def test_name_of_a_version_is_no_export() -> None:
    marker = Sym("V1", 0, 0, OBJECT, section=0xFFF1, version=2)
    evidence = opened(Plugin(symbols=[marker], definitions=VERSIONS))
    assert evidence.find_export("V1") is None
    assert len(evidence.exports()) == 0
    assert evidence.find_hidden("V1") == "it is the name of a symbol version, not of a symbol"


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        (FUNC, "function"), (OBJECT, "data"), (5, "data"), (TLS, "thread-local data"),
        (IFUNC, "IFUNC"), (NOTYPE, "unknown"),
    ],
)  # fmt: skip
def test_kind(type_: int, kind: str) -> None:
    assert found(Sym("foo", type=type_)).kind == kind


@pytest.mark.parametrize("type_", [3, 4, 13], ids=["section", "file", "processor's own"])
def test_what_is_no_code_and_no_data_is_not_found(type_: int) -> None:
    assert found(Sym("foo", type=type_)) is None


@pytest.mark.parametrize(("binding", "name"), [(1, "global"), (WEAK, "weak"), (UNIQUE, "unique")])
def test_binding(binding: int, name: str) -> None:
    assert found(Sym("foo", binding=binding)).binding == name


def test_local_symbol_is_not_found() -> None:
    assert found(Sym("foo", binding=LOCAL)) is None


@pytest.mark.parametrize(("other", "name"), [(0, "default"), (3, "protected"), (0x60, "default")])
def test_visibility_is_in_the_lowest_two_bits(other: int, name: str) -> None:
    assert found(Sym("foo", other=other)).visibility == name


@pytest.mark.parametrize("other", [1, 2], ids=["internal", "hidden"])
def test_hidden_symbol_is_not_found_but_explains_the_miss(other: int) -> None:
    evidence = opened(Plugin(symbols=[Sym("foo", other=other)]))
    assert evidence.find_export("foo") is None
    hidden = evidence.find_hidden("foo")
    assert isinstance(hidden, Symbol)
    assert hidden.visibility in {"internal", "hidden"}


def test_import_with_the_address_of_its_stub_is_no_export() -> None:
    evidence = opened(Plugin(symbols=[Sym("foo", section=0)]))
    assert evidence.find_export("foo") is None
    assert [one.name for one in evidence.imports()] == ["foo"]


def test_definition_at_address_0_is_not_found() -> None:
    assert found(Sym("foo", 0)) is None


def test_absolute_symbol_may_be_0() -> None:
    assert found(Sym("foo", 0, section=0xFFF1)).address == 0


def test_thread_local_symbol_may_be_0() -> None:
    assert found(Sym("foo", 0, type=TLS)).address == 0


def test_address_of_thumb_code_has_no_mark() -> None:
    symbol = found(Sym("foo", CODE + 1), machine=EM_ARM, is_64=False, flags=0x05000400)
    assert symbol.address == CODE


def test_odd_address_of_data_on_arm_is_kept() -> None:
    symbol = found(Sym("foo", DATA + 1, type=OBJECT), machine=EM_ARM, is_64=False, flags=0x05000400)
    assert symbol.address == DATA + 1


@pytest.mark.parametrize("other", [0xF0, 0x80], ids=["MIPS16", "microMIPS"])
def test_address_of_compressed_mips_code_has_no_mark(other: int) -> None:
    symbol = found(Sym("foo", CODE + 1, other=other), machine=EM_MIPS, is_64=False)
    assert symbol.address == CODE


def test_exported_data_is_writable_outside_relro() -> None:
    symbols = [Sym("table", DATA, type=OBJECT), Sym("counter", DATA + 32, type=OBJECT)]
    relro = (0x6474E552, 4, DATA, 32)
    evidence = opened(Plugin(symbols=symbols, segments=[relro]))
    table, counter = evidence.find_export("table"), evidence.find_export("counter")
    assert table
    assert counter
    assert (table.is_writable, counter.is_writable) == (False, True)


def test_origin_is_the_entry_in_the_table() -> None:
    path = str(binary("greeter/libgreeter-good.so"))
    (evidence,) = read_plugin(path)
    symbol = evidence.find_export("load_plugin")
    assert symbol
    assert (symbol.origin.file, symbol.origin.section) == (path, ".dynsym")


def test_finding_one_export_decodes_few_symbols() -> None:
    (evidence,) = read_plugin(str(binary("greeter/libgreeter-good.so")))
    evidence.find_export("load_plugin")
    assert evidence.counters.symbols <= 4  # type: ignore[attr-defined]


def test_name_that_is_no_utf_8_is_shown_escaped() -> None:
    evidence = opened(Plugin(symbols=[Sym("föö")]))
    assert evidence.find_export("föö")
    assert [one.name for one in evidence.exports()] == ["föö"]


def test_exports_can_be_indexed() -> None:
    exports = opened(Plugin(symbols=[Sym("b"), Sym("a")])).exports()
    assert (exports[0].name, [one.name for one in exports[0:2]]) == ("a", ["a", "b"])
    assert exports[0] in exports
