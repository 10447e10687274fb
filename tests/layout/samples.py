"""Short ways to write the contracts that the layout tests need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.layout import lay_out
from abicheck.model.contract import Contract, Export, Platform
from abicheck.model.layout import FieldLayout, StructLayout
from abicheck.model.target import Target
from abicheck.model.types import Enum, EnumValue, Field, FunctionType, Scalar, Struct

if TYPE_CHECKING:
    from abicheck.model.layout import TypeLayout
    from abicheck.model.types import Definition, Type

X86_64 = Target("x86_64", "linux", "gnu")
I386 = Target("i386", "linux", "gnu")
AARCH64 = Target("aarch64", "linux", "gnu")
S390X = Target("s390x", "linux", "gnu")
WINDOWS = Target("x86_64", "windows", "msvc")
MINGW = Target("x86_64", "windows", "gnu")


def contract(
    *definitions: Definition, exports: tuple[Export, ...] = (), targets: tuple[str, ...] = ()
) -> Contract:
    """Return a contract with these definitions."""
    return Contract(
        name="sample",
        version="1",
        file="sample.toml",
        definitions={each.name: each for each in definitions},
        exports=exports,
        platform=Platform(targets=targets),
    )


def struct(name: str, *fields: Field, **more: object) -> Struct:
    """Return a struct on line 1."""
    return Struct(name, fields, 1, **more)  # type: ignore[arg-type]


def field(name: str | None, type_: Type | str, bit_width: int | None = None) -> Field:
    """Return a field; a type in text is a scalar."""
    written = Scalar(type_) if isinstance(type_, str) else type_
    return Field(name, written, 1, bit_width=bit_width)


def enum(name: str, *values: int, repr: str = "C") -> Enum:  # noqa: A002 (the contract's word)
    """Return an enum whose values are named after their places."""
    named = tuple(EnumValue(f"V{index}", value, 1) for index, value in enumerate(values))
    return Enum(name, named, 1, repr=repr)


def laid_out(definition: Definition, *others: Definition, target: Target = X86_64) -> TypeLayout:
    """Return the layout of a definition, which the others help to define."""
    return lay_out(contract(definition, *others), target).layout(definition.name)


def fields_of(layout: TypeLayout) -> dict[str | None, FieldLayout]:
    """Return the fields of a struct's layout by name."""
    assert isinstance(layout, StructLayout), layout
    return {each.name: each for each in layout.fields}


def offsets_of(layout: TypeLayout) -> list[int | None]:
    """Return the offsets of a struct's fields."""
    return [each.offset for each in fields_of(layout).values()]


def bits_of(layout: TypeLayout) -> list[tuple[int | None, int | None]]:
    """Return first bit and width of a struct's bit-fields."""
    return [(each.bit_offset, each.bit_size) for each in fields_of(layout).values()]


def function_export(type_: FunctionType) -> Export:
    """Return an export of a function."""
    return Export("entry", 1, type_)
