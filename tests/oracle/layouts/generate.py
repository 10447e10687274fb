"""Seed -> definitions of a contract: structs and unions of every shape that layout rules know."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from abicheck.model.contract import Contract
from abicheck.model.types import (
    Array,
    Definition,
    Enum,
    EnumValue,
    Field,
    FunctionType,
    Named,
    Pointer,
    Scalar,
    Struct,
    Void,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abicheck.model.types import Type

PLAIN = [
    "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "usize", "isize", "f32", "f64", "bool",
    "c_char", "c_schar", "c_uchar", "c_short", "c_ushort", "c_int", "c_uint", "c_long", "c_ulong",
    "c_longlong", "c_ulonglong", "c_float", "c_double", "size_t", "ssize_t", "ptrdiff_t",
    "intptr_t", "uintptr_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "int8_t", "int16_t",
    "int32_t", "int64_t",
]  # fmt: skip
RARE = ["c_longdouble", "wchar_t", "va_list"]
WIDE = ["u128", "i128"]
WIDTHS = {
    "u8": 8, "i8": 8, "c_char": 8, "u16": 16, "c_short": 16, "u32": 32, "i32": 32, "c_int": 32,
    "c_uint": 32, "u64": 64, "i64": 64, "c_longlong": 64, "c_long": 32, "c_ulong": 32, "usize": 32,
    "c_ulonglong": 64, "wchar_t": 16, "bool": 1,
}  # fmt: skip
"""Types of bit-fields, and the widths that they have on every target."""

ENUMS = {
    "Small": Enum("Small", (EnumValue("SMALL_A", 0, 1), EnumValue("SMALL_B", 3, 1)), 1),
    "Signed": Enum("Signed", (EnumValue("SIGNED_A", -1, 1), EnumValue("SIGNED_B", 5, 1)), 1),
    "Large": Enum("Large", (EnumValue("LARGE_A", 0, 1), EnumValue("LARGE_B", 2**31, 1)), 1),
}
HUGE = Enum("Huge", (EnumValue("HUGE_A", 0, 1), EnumValue("HUGE_B", 2**40, 1)), 1)
"""Microsoft's compilers have no enum so wide."""


class Shapes:
    """Which shapes a family of compilers can express, and its members agree on.

    `wide`: 128-bit integers; `huge_enums`: enums wider than `int`; `c_only`: what Rust lacks;
    `disputed`: bit-fields in unions and packed structs.
    """

    def __init__(
        self,
        *,
        wide: bool = True,
        huge_enums: bool = True,
        c_only: bool = True,
        disputed: bool = True,
    ) -> None:
        self.wide, self.huge_enums, self.c_only = wide, huge_enums, c_only
        self.disputed = disputed


def contract_of(definitions: Mapping[str, Definition]) -> Contract:
    """Return a contract with nothing but definitions."""
    return Contract(name="generated", version="1", file="generated.toml", definitions=definitions)


def generate(seed: int, count: int, shapes: Shapes) -> dict[str, Definition]:
    """Return `count` structs and unions; later ones contain earlier ones by value."""
    maker = _Maker(Random(seed), shapes)
    for index in range(count):
        maker.add(index)
    return maker.definitions


class _Maker:
    def __init__(self, random: Random, shapes: Shapes) -> None:
        self.random, self.shapes = random, shapes
        self.definitions: dict[str, Definition] = dict(ENUMS) if shapes.c_only else {}
        if shapes.huge_enums and shapes.c_only:
            self.definitions["Huge"] = HUGE
        self.nestable: list[str] = []
        self.with_align: set[str] = set()

    def add(self, index: int) -> None:
        random = self.random
        is_union = random.random() < 0.15
        name = f"{'U' if is_union else 'S'}{index}"
        packed = random.choice([1, 1, 2, 4, 8]) if random.random() < 0.3 else None
        align = random.choice([1, 2, 4, 8, 16, 32]) if random.random() < 0.2 else None
        if not self.shapes.c_only and packed:
            align = None
        may_hold_bits = self.shapes.c_only and (self.shapes.disputed or not (is_union or packed))
        bit_heavy = may_hold_bits and random.random() < 0.5
        fields = self._fields(packed, bit_heavy=bit_heavy)
        is_flexible = not is_union and self.shapes.c_only and random.random() < 0.05
        if is_flexible:
            fields.append(Field("tail", Array(self._scalar()), 1))
        self.definitions[name] = Struct(
            name, tuple(fields), 1, is_union=is_union, packed=packed, align=align
        )
        if align or any(self._holds_align(field.type) for field in fields):
            self.with_align.add(name)
        if not is_flexible:
            self.nestable.append(name)

    def _fields(self, packed: int | None, *, bit_heavy: bool) -> list[Field]:
        random = self.random
        fields: list[Field] = []
        for index in range(random.randint(1, 7)):
            if bit_heavy and random.random() < 0.7:
                fields.append(self._bit_field(index))
            else:
                fields.append(self._plain_field(index, packed))
        if not any(field.name or field.bit_width is None for field in fields):
            fields.append(Field("last", self._scalar(), 1))
        return fields

    def _bit_field(self, index: int) -> Field:
        random = self.random
        widths = WIDTHS | (dict.fromkeys(WIDE, 128) if self.shapes.wide else {})
        base = random.choice(list(widths))
        most = widths[base]
        type_: Type = Scalar(base)
        if random.random() < 0.1:
            type_, most = Named(random.choice(list(ENUMS))), 32
        if random.random() < 0.25:
            width = 0 if random.random() < 0.5 else random.randint(1, most)
            return Field(None, type_, 1, bit_width=width)
        return Field(f"b{index}", type_, 1, bit_width=random.randint(1, most))

    def _plain_field(self, index: int, packed: int | None) -> Field:
        random = self.random
        type_ = self._type(packed)
        if (
            self.shapes.c_only
            and isinstance(type_, Named)
            and isinstance(self.definitions[type_.name], Struct)
            and random.random() < 0.3
            and self._names(type_.name)
        ):
            # C forbids two members of one name, so an anonymous member brings its own.
            fresh = self._anonymous(index)
            return Field(None, Named(fresh), 1)
        return Field(f"f{index}", type_, 1)

    def _anonymous(self, index: int) -> str:
        random = self.random
        is_union = random.random() < 0.6
        name = f"{'B' if is_union else 'A'}{len(self.definitions)}"
        fields = tuple(
            Field(f"a{len(self.definitions)}_{index}_{each}", self._scalar(), 1)
            for each in range(random.randint(1, 3))
        )
        self.definitions[name] = Struct(name, fields, 1, is_union=is_union)
        return name

    def _names(self, name: str) -> bool:
        definition = self.definitions[name]
        return isinstance(definition, Struct) and any(field.name for field in definition.fields)

    def _type(self, packed: int | None) -> Type:
        random = self.random
        chance = random.random()
        if chance < 0.1:
            return (
                Pointer(Void())
                if random.random() < 0.5
                else Pointer(FunctionType(), may_be_null=True)
            )
        if chance < 0.25:
            return Array(self._scalar_or_nested(packed), random.randint(1, 5))
        return self._scalar_or_nested(packed)

    def _scalar_or_nested(self, packed: int | None) -> Type:
        random = self.random
        allowed = [
            name
            for name in self.nestable[-12:]
            if self.shapes.c_only or not packed or name not in self.with_align
        ]
        if allowed and random.random() < 0.25:
            return Named(random.choice(allowed))
        return self._scalar()

    def _scalar(self) -> Type:
        random = self.random
        chance = random.random()
        if self.shapes.wide and chance < 0.05:
            return Scalar(random.choice(WIDE))
        if self.shapes.c_only and chance < 0.12:
            return Scalar(random.choice(RARE))
        if self.shapes.c_only and chance < 0.2:
            names = [*ENUMS, "Huge"] if "Huge" in self.definitions else list(ENUMS)
            return Named(random.choice(names))
        return Scalar(random.choice(PLAIN))

    def _holds_align(self, type_: Type) -> bool:
        while isinstance(type_, Array):
            type_ = type_.element
        return isinstance(type_, Named) and type_.name in self.with_align
