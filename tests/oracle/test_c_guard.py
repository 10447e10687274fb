"""The guard for C: compiled, run, and made to refuse before a byte of the plugin runs."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from abicheck.contract import parse_contract_text
from abicheck.generation import generate
from tests.oracle.guards import (
    CONTRACT,
    FIELD_MORE,
    GREETING,
    OTHER_SIGNATURE,
    OTHER_VERSION,
    SOURCES,
    build_host,
    build_plugin,
    make_headers,
    run,
    zig,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

FLAGS = ("-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")

REFUSALS = {
    "field-more": (FIELD_MORE, (), "Greeter.flags: unknown to this host; the plugin is of"),
    "other-version": (OTHER_VERSION, (), "GREETER_ABI_VERSION: 2.0 in the plugin; this host wants"),
    "other-signature": (
        OTHER_SIGNATURE,
        ("-DCHANGED_SIGNATURE",),
        "Greeter.greet: `fn(*const c_char, i32) -> *const c_char` in the plugin, `fn(*const",
    ),
    "missing-export": (CONTRACT, ("-DMISSING_EXPORT",), "free_greeting: no such export"),
    "no-descriptor": (
        CONTRACT,
        ("-DWITHOUT_DESCRIPTOR",),
        "no descriptor of greeter: the plugin must",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    return tmp_path_factory.mktemp("guard")


@pytest.fixture(scope="module")
def host(folder: Path) -> Path:
    return build_host(folder / "host", "-O1")


@pytest.fixture(scope="module")
def plugin(folder: Path) -> Path:
    return build_plugin(folder / "libgreeter.so", "-O2")


def test_plugin_that_fits_greets(host: Path, plugin: Path) -> None:
    assert run(host, plugin) == GREETING


def test_stripped_plugin_that_fits_greets(host: Path, plugin: Path) -> None:
    stripped = plugin.with_name("libgreeter-stripped.so")
    run("strip", "-s", plugin, "-o", stripped)
    assert run(host, stripped) == GREETING


@pytest.mark.parametrize("is_stripped", [False, True], ids=["unstripped", "stripped"])
@pytest.mark.parametrize("fault", REFUSALS)
def test_host_refuses_before_anything_runs(
    host: Path, folder: Path, fault: str, *, is_stripped: bool
) -> None:
    text, flags, said = REFUSALS[fault]
    plugin = build_plugin(folder / f"lib{fault}.so", *flags, *["-s"] * is_stripped, text=text)
    mark = folder / f"{fault}.mark"
    assert said in run(host, plugin, check=False, GREETER_MARK=str(mark))
    assert not mark.exists()


def test_mark_is_left_by_a_plugin_that_runs(host: Path, plugin: Path, tmp_path: Path) -> None:
    run(host, plugin, GREETER_MARK=str(tmp_path / "mark"))
    assert (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "by",
    [
        *("gcc -std=c99", "gcc -std=c11 -O2", "gcc -std=c17", "g++ -xc++ -std=c++11"),
        *("clang -std=c99", "clang -xc++ -std=c++11 -lstdc++", "clang -xc++ -std=c++20 -lstdc++"),
    ],
)
def test_host_is_free_of_warnings_and_works(folder: Path, plugin: Path, by: str) -> None:
    host = build_host(folder / "host-by", *FLAGS, by=by)
    assert run(host, plugin) == GREETING


@pytest.mark.parametrize("by", ["gcc -std=c99", "clang++ -std=c++11"])
def test_one_source_file_implements_the_guards_of_contracts_with_an_export_of_one_name(
    folder: Path, plugin: Path, by: str
) -> None:
    make_headers(folder / "two", CONTRACT)
    other = CONTRACT.replace("reeter", "aver").replace("REETER", "AVER").replace("greet", "wave")
    headers = make_headers(folder / "two", other)
    source = folder / "two.c"
    source.write_text(TWO_CONTRACTS)
    language = ["-x", "c++"] if "++" in by else []
    run(*by.split(), *FLAGS, f"-I{headers}", *language, source, "-o", folder / "two-guards", "-ldl")
    assert run(folder / "two-guards", plugin) == "1 0 no descriptor of gaver\n"


@pytest.mark.parametrize(
    "target",
    [
        *("x86_64-windows-gnu", "x86-windows-gnu", "aarch64-macos", "x86_64-freebsd"),
        *("x86_64-openbsd", "s390x-linux-gnu", "arm-linux-musleabihf"),
    ],
)
def test_host_compiles_for_other_systems(folder: Path, target: str) -> None:
    headers = make_headers(folder / "other")
    run(*zig(target).split(), "-std=c99", *FLAGS, f"-I{headers}", SOURCES / "host.c", "-c", "-o",
        folder / "other.o")  # fmt: skip


def test_file_replaced_after_loading_leaves_the_plugin_as_it_was_checked(
    folder: Path, plugin: Path
) -> None:
    """What is mapped is a copy: overwriting the file does not reach it."""
    source = folder / "overwriting.c"
    source.write_text(OVERWRITING)
    host = build_host(folder / "overwriting", source=source)
    copy = folder / "overwritten.so"
    shutil.copy(plugin, copy)
    assert run(host, copy) == "Hello, World!\n"


TWO_CONTRACTS = """\
#define GREETER_HOST_IMPLEMENTATION
#define GAVER_HOST_IMPLEMENTATION
#include "greeter_host.h"
#include "gaver_host.h"
static int load_plugin(int fits) { return fits; } /* The name of an export, and the host's own. */
int main(int argc, char **argv)
{
    char message[400];
    const int fits = argc > 1 && greeter_plugin_check(argv[1], message, sizeof message);
    printf("%d %d ", load_plugin(fits), gaver_plugin_check(argv[1], message, sizeof message));
    printf("%.22s\\n", strstr(message, "no descriptor"));
    return 0;
}
"""

OVERWRITING = """\
#define GREETER_HOST_IMPLEMENTATION
#include "greeter_host.h"
int main(int argc, char **argv)
{
    greeter_plugin plugin;
    char message[400];
    FILE *file;
    int i;
    if (argc < 2 || !greeter_plugin_load(argv[1], &plugin, message, sizeof message))
        return 1;
    file = fopen(argv[1], "r+b");
    for (i = 0; i < 16000; i++)
        fputc(0xcc, file);
    fclose(file);
    puts(plugin.load_plugin()->greet("World"));
    greeter_plugin_unload(&plugin);
    return 0;
}
"""

DEPENDENCY = """\
#include "greeter.h"
void free_greeting(const char *greeting) { (void)greeting; }
"""


def test_export_of_a_dependency_is_not_the_plugins(host: Path, folder: Path) -> None:
    source = folder / "dependency.c"
    source.write_text(DEPENDENCY)
    build_plugin(folder / "libdependency.so", source=source)
    flags = [f"-L{folder}", "-Wl,--no-as-needed", "-ldependency", f"-Wl,-rpath,{folder}"]
    plugin = build_plugin(folder / "libdepends.so", "-DMISSING_EXPORT", *flags)
    assert "free_greeting: no such export" in run(host, plugin, check=False)


@pytest.mark.parametrize("style", ["gnu", "sysv", "both"])
@pytest.mark.parametrize("by", ["gcc", "clang -fuse-ld=lld"])
def test_exports_are_found_through_either_hash_table(
    host: Path, folder: Path, style: str, by: str
) -> None:
    plugin = build_plugin(folder / f"libhash-{style}.so", f"-Wl,--hash-style={style}", by=by)
    assert run(host, plugin) == GREETING


def test_load_by_path_finds_the_plugin_under_its_own_name(folder: Path, plugin: Path) -> None:
    host = build_host(folder / "host-by-path", "-DGREETER_LOAD_BY_PATH", *FLAGS)
    assert run(host, plugin) == GREETING


@pytest.mark.parametrize(
    "path", ["/dev/zero", "/dev/null", "/", "/nonexistent", "fifo", "x" * 2000]
)
def test_what_is_no_file_is_refused(host: Path, folder: Path, path: str) -> None:
    if path == "fifo":
        path = str(folder / "fifo")
        os.mkfifo(path)
    assert f"{path[-150:]}: cannot be read as a file" in run(host, path, check=False)


def test_huge_file_is_refused_uncopied(host: Path, folder: Path) -> None:
    huge = folder / "huge.so"
    with huge.open("wb") as file:
        file.truncate(1 << 31)
    assert "cannot be read as a file of less than 1 GiB" in run(host, huge, check=False)


def test_header_included_too_late_says_so(folder: Path) -> None:
    source = folder / "late.c"
    source.write_text("#include <stdio.h>\n" + (SOURCES / "host.c").read_text())
    headers = make_headers(folder / "late")
    printed = run(
        "gcc", "-std=c99", f"-I{headers}", source, "-c", "-o", folder / "late.o", check=False
    )
    assert "greeter_host.h must come first" in printed


RUST_FAULTS = {
    "field-more": (FIELD_MORE, "Greeter.flags: unknown to this host"),
    "other-version": (OTHER_VERSION, "GREETER_ABI_VERSION: 2.0 in the plugin"),
    "changed-signature": (OTHER_SIGNATURE, "Greeter.greet: `fn(*const c_char, i32)"),
    "missing-export": (CONTRACT, "free_greeting: no such export"),
}


def rust_plugin(folder: Path, name: str, text: str, *flags: str) -> Path:
    """Build the tutorial's plugin in Rust, with the compiler alone."""
    if shutil.which("rustc") is None:
        pytest.skip("rustc is not installed")
    out = folder / f"{name}.out"
    out.mkdir(exist_ok=True)
    for file in generate(parse_contract_text(text, "greeter.toml"), "rust"):
        (out / file.name).write_text(file.text)
    plugin = folder / f"lib{name}.so"
    source = SOURCES.parent / "rust" / "plugin" / "src" / "lib.rs"
    rustc = ("rustc", "--edition", "2021", "--crate-type", "cdylib", "-O")
    run(*rustc, *flags, source, "-o", plugin, OUT_DIR=str(out))
    return plugin


@pytest.mark.parametrize("strip", ["none", "symbols"])
def test_plugin_in_rust_greets(host: Path, folder: Path, strip: str) -> None:
    plugin = rust_plugin(folder, f"rust-{strip}", CONTRACT, "-C", f"strip={strip}")
    assert run(host, plugin) == GREETING


@pytest.mark.parametrize("strip", ["none", "symbols"])
@pytest.mark.parametrize("fault", RUST_FAULTS)
def test_plugin_in_rust_is_refused_before_it_runs(
    host: Path, folder: Path, fault: str, strip: str
) -> None:
    text, said = RUST_FAULTS[fault]
    flags = ("--cfg", f'feature="{fault}"', "-C", f"strip={strip}")
    plugin = rust_plugin(folder, f"rust-{fault}-{strip}", text, *flags)
    mark = folder / f"rust-{fault}.mark"
    assert said in run(host, plugin, check=False, GREETER_MARK=str(mark))
    assert not mark.exists()
