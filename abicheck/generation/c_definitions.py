"""Definitions of a contract -> types of C and C++."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import GenerationError
from abicheck.generation.c_machinery import FLEXIBLE_POP, FLEXIBLE_PUSH
from abicheck.generation.c_order import in_order
from abicheck.generation.c_partial import UNSTATED, Gaps
from abicheck.generation.c_text import INDENT, fold, remarked
from abicheck.generation.c_types import declare, scalar
from abicheck.model.paths import see_through, struct_of
from abicheck.model.types import (
    Alias,
    Array,
    Enum,
    FunctionType,
    Opaque,
    Pointer,
    Scalar,
    Struct,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.generation.c_names import Names
    from abicheck.generation.c_targets import Sheets
    from abicheck.model.contract import Contract
    from abicheck.model.types import Field, Type

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
PLAIN_BIT_FIELDS = {"c_int", "c_uint", "bool"}
"""Types that C99 gives bit-fields; all others are extensions, which every compiler has."""


class Definitions:
    """Writes the types of one contract."""

    def __init__(self, contract: Contract, names: Names, sheets: Sheets) -> None:
        """Prepare to write."""
        self.contract, self.names, self.sheets = contract, names, sheets
        self.extension = names.macro("EXTENSION")

    def lines(self) -> Iterator[str]:
        """Yield every type, each behind those that it needs."""
        yield from self._wide_integers()
        yield from self._forward()
        for definition in self.contract.definitions.values():
            if isinstance(definition, Enum):
                yield from self._enum(definition)
        for definition in in_order(self.contract):
            match definition:
                case Alias():
                    yield from self._typedef(definition.name, definition.type, definition.free)
                case Struct(is_transparent=True):
                    yield from self._transparent(definition)
                case Struct():
                    yield from self._struct(definition)
                case Opaque() if definition.size is not None:
                    yield from self._opaque(definition)

    def _wide_integers(self) -> Iterator[str]:
        from abicheck.generation.plan import types_mentioned  # noqa: PLC0415

        used = {each.name for each in types_mentioned(self.contract) if isinstance(each, Scalar)}
        wide = sorted(used & {"i128", "u128"})
        if not wide:
            return
        yield "#if !defined(__SIZEOF_INT128__)"
        yield '#error "the contract has integers of 128 bits, and this compiler has none here"'
        yield "#endif"
        for name in wide:
            sign = "unsigned " if name == "u128" else ""
            yield f"__extension__ typedef {sign}__int128 {scalar(name, self.names)};"
        yield ""

    def _forward(self) -> Iterator[str]:
        found = False
        for definition in self.contract.definitions.values():
            name = self.names.type(definition.name)
            if isinstance(definition, Opaque) or (
                isinstance(definition, Struct) and not definition.is_transparent
            ):
                is_union = isinstance(definition, Struct) and definition.is_union
                yield f"typedef {'union' if is_union else 'struct'} {name} {name};"
                found = True
        if found:
            yield ""

    # Enums.

    def _enum(self, enum: Enum) -> Iterator[str]:
        name = self.names.type(enum.name)
        if enum.repr == "C":
            values = self._values(enum)
            wide = any(not INT_MIN <= each.value <= INT_MAX for each in enum.values)
            yield f"{f'{self.extension} ' if wide else ''}typedef enum {name} {{"
            yield from values
            yield f"}} {name};"
            yield ""
            return
        integer = scalar(enum.repr, self.names)
        yield "#if defined(__cplusplus)"
        yield f"enum {name} : {integer} {{"
        yield from self._values(enum)
        yield "};"
        yield "#else"
        yield f"typedef {integer} {name};"
        fitting = [each for each in enum.values if INT_MIN <= each.value <= INT_MAX]
        if fitting:
            yield "enum {"
            for each in fitting:
                yield f"{INDENT}{self.names.value(enum, each.name)} = {literal(each.value)},"
            yield "};"
        for each in enum.values:
            if each not in fitting:
                value = self.names.value(enum, each.name)
                yield f"#define {value} (({name}){literal(each.value)})"
        yield "#endif"
        yield ""

    def _values(self, enum: Enum) -> list[str]:
        lines = []
        for each in enum.values:
            since = f" /* since {each.since} */" if each.since else ""
            lines.append(
                f"{INDENT}{self.names.value(enum, each.name)} = {literal(each.value)},{since}"
            )
        if lines:  # C++98 apart, everybody takes a comma at the end; strict old C does not.
            head, comma, tail = lines[-1].partition(",")
            lines[-1] = head + tail if comma else head
        return lines

    # Aliases and wrappers.

    def _typedef(self, name: str, type_: Type, free: str | bool | None) -> Iterator[str]:
        yield from comment(ownership(free))
        yield from fold(f"typedef {declare(type_, self.names.type(name), self.names)};")
        yield ""

    def _transparent(self, struct: Struct) -> Iterator[str]:
        yield from comment("A wrapper that is passed like what it holds.")
        yield f"typedef {declare(struct.fields[0].type, self.names.type(struct.name), self.names)};"
        yield ""

    def _opaque(self, opaque: Opaque) -> Iterator[str]:
        name = self.names.type(opaque.name)
        sizes = self.sheets.each(lambda sheet: getattr(sheet.layout(opaque.name), "size", None))
        alignments = self.sheets.each(
            lambda sheet: getattr(sheet.layout(opaque.name), "alignment", None)
        )
        size = self.sheets.chosen([UNSTATED if each is None else each for each in sizes])
        alignment = self.sheets.chosen([each or 1 for each in alignments])
        yield from comment("Nobody looks into it; it is stored by value.")
        aligned = self.names.macro("ALIGNED")
        yield f"struct {aligned}({alignment}) {name} {{"
        yield f"{INDENT}unsigned char opaque[{size}];"
        yield "};"
        yield ""

    # Structs and unions.

    def _struct(self, struct: Struct) -> Iterator[str]:
        name = self.names.type(struct.name)
        is_flexible = any(map(self._is_open, struct.fields))
        yield from comment(_about(struct))
        if struct.is_partial:
            yield from Gaps(struct, self.sheets).unstated()
        yield from self._pack(struct, "push")
        if is_flexible:
            yield FLEXIBLE_PUSH
        yield f"{self._head(struct)} {name} {{"
        yield from self._fields(struct, INDENT)
        yield "};"
        if is_flexible:
            yield FLEXIBLE_POP
        yield from self._pack(struct, "pop")
        yield ""

    def _is_open(self, field: Field) -> bool:
        seen = see_through(field.type, self.contract.definitions)
        return isinstance(seen, Array) and seen.count is None

    def _pack(self, struct: Struct, what: str) -> Iterator[str]:
        if struct.packed == 1:
            yield f"{self.names.macro(f'PACK_{what.upper()}')}"
        elif struct.packed:
            number = f", {struct.packed}" if what == "push" else ""
            yield f"#pragma pack({what}{number})"

    def _unpack(self, around: Struct) -> Iterator[str]:
        """Yield what keeps the packing of a struct from an anonymous one inside it."""
        if around.packed == 1:
            yield f"{self.names.macro('PACK_NONE')}"
        elif around.packed:
            yield "#pragma pack(push)"
            yield "#pragma pack()"

    def _head(self, struct: Struct) -> str:
        words = ["union" if struct.is_union else "struct"]
        if struct.packed == 1:
            words.append(self.names.macro("PACKED"))
        if struct.align:
            words.append(f"{self.names.macro('ALIGNED')}({struct.align})")
        return " ".join(words)

    def _fields(self, struct: Struct, indent: str) -> Iterator[str]:
        gaps = Gaps(struct, self.sheets) if struct.is_partial else None
        for index, field in enumerate(struct.fields):
            if gaps:
                yield from gaps.before(index, indent)
            yield from self._field(field, struct, indent)
        if gaps:
            yield from gaps.behind(indent)

    def _field(self, field: Field, around: Struct, indent: str) -> Iterator[str]:
        inner = struct_of(field.type, self.contract.definitions)
        if field.name is None and field.bit_width is None:
            assert inner is not None
            if inner.is_partial or inner.is_transparent:
                raise GenerationError(
                    [f"{inner.subject}: C cannot write it as an anonymous member"]
                )
            yield from self._unpack(around)
            yield from self._pack(inner, "push")
            yield f"{indent}{self.extension} {self._head(inner)} {{ /* {inner.name} */"
            yield from self._fields(inner, indent + INDENT)
            yield f"{indent}}};"
            yield from self._pack(inner, "pop")
            yield from self._pack(around, "pop")
            return
        seen = see_through(field.type, self.contract.definitions)
        text = declare(field.type, self.names.field(field.name) if field.name else "", self.names)
        is_extension = self._is_open(field)
        if field.bit_width is not None:
            text += f" : {field.bit_width}"
            is_extension = not (isinstance(seen, Scalar) and seen.name in PLAIN_BIT_FIELDS)
        said = [f"since {field.since}"] if field.since else []
        said += [_nullability(seen)] if _nullability(seen) else []
        said += [ownership(field.free)] if ownership(field.free) else []
        extension = f"{self.extension} " if is_extension else ""
        yield from remarked(f"{indent}{extension}{text};", "; ".join(said))


def _about(struct: Struct) -> str:
    """Return what an author should know of a struct."""
    said = []
    if struct.is_partial:
        known = "Only a part of it is known"
        said.append(f"{known}: take no copy." if struct.size is None else f"{known}.")
    if struct.filled_by:
        who = {"plugin": "the plugin", "host": "the host", "both": "both sides"}[struct.filled_by]
        said.append(f"Filled by {who}.")
    if struct.size_field:
        said.append(f"Whoever fills it sets {struct.size_field} to its size.")
    return " ".join(said)


def _nullability(type_: Type) -> str:
    if isinstance(type_, Pointer):
        if type_.may_be_null is False:
            return "never NULL"
        if type_.may_be_null and isinstance(type_.to, FunctionType):
            return "may be NULL"
    return ""


def ownership(free: str | bool | None) -> str:
    """Return who takes back what a function returns, in words."""
    if free is None or free is True:
        return ""
    if free is False:
        return "what it returns is borrowed"
    if free == "host":
        return "what it returns goes back to the host"
    return f"what it returns goes back to {free}()"


def comment(text: str) -> Iterator[str]:
    """Yield a comment of one line, nothing for no text."""
    if text:
        yield f"/* {sentence(text)}{'' if text.endswith('.') else '.'} */"


def sentence(text: str) -> str:
    """Return text that begins with a capital."""
    return text[0].upper() + text[1:]


def literal(value: int) -> str:
    """Return an integer as C spells it, wide enough and without a warning."""
    if INT_MIN < value <= INT_MAX:
        return str(value)
    if value in {INT_MIN, -(2**63)}:
        return f"(-{abs(value) - 1}{'LL' if value < INT_MIN else ''} - 1)"
    return f"{value}LL" if value < 2**63 else f"{value}ULL"
