"""Forms: how wide an attribute's value is in .debug_info, and how it is read.

Source: DWARF 5, section 7.5.5 and 7.5.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from abicheck.evidence.dwarf import constants as dw

if TYPE_CHECKING:
    from mmap import mmap

    Buffer = bytes | mmap

ByteOrder = Literal["little", "big"]

MORE = 0x80
"""The bit of each byte of a LEB128 but the last. Source: DWARF 5, section 7.6."""

WIDE = 8
"""Bytes of an offset in 64-bit DWARF, and of an address on 64-bit machines."""

LONGEST_LEB128 = 19
"""Bytes of the longest LEB128 that is read: what 128 bits need."""

MOST_INDIRECTIONS = 4
"""DW_FORM_indirect may name DW_FORM_indirect again; nobody needs that often."""

# Fixed forms as codes of the `struct` module. "" takes no bytes: the value is in the abbreviation.
_PLAIN = {
    dw.DW_FORM_data1: "B", dw.DW_FORM_data2: "H", dw.DW_FORM_data4: "I", dw.DW_FORM_data8: "Q",
    dw.DW_FORM_data16: "16s", dw.DW_FORM_flag: "B", dw.DW_FORM_flag_present: "",
    dw.DW_FORM_implicit_const: "",
    dw.DW_FORM_ref1: "B", dw.DW_FORM_ref2: "H", dw.DW_FORM_ref4: "I", dw.DW_FORM_ref8: "Q",
    dw.DW_FORM_ref_sig8: "Q", dw.DW_FORM_ref_sup4: "I", dw.DW_FORM_ref_sup8: "Q",
    dw.DW_FORM_strx1: "B", dw.DW_FORM_strx2: "H", dw.DW_FORM_strx3: "3s", dw.DW_FORM_strx4: "I",
    dw.DW_FORM_addrx1: "B", dw.DW_FORM_addrx2: "H", dw.DW_FORM_addrx3: "3s",
    dw.DW_FORM_addrx4: "I",
}  # fmt: skip

WIDTHS = {"": 0, "B": 1, "H": 2, "I": 4, "Q": 8, "3s": 3, "16s": 16}
"""Bytes that each code takes."""

# Forms as wide as an offset into a section: 4 bytes in 32-bit DWARF, 8 in 64-bit DWARF.
_OFFSETS = frozenset(
    {
        dw.DW_FORM_strp, dw.DW_FORM_line_strp, dw.DW_FORM_sec_offset, dw.DW_FORM_strp_sup,
        dw.DW_FORM_GNU_ref_alt, dw.DW_FORM_GNU_strp_alt, dw.DW_FORM_ref_addr,
    }
)  # fmt: skip

# What a form of no fixed width is followed by.
LEB128, STRING, BLOCK, BLOCK1, BLOCK2, BLOCK4, INDIRECT = range(7)

VARIABLE = {
    dw.DW_FORM_udata: LEB128, dw.DW_FORM_sdata: LEB128, dw.DW_FORM_ref_udata: LEB128,
    dw.DW_FORM_strx: LEB128, dw.DW_FORM_addrx: LEB128, dw.DW_FORM_rnglistx: LEB128,
    dw.DW_FORM_loclistx: LEB128, dw.DW_FORM_GNU_addr_index: LEB128,
    dw.DW_FORM_GNU_str_index: LEB128, dw.DW_FORM_string: STRING, dw.DW_FORM_block: BLOCK,
    dw.DW_FORM_exprloc: BLOCK, dw.DW_FORM_block1: BLOCK1, dw.DW_FORM_block2: BLOCK2,
    dw.DW_FORM_block4: BLOCK4, dw.DW_FORM_indirect: INDIRECT,
}  # fmt: skip

BLOCK_FORMS = frozenset(form for form, kind in VARIABLE.items() if BLOCK <= kind <= BLOCK4)
STRING_INDEX_FORMS = frozenset(
    {
        dw.DW_FORM_strx, dw.DW_FORM_strx1, dw.DW_FORM_strx2, dw.DW_FORM_strx3, dw.DW_FORM_strx4,
        dw.DW_FORM_GNU_str_index,
    }
)  # fmt: skip
ADDRESS_INDEX_FORMS = frozenset(
    {
        dw.DW_FORM_addrx, dw.DW_FORM_addrx1, dw.DW_FORM_addrx2, dw.DW_FORM_addrx3,
        dw.DW_FORM_addrx4, dw.DW_FORM_GNU_addr_index,
    }
)  # fmt: skip
UNIT_REFERENCE_FORMS = frozenset(
    {dw.DW_FORM_ref1, dw.DW_FORM_ref2, dw.DW_FORM_ref4, dw.DW_FORM_ref8, dw.DW_FORM_ref_udata}
)
SUPPLEMENTARY_FORMS = frozenset({dw.DW_FORM_GNU_ref_alt, dw.DW_FORM_ref_sup4, dw.DW_FORM_ref_sup8})
CONSTANT_WIDTHS = {
    dw.DW_FORM_data1: 1, dw.DW_FORM_data2: 2, dw.DW_FORM_data4: 4, dw.DW_FORM_data8: 8,
    dw.DW_FORM_data16: 16,
}  # fmt: skip
LEB128_CONSTANTS = frozenset({dw.DW_FORM_udata, dw.DW_FORM_sdata, dw.DW_FORM_implicit_const})


SHORT_LENGTH_END = 0xFFFFFFF0
"""Lengths from here on are marks; the only one in use announces 64-bit DWARF."""

DWARF_2, DWARF_5 = 2, 5


class Widths:
    """What decides how wide forms are: a unit's version, its offsets and its addresses."""

    __slots__ = ("address_size", "codes", "offset_size", "prefix", "version")

    def __init__(self, version: int, offset_size: int, address_size: int, prefix: str) -> None:
        """Tabulate the fixed forms; `prefix` is `struct`'s byte order."""
        self.version, self.offset_size = version, offset_size
        self.address_size, self.prefix = address_size, prefix
        offset = "Q" if offset_size == WIDE else "I"
        address = {8: "Q", 4: "I", 2: "H"}[address_size]
        self.codes = {**_PLAIN, **dict.fromkeys(_OFFSETS, offset), dw.DW_FORM_addr: address}
        if version == DWARF_2:
            # DWARF 2 made DW_FORM_ref_addr as wide as an address (section 7.5.4 there).
            self.codes[dw.DW_FORM_ref_addr] = address


def read_uleb128(buffer: Buffer, position: int) -> tuple[int, int]:
    """Return an unsigned LEB128 and the position after it.

    Raises:
        IndexError: it is longer than 128 bits need, or reaches beyond the buffer.
    """
    byte = buffer[position]
    if byte < MORE:
        return byte, position + 1
    value, shift = byte & 0x7F, 7
    for at in range(position + 1, position + LONGEST_LEB128):
        byte = buffer[at]
        value |= (byte & 0x7F) << shift
        if byte < MORE:
            return value, at + 1
        shift += 7
    raise IndexError


def read_sleb128(buffer: Buffer, position: int) -> tuple[int, int]:
    """Return a signed LEB128 and the position after it; raises as `read_uleb128`."""
    value, after = read_uleb128(buffer, position)
    if buffer[after - 1] & 0x40:
        value -= 1 << 7 * (after - position)
    return value, after


def encode_uleb128(value: int) -> bytes:
    """Return `value` as an unsigned LEB128 without padding."""
    encoded = bytearray()
    while value >= MORE:
        encoded.append(value & 0x7F | MORE)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def skip_leb128(buffer: Buffer, position: int) -> int:
    """Return the position after a LEB128 of whatever length up to the limit."""
    for at in range(position, position + LONGEST_LEB128):
        if buffer[at] < MORE:
            return at + 1
    raise IndexError


def block_bounds(
    buffer: Buffer, position: int, kind: int, byte_order: ByteOrder
) -> tuple[int, int]:
    """Return where the content of a block begins and ends."""
    if kind == BLOCK:
        size, position = read_uleb128(buffer, position)
    else:
        width = {BLOCK1: 1, BLOCK2: 2, BLOCK4: 4}[kind]
        size = int.from_bytes(buffer[position : position + width], byte_order)
        position += width
    return position, position + size


def skip_variable(buffer: Buffer, position: int, kind: int, widths: Widths) -> int:
    """Return the position after a value of no fixed width.

    Raises:
        IndexError: it does not end within the buffer.
    """
    if kind == LEB128:
        return position + 1 if buffer[position] < MORE else skip_leb128(buffer, position)
    if kind == STRING:
        end = buffer.find(b"\0", position)
        if end < 0:
            raise IndexError
        return end + 1
    if kind == INDIRECT:
        form, position = _indirect_form(buffer, position)
        code = widths.codes.get(form)
        if code is not None:
            return position + WIDTHS[code]
        return skip_variable(buffer, position, VARIABLE[form], widths)
    return block_bounds(buffer, position, kind, "little" if widths.prefix == "<" else "big")[1]


def _indirect_form(buffer: Buffer, position: int) -> tuple[int, int]:
    """Return the form that DW_FORM_indirect names, which is neither that nor unknown."""
    for _ in range(MOST_INDIRECTIONS):
        form, position = read_uleb128(buffer, position)
        if form == dw.DW_FORM_implicit_const:
            break  # Its value would be in the abbreviation, which does not know of it.
        if form != dw.DW_FORM_indirect:
            return form, position
    raise IndexError


def read_variable(
    buffer: Buffer, position: int, form: int, widths: Widths
) -> tuple[int, object, int]:
    """Return the form that is really there, its value, and the position after it.

    Blocks are bytes, strings the bytes before their NUL.

    Raises:
        IndexError, KeyError, struct.error: it does not fit, or its form is unknown.
    """
    kind = VARIABLE[form]
    if kind == LEB128:
        read = read_sleb128 if form == dw.DW_FORM_sdata else read_uleb128
        value, after = read(buffer, position)
        return form, value, after
    if kind == STRING:
        end = skip_variable(buffer, position, STRING, widths)
        return form, buffer[position : end - 1], end
    if kind == INDIRECT:
        form, position = _indirect_form(buffer, position)
        code = widths.codes.get(form)
        if code is None:
            return read_variable(buffer, position, form, widths)
        return form, *_read_fixed(buffer, position, code, widths.prefix)
    begin, end = block_bounds(buffer, position, kind, "little" if widths.prefix == "<" else "big")
    if end > len(buffer):
        raise IndexError
    return form, buffer[begin:end], end


def _read_fixed(buffer: Buffer, position: int, code: str, prefix: str) -> tuple[object, int]:
    if not code:
        return 1, position
    end = position + WIDTHS[code]
    if end > len(buffer):
        raise IndexError
    piece = buffer[position:end]
    if code.endswith("s"):
        return piece, end
    return int.from_bytes(piece, "little" if prefix == "<" else "big"), end
