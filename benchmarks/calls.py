"""Measures a call through a loaded plugin against the same call written by hand with ctypes.

    python benchmarks/calls.py [--cffi] [--markdown]

The plugin is compiled with gcc. Each figure is the least of many rounds, since whatever else the
machine does only adds; the rounds of all contestants take turns.
"""

from __future__ import annotations

import argparse
import ctypes
import subprocess
import tempfile
import timeit
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import abicheck

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[..., object]

ROUNDS, REPEATS = 400, 500
SOURCE = """
#include <stdio.h>
#include <stdlib.h>
typedef struct Greeter {
    const char *(*greet)(const char *name);
    int (*add)(int a, int b);
} Greeter;
int add(int a, int b) { return a + b; }
static const char *greet(const char *name)
{
    char *text = malloc(80);
    snprintf(text, 80, "Hello, %s!", name);
    return text;
}
Greeter *load_plugin(void)
{
    Greeter *greeter = malloc(sizeof *greeter);
    *greeter = (Greeter){greet, add};
    return greeter;
}
void free_greeter(Greeter *greeter) { free(greeter); }
void free_greeting(const char *greeting) { free((void *)greeting); }
"""
CONTRACT = """
contract = "calls"
version = "1.0"
format = 1
[exports]
add = "fn(a: c_int, b: c_int) -> c_int"
free_greeter = "fn(*mut Greeter)"
free_greeting = "fn(*const c_char)"
load_plugin = { type = "fn() -> *mut Greeter", free = "free_greeter" }
[structs.Greeter]
fields = [
  { name = "greet", type = "fn(name: *const c_char) -> *const c_char", free = "free_greeting" },
  "add: fn(a: c_int, b: c_int) -> c_int",
]
"""
DECLARATIONS = """
typedef struct Greeter {
    const char *(*greet)(const char *name);
    int (*add)(int a, int b);
} Greeter;
int add(int a, int b);
Greeter *load_plugin(void);
void free_greeter(Greeter *greeter);
void free_greeting(const char *greeting);
"""


class Greeter(ctypes.Structure):
    """The struct as somebody would write it by hand."""

    _fields_ = (
        ("greet", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p)),
        ("add", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int)),
    )


class Text:
    """An owned string as a careful person would write it by hand: freed once, or at last."""

    __slots__ = ("address",)
    free: Call

    def __init__(self, address: int) -> None:
        """Own what is at an address."""
        self.address: int | None = address

    @property
    def value(self) -> bytes:
        """The characters."""
        if self.address is None:
            raise ValueError("it was freed")
        return ctypes.string_at(self.address)

    def __enter__(self) -> Self:
        """Use it in a block."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Free it."""
        address, self.address = self.address, None
        if address is not None:
            Text.free(address)

    def __del__(self) -> None:
        """Free it if nobody did."""
        if self.address is not None:
            Text.free(self.address)


def by_hand(file: Path) -> dict[str, Call]:
    """Return the calls as somebody would write them with ctypes, with all types stated."""
    library = ctypes.CDLL(str(file))
    add, load, free = library.add, library.load_plugin, library.free_greeting
    add.argtypes, add.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    load.restype = ctypes.POINTER(Greeter)
    free.argtypes, free.restype = (ctypes.c_void_p,), None
    greeter = load().contents
    greet, string_at = greeter.greet, ctypes.string_at

    def greeting() -> bytes:
        pointer = greet(b"World")
        try:
            return string_at(pointer)
        finally:
            free(pointer)

    Text.free = free

    def owned() -> bytes:
        with Text(greet(b"World")) as text:
            return text.value

    return {
        "add(1, 2)": lambda: add(1, 2),
        "greeter.add(1, 2)": lambda: greeter.add(1, 2),
        "greet, read, free": greeting,
        "the same, owned": owned,
    }


def typed(file: Path, contract: Path) -> dict[str, Call]:
    """Return the same calls through abicheck."""
    plugin: Any = abicheck.load(str(file), str(contract))
    greeter, add = plugin.load_plugin(), plugin.add

    def greeting() -> bytes:
        with greeter.greet(b"World") as text:
            value: bytes = text.value
            return value

    return {
        "add(1, 2)": lambda: add(1, 2),
        "greeter.add(1, 2)": lambda: greeter.add(1, 2),
        "greet, read, free": greeting,
        "the same, owned": greeting,
    }


def with_cffi(file: Path) -> dict[str, Call]:
    """Return the same calls through cffi in its ABI mode, which compiles nothing."""
    import cffi  # type: ignore[import-untyped]  # noqa: PLC0415 (only when asked for)

    ffi = cffi.FFI()
    ffi.cdef(DECLARATIONS)
    library = ffi.dlopen(str(file))
    greeter, add = library.load_plugin(), library.add

    def greeting() -> bytes:
        pointer = greeter.greet(b"World")
        try:
            value: bytes = ffi.string(pointer)
            return value
        finally:
            library.free_greeting(pointer)

    return {
        "add(1, 2)": lambda: add(1, 2),
        "greeter.add(1, 2)": lambda: greeter.add(1, 2),
        "greet, read, free": greeting,
    }


def measure(contestants: dict[str, dict[str, Call]]) -> dict[str, dict[str, float]]:
    """Return for each call and contestant the nanoseconds of one call."""
    best: dict[str, dict[str, float]] = {}
    empty = min(timeit.repeat(lambda: None, number=REPEATS, repeat=ROUNDS))
    for _ in range(ROUNDS):
        for name, calls in contestants.items():
            for call, function in calls.items():
                took = (timeit.timeit(function, number=REPEATS) - empty) / REPEATS * 1e9
                row = best.setdefault(call, {})
                row[name] = min(row.get(name, took), took)
    return best


def main() -> None:
    """Compile, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cffi", action="store_true", help="beside cffi")
    parser.add_argument("--markdown", action="store_true", help="as a table of Markdown")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        source, file = Path(directory, "calls.c"), Path(directory, "libcalls.so")
        contract = Path(directory, "calls.toml")
        source.write_text(SOURCE)
        contract.write_text(CONTRACT)
        command = ["gcc", "-g", "-O2", "-shared", "-fPIC", str(source), "-o", str(file)]
        subprocess.run(command, check=True)
        contestants = {"ctypes": by_hand(file), "abicheck": typed(file, contract)}
        if arguments.cffi:
            contestants["cffi"] = with_cffi(file)
        show(measure(contestants), list(contestants), markdown=arguments.markdown)


def show(best: dict[str, dict[str, float]], names: list[str], *, markdown: bool) -> None:
    """Print a line for each call."""
    start, between, end = ("| ", " | ", " |") if markdown else ("", "  ", "")
    heads = ["call", *names, "abicheck / ctypes"]
    print(start + between.join(heads) + end)
    if markdown:
        print("| --- " * len(heads) + "|")
    for call, row in best.items():
        cells = [f"{row[name]:.0f} ns" if name in row else "" for name in names]
        ratio = f"{row['abicheck'] / row['ctypes']:.2f}"
        print(start + between.join([call, *cells, ratio]) + end)


if __name__ == "__main__":
    main()
