"""Two builds of one source -> where what is read from them parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence import read_plugin
from abicheck.model.evidence import FUNCTION, Unseen
from abicheck.model.layout import (
    ArrayLayout,
    FunctionLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
)
from abicheck.model.records import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from abicheck.model.evidence import Evidence, Observed, Symbol
    from abicheck.model.layout import TypeId, TypeLayout


def evidence_of(
    plugin: Path, files: Iterable[Path] = (), directories: Iterable[Path] = ()
) -> Evidence:
    """Read a plugin of one slice."""
    (evidence,) = read_plugin(
        str(plugin),
        debug_files=[str(path) for path in files],
        debug_dirs=[str(path) for path in directories],
    )
    return evidence


def differences(ours: Evidence, theirs: Evidence, names: Iterable[str] = ()) -> list[str]:
    """Return where the types of two plugins part: of all exports, and of some types by name.

    Conventions, which only some compilers record, and the names of scalars are not compared.
    """
    return [*_of_exports(ours, theirs), *_of_definitions(ours, theirs, names)]


def _of_exports(ours: Evidence, theirs: Evidence) -> Iterator[str]:
    for symbol in ours.exports():
        other = theirs.find_export(symbol.name)
        assert other is not None, symbol.name
        expected, actual = answer(ours, symbol), answer(theirs, other)
        if isinstance(expected, Unseen) or isinstance(actual, Unseen):
            yield f"{symbol.name}: {expected} / {actual}"
        else:
            yield from _parting(symbol.name, ours, theirs, expected, actual)


def answer(evidence: Evidence, symbol: Symbol) -> Observed[TypeId] | Unseen:
    """Return what is seen of an export's type."""
    types = evidence.types
    return types.function(symbol) if symbol.kind == FUNCTION else types.variable(symbol)


def _of_definitions(ours: Evidence, theirs: Evidence, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        expected = ours.types.definitions(name, ())
        actual = theirs.types.definitions(name, ())
        if len(expected) != 1 or len(actual) != 1:
            yield f"{name}: {len(expected)} definitions / {len(actual)} definitions"
        else:
            yield from _parting(name, ours, theirs, expected[0], actual[0])


def _parting(
    where: str,
    ours: Evidence,
    theirs: Evidence,
    expected: Observed[TypeId],
    actual: Observed[TypeId],
) -> Iterator[str]:
    seen: set[tuple[TypeId, TypeId]] = set()
    pending = [(where, expected.value, actual.value)]
    while pending:
        at, first, second = pending.pop()
        if (first, second) in seen:
            continue
        seen.add((first, second))
        one, other = ours.types.layout(first), theirs.types.layout(second)
        if _outline(one) != _outline(other):
            yield f"{at}: {one} / {other}"
            continue
        for (step, inner), (_, counterpart) in zip(_inside(one), _inside(other), strict=True):
            if inner is not None or counterpart is not None:
                pending.append((at + step, inner, counterpart))


def _outline(layout: TypeLayout) -> TypeLayout:
    """Return a layout without the types inside it, which have other ids in other files."""
    match layout:
        case PointerLayout(_, target):
            return replace(layout, target=target is None)
        case ArrayLayout():
            return replace(layout, element=None)
        case ScalarLayout():
            return replace(layout, name="")
        case StructLayout(_, _, fields):
            bare = tuple(replace(field, type=None, line=0) for field in fields)
            return replace(layout, fields=bare, origin=None)
        case FunctionLayout(parameters, result):
            return replace(
                layout, parameters=len(parameters), result=result is None, convention=None
            )
    return replace(layout, origin=None) if hasattr(layout, "origin") else layout


def _inside(layout: TypeLayout) -> list[tuple[str, TypeId | None]]:
    match layout:
        case PointerLayout(_, target):
            return [("*", target)]
        case ArrayLayout(element):
            return [("[]", element)]
        case StructLayout(_, _, fields):
            return [(f".{field.name}", field.type) for field in fields]
        case FunctionLayout(parameters, result):
            return [*((f"({at})", each) for at, each in enumerate(parameters)), ("->", result)]
    return []
