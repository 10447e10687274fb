"""What is not the same on all targets that a contract allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.lint.registry import NOTE, lint, parts
from abicheck.layout import facts_for
from abicheck.model.layout import EnumLayout, FieldLayout, StructLayout, UnknownLayout
from abicheck.model.types import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from abicheck.authoring.lint.registry import Found, Subject
    from abicheck.model.layout import Layouts
    from abicheck.model.target import Target
    from abicheck.model.types import Enum, Struct

WIDE_AS_POINTERS = frozenset(
    {"usize", "isize", "size_t", "ssize_t", "ptrdiff_t", "intptr_t", "uintptr_t", "va_list"}
)
"""Types that are meant to differ where pointers do."""

FIXED_INSTEAD = {
    "c_long": "i32 or i64", "c_ulong": "u32 or u64", "wchar_t": "u16 or u32",
    "c_longdouble": "f64", "u128": "two u64", "i128": "two u64",
}  # fmt: skip


@lint("type-differs-by-target")
def type_differs(subject: Subject) -> Iterator[Found]:
    """Find numbers that are not the same on all targets: `c_long`, `wchar_t`, `c_longdouble`.

    They are compared on the targets that `[platform]` allows, on all that are known if it
    names none. Types that are meant to be as wide as a pointer are left alone.

    Why: code that was written where it has 8 bytes loses half of each value where it has
    4, and bindings in other languages choose one of the two.

    Fix: use a type of a fixed width, or name in `[platform]` the targets that are meant.
    """
    different: dict[str, str] = {}
    for use in subject.uses():
        for name in dict.fromkeys(
            each.name for each in parts(use.type) if isinstance(each, Scalar)
        ):
            if name not in different:
                different[name] = _differences(name, subject.targets)
            if different[name]:
                instead = FIXED_INSTEAD.get(name, "a type of a fixed width")
                remedy = f"write {instead}, or name the targets that are meant in [platform]"
                yield use.subject, use.line, f"{name} is {different[name]}", remedy


def _differences(name: str, targets: Sequence[Target]) -> str:
    """Return what a scalar is on which targets; "" if it is the same on all."""
    if name in WIDE_AS_POINTERS:
        return ""
    found: dict[str, list[Target]] = {}
    for target in targets:
        kind_and_size = facts_for(target).scalars.get(name)
        if kind_and_size is None:
            words = "no type of C"
        else:
            kind, size = kind_and_size
            words = f"{kind} and {size} bytes" if name == "wchar_t" else f"{size} bytes"
        found.setdefault(words, []).append(target)
    return told(found) if len(found) > 1 else ""


def told(found: Mapping[str, Sequence[Target]]) -> str:
    """Return what holds on which targets, the commonest first, naming one of each."""
    phrases = []
    for words, targets in sorted(found.items(), key=lambda item: -len(item[1])):
        others = len(targets) - 1
        phrases.append(f"{words} on {targets[0]}{f' and {others} more' if others else ''}")
    return ", ".join(phrases)


@lint("bool-unspoken", severity=NOTE)
def bool_unspoken(subject: Subject) -> Iterator[Found]:
    """Find `bool` in a contract for more than one target.

    Why: C leaves its width to each platform. It is one byte on all targets that are known
    here, but what passes for one in C before C99, and `BOOL` of Windows, is an `int`; and a
    byte other than 0 and 1 is a number to one side and undefined behaviour to another.

    Fix: use `u8` (or `u32` for a `BOOL`) and compare it with zero, or name in `[platform]`
    the target that is meant.
    """
    if len(subject.targets) < 2:  # noqa: PLR2004 (one target has nobody to differ from)
        return
    for use in subject.uses():
        if any(isinstance(each, Scalar) and each.name == "bool" for each in parts(use.type)):
            message = "not every language and compiler has the same bool, or trusts its byte"
            yield use.subject, use.line, message, "write u8, and compare it with zero"


@lint("bit-field-differs-by-target")
def bit_field_differs(subject: Subject) -> Iterator[Found]:
    """Find bit-fields that lie otherwise to each other on some of the targets.

    Why: C leaves their places to each platform. System V packs them tightly, Microsoft
    begins a new unit with each type, and what is the lowest bit where little ends come
    first is the highest where big ones do; Rust and Python have none at all.

    Fix: store an integer of a fixed width and take it apart with shifts and masks.
    """
    for struct in subject.structs:
        if not any(field.bit_width for field in struct.fields):
            continue
        found: dict[object, list[Target]] = {}
        for target, _, layout in subject.layouts_of(struct):
            if isinstance(layout, StructLayout):
                found.setdefault(_bit_places(layout, target), []).append(target)
        if len(found) > 1:
            one, other = [targets[0] for targets in found.values()][:2]
            line = next(field.line for field in struct.fields if field.bit_width)
            message = f"its bit-fields lie otherwise on {other} than on {one}"
            yield struct.subject, line, message, "store one integer of a fixed width instead"


def _bit_places(layout: StructLayout, target: Target) -> tuple[object, ...]:
    """Return where bit-fields lie, counted from the first of each run of them.

    Whole bytes are counted alike in either byte order, single bits from the other end.
    """
    bits = [n for each in layout.fields for n in (each.bit_offset, each.bit_size) if n is not None]
    places: list[object] = [target.byte_order] if any(n % 8 for n in bits) else []
    first: int | None = None
    for field in layout.fields:
        if field.bit_offset is None:
            first = None
        else:
            first = field.bit_offset if first is None else first
            places.append(field.bit_offset - first)
    return tuple(places)


@lint("layout-missing-on-target")
def layout_missing(subject: Subject) -> Iterator[Found]:
    """Find types whose layout nobody can know on a target that the contract allows.

    An opaque type without a size there, a number that its C lacks, a field of a partial
    struct whose `offset` fits no key.

    Why: on that target every claim about the type stays `unverified`.

    Fix: add the missing number for that target, or name in `[platform]` the targets
    that are meant.
    """
    definitions: tuple[Struct | Enum, ...] = (*subject.structs, *subject.enums)
    for definition in definitions:
        missing: dict[str, list[Target]] = {}
        for target, _, layout in subject.layouts_of(definition):
            reason = _missing(layout)
            if reason:
                missing.setdefault(reason.replace(str(target), "it"), []).append(target)
        if missing:
            reason, targets = max(missing.items(), key=lambda item: len(item[1]))
            more = f" and {len(targets) - 1} more" if len(targets) > 1 else ""
            message = f"it has no layout on {targets[0]}{more}: {reason}"
            remedy = "state what is missing there, or name the targets that are meant in [platform]"
            yield definition.subject, definition.line, message, remedy


def _missing(layout: object) -> str:
    if isinstance(layout, UnknownLayout):
        return layout.reason
    if isinstance(layout, StructLayout) and layout.is_partial:
        lost = next((field for field in layout.fields if field.offset is None), None)
        return f"no offset of `{lost.name}` fits" if lost else ""
    return ""


@lint("enum-width-unfixed", severity=NOTE)
def enum_unfixed(subject: Subject) -> Iterator[Found]:
    """Find enums that are as wide as the compiler likes.

    Why: C makes it an `int` unless a value needs more or `-fshort-enums` says less, so
    that one new value or one flag of the compiler changes the size of every struct
    that holds it.

    Fix: say `repr = "u32"` (in C23 and C++ `enum Mode : uint32_t`), or store an
    integer of a fixed width and keep the enum for its names.
    """
    for enum in subject.enums:
        if enum.repr == "C":
            sizes = {
                layout.size for *_, layout in subject.layouts_of(enum)
                if isinstance(layout, EnumLayout)
            }  # fmt: skip
            size = f", here {min(sizes)} bytes" if len(sizes) == 1 else ""
            message = f"the compiler chooses its width{size}"
            yield enum.subject, enum.line, message, 'say repr = "u32", or store a u32 instead of it'


@lint("padding-unnamed", severity=NOTE)
def padding_unnamed(subject: Subject) -> Iterator[Found]:
    """Find bytes of structs that belong to no field, on any of the targets.

    Why: nobody writes them. They carry what was in memory before, to files and to the
    other side; structs that are compared or hashed as bytes differ; and a later version
    that puts a field there reads what an older plugin never set.

    Fix: order the fields from the widest to the narrowest and spell out the rest:
    `"_reserved: [u8; 4]"`, written as zeros.
    """
    for struct in subject.structs:
        if struct.is_union or struct.is_partial:
            continue
        for target, sheet, layout in subject.layouts_of(struct):
            gap = _first_gap(layout, sheet) if isinstance(layout, StructLayout) else None
            if gap is not None:
                name, bits, line = gap
                size = f"{bits // 8} byte{'s' * (bits != 8)}" if bits % 8 == 0 else f"{bits} bits"  # noqa: PLR2004
                message = f"{size} after `{name}` belong to no field on {target}"
                remedy = "order fields from wide to narrow and spell out the rest as a field"
                yield struct.subject, line or struct.line, message, remedy
                break


def _first_gap(layout: StructLayout, sheet: Layouts) -> tuple[str, int, int] | None:
    """Return the field before the first gap, the gap's width in bits, and the field's line."""
    end, last = 0, None
    for field in layout.fields:
        start = _first_bit(field)
        if last is not None and start > end:
            return last.name or "_", start - end, last.line
        width = field.bit_size or (getattr(sheet.layout(field.type), "size", None) or 0) * 8
        end, last = max(end, start + width), field
    total = (layout.size or 0) * 8
    return (last.name or "_", total - end, last.line) if last is not None and total > end else None


def _first_bit(field: FieldLayout) -> int:
    return field.bit_offset if field.bit_offset is not None else (field.offset or 0) * 8
