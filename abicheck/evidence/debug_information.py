"""One ELF plugin -> all that describes its types, in whichever files that is.

What a reader of DWARF is given, for a plugin at hand as `elf`:

    debug = DebugInformation(elf, debug_files=..., debug_dirs=...)
    debug.absence              why there is nothing at all, as a clause; None if there is something
    debug.notes                sentences about files that were refused
    debug.section(".debug_info")           SectionBytes, or None
    debug.file                             the file of those sections: the plugin or its debug file
    debug.supplementary                    what DW_FORM_GNU_ref_alt, _strp_alt, DW_FORM_ref_sup4,
                                           _ref_sup8 and _strp_sup point into (see below)
    debug.split_unit(id, name, directory)  the unit that a skeleton stands for (see below)

`supplementary` has `section` likewise, is `Unseen` where the file is missing, None where
none is referred to. `split_unit` returns sections under their names without ".dwo", whose
unit begins at offset 0 of `.debug_info` (a .dwo file may hold more units: look for the id),
or `Unseen`. Its `type_unit(signature)` returns the sections of a type unit that is elsewhere
in a package, or None: it is then in the split unit's own sections, or nowhere;
`type_signatures()` yields the signatures of those that are elsewhere.
Whatever is damaged raises `BinaryError`; what cannot be read here `UnsupportedError`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.evidence.sections import ElfSections, Found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.evidence.elf.debug_files import DebugFiles
    from abicheck.evidence.elf.file import ElfFile
    from abicheck.evidence.sections import SectionBytes
    from abicheck.evidence.split import PackagedUnit, SplitFile, SplitUnits
    from abicheck.model.evidence import Unseen


class DebugInformation:
    """The debug information of one plugin; nothing is looked for until it is asked for."""

    def __init__(
        self,
        elf: ElfFile,
        *,
        debug_files: Sequence[str] = (),
        debug_dirs: Sequence[str] = (),
    ) -> None:
        """Take what the user named: files, and directories to search."""
        self._elf, self._named, self._directories = elf, debug_files, debug_dirs

    @cached_property
    def files(self) -> DebugFiles:
        """The search for files beside the plugin."""
        from abicheck.evidence.elf.debug_files import DebugFiles  # noqa: PLC0415

        return DebugFiles(self._elf, explicit=self._named, directories=self._directories)

    @cached_property
    def found(self) -> Found:
        """Where the debug information is: most often in the plugin itself."""
        own = ElfSections(self._elf)
        if not self._named and own.has(".debug_info"):
            return Found(own)
        return self.files.found

    @property
    def absence(self) -> str | None:
        """Why there is no debug information, as a clause, or None if there is some."""
        return self.found.absence

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about debug files that were refused."""
        return self.found.notes

    @property
    def holder(self) -> ElfFile:
        """The file with the debug sections: the plugin's debug file, or the plugin itself."""
        sections = self.found.sections
        return self._elf if sections is None else sections.elf

    @property
    def file(self) -> str:
        """The path of that file."""
        return self.holder.path

    @property
    def byte_order(self) -> str:
        """The byte order of all of it: "little" or "big"."""
        return self._elf.byte_order

    def section(self, name: str) -> SectionBytes | None:
        """Return a section by name, or None if there is none.

        Raises:
            BinaryError: it is damaged.
            UnsupportedError: it is compressed in a way that cannot be read here.
        """
        sections = self.found.sections
        return None if sections is None else sections.section(name)

    @cached_property
    def supplementary(self) -> ElfSections | Unseen | None:
        """The file of debug entries that this one shares with others, if it refers to one."""
        from abicheck.evidence.elf.supplementary import find_supplementary  # noqa: PLC0415

        return find_supplementary(self.holder, self.files)

    def split_unit(
        self, dwo_id: int, name: str | None, directory: str | None
    ) -> SplitFile | PackagedUnit | Unseen:
        """Return the unit that a skeleton stands for.

        `dwo_id` is its id, `name` its DW_AT_dwo_name (or DW_AT_GNU_dwo_name) and `directory`
        its DW_AT_comp_dir.

        Raises:
            BinaryError: what should hold it is damaged.
        """
        return self._split.find(dwo_id, name, directory)

    @cached_property
    def _split(self) -> SplitUnits:
        from abicheck.evidence.split import SplitUnits  # noqa: PLC0415 (only for split units)

        return SplitUnits(self.holder, self.files)
