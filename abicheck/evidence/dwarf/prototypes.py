"""Functions and function types -> prototypes, and the calling conventions that are recorded.

Source: DWARF 5, sections 3.3 and 5.8; calling conventions: table 7.17 there, and LLVM's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf import rust
from abicheck.evidence.dwarf.entries import child_positions
from abicheck.evidence.dwarf.functions import origins
from abicheck.evidence.dwarf.units import RUST, C
from abicheck.model.layout import FLOAT, FunctionLayout, ScalarLayout, TypeLayout, UnknownLayout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.dwarf.entries import Entry
    from abicheck.evidence.dwarf.types import TypeKey, Types
    from abicheck.evidence.dwarf.units import Unit

MOST_PARAMETERS = 4096
FLOAT_SIZE = 4
PARAMETERS = frozenset({dw.DW_TAG_formal_parameter, dw.DW_TAG_unspecified_parameters})

CONVENTIONS = {
    0x01: "C",  # DW_CC_normal
    0x41: "fastcall",  # DW_CC_GNU_borland_fastcall_i386
    0xB1: "stdcall",  # DW_CC_BORLAND_stdcall
    0xB2: "pascal",  # DW_CC_BORLAND_pascal
    0xB3: "fastcall",  # DW_CC_BORLAND_msfastcall
    0xB5: "thiscall",  # DW_CC_BORLAND_thiscall
    0xC0: "vectorcall",  # DW_CC_LLVM_vectorcall
    0xC1: "win64",  # DW_CC_LLVM_Win64
    0xC2: "sysv64",  # DW_CC_LLVM_X86_64SysV
    0xC3: "aapcs",  # DW_CC_LLVM_AAPCS
    0xC4: "aapcs-vfp",  # DW_CC_LLVM_AAPCS_VFP
    0xC8: "swift",  # DW_CC_LLVM_Swift
    0xC9: "preserve-most",  # DW_CC_LLVM_PreserveMost
    0xCA: "preserve-all",  # DW_CC_LLVM_PreserveAll
    0xCB: "regcall",  # DW_CC_LLVM_X86RegCall
}
"""DW_CC codes under Rust's names of the conventions, where Rust has one."""


def lay_out(types: Types, entry: Entry, marks: str) -> TypeLayout:
    """Return the prototype of a function or of a function type.

    `marks` is what Rust's name of a pointer said about it (`rust.function_marks`).

    Raises:
        BinaryError: something is damaged.
    """
    chain = origins(entry)
    described = _with_parameters(chain)
    is_stated = described.unit.language != C or any(
        each.flag(dw.DW_AT_prototyped) for each in chain
    )
    parameters: list[TypeKey] = []
    names: list[str | None] = []
    is_variadic = False
    for child in parameters_of(described):
        if child.tag == dw.DW_TAG_unspecified_parameters:
            is_variadic = True
            continue
        if parameters and child.flag(dw.DW_AT_artificial):
            continue  # Not `this` but what gcc notes beside it, such as `__in_chrg`.
        place = next((p for each in origins(child) if (p := each.reference(dw.DW_AT_type))), None)
        if place is None or len(parameters) >= MOST_PARAMETERS:
            return UnknownLayout("a parameter of the function has no type")
        if child.unit.language == RUST and types.target_of(_typed(child)) is None:
            continue  # `()` takes no part in a call.
        parameters.append(place if is_stated else _as_passed(types, place))
        names.append(
            next((n for each in origins(child) if (n := each.string(dw.DW_AT_name))), None)
        )
    typed = next((each for each in chain if dw.DW_AT_type in each), None)
    is_prototyped = True
    if not is_stated:
        is_prototyped = bool(parameters)
        is_variadic = is_variadic and is_prototyped
    convention, is_marked_variadic = rust.split_marks(marks)
    return FunctionLayout(
        parameters=tuple(parameters),
        result=None if typed is None else types.target_of(typed),
        is_variadic=is_variadic or is_marked_variadic,
        convention=convention or recorded_convention(chain),
        is_prototyped=is_prototyped,
        names=tuple(names),
    )


def _as_passed(types: Types, place: TypeKey) -> TypeKey:
    """Return the type of a parameter that no prototype states: a `float` is passed as a `double`.

    Source: ISO C11, section 6.5.2.2, "default argument promotions".
    """
    layout = types.layout(place)
    if isinstance(layout, ScalarLayout) and layout.kind == FLOAT and layout.size == FLOAT_SIZE:
        return (-1, 0, "it is a float without a prototype, which is passed as a double")
    return place


def _typed(parameter: Entry) -> Entry:
    return next(each for each in origins(parameter) if dw.DW_AT_type in each)


def _with_parameters(chain: list[Entry]) -> Entry:
    """Return the entry of a function, or of one of its origins, that lists all parameters.

    A concrete instance may leave out what the optimiser removed; the abstract one does
    not. That is the definition; an older declaration of it may say less.
    """
    first = next((at for at, each in enumerate(chain) if dw.DW_AT_abstract_origin not in each), 0)
    for entry in (*chain[first:], *chain[:first]):
        is_all = entry.flag(dw.DW_AT_prototyped) and not entry.flag(dw.DW_AT_declaration)
        if is_all or next(parameters_of(entry), None) is not None:
            return entry
    return chain[0]


def parameters_of(function: Entry) -> Iterator[Entry]:
    """Yield the entries of a function's parameters, those of `...` too."""
    for position, abbreviation, content in child_positions(function):
        if abbreviation.tag in PARAMETERS:
            yield function.unit.read_entry(position, abbreviation, content)


def recorded_convention(chain: list[Entry]) -> str | None:
    """Return the calling convention that a producer recorded, by an attribute or by silence."""
    for entry in chain:
        code = entry.unsigned(dw.DW_AT_calling_convention)
        if code is not None:
            return CONVENTIONS.get(code, f"DW_CC {code:#x}")
    return "C" if is_clang(chain[-1].unit) else None


def is_clang(unit: Unit) -> bool:
    """Whether clang compiled a unit: it records every convention but C's.

    rustc's producer begins with "clang LLVM" although it records none.
    """
    return "clang version" in unit.producer and unit.language != RUST
