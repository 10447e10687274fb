"""Inspection: what can be seen of a plugin without a contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.records import record

if TYPE_CHECKING:
    from abicheck.model.evidence import Import, PlatformFacts, Symbol
    from abicheck.model.target import Target


@record
class SeenValue:
    """What exported data holds: `plain` is a number, text or truth where it is one.

    `shown` is for people. `is_initial`: zeros of .bss, which code may have changed.
    """

    shown: str
    plain: int | float | str | bool | None = None
    is_initial: bool = False


@record
class SeenExport:
    """An export. `type` is spelled as a contract would; `reason` says why there is none."""

    symbol: Symbol
    type: str | None = None
    reason: str | None = None
    value: SeenValue | None = None


@record
class SeenField:
    """A field of a struct; sizes and offsets in bytes, those of bit-fields in bits, too."""

    name: str | None
    type: str
    offset: int | None
    size: int | None
    bit_offset: int | None = None
    bit_size: int | None = None


@record
class Gap:
    """Bits that belong to no field, counted from the start of the struct."""

    bit_offset: int
    bit_size: int


@record
class SeenType:
    """A struct, union or enum that exports lead to, under the name that a contract would use.

    `kind` is "structs", "unions" or "enums"; `gaps` are holes between the fields, `padding`
    is the gap at the end. `is_alignment_derived`: nothing records it, it follows from the fields.
    """

    name: str
    kind: str
    size: int | None
    alignment: int | None = None
    is_alignment_derived: bool = False
    fields: tuple[SeenField, ...] = ()
    gaps: tuple[Gap, ...] = ()
    padding: Gap | None = None
    values: tuple[tuple[str, int], ...] = ()


@record
class SeenEvidence:
    """What one source shows: `seen` of `total` facts, and of the others why not."""

    source: str
    about: str
    seen: int
    total: int
    reasons: tuple[tuple[str, tuple[str, ...]], ...] = ()


@record
class Slice:
    """All that was seen of a plugin, or of one slice of a universal file.

    `foreign` are the names of exports that only C++ or Rust can name.
    """

    format: str
    target: Target
    facts: PlatformFacts
    exports: tuple[SeenExport, ...] = ()
    foreign: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    types: tuple[SeenType, ...] = ()
    more_types: int = 0
    evidence: tuple[SeenEvidence, ...] = ()
    notes: tuple[str, ...] = ()


@record
class Inspection:
    """What `inspect` returns: the slices of one file, whose name is as the user wrote it."""

    file: str
    slices: tuple[Slice, ...]
