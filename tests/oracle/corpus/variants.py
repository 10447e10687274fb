"""How a source becomes a plugin: compilers, optimisation, and the forms of debug information."""

# ruff: noqa: E501 (a change reads best on one line, beside what it must lead to)

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .case import Case, Change


CACHE = Path(tempfile.gettempdir()) / f"abicheck-corpus-{os.getuid()}"
BARE = "-shared -fPIC -nostdlib -w"
ZIG = f"{sys.executable} -m ziglang cc -fno-sanitize=undefined"


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to build: `command` has {files}, {out}, {flags}; `after` runs on {out}.

    `language` is "c", "cpp" or "rust". `has_types`: the plugin's debug information
    describes its types. `stem` is the part of `compiler` that cases speak of.
    """

    name: str
    language: str
    compiler: str
    command: str
    after: str = ""
    has_types: bool = True
    is_cross: bool = False


SEPARATE = (
    "objcopy --only-keep-debug {out} {out}.debug && objcopy --strip-debug {out} && "
    "objcopy --add-gnu-debuglink={out}.debug {out}"
)


def _native(
    compiler: str, name: str, flags: str, after: str = "", *, types: bool = True
) -> Variant:
    driver = (
        compiler.replace("gcc", "g++").replace("clang", "clang++") if "++" in name else compiler
    )
    return Variant(
        name=name,
        language="cpp" if "++" in name else "c",
        compiler=compiler,
        command=f"{driver} {BARE} -Wl,--build-id=sha1 {flags} {{files}} {{flags}} -o {{out}}",
        after=after,
        has_types=types,
    )


def _rustc(name: str, flags: str, after: str = "", *, types: bool = True) -> Variant:
    return Variant(
        name=f"rustc {name}",
        language="rust",
        compiler="rustc",
        command=f"rustc --edition 2021 --crate-type cdylib -C panic=abort -A warnings {flags} {{flags}} {{files}} -o {{out}}",
        after=after,
        has_types=types,
    )


def _zig(target: str, optimisation: str = "-O1", flags: str = "-g") -> Variant:
    return Variant(
        name=f"zig {target} {optimisation}",
        language="c",
        compiler="zig",
        command=f"{ZIG} -target {target} {BARE} {flags} {optimisation} {{files}} {{flags}} -o {{out}}",
        is_cross=True,
    )


QUICK = (
    _native("gcc", "gcc -O0", "-g -O0"),
    _native("clang", "clang -O2", "-g -O2"),
    _native("gcc", "gcc -O2 stripped", "-g -O2 -s", types=False),
    _native("gcc", "g++ -O0", "-g -O0"),
    _native("clang", "clang++ -O2", "-g -O2"),
    _rustc("debug", "-g"),
    _rustc("-O", "-g -O"),
    _rustc("-O stripped", "-O -C strip=symbols", types=False),
)
"""What the tests build for every case."""

THOROUGH = (
    *QUICK,
    _native("gcc", "gcc -O2", "-g -O2"),
    _native("clang", "clang -O0", "-g -O0"),
    _native("clang", "clang -O2 stripped", "-g -O2 -s", types=False),
    _native("gcc", "g++ -O2", "-g -O2"),
    _native("clang", "clang++ -O0", "-g -O0"),
    _native("gcc", "gcc lto", "-g -O2 -flto"),
    _native("clang", "clang lto", "-g -O2 -flto -fuse-ld=lld"),
    _native("gcc", "gcc DWARF 4", "-gdwarf-4 -O1"),
    _native("clang", "clang DWARF 4", "-gdwarf-4 -O1"),
    _rustc("lto", "-g -O -C lto=fat"),
    _zig("aarch64-linux-gnu"),
    _zig("x86-linux-gnu"),
    _zig("arm-linux-gnueabihf"),
    _zig("s390x-linux-gnu"),
    _zig("mips-linux-gnueabihf"),
    _zig("powerpc64-linux-gnu"),
    _zig("riscv32-linux-gnu"),
)
"""What the script builds for every case."""

FORMS = (
    *THOROUGH,
    _native("clang", "clang thin lto", "-g -O2 -flto=thin -fuse-ld=lld"),
    _native("gcc", "gcc separate", "-g -O2", SEPARATE),
    _native("clang", "clang separate", "-g -O2", SEPARATE),
    _native("gcc", "gcc split", "-g -gsplit-dwarf -O1"),
    _native("clang", "clang split", "-g -gsplit-dwarf -O1"),
    _native("clang", "clang split 4", "-gdwarf-4 -gsplit-dwarf -O1"),
    _native("gcc", "gcc split 4", "-gdwarf-4 -gsplit-dwarf -O1"),
    _native(
        "gcc", "gcc split lost", "-g -gsplit-dwarf -O1", "rm -f {out}*.dwo {stem}*.dwo", types=False
    ),
    _native("gcc", "gcc type units", "-g -fdebug-types-section -O1"),
    _native("gcc", "gcc type units 4", "-gdwarf-4 -fdebug-types-section -O1"),
    _native("clang", "clang type units", "-g -fdebug-types-section -O1"),
    _native("gcc", "g++ type units", "-g -fdebug-types-section -O1"),
    _native("gcc", "g++ split", "-g -gsplit-dwarf -O1"),
    _native("gcc", "gcc DWARF 3", "-gdwarf-3 -gstrict-dwarf -O1"),
    _native("gcc", "gcc DWARF 2", "-gdwarf-2 -gstrict-dwarf -O1"),
    _native("clang", "clang DWARF 2", "-gdwarf-2 -O1"),
    _native("gcc", "gcc DWARF 64", "-g -gdwarf64 -O1"),
    _native("gcc", "gcc zlib", "-g -gz=zlib -O1"),
    _native("gcc", "gcc zstd", "-g -O1", "objcopy --compress-debug-sections=zstd {out}"),
    _native(
        "gcc",
        "gcc package 4",
        "-gdwarf-4 -gsplit-dwarf -O1",
        "dwp -e {out} -o {out}.dwp && rm -f *.dwo",
    ),
    _native(
        "clang",
        "clang package",
        "-g -gsplit-dwarf -O1",
        "$(dirname $(realpath $(which clang)))/llvm-dwp -e {out} -o {out}.dwp && rm -f *.dwo",
    ),
    _native("clang", "clang split type units", "-g -gsplit-dwarf -fdebug-types-section -O1"),
    _native("gcc", "gcc split type units", "-g -gsplit-dwarf -fdebug-types-section -O1"),
    _native("gcc", "gcc zlib-gnu", "-g -gz=zlib-gnu -O1"),
    _native("gcc", "gcc -g3", "-g3 -O1"),
    _native("gcc", "gcc dwz", "-g -O1", "dwz {out} 2>/dev/null || true"),
    _native("gcc", "g++ dwz", "-g -O1", "dwz {out} 2>/dev/null || true"),
    _native("gcc", "gcc no aranges", "-g -O1", "objcopy -R .debug_aranges {out}"),
    _native("gcc", "gcc sections", "-g -O2 -ffunction-sections -fdata-sections -Wl,--gc-sections"),
    _native("gcc", "gcc gold", "-g -O1 -fuse-ld=gold -Wl,--gdb-index"),
    _native("clang", "clang lld index", "-g -O1 -fuse-ld=lld -Wl,--gdb-index -ggnu-pubnames"),
    _native("clang", "clang names", "-g -O1 -gdwarf-5 -gpubnames"),
    _native("gcc", "gcc without -g", "-O1", types=False),
    _native("gcc", "gcc -g1", "-g1 -O1", types=False),
    _native("clang", "clang -g1", "-g1 -O1", types=False),
    _native("clang", "clang line tables", "-gline-tables-only -O1", types=False),
    _native("gcc", "g++ -g1", "-g1 -O1", types=False),
    _native("gcc", "gcc strip-debug", "-g -O1", "strip --strip-debug {out}", types=False),
    _rustc("without -g", "", types=False),
    _rustc("debuginfo=1", "-C debuginfo=1", types=False),
    _rustc("line tables", "-C debuginfo=line-tables-only", types=False),
    _rustc("thin lto", "-g -O -C lto=thin"),
    _rustc("one unit", "-g -C codegen-units=1"),
    _rustc("packed", "-g -C split-debuginfo=packed"),
    _rustc("unpacked", "-g -C split-debuginfo=unpacked"),
    _rustc("separate", "-g", SEPARATE),
    _rustc("DWARF 5", "-g -C dwarf-version=5"),
    _rustc("DWARF 4", "-g -C dwarf-version=4"),
    _zig("x86_64-linux-musl", "-O2"),
    _zig("mips64-linux-gnuabi64"),
    _zig("loongarch64-linux-gnu"),
    _zig("powerpc-linux-gnueabihf"),
    _zig("riscv64-linux-gnu"),
    _zig("mipsel-linux-gnueabihf"),
)
"""What is built for the case about the forms of evidence."""


def fits(case: Case, change: Change, variant: Variant) -> bool:
    """Return whether this build of this change makes sense."""
    if getattr(change, variant.language) is None:
        return False
    if variant.is_cross:
        return case.portable and not change.only and not case.only
    only = change.only or case.only
    return not only or variant.compiler in only


def available(variant: Variant) -> bool:
    """Return whether the variant's compiler is on this machine."""
    if variant.compiler == "zig":
        return subprocess.run([sys.executable, "-c", "import ziglang"], check=False).returncode == 0
    return shutil.which(variant.command.split()[0]) is not None


class BuildError(Exception):
    """A case that its own compiler refuses."""


def _run(command: str, directory: Path) -> None:
    environment = {
        **os.environ,
        "ZIG_GLOBAL_CACHE_DIR": str(CACHE / "zig"),
        "ZIG_LOCAL_CACHE_DIR": str(CACHE / "zig-local"),
    }
    made = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=directory,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if made.returncode:
        raise BuildError(f"{command}\n{made.stderr or made.stdout}")


def helper_library() -> Path:
    """Return the directory of a small library that plugins may depend on."""
    directory = CACHE / "helper"
    library = directory / "libhelper.so"
    if not library.exists():
        directory.mkdir(parents=True, exist_ok=True)
        text = "void helper(void) {}\nvoid help(void) {}\n"
        (directory / "helper.c").write_text(text)
        _run(f"gcc {BARE} -Wl,-soname,libhelper.so helper.c -o libhelper.so", directory)
    return directory


def build(case: Case, change: Change, variant: Variant) -> tuple[Path, Path]:
    """Build the plugin, or find it built before; return it and its contract's file."""
    sources = case.sources(change, variant.language)
    text = case.contract_text(change)
    flags = f"{case.flags} {change.flags}".strip()
    after = " && ".join(part for part in (change.after or case.after, variant.after) if part)
    recipe = repr((sorted(sources.items()), text, variant.command, flags, after))
    directory = CACHE / hashlib.sha256(recipe.encode()).hexdigest()[:20]
    plugin, schema = directory / "plugin.so", directory / "contract.toml"
    if (directory / "done").exists():
        return plugin, schema
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for name, content in sources.items():
        (directory / name).write_text(content)
    schema.write_text(text)
    words = {"src": str(directory), "dir": str(helper_library()) if "{dir}" in flags else ""}
    files = " ".join(name for name in sources if not name.endswith(".map"))
    command = variant.command.format(files=files, flags=flags.format(**words), out="plugin.so")
    _run(command, directory)
    if after:
        _run(after.format(out="plugin.so", stem="plugin"), directory)
    (directory / "done").touch()
    return plugin, schema
