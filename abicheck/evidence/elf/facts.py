"""The dynamic section, notes and segments -> PlatformFacts: where a file can be loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence.elf import standard as elf_
from abicheck.model.evidence import Origin, PlatformFacts, VersionNeed

if TYPE_CHECKING:
    from abicheck.evidence.elf.dynamic import Dynamic
    from abicheck.evidence.elf.file import ElfFile
    from abicheck.evidence.elf.symbols import DynamicSymbols
    from abicheck.evidence.elf.versions import Need

LARGEST_INIT_STUB = 160
"""Bytes of .init where crti.o and crtn.o alone fill it; MIPS needs the most, some 140."""


def read_libc(elf: ElfFile, dynamic: Dynamic, needs: tuple[Need, ...]) -> str | None:
    """Return "glibc", "musl" or "bionic": whose names, versions or notes the file carries.

    musl and bionic both call their library libc.so, without a version number; only
    bionic gives its symbols versions (LIBC, LIBC_N) and its files a note.
    """
    versions = {need.version for need in needs}
    needed = {*dynamic.needed, dynamic.soname or ""}
    if any(version.startswith("GLIBC_") for version in versions) or "libc.so.6" in needed:
        return "glibc"
    if any(name.startswith(("ld-linux", "ld64.so")) for name in needed):
        return "glibc"
    if any(name.startswith(("libc.musl-", "ld-musl-")) for name in needed):
        return "musl"
    if any(note.name == b"Android" for note in elf.notes()):
        return "bionic"
    if "libc.so" in needed:
        is_bionic = any(one == "LIBC" or one.startswith("LIBC_") for one in versions)
        return "bionic" if is_bionic or needed & {"liblog.so", "libandroid.so"} else "musl"
    return None


def read_facts(
    elf: ElfFile,
    dynamic: Dynamic,
    symbols: DynamicSymbols,
    *,
    libc: str | None,
    marks: tuple[str, ...],
) -> PlatformFacts:
    """Return what the file says about where it can be loaded."""
    versions = symbols.versions
    return PlatformFacts(
        needed=dynamic.needed,
        soname=dynamic.soname,
        runpath=_runpath(dynamic),
        stack=_stack(elf),
        libc=libc,
        has_initialisers=has_initialisers(elf, dynamic),
        versions_needed=tuple(
            VersionNeed(
                library=need.library,
                version=need.version,
                origin=Origin(elf.path, ".gnu.version_r", need.file_offset),
                is_weak=need.is_weak,
            )
            for need in versions.needs
        ),
        versions_defined=tuple(versions.defined.values()),
        marks=marks,
        build_id=elf.build_id,
        origin=Origin(elf.path, ".dynamic", dynamic.file_offset),
    )


def _runpath(dynamic: Dynamic) -> tuple[str, ...]:
    """Return the directories of DT_RUNPATH, beside which loaders ignore DT_RPATH."""
    found = dynamic.texts(elf_.DT_RUNPATH) or dynamic.texts(elf_.DT_RPATH)
    return tuple(directory for path in found for directory in path.split(":"))


def _stack(elf: ElfFile) -> str:
    for segment in elf.segments:
        if segment.type == elf_.PT_GNU_STACK:
            return "executable" if segment.flags & elf_.PF_X else "not-executable"
    return "unstated"


def has_initialisers(elf: ElfFile, dynamic: Dynamic) -> bool:
    """Whether code of the plugin's own runs when it is loaded.

    Start files put stubs of theirs into every library, which are not counted: gcc's
    crtbegin gives DT_INIT_ARRAY one entry (`frame_dummy`; it also imports
    `_ITM_registerTMCloneTable`, weakly), and crti makes `_init`, the function in .init.
    The standard library of Rust has an entry of its own for the program's arguments,
    which a stripped file does not tell from others: it counts.
    """
    values = dynamic.values
    entries = values.get(elf_.DT_INIT_ARRAYSZ, 0) // elf.word_size
    if elf_.DT_INIT_ARRAY in values and entries > _mentions(dynamic, b"_ITM_registerTMCloneTable"):
        return True
    return values.get(elf_.DT_INIT, 0) != 0 and not _is_stub(elf, dynamic)


def _is_stub(elf: ElfFile, dynamic: Dynamic) -> bool:
    """Whether DT_INIT is the `_init` of crti.o and nothing was added to it."""
    section = elf.section_named(".init")
    if section is None:
        return elf.sections_problem is not None and _mentions(dynamic, b"__gmon_start__")
    # On ppc64le a function that finds the TOC comes before _init in the section.
    inside = dynamic.values[elf_.DT_INIT] - section.address
    return 0 <= inside < section.size <= LARGEST_INIT_STUB


def _mentions(dynamic: Dynamic, name: bytes) -> bool:
    """Whether the dynamic string table holds `name`."""
    table = dynamic.strings
    return table.buffer.find(b"\0" + name + b"\0", table.start, table.end) >= 0
