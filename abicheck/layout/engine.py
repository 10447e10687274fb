"""Contract + TargetFacts -> the layout of every type that the contract speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from abicheck.layout import system_v
from abicheck.layout.extent import Extent, Member, UnplaceableError
from abicheck.model.layout import (
    BOOL,
    CHAR,
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
from abicheck.model.types import (
    Alias,
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

if TYPE_CHECKING:
    from abicheck.layout.extent import Placement
    from abicheck.model.contract import Contract
    from abicheck.model.layout import TypeLayout
    from abicheck.model.target import TargetFacts
    from abicheck.model.types import Field, Parameter, Type

DEEPEST = 100
"""How many types may be nested by value; more is a mistake, and would exhaust the stack."""


def lay_out_for(contract: Contract, facts: TargetFacts) -> dict[str, TypeLayout]:
    """Return the layout of every definition and type expression of `contract`, by its id."""
    engine = _Engine(contract, facts)
    for name in contract.definitions:
        engine.demand(Named(name))
    for export in contract.exports:
        if export.type is not None:
            engine.demand(export.type)
    for tag in contract.tags:
        if tag.type is not None:
            engine.demand(tag.type)
    engine.run()
    return engine.types


class _Engine:
    """Lays out types by value at once, and what pointers lead to when its turn comes."""

    def __init__(self, contract: Contract, facts: TargetFacts) -> None:
        self.definitions, self.facts = contract.definitions, facts
        self.types: dict[str, TypeLayout] = {}
        self.extents: dict[str, Extent] = {}
        self.pending: dict[str, Type] = {}
        self.open: set[str] = set()

    def demand(self, type_: Type) -> str:
        """Return the id of a type, and see to it that its layout will be there."""
        key = type_id(type_)
        if key not in self.types:
            self.pending[key] = type_
        return key

    def run(self) -> None:
        while self.pending:
            self.layout(self.pending.popitem()[1])

    def layout(self, type_: Type) -> TypeLayout:
        key = type_id(type_)
        if key not in self.types:
            if key in self.open or len(self.open) > DEEPEST:
                return UnknownLayout(_why_not(key, self.open))
            self.open.add(key)
            try:
                self.types[key] = self._compute(type_)
            except UnplaceableError as unplaceable:
                self.types[key] = UnknownLayout(str(unplaceable))
            self.open.discard(key)
            self.pending.pop(key, None)
        return self.types[key]

    def _compute(self, type_: Type) -> TypeLayout:
        match type_:
            case Scalar(name):
                return self._scalar(name)
            case Void():
                return UnknownLayout("c_void has no size")
            case Pointer(to, _, may_be_null):
                target = None if self._is_void(to) else self.demand(to)
                return PointerLayout(
                    size=self.facts.pointer_size,
                    target=target,
                    may_be_null=may_be_null,
                    alignment=self.facts.pointer_size,
                )
            case Array(element, count):
                return self._array(element, count)
            case Named(name):
                return self._named(name)
            case FunctionType():
                return self._function(type_)
        assert_never(type_)

    def _scalar(self, name: str) -> TypeLayout:
        if name == "va_list":
            return self._va_list()
        if name not in self.facts.scalars:
            return UnknownLayout(f"the C of {self.facts.target} has no {name}")
        kind, size = self.facts.scalars[name]
        return ScalarLayout(
            kind=kind, size=size, name=name, alignment=self.facts.alignments[kind, size]
        )

    def _va_list(self) -> TypeLayout:
        from abicheck.layout.va_list import va_list_layouts  # noqa: PLC0415 (rare)

        found = va_list_layouts(self.facts)
        self.types.update(found)
        for layout in found.values():
            if isinstance(layout, StructLayout):
                self.extents[layout.name] = Extent(layout.size or 0, layout.alignment or 1)
        return found["va_list"]

    def _array(self, element: Type, count: int | None) -> ArrayLayout:
        extent = self.extent(element)
        return ArrayLayout(
            element=type_id(element),
            count=count,
            size=None if count is None else count * extent.size,
            alignment=extent.alignment,
        )

    def _named(self, name: str) -> TypeLayout:
        definition = self.definitions.get(name)
        match definition:
            case Alias():
                return self.layout(definition.type)
            case Opaque():
                return self._opaque(definition)
            case Enum():
                return self._enum(definition)
            case Struct():
                return self._struct(definition)
            case None:
                return UnknownLayout(f"the contract defines no {name}")
        assert_never(definition)

    def _opaque(self, opaque: Opaque) -> OpaqueLayout:
        target = self.facts.target
        return OpaqueLayout(
            opaque.name,
            size=None if opaque.size is None else opaque.size.value_for(target),
            alignment=None if opaque.alignment is None else opaque.alignment.value_for(target),
            kind=opaque.kind,
        )

    def _enum(self, enum: Enum) -> EnumLayout:
        """Lay out an enum: of its `repr`, or an `int` unless a value needs more.

        Source: C11 6.7.2.2 leaves it to the implementation; GCC manual, "Structures, unions,
        enumerations, and bit-fields implementation"; Microsoft: always an `int`.
        """
        values = tuple((each.name, each.value) for each in enum.values)
        if enum.repr != "C":
            kind, size = self.facts.scalars[enum.repr]
            is_signed = kind == SIGNED
        else:
            kind, size, is_signed = SIGNED, self._enum_size(values), None
        return EnumLayout(
            enum.name,
            size=size,
            is_signed=is_signed,
            values=values,
            is_fixed=enum.repr != "C",
            alignment=self.facts.alignments[kind, size],
        )

    def _enum_size(self, values: tuple[tuple[str, int], ...]) -> int:
        numbers = [value for _, value in values] or [0]
        lowest, highest = min(numbers), max(numbers)
        if lowest >= -(2**31) and highest < (2**31 if lowest < 0 else 2**32):
            return 4
        if self.facts.target.environment == "msvc":
            raise UnplaceableError("a value does not fit an int, which Microsoft's enums are")
        return 8

    def _function(self, function: FunctionType) -> FunctionLayout:
        result = None if self._is_void(function.result) else self.demand(function.result)
        return FunctionLayout(
            parameters=tuple(self._parameter(each) for each in function.parameters),
            result=result,
            is_variadic=function.is_variadic,
            convention=function.convention,
            names=tuple(each.name for each in function.parameters),
        )

    def _parameter(self, parameter: Parameter) -> str:
        """Return the id of a parameter's type; a `va_list` that is an array becomes a pointer."""
        is_array = self.facts.va_list.endswith("[1]")
        if is_array and self._resolved(parameter.type) == Scalar("va_list"):
            from abicheck.layout.va_list import PARAMETER  # noqa: PLC0415 (rare)

            self.layout(Scalar("va_list"))
            return PARAMETER
        return self.demand(parameter.type)

    def _resolved(self, type_: Type) -> Type:
        for _ in range(DEEPEST):
            definition = self.definitions.get(type_.name) if isinstance(type_, Named) else None
            if not isinstance(definition, Alias):
                break
            type_ = definition.type
        return type_

    def _is_void(self, type_: Type) -> bool:
        return isinstance(self._resolved(type_), Void)

    # Structs and unions.

    def _struct(self, struct: Struct) -> StructLayout:
        members = [self._member(field) for field in struct.fields]
        if struct.is_partial:
            return self._partial(struct, members)
        placement = self._placement(struct, members)
        if placement.extent.size == 0 and self.facts.target.environment == "msvc":
            raise UnplaceableError("Microsoft's C has no empty structs")
        self.extents[struct.name] = placement.extent
        return StructLayout(
            struct.name,
            size=placement.extent.size,
            fields=_fields(struct, placement.bit_offsets),
            is_union=struct.is_union,
            alignment=placement.extent.alignment,
            is_transparent=struct.is_transparent,
        )

    def _placement(self, struct: Struct, members: list[Member]) -> Placement:
        if self.facts.bit_fields == "microsoft":
            from abicheck.layout import microsoft  # noqa: PLC0415 (for Windows only)

            return microsoft.place(struct, members, self.facts)
        return system_v.place(struct, members, self.facts)

    def _partial(self, struct: Struct, members: list[Member]) -> StructLayout:
        from abicheck.layout import partial  # noqa: PLC0415 (few contracts have such structs)

        bit_offsets, extent = partial.place(struct, members, self.facts)
        if extent is not None:
            self.extents[struct.name] = extent
        return StructLayout(
            struct.name,
            size=None if extent is None else extent.size,
            fields=_fields(struct, bit_offsets),
            is_union=struct.is_union,
            alignment=struct.align,
            is_partial=True,
        )

    def _member(self, field: Field) -> Member:
        try:
            extent = self.extent(field.type)
        except UnplaceableError as inner:
            raise UnplaceableError(f"{field.name or spell(field.type)}: {inner}") from None
        if field.bit_width is not None:
            self._check_bit_field(field, extent)
        return Member(extent, field.bit_width, is_named=field.name is not None)

    def _check_bit_field(self, field: Field, extent: Extent) -> None:
        layout = self.layout(field.type)
        is_integer = isinstance(layout, EnumLayout) or (
            isinstance(layout, ScalarLayout) and layout.kind in {UNSIGNED, SIGNED, CHAR, BOOL}
        )
        name = field.name or "_"
        if not is_integer:
            raise UnplaceableError(f"{name}: {spell(field.type)} cannot be the type of a bit-field")
        is_bool = isinstance(layout, ScalarLayout) and layout.kind == BOOL
        most = 1 if is_bool else extent.size * 8
        if (field.bit_width or 0) > most:
            room = f"the {most} bits of {spell(field.type)}"
            raise UnplaceableError(f"{name}: a width of {field.bit_width} is more than {room}")

    def extent(self, type_: Type) -> Extent:
        """Return the room that a value of `type_` takes.

        Raises:
            UnplaceableError: it cannot be stored by value here.

        """
        layout = self.layout(type_)
        match layout:
            case UnknownLayout(reason):
                raise UnplaceableError(reason)
            case ScalarLayout() | PointerLayout() | EnumLayout():
                return Extent(layout.size, layout.alignment or 1)
            case StructLayout(name):
                if name not in self.extents:
                    raise self._unstated(name)
                return self.extents[name]
            case ArrayLayout():
                array = self._resolved(type_)
                required = self.extent(array.element).required if isinstance(array, Array) else 1
                return Extent(layout.size or 0, layout.alignment or 1, required)
            case OpaqueLayout(name, size, alignment):
                if size is None:
                    raise self._unstated(name)
                return Extent(size, alignment or 1)
            case FunctionLayout():
                raise UnplaceableError("a function cannot be stored by value")
        assert_never(layout)

    def _unstated(self, name: str) -> UnplaceableError:
        return UnplaceableError(f"the size of {name} on {self.facts.target} is not stated")


def _why_not(key: str, open_: set[str]) -> str:
    return f"{key} contains itself" if key in open_ else f"types are nested {DEEPEST} deep"


def _fields(struct: Struct, bit_offsets: tuple[int | None, ...]) -> tuple[FieldLayout, ...]:
    """Return what can be looked for in a plugin: unnamed bit-fields leave no trace there."""
    return tuple(
        _field(field, position)
        for field, position in zip(struct.fields, bit_offsets, strict=True)
        if field.bit_width is None or field.name is not None
    )


def _field(field: Field, position: int | None) -> FieldLayout:
    return FieldLayout(
        field.name,
        type_id(field.type),
        offset=None if position is None else position // 8,
        bit_offset=None if field.bit_width is None else position,
        bit_size=field.bit_width,
        line=field.line,
    )
