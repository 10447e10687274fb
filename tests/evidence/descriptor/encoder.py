"""A contract and a target -> a descriptor, written by the specification; and files that carry one.

The numbers are those that abicheck computes itself: compilers judge them elsewhere. So what
a descriptor of one contract means under another can be tried by the thousand.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from abicheck.layout import facts_for, lay_out
from abicheck.model.layout import (
    BOOL,
    FLOAT,
    SIGNED,
    ArrayLayout,
    EnumLayout,
    FunctionLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
)
from abicheck.model.types import (
    Alias,
    Array,
    Enum,
    FunctionType,
    Named,
    Opaque,
    Parameter,
    Pointer,
    Struct,
    Type,
    spell,
    type_id,
)

if TYPE_CHECKING:
    from abicheck.model.contract import Contract
    from abicheck.model.layout import Layouts, TypeLayout
    from abicheck.model.target import Target

OWNER = b"abicheck\0\0\0\0"
WRITER = "the tests, C"


def note(content: bytes, byte_order: str = "little") -> bytes:
    """Return the note that holds a descriptor."""
    order = "<" if byte_order == "little" else ">"
    padding = bytes(-len(content) % 4)
    return struct.pack(f"{order}III", 9, len(content), 1) + OWNER + content + padding


def with_note(elf: bytes, *notes: bytes) -> bytes:
    """Return an ELF file whose PT_NOTE segment leads to these notes, added behind all else."""
    order = "<" if elf[5] == 1 else ">"
    is_64 = elf[4] == 2
    if is_64:
        table, size, count = (
            *struct.unpack_from(f"{order}Q", elf, 32),
            *struct.unpack_from(f"{order}HH", elf, 54),
        )
    else:
        table, size, count = (
            *struct.unpack_from(f"{order}I", elf, 28),
            *struct.unpack_from(f"{order}HH", elf, 42),
        )
    content = b"".join(notes)
    padding = bytes(-len(elf) % 8)
    patched = bytearray(elf + padding + content)
    for at in range(table, table + size * count, size):
        if struct.unpack_from(f"{order}I", elf, at)[0] == 4:  # PT_NOTE
            if is_64:
                struct.pack_into(f"{order}Q", patched, at + 8, len(elf) + len(padding))
                struct.pack_into(f"{order}Q", patched, at + 32, len(content))
                struct.pack_into(f"{order}Q", patched, at + 48, 4)
            else:
                struct.pack_into(f"{order}I", patched, at + 4, len(elf) + len(padding))
                struct.pack_into(f"{order}I", patched, at + 16, len(content))
                struct.pack_into(f"{order}I", patched, at + 28, 4)
            return bytes(patched)
    raise AssertionError("the file has no PT_NOTE segment")


def encode(contract: Contract, target: Target) -> bytes:
    """Return the descriptor of a plugin that keeps a contract."""
    return _Encoder(contract, target).encode()


def record(kind: int, fixed: bytes, *strings: str, more: bytes = b"") -> bytes:
    """Return one record."""
    rest = b"".join(each.encode() + b"\0" for each in strings) + more
    return struct.pack("<HBB", 4 + len(fixed) + len(rest), kind, 4 + len(fixed)) + fixed + rest


def header(target: Target, long_double: int = 16) -> bytes:
    """Return the header of a descriptor for a target."""
    facts = facts_for(target)
    return struct.pack(
        "<BBHBBBBBBH", 1, 0, 12, 1 if target.byte_order == "little" else 2, target.bits // 8,
        facts.scalars["c_long"][1], facts.scalars["wchar_t"][1], facts.char_is_signed,
        long_double, 0,
    )  # fmt: skip


class _Encoder:
    def __init__(self, contract: Contract, target: Target) -> None:
        self.contract, self.target = contract, target
        self.layouts: Layouts = lay_out(contract, target)
        self.facts = facts_for(target)

    def encode(self) -> bytes:
        records: list[bytes] = []
        for definition in self.contract.definitions.values():
            match definition:
                case Struct():
                    records += self.struct(definition)
                case Enum():
                    records += self.enum(definition)
                case Opaque() if definition.size is not None:
                    layout = self.layouts.layout(definition.name)
                    assert isinstance(layout, OpaqueLayout)
                    fixed = struct.pack("<II", layout.size or 0, layout.alignment or 1)
                    records.append(record(4, fixed, definition.name))
        for export in self.contract.exports:
            if export.type is None or export.is_forbidden or export.is_glob:
                continue
            text = spell(self.expanded(export.type))
            if export.is_data:
                size = self.size_of(self.layouts.layout(type_id(export.type)))
                records.append(
                    record(10, struct.pack("<BQI", 1, 0, size), export.name, f"static {text}")
                )
            else:
                free = owner(export.free)
                records.append(record(9, struct.pack("<BQ", 1, 0), export.name, text, free))
        first = record(
            1,
            struct.pack("<QH", 0, len(records)),
            self.contract.name,
            self.contract.version,
            WRITER,
        )
        return (
            header(self.target, self.facts.scalars["c_longdouble"][1]) + first + b"".join(records)
        )

    def struct(self, definition: Struct) -> list[bytes]:
        layout = self.layouts.layout(definition.name)
        assert isinstance(layout, StructLayout), layout
        members = {(field.name, field.line): field for field in layout.fields}
        fields = []
        written = [each for each in definition.fields if each.name or each.bit_width is None]
        for field, place in zip(written, layout.fields, strict=True):
            assert members
            text = spell(self.expanded(field.type))
            inner = self.layouts.layout(type_id(field.type))
            if place.bit_size is not None and place.bit_offset is not None:
                sample = self.sample(place.bit_offset, place.bit_size, layout.size or 0)
                fixed = struct.pack("<IIIQ", place.bit_size, len(sample), 0, 0)
                fields.append(record(6, fixed, field.name or "", text, more=sample))
                continue
            kind, size = self.kind(inner), self.size_of(inner)
            fixed = struct.pack("<IIBBQ", place.offset or 0, size, kind, 1, 0)
            fields.append(record(5, fixed, field.name or "", text, owner(field.free)))
        flags = definition.is_partial | 2 * definition.is_transparent
        alignment = layout.alignment or 1
        fixed = struct.pack("<IIQHB", layout.size or 0, alignment, 0, len(fields), flags)
        return [record(3 if definition.is_union else 2, fixed, definition.name), *fields]

    def sample(self, first: int, width: int, size: int) -> bytes:
        shift = first if self.target.byte_order == "little" else 8 * size - first - width
        return (((1 << width) - 1) << shift).to_bytes(size, self.target.byte_order)  # type: ignore[arg-type]

    def enum(self, definition: Enum) -> list[bytes]:
        layout = self.layouts.layout(definition.name)
        assert isinstance(layout, EnumLayout)
        sign = 2 if layout.is_signed is None else int(layout.is_signed)
        values = [
            record(8, struct.pack("<Q", each.value & (1 << 64) - 1), each.name)
            for each in definition.values
        ]
        return [
            record(7, struct.pack("<IBQH", layout.size, sign, 0, len(values)), definition.name),
            *values,
        ]

    def kind(self, layout: TypeLayout) -> int:
        match layout:
            case ScalarLayout(kind="char"):
                return 2 if self.facts.char_is_signed else 1
            case ScalarLayout(kind):
                return {SIGNED: 2, BOOL: 3, FLOAT: 4}.get(kind, 1)
            case EnumLayout():
                return 1
            case PointerLayout(_, target):
                is_function = target is not None and isinstance(
                    self.layouts.layout(target), FunctionLayout
                )
                return 6 if is_function else 5
            case ArrayLayout(element):
                return 16 + self.kind(self.layouts.layout(element)) % 16
        return 7

    @staticmethod
    def size_of(layout: TypeLayout) -> int:
        if isinstance(layout, ArrayLayout) and layout.count is None:
            return 0
        return getattr(layout, "size", None) or 0

    def expanded(self, type_: Type) -> Type:
        match type_:
            case Named(name):
                definition = self.contract.definitions.get(name)
                return self.expanded(definition.type) if isinstance(definition, Alias) else type_
            case Pointer(to, is_mutable, may_be_null):
                return Pointer(self.expanded(to), is_mutable, may_be_null)
            case Array(element, count):
                return Array(self.expanded(element), count)
            case FunctionType(parameters, result, is_variadic, convention):
                taken = tuple(Parameter(self.expanded(each.type)) for each in parameters)
                return FunctionType(taken, self.expanded(result), is_variadic, convention)
        return type_


def owner(free: str | bool | None) -> str:
    """Return who takes back, as a descriptor writes it."""
    return "false" if free is False else str(free or "")
