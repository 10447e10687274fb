from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from abicheck.errors import UnsupportedError
from abicheck.evidence import read_plugin
from tests.conftest import binary
from tests.evidence.elf.handmade import DATA, Plugin, Sym, build, patched
from tests.evidence.elf.opening import opened

if TYPE_CHECKING:
    from abicheck.model.evidence import PlatformFacts

DT_INIT, DT_INIT_ARRAY, DT_INIT_ARRAYSZ = 12, 25, 27
TARGETS = {
    "arm-linux-gnueabi": "arm-linux-gnueabi",
    "arm-linux-gnueabihf": "arm-linux-gnueabihf",
    "aarch64-linux-gnu": "aarch64-linux-gnu",
    "aarch64-linux-musl": "aarch64-linux-musl",
    "aarch64-linux-android": "aarch64-linux-android",
    "i386-linux-gnu": "i386-linux-gnu",
    "loongarch64-linux-gnu": "loongarch64-linux-gnu",
    "mips-linux-gnu": "mips-linux-gnu",
    "mipsel-linux-gnu": "mipsel-linux-gnu",
    "mips64-linux-gnuabi64": "mips64-linux-gnu",
    "powerpc-linux-gnu": "powerpc-linux-gnu",
    "powerpc64-linux-gnu": "powerpc64-linux-gnu",
    "powerpc64le-linux-gnu": "powerpc64le-linux-gnu",
    "riscv32-linux-gnu": "riscv32-linux-gnu",
    "riscv64-linux-gnu": "riscv64-linux-gnu",
    "s390x-linux-gnu": "s390x-linux-gnu",
    "x86_64-linux-gnu": "x86_64-linux-gnu",
}


def facts(plugin: Plugin) -> PlatformFacts:
    return opened(plugin).facts


@pytest.mark.parametrize("folder", TARGETS)
def test_target_of_a_greeter_is_what_it_was_built_for(folder: str) -> None:
    (evidence,) = read_plugin(str(binary(f"greeter/{folder}/libgreeter-good.so")))
    assert evidence.target.fits(TARGETS[folder])
    assert evidence.target.machine == TARGETS[folder].split("-")[0]


def header(machine: int, *, is_64: bool, order: str = "<", flags: int = 0) -> Plugin:
    return Plugin(machine=machine, is_64=is_64, order=order, flags=flags)


@pytest.mark.parametrize(
    ("plugin", "machine", "bits", "marks"),
    [
        (header(3, is_64=False), "i386", 32, ()),
        (header(62, is_64=True), "x86_64", 64, ()),
        (header(62, is_64=False), "x86_64", 32, ("x32 ABI",)),
        (header(183, is_64=True), "aarch64", 64, ()),
        (header(183, is_64=False), "aarch64", 32, ("ILP32 ABI",)),
        (header(40, is_64=False, flags=0x05000400), "arm", 32, ("hard-float ABI",)),
        (header(40, is_64=False, flags=0x05000200), "arm", 32, ("soft-float ABI",)),
        (header(40, is_64=False, flags=0x05000000), "arm", 32, ()),
        (header(243, is_64=True, flags=5), "riscv64", 64, ("lp64d ABI",)),
        (header(243, is_64=True, flags=0), "riscv64", 64, ("lp64 ABI",)),
        (header(243, is_64=False, flags=10), "riscv32", 32, ("ilp32fe ABI",)),
        (header(20, is_64=False, order=">"), "powerpc", 32, ()),
        (header(21, is_64=True, order=">", flags=1), "powerpc64", 64, ("ELFv1 ABI",)),
        (header(21, is_64=True, order=">", flags=0), "powerpc64", 64, ("ELFv1 ABI",)),
        (header(21, is_64=True, order=">", flags=2), "powerpc64", 64, ("ELFv2 ABI",)),
        (header(21, is_64=True, flags=2), "powerpc64le", 64, ("ELFv2 ABI",)),
        (header(22, is_64=True, order=">"), "s390x", 64, ()),
        (header(8, is_64=False, order=">", flags=0x1000), "mips", 32, ("o32 ABI",)),
        (header(8, is_64=False, flags=0x90001400), "mipsel", 32,
         ("o32 ABI", "MIPS release 6", "NaN 2008")),
        (header(8, is_64=False, order=">", flags=0x20), "mips64", 32, ("n32 ABI",)),
        (header(8, is_64=True, flags=0x80000000), "mips64el", 64, ("n64 ABI",)),
        (header(258, is_64=True, flags=0x43), "loongarch64", 64, ("lp64d ABI",)),
    ],
)  # fmt: skip
def test_header_states_the_machine_and_its_abi(
    plugin: Plugin, machine: str, bits: int, marks: tuple[str, ...]
) -> None:
    evidence = opened(plugin)
    assert (evidence.target.machine, evidence.target.bits) == (machine, bits)
    assert evidence.facts.marks == marks


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        (header(2, is_64=False, order=">"), r"SPARC \(e_machine 2\)"),
        (header(999, is_64=True), r"an unknown machine \(e_machine 999\)"),
        (header(183, is_64=True, order=">"), "big-endian"),
        (header(40, is_64=False, order=">", flags=0x05000000), "big-endian"),
        (header(40, is_64=False, flags=0x04000000), "ARM EABI version 4"),
        (header(22, is_64=False, order=">"), "32-bit"),
        (header(20, is_64=False), "little-endian"),
        (header(258, is_64=False), "32-bit"),
        (header(8, is_64=False, order=">", flags=0x2000), "MIPS ABI"),
    ],
)
def test_other_machines_are_not_read(plugin: Plugin, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        opened(plugin)


def test_system_of_the_os_abi() -> None:
    assert opened(patched(build(Plugin()), 7, b"\x09")).target.system == "freebsd"
    with pytest.raises(UnsupportedError, match="built for Solaris"):
        opened(patched(build(Plugin()), 7, b"\x06"))


@pytest.mark.parametrize(
    ("owner", "system"), [(b"FreeBSD\0", "freebsd"), (b"OpenBSD\0", None), (b"Android\0", "linux")]
)
def test_system_of_a_note(owner: bytes, system: str | None) -> None:
    note = struct.pack("<III", 8, 4, 1) + owner + bytes(4)
    plugin = Plugin(data=note, segments=[(4, 4, DATA, len(note))])
    if system is None:
        with pytest.raises(UnsupportedError, match="built for OpenBSD"):
            opened(plugin)
    else:
        assert opened(plugin).target.system == system


@pytest.mark.parametrize(
    ("needed", "libc"),
    [
        (("libc.so.6",), "glibc"),
        (("ld-linux-x86-64.so.2",), "glibc"),
        (("libc.musl-x86_64.so.1",), "musl"),
        (("libc.so",), "musl"),
        (("liblog.so", "libc.so"), "bionic"),
        (("libm.so.6",), None),
        ((), None),
    ],
)
def test_libc_is_told_by_the_needed_libraries(needed: tuple[str, ...], libc: str | None) -> None:
    assert facts(Plugin(needed=needed)).libc == libc


def test_android_s_note_tells_bionic() -> None:
    note = struct.pack("<III", 8, 4, 1) + b"Android\0" + bytes(4)
    plugin = Plugin(data=note, segments=[(4, 4, DATA, len(note))], needed=("libc.so",))
    assert facts(plugin).libc == "bionic"


@pytest.mark.parametrize(
    ("segments", "stack"),
    [
        ([], "unstated"),
        ([(0x6474E551, 6, 0, 0)], "not-executable"),
        ([(0x6474E551, 7, 0, 0)], "executable"),
    ],
)
def test_stack(segments: list[tuple[int, int, int, int]], stack: str) -> None:
    assert facts(Plugin(segments=segments)).stack == stack


def test_own_versions_do_not_count_the_base() -> None:
    plugin = Plugin(symbols=[Sym("foo", version=2)], definitions={1: "plugin.so", 2: "V1"})
    assert facts(plugin).versions_defined == ("V1",)


CRTBEGIN = Sym("_ITM_registerTMCloneTable", 0, 0, 0, 2, section=0)


@pytest.mark.parametrize(
    ("symbols", "dynamic", "expected"),
    [
        pytest.param([], [], False, id="nothing"),
        pytest.param(
            [CRTBEGIN], [(DT_INIT_ARRAY, DATA), (DT_INIT_ARRAYSZ, 8)], False, id="crtbegin"
        ),
        pytest.param(
            [CRTBEGIN], [(DT_INIT_ARRAY, DATA), (DT_INIT_ARRAYSZ, 16)], True, id="one more"
        ),
        pytest.param([], [(DT_INIT_ARRAY, DATA), (DT_INIT_ARRAYSZ, 8)], True, id="no crtbegin"),
        pytest.param([], [(DT_INIT_ARRAY, DATA), (DT_INIT_ARRAYSZ, 0)], False, id="empty array"),
        pytest.param([], [(DT_INIT, 0x4000)], True, id="DT_INIT of its own"),
    ],
)
def test_initialisers(symbols: list[Sym], dynamic: list[tuple[int, int]], expected: bool) -> None:
    assert facts(Plugin(symbols=symbols, dynamic=dynamic)).has_initialisers is expected


def test_start_files_alone_are_no_initialisers() -> None:
    (evidence,) = read_plugin(str(binary("greeter/libgreeter-good.so")))
    assert evidence.facts.has_initialisers is False


def test_greeter_needs_what_readelf_prints() -> None:
    (evidence,) = read_plugin(str(binary("greeter/libgreeter-good.so")))
    found = evidence.facts
    assert found.build_id
    assert found.stack == "not-executable"
    assert {need.version for need in found.versions_needed} <= {"GLIBC_2.2.5", "GLIBC_2.4"}
