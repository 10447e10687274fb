"""Plan -> the descriptor as C: a struct of bytes, and the initialiser that the compiler fills in.

The bytes are those of docs/descriptor.md. Whatever the generator knows is written as numbers, what
belongs to the build as expressions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck import __version__
from abicheck.errors import GenerationError
from abicheck.generation.c_assertions import pointer_to
from abicheck.generation.c_samples import Sample, is_flexible
from abicheck.generation.c_text import fold
from abicheck.generation.c_types import declare
from abicheck.generation.plan import (
    AGGREGATE,
    BIT_FIELD,
    BOOL,
    CONTRACT,
    DATA,
    ENUM,
    ENUMERATOR,
    FIELD,
    FLOAT,
    FUNCTION,
    FUNCTION_POINTER,
    IS_ARRAY,
    OPAQUE,
    POINTER,
    SIGNED,
    UNMEASURED,
    UNSIGNED,
    EnumRecord,
    ExportRecord,
    OpaqueRecord,
    StructRecord,
    innermost,
)
from abicheck.model.records import record, replace
from abicheck.model.types import (
    SIGNED_WIDTHS,
    Array,
    Enum,
    FunctionType,
    Named,
    Pointer,
    Scalar,
    Struct,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.generation.c_assertions import Assertions
    from abicheck.generation.c_names import Names
    from abicheck.generation.plan import FieldRecord, Plan
    from abicheck.model.contract import Contract
    from abicheck.model.types import Type

NOTE_HEADER, HEADER = 24, 12
MAX_RECORD, MAX_RECORDS = 0xFFFF, 0x10000
PRINTABLE = frozenset(map(chr, range(0x20, 0x7F)))


@record
class Piece:
    """One member of the descriptor's struct: its declaration, its initialiser, its size."""

    declaration: str
    value: str
    size: int
    comment: str = ""


@record
class RecordPieces:
    """The members of one record: its fixed part, its strings; and what follows those."""

    pieces: tuple[Piece, ...]
    sample: Sample | None = None


class Descriptor:
    """Writes the descriptor of one contract."""

    def __init__(self, plan: Plan, names: Names, assertions: Assertions) -> None:
        """Prepare to write."""
        self.plan, self.names, self.assertions = plan, names, assertions
        self.number = 0
        self.records: list[RecordPieces] = []
        self.prelude: list[str] = []

    def pieces(self) -> list[Piece]:
        """Return the members, in order.

        A note is a multiple of 4 bytes long; what is missing belongs to the last record.
        """
        head, records = [*self._note()], [*self._records()]
        self.records = records
        if len(records) > MAX_RECORDS:
            raise GenerationError([f"{len(records)} records are too many for a descriptor"])
        sizes = [each.size for part in records for each in part.pieces]
        known = sum(each.size for each in head) + sum(sizes)
        padding = str(-known % 4)
        samples = [part.sample.type for part in records if part.sample is not None]
        if samples:
            counted = {each: samples.count(each) for each in samples}
            sizes_of = [f"{count} * sizeof({each})" for each, count in counted.items()]
            whole = " + ".join([str(known), *sizes_of])
            padding = f"(4 - ({whole}) % 4)"
        found = [*head]
        for part in records:
            extra = padding if part is records[-1] and padding != "0" else ""
            found += self._with_length(part, extra)
        if padding != "0":
            found.append(Piece(f"unsigned char end[{padding}]", "0", 0))
        return found

    def assertions_of_lengths(self) -> Iterator[str]:
        """Yield what holds if the length of each record with a sample fits its two bytes."""
        longest: dict[str, int] = {}
        for part in self.records:
            if part.sample is not None:
                known = sum(each.size for each in part.pieces)
                longest[part.sample.type] = max(known, longest.get(part.sample.type, 0))
        for type_, known in longest.items():
            condition = f"sizeof({type_}) <= {MAX_RECORD - known - 4}"
            text = f"{type_}: a struct with bit-fields too large for a descriptor"
            yield from fold(f'{self.names.macro("ASSERT")}({condition}, "{text}");')

    def _with_length(self, part: RecordPieces, padding: str) -> Iterator[Piece]:
        """Yield a record's members, with its length before the bytes of its fixed part."""
        known = sum(each.size for each in part.pieces)
        fixed, *others = part.pieces
        length = ", ".join(self._two(known))
        if part.sample is not None or (padding and not padding.isdecimal()):
            sample = f" + sizeof({part.sample.type})" if part.sample is not None else ""
            end = f" + {padding}" if padding else ""
            length = f"{self.names.macro('2')}({known}{sample}{end})"
        elif padding:
            length = ", ".join(self._two(known + int(padding)))
        yield replace(fixed, value=f"{length}, {fixed.value}")
        yield from others
        if part.sample is not None:
            yield Piece(f"{part.sample.type} {part.sample.name}", part.sample.value, 0)

    def _note(self) -> Iterator[Piece]:
        """Yield the note's header, and the descriptor's."""
        word, macro = self.names.macro("WORD"), self.names.macro
        rest = f"sizeof(struct {self.names.stem}_descriptor) - {NOTE_HEADER}"
        yield Piece(
            f"unsigned char note[{NOTE_HEADER}]",
            f"{word}(9), {word}({rest}), {word}(1), "
            "'a', 'b', 'i', 'c', 'h', 'e', 'c', 'k', 0, 0, 0, 0",
            NOTE_HEADER,
        )
        yield Piece(
            f"unsigned char header[{HEADER}]",
            f"1, 0, {HEADER}, 0, {macro('BYTE_ORDER')}, sizeof(void *), sizeof(long), "
            f"sizeof(wchar_t), {macro('CHAR_IS_SIGNED')}, sizeof(long double), 0, 0",
            HEADER,
        )

    def _records(self) -> Iterator[RecordPieces]:
        contract = self.plan.contract
        yield self._record(
            CONTRACT,
            f"{contract.name} {contract.version}",
            [*self._eight(self.plan.fingerprint), *self._two(self.plan.count)],
            (contract.name, contract.version, f"abicheck {__version__}, C"),
        )
        for each in self.plan.records:
            match each:
                case StructRecord():
                    yield from self._struct(each)
                case OpaqueRecord(_, name):
                    yield self._record(OPAQUE, name, self._measured(name), (name,))
                case EnumRecord():
                    yield from self._enum(each)
                case ExportRecord():
                    yield self._export(each)

    def _record(
        self,
        kind: int,
        comment: str,
        fixed: Sequence[str],
        strings: Sequence[str],
        sample: Sample | None = None,
    ) -> RecordPieces:
        """Return the members of one record; each of `fixed` is one byte or a macro of several."""
        length = 4 + sum(_bytes_of(each) for each in fixed)
        size = len(("\0".join(strings) + "\0").encode())
        if length + size > MAX_RECORD:
            raise GenerationError([f"{comment}: its type is too long for a descriptor"])
        self.number += 1
        value = ", ".join([str(kind), str(length), *fixed])
        pieces = (
            Piece(f"unsigned char fixed_{self.number}[{length}]", value, length, comment),
            Piece(f"char text_{self.number}[{size}]", quoted(strings), size),
        )
        return RecordPieces(pieces, sample)

    def _two(self, number: int) -> list[str]:
        return [str(number & 0xFF), str(number >> 8)]

    def _eight(self, number: int) -> list[str]:
        return [f"0x{byte:02X}" for byte in number.to_bytes(8, "little")]

    def _four(self, expression: str) -> str:
        return f"{self.names.macro('4')}({expression})"

    def _measured(self, name: str) -> list[str]:
        type_ = self.names.type(name)
        return [
            self._four(f"sizeof({type_})"),
            self._four(f"{self.names.macro('ALIGNMENT')}({type_})"),
        ]

    # Structs and unions.

    def _struct(self, each: StructRecord) -> Iterator[RecordPieces]:
        size = f"sizeof({self.names.type(each.name)})"
        measured = [self._four(size), self._four(self.assertions.alignment(each.struct))]
        if each.struct.is_partial and each.struct.size is None:
            measured = ["0"] * 8
        fixed = [*measured, *self._eight(each.fingerprint), *self._two(len(each.fields))]
        yield self._record(each.kind, each.struct.subject, [*fixed, str(each.flags)], (each.name,))
        for field in each.fields:
            if field.field.bit_width is not None:
                yield self._bit_field(each.struct, field)
            else:
                yield self._field(each.struct, field)

    def _field(self, struct: Struct, field: FieldRecord) -> RecordPieces:
        fixed = [
            self._four(self._offset(struct, field)),
            self._four(self._size(struct, field)),
            self._kind(struct, field),
            self._check(struct, field),
            *self._eight(field.fingerprint),
        ]
        comment = f"{struct.name}.{field.name or '(anonymous)'}"
        return self._record(FIELD, comment, fixed, (field.name, field.text, field.free))

    def _offset(self, struct: Struct, field: FieldRecord) -> str:
        if struct.is_transparent:
            return "0u"
        leaf = next((name for _, name in self.assertions.leaves(field)), None)
        if leaf is None:  # Bit-fields alone, whose place no compiler tells.
            return self.assertions.declared_offset(struct, field)
        path, type_ = self.names.field(leaf), self.names.type(struct.name)
        if field.name:
            return f"offsetof({type_}, {path})"
        inner = self.names.type(field.text)
        return f"offsetof({type_}, {path}) - offsetof({inner}, {path})"

    def _size(self, struct: Struct, field: FieldRecord) -> str:
        if struct.is_transparent:
            return f"sizeof({self.names.type(struct.name)})"
        if isinstance(field.type, Array) and field.type.count is None:
            return "0u"
        if not field.name:
            return f"sizeof({self.names.type(field.text)})"
        name = self.names.field(field.name)
        return f"{self.names.macro('SIZE')}({self.names.type(struct.name)}, {name})"

    def _kind(self, struct: Struct, field: FieldRecord) -> str:
        inner, depth = innermost(field.type)
        if isinstance(inner, Scalar) and inner.name == "va_list":
            return str(UNMEASURED)
        array = f" + {IS_ARRAY}" if depth else ""
        declared = declared_kind(inner, self.plan.contract)
        if not field.name or struct.is_transparent:
            return f"{declared}{array}"
        owner, name = self.names.type(struct.name), self.names.field(field.name)
        macro, element = self.names.macro("KIND"), ""
        if depth:
            macro, element = self.names.macro("ELEMENT_KIND"), f"{name}{'[0]' * depth}, "
        measured = f"{macro}({owner}, {name}, {element}{declared})"
        if self._is_transparent(
            inner
        ):  # To C it is what it wraps; other languages keep the two apart.
            measured = f"({self._check(struct, field)} == 1 ? {AGGREGATE} : {measured})"
        return f"{measured}{array}"

    def _is_transparent(self, type_: Type) -> bool:
        definitions = self.plan.contract.definitions
        struct = definitions.get(type_.name) if isinstance(type_, Named) else None
        return isinstance(struct, Struct) and struct.is_transparent

    def _check(self, struct: Struct, field: FieldRecord) -> str:
        if struct.is_transparent:
            wanted = pointer_to(field.type, self.names)
            return f"{self.names.macro('IS')}({self.names.type(struct.name)}, {wanted})"
        found = [same for _, same in self.assertions.same(struct, field)]
        if field.name or not found:
            return found[0] if found else "0"
        return f"{' == 1 && '.join(found)} == 1 ? 1 : 2"

    def _bit_field(self, struct: Struct, field: FieldRecord) -> RecordPieces:
        if is_flexible(Named(struct.name), self.plan.contract.definitions):
            return self._declared_bit_field(struct, field)
        name = f"sample_{self.number + 1}"
        sample = Sample(name, struct, field, self.names, self.plan.contract)
        self.prelude += sample.prelude
        width = field.field.bit_width or 0
        fixed = [
            *(str(width >> shift & 0xFF) for shift in (0, 8, 16, 24)),
            self._four(f"sizeof({sample.type})"),
            *["0"] * 4,
            *self._eight(field.fingerprint),
        ]
        comment = f"{struct.name}.{field.name}"
        return self._record(BIT_FIELD, comment, fixed, (field.name, field.text), sample)

    def _declared_bit_field(self, struct: Struct, field: FieldRecord) -> RecordPieces:
        """Return the record of a bit-field whose struct nothing can follow, so without a sample."""
        width = field.field.bit_width or 0
        fixed = [
            *(str(width >> shift & 0xFF) for shift in (0, 8, 16, 24)),
            *["0"] * 4,
            self._four(self.assertions.declared_bit_offset(struct, field)),
            *self._eight(field.fingerprint),
        ]
        comment = f"{struct.name}.{field.name}"
        return self._record(BIT_FIELD, comment, fixed, (field.name, field.text))

    # Enums and exports.

    def _enum(self, each: EnumRecord) -> Iterator[RecordPieces]:
        name = self.names.type(each.name)
        fixed = [
            self._four(f"sizeof({name})"),
            f"{self.names.macro('SIGN')}({name})",
            *self._eight(each.fingerprint),
            *self._two(len(each.values)),
        ]
        yield self._record(ENUM, each.enum.subject, fixed, (each.name,))
        for value in each.values:
            measured = f"{self.names.macro('8')}({self.names.value(each.enum, value.name)})"
            comment = f"{each.name}.{value.name}"
            yield self._record(ENUMERATOR, comment, [measured], (value.name,))

    def _export(self, each: ExportRecord) -> RecordPieces:
        fixed = [self.assertions.bound(each), *self._eight(each.fingerprint)]
        if not each.is_data:
            return self._record(FUNCTION, each.name, fixed, (each.name, each.text, each.free))
        is_open = isinstance(each.type, Array) and each.type.count is None
        fixed.append(self._four("0u" if is_open else self._extent(each)))
        return self._record(DATA, each.name, fixed, (each.name, each.text))

    def _extent(self, each: ExportRecord) -> str:
        type_ = declare(each.type, "", self.names)
        return f"{self.names.macro('EXTENT')}({each.name}, {type_})"


def _bytes_of(text: str) -> int:
    """Return how many bytes an element of a record's fixed part comes to."""
    name = text.partition("(")[0]
    return 4 if name.endswith("_4_") else 8 if name.endswith("_8_") else 1


def quoted(strings: Sequence[str]) -> str:
    """Return a literal of strings, each ended by NUL; the last NUL is that of the literal."""
    parts = []
    for text in strings:
        plain = "".join(
            chr(byte) if chr(byte) in PRINTABLE and chr(byte) not in '"\\?' else f"\\{byte:03o}"
            for byte in text.encode()
        )
        parts.append(plain)
    return " ".join(
        f'"{part}\\0"' if place < len(parts) - 1 else f'"{part}"'
        for place, part in enumerate(parts)
    )


def declared_kind(type_: Type, contract: Contract) -> int:
    """Return the kind that a type without arrays around it has by its declaration."""
    match type_:
        case Scalar("bool"):
            return BOOL
        case Scalar("f32" | "f64" | "c_float" | "c_double" | "c_longdouble"):
            return FLOAT
        case Scalar(name):
            is_signed = name in SIGNED_WIDTHS or name.startswith(("int", "i", "ss", "ptr"))
            is_signed = is_signed or name in {"c_schar", "c_short", "c_int", "c_long", "c_longlong"}
            return SIGNED if is_signed else UNSIGNED
        case Pointer(FunctionType()):
            return FUNCTION_POINTER
        case Pointer():
            return POINTER
        case Named(name):
            definition = contract.definitions.get(name)
            if isinstance(definition, Enum):
                return SIGNED if definition.repr.startswith("i") else UNSIGNED
            return AGGREGATE
    return UNMEASURED
