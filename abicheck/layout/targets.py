"""Target -> TargetFacts: sizes and alignments of the scalar types on every platform.

Each difference from the rule is one row of a table. All of them are checked against
compilers for every target by the tests.

Sources: System V ABI supplements for AMD64 1.0 (section 3.1.2), i386 1.1 (2.1.1), PowerPC
64-bit ELFv1 and ELFv2, PowerPC 32-bit, s390x 1.6 (1.1), MIPS o32 and n64, RISC-V psABI 1.0
("C/C++ type details"), LoongArch ELF psABI 2.x; AAPCS32 and AAPCS64 (sections "Fundamental data
types" and "Mapping of C types"); Microsoft "x64 ABI conventions"; Apple "Writing ARM64 Code".
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from abicheck.model.layout import BOOL, CHAR, COMPLEX, FLOAT, SIGNED, UNSIGNED
from abicheck.model.records import replace
from abicheck.model.target import BITS, Target, TargetFacts
from abicheck.model.types import SIGNED_WIDTHS, UNSIGNED_WIDTHS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ENVIRONMENTS = {
    "linux": ("gnu", "musl", "android"),
    "windows": ("gnu", "msvc"),
}
"""The environments among which a file without marks of its own may have been built."""

ANDROID_MACHINES = frozenset({"x86_64", "i386", "aarch64", "arm", "riscv64"})

CHAR_IS_SIGNED = frozenset(
    {"x86_64", "i386", "mips", "mipsel", "mips64", "mips64el", "loongarch64"}
)
"""Machines whose plain `char` has a sign on ELF systems; Windows and macOS sign it everywhere."""

AAPCS = frozenset({"aarch64", "arm"})

WIDEST = 16
"""Bytes of the 128-bit integers, which only the C of 64-bit machines has."""

DOUBLE, EXTENDED_12, QUAD = 8, 12, 16
"""Sizes of `long double`: a plain double, x87's on i386, x87's or any 16-byte format elsewhere."""

LONG_DOUBLE = {
    "x86_64": QUAD, "i386": EXTENDED_12, "aarch64": QUAD, "arm": DOUBLE, "riscv32": QUAD,
    "riscv64": QUAD, "powerpc": QUAD, "powerpc64": QUAD, "powerpc64le": QUAD, "s390x": QUAD,
    "mips": DOUBLE, "mipsel": DOUBLE, "mips64": QUAD, "mips64el": QUAD, "loongarch64": QUAD,
}  # fmt: skip

LONG_DOUBLE_IS_DOUBLE = frozenset(
    {
        ("i386", "linux", "android"),
        ("x86_64", "windows", "msvc"), ("i386", "windows", "msvc"),
        ("aarch64", "windows", "msvc"), ("aarch64", "windows", "gnu"),
        ("aarch64", "macos", ""),
        ("powerpc", "linux", "musl"), ("powerpc64", "linux", "musl"),
        ("powerpc64le", "linux", "musl"),
        ("powerpc", "freebsd", ""), ("powerpc64", "freebsd", ""), ("powerpc64le", "freebsd", ""),
        ("mips64", "freebsd", ""), ("mips64el", "freebsd", ""),
    }
)  # fmt: skip
"""Platforms where `long double` is a `double` although the machine's ABI has a wider one."""

VA_LIST = {
    "x86_64": "__va_list_tag[1]", "s390x": "__va_list_tag[1]", "powerpc": "__va_list_tag[1]",
    "aarch64": "__va_list", "arm": "__va_list",
}  # fmt: skip
"""Machines whose ELF ABI makes `va_list` a structure or an array of one; elsewhere a pointer."""

FIXED_SCALARS = {
    **{name: (UNSIGNED, width) for name, width in UNSIGNED_WIDTHS.items() if width < WIDEST},
    **{name: (SIGNED, width) for name, width in SIGNED_WIDTHS.items() if width < WIDEST},
    "uint8_t": (UNSIGNED, 1), "uint16_t": (UNSIGNED, 2), "uint32_t": (UNSIGNED, 4),
    "uint64_t": (UNSIGNED, 8), "int8_t": (SIGNED, 1), "int16_t": (SIGNED, 2),
    "int32_t": (SIGNED, 4), "int64_t": (SIGNED, 8),
    "c_char": (CHAR, 1), "c_schar": (SIGNED, 1), "c_uchar": (UNSIGNED, 1),
    "c_short": (SIGNED, 2), "c_ushort": (UNSIGNED, 2), "c_int": (SIGNED, 4),
    "c_uint": (UNSIGNED, 4),
    "c_longlong": (SIGNED, 8), "c_ulonglong": (UNSIGNED, 8),
    "f32": (FLOAT, 4), "f64": (FLOAT, 8), "c_float": (FLOAT, 4), "c_double": (FLOAT, 8),
    "bool": (BOOL, 1),
}  # fmt: skip
"""What is the same on every platform that abicheck knows."""

ENVIRONMENTS_OF_ARM = ("gnueabihf", "gnueabi", "musl", "android")
OTHER_SYSTEMS = (
    (
        "freebsd",
        ("x86_64", "i386", "aarch64", "arm", "riscv64", "powerpc", "powerpc64", "powerpc64le"),
    ),
    ("macos", ("x86_64", "aarch64")),
)

_known: dict[Target, TargetFacts] = {}
_all_targets: list[Target] = []


def known_targets() -> tuple[Target, ...]:
    """Return every target for which layouts are checked against compilers, the commonest first."""
    if not _all_targets:
        _all_targets.extend(_list_targets())
    return tuple(_all_targets)


def _list_targets() -> Iterator[Target]:
    for machine in BITS:
        names = ENVIRONMENTS_OF_ARM if machine == "arm" else ENVIRONMENTS["linux"]
        for environment in names:
            if environment != "android" or machine in ANDROID_MACHINES:
                yield Target(machine, "linux", environment)
    for machine in ("x86_64", "i386", "aarch64"):
        for environment in ENVIRONMENTS["windows"]:
            yield Target(machine, "windows", environment)
    for system, machines in OTHER_SYSTEMS:
        for machine in machines:
            yield Target(machine, system)


def facts_for(target: Target) -> TargetFacts:
    """Return the facts of `target`; those of its first environment where the file shows none.

    Alignments, which go by kind and size, never depend on the environment; what a name
    such as `c_longdouble` stands for may (`possible_facts`).
    """
    if target not in _known:
        _known[target] = _facts(target)
    return _known[target]


def possible_targets(target: Target, patterns: Sequence[str] = ()) -> tuple[Target, ...]:
    """Return `target` in each environment that it may be, if the file shows none.

    Only those that fit one of the `patterns`, which are what a contract allows, if any do.
    """
    if target.environment or target.system not in ENVIRONMENTS:
        return (target,)
    found = tuple(
        replace(target, environment=environment)
        for environment in ENVIRONMENTS[target.system]
        if environment != "android" or target.machine in ANDROID_MACHINES
    )
    return tuple(each for each in found if any(map(each.fits, patterns))) or found


def possible_facts(target: Target, patterns: Sequence[str] = ()) -> tuple[TargetFacts, ...]:
    """Return the facts of each of `possible_targets`, those that are alike once."""
    found: list[TargetFacts] = []
    for each in possible_targets(target, patterns):
        facts = facts_for(each)
        if not any(_are_alike(facts, other) for other in found):
            found.append(facts)
    return tuple(found)


def _are_alike(one: TargetFacts, other: TargetFacts) -> bool:
    # The layout of bit-fields in Windows structs hangs on the environment by itself.
    if one.bit_fields == "microsoft":
        return one.target == other.target
    return replace(one, target=other.target) == other


def _facts(target: Target) -> TargetFacts:
    if not target.environment and target.system in ENVIRONMENTS:
        default = replace(target, environment=ENVIRONMENTS[target.system][0])
        return replace(_facts(default), target=target)
    scalars = _scalars(target)
    is_elf = target.system not in {"windows", "macos"}
    va_list = VA_LIST.get(target.machine, "pointer") if is_elf else "pointer"
    if target.system == "macos" and target.machine == "x86_64":
        va_list = VA_LIST["x86_64"]
    return TargetFacts(
        target=target,
        pointer_size=target.bits // 8,
        alignments=MappingProxyType(_alignments(target)),
        bit_fields="microsoft" if target.system == "windows" else "system-v",
        scalars=MappingProxyType(scalars),
        unnamed_bit_fields_align=is_elf and target.machine in AAPCS,
        va_list=va_list,
        char_is_signed=not is_elf or target.machine in CHAR_IS_SIGNED,
    )


def _scalars(target: Target) -> dict[str, tuple[str, int]]:
    """Return (kind, size) of every scalar that the C of `target` has, by its contract name."""
    pointer = target.bits // 8
    long = 4 if target.system == "windows" else pointer
    scalars = dict(FIXED_SCALARS)
    scalars.update(dict.fromkeys(("usize", "size_t", "uintptr_t"), (UNSIGNED, pointer)))
    signed = ("isize", "ssize_t", "ptrdiff_t", "intptr_t")
    scalars.update(dict.fromkeys(signed, (SIGNED, pointer)))
    scalars["c_long"], scalars["c_ulong"] = (SIGNED, long), (UNSIGNED, long)
    scalars["wchar_t"] = _wide_character(target)
    scalars["c_longdouble"] = (FLOAT, _long_double(target))
    if target.data_model != "ilp32":
        # The C of 32-bit targets has no such type, whatever Rust does there.
        scalars["u128"], scalars["i128"] = (UNSIGNED, WIDEST), (SIGNED, WIDEST)
    return scalars


def _long_double(target: Target) -> int:
    key = (target.machine, target.system, target.environment)
    return DOUBLE if key in LONG_DOUBLE_IS_DOUBLE else LONG_DOUBLE[target.machine]


def _wide_character(target: Target) -> tuple[str, int]:
    if target.system == "windows":
        return (UNSIGNED, 2)
    is_unsigned = target.machine in AAPCS and target.system != "macos"
    return (UNSIGNED if is_unsigned else SIGNED, 4)


def _alignments(target: Target) -> dict[tuple[str, int], int]:
    """Return the alignment inside a struct of each kind and size: the size itself, but for these.

    i386 System V aligns everything wide to 4, s390x to 8. `u128` had an alignment of 8
    in Rust before 1.77 on x86_64; C compilers always gave it 16.
    """
    most = 16
    if target.machine == "i386" and target.system != "windows":
        most = 4
    elif target.machine == "s390x":
        most = 8
    sizes = (1, 2, 4, 8, 16)
    found = {
        (kind, size): min(size, most)
        for kind in (UNSIGNED, SIGNED, CHAR, FLOAT, BOOL)
        for size in sizes
    }
    found["pointer", 4], found["pointer", 8] = 4, 8
    if target.machine == "i386":
        found[FLOAT, EXTENDED_12] = 4
        found[FLOAT, 16] = 16  # __float128
    found.update({(COMPLEX, 2 * size): found[FLOAT, size] for size in (2, 4, 8, 16)})
    return found
