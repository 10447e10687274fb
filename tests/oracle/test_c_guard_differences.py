"""What the guard for C says of plugins whose contract differs from the host's in one thing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from abicheck import verify
from abicheck.contract import parse_contract_text
from abicheck.generation import generate
from abicheck.model.report import Verdict
from tests.conftest import contract
from tests.oracle.guards import run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

RICH = """\
contract = "rich"
version = "1.2"
format = 1
[exports]
start = "fn(*mut Config, Mode) -> c_int"
settings = "static Config"
level = "static i16"
count = "static mut u32"
[exports.stop]
type = "fn(*mut Config)"
optional = true
[structs.Config]
fields = [
  "size: u32",
  "low: c_uint : 3",
  "high: c_uint : 5",
  "ratio: f64",
  "_: Payload",
  "name: [c_char; 32]",
  "log: Option<fn(level: c_int, text: *const c_char)>",
  "next: *mut Config",
  "mode: Mode",
  "vector: Vector4",
  "room: usize",
]
[structs.Kept]
names = "exact"
fields = ["mark: u8"]
[structs.Point]
fields = ["x: i32", "y: f32"]
[unions.Payload]
fields = ["whole: i64", "rest: i64", "part: Point", "bytes: [u8; 16]"]
[enums.Mode]
values = { Off = 0, On = 1, Auto = 7 }
closed = true
[enums.Open]
repr = "u8"
values = { A = 0, B = 1 }
[types]
Vector4 = { opaque = true, size = 16, alignment = 16 }
[tags.level]
read = "level"
at_least = -3
"""

DIFFERENCES = {
    "field-inserted": ('"ratio: f64",', '"flags: u64", "ratio: f64",', "Config.flags: unknown to"),
    "field-in-padding": ('"x: i32",', '"x: i16", "z: i16",', "Point.z: unknown to"),
    "field-lost": ('"next: *mut Config",', "", "Config.next: not in the plugin"),
    "fields-swapped": ('"x: i32", "y: f32"', '"y: f32", "x: i32"', "Point.x: offset 4 in the"),
    "sign": ('"x: i32"', '"x: u32"', "Point.x: `u32` in the plugin, `i32` in this host"),
    "float": ('"y: f32"', '"y: i32"', "Point.y: `i32` in the plugin, `f32` in this host"),
    "bits-wider": ("low: c_uint : 3", "low: c_uint : 4", "Config.low: width 4 in the plugin, 3"),
    "bits-swapped": (
        '"low: c_uint : 3",\n  "high: c_uint : 5",',
        '"high: c_uint : 5",\n  "low: c_uint : 3",',
        "Config.low: other bits",
    ),
    "array-longer": ("[c_char; 32]", "[c_char; 33]", "Config.name: `[c_char; 33]` in the plugin"),
    "parameter-more": ("text: *const c_char)>", "text: *const c_char, u8)>", "Config.log: `Opt"),
    "result-changed": ("Mode) -> c_int", "Mode) -> i64", "start: `fn(*mut Config, Mode) -> i64`"),
    "convention": ('"fn(*mut Config, Mode)', '\'extern "win64" fn(*mut Config, Mode)', "start: `"),
    "value-changed": ("Auto = 7", "Auto = 8", "Mode.Auto: value 8 in the plugin, 7 in this host"),
    "value-more": ("Auto = 7", "Auto = 7, Never = 9", "Mode.Never: unknown to this host"),
    "value-lost": (", Auto = 7", "", "Mode.Auto: not in the plugin"),
    "enum-wider": ('repr = "u8"', 'repr = "u32"', "Open: size 4 in the plugin, 1 in this host"),
    "union-member-lost": (', "bytes: [u8; 16]"', "", "Config.(anonymous): size 8 in the"),
    "opaque-wider": (
        "size = 16, alignment",
        "size = 32, alignment",
        "Config.vector: size 32 in the",
    ),
    "packed": (
        "[structs.Point]\n",
        '[structs.Point]\nrepr = "C, packed(2)"\n',
        "Point: alignment 2 in the plugin, 4 in this host",
    ),
    "data-type": ('"static i16"', '"static u16"', "level: `static u16` in the plugin"),
    "data-constant": ('"static mut u32"', '"static u32"', "count: `static u32` in the plugin"),
    "name-that-counts": ('"mark: u8"', '"sign: u8"', "Kept.sign: unknown to this host"),
    "renamed-elsewhere": (
        '"x: i32", "y: f32"',
        '"x: i32", "pad: u32", "z: f32"',
        "Point.pad: unkn",
    ),
    "names-swapped": ('"low: c_uint : 3",\n  "high', '"high: c_uint : 3",\n  "low', "Config.low: "),
    "char-of-either-sign": ('"bytes: [u8; 16]"', '"bytes: [i8; 16]"', "Payload.bytes: `[i8; 16]`"),
    "union-members-merged": ('"whole: i64", "rest: i64"', '"one: i64"', "Payload.rest: not in"),
    "struct-renamed": ("Point", "Spot", "Point: not in the plugin"),
}
SAMENESSES = {
    "nothing": ("", ""),
    "open-enum-grown": ("{ A = 0, B = 1 }", "{ A = 0, B = 1, C = 2 }"),
    "optional-export-lost": ('[exports.stop]\ntype = "fn(*mut Config)"\noptional = true\n', ""),
    "union-member-more": ('"bytes: [u8; 16]"', '"bytes: [u8; 16]", "half: i32"'),
    "order-of-definitions": (
        '[structs.Point]\nfields = ["x: i32", "y: f32"]\n[unions.Payload]',
        "[unions.Payload]",
    ),
    "spelling": ('"x: i32"', '"x: int32_t"'),
    "spelling-on-this-machine": ('"room: usize"', '"room: c_ulong"'),
    "char": ("[c_char; 32]", "[i8; 32]"),
    "mutability": ('"next: *mut Config"', '"next: *const Config"'),
    "mutability-in-prototypes": ("fn(*mut Config, Mode)", "fn(*const Config, Mode)"),
    "reference": ("fn(*mut Config, Mode)", "fn(&mut Config, Mode)"),
    "data-writable": ('"static i16"', '"static mut i16"'),
    "field-renamed": ('"ratio: f64"', '"share: f64"'),
    "bits-renamed": ('"high: c_uint : 5"', '"upper: c_uint : 5"'),
    "value-renamed": ("Auto = 7", "Automatic = 7"),
    "union-member-renamed": ('"whole: i64"', '"all: i64"'),
    "union-members-renamed": ('"whole: i64", "rest: i64"', '"one: i64", "more: i64"'),
}

CHECK = """\
#define @_HOST_IMPLEMENTATION
#include "%_host.h"
int main(int argc, char **argv)
{
    %_plugin plugin;
    char message[400];
    if (argc == 2 && !%_plugin_load(argv[1], &plugin, message, sizeof message))
        puts(message);
    else
        printf("loaded, %s\\n", @_SHOWN ? "whole" : "in part");
    return 0;
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    return tmp_path_factory.mktemp("differences")


def headers(folder: Path, text: str, *, host: bool) -> Path:
    folder.mkdir(exist_ok=True)
    for file in generate(parse_contract_text(text, "contract.toml"), "c", host=host):
        (folder / file.name).write_text(file.text)
    return folder


def built_host(folder: Path, name: str, text: str, shown: str) -> Path:
    source = folder / f"{name}.c"
    source.write_text(
        CHECK.replace("@_SHOWN", f"plugin.{shown}")
        .replace("@", name.upper())
        .replace("%_", f"{name}_")
    )
    include = headers(folder / f"{name}.host", text, host=True)
    flags = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", f"-I{include}")
    run("gcc", *flags, source, "-o", folder / name, "-ldl")
    return folder / name


def built_plugin(
    folder: Path, name: str, text: str, functions: str, data: str = "", *flags: str
) -> Path:
    """Build a stripped plugin whose functions are labels, since nobody calls them."""
    parsed = parse_contract_text(text, "contract.toml")
    include = headers(folder / f"{name}.include", text, host=False)
    labels = "".join(
        f'__asm__(".text\\n.globl {label}\\n.type {label}, @function\\n{label}: ret");\n'
        for label in functions.split()
        if parsed.export_named(label)
    )
    source = folder / f"{name}.c"
    macro = f"{parsed.name.upper()}_PLUGIN;\n"
    source.write_text(f'#include "{parsed.name}.h"\n{macro}{labels}{data}')
    plugin = folder / f"lib{name}.so"
    always = ("-shared", "-fPIC", "-nostdlib", "-s", f"-I{include}")
    run("gcc", *always, source, "-o", plugin, *flags)
    return plugin


@pytest.fixture(scope="module")
def rich(folder: Path) -> Path:
    return built_host(folder, "rich", RICH, "stop")


def rich_plugin(folder: Path, name: str, text: str, *flags: str) -> Path:
    level = "uint16_t" if '"static u16"' in text else "int16_t"
    level = level if "static mut i16" in text else f"const {level}"
    count = "uint32_t" if "static mut u32" in text else "const uint32_t"
    data = f"const Config settings = {{0}};\n{level} level = -2;\n{count} count = 1;\n"
    return built_plugin(folder, name, text, "start stop", data, *flags)


@pytest.mark.parametrize("name", DIFFERENCES)
def test_difference_is_refused_and_named(rich: Path, folder: Path, name: str) -> None:
    old, new, said = DIFFERENCES[name]
    text = RICH.replace(old, new)
    if name == "convention":
        text = text.replace(' -> c_int"\nsettings', " -> c_int'\nsettings")
    assert text != RICH
    assert said in run(rich, rich_plugin(folder, f"rich-{name}", text))


@pytest.mark.parametrize("name", SAMENESSES)
def test_what_is_no_difference_is_let_in(rich: Path, folder: Path, name: str) -> None:
    old, new = SAMENESSES[name]
    text = RICH.replace(old, new) if old else RICH
    if name == "order-of-definitions":
        text += '[structs.Point]\nfields = ["x: i32", "y: f32"]\n'
    said = "in part" if name == "optional-export-lost" else "whole"
    assert run(rich, rich_plugin(folder, f"rich-{name}", text)) == f"loaded, {said}\n"


@pytest.mark.parametrize("name", [name for name in DIFFERENCES if name != "struct-renamed"])
def test_verify_refuses_what_the_guard_refuses(folder: Path, name: str) -> None:
    old, new, _ = DIFFERENCES[name]
    text = RICH.replace(old, new)
    if name == "convention":
        text = text.replace(' -> c_int"\nsettings', " -> c_int'\nsettings")
    plugin = rich_plugin(folder, f"verified-{name}", text)
    report = verify(str(plugin), parse_contract_text(RICH, "rich.toml"))
    assert report.verdict is Verdict.INCOMPATIBLE


@pytest.mark.parametrize("name", SAMENESSES)
def test_verify_lets_in_what_the_guard_lets_in(folder: Path, name: str) -> None:
    old, new = SAMENESSES[name]
    text = RICH.replace(old, new) if old else RICH
    if name == "order-of-definitions":
        text += '[structs.Point]\nfields = ["x: i32", "y: f32"]\n'
    plugin = rich_plugin(folder, f"verified-{name}", text)
    report = verify(str(plugin), parse_contract_text(RICH, "rich.toml"))
    assert report.verdict is Verdict.COMPATIBLE


def test_negative_tag_is_compared_with_its_sign(rich: Path, folder: Path) -> None:
    data = "const Config settings = {0};\nconst int16_t level = -4;\nuint32_t count = 1;\n"
    plugin = built_plugin(folder, "rich-negative", RICH, "start stop", data)
    assert "level: 65532 in the plugin; this host wants at_least -3" in run(rich, plugin)


def test_tag_that_is_not_in_the_file_is_refused(rich: Path, folder: Path) -> None:
    plugin = built_plugin(
        folder, "rich-zero", RICH.replace("static i16", "static mut i16"), "start stop",
        "const Config settings = {0};\nint16_t level;\n",
    )  # fmt: skip
    assert "level: its value is not in the file" in run(rich, plugin)


# A contract that grows: fixtures/growth/growth.toml is at 1.2.

GROWTH = contract("growth/growth.toml").read_text()
OLDER = {
    "1.0": (
        ('version  = "1.2"', 'version  = "1.0"'),
        ('[exports.flush]\ntype  = "fn(how: c_int) -> c_int"\nsince = "1.1"\n', ""),
        ('  { name = "pause", type = "Option<fn()>", since = "1.1" },\n', ""),
        ('  { name = "level", type = "fn() -> c_int", since = "1.2" },\n', ""),
        ('  { name = "total", type = "c_int", since = "1.2" },\n', ""),
        (', Auto = { value = 2, since = "1.2" }', ""),
    ),
    "1.1": (
        ('version  = "1.2"', 'version  = "1.1"'),
        ('  { name = "level", type = "fn() -> c_int", since = "1.2" },\n', ""),
        ('  { name = "total", type = "c_int", since = "1.2" },\n', ""),
        (', Auto = { value = 2, since = "1.2" }', ""),
    ),
}
VERSION_1_3 = ('version  = "1.2"', 'version  = "1.3"')
PAUSE = '  { name = "pause", type = "Option<fn()>", since = "1.1" },\n'
NEWER = {
    "sized": ((PAUSE, PAUSE + '  "resume: Option<fn()>",\n'), "loaded, whole"),
    "of-the-host": (('"log: fn(', '"first: u64", "log: fn('), "Host.first: unknown to this host"),
    "unsized": (('{ name = "total"', '"more: i64", { name = "total"'), "Stats.total: offset 16 in"),
    "by-value": (('"y: f32"', '"y: f32", "z: f32"'), "Point.z: unknown to this host"),
}
FUNCTIONS = "open_plugin stats move_to flush"


@pytest.fixture(scope="module")
def growth(folder: Path) -> Path:
    return built_host(folder, "growth", GROWTH, "flush")


@pytest.mark.parametrize("version", OLDER)
def test_older_plugin_may_lack_what_came_later(growth: Path, folder: Path, version: str) -> None:
    text = GROWTH
    for old, new in OLDER[version]:
        assert old in text
        text = text.replace(old, new)
    plugin = built_plugin(folder, f"growth-{version}", text, FUNCTIONS)
    said = "in part" if version == "1.0" else "whole"
    assert run(growth, plugin) == f"loaded, {said}\n"


def test_plugin_of_this_version_may_lack_nothing(growth: Path, folder: Path) -> None:
    text = GROWTH.replace(PAUSE, "")
    plugin = built_plugin(folder, "growth-lacking", text, FUNCTIONS)
    assert "Plugin.pause: not in the plugin; the plugin is of version 1.2" in run(growth, plugin)


@pytest.mark.parametrize("name", NEWER)
def test_newer_plugin_may_have_more_where_only_it_fills(
    growth: Path, folder: Path, name: str
) -> None:
    (old, new), said = NEWER[name]
    assert old in GROWTH
    text = GROWTH.replace(*VERSION_1_3).replace(old, new)
    assert said in run(growth, built_plugin(folder, f"growth-{name}", text, FUNCTIONS))
