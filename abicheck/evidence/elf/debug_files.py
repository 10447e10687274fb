"""A plugin -> the file that holds its debug information, and why if there is none.

The plugin itself is looked into first, then what the user named, then what the
plugin asks for: by build-id, and by `.gnu_debuglink`. A debug file must be of
the same build: its build-id must equal the plugin's, or, where one of them has
none, its CRC-32 or its bytes must show it. Nothing is fetched over a network.

Names and paths in the plugin are untrusted: they lead to regular files only,
and what they lead to must prove that it belongs to the plugin.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.elf.standard import SHF_ALLOC, SHT_NOBITS
from abicheck.evidence.files import open_bytes, shown
from abicheck.evidence.sections import ElfSections, Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.evidence.elf.file import Section

DEFAULT_DIRS = ("/usr/lib/debug",)
CRC_WINDOW = 1 << 20
NEVER_FETCHED = "(nothing is fetched over the network)"
LOADED = (".text", ".dynsym", ".dynstr", ".dynamic", ".rodata")
"""Sections that every plugin keeps, and of which a detached debug file keeps only the headers."""


def is_detached(elf: ElfFile) -> bool:
    """Whether `elf` is a debug file made by `objcopy --only-keep-debug`, not a plugin."""
    found = [elf.section_named(name) for name in LOADED]
    return any(section is not None and section.type == SHT_NOBITS for section in found)


class DebugFiles:
    """The search for the separate files of one plugin.

    `explicit` files and `directories` are the user's; `defaults` are the system's directories.
    """

    def __init__(
        self,
        elf: ElfFile,
        *,
        explicit: Sequence[str] = (),
        directories: Sequence[str] = (),
        defaults: Sequence[str] = DEFAULT_DIRS,
    ) -> None:
        """Search nothing yet."""
        self.elf, self.explicit = elf, tuple(explicit)
        self.user_directories = tuple(directories)
        self.directories = (*directories, *defaults)

    @cached_property
    def found(self) -> Found:
        """Where the debug information is. Everything is looked for once, when asked."""
        own = ElfSections(self.elf)
        named, refusals = self._named_by_user()
        if named is not None:
            return Found(named)
        if own.has(".debug_info"):
            return Found(own, notes=tuple(refusals))
        sought = self._asked_for(refusals)
        if sought is not None:
            return Found(sought, notes=tuple(refusals))
        reason = "; ".join([self._absence(), *refusals])
        return Found(None, reason, tuple(refusals))

    def named_files(self) -> Iterator[ElfSections]:
        """Yield every file that the user named and that can be read, whatever it is."""
        for path in self.explicit:
            elf = self.open(path)
            if elf is not None:
                yield ElfSections(elf)

    def open(self, path: str) -> ElfFile | None:
        """Return the ELF file at `path`, or None if there is none."""
        try:
            return ElfFile(path, open_bytes(path), counters=self.elf.counters)
        except BinaryError:
            return None

    def _named_by_user(self) -> tuple[ElfSections | None, list[str]]:
        """Return the first file of the user's that fits, and why others were refused."""
        refusals: list[str] = []
        for path in self.explicit:
            try:
                candidate = ElfSections(ElfFile(path, open_bytes(path), counters=self.elf.counters))
            except BinaryError as error:
                refusals.append(str(error))
                continue
            if _is_other_kind(candidate):
                continue
            if not candidate.has(".debug_info"):
                refusals.append(f"{shown(path)} has no debug information either")
                continue
            refusal = self._refusal(candidate.elf, self._link_crc)
            if refusal is None:
                return candidate, []
            refusals.append(refusal)
        return None, refusals

    def _asked_for(self, refusals: list[str]) -> ElfSections | None:
        """Return what build-id or `.gnu_debuglink` leads to."""
        for path in self._candidates():
            elf = self.open(path)
            if elf is None or self._is_plugin(path):
                continue
            refusal = self._refusal(elf, self._link_crc)
            candidate = ElfSections(elf)
            if refusal is None and not candidate.has(".debug_info"):
                refusal = f"{shown(path)} has no debug information either"
            if refusal is None:
                return candidate
            refusals.append(refusal)
        return None

    def _candidates(self) -> Iterator[str]:
        build_id = self.elf.build_id
        if build_id:
            for directory in self.directories:
                yield build_id_path(directory, build_id)
        name = self._link_name
        if name:
            for directory in self.places:
                yield os.path.join(directory, name)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The directories in which a file is sought by its name, in order."""
        own = os.path.dirname(self.elf.path) or "."
        real = os.path.dirname(os.path.realpath(self.elf.path))
        places = [own, os.path.join(own, ".debug")]
        if os.path.abspath(own) != real:
            places += [real, os.path.join(real, ".debug")]
        for directory in self.directories:
            places.append(directory + real)
            if directory in self.user_directories:
                places.append(directory)
        return tuple(dict.fromkeys(places))

    def _is_plugin(self, path: str) -> bool:
        try:
            return os.path.samefile(path, self.elf.path)
        except (OSError, ValueError):
            return False

    def _refusal(self, elf: ElfFile, crc: int | None) -> str | None:
        """Return why `elf` does not belong to the plugin, as a sentence, or None if it does."""
        plugin, name, path = self.elf, shown(self.elf.path), shown(elf.path)
        kind = (elf.machine, elf.is_64, elf.byte_order)
        if kind != (plugin.machine, plugin.is_64, plugin.byte_order):
            return f"{path} is for another machine than {name}"
        if plugin.build_id and elf.build_id:
            ids = f"its build-id is {elf.build_id}, that of {name} is {plugin.build_id}"
            is_same = plugin.build_id == elf.build_id
            return None if is_same else f"{path} is of another build: {ids}"
        if crc is not None:
            actual = crc32(elf)
            sums = f"its CRC-32 is {actual:#010x}, {name} asks for {crc:#010x}"
            return None if actual == crc else f"{path} is of another build: {sums}"
        if is_twin(plugin, elf):
            return None
        return (
            f"nothing shows that {path} is of the same build as {name}: link with "
            f'"-Wl,--build-id", or "objcopy --add-gnu-debuglink={path} {name}"'
        )

    @cached_property
    def _link(self) -> tuple[str, int] | None:
        try:
            return self.elf.debuglink
        except BinaryError:
            return None

    @property
    def _link_crc(self) -> int | None:
        return None if self._link is None else self._link[1]

    @property
    def _link_name(self) -> str | None:
        """The name in `.gnu_debuglink`, which is of a file and not of a path to one."""
        name = None if self._link is None else self._link[0]
        return name if name and "/" not in name and name not in {".", ".."} else None

    def _absence(self) -> str:
        if self.elf.sections_problem is not None and self.elf.build_id is None:
            return f"no debug information can be found: {self.elf.sections_problem}"
        name, build_id = self._link_name, self.elf.build_id
        if name is None and build_id is None:
            return "the file has no debug information, and neither build-id nor .gnu_debuglink"
        wanted = "no debug file of its build" if name is None else f"its debug file {shown(name)}"
        if build_id:
            wanted += f" (build-id {build_id})"
        verb = "is in" if name is None else "is not in"
        places = self.places if name else self.directories
        return (
            f"the file has no debug information, and {wanted} {verb} "
            f"{', '.join(shown(place) for place in places)} {NEVER_FETCHED}"
        )


def build_id_path(directory: str, build_id: str) -> str:
    """Return where `directory` keeps the debug file of a build-id, in gdb's layout."""
    return os.path.join(directory, ".build-id", build_id[:2], f"{build_id[2:]}.debug")


def crc32(elf: ElfFile) -> int:
    """Return the CRC-32 of a whole file, as `.gnu_debuglink` counts it."""
    import zlib  # noqa: PLC0415 (few plugins ask for it)

    checksum = 0
    for start in range(0, elf.size, CRC_WINDOW):
        checksum = zlib.crc32(elf.buffer[start : start + CRC_WINDOW], checksum)
    return checksum


def is_twin(plugin: ElfFile, other: ElfFile) -> bool:
    """Whether `other` holds, byte for byte, all that is loaded of `plugin`.

    So does the file that the plugin was stripped from, and a build of other code does not.
    """
    wanted, offered = (
        {section.name: section for section in elf.sections if section.flags & SHF_ALLOC}
        for elf in (plugin, other)
    )
    if not wanted or wanted.keys() != offered.keys():
        return False
    return all(_is_same(plugin, wanted[name], other, offered[name]) for name in wanted)


def _is_same(elf: ElfFile, section: Section, other: ElfFile, twin: Section) -> bool:
    place = (section.type, section.address, section.size)
    if place != (twin.type, twin.address, twin.size):
        return False
    if section.type == SHT_NOBITS:
        return True
    try:
        ours, theirs = elf.content(section), other.content(twin)
    except BinaryError:
        return False
    while ours.remaining:
        size = min(CRC_WINDOW, ours.remaining)
        if ours.take(size) != theirs.take(size):
            return False
    return True


def _is_other_kind(candidate: ElfSections) -> bool:
    """Whether a file holds split or shared debug information, which is matched by other means."""
    names = (".debug_cu_index", ".debug_info.dwo", ".debug_sup")
    return any(candidate.has(name) for name in names)
