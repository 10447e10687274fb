"""Computed layouts -> `const` assertions that hold the compiler to them, target by target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.rust import text
from abicheck.generation.rust.storage import rust_names
from abicheck.generation.rust.targets import group_targets, known_architectures
from abicheck.generation.rust.types import identifier, type_name
from abicheck.layout import lay_out
from abicheck.model.layout import EnumLayout, StructLayout
from abicheck.model.types import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.model.contract import Contract
    from abicheck.model.layout import Layouts
    from abicheck.model.target import Target

Fact = tuple[str, str]
"""An expression of Rust, and whose size or offset it is."""


def assertions(contract: Contract, targets: Sequence[Target]) -> list[str]:
    """Return the assertions for all of `targets`: first what holds everywhere, then the rest."""
    facts = {target: _facts(contract, lay_out(contract, target)) for target in targets}
    first = facts[targets[0]]
    common = {
        fact: value
        for fact, value in first.items()
        if all(other.get(fact) == value for other in facts.values())
    }
    rest = {
        target: tuple((fact, value) for fact, value in found.items() if fact not in common)
        for target, found in facts.items()
    }
    if not any(facts.values()):
        return []
    lines = [
        "// What the contract comes to on platforms that abicheck knows: the compiler must agree.",
        *text.attribute("cfg", [known_architectures(targets)]),
        text.SKIP,
        "const _: () = {",
        *(f"    {_assert(fact, value)}" for fact, value in common.items()),
    ]
    for group in group_targets(rest):
        if rest[group.target]:
            lines += [f"    #[cfg({group.cfg})]", "    {"] if group.cfg else ["    {"]
            lines += [f"        {_assert(fact, value)}" for fact, value in rest[group.target]]
            lines += ["    }"]
    return [*lines, "};"]


def _assert(fact: Fact, value: int) -> str:
    expression, subject = fact
    return f"assert!({expression} == {value}, {text.string(f'{subject} must be {value}')});"


def _facts(contract: Contract, layouts: Layouts) -> dict[Fact, int]:
    found: dict[Fact, int] = {}
    for name, definition in contract.definitions.items():
        layout, rust = layouts.layout(name), type_name(name)
        if isinstance(layout, StructLayout) and isinstance(definition, Struct):
            found.update(_struct_facts(rust, definition, layout))
        elif isinstance(layout, EnumLayout):
            found[f"core::mem::size_of::<{rust}>()", f"the size of {name}"] = layout.size
    return found


def _struct_facts(rust: str, struct: Struct, layout: StructLayout) -> Iterator[tuple[Fact, int]]:
    if layout.size is not None:
        yield (f"core::mem::size_of::<{rust}>()", f"the size of {struct.name}"), layout.size
    if layout.alignment is not None and not struct.is_partial:
        yield (
            (f"core::mem::align_of::<{rust}>()", f"the alignment of {struct.name}"),
            layout.alignment,
        )
    names = rust_names(struct)
    kept = [
        (name, field)
        for name, field in zip(names, struct.fields, strict=True)
        if field.bit_width is None or field.name is not None
    ]
    for (name, field), found in zip(kept, layout.fields, strict=True):
        if field.bit_width is None and found.offset is not None and not struct.is_union:
            subject = f"the offset of {struct.name}.{name}"
            yield (f"core::mem::offset_of!({rust}, {identifier(name)})", subject), found.offset
