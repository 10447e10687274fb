"""The members of a struct or union: where they lie, bit-fields included.

Source: DWARF 5, sections 5.7.3, 5.7.6 and 5.7.8; DWARF 3, section 5.6.6 for DW_AT_bit_offset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.forms import read_sleb128, read_uleb128
from abicheck.model.layout import FieldLayout

if TYPE_CHECKING:
    from abicheck.evidence.dwarf.entries import Entry
    from abicheck.evidence.dwarf.types import Types

MOST_MEMBERS = 100_000


def lay_out(types: Types, struct: Entry) -> tuple[tuple[FieldLayout, ...] | None, str]:
    """Return the fields of a struct in the order of the source, or None and why there are none.

    Raises:
        BinaryError: something is damaged.
    """
    fields: list[FieldLayout] = []
    for child in struct.children():
        tag = child.tag
        if tag == dw.DW_TAG_variant_part:
            return None, "its fields depend on a discriminant"
        if tag == dw.DW_TAG_inheritance:
            if child.unsigned(dw.DW_AT_virtuality):
                return None, "it has a virtual base class"
        elif tag != dw.DW_TAG_member or is_static(child):
            continue
        field = lay_out_member(types, child)
        if isinstance(field, str):
            return None, field
        if fields and struct.tag != dw.DW_TAG_union_type and _overlaps(fields[-1], field):
            # clang leaves out the width of a bit-field as wide as its type, and then rounds its
            # place down to a byte, which is right for all but packed structs.
            return None, f"where its member {field.name or 'without a name'} lies is not recorded"
        fields.append(field)
        if len(fields) > MOST_MEMBERS:
            return None, f"it has more than {MOST_MEMBERS} members"
    return tuple(fields), ""


def _overlaps(before: FieldLayout, field: FieldLayout) -> bool:
    """Whether a field that is no bit-field begins within the bit-field before it."""
    if field.bit_size is not None or before.bit_size is None or before.bit_offset is None:
        return False
    begin = 8 * (field.offset or 0)
    return before.bit_offset // 8 * 8 <= begin < before.bit_offset + before.bit_size


def is_static(member: Entry) -> bool:
    """Whether a member is shared by all objects of its class, and so lies in none."""
    if dw.DW_AT_data_member_location in member or dw.DW_AT_data_bit_offset in member:
        return False
    return member.flag(dw.DW_AT_external) or member.flag(dw.DW_AT_declaration)


def lay_out_member(types: Types, member: Entry) -> FieldLayout | str:
    """Return the field that a member is, or why its place is unknown."""
    name = member.string(dw.DW_AT_name) or None
    place = member.reference(dw.DW_AT_type)
    if place is None:
        return f"its member {name or 'without a name'} has no type"
    offset = member_offset(member)
    if offset is None:
        return f"where its member {name or 'without a name'} lies is an expression"
    alignment = member.unsigned(dw.DW_AT_alignment)
    bit_size = member.constant(dw.DW_AT_bit_size)
    if bit_size is None:
        bits = member.constant(dw.DW_AT_data_bit_offset)
        if bits is not None:
            offset = bits // 8
        return FieldLayout(name=name, type=place, offset=offset, alignment=alignment)
    bit_offset = bit_position(types, member, offset, bit_size)
    if bit_offset is None:
        return f"its bit-field {name or 'without a name'} has no storage unit"
    return FieldLayout(
        name=name, type=place, offset=bit_offset // 8, bit_offset=bit_offset, bit_size=bit_size,
        alignment=alignment,
    )  # fmt: skip


def bit_position(types: Types, member: Entry, offset: int, bit_size: int) -> int | None:
    """Return a bit-field's first bit, counted as DW_AT_data_bit_offset is.

    DW_AT_bit_offset counts from the most significant bit of a storage unit, whatever
    the byte order; DW_AT_data_bit_offset from the struct's first bit in memory order.
    """
    modern = member.constant(dw.DW_AT_data_bit_offset)
    if modern is not None:
        return modern
    old = member.constant(dw.DW_AT_bit_offset)
    if old is None:
        return 8 * offset
    if old >= 1 << 63:
        old -= 1 << 64
    storage = member.unsigned(dw.DW_AT_byte_size)
    if storage is None:
        place = member.reference(dw.DW_AT_type)
        storage = None if place is None else types.size_of(place)
    if storage is None:
        return None
    inside = old if member.unit.file.byte_order == "big" else 8 * storage - old - bit_size
    return 8 * offset + inside


def member_offset(member: Entry) -> int | None:
    """Return a member's offset in bytes, 0 if unsaid; None if it is a true expression."""
    if dw.DW_AT_data_member_location not in member:
        return 0
    expression = member.block(dw.DW_AT_data_member_location)
    if expression is None:
        return member.constant(dw.DW_AT_data_member_location)
    return _constant_offset(expression)


def _constant_offset(expression: bytes) -> int | None:
    """Return what an expression adds to the struct's address, if that is a constant.

    DWARF 2 wrote every offset so: the address is on the stack, DW_OP_plus_uconst adds to it.
    """
    position, total, pending = 0, 0, None
    padded = expression + b"\0"
    while position < len(expression):
        operation = expression[position]
        position += 1
        if operation == dw.DW_OP_plus_uconst:
            value, position = read_uleb128(padded, position)
            total += value
        elif operation == dw.DW_OP_plus and pending is not None:
            total, pending = total + pending, None
        elif operation == dw.DW_OP_constu and pending is None:
            pending, position = read_uleb128(padded, position)
        elif operation == dw.DW_OP_consts and pending is None:
            pending, position = read_sleb128(padded, position)
        elif dw.DW_OP_lit0 <= operation <= dw.DW_OP_lit31 and pending is None:
            pending = operation - dw.DW_OP_lit0
        else:
            return None
    return total if pending is None and position <= len(expression) else None
