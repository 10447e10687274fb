"""The greeter as a host in Python uses it: what the first page of the documentation shows."""

from __future__ import annotations

import ctypes
import gc
import tracemalloc
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from abicheck.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    DoubleFree,
    LifetimeError,
    PluginUnloaded,
    UseAfterFree,
)
from abicheck.runtime.plugin import Plugin
from tests.conftest import binary, contract
from tests.runtime.opening import on_linux, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = on_linux


def loaded(name: str) -> Plugin:
    """Load a committed greeter, past the registry."""
    found = opened(binary(f"greeter/{name}"), contract("greeter"))
    return Plugin(found.binding, found.layouts, found.image, found.report)


@pytest.fixture(params=["libgreeter-good.so", "libgreeter-rust-std.so"], ids=["C", "Rust"])
def plugin(request: pytest.FixtureRequest) -> Iterator[Plugin]:
    """Return a greeter in each language."""
    made = loaded(request.param)
    yield made
    made.unload()


def test_it_greets(plugin: Plugin) -> None:
    with plugin.load_plugin() as greeter, greeter.greet(b"World") as text:
        assert text.value.decode() == "Hello, World!"


def test_arguments_are_taken_by_name(plugin: Plugin) -> None:
    with plugin.load_plugin() as greeter, greeter.greet(name=b"you") as text:
        assert text.value == b"Hello, you!"


def test_handles_end_with_their_block(plugin: Plugin) -> None:
    with plugin.load_plugin() as greeter, greeter.greet(b"World") as text:
        pass
    with pytest.raises(UseAfterFree):
        _ = text.value
    with pytest.raises(UseAfterFree):
        greeter.greet(b"World")
    with pytest.raises(DoubleFree):
        text.free()
    with pytest.raises(DoubleFree):
        plugin.free_greeter(greeter)


@pytest.mark.parametrize(
    ("argument", "error", "said"),
    [
        ("World", ArgumentTypeError, "encode it"),
        (5, ArgumentTypeError, "got int 5"),
        (b"a\0b", ArgumentValueError, "NUL"),
    ],
)
def test_a_name_that_is_none_is_refused(
    plugin: Plugin, argument: object, error: type[Exception], said: str
) -> None:
    with plugin.load_plugin() as greeter, pytest.raises(error, match=said) as caught:
        greeter.greet(argument)
    assert "greet: argument 1 (name): expected *const c_char" in str(caught.value)


def test_data_is_read(plugin: Plugin) -> None:
    assert plugin.GREETER_ABI_VERSION == 0x0001_0002


def test_it_describes_itself(plugin: Plugin) -> None:
    assert plugin.load_plugin.__doc__ == "fn() -> *mut Greeter"
    assert plugin.version == "1.2"
    assert {"load_plugin", "Greeter", "unload"} <= set(dir(plugin))
    with pytest.raises(AttributeError, match="load_plugins"):
        _ = plugin.load_plugins


def test_a_forgotten_handle_is_freed_with_a_warning(plugin: Plugin) -> None:
    with pytest.warns(ResourceWarning, match="load_plugin"):
        plugin.load_plugin()


def test_unloading_ends_everything() -> None:
    plugin = loaded("libgreeter-good.so")
    load_plugin = plugin.load_plugin
    greeter = load_plugin()
    with pytest.warns(ResourceWarning, match="load_plugin"):
        plugin.unload()
    for use in (load_plugin, lambda: plugin.load_plugin, lambda: greeter.greet, greeter.free):
        with pytest.raises(PluginUnloaded):
            use()
    assert plugin.unload() is None


def test_a_handle_ends_with_its_block_and_can_be_had_again() -> None:
    plugin = loaded("libgreeter-good.so")
    with plugin:
        pass
    with pytest.raises(LifetimeError, match="load it again"):
        _ = plugin.load_plugin
    assert plugin._again() is plugin  # noqa: SLF001 (what loading it again does)
    with plugin.load_plugin():
        pass
    plugin.unload()


def test_two_who_loaded_it_do_not_disturb_each_other() -> None:
    plugin = loaded("libgreeter-good.so")
    with plugin._again():  # noqa: SLF001 (what loading it again does)
        pass
    with plugin.load_plugin():
        pass
    plugin.unload()


def load_call_free() -> None:
    plugin = loaded("libgreeter-good.so")
    call_and_free(plugin)
    plugin.unload()


def call_and_free(plugin: Plugin) -> None:
    with plugin.load_plugin() as greeter, greeter.greet(b"World") as text:
        assert text.value


def growth(work: Callable[[], None], rounds: int) -> tuple[int, int]:
    """Return how many bytes and objects of Python's `rounds` keep: the least of four measurements.

    What leaks does so every time; caches that grow do not.
    """
    tracemalloc.start()
    try:
        measured = []
        for _ in range(5):
            for _ in range(rounds):
                work()
            gc.collect()
            measured.append((tracemalloc.get_traced_memory()[0], len(gc.get_objects())))
    finally:
        tracemalloc.stop()
    pairs = list(pairwise(measured))
    return min(b[0] - a[0] for a, b in pairs), min(b[1] - a[1] for a, b in pairs)


def test_loading_calling_and_freeing_keep_nothing_in_python() -> None:
    memory, objects = growth(load_call_free, 25)
    assert memory < 25 * 400  # Python's cache of attributes keeps names of thousands of classes.
    assert objects < 25


def test_calls_keep_nothing_in_python(plugin: Plugin) -> None:
    memory, objects = growth(lambda: call_and_free(plugin), 500)
    assert memory < 1000
    assert objects < 100


@pytest.mark.oracle
def test_a_thousand_loads_calls_and_frees_keep_nothing_in_c() -> None:
    in_use = bytes_in_use()
    for _ in range(600):  # Until the allocator's own tables have grown.
        load_call_free()
    gc.collect()
    before = in_use()
    for _ in range(1000):
        load_call_free()
    gc.collect()
    assert in_use() - before < 1000 * 16


def bytes_in_use() -> Callable[[], int]:
    """Return what asks the C library how much is allocated; a call frees or keeps nothing."""

    class Mallinfo2(ctypes.Structure):
        """Source: malloc.h of glibc 2.33."""

        _fields_ = tuple((f"field{index}", ctypes.c_size_t) for index in range(10))

    mallinfo2 = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if mallinfo2 is None:
        pytest.skip("the C library has no mallinfo2")
    mallinfo2.restype = Mallinfo2
    return lambda: int(mallinfo2().field7)
