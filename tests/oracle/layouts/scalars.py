"""What a compiler says of every scalar, and of what `va_list` is made of, as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import ArrayLayout, FieldLayout, PointerLayout, StructLayout
from abicheck.model.types import Scalar
from tests.oracle.layouts.c_source import TABLE_MARK, declare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.layout import Layouts
    from abicheck.model.target import TargetFacts

SIGNED_KINDS = {"signed": 1, "float": 1, "unsigned": 0, "bool": 0}


def expected_scalars(facts: TargetFacts) -> dict[str, int]:
    """Return C expressions, and the value that each has if `facts` are right."""
    found: dict[str, int] = {}
    for name, (kind, size) in facts.scalars.items():
        c_type = declare(Scalar(name), "").strip()
        is_signed = facts.char_is_signed if kind == "char" else SIGNED_KINDS[kind]
        found[f"sizeof({c_type}) /* {name} */"] = size
        probe = f"struct {{ char c; {c_type} t; }}"
        found[f"__builtin_offsetof({probe}, t) /* {name} */"] = facts.alignments[kind, size]
        found[f"({c_type})-1 < 0 /* {name} */"] = int(is_signed)
        found[f"({c_type})0.5 != 0 /* {name} */"] = int(kind in {"float", "bool"})
    found["sizeof(void *)"] = facts.pointer_size
    return found


def expected_va_list(layouts: Layouts) -> dict[str, int]:
    """Return C expressions about `va_list`, and the value that each has if its layout is right."""
    layout = layouts.layout("va_list")
    found = {"sizeof(__builtin_va_list)": getattr(layout, "size", None) or 0}
    value = "(*(__builtin_va_list *)0)"
    if isinstance(layout, ArrayLayout):
        layout, value = layouts.layout(layout.element), f"{value}[0]"
    if isinstance(layout, StructLayout):
        for field in layout.fields:
            found |= _member(layouts, value, field)
    else:
        assert isinstance(layout, PointerLayout)
        found[f"__builtin_classify_type({value})"] = 5
    return found


def _member(layouts: Layouts, value: str, field: FieldLayout) -> dict[str, int]:
    size = getattr(layouts.layout(field.type), "size", None) or 0
    offset = f"__builtin_offsetof(__typeof__({value}), {field.name})"
    return {offset: field.offset or 0, f"sizeof({value}.{field.name})": size}


def c_table(expressions: Sequence[str]) -> str:
    """Return a translation unit with the values of constant expressions."""
    values = "\n".join(f"(unsigned long long)({each})," for each in expressions)
    return (
        "extern const unsigned long long TABLE[];\n"
        f"const unsigned long long TABLE[] = {{{TABLE_MARK:#x}ull, {len(expressions)}ull,\n"
        f"{values}\n}};\n"
    )
