"""ElfEvidence: one ELF plugin as `Evidence`, each part of it read when it is asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.errors import UnsupportedError
from abicheck.evidence.elf import standard as elf_
from abicheck.evidence.elf.facts import read_facts, read_libc
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.elf.machines import read_target
from abicheck.evidence.elf.memory import ElfMemory

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from abicheck.evidence.counters import Counters
    from abicheck.evidence.cursor import Buffer
    from abicheck.evidence.descriptor import DescriptorTypes
    from abicheck.model.evidence import Import, PlatformFacts, Symbol, TypeSource
    from abicheck.model.target import Target

DT_DEBUG, DT_MIPS_RLD_MAP, DT_MIPS_RLD_MAP_REL = 21, 0x70000016, 0x70000035
FOR_DEBUGGERS = (DT_DEBUG, DT_MIPS_RLD_MAP, DT_MIPS_RLD_MAP_REL)

DESCRIPTOR_OWNER, DESCRIPTOR_TYPE, DESCRIPTOR_SECTION = b"abicheck", 1, ".note.abicheck"
"""What a descriptor's note is known by: docs/descriptor.md, "Where it is"."""

NOT_PLUGINS = {
    elf_.ET_NONE: "no file of a known type (ET_NONE)",
    elf_.ET_REL: "an object file (ET_REL), not a plugin; link it with -shared",
    elf_.ET_EXEC: "an executable (ET_EXEC), not a plugin",
    elf_.ET_CORE: "a core dump (ET_CORE), not a plugin",
}


class ElfEvidence:
    """What one ELF plugin was seen to contain; see `model.evidence.Evidence`."""

    format = "ELF"
    contract: str | None = None

    def __init__(
        self, elf: ElfFile, *, debug_files: Sequence[str] = (), debug_dirs: Sequence[str] = ()
    ) -> None:
        """Read the dynamic section and the segments.

        Raises: BinaryError if the loader could not map the file, UnsupportedError
        for a machine or system that is not read.
        """
        self.elf, self.file = elf, elf.path
        self._debug_files, self._debug_dirs = tuple(debug_files), tuple(debug_dirs)
        self._dynamic = elf.dynamic
        self.memory = ElfMemory(elf, self._dynamic)
        self.symbols = self.memory.symbols
        needs = self.symbols.versions.needs
        self._libc = read_libc(elf, self._dynamic, needs)
        self.target: Target
        self.target, self._marks = read_target(
            elf, self._libc, frozenset(need.version for need in needs)
        )

    @property
    def counters(self) -> Counters:
        """What was decoded so far."""
        return self.elf.counters

    @cached_property
    def facts(self) -> PlatformFacts:
        """What the file says about where it can be loaded."""
        return read_facts(self.elf, self._dynamic, self.symbols, libc=self._libc, marks=self._marks)

    @cached_property
    def debug_types(self) -> TypeSource:
        """The types that DWARF describes, in this file or beside it."""
        from abicheck.evidence.dwarf import open_types  # noqa: PLC0415  costs time; often unasked

        types: TypeSource = open_types(
            self.elf,
            debug_files=self._debug_files,
            debug_dirs=self._debug_dirs,
            export_names=self.export_names,
        )
        return types

    @cached_property
    def descriptor(self) -> DescriptorTypes | None:
        """The types that the build itself states; None if the file has no descriptor."""
        places = {
            (note.file_offset, note.size): None
            for note in self.elf.notes()
            if note.name == DESCRIPTOR_OWNER and note.type == DESCRIPTOR_TYPE
        }
        section = self.elf.section_named(DESCRIPTOR_SECTION)
        if not places and section is not None:
            places = {(min(section.file_offset, self.elf.size), 0): None}  # None that fits in it.
        if not places:
            return None
        from abicheck.evidence.descriptor import DescriptorTypes  # noqa: PLC0415  most have none

        return DescriptorTypes(
            self.file, self.elf.buffer, tuple(places), self.target, contract=self.contract
        )

    @cached_property
    def types(self) -> TypeSource:
        """The types that DWARF describes; where there is none, those that a descriptor states."""
        if self.descriptor is None:
            return self.debug_types
        absence = self.debug_types.absence()
        return self.debug_types if absence is None else self.descriptor.instead_of(absence)

    @cached_property
    def second_opinion(self) -> ElfEvidence | None:
        """The same plugin as its descriptor describes it, where DWARF describes it as well."""
        if self.descriptor is None or self.debug_types.absence() is not None:
            return None
        return self._with(types=self.descriptor, second_opinion=None)

    @property
    def unused(self) -> str | None:
        """Why the file's descriptor cannot be held against DWARF; None if it can."""
        return None if self.second_opinion is None else self.second_opinion.types.absence()

    def about(self, contract: str) -> ElfEvidence:
        """Return the same evidence; of several descriptors, that of this contract counts."""
        other = self._with(contract=contract)
        for part in ("descriptor", "types", "second_opinion"):  # Whatever another one decided.
            other.__dict__.pop(part, None)
        return other

    def _with(self, **changes: object) -> ElfEvidence:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, **changes)
        return other

    def find_export(self, name: str, version: str | None = None) -> Symbol | None:
        """Return what `dlsym` finds under `name` (with `version`: `dlvsym`) in this file."""
        return self.symbols.find(name, version)

    def find_hidden(self, name: str, others: Collection[str] = ()) -> Symbol | str | None:
        """Say why `find_export` found nothing, or None if nothing but `others` comes near."""
        from abicheck.evidence.elf.misses import explain_miss  # noqa: PLC0415  only for failures

        return explain_miss(self.symbols, name, others)

    def export_names(self) -> Sequence[str]:
        """Return the name of every export, sorted."""
        return self.symbols.exports.names

    def exports(self) -> Sequence[Symbol]:
        """Return every export, each name and version once, sorted by name."""
        return self.symbols.exports

    def imports(self) -> Sequence[Import]:
        """Return every undefined dynamic symbol."""
        return self._imports

    @cached_property
    def _imports(self) -> Sequence[Import]:
        return self.symbols.imports()


def read_elf(
    path: str,
    buffer: Buffer,
    *,
    debug_files: Sequence[str] = (),
    debug_dirs: Sequence[str] = (),
    is_named: bool = True,
) -> tuple[ElfEvidence, ...]:
    """Return the evidence of the ELF plugin in `buffer`.

    A file that is no plugin (an executable, an object file) is passed over, with (),
    unless it `is_named`.

    Raises: BinaryError, UnsupportedError.
    """
    elf = ElfFile(path, buffer)
    reason = _why_no_plugin(elf)
    if reason is None:
        return (ElfEvidence(elf, debug_files=debug_files, debug_dirs=debug_dirs),)
    if is_named:
        raise UnsupportedError(f"{path}: is {reason}")
    return ()


def _why_no_plugin(elf: ElfFile) -> str | None:
    """Return what the file is, as the end of a sentence, if it is not a shared library."""
    if elf.type != elf_.ET_DYN:
        return NOT_PLUGINS.get(elf.type, f"no file of a known type (e_type {elf.type:#x})")
    if _is_debug_file(elf):
        return "a separate debug file, not a plugin; name the plugin it was split from"
    return "an executable (PIE), not a plugin" if _is_executable(elf) else None


def _is_debug_file(elf: ElfFile) -> bool:
    """Whether only the debug sections have content, as `objcopy --only-keep-debug` leaves it."""
    section = elf.section_named(".dynamic")
    return section is not None and section.type == elf_.SHT_NOBITS


def _is_executable(elf: ElfFile) -> bool:
    """Whether an ET_DYN is an executable: by DF_1_PIE, or as older linkers made them.

    PT_INTERP and an entry point do not tell: libraries that print their version or help when
    they are run have both (libc.so.6, pam_cap.so). Room for debuggers is in executables only.
    """
    segments = {segment.type for segment in elf.segments}
    if elf_.PT_DYNAMIC not in segments:
        return False
    values = elf.dynamic.values
    if values.get(elf_.DT_FLAGS_1, 0) & elf_.DF_1_PIE:
        return True
    is_debugged = any(tag in values for tag in FOR_DEBUGGERS)
    return elf_.PT_INTERP in segments and is_debugged and elf_.DT_SONAME not in values
