"""What will be in the way when an interface grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.lint.registry import lint, parts
from abicheck.model.paths import struct_of
from abicheck.model.types import Array, FunctionType, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.authoring.lint.registry import Found, Subject
    from abicheck.model.types import Type


@lint("struct-by-value-grows")
def by_value_grows(subject: Subject) -> Iterator[Found]:
    """Find structs that are meant to grow and yet are passed or stored by value.

    A struct is meant to grow if it has a `size_field` or a field with `since`.

    Why: whoever takes it by value, embeds it or has an array of it was compiled with
    one size. A newer size shifts everything behind it, and no `size_field` can tell.

    Fix: pass a pointer to it, and store pointers.
    """
    for use in subject.uses():
        for way, type_ in _by_value(use.type, subject):
            struct = struct_of(type_, subject.contract.definitions)
            if struct is not None and _grows(struct):
                message = f"{struct.name} is meant to grow, but is {way} by value"
                yield use.subject, use.line, message, f"use *const {struct.name} instead"


def _grows(struct: Struct) -> bool:
    return struct.size_field is not None or any(field.since for field in struct.fields)


def _by_value(type_: Type, subject: Subject) -> Iterator[tuple[str, Type]]:
    """Yield what a written type holds by value, and how; callbacks included."""
    for part in parts(type_):
        if isinstance(part, FunctionType):
            yield from (("passed", parameter.type) for parameter in part.parameters)
            yield "returned", part.result
    seen = subject.seen_through(type_)
    if isinstance(seen, Array):
        yield "stored in an array", seen.element
    else:
        yield "stored", seen


@lint("struct-size-field-missing")
def size_field_missing(subject: Subject) -> Iterator[Found]:
    """Find structs that have grown, and that do not say how far they reach.

    Why: whoever receives one from an older build reads fields that are not there. A
    version tag can tell, but only where every reader asks it before each access.

    Fix: begin the struct with an integer that its maker sets to its size, and name it:
    `size_field = "struct_size"`.
    """
    for struct in subject.structs:
        newer = next((field for field in struct.fields if field.since), None)
        if newer is not None and struct.size_field is None and not struct.is_union:
            message = f"`{newer.name}` came with {newer.since}, and no size_field says who has it"
            remedy = "begin it with a field for its size, and name that as size_field"
            yield struct.subject, newer.line, message, remedy
