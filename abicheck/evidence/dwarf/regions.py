"""One debug section -> windows to decode from, and places to report.

A section that lies in its file as it is can be read in place through the
file's mapping; a compressed one comes in copies of the windows asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import BinaryError
from abicheck.model.evidence import Origin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from abicheck.evidence.dwarf.forms import Buffer
    from abicheck.evidence.sections import SectionBytes, Sections

COPIED_AT_MOST = 1 << 20
"""Windows up to this size are copied: indexing bytes is faster than indexing a mapping."""

SEARCH_WINDOW = 1 << 21
STRING_WINDOW = 256
LONGEST_STRING = 1 << 20


class Region:
    """A debug section; offsets count from its first byte."""

    __slots__ = ("_bytes", "_mapping", "_shift", "name", "size")

    def __init__(self, content: SectionBytes) -> None:
        """Stand for all of `content`."""
        self._bytes, self.name, self.size = content, content.name, len(content)
        mapping = getattr(content, "buffer", None)
        self._mapping: Buffer | None = mapping
        self._shift = content.file_offset or 0

    @property
    def file(self) -> str:
        """The file that the section is in."""
        return self._bytes.file

    @property
    def is_plain(self) -> bool:
        """Whether the bytes lie in the file as they are, so that any are at hand."""
        return self._mapping is not None

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes from `begin` to `end`, cut at the section's end."""
        return self._bytes[begin:end]

    def exactly(self, begin: int, size: int) -> bytes:
        """Return `size` bytes at `begin`; raises BinaryError if they are not all there."""
        if begin < 0 or begin + size > self.size:
            raise self.damage(begin, f"{size} bytes are wanted beyond the section's end")
        return self._bytes[begin : begin + size]

    def is_copied(self, begin: int, end: int) -> bool:
        """Whether `view` copies: small windows, and all that is compressed."""
        return self._mapping is None or end - begin <= COPIED_AT_MOST

    def shift(self, begin: int, end: int) -> int:
        """Return the offset of the first byte of what `view` returns."""
        return begin if self.is_copied(begin, end) else -self._shift

    def view(self, begin: int, end: int) -> Buffer:
        """Return a buffer that holds `begin` to `end`, or the mapping of the whole file."""
        if self._mapping is None or self.is_copied(begin, end):
            return self._bytes[begin:end]
        return self._mapping

    def find_all(
        self, needle: bytes, most: int, begin: int = 0, end: int | None = None
    ) -> Iterator[int]:
        """Yield where `needle` occurs from `begin` to `end`, at most `most` times."""
        return self.find_any((needle,), most, begin, end)

    def find_any(
        self, needles: Collection[bytes], most: int, begin: int = 0, end: int | None = None
    ) -> Iterator[int]:
        """Yield where any of `needles` occurs, going through the section once.

        The order is that of windows, and of `needles` inside of each. Pages of a mapping
        that were gone through are given back, for the sake of memory.
        """
        overlap = max(map(len, needles)) - 1
        end = self.size if end is None else min(end, self.size)
        for start in range(begin, end, SEARCH_WINDOW):
            window = self._bytes[start : min(end, start + SEARCH_WINDOW + overlap)]
            for needle in needles:
                last = SEARCH_WINDOW + len(needle) - 1
                at = window.find(needle, 0, last)
                while at >= 0:
                    yield start + at
                    most -= 1
                    if not most:
                        return
                    at = window.find(needle, at + 1, last)
            if self.size > 4 * SEARCH_WINDOW:
                self.release(start, start + SEARCH_WINDOW)

    def release(self, begin: int, end: int) -> None:
        """Give back the pages of a mapping, which count as the process's memory."""
        advise = getattr(self._mapping, "madvise", None)
        if advise is None:
            return
        from mmap import MADV_DONTNEED, PAGESIZE  # noqa: PLC0415  not on every platform

        first = -(-(self._shift + begin) // PAGESIZE) * PAGESIZE
        last = (self._shift + min(end, self.size)) // PAGESIZE * PAGESIZE
        if first < last:
            advise(MADV_DONTNEED, first, last - first)

    def string(self, offset: int) -> str:
        """Return the string at `offset`; raises BinaryError if there is none."""
        return self.raw_string(offset).decode(errors="backslashreplace")

    def raw_string(self, offset: int) -> bytes:
        """Return the bytes before the NUL at or after `offset`."""
        if not 0 <= offset < self.size:
            raise self.damage(offset, "a string begins beyond the section's end")
        width = STRING_WINDOW
        while True:
            window = self._bytes[offset : offset + width]
            end = window.find(b"\0")
            if end >= 0:
                return window[:end]
            if width >= LONGEST_STRING or offset + width >= self.size:
                raise self.damage(offset, "a string has no end")
            width *= 16

    def origin(self, offset: int | None = None) -> Origin:
        """Return the place of `offset` in the file, as far as it has one."""
        start = self._bytes.file_offset
        place = None if start is None or offset is None else start + offset
        return Origin(file=self.file, section=self.name, file_offset=place)

    def damage(self, offset: int, message: str) -> BinaryError:
        """Return (not raise) a `BinaryError` about what lies at `offset`."""
        start = self._bytes.file_offset
        place = None if start is None else start + offset
        return BinaryError(self.file, f"{self.name} at {offset:#x}: {message}", file_offset=place)


class NoSections:
    """A file without any debug section."""

    def section(self, name: str) -> None:  # noqa: ARG002  part of the protocol
        """Return None."""
        return


def region(sections: Sections, name: str) -> Region | None:
    """Return the section `name`, or None if there is none or it is empty."""
    content = sections.section(name)
    return Region(content) if content is not None and len(content) else None
