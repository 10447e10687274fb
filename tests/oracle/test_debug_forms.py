"""Debug information in every form that the tools here can give it says what the plain form says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.evidence.agreement import differences, evidence_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

SOURCES = ROOT / "fixtures" / "debug"
LINK = "-shared -fPIC -O1 -Wl,--build-id"
BOTH = f"{SOURCES}/pair.c {SOURCES}/pair_second.c"
NAMES = ("Shape", "Point", "Tally", "Kind")

# How each form is made of plain.so ({plain}), or built anew with the compiler's own command ({cc}).
FORMS = {
    "zlib": "objcopy --compress-debug-sections=zlib {plain} {out}",
    "zlib-gnu": "objcopy --compress-debug-sections=zlib-gnu {plain} {out}",
    "zstd": "objcopy --compress-debug-sections=zstd {plain} {out}",
    "compiled with -gz": "{cc} -gz=zlib {both} -o {out}",
    "type units": "{cc} -fdebug-types-section {both} -o {out}",
    "64-bit DWARF": "{cc} -gdwarf64 {both} -o {out}",
    "debuglink": "objcopy --only-keep-debug {plain} {out}.debug && "
    "objcopy --strip-all --add-gnu-debuglink={out}.debug {plain} {out}",
    "compressed debuglink": "objcopy --only-keep-debug --compress-debug-sections=zlib {plain} "
    "{out}.debug && objcopy --strip-all --add-gnu-debuglink={out}.debug {plain} {out}",
    "dwz": "cp {plain} {out} && dwz {out}",
    "dwz -m": "cp {plain} {out} && cp {plain} second.so && dwz -m shared.debug {out} second.so",
    "dwz -m --dwarf-5": "cp {plain} {out} && cp {plain} second.so && "
    "dwz --dwarf-5 -m shared.debug {out} second.so",
    "dwz, then compressed": "cp {plain} first.so && dwz first.so && "
    "objcopy --compress-debug-sections=zstd first.so {out}",
    "split": "{cc} -gsplit-dwarf -c {first} -o first.o && {cc} -gsplit-dwarf -c {second} "
    "-o second.o && {link} first.o second.o -o {out}",
    "split, with type units": "{cc} -gsplit-dwarf -fdebug-types-section -c {first} -o first.o && "
    "{cc} -gsplit-dwarf -fdebug-types-section -c {second} -o second.o && "
    "{link} first.o second.o -o {out}",
    "split, in a package": "{cc} -gsplit-dwarf -c {first} -o first.o && {cc} -gsplit-dwarf -c "
    "{second} -o second.o && {link} first.o second.o -o {out} && "
    "{packer} first.dwo second.dwo -o {out}.dwp && rm first.dwo second.dwo",
    "split, compressed": "{cc} -gsplit-dwarf -gz=zlib -c {first} -o first.o && {cc} -gsplit-dwarf "
    "-gz=zlib -c {second} -o second.o && {link} -gz=zlib first.o second.o -o {out}",
    "split, then debuglink": "{cc} -gsplit-dwarf -c {first} -o first.o && {cc} -gsplit-dwarf -c "
    "{second} -o second.o && {link} first.o second.o -o whole.so && "
    "objcopy --only-keep-debug whole.so {out}.debug && "
    "objcopy --strip-all --add-gnu-debuglink={out}.debug whole.so {out}",
    "link-time optimised": "{cc} {lto} {both} -o {out}",
    "link-time optimised, with type units": "{cc} {lto} -fdebug-types-section {both} -o {out}",
}
LTO = {"gcc": "-flto", "clang": "-flto -fuse-ld=lld"}


def is_possible(compiler: str, version: int, form: str) -> bool:
    """Whether the tools can make a form: if not, that is no fault of the reader."""
    if form.startswith("split") and version < 4:
        return False  # Split debug information begins with DWARF 4.
    if compiler == "clang" and form.startswith("dwz") and version == 5:
        return False  # dwz knows no .debug_addr.
    return (compiler, version, form) != ("clang", 2, "64-bit DWARF")


CASES = [
    (compiler, language, version, form)
    for compiler in LTO
    for language in ("c", "c++")
    for version in (2, 3, 4, 5)
    for form in FORMS
    if is_possible(compiler, version, form)
]


def run(command: str, directory: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=directory, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}: {done.stderr}"


def need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


@pytest.mark.parametrize(("compiler", "language", "version", "form"), CASES)
def test_a_c_plugin_reads_the_same(
    compiler: str, language: str, version: int, form: str, tmp_path: Path
) -> None:
    command = FORMS[form]
    # GNU dwp crashes on DWARF 5, and LLVM's is the only other one.
    packer = "llvm-dwp" if version == 5 else "dwp"
    need(compiler, *({"objcopy", "dwz"} & set(command.split())))
    if "{packer}" in command:
        need(packer)
    if "zstd" in command:
        pytest.importorskip("zstandard", reason="zstandard is not installed")
    link = f"{compiler} -gdwarf-{version} {LINK}"
    words = {
        "cc": f"{link} -x {language}", "link": link, "lto": LTO[compiler], "packer": packer,
        "both": BOTH, "first": SOURCES / "pair.c", "second": SOURCES / "pair_second.c",
        "plain": "plain.so", "out": "other.so",
    }  # fmt: skip
    run("{cc} {both} -o {plain}".format(**words), tmp_path)
    run(command.format(**words), tmp_path)
    plain, other = evidence_of(tmp_path / "plain.so"), evidence_of(tmp_path / "other.so")
    assert differences(plain, other, NAMES) == []


RUST = """
use std::os::raw::*;
#[repr(C)] pub struct Greeter {
    pub greet: extern "C" fn(*const c_char) -> *const c_char,
    pub choose: Option<extern "C" fn(&Inner, u32) -> bool>,
    pub native: fn(u8) -> u8,
    pub inner: Inner,
    pub mode: Mode,
}
#[repr(C)] #[derive(Clone, Copy)]
pub struct Inner { a: u16, b: f64, c: [i32; 3], d: Option<&'static Inner> }
#[repr(C)] #[derive(Clone, Copy)] pub enum Mode { Off = 0, On = 7 }
#[repr(transparent)] pub struct Handle(*mut Inner);
#[no_mangle] pub extern "C" fn load_plugin(x: Option<&Inner>, h: Handle) -> *mut Greeter {
    if x.is_some() { h.0 as *mut Greeter } else { std::ptr::null_mut() }
}
#[no_mangle] pub extern "C" fn free_greeter(g: *mut Greeter, m: Mode) {
    unsafe { (*g).mode = m; println!("{}", (*g).inner.b); }
}
#[no_mangle] pub static VERSION: u32 = 7;
"""
RUST_FORMS = {
    "fat LTO": "{rustc} -C lto=fat plugin.rs -o other.so",
    "thin LTO": "{rustc} -C lto=thin plugin.rs -o other.so",
    "packed": "{rustc} -C split-debuginfo=packed plugin.rs -o other.so",
    "unpacked": "{rustc} -C split-debuginfo=unpacked plugin.rs -o other.so",
    "dwz": "cp plain.so other.so && dwz other.so",
    "zstd": "objcopy --compress-debug-sections=zstd plain.so other.so",
    "debuglink": "objcopy --only-keep-debug plain.so other.debug && strip plain.so -o bare.so && "
    "objcopy --add-gnu-debuglink=other.debug bare.so other.so",
}
RUST_NAMES = ("Greeter", "Inner", "plugin::Mode")


RUST_CASES = [
    (level, version, form)
    for level in (0, 2)
    for version in (4, 5)
    for form in RUST_FORMS
    if (version, form) != (5, "dwz")  # dwz knows no .debug_str_offsets.
]


@pytest.mark.parametrize(("level", "version", "form"), RUST_CASES)
def test_a_rust_plugin_reads_the_same(level: int, version: int, form: str, tmp_path: Path) -> None:
    need("rustc", *({"objcopy", "dwz", "strip"} & set(RUST_FORMS[form].split())))
    if form == "zstd":
        pytest.importorskip("zstandard", reason="zstandard is not installed")
    newer = " -C dwarf-version=5" if version == 5 else ""
    rustc = (
        f"rustc --edition 2021 --crate-type cdylib --crate-name plugin -g -C opt-level={level}"
        f"{newer} -C link-arg=-Wl,--build-id"
    )
    (tmp_path / "plugin.rs").write_text(RUST)
    run(f"{rustc} plugin.rs -o plain.so", tmp_path)
    run(RUST_FORMS[form].format(rustc=rustc), tmp_path)
    plain, other = evidence_of(tmp_path / "plain.so"), evidence_of(tmp_path / "other.so")
    assert differences(plain, other, RUST_NAMES) == []


TARGETS = (
    "s390x-linux-gnu",
    "mips-linux-musleabi",
    "arm-linux-gnueabihf",
    "powerpc64-linux-musl",
    "riscv32-linux-musl",
)


@pytest.mark.parametrize("target", TARGETS)
def test_compressed_sections_of_other_machines_read_the_same(target: str, tmp_path: Path) -> None:
    pytest.importorskip("ziglang", reason="ziglang is not installed")
    pytest.importorskip("zstandard", reason="zstandard is not installed")
    compiler = (
        f"{sys.executable} -m ziglang cc -target {target} -g -O1 -shared -fPIC -nostdlib "
        f"-fno-sanitize=undefined {BOTH}"
    )
    run(f"{compiler} -o plain.so", tmp_path)
    plain = evidence_of(tmp_path / "plain.so")
    for kind in ("zlib", "zstd"):
        run(f"{compiler} -Wl,--compress-debug-sections={kind} -o {kind}.so", tmp_path)
        assert differences(plain, evidence_of(tmp_path / f"{kind}.so"), NAMES) == []


@pytest.mark.parametrize("version", [4, 5])
def test_split_units_of_the_other_byte_order_read_the_same(version: int, tmp_path: Path) -> None:
    need("clang", "ld.lld")
    compiler = f"clang -target mips-linux-gnu -gdwarf-{version} -O1 -fPIC -c"
    for form in ("", "-gsplit-dwarf"):
        for source in ("pair", "pair_second"):
            run(f"{compiler} {form} {SOURCES / source}.c -o {source}{form}.o", tmp_path)
        run(f"ld.lld -shared pair{form}.o pair_second{form}.o -o plugin{form}.so", tmp_path)
    assert list(tmp_path.glob("*.dwo"))
    plain, split = (
        evidence_of(tmp_path / "plugin.so"),
        evidence_of(tmp_path / "plugin-gsplit-dwarf.so"),
    )
    assert differences(plain, split, NAMES) == []
