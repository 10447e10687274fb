"""The descriptor in what compilers, linkers and strippers leave of a plugin in C."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.oracle.guards import SOURCES, build_host, build_plugin, make_headers, run, zig

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

EXPORTS = "load_plugin; free_greeter; free_greeting; GREETER_ABI_VERSION;"
SECTIONS = ("-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections")
COMPILERS = {
    "gcc": "gcc",
    "gcc-lto": "gcc -flto",
    "gcc-fat-lto": "gcc -flto -ffat-lto-objects",
    "clang": "clang",
    "clang-lld": "clang -fuse-ld=lld",
    "clang-lto": "clang -flto -fuse-ld=lld",
    "clang-thin-lto": "clang -flto=thin -fuse-ld=lld",
    "clang-icf": "clang -fuse-ld=lld -Wl,--icf=all",
    "g++": "g++ -xc++ -fpermissive -w",
    "zig": zig("x86_64-linux-gnu"),
    "zig-musl": zig("x86_64-linux-musl"),
}
FLAGS = {
    "plain": (),
    "O2": ("-O2",),
    "gc-sections": ("-O2", *SECTIONS),
    "hidden": ("-O2", "-fvisibility=hidden"),
    "all": ("-O2", "-fvisibility=hidden", *SECTIONS),
}
STRIPS = {
    "unstripped": (),
    "strip": ("strip", "-s"),
    "llvm-strip": ("llvm-strip", "--strip-all"),
    "no-section-headers": ("llvm-objcopy", "--strip-sections"),
}
MACHINES = {
    "x86_64-linux-gnu": "", "aarch64-linux-gnu": "", "riscv64-linux-gnu": "",
    "powerpc64le-linux-gnu": "", "loongarch64-linux-gnu": "", "mips64el-linux-gnuabi64": "",
    "x86_64-linux-musl": "", "aarch64-linux-musl": "", "x86_64-freebsd": "",
    "x86-linux-gnu": "4 bytes, byte order 1", "arm-linux-gnueabihf": "4 bytes, byte order 1",
    "riscv32-linux-gnu": "4 bytes, byte order 1", "mipsel-linux-gnueabihf": "4 bytes, byte order 1",
    "powerpc-linux-musleabihf": "4 bytes, byte order 2",
    "mips-linux-gnueabihf": "4 bytes, byte order 2",
    "powerpc64-linux-musl": "8 bytes, byte order 2", "s390x-linux-gnu": "8 bytes, byte order 2",
    "mips64-linux-gnuabi64": "8 bytes, byte order 2",
    "x86_64-windows-gnu": "", "aarch64-windows-gnu": "", "x86-windows-gnu": "4 bytes, byte order 1",
    "x86_64-macos": "", "aarch64-macos": "",
}  # fmt: skip
"""What the guard of this host says of each target's pointers, where they are not its own."""

BARE = """\
#include "greeter.h"
#if defined(WITHOUT_DESCRIPTOR)
const uint32_t GREETER_ABI_VERSION = 0x00010002u;
#else
GREETER_PLUGIN;
#endif
static const char *greet(const char *name) { return name; }
static Greeter greeter;
Greeter *load_plugin(void) { greeter.greet = greet; return &greeter; }
void free_greeter(Greeter *given) { given->greet = greet; }
void free_greeting(const char *greeting) { (void)greeting; }
"""

CHECK = """\
#define GREETER_HOST_IMPLEMENTATION
#include "greeter_host.h"
int main(int argc, char **argv)
{
    char message[400] = "fits";
    if (argc == 2)
        greeter_plugin_check(argv[1], message, sizeof message);
    puts(message);
    return 0;
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None or shutil.which("clang") is None:
        pytest.skip("gcc and clang are not both installed")
    return tmp_path_factory.mktemp("survival")


@pytest.fixture(scope="module")
def check(folder: Path) -> Path:
    """Build what says of a file whether the guard finds it to fit, without loading it."""
    source = folder / "check.c"
    source.write_text(CHECK)
    return build_host(folder / "check", "-O1", source=source)


def stripped(plugin: Path, strip: str) -> Path:
    """Return a copy that a stripper has been at."""
    if not STRIPS[strip]:
        return plugin
    if shutil.which(STRIPS[strip][0]) is None:
        pytest.skip(f"{STRIPS[strip][0]} is not installed")
    result = plugin.with_name(f"{plugin.stem}-{strip}.so")
    run(*STRIPS[strip], plugin, *(["-o", result] if "strip" in STRIPS[strip][0] else [result]))
    return result


@pytest.mark.parametrize("compiler", COMPILERS)
def test_descriptor_survives_each_compiler_and_every_stripper(
    check: Path, folder: Path, compiler: str
) -> None:
    plugin = build_plugin(folder / f"lib{compiler}.so", *FLAGS["all"], by=COMPILERS[compiler])
    for strip in STRIPS:
        assert run(check, stripped(plugin, strip)) == "fits\n"


@pytest.mark.long
@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_descriptor_survives_all_flags(
    check: Path, folder: Path, compiler: str, flags: str
) -> None:
    name = f"lib{compiler}-{flags}.so"
    plugin = build_plugin(folder / name, *FLAGS[flags], by=COMPILERS[compiler])
    for strip in STRIPS:
        assert run(check, stripped(plugin, strip)) == "fits\n"


@pytest.mark.parametrize("compiler", ["gcc", "gcc-lto", "clang-thin-lto"])
def test_descriptor_survives_a_version_script(check: Path, folder: Path, compiler: str) -> None:
    script = folder / "exports.map"
    script.write_text(f"GREETER_1 {{ global: {EXPORTS} local: *; }};\n")
    plugin = build_plugin(
        folder / f"libscript-{compiler}.so",
        *FLAGS["all"],
        f"-Wl,--version-script={script}",
        by=COMPILERS[compiler],
    )
    assert run(check, stripped(plugin, "strip")) == "fits\n"


@pytest.mark.parametrize("compiler", ["gcc", "clang-lld"])
def test_descriptor_comes_out_of_a_static_archive(check: Path, folder: Path, compiler: str) -> None:
    headers = make_headers(folder / "archive", host=False)
    command = COMPILERS[compiler].split()
    member, archive = folder / f"{compiler}.o", folder / f"lib{compiler}.a"
    run(*command, "-c", "-O2", "-fPIC", f"-I{headers}", SOURCES / "plugin.c", "-o", member)
    archive.unlink(missing_ok=True)
    run("ar", "rcs", archive, member)
    plugin = folder / f"libfrom-{compiler}.so"
    run(*command, "-shared", "-Wl,-u,load_plugin", "-Wl,--gc-sections", archive, "-o", plugin)
    assert run(check, stripped(plugin, "strip")) == "fits\n"


def bare(folder: Path, target: str, *flags: str) -> Path:
    """Build a plugin that needs no C library, so that none has to be built first."""
    source = folder / "bare.c"
    source.write_text(BARE)
    flags = ("-O2", "-fno-sanitize=undefined", "-nostdlib", "-ffunction-sections", *flags)
    flags += ("-Wl,-dead_strip" if "macos" in target else "-Wl,--gc-sections",)
    flags += ("-Wl,--no-entry",) if "windows" in target else ()
    return build_plugin(folder / f"libfor-{target}.so", *flags, by=zig(target), source=source)


def of_target(check: Path, folder: Path, target: str) -> str:
    """Return what the guard says of a stripped plugin for a target."""
    return run(check, bare(folder, target, "-s", "-fvisibility=hidden", "-fdata-sections")).strip()


def expected(target: str) -> str:
    pointers = MACHINES[target]
    return f"built for another machine: pointers of {pointers}" if pointers else "fits"


@pytest.mark.parametrize(
    "target",
    [
        *("s390x-linux-gnu", "arm-linux-gnueabihf", "powerpc-linux-musleabihf"),
        *("x86_64-windows-gnu", "aarch64-macos"),
    ],
)
def test_descriptor_is_found_on_other_machines(check: Path, folder: Path, target: str) -> None:
    assert of_target(check, folder, target).endswith(expected(target))


@pytest.mark.long
@pytest.mark.parametrize("target", MACHINES)
def test_descriptor_is_found_on_every_machine(check: Path, folder: Path, target: str) -> None:
    assert of_target(check, folder, target).endswith(expected(target))


@pytest.mark.parametrize("flags", [("-Wl,--gc-sections", "-s"), ("-flto", "-O2", "-s")])
def test_descriptor_survives_mingw(check: Path, folder: Path, flags: tuple[str, ...]) -> None:
    compiler = "x86_64-w64-mingw32-gcc"
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    name = f"libmingw-{len(flags)}.dll"
    assert run(check, build_plugin(folder / name, *SECTIONS, *flags, by=compiler)) == "fits\n"


def test_every_image_of_a_universal_file_is_examined(check: Path, folder: Path) -> None:
    images = [bare(folder, target) for target in ("x86_64-macos", "aarch64-macos")]
    whole = [image.read_bytes() for image in images]
    universal = folder / "libuniversal.dylib"
    universal.write_bytes(fat(*whole))
    assert run(check, universal) == "fits\n"
    without = bare(folder, "aarch64-macos", "-DWITHOUT_DESCRIPTOR")
    universal.write_bytes(fat(whole[0], without.read_bytes()))
    assert "no descriptor" in run(check, universal)


def fat(*images: bytes) -> bytes:
    """Return a universal file: magic, count, then of each machine, 0, offset, size, alignment."""
    machines = (0x01000007, 0x0100000C)
    page = 1 << 14
    head, body = (0xCAFEBABE).to_bytes(4, "big") + len(images).to_bytes(4, "big"), b""
    for machine, image in zip(machines, images, strict=True):
        words = (machine, 0, page + len(body), len(image), 14)
        head += b"".join(word.to_bytes(4, "big") for word in words)
        body += image + bytes(-len(image) % page)
    return head.ljust(page, b"\0") + body
