"""Target: the machine, system and environment a plugin is built for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from abicheck.model.records import record

BITS = {
    "x86_64": 64, "i386": 32, "aarch64": 64, "arm": 32, "riscv32": 32, "riscv64": 64,
    "powerpc": 32, "powerpc64": 64, "powerpc64le": 64, "s390x": 64, "mips": 32, "mipsel": 32,
    "mips64": 64, "mips64el": 64, "loongarch64": 64,
}  # fmt: skip
"""Every machine that abicheck knows, and the width of its pointers in bits."""

BIG_ENDIAN = frozenset({"powerpc", "powerpc64", "s390x", "mips", "mips64"})
SYSTEMS = frozenset({"linux", "windows", "macos", "freebsd"})


@record
class Target:
    """What decides layout: `machine-system[-environment]`, in abicheck's own spelling.

    `environment` is "" where the file does not show it ("gnu", "musl", "gnueabihf",
    "gnueabi", "android", "msvc"). `pointer_bits` differs from the machine's own
    width only for ABIs such as x32 and MIPS n32, for which no layout is computed.
    """

    machine: str
    system: str
    environment: str = ""
    pointer_bits: int = 0

    @property
    def bits(self) -> int:
        """The width of a pointer, in bits."""
        return self.pointer_bits or BITS[self.machine]

    @property
    def has_odd_pointers(self) -> bool:
        """Whether pointers are not as wide as the machine's own: x32, MIPS n32, AArch64 ILP32."""
        return self.bits != BITS[self.machine]

    @property
    def byte_order(self) -> str:
        """Return "big" or "little"."""
        return "big" if self.machine in BIG_ENDIAN else "little"

    @property
    def data_model(self) -> str:
        """Return "lp64", "llp64" or "ilp32"."""
        if self.bits == 32:  # noqa: PLR2004  bits speak for themselves
            return "ilp32"
        return "llp64" if self.system == "windows" else "lp64"

    def __str__(self) -> str:
        """Return the spelling used in contracts and reports."""
        name = f"{self.machine}-{self.system}"
        name += f"-{self.environment}" if self.environment else ""
        return f"{name} ({self.bits}-bit pointers)" if self.has_odd_pointers else name

    def fits(self, pattern: str) -> bool:
        """Whether a normalised pattern such as "x86_64-linux-*" names this target.

        A pattern without an environment fits every environment; a target whose
        environment the file does not show fits every pattern's environment. No pattern
        names an ABI whose pointers are not the machine's own: hosts for it are rare and others.
        """
        if self.has_odd_pointers:
            return False
        from fnmatch import fnmatchcase  # noqa: PLC0415 (few contracts list targets)

        if fnmatchcase(str(self), pattern) or fnmatchcase(f"{self}-", f"{pattern}-*"):
            return True
        machine, _, rest = pattern.partition("-")
        system = rest.partition("-")[0]
        same = fnmatchcase(self.machine, machine) and fnmatchcase(self.system, system or "*")
        return same and not self.environment


@record
class PerTarget:
    """A number that depends on the target: pairs of a key and its value.

    A key is "*" (everywhere), a data model ("lp64", "llp64", "ilp32") or a target pattern.
    """

    entries: tuple[tuple[str, int], ...]

    def value_for(self, target: Target) -> int | None:
        """Return the number for `target`, None where no key fits.

        An exact target goes before the longest pattern, that before the data model. Ties are
        refused when the contract is read.
        """
        best: tuple[tuple[int, int], int] | None = None
        for key, value in self.entries:
            rank = _rank(key, target)
            if rank is not None and (best is None or rank > best[0]):
                best = (rank, value)
        return None if best is None else best[1]


def _rank(key: str, target: Target) -> tuple[int, int] | None:
    if key == "*":
        return (0, 0)
    if key in {"lp64", "llp64", "ilp32"}:
        return (1, 0) if key == target.data_model else None
    if key == str(target):
        return (3, 0)
    return (2, len(key)) if target.fits(key) else None


@record
class TargetFacts:
    """What the layout rules need to know of a target; every size and alignment in bytes.

    `alignments` maps (kind, size) of a scalar, pointer ("pointer", size) included, to its
    natural alignment inside a struct. `bit_fields` is "system-v" or "microsoft".
    `scalars` maps a name of the contract's vocabulary to (kind, size); one that the target's C
    lacks is not in it. `unnamed_bit_fields_align`: also an unnamed bit-field raises the
    alignment of its struct. `va_list` says what the type is: "pointer", or its C structure's name.
    """

    target: Target
    pointer_size: int
    alignments: Mapping[tuple[str, int], int]
    bit_fields: str
    scalars: Mapping[str, tuple[str, int]] = MappingProxyType({})
    unnamed_bit_fields_align: bool = False
    va_list: str = "pointer"
    char_is_signed: bool = True
