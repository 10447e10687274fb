"""A path -> Evidence of a reference, which may be a host's executable beside a plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence.elf import standard as elf_
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.elf.reader import ElfEvidence
from abicheck.evidence.magic import SNIFFED_SIZE, format_of
from abicheck.evidence.read import map_file, read_plugin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.evidence import Evidence

LINKED = frozenset({elf_.ET_DYN, elf_.ET_EXEC})


def read_reference(
    path: str, *, debug_files: Sequence[str] = (), debug_dirs: Sequence[str] = ()
) -> Evidence:
    """Return what a plugin or an executable contains; of a universal file, its first slice.

    Raises: BinaryError, UnsupportedError, as `read_plugin` does.
    """
    return read_references(path, debug_files=debug_files, debug_dirs=debug_dirs)[0]


def read_references(
    path: str, *, debug_files: Sequence[str] = (), debug_dirs: Sequence[str] = ()
) -> tuple[Evidence, ...]:
    """Return what every slice of a plugin or an executable contains; raises as `read_plugin`."""
    buffer = map_file(path)
    if format_of(buffer[:SNIFFED_SIZE]) == "ELF":
        elf = ElfFile(path, buffer)
        section = elf.section_named(".dynamic")
        is_debug_file = section is not None and section.type == elf_.SHT_NOBITS
        if elf.type in LINKED and not is_debug_file:
            return (ElfEvidence(elf, debug_files=debug_files, debug_dirs=debug_dirs),)
    return read_plugin(path, debug_files=debug_files, debug_dirs=debug_dirs)
