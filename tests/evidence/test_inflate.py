"""Windows of compressed streams: the right bytes, in bounded memory and work."""

from __future__ import annotations

import random
import sys
import tracemalloc
import types
import zlib

import pytest

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence import inflate
from abicheck.evidence.inflate import WINDOW, Budget, Inflated, open_zlib, open_zstd

zstandard = pytest.importorskip("zstandard", reason="zstandard is not installed")

OPENERS = {
    "zlib": (open_zlib, zlib.compress),
    "zstd": (open_zstd, zstandard.ZstdCompressor().compress),
}


def mixed(size: int) -> bytes:
    """Return bytes that compress, but to nothing trivial."""
    source = random.Random(7)
    words = [source.randbytes(source.randrange(3, 30)) for _ in range(500)]
    parts: list[bytes] = []
    while size > 0:
        parts.append(source.choice(words))
        size -= len(parts[-1])
    return b"".join(parts)


CONTENT = mixed(3 * WINDOW + 1000)


def opened(kind: str, content: bytes, size: int | None = None, **changes: bytes) -> Inflated:
    opener, compress = OPENERS[kind]
    stream = changes.get("stream", compress(content))
    size = len(content) if size is None else size
    return opener("p.so", ".debug_info", size, stream, Budget(len(stream)))


@pytest.mark.parametrize("kind", OPENERS)
def test_every_slice_is_what_was_compressed(kind: str) -> None:
    inflated = opened(kind, CONTENT)
    choose = random.Random(1)
    for _ in range(60):
        begin, end = sorted(choose.randrange(len(CONTENT) + 1) for _ in "ab")
        assert inflated.read(begin, end) == CONTENT[begin:end]


@pytest.mark.parametrize("kind", OPENERS)
def test_the_first_bytes_cost_one_window(kind: str) -> None:
    _, compress = OPENERS[kind]
    stream = compress(CONTENT)
    opener = OPENERS[kind][0]
    budget = Budget(len(stream))
    inflated = opener("p.so", ".debug_info", len(CONTENT), stream, budget)
    inflated.read(10, 20)
    inflated.read(WINDOW - 5, WINDOW)
    assert budget.inflated == WINDOW


def test_going_back_starts_at_a_snapshot() -> None:
    content = CONTENT * 100
    stream = zlib.compress(content, 1)
    budget = Budget(len(stream))
    inflated = open_zlib("p.so", ".debug_str", len(content), stream, budget)
    inflated.read(len(content) - 10, len(content))
    before = budget.inflated
    assert inflated.read(29 << 20, (29 << 20) + 9) == content[29 << 20 : (29 << 20) + 9]
    assert budget.inflated - before <= inflate.SNAPSHOT_SPACING + WINDOW


def test_memory_stays_bounded_however_much_is_inflated() -> None:
    size = 300 << 20
    compressor = zlib.compressobj(1)
    stream = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(300)) + compressor.flush()
    inflated = open_zlib("p.so", ".debug_info", size, stream, Budget(size))
    tracemalloc.start()
    inflated.read(size - 1, size)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20


@pytest.mark.parametrize("kind", OPENERS)
def test_a_size_beyond_the_formats_ratio_is_refused_at_once(kind: str) -> None:
    with pytest.raises(BinaryError, match="more than its format can hold"):
        opened(kind, b"abc", size=1 << 40)


@pytest.mark.parametrize("kind", OPENERS)
@pytest.mark.parametrize(("size", "held"), [(600, "holds 500"), (400, "holds more")])
def test_a_section_that_lies_about_its_size_is_damaged(kind: str, size: int, held: str) -> None:
    inflated = opened(kind, mixed(500)[:500], size=size)
    with pytest.raises(BinaryError, match=held):
        inflated.read(0, size)


@pytest.mark.parametrize("kind", OPENERS)
def test_a_truncated_stream_is_damaged_where_it_ends(kind: str) -> None:
    stream = OPENERS[kind][1](CONTENT)
    inflated = opened(kind, CONTENT, stream=stream[: len(stream) // 2])
    assert inflated.read(0, 100) == CONTENT[:100]
    with pytest.raises(BinaryError):
        inflated.read(len(CONTENT) - 1, len(CONTENT))


@pytest.mark.parametrize("kind", OPENERS)
@pytest.mark.parametrize("seed", range(40))
def test_flipped_bytes_raise_nothing_but_binary_errors(kind: str, seed: int) -> None:
    choose = random.Random(seed)
    stream = bytearray(OPENERS[kind][1](CONTENT))
    for _ in range(choose.randrange(1, 6)):
        stream[choose.randrange(len(stream))] ^= 1 << choose.randrange(8)
    inflated = opened(kind, CONTENT, stream=bytes(stream))
    for begin in (0, len(CONTENT) - 1, WINDOW):
        try:
            inflated.read(begin, begin + 1)
        except BinaryError:
            continue


def test_one_file_cannot_cost_more_than_its_budget() -> None:
    stream = zlib.compress(bytes(4 << 20))
    budget = Budget(len(stream))
    budget.left = 1 << 20
    inflated = open_zlib("p.so", ".debug_info", 4 << 20, stream, budget)
    with pytest.raises(BinaryError, match="gave up after inflating"):
        inflated.read((4 << 20) - 1, 4 << 20)


def test_many_frames_of_zstandard_are_read_as_one() -> None:
    compress = zstandard.ZstdCompressor().compress
    stream = compress(CONTENT[:1000]) + compress(CONTENT[1000:])
    assert opened("zstd", CONTENT, stream=stream).read(990, 1010) == CONTENT[990:1010]


def test_without_a_decoder_zstandard_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setitem(sys.modules, "compression", None)
    with pytest.raises(UnsupportedError, match="pip install zstandard"):
        opened("zstd", CONTENT)


def test_the_standard_librarys_zstandard_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    standard = sys.modules.get("compression.zstd")
    if standard is None:
        standard = pytest.importorskip("backports.zstd", reason="neither Python 3.14 nor backports")
        package = types.ModuleType("compression")
        package.zstd = standard  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "compression", package)
        monkeypatch.setitem(sys.modules, "compression.zstd", standard)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    compress = OPENERS["zstd"][1]
    stream = compress(CONTENT[:1000]) + compress(CONTENT[1000:])
    inflated = opened("zstd", CONTENT, stream=stream)
    assert inflated.read(0, len(CONTENT)) == CONTENT
    with pytest.raises(BinaryError):
        opened("zstd", CONTENT, stream=stream[:-200]).read(0, len(CONTENT))
