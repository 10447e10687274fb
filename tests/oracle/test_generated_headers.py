"""Generated headers, judged by compilers: they compile everywhere, hold, and describe the build."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from struct import unpack_from
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.contract import parse_contract_text
from abicheck.generation import generate
from abicheck.generation.names import capitals
from abicheck.layout import known_targets
from abicheck.model.records import replace
from tests.conftest import ROOT
from tests.oracle.corpus import CASES
from tests.oracle.layouts.compilers import has_zig, zig_target
from tests.oracle.layouts.generate import contract_of
from tests.oracle.layouts.generate import generate as random_shapes
from tests.oracle.test_layout_compilers import HERE, shapes_of

if TYPE_CHECKING:
    from abicheck.model.contract import Contract
    from abicheck.model.target import Target

pytestmark = pytest.mark.oracle

needs_zig = pytest.mark.skipif(not has_zig(), reason="ziglang is not installed")
EVERYTHING = ROOT / "tests/generation/everything.toml"
STRICT = ["-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]
DIALECTS = {
    "gcc": ("c99", "c11", "c17"),
    "clang": ("c99", "c11", "c17"),
    "g++": ("c++11", "c++14", "c++17", "c++20"),
    "clang++": ("c++11", "c++14", "c++17", "c++20"),
}
QUICK = (("gcc", "c99"), ("clang++", "c++11"))
ALL = tuple((compiler, dialect) for compiler in DIALECTS for dialect in DIALECTS[compiler])
NOTE = rb"(\x09\0\0\0|\0\0\0\x09).{4}(\x01\0\0\0|\0\0\0\x01)abicheck\0\0\0\0"

SHAPES = 40
SHAPED = (
    "i386-linux-gnu", "arm-linux-gnueabihf", "s390x-linux-gnu", "x86_64-windows-gnu",
    "i386-windows-msvc", "aarch64-macos",
)  # fmt: skip

PLUGIN = """\
#include "every-thing.h"
EVERY_THING_PLUGIN;
static char *hook_(Node *node, Small *const *small) { (void)node; (void)small; return 0; }
Node *make(Mode kind, const char *name, ...) { (void)kind; (void)name; return 0; }
void drop(Node *node) { (void)node; }
Pair give(Small a, Wrapper b) { Pair pair; pair.a = a.int_; pair.b = (int)b; return pair; }
const char *const names[2] = { 0, 0 };
const uint16_t table[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
const Hook hook = hook_;
const char text[] = "text";
void *EVERY_THING_SYSTEM_ sys(int32_t a) { (void)a; return 0; }
int fmt(const char *format, va_list list) { (void)format; (void)list; return 0; }
"""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, capture_output=True, text=True, check=False)


def zig(target: Target, *arguments: str, cpp: bool = False) -> subprocess.CompletedProcess[str]:
    front = (sys.executable, "-m", "ziglang", "c++" if cpp else "cc")
    quiet = ("-fno-sanitize=all", "-fPIC", "-Wno-unused-command-line-argument")
    return run(*front, "-target", zig_target(target), *quiet, *arguments)


def write(contract: Contract, directory: Path, source: str = "") -> Path:
    """Write the header and a plugin of it; return the path of the plugin's C source."""
    (file,) = generate(contract, "c")
    (directory / file.name).write_text(file.text)
    text = source or f'#include "{file.name}"\n{capitals(contract.name)}_PLUGIN;\n'
    for ending in ("c", "cpp"):
        (directory / f"plugin.{ending}").write_text(text)
    return directory / "plugin.c"


def descriptor(binary: Path) -> bytes:
    """Return the note of a file of any format, found by its name."""
    content = binary.read_bytes()
    found = [match.start() for match in re.finditer(NOTE, content, re.DOTALL)]
    assert len(found) == 1, f"{binary.name} has {len(found)} descriptors"
    at = found[0]
    (length,) = unpack_from("<I" if content[at] == 9 else ">I", content, at + 4)
    return content[at : at + 24 + length]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the source of a plugin that uses all of the language."""
    directory = tmp_path_factory.mktemp("everything")
    return write(abicheck.parse_contract(EVERYTHING), directory, PLUGIN)


def compiled(source: Path, compiler: str, *flags: str) -> subprocess.CompletedProcess[str]:
    ending = "cpp" if "+" in compiler else "c"
    output = source.parent / f"{compiler}{abs(hash(flags))}.o"
    made = run(compiler, *flags, "-c", str(source.with_suffix(f".{ending}")), "-o", str(output))
    if made.returncode == 0:
        made.stdout = str(output)
    return made


# One header, one descriptor.


def test_every_dialect_makes_the_same_descriptor_without_a_warning(everything: Path) -> None:
    found = {}
    for compiler, dialect in ALL:
        made = compiled(everything, compiler, f"-std={dialect}", *STRICT)
        assert made.returncode == 0, made.stderr[:3000]
        found[compiler, dialect] = descriptor(Path(made.stdout))
    assert len(set(found.values())) == 1


def test_descriptor_of_the_greeter_has_at_most_500_bytes(tmp_path: Path) -> None:
    source = write(abicheck.parse_contract(ROOT / "schemas/greeter.toml"), tmp_path)
    made = compiled(source, "gcc")
    assert len(descriptor(Path(made.stdout))) <= 500


def contracts() -> list[tuple[str, str]]:
    """Return every contract to copy from, those of odd names, and the corpus, by name and text."""
    paths = [*(ROOT / "schemas").glob("*.toml"), *(ROOT / "fixtures/generation").glob("*.toml")]
    found = {path.stem: path.read_text() for path in sorted(paths)}
    found |= {case.name: case.contract_text(case.all_changes()[0]) for case in CASES}
    return list(found.items())


def check_dialects(name: str, text: str, dialects: object, directory: Path) -> None:
    source = write(parse_contract_text(text, f"{name}.toml"), directory)
    assert isinstance(dialects, tuple)
    for compiler, dialect in dialects:
        made = run(
            compiler, f"-std={dialect}", *STRICT, "-fsyntax-only",
            str(source.with_suffix(".cpp" if "+" in compiler else ".c")),
        )  # fmt: skip
        assert made.returncode == 0, made.stderr[:3000]


@pytest.mark.parametrize(("name", "text"), contracts(), ids=dict(contracts()))
def test_header_compiles_without_a_warning(name: str, text: str, tmp_path: Path) -> None:
    check_dialects(name, text, QUICK, tmp_path)


@pytest.mark.parametrize("compiler", ["gcc", "clang", "g++", "clang++"])
def test_names_that_give_way_to_keywords_are_exact_in_debug_information(
    compiler: str, tmp_path: Path
) -> None:
    contract = abicheck.parse_contract(ROOT / "fixtures/generation/names.toml")
    source = write(contract, tmp_path)
    file = source.with_suffix(".cpp" if "+" in compiler else ".c")
    start = "Template start(Class *a, uint8_t b, const char *c, int d)"
    rest = "(void)a; (void)b; (void)c; (void)d; for (;;) ;"
    other = "bool_t other(void) { return bool_t_TRUE; }"
    file.write_text(f"{source.read_text()}{start} {{ {rest} }}\n{other}\n")
    plugin = tmp_path / "plugin.so"
    made = run(compiler, "-g", "-shared", "-fPIC", str(file), "-o", str(plugin))
    assert made.returncode == 0, made.stderr
    report = abicheck.verify(plugin, contract)
    agreed = [each.subject for each in report.claims if each.rule == "evidence-conflict"]
    assert {"structs.Class", "enums.bool_t"} <= {*agreed}
    wrong = [each for each in report.claims if each.status == "mismatch"]
    assert [each for each in wrong if not each.subject.startswith("exports.")] == []


@pytest.mark.long
@pytest.mark.parametrize(("name", "text"), contracts(), ids=dict(contracts()))
def test_header_compiles_without_a_warning_in_all_dialects(
    name: str, text: str, tmp_path: Path
) -> None:
    check_dialects(name, text, ALL, tmp_path)


# Every target.


def check_target(source: Path, target: Target, *, cpp: bool) -> None:
    output = source.parent / f"{target}{'-cpp' * cpp}.o"
    dialect = "-std=c++11" if cpp else "-std=c99"
    path = source.with_suffix(".cpp") if cpp else source
    made = zig(
        target, dialect, "-Wall", "-Wextra", "-pedantic", "-Werror", "-c", str(path),
        "-o", str(output), cpp=cpp,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[:3000]
    note = descriptor(output)
    assert note[28] == (2 if target.byte_order == "big" else 1)
    assert note[29] == target.bits // 8
    relocations = run("readelf", "-SW", str(output)).stdout if target.system == "linux" else ""
    assert not re.search(r"\.rela?\.note\.abicheck", relocations)


@needs_zig
@pytest.mark.parametrize("target", known_targets(), ids=str)
def test_assertions_hold_on_every_known_target(target: Target, everything: Path) -> None:
    check_target(everything, target, cpp=False)


@needs_zig
@pytest.mark.long
@pytest.mark.parametrize("target", known_targets(), ids=str)
def test_assertions_hold_in_cpp_on_every_known_target(target: Target, everything: Path) -> None:
    check_target(everything, target, cpp=True)


@needs_zig
@pytest.mark.parametrize("target", known_targets(), ids=str)
def test_known_target_is_told_from_all_others(target: Target, everything: Path) -> None:
    """Nothing asserted would be nothing proved: each known target has a number."""
    made = zig(target, "-E", "-dM", str(everything))
    (number,) = re.findall(r"#define EVERY_THING_LAYOUT_ (\d+)", made.stdout)
    assert number != "0"


BUILT = ("x86_64-linux-gnu", "arm-linux-gnueabihf", "s390x-linux-gnu", "mips-linux-gnu")


@needs_zig
@pytest.mark.parametrize("name", BUILT)
def test_stripped_plugin_is_compatible(name: str, everything: Path) -> None:
    target = next(each for each in known_targets() if str(each) == name)
    output = everything.parent / f"{target}.so"
    made = zig(target, "-shared", "-nostdlib", "-O2", "-s", str(everything), "-o", str(output))
    assert made.returncode == 0, made.stderr[:3000]
    check_verdict(output)


@pytest.mark.parametrize("compiler", DIALECTS)
def test_stripped_plugin_of_an_installed_compiler_is_compatible(
    compiler: str, everything: Path
) -> None:
    output = everything.parent / f"{compiler}.so"
    source = everything.with_suffix(".cpp" if "+" in compiler else ".c")
    made = run(compiler, "-shared", "-fPIC", "-O2", "-s", str(source), "-o", str(output))
    assert made.returncode == 0, made.stderr[:3000]
    check_verdict(output)


def check_verdict(plugin: Path) -> None:
    report = abicheck.verify(plugin, EVERYTHING)
    wrong = [(each.subject, each.reason) for each in report.claims if each.status != "ok"]
    assert (report.verdict, wrong) == (abicheck.Verdict.COMPATIBLE, [])


# Random shapes: packed, aligned, bit-fields, anonymous members, flexible arrays.


def shapes(seed: int, target: Target, directory: Path) -> Path:
    definitions = random_shapes(seed, SHAPES, shapes_of(target))
    contract = replace(contract_of(definitions), name="shapes", version="1.0")
    return write(contract, directory)


@pytest.mark.parametrize("seed", range(2))
def test_random_shapes_hold_in_installed_compilers(seed: int, tmp_path: Path) -> None:
    source = shapes(seed, HERE, tmp_path)
    found = set()
    for compiler in DIALECTS:
        made = compiled(source, compiler, "-w")
        assert made.returncode == 0, made.stderr[:3000]
        found.add(descriptor(Path(made.stdout)))
    assert len(found) == 1


@needs_zig
@pytest.mark.parametrize("name", SHAPED)
def test_random_shapes_hold_on_other_targets(name: str, tmp_path: Path) -> None:
    target = next(each for each in known_targets() if str(each) == name)
    source = shapes(0, target, tmp_path)
    made = zig(target, "-w", "-c", str(source), "-o", str(tmp_path / "shapes.o"))
    assert made.returncode == 0, made.stderr[:3000]


@needs_zig
@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 13))
@pytest.mark.parametrize("target", known_targets(), ids=str)
def test_many_random_shapes_hold_on_every_target(target: Target, seed: int, tmp_path: Path) -> None:
    source = shapes(seed, target, tmp_path)
    made = zig(target, "-w", "-c", str(source), "-o", str(tmp_path / "shapes.o"))
    assert made.returncode == 0, made.stderr[:3000]


# Wrong builds do not compile, or show.


@pytest.mark.parametrize(
    "flag",
    ["-fpack-struct", "-fpack-struct=2", "-fshort-enums", "-mlong-double-64", "-fshort-wchar",
     "-mms-bitfields", "-Duint32_t=uint64_t"],
)  # fmt: skip
def test_build_with_another_layout_does_not_compile(flag: str, everything: Path) -> None:
    made = compiled(everything, "gcc", flag)
    assert made.returncode != 0
    if flag.startswith(("-f", "-m")):
        assert "another size than the contract" in made.stderr


def test_build_with_another_format_of_long_double_does_not_compile(everything: Path) -> None:
    made = compiled(everything, "gcc", "-mlong-double-128")
    assert "long double: another format than the platform's" in made.stderr.replace("\\'", "'")


def test_build_with_another_calling_convention_does_not_compile(everything: Path) -> None:
    made = compiled(everything, "gcc", "-mabi=ms")
    assert "functions: another calling convention (-mabi)" in made.stderr


def test_sign_of_char_shows_in_the_descriptor(everything: Path) -> None:
    signs = [
        descriptor(Path(compiled(everything, "gcc", flag).stdout))[32]
        for flag in ("-fsigned-char", "-funsigned-char")
    ]
    assert signs == [1, 0]


EDITS = [
    ("    uint32_t size;", "    int32_t size;", "Node.size: another type"),
    ("    Me *next;", "    Small *next;", "Node.next: another type"),
    ("    bool b;", "    uint8_t b;", "Node.b: another type"),
    ("    Matrix m;", "    float m[16];", "Node.m: another type"),
    ("typedef double Wrapper;", "typedef int64_t Wrapper;", "Wrapper: a wrapper of another type"),
    ("        uint8_t x1;", "        uint8_t x0, x1;", "Node.x1: another offset"),
    ("        uint16_t lo;", "        int16_t lo;", "Anon.lo: another type"),
    ("typedef float Matrix[4][4];", "typedef int32_t Matrix[4][4];", "Node.m: another type"),
    ("    Auto = 2", "    Auto = 3", "Mode.Auto: another value"),
    ("    unsigned char gap_2_[", "    unsigned char gap_2_[8 + ", "Part: another size"),
    ("const char *const names[]", "char *const names[]", "names: another type"),
    ("EXPORT Pair give(Small a", "EXPORT Pair give(Pair a", "give: another type"),
    ("    double d;\n    int64_t ll;", "    int64_t ll;\n    double d;", "Wide.d: another offset"),
    ("_PACKED_ Packed {", "_EXTENSION_ Packed {", ""),
]  # fmt: skip


@pytest.mark.parametrize("edit", EDITS, ids=[new.strip()[:30] for _, new, _ in EDITS])
@pytest.mark.parametrize("compiler", ["gcc", "clang++"])
def test_edited_header_does_not_compile(
    edit: tuple[str, str, str], compiler: str, everything: Path, tmp_path: Path
) -> None:
    old, new, message = edit
    text = (everything.parent / "every-thing.h").read_text()
    assert old in text
    (tmp_path / "every-thing.h").write_text(text.replace(old, new, 1))
    for ending in ("c", "cpp"):
        (tmp_path / f"plugin.{ending}").write_text('#include "every-thing.h"\n')
    made = compiled(tmp_path / "plugin.c", compiler)
    assert made.returncode != 0
    assert message in made.stderr


def test_function_defined_otherwise_does_not_compile(everything: Path, tmp_path: Path) -> None:
    shutil.copy(everything.parent / "every-thing.h", tmp_path)
    wrong = PLUGIN.replace("void drop(Node *node)", "int drop(Node *node)")
    (tmp_path / "plugin.c").write_text(wrong)
    assert "conflicting types" in compiled(tmp_path / "plugin.c", "gcc").stderr


# The macro, twice and for hosts.


def test_macro_in_two_files_is_harmless_where_it_defines_nothing(tmp_path: Path) -> None:
    text = (ROOT / "schemas/greeter.toml").read_text().partition("[tags.version]")[0]
    schema = tmp_path / "greeter.toml"
    schema.write_text(text)
    source = write(abicheck.parse_contract(schema), tmp_path)
    shutil.copy(source, tmp_path / "second.c")
    rest = (
        "Greeter *load_plugin(void) { return 0; }\n"
        "void free_greeter(Greeter *greeter) { (void)greeter; }\n"
        "void free_greeting(const char *greeting) { (void)greeting; }\n"
        "const uint32_t GREETER_ABI_VERSION = 1;\n"
    )
    source.write_text(source.read_text() + rest)
    plugin = tmp_path / "plugin.so"
    run("gcc", "-shared", "-fPIC", "-s", str(source), str(tmp_path / "second.c"), "-o", str(plugin))
    assert len(re.findall(NOTE, plugin.read_bytes(), re.DOTALL)) == 2
    assert abicheck.verify(plugin, schema).verdict is abicheck.Verdict.COMPATIBLE


def test_macro_in_two_files_that_defines_the_version_does_not_link(tmp_path: Path) -> None:
    source = write(abicheck.parse_contract(ROOT / "schemas/greeter.toml"), tmp_path)
    shutil.copy(source, tmp_path / "second.c")
    made = run("gcc", "-shared", "-fPIC", str(source), str(tmp_path / "second.c"), "-o", os.devnull)
    assert "multiple definition of `GREETER_ABI_VERSION'" in made.stderr


@pytest.mark.parametrize("compiler", ["gcc", "g++"])
def test_host_has_the_same_bytes_in_a_constant_of_its_own(
    compiler: str, everything: Path, tmp_path: Path
) -> None:
    shutil.copy(everything.parent / "every-thing.h", tmp_path)
    host = (
        '#include "every-thing.h"\n'
        "extern const struct every_thing_descriptor mine;\n"
        "const struct every_thing_descriptor mine = EVERY_THING_DESCRIPTOR;\n"
    )
    for ending in ("c", "cpp"):
        (tmp_path / f"plugin.{ending}").write_text(host)
    made = compiled(tmp_path / "plugin.c", compiler)
    assert made.returncode == 0, made.stderr
    assert ".note.abicheck" not in run("readelf", "-SW", made.stdout).stdout
    plugin = compiled(everything, compiler)
    assert descriptor(Path(made.stdout)) == descriptor(Path(plugin.stdout))
