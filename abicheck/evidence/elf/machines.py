"""Machine, class, byte order, flags and notes of an ELF file -> Target and marks for people.

Source: each machine's processor supplement, "ELF Header" and "e_flags".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.elf import standard as elf_
from abicheck.model.target import Target

if TYPE_CHECKING:
    from abicheck.evidence.elf.file import ElfFile

EF_ARM_EABIMASK, EF_ARM_EABI_VER5 = 0xFF000000, 0x05000000
EF_ARM_ABI_FLOAT_SOFT, EF_ARM_ABI_FLOAT_HARD = 0x200, 0x400
EF_RISCV_RVC, EF_RISCV_FLOAT_ABI, EF_RISCV_RVE = 1, 6, 8
EF_LARCH_ABI_MODIFIER_MASK = 7
EF_PPC64_ABI = 3
EF_MIPS_ABI2, EF_MIPS_FP64, EF_MIPS_NAN2008 = 0x20, 0x200, 0x400
EF_MIPS_ABI, EF_MIPS_ABI_O32 = 0xF000, 0x1000
EF_MIPS_ARCH, EF_MIPS_ARCH_32R6, EF_MIPS_ARCH_64R6 = 0xF0000000, 0x90000000, 0xA0000000

MACHINE_NAMES = {
    0: "no machine", 2: "SPARC", 18: "SPARC v8+", 43: "SPARC v9", 15: "PA-RISC", 42: "SuperH",
    50: "Itanium", 4: "Motorola 68000", 94: "Xtensa", 92: "OpenRISC", 93: "ARC", 195: "ARC",
    106: "Blackfin", 164: "Hexagon", 189: "MicroBlaze", 247: "BPF", 252: "C-SKY", 251: "VE",
    224: "AMD GPU", 190: "CUDA", 0x9026: "Alpha", 0xBAAB: "MicroBlaze",
}  # fmt: skip
"""Machines that are known by name and not read."""

SYSTEMS = {1: "HP-UX", 2: "NetBSD", 6: "Solaris", 7: "AIX", 8: "IRIX", 10: "Tru64", 12: "OpenBSD"}
"""Systems by EI_OSABI that are known by name and not read."""

RISCV_FLOAT_ABIS = {0: "", 2: "f", 4: "d", 6: "q"}
LARCH_FLOAT_ABIS = {1: "s", 2: "f", 3: "d"}
MIPS_SOFT_FLOAT = 3
MIPS_ABI_FLAGS_FLOAT = 7
"""Where the floating-point ABI is in PT_MIPS_ABIFLAGS, a byte."""

TAG_CPU_RAW_NAME, TAG_CPU_NAME, TAG_ABI_VFP_ARGS, TAG_COMPATIBILITY = 4, 5, 28, 32

Architecture = tuple[str, int, tuple[str, ...]]
"""Machine in the spelling of contracts, bits of a pointer, marks."""


def read_target(
    elf: ElfFile, libc: str | None, needed_versions: frozenset[str]
) -> tuple[Target, tuple[str, ...]]:
    """Return the target that `elf` is built for, and marks such as "hard-float ABI".

    A file that shows no system is taken to be for Linux, whose tools write no mark.

    Raises: UnsupportedError for a machine or a system that is not read.
    """
    machine, bits, marks = _architecture(elf)
    system = _system(elf, needed_versions)
    environment = {"glibc": "gnu", "musl": "musl", "bionic": "android"}.get(libc or "", "")
    if system != "linux":
        environment = ""
    elif machine == "arm" and environment == "gnu":
        environment = {"hard": "gnueabihf", "soft": "gnueabi"}.get(arm_float_abi(elf) or "", "")
    return Target(machine, system, environment, bits), marks


def _architecture(elf: ElfFile) -> Architecture:
    reader = ARCHITECTURES.get(elf.machine)
    if reader is None:
        name = MACHINE_NAMES.get(elf.machine, "an unknown machine")
        raise UnsupportedError(f"{elf.path}: built for {name} (e_machine {elf.machine})")
    return reader(elf)


def _expect(elf: ElfFile, *, is_64: bool | None = None, byte_order: str | None = None) -> None:
    """Refuse a class or byte order that the machine does not have, or that is not read."""
    if is_64 is not None and elf.is_64 != is_64:
        bits = 64 if elf.is_64 else 32
        raise UnsupportedError(
            f"{elf.path}: {bits}-bit files of e_machine {elf.machine} are not read"
        )
    if byte_order is not None and elf.byte_order != byte_order:
        message = f"{elf.byte_order}-endian files of e_machine {elf.machine} are not read"
        raise UnsupportedError(f"{elf.path}: {message}")


def _i386(elf: ElfFile) -> Architecture:
    _expect(elf, is_64=False, byte_order="little")
    return "i386", 0, ()


def _x86_64(elf: ElfFile) -> Architecture:
    _expect(elf, byte_order="little")
    return ("x86_64", 0, ()) if elf.is_64 else ("x86_64", 32, ("x32 ABI",))


def _aarch64(elf: ElfFile) -> Architecture:
    _expect(elf, byte_order="little")
    return ("aarch64", 0, ()) if elf.is_64 else ("aarch64", 32, ("ILP32 ABI",))


def _arm(elf: ElfFile) -> Architecture:
    _expect(elf, is_64=False, byte_order="little")
    version = elf.flags & EF_ARM_EABIMASK
    if version != EF_ARM_EABI_VER5:
        raise UnsupportedError(f"{elf.path}: ARM EABI version {version >> 24}; only 5 is read")
    float_abi = arm_float_abi(elf)
    return "arm", 0, (f"{float_abi}-float ABI",) if float_abi else ()


def _riscv(elf: ElfFile) -> Architecture:
    _expect(elf, byte_order="little")
    suffix = RISCV_FLOAT_ABIS[elf.flags & EF_RISCV_FLOAT_ABI]
    if elf.flags & EF_RISCV_RVE:
        suffix += "e"
    model = "lp64" if elf.is_64 else "ilp32"
    return "riscv64" if elf.is_64 else "riscv32", 0, (f"{model}{suffix} ABI",)


def _powerpc(elf: ElfFile) -> Architecture:
    _expect(elf, is_64=False, byte_order="big")
    return "powerpc", 0, ()


def _powerpc64(elf: ElfFile) -> Architecture:
    _expect(elf, is_64=True)
    machine = "powerpc64" if elf.byte_order == "big" else "powerpc64le"
    return machine, 0, ("ELFv1 ABI" if elf.has_descriptors else "ELFv2 ABI",)


def _s390(elf: ElfFile) -> Architecture:
    _expect(elf, is_64=True, byte_order="big")
    return "s390x", 0, ()


def _mips(elf: ElfFile) -> Architecture:
    marks, end = [], "el" if elf.byte_order == "little" else ""
    if elf.flags & EF_MIPS_ARCH in {EF_MIPS_ARCH_32R6, EF_MIPS_ARCH_64R6}:
        marks.append("MIPS release 6")
    if elf.flags & EF_MIPS_NAN2008:
        marks.append("NaN 2008")
    if _is_mips_soft_float(elf):
        marks.append("soft-float ABI")
    if elf.is_64:
        return f"mips64{end}", 0, ("n64 ABI", *marks)
    if elf.flags & EF_MIPS_ABI2:
        return f"mips64{end}", 32, ("n32 ABI", *marks)
    if elf.flags & EF_MIPS_ABI not in {0, EF_MIPS_ABI_O32}:
        raise UnsupportedError(f"{elf.path}: a MIPS ABI other than o32, n32 and n64")
    if elf.flags & EF_MIPS_FP64:
        marks.append("64-bit floating-point registers")
    return f"mips{end}", 0, ("o32 ABI", *marks)


def _loongarch(elf: ElfFile) -> Architecture:
    _expect(elf, is_64=True, byte_order="little")
    suffix = LARCH_FLOAT_ABIS.get(elf.flags & EF_LARCH_ABI_MODIFIER_MASK)
    return "loongarch64", 0, () if suffix is None else (f"lp64{suffix} ABI",)


ARCHITECTURES = {
    elf_.EM_386: _i386,
    elf_.EM_X86_64: _x86_64,
    elf_.EM_AARCH64: _aarch64,
    elf_.EM_ARM: _arm,
    elf_.EM_RISCV: _riscv,
    elf_.EM_PPC: _powerpc,
    elf_.EM_PPC64: _powerpc64,
    elf_.EM_S390: _s390,
    elf_.EM_MIPS: _mips,
    elf_.EM_LOONGARCH: _loongarch,
}


def _system(elf: ElfFile, needed_versions: frozenset[str]) -> str:
    if elf.os_abi in SYSTEMS:
        raise UnsupportedError(f"{elf.path}: built for {SYSTEMS[elf.os_abi]}")
    owners = {note.name for note in elf.notes()}
    for owner in (b"NetBSD", b"OpenBSD"):
        if owner in owners:
            raise UnsupportedError(f"{elf.path}: built for {owner.decode()}")
    if elf.os_abi == elf_.ELFOSABI_FREEBSD or b"FreeBSD" in owners:
        return "freebsd"
    return "freebsd" if any(one.startswith("FBSD_") for one in needed_versions) else "linux"


def arm_float_abi(elf: ElfFile) -> str | None:
    """Return "hard" or "soft", from e_flags or else the build attributes; None if neither says."""
    if elf.flags & EF_ARM_ABI_FLOAT_HARD:
        return "hard"
    if elf.flags & EF_ARM_ABI_FLOAT_SOFT:
        return "soft"
    try:
        return _attributed_float_abi(elf)
    except BinaryError:  # The section is not loaded; damage in it leaves the rest sound.
        return None


def _attributed_float_abi(elf: ElfFile) -> str | None:
    """Find Tag_ABI_VFP_args among the file's attributes.

    Source: Addenda to, and Errata in, the ABI for the Arm Architecture, section 3.
    """
    section = next((one for one in elf.sections if one.type == elf_.SHT_ARM_ATTRIBUTES), None)
    if section is None:
        return None
    content = elf.content(section)
    if content.u8() != ord("A"):
        return None
    content.u32()
    if content.string() != b"aeabi" or content.u8() != 1:  # 1: attributes of the whole file
        return None
    size = content.u32()
    attributes = content.window(content.position, size - 5)
    while attributes.remaining:
        tag = attributes.uleb128()
        # Two tags and, above Tag_compatibility, all odd ones hold strings; that one holds both.
        if tag == TAG_ABI_VFP_ARGS:
            return {0: "soft", 1: "hard"}.get(attributes.uleb128())
        if tag in {TAG_CPU_RAW_NAME, TAG_CPU_NAME} or (tag > TAG_COMPATIBILITY and tag & 1):
            attributes.string()
        else:
            attributes.uleb128()
            if tag == TAG_COMPATIBILITY:
                attributes.string()
    return "soft"


def _is_mips_soft_float(elf: ElfFile) -> bool:
    """Whether PT_MIPS_ABIFLAGS says so."""
    for segment in elf.segments:
        if segment.type == elf_.PT_MIPS_ABIFLAGS and segment.file_size > MIPS_ABI_FLAGS_FLOAT:
            return elf.read(segment.file_offset + MIPS_ABI_FLAGS_FLOAT, 1)[0] == MIPS_SOFT_FLOAT
    return False
