"""Definitions -> Rust whose compiled constants hold every size, alignment and offset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.types import Array, FunctionType, Named, Pointer, Scalar, Struct
from tests.oracle.layouts.c_source import TABLE_MARK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from abicheck.model.types import Definition, Type

RUST_NAMES = {
    "c_float": "f32", "c_double": "f64", "size_t": "usize", "ssize_t": "isize",
    "ptrdiff_t": "isize", "intptr_t": "isize", "uintptr_t": "usize",
    **{f"uint{bits}_t": f"u{bits}" for bits in (8, 16, 32, 64)},
    **{f"int{bits}_t": f"i{bits}" for bits in (8, 16, 32, 64)},
}  # fmt: skip
"""Names that are not Rust's own; the other `c_` ones are in `core::ffi`."""


def rust_source(definitions: Mapping[str, Definition]) -> str:
    """Return one crate that defines and measures everything."""
    expressions = [
        f"{TABLE_MARK:#x}",
        str(len(list(_measures(definitions)))),
        *_measures(definitions),
    ]
    return "\n".join(
        [
            "#![no_std]",
            "#![allow(dead_code, non_snake_case, unused_imports, improper_ctypes_definitions)]",
            "use core::{ffi::*, mem::{align_of, offset_of, size_of}};",
            *(_definition(each) for each in definitions.values() if isinstance(each, Struct)),
            f"#[no_mangle] pub static TABLE: [u64; {len(expressions)}] = [",
            *(f"({each}) as u64," for each in expressions),
            "];",
        ]
    )


def _measures(definitions: Mapping[str, Definition]) -> Iterator[str]:
    """Yield the same measures in the same order as `c_source` does."""
    for name, struct in definitions.items():
        if isinstance(struct, Struct):
            yield f"size_of::<{name}>()"
            yield f"align_of::<{name}>()"
            for field in struct.fields:
                yield f"offset_of!({name}, {field.name})"


def _definition(struct: Struct) -> str:
    marks = ["C"]
    if struct.packed:
        marks.append("packed" if struct.packed == 1 else f"packed({struct.packed})")
    if struct.align:
        marks.append(f"align({struct.align})")
    keyword = "union" if struct.is_union else "struct"
    body = ", ".join(f"{field.name}: {_type(field.type)}" for field in struct.fields)
    copy = "#[derive(Clone, Copy)]"
    return f"{copy} #[repr({', '.join(marks)})] pub {keyword} {struct.name} {{ {body} }}"


def _type(type_: Type) -> str:
    match type_:
        case Scalar(name):
            return RUST_NAMES.get(name, name)
        case Array(element, count):
            return f"[{_type(element)}; {count}]"
        case Pointer(FunctionType()):
            return 'Option<extern "C" fn()>'
        case Pointer():
            return "*const c_void"
        case Named(name):
            return name
    raise AssertionError(type_)
