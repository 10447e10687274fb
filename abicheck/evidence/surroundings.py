"""The host's binary and a sysroot -> the names that a plugin's imports can be bound to."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.errors import AbicheckError
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.elf.reader import ElfEvidence
from abicheck.evidence.read import map_file

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LIBRARIES = 512
MOST_DIRECTORIES = 4096
LIBRARY_DIRECTORIES = ("lib", "lib64", "usr/lib", "usr/lib64", "usr/local/lib", "")


class Surroundings:
    """What a plugin is loaded into, as far as the user named it; each file is read once."""

    def __init__(self, *, host: str | None, sysroot: str | None) -> None:
        """Look at nothing yet."""
        self.host, self.sysroot = host, sysroot
        self._known: dict[str, frozenset[str] | None] = {}

    def host_exports(self) -> frozenset[str]:
        """Return the names that the host exports; empty without a host.

        Raises: BinaryError, UnsupportedError if the host's binary cannot be read.
        """
        return self._host_exports

    @cached_property
    def _host_exports(self) -> frozenset[str]:
        return frozenset() if self._host is None else frozenset(self._host.export_names())

    def host_needed(self) -> tuple[str, ...]:
        """Return the libraries that the host needs; empty without a host."""
        return () if self._host is None else self._host.facts.needed

    @cached_property
    def _host(self) -> ElfEvidence | None:
        return None if self.host is None else _open(self.host)

    def library_exports(self, library: str, near: str) -> frozenset[str] | None:
        """Return what `library` and the libraries it needs export; None if one is not found.

        It is looked up in the sysroot, and beside the file `near`, whose `$ORIGIN` that is.
        """
        if self.sysroot is None:
            return None
        if library not in self._known:
            self._known[library] = self._read(library, near)
        return self._known[library]

    def _read(self, library: str, near: str) -> frozenset[str] | None:
        names: set[str] = set()
        waiting, seen = [library], {library}
        while waiting and len(seen) <= MOST_LIBRARIES:
            evidence = self._find(waiting.pop(), near)
            if evidence is None:
                return None
            names.update(evidence.export_names())
            for needed in evidence.facts.needed:
                if needed not in seen:
                    seen.add(needed)
                    waiting.append(needed)
        return frozenset(names)

    def _find(self, library: str, near: str) -> ElfEvidence | None:
        machine = _open(near).elf.machine
        for path in self._candidates(library, near):
            try:
                evidence = _open(path)
            except AbicheckError:
                continue
            if evidence.elf.machine == machine:
                return evidence
        return None

    def _candidates(self, library: str, near: str) -> Iterator[str]:
        if "/" in library:
            yield os.path.join(self.sysroot or "", library.lstrip("/"))
            return
        yield os.path.join(os.path.dirname(near), library)
        for directory in self._directories:
            path = os.path.join(directory, library)
            if os.path.isfile(path):
                yield path

    @cached_property
    def _directories(self) -> tuple[str, ...]:
        """The library directories of the sysroot, those of other machines included."""
        found: list[str] = []
        for name in LIBRARY_DIRECTORIES:
            directory = os.path.join(self.sysroot or "", name)
            if os.path.isdir(directory):
                found.append(directory)
                if name:
                    found.extend(_below(directory))
        return tuple(found[:MOST_DIRECTORIES])


def _below(directory: str) -> list[str]:
    try:
        with os.scandir(directory) as entries:
            return sorted(entry.path for entry in entries if entry.is_dir())
    except OSError:
        return []


def _open(path: str) -> ElfEvidence:
    return ElfEvidence(ElfFile(path, map_file(path)))
