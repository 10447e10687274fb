"""Contracts drafted from compiled plugins: kept by them, by other builds, and not by changed ones.

The corpus states for each change whether the contract that a person wrote is kept. A drafted
contract demands what the old plugin was: all of its exports, and all types that they reach.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.authoring.draft import AuthoringError, Wishes, draft
from abicheck.authoring.headers import draft_header
from abicheck.authoring.text import write
from abicheck.evidence import read_plugin
from abicheck.evidence.reference import read_reference
from abicheck.model.types import Enum, Struct
from tests.conftest import ROOT
from tests.oracle.corpus import CASES, Case
from tests.oracle.corpus.variants import THOROUGH, BuildError, Variant, available, build, fits
from tests.oracle.generated import Generator
from tests.oracle.test_generated import COMPILERS as GENERATED
from tests.oracle.test_generated import built

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

VARIANTS = [each for each in THOROUGH if each.has_types]
NATIVE = [each for each in VARIANTS if not each.is_cross]
NOT_RECORDED = "does not record calling conventions"

OTHER_DEMANDS = {
    "list-tags", "module-tags", "special-tags", "version-tag", "version-tag-of-a-release",
    "exact-names", "platform", "plugin-rules", "pointer-width", "partial", "typed-globs",
    "units-that-disagree", "convention", "symbol-versions", "versioned-signature",
}  # fmt: skip
"""Cases whose contracts demand, or allow, what no plugin shows: values, file names, globs."""

OTHERWISE = {
    "data/zero": "its constant is taken for a version",
    "exports/constant-data": "data that the host may write to became read-only",
    "exports/pointer-data": "the data became a pointer, where the contract states no type",
    "exports/forbidden-present": "no plugin shows what is forbidden",
    "exports/optional-present-and-other": "the old plugin has no optional export",
    "exports/optional-present-as-data": "the old plugin has no optional export",
    "untyped-entry/renamed": "in Rust, exported data leads to the struct whatever its name",
    "pointer-width-and-layout/x32": "the draft names the target of the old plugin",
}  # fmt: skip
"""Changes of which a drafted contract must say something else than the written one."""

WHERE_NO_CODE_IS_READ = {
    "untyped-entry/never-used", "untyped-entry/one-end-typed-and-changed",
    "namesakes/one-in-another-unit-is-right",
}  # fmt: skip
"""Changes of a type that no export leads to unless its code shows so: it is not required there."""

HANDED_OUT_AS_VOID = {"untyped-entry", "namesakes"}
"""Cases whose types no export leads to: they are asked for by name."""


@functools.cache
def is_present(variant: Variant) -> bool:
    return available(variant)


def drafted(plugin: Path, case: Case, directory: Path) -> Path:
    """Draft the contract of a plugin."""
    types: tuple[str, ...] = ()
    if case.name in HANDED_OUT_AS_VOID:
        written = directory / "written.toml"
        written.write_text(case.contract_text(case.all_changes()[0]))
        defined = abicheck.parse_contract(written).definitions.values()
        types = tuple(
            each.match or each.name for each in defined if isinstance(each, Struct | Enum)
        )
    contract = directory / "drafted.toml"
    evidence = read_plugin(str(plugin))[0]
    contract.write_text(write(draft(evidence, "plugin", Wishes(name="drafted", types=types))))
    return contract


def verdict(plugin: Path, contract: Path) -> str:
    """Return the verdict in one word."""
    report = abicheck.verify(plugin, contract)
    return "unreadable" if report.verdict is None else report.verdict.value


def is_kept(plugin: Path, contract: Path) -> bool:
    """Whether nothing is open but, perhaps, conventions that no compiler recorded."""
    claims = abicheck.verify(plugin, contract).claims
    failed = [each for each in claims if each.status == "mismatch"]
    unproved = [each for each in claims if each.required and each.status == "unverified"]
    return not failed and all(NOT_RECORDED in (each.reason or "") for each in unproved)


def pairs() -> list[object]:
    return [
        pytest.param(case, variant, id=f"{case.name}-{variant.name}")
        for case in CASES
        for variant in VARIANTS
        if fits(case, case.all_changes()[0], variant)
    ]


@pytest.mark.parametrize(("case", "variant"), pairs())
def test_changes_are_told_apart(case: Case, variant: Variant, tmp_path: Path) -> None:
    if not is_present(variant):
        pytest.skip(f"{variant.compiler} is not on this machine")
    good = case.all_changes()[0]
    old, _ = build(case, good, variant)
    try:
        contract = drafted(old, case, tmp_path)
    except AuthoringError:
        pytest.skip("no plugin of this case can be a reference")
    assert is_kept(old, contract)
    wrong = {}
    for change in case.changes:
        is_comparable = fits(case, change, variant) and not change.contract
        if (
            not is_comparable
            or case.name in OTHER_DEMANDS
            or f"{case.name}/{change.name}" in OTHERWISE
            or (variant.is_cross and f"{case.name}/{change.name}" in WHERE_NO_CODE_IS_READ)
        ):
            continue
        try:
            new, _ = build(case, change, variant)
        except BuildError:
            continue
        allowed = case.allowed(change, variant.compiler, has_types=variant.has_types)
        found = verdict(new, contract)
        if "compatible" not in allowed and found == "compatible":
            wrong[change.name] = f"missed; it may be {sorted(allowed)}"
        if "incompatible" not in allowed and found == "incompatible":
            wrong[change.name] = f"false alarm; it may be {sorted(allowed)}"
    assert wrong == {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("language", ["c", "cpp", "rust"])
def test_other_builds_of_one_source_keep_the_contract(
    case: Case, language: str, tmp_path: Path
) -> None:
    """Hold every build of one language to the contract that is drafted from every other."""
    if case.name in {"convention", "stated-convention"}:
        return  # gcc does not record what clang does.
    good = case.all_changes()[0]
    variants = [
        each for each in NATIVE
        if each.language == language and fits(case, good, each) and is_present(each)
    ]  # fmt: skip
    built = {each.name: build(case, good, each)[0] for each in variants}
    wrong = {}
    for name, reference in built.items():
        try:
            contract = drafted(reference, case, tmp_path)
        except AuthoringError:
            continue
        for other, plugin in built.items():
            if not is_kept(plugin, contract):
                wrong[f"{name} -> {other}"] = verdict(plugin, contract)
    assert wrong == {}


COMPILERS = {"gcc": "gcc", "clang": "clang", "zig": f"{sys.executable} -m ziglang cc"}


@pytest.mark.parametrize("compiler", COMPILERS)
def test_header_and_plugin_lead_to_one_contract(compiler: str, tmp_path: Path) -> None:
    command = COMPILERS[compiler]
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"{compiler} is not on this machine")
    header = ROOT / "fixtures" / "greeter" / "greeter.h"
    contract = tmp_path / "greeter.toml"
    contract.write_text(write(draft_header(str(header), Wishes(name="greeter"), compiler=command)))
    for name in ("good", "rust", "clang"):
        assert verdict(ROOT / f"fixtures/greeter/libgreeter-{name}.so", contract) == "compatible"
    changed = ROOT / "fixtures/greeter/libgreeter-field-inserted.so"
    assert verdict(changed, contract) == "incompatible"


HEADER = """\
#include <stdint.h>
#include <stdio.h>
#define twice(x) (2 * (x))
#define handle_open handle_open
typedef struct handle handle_t;
struct options { unsigned flags : 3; unsigned : 0; uint8_t level; char name[8]; };
enum mode { READ = 1, WRITE = 2 };
union value { int64_t number; double real; };
typedef void (*sink)(void *context, const char *line);
handle_t *handle_open(const struct options *options, enum mode mode);
int handle_log(handle_t *handle, FILE *file, sink to, void *context);
union value handle_value(const handle_t *handle);
extern const uint32_t HANDLE_VERSION;
static inline int helper(int x) { return twice(x); }
struct hidden { int field; double (*log)(double), (*exit)(double); };
"""


@pytest.mark.parametrize("compiler", COMPILERS)
def test_header_is_read_without_a_parser_of_ours(compiler: str, tmp_path: Path) -> None:
    command = COMPILERS[compiler]
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"{compiler} is not on this machine")
    header = tmp_path / "handle.h"
    header.write_text(HEADER)
    text = write(draft_header(str(header), Wishes(name="handle"), compiler=command))
    contract = tmp_path / "handle.toml"
    contract.write_text(text)
    parsed = abicheck.parse_contract(contract)
    assert [each.name for each in parsed.exports] == [
        "HANDLE_VERSION", "handle_log", "handle_open", "handle_value",
    ]  # fmt: skip
    assert set(parsed.definitions) == {
        "options", "mode", "value", "hidden", "sink", "handle_t", "FILE",
    }  # fmt: skip
    assert 'HANDLE_VERSION = "static u32"' in text
    assert '"_: c_uint : 0"' in text


@pytest.mark.parametrize("compiler", GENERATED)
def test_random_interface_is_drafted_for_every_target(compiler: str, tmp_path: Path) -> None:
    """Hold builds for other machines to the contract that is drafted from one."""
    interface = Generator(2000).interface(60, 0)
    contract = tmp_path / "contract.toml"
    plugin = built(interface, compiler, tmp_path)
    contract.write_text(
        write(draft(read_plugin(str(plugin))[0], "plugin", Wishes(name="x", targets=())))
    )
    assert is_kept(plugin, contract)
    for other in GENERATED if compiler != "rustc" else ():
        directory = tmp_path / other
        directory.mkdir()
        if other != "rustc":  # Which of C's callbacks may be NULL is written in Rust alone.
            assert is_kept(built(interface, other, directory), contract), other


HOST = """\
#include <stdint.h>
struct plugin_api { uint32_t version; int (*start)(void *host); };
struct plugin_api *current;
int host_log(const char *text) { return text != 0; }
int main(void) { return current ? current->start(0) : 0; }
"""


@pytest.mark.parametrize("flags", [["-rdynamic"], ["-no-pie"], ["-pie"]], ids=lambda each: each[0])
def test_host_is_a_reference_too(flags: list[str], tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not on this machine")
    source, host = tmp_path / "host.c", tmp_path / "host"
    source.write_text(HOST)
    subprocess.run(["gcc", "-g", *flags, str(source), "-o", str(host)], check=True)
    wishes = Wishes(name="host", types=("plugin_api",))
    drafted = draft(read_reference(str(host)), "host", wishes)
    assert list(drafted.definitions) == ["plugin_api"]
    names = {each.name for each in drafted.exports}
    assert names == ({"current", "host_log"} if flags == ["-rdynamic"] else set())


CPP = """\
#include <cstdint>
#include <string>
namespace app {
struct Config { uint32_t flags; const char *name; };
class Engine { int x; std::string name; public: virtual ~Engine() {} };
enum class Level : uint8_t { Low, High = 7 };
template <class T> struct Box { T value; };
}
namespace other { struct Config { double d; }; }
extern "C" {
app::Engine *engine_new(const app::Config &config) { return new app::Engine; }
int engine_run(app::Engine *engine, app::Level level) { return 0; }
other::Config other_config() { return {1.0}; }
int boxed(app::Box<int> box) { return box.value; }
int take(std::string text) { return (int)text.size(); }
}
int only_of_cpp(app::Config config) { return 1; }
"""


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_what_has_no_meaning_in_c_is_left_out(compiler: str, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not on this machine")
    source, plugin, contract = (tmp_path / each for each in ("a.cpp", "a.so", "a.toml"))
    source.write_text(CPP)
    command = [compiler, "-g", "-w", "-shared", "-fPIC", str(source), "-o", str(plugin)]
    subprocess.run(command, check=True)
    text = write(draft(read_reference(str(plugin)), "a.so", Wishes(name="a")))
    contract.write_text(text)
    assert is_kept(plugin, contract)
    assert "Left out, since they have no meaning in C: _Z11only_of_cpp" in text
    assert 'engine_new   = "fn(config: &Config) -> *mut Engine"' in text
    assert 'take         = "fn"' in text
    parsed = abicheck.parse_contract(contract).definitions
    assert set(parsed) == {"Config", "Engine", "Level", "other_Config", "Box_int"}
    assert parsed["other_Config"].match == "other::Config"  # type: ignore[union-attr]


RUST = """\
#![allow(improper_ctypes_definitions, dead_code)]
use std::ffi::*;
#[repr(C)] pub struct Point { pub x: f64, pub y: f64 }
#[repr(transparent)] pub struct Handle(u32);
#[repr(u8)] #[derive(Clone, Copy)] pub enum Mode { Off = 0, On = 1 }
pub struct Counter { name: String, items: Vec<u8> }
#[repr(C)] pub struct Table {
    pub open: extern "C" fn(*const c_char) -> *mut Counter,
    pub close: Option<extern "C" fn(*mut Counter)>,
    pub point: Option<&'static Point>,
    pub next: *const Table,
    pub mode: Mode,
    pub count: std::sync::atomic::AtomicU32,
}
#[no_mangle] pub extern "C" fn counter_new() -> Box<Counter> {
    Box::new(Counter { name: String::new(), items: vec![] })
}
#[no_mangle] pub extern "C" fn handle(table: &mut Table, point: Option<&Point>) -> Handle {
    table.mode = Mode::On;
    Handle(point.is_some() as u32)
}
#[no_mangle] pub extern "C" fn named(name: &str) -> usize { name.len() }
"""


def test_rust_is_drafted_in_rusts_words(tmp_path: Path) -> None:
    if shutil.which("rustc") is None:
        pytest.skip("rustc is not on this machine")
    source, plugin, contract = (tmp_path / each for each in ("b.rs", "b.so", "b.toml"))
    source.write_text(RUST)
    command = ["rustc", "-g", "--edition", "2021", "--crate-type", "cdylib", str(source)]
    subprocess.run([*command, "-o", str(plugin)], check=True, capture_output=True)
    text = write(draft(read_reference(str(plugin)), "b.so", Wishes(name="b")))
    contract.write_text(text)
    assert is_kept(plugin, contract)
    for line in (
        'counter_new = "fn() -> &mut Counter"',
        'handle      = "fn(table: &mut Table, point: *const Point) -> Handle"',
        'named       = "fn"',
        '  "open: fn(*const c_char) -> *mut Counter",',
        '  "close: Option<fn(*mut Counter)>",',
        '  "point: *const Point",',
        '  "count: u32",',
        'Counter = "opaque"',
        'repr   = "transparent"',
        'repr   = "u8"',
    ):
        assert f"\n{line}\n" in text


MARKED = """\
#[repr(C)] pub struct Marked {
    pub count: u32, pub kind: std::marker::PhantomData<u64>, pub unit: (), pub level: LEVEL,
}
#[unsafe(no_mangle)] pub extern "C" fn read(_m: *const Marked) -> u8 { 1 }
"""


def test_field_without_room_hides_no_struct_of_rust(tmp_path: Path) -> None:
    if shutil.which("rustc") is None:
        pytest.skip("rustc is not on this machine")
    plugins = {}
    for level in ("u8", "u64"):
        source = tmp_path / f"{level}.rs"
        source.write_text(MARKED.replace("LEVEL", level))
        command = ["rustc", "-g", "--edition", "2024", "--crate-type", "cdylib", str(source)]
        plugins[level] = tmp_path / f"{level}.so"
        subprocess.run([*command, "-o", str(plugins[level])], check=True, capture_output=True)
    contract = tmp_path / "marked.toml"
    text = write(draft(read_reference(str(plugins["u8"])), "marked.so", Wishes(name="marked")))
    contract.write_text(text)
    assert "packed" not in text
    assert verdict(plugins["u8"], contract) == "compatible"
    assert verdict(plugins["u64"], contract) == "incompatible"


NUMBERS = """\
typedef ELEMENT vec __attribute__((vector_size(16)));
struct body { vec position; int n; };
vec add(vec a, vec b) { return a + b; }
void move(struct body *b, const vec *to) { b->position = *to; }
WIDE widen(WIDE x) { return x; }
"""
SAME_NUMBERS = {"ELEMENT": "float", "WIDE": "_Complex float"}


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_numbers_that_cannot_be_spelled_are_told_apart(compiler: str, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not on this machine")
    source, contract = tmp_path / "v.c", tmp_path / "v.toml"
    source.write_text(NUMBERS)

    def of(name: str, by: str, **defines: str) -> Path:
        flags = [f"-D{key}={value}" for key, value in {**SAME_NUMBERS, **defines}.items()]
        plugin = tmp_path / f"{name}.so"
        command = [by, "-g", "-w", "-shared", "-fPIC", *flags, str(source), "-o", str(plugin)]
        subprocess.run(command, check=True)
        return plugin

    contract.write_text(write(draft(read_plugin(str(of("a", compiler)))[0], "a", Wishes(name="a"))))
    assert 'kind = "vector of f32"' in contract.read_text()
    for other in ("gcc", "clang"):
        assert is_kept(of("same", other), contract)
    for element in ("double", "int", "long"):
        assert verdict(of("b", compiler, ELEMENT=element), contract) == "incompatible"
    assert verdict(of("c", compiler, WIDE="_Complex double"), contract) == "incompatible"


TABLE = """\
typedef void (*hook)(void);
struct ops { int (*open)(int); int (*close)(int); };
struct module { int n; struct ops ops; hook start, stop, many[2]; struct { hook last; } inner; };
static int f(int x) { return x; }
static void h(void) {}
const struct module module = { 3, { f, 0 }, START, 0, { h, 0 }, { h } };
const char *const sparse[3] = { "a" };
const char *const listed[3] = { "a", "b", 0 };
"""


def test_callback_of_a_constant_may_not_become_null(tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not on this machine")
    source, contract = tmp_path / "t.c", tmp_path / "t.toml"
    source.write_text(TABLE)

    def of(start: str, *flags: str) -> Path:
        plugin = tmp_path / f"{start}.so"
        command = ["gcc", "-g", *flags, f"-DSTART={start}", "-shared", "-fPIC", str(source)]
        subprocess.run([*command, "-o", str(plugin)], check=True)
        return plugin

    contract.write_text(write(draft(read_plugin(str(of("h")))[0], "t", Wishes(name="t"))))
    parsed = abicheck.parse_contract(contract)
    assert {each.path.text for each in parsed.tags} == {
        "module.ops.open", "module.start", "module.inner.last",
    }  # fmt: skip
    assert '"close: Option<fn(c_int) -> c_int>"' in contract.read_text()
    assert '"many: [Option<hook>; 2]"' in contract.read_text()
    assert 'sparse = "static [*const c_char; 3]"' in contract.read_text()
    assert 'listed = "static [*const c_char]"' in contract.read_text()
    assert is_kept(of("h"), contract)
    assert verdict(of("0"), contract) == "incompatible"


BEYOND_C = """\
#![allow(improper_ctypes_definitions)]
#[repr(C)] pub struct Config { pub level: u32, pub name: String }
#[no_mangle] pub extern "C" fn start(_h: [usize; 3]) -> u32 { 0 }
#[no_mangle] pub extern "C" fn make() -> [u8; 4] { [0; 4] }
#[no_mangle] pub extern "C" fn configure(_c: &Config) -> u32 { 0 }
"""


def test_what_c_cannot_pass_is_left_out_and_what_is_rusts_own_is_told(tmp_path: Path) -> None:
    if shutil.which("rustc") is None:
        pytest.skip("rustc is not on this machine")
    source, plugin, contract = (tmp_path / each for each in ("b.rs", "b.so", "b.toml"))
    source.write_text(BEYOND_C)
    command = ["rustc", "-g", "--edition", "2021", "--crate-type", "cdylib", str(source)]
    subprocess.run([*command, "-o", str(plugin)], check=True, capture_output=True)
    text = write(draft(read_reference(str(plugin)), "b.so", Wishes(name="b")))
    contract.write_text(text)
    assert is_kept(plugin, contract)
    assert text.count("an array is passed by value") == 2
    assert 'Config = "opaque"' in text
    assert "draft again with --type Config" in text
    inside = write(draft(read_reference(str(plugin)), "b", Wishes(name="b", types=("Config",))))
    assert '["level: u32", "name: String"]' in inside
