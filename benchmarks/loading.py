"""What loading costs: a verified plugin beside a bare `ctypes.CDLL`, in a process that is warm.

    python benchmarks/loading.py

Times are CPU time, user and system. Each figure is the median of many repetitions, taken in turns
with the others, so that whatever else the machine does hits all of them alike.
"""

from __future__ import annotations

import _ctypes
import ctypes
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import abicheck
from abicheck.runtime import demands
from abicheck.runtime.content import read_content
from abicheck.runtime.examining import Demand
from abicheck.runtime.loading import load_content
from abicheck.runtime.remembering import Memory

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
GREETER = ROOT / "fixtures" / "greeter" / "libgreeter-good.so"
CONTRACT = abicheck.parse_contract(ROOT / "schemas" / "greeter.toml")
ROUNDS, AT_ONCE, MANY = 40, 10, 500


def bare() -> None:
    """Load and unload the greeter by ctypes alone."""
    _ctypes.dlclose(ctypes.CDLL(str(GREETER))._handle)  # noqa: SLF001 (there is no other)


def loaded(memory: Memory | None) -> None:
    """Verify, load and unload the greeter; remembered, if there is a memory."""
    content = read_content(str(GREETER))
    load_content(content, Demand(CONTRACT, memory=memory)).image.close()
    content.close()


def whole(memory: Path | None) -> None:
    """Do the same by the public function, with what gives typed access."""
    abicheck.load(GREETER, CONTRACT, cache=memory).unload()


def again() -> None:
    """Ask for a plugin that is loaded already."""
    abicheck.load(GREETER, CONTRACT)


def measure(tasks: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Return the median of each task, in milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        for _ in range(AT_ONCE):
            task()
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            start = time.process_time()
            for _ in range(AT_ONCE):
                task()
            times[name].append((time.process_time() - start) / AT_ONCE * 1000)
    return {name: statistics.median(each) for name, each in times.items()}


def discovered(directory: Path, cache: Path | None) -> float:
    """Return the seconds in which a loader has found and loaded all plugins of a directory."""
    start = time.process_time()
    loader = abicheck.loader(CONTRACT, [directory], cache=cache)
    spent = time.process_time() - start
    assert len(loader) == MANY
    for plugin in loader:
        plugin.unload()
    return spent


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as parent:
        cache, plugins = Path(parent) / "cache", Path(parent) / "plugins"
        disk = Memory(str(cache))

        def from_disk() -> None:
            disk.forget()
            loaded(disk)

        figures = measure(
            {
                "ctypes.CDLL alone": bare,
                "verified and loaded": lambda: loaded(None),
                "loaded, remembered in memory": lambda: loaded(disk),
                "loaded, remembered on disk": from_disk,
                "abicheck.load and unload, remembered": lambda: whole(cache),
            }
        )
        floor = figures["ctypes.CDLL alone"]
        for name, milliseconds in figures.items():
            print(f"{name:40} {milliseconds:6.3f} ms  {milliseconds - floor:+.3f}")
        abicheck.load(GREETER, CONTRACT)
        (ready,) = measure({"again": again}).values()
        print(f"{'abicheck.load of what is loaded':40} {ready:6.3f} ms")
        plugins.mkdir()
        for number in range(MANY):
            shutil.copy(GREETER, plugins / f"lib{number}.so")
        fresh = Path(parent) / "fresh"
        first = discovered(plugins, fresh)
        demands.forget()
        second = discovered(plugins, fresh)
        print(f"{MANY} plugins discovered and loaded: {first:.2f} s, remembered {second:.2f} s")
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
