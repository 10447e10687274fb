"""Tags -> C: those whose value a guard reads as a number of exported data, and its conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.paths import see_through
from abicheck.model.types import SIGNED_WIDTHS, Enum, Named, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from abicheck.generation.plan import ExportRecord
    from abicheck.model.contract import Bound, Condition, Contract, Tag

NO_INTEGERS = frozenset(
    {"f32", "f64", "c_float", "c_double", "c_longdouble", "va_list", "u128", "i128", "bool"}
)
SIGNED = frozenset(
    {*SIGNED_WIDTHS, "isize", "c_schar", "c_short", "c_int", "c_long", "c_longlong", "ssize_t",
     "ptrdiff_t", "intptr_t", "int8_t", "int16_t", "int32_t", "int64_t"}
)  # fmt: skip
NUMBERS = frozenset({"equals", "one_of", "at_least", "at_most", "accepts"})


def readable_tags(
    contract: Contract, exports: Mapping[str, ExportRecord]
) -> tuple[tuple[Tag, ...], tuple[str, ...]]:
    """Return the tags that a guard can judge, and the names of the others."""
    readable = tuple(tag for tag in contract.tags if _is_readable(contract, tag, exports))
    return readable, tuple(tag.name for tag in contract.tags if tag not in readable)


def _is_readable(contract: Contract, tag: Tag, exports: Mapping[str, ExportRecord]) -> bool:
    export = exports.get(tag.path.root)
    if export is None or not export.is_data or tag.path.steps or tag.path.sections:
        return False
    if tag.path.is_dereferenced or tag.when is not None or tag.until is not None:
        return False
    type_ = see_through(export.type, contract.definitions)
    if isinstance(type_, Named):
        definition = contract.definitions.get(type_.name)
        is_number = isinstance(definition, Enum)
    else:
        is_number = isinstance(type_, Scalar) and type_.name not in NO_INTEGERS
    has_bits = tag.decode is None or tag.decode.kind == "bits"
    return is_number and has_bits and all(each.key in NUMBERS for each in tag.conditions)


def tag_function(tags: Sequence[Tag], exports: Mapping[str, ExportRecord]) -> str:
    """Return the function that judges the value of the export with an index."""
    text = "/* Whether the value of an export is one that the contract's tags accept. */\n"
    text += "static int @NAME_guard_tag(abicheck_file *file, int i, uint64_t value)\n{\n"
    for tag in tags:
        type_ = exports[tag.path.root].type
        is_signed = isinstance(type_, Scalar) and type_.name in SIGNED and not tag.shift
        place = list(exports).index(tag.path.root)
        for condition in tag.conditions:
            text += "".join(_condition(tag, condition, place, is_signed=is_signed))
    return f"{text}    (void)file, (void)i, (void)value;\n    return 1;\n}}\n"


def _condition(tag: Tag, condition: Condition, place: int, *, is_signed: bool) -> Iterator[str]:
    value = f"(value >> {tag.shift})" if tag.shift else "value"
    value = f"({value} & 0x{tag.mask:X}u)" if tag.mask is not None else value
    shown = '"%llu", (unsigned long long)value'
    if condition.key == "accepts":
        parts = [*_parts(tag, value)]
        shown = (
            '"'
            + ".".join(["%u"] * len(parts))
            + '", '
            + ", ".join(f"(unsigned){each}" for each in parts)
        )
        test = _accepts(condition.value, parts)  # type: ignore[arg-type]
    else:
        test = _compared(condition, value, place, is_signed=is_signed)
    format_, _, values = shown.partition(", ")
    text = condition.text or str(condition.value)
    said = f'{format_[:-1]} in the plugin; this host wants %s"'
    wanted = f"{condition.key} {text}".replace("\\", "\\\\").replace('"', '\\"')
    yield f"    if (i == {place} && !({test}))\n"
    yield f"        return abicheck_guard_refuse(file, {said},\n"
    yield f'            {values}, "{wanted}");\n'


def _compared(condition: Condition, value: str, place: int, *, is_signed: bool) -> str:
    width = f"@NAME_guard_exports[{place}].width"
    if condition.key in {"equals", "one_of"}:
        wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        cut = f"<< (64 - 8 * {width})"
        return " || ".join(f"{value} {cut} == {_literal(each)} {cut}" for each in wanted)
    operator = ">=" if condition.key == "at_least" else "<="
    bound = condition.value
    assert isinstance(bound, int)
    if is_signed:
        cut = f"(int64_t)({value} << (64 - 8 * {width})) / ((int64_t)1 << (64 - 8 * {width}))"
        return f"{cut} {operator} {bound}"
    return "1" if bound == 0 and operator == ">=" else f"{value} {operator} {_literal(bound)}"


def _literal(number: object) -> str:
    assert isinstance(number, int)
    return f"(uint64_t)0x{number & 0xFFFFFFFFFFFFFFFF:X}u"


def _parts(tag: Tag, value: str) -> Iterator[str]:
    """Yield the parts of a decoded version, from the most significant bits down."""
    bits = tag.decode.bits if tag.decode is not None else ()
    left = sum(width for _, width in bits)
    for name, width in bits:
        left -= width
        if name != "_":
            yield f"({value} >> {left} & 0x{(1 << width) - 1:X}u)"


def _accepts(alternatives: tuple[tuple[Bound, ...], ...], parts: Sequence[str]) -> str:
    either = [
        " && ".join(f"({_holds(bound, parts)})" for bound in bounds) for bounds in alternatives
    ]
    return " || ".join(f"({each})" for each in either)


def _holds(bound: Bound, parts: Sequence[str]) -> str:
    """Return the comparison of the first parts, as many as the bound has."""
    pairs = [*zip(parts, bound.parts, strict=False)]
    same = [f"{part} == {number}" for part, number in pairs]
    if bound.operator in {"==", "!="}:
        equal = " && ".join(same)
        return equal if bound.operator == "==" else f"!({equal})"
    cases = []
    for place, (part, number) in enumerate(pairs):
        if bound.operator[0] == ">" or number:  # Nothing unsigned is less than 0.
            cases.append(" && ".join([*same[:place], f"{part} {bound.operator[0]} {number}"]))
    if bound.operator[-1] == "=":
        cases.append(" && ".join(same))
    return " || ".join(f"({case})" for case in cases) or "0"
