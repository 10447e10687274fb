"""Debug sections of a file -> slices of what they hold, compressed or not.

Readers of debug information ask a `Sections` for a section by name and take
the slices they need. Where the bytes come from (the plugin, its debug file, a
package of split units) is decided here and nowhere else; each section knows
its file and, unless it is compressed, its place there.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.elf.standard import SHF_COMPRESSED, SHT_NOBITS
from abicheck.model.records import Protocol, record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.evidence.elf.file import ElfFile, Section
    from abicheck.evidence.inflate import Budget, Inflated, Slices

ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD = 1, 2
OLD_HEADER_SIZE = 12
MOST_PARTS = 1 << 16
"""Sections of one name that one object file may have: a split unit has one for each type."""


class SectionBytes(Protocol):
    """What a section holds; `file` and `name` say which section of which file it is."""

    @property
    def file(self) -> str:
        """The file that the section is in."""

    @property
    def name(self) -> str:
        """The section's name in that file."""

    @property
    def file_offset(self) -> int | None:
        """Where its first byte lies in the file; None where the section is compressed."""

    def __len__(self) -> int:
        """Return the section's size in bytes."""

    def __getitem__(self, key: slice, /) -> bytes:
        """Return the bytes of a slice without a step, cut at the section's end."""

    def part(self, offset: int, size: int) -> SectionBytes:
        """Return `size` bytes at `offset` as a section of their own."""


class Sections(Protocol):
    """Where a reader of debug information finds its sections."""

    def section(self, name: str) -> SectionBytes | None:
        """Return a section such as ".debug_info", or None if there is none.

        Raises:
            BinaryError: there is one, but it is damaged.
            UnsupportedError: there is one, compressed in a way that cannot be read here.
        """


@record
class Found:
    """Where the debug information of a plugin is; `sections` is None where there is none.

    `absence` then says why, as a clause. `notes` are sentences about files that were refused.
    """

    sections: ElfSections | None
    absence: str | None = None
    notes: tuple[str, ...] = ()


class PlainBytes:
    """A section that lies in its file as it is."""

    __slots__ = ("_end", "buffer", "file", "file_offset", "name")

    def __init__(
        self, buffer: Slices, *, file: str, name: str, file_offset: int, size: int
    ) -> None:
        """Stand for `size` bytes at `file_offset` of `buffer`, which holds the whole `file`.

        Raises:
            BinaryError: they reach beyond the file.
        """
        if not 0 <= file_offset <= file_offset + size <= len(buffer):
            raise BinaryError(file, f"{name} reaches beyond the end", file_offset=file_offset)
        self.buffer, self.file, self.name = buffer, file, name
        self.file_offset, self._end = file_offset, file_offset + size

    def __len__(self) -> int:
        """Return the section's size in bytes."""
        return self._end - self.file_offset

    def __getitem__(self, key: slice) -> bytes:
        """Return the bytes of a slice without a step, cut at the section's end."""
        begin, end = key.start or 0, key.stop
        at = self.file_offset
        if end is None or at + end > self._end:
            return self.buffer[at + begin : self._end]
        return self.buffer[at + begin : at + end]

    def release(self, begin: int, end: int) -> None:
        """Let the system take back the memory of what lies from `begin` to `end`, once read."""
        advise = getattr(self.buffer, "madvise", None)
        if advise is not None:
            from mmap import MADV_DONTNEED, PAGESIZE  # noqa: PLC0415 (not on every platform)

            first = -(-(self.file_offset + begin) // PAGESIZE) * PAGESIZE
            last = (self.file_offset + end) // PAGESIZE * PAGESIZE
            if first < last:
                advise(MADV_DONTNEED, first, last - first)

    def part(self, offset: int, size: int) -> PlainBytes:
        """Return `size` bytes at `offset` as a section of their own."""
        _check_part(self, offset, size)
        at = self.file_offset + offset
        return PlainBytes(self.buffer, file=self.file, name=self.name, file_offset=at, size=size)


class InflatedBytes:
    """A section that is compressed in its file, or a part of one."""

    __slots__ = ("_begin", "_end", "_inflated", "file", "file_offset", "name")

    def __init__(self, inflated: Inflated, begin: int = 0, end: int | None = None) -> None:
        """Stand for what lies from `begin` to `end` of `inflated`."""
        self._inflated, self.file, self.name = inflated, inflated.file, inflated.name
        self._begin, self._end = begin, inflated.size if end is None else end
        self.file_offset: int | None = None

    def __len__(self) -> int:
        """Return the section's size in bytes, once inflated."""
        return self._end - self._begin

    def __getitem__(self, key: slice) -> bytes:
        """Return the bytes of a slice without a step, cut at the section's end."""
        begin, end = self._begin + (key.start or 0), self._end
        if key.stop is not None:
            end = min(end, self._begin + key.stop)
        return self._inflated.read(begin, end) if begin < end else b""

    def part(self, offset: int, size: int) -> InflatedBytes:
        """Return `size` bytes at `offset` as a section of their own."""
        _check_part(self, offset, size)
        at = self._begin + offset
        return InflatedBytes(self._inflated, at, at + size)


def _check_part(section: SectionBytes, offset: int, size: int) -> None:
    if not 0 <= offset <= offset + size <= len(section):
        message = f"{section.name}: {size} bytes at {offset:#x} do not fit into it"
        raise BinaryError(section.file, message, file_offset=section.file_offset)


class JoinedBytes:
    """Several sections of one name, one after the other, as object files have them."""

    __slots__ = ("_ends", "_parts", "file", "file_offset", "name")

    def __init__(self, parts: Sequence[SectionBytes]) -> None:
        """Join `parts`, which must be from one file."""
        self._parts, self._ends = tuple(parts), list(accumulate(len(part) for part in parts))
        self.file, self.name = parts[0].file, parts[0].name
        self.file_offset: int | None = None

    def __len__(self) -> int:
        """Return the size of all parts together, in bytes."""
        return self._ends[-1]

    def __getitem__(self, key: slice) -> bytes:
        """Return the bytes of a slice without a step, cut at the end."""
        begin, end = key.start or 0, len(self)
        end = end if key.stop is None else min(end, key.stop)
        found: list[bytes] = []
        index = bisect_right(self._ends, begin)
        while begin < end:
            part = self._parts[index]
            base = self._ends[index] - len(part)
            found.append(part[begin - base : end - base])
            begin, index = self._ends[index], index + 1
        return b"".join(found)

    def part(self, offset: int, size: int) -> SectionBytes:
        """Return `size` bytes at `offset` as a section of their own, of one part."""
        _check_part(self, offset, size)
        index = bisect_right(self._ends, offset)
        inner = self._parts[min(index, len(self._parts) - 1)]
        return inner.part(offset - (self._ends[index] - len(inner)) if size else 0, size)


class ElfSections:
    """The debug sections of one ELF file, whichever way they are compressed."""

    def __init__(self, elf: ElfFile, suffix: str = "") -> None:
        """Stand for the sections of `elf`; with ".dwo", for those of the split unit in it."""
        self.elf, self.suffix = elf, suffix
        self._known: dict[str, SectionBytes | None] = {}

    @cached_property
    def budget(self) -> Budget:
        """What may still be inflated of this file."""
        from abicheck.evidence.inflate import Budget  # noqa: PLC0415 (few files are compressed)

        return Budget(self.elf.size)

    def section(self, name: str) -> SectionBytes | None:
        """Return the section `name` (to which the suffix is added), or None if there is none.

        Raises:
            BinaryError: there is one, but it is damaged.
            UnsupportedError: there is one, compressed in a way that cannot be read here.
        """
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def has(self, name: str) -> bool:
        """Whether the file holds a section `name`, readable or not."""
        return bool(self._headers(name))

    def _headers(self, name: str) -> list[Section]:
        plain, old = name + self.suffix, f".z{name[1:]}{self.suffix}"
        if not self.suffix:  # Linked files have one of each, and are asked most often.
            found = [self.elf.section_named(plain) or self.elf.section_named(old)]
        else:
            found = [each for each in self.elf.sections if each.name in {plain, old}]
        return [each for each in found if each and each.type != SHT_NOBITS and each.size]

    def _find(self, name: str) -> SectionBytes | None:
        headers = self._headers(name)
        if len(headers) <= 1:
            return self._open(headers[0]) if headers else None
        if len(headers) > MOST_PARTS:
            raise BinaryError(self.elf.path, f"{len(headers)} sections are called {name}")
        return JoinedBytes([self._open(header) for header in headers])

    def _open(self, header: Section) -> SectionBytes:
        elf = self.elf
        raw = PlainBytes(
            elf.buffer, file=elf.path, name=header.name,
            file_offset=header.file_offset, size=header.size,
        )  # fmt: skip
        if header.name.startswith(".zdebug"):
            return self._open_old(raw)
        return self._open_compressed(raw) if header.flags & SHF_COMPRESSED else raw

    def _open_compressed(self, raw: PlainBytes) -> SectionBytes:
        """Open a section behind an `ElfXX_Chdr`. Source: System V gABI, chapter 4."""
        from abicheck.evidence.inflate import open_zlib, open_zstd  # noqa: PLC0415 (seldom)

        elf = self.elf
        content = elf.cursor(raw.file_offset, len(raw), raw.name)
        if elf.is_64:
            kind, _, size, _ = content.unpack("IIQQ")
        else:
            kind, size, _ = content.unpack("III")
        source = raw.part(content.position - content.start, content.remaining)
        open_stream = {ELFCOMPRESS_ZLIB: open_zlib, ELFCOMPRESS_ZSTD: open_zstd}.get(kind)
        if open_stream is None:
            raise UnsupportedError(
                f"{elf.path}: {raw.name} is compressed in an unknown way (ch_type {kind}); "
                f'"objcopy --decompress-debug-sections {elf.path}" may know it'
            )
        return InflatedBytes(open_stream(elf.path, raw.name, size, source, self.budget))

    def _open_old(self, raw: PlainBytes) -> SectionBytes:
        """Open a `.zdebug_*` section: "ZLIB", the size as 8 big-endian bytes, then the stream.

        Source: GNU binutils, before sections could be marked as compressed.
        """
        from abicheck.evidence.inflate import open_zlib  # noqa: PLC0415 (few files are compressed)

        header = raw[:OLD_HEADER_SIZE]
        if len(header) < OLD_HEADER_SIZE or header[:4] != b"ZLIB":
            raise BinaryError(
                raw.file, f'{raw.name} does not begin with "ZLIB"', file_offset=raw.file_offset
            )
        size, source = (
            int.from_bytes(header[4:], "big"),
            raw.part(OLD_HEADER_SIZE, len(raw) - OLD_HEADER_SIZE),
        )
        return InflatedBytes(open_zlib(raw.file, raw.name, size, source, self.budget))
