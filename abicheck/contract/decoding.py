"""`decode` and `accepts`: how the value of a tag becomes a version, and which versions are good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.contract.expressions import ExpressionError
from abicheck.contract.natures import INTEGER, TEXT, Nature
from abicheck.contract.schema import described
from abicheck.contract.versions import TEXT_DECODERS, parse_accepts, parse_bits
from abicheck.model.contract import Condition, Decoder, Path
from abicheck.model.types import spell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from abicheck.contract.path_reader import PathReader
    from abicheck.contract.positions import KeyPath
    from abicheck.contract.schema import Schema
    from abicheck.model.contract import Bound
    from abicheck.model.types import Type


def read_decoder(
    paths: PathReader, path: KeyPath, value: object, final: Type | None, nature: Nature | None
) -> Decoder | None:
    """Read `decode`; None after noting what is wrong with it, or where it is open."""
    if paths.schema.is_open(value):
        return None
    if isinstance(value, list):
        return _paths(paths, path, value)
    if not isinstance(value, str):
        expected = 'expected "major:16 minor:16", "semver", "date-number" or an array of paths'
        paths.schema.problem(path, f"{expected}, found {described(value)}")
        return None
    if ":" not in value:
        return _text_decoder(paths, path, value, nature)
    try:
        bits = parse_bits(value)
    except ExpressionError as error:
        paths.schema.problem(path, str(error))
        return None
    if nature is not None and final is not None:
        _check_widths(paths, path, bits, final, nature)
    return Decoder(kind="bits", bits=bits)


def _text_decoder(
    paths: PathReader, path: KeyPath, value: str, nature: Nature | None
) -> Decoder | None:
    if value not in TEXT_DECODERS:
        from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415 (for mistakes)

        hint = did_you_mean(value, TEXT_DECODERS)
        hint = hint or '; expected "major:16 minor:16", "semver", "date-number" or paths'
        paths.schema.problem(path, f'no way to decode named "{value}"{hint}')
        return None
    if nature is not None and nature.kind != TEXT:
        message = f'"{value}" decodes text: a c_char array or pointer'
        paths.schema.problem(path, f"{message}; the path leads to another type")
    return Decoder(kind=value)


def _paths(paths: PathReader, path: KeyPath, items: list[Any]) -> Decoder | None:
    """Read `decode = ["path", …]`: one path for each part of the version."""
    if not items:
        paths.schema.problem(path, "expected at least one path, found an empty array")
    found: list[Path] = []
    for index, item in enumerate(items):
        here = (*path, index)
        where = paths.path(here, item)
        if where is None:
            continue
        found.append(where)
        paths.integer_path(here, where, "a part of a version")
    return Decoder(kind="paths", paths=tuple(found)) if len(found) == len(items) > 0 else None


def _check_widths(
    paths: PathReader, path: KeyPath, bits: Sequence[tuple[str, int]], final: Type, nature: Nature
) -> None:
    total = sum(width for _, width in bits)
    if nature.kind != INTEGER:
        message = f'bits are decoded from an integer; the path leads to "{spell(final)}"'
        paths.schema.problem(path, message)
    elif total not in nature.bits:
        widths = " or ".join(str(width) for width in nature.bits)
        missing = max(nature.bits) - total
        hint = f'; skip what is left out with "_:{missing}"' if missing > 0 else ""
        message = f'the widths add up to {total}, "{spell(final)}" has {widths} bits{hint}'
        paths.schema.problem(path, message)


def read_bounds(
    paths: PathReader,
    path: KeyPath,
    good: dict[str, Any],
    decoder: Decoder | None,
    nature: Nature | None,
) -> tuple[Condition, ...]:
    """Return the condition `accepts`, if the tag has it and it is right."""
    schema, text = paths.schema, good.get("accepts")
    if text is None or schema.is_open(text):
        return ()
    here = (*path, "accepts")
    if "decode" not in good and nature is not None and nature.kind != INTEGER:
        message = '"accepts" compares versions; "decode" must say how this becomes one'
        schema.problem(here, message)
    try:
        groups = parse_accepts(text)
    except ExpressionError as error:
        schema.problem(here, str(error))
        return ()
    for bound in (bound for group in groups for bound in group):
        if "decode" not in good or decoder is not None:
            _check_bound(schema, here, bound, decoder)
    return (Condition(key="accepts", value=groups, line=schema.line(here), text=text),)


def _check_bound(schema: Schema, path: KeyPath, bound: Bound, decoder: Decoder | None) -> None:
    """Hold a bound to what the tag's version can have."""
    parts = _parts(decoder)
    shown = bound.operator + ".".join(map(str, bound.parts))
    if len(bound.parts) > parts:
        count = "one part" if parts == 1 else f"{parts} parts"
        schema.problem(path, f'"{shown}" compares {len(bound.parts)} parts, the tag has {count}')
    if bound.prerelease and (decoder is None or decoder.kind != "semver"):
        schema.problem(path, f'"{shown}-…": only "semver" knows pre-releases')


def _parts(decoder: Decoder | None) -> int:
    """Return how many parts a version has; an integer that is not decoded is one part."""
    if decoder is None:
        return 1
    if decoder.kind == "bits":
        return sum(name != "_" for name, _ in decoder.bits)
    if decoder.kind == "paths":
        return len(decoder.paths)
    return TEXT_DECODERS[decoder.kind]
