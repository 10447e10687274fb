"""ElfFile: one mapped ELF file -> its header, segments, sections and notes, each when asked for.

Other readers (dynamic linking, DWARF, separate debug files) build on this. It
does not care whether the file is a plugin, an object file or a debug file:

    elf.path, elf.buffer, elf.size         name as the user wrote it; the bytes (an mmap, or bytes)
    elf.is_64, elf.byte_order, elf.prefix  class; "little" or "big"; "<" or ">" for `struct`
    elf.word_size, elf.machine, elf.type   8 or 4; e_machine; e_type
    elf.flags, elf.os_abi, elf.entry       e_flags; EI_OSABI; e_entry
    elf.segments                           program headers, a tuple of Segment
    elf.sections, elf.sections_problem     section headers, a tuple of Section, () if unusable,
                                           and then the reason (a clause), else None
    elf.section_named(".debug_info")       the first section of that name, or None
    elf.content(section)                   a Cursor over a section's bytes as they are in the file
    elf.cursor(start, size, where)         a Cursor over any part of the file
    elf.read(offset, size)                 checked bytes
    elf.string(offset, end)                bytes up to the next NUL
    elf.file_offset(address, size)         where in the file a PT_LOAD keeps an address, or None
    elf.notes(), elf.build_id              notes of segments and sections; the id in hex, or None
    elf.debuglink                          (file name, CRC-32) of .gnu_debuglink, or None
    elf.code_address(symbol_address)       where a function's code begins: follows ELFv1 descriptors
    elf.counters                           what was decoded so far

Offsets and sizes in the file are untrusted; they are checked where they are used,
and what breaks the format raises `BinaryError`.
"""

from __future__ import annotations

import struct
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError
from abicheck.evidence.counters import Counters
from abicheck.evidence.cursor import Cursor
from abicheck.evidence.elf import standard as elf_
from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.cursor import Buffer
    from abicheck.evidence.elf.dynamic import Dynamic

MOST_SEGMENTS = 1 << 12
MOST_SECTIONS = 1 << 16
LONGEST_SECTION_NAME = 1 << 10
MOST_NOTES = 1 << 12
LONGEST_ID = 64


_SECTION_HEADER = {True: "IIQQQQIIQQ", False: "IIIIIIIIII"}


@record
class Segment:
    """A program header: `type` is PT_x, `flags` are PF_x; addresses and sizes are in bytes."""

    type: int
    flags: int
    file_offset: int
    address: int
    file_size: int
    memory_size: int
    alignment: int


@record
class Section:
    """A section header: `type` is SHT_x, `flags` are SHF_x, `index` its place in the table."""

    index: int
    name: str
    type: int
    flags: int
    address: int
    file_offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int


@record
class Note:
    """A note: its owner's name without the NUL, its type, and where its descriptor lies."""

    name: bytes
    type: int
    file_offset: int
    size: int


class ElfFile:
    """One ELF file, decoded piece by piece as questions are asked."""

    def __init__(self, path: str, buffer: Buffer, *, counters: Counters | None = None) -> None:
        """Decode the ELF header, and nothing else."""
        self.path, self.buffer, self.size = path, buffer, len(buffer)
        self.counters = counters or Counters()
        if buffer[:4] != elf_.MAGIC:
            raise BinaryError(path, "not an ELF file: it does not begin with \\x7fELF")
        if self.size < elf_.EI_NIDENT:
            raise BinaryError(path, "truncated inside the ELF header", file_offset=self.size)
        elf_class, encoding, version = buffer[4], buffer[5], buffer[6]
        if elf_class not in {elf_.ELFCLASS32, elf_.ELFCLASS64}:
            raise BinaryError(path, f"EI_CLASS is {elf_class}; expected 1 or 2", file_offset=4)
        if encoding not in {elf_.ELFDATA2LSB, elf_.ELFDATA2MSB}:
            raise BinaryError(path, f"EI_DATA is {encoding}; expected 1 or 2", file_offset=5)
        if version != elf_.EV_CURRENT:
            raise BinaryError(path, f"EI_VERSION is {version}; expected 1", file_offset=6)
        self.is_64 = elf_class == elf_.ELFCLASS64
        self.byte_order = "little" if encoding == elf_.ELFDATA2LSB else "big"
        self.prefix = "<" if encoding == elf_.ELFDATA2LSB else ">"
        self.word_size = 8 if self.is_64 else 4
        self.os_abi, self.abi_version = buffer[7], buffer[8]
        header = self.cursor(16, (64 if self.is_64 else 52) - 16, "ELF header")
        (
            self.type, self.machine, _, self.entry, self._segments_offset, self._sections_offset,
            self.flags, self.header_size, self._segment_size, self._segment_count,
            self._section_size, self._section_count, self._names_index,
        ) = header.unpack("HHIQQQIHHHHHH" if self.is_64 else "HHIIIIIHHHHHH")  # fmt: skip

    def cursor(self, start: int, size: int, where: str) -> Cursor:
        """Return a cursor over `size` bytes at file offset `start`.

        Raises: BinaryError if they are not all in the file.
        """
        if not (0 <= start <= self.size and 0 <= size <= self.size - start):
            missing = (
                f"{where} of {size:#x} bytes reaches beyond the end of the file ({self.size:#x})"
            )
            raise BinaryError(self.path, missing, file_offset=start)
        return Cursor(
            self.buffer, file=self.path, byte_order=self.byte_order,
            start=start, end=start + size, where=where,
        )  # fmt: skip

    def read(self, start: int, size: int, where: str = "a read") -> bytes:
        """Return `size` bytes at file offset `start`; raises BinaryError outside the file."""
        self.counters.bytes += size
        return self.cursor(start, size, where).take(size)

    def string(self, start: int, end: int | None = None, limit: int = 1 << 16) -> bytes:
        """Return the bytes from `start` to the next NUL before `end`."""
        return self.cursor(start, (end or self.size) - start, "string table").string(limit)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The program headers. Raises: BinaryError if their table is damaged."""
        count, layout = self._segment_count, "IIQQQQQQ" if self.is_64 else "IIIIIIII"
        if count == elf_.PN_XNUM:
            count = self._first_section()[7]  # sh_info; gABI chapter 4, "ELF Header".
        if not count:
            return ()
        if self._segment_size != struct.calcsize("<" + layout) or count > MOST_SEGMENTS:
            message = f"e_phentsize is {self._segment_size}, e_phnum {count}"
            raise BinaryError(self.path, f"program headers: {message}", file_offset=42)
        table = self.cursor(
            self._segments_offset, count * self._segment_size, "program header table"
        )
        rows = struct.iter_unpack(self.prefix + layout, table.take(table.remaining))
        if self.is_64:
            return tuple(
                Segment(type_, flags, offset, address, filled, size, alignment)
                for type_, flags, offset, address, _, filled, size, alignment in rows
            )
        return tuple(
            Segment(type_, flags, offset, address, filled, size, alignment)
            for type_, offset, address, _, filled, size, flags, alignment in rows
        )

    def _first_section(self) -> tuple[int, ...]:
        layout = _SECTION_HEADER[self.is_64]
        if not self._sections_offset or self._section_size != struct.calcsize("<" + layout):
            raise BinaryError(self.path, "no section header 0, which should hold large counts")
        table = self.cursor(self._sections_offset, self._section_size, "section header 0")
        return table.unpack(layout)

    @cached_property
    def _section_table(self) -> tuple[tuple[Section, ...], str | None]:
        try:
            return self._read_sections(), None
        except BinaryError as error:
            return (), str(error).removeprefix(f"{self.path}: ")

    def _read_sections(self) -> tuple[Section, ...]:
        if not self._sections_offset:
            raise BinaryError(self.path, "the file has no section headers")
        layout, first = _SECTION_HEADER[self.is_64], self._first_section()
        # Counts that do not fit the header's 16 bits are in section 0; gABI chapter 4.
        count = self._section_count or first[5]
        names = first[6] if self._names_index == elf_.SHN_XINDEX else self._names_index
        if not 0 < count <= MOST_SECTIONS:
            raise BinaryError(self.path, f"the file claims {count} sections")
        table = self.cursor(
            self._sections_offset, count * self._section_size, "section header table"
        )
        rows = list(struct.iter_unpack(self.prefix + layout, table.take(table.remaining)))
        start, end = self._section_names(rows, names)
        return tuple(
            Section(index, self._section_name(start + row[0], end), *row[1:])
            for index, row in enumerate(rows)
        )

    def _section_names(self, rows: list[tuple[int, ...]], index: int) -> tuple[int, int]:
        if index == elf_.SHN_UNDEF or index >= len(rows):
            return 0, 0
        _, kind, _, _, start, size, *_ = rows[index]
        if kind == elf_.SHT_NOBITS or start > self.size:
            return 0, 0
        return start, min(start + size, self.size)

    def _section_name(self, start: int, end: int) -> str:
        if start >= end:
            return ""
        stop = self.buffer.find(b"\0", start, min(end, start + LONGEST_SECTION_NAME))
        return self.buffer[start:stop].decode(errors="backslashreplace") if stop >= 0 else ""

    @property
    def sections(self) -> tuple[Section, ...]:
        """The section headers; empty where there are none or they are damaged."""
        return self._section_table[0]

    @property
    def sections_problem(self) -> str | None:
        """Why `sections` is empty, as a clause, or None."""
        return self._section_table[1]

    def section_named(self, name: str) -> Section | None:
        """Return the first section called `name`."""
        return self._sections_by_name.get(name)

    @cached_property
    def _sections_by_name(self) -> dict[str, Section]:
        return {section.name: section for section in reversed(self.sections)}

    def content(self, section: Section) -> Cursor:
        """Return a cursor over a section's bytes in the file, compressed ones as they are.

        Raises: BinaryError if the section reaches beyond the end of the file.
        """
        size = 0 if section.type == elf_.SHT_NOBITS else section.size
        return self.cursor(section.file_offset if size else 0, size, section.name or "a section")

    def file_offset(self, address: int, size: int = 1) -> int | None:
        """Return where the file keeps `size` bytes of a PT_LOAD at `address`; None if nowhere."""
        for segment in self._loads:
            inside = address - segment.address
            if inside >= 0 and inside + size <= segment.file_size:
                return segment.file_offset + inside
        return None

    def mapped_range(self, address: int) -> tuple[int, int] | None:
        """Return file offset and size of what follows `address` in its PT_LOAD, in the file."""
        for segment in self._loads:
            inside = address - segment.address
            if 0 <= inside < segment.file_size:
                return segment.file_offset + inside, segment.file_size - inside
        return None

    @cached_property
    def _loads(self) -> tuple[Segment, ...]:
        return tuple(segment for segment in self.segments if segment.type == elf_.PT_LOAD)

    def notes(self) -> Iterator[Note]:
        """Yield the notes of PT_NOTE segments, then those of SHT_NOTE sections: MOST_NOTES at most.

        A note that does not fit ends its segment or section; sections matter in debug
        files, whose segments are empty, and repeat the segments elsewhere.
        """
        return islice(self._all_notes(), MOST_NOTES)

    def _all_notes(self) -> Iterator[Note]:
        for segment in self.segments:
            if segment.type == elf_.PT_NOTE:
                yield from self._notes_in(segment.file_offset, segment.file_size, segment.alignment)
        for section in self.sections:
            if section.type == elf_.SHT_NOTE:
                yield from self._notes_in(section.file_offset, section.size, section.alignment)

    def _notes_in(self, start: int, size: int, alignment: int) -> Iterator[Note]:
        step = alignment if alignment == elf_.GNU_PROPERTY_ALIGNMENT else 4
        position, end = start, min(start + size, self.size)
        while end - position >= elf_.NOTE_HEADER_SIZE:
            name_size, size, kind = struct.unpack_from(self.prefix + "III", self.buffer, position)
            name_at = position + elf_.NOTE_HEADER_SIZE
            # Name and descriptor are padded; the padding counts from the note's start.
            content_at = start + -(-(name_at + name_size - start) // step) * step
            if content_at + size > end:
                return
            name = self.buffer[name_at : min(name_at + name_size, name_at + 32)].rstrip(b"\0")
            yield Note(name, kind, content_at, size)
            position = start + -(-(content_at + size - start) // step) * step

    @cached_property
    def build_id(self) -> str | None:
        """The GNU build-id in hex, or None."""
        for note in self.notes():
            if (
                note.type == elf_.NT_GNU_BUILD_ID
                and note.name == b"GNU"
                and 0 < note.size <= LONGEST_ID
            ):
                return self.read(note.file_offset, note.size).hex()
        return None

    @cached_property
    def debuglink(self) -> tuple[str, int] | None:
        """Name and CRC-32 of the separate debug file that .gnu_debuglink asks for.

        The name, with its NUL, is padded to 4 bytes; the checksum follows.
        Raises: BinaryError if the section is damaged.
        """
        section = self.section_named(".gnu_debuglink")
        if section is None or section.type == elf_.SHT_NOBITS:
            return None
        content = self.content(section)
        name = content.string(limit=4096)
        content.skip(-(content.position - content.start) % 4)
        return name.decode(errors="backslashreplace"), content.u32()

    @property
    def has_descriptors(self) -> bool:
        """Whether functions are named by descriptors in data: the PowerPC ELFv1 ABI.

        e_flags states the ABI; 0 is what old tools write, and big-endian files of theirs are ELFv1.
        """
        abi = self.flags & 3
        return self.machine == elf_.EM_PPC64 and (
            abi == 1 or (not abi and self.byte_order == "big")
        )

    @cached_property
    def dynamic(self) -> Dynamic:
        """The dynamic section.

        Raises: BinaryError if there is none or it is not mapped.
        """
        from abicheck.evidence.elf.dynamic import Dynamic  # noqa: PLC0415  it knows this class

        return Dynamic(self)

    def code_address(self, address: int) -> int:
        """Return where the code of the function at `address` begins.

        That is `address` itself, unless the file `has_descriptors`: then a function's
        symbol names a descriptor in .opd, whose first word points to the code.
        """
        if not self.has_descriptors:
            return address
        from abicheck.evidence.elf.memory import descriptor_target  # noqa: PLC0415  rarely needed

        return descriptor_target(self, address)
