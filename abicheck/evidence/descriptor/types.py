"""The records of one descriptor -> layouts: what was measured goes before what is declared.

A type's id is its canonical spelling, as among the layouts of a contract. A field whose
measured kind or size is not that of its declared type has an id of its own, which leads to
what the compiler found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import BinaryError
from abicheck.evidence.descriptor import records as nd
from abicheck.evidence.descriptor.spelling import SpellingError, read_function, read_type
from abicheck.evidence.descriptor.vocabulary import VA_LIST_STRUCT, lay_out_scalar
from abicheck.model.layout import (
    BOOL,
    CHAR,
    FLOAT,
    SIGNED,
    UNSIGNED,
    ArrayLayout,
    EnumLayout,
    FieldLayout,
    FunctionLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    UnknownLayout,
)
from abicheck.model.records import replace
from abicheck.model.types import (
    Array,
    FunctionType,
    Named,
    Pointer,
    Scalar,
    Type,
    Void,
    type_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from abicheck.model.evidence import Origin
    from abicheck.model.layout import TypeId, TypeLayout
    from abicheck.model.target import Target

UNMEASURED, POINTER, FUNCTION_POINTER, AGGREGATE, ARRAY = 0, 5, 6, 7, 16
FLOAT_KIND = 4
SCALARS = {1: UNSIGNED, 2: SIGNED, 3: BOOL, FLOAT_KIND: FLOAT}
KINDS_OF = {
    UNSIGNED: frozenset({1}), SIGNED: frozenset({2}), CHAR: frozenset({1, 2}),
    BOOL: frozenset({3}), FLOAT: frozenset({4}),
}  # fmt: skip
"""What may be measured of a scalar: nobody counts on the sign of a character."""

KINDS = {
    1: "unsigned integers", 2: "signed integers", 3: "bool", 4: "floating-point numbers",
    5: "pointers", 6: "function pointers", 7: "structs or unions",
}  # fmt: skip
"""What the elements of an array are, by the measured kind."""

ANY = frozenset(range(256))
DEEPEST = 64


class DescribedTypes:
    """The types of one descriptor. Reads every type in it at once, so that none fails later."""

    def __init__(
        self, said: nd.Descriptor, target: Target, file: str, locate: Callable[[int], Origin]
    ) -> None:
        """Read every type.

        Raises:
            BinaryError: one cannot be read.
        """
        self.said, self.target, self.file, self.locate = said, target, file, locate
        self._types: dict[str, Type] = {}
        self._layouts: dict[TypeId, TypeLayout] = {}
        for record in said.types.values():
            for field in getattr(record, "fields", ()):
                self.demand(self._read(read_type, field.type, field.file_offset))
        self._exports: dict[tuple[str, bool], Type] = {}
        for key, export in said.exports.items():
            read = read_type if export.is_data else read_function
            type_ = self._read(read, export.type, export.file_offset)
            self._exports[key] = type_
            self.demand(type_)

    def _read(self, read: Callable[[str], Type], text: str, at: int) -> Type:
        try:
            return read(text)
        except SpellingError:
            raise BinaryError(
                self.file, f"descriptor: no type: {text[:80]!r}", file_offset=at
            ) from None

    def demand(self, type_: Type) -> str:
        """Return the id of a type, under which its layout is found."""
        key = type_id(type_)
        self._types.setdefault(key, type_)
        return key

    def layout(self, key: TypeId) -> TypeLayout:
        """Return the layout of a type."""
        known = self._layouts.get(key)
        if known is None:
            known = self._layouts[key] = self._lay_out(key)
        return known

    def _lay_out(self, key: TypeId) -> TypeLayout:
        if isinstance(key, tuple):
            return self._measured(key)
        if key == VA_LIST_STRUCT:
            return StructLayout("__va_list_tag", None, ())
        type_ = self._types.get(str(key)) or Named(str(key))
        match type_:
            case Scalar(name):
                return lay_out_scalar(name, self.said, self.target)
            case Pointer(to, _, may_be_null):
                target = None if isinstance(to, Void) else self.demand(to)
                return PointerLayout(self.said.pointer_size, target, may_be_null)
            case Array(element, count):
                return self._array(element, count)
            case FunctionType():
                return self._function(type_)
            case Named(name):
                return self._named(name)
        return UnknownLayout("c_void has no size")

    def _array(self, element: Type, count: int | None) -> TypeLayout:
        inner = self.demand(element)
        size = _size_of(self.layout(inner))
        whole = None if size is None or count is None else size * count
        return ArrayLayout(inner, count, whole)

    def _function(self, function: FunctionType) -> FunctionLayout:
        result = None if isinstance(function.result, Void) else self.demand(function.result)
        return FunctionLayout(
            parameters=tuple(self.demand(each.type) for each in function.parameters),
            result=result,
            is_variadic=function.is_variadic,
            convention=function.convention,
        )

    def _named(self, name: str) -> TypeLayout:
        found = self.said.types.get(name)
        if found is None:
            return OpaqueLayout(name)
        origin = self.locate(found.file_offset)
        match found:
            case nd.OpaqueRecord(_, size, alignment):
                return OpaqueLayout(name, size, alignment)
            case nd.EnumRecord(_, size, is_signed, values):
                return EnumLayout(name, size, is_signed, values, origin=origin)
            case nd.StructRecord():
                return StructLayout(
                    name=name,
                    size=found.size,
                    fields=tuple(
                        self._field(name, at, each) for at, each in enumerate(found.fields)
                    ),
                    is_union=found.is_union,
                    alignment=found.alignment,
                    is_partial=bool(found.flags & nd.PARTIAL),
                    is_transparent=bool(found.flags & nd.TRANSPARENT),
                    origin=origin,
                )

    def _field(self, struct: str, index: int, field: nd.FieldRecord) -> FieldLayout:
        if field.bits is not None:
            bit_offset, width = field.bits
            return FieldLayout(
                name=field.name,
                type=self.demand(read_type(field.type)),
                offset=bit_offset // 8,
                bit_offset=bit_offset,
                bit_size=width,
                origin=self.locate(field.file_offset),
            )
        declared = read_type(field.type)
        is_declared = self._is_as_declared(field, declared)
        type_ = self.demand(declared) if is_declared else (struct, index)
        origin = self.locate(field.file_offset)
        return FieldLayout(field.name, type_, field.offset, free=field.free, origin=origin)

    # What was measured, held against what is declared.

    def record_of(self, key: tuple[str, int]) -> nd.FieldRecord | nd.ExportRecord:
        """Return the record that an id of a field, or of an export, stands for."""
        name, index = key
        if index < 0:
            return self.said.exports[name, index == DATA]
        found = self.said.types[name]
        assert isinstance(found, nd.StructRecord)
        return found.fields[index]

    def declared(self, key: TypeId) -> Type:
        """Return the type that is declared under an id."""
        if not isinstance(key, tuple):
            return self._types.get(str(key)) or Named(str(key))
        if key[1] < 0:
            return self._exports[key[0], key[1] == DATA]
        return read_type(self.record_of(key).type)

    def _is_as_declared(self, field: nd.FieldRecord, declared: Type) -> bool:
        """Whether all that was measured of a field is so of its declared type."""
        kinds, size = self._extent(declared)
        if size is not None and size != field.size:
            return False
        if field.kind == UNMEASURED:
            return field.agreement == nd.SAME
        # The bits of a number are all there is to it, whatever its type is called.
        is_known = field.agreement != nd.DIFFERENT or field.kind in SCALARS
        is_unsized_number = size is None and field.kind == FLOAT_KIND
        return field.kind in kinds and is_known and not is_unsized_number

    def _measured(self, key: tuple[str, int]) -> TypeLayout:
        """Return what a compiler found that is not as declared."""
        found = self.record_of(key)
        if isinstance(found, nd.ExportRecord):
            return self._export(found, self._exports[found.name, found.is_data])
        kinds, size = self._extent(read_type(found.type))
        if found.kind == UNMEASURED and size in {None, found.size}:
            return UnknownLayout("the compiler that built the plugin was not asked for its kind")
        if found.kind in kinds and size in {None, found.size}:
            if found.kind in SCALARS:
                return ScalarLayout(SCALARS[found.kind], found.size, found.type)
            other = f"another type than {found.type}"
            return OpaqueLayout(other, found.size, is_complete=True)
        return _other(found.kind, found.size)

    def _export(self, found: nd.ExportRecord, declared: Type) -> TypeLayout:
        if isinstance(declared, FunctionType):
            return replace(self._function(declared), free=found.free)
        is_open = isinstance(declared, Array) and declared.count is None
        if is_open or self._extent(declared)[1] in {None, found.size}:
            return self.layout(self.demand(declared))
        return OpaqueLayout(f"a type of {found.size} bytes", found.size, is_complete=True)

    def _extent(self, type_: Type, depth: int = 0) -> tuple[frozenset[int], int | None]:
        """Return the kinds that may be measured of a declared type, and its size if known."""
        match type_:
            case Pointer(to):
                is_function = isinstance(to, FunctionType)
                kind = FUNCTION_POINTER if is_function else POINTER
                return frozenset({kind}), self.said.pointer_size
            case Array(element, count):
                kinds, size = self._extent(element, depth + 1)
                whole = 0 if count is None else None if size is None else size * count
                return frozenset(ARRAY + kind % ARRAY for kind in kinds), whole
            case Scalar("va_list"):
                return ANY, None
            case Scalar(name):
                layout = lay_out_scalar(name, self.said, self.target)
                if not isinstance(layout, ScalarLayout):
                    return frozenset({FLOAT_KIND}), None
                is_either = layout.kind == CHAR or name == "wchar_t"
                return KINDS_OF[CHAR if is_either else layout.kind], layout.size
            case Named(name):
                return self._named_extent(name, depth)
        return frozenset(), None

    def _named_extent(self, name: str, depth: int) -> tuple[frozenset[int], int | None]:
        found = self.said.types.get(name)
        match found:
            case None:
                return frozenset(), None
            case nd.EnumRecord():
                return KINDS_OF[CHAR], found.size
            case nd.OpaqueRecord():
                return ANY, found.size
        kinds = frozenset({AGGREGATE})
        if found.flags & nd.TRANSPARENT and len(found.fields) == 1 and depth < DEEPEST:
            kinds |= self._extent(read_type(found.fields[0].type), depth + 1)[0]
        return kinds, found.size


FUNCTION, DATA = -1, -2
"""In place of a field's index: an export."""


def _other(kind: int, size: int) -> TypeLayout:
    """Return what a compiler found where something else is declared."""
    if kind in SCALARS:
        return ScalarLayout(SCALARS[kind], size)
    words = {
        UNMEASURED: "another type", POINTER: "a pointer to an object",
        FUNCTION_POINTER: "a pointer to a function", AGGREGATE: "a struct or union",
    }  # fmt: skip
    text = words.get(kind) or f"an array of {KINDS.get(kind - ARRAY, 'something else')}"
    return OpaqueLayout(f"{text} of {size} bytes", size, is_complete=True)


def _size_of(layout: TypeLayout) -> int | None:
    if isinstance(layout, ArrayLayout) and layout.count is None:
        return 0
    return getattr(layout, "size", None)
