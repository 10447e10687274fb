"""A plugin that is loaded twice is the same object, whoever loads it, until it is unloaded."""

from __future__ import annotations

import ctypes
import gc
import os
import shutil
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.runtime.registry import REGISTRY
from tests.conftest import ROOT, binary
from tests.runtime.opening import CALLED, CONTRACT, compiled, mapped, on_linux, placed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [on_linux, pytest.mark.usefixtures("unloading")]

GREETER = ROOT / "schemas" / "greeter.toml"


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """Return a plugin that no other test has loaded."""
    return placed("libmarks.so", tmp_path)


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file in which plugins note that something of them ran."""
    file = tmp_path / "marks"
    monkeypatch.setenv("LOADING_MARKS", str(file))
    return file


def test_plugin_loaded_twice_is_the_same_object(plugin: Path, marks: Path) -> None:
    first = abicheck.load(plugin, CONTRACT)
    assert abicheck.load(str(plugin), abicheck.parse_contract(CONTRACT)) is first
    assert marks.read_text() == "begin 1\n"
    first.unload()


def test_rewritten_file_of_the_same_bytes_is_the_same_object(plugin: Path) -> None:
    first = abicheck.load(plugin, CONTRACT)
    os.replace(shutil.copy(plugin, plugin.with_suffix(".new")), plugin)
    assert abicheck.load(plugin, CONTRACT) is first
    first.unload()


def test_link_to_a_plugin_is_the_same_object(plugin: Path, tmp_path: Path) -> None:
    (tmp_path / "link.so").symlink_to(plugin)
    first = abicheck.load(plugin, CONTRACT)
    assert abicheck.load(tmp_path / "link.so", CONTRACT) is first
    first.unload()


def test_copy_of_a_plugin_is_a_plugin_of_its_own(plugin: Path, tmp_path: Path) -> None:
    first = abicheck.load(plugin, CONTRACT)
    second = abicheck.load(shutil.copy(plugin, tmp_path / "copy.so"), CONTRACT)
    assert second is not first
    first.unload()
    assert second.answer() == 1
    second.unload()


def test_another_contract_shares_the_image(plugin: Path, marks: Path) -> None:
    first, second = abicheck.load(plugin, CONTRACT), abicheck.load(plugin, CALLED)
    assert first is not second
    assert marks.read_text() == "begin 1\ndetails\n"
    assert "another contract" in (first.unload() or "")
    assert second.answer() == 1
    assert second.unload() is None
    assert marks.read_text().endswith("end 1\n")


def test_second_version_from_the_same_path_is_handed_out(plugin: Path) -> None:
    first = abicheck.load(plugin, CONTRACT)
    os.replace(placed("libmarks-2.so", plugin.parent), plugin)
    second = abicheck.load(plugin, CONTRACT)
    assert (first.answer(), second.answer()) == (1, 2)
    first.unload()
    second.unload()


def test_unloaded_plugin_is_loaded_anew(plugin: Path, marks: Path) -> None:
    first = abicheck.load(plugin, CONTRACT)
    assert first.unload() is None
    second = abicheck.load(plugin, CONTRACT)
    assert second is not first
    assert second.answer() == 1
    assert marks.read_text() == "begin 1\nend 1\nbegin 1\n"
    second.unload()


def test_plugin_stays_loaded_though_nobody_holds_it(plugin: Path, marks: Path) -> None:
    abicheck.load(plugin, CONTRACT)
    assert marks.read_text() == "begin 1\n"
    assert [each.file for each in REGISTRY].count(str(plugin)) == 1
    abicheck.load(plugin, CONTRACT).unload()


def test_unknown_pin_is_said_to_be_one(plugin: Path) -> None:
    with pytest.raises(ValueError, match="pin is"):
        abicheck.load(plugin, CONTRACT, pin="memory")


def test_threads_that_load_the_same_plugin_share_one(plugin: Path, marks: Path) -> None:
    contract = abicheck.parse_contract(CONTRACT)
    found: list[abicheck.Plugin] = []
    barrier = threading.Barrier(12)

    def load() -> None:
        barrier.wait()
        found.append(abicheck.load(plugin, contract))

    threads = [threading.Thread(target=load) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len({id(each) for each in found}) == 1
    assert marks.read_text() == "begin 1\n"
    found[0].unload()


@pytest.mark.filterwarnings("ignore:This process")  # Python 3.12 warns of what is tested here.
def test_child_of_a_fork_can_load_while_a_thread_of_the_parent_does(plugin: Path) -> None:
    contract = abicheck.parse_contract(CONTRACT)
    loading, forked = threading.Event(), threading.Event()

    def load_slowly() -> None:
        with REGISTRY._loading:  # noqa: SLF001  As a slow constructor does.
            loading.set()
            forked.wait(30)

    thread = threading.Thread(target=load_slowly)
    thread.start()
    loading.wait(30)
    child = os.fork()
    if not child:
        signal.alarm(20)
        code = 1
        try:
            code = 0 if abicheck.load(plugin, contract).answer() == 1 else 1
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    forked.set()
    thread.join()
    assert status == 0


@pytest.mark.oracle
def test_slow_constructor_runs_once_however_many_wait_for_it(tmp_path: Path, marks: Path) -> None:
    source = (
        "#include <fcntl.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
        "unsigned answer(void) { return 1; }\nconst unsigned PLUGIN_VERSION = 1;\n"
        "__attribute__((constructor)) static void begin(void) { usleep(100000);"
        '  int f = open(getenv("LOADING_MARKS"), O_WRONLY | O_CREAT | O_APPEND, 0600);'
        '  if (write(f, "begin\\n", 6) != 6) abort(); close(f); }\n'
    )
    plugin, contract = compiled(tmp_path, source), abicheck.parse_contract(CONTRACT)
    found: list[abicheck.Plugin] = []
    threads = [
        threading.Thread(target=lambda: found.append(abicheck.load(plugin, contract)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(each) for each in found}) == 1
    assert marks.read_text() == "begin\n"


CALLING_BACK = """
import sys, threading, time, types
sys.path.insert(0, {root!r})
import abicheck

contract = abicheck.parse_contract({contract!r})
begun = threading.Event()

def load_the_inner_one():
    begun.set()
    time.sleep(0.3)
    abicheck.load({inner!r}, contract)

hook = types.ModuleType("hook")
hook.run = load_the_inner_one
sys.modules["hook"] = hook
threads = [
    threading.Thread(target=lambda: abicheck.load({outer!r}, contract)),
    threading.Thread(target=lambda: (begun.wait(), abicheck.load({inner!r}, contract))),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(abicheck.load({outer!r}, contract).answer(), abicheck.load({inner!r}, contract).answer())
"""


@pytest.mark.oracle
def test_constructor_that_loads_what_another_thread_is_loading_does_not_wait_for_ever(
    plugin: Path, tmp_path: Path
) -> None:
    source = (
        "int PyGILState_Ensure(void); void PyGILState_Release(int);\n"
        "int PyRun_SimpleString(const char *);\n"
        "unsigned answer(void) { return 5; }\nconst unsigned PLUGIN_VERSION = 1;\n"
        "__attribute__((constructor)) static void begin(void) { int s = PyGILState_Ensure();"
        ' PyRun_SimpleString("import hook; hook.run()"); PyGILState_Release(s); }\n'
    )
    script = CALLING_BACK.format(
        root=str(ROOT), contract=str(CONTRACT), inner=str(plugin),
        outer=str(compiled(tmp_path, source)),
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "5 1\n"


def test_a_thousand_loads_and_unloads_leak_nothing(plugin: Path) -> None:
    contract = abicheck.parse_contract(CONTRACT)

    def use(times: int) -> None:
        for _ in range(times):
            loaded = abicheck.load(plugin, contract)
            assert loaded.answer() == 1
            loaded.unload()
        gc.collect()

    use(100)
    before, held = footprint(), in_use()
    use(1000)
    assert footprint() == before
    assert in_use() - held < 100_000  # A hundred bytes for each, where one plugin has 11 000.


def footprint() -> tuple[int, int, int]:
    """Return how many descriptors are open, plugins mapped, and objects alive, in hundreds."""
    descriptors = os.listdir("/proc/self/fd")
    return len(descriptors), len(mapped("libmarks")), len(gc.get_objects()) // 100


MALLINFO = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


class Mallinfo(ctypes.Structure):
    """Source: glibc 2.33, malloc.h, `struct mallinfo2`."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in MALLINFO.split())


def in_use() -> int:
    """Return how many bytes of C's heap are in use."""
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = Mallinfo
    return int(mallinfo().uordblks)


def test_greeter_of_the_readme_greets() -> None:
    with (
        abicheck.load(
            binary("greeter/libgreeter-good.so"), CONTRACT.parents[2] / "schemas" / "greeter.toml"
        ) as loaded,
        loaded.load_plugin() as greeter,
        greeter.greet(b"World") as text,
    ):
        assert text.value == b"Hello, World!"
