"""Pointers in the data of plugins for every machine: ours against what the C source says.

Addresses of what is not exported come from .symtab, by pyelftools.
"""

from __future__ import annotations

import functools
import importlib.util
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from abicheck.evidence import read_plugin
from abicheck.evidence.elf.reader import ElfEvidence
from abicheck.model.evidence import Observed, PointerValue, Unseen

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

SOURCE = """
extern int host_value, host_function(int), weak_value __attribute__((weak));
static int own_data[4] = {1, 2, 3, 4};
static __attribute__((noinline)) int own_function(int x) { return x * 3 + own_data[x & 3]; }
int exported_function(int x) { return own_function(x) + host_function(host_value); }
int exported_data[3] = {7, 8, 9};
struct inner { const char *label; long number; };
static const struct inner other = {"other label", -5};
struct table {
  const char *name; int (*own)(int); int (*exported)(int); int *data, *middle;
  int *shared, *second, *host, *next; int (*host_function)(int); int *weak; void *nothing;
  int *sentinel; unsigned long number; struct inner inners[2]; const struct inner *nested;
};
#define TABLE { "hello", own_function, exported_function, own_data, own_data + 2, exported_data, \\
  exported_data + 1, &host_value, &host_value + 1, host_function, &weak_value, 0, (int *)-1, \\
  0xdeadbeef, {{"first", 1}, {"second", 2}}, &other }
const struct table constant = TABLE;
struct table variable = TABLE;
struct table *const tables[] = {&variable, (struct table *)&constant, 0};
char zeros[64];
"""

ZIG_TARGETS = [
    "x86_64-linux-gnu", "x86_64-linux-gnux32", "x86-linux-gnu", "aarch64-linux-gnu",
    "arm-linux-gnueabihf", "arm-linux-gnueabi", "thumb-linux-gnueabihf", "riscv32-linux-gnu",
    "riscv64-linux-gnu", "powerpc-linux-gnueabihf", "powerpc64-linux-gnu",
    "powerpc64le-linux-gnu", "s390x-linux-gnu", "mips-linux-gnueabihf", "mipsel-linux-gnueabihf",
    "mips64-linux-gnuabi64", "mips64el-linux-gnuabi64", "mips64-linux-gnuabin32",
    "loongarch64-linux-gnu",
]  # fmt: skip

PACKED = [
    (target, packing)
    for target in ("x86_64-linux-gnu", "i386-linux-gnu", "aarch64-linux-android",
                   "armv7a-linux-androideabi", "riscv64-linux-gnu", "powerpc64le-linux-gnu")
    for packing in ("relr", "android", "android+relr")
]  # fmt: skip


def run(*command: str) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "tables.c"
    file.write_text(SOURCE)
    return file


@pytest.mark.skipif(importlib.util.find_spec("ziglang") is None, reason="ziglang is not installed")
@pytest.mark.parametrize("target", ZIG_TARGETS)
def test_pointers_built_by_zig(source: Path, target: str) -> None:
    plugin = source.with_suffix(".so")
    run(
        sys.executable, "-m", "ziglang", "cc", "-target", target, "-g", "-O1", "-shared", "-fPIC",
        "-nostdlib", "-fno-sanitize=undefined", "-Wl,--allow-shlib-undefined",
        str(source), "-o", str(plugin),
    )  # fmt: skip
    check(plugin)


@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
@pytest.mark.parametrize(
    "option",
    [
        "-Wl,--hash-style=sysv", "-Wl,--hash-style=gnu", "-Wl,--hash-style=both,-z,now",
        "-Wl,-z,pack-relative-relocs", "-Wl,-z,nocombreloc", "-Wl,-z,noseparate-code",
    ],
)  # fmt: skip
def test_pointers_built_by_gcc(source: Path, option: str) -> None:
    plugin = source.with_suffix(".so")
    run("gcc", "-g", "-O1", "-shared", "-fPIC", option, str(source), "-o", str(plugin))
    check(plugin)


@pytest.mark.skipif(
    not (shutil.which("clang") and shutil.which("ld.lld")), reason="clang and lld are not installed"
)
@pytest.mark.parametrize(("target", "packing"), PACKED)
def test_pointers_packed_by_lld(source: Path, target: str, packing: str) -> None:
    plugin, compiled = source.with_suffix(".so"), str(source.with_suffix(".o"))
    run("clang", "-target", target, "-g", "-O1", "-fPIC", "-c", str(source), "-o", compiled)
    tags = [] if packing == "relr" else ["--use-android-relr-tags"]
    run("ld.lld", "-shared", f"--pack-dyn-relocs={packing}", *tags, compiled, "-o", str(plugin))
    check(plugin)


def check(plugin: Path) -> None:
    """Compare every pointer of both tables."""
    with plugin.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        symbols = {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}
    (evidence,) = read_plugin(str(plugin))
    assert isinstance(evidence, ElfEvidence)
    for name in ("constant", "variable"):
        symbol = evidence.find_export(name)
        assert symbol is not None
        assert symbol.is_writable is (name == "variable")
        check_table(evidence, symbol.address, symbols)
    tables, word = evidence.find_export("tables"), evidence.elf.word_size
    assert tables is not None
    assert [pointer(evidence, tables.address + at * word) for at in range(3)] == [
        PointerValue(address=symbols["variable"]),
        PointerValue(address=symbols["constant"]),
        PointerValue(),
    ]
    zeros = evidence.find_export("zeros")
    assert zeros is not None
    assert isinstance(evidence.memory.read(zeros.address, 4), Unseen)


def pointer(evidence: ElfEvidence, address: int) -> PointerValue | Unseen:
    seen = evidence.memory.pointer(address)
    return seen.value if isinstance(seen, Observed) else seen


def check_table(evidence: ElfEvidence, address: int, symbols: dict[str, int]) -> None:
    word, memory = evidence.elf.word_size, evidence.memory
    at = functools.partial(lambda slot: pointer(evidence, address + slot * word))
    label = functools.partial(read_label, evidence)
    exported = evidence.find_export("exported_function")
    assert exported is not None
    assert label(at(0)) == b"hello"
    hello = at(0)
    assert isinstance(hello, PointerValue)
    assert not memory.is_code(hello.address or 0)
    assert at(1) == PointerValue(address=symbols["own_function"])
    assert memory.is_code(symbols["own_function"])
    assert at(2) == PointerValue(address=exported.address)
    assert at(3) == PointerValue(address=symbols["own_data"])
    assert at(4) == PointerValue(address=symbols["own_data"] + 8)
    assert at(5) == PointerValue(address=symbols["exported_data"])
    assert at(6) == PointerValue(address=symbols["exported_data"] + 4)
    assert at(7) == PointerValue(symbol="host_value")
    assert at(8) == PointerValue(symbol="host_value", addend=4)
    assert at(9) == PointerValue(symbol="host_function")
    assert at(10) == PointerValue(symbol="weak_value")
    assert at(11) == PointerValue()
    assert isinstance(at(12), Unseen)
    number = memory.read(address + 13 * word, word)
    assert isinstance(number, Observed)
    assert number.value == (0xDEADBEEF).to_bytes(word, evidence.target.byte_order)  # type: ignore[arg-type]
    assert [label(at(14)), label(at(16))] == [b"first", b"second"]
    nested = at(18)
    assert isinstance(nested, PointerValue)
    assert nested.address == symbols["other"]
    assert label(pointer(evidence, symbols["other"])) == b"other label"
    assert isinstance(memory.read(address, 4), Unseen)


def read_label(evidence: ElfEvidence, value: PointerValue | Unseen) -> bytes:
    assert isinstance(value, PointerValue)
    assert value.address is not None
    text = evidence.memory.string(value.address)
    assert isinstance(text, Observed)
    return text.value
