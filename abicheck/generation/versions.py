"""The tag that states the interface version -> the constant that a plugin need not write itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.paths import see_through
from abicheck.model.types import SIGNED_WIDTHS, UNSIGNED_WIDTHS, Scalar

if TYPE_CHECKING:
    from abicheck.model.contract import Bound, Contract, Tag

WIDTHS = {
    **UNSIGNED_WIDTHS, **SIGNED_WIDTHS, "uint8_t": 1, "uint16_t": 2, "uint32_t": 4, "uint64_t": 8,
    "c_int": 4, "c_uint": 4, "c_uchar": 1, "c_ushort": 2, "c_ulonglong": 8,
}  # fmt: skip
"""Bytes of the integers that a version is written in."""


def stated_version(contract: Contract) -> tuple[str, int] | None:
    """Return the export that states the interface version and what it must hold.

    None where no tag states one, or where it is no constant that could be written for the plugin's
    author: text, a field of something, a value that the contract would not accept.
    """
    tag = contract.interface_tag
    if tag is None or tag.path.steps or tag.path.is_dereferenced or tag.shift or tag.mask:
        return None
    export = contract.export_named(tag.path.root)
    if export is None or not export.is_data or export.type is None or export.is_forbidden:
        return None
    type_ = see_through(export.type, contract.definitions)
    width = WIDTHS.get(type_.name) if isinstance(type_, Scalar) else None
    if width is None:
        return None
    numbers = contract.version.partition("-")[0].split(".")
    parts = [int(each) for each in numbers if each.isdecimal()]
    value = _encoded(tag, parts, width * 8)
    return None if value is None else (export.name, value)


def _encoded(tag: Tag, parts: list[int], width: int) -> int | None:
    bits: tuple[tuple[str, int], ...] = (("major", width),)
    if tag.decode is not None:
        if tag.decode.kind != "bits":
            return None
        bits = tag.decode.bits
    value, stated, left = 0, [], list(parts)
    for name, size in bits:
        part = left.pop(0) if name != "_" and left else 0
        if part >> size:
            return None
        if name != "_":
            stated.append(part)
        value = value << size | part
    return value if _is_accepted(tag, tuple(stated)) else None


def _is_accepted(tag: Tag, stated: tuple[int, ...]) -> bool:
    for condition in tag.conditions:
        if condition.key != "accepts":
            return False
        groups: tuple[tuple[Bound, ...], ...] = condition.value  # type: ignore[assignment]
        if not any(all(_fits(bound, stated) for bound in group) for group in groups):
            return False
    return True


def _fits(bound: Bound, stated: tuple[int, ...]) -> bool:
    actual = stated[: len(bound.parts)]
    return {
        "==": actual == bound.parts,
        "!=": actual != bound.parts,
        "<": actual < bound.parts,
        "<=": actual <= bound.parts,
        ">": actual > bound.parts,
        ">=": actual >= bound.parts,
    }[bound.operator]
