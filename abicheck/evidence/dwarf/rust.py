"""What rustc writes that DWARF has no words for: null niches, fat pointers, conventions in names.

rustc spells the convention of a function pointer, and whether a pointer may be
null, only in the pointer's name; `Option` of a pointer is a struct with variants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence.dwarf import constants as dw
from abicheck.model.layout import (
    BOOL,
    FieldLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    TypeLayout,
)

if TYPE_CHECKING:
    from abicheck.evidence.dwarf.entries import Entry
    from abicheck.evidence.dwarf.types import TypeKey, Types

RAW_POINTERS = ("*const ", "*mut ")
VARIADIC = ",..."
WRAPPERS = frozenset(
    {
        "Atomic", "AtomicBool", "AtomicI16", "AtomicI32", "AtomicI64", "AtomicI8", "AtomicIsize",
        "AtomicPtr", "AtomicU16", "AtomicU32", "AtomicU64", "AtomicU8", "AtomicUsize", "Cell",
        "ManuallyDrop", "MaybeDangling", "MaybeUninit", "NonNull", "NonZero", "Pin", "Saturating",
        "SyncUnsafeCell", "UnsafeCell", "Wrapping",
    }
)  # fmt: skip
"""Types of the standard library that are `repr(transparent)`, or laid out as if they were."""

BOOLS = frozenset({"AtomicBool", "Atomic<bool>"})
"""Structs that hold a `u8` and are documented to be represented as `bool`."""

DEEPEST_WRAPPER = 16


def is_void(entry: Entry) -> bool:
    """Whether a type stands for nothing: `()`, `!`, or what `c_void` is behind a pointer."""
    if entry.tag == dw.DW_TAG_base_type:
        return not entry.unsigned(dw.DW_AT_byte_size)
    if entry.tag == dw.DW_TAG_enumeration_type:
        return entry.string(dw.DW_AT_name) == "c_void"
    return False


def pointer(entry: Entry, target: TypeKey | None, size: int) -> PointerLayout:
    """Return the layout of a pointer, whose name says what else is known of it."""
    name = entry.string(dw.DW_AT_name) or ""
    marks = function_marks(name)
    if marks and target is not None:
        target = (target[0], target[1], marks)
    if not name or name.startswith(RAW_POINTERS):
        return PointerLayout(size=size, target=target)
    return PointerLayout(size=size, target=target, may_be_null=False)


def function_marks(name: str) -> str:
    """Return the convention in the name of a function pointer's type, and whether it is variadic.

    "" if the name is not that of one: `unsafe extern "C" fn(i32, ...)` is "C,...".
    """
    text = name
    if text.startswith("for<"):
        text = text[text.find("> ") + 2 :]
    text = text.removeprefix("unsafe ")
    convention = "Rust"
    if text.startswith('extern "'):
        convention, _, text = text[8:].partition('" ')
    if not text.startswith("fn("):
        return ""
    depth = 0
    for index, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == ")" and not depth:
            return convention + (VARIADIC if text[:index].endswith("...") else "")
    return convention


def split_marks(marks: str) -> tuple[str | None, bool]:
    """Return what `function_marks` put together: the convention, and whether it is variadic."""
    return marks.removesuffix(VARIADIC) or None, marks.endswith(VARIADIC)


def is_wrapper(
    types: Types, name: str, size: int, alignment: int | None, fields: tuple[FieldLayout, ...]
) -> bool:
    """Whether a struct may have the layout and the calling convention of its one field.

    DWARF does not record `repr(transparent)`: tuple structs of one field and the
    standard library's wrappers are taken for it, structs with named fields are not.
    """
    inner = only_field(types, size, fields)
    if inner is None or inner.alignment != alignment:
        return False
    return inner.name == "__0" or name.partition("<")[0] in WRAPPERS


def only_field(types: Types, size: int, fields: tuple[FieldLayout, ...]) -> FieldLayout | None:
    """Return the one field that takes all of a struct, if there is one; others have no size."""
    filled = [field for field in fields if types.size_of(_place(field.type)) != 0]
    if len(filled) != 1 or types.size_of(_place(filled[0].type)) != size:
        return None
    return filled[0]


def _place(key: object) -> tuple[int, int]:
    if isinstance(key, tuple):
        return key[0], key[1]
    raise TypeError(key)


def special_struct(
    types: Types, name: str, size: int, fields: tuple[FieldLayout, ...]
) -> TypeLayout | None:
    """Return what `NonNull<T>` and `AtomicBool` are in disguise: a pointer, a bool."""
    if name in BOOLS and size == 1:
        return ScalarLayout(kind=BOOL, size=size, name=name)
    inner = only_field(types, size, fields) if name.startswith("NonNull<") else None
    if inner is None:
        return None
    layout = types.layout(_place(inner.type))
    if not isinstance(layout, PointerLayout):
        return None
    return PointerLayout(size=layout.size, target=layout.target, may_be_null=False)


def enum_with_fields(types: Types, entry: Entry, name: str, size: int) -> TypeLayout:
    """Return the layout of an enum with fields: an `Option` that a niche makes a nullable pointer.

    Raises:
        BinaryError: something is damaged.
    """
    if name.startswith("Option<"):
        payload = _some(types, entry, size)
        if payload is not None:
            return payload
    alignment = entry.unsigned(dw.DW_AT_alignment)
    return OpaqueLayout(name=name, size=size, alignment=alignment, is_complete=True)


def _some(types: Types, entry: Entry, size: int) -> TypeLayout | None:
    """Return the layout of `Option<T>` where it is as large as T, whose zero means `None`."""
    variants = [
        variant
        for part in entry.children() if part.tag == dw.DW_TAG_variant_part
        for variant in part.children() if variant.tag == dw.DW_TAG_variant
    ]  # fmt: skip
    for variant in variants:
        for member in variant.children():
            if member.tag == dw.DW_TAG_member and member.string(dw.DW_AT_name) == "Some":
                others = [each for each in variants if each.position != variant.position]
                is_zero = all(not each.constant(dw.DW_AT_discr_value) for each in others)
                return _payload(types, member, size) if is_zero else None
    return None


def _payload(types: Types, member: Entry, size: int) -> TypeLayout | None:
    place = member.reference(dw.DW_AT_type)
    wrapper = None if place is None else types.layout(place)
    if not isinstance(wrapper, StructLayout):
        return None
    field = only_field(types, size, wrapper.fields)
    if field is None or field.offset != 0:
        return None
    inner = unwrap(types, types.layout(_place(field.type)))
    if isinstance(inner, PointerLayout):
        return PointerLayout(size=inner.size, target=inner.target, may_be_null=True)
    return StructLayout(
        name=wrapper.name, size=size, fields=(field,), alignment=wrapper.alignment,
        is_transparent=True,
    )  # fmt: skip


def unwrap(types: Types, layout: TypeLayout) -> TypeLayout:
    """See through transparent wrappers, as far as they go."""
    for _ in range(DEEPEST_WRAPPER):
        if not isinstance(layout, StructLayout) or not layout.is_transparent:
            break
        filled = [field for field in layout.fields if types.size_of(_place(field.type)) != 0]
        layout = types.layout(_place(filled[0].type))
    return layout
