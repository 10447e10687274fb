"""Shapes of arrays, structs and unions: the classes that Python sees, made from layouts.

Every field is found by the offset that abicheck computed, never by one of ctypes's, so that
packed, over-aligned and partial structs, unions and bit-fields are all the same to it.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from abicheck.errors import ArgumentRangeError, ArgumentTypeError, UncallableError
from abicheck.model.layout import BOOL, SIGNED, EnumLayout, ScalarLayout
from abicheck.runtime.memory import Allocation, keep_with, read_bits, write_bits
from abicheck.runtime.shapes import (
    EnumShape,
    Integer,
    Missing,
    Shape,
    integer_within,
    limits,
    wrong,
)
from abicheck.runtime.views import Array, FieldAccess, StructView, View, make_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from abicheck.model.layout import FieldLayout, StructLayout
    from abicheck.runtime.pointers import FunctionPointerShape
    from abicheck.runtime.vocabulary import Vocabulary

_set_count = Array.__dict__["_count"].__set__
DEEPEST_SLOTS = 8
MOST_SLOTS = 4096
"""How far required function pointers are looked for inside one struct."""


class ArrayShape(Shape):
    """An array in memory; `count` is None for a flexible one."""

    def __init__(
        self,
        spelled: str,
        element: Shape,
        count: int | None,
        alignment: int | None,
        vocabulary: Vocabulary,
    ) -> None:
        """Make the class of its views."""
        size = None if count is None else count * element.known_size()
        super().__init__(spelled, element.key, size, alignment)
        self.element, self.count = element, count
        members = {
            "__slots__": (),
            "_shape": element,
            "_keeper": vocabulary.keeper,
            "_named": spelled,
            "_key": element.key,
        }
        self.cls: type[Array] = type("Array", (Array,), members)

    def at(self, address: int, count: int | None, hold: list[object], owner: object) -> Array:
        """Return a view of an array that has so many elements."""
        view = make_view(self.cls, address, hold, owner)
        _set_count(view, count)
        return view

    def read(self, address: int, hold: list[object], owner: View) -> Array:
        """Return a view; a flexible array has as many elements as Python allocated."""
        count = self.count
        root = owner._owner
        if count is None and isinstance(root, Allocation):
            room = root.address + root.size - address
            count = room // (self.element.known_size() or 1)
        return self.at(address, count, hold, owner)

    def convert(self, value: object, where: str) -> list[object]:
        """Take as many values as there are elements, or fewer: the rest is zero."""
        if isinstance(value, str):
            hint = "; encode it: text.encode()" if self.key == "1" else ""
            wrong(where, self.spelled, value, hint)
        try:
            values: list[object] = list(value)  # type: ignore[call-overload]
        except TypeError:
            wrong(where, self.spelled, value)
        if self.count is not None and len(values) > self.count:
            raise ArgumentRangeError(
                f"{where}: expected {self.spelled}, got {len(values)} elements"
            )
        return values

    def write(self, address: int, value: object, where: str, view: View) -> None:
        """Change all elements; what is not given becomes zero."""
        if isinstance(value, bytes | bytearray) and self.key == "1":
            self.convert(value, where)
            self._clear(address)
            ctypes.memmove(address, bytes(value), len(value))
            return
        values = self.convert(value, where)
        whole = self.at(address, self.count, view._hold, view)
        if self.count is None:
            room = len(self.read(address, view._hold, view))
            if len(values) > room:
                raise ArgumentRangeError(f"{where}: there is room for {room} elements")
        else:
            self._clear(address)
        step = self.element.known_size()
        for index, each in enumerate(values):
            self.element.write(address + index * step, each, f"{where}[{index}]", whole)

    def _clear(self, address: int) -> None:
        if self.size:
            ctypes.memset(address, 0, self.size)


class StructShape(Shape):
    """A struct or union. Its class is made when it is first wanted."""

    def __init__(self, name: str, layout: StructLayout, vocabulary: Vocabulary) -> None:
        """Describe a struct by its layout."""
        super().__init__(name, f"struct {name}", layout.size, layout.alignment)
        self.layout, self.vocabulary = layout, vocabulary
        self.members: list[tuple[FieldLayout, Shape]] = []
        self._cls: type[StructView] | None = None
        self._by_value: Any = None

    @property
    def cls(self) -> type[StructView]:
        """The class of its views, which users call to make one."""
        if self._cls is None:
            self._cls = _make_class(self)
        return self._cls

    def ctype(self) -> Any:  # noqa: ANN401
        """Return a structure of ctypes that was compared with the layout.

        Raises: UncallableError.
        """
        if self._by_value is None:
            from abicheck.runtime.by_value import structure_for  # noqa: PLC0415 (rare)

            self._by_value = structure_for(self)
        return self._by_value

    @property
    def is_filled_by_host(self) -> bool:
        """Whether the contract says that hosts alone fill it in."""
        definition = self.vocabulary.definitions.get(self.layout.name)
        return getattr(definition, "filled_by", None) == "host"

    @property
    def inner(self) -> Shape | None:
        """The shape of the one field of a transparent struct, as which it is passed."""
        return self.members[0][1] if self.layout.is_transparent and self.members else None

    def convert(self, value: object, where: str) -> object:
        """Take a view of this struct, of which ctypes copies the memory."""
        from abicheck.runtime.pointers import check_filled  # noqa: PLC0415 (a cycle)

        if not isinstance(value, self.cls):
            wrong(where, self.spelled, value)
        address = value._at()
        if isinstance(value._owner, Allocation):
            check_filled(value, list(self.slots()), where)
        if self.inner is not None:
            return self.inner.convert(self.inner.read(address, value._hold, value), where)
        return self.ctype().from_address(address)

    def take(self, raw: Any, hold: list[object], owner: object) -> StructView:  # noqa: ANN401
        """Return a view of a copy that belongs to Python."""
        del hold, owner
        keeper = self.vocabulary.keeper
        if isinstance(raw, ctypes.Structure):
            made = Allocation.of(raw)
            return make_view(self.cls, made.address, keeper.hold, made)
        made = Allocation(self.known_size(), self.alignment or 1)
        self.inner.ctype().from_address(made.address).value = raw  # type: ignore[union-attr]
        return make_view(self.cls, made.address, keeper.hold, made)

    def read(self, address: int, hold: list[object], owner: View) -> StructView:
        """Return a view of the struct inside."""
        return make_view(self.cls, address, hold, owner)

    def write(self, address: int, value: object, where: str, view: View) -> None:
        """Copy another struct of the type, with whatever its pointers lead to kept alive."""
        if isinstance(value, dict):
            value = self.cls(**value)
        if not isinstance(value, self.cls):
            wrong(where, self.spelled, value)
        ctypes.memmove(address, value._at(), self.known_size())
        keep_with(view, address, value)

    def slots(self, depth: int = 0) -> Iterator[tuple[str, int]]:
        """Yield (name, offset) of each function pointer by value that must not be NULL."""
        if self.layout.is_union or depth > DEEPEST_SLOTS:
            return
        for field, shape in self.members:
            if field.offset is not None:
                for name, offset in slots_in(shape, depth):
                    yield joined(field.name, name), field.offset + offset


def joined(outer: str | None, inner: str) -> str:
    """Return the path of a field or element inside something that may have no name."""
    dot = "." if outer and inner and not inner.startswith("[") else ""
    return f"{outer or ''}{dot}{inner}"


def slots_in(shape: Shape, depth: int = 0) -> Iterator[tuple[str, int]]:
    """Yield (name, offset) of the required function pointers in a value of a shape."""
    from abicheck.runtime.pointers import FunctionPointerShape  # noqa: PLC0415 (a cycle)

    match shape:
        case FunctionPointerShape(may_be_null=False):
            yield "", 0
        case StructShape():
            yield from shape.slots(depth + 1)
        case ArrayShape(count=int(count)):
            inner = list(slots_in(shape.element, depth + 1))
            step = shape.element.known_size()
            for index in range(min(count, MOST_SLOTS) if inner else 0):
                for name, offset in inner:
                    tail = f".{name}" if name else ""
                    yield f"[{index}]{tail}", index * step + offset


# The class of one struct.


def _make_class(shape: StructShape) -> type[StructView]:
    vocabulary = shape.vocabulary
    fields: dict[str, FieldAccess] = {}
    methods: dict[str, object] = {}
    cells: list[str] = []
    _add_fields(shape, 0, fields, methods, cells)
    members: dict[str, object] = {
        "__slots__": tuple(cells),
        "__doc__": _describe(shape),
        "__module__": "abicheck.plugin",
        "_keeper": vocabulary.keeper,
        "_named": shape.spelled,
        "_key": shape.key,
        "_fields": fields,
        "_struct": shape,
        "__init__": _initialiser(shape),
    }
    reserved = set(dir(StructView)) | {"free", "__enter__", "__exit__"}
    for name, access in fields.items():
        if name not in reserved:
            members[name] = methods.get(name) or property(access.get, access.set)
    if methods:
        members["__setattr__"] = _setter(fields)
    return type(shape.spelled, (StructView,), members)


def _describe(shape: StructShape) -> str:
    rows = [f"    {field.name or '_'}: {each.spelled}" for field, each in shape.members]
    kind = "union" if shape.layout.is_union else "struct"
    return "\n".join([f"The {kind} {shape.spelled} of the contract.", "", *rows])


def _setter(fields: dict[str, FieldAccess]) -> Callable[[View, str, object], None]:
    """Return a `__setattr__` for structs some of whose fields are methods."""

    def set_attribute(self: View, name: str, new: object) -> None:
        if name in fields:
            fields[name].set(self, new)
        else:
            object.__setattr__(self, name, new)

    return set_attribute


def _initialiser(shape: StructShape) -> Callable[..., None]:
    def initialise(self: StructView, _count: int = 0, /, **values: object) -> None:
        if shape.size is None:
            raise UncallableError(f"{shape.spelled}: its size is not known here")
        size = shape.size + _extra(shape, _count)
        made = Allocation(size, shape.alignment or 1)
        View.__dict__["_address"].__set__(self, made.address)
        View.__dict__["_hold"].__set__(self, shape.vocabulary.keeper.hold)
        View.__dict__["_owner"].__set__(self, made)
        sized = shape.vocabulary.size_field(shape.layout.name)
        if sized in self._fields and sized not in values:
            values[sized] = size
        for name, value in values.items():
            if name not in self._fields:
                known = ", ".join(self._fields)
                raise ArgumentTypeError(f"{shape.spelled} has no field {name!r}; it has {known}")
            self._fields[name].set(self, value)

    initialise.__doc__ = f"Make a {shape.spelled} of zeros, then set the fields given by name."
    return initialise


def _extra(shape: StructShape, count: int) -> int:
    """Return the bytes of `count` elements of a flexible array at the end."""
    if not count:
        return 0
    last = shape.members[-1][1] if shape.members else None
    if not isinstance(last, ArrayShape) or last.count is not None:
        raise ArgumentTypeError(f"{shape.spelled} does not end in an array of any length")
    number = integer_within(count, f"{shape.spelled}: count", "a number of elements", 0, 1 << 40)
    return number * last.element.known_size()


def _add_fields(
    shape: StructShape,
    base: int,
    fields: dict[str, FieldAccess],
    methods: dict[str, object],
    cells: list[str],
) -> None:
    """Add the fields of a struct that begins at `base`; anonymous members lend theirs."""
    from abicheck.runtime.pointers import FunctionPointerShape  # noqa: PLC0415 (a cycle)

    for field, each in shape.members:
        if field.name is None:
            if isinstance(each, StructShape) and field.offset is not None:
                _add_fields(each, base + field.offset, fields, methods, cells)
            continue
        where = f"{shape.spelled}.{field.name}"
        if field.offset is None:
            target = shape.vocabulary.layouts.target
            missing = Missing(each.spelled, f"{where} has no offset on {target}")
            fields[field.name] = _access(missing, 0, where)
        elif field.bit_size is not None and field.bit_offset is not None:
            first = base * 8 + field.bit_offset
            fields[field.name] = _bit_access(shape, field, each, first, where)
        else:
            offset = base + field.offset
            fields[field.name] = _access(each, offset, where)
            if isinstance(each, FunctionPointerShape):
                cell = f"_cell{len(cells)}"
                made = LazySlot(each, offset, cell, where)
                cells.append(cell)
                fields[field.name].get = made.optional if each.may_be_null else made.__get__
                if not each.may_be_null:
                    methods[field.name] = made


class LazySlot:
    """The method of a function pointer in a struct, made when it is first looked up.

    Its prototype may name the very struct that it is a method of.
    """

    def __init__(self, shape: FunctionPointerShape, offset: int, cell: str, where: str) -> None:
        """Stand for the method of the pointer at `offset`."""
        self.shape, self.offset, self.cell, self.where = shape, offset, cell, where
        self._made: Any = None

    def __get__(self, view: View | None, owner: type[View] | None = None) -> object:
        """Return the method, bound to a view."""
        if self._made is None:
            vocabulary = self.shape.vocabulary
            if vocabulary.keeper.is_unloaded:
                raise vocabulary.keeper.ended(self.where)
            self._made = vocabulary.slot(self.shape, self.offset, self.cell, self.where)
        for cls in () if owner is None else owner.__mro__:
            for name in [name for name, each in vars(cls).items() if each is self]:
                setattr(cls, name, self._made)
        return self._made.__get__(view, owner)

    def optional(self, view: View) -> object:
        """Return None where the pointer is NULL, else the method."""
        pointer = ctypes.c_void_p.from_address(view._at() + self.offset).value
        return None if pointer is None else self.__get__(view)


def _access(shape: Shape, offset: int, where: str) -> FieldAccess:
    read, write = shape.read, shape.write

    def get(self: View) -> object:
        if not self._hold:
            raise self._keeper.ended(where)
        return read(self._address + offset, self._hold, self)

    def set_(self: View, value: object) -> None:
        write(self._place_to_change(offset, shape.size, where), value, where, self)

    is_plain = type(shape).__name__ in {"Integer", "Float", "Bool", "Char", "EnumShape", "Wide"}
    return FieldAccess(get, set_, is_plain=is_plain)


def _bit_access(
    struct: StructShape, field: FieldLayout, shape: Shape, first: int, where: str
) -> FieldAccess:
    """Return the access to a bit-field, signed as compilers sign it."""
    count, order = field.bit_size or 0, struct.vocabulary.layouts.target.byte_order
    is_signed = _is_signed_bit_field(struct, field, shape)
    least, most = limits(count, is_signed=is_signed)
    is_bool = shape.spelled == "bool"

    def get(self: View) -> object:
        raw = read_bits(self._at(), first, count, order)
        if is_signed and raw >> (count - 1):
            raw -= 1 << count
        if is_bool:
            return bool(raw)
        return shape.take(raw, self._hold, self) if isinstance(shape, EnumShape) else raw

    def set_(self: View, value: object) -> None:
        if isinstance(shape, EnumShape):
            value = shape.convert(value, where)
        expected = f"{shape.spelled} : {count}"
        number = integer_within(value, where, expected, least, most)
        self._place_to_change(first // 8, (count + 7) // 8, where)
        write_bits(self._at(), first, count, order, number)

    return FieldAccess(get, set_, is_plain=True)


def _is_signed_bit_field(struct: StructShape, field: FieldLayout, shape: Shape) -> bool:
    """Whether a bit-field holds negative values.

    An enum without a fixed type is unsigned to GCC and clang unless it has a negative value.

    Source: GCC manual, "Structures, unions, enumerations, and bit-fields implementation".
    """
    layout = struct.vocabulary.layouts.layout(field.type)
    if isinstance(layout, EnumLayout):
        if layout.is_fixed:
            return bool(layout.is_signed)
        is_msvc = struct.vocabulary.layouts.target.environment == "msvc"
        return is_msvc or any(value < 0 for _, value in layout.values)
    if isinstance(layout, ScalarLayout) and layout.kind in {SIGNED, BOOL}:
        return layout.kind == SIGNED
    return isinstance(shape, Integer) and shape.is_signed
