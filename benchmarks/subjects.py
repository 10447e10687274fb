"""Make the big plugins that the benchmarks read: many real headers, thousands of units.

    python benchmarks/subjects.py                 list them
    python benchmarks/subjects.py all             build every one that the tools here can make
    python benchmarks/subjects.py cpp-x8 --in DIR

Some dozens of units that include many headers of the C++ library are compiled once and
joined; copies of that, with their symbols renamed, are linked around one unit that has the
greeter's interface. One part (`x1`) is about 60 MB and 260 units, `x8` eight times that. What
exists is used again, so that a changed recipe needs a new directory.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures" / "greeter"
DIRECTORY = Path(tempfile.gettempdir()) / "abicheck-benchmarks"
COPIES = 5
"""Copies of the joined units that make one part."""

# fmt: off
HEADERS = (
    "algorithm", "array", "bitset", "chrono", "complex", "deque", "fstream", "functional",
    "future", "iomanip", "iostream", "limits", "list", "map", "memory", "mutex", "numeric",
    "optional", "queue", "random", "set", "sstream", "stdexcept", "string", "thread", "tuple",
    "unordered_map", "unordered_set", "utility", "valarray", "variant", "vector", "regex",
    "filesystem", "atomic", "locale", "condition_variable", "cmath", "cstdio", "cstdlib",
    "ctime", "dirent.h", "fcntl.h", "netdb.h", "poll.h", "pthread.h", "signal.h",
    "sys/socket.h", "sys/stat.h", "sys/types.h", "termios.h", "unistd.h", "netinet/in.h",
    "sys/resource.h",
)
# fmt: on

UNIT = """\
{includes}
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace unit_{number} {{
struct Item {{
    std::string name;
    std::map<std::string, std::vector<int>> table;
    std::variant<int, double, std::string> value;
    std::shared_ptr<Item> next;
    int counts[{number} + 1];
}};
std::unordered_map<std::string, Item> items;
int weigh(const std::string &key, int by)
{{
    Item &item = items[key];
    std::sort(item.table[key].begin(), item.table[key].end());
    std::function<int(int)> sum = [&](int more) {{ return more + int(item.table.size()); }};
    return sum(by) + item.counts[0];
}}
}}
"""

VOID_PLUGIN = """\
#include <stdlib.h>
const unsigned int GREETER_ABI_VERSION = 0x00010002;
{definition}
void *load_plugin(void) {{ return calloc(1, 8); }}
void free_greeter(void *greeter) {{ {use}; free(greeter); }}
void free_greeting(const char *greeting) {{ free((void *)greeting); }}
"""

DEFINITION = """\
struct Greeter { const char *(*greet)(const char *name); };
const char *speak(struct Greeter *greeter) { return greeter->greet("you"); }
"""


class AbsentError(Exception):
    """A tool that a subject needs is not installed."""


def tool(name: str) -> str:
    """Return a tool's path."""
    path = shutil.which(name)
    if path is None:
        raise AbsentError(f"{name} is not installed")
    return path


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Run one command of a recipe, quietly and out of the way of others."""
    words = [tool(str(command[0])), *map(str, command[1:])]
    done = subprocess.run(["nice", *words], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)[:300]}\n{done.stderr[:2000]}")


@dataclass(frozen=True)
class Workshop:
    """A directory for subjects and for what they are made of."""

    directory: Path
    parts: dict[str, Path] = field(default_factory=dict)

    def joined(self, compiler: str, *flags: str) -> Path:
        """Return the heavy units of one compiler as one relocatable file."""
        key = "".join(each if each.isalnum() else "-" for each in f"{compiler}{''.join(flags)}")
        folder = self.directory / "parts" / key
        joined = folder / "joined.o"
        if not joined.exists():
            tool(compiler)
            folder.mkdir(parents=True, exist_ok=True)
            objects = [folder / f"unit_{number}.o" for number in range(len(HEADERS))]

            def compile_unit(number: int) -> None:
                # Each unit has its own share of the headers, as units of one program have.
                share = [HEADERS[(number * 7 + step * 3) % len(HEADERS)] for step in range(6)]
                includes = "\n".join(f"#include <{name}>" for name in dict.fromkeys(share))
                source = folder / f"unit_{number}.cc"
                source.write_text(UNIT.format(includes=includes, number=number))
                options = ("-std=c++17", "-g", "-O0", "-fPIC", "-fno-use-cxa-atexit", *flags)
                run(compiler, *options, "-c", source, "-o", objects[number])

            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(compile_unit, range(len(objects))))
            run("ld", "-r", "-o", joined, *objects)
            for each in objects:
                each.unlink()
        return joined

    def multiplied(self, output: Path, joined: Path, plugin: Path, parts: int, *more: Path) -> None:
        """Link copies of the joined units around the plugin's own unit."""
        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            copies = [Path(scratch) / f"copy_{number}.o" for number in range(COPIES * parts)]

            def copy(number: int) -> None:
                run("objcopy", f"--prefix-symbols=c{number}_", joined, copies[number])

            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(copy, range(len(copies))))
            middle = len(copies) // 2
            order = [*copies[:middle], plugin, *more, *copies[middle:]]
            linkers = ("ld.lld", "ld.gold", "ld")
            linker = next((each for each in linkers if shutil.which(each)), linkers[-1])
            run(linker, "-shared", "--build-id=sha1", "-o", output, *order)

    def unit(self, name: str, compiler: str, *flags: str | Path) -> Path:
        """Return one compiled unit with the plugin's interface."""
        made = self.directory / "parts" / f"{name}.o"
        made.parent.mkdir(parents=True, exist_ok=True)
        run(compiler, "-g", "-O1", "-fPIC", "-c", *map(str, flags), "-o", made)
        return made

    def source(self, name: str, text: str) -> Path:
        """Return a file with this text."""
        made = self.directory / "parts" / name
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(text)
        return made


def small(_shop: Workshop, output: Path, *faults: str) -> None:
    """Make the greeter in C."""
    run("gcc", "-g", "-O1", "-shared", "-fPIC", *faults, FIXTURES / "greeter.c", "-o", output)


def small_failing(shop: Workshop, output: Path) -> None:
    """Make the greeter in C with a field inserted and another version."""
    small(shop, output, "-DFIELD_INSERTED", "-DOTHER_VERSION", "-DMISSING_EXPORT")


def rust(_shop: Workshop, output: Path) -> None:
    """Make the greeter in Rust with the debug information of its standard library."""
    options = ("--edition", "2021", "--crate-type", "cdylib", "-g", "-C", "strip=none")
    run("rustc", *options, FIXTURES / "greeter.rs", "-o", output)


def cpp(
    shop: Workshop, output: Path, parts: int, compiler: str = "g++", flags: tuple[str, ...] = ()
) -> None:
    """Make a C++ program of many units with the greeter's unit in the middle."""
    joined = shop.joined(compiler, *flags)
    by = {"g++": "gcc", "clang++": "clang"}[compiler]
    plugin = shop.unit(f"greeter-{by}", by, FIXTURES / "greeter.c")
    shop.multiplied(output, joined, plugin, parts)


def heavy_unit(shop: Workshop, output: Path, parts: int) -> None:
    """Make a C++ program whose exporting unit includes every header itself."""
    includes = "\n".join(f"#include <{name}>" for name in HEADERS)
    text = UNIT.format(includes=includes, number=1000)
    interface = (FIXTURES / "greeter.h").read_text()
    body = """
        const unsigned int GREETER_ABI_VERSION = GREETER_VERSION;
        static const char *greet(const char *name) { return name; }
        Greeter *load_plugin(void) { static Greeter only; only.greet = greet; return &only; }
        void free_greeter(Greeter *) {}
        void free_greeting(const char *) {}
    """
    source = shop.source("heavy.cc", f'{text}\nextern "C" {{\n{interface}\n{body}\n}}\n')
    plugin = shop.unit("heavy", "g++", "-std=c++17", "-fno-use-cxa-atexit", source)
    shop.multiplied(output, shop.joined("g++"), plugin, parts)


def void_entry(shop: Workshop, output: Path, parts: int, *, is_near: bool) -> None:
    """Make a C++ program whose struct no export leads to: its entry points take `void *`."""
    near = VOID_PLUGIN.format(definition=DEFINITION, use="speak(greeter)")
    far = VOID_PLUGIN.format(definition="char *speak(void *);", use="speak(greeter)")
    name = "void-near" if is_near else "void-far"
    plugin = shop.unit(name, "gcc", shop.source(f"{name}.c", near if is_near else far))
    more = [] if is_near else [shop.unit("definer", "gcc", shop.source("definer.c", DEFINITION))]
    shop.multiplied(output, shop.joined("g++"), plugin, parts, *more)


def exports(shop: Workshop, output: Path, count: int) -> None:
    """Make the greeter with so many exported functions more."""
    text = "".join(
        f".globl extra_{number}\n.type extra_{number},@function\nextra_{number}: ret\n"
        for number in range(count)
    )
    source = shop.source("exports.s", f".text\n{text}.section .note.GNU-stack\n")
    run("gcc", "-g", "-O1", "-shared", "-fPIC", FIXTURES / "greeter.c", source, "-o", output)


def compressed(shop: Workshop, output: Path, of: str, how: str) -> None:
    """Compress the debug sections of another subject."""
    run("objcopy", f"--compress-debug-sections={how}", build(of, shop.directory), output)


RECIPES: dict[str, tuple[Callable[..., None], dict[str, Any]]] = {
    "small": (small, {}),
    "small-failing": (small_failing, {}),
    "rust": (rust, {}),
    "cpp-x1": (cpp, {"parts": 1}),
    "cpp-x8": (cpp, {"parts": 8}),
    "clang-x1": (cpp, {"parts": 1, "compiler": "clang++", "flags": ("-fstandalone-debug",)}),
    "clang-x8": (cpp, {"parts": 8, "compiler": "clang++", "flags": ("-fstandalone-debug",)}),
    "type-units-x1": (cpp, {"parts": 1, "flags": ("-fdebug-types-section",)}),
    "type-units-x8": (cpp, {"parts": 8, "flags": ("-fdebug-types-section",)}),
    "heavy-unit-x1": (heavy_unit, {"parts": 1}),
    "void-near-x1": (void_entry, {"parts": 1, "is_near": True}),
    "void-near-x8": (void_entry, {"parts": 8, "is_near": True}),
    "void-far-x1": (void_entry, {"parts": 1, "is_near": False}),
    "void-far-x8": (void_entry, {"parts": 8, "is_near": False}),
    "exports-100000": (exports, {"count": 100_000}),
    "zlib-x1": (compressed, {"of": "cpp-x1", "how": "zlib"}),
    "zlib-x8": (compressed, {"of": "cpp-x8", "how": "zlib"}),
    "zstd-x1": (compressed, {"of": "cpp-x1", "how": "zstd"}),
    "zstd-x8": (compressed, {"of": "cpp-x8", "how": "zstd"}),
}
"""Name of a subject -> what makes it: a function and its arguments."""


def build(name: str, directory: Path = DIRECTORY) -> Path:
    """Return a subject, made if it is not there yet.

    Raises: AbsentError if a tool for it is not installed.
    """
    output = directory / f"{name}.so"
    if not output.exists():
        directory.mkdir(parents=True, exist_ok=True)
        unfinished = directory / f"{name}.unfinished"
        make, arguments = RECIPES[name]
        make(Workshop(directory), unfinished, **arguments)
        unfinished.rename(output)
    return output


def main() -> None:
    """List or build subjects."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a subject, or all")
    parser.add_argument("--in", dest="directory", type=Path, default=DIRECTORY)
    arguments = parser.parse_args()
    names = list(RECIPES) if arguments.names == ["all"] else arguments.names
    if not names:
        print(*RECIPES, sep="\n")
    for name in names:
        try:
            path = build(name, arguments.directory)
        except AbsentError as error:
            print(f"{name}: not built: {error}", file=sys.stderr)
        else:
            print(f"{path} {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
