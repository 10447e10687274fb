"""Vocabulary: the types of one contract, as shapes and classes for one plugin."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from abicheck.errors import UncallableError
from abicheck.layout import facts_for
from abicheck.model.layout import (
    BOOL,
    CHAR,
    FLOAT,
    SIGNED,
    EnumLayout,
    OpaqueLayout,
    ScalarLayout,
    StructLayout,
    UnknownLayout,
)
from abicheck.model.paths import see_through
from abicheck.model.types import (
    Array,
    Enum,
    FunctionType,
    Named,
    Opaque,
    Pointer,
    Scalar,
    Struct,
    Void,
    spell,
    type_id,
)
from abicheck.runtime import functions, views
from abicheck.runtime.aggregates import ArrayShape, StructShape, joined, slots_in
from abicheck.runtime.memory import Allocation
from abicheck.runtime.opaque import OpaqueShape
from abicheck.runtime.ownership import Ownership
from abicheck.runtime.pointers import FunctionPointerShape, PointerShape
from abicheck.runtime.shapes import Bool, Char, EnumShape, Float, Integer, Missing, Shape, Wide
from abicheck.runtime.views import View, make_view

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from abicheck.model.contract import Contract
    from abicheck.model.layout import FieldLayout, Layouts
    from abicheck.model.types import Definition, Field, Type
    from abicheck.runtime.callbacks import Callback
    from abicheck.runtime.keeper import Keeper

WIDEST = 16
_KINDS = {SIGNED: "i", FLOAT: "f", BOOL: "b"}


class Vocabulary:
    """Makes the shape of each type once, when it is first wanted."""

    def __init__(
        self,
        contract: Contract,
        layouts: Layouts,
        keeper: Keeper,
        refuse: Callable[[str, str], Exception],
    ) -> None:
        """Speak `contract`; `refuse` makes what is raised for a bad slot, from name and reason."""
        self.contract, self.layouts, self.keeper, self.refuse = contract, layouts, keeper, refuse
        self.definitions: Mapping[str, Definition] = contract.definitions
        self.facts = facts_for(layouts.target)
        self._shapes: dict[str, Shape] = {}
        self._pointed: dict[str, type[View]] = {}
        self._functions: dict[tuple[int, str, object], object] = {}
        keeper.targets.append(self._functions)
        self.root = self._pointed_class(Void(), "exported data")
        self.ownership = Ownership(self)

    # Types.

    def seen(self, type_: Type) -> Type:
        """Return what an alias stands for."""
        return see_through(type_, self.definitions)

    def key(self, type_: Type) -> str:
        """Return what tells a type apart behind a pointer: nullability and `const` do not."""
        seen = self.seen(type_)
        match seen:
            case Void():
                return "void"
            case Pointer(FunctionType() as function):
                return self.function_key(function)
            case Pointer(to):
                return f"*{self.key(to)}"
            case Array(element):
                return self.key(element)
            case FunctionType():
                return self.function_key(seen)
            case Scalar():
                return self._scalar_key(self._layout(seen))
            case Named(name):
                definition = self.definitions.get(name)
                kinds = {Struct: "struct", Enum: "enum", Opaque: "opaque"}
                return f"{kinds.get(type(definition), 'missing')} {name}"
        return spell(seen)

    def _scalar_key(self, layout: object) -> str:
        if not isinstance(layout, ScalarLayout):
            return f"missing {layout}"
        if layout.size == 1 and layout.kind != BOOL:
            return "1"
        return f"{_KINDS.get(layout.kind, 'u')}{layout.size}"

    def function_key(self, function: FunctionType) -> str:
        """Return what tells prototypes apart."""
        parameters = [self.key(each.type) for each in function.parameters]
        parameters += ["..."] if function.is_variadic else []
        convention = f"{function.convention} " if function.convention != "C" else ""
        return f"{convention}fn({', '.join(parameters)}) -> {self.key(function.result)}"

    def describe(self, function: FunctionType) -> str:
        """Return a prototype as the contract writes it, with the names of parameters."""
        parameters = [
            f"{each.name}: {spell(each.type)}" if each.name else spell(each.type)
            for each in function.parameters
        ]
        parameters += ["..."] if function.is_variadic else []
        result = "" if self.result_shape(function) is None else f" -> {spell(function.result)}"
        return f"fn({', '.join(parameters)}){result}"

    def result_shape(self, function: FunctionType) -> Shape | None:
        """Return the shape of what a function returns; None for nothing."""
        return None if isinstance(self.seen(function.result), Void) else self.shape(function.result)

    def shape(self, type_: Type) -> Shape:
        """Return the shape of a type."""
        key = type_id(type_)
        found = self._shapes.get(key)
        if found is None:
            seen = self.seen(type_)
            if seen is not type_:
                return self.shape(seen)
            found = self._shapes[key] = self._make(seen, spell(type_))
            if isinstance(found, StructShape):
                self._fill(found)
        return found

    def _layout(self, type_: Type) -> object:
        found = self.layouts.types.get(type_id(type_))
        if found is None and isinstance(type_, Scalar) and type_.name in self.facts.scalars:
            kind, size = self.facts.scalars[type_.name]
            return ScalarLayout(
                kind, size, name=type_.name, alignment=self.facts.alignments[kind, size]
            )
        return found or UnknownLayout("it has no layout here")

    def _make(self, type_: Type, spelled: str) -> Shape:
        match type_:
            case Pointer(FunctionType() as function, _, may_be_null):
                return self._function_pointer(function, spelled, may_be_null is not False)
            case Pointer(to, is_mutable, may_be_null):
                return PointerShape(
                    spelled,
                    pointee=self.key(to),
                    view=lambda: self.pointed(to, spelled),
                    may_be_null=may_be_null is not False,
                    is_mutable=is_mutable,
                    is_text=self._is_char(to),
                    vocabulary=self,
                )
            case Array(element, count):
                inner = self.shape(element)
                if isinstance(inner, Missing):
                    return inner
                return ArrayShape(spelled, inner, count, inner.alignment, self)
            case Scalar("va_list"):
                return Missing(spelled, "Python cannot make one")
            case Void() | FunctionType():
                return Missing(spelled, "it has no values")
        return self._of_layout(type_, self._layout(type_), spelled)

    def _of_layout(self, type_: Type, layout: object, spelled: str) -> Shape:
        match layout:
            case ScalarLayout():
                return self._scalar(layout, spelled)
            case StructLayout(name):
                return StructShape(name, layout, self)
            case EnumLayout():
                return self._enum(type_, layout)
            case OpaqueLayout(name, size, alignment):
                return OpaqueShape(name, size, alignment, self.pointed(type_, name))
            case UnknownLayout(reason):
                return Missing(spelled, reason)
        return Missing(spelled, "it has no layout here")

    def _function_pointer(
        self, function: FunctionType, spelled: str, may_be_null: bool
    ) -> FunctionPointerShape:
        shape = FunctionPointerShape(
            spelled,
            self.function_key(function),
            may_be_null=may_be_null,
            vocabulary=self,
            type_=function,
        )
        shape.free = self.ownership.free_of_type(function)
        return shape

    def _scalar(self, layout: ScalarLayout, spelled: str) -> Shape:
        key, order = self._scalar_key(layout), self.layouts.target.byte_order
        match layout.kind:
            case "float":
                return Float(spelled, key, layout.size, layout.alignment)
            case "bool":
                return Bool(spelled, key, layout.size, layout.alignment)
            case "char":
                signed = self.facts.char_is_signed
                return Char(spelled, layout.alignment, is_signed=signed)
        is_signed = layout.kind == SIGNED
        if layout.size == WIDEST:
            return Wide(spelled, key, layout.alignment, order, is_signed=is_signed)
        return Integer(spelled, key, layout.size, layout.alignment, is_signed=is_signed)

    def _enum(self, type_: Type, layout: EnumLayout) -> EnumShape:
        """Make an enum. One of no fixed type reads as signed unless a value needs the last bit."""
        definition = self.definitions.get(type_.name) if isinstance(type_, Named) else None
        is_signed = layout.is_signed
        if is_signed is None:
            is_signed = all(value < 1 << (layout.size * 8 - 1) for _, value in layout.values)
        return EnumShape(
            layout.name,
            size=layout.size,
            alignment=layout.alignment,
            is_signed=is_signed,
            values=layout.values,
            is_closed=isinstance(definition, Enum) and definition.is_closed,
        )

    def _is_char(self, type_: Type) -> bool:
        layout = self._layout(self.seen(type_))
        return isinstance(layout, ScalarLayout) and layout.kind == CHAR

    def _fill(self, shape: StructShape) -> None:
        """Give a struct its members, each laid out field with its type in the contract."""
        definition = self.definitions.get(shape.layout.name)
        if not isinstance(definition, Struct) or shape.members:
            return
        fields = iter(definition.fields)
        for layout in shape.layout.fields:
            field = next((each for each in fields if _is_of(each, layout)), None)
            if field is not None:
                shape.members.append((layout, self._member(field)))

    def _member(self, field: Field) -> Shape:
        shape = self.shape(field.type)
        if field.free is None or not isinstance(shape, FunctionPointerShape):
            return shape
        own = self._function_pointer(shape.type, shape.spelled, shape.may_be_null)
        own.free = field.free
        return own

    # Classes, functions, memory.

    def pointed(self, type_: Type, spelled: str) -> type[View]:
        """Return the class of what a pointer to a type leads to."""
        seen = self.seen(type_)
        definition = self.definitions.get(seen.name) if isinstance(seen, Named) else None
        if isinstance(definition, Struct):
            shape = self.shape(seen)
            if isinstance(shape, StructShape):
                return shape.cls
        if spelled not in self._pointed:
            self._pointed[spelled] = self._pointed_class(seen, spelled)
        return self._pointed[spelled]

    def _pointed_class(self, type_: Type, spelled: str) -> type[View]:
        members: dict[str, Any] = {"__slots__": (), "__module__": "abicheck.plugin"}
        members |= {"_keeper": self.keeper, "_named": spelled, "_key": self.key(type_)}
        if isinstance(type_, Void) or members["_key"].startswith(("opaque ", "missing ")):
            return type("Opaque", (views.Opaque,), members)
        members["_shape"] = self.shape(type_)
        base = views.Text if self._is_char(type_) else views.Ref
        return type(base.__name__, (base,), members)

    def element_of(self, pointer: PointerShape) -> Shape:
        """Return the shape of what a pointer points to.

        Raises: UncallableError for what the contract does not look into.
        """
        view = pointer.view
        shape = getattr(view, "_struct", None) or getattr(view, "_shape", None)
        if not isinstance(shape, Shape):
            raise UncallableError(f"{pointer.spelled}: nobody knows what it points to")
        return shape

    def new_array(self, element: Shape, count: int) -> views.Array:
        """Return zeroed memory of Python's for so many elements."""
        spelled = f"[{element.spelled}; {count}]"
        shape = ArrayShape(spelled, element, count, element.alignment, self)
        made = Allocation(shape.known_size(), shape.alignment or 1)
        return shape.at(made.address, count, self.keeper.hold, made)

    def new(self, spelled: str, value: object = None) -> View:
        """Return zeroed memory of Python's for a value of a type as the contract spells it.

        Raises: ArgumentValueError for what is no type.
        """
        shape = self.shape(self.parse(spelled))
        if isinstance(shape, StructShape) and value is None:
            return shape.cls()
        made = Allocation(shape.known_size(), shape.alignment or 1)
        if isinstance(shape, StructShape):
            view: View = make_view(shape.cls, made.address, self.keeper.hold, made)
        elif isinstance(shape, ArrayShape):
            view = shape.at(made.address, shape.count, self.keeper.hold, made)
        else:
            view = make_view(self._ref(shape), made.address, self.keeper.hold, made)
        if value is not None:
            shape.write(made.address, value, spelled, view)
        return view

    def _ref(self, shape: Shape) -> type[views.Ref]:
        members = {
            "__slots__": (),
            "_keeper": self.keeper,
            "_named": shape.spelled,
            "_key": shape.key,
            "_shape": shape,
        }
        return type("Ref", (views.Ref,), members)

    def parse(self, spelled: str) -> Type:
        """Return the type that a text spells in the contract's language.

        Raises: ArgumentValueError.
        """
        from abicheck.runtime.spelled import parse_type  # noqa: PLC0415 (for few hosts)

        return parse_type(spelled, self.definitions)

    def callback(self, shape: FunctionPointerShape, function: Callable[..., object]) -> Callback:
        """Return the callback of a function of Python, made when it is first passed."""
        from abicheck.runtime.callbacks import Callback, identity  # noqa: PLC0415

        key = (shape.key, identity(function))
        found = self.keeper.callbacks.get(key)
        if not isinstance(found, Callback) or found.function is None:
            found = Callback(shape, function, self)
            released = self.keeper.callbacks.get(key)
            if released is not None:
                self.keeper.callbacks[key, id(released)] = released
            self.keeper.callbacks[key] = found
        return found

    def slot(self, shape: FunctionPointerShape, offset: int, cell: str, where: str) -> Any:  # noqa: ANN401
        """Return the method that calls what a field of a struct holds."""
        return functions.slot_method(self, shape, offset, cell, where)

    def function_at(
        self, address: int, shape: FunctionPointerShape, hold: list[object], owner: object
    ) -> object:
        """Return the function of Python that calls the one behind a pointer."""
        del hold, owner
        key = (address, shape.key, shape.free)
        if key not in self._functions:
            from abicheck.errors import BrokenPromise  # noqa: PLC0415

            if not self.keeper.is_code(address):
                raise BrokenPromise(f"{shape.spelled} is {address:#x}, where no code is")
            if len(self._functions) > functions.MOST_CALLS:
                self._functions.clear()
            self._functions[key] = functions.exported_function(
                self, "function", shape.type, address, free=shape.free
            )
        return self._functions[key]

    def vetter(self, shape: Shape, where: str) -> Callable[[int], None] | None:
        """Return what refuses a returned struct with a bad slot; None if it can have none."""
        struct = shape
        if isinstance(shape, PointerShape):
            found = getattr(shape.view, "_struct", None)
            struct = found if isinstance(found, Shape) else shape
        slots = list(slots_in(struct)) if isinstance(struct, StructShape) else []
        if not slots:
            return None
        name = struct.spelled
        return lambda address: self.check_slots(address, slots, name, where)

    def size_field(self, struct: str) -> str:
        """Return the field in which a struct says how large it is; "" if it has none."""
        definition = self.definitions.get(struct)
        return (definition.size_field or "") if isinstance(definition, Struct) else ""

    def line_of(self, subject: str) -> int | None:
        """Return the line of the contract with a field, such as "Greeter.greet"."""
        struct, _, path = subject.partition(".")
        definition = self.definitions.get(struct)
        fields = definition.fields if isinstance(definition, Struct) else ()
        name = path.partition(".")[0].partition("[")[0]
        return next((field.line for field in fields if field.name == name), None)

    def check_slots(
        self, address: int, slots: list[tuple[str, int]], struct: str, where: str
    ) -> None:
        """Refuse required function pointers that are NULL or lead to what is no code."""
        for name, offset in slots:
            pointer = ctypes.c_void_p.from_address(address + offset).value
            if pointer is not None and self.keeper.is_code(pointer):
                continue
            subject = joined(struct, name)
            found = "NULL" if pointer is None else f"{pointer:#x}, where no code is"
            raise self.refuse(subject, f"{found}, in what {where} gave")


def _is_of(field: Field, layout: FieldLayout) -> bool:
    return field.name == layout.name and type_id(field.type) == layout.type
