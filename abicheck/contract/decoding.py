"""`decode` and `accepts`: how the value of a tag becomes a version, and which versions are good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.contract.conditions import read_accepts
from abicheck.contract.expressions import ExpressionError
from abicheck.contract.natures import INTEGER, TEXT, Nature
from abicheck.contract.schema import described
from abicheck.contract.versions import TEXT_DECODERS, parse_bits
from abicheck.model.contract import Decoder, Path
from abicheck.model.types import spell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from abicheck.contract.path_reader import PathReader
    from abicheck.contract.positions import KeyPath
    from abicheck.model.contract import Condition
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
    """Return the condition `accepts`, if the tag has it."""
    if "accepts" not in good:
        return ()
    here = (*path, "accepts")
    parts = _parts(decoder)
    if "decode" not in good:
        parts = 1
        if nature is not None and nature.kind != INTEGER:
            message = '"accepts" compares versions; "decode" must say how this becomes one'
            paths.schema.problem(here, message)
    condition = read_accepts(paths.schema, here, good["accepts"], parts)
    return () if condition is None else (condition,)


def _parts(decoder: Decoder | None) -> int | None:
    """Return how many parts a decoded version has."""
    if decoder is None:
        return None
    if decoder.kind == "bits":
        return sum(name != "_" for name, _ in decoder.bits)
    if decoder.kind == "paths":
        return len(decoder.paths)
    return TEXT_DECODERS[decoder.kind]
