from __future__ import annotations

import struct

import pytest

from abicheck.evidence.magic import SNIFFED_SIZE, format_of, sniff

ELF = b"\x7fELF\x02\x01\x01" + bytes(9)
PE = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(18)


@pytest.mark.parametrize(
    ("first_bytes", "expected"),
    [
        pytest.param(ELF + b"\3\0", "ELF", id="ELF shared library"),
        pytest.param(b"\x7fELF\x02\x02\x01" + bytes(9) + b"\0\3", "ELF", id="big-endian library"),
        pytest.param(ELF + b"\1\0", None, id="ELF object"),
        pytest.param(ELF + b"\2\0", None, id="ELF executable"),
        pytest.param(ELF + b"\4\0", None, id="core dump"),
        pytest.param(b"\x7fELF", "ELF", id="truncated ELF"),
        pytest.param(PE + b"\x22\x20", "PE", id="PE DLL"),
        pytest.param(PE + b"\x22\x00", None, id="PE executable"),
        pytest.param(b"MZ\x90\0" + bytes(60), None, id="DOS program"),
        pytest.param(b"\xcf\xfa\xed\xfe" + bytes(8) + b"\6\0\0\0", "Mach-O", id="Mach-O dylib"),
        pytest.param(b"\xfe\xed\xfa\xcf" + bytes(8) + b"\0\0\0\x08", "Mach-O", id="Mach-O bundle"),
        pytest.param(b"\xcf\xfa\xed\xfe" + bytes(8) + b"\2\0\0\0", None, id="Mach-O executable"),
        pytest.param(b"\xca\xfe\xba\xbe\0\0\0\2", "Mach-O", id="universal file"),
        pytest.param(b"\xca\xfe\xba\xbe\0\0\0\x41", None, id="Java class"),
        pytest.param(b"#!/bin/sh\n", None, id="script"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_sniff_tells_what_may_be_a_plugin(first_bytes: bytes, expected: str | None) -> None:
    assert sniff(first_bytes) == expected


def test_pe_header_beyond_the_first_bytes_is_left_to_its_reader() -> None:
    program = b"MZ" + bytes(58) + struct.pack("<I", 1 << 20) + bytes(SNIFFED_SIZE)
    assert sniff(program[:SNIFFED_SIZE]) == "PE"


def test_executable_has_a_format_though_it_is_no_plugin() -> None:
    assert (format_of(ELF + b"\2\0"), sniff(ELF + b"\2\0")) == ("ELF", None)
