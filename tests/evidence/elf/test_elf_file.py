from __future__ import annotations

import struct

import pytest

from abicheck.errors import BinaryError
from abicheck.evidence.elf.file import ElfFile
from tests.conftest import binary
from tests.evidence.elf.handmade import Plugin, build, patched, truncated

SOUND = build(Plugin())


def elf(content: bytes) -> ElfFile:
    return ElfFile("plugin.so", content)


def greeter(name: str = "libgreeter-good.so") -> bytes:
    return binary(f"greeter/{name}").read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"\x7fELX" + SOUND[4:], "not an ELF file", id="magic"),
        pytest.param(truncated(SOUND, 10), "truncated", id="cut in e_ident"),
        pytest.param(truncated(SOUND, 0x3F), "ELF header", id="cut in the header"),
        pytest.param(patched(SOUND, at=4, to=b"\3"), "EI_CLASS is 3", id="class"),
        pytest.param(patched(SOUND, at=5, to=b"\0"), "EI_DATA is 0", id="byte order"),
        pytest.param(patched(SOUND, at=6, to=b"\7"), "EI_VERSION is 7", id="version"),
    ],
)
def test_damaged_header_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(BinaryError, match=message):
        elf(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(truncated(SOUND, 0x50), "beyond the end of the file", id="cut"),
        pytest.param(patched(SOUND, at=54, to=b"\1\0"), "e_phentsize is 1", id="entry size"),
        pytest.param(patched(SOUND, at=56, to=b"\xff\xff"), "section header 0", id="PN_XNUM"),
        pytest.param(
            patched(SOUND, at=32, to=b"\xff" * 8), "beyond the end of the file", id="offset"
        ),
    ],
)
def test_damaged_program_headers_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(BinaryError, match=message):
        _ = elf(content).segments


def test_file_without_section_headers_has_no_sections_and_says_why() -> None:
    file = elf(SOUND)
    assert (file.sections, file.sections_problem) == ((), "the file has no section headers")


@pytest.mark.parametrize(
    ("at", "to"),
    [
        pytest.param(40, b"\xff" * 8, id="e_shoff beyond the end"),
        pytest.param(58, b"\1\0", id="e_shentsize"),
        pytest.param(60, b"\xff\xff", id="e_shnum"),
    ],
)
def test_damaged_section_headers_leave_the_rest_readable(at: int, to: bytes) -> None:
    file = elf(patched(greeter(), at, to))
    assert file.sections == ()
    assert file.sections_problem
    assert file.segments


def with_large_counts(content: bytes) -> bytes:
    """Move e_shnum, e_shstrndx and e_phnum into section header 0, as for counts of 2^16."""
    (start,) = struct.unpack_from("<Q", content, 40)
    (segments,) = struct.unpack_from("<H", content, 56)
    count, names = struct.unpack_from("<HH", content, 60)
    content = patched(content, 56, struct.pack("<H", 0xFFFF))
    content = patched(content, 60, struct.pack("<HH", 0, 0xFFFF))
    return patched(content, start + 32, struct.pack("<QII", count, names, segments))


def test_counts_that_need_more_than_16_bits_are_found_in_section_0() -> None:
    plain, large = elf(greeter()), elf(with_large_counts(greeter()))
    assert large.sections[1:] == plain.sections[1:]
    assert large.segments == plain.segments


def test_section_count_of_2_to_the_32_is_refused() -> None:
    content = with_large_counts(greeter())
    (start,) = struct.unpack_from("<Q", content, 40)
    file = elf(patched(content, start + 32, struct.pack("<Q", 1 << 32)))
    assert file.sections_problem == "the file claims 4294967296 sections"


def test_section_beyond_the_end_cannot_be_read() -> None:
    file = elf(truncated(greeter(), 0x100))
    section = elf(greeter()).section_named(".text")
    assert section is not None
    with pytest.raises(BinaryError, match=r"\.text of"):
        file.content(section)


def test_section_names_without_nul_are_empty() -> None:
    content = greeter()
    file = elf(content)
    names = next(one for one in file.sections if one.name == ".shstrtab")
    filled = patched(content, names.file_offset, b"x" * names.size)
    assert {one.name for one in elf(filled).sections} == {""}


def test_debug_link_is_read() -> None:
    link = elf(greeter("libgreeter-separate.so")).debuglink
    assert link is not None
    assert link[0] == "libgreeter-separate.so.debug"


def test_build_id_of_a_plugin_and_of_its_debug_file_are_the_same() -> None:
    plugin, debug = (
        elf(greeter("libgreeter-separate.so")),
        elf(greeter("libgreeter-separate.so.debug")),
    )
    assert plugin.build_id
    assert plugin.build_id == debug.build_id


def test_note_that_leaves_its_segment_ends_it() -> None:
    note = struct.pack("<III", 4, 0xFFFFFFF0, 3) + b"GNU\0"
    file = elf(build(Plugin(data=note, segments=[(4, 4, 0x3000, len(note))])))
    assert list(file.notes()) == []
