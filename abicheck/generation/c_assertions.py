"""Computed layouts -> static assertions that hold a compiler to them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from abicheck.generation.c_definitions import INT_MAX, literal
from abicheck.generation.c_text import fold
from abicheck.generation.c_types import declare
from abicheck.generation.plan import (
    EnumRecord,
    ExportRecord,
    OpaqueRecord,
    StructRecord,
    expanded,
)
from abicheck.model.layout import StructLayout
from abicheck.model.paths import struct_of
from abicheck.model.types import Array, Pointer, Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from abicheck.generation.c_names import Names
    from abicheck.generation.c_targets import Sheets
    from abicheck.generation.plan import FieldRecord, Plan
    from abicheck.model.layout import Layouts
    from abicheck.model.types import Enum, EnumValue, Field, Type

    Path = tuple[tuple[str, int], ...]


UINT_MAX = 2**32 - 1


def pointer_to(type_: Type, names: Names, *, is_const: bool = False) -> str:
    """Return the C type of a pointer to `type_`."""
    inner = "(*)" if isinstance(type_, Array) else "*"
    return declare(type_, inner, names, is_const=is_const)


class Assertions:
    """Writes the assertions of one contract."""

    def __init__(self, plan: Plan, names: Names, sheets: Sheets) -> None:
        """Prepare to write."""
        self.plan, self.names, self.sheets = plan, names, sheets
        self.definitions = plan.contract.definitions

    def layouts(self) -> Iterator[str]:
        """Yield the assertions on numbers, which hold on known targets."""
        for each in self.plan.records:
            match each:
                case StructRecord():
                    yield from self._struct(each)
                case OpaqueRecord(_, name) | EnumRecord(_, name):
                    yield from self._size(name, name)

    def types(self) -> Iterator[str]:
        """Yield the assertions on types and values, which hold everywhere."""
        for each in self.plan.records:
            match each:
                case StructRecord(struct) if struct.is_transparent:
                    yield self._holds(
                        f"{self.wrapped(each)} != 2",
                        f"{struct.name}: a wrapper of another type than the contract's",
                    )
                case StructRecord(struct):
                    for field in each.fields:
                        if field.field.bit_width is None:
                            yield from self._types(struct, field)
                case EnumRecord(enum):
                    for value in each.values:
                        yield self._holds(
                            f"{self._value(enum, value)} == {literal(value.value)}",
                            f"{enum.name}.{value.name}: another value than the contract's",
                        )
                case ExportRecord():
                    yield self._holds(
                        f"{self.bound(each)} != 2",
                        f"{each.name}: another type than the contract's",
                    )

    def _value(self, enum: Enum, value: EnumValue) -> str:
        """Return the expression of a value: Microsoft's enums are `int`, whatever they hold."""
        name = self.names.value(enum, value.name)
        is_wrapped = enum.repr == "C" and INT_MAX < value.value <= UINT_MAX
        return f"({name} & 0x{UINT_MAX:X})" if is_wrapped else name

    def _types(self, struct: Struct, field: FieldRecord) -> Iterator[str]:
        for name, found in self.same(struct, field):
            text = f"{struct.name}.{name}: another type than the contract's"
            yield self._holds(f"{found} != 2", text)

    def same(self, struct: Struct, field: FieldRecord) -> Iterator[tuple[str, str]]:
        """Yield each name that C knows a field by, with what says if its type is the contract's."""
        if field.name:
            yield field.name, self._same(struct, field.name, field.type)
        else:
            for _, leaf in self._inside(field.type):
                type_ = expanded(leaf.type, self.definitions)
                yield str(leaf.name), self._same(struct, str(leaf.name), type_)

    def _same(self, struct: Struct, name: str, type_: Type) -> str:
        macro, owner = self.names.macro("SAME"), self.names.type(struct.name)
        return f"{macro}({owner}, {self.names.field(name)}, {pointer_to(type_, self.names)})"

    def alignment(self, struct: Struct) -> str:
        """Return the expression of a struct's alignment."""
        macro = "WRAPPED_ALIGNMENT" if struct.is_transparent else "ALIGNMENT"
        return f"{self.names.macro(macro)}({self.names.type(struct.name)})"

    def wrapped(self, each: StructRecord) -> str:
        """Return the expression that says whether a transparent struct is what it wraps."""
        wanted = pointer_to(each.fields[0].type, self.names)
        return f"{self.names.macro('IS')}({self.names.type(each.name)}, {wanted})"

    def bound(self, export: ExportRecord) -> str:
        """Return the expression that says whether an export is declared with its prototype."""
        type_ = export.type
        if export.is_data:
            wanted = pointer_to(type_, self.names, is_const=not export.export.is_mutable)
        else:
            wanted = declare(Pointer(type_), "", self.names)
        return f"{self.names.macro('BOUND')}({export.name}, {wanted})"

    def _struct(self, each: StructRecord) -> Iterator[str]:
        struct = each.struct
        if not struct.is_partial or struct.size is not None:
            yield from self._size(each.name, each.name)
        if not struct.is_partial:
            numbers = self._numbers(each.name, lambda layout: layout.alignment)
            alignment = self.alignment(struct)
            if any(number is not None for number in numbers):
                yield self._holds(
                    f"{alignment} == {self._on(numbers, alignment)}",
                    f"{each.name}: another alignment than the contract's",
                )
        if struct.is_transparent:
            return
        for place, field in enumerate(each.fields):
            if field.field.bit_width is None:
                yield from self._offset(each, place, field)

    def _offset(self, each: StructRecord, place: int, field: FieldRecord) -> Iterator[str]:
        for steps, leaf in self.leaves(field):
            path = ((each.name, place), *steps)
            numbers = self.sheets.each(partial(_distance, path))
            offset = f"offsetof({self.names.type(each.name)}, {self.names.field(leaf)})"
            if any(number is not None for number in numbers):
                yield self._holds(
                    f"{offset} == {self._on(numbers, offset)}",
                    f"{each.name}.{leaf}: another offset than the contract's",
                )

    def declared_offset(self, struct: Struct, field: FieldRecord) -> str:
        """Return the computed offset of a field, for where nothing measures it."""
        listed = [each for each in struct.fields if each.bit_width is None or each.name]
        place = listed.index(field.field)
        offsets = self.sheets.each(partial(_distance, ((struct.name, place),)))
        return self.sheets.chosen([f"{each or 0}u" for each in offsets])

    def declared_bit_offset(self, struct: Struct, field: FieldRecord) -> str:
        """Return the computed offset of a bit-field, in bits."""
        listed = [each for each in struct.fields if each.bit_width is None or each.name]
        place = listed.index(field.field)
        offsets = self._numbers(struct.name, lambda layout: layout.fields[place].bit_offset)
        return self.sheets.chosen([f"{each or 0}u" for each in offsets])

    def leaves(self, field: FieldRecord) -> Iterator[tuple[Path, str]]:
        """Yield the names that C knows a field by, and the way to each through anonymous members.

        Bit-fields are left out: neither their offsets nor their types can be asked for.
        """
        if field.name:
            yield (), field.name
        else:
            yield from ((path, str(leaf.name)) for path, leaf in self._inside(field.type))

    def _inside(self, type_: Type) -> Iterator[tuple[Path, Field]]:
        struct = struct_of(type_, self.definitions)
        assert struct is not None
        listed = [each for each in struct.fields if each.bit_width is None or each.name]
        for place, field in enumerate(listed):
            here = ((struct.name, place),)
            if field.bit_width is not None:
                continue
            if field.name:
                yield here, field
            else:
                yield from ((here + path, leaf) for path, leaf in self._inside(field.type))

    def _size(self, name: str, subject: str) -> Iterator[str]:
        size = f"sizeof({self.names.type(name)})"
        numbers = self._numbers(name, lambda layout: layout.size)
        if any(number is not None for number in numbers):
            yield self._holds(
                f"{size} == {self._on(numbers, size)}",
                f"{subject}: another size than the contract's",
            )

    def _numbers(
        self, name: str, number: Callable[[StructLayout], int | None]
    ) -> tuple[int | None, ...]:
        def found(layouts: Layouts) -> int | None:
            layout = layouts.layout(name)
            return None if not hasattr(layout, "size") else number(layout)  # type: ignore[arg-type]

        return self.sheets.each(found)

    def _on(self, numbers: tuple[int | None, ...], otherwise: str) -> str:
        return self.sheets.chosen([otherwise if each is None else each for each in numbers])

    def _holds(self, condition: str, text: str) -> str:
        return "\n".join(fold(f'{self.names.macro("ASSERT")}({condition}, "{text}");'))


def _distance(path: Path, layouts: Layouts) -> int | None:
    """Return how far the field at the end of a path lies from the start of the first struct."""
    offset = 0
    for name, place in path:
        layout = layouts.layout(name)
        if not isinstance(layout, StructLayout) or layout.fields[place].offset is None:
            return None
        offset += layout.fields[place].offset or 0
    return offset
