"""Debug sections made by hand: what no compiler writes, in an ELF file that has nothing else."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf import open_types
from abicheck.evidence.dwarf.forms import encode_uleb128
from abicheck.evidence.elf.file import ElfFile
from abicheck.model.evidence import FUNCTION, Origin, Symbol

if TYPE_CHECKING:
    from abicheck.evidence.dwarf.source import DwarfTypes

ADDRESS = 0x1000
"""Where the unit of `unit` has its code."""

ROOT = (
    1, dw.DW_TAG_compile_unit, True,
    [(dw.DW_AT_language, dw.DW_FORM_data1), (dw.DW_AT_low_pc, dw.DW_FORM_addr),
     (dw.DW_AT_high_pc, dw.DW_FORM_data4)],
)  # fmt: skip
FUNCTION_ENTRY = (
    2, dw.DW_TAG_subprogram, False,
    [(dw.DW_AT_low_pc, dw.DW_FORM_addr), (dw.DW_AT_name, dw.DW_FORM_string),
     (dw.DW_AT_type, dw.DW_FORM_ref4)],
)  # fmt: skip
FIRST_ENTRY = 11 + 2 + 12
"""Where the first child of the root begins, in a unit that `unit` made."""


def abbreviations(*declared: tuple[int, int, bool, list[tuple[int, int]]]) -> bytes:
    """Return a table: code, tag, whether children follow, and attributes with their forms."""
    table = b""
    for code, tag, has_children, attributes in declared:
        pairs = b"".join(encode_uleb128(name) + encode_uleb128(form) for name, form in attributes)
        table += (
            encode_uleb128(code) + encode_uleb128(tag) + bytes([has_children]) + pairs + b"\0\0"
        )
    return table + b"\0"


def unit(entries: bytes, address: int = ADDRESS) -> bytes:
    """Return a unit of DWARF 4 in C with code at `address`, and `entries` in it."""
    content = b"\x01\x0c" + struct.pack("<QI", address, 0x100) + entries
    return struct.pack("<IHIB", 7 + len(content), 4, 0, 8) + content


def function(type_at: int, name: bytes = b"f", address: int = ADDRESS) -> bytes:
    """Return the entry of a function at `address` whose result's type is at an offset."""
    return b"\x02" + struct.pack("<Q", address) + name + b"\0" + struct.pack("<I", type_at)


def ranges_index(sets: list[tuple[int, list[tuple[int, int]]]]) -> bytes:
    """Return .debug_aranges: offsets of units, and addresses and sizes of what they cover."""
    section = b""
    for offset, pairs in sets:
        tuples = b"".join(struct.pack("<QQ", *pair) for pair in [*pairs, (0, 0)])
        section += struct.pack("<IHIBBI", 12 + len(tuples), 2, offset, 8, 0, 0) + tuples
    return section


def elf_with(sections: dict[str, bytes]) -> bytes:
    """Return a 64-bit little-endian ELF file with these sections."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in [*sections, ".shstrtab"])
    contents = [*sections.values(), names]
    content, rows = bytearray(64), [bytes(64)]
    for name, part in zip([*sections, ".shstrtab"], contents, strict=True):
        at = names.index(b"\0" + name.encode() + b"\0") + 1
        rows.append(struct.pack("<IIQQQQIIQQ", at, 1, 0, 0, len(content), len(part), 0, 0, 1, 0))
        content += part
    table = len(content)
    content += b"".join(rows)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    content[:64] = ident + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, table, 0, 64, 56, 0, 64, len(rows), len(rows) - 1
    )
    return bytes(content)


def types_of(sections: dict[str, bytes]) -> DwarfTypes:
    """Open the types that hand-made sections describe."""
    return open_types(ElfFile("plugin.so", elf_with(sections)))


def symbol(name: str = "f", address: int = ADDRESS) -> Symbol:
    """Return the symbol of a function."""
    return Symbol(name=name, kind=FUNCTION, address=address, origin=Origin(file="plugin.so"))
