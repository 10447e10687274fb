"""Tags of a contract -> those that a guard reads in the file, and why it leaves the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.plan import expanded, why_skipped
from abicheck.generation.rust import text
from abicheck.generation.rust.storage import rust_names
from abicheck.generation.rust.types import identifier
from abicheck.model.contract import FieldStep, IndexStep
from abicheck.model.paths import struct_of
from abicheck.model.types import SIGNED_WIDTHS, UNSIGNED_WIDTHS, Array, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from abicheck.generation.rust.types import Writer
    from abicheck.model.contract import Bound, Condition, Contract, Tag
    from abicheck.model.types import Type

WIDEST = 8
INTEGERS = {
    **{name: False for name, width in UNSIGNED_WIDTHS.items() if width <= WIDEST},
    **{name: True for name, width in SIGNED_WIDTHS.items() if width <= WIDEST},
    **dict.fromkeys(("usize", "size_t", "uintptr_t", "c_uchar", "c_ushort", "c_uint"), False),
    **dict.fromkeys(("c_ulong", "c_ulonglong"), False),
    **dict.fromkeys(("isize", "ssize_t", "ptrdiff_t", "intptr_t", "c_schar", "c_short"), True),
    **dict.fromkeys(("c_int", "c_long", "c_longlong"), True),
    **{f"uint{bits}_t": False for bits in (8, 16, 32, 64)},
    **{f"int{bits}_t": True for bits in (8, 16, 32, 64)},
}
"""Integers that a tag may be read from, and whether each has a sign."""

ORDERINGS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
NUMBERS = {"at_least": ">=", "at_most": "<="}
SMALL = 128
"""Below this a number is the same in every integer, whether that has a sign or not."""


class UnreadableError(Exception):
    """A guard does not evaluate this tag; says why."""


def tag_rows(contract: Contract, writer: Writer) -> tuple[list[str], list[str]]:
    """Return a `Tag` for each tag that a guard evaluates, and a sentence for each other one."""
    rows: list[str] = []
    unread: list[str] = []
    for tag in contract.tags:
        try:
            rows += _row(contract, tag, writer)
        except UnreadableError as reason:
            unread.append(f"tags.{tag.name}: {reason}.")
    return rows, unread


def _row(contract: Contract, tag: Tag, writer: Writer) -> list[str]:
    place, type_ = _place(contract, tag)
    if not isinstance(type_, Scalar) or type_.name not in INTEGERS:
        raise UnreadableError("it is no integer")
    if tag.shift or tag.mask is not None or tag.is_initial:
        place = place or "0"
    mask = "u64::MAX" if tag.mask is None else f"{tag.mask & 0xFFFFFFFFFFFFFFFF:#x}"
    is_signed = INTEGERS[type_.name]
    written = writer.type(type_)
    fits = [_condition(each, written, is_signed=is_signed) for each in tag.conditions]
    return [
        "Tag {",
        f"    name: {text.string(tag.name)},",
        f"    export: {text.string(tag.path.root)},",
        f"    at: {place or '0'},",
        f"    size: core::mem::size_of::<{written}>() as u64,",
        f"    is_signed: {str(is_signed).lower()},",
        f"    is_optional: {str(tag.is_optional).lower()},",
        f"    shift: {tag.shift},",
        f"    mask: {mask},",
        f"    parts: {_parts(tag)},",
        "    fits: &[",
        *(f"        {each}," for each in fits),
        "    ],",
        "},",
    ]


def _place(contract: Contract, tag: Tag) -> tuple[str, Type]:
    """Return the offset of what a tag reads from its export, as Rust computes it, and the type."""
    path = tag.path
    if path.sections:
        raise UnreadableError("it reads a section")
    if path.calls:
        raise UnreadableError("it is behind a call")
    if path.is_dereferenced or tag.until is not None:
        raise UnreadableError("it follows pointers")
    if tag.when is not None:
        raise UnreadableError("it holds under a condition")
    export = contract.export_named(path.root)
    if export is None or why_skipped(export) or not export.is_data or export.type is None:
        raise UnreadableError("the export that it reads has no name or type here")
    type_, places = expanded(export.type, contract.definitions), []
    for step in path.steps:
        struct = struct_of(type_, contract.definitions)
        if isinstance(step, FieldStep) and struct is not None:
            names = [field.name for field in struct.fields]
            if step.name not in names or struct.fields[names.index(step.name)].bit_width:
                raise UnreadableError("it reads an anonymous member or a bit-field")
            index = names.index(step.name)
            field = identifier(rust_names(struct)[index])
            places.append(f"core::mem::offset_of!(ffi::{struct.name}, {field})")
            type_ = expanded(struct.fields[index].type, contract.definitions)
        elif isinstance(step, IndexStep) and isinstance(type_, Array):
            raise UnreadableError("it reads an element of an array")
        else:
            raise UnreadableError("it follows pointers")
    return " + ".join(places), type_


def _parts(tag: Tag) -> str:
    """Return the parts of a version in `value`, the most significant first."""
    if tag.decode is None:
        has_bounds = any(each.key == "accepts" for each in tag.conditions)
        return "|value| vec![value as u64]" if has_bounds else "|_| Vec::new()"
    if tag.decode.kind != "bits":
        raise UnreadableError("its version is more than bits of a number")
    parts, end = [], sum(width for _, width in tag.decode.bits)
    for name, width in tag.decode.bits:
        end -= width
        if name != "_":
            moved = f"(value >> {end})" if end else "value"
            parts.append(f"{moved} as u64 & {(1 << width) - 1:#x}")
    return f"|value| vec![{', '.join(parts)}]"


def _condition(condition: Condition, written: str, *, is_signed: bool) -> str:
    """Return what is expected, and the function that says whether a value or version is that."""
    value = condition.value
    if condition.key == "accepts":
        groups: Iterable[tuple[Bound, ...]] = value  # type: ignore[assignment]
        alternatives = [" && ".join(_bound(each) for each in group) for group in groups]
        if any("&&" in each for each in alternatives) and len(alternatives) > 1:
            alternatives = [f"({each})" for each in alternatives]
        test = " || ".join(alternatives)
        return f"({text.string(condition.text)}, |_, parts| {test})"
    numbers = value if isinstance(value, tuple) else (value,)
    if any(not isinstance(each, int) or isinstance(each, bool) for each in numbers):
        raise UnreadableError(f'"{condition.key}" is not about an integer')
    if condition.key in {"equals", "one_of"}:
        test = " || ".join(_equals(each, written, is_signed=is_signed) for each in numbers)
        return f"({text.string(' or '.join(map(str, numbers)))}, |value, _| {test})"
    if condition.key in NUMBERS:
        sign = NUMBERS[condition.key]
        return f"({text.string(f'{sign} {value}')}, |value, _| value {sign} {value:_})"
    raise UnreadableError(f'"{condition.key}" is not about an integer')


def _equals(number: int, written: str, *, is_signed: bool) -> str:
    """Return a test for a number; integers are compared modulo their width."""
    if 0 <= number < (SMALL if is_signed else 2**64):
        return f"value == {number:_}"
    return f"(value - {number:_}) % (1_i128 << (8 * core::mem::size_of::<{written}>())) == 0"


def _bound(bound: Bound) -> str:
    if bound.prerelease:
        raise UnreadableError("its bounds have pre-releases")
    parts = ", ".join(map(str, bound.parts))
    return f"against(parts, &[{parts}]).is_{ORDERINGS[bound.operator]}()"
