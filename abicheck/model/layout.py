"""Layouts: what types come to on one target, computed from a contract or read from a plugin.

Both sides of every comparison are of these types. A type inside another is
named by a `TypeId` that its own `TypeGraph` resolves, so that recursive types
are finite and a reader decodes only what is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.records import Protocol, record

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from abicheck.model.evidence import Origin
    from abicheck.model.target import Target

    TypeId = Hashable

# What a scalar's bits mean. CHAR is C's plain `char`: an integer whose sign is not a difference.
UNSIGNED, SIGNED, CHAR, BOOL, FLOAT, COMPLEX = (
    "unsigned",
    "signed",
    "char",
    "bool",
    "float",
    "complex",
)


@record
class ScalarLayout:
    """A number, character or `bool`; sizes and alignments are in bytes.

    `alignment` is None where the source records none (DWARF, PDB).
    """

    kind: str
    size: int
    name: str = ""
    alignment: int | None = None


@record
class PointerLayout:
    """A pointer; `target` is None for `void *`. One to a `FunctionLayout` is a function pointer.

    `may_be_null` is None where the source does not record it (C, raw pointers).
    """

    size: int
    target: TypeId | None
    may_be_null: bool | None = None
    alignment: int | None = None


@record
class ArrayLayout:
    """An array; `count` is None for an unknown length. `size` is that of all elements."""

    element: TypeId
    count: int | None
    size: int | None = None
    is_vector: bool = False
    alignment: int | None = None


@record
class FieldLayout:
    """A field and where it lies: bytes from the start of its struct, bits for bit-fields.

    `bit_offset` counts as DWARF 5's DW_AT_data_bit_offset does (from the struct's
    start, in the target's bit order); it is None, as is `bit_size`, unless this is a bit-field.
    `offset` is None only in a partial struct of a contract that gives none for the target;
    of a bit-field it is the byte that holds its first bit. `name` is None for an anonymous member.
    `alignment` is an explicit DW_AT_alignment of the member. `free` is who takes back what a
    function pointer returns, in a descriptor: an export, "host" or "false"; None if unsaid.
    `origin` is where it is described, if that is known apart from its struct.
    """

    name: str | None
    type: TypeId
    offset: int | None
    bit_offset: int | None = None
    bit_size: int | None = None
    alignment: int | None = None
    line: int = 0
    free: str | None = None
    origin: Origin | None = None


@record
class StructLayout:
    """A struct or union. `alignment` is None where the source records none.

    `is_partial`: `fields` are only those that the contract speaks of, and `size` may be None.
    `is_transparent`: a wrapper that has the layout and the calling convention of its one field.
    """

    name: str
    size: int | None
    fields: tuple[FieldLayout, ...]
    is_union: bool = False
    alignment: int | None = None
    is_partial: bool = False
    is_transparent: bool = False
    origin: Origin | None = None


@record
class EnumLayout:
    """An enum and its enumerators, in the order of the source."""

    name: str
    size: int
    is_signed: bool | None
    values: tuple[tuple[str, int], ...]
    is_fixed: bool = False
    alignment: int | None = None
    origin: Origin | None = None


@record
class FunctionLayout:
    """A prototype. `result` is None for `void`.

    `convention` is None where the source does not record it; "C" where its
    silence means C. `is_prototyped` is False for C's `f()`, whose parameters are unknown.
    `names` are the parameters' names, for people. `free` is as of a field.
    """

    parameters: tuple[TypeId, ...]
    result: TypeId | None
    is_variadic: bool = False
    convention: str | None = None
    is_prototyped: bool = True
    names: tuple[str | None, ...] = ()
    free: str | None = None


@record
class OpaqueLayout:
    """A type nobody looks into: `opaque` in a contract, only declared in a plugin.

    `is_complete`: the plugin does define it, as something that no type of a contract can be.
    `kind` is what a contract says that it must be, as `model.kinds` spells it.
    """

    name: str
    size: int | None = None
    alignment: int | None = None
    is_complete: bool = False
    kind: str | None = None


@record
class UnknownLayout:
    """A type that could not be laid out or read, and why."""

    reason: str


TypeLayout = (
    ScalarLayout
    | PointerLayout
    | ArrayLayout
    | StructLayout
    | EnumLayout
    | FunctionLayout
    | OpaqueLayout
    | UnknownLayout
)


class TypeGraph(Protocol):
    """Whatever resolves a `TypeId` to its layout."""

    def layout(self, type_id: TypeId) -> TypeLayout:
        """Return the layout of `type_id`; typedefs and qualifiers are already seen through."""


@record
class Layouts:
    """The layouts of a contract's types on one target; a `TypeId` is a canonical spelling.

    `definitions` has the computed layout of every named struct, union and enum.
    """

    target: Target
    types: Mapping[str, TypeLayout]

    def layout(self, type_id: TypeId) -> TypeLayout:
        """Return the layout of a type by its id (`model.types.type_id`: its canonical spelling)."""
        return self.types[str(type_id)]
