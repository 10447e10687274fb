"""What is rare in contracts and must work all the same, on real calls."""

from __future__ import annotations

import copy
import gc
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from abicheck.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    PluginRefused,
    UncallableError,
    UseAfterFree,
)
from abicheck.model.report import Verdict
from abicheck.report import render
from abicheck.runtime.plugin import Plugin
from abicheck.runtime.views import address_of
from tests.conftest import ROOT
from tests.runtime.opening import compiled, on_linux, opened

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.oracle, on_linux]
SOURCES = ROOT / "tests" / "oracle" / "access"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    output = tmp_path_factory.mktemp("odd") / "libodd.so"
    flags = ["-g", "-O1", "-w", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, str(SOURCES / "odd.c"), "-o", str(output)], check=True)
    return output


@pytest.fixture(scope="module")
def plugin(library: Path) -> Plugin:
    loaded = opened(library, SOURCES / "odd.toml")
    return Plugin(loaded.binding, loaded.layouts, loaded.image, loaded.report)


def test_c_reads_what_python_wrote(plugin: Plugin) -> None:
    odd = plugin.Odd(low=5, high=3, sign=plugin.Sign.Minus, on=True)
    odd["free"], odd["from"], odd["_hold"] = 1, 2, 3
    odd.grid[1][2] = 7
    odd.wrapped.value = 4.5
    blob = plugin.new("Blob")
    odd.blob = blob
    odd.words = [b"one", b"two", None]
    gc.collect()
    expected = 1 + 2 + 3 + 5 + 3 * 8 - 1000 + 10000 + 700000 + 4 + 2000000
    assert plugin.sum_odd(odd) == expected


def test_python_reads_what_c_wrote(plugin: Plugin) -> None:
    odd = plugin.Odd()
    plugin.fill_odd(odd)
    assert (odd["free"], odd["from"], odd["_hold"]) == (1, 2, 3)
    assert (odd.low, odd.high, odd.both) == (5, 17, 5 + 17 * 8)
    assert (odd.sign, odd.on) == (plugin.Sign.Minus, True)
    assert [list(row) for row in odd.grid] == [[1, 2, 3], [4, 5, 6]]
    assert odd.wrapped.value == 2.5
    assert [odd.words[index].value for index in range(2)] == [b"one", b"two"]
    assert odd.words[2] is None
    assert odd.links[0]["from"] == 77
    assert odd.links[1] is None


def test_arrays_of_functions(plugin: Plugin) -> None:
    odd = plugin.Odd()
    plugin.fill_odd(odd)
    assert (odd.table[0](4), odd.table[1](4), odd.table[2]) == (5, -4, None)
    odd.table[2] = lambda x: x * 100
    assert plugin.run_table(odd, 4) == 405


def test_a_transparent_struct_is_its_field(plugin: Plugin) -> None:
    assert plugin.unwrap(plugin.Wrapped(value=1.25)) == 1.25
    assert plugin.wrap(2.5).value == 2.5


def test_pointers_to_pointers_and_to_arrays(plugin: Plugin) -> None:
    assert plugin.all_odds()[0]["from"] == 2
    out = plugin.new("*mut Odd")
    assert out.value is None
    plugin.get_odd(out)
    assert out.value == plugin.the_odd()
    assert plugin.sum_row(plugin.new("[c_int; 3]", [1, 2, 3])) == 6
    with pytest.raises(ArgumentTypeError):
        plugin.get_odd(plugin.new("*mut Wrapped"))


def test_untyped_pointers(plugin: Plugin) -> None:
    assert plugin.is_null(None) is True
    assert plugin.is_null(b"text") is False
    odd = plugin.Odd()
    assert address_of(plugin.same(odd)) == address_of(odd)
    with pytest.raises(ArgumentTypeError):
        plugin.is_null(5)


def test_exported_functions_and_arrays_of_any_length(plugin: Plugin) -> None:
    assert plugin.hook(1) == 2
    assert plugin.no_hook is None
    plugin.no_hook = lambda x: -x
    assert plugin.no_hook(5) == -5
    plugin.no_hook = None
    assert [plugin.numbers[index] for index in range(4)] == [1, 2, 3, 4]
    with pytest.raises(TypeError):
        len(plugin.numbers)
    assert plugin.constant_of_plugin.value == 1.5


def test_exports_of_a_glob(plugin: Plugin) -> None:
    assert plugin.list_a_module == 1
    assert plugin["list_b_module"] == 2
    with pytest.raises(AttributeError):
        _ = plugin.list_c_module


def test_a_size_field_is_filled_in(plugin: Plugin) -> None:
    assert plugin.size_of(plugin.Sized(value=1)) == 8
    assert plugin.size_of(plugin.Sized(size=4)) == 4


def test_callbacks_with_structs_enums_and_user_data(plugin: Plugin) -> None:
    seen: list[object] = []
    mine = plugin.new("c_int", 5)
    plugin.visit(lambda user, odd, sign: seen.extend([user, odd["from"], sign]), mine)
    assert [address_of(seen[0]), *seen[1:]] == [address_of(mine), 2, plugin.Sign.Minus]  # type: ignore[arg-type]
    assert plugin.name_of(lambda n: b"number %d" % n, 7).value == b"number 7"


def test_an_alias_says_who_takes_back(plugin: Plugin) -> None:
    for make in (plugin.make_thing, plugin.maker.make):
        with make() as thing:
            assert plugin.count_things() == 1
        assert plugin.count_things() == 0
        with pytest.raises(UseAfterFree):
            plugin.same(thing)


def test_other_conventions_are_refused(plugin: Plugin) -> None:
    with pytest.raises(UncallableError, match="win64"):
        plugin.stdcall_like(1)


def test_many_arguments_without_names(plugin: Plugin) -> None:
    assert plugin.many(1, 1, 1, 1, 1, 1, 1, 1, 2.0, 3.0) == 41
    with pytest.raises(ArgumentTypeError, match="many: argument 9: expected f64"):
        plugin.many(1, 1, 1, 1, 1, 1, 1, 1, "2", 3.0)
    assert plugin.many(1, 1, 1, 1, 1, 1, 1, 1, argument10=3.0, argument9=2.0) == 41


def test_handles_cannot_be_copied(plugin: Plugin) -> None:
    with pytest.raises(TypeError, match="cannot be copied"):
        copy.copy(plugin.Odd())


def test_what_is_no_type_is_refused(plugin: Plugin) -> None:
    with pytest.raises(ArgumentValueError, match="c_it"):
        plugin.new("c_it")
    with pytest.raises(ArgumentTypeError):
        plugin.callback("c_int", print)


def test_what_comes_from_a_plugin_keeps_it_loaded(library: Path) -> None:
    loaded = opened(library, SOURCES / "odd.toml")
    many = Plugin(loaded.binding, loaded.layouts, loaded.image, loaded.report).many
    loaded.image.close_when_unused()
    del loaded
    gc.collect()
    assert many(1, 1, 1, 1, 1, 1, 1, 1, 2.0, 3.0) == 41


MODULE = """
typedef struct Module { int version; int (*entry)(int); int (*more[2])(int); } Module;
static int twice(int x) { return 2 * x; }
extern struct Module module;
Module module = { 1, ENTRY, { twice, MORE } };
Module *module_pointer = &module;
"""
MODULE_CONTRACT = """
contract = "module"
version  = "1.0"
format   = 1
[exports]
NAME = "static TYPE"
[structs]
Module = { fields = ["version: c_int", "entry: Step", "more: [Step; 2]"] }
[types]
Step = "fn(c_int) -> c_int"
"""


def module(directory: Path, entry: str, more: str, export: tuple[str, str]) -> Plugin:
    """Compile and load a plugin whose exported struct has these slots."""
    library = compiled(directory, MODULE, f"-DENTRY={entry}", f"-DMORE={more}")
    contract = directory / "module.toml"
    contract.write_text(MODULE_CONTRACT.replace("NAME", export[0]).replace("TYPE", export[1]))
    loaded = opened(library, contract)
    return Plugin(loaded.binding, loaded.layouts, loaded.image, loaded.report)


EXPORTS = [("module", "Module"), ("module_pointer", "*mut Module")]


@pytest.mark.parametrize("export", EXPORTS, ids=["by value", "by pointer"])
def test_sound_slots_of_exported_structs_are_accepted(
    tmp_path: Path, export: tuple[str, str]
) -> None:
    found = module(tmp_path, "twice", "twice", export)[export[0]]
    assert found.entry(4) == 8
    assert [each(5) for each in found.more] == [10, 10]


@pytest.mark.parametrize("export", EXPORTS, ids=["by value", "by pointer"])
@pytest.mark.parametrize(
    ("entry", "more", "slot"),
    [
        ("0", "twice", r"Module\.entry"),
        ("twice", "0", r"Module\.more\[1\]"),
        ("((void*)&module)", "twice", r"Module\.entry"),
    ],
)
def test_bad_slots_of_exported_structs_refuse_the_plugin(
    tmp_path: Path, export: tuple[str, str], entry: str, more: str, slot: str
) -> None:
    with pytest.raises(PluginRefused, match=slot) as caught:
        module(tmp_path, entry, more, export)
    assert caught.value.report.verdict is Verdict.INCOMPATIBLE
    assert "slot-not-callable" in render(caught.value.report)
    assert '"structs.Module' in render(caught.value.report, "json")


CONSTANTS = """
typedef struct Limits { int low; unsigned on : 3; short pair[2]; } Limits;
const Limits limits = { 4, 1, { 1, 2 } };
const int row[2] = { 1, 2 };
int last = 7;
int *const pointer = &last;
Limits open = { 5, 0, { 0, 0 } };
"""
CONSTANTS_CONTRACT = """
contract = "constants"
version  = "1.0"
format   = 1
[exports]
limits  = "static Limits"
row     = "static [c_int; 2]"
pointer = "static *mut c_int"
open    = "static mut Limits"
[structs]
Limits = { fields = ["low: c_int", "on: c_uint : 3", "pair: [c_short; 2]"] }
"""


@pytest.fixture(scope="module")
def constants(tmp_path_factory: pytest.TempPathFactory) -> Plugin:
    directory = tmp_path_factory.mktemp("constants")
    contract = directory / "constants.toml"
    contract.write_text(CONSTANTS_CONTRACT)
    loaded = opened(compiled(directory, CONSTANTS), contract)
    return Plugin(loaded.binding, loaded.layouts, loaded.image, loaded.report)


@pytest.mark.parametrize(
    "change",
    [
        "plugin.limits.low = 3",
        "plugin.limits.on = 3",
        "plugin.limits.pair = [1]",
        "plugin.limits.pair[1] = 3",
        "plugin.row[1] = 3",
    ],
)
def test_a_constant_of_the_plugin_cannot_be_changed(constants: Plugin, change: str) -> None:
    with pytest.raises(ArgumentTypeError, match="constant of the plugin"):
        exec(change, {"plugin": constants})


def test_what_is_no_constant_can_be_changed(constants: Plugin) -> None:
    constants.open.low = 9
    constants.open.pair[1] = 3
    constants.pointer.value = 8
    assert (constants.open.low, list(constants.open.pair)) == (9, [0, 3])
    assert constants.pointer.value == 8


def test_what_has_no_known_end_cannot_be_gone_through(constants: Plugin) -> None:
    endless: list[Any] = [constants, constants.limits, constants.pointer, constants.new("c_int")]
    for each in endless:
        with pytest.raises(TypeError, match="not iterable"):
            list(each)
