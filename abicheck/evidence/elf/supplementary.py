"""A file made by dwz -> the file of shared debug entries that it refers to.

`dwz -m` moves what several files have in common into one more file. References
into it (DW_FORM_GNU_ref_alt, DW_FORM_ref_sup4 and their like) mean nothing
without it, and something else in a file of another build: its id must match.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError
from abicheck.evidence.elf.debug_files import NEVER_FETCHED, build_id_path
from abicheck.evidence.files import shown
from abicheck.evidence.sections import ElfSections
from abicheck.model.evidence import Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.elf.debug_files import DebugFiles
    from abicheck.evidence.elf.file import ElfFile

LONGEST_NAME = 4096
LONGEST_ID = 64


def find_supplementary(holder: ElfFile, files: DebugFiles) -> ElfSections | Unseen | None:
    """Return the sections shared with `holder`, the file with the plugin's debug information.

    None where it refers to no such file.

    Raises:
        BinaryError: the reference is damaged.
    """
    link = altlink(holder)
    if link is None:
        return None
    name, wanted = link
    refused = ""
    for path in _candidates(holder, files, name, wanted):
        elf = files.open(path)
        if elf is None:
            continue
        actual = identity(elf)
        if actual == wanted:
            return ElfSections(elf)
        refused = refused or f"; {shown(path)} is another one: its id is {actual}"
    return Unseen(
        f"{shown(holder.path)} shares debug entries with {shown(name)} (id {wanted}), "
        f"which was not found {NEVER_FETCHED}{refused}"
    )


def altlink(elf: ElfFile) -> tuple[str, str] | None:
    """Return name and id (in hex) of the file that `elf` shares debug entries with.

    `.gnu_debugaltlink` has a name, its NUL, and a build-id up to the section's end.

    Raises:
        BinaryError: the section is damaged.
    """
    section = elf.section_named(".gnu_debugaltlink")
    if section is not None and section.size:
        content = elf.content(section)
        name = content.string(LONGEST_NAME)
        return os.fsdecode(name), content.take(min(content.remaining, LONGEST_ID)).hex()
    standard = _debug_sup(elf)
    return None if standard is None or standard[0] else standard[1:]


def identity(elf: ElfFile) -> str | None:
    """Return the id, in hex, by which other files refer to `elf` as their supplementary file."""
    try:
        standard = _debug_sup(elf)
        return standard[2] if standard is not None and standard[0] else elf.build_id
    except BinaryError:
        return None


def _debug_sup(elf: ElfFile) -> tuple[bool, str, str] | None:
    """Read `.debug_sup`: whether this is the shared file, a name, an id.

    Source: DWARF 5, section 7.3.6.
    """
    section = elf.section_named(".debug_sup")
    if section is None or not section.size:
        return None
    content = elf.content(section)
    content.skip(2)  # The version, which is that of the standard.
    is_supplementary = bool(content.u8())
    name = content.string(LONGEST_NAME)
    checksum = content.take(min(content.uleb128(), LONGEST_ID))
    return is_supplementary, os.fsdecode(name), checksum.hex()


def _candidates(holder: ElfFile, files: DebugFiles, name: str, wanted: str) -> Iterator[str]:
    yield from files.explicit
    directory = os.path.dirname(os.path.realpath(holder.path))
    yield os.path.join(directory, name)  # An absolute name stays as it is.
    base = os.path.basename(name)
    for tree in files.directories:
        if os.path.isabs(name):
            yield tree + name
        yield os.path.join(tree, ".dwz", base)
        if wanted:
            yield build_id_path(tree, wanted)
        if tree in files.user_directories:
            yield os.path.join(tree, base)
    yield os.path.join(directory, base)
