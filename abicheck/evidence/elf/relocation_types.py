"""Relocation types: per machine, what the dynamic loader does for each R_x number.

Source: each machine's processor supplement, "Relocation Types"; names as in Linux `elf.h`.
"""

from __future__ import annotations

from abicheck.evidence.elf import standard as elf_
from abicheck.model.records import record

# What a relocation makes of the word it applies to.
NOTHING = "nothing"
RELATIVE = "relative"  # load base + addend
SYMBOLIC = "symbolic"  # symbol + addend
SLOT = "slot"  # symbol, and the addend only if the record holds one: GLOB_DAT, JUMP_SLOT
RESOLVED = "resolved"  # what a resolver function returns
COPIED = "copied"  # the symbol's content in another file
THREAD = "thread"  # offset or module of thread-local storage
OTHER = "other"


@record
class RelocationType:
    """A relocation type: its standard name, its effect, and how many bytes it fills (0: a word)."""

    name: str
    effect: str
    width: int = 0


def _table(prefix: str, rows: str) -> dict[int, RelocationType]:
    """Return types by number from lines of "effect: name=number name=number*width …"."""
    types = {}
    for row in rows.split("\n"):
        effect, _, listed = row.strip().partition(":")
        for one in listed.split():
            name, _, number = one.partition("=")
            code, _, width = number.partition("*")
            types[int(code)] = RelocationType(prefix + name, effect, int(width or 0))
    return types


ROWS = {
    (elf_.EM_X86_64, True): ("R_X86_64_", """nothing: NONE=0
        relative: RELATIVE=8 RELATIVE64=38
        symbolic: 64=1
        slot: GLOB_DAT=6 JUMP_SLOT=7
        resolved: IRELATIVE=37
        copied: COPY=5
        thread: DTPMOD64=16 DTPOFF64=17 TPOFF64=18 TLSDESC=36*16"""),
    (elf_.EM_X86_64, False): ("R_X86_64_", """nothing: NONE=0
        relative: RELATIVE=8
        symbolic: 32=10
        slot: GLOB_DAT=6 JUMP_SLOT=7
        resolved: IRELATIVE=37
        copied: COPY=5
        other: 64=1*8 RELATIVE64=38*8
        thread: DTPMOD64=16*8 DTPOFF64=17*8 TPOFF64=18*8 TLSDESC=36*16"""),
    (elf_.EM_386, False): ("R_386_", """nothing: NONE=0
        relative: RELATIVE=8
        symbolic: 32=1
        slot: GLOB_DAT=6 JUMP_SLOT=7
        resolved: IRELATIVE=42
        copied: COPY=5
        thread: TLS_TPOFF=14 TLS_DTPMOD32=35 TLS_DTPOFF32=36 TLS_TPOFF32=37 TLS_DESC=41*8"""),
    (elf_.EM_AARCH64, True): ("R_AARCH64_", """nothing: NONE=0 WITHDRAWN=256
        relative: RELATIVE=1027
        symbolic: ABS64=257
        slot: GLOB_DAT=1025 JUMP_SLOT=1026
        resolved: IRELATIVE=1032
        copied: COPY=1024
        thread: TLS_DTPMOD=1028 TLS_DTPREL=1029 TLS_TPREL=1030 TLSDESC=1031*16"""),
    (elf_.EM_AARCH64, False): ("R_AARCH64_P32_", """nothing: NONE=0
        relative: RELATIVE=183
        symbolic: ABS32=1
        slot: GLOB_DAT=181 JUMP_SLOT=182
        resolved: IRELATIVE=188
        copied: COPY=180
        thread: TLS_DTPMOD=184 TLS_DTPREL=185 TLS_TPREL=186 TLSDESC=187*8"""),
    (elf_.EM_ARM, False): ("R_ARM_", """nothing: NONE=0
        relative: RELATIVE=23
        symbolic: ABS32=2
        slot: GLOB_DAT=21 JUMP_SLOT=22
        resolved: IRELATIVE=160
        copied: COPY=20
        thread: TLS_DESC=13*8 TLS_DTPMOD32=17 TLS_DTPOFF32=18 TLS_TPOFF32=19"""),
    (elf_.EM_RISCV, False): ("R_RISCV_", """nothing: NONE=0
        relative: RELATIVE=3
        symbolic: 32=1
        slot: JUMP_SLOT=5
        resolved: IRELATIVE=58
        copied: COPY=4
        thread: TLS_DTPMOD32=6 TLS_DTPREL32=8 TLS_TPREL32=10 TLSDESC=12*8"""),
    (elf_.EM_RISCV, True): ("R_RISCV_", """nothing: NONE=0
        relative: RELATIVE=3
        symbolic: 64=2
        slot: JUMP_SLOT=5
        resolved: IRELATIVE=58
        copied: COPY=4
        thread: TLS_DTPMOD64=7 TLS_DTPREL64=9 TLS_TPREL64=11 TLSDESC=12*16"""),
    (elf_.EM_PPC, False): ("R_PPC_", """nothing: NONE=0
        relative: RELATIVE=22
        symbolic: ADDR32=1 UADDR32=24
        slot: GLOB_DAT=20 JMP_SLOT=21
        resolved: IRELATIVE=248
        copied: COPY=19
        thread: DTPMOD32=68 TPREL32=73 DTPREL32=78"""),
    (elf_.EM_PPC64, True): ("R_PPC64_", """nothing: NONE=0
        relative: RELATIVE=22
        symbolic: ADDR64=38 UADDR64=43
        slot: GLOB_DAT=20 JMP_SLOT=21
        resolved: IRELATIVE=248 JMP_IREL=247
        copied: COPY=19
        thread: DTPMOD64=68 TPREL64=73 DTPREL64=78"""),
    (elf_.EM_S390, True): ("R_390_", """nothing: NONE=0
        relative: RELATIVE=12
        symbolic: 64=22
        slot: GLOB_DAT=10 JMP_SLOT=11
        resolved: IRELATIVE=61
        copied: COPY=9
        thread: TLS_DTPMOD=54 TLS_DTPOFF=55 TLS_TPOFF=56"""),
    (elf_.EM_MIPS, False): ("R_MIPS_", """nothing: NONE=0
        symbolic: 32=2 REL32=3
        slot: GLOB_DAT=51 JUMP_SLOT=127
        copied: COPY=126
        thread: TLS_DTPMOD32=38 TLS_DTPREL32=39 TLS_TPREL32=47"""),
    # The types of one record are compound: REL32 alone fills 4 bytes, REL32 then 64 fills 8.
    (elf_.EM_MIPS, True): ("R_MIPS_", """nothing: NONE=0
        symbolic: REL32/64=4611 64=18
        other: REL32=3*4
        slot: GLOB_DAT=51 JUMP_SLOT=127
        copied: COPY=126
        thread: TLS_DTPMOD64=40 TLS_DTPREL64=41 TLS_TPREL64=48"""),
    (elf_.EM_LOONGARCH, True): ("R_LARCH_", """nothing: NONE=0
        relative: RELATIVE=3
        symbolic: 64=2
        slot: JUMP_SLOT=5
        resolved: IRELATIVE=12
        copied: COPY=4
        thread: TLS_DTPMOD64=7 TLS_DTPREL64=9 TLS_TPREL64=11 TLS_DESC64=14*16"""),
}  # fmt: skip
"""By e_machine and whether the file is ELFCLASS64. A compound MIPS type is type + 256 * type2."""

DESCRIPTOR_ROW = (
    "R_PPC64_",
    """other: JMP_SLOT=21*24
        resolved: JMP_IREL=247*24""",
)
"""Where PowerPC functions are named by descriptors (ELFv1), these fill a whole one.

Source: 64-bit PowerPC ELF ABI Supplement 1.9, section 3.5.2; OpenPOWER ELFv2 ABI, section 4.5.
"""

WIDEST = 24
"""The most bytes that any of these fills; COPY, which stands in executables alone, aside."""


def relocation_types(
    machine: int, *, is_64: bool, has_descriptors: bool = False
) -> dict[int, RelocationType]:
    """Return the types of a machine by number; a type that is not there has the effect OTHER."""
    if (machine, is_64) not in ROWS:
        return {}
    types = _table(*ROWS[machine, is_64])
    return types | _table(*DESCRIPTOR_ROW) if has_descriptors else types
