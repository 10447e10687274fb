"""DWARF: debug sections -> layouts, prototypes and enums, as far as they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from abicheck.evidence.dwarf.source import DwarfTypes
    from abicheck.evidence.elf.file import ElfFile


def open_types(
    elf_file: ElfFile,
    *,
    debug_files: Sequence[str] = (),
    debug_dirs: Sequence[str] = (),
    export_names: Callable[[], Sequence[str]] = tuple,
) -> DwarfTypes:
    """Return the types of a plugin; nothing is read until they are asked for.

    `debug_files` and `debug_dirs` are where the user says that debug information is;
    `export_names` are the names that may be asked for, if many are.
    """
    from abicheck.evidence.debug_information import DebugInformation  # noqa: PLC0415
    from abicheck.evidence.dwarf.source import DwarfTypes  # noqa: PLC0415

    debug = DebugInformation(elf_file, debug_files=debug_files, debug_dirs=debug_dirs)
    return DwarfTypes(elf_file, debug, export_names)
