from __future__ import annotations

import pytest

from abicheck.errors import BinaryError
from abicheck.evidence.cursor import Cursor


def cursor(content: bytes, **options: object) -> Cursor:
    return Cursor(content, file="plugin.so", **options)  # type: ignore[arg-type]


def test_integers_are_read_in_the_byte_order_asked_for() -> None:
    little, big = cursor(bytes(range(1, 16))), cursor(bytes(range(1, 16)), byte_order="big")
    assert [little.u8(), little.u16(), little.u32(), little.u64()] == [
        1, 0x0302, 0x07060504, 0x0F0E0D0C0B0A0908,
    ]  # fmt: skip
    assert [big.u8(), big.u16(), big.u32()] == [1, 0x0203, 0x04050607]


def test_signed_integers_are_two_s_complement() -> None:
    assert cursor(b"\xfe\xff").signed(2) == -2


@pytest.mark.parametrize(
    ("content", "value"),
    [(b"\x02", 2), (b"\x7f", 127), (b"\x80\x01", 128), (b"\xe5\x8e\x26", 624485)],
)
def test_unsigned_leb128(content: bytes, value: int) -> None:
    assert cursor(content).uleb128() == value


@pytest.mark.parametrize(
    ("content", "value"),
    [(b"\x02", 2), (b"\x7e", -2), (b"\xff\x00", 127), (b"\x81\x7f", -127), (b"\x80\x7f", -128)],
)
def test_signed_leb128(content: bytes, value: int) -> None:
    assert cursor(content).sleb128() == value


def test_leb128_without_end_is_an_error() -> None:
    with pytest.raises(BinaryError, match="does not end"):
        cursor(b"\x80" * 100).uleb128()


def test_string_ends_at_nul_and_steps_over_it() -> None:
    place = cursor(b"ab\0c")
    assert (place.string(), place.position) == (b"ab", 3)


def test_string_without_nul_in_its_window_is_an_error() -> None:
    with pytest.raises(BinaryError, match="no NUL within 2 bytes"):
        cursor(b"ab\0", end=2).string()


@pytest.mark.parametrize("size", [-1, 5, 1 << 70])
def test_taking_more_than_is_left_is_an_error(size: int) -> None:
    with pytest.raises(BinaryError):
        cursor(b"abcd").take(size)


@pytest.mark.parametrize("position", [-1, 5])
def test_seeking_outside_is_an_error(position: int) -> None:
    with pytest.raises(BinaryError):
        cursor(b"abcd").seek(position)


def test_reading_at_the_end_is_an_error_with_the_file_offset() -> None:
    place = cursor(b"abcd", start=4, where=".dynsym", base=0x100)
    with pytest.raises(BinaryError, match=r"plugin\.so: offset 0x104: \.dynsym: 4 bytes") as raised:
        place.unpack("I")
    assert raised.value.file_offset == 0x104


def test_window_cannot_reach_beyond_its_cursor() -> None:
    with pytest.raises(BinaryError, match=r"\.debug_info of 4 bytes does not fit"):
        cursor(b"abcdefgh", end=4).window(2, 4, ".debug_info")


def test_window_reads_its_part_alone() -> None:
    part = cursor(b"abcdefgh").window(2, 3)
    assert (part.take(3), part.remaining) == (b"cde", 0)
