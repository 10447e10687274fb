"""Cursor: bounds-checked reads, the only code that touches raw bytes.

Nothing in a file is trusted: whatever would leave the window raises
`BinaryError` with the file offset, never `struct.error` or `IndexError`.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from abicheck.errors import BinaryError

if TYPE_CHECKING:
    from mmap import mmap

    Buffer = bytes | mmap

LONGEST_LEB128 = 19
"""Bytes of the longest LEB128 that is read: what 128 bits need."""


class Cursor:
    """A position in a window of a buffer; every read is checked against the window's end.

    `start`, `end` and `position` count from the buffer's first byte. `base` is the
    file offset of that byte, None where the buffer is not part of the file (a section
    that was decompressed). `where` names the window in error messages.
    """

    __slots__ = (
        "base", "buffer", "byte_order", "end", "file", "position", "prefix", "start", "where",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913  a window has two ends, and errors need names
        self,
        buffer: Buffer,
        *,
        file: str,
        byte_order: str = "little",
        start: int = 0,
        end: int | None = None,
        where: str = "the file",
        base: int | None = 0,
    ) -> None:
        """Stand at `start`; the window ends at `end`, by default with the buffer."""
        self.buffer, self.file, self.byte_order = buffer, file, byte_order
        self.prefix = "<" if byte_order == "little" else ">"
        self.end = len(buffer) if end is None else end
        self.start = self.position = start
        self.where, self.base = where, base
        if not 0 <= start <= self.end <= len(buffer):
            raise self.error("its bounds lie outside the file", at=start)

    def error(self, message: str, *, at: int | None = None) -> BinaryError:
        """Return (not raise) a `BinaryError` about the byte at `at`, by default the position."""
        position = self.position if at is None else at
        offset = None if self.base is None else self.base + position
        return BinaryError(self.file, f"{self.where}: {message}", file_offset=offset)

    @property
    def remaining(self) -> int:
        """The bytes between the position and the window's end."""
        return self.end - self.position

    def seek(self, position: int) -> None:
        """Stand at `position`, which may be the window's end but not beyond."""
        if not self.start <= position <= self.end:
            raise self.error("an offset leads outside it", at=position)
        self.position = position

    def skip(self, size: int) -> int:
        """Step over `size` bytes and return where they began."""
        position = self.position
        if not 0 <= size <= self.end - position:
            raise self.error(f"{size} bytes are wanted, {self.end - position} are left")
        self.position = position + size
        return position

    def take(self, size: int) -> bytes:
        """Read `size` bytes."""
        position = self.skip(size)
        return self.buffer[position : position + size]

    def unpack(self, layout: str) -> tuple[Any, ...]:
        """Read fields by a `struct` layout without byte order or padding, such as "IHH"."""
        layout = self.prefix + layout
        return struct.unpack_from(layout, self.buffer, self.skip(struct.calcsize(layout)))

    def unsigned(self, size: int) -> int:
        """Read an unsigned integer of `size` bytes."""
        position = self.skip(size)
        return int.from_bytes(self.buffer[position : position + size], self.byte_order)  # type: ignore[arg-type]

    def signed(self, size: int) -> int:
        """Read a two's complement integer of `size` bytes."""
        position = self.skip(size)
        content = self.buffer[position : position + size]
        return int.from_bytes(content, self.byte_order, signed=True)  # type: ignore[arg-type]

    def u8(self) -> int:
        """Read one byte."""
        return self.buffer[self.skip(1)]

    def u16(self) -> int:
        """Read an unsigned integer of 2 bytes."""
        return self.unsigned(2)

    def u32(self) -> int:
        """Read an unsigned integer of 4 bytes."""
        return self.unsigned(4)

    def u64(self) -> int:
        """Read an unsigned integer of 8 bytes."""
        return self.unsigned(8)

    def uleb128(self) -> int:
        """Read an unsigned LEB128. Source: DWARF 5, section 7.6."""
        buffer, position = self.buffer, self.position
        end = min(self.end, position + LONGEST_LEB128)
        value = shift = 0
        while position < end:
            byte = buffer[position]
            position += 1
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                self.position = position
                return value
            shift += 7
        raise self.error("a LEB128 number does not end")

    def sleb128(self) -> int:
        """Read a signed LEB128. Source: DWARF 5, section 7.6."""
        begin = self.position
        value = self.uleb128()
        bits = 7 * (self.position - begin)
        return value - (1 << bits) if value >> (bits - 1) else value

    def string(self, limit: int = 1 << 16) -> bytes:
        """Read up to the next NUL, which is stepped over but not returned."""
        position = self.position
        end = self.buffer.find(b"\0", position, min(self.end, position + limit + 1))
        if end < 0:
            raise self.error(f"a string has no NUL within {min(limit, self.remaining)} bytes")
        self.position = end + 1
        return self.buffer[position:end]

    def window(self, start: int, size: int, where: str | None = None) -> Cursor:
        """Return a cursor over `size` bytes at `start` (of the buffer), inside this window."""
        if not (self.start <= start and 0 <= size <= self.end - start):
            raise self.error(f"{where or 'a part'} of {size} bytes does not fit in it", at=start)
        return Cursor(
            self.buffer, file=self.file, byte_order=self.byte_order,
            start=start, end=start + size, where=where or self.where, base=self.base,
        )  # fmt: skip
