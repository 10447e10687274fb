"""Entries of types -> layouts, one at a time, as they are asked for.

A type's id is the place of its entry. Typedefs and qualifiers are seen
through. A type that is damaged or of no known kind becomes an `UnknownLayout`
with the reason, so that the rest can still be compared.

Source: DWARF 5, chapter 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf import members, prototypes, rust
from abicheck.evidence.dwarf.units import RUST
from abicheck.model.layout import (
    BOOL,
    CHAR,
    COMPLEX,
    FLOAT,
    SIGNED,
    UNSIGNED,
    ArrayLayout,
    EnumLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    UnknownLayout,
)

if TYPE_CHECKING:
    from abicheck.evidence.dwarf.entries import Entry, Place
    from abicheck.evidence.dwarf.file import Book
    from abicheck.model.evidence import Origin
    from abicheck.model.layout import TypeLayout

    TypeKey = tuple[int, int] | tuple[int, int, int | str]

MOST_TYPEDEFS = 128
MOST_DIMENSIONS = 32
LARGEST_SIZE = 1 << 64
MOST_PENDING = 32
"""Types that wait for the layout of others; only rustc's wrappers do, a few deep."""

MOST_ENUMERATORS = 100_000

SEEN_THROUGH = frozenset(
    {
        dw.DW_TAG_typedef, dw.DW_TAG_const_type, dw.DW_TAG_volatile_type, dw.DW_TAG_restrict_type,
        dw.DW_TAG_atomic_type, dw.DW_TAG_immutable_type, dw.DW_TAG_packed_type,
        dw.DW_TAG_shared_type, dw.DW_TAG_template_alias,
    }
)  # fmt: skip
POINTERS = frozenset(
    {dw.DW_TAG_pointer_type, dw.DW_TAG_reference_type, dw.DW_TAG_rvalue_reference_type}
)
STRUCTS = frozenset(
    {
        dw.DW_TAG_structure_type, dw.DW_TAG_class_type, dw.DW_TAG_union_type,
        dw.DW_TAG_interface_type,
    }
)  # fmt: skip
FUNCTIONS = frozenset({dw.DW_TAG_subprogram, dw.DW_TAG_subroutine_type})

KINDS = {
    dw.DW_ATE_boolean: BOOL, dw.DW_ATE_complex_float: COMPLEX, dw.DW_ATE_float: FLOAT,
    dw.DW_ATE_signed: SIGNED, dw.DW_ATE_signed_char: SIGNED, dw.DW_ATE_unsigned: UNSIGNED,
    dw.DW_ATE_unsigned_char: UNSIGNED, dw.DW_ATE_UTF: UNSIGNED, dw.DW_ATE_UCS: UNSIGNED,
    dw.DW_ATE_ASCII: UNSIGNED, dw.DW_ATE_address: UNSIGNED,
}  # fmt: skip
FOREIGN = frozenset(range(0x09, 0x10))
"""Encodings that are no type of a contract: imaginary, decimal and fixed-point numbers.

Source: DWARF 5, table 7.11.
"""
OTHER_END = {"little": dw.DW_END_big, "big": dw.DW_END_little}
CHARACTERS = frozenset({dw.DW_ATE_signed_char, dw.DW_ATE_unsigned_char})


class Types:
    """The types of one plugin: resolves a type id to its layout, each once."""

    def __init__(self, book: Book) -> None:
        """Lay out nothing yet."""
        self.book = book
        self._layouts: dict[TypeKey, TypeLayout] = {}
        self._pending: set[TypeKey] = set()
        self._entries: dict[Place, Entry] = {}

    def layout(self, key: TypeKey) -> TypeLayout:
        """Return the layout of a type; `UnknownLayout` where it cannot be read."""
        known = self._layouts.get(key)
        if known is None:
            if len(self._pending) >= MOST_PENDING or key in self._pending:
                return UnknownLayout("its definition leads back to itself")
            self._pending.add(key)
            known = self._layouts[key] = self._lay_out(key)
            self._pending.discard(key)
        return known

    def entry(self, place: Place) -> Entry:
        """Return the entry at a place; raises BinaryError if it is damaged."""
        found = self._entries.get(place)
        if found is None:
            found = self._entries[place] = self.book.entry(place)
        return found

    def resolve(self, place: Place) -> tuple[Entry | None, str]:
        """See through typedefs and qualifiers: the entry behind (None: void), and a typedef's name.

        Raises:
            BinaryError: they do not end, or are damaged.
        """
        name = ""
        for _ in range(MOST_TYPEDEFS):
            entry = self.entry(place)
            if entry.tag in SEEN_THROUGH:
                if entry.tag == dw.DW_TAG_typedef:
                    name = entry.string(dw.DW_AT_name) or name
                following = entry.reference(dw.DW_AT_type)
            elif dw.DW_AT_signature in entry:
                following = entry.reference(dw.DW_AT_signature)
            else:
                return entry, name
            if following is None:
                return None, name
            place = following
        raise entry.unit.damage(entry.offset, "a type is a typedef of itself")

    def target_of(self, entry: Entry) -> Place | None:
        """Return the place of the type an entry is about; None for `void`, however it is spelled.

        Raises:
            BinaryError: it is damaged.
        """
        place = entry.reference(dw.DW_AT_type)
        if place is None:
            return None
        behind, _ = self.resolve(place)
        if behind is None or (behind.unit.language == RUST and rust.is_void(behind)):
            return None
        if behind.tag == dw.DW_TAG_unspecified_type and behind.string(dw.DW_AT_name) == "void":
            return None
        return place

    def _lay_out(self, key: TypeKey) -> TypeLayout:
        try:
            if key[0] < 0:  # What could not be read: the reason stands in the id.
                return UnknownLayout(str(key[-1]))
            variation = key[2] if len(key) == 3 else ""  # noqa: PLR2004  a pair, or more
            if isinstance(variation, int):
                return self._dimension(self.entry((key[0], key[1])), variation)
            entry, name = self.resolve((key[0], key[1]))
            if entry is None:
                return UnknownLayout("it is void")
            return self._lay_out_entry(entry, name, variation)
        except BinaryError as error:
            return UnknownLayout(f"the debug information is damaged: {error}")
        except UnsupportedError as error:
            return UnknownLayout(str(error))

    def _lay_out_entry(self, entry: Entry, typedef: str, marks: str) -> TypeLayout:
        tag = entry.tag
        if tag == dw.DW_TAG_base_type:
            return lay_out_base(entry)
        if tag in POINTERS:
            return self._pointer(entry)
        if tag in STRUCTS:
            return self._struct(entry, typedef)
        if tag in FUNCTIONS:
            return prototypes.lay_out(self, entry, marks)
        if tag == dw.DW_TAG_enumeration_type:
            return self._enum(entry, typedef)
        if tag == dw.DW_TAG_array_type:
            return self._dimension(entry, 0)
        if tag == dw.DW_TAG_unspecified_type:  # C++'s nullptr_t
            return PointerLayout(size=entry.unit.widths.address_size, target=None)
        if tag == dw.DW_TAG_ptr_to_member_type:
            return OpaqueLayout(name="a pointer to a member of a class", is_complete=True)
        return UnknownLayout(f"the debug information describes no type here (DW_TAG {tag:#x})")

    def _pointer(self, entry: Entry) -> TypeLayout:
        size = entry.unsigned(dw.DW_AT_byte_size) or entry.unit.widths.address_size
        target: TypeKey | None = self.target_of(entry)
        if entry.unit.language == RUST:
            return rust.pointer(entry, target, size)
        may_be_null = None if entry.tag == dw.DW_TAG_pointer_type else False
        return PointerLayout(size=size, target=target, may_be_null=may_be_null)

    def _struct(self, entry: Entry, typedef: str) -> TypeLayout:
        name = entry.string(dw.DW_AT_name) or typedef
        if entry.flag(dw.DW_AT_declaration):
            return OpaqueLayout(name=name)
        size = entry.unsigned(dw.DW_AT_byte_size)
        if size is None:
            return UnknownLayout(f"the debug information states no size for {name or 'a struct'}")
        fields, trouble = members.lay_out(self, entry)
        is_rust = entry.unit.language == RUST
        if is_rust and fields is None:
            return rust.enum_with_fields(self, entry, name, size)
        if fields is None:
            return UnknownLayout(f"{name or 'a struct'}: {trouble}")
        if is_rust and (special := rust.special_struct(self, name, size, fields)):
            return special
        alignment = entry.unsigned(dw.DW_AT_alignment)
        is_wrapper = is_rust and rust.is_wrapper(self, name, size, alignment, fields)
        if is_wrapper and (inner := rust.only_field(self, size, fields)):
            fields = (inner,)
        return StructLayout(
            name=name, size=size, fields=fields,
            is_union=entry.tag == dw.DW_TAG_union_type and not is_wrapper,
            alignment=alignment, is_transparent=is_wrapper,
            origin=self.origin(entry),
        )  # fmt: skip

    def origin(self, entry: Entry) -> Origin:
        """Return where an entry is."""
        return entry.unit.section.region.origin(entry.offset)

    def _enum(self, entry: Entry, typedef: str) -> TypeLayout:
        name = entry.string(dw.DW_AT_name) or typedef
        if entry.flag(dw.DW_AT_declaration):
            return OpaqueLayout(name=name, size=entry.unsigned(dw.DW_AT_byte_size))
        underlying = self._underlying(entry)
        size = entry.unsigned(dw.DW_AT_byte_size)
        if size is None and underlying is not None:
            size = underlying.size
        if size is None:
            return UnknownLayout(f"the debug information states no size for {name or 'an enum'}")
        is_signed = None if underlying is None else underlying.kind == SIGNED
        if is_signed is None and (encoding := entry.unsigned(dw.DW_AT_encoding)):
            is_signed = KINDS.get(encoding) == SIGNED
        values: list[tuple[str, int]] = []
        for child in entry.children():
            if child.tag != dw.DW_TAG_enumerator:
                continue
            value = child.constant(dw.DW_AT_const_value, size=size if is_signed else 0)
            if value is None or len(values) >= MOST_ENUMERATORS:
                return UnknownLayout(f"{name}: an enumerator has no constant value")
            values.append((child.string(dw.DW_AT_name) or "", value))
        if is_signed is None and any(value < 0 for _, value in values):
            is_signed = True
        return EnumLayout(
            name=name, size=size, is_signed=is_signed, values=tuple(values),
            is_fixed=entry.flag(dw.DW_AT_enum_class),
            alignment=entry.unsigned(dw.DW_AT_alignment), origin=self.origin(entry),
        )  # fmt: skip

    def _underlying(self, entry: Entry) -> ScalarLayout | None:
        place = entry.reference(dw.DW_AT_type)
        layout = None if place is None else self.layout(place)
        return layout if isinstance(layout, ScalarLayout) else None

    def _dimension(self, entry: Entry, dimension: int) -> TypeLayout:
        """Lay out an array from one of its dimensions on: C's `[2][3]` is one entry."""
        if dw.DW_AT_byte_stride in entry or dw.DW_AT_bit_stride in entry:
            return UnknownLayout("it is an array whose elements are not packed")
        element = entry.reference(dw.DW_AT_type)
        if element is None:
            return UnknownLayout("it is an array of nothing")
        counts = []
        for child in entry.children():
            if child.tag in {dw.DW_TAG_subrange_type, dw.DW_TAG_enumeration_type}:
                count, is_known = element_count(child)
                if not is_known:
                    return UnknownLayout("it is an array whose length is known at run time only")
                counts.append(count)
        if len(counts) > MOST_DIMENSIONS:
            return UnknownLayout(f"it is an array of {len(counts)} dimensions")
        counts = counts or [None]
        rest = counts[dimension:]
        inner: TypeKey = element if len(rest) == 1 else (*entry.place, dimension + 1)
        stated = entry.unsigned(dw.DW_AT_byte_size) if not dimension else None
        return ArrayLayout(
            element=inner, count=rest[0],
            size=stated if stated is not None else self._array_size(element, rest),
            is_vector=entry.flag(dw.DW_AT_GNU_vector),
            alignment=entry.unsigned(dw.DW_AT_alignment),
        )  # fmt: skip

    def _array_size(self, element: Place, counts: list[int | None]) -> int | None:
        size = self.size_of(element)
        for count in counts:
            size = None if size is None or count is None else size * count
        return size if size is None or size < LARGEST_SIZE else None

    def size_of(self, place: Place, depth: int = 0) -> int | None:
        """Return the size of a type in bytes, as far as it is stated.

        Raises:
            BinaryError: something is damaged.
        """
        entry, _ = self.resolve(place)
        if entry is None or depth > MOST_DIMENSIONS:
            return None
        stated = entry.unsigned(dw.DW_AT_byte_size)
        if stated is not None:
            return stated
        if entry.tag in POINTERS:
            return entry.unit.widths.address_size
        inner = entry.reference(dw.DW_AT_type)
        if inner is None:
            return None
        if entry.tag == dw.DW_TAG_enumeration_type:
            return self.size_of(inner, depth + 1)
        if entry.tag != dw.DW_TAG_array_type:
            return None
        size = self.size_of(inner, depth + 1)
        for child in entry.children():
            if child.tag in {dw.DW_TAG_subrange_type, dw.DW_TAG_enumeration_type}:
                count, _ = element_count(child)
                size = None if size is None or count is None else size * count
        return size


def lay_out_base(entry: Entry) -> TypeLayout:
    """Return the layout of a DW_TAG_base_type, by its encoding and size alone.

    Source: DWARF 5, section 5.1.1.
    """
    name = entry.string(dw.DW_AT_name) or ""
    size, bits = entry.unsigned(dw.DW_AT_byte_size), entry.unsigned(dw.DW_AT_bit_size)
    encoding = entry.unsigned(dw.DW_AT_encoding) or 0
    if size is None and bits is not None and bits % 8 == 0:
        size = bits // 8
    if size is None:
        return UnknownLayout(f"the debug information states no size for {name}")
    if (bits is not None and bits != 8 * size) or "_BitInt" in name or "_ExtInt" in name:
        return UnknownLayout(f"{name} is a bit-precise integer")
    if entry.unsigned(dw.DW_AT_endianity) == OTHER_END[entry.unit.file.byte_order]:
        return OpaqueLayout(name=f"{name} of the other byte order", size=size, is_complete=True)
    kind = KINDS.get(encoding)
    if kind is None:
        if encoding in FOREIGN:
            return OpaqueLayout(name=name, size=size, is_complete=True)
        return UnknownLayout(f"{name} has an encoding that nobody here knows ({encoding:#x})")
    if name == "char" and encoding in CHARACTERS and size == 1 and entry.unit.language != RUST:
        kind = CHAR
    return ScalarLayout(kind=kind, size=size, name=name)


def element_count(entry: Entry) -> tuple[int | None, bool]:
    """Return how many elements a dimension has (None: unsaid), and whether that is all there is.

    False where the length is an expression or a variable.

    Source: DWARF 5, section 5.13.
    """
    for attribute in (dw.DW_AT_count, dw.DW_AT_upper_bound):
        if attribute not in entry:
            continue
        value = entry.constant(attribute)
        if value is None:
            return None, False
        if attribute == dw.DW_AT_count:
            # Some producers state -1, or a width's largest value, for a length they do not know.
            return (None if value < 0 or value >= 1 << 63 else value), True
        lower = entry.constant(dw.DW_AT_lower_bound) or 0
        width = {dw.DW_FORM_data4: 32, dw.DW_FORM_data8: 64}.get(entry.form(attribute) or 0)
        if value < 0 or (width and value == (1 << width) - 1):
            value = -1
        count = value - lower + 1
        return (count, True) if count >= 0 else (None, False)
    if entry.tag == dw.DW_TAG_enumeration_type:
        return None, False
    return None, True
