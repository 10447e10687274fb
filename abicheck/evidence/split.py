"""Skeleton units -> the .dwo files or the .dwp package with their debug information.

`-gsplit-dwarf` leaves a skeleton of each unit in the plugin: an id, and the
name of the file with the rest. The id must be found there again: a file of
another build is refused. Every unit found is given as `Sections` of its own,
also out of a package, whose index says which part of each section it owns.

Names are untrusted and may lead anywhere, but only to regular files.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.evidence.dwp import UnitIndex
from abicheck.evidence.files import shown
from abicheck.evidence.sections import ElfSections
from abicheck.evidence.split_id import holds_unit
from abicheck.model.evidence import Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from abicheck.evidence.elf.debug_files import DebugFiles
    from abicheck.evidence.elf.file import ElfFile
    from abicheck.evidence.sections import SectionBytes, Sections

SHARED = frozenset({".debug_str"})
"""Sections of a package that all of its units use whole."""


class SplitFile:
    """A .dwo file: all of its sections belong to one compile unit and its type units."""

    def __init__(self, elf: ElfFile) -> None:
        """Stand for the sections of `elf` whose names end in ".dwo"."""
        self.elf, self._sections = elf, ElfSections(elf, ".dwo")

    @property
    def file(self) -> str:
        """The file that the unit is in."""
        return self.elf.path

    def section(self, name: str) -> SectionBytes | None:
        """Return a section by its name without ".dwo", or None if there is none."""
        return self._sections.section(name)

    def type_unit(self, signature: int) -> Sections | None:
        """Return None: type units are in the same `.debug_info` or `.debug_types`."""
        del signature
        return None

    @property
    def type_signatures(self) -> Callable[[], Iterable[int]]:
        """What yields nothing, for the same reason."""
        return tuple


class PackagedUnit:
    """One unit of a package, as if it were alone in a .dwo file."""

    def __init__(self, package: Package, row: dict[str, tuple[int, int]]) -> None:
        """Stand for the parts that `row` of an index names."""
        self._package, self._row = package, row

    @property
    def file(self) -> str:
        """The file that the unit is in."""
        return self._package.elf.path

    def section(self, name: str) -> SectionBytes | None:
        """Return the unit's own part of a section, or all of a section that is shared."""
        if name in SHARED:
            return self._package.sections.section(name)
        place = self._row.get(name)
        whole = None if place is None else self._package.sections.section(name)
        return None if whole is None or place is None else whole.part(*place)

    def type_unit(self, signature: int) -> Sections | None:
        """Return the type unit with this signature, which the package keeps elsewhere."""
        return self._package.type_unit(signature)

    @property
    def type_signatures(self) -> Callable[[], Iterable[int]]:
        """What yields the signatures of all type units; the same for all units of a package."""
        return self._package.type_signatures


class Package:
    """A .dwp file. Source: DWARF 5, section 7.3.5."""

    def __init__(self, elf: ElfFile) -> None:
        """Decode nothing yet."""
        self.elf, self.sections = elf, ElfSections(elf, ".dwo")

    @cached_property
    def _indexes(self) -> dict[str, UnitIndex]:
        whole = ElfSections(self.elf)
        found = {name: whole.section(name) for name in (".debug_cu_index", ".debug_tu_index")}
        order = self.elf.byte_order
        return {name: UnitIndex(each, order) for name, each in found.items() if each is not None}

    def unit(self, dwo_id: int) -> PackagedUnit | None:
        """Return the compile unit with this id; raises BinaryError if the index is damaged."""
        return self._find(".debug_cu_index", dwo_id)

    def type_unit(self, signature: int) -> PackagedUnit | None:
        """Return the type unit with this signature; raises BinaryError if the index is damaged."""
        return self._find(".debug_tu_index", signature)

    def type_signatures(self) -> Iterator[int]:
        """Yield the signatures of all type units; raises BinaryError if the index is damaged."""
        table = self._indexes.get(".debug_tu_index")
        return iter(()) if table is None else table.signatures()

    def _find(self, index: str, signature: int) -> PackagedUnit | None:
        table = self._indexes.get(index)
        row = None if table is None else table.find(signature)
        return None if row is None else PackagedUnit(self, row)


class SplitUnits:
    """Finds the split units of one plugin, whose skeletons are in the file `holder`."""

    def __init__(self, holder: ElfFile, files: DebugFiles) -> None:
        """Look for nothing yet."""
        self._holder, self._files = holder, files

    def find(
        self, dwo_id: int, name: str | None, directory: str | None
    ) -> SplitFile | PackagedUnit | Unseen:
        """Return the unit with this id; `name` and `directory` are what its skeleton says.

        Raises:
            BinaryError: what should hold it is damaged.
        """
        for package in self._packages:
            unit = package.unit(dwo_id)
            if unit is not None:
                return unit
        tried = []
        for path in dict.fromkeys(self._candidates(name, directory)):
            elf = self._files.open(path)
            if elf is None:
                continue
            unit_file = SplitFile(elf)
            if holds_unit(unit_file, elf.byte_order, dwo_id):
                return unit_file
            tried.append(path)
        return Unseen(self._absence(dwo_id, name, directory, tried))

    @cached_property
    def _packages(self) -> list[Package]:
        """Every package there is: those that the user named, then those beside the plugin."""
        opened = [(path, self._files.open(path)) for path in self._package_paths()]
        elves = [elf for _, elf in opened if elf is not None]
        return [Package(elf) for elf in elves if elf.section_named(".debug_cu_index")]

    def _package_paths(self) -> Iterator[str]:
        yield from self._files.explicit
        plugin = self._files.elf.path
        paths = dict.fromkeys((plugin, self._holder.path, os.path.realpath(plugin)))
        names: dict[str, None] = {}
        for path in paths:
            stem = os.path.splitext(path)[0]
            names.update(dict.fromkeys((f"{path}.dwp", f"{stem}.dwp")))
        yield from names
        for directory in self._files.directories:
            base = os.path.basename(plugin)
            real = os.path.dirname(os.path.realpath(plugin))
            yield os.path.join(directory + real, f"{base}.dwp")
            if directory in self._files.user_directories:
                yield os.path.join(directory, f"{base}.dwp")

    def _candidates(self, name: str | None, directory: str | None) -> Iterator[str]:
        yield from self._files.explicit
        if not name:
            return
        if os.path.isabs(name):
            yield name
        elif directory and os.path.isabs(directory):
            yield os.path.join(directory, name)
        beside = os.path.dirname(self._files.elf.path) or "."
        user_directories = self._files.user_directories
        for place in (beside, os.path.dirname(self._holder.path) or ".", *user_directories):
            if not os.path.isabs(name):
                yield os.path.join(place, name)
            yield os.path.join(place, os.path.basename(name))

    def _absence(
        self, dwo_id: int, name: str | None, directory: str | None, tried: list[str]
    ) -> str:
        wanted = shown(name) if name else "a file that it does not name"
        if name and directory and not os.path.isabs(name):
            wanted = shown(os.path.join(directory, name))
        reason = f"the debug information is split off into {wanted} (id {dwo_id:016x}), "
        if tried:
            others = ", ".join(shown(path) for path in tried)
            return f"{reason}but what was found is of another build: {others}"
        packages = [shown(package.elf.path) for package in self._packages]
        packaged = f"not in {', '.join(packages)}" if packages else "in no .dwp package"
        return f"{reason}which is neither there nor beside the plugin, and {packaged}"
