"""Compilers that can say what layouts are: zig's for every target, gcc, clang and rustc here."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from abicheck.model.target import Target
from tests.oracle.layouts.c_source import c_source
from tests.oracle.layouts.rust_source import rust_source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abicheck.model.types import Definition

ZIG_ENVIRONMENTS = {
    ("arm", "musl"): "musleabihf", ("arm", "android"): "androideabi",
    ("powerpc", "gnu"): "gnueabihf", ("powerpc", "musl"): "musleabihf",
    ("mips", "gnu"): "gnueabihf", ("mips", "musl"): "musleabihf",
    ("mipsel", "gnu"): "gnueabihf", ("mipsel", "musl"): "musleabihf",
    ("mips64", "gnu"): "gnuabi64", ("mips64", "musl"): "muslabi64",
    ("mips64el", "gnu"): "gnuabi64", ("mips64el", "musl"): "muslabi64",
}  # fmt: skip

C_FLAGS = ("-c", "-O0", "-g0", "-w", "-x", "c", "-std=gnu11", "-fms-extensions")

C_COMPILERS = {
    ("gcc",): Target("x86_64", "linux", "gnu"),
    ("gcc", "-m32"): Target("i386", "linux", "gnu"),
    ("clang",): Target("x86_64", "linux", "gnu"),
    ("clang", "-m32"): Target("i386", "linux", "gnu"),
    ("aarch64-linux-gnu-gcc",): Target("aarch64", "linux", "gnu"),
    ("arm-linux-gnueabihf-gcc",): Target("arm", "linux", "gnueabihf"),
    ("arm-linux-gnueabi-gcc",): Target("arm", "linux", "gnueabi"),
    ("powerpc-linux-gnu-gcc",): Target("powerpc", "linux", "gnu"),
    ("powerpc64-linux-gnu-gcc",): Target("powerpc64", "linux", "gnu"),
    ("powerpc64le-linux-gnu-gcc",): Target("powerpc64le", "linux", "gnu"),
    ("s390x-linux-gnu-gcc",): Target("s390x", "linux", "gnu"),
    ("mips-linux-gnu-gcc",): Target("mips", "linux", "gnu"),
    ("mipsel-linux-gnu-gcc",): Target("mipsel", "linux", "gnu"),
    ("mips64-linux-gnuabi64-gcc",): Target("mips64", "linux", "gnu"),
    ("mips64el-linux-gnuabi64-gcc",): Target("mips64el", "linux", "gnu"),
    ("riscv64-linux-gnu-gcc",): Target("riscv64", "linux", "gnu"),
    ("x86_64-w64-mingw32-gcc",): Target("x86_64", "windows", "gnu"),
    ("i686-w64-mingw32-gcc",): Target("i386", "windows", "gnu"),
}
"""Compilers that may be installed beside zig's: the first word is the program."""


def zig_target(target: Target) -> str:
    """Return zig's spelling of a target."""
    machine = "x86" if target.machine == "i386" else target.machine
    environment = ZIG_ENVIRONMENTS.get((target.machine, target.environment), target.environment)
    return "-".join(part for part in (machine, target.system, environment) if part)


def has_zig() -> bool:
    """Whether the compiler from PyPI is installed."""
    return importlib.util.find_spec("ziglang") is not None


def compile_with_zig(target: Target, definitions: Mapping[str, Definition]) -> bytes:
    """Return the object file that zig's clang makes for `target`."""
    return compile_c_with_zig(target, c_source(definitions))


def compile_c_with_zig(target: Target, source: str) -> bytes:
    """Return the object file that zig's clang makes of C for `target`."""
    command = (sys.executable, "-m", "ziglang", "cc", "-target", zig_target(target))
    return _compile((*command, "-fno-sanitize=all", *C_FLAGS), source)


def compile_with(command: tuple[str, ...], definitions: Mapping[str, Definition]) -> bytes:
    """Return the object file that an installed C compiler makes."""
    return _compile((*command, *C_FLAGS), c_source(definitions))


def compile_with_rustc(definitions: Mapping[str, Definition]) -> bytes:
    """Return the object file that rustc makes for this machine."""
    command = ("rustc", "--edition=2021", "--crate-type=lib", "--emit=obj", "-Awarnings")
    return _compile(command, rust_source(definitions))


def is_installed(program: str) -> bool:
    """Whether a program is on the path."""
    return shutil.which(program) is not None


def present_compilers() -> list[tuple[str, ...]]:
    """Return the C compilers to ask: gcc and clang in any case, cross compilers where installed."""
    return [each for each in C_COMPILERS if each[0] in {"gcc", "clang"} or is_installed(each[0])]


def _compile(command: tuple[str, ...], source: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "layouts.o"
        environment = {"ZIG_LOCAL_CACHE_DIR": folder, **os.environ}
        ran = subprocess.run(
            [*command, "-", "-o", str(output)],
            input=source,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        assert ran.returncode == 0, f"{' '.join(command)}: {ran.stderr[:3000]}"
        return output.read_bytes()
