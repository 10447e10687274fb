"""Computed layouts -> static assertions that hold a compiler to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.c_definitions import literal
from abicheck.generation.c_text import fold
from abicheck.generation.c_types import declare
from abicheck.generation.plan import EnumRecord, ExportRecord, OpaqueRecord, StructRecord
from abicheck.model.layout import StructLayout
from abicheck.model.paths import struct_of
from abicheck.model.types import Array, Pointer, Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from abicheck.generation.c_names import Names
    from abicheck.generation.c_targets import Sheets
    from abicheck.generation.plan import FieldRecord, Plan
    from abicheck.model.layout import FieldLayout, Layouts
    from abicheck.model.types import Type


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
                        if field.field.bit_width is None and field.name:
                            yield self._holds(
                                f"{self.same(struct, field)} != 2",
                                f"{struct.name}.{field.name}: another type than the contract's",
                            )
                case EnumRecord(enum):
                    for value in each.values:
                        yield self._holds(
                            f"{self.names.value(enum, value.name)} == {literal(value.value)}",
                            f"{enum.name}.{value.name}: another value than the contract's",
                        )
                case ExportRecord():
                    yield self._holds(
                        f"{self.bound(each)} != 2",
                        f"{each.name}: another type than the contract's",
                    )

    def same(self, struct: Struct, field: FieldRecord) -> str:
        """Return the expression that says whether a field has the type that the contract says."""
        type_, name = self.names.type(struct.name), self.names.field(field.name)
        wanted = pointer_to(field.type, self.names)
        return f"{self.names.macro('SAME')}({type_}, {name}, {wanted})"

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
        path = self.first_name(field)
        if path is None:
            return
        name = self.names.type(each.name)
        offset = f"offsetof({name}, {path})"
        numbers = self._numbers(each.name, lambda layout: layout.fields[place].offset)
        inner = self._inner_offset(field)
        moved = tuple(
            None if a is None or b is None else a + b for a, b in zip(numbers, inner, strict=True)
        )
        if any(number is not None for number in moved):
            yield self._holds(
                f"{offset} == {self._on(moved, offset)}",
                f"{each.name}.{field.name or path}: another offset than the contract's",
            )

    def first_name(self, field: FieldRecord) -> str | None:
        """Return by which name C finds a field: of an anonymous member, its first named field."""
        if field.name:
            return self.names.field(field.name)
        first = self._first(field.type)
        return None if first is None else self.names.field(first[-1][1])

    def _first(self, type_: Type) -> list[tuple[str, str]] | None:
        """Return (struct, field) of each step to the first ordinary field that has a name."""
        struct = struct_of(type_, self.definitions)
        assert struct is not None
        for inner in struct.fields:
            if inner.bit_width is not None:
                continue
            if inner.name:
                return [(struct.name, inner.name)]
            further = self._first(inner.type)
            if further:
                return further
        return None

    def _inner_offset(self, field: FieldRecord) -> tuple[int | None, ...]:
        """Return how far the first named field lies behind the start of an anonymous member."""
        if field.name:
            return tuple(0 for _ in self.sheets.layouts)
        return self.sheets.each(lambda layouts: _distance(layouts, str(field.text)))

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


def _distance(layouts: Layouts, name: str) -> int | None:
    layout = layouts.layout(name)
    if not isinstance(layout, StructLayout):
        return None
    for field in layout.fields:
        if field.bit_size is not None:
            continue
        return _start(layouts, field)
    return None


def _start(layouts: Layouts, field: FieldLayout) -> int | None:
    if field.name is not None or field.offset is None:
        return field.offset
    further = _distance(layouts, str(field.type))
    return None if further is None else field.offset + further
