"""Contract -> what a C guard knows beside its descriptor: where exports go, what may differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.plan import (
    BIT_FIELD,
    DATA,
    ENUM,
    ENUMERATOR,
    FIELD,
    FUNCTION,
    OPAQUE,
    STRUCT,
    EnumRecord,
    ExportRecord,
    StructRecord,
)
from abicheck.model.growth import filled_by_plugins, first_versions, fixed_structs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from abicheck.generation.plan import Plan

EXPORTS = """\
/* Every export, where it goes, and how many bytes its value has if that is a tag. */
static const struct {
    const char *name;
    int kind;
    unsigned width;
    size_t slot;
} @NAME_guard_exports[] = {
"""
RULES = """\
/* What may differ: a record may be absent ('-', from versions before), a struct have more fields
 * ('+', in versions after), an enum have no more values ('='), names are part of it ('~'). */
static const struct {
    int kind;
    const char *owner, *name, *how;
} @NAME_guard_rules[] = {
"""


def exports_table(exports: Mapping[str, ExportRecord], tags: str) -> str:
    """Return the table of exports; `tags` is the function that judges values."""
    text = EXPORTS
    for place, (name, each) in enumerate(exports.items()):
        kind = DATA if each.is_data else FUNCTION
        is_tag = f"(i == {place} &&" in tags
        width = f"sizeof(*((@NAME_plugin *)0)->{name})" if is_tag else "0"
        text += f'    {{"{name}", {kind}, {width}, offsetof(@NAME_plugin, {name})}},\n'
    text += "};\n"
    return f"{text}enum {{ @CAPS_GUARD_EXPORTS = {len(exports)} }};\n"


def rules_table(plan: Plan) -> str:
    """Return the table of rules, "" if there are none."""
    rows = [
        f'    {{{kind}, "{owner}", "{name}", "{how}"}},\n'
        for kind, owner, name, how in _rules(plan)
    ]
    return "".join([RULES, *rows, "};\n"]) if rows else ""


def _rules(plan: Plan) -> Iterator[tuple[int, str, str, str]]:
    fixed = fixed_structs(plan.contract)
    produced = filled_by_plugins(plan.contract)
    first = first_versions(plan.contract)
    for each in plan.records:
        if isinstance(each, ExportRecord):
            if each.export.is_optional or each.export.since:
                since = "" if each.export.is_optional else each.export.since
                yield DATA if each.is_data else FUNCTION, "", each.name, f"-{since}"
            continue
        kind = each.kind if isinstance(each, StructRecord) else OPAQUE
        kind = ENUM if isinstance(each, EnumRecord) else kind
        if isinstance(each, StructRecord) and each.struct.has_exact_names:
            yield kind, "", each.name, "~"
        if isinstance(each, EnumRecord) and each.enum.has_exact_names:
            yield kind, "", each.name, "~"
        if each.name in first:
            yield kind, "", each.name, f"-{first[each.name]}"
        if isinstance(each, EnumRecord):
            yield from _enum_rules(each)
        elif isinstance(each, StructRecord) and each.name not in fixed:
            if each.name in produced and each.kind == STRUCT:
                how = "+" if each.struct.size_field else f"+{plan.contract.version}"
                yield each.kind, "", each.name, how
            yield from _struct_rules(each)


def _struct_rules(each: StructRecord) -> Iterator[tuple[int, str, str, str]]:
    for field in each.fields:
        if field.field.since:
            kind = FIELD if field.field.bit_width is None else BIT_FIELD
            yield kind, each.name, field.name, f"-{field.field.since}"


def _enum_rules(each: EnumRecord) -> Iterator[tuple[int, str, str, str]]:
    if each.enum.is_closed:
        yield ENUM, "", each.name, "="
    for value in each.values:
        if value.since:
            yield ENUMERATOR, each.name, value.name, f"-{value.since}"
