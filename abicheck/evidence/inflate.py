"""Compressed streams -> windows of what they hold, in bounded memory and work.

A debug section of a large plugin inflates to hundreds of MiB of which a few
KiB are asked for. So a stream is inflated forwards in windows and stops once
the window asked for is there. Recent windows are kept, and zlib's state is
copied every few MiB, so that going back does not mean starting again.

Sizes are untrusted: what a header claims is held against what its format can
compress to, and all streams of one file share one `Budget` of work.
"""

from __future__ import annotations

import sys
import zlib
from typing import IO, TYPE_CHECKING, Protocol, cast

from abicheck.errors import BinaryError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from zlib import _Decompress as Decompress

WINDOW = 1 << 17
"""Bytes of output that are inflated, kept and dropped together."""

KEPT_BYTES = 8 << 20
"""Bytes of windows that one stream keeps at most."""

SNAPSHOT_SPACING = 2 << 20
MOST_SNAPSHOTS = 96
"""A snapshot costs about 48 KiB, so this many cost less than 5 MiB."""

MOST_INPUT = 1 << 15
"""Compressed bytes handed over at a time."""

RELEASED_AT_ONCE = 1 << 20
"""Compressed bytes after which the pages that held them are given back."""

FREE_WORK = 256 << 20
"""Bytes of output that any file may cost, however small it is."""

ZLIB_RATIO = 1032
"""DEFLATE's limit: 258 bytes from two bits. Source: zlib 1.2, "Maximum expansion factor"."""

ZSTD_RATIO = 1 << 15
"""Zstandard's limit: a block of 128 KiB from its 4 bytes. Source: RFC 8878, section 3.1.1.2."""

MOST_ZSTD_WINDOW = 1 << 25
"""Bytes of history that a Zstandard stream may ask for; its level 19 asks for a quarter of it."""


class Budget:
    """How many more bytes one file may cost to inflate, work done twice counted twice."""

    __slots__ = ("inflated", "left")

    def __init__(self, file_size: int) -> None:
        """Allow what a sound file of `file_size` bytes could need, and no more."""
        self.left = FREE_WORK + 16 * file_size
        self.inflated = 0

    def spend(self, size: int) -> bool:
        """Take `size` bytes from the budget; False if it is used up."""
        self.inflated += size
        self.left -= size
        return self.left >= 0


class Slices(Protocol):
    """Bytes that are copied out of a file slice by slice."""

    def __len__(self) -> int:
        """Return how many bytes there are."""

    def __getitem__(self, key: slice, /) -> bytes:
        """Return the bytes of a slice without a step."""


class _Input:
    """Compressed bytes, taken in order; those behind do not stay in memory."""

    __slots__ = ("_release", "_released", "_source", "position")

    def __init__(self, source: Slices, position: int = 0) -> None:
        self._source, self.position, self._released = source, position, position
        self._release: Callable[[int, int], None] | None = getattr(source, "release", None)

    def read(self, size: int = MOST_INPUT) -> bytes:
        begin = self.position
        part = self._source[begin : begin + size]
        self.position += len(part)
        if self._release is not None and begin - self._released >= RELEASED_AT_ONCE:
            self._release(self._released, begin)
            self._released = begin
        return part

    def copy(self) -> _Input:
        return _Input(self._source, self.position)


class Stream(Protocol):
    """A decoder that goes forwards only. `position` counts the bytes it has given out."""

    position: int

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; fewer only where the stream ends."""

    def snapshot(self) -> Stream | None:
        """Return a decoder that goes on from here, or None where that is impossible."""


class ZlibStream:
    """A zlib stream. Source: RFC 1950."""

    __slots__ = ("_decoder", "_input", "position")

    def __init__(self, input_: _Input, decoder: Decompress | None = None) -> None:
        """Start at the beginning of a stream, or go on in it with a `decoder`."""
        self._input, self.position = input_, 0
        self._decoder = zlib.decompressobj() if decoder is None else decoder

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`."""
        parts: list[bytes] = []
        wanted, decoder = size, self._decoder
        while wanted and not decoder.eof:
            # Zlib may hold output back after its last input, so an empty input is tried too.
            given = self._input.read()
            part = decoder.decompress(given, wanted)
            self._input.position -= len(decoder.unconsumed_tail)
            if not part and not given:
                break
            parts.append(part)
            wanted -= len(part)
        content = parts[0] if len(parts) == 1 else b"".join(parts)
        self.position += len(content)
        return content

    def snapshot(self) -> ZlibStream:
        """Return an independent decoder at the same place."""
        other = ZlibStream(self._input.copy(), self._decoder.copy())
        other.position = self.position
        return other


class ZstdStream:
    """A Zstandard stream, through whichever library there is. Source: RFC 8878."""

    __slots__ = ("_reader", "position")

    def __init__(self, reader: Callable[[int], bytes]) -> None:
        """Give out what `reader(size)` does."""
        self._reader, self.position = reader, 0

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`."""
        parts: list[bytes] = []
        wanted = size
        while wanted:
            part = self._reader(wanted)
            if not part:
                break
            parts.append(part)
            wanted -= len(part)
        content = b"".join(parts)
        self.position += len(content)
        return content

    def snapshot(self) -> None:
        """Return None: its decoders cannot be copied."""


def zstd_opener() -> Callable[[Slices], ZstdStream] | None:
    """Return what opens a Zstandard stream: Python 3.14's module, else `zstandard`, else None."""
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
    except ImportError:
        pass
    else:
        return lambda source: ZstdStream(_standard_reader(zstd, source))
    try:
        import zstandard  # noqa: PLC0415 (only for Zstandard)
    except ImportError:
        return None

    def open_stream(source: Slices) -> ZstdStream:
        decoder = zstandard.ZstdDecompressor(max_window_size=MOST_ZSTD_WINDOW)
        reader = decoder.stream_reader(
            cast("IO[bytes]", _Input(source)), read_size=MOST_INPUT, read_across_frames=True
        )
        return ZstdStream(reader.read)

    return open_stream


def _standard_reader(zstd: object, source: Slices) -> Callable[[int], bytes]:
    """Return a reader on `source` by Python 3.14's `compression.zstd`, across frames."""
    parameter = zstd.DecompressionParameter.window_log_max  # type: ignore[attr-defined]
    options = {parameter: MOST_ZSTD_WINDOW.bit_length() - 1}
    new_decoder = zstd.ZstdDecompressor  # type: ignore[attr-defined]
    decoder, input_ = new_decoder(options=options), _Input(source)

    def read(size: int) -> bytes:
        nonlocal decoder
        while True:
            if decoder.eof:
                input_.position -= len(decoder.unused_data)
                if input_.position >= len(source):
                    return b""
                decoder = new_decoder(options=options)
            given = input_.read() if decoder.needs_input else b""
            part: bytes = decoder.decompress(given, size)
            if part or (not given and decoder.needs_input and not decoder.eof):
                return part

    return read


class Inflated:
    """What a compressed stream of `size` bytes holds, as slices.

    Its origin is the section `name` of `file`; `start` opens the stream anew.
    """

    __slots__ = ("_budget", "_snapshots", "_spacing", "_start", "_stream", "_windows", "file",
                 "name", "size")  # fmt: skip

    def __init__(
        self, file: str, name: str, size: int, start: Callable[[], Stream], budget: Budget
    ) -> None:
        """Inflate nothing yet."""
        self.file, self.name, self.size = file, name, size
        self._start, self._budget = start, budget
        self._stream: Stream | None = None
        self._spacing = SNAPSHOT_SPACING // WINDOW
        self._snapshots: dict[int, Stream] = {}
        self._windows: dict[int, bytes] = {}

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes from `begin` to `end`, which must lie within `size`.

        Raises:
            BinaryError: the stream is damaged, ends early, or costs too much.
        """
        first = begin // WINDOW
        window = self._window(first)
        base = first * WINDOW
        if end - base <= WINDOW:
            return window[begin - base : end - base]
        parts = [window[begin - base :]]
        later = range(first + 1, (end + WINDOW - 1) // WINDOW)
        parts.extend(self._window(index)[: end - index * WINDOW] for index in later)
        return b"".join(parts)

    def _window(self, index: int) -> bytes:
        windows = self._windows
        window = windows.pop(index, None)
        if window is None:
            window = self._inflate(index)
            if len(windows) >= KEPT_BYTES // WINDOW:
                del windows[next(iter(windows))]
        windows[index] = window  # Last in the dict: the first is the one used longest ago.
        return window

    def _inflate(self, wanted: int) -> bytes:
        """Return window `wanted`, from the nearest place before it."""
        stream = self._stream
        position = -1 if stream is None else stream.position // WINDOW
        nearest = max((at for at in self._snapshots if at <= wanted), default=-1)
        if stream is None or position > wanted or nearest > position:
            stream = self._resume(nearest)
        self._stream = None  # Damage met below leaves no half-moved stream behind.
        index = stream.position // WINDOW
        while True:
            self._remember(index, stream)
            window = self._next(stream)
            if index == wanted:
                self._stream = stream
                return window
            if len(self._windows) < KEPT_BYTES // WINDOW:
                self._windows.setdefault(index, window)
            index += 1

    def _resume(self, snapshot: int) -> Stream:
        if snapshot < 0:
            return self._start()
        resumed = self._snapshots[snapshot].snapshot()
        return self._start() if resumed is None else resumed

    def _remember(self, index: int, stream: Stream) -> None:
        """Keep a snapshot now and then; with too many, keep every second one."""
        if not index or index % self._spacing or index in self._snapshots:
            return
        snapshot = stream.snapshot()
        if snapshot is None:
            return
        self._snapshots[index] = snapshot
        if len(self._snapshots) > MOST_SNAPSHOTS:
            self._spacing *= 2
            kept = {at: kept for at, kept in self._snapshots.items() if at % self._spacing == 0}
            self._snapshots = kept

    def _next(self, stream: Stream) -> bytes:
        """Return the next window of `stream`, whole unless it is the last one."""
        expected = min(WINDOW, self.size - stream.position)
        if not self._budget.spend(expected):
            raise BinaryError(
                self.file, f"{self.name}: gave up after inflating {self._budget.inflated} bytes"
            )
        try:
            window = stream.read(expected)
            # Reading past the end also makes the decoder check its checksum.
            surplus = stream.read(1) if stream.position == self.size else b""
        except _decoder_errors() as error:
            raise BinaryError(
                self.file, f"{self.name}: compressed data is damaged: {error}"
            ) from error
        if len(window) != expected or surplus:
            held = "more" if surplus else stream.position
            raise BinaryError(self.file, f"{self.name}: claims {self.size} bytes but holds {held}")
        return window


def _decoder_errors() -> tuple[type[Exception], ...]:
    """Return what decoders raise on damaged input, without importing one for it."""
    loaded = [sys.modules.get(name) for name in ("zstandard", "compression.zstd")]
    of_zstd = [module.ZstdError for module in loaded if module is not None]
    return (zlib.error, MemoryError, ValueError, *of_zstd)


def open_zlib(file: str, name: str, size: int, source: Slices, budget: Budget) -> Inflated:
    """Return what the zlib stream `source`, said to hold `size` bytes, inflates to.

    Raises:
        BinaryError: no stream of that length holds that much.
    """
    _check_ratio(file, name, size, len(source), ZLIB_RATIO)
    return Inflated(file, name, size, lambda: ZlibStream(_Input(source)), budget)


def open_zstd(file: str, name: str, size: int, source: Slices, budget: Budget) -> Inflated:
    """Return what the Zstandard stream `source`, said to hold `size` bytes, inflates to.

    Raises:
        BinaryError: no stream of that length holds that much.
        UnsupportedError: nothing here reads Zstandard.
    """
    _check_ratio(file, name, size, len(source), ZSTD_RATIO)
    opener = zstd_opener()
    if opener is None:
        raise UnsupportedError(
            f"{file}: {name} is compressed with Zstandard, which this Python does not read; "
            f'"pip install zstandard", or "objcopy --decompress-debug-sections {file}"'
        )
    return Inflated(file, name, size, lambda: opener(source), budget)


def _check_ratio(file: str, name: str, size: int, compressed: int, ratio: int) -> None:
    if size > ratio * compressed + 64:
        raise BinaryError(
            file, f"{name}: claims {size} bytes from {compressed}, more than its format can hold"
        )
