"""Whether a unit was compiled with types, or only with line numbers and names of functions.

A function without parameters and result looks alike in both: `void f(void)`
with full debug information, and any function with `-g1`. Then what the producer
says of itself tells, or what else was compiled with it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.entries import child_positions
from abicheck.evidence.dwarf.functions import origins
from abicheck.evidence.dwarf.prototypes import is_clang, parameters_of
from abicheck.evidence.dwarf.units import CPP, RUST, C
from abicheck.evidence.dwarf.walk import SCOPES, TYPE_TAGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.dwarf.entries import Entry
    from abicheck.evidence.dwarf.units import Unit

MOST_LOOKED_AT = 20_000
MOST_UNITS = 10_000


def describes_types(function: Entry) -> bool:
    """Whether a function's entry would state its parameters and result if it had any.

    Raises:
        BinaryError: something is damaged.
    """
    chain = origins(function)
    if any(dw.DW_AT_type in each or dw.DW_AT_prototyped in each for each in chain):
        return True
    if any(next(parameters_of(each), None) is not None for each in chain):
        return True
    unit = chain[-1].unit
    if is_clang(unit):  # With line tables alone it says nothing of a function but its name.
        return any(dw.DW_AT_external in each or dw.DW_AT_decl_line in each for each in chain)
    level = _switches(unit)
    if level is not None:
        return level
    return any(_mentions_types(each) for each in _compiled_together(unit))


def _compiled_together(unit: Unit) -> Iterator[Unit]:
    """Yield a unit and those of the same Rust crate, which rustc compiles with the same switches.

    A unit is called "lib.rs/@/" and a code: the crate's root, seen from where rustc ran.
    """
    yield unit
    crate, mark, _ = unit.name.partition("/@/")
    if unit.language != RUST or not mark:
        return
    directory = unit.root.string(dw.DW_AT_comp_dir)
    for other in islice(unit.section.units(), MOST_UNITS):
        is_mate = other.start != unit.start and other.name.startswith(crate + mark)
        if is_mate and other.root.string(dw.DW_AT_comp_dir) == directory:
            yield other


def _switches(unit: Unit) -> bool | None:
    """Return what the switches that gcc records in its name say about types; None if nothing."""
    if unit.language not in {C, CPP} or not unit.producer.startswith("GNU "):
        return None
    found = None
    for word in unit.producer.split():
        if word in {"-g", "-ggdb", "-g2", "-g3", "-ggdb2", "-ggdb3"} or word.startswith("-gdwarf"):
            found = True if found is None or not word.startswith("-gdwarf") else found
        elif word in {"-g1", "-ggdb1", "-g0", "-ggdb0"}:
            found = False
    return found


def _mentions_types(unit: Unit) -> bool:
    """Whether a unit describes any type at all.

    Raises:
        BinaryError: something is damaged.
    """
    looked_at = 0
    pending = [unit.root]
    while pending:
        scope = pending.pop()
        for position, abbreviation, content in child_positions(scope):
            looked_at += 1
            if abbreviation.tag in TYPE_TAGS:
                return True
            if looked_at > MOST_LOOKED_AT:
                return False
            if abbreviation.tag in SCOPES and abbreviation.has_children:
                pending.append(unit.read_entry(position, abbreviation, content))
    return False
