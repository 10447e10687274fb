"""Definitions -> C whose compiled constants hold every size, alignment and offset."""

from __future__ import annotations

import re
import struct as bytes_of
from typing import TYPE_CHECKING

from abicheck.model.types import Array, Enum, FunctionType, Named, Pointer, Scalar, Struct, Void

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from abicheck.model.types import Definition, Field, Type

TABLE_MARK = 0xFEEDC0DE8BADF00D
BITS_MARK = b"bits: %06d.%03d"
"""Sixteen bytes before each struct whose one bit-field is all ones."""

C_NAMES = {
    "u8": "unsigned char", "u16": "unsigned short", "u32": "unsigned int",
    "u64": "unsigned long long", "i8": "signed char", "i16": "short", "i32": "int",
    "i64": "long long", "u128": "unsigned __int128", "i128": "__int128",
    "f32": "float", "f64": "double", "bool": "_Bool", "c_char": "char", "c_schar": "signed char",
    "c_uchar": "unsigned char", "c_short": "short", "c_ushort": "unsigned short", "c_int": "int",
    "c_uint": "unsigned int", "c_long": "long", "c_ulong": "unsigned long",
    "c_longlong": "long long", "c_ulonglong": "unsigned long long", "c_float": "float",
    "c_double": "double", "c_longdouble": "long double", "wchar_t": "__WCHAR_TYPE__",
    "usize": "__UINTPTR_TYPE__", "isize": "__INTPTR_TYPE__", "size_t": "__SIZE_TYPE__",
    "ssize_t": "__PTRDIFF_TYPE__", "ptrdiff_t": "__PTRDIFF_TYPE__",
    "intptr_t": "__INTPTR_TYPE__", "uintptr_t": "__UINTPTR_TYPE__", "va_list": "__builtin_va_list",
    "uint8_t": "__UINT8_TYPE__", "uint16_t": "__UINT16_TYPE__", "uint32_t": "__UINT32_TYPE__",
    "uint64_t": "__UINT64_TYPE__", "int8_t": "__INT8_TYPE__", "int16_t": "__INT16_TYPE__",
    "int32_t": "__INT32_TYPE__", "int64_t": "__INT64_TYPE__",
}  # fmt: skip


class Measured:
    """What a compiler made of one struct: bytes, and (bit offset, width) of bit-fields, by name."""

    def __init__(self, size: int, alignment: int) -> None:
        self.size, self.alignment = size, alignment
        self.offsets: dict[str, int] = {}
        self.bits: dict[str, tuple[int, int]] = {}


def c_source(definitions: Mapping[str, Definition]) -> str:
    """Return one translation unit that defines and measures everything; for `-fms-extensions`.

    That lets an anonymous member be of a type with a name, as contracts have it.
    """
    lines = [_definition(each) for each in definitions.values()]
    expressions = [text for _, _, text in _expressions(definitions)]
    count = len(expressions)
    lines.append("extern const unsigned long long TABLE[];")
    lines.append(f"const unsigned long long TABLE[] = {{{TABLE_MARK:#x}ull, {count}ull,")
    lines.extend(f"(unsigned long long)({text})," for text in expressions)
    lines.append("};")
    lines.extend(_probes(definitions))
    return "\n".join(lines) + "\n"


def measure(binary: bytes, definitions: Mapping[str, Definition]) -> dict[str, Measured]:
    """Read back from an object file what `c_source` put there."""
    found: dict[str, Measured] = {}
    values = read_table(binary)
    sizes: dict[tuple[str, str], int] = {}
    for (name, what, _), value in zip(_expressions(definitions), values, strict=True):
        sizes[name, what] = value
    for name, struct in _structs(definitions):
        measured = Measured(sizes[name, "size"], sizes[name, "alignment"])
        for field in struct.fields:
            if field.bit_width is None:
                label, member = _named(field, definitions)
                measured.offsets[label] = sizes[name, member]
        found[name] = measured
    _read_bits(binary, definitions, found)
    return found


def read_table(binary: bytes) -> list[int]:
    """Return the values behind the mark, in the byte order in which the mark is found."""
    for order in "<>":
        at = binary.find(bytes_of.pack(f"{order}Q", TABLE_MARK))
        if at >= 0:
            (count,) = bytes_of.unpack_from(f"{order}Q", binary, at + 8)
            return list(bytes_of.unpack_from(f"{order}{count}Q", binary, at + 16))
    raise AssertionError("the object file holds no table")


def _structs(definitions: Mapping[str, Definition]) -> Iterator[tuple[str, Struct]]:
    for name, definition in definitions.items():
        if isinstance(definition, Struct):
            yield name, definition


def _expressions(definitions: Mapping[str, Definition]) -> Iterator[tuple[str, str, str]]:
    for name, definition in definitions.items():
        if isinstance(definition, Enum):
            yield name, "size", f"sizeof(enum {name})"
            continue
        assert isinstance(definition, Struct)
        tag = f"{_keyword(definition)} {name}"
        yield name, "size", f"sizeof({tag})"
        yield name, "alignment", f"_Alignof({tag})"
        for field in definition.fields:
            if field.bit_width is None:
                _, member = _named(field, definitions)
                yield name, member, f"__builtin_offsetof({tag}, {member})"


def _named(field: Field, definitions: Mapping[str, Definition]) -> tuple[str, str]:
    """Return a field's name, and by what C knows it: an anonymous member, its first one."""
    if field.name:
        return field.name, field.name
    assert isinstance(field.type, Named)
    inner = definitions[field.type.name]
    assert isinstance(inner, Struct)
    return field.type.name, str(inner.fields[0].name)


def _keyword(struct: Struct) -> str:
    return "union" if struct.is_union else "struct"


def _definition(definition: Definition) -> str:
    if isinstance(definition, Enum):
        values = ", ".join(f"{each.name} = {each.value}ll" for each in definition.values)
        return f"enum {definition.name} {{ {values} }};"
    assert isinstance(definition, Struct)
    attributes = []
    if definition.packed == 1:
        attributes.append("packed")
    if definition.align:
        attributes.append(f"aligned({definition.align})")
    marks = f" __attribute__(({', '.join(attributes)}))" if attributes else ""
    body = " ".join(f"{_declaration(field)};" for field in definition.fields)
    text = f"{_keyword(definition)} {definition.name} {{ {body} }}{marks};"
    if definition.packed and definition.packed > 1:
        return f"#pragma pack(push, {definition.packed})\n{text}\n#pragma pack(pop)"
    return text


def _declaration(field: Field) -> str:
    if field.bit_width is None and field.name is None:
        assert isinstance(field.type, Named)
        return declare(field.type, "")
    text = declare(field.type, field.name or "")
    return text if field.bit_width is None else f"{text} : {field.bit_width}"


def declare(type_: Type, name: str) -> str:
    """Return the C declaration of `name` with a type."""
    match type_:
        case Scalar(scalar):
            return f"{C_NAMES[scalar]} {name}"
        case Array(element, count):
            return declare(element, f"{name}[{'' if count is None else count}]")
        case Pointer(FunctionType()):
            return f"void (*{name})(void)"
        case Pointer():
            return f"void *{name}"
        case Named(other):
            return f"{_keyword_by_name(other)} {other} {name}"
        case Void() | FunctionType():
            raise AssertionError(type_)


def _keyword_by_name(name: str) -> str:
    if re.fullmatch(r"[SA]\d+", name):
        return "struct"
    return "union" if re.fullmatch(r"[UB]\d+", name) else "enum"


def _probes(definitions: Mapping[str, Definition]) -> Iterator[str]:
    """Yield one constant for each bit-field, in which that alone is all ones."""
    for number, (name, struct) in enumerate(_structs(definitions)):
        for index, field in enumerate(struct.fields):
            if field.bit_width and field.name:
                mark = (BITS_MARK % (number, index)).decode()
                letters = ", ".join(str(ord(letter)) for letter in mark)
                probe, tag = f"{number}_{index}", f"{_keyword(struct)} {name}"
                ones = f"({declare(field.type, '')})-1"
                yield (
                    f"struct P{probe} {{ unsigned char mark[16]; {tag} s; }};"
                    f"extern const struct P{probe} p{probe};"
                    f"const struct P{probe} p{probe} = "
                    f"{{ {{ {letters} }}, {{ .{field.name} = {ones} }} }};"
                )


def _read_bits(
    binary: bytes, definitions: Mapping[str, Definition], found: Mapping[str, Measured]
) -> None:
    for number, (name, struct) in enumerate(_structs(definitions)):
        measured = found[name]
        for index, field in enumerate(struct.fields):
            if field.bit_width and field.name:
                at = binary.index(BITS_MARK % (number, index))
                start = at + -(-16 // measured.alignment) * measured.alignment
                image = binary[start : start + measured.size]
                measured.bits[field.name] = (0, 0)
                measured.bits[field.name] = _run_of_ones(image, is_big=_is_big(binary))


def _is_big(binary: bytes) -> bool:
    return bytes_of.pack(">Q", TABLE_MARK) in binary


def _run_of_ones(image: bytes, *, is_big: bool) -> tuple[int, int]:
    text = "".join(f"{byte:08b}" if is_big else f"{byte:08b}"[::-1] for byte in image)
    run = re.fullmatch("0*(1+)0*", text)
    assert run, f"the bits of one field do not lie together: {text}"
    return run.start(1), len(run[1])
