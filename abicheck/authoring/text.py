"""A drafted contract -> its text, as a person would have written it."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING

from abicheck.model.types import (
    Alias,
    Array,
    Enum,
    FunctionType,
    Named,
    Opaque,
    Pointer,
    Scalar,
    Struct,
    Void,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from abicheck.authoring.draft import Draft, DraftedExport
    from abicheck.authoring.tags import SuggestedTag
    from abicheck.model.target import PerTarget
    from abicheck.model.types import Definition, EnumValue, Field, Type

WIDTH = 98
WIDEST_KEY = 34
WIDTHS = {False: len("ifunc"), True: len("evidence")}
"""Of the keys of an export's table: the widest that there are."""

IFUNC = "To hosts, a function that is chosen at load time (an IFUNC) is like any other."

LARGEST_INTEGER = (1 << 63) - 1
SMALLEST_INTEGER = -(1 << 63)
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def write(draft: Draft) -> str:
    """Return the contract as a TOML document."""
    parts = [
        _head(draft),
        *_exports(draft.exports, draft.left_out),
        *_definitions(draft.definitions, draft.comments),
        *(_tag(tag) for tag in draft.tags),
        _plugin(draft),
        _platform(draft),
    ]
    return "\n".join("".join(f"{line}\n" for line in part) for part in parts if part)


# The head.


def _head(draft: Draft) -> list[str]:
    return [
        *(line for note in draft.notes for line in _comment(note)),
        *([""] if draft.notes else []),
        f"contract = {quoted(draft.name)}",
        f"version  = {quoted(draft.version)}",
        "format   = 1",
    ]


def _comment(text: str, indent: str = "") -> list[str]:
    shown = "".join(each if each.isprintable() else "?" for each in text)
    return [
        f"{indent}# {line}"
        for line in wrap(shown, WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    ]


# Exports.


def _exports(exports: Sequence[DraftedExport], left_out: Sequence[str]) -> Iterator[list[str]]:
    short = [each for each in exports if not _further(each)]
    lines = [line for note in left_out for line in _comment(note)]
    if short:
        lines.append("[exports]")
        keys = [key(each.name) for each in short]
        width = max((len(each) for each in keys if len(each) <= WIDEST_KEY), default=0)
        for name, each in zip(keys, short, strict=True):
            lines.extend(_comment(each.comment))
            lines.append(f"{name.ljust(width)} = {quoted(export_type(each))}")
    if lines:
        yield lines
    for each in exports:
        if further := _further(each):
            yield [
                *_comment(each.comment),
                f"[exports.{key(each.name)}]",
                f"{'type'.ljust(WIDTHS[each.is_guess])} = {quoted(export_type(each))}",
                *further,
            ]


def _further(export: DraftedExport) -> list[str]:
    """Return the lines of an export that needs a table of its own."""
    lines = ["ifunc = true"] if export.is_ifunc else []
    if export.size_at_least is not None:
        lines.append(f"size  = {{ at_least = {export.size_at_least} }}")
    if export.is_guess:
        lines.append('evidence = "when-present"')
    return lines


def export_type(export: DraftedExport) -> str:
    """Return what stands behind an export's name."""
    if not export.is_data:
        return "fn" if export.type is None else spell(export.type)
    words = ["static"]
    if export.type is not None:
        words += (["mut"] if export.is_mutable else []) + [spell(export.type)]
    return " ".join(words)


# Definitions.


def _definitions(
    definitions: Mapping[str, Definition], comments: Mapping[str, str]
) -> Iterator[list[str]]:
    for name, each in definitions.items():
        if isinstance(each, Struct):
            yield [*_said(name, comments), *_struct(each)]
    for name, each in definitions.items():
        if isinstance(each, Enum):
            yield [*_said(name, comments), *_enum(each)]
    types = {name: each for name, each in definitions.items() if isinstance(each, Alias | Opaque)}
    if types:
        width = max((len(name) for name in types if len(name) <= WIDEST_KEY), default=0)
        lines = ["[types]"]
        ordered = sorted(types.items(), key=lambda each: isinstance(each[1], Opaque))
        for name, each in ordered:
            lines += [*_said(name, comments), f"{name.ljust(width)} = {_type_entry(each)}"]
        yield lines


def _said(name: str, comments: Mapping[str, str]) -> list[str]:
    return _comment(comments[name]) if name in comments else []


def _type_entry(definition: Definition) -> str:
    if isinstance(definition, Alias):
        return quoted(spell(definition.type))
    assert isinstance(definition, Opaque)
    if definition.size is None or definition.alignment is None:
        return quoted("opaque")
    size, alignment = _number(definition.size), _number(definition.alignment)
    kind = "" if definition.kind is None else f", kind = {quoted(definition.kind)}"
    return f"{{ opaque = true, size = {size}, alignment = {alignment}{kind} }}"


def _struct(struct: Struct) -> list[str]:
    lines = [f"[{'unions' if struct.is_union else 'structs'}.{struct.name}]"]
    keys = {
        "match": None if struct.match is None else quoted(struct.match),
        "repr": _repr(struct),
        "partial": "true" if struct.is_partial else None,
        "size": None if struct.size is None else _number(struct.size),
    }
    lines += [
        f"{name.ljust(7 if struct.is_partial else 6)} = {each}"
        for name, each in keys.items()
        if each
    ]
    head = "fields  =" if struct.is_partial else "fields ="
    fields = [_field(each) for each in struct.fields]
    whole = f"{head} [{', '.join(fields)}]"
    if len(whole) <= WIDTH and len(fields) <= 2:  # noqa: PLR2004 (more read better below each other)
        return [*lines, whole]
    return [*lines, f"{head} [", *(f"  {each}," for each in fields), "]"]


def _repr(struct: Struct) -> str | None:
    if struct.is_transparent:
        return quoted("transparent")
    words = ["C"]
    if struct.packed is not None:
        words.append("packed" if struct.packed == 1 else f"packed({struct.packed})")
    if struct.align is not None:
        words.append(f"align({struct.align})")
    return quoted(", ".join(words)) if len(words) > 1 else None


def _field(field: Field) -> str:
    name = field.name or "_"
    if field.offset is not None:
        type_ = quoted(spell(field.type))
        return f"{{ name = {quoted(name)}, type = {type_}, offset = {_number(field.offset)} }}"
    bits = "" if field.bit_width is None else f" : {field.bit_width}"
    return quoted(f"{name}: {spell(field.type)}{bits}")


def _enum(enum: Enum) -> list[str]:
    lines = [f"[enums.{enum.name}]"]
    if enum.match is not None:
        lines.append(f"match  = {quoted(enum.match)}")
    if enum.repr != "C":
        lines.append(f"repr   = {quoted(enum.repr)}")
    entries = ", ".join(f"{each.name} = {_value(each)}" for each in enum.values)
    whole = f"values = {{ {entries} }}"
    if len(whole) <= WIDTH:
        return [*lines, whole]
    width = max(len(each.name) for each in enum.values)
    return [
        *lines,
        "",
        f"[enums.{enum.name}.values]",
        *(f"{each.name.ljust(width)} = {_value(each)}" for each in enum.values),
    ]


def _value(value: EnumValue) -> str:
    number = value.value
    return str(number) if SMALLEST_INTEGER <= number <= LARGEST_INTEGER else quoted(hex(number))


def _number(number: PerTarget) -> str:
    if len(number.entries) == 1 and number.entries[0][0] == "*":
        return str(number.entries[0][1])
    entries = ", ".join(f"{key(name)} = {value}" for name, value in number.entries)
    return f"{{ {entries} }}"


# Tags.


def _tag(tag: SuggestedTag) -> list[str]:
    width = max(len(name) for name, _ in tag.keys)
    return [
        *_comment(tag.comment),
        f"[tags.{tag.name}]",
        *(f"{name.ljust(width)} = {quoted(value)}" for name, value in tag.keys),
    ]


# The plugin and its platform.


def _plugin(draft: Draft) -> list[str]:
    if not draft.allows_ifunc or all(each.is_data for each in draft.exports):
        return []
    return [*_comment(IFUNC), "[plugin]", "ifunc = true"]


def _platform(draft: Draft) -> list[str]:
    if not draft.targets:
        return []
    targets = ", ".join(map(quoted, draft.targets))
    return [*_comment(draft.platform_comment), "[platform]", f"targets = [{targets}]"]


# Words.


def spell(type_: Type) -> str:
    """Return a type as people write it: with the names of parameters and of aliases."""
    match type_:
        case Scalar(name) | Named(name):
            return name
        case Void():
            return "c_void"
        case Pointer(FunctionType() | Named() as to, _, may_be_null) if _is_callback(type_):
            return f"Option<{spell(to)}>" if may_be_null else spell(to)
        case Pointer(to, is_mutable, False):
            return ("&mut " if is_mutable else "&") + spell(to)
        case Pointer(to, is_mutable):
            return ("*mut " if is_mutable else "*const ") + spell(to)
        case Array(element, count):
            return f"[{spell(element)}]" if count is None else f"[{spell(element)}; {count}]"
        case FunctionType():
            return _function(type_)


def _is_callback(pointer: Pointer) -> bool:
    """Whether a pointer is one to a function; only those may be said to accept NULL."""
    return isinstance(pointer.to, FunctionType) or pointer.may_be_null is True


def _function(function: FunctionType) -> str:
    parameters = [
        spell(each.type) if each.name is None else f"{each.name}: {spell(each.type)}"
        for each in function.parameters
    ]
    if function.is_variadic:
        parameters.append("...")
    prefix = "" if function.convention == "C" else f'extern "{function.convention}" '
    result = "" if isinstance(function.result, Void) else f" -> {spell(function.result)}"
    return f"{prefix}fn({', '.join(parameters)}){result}"


def key(name: str) -> str:
    """Return a TOML key: quoted only if it must be."""
    return name if _BARE.fullmatch(name) else quoted(name)


def quoted(text: str) -> str:
    """Return a TOML string."""
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_escaped(letter) for letter in escaped) + '"'


def _escaped(letter: str) -> str:
    if letter.isprintable():
        return letter
    if "\ud800" <= letter <= "\udfff":
        return "\ufffd"  # A byte of a file's name that is no UTF-8, which TOML cannot write.
    return f"\\u{ord(letter):04x}" if ord(letter) <= 0xFFFF else f"\\U{ord(letter):08x}"  # noqa: PLR2004
