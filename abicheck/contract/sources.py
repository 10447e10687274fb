"""What contracts are read from, before and after parameters are put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from abicheck.contract.positions import KeyPath


@record
class Source:
    """What a contract was read from: kept, so that it can be bound to other parameters."""

    file: str
    document: dict[str, Any]
    lines: Mapping[KeyPath, int]
    captures: tuple[str, ...] = ()
    has_templates: bool = False
    has_open: bool = False


@record
class Filling:
    """A document with values in place of its templates.

    `renamed` maps names of exports to the keys they were made from, `filled` are the
    entries that hold templates. `open` has a path and the missing names of each text
    that stays as it was written. `clashes` are keys that came to the same name.
    """

    document: dict[str, Any]
    renamed: Mapping[str, str]
    filled: AbstractSet[KeyPath]
    open: tuple[tuple[KeyPath, tuple[str, ...]], ...] = ()
    clashes: tuple[str, ...] = ()
