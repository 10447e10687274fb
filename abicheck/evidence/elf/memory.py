"""ElfMemory: segments and relocations -> bytes and pointers as the loader will leave them."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError
from abicheck.evidence.elf import standard as elf_
from abicheck.evidence.elf.symbols import DynamicSymbols, code_start
from abicheck.model.evidence import Observed, Origin, PointerValue, Unseen
from abicheck.model.records import NamedTuple

if TYPE_CHECKING:
    from abicheck.evidence.elf.dynamic import Dynamic
    from abicheck.evidence.elf.file import ElfFile, Section
    from abicheck.evidence.elf.mips import GlobalOffsets
    from abicheck.evidence.elf.relocations import Relocation, Relocations

LARGEST_READ = 1 << 24
MOST_OVERLAPPING = 4
"""Sections that begin before an address and are asked whether it is in them."""


class Mapping(NamedTuple):
    """A PT_LOAD: memory from `start` to `end`, of which the file holds what is before `filled`."""

    start: int
    filled: int
    end: int
    file_offset: int
    flags: int


class ElfMemory:
    """The image of one plugin as the loader lays it out, without the loader.

    Addresses are those of the file, before a load base is added.
    """

    def __init__(self, elf: ElfFile, dynamic: Dynamic) -> None:
        """Lay out the segments.

        Raises: BinaryError if one reaches beyond the file or into another.
        """
        self.elf, self._dynamic = elf, dynamic
        self._mappings = _lay_out(elf)
        self._starts = [mapping.start for mapping in self._mappings]
        self._mask = (1 << 8 * elf.word_size) - 1

    @cached_property
    def relocations(self) -> Relocations:
        """The dynamic relocations of the file."""
        from abicheck.evidence.elf.relocations import Relocations  # noqa: PLC0415  often unasked

        return Relocations(self._dynamic)

    @cached_property
    def symbols(self) -> DynamicSymbols:
        """The dynamic symbols of the file."""
        return DynamicSymbols(self._dynamic, self)

    @cached_property
    def _relro(self) -> tuple[tuple[int, int], ...]:
        return tuple(
            (segment.address, segment.address + segment.memory_size)
            for segment in self.elf.segments
            if segment.type == elf_.PT_GNU_RELRO
        )

    @cached_property
    def _allocated(self) -> list[Section]:
        """The sections that lie in memory, by address; thread-local .tbss takes no room there."""
        sections = [
            one
            for one in self.elf.sections
            if one.flags & elf_.SHF_ALLOC
            and not (one.flags & elf_.SHF_TLS and one.type == elf_.SHT_NOBITS)
        ]
        return sorted(sections, key=lambda one: one.address)

    def _mapping(self, address: int) -> Mapping | None:
        position = bisect_right(self._starts, address) - 1
        if position < 0:
            return None
        mapping = self._mappings[position]
        return mapping if address < mapping.end else None

    def origin(self, address: int) -> Origin:
        """Return the place in the file that is mapped at `address`."""
        mapping, section = self._mapping(address), self._section_at(address)
        offset = None
        if mapping is not None and address < mapping.filled:
            offset = mapping.file_offset + address - mapping.start
        return Origin(self.elf.path, section.name if section else None, offset)

    def _section_at(self, address: int) -> Section | None:
        position = bisect_right(self._section_starts, address)
        for section in self._allocated[max(0, position - MOST_OVERLAPPING) : position][::-1]:
            if address < section.address + section.size:
                return section
        return None

    @cached_property
    def _section_starts(self) -> list[int]:
        return [section.address for section in self._allocated]

    def read(self, address: int, size: int, *, initial: bool = False) -> Observed[bytes] | Unseen:
        """Return `size` bytes, if they are the same in the file and after loading."""
        content = self._content(address, size, initial=initial)
        if isinstance(content, Unseen):
            return content
        for relocation in self._relocations(address, size):
            return Unseen(relocation.clause)
        return Observed(content, self.origin(address))

    def _content(self, address: int, size: int, *, initial: bool) -> bytes | Unseen:
        mapping = self._mapping(address)
        if mapping is None or address + size > mapping.end or size < 0:
            return Unseen(f"address {address:#x} is outside the file's image")
        if size > LARGEST_READ:
            return Unseen(f"{size} bytes are more than is read at once")
        if address + size > mapping.filled and not initial:
            return Unseen(f"address {address:#x} is in .bss: its value is made at run time")
        start = mapping.file_offset + address - mapping.start
        stored = max(0, min(size, mapping.filled - address))
        return self.elf.read(start, stored).ljust(size, b"\0") if stored else bytes(size)

    def _relocations(self, address: int, size: int) -> list[Relocation]:
        mapping = self._mapping(address)
        if mapping and not mapping.flags & elf_.PF_W and not self._dynamic.relocates_text:
            # A loader that filled anything here would write to pages it has made read-only.
            return []
        found = self.relocations.touching(address, size)
        if self._global_offsets is not None:
            found += self._global_offsets.touching(address, size)
        return found

    @cached_property
    def _global_offsets(self) -> GlobalOffsets | None:
        if self.elf.machine != elf_.EM_MIPS:
            return None
        from abicheck.evidence.elf import mips  # noqa: PLC0415  one machine alone needs it

        return mips.GlobalOffsets(self._dynamic)

    def pointer(self, address: int) -> Observed[PointerValue] | Unseen:
        """Return the pointer at `address`, through whatever relocation fills it."""
        word = self.elf.word_size
        relocations = self._relocations(address, word)
        if not relocations:
            return self._plain_pointer(address)
        relocation = relocations[0]
        if len(relocations) > 1 or relocation.address != address or relocation.width != word:
            return Unseen(f"{relocation.clause}, but not as one pointer")
        target = self._target(relocation)
        if isinstance(target, Unseen):
            return target
        return Observed(target, self.origin(address))

    def _plain_pointer(self, address: int) -> Observed[PointerValue] | Unseen:
        content = self._content(address, self.elf.word_size, initial=False)
        if isinstance(content, Unseen):
            return content
        if any(content):
            value = int.from_bytes(content, self.elf.byte_order)  # type: ignore[arg-type]
            return Unseen(f"it holds {value:#x}, which no relocation makes an address")
        return Observed(PointerValue(), self.origin(address))

    def _target(self, relocation: Relocation) -> PointerValue | Unseen:
        from abicheck.evidence.elf.relocation_types import (  # noqa: PLC0415  often unasked
            RELATIVE,
            SLOT,
            SYMBOLIC,
        )

        effect, symbol = relocation.type.effect, relocation.symbol
        if effect == SYMBOLIC and not symbol and self.elf.machine == elf_.EM_MIPS:
            effect = RELATIVE
        if effect not in {RELATIVE, SYMBOLIC, SLOT}:
            return Unseen(relocation.clause)
        addend = self._addend(relocation, in_place=effect != SLOT)
        if addend is None:
            return Unseen(f"{relocation.clause}, with an addend that is not in the file")
        if effect == RELATIVE:
            return PointerValue(address=addend & self._mask)
        if not symbol:
            return Unseen(f"{relocation.clause} to an absolute number")
        return self._symbolic(symbol, addend)

    def _addend(self, relocation: Relocation, *, in_place: bool) -> int | None:
        if relocation.addend is not None:
            return relocation.addend
        if not in_place:
            return 0
        content = self._content(relocation.address, self.elf.word_size, initial=False)
        if isinstance(content, Unseen):
            return None
        return int.from_bytes(content, self.elf.byte_order, signed=True)  # type: ignore[arg-type]

    def _symbolic(self, index: int, addend: int) -> PointerValue | Unseen:
        entry = self.symbols.entry(index)
        if entry.section == elf_.SHN_UNDEF:
            return PointerValue(symbol=self._dynamic.text(entry.name), addend=addend)
        if entry.type in {elf_.STT_GNU_IFUNC, elf_.STT_TLS} or entry.section == elf_.SHN_ABS:
            name = self._dynamic.text(entry.name)
            return Unseen(f"it points to {name}, whose place is found out at run time")
        return PointerValue(address=(code_start(self.elf.machine, entry) + addend) & self._mask)

    def string(self, address: int, limit: int = 4096) -> Observed[bytes] | Unseen:
        """Return the bytes before the first NUL; Unseen if there is none within `limit` bytes."""
        mapping = self._mapping(address)
        if mapping is None:
            return Unseen(f"address {address:#x} is outside the file's image")
        stored = min(limit + 1, mapping.filled - address)
        if stored <= 0:
            return Unseen(f"address {address:#x} is in .bss: its value is made at run time")
        begin = mapping.file_offset + address - mapping.start
        end = self.elf.buffer.find(b"\0", begin, begin + stored)
        if end < 0:
            return Unseen(f"no NUL within {stored} bytes at address {address:#x}")
        content = self.read(address, end - begin + 1)
        return (
            content if isinstance(content, Unseen) else Observed(content.value[:-1], content.origin)
        )

    def is_code(self, address: int) -> bool:
        """Whether `address` lies in a segment that is mapped executable.

        Constants share that segment in files of older linkers; where the file has section
        headers, those tell code from constants.
        Under the PowerPC ELFv1 ABI a function's address is that of its descriptor,
        which lies in data and points to code.
        """
        if self._is_executable(address):
            return True
        if not self.elf.has_descriptors or self._mapping(address) is None:
            return False
        target = self.pointer(address)
        return isinstance(target, Observed) and self._is_executable(target.value.address or 0)

    def _is_executable(self, address: int) -> bool:
        mapping, section = self._mapping(address), self._section_at(address)
        if mapping is None or not mapping.flags & elf_.PF_X:
            return False
        return section is None or bool(section.flags & elf_.SHF_EXECINSTR)

    def is_writable(self, address: int) -> bool:
        """Whether `address` stays writable once relocations are done (RELRO is not)."""
        mapping = self._mapping(address)
        if mapping is None or not mapping.flags & elf_.PF_W:
            return False
        return not any(start <= address < end for start, end in self._relro)

    def section(self, name: str) -> tuple[int, int] | None:
        """Return address (file offset where it is not loaded) and size of a named section."""
        section = self.elf.section_named(name)
        if section is None:
            return None
        is_loaded = section.flags & elf_.SHF_ALLOC
        return (section.address if is_loaded else section.file_offset), section.size

    def section_bytes(self, name: str) -> Observed[bytes] | Unseen | None:
        """Return the content of a section by name; None if the file has no such section."""
        if self.elf.sections_problem is not None:
            return Unseen(f"no section can be found by name: {self.elf.sections_problem}")
        section = self.elf.section_named(name)
        return None if section is None else self._bytes_of(section)

    def _bytes_of(self, section: Section) -> Observed[bytes] | Unseen:
        name = section.name
        if section.type == elf_.SHT_NOBITS:
            return Unseen(f"section {name} has no content in the file")
        if section.flags & elf_.SHF_COMPRESSED:
            return Unseen(f"section {name} is compressed")
        if section.flags & elf_.SHF_ALLOC:
            return self.read(section.address, section.size)
        if section.size > LARGEST_READ:
            return Unseen(f"{section.size} bytes are more than is read at once")
        content = self.elf.content(section)
        return Observed(content.take(content.remaining), Origin(self.elf.path, name, content.start))


def _lay_out(elf: ElfFile) -> list[Mapping]:
    mappings: list[Mapping] = []
    for segment in elf.segments:
        if segment.type != elf_.PT_LOAD or not (segment.memory_size or segment.file_size):
            continue
        start, filled = segment.address, segment.address + segment.file_size
        if segment.file_size > segment.memory_size:
            raise BinaryError(
                elf.path, f"PT_LOAD at {start:#x} is larger in the file than in memory"
            )
        if segment.file_size and segment.file_offset + segment.file_size > elf.size:
            message = (
                f"truncated: the segment at address {start:#x} ends at file offset "
                f"{segment.file_offset + segment.file_size:#x}, the file at {elf.size:#x}"
            )
            raise BinaryError(elf.path, message, file_offset=elf.size)
        end = start + segment.memory_size
        if end > 1 << 8 * elf.word_size:
            raise BinaryError(elf.path, f"PT_LOAD at {start:#x} leaves the address space")
        mappings.append(Mapping(start, filled, end, segment.file_offset, segment.flags))
    if not mappings:
        raise BinaryError(elf.path, "no PT_LOAD: nothing of it would be loaded")
    mappings.sort()
    for lower, upper in pairwise(mappings):
        if lower.end > upper.start:
            raise BinaryError(elf.path, f"two PT_LOAD overlap at address {upper.start:#x}")
    return mappings


def descriptor_target(elf: ElfFile, address: int) -> int:
    """Return where the code of a PowerPC ELFv1 function descriptor begins."""
    target = ElfMemory(elf, elf.dynamic).pointer(address)
    if isinstance(target, Unseen) or target.value.address is None:
        return address
    return target.value.address
