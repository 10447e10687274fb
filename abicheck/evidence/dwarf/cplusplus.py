"""Classes of C++ -> how they are passed by value: as C does, or by reference to a copy.

Source: Itanium C++ ABI, section 3.1.2.3, "Non-Trivial Parameters"; DWARF 5, section 5.7.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.prototypes import parameters_of
from abicheck.evidence.dwarf.units import CPP

if TYPE_CHECKING:
    from abicheck.evidence.dwarf.entries import Entry, Place
    from abicheck.evidence.dwarf.types import Types

DEEPEST = 32
CLASSES = frozenset({dw.DW_TAG_structure_type, dw.DW_TAG_class_type, dw.DW_TAG_union_type})
PARTS = frozenset({dw.DW_TAG_member, dw.DW_TAG_inheritance})
REFERENCES = frozenset({dw.DW_TAG_reference_type, dw.DW_TAG_rvalue_reference_type})
PASSED_BY_REFERENCE, PASSED_BY_VALUE = 4, 5
"""DW_CC codes that clang writes at classes; gcc writes none, and the members must tell."""

DEFAULTED_IN_CLASS = 1


def is_passed_by_reference(types: Types, place: Place, depth: int = 0) -> bool:
    """Whether a class has a destructor, a copy constructor or virtual functions of its own.

    Such a class, and one that has such a part, is passed by reference to a copy, whatever
    its size; C passes a struct of the same fields by value.

    Raises:
        BinaryError: something is damaged.
    """
    entry, _ = types.resolve(place)
    if entry is None or depth > DEEPEST:
        return False
    if entry.tag == dw.DW_TAG_array_type:
        element = entry.reference(dw.DW_AT_type)
        return element is not None and is_passed_by_reference(types, element, depth + 1)
    if entry.tag not in CLASSES or entry.unit.language != CPP:
        return False
    stated = entry.unsigned(dw.DW_AT_calling_convention)
    if stated in {PASSED_BY_REFERENCE, PASSED_BY_VALUE}:
        return stated == PASSED_BY_REFERENCE
    return any(_part_decides(types, entry, child, depth) for child in entry.children())


def _part_decides(types: Types, owner: Entry, child: Entry, depth: int) -> bool:
    if child.tag == dw.DW_TAG_subprogram:
        return _is_special(types, owner, child)
    if child.tag not in PARTS or child.flag(dw.DW_AT_external) or child.flag(dw.DW_AT_declaration):
        return False
    part = child.reference(dw.DW_AT_type)
    is_virtual = bool(child.unsigned(dw.DW_AT_virtuality))
    return is_virtual or (part is not None and is_passed_by_reference(types, part, depth + 1))


def _is_special(types: Types, owner: Entry, function: Entry) -> bool:
    """Whether a member function is virtual, a destructor, or a constructor that copies or moves."""
    if function.unsigned(dw.DW_AT_virtuality):
        return True
    is_trivial = function.unsigned(dw.DW_AT_defaulted) == DEFAULTED_IN_CLASS
    if is_trivial or function.flag(dw.DW_AT_deleted) or function.flag(dw.DW_AT_artificial):
        return False
    name = function.string(dw.DW_AT_name) or ""
    if name.startswith("~"):
        return True
    if name != (owner.string(dw.DW_AT_name) or "").partition("<")[0]:
        return False
    stated = [each for each in parameters_of(function) if not each.flag(dw.DW_AT_artificial)]
    return len(stated) == 1 and _refers_to(types, stated[0], owner)


def _refers_to(types: Types, parameter: Entry, owner: Entry) -> bool:
    place = parameter.reference(dw.DW_AT_type)
    reference = None if place is None else types.resolve(place)[0]
    if reference is None or reference.tag not in REFERENCES:
        return False
    behind = reference.reference(dw.DW_AT_type)
    target = None if behind is None else types.resolve(behind)[0]
    return target is not None and target.place == owner.place
