"""`[platform]`, `[plugin]`, `[imports]` and `[evidence]` -> what they demand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from abicheck.contract.schema import described, is_identifier, is_version
from abicheck.contract.targets import all_targets, target_pattern
from abicheck.model.contract import EvidencePolicy, Imports, Platform, PluginRules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abicheck.contract.positions import KeyPath
    from abicheck.contract.schema import Schema

_BITS = (32, 64)


def read_platform(schema: Schema, value: object) -> Platform:
    """Return `[platform]`."""
    path: KeyPath = ("platform",)
    good = schema.table("platform", path, value)
    written = good.get("targets", ())
    targets = _targets(schema, (*path, "targets"), written, value)
    bits = good.get("bits")
    if bits is not None and bits not in _BITS:
        schema.problem((*path, "bits"), f"expected 32 or 64, found {bits}")
        bits = None
    _check_fit(schema, path, targets, bits, good.get("byte_order"))
    needed = _table(schema, "needed", (*path, "needed"), good)
    versions = _table(schema, "versions", (*path, "versions"), good)
    return Platform(
        targets=targets,
        targets_written=written,
        bits=bits,
        byte_order=good.get("byte_order"),
        fat=good.get("fat", "any"),
        versions_at_most=_versions(schema, (*path, "versions", "at_most"), versions.get("at_most")),
        versions_require=versions.get("require", ()),
        macos=good.get("macos"),
        needed_allow=needed.get("allow"),
        needed_deny=needed.get("deny", ()),
        needed_require=needed.get("require", ()),
        soname=good.get("soname"),
        stack=good.get("stack"),
        lines=_lines(schema, path, value),
    )


def _table(schema: Schema, kind: str, path: KeyPath, good: dict[str, Any]) -> dict[str, Any]:
    return schema.table(kind, path, good[kind]) if kind in good else {}


def _targets(
    schema: Schema, path: KeyPath, written: tuple[str, ...], value: object
) -> tuple[str, ...]:
    if isinstance(value, dict) and value.get("targets") == []:
        schema.problem(path, "expected at least one target, found an empty array")
    patterns = []
    for index, text in enumerate(written):
        if not schema.is_open(text):
            pattern = target_pattern(schema, (*path, index), text)
            if pattern is not None:
                patterns.append(pattern)
    return tuple(patterns)


def _check_fit(
    schema: Schema, path: KeyPath, targets: tuple[str, ...], bits: int | None, order: str | None
) -> None:
    """Note a `bits` or `byte_order` that none of the targets has."""
    if not targets or (bits is None and order is None):
        return
    fitting = [each for each in all_targets() if any(each.fits(pattern) for pattern in targets)]
    if bits is not None and all(each.bits != bits for each in fitting):
        schema.problem((*path, "bits"), f"none of the targets has {bits} bits")
    if order is not None and all(each.byte_order != order for each in fitting):
        schema.problem((*path, "byte_order"), f"none of the targets is {order}-endian")


def _versions(schema: Schema, path: KeyPath, value: object) -> Mapping[str, str] | None:
    """Return the newest symbol version allowed of each family, such as GLIBC."""
    if not isinstance(value, dict):
        return None
    found = {}
    for family, version in value.items():
        here = (*path, family)
        text = schema.text(here, version)
        if text is None:
            continue
        if schema.is_open(text) or is_version(text):
            found[family] = text
            continue
        hint = ""
        last = text.rpartition("_")[2]
        if is_version(last):
            hint = f'; did you mean "{last}"?'
        schema.problem(here, f'expected a version such as "2.31", found "{text}"{hint}')
    return found


def _lines(schema: Schema, path: KeyPath, value: object) -> Mapping[str, int]:
    """Return the line of each key; those of an inner table as "needed.deny"."""
    if not isinstance(value, dict):
        return {}
    lines = {}
    for key, item in value.items():
        lines[key] = schema.line((*path, key))
        if isinstance(item, dict):
            for inner in item:
                lines[f"{key}.{inner}"] = schema.line((*path, key, inner))
    return lines


def read_plugin(schema: Schema, value: object) -> PluginRules:
    """Return `[plugin]`."""
    path: KeyPath = ("plugin",)
    good = schema.table("plugin", path, value)
    pattern = good.get("file")
    if pattern is not None and compiled(pattern) is None:
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            schema.problem((*path, "file"), f"not a regular expression: {error}")
        pattern = None
    if good.get("allow") and not good.get("exact_exports"):
        message = '"allow" lists exceptions from exact_exports = true, which is not said'
        schema.problem((*path, "allow"), message)
    return PluginRules(
        file=pattern,
        has_exact_exports=good.get("exact_exports", False),
        allow=good.get("allow", ()),
        allows_ifunc=good.get("ifunc", False),
        lines=_lines(schema, path, value),
    )


def compiled(pattern: object) -> re.Pattern[str] | None:
    """Return a regular expression, or None if it is none."""
    if not isinstance(pattern, str):
        return None
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return None


def read_imports(schema: Schema, value: object) -> Imports:
    """Return `[imports]`."""
    good = schema.table("imports", ("imports",), value)
    return Imports(provided=good.get("provided", ()), line=schema.line(("imports",)))


def read_evidence(schema: Schema, value: object) -> EvidencePolicy:
    """Return `[evidence]`."""
    return EvidencePolicy(**schema.table("evidence", ("evidence",), value))


def read_parameters(schema: Schema, value: object) -> dict[str, object]:
    """Return `[parameters]`: numbers, text, true and false by name."""
    if not isinstance(value, dict):
        schema.problem(("parameters",), f"expected a table, found {described(value)}")
        return {}
    good: dict[str, object] = {}
    for name, item in value.items():
        path: KeyPath = ("parameters", name)
        if not is_identifier(name):
            message = f'"{name}" is no name of a parameter: a word of letters, digits and _'
            schema.problem(path, message)
        elif not isinstance(item, (str, int, float)):
            expected = "expected text, a number, true or false"
            schema.problem(path, f"{expected}, found {described(item)}")
        else:
            good[name] = item
    return good
