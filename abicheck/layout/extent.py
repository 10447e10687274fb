"""Extent: the room that a member takes in its struct, before it is placed."""

from __future__ import annotations

from abicheck.model.records import record


class UnplaceableError(Exception):
    """A type has no layout here, for the reason given; caught where a layout is asked for."""


@record
class Extent:
    """Size and alignment of a type, in bytes.

    `required` is the alignment that `align(N)` demands of the type or of something inside it:
    Microsoft compilers keep it even where a struct is packed.
    """

    size: int
    alignment: int
    required: int = 1


@record
class Member:
    """A field that waits for its place. `bit_width` is None unless it is a bit-field."""

    extent: Extent
    bit_width: int | None = None
    is_named: bool = True


@record
class Placement:
    """Where members came to lie: for each, in order, its first bit from the start of the struct."""

    bit_offsets: tuple[int, ...]
    extent: Extent


def round_up(value: int, alignment: int) -> int:
    """Return the lowest multiple of `alignment` that is not below `value`."""
    return -(-value // alignment) * alignment
