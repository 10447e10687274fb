"""An answer costs what it takes to give it, not what the file holds."""

from __future__ import annotations

import pytest

from abicheck.model.evidence import Unseen
from tests.conftest import binary
from tests.evidence.dwarf.spelled import Plugin, spell


def cost_of(name: str, *exports: str) -> tuple[int, int]:
    """Return units and entries decoded for the types of some exports."""
    plugin = Plugin(binary(name))
    for export in exports:
        plugin.export(export)
    counters = plugin.types._elf.counters  # noqa: SLF001  what the reader's owner sees
    return counters.units, counters.dies


@pytest.mark.parametrize(
    ("name", "units", "entries"),
    [
        ("greeter/libgreeter-good.so", 1, 40),
        ("greeter/libgreeter-clang.so", 1, 40),
        ("greeter/libgreeter-rust.so", 1, 60),
        ("greeter/libgreeter-rust-std.so", 1, 60),
    ],
)
def test_greeter_costs_its_own_entries(name: str, units: int, entries: int) -> None:
    cost = cost_of(name, "load_plugin", "free_greeter", "free_greeting", "GREETER_ABI_VERSION")
    assert cost <= (units, entries)


def test_nothing_is_decoded_before_it_is_asked_for() -> None:
    assert cost_of("greeter/libgreeter-good.so") == (0, 0)


def test_second_answer_costs_nothing() -> None:
    once = cost_of("dwarf/types-gcc-5.so", "v_nested")
    assert cost_of("dwarf/types-gcc-5.so", "v_nested", "v_nested") == once


def test_absent_name_opens_no_unit() -> None:
    plugin = Plugin(binary("greeter/libgreeter-rust-std.so"))
    assert plugin.named("NoSuchTypeAnywhere") == []
    assert plugin.types._elf.counters.units == 0  # noqa: SLF001


def test_layout_is_read_once() -> None:
    plugin = Plugin(binary("dwarf/types-gcc-5.so"))
    found = plugin.types.variable(plugin.symbols["v_nested"])
    assert not isinstance(found, Unseen)
    assert plugin.types.layout(found.value) is plugin.types.layout(found.value)
    assert spell(plugin.types, found.value).startswith("struct Nested:32{")
