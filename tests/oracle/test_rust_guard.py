"""The guard for Rust hosts on files of every format, and on files that mean harm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from abicheck.contract import parse_contract, parse_contract_text
from abicheck.generation.rust import generate
from abicheck.generation.rust.host import generate as generate_host
from tests.conftest import contract
from tests.oracle.cargo import Workshop, need, run
from tests.oracle.guards import (
    CONTRACT,
    FIELD_MORE,
    GREETING,
    SOURCES,
    build_plugin,
    make_headers,
    zig,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

INSIDE = """
/// Returns what a file of any platform offers, and what is wrong with its descriptor.
pub fn look(bytes: &[u8], cpu: u64) -> String {
    let names: Vec<&'static str> = WANTED.iter().map(|each| each.name).collect();
    let image = match image::read(bytes, &names, cpu) {
        Ok(image) => image,
        Err(reason) => return reason,
    };
    let mut said = format!("{:?}", image.platform);
    for name in &names {
        let found = image.export(name);
        let value = found.filter(|found| found.nature == image::Nature::Data);
        let value = value.and_then(|found| image.number(found, 0, 4));
        said += &format!(" {name}={:?}", found.map(|found| found.nature));
        said += &value.map_or(String::new(), |value| format!("@{value:#x}"));
    }
    let mut reasons = Vec::new();
    match descriptor::find(&image.notes, image.big, CONTRACT) {
        Ok(plugin) => {
            let host = descriptor::read(&EXPECTED[24..24 + DESCRIBED]).unwrap();
            descriptor::compare(&host, &plugin, &TERMS, &mut reasons);
        }
        Err(reason) => said += &format!(" {reason}"),
    }
    for reason in reasons {
        said += &format!(" [{reason}]");
    }
    said
}

/// Returns where a descriptor's bits could be others without being noticed: record and place.
pub fn unnoticed() -> Vec<(u8, usize)> {
    let host = descriptor::read(&EXPECTED[24..24 + DESCRIBED]).unwrap();
    let mut found = Vec::new();
    let (mut start, big) = (12, cfg!(target_endian = "big"));
    while start < ffi::abicheck_greeter::DESCRIBED {
        let record = &EXPECTED[24 + start..];
        let length = usize::from(record[0]) | usize::from(record[1]) << 8;
        for at in 0..length {
            for bit in 0..8 {
                let mut copy = EXPECTED.to_vec();
                copy[24 + start + at] ^= 1 << bit;
                let mut reasons = Vec::new();
                if let Ok(plugin) = descriptor::find(&[&copy], big, CONTRACT) {
                    descriptor::compare(&host, &plugin, &TERMS, &mut reasons);
                    let is_bound = WANTED.iter().all(|each| plugin.is_bound(each.name));
                    if reasons.is_empty() && is_bound {
                        found.push((record[2], at));
                    }
                }
            }
        }
        start += length;
    }
    found.dedup();
    found
}

/// Returns whether a plugin's bytes are let in.
pub fn judge(bytes: &[u8]) -> bool {
    check(bytes).is_ok()
}
"""

PROBE = """
#![allow(dead_code)]
mod greeter_host;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if words[1] == "unnoticed" {
        for (kind, at) in greeter_host::unnoticed() {
            println!("{kind} {at}");
        }
        return;
    }
    let bytes = std::fs::read(&words[2]).unwrap();
    if words[1] == "look" {
        println!("{}", greeter_host::look(&bytes, words[3].parse().unwrap()));
        return;
    }
    let mut state = 88172645463325252_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let mut refused = 0;
    for round in 0..words[3].parse::<usize>().unwrap() {
        let mut copy = bytes.clone();
        for _ in 0..=next(6) {
            // Headers, tables and the descriptor are in the first bytes, and in the last.
            let at = if next(2) == 0 { next(copy.len().min(2048)) } else { next(copy.len()) };
            copy[at] = [0, 0xff, 0x7f, 0x80, 1, copy[at] ^ 1 << next(8)][next(6)];
        }
        if round % 4 == 0 {
            copy.truncate(next(copy.len()));
        }
        refused += usize::from(!greeter_host::judge(&copy));
        for cpu in [0x0100_0007, 0x0100_000c] {
            greeter_host::look(&copy, cpu);
        }
    }
    println!("refused {refused}");
}
"""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    workshop = Workshop(tmp_path_factory.mktemp("guard"))
    workshop.host(CONTRACT)
    return workshop


@pytest.fixture(scope="module")
def probe(workshop: Workshop) -> Path:
    """Build a program that looks into the guard; arithmetic that overflows panics in it."""
    folder = workshop.folder
    (file,) = generate_host(parse_contract_text(CONTRACT, "greeter.toml"))
    (folder / file.name).write_text(file.text + INSIDE)
    (folder / "probe.rs").write_text(PROBE)
    run("rustc", "--edition", "2021", "-C", "opt-level=1", "-C", "overflow-checks=on",
        "-C", "debug-assertions=on", *workshop.libraries(), "-o", folder / "probe",
        folder / "probe.rs")  # fmt: skip
    return folder / "probe"


EXPORTS = (
    "free_greeter=Some({code}) free_greeting=Some({code}) "
    "GREETER_ABI_VERSION=Some({data})@0x10002 load_plugin=Some({code})"
)
BARE = """\
#include "greeter.h"
GREETER_PLUGIN;
static Greeter greeter;
Greeter *load_plugin(void) { return &greeter; }
void free_greeter(Greeter *it) { (void)it; }
void free_greeting(const char *it) { (void)it; }
"""
BARELY = ("-O2", "-nostdlib", "-fno-sanitize=undefined")
FOREIGN = {
    "x86_64-windows-gnu": '("PE", 34404, 64)',
    "x86-windows-gnu": '("PE", 332, 32)',
    "aarch64-macos": '("Mach-O", 16777228, 64)',
    "x86_64-macos": '("Mach-O", 16777223, 64)',
    "s390x-linux-gnu": '("ELF", 22, 64)',
    "arm-linux-gnueabihf": '("ELF", 40, 32)',
}


def bare_plugin(workshop: Workshop, target: str, text: str = CONTRACT) -> Path:
    """Build a plugin in C that needs no library, for any target of the compiler from PyPI."""
    source = workshop.folder / "bare.c"
    source.write_text(BARE)
    to = workshop.folder / f"{target}-{len(text)}.plugin"
    entry = ["-Wl,--no-entry"] if "windows" in target else []
    return build_plugin(to, *BARELY, *entry, text=text, by=zig(target), source=source)


@pytest.fixture(scope="module")
def foreign(workshop: Workshop) -> dict[str, Path]:
    pytest.importorskip("ziglang")
    return {target: bare_plugin(workshop, target) for target in FOREIGN}


@pytest.mark.parametrize("target", FOREIGN)
def test_exports_and_descriptor_are_found_in_files_for(
    probe: Path, foreign: dict[str, Path], target: str
) -> None:
    said = run(probe, "look", foreign[target], "16777228").strip()
    exports = EXPORTS.format(code="Code", data="Data")
    assert said.startswith(f"{FOREIGN[target]} {exports}")
    assert "descriptor" not in said


@pytest.mark.parametrize("target", ["x86_64-windows-gnu", "aarch64-macos"])
def test_field_more_is_named_in_files_for(probe: Path, workshop: Workshop, target: str) -> None:
    pytest.importorskip("ziglang")
    plugin = bare_plugin(workshop, target, FIELD_MORE)
    assert "[Greeter.flags: expected no such field" in run(probe, "look", plugin, "16777228")


def test_plugin_for_another_platform_is_refused(
    workshop: Workshop, foreign: dict[str, Path]
) -> None:
    host = workshop.folder / "target" / "debug" / "host"
    said = run(host, foreign["x86_64-windows-gnu"], check=False)
    assert "it is for another platform: PE, machine 34404, 64 bits" in said


@pytest.mark.parametrize("target", ["native", "x86_64-windows-gnu", "aarch64-macos"])
def test_damaged_files_are_refused_and_nothing_panics(
    probe: Path, workshop: Workshop, foreign: dict[str, Path], target: str
) -> None:
    need("gcc")
    if target == "native":
        plugin = build_plugin(workshop.folder / "native.so", "-O2", "-s")
    else:
        plugin = foreign[target]
    assert run(probe, "fuzz", plugin, "3000").startswith("refused ")


FINGERPRINTS = {
    (1, range(4, 12)), (2, range(12, 20)), (5, range(14, 22)), (9, range(5, 13)),
    (10, range(5, 13)),
}  # fmt: skip
"""Where records of a kind have what only says sooner that nothing differs: the rest is compared."""
SPELLINGS = {(1, range(22, 999)), (9, range(13, 999)), (10, range(17, 999))}
"""Strings: versions, who wrote the source, and parts of types that mean the same."""
FLAGS = {(2, range(22, 23)), (5, range(13, 14))}
"""Flags that nobody has given a meaning, and that the compiler was not asked for a type."""
NAMES = {(5, range(3, 4)), (5, range(22, 999))}
"""What a field is called, and where that begins: another name at its place is no difference."""


def test_no_measure_of_a_descriptor_can_differ_unnoticed(probe: Path) -> None:
    """One bit after the other is turned: each is noticed, but for what has a second witness."""
    said = [tuple(map(int, line.split())) for line in run(probe, "unnoticed").splitlines()]
    known = FINGERPRINTS | SPELLINGS | FLAGS | NAMES
    assert said
    left = [
        (kind, at)
        for kind, at in said
        if not any(kind == of and at in place for of, place in known)
    ]
    assert left == []


@pytest.mark.parametrize("target", ["x86_64-pc-windows-msvc", "aarch64-apple-darwin"])
def test_host_compiles_without_a_warning_for(workshop: Workshop, target: str) -> None:
    project = workshop.folder / "the-host"
    said = run("cargo", "clippy", "-q", "--target", target, "--", "-D", "warnings", check=False,
               cwd=project, environment=workshop.environment)  # fmt: skip
    if "target may not be installed" in said:
        pytest.skip(f"rustup target add {target}")
    assert said == ""


SECTIONS = {
    "x86_64-unknown-linux-gnu": ".note.abicheck",
    "s390x-unknown-linux-gnu": ".note.abicheck",
    "x86_64-pc-windows-msvc": ".abichk",
    "x86_64-pc-windows-gnu": ".abichk",
    "aarch64-apple-darwin": "__abicheck",
}
NO_STD = """\
#![no_std]
mod greeter;
use greeter::*;
greeter_plugin!();
#[unsafe(no_mangle)] pub extern "C" fn load_plugin() -> *mut Greeter { core::ptr::null_mut() }
#[unsafe(no_mangle)] pub extern "C" fn free_greeter(_greeter: *mut Greeter) {}
#[unsafe(no_mangle)] pub extern "C" fn free_greeting(_greeting: *const core::ffi::c_char) {}
"""


@pytest.mark.parametrize("target", SECTIONS)
def test_descriptor_of_rust_is_in_its_section_and_needs_no_relocation(
    tmp_path: Path, target: str
) -> None:
    need("rustc", "llvm-readobj")
    (file,) = generate(parse_contract(contract("greeter")))
    (tmp_path / file.name).write_text(file.text)
    (tmp_path / "plugin.rs").write_text(NO_STD)
    command = f"rustc --edition 2021 -O --target {target} --crate-type lib --emit obj -o plugin.o"
    made = run(*command.split(), "plugin.rs", check=False, cwd=tmp_path)
    if "target may not be installed" in made:
        pytest.skip(f"rustup target add {target}")
    said = run("llvm-readobj", "-S", "--section-relocations", "--section-data", "-t",
               tmp_path / "plugin.o")  # fmt: skip
    section = said.split(f"Name: {SECTIONS[target]} ", 1)[1].split("Name: ", 1)[0]
    first = "00000009" if target.startswith("s390x") else "09000000"
    assert f"0000: {first}" in section
    assert not re.search(r"Relocations \[\s+0x", section)
    assert ("abicheck_descriptor_greeter" in said) == ("windows" in target)


BITS = """\
contract = "bits"
version = "1.0"
format = 1
[exports]
fill = "fn(*mut Bits)"
[enums.Mode]
values = { Off = 0, On = 1, Auto = 2 }
[structs.Bits]
fields = [
  "a: u8", "b: c_int : 3", "c: c_uint : 29", "_: c_uint : 0", "d: bool : 1", "e: Mode : 2",
  "f: c_uint : 17", "g: u16", "h: u64 : 40", "i: c_schar : 5",
]
"""
FILL = """\
#include "bits.h"
void fill(Bits *it)
{
    it->a = 0xa5; it->b = -3; it->c = 0x12345678; it->d = 1; it->e = (Mode)2; it->f = 0x1beef;
    it->g = 0xcafe; it->h = 0xfedcba9876; it->i = -9;
}
"""
BITS_PROGRAM = """\
#[path = "bits.rs"]
mod bits;
use bits::{Bits, Mode};
unsafe extern "C" {
    fn fill(it: *mut Bits);
}
fn main() {
    let (mut by_c, mut by_rust) = unsafe { std::mem::zeroed::<(Bits, Bits)>() };
    unsafe { fill(&mut by_c) };
    println!("{:x} {} {:x} {} {} {:x} {:x} {:x} {}", by_c.a, by_c.b(), by_c.c(), by_c.d(),
        by_c.e().0, by_c.f(), by_c.g, by_c.h(), by_c.i());
    by_rust.a = 0xa5;
    by_rust.set_b(-3);
    by_rust.set_c(0xffff_ffff);
    by_rust.set_c(0x12345678);
    by_rust.set_d(true);
    by_rust.set_e(Mode(2));
    by_rust.set_f(0x1beef);
    by_rust.g = 0xcafe;
    by_rust.set_h(0xfedcba9876);
    by_rust.set_i(-9);
    let bytes = |it: &Bits| unsafe { std::mem::transmute_copy::<Bits, [u8; 24]>(it) };
    println!("{}", bytes(&by_c) == bytes(&by_rust));
}
"""


def test_bit_fields_are_where_c_has_them(tmp_path: Path) -> None:
    need("gcc", "rustc")
    make_headers(tmp_path, BITS, host=False)
    (file,) = generate(parse_contract_text(BITS, "bits.toml"))
    (tmp_path / file.name).write_text(file.text)
    (tmp_path / "fill.c").write_text(FILL)
    (tmp_path / "main.rs").write_text(BITS_PROGRAM)
    run("gcc", "-c", "-O1", f"-I{tmp_path}", tmp_path / "fill.c", "-o", tmp_path / "fill.o")
    run("rustc", "--edition", "2021", tmp_path / "main.rs", "-o", tmp_path / "main",
        "-C", f"link-arg={tmp_path / 'fill.o'}")  # fmt: skip
    first, second = run(tmp_path / "main").splitlines()
    assert first == "a5 -3 12345678 true 2 1beef cafe fedcba9876 -9"
    assert second == "true"


CONSTRUCTOR = """
__attribute__((constructor)) static void overwrite(void)
{
    const char *path = getenv("GREETER_OVERWRITE");
    FILE *file = path ? fopen(path, "r+b") : NULL;
    if (file) {
        for (int index = 0; index < 65536; index++)
            putc(0, file);
        fclose(file);
    }
}
"""


def test_file_overwritten_after_the_check_leaves_the_plugin_as_it_was(
    workshop: Workshop, tmp_path: Path
) -> None:
    """What is mapped is a copy: a plugin that wipes its own file still greets."""
    need("gcc")
    source = tmp_path / "wiping.c"
    source.write_text((SOURCES / "plugin.c").read_text() + CONSTRUCTOR)
    plugin = build_plugin(tmp_path / "libgreeter.so", "-O2", source=source)
    host = workshop.folder / "target" / "debug" / "host"
    said = run(host, plugin, environment={"GREETER_OVERWRITE": str(plugin)})
    assert said == GREETING
    assert plugin.read_bytes()[:4] == bytes(4)


@pytest.mark.parametrize("name", ["a", "ab", "abc", "abcd"])
def test_plugin_in_c_fits_whatever_the_length_of_the_descriptor(
    workshop: Workshop, tmp_path: Path, name: str
) -> None:
    """Notes are padded to four bytes: the padding is no record."""
    need("gcc")
    text = f'contract = "{name}"\nversion = "1.0"\nformat = 1\n[exports]\nf = "fn() -> i32"\n'
    source = tmp_path / "plugin.c"
    source.write_text(
        f'#include "{name}.h"\nint32_t f(void) {{ return 7; }}\n{name.upper()}_PLUGIN;\n'
    )
    plugin = build_plugin(tmp_path / "lib.so", text=text, source=source)
    (file,) = generate_host(parse_contract_text(text, f"{name}.toml"))
    (tmp_path / file.name).write_text(file.text)
    (tmp_path / "main.rs").write_text(
        f"#![allow(dead_code)]\nmod {name}_host;\nfn main() {{\n"
        f"    let path = std::env::args().nth(1).unwrap();\n"
        f'    println!("{{:?}}", {name}_host::Plugin::load(path).map(|it| it.f()));\n}}\n'
    )
    run("rustc", "--edition", "2021", *workshop.libraries(), "-o", tmp_path / "main",
        tmp_path / "main.rs")  # fmt: skip
    assert run(tmp_path / "main", plugin) == "Ok(7)\n"
