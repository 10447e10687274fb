"""Compare a type of one contract with a type of another, by representation on one target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.conventions import canonical_convention
from abicheck.model.layout import (
    CHAR,
    SIGNED,
    UNSIGNED,
    ArrayLayout,
    EnumLayout,
    FunctionLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    UnknownLayout,
)
from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from abicheck.model.layout import Layouts, TypeId, TypeLayout

# Which way a value travels; None: both, or nobody knows.
TO_PLUGIN, FROM_PLUGIN = "to plugin", "from plugin"
FLIPPED = {TO_PLUGIN: FROM_PLUGIN, FROM_PLUGIN: TO_PLUGIN, None: None}

INTEGERS = frozenset({SIGNED, UNSIGNED, CHAR})
DEEPEST = 64


@record
class Difference:
    """What differs between two types, and for whom that breaks; for nobody if only words differ."""

    detail: str
    breaks_old: bool = True
    breaks_new: bool = True

    def within(self, place: str) -> Difference:
        """Return the difference as seen from outside."""
        return Difference(f"{place}: {self.detail}", self.breaks_old, self.breaks_new)

    @property
    def is_harmless(self) -> bool:
        """Whether it breaks nobody."""
        return not (self.breaks_old or self.breaks_new)


class TypeComparison:
    """Compares types on one target; definitions that meet are reported to `met` and not entered."""

    def __init__(
        self,
        old: Layouts,
        new: Layouts,
        met: Callable[[str, str, str | None], None],
        *,
        is_drafted: bool = False,
    ) -> None:
        """Compare types of `old` with types of `new`; with `is_drafted`, one is from a binary."""
        self.old, self.new, self.met, self.is_drafted = old, new, met, is_drafted

    def stored(self, old: TypeId, new: TypeId, flow: str | None) -> Iterator[Difference]:
        """Yield what differs between two fields: both sides may read and write what they hold."""
        before, now = self.old.layout(old), self.new.layout(new)
        if isinstance(before, PointerLayout) and isinstance(now, PointerLayout):
            yield from self._nullability(before, now, None)
            yield from self._pointees(before, now, flow, 0)
        else:
            yield from self.types(old, new, flow)

    def types(
        self, old: TypeId, new: TypeId, flow: str | None = None, depth: int = 0
    ) -> Iterator[Difference]:
        """Yield what differs between two types, `flow` being the way that their values travel."""
        before, now = self.old.layout(old), self.new.layout(new)
        if depth > DEEPEST or isinstance(before, UnknownLayout) or isinstance(now, UnknownLayout):
            return
        if isinstance(before, StructLayout) and isinstance(now, StructLayout):
            yield from self._structs(before, now, flow)
        elif isinstance(before, StructLayout) and before.is_transparent:
            yield from self.types(before.fields[0].type, new, flow, depth + 1)
        elif isinstance(now, StructLayout) and now.is_transparent:
            yield from self.types(old, now.fields[0].type, flow, depth + 1)
        elif isinstance(before, OpaqueLayout) or isinstance(now, OpaqueLayout):
            yield from self._opaque(before, now)
        else:
            yield from self._others(before, now, flow, depth)

    def _structs(
        self, before: StructLayout, now: StructLayout, flow: str | None
    ) -> Iterator[Difference]:
        if before.is_union != now.is_union:
            yield Difference(f"{_words(before)} became {_words(now)}")
        else:
            self.met(before.name, now.name, flow)

    def _opaque(self, before: TypeLayout, now: TypeLayout) -> Iterator[Difference]:
        """Nobody looks into opaque types: only their size can differ, where both state one."""
        sizes = (getattr(before, "size", None), getattr(now, "size", None))
        if (
            isinstance(before, FunctionLayout)
            or isinstance(now, FunctionLayout)
            or (None not in sizes and sizes[0] != sizes[1])
        ):
            yield Difference(f"{_words(before)} became {_words(now)}")
        elif None not in (kinds := [getattr(each, "kind", None) for each in (before, now)]) and (
            isinstance(before, OpaqueLayout) and isinstance(now, OpaqueLayout)
        ):
            if kinds[0] != kinds[1]:
                yield Difference(f"{kinds[0]} became {kinds[1]}")
        elif type(before) is not type(now):
            is_other = kinds != [None, None]  # One that says what it is, is nothing else.
            yield Difference(f"{_words(before)} became {_words(now)}", is_other, is_other)

    def _others(
        self, before: TypeLayout, now: TypeLayout, flow: str | None, depth: int
    ) -> Iterator[Difference]:
        match before, now:
            case EnumLayout(), EnumLayout():
                self.met(before.name, now.name, flow)
            case ScalarLayout(), ScalarLayout():
                if not _same_scalar(before, now):
                    yield Difference(f"{_words(before)} became {_words(now)}")
            case (EnumLayout() as enum, ScalarLayout() as number) | (
                ScalarLayout() as number,
                EnumLayout() as enum,
            ):
                if number.kind not in INTEGERS or number.size != enum.size:
                    yield Difference(f"{_words(before)} became {_words(now)}")
            case PointerLayout(), PointerLayout():
                yield from self._nullability(before, now, flow)
                yield from self._pointees(before, now, flow, depth)
            case ArrayLayout(), ArrayLayout():
                if (before.count or 0) != (now.count or 0):  # `[T; 0]` is C's old `[T]`.
                    lengths = [_length(before), _length(now)]
                    yield Difference(f"an array {lengths[0]} became one {lengths[1]}")
                inner = self.types(before.element, now.element, flow, depth + 1)
                yield from (each.within("element") for each in inner)
            case FunctionLayout(), FunctionLayout():
                yield from self.functions(before, now, flow, depth)
            case _:
                yield Difference(f"{_words(before)} became {_words(now)}")

    def _nullability(
        self, before: PointerLayout, now: PointerLayout, flow: str | None
    ) -> Iterator[Difference]:
        if self.is_drafted and before.may_be_null is None:
            return  # A raw pointer of a binary does not say that it may be NULL.
        if bool(before.may_be_null is False) != bool(now.may_be_null is False):
            yield _of_null(flow, may_be_null=now.may_be_null is not False)

    def _pointees(
        self, before: PointerLayout, now: PointerLayout, flow: str | None, depth: int
    ) -> Iterator[Difference]:
        targets = (before.target, now.target)
        if None in targets:
            if targets != (None, None):
                yield from self._untyped(before, now)
            return
        old, new = self.old.layout(before.target), self.new.layout(now.target)
        if isinstance(old, FunctionLayout) != isinstance(new, FunctionLayout):
            yield Difference(f"a pointer to {_words(old)} became one to {_words(new)}")
            return
        # A pointer to an array and one to its element are the same, as C's parameters decay.
        start, end = before.target, now.target
        if isinstance(old, ArrayLayout) != isinstance(new, ArrayLayout):
            start = old.element if isinstance(old, ArrayLayout) else start
            end = new.element if isinstance(new, ArrayLayout) else end
        inner = self.types(start, end, flow, depth + 1)
        if isinstance(old, FunctionLayout):
            yield from inner
        else:
            yield from (each.within("behind the pointer") for each in inner)

    def _untyped(self, before: PointerLayout, now: PointerLayout) -> Iterator[Difference]:
        graph, target = (self.old, before.target) if now.target is None else (self.new, now.target)
        other = graph.layout(target)
        if isinstance(other, FunctionLayout):
            yield Difference("a pointer to data became one to a function, or the other way")
        elif now.target is None:
            yield Difference(f"no longer says that it points to {_words(other)}", False, False)
        else:
            yield Difference(f"now says that it points to {_words(other)}", False, False)

    def functions(
        self, before: FunctionLayout, now: FunctionLayout, flow: str | None, depth: int = 0
    ) -> Iterator[Difference]:
        """Yield what differs between two prototypes; parameters travel against the function."""
        counts = (len(before.parameters), len(now.parameters))
        if counts[0] != counts[1]:
            yield Difference(f"{_counted(counts[0])} became {counts[1]}")
        else:
            pairs = zip(before.parameters, now.parameters, strict=True)
            for index, (old, new) in enumerate(pairs, start=1):
                inner = self.types(old, new, FLIPPED[flow], depth + 1)
                yield from (each.within(f"parameter {index}") for each in inner)
        if before.is_variadic != now.is_variadic:
            verb = "now takes" if now.is_variadic else "no longer takes"
            yield Difference(f"{verb} variable arguments")
        target = self.new.target
        conventions = [each.convention or "C" for each in (before, now)]
        if canonical_convention(conventions[0], target) != canonical_convention(
            conventions[1], target
        ):
            yield Difference(f'extern "{conventions[0]}" became extern "{conventions[1]}"')
        yield from self._results(before.result, now.result, flow, depth)

    def _results(
        self, old: TypeId | None, new: TypeId | None, flow: str | None, depth: int
    ) -> Iterator[Difference]:
        if old is not None and new is not None:
            inner = self.types(old, new, flow, depth + 1)
            yield from (each.within("result") for each in inner)
        elif old is not None:
            yield Difference(f"it no longer returns {_words(self.old.layout(old))}")
        elif new is not None:
            yield Difference(f"it now returns {_words(self.new.layout(new))}")


def _of_null(flow: str | None, *, may_be_null: bool) -> Difference:
    """Return the difference of a promise that the giver makes and the taker relies on."""
    detail = "may now be NULL" if may_be_null else "may no longer be NULL"
    if flow is None:
        return Difference(detail)
    # The plugin gives: a stricter contract finds old plugins lax. The host gives: the reverse.
    breaks_old = may_be_null == (flow == TO_PLUGIN)
    return Difference(detail, breaks_old=breaks_old, breaks_new=not breaks_old)


def _same_scalar(before: ScalarLayout, now: ScalarLayout) -> bool:
    if before.size != now.size:
        return False
    kinds = {before.kind, now.kind}
    return len(kinds) == 1 or (CHAR in kinds and kinds <= INTEGERS)


def _length(array: ArrayLayout) -> str:
    return "of unknown length" if array.count is None else f"of {array.count}"


def _counted(count: int) -> str:
    return "1 parameter" if count == 1 else f"{count} parameters"


def _words(layout: TypeLayout) -> str:
    match layout:
        case ScalarLayout(kind, size):
            what = {"float": "a float", "bool": "a bool", CHAR: "a character"}
            return f"{what.get(kind, f'{_article(kind)} {kind} integer')} of {_bytes(size)}"
        case PointerLayout():
            return "a pointer"
        case ArrayLayout():
            return f"an array {_length(layout)}"
        case StructLayout(name, is_union=is_union):
            return f"{'the union' if is_union else 'the struct'} {name}"
        case EnumLayout(name):
            return f"the enum {name}"
        case FunctionLayout():
            return "a function"
        case OpaqueLayout(name, size):
            return f"the opaque {name}" + ("" if size is None else f" of {_bytes(size)}")
        case UnknownLayout():
            return "a type without a layout"


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _bytes(size: int) -> str:
    return "1 byte" if size == 1 else f"{size} bytes"
