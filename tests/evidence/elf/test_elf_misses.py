from __future__ import annotations

import pytest

from abicheck.evidence.elf.mangling import mangled_near
from abicheck.evidence.elf.misses import nearest
from abicheck.model.evidence import Symbol
from tests.evidence.elf.handmade import Plugin, Sym
from tests.evidence.elf.opening import opened


@pytest.mark.parametrize(
    ("mangled", "wanted", "reading"),
    [
        ("_Z5greetPKc", "greet", "C++ function greet(char const*)"),
        ("_Z5greetv", "greet", "C++ function greet()"),
        ("_Z5greetP7Greeterim", "greet", "C++ function greet(Greeter*, int, unsigned long)"),
        ("_Z5greetRKiz", "greet", "C++ function greet(int const&, ...)"),
        ("_Z5greetSt6vectorIiE", "greet", "C++ function _Z5greetSt6vectorIiE"),
        ("_ZN2ns5greetEv", "greet", "C++ function in a namespace or class, _ZN2ns5greetEv"),
        ("_ZN6plugin5greet17h0123456789abcdefE", "greet", "Rust function _ZN6plugin5greet17h"),
        ("_RNvCs1234_6plugin5greet", "greet", "Rust function _RNvCs1234_6plugin5greet"),
    ],
)
def test_mangled_name_is_recognised(mangled: str, wanted: str, reading: str) -> None:
    strings = b"\0other\0" + mangled.encode() + b"\0"
    ((name, text),) = mangled_near(wanted.encode(), strings)
    assert name == mangled.encode()
    assert reading in text


@pytest.mark.parametrize("other", ["greet", "_Z15greet", "_Z9greetings", "_ZTI5greet", "x5greet"])
def test_other_names_are_not_taken_for_mangled_ones(other: str) -> None:
    assert list(mangled_near(b"greet", b"\0" + other.encode() + b"\0")) == []


def test_mangled_import_explains_nothing() -> None:
    evidence = opened(Plugin(symbols=[Sym("_Z5greetv", 0, 0, section=0)]))
    assert evidence.find_hidden("greet") is None


def test_mangled_definition_explains_the_miss() -> None:
    hint = opened(Plugin(symbols=[Sym("_Z5greetv")])).find_hidden("greet")
    assert hint == 'there is a C++ function greet(): `extern "C"` forgotten?'


def test_import_explains_the_miss() -> None:
    evidence = opened(Plugin(symbols=[Sym("greet", 0, 0, section=0)]))
    assert evidence.find_hidden("greet") == "it is imported, not defined in this file"


def test_hidden_version_explains_the_miss() -> None:
    plugin = Plugin(symbols=[Sym("greet", version=0x8002)], definitions={2: "V1"})
    hidden = opened(plugin).find_hidden("greet")
    assert isinstance(hidden, Symbol)
    assert (hidden.version, hidden.is_default_version) == ("V1", False)


@pytest.mark.parametrize(
    ("wanted", "near"),
    [
        ("load_plugin", "load_plugins"), ("LOAD_PLUGIN", "load_plugin"),
        ("loadPlugin", "load_plugin"), ("_load_plugin", "load_plugin"),
    ],
)  # fmt: skip
def test_misspelt_name_is_recognised(wanted: str, near: str) -> None:
    assert (
        opened(Plugin(symbols=[Sym(near)])).find_hidden(wanted)
        == f"there is an export named {near}"
    )


def test_export_that_is_meant_as_it_is_explains_no_miss() -> None:
    evidence = opened(Plugin(symbols=[Sym("get_api_v2")]))
    assert evidence.find_hidden("get_api_v1", ["get_api_v2"]) is None


def test_name_unlike_any_other_is_not_explained() -> None:
    assert opened(Plugin(symbols=[Sym("load_plugin")])).find_hidden("greet") is None


def test_names_that_differ_in_case_come_first() -> None:
    assert nearest("GREET", ["GREEN", "greet"]) == "greet"
