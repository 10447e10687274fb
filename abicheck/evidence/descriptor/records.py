"""One descriptor's bytes -> the records in it, as they were written.

Nothing in a descriptor is trusted: lengths, counts and strings are checked, and what does
not add up raises `BinaryError`, so that nothing of it is used.

Source: docs/descriptor.md, "The header" and "Records", format 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.cursor import Cursor
from abicheck.model.records import record

if TYPE_CHECKING:
    from abicheck.evidence.cursor import Buffer

SECTION = ".note.abicheck"
OWNER = b"abicheck"
NOTE_TYPE = 1
MAJOR = 1
HEADER_SIZE = 12
LARGEST = 1 << 24
"""Bytes of a descriptor that are read at most: some hundred thousand fields."""

LONGEST_STRING = 1 << 16

# Kinds of records.
CONTRACT, STRUCT, UNION, OPAQUE, FIELD, BIT_FIELD, ENUM, ENUMERATOR, FUNCTION, VARIABLE = range(
    1, 11
)
SMALLEST = {
    CONTRACT: 14, STRUCT: 23, UNION: 23, OPAQUE: 12, FIELD: 22, BIT_FIELD: 24, ENUM: 19,
    ENUMERATOR: 12, FUNCTION: 13, VARIABLE: 17,
}  # fmt: skip
"""The length of the fixed part of each kind in format 1.0; later ones may be longer."""

SIZES_OF_INTEGERS = (1, 2, 4, 8, 16)
SIGNS = {0: False, 1: True, 2: None}
PARTIAL, TRANSPARENT = 1, 2

UNASKED, SAME, DIFFERENT = 0, 1, 2
"""What a compiler found when it held a declared type against the one that it compiled."""

BYTE_ORDERS = {1: "little", 2: "big"}


@record
class Build:
    """What the file around a descriptor shows of its build, and the descriptor must say too."""

    byte_order: str
    pointer_size: int


@record
class FieldRecord:
    """A field: sizes and offsets in bytes, both measured. `kind` is that of the specification.

    `bits` is (bit_offset, bit_size) of a bit-field, whose other numbers are zero.
    `name` is None for an anonymous member; `free` is None where the contract does not say.
    """

    name: str | None
    type: str
    file_offset: int
    offset: int = 0
    size: int = 0
    kind: int = 0
    agreement: int = UNASKED
    bits: tuple[int, int] | None = None
    free: str | None = None


@record
class StructRecord:
    """A struct or union and its fields, in the order of the contract."""

    name: str
    size: int
    alignment: int
    flags: int
    is_union: bool
    fields: tuple[FieldRecord, ...]
    file_offset: int


@record
class OpaqueRecord:
    """A type that the contract stores by value and does not look into."""

    name: str
    size: int
    alignment: int
    file_offset: int


@record
class EnumRecord:
    """An enum; `is_signed` is None where it was not measured."""

    name: str
    size: int
    is_signed: bool | None
    values: tuple[tuple[str, int], ...]
    file_offset: int


@record
class ExportRecord:
    """A function or data; `agreement` says whether the compiler bound the type to it.

    `type` is without the `static` of data; `size` is that of data, 0 where it is open.
    """

    name: str
    type: str
    is_data: bool
    agreement: int
    file_offset: int
    size: int = 0
    free: str | None = None


TypeRecord = StructRecord | OpaqueRecord | EnumRecord


@record
class Descriptor:
    """All that one descriptor says: of the build, of the contract, of each type and export."""

    contract: str
    version: str
    writer: str
    fingerprint: int
    pointer_size: int
    long_size: int
    wchar_size: int
    long_double_size: int
    types: dict[str, TypeRecord]
    exports: dict[tuple[str, bool], ExportRecord]
    file_offset: int
    size: int


def read_descriptor(file: str, buffer: Buffer, place: tuple[int, int], build: Build) -> Descriptor:
    """Read the `desc` of a note, whose file offset and size are its `place`.

    Raises:
        BinaryError: they are no sound descriptor.
        UnsupportedError: it is of a format that is not known here, or not of this `build`.
    """
    start, size = place
    if size > LARGEST:
        raise BinaryError(file, f"a descriptor of {size} bytes is too large", file_offset=start)
    cursor = Cursor(
        buffer, file=file, byte_order="little", start=start, end=start + size, where="descriptor"
    )
    return _Reader(cursor, build).read()


class _Reader:
    """Reads records in turn; those of fields and values belong to what came before them."""

    def __init__(self, cursor: Cursor, build: Build) -> None:
        self.cursor, self.build = cursor, build
        self.types: dict[str, TypeRecord] = {}
        self.exports: dict[tuple[str, bool], ExportRecord] = {}
        self.byte_order = build.byte_order

    def read(self) -> Descriptor:
        cursor = self.cursor
        start = cursor.position
        major, _, length, order, pointer, long, wchar, _, long_double, _ = cursor.unpack(
            "BBHBBBBBBH"
        )
        if major != MAJOR:
            raise UnsupportedError(f"its descriptor has format {major}, newer than this reader")
        if length < HEADER_SIZE:
            raise cursor.error(f"its header is {length} bytes long", at=start + 2)
        if order not in BYTE_ORDERS:
            raise cursor.error(f"its byte order is {order}; expected 1 or 2", at=start + 4)
        self.byte_order = BYTE_ORDERS[order]
        of_another = "its descriptor is of another build: "
        if self.byte_order != self.build.byte_order:
            raise UnsupportedError(f"{of_another}{self.byte_order}-endian")
        if pointer != self.build.pointer_size:
            raise UnsupportedError(f"{of_another}pointers of {pointer} bytes")
        cursor.skip(length - HEADER_SIZE)
        name, version, writer, fingerprint, count = self.contract()
        found = 0
        while (following := self.next()) is not None:
            found += 1 + self.entry(*following)
        if found != count:
            raise cursor.error(f"it states {count} records and has {found}", at=start)
        return Descriptor(
            contract=name, version=version, writer=writer, fingerprint=fingerprint,
            pointer_size=pointer, long_size=long, wchar_size=wchar,
            long_double_size=long_double, types=self.types, exports=self.exports,
            file_offset=start, size=cursor.end - start,
        )  # fmt: skip

    def next(self) -> tuple[int, Cursor, Cursor] | None:
        """Return kind, fixed part and strings of the next record, and step over it."""
        cursor = self.cursor
        start = cursor.position
        length = cursor.unsigned(min(2, cursor.remaining))
        if not length:  # What is left of a padded structure, or nothing at all.
            return None
        kind, fixed = cursor.unpack("BB")
        if not max(4, SMALLEST.get(kind, 4)) <= fixed <= length:
            message = f"a record of {length} bytes, {fixed} of them fixed, has not what it needs"
            raise cursor.error(message, at=start)
        record_ = cursor.window(start, length, "descriptor")
        cursor.skip(length - 4)
        record_.skip(4)
        return kind, record_, cursor.window(start + fixed, length - fixed, "descriptor")

    def contract(self) -> tuple[str, str, str, int, int]:
        first = self.next()
        if first is None or first[0] != CONTRACT:
            raise self.cursor.error("its first record is not that of a contract")
        _, fixed, strings = first
        fingerprint, count = fixed.unpack("QH")
        return text(strings), text(strings), text(strings), fingerprint, count

    def entry(self, kind: int, fixed: Cursor, strings: Cursor) -> int:
        """Read a record and those that belong to it; return how many these are."""
        at = fixed.position - 4
        if kind in {STRUCT, UNION}:
            return self.struct(fixed, strings, is_union=kind == UNION)
        if kind == ENUM:
            return self.enum(fixed, strings)
        if kind == OPAQUE:
            size, alignment = fixed.unpack("II")
            self.add(OpaqueRecord(text(strings), size, alignment, at))
        elif kind in {FUNCTION, VARIABLE}:
            self.export(fixed, strings, is_data=kind == VARIABLE)
        elif kind in SMALLEST:
            raise self.cursor.error(f"a record of kind {kind} belongs to nothing", at=at)
        return 0

    def add(self, found: TypeRecord) -> None:
        if found.name in self.types:
            message = f"it describes {found.name} twice"
            raise self.cursor.error(message, at=found.file_offset)
        self.types[found.name] = found

    def belonging(self, count: int, kinds: tuple[int, ...]) -> list[tuple[int, Cursor, Cursor]]:
        """Return the records that follow and belong to the last one, which states their number."""
        found: list[tuple[int, Cursor, Cursor]] = []
        while len(found) < count:
            at = self.cursor.position
            following = self.next()
            if following is None or following[0] not in kinds:
                message = f"{count} members are stated, and {len(found)} follow"
                raise self.cursor.error(message, at=at)
            found.append(following)
        return found

    def struct(self, fixed: Cursor, strings: Cursor, *, is_union: bool) -> int:
        at = fixed.position - 4
        size, alignment, _ = fixed.unpack("IIQ")
        count, flags = fixed.u16(), fixed.u8()
        name = text(strings)
        fields = tuple(
            self.bit_field(inner, rest, size) if kind == BIT_FIELD else _field(inner, rest)
            for kind, inner, rest in self.belonging(count, (FIELD, BIT_FIELD))
        )
        self.add(StructRecord(name, size, alignment, flags, is_union, fields, at))
        return count

    def bit_field(self, fixed: Cursor, strings: Cursor, struct_size: int) -> FieldRecord:
        at = fixed.position - 4
        width, sampled, bit_offset, _ = fixed.unpack("IIIQ")
        name, type_ = text(strings), text(strings)
        bits = bit_offset, width
        if sampled:
            if sampled != struct_size:
                raise self.cursor.error("a sample is not as long as its struct", at=at)
            bits = self.measured(strings.take(sampled), at)
        return FieldRecord(name or None, type_, at, bits=bits)

    def measured(self, sample: bytes, at: int) -> tuple[int, int]:
        """Return place and width of the bits that are set, in the order of the target's bits."""
        number = int.from_bytes(sample, self.byte_order)  # type: ignore[arg-type]
        width = number.bit_count()
        lowest = (number & -number).bit_length() - 1
        if not width or number != ((1 << width) - 1) << lowest:
            raise self.cursor.error("the bits of a field are not side by side", at=at)
        is_little = self.byte_order == "little"
        return lowest if is_little else 8 * len(sample) - lowest - width, width

    def enum(self, fixed: Cursor, strings: Cursor) -> int:
        at = fixed.position - 4
        size, sign, _ = fixed.unpack("IBQ")
        count = fixed.u16()
        if size not in SIZES_OF_INTEGERS:
            raise self.cursor.error(f"an enum of {size} bytes", at=at)
        if sign not in SIGNS:
            raise self.cursor.error(f"the sign of an enum is {sign}; expected 0, 1 or 2", at=at)
        name = text(strings)
        values = tuple(
            (text(rest), self.value(inner, size, is_signed=SIGNS[sign]))
            for _, inner, rest in self.belonging(count, (ENUMERATOR,))
        )
        self.add(EnumRecord(name, size, SIGNS[sign], values, at))
        return count

    def value(self, fixed: Cursor, size: int, *, is_signed: bool | None) -> int:
        """Read a value, which must be one that `size` bytes can hold."""
        at = fixed.position - 4
        value = fixed.signed(8)
        if not -(1 << 8 * size - 1) <= value < 1 << 8 * size:
            raise self.cursor.error(f"{value} is no value of an enum of {size} bytes", at=at)
        return value & (1 << 8 * size) - 1 if is_signed is False else value

    def export(self, fixed: Cursor, strings: Cursor, *, is_data: bool) -> None:
        at = fixed.position - 4
        agreement, _ = fixed.unpack("BQ")
        size = fixed.u32() if is_data else 0
        name, type_ = text(strings), text(strings)
        if is_data:
            type_ = type_.removeprefix("static ").removeprefix("mut ")
        free = None if is_data else _last(strings)
        if (name, is_data) in self.exports:
            raise self.cursor.error(f"it describes {name} twice", at=at)
        self.exports[name, is_data] = ExportRecord(name, type_, is_data, agreement, at, size, free)


def _field(fixed: Cursor, strings: Cursor) -> FieldRecord:
    at = fixed.position - 4
    offset, size, kind, agreement, _ = fixed.unpack("IIBBQ")
    name, type_ = text(strings), text(strings)
    return FieldRecord(name or None, type_, at, offset, size, kind, agreement, free=_last(strings))


def _last(strings: Cursor) -> str | None:
    """Read who takes back; None where the contract does not say."""
    return text(strings) or None


def text(strings: Cursor) -> str:
    """Read a string.

    Raises:
        BinaryError: it does not end, or is no UTF-8.
    """
    at = strings.position
    try:
        return strings.string(LONGEST_STRING).decode()
    except UnicodeDecodeError:
        raise strings.error("a string is no UTF-8", at=at) from None
