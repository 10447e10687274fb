"""TargetFacts -> the layout of `va_list`, which the ABI of each machine spells out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import (
    SIGNED,
    UNSIGNED,
    ArrayLayout,
    FieldLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
)

if TYPE_CHECKING:
    from abicheck.model.layout import TypeLayout
    from abicheck.model.target import TargetFacts

PARAMETER = "va_list (as a parameter)"
"""The id of what a parameter of type `va_list` becomes where that is an array."""

STRUCTURES = {
    "x86_64": ("gp_offset u32", "fp_offset u32", "overflow_arg_area *", "reg_save_area *"),
    "s390x": ("__gpr long", "__fpr long", "__overflow_arg_area *", "__reg_save_area *"),
    "powerpc": ("gpr u8", "fpr u8", "reserved u16", "overflow_arg_area *", "reg_save_area *"),
    "aarch64": ("__stack *", "__gr_top *", "__vr_top *", "__gr_offs int", "__vr_offs int"),
    "arm": ("__ap *",),
}
"""Fields of `va_list`'s structure, none of which needs padding before it.

Sources: System V AMD64 psABI 1.0, 3.5.7; s390x ELF ABI 1.6, 1.2.7; PowerPC 32-bit psABI 1.0, 3.3.3;
AAPCS64, "Appendix: Variable argument lists"; AAPCS32, "Additional types".
"""

SCALARS = {
    "u8": (UNSIGNED, 1), "u16": (UNSIGNED, 2), "u32": (UNSIGNED, 4),
    "int": (SIGNED, 4), "long": (SIGNED, 8),
}  # fmt: skip


def va_list_layouts(facts: TargetFacts) -> dict[str, TypeLayout]:
    """Return the layout of `va_list` under that id, with those of what it is made of."""
    pointer = PointerLayout(size=facts.pointer_size, target=None, alignment=facts.pointer_size)
    if facts.va_list == "pointer":
        return {"va_list": pointer}
    found: dict[str, TypeLayout] = {"va_list *": pointer}
    structure = _structure(facts, found)
    found[structure.name] = structure
    if not facts.va_list.endswith("[1]"):
        return found | {"va_list": structure}
    found["va_list"] = ArrayLayout(
        structure.name, count=1, size=structure.size, alignment=structure.alignment
    )
    found[PARAMETER] = PointerLayout(
        size=facts.pointer_size, target=structure.name, alignment=facts.pointer_size
    )
    return found


def _structure(facts: TargetFacts, found: dict[str, TypeLayout]) -> StructLayout:
    fields: list[FieldLayout] = []
    offset = 0
    for text in STRUCTURES[facts.target.machine]:
        name, _, kind = text.partition(" ")
        fields.append(FieldLayout(name, f"va_list {kind}", offset=offset))
        if kind != "*":
            kind_, size = SCALARS[kind]
            found[f"va_list {kind}"] = ScalarLayout(kind=kind_, size=size, name=kind)
        offset += facts.pointer_size if kind == "*" else SCALARS[kind][1]
    return StructLayout(
        facts.va_list.removesuffix("[1]"),
        size=offset,
        fields=tuple(fields),
        alignment=facts.pointer_size,
    )
