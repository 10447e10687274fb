"""A type's id -> how the source words it: typedefs, `const`, and what it is inside of.

Nothing of this takes part in a comparison; it is for those who write a type down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.types import MOST_TYPEDEFS, POINTERS, SEEN_THROUGH
from abicheck.evidence.dwarf.units import CPP, RUST
from abicheck.evidence.dwarf.walk import SCOPES, scopes_of
from abicheck.model.evidence import Wording

if TYPE_CHECKING:
    from abicheck.evidence.dwarf.entries import Entry
    from abicheck.evidence.dwarf.types import TypeKey, Types

DW_AT_accessibility = 0x32
DW_ACCESS_public = 1
MUTABLE = ("*mut ", "&mut ", "alloc::boxed::Box<", "NonNull<")
SHARED = ("*const ", "&")


def word(types: Types, key: TypeKey) -> Wording:
    """Return how the source words a type; what cannot be read is left out."""
    try:
        return _Reader(types).word(key)
    except (BinaryError, UnsupportedError):
        return Wording(type_id=key)


class _Reader:
    def __init__(self, types: Types) -> None:
        self.types = types

    def word(self, key: TypeKey) -> Wording:
        if key[0] < 0:
            return Wording(type_id=key)
        names, is_const, entry = self._see_through(key)
        if entry is None:
            return Wording(type_id=key, typedefs=names, is_const=is_const)
        is_variation = len(key) > len(entry.place)
        return Wording(
            type_id=key if is_variation else entry.place,
            typedefs=names,
            is_const=is_const,
            is_mutable=self._is_mutable(entry),
            scopes=_scopes(entry),
            is_class=_is_class(entry),
        )

    def _see_through(self, key: TypeKey) -> tuple[tuple[str, ...], bool, Entry | None]:
        """Return the typedefs on the way, whether `const` is, and what is behind them."""
        names: list[str] = []
        is_const = False
        place = key[0], key[1]
        for _ in range(MOST_TYPEDEFS):
            entry = self.types.entry(place)
            following = entry.reference(dw.DW_AT_signature)
            if entry.tag in SEEN_THROUGH:
                following = entry.reference(dw.DW_AT_type)
                is_const |= entry.tag == dw.DW_TAG_const_type
                if entry.tag == dw.DW_TAG_typedef and (name := entry.string(dw.DW_AT_name)):
                    names.append(name)
                if following is None:
                    return tuple(names), is_const, None
            elif following is None:
                return tuple(names), is_const, entry
            place = following
        return tuple(names), is_const, None

    def _is_mutable(self, entry: Entry) -> bool | None:
        """Whether a pointer leads to what may be written through it."""
        if entry.unit.language == RUST:
            name = (entry.string(dw.DW_AT_name) or "").removeprefix("Option<")
            if name.startswith(MUTABLE):
                return True
            return False if name.startswith(SHARED) else None
        if entry.tag not in POINTERS:
            return None
        place = entry.reference(dw.DW_AT_type)
        return True if place is None else not self._is_const(place)

    def _is_const(self, place: tuple[int, int]) -> bool:
        _, is_const, behind = self._see_through(place)
        if behind is not None and behind.tag == dw.DW_TAG_array_type:
            element = behind.reference(dw.DW_AT_type)
            return is_const or (element is not None and self._is_const(element))
        return is_const


def _scopes(entry: Entry) -> tuple[str, ...]:
    """Return the namespaces, modules and types that an entry is inside of; C has none."""
    if entry.unit.language not in {CPP, RUST} or entry.tag not in SCOPES:
        return ()
    return tuple(name for tag, name in scopes_of(entry) if tag in SCOPES)


def _is_class(entry: Entry) -> bool:
    """Whether a struct is what only C++ has: with bases, virtual functions or hidden fields."""
    if entry.unit.language != CPP or entry.tag not in SCOPES:
        return False
    is_hidden_unsaid = entry.tag == dw.DW_TAG_class_type
    for child in entry.children():
        if child.tag == dw.DW_TAG_inheritance or child.unsigned(dw.DW_AT_virtuality):
            return True
        if child.tag == dw.DW_TAG_member and dw.DW_AT_data_member_location in child:
            access = child.unsigned(DW_AT_accessibility)
            if access != DW_ACCESS_public and (access is not None or is_hidden_unsaid):
                return True
    return False
