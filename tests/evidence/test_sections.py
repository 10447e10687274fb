"""Sections of a file, compressed or not, hold the same bytes."""

from __future__ import annotations

import pytest

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.sections import ElfSections, JoinedBytes, PlainBytes
from tests.conftest import binary

PAIR = "debug/libpair.so"
COMPRESSED = {
    "zlib": "debug/libpair-zlib.so",
    "zlib-gnu": "debug/libpair-zlib-gnu.so",
    "zstd": "debug/libpair-zstd.so",
}
NAMES = (".debug_info", ".debug_abbrev", ".debug_str", ".debug_line", ".debug_aranges")


def opened(name: str, changes: dict[int, bytes] | None = None) -> ElfSections:
    """Open a committed binary, with bytes replaced at some offsets."""
    content = bytearray(binary(name).read_bytes())
    for at, to in (changes or {}).items():
        content[at : at + len(to)] = to
    return ElfSections(ElfFile(name, bytes(content)))


def place_of(name: str, section: str) -> int:
    found = opened(name).elf.section_named(section)
    assert found is not None
    return found.file_offset


def needs_zstd(kind: str) -> None:
    if kind == "zstd":
        pytest.importorskip("zstandard", reason="zstandard is not installed")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", COMPRESSED)
def test_a_compressed_section_holds_what_the_plain_one_does(kind: str, name: str) -> None:
    needs_zstd(kind)
    plain, compressed = opened(PAIR).section(name), opened(COMPRESSED[kind]).section(name)
    assert plain is not None
    assert compressed is not None
    assert len(compressed) == len(plain)
    assert compressed[:] == plain[:]
    assert compressed[7:90] == plain[7:90]


def test_a_plain_section_knows_its_place_and_a_compressed_one_has_none() -> None:
    plain = opened(PAIR).section(".debug_info")
    compressed = opened(COMPRESSED["zlib"]).section(".debug_info")
    assert plain is not None
    assert compressed is not None
    content = binary(PAIR).read_bytes()
    assert plain.file_offset is not None
    assert content[plain.file_offset : plain.file_offset + len(plain)] == plain[:]
    assert compressed.file_offset is None


@pytest.mark.parametrize("kind", ["plain", "zlib", "zlib-gnu"])
def test_slices_are_cut_at_the_sections_end(kind: str) -> None:
    section = opened(COMPRESSED.get(kind, PAIR)).section(".debug_str")
    assert section is not None
    size = len(section)
    assert section[size - 3 : size + 100] == section[size - 3 :]
    assert section[size + 5 : size + 9] == b""


@pytest.mark.parametrize("kind", ["plain", "zlib"])
def test_a_part_is_a_section_of_its_own(kind: str) -> None:
    section = opened(COMPRESSED.get(kind, PAIR)).section(".debug_info")
    assert section is not None
    part = section.part(10, 20).part(5, 10)
    assert len(part) == 10
    assert part[:] == part[0:99] == section[15:25]
    with pytest.raises(BinaryError):
        section.part(len(section) - 1, 2)


def test_joined_sections_read_as_one() -> None:
    buffer = bytes(range(200))
    parts = [
        PlainBytes(buffer, file="a.dwo", name=".debug_info.dwo", file_offset=at, size=size)
        for at, size in ((0, 10), (50, 1), (100, 30))
    ]
    joined = JoinedBytes(parts)
    whole = buffer[:10] + buffer[50:51] + buffer[100:130]
    assert len(joined) == 41
    for begin in range(41):
        for end in range(begin, 45):
            assert joined[begin:end] == whole[begin:end]
    assert joined.part(11, 30)[:] == whole[11:41]


def test_what_the_file_does_not_hold_is_none() -> None:
    assert opened(PAIR).section(".debug_nothing") is None
    assert opened("greeter/libgreeter-separate.so").section(".debug_info") is None
    # Only the header of .text is left in a debug file.
    assert opened("greeter/libgreeter-separate.so.debug").section(".text") is None


ZLIB_INFO = place_of(COMPRESSED["zlib"], ".debug_info")
OLD_INFO = place_of(COMPRESSED["zlib-gnu"], ".zdebug_info")


def test_a_claim_beyond_zlibs_ratio_is_refused_before_anything_is_inflated() -> None:
    sections = opened(COMPRESSED["zlib"], {ZLIB_INFO + 8: (1 << 40).to_bytes(8, "little")})
    with pytest.raises(BinaryError, match="more than its format can hold"):
        sections.section(".debug_info")
    assert sections.budget.inflated == 0


@pytest.mark.parametrize("size", [1, 5000])
def test_a_section_that_lies_about_its_size_is_damaged(size: int) -> None:
    sections = opened(COMPRESSED["zlib"], {ZLIB_INFO + 8: size.to_bytes(8, "little")})
    section = sections.section(".debug_info")
    assert section is not None
    with pytest.raises(BinaryError, match=f"claims {size} bytes but holds"):
        section[:]


def test_an_unknown_compression_is_unsupported_and_names_a_way_out() -> None:
    sections = opened(COMPRESSED["zlib"], {ZLIB_INFO: b"\x63"})
    with pytest.raises(UnsupportedError, match="objcopy --decompress-debug-sections"):
        sections.section(".debug_info")


def test_an_old_section_without_its_mark_is_damaged() -> None:
    sections = opened(COMPRESSED["zlib-gnu"], {OLD_INFO: b"ZLAB"})
    with pytest.raises(BinaryError, match="ZLIB"):
        sections.section(".debug_info")


def test_a_section_beyond_the_files_end_is_damaged() -> None:
    content = binary(PAIR).read_bytes()
    elf = ElfFile(PAIR, content)
    header = elf.section_named(".debug_info")
    assert header is not None
    # e_shoff is at 0x28, a header is 64 bytes long, sh_size is at 0x20 of it.
    table = int.from_bytes(content[0x28:0x30], "little")
    at = table + 64 * header.index + 0x20
    sections = opened(PAIR, {at: (len(content) * 2).to_bytes(8, "little")})
    with pytest.raises(BinaryError, match="reaches beyond the end"):
        sections.section(".debug_info")
