"""A plugin's evidence -> what can be seen of it without a contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.draft import DraftedExport
from abicheck.authoring.foreign import plain_names
from abicheck.authoring.members import Reached, UntranslatableError
from abicheck.authoring.text import export_type, spell
from abicheck.authoring.translate import Translator
from abicheck.authoring.values import Values
from abicheck.errors import AbicheckError
from abicheck.layout import facts_for
from abicheck.model.evidence import DATA, FUNCTION, IFUNC, Observed, Unseen
from abicheck.model.inspection import (
    Gap,
    Inspection,
    SeenEvidence,
    SeenExport,
    SeenField,
    SeenType,
    SeenValue,
    Slice,
)
from abicheck.model.layout import EnumLayout, FunctionLayout, StructLayout
from abicheck.model.types import Enum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from abicheck.model.evidence import Evidence, Symbol
    from abicheck.model.layout import FieldLayout, TypeId
    from abicheck.model.types import Type

MOST_EXPORTS = 100
"""Exports whose types are looked at unless more are asked for: each can be in another unit."""

NO_LIMIT = 1 << 30
WORTH_ALL = 4000
"""Symbols that are read at once; of more, those alone that C can name."""

TOLD_AT_ONCE = 16
"""Exports after which whoever waits is told how far it is."""

MOST_TYPES = 500
MOST_FIELDS = 2000
NEAR = 64
"""Exports whose units are searched first for a type that was asked for by name."""


class NoSuchTypeError(AbicheckError):
    """The plugin shows no type of this name."""


def inspect(
    file: str,
    slices: Sequence[Evidence],
    names: Sequence[str] = (),
    *,
    is_whole: bool = False,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Inspection:
    """Return what is seen of each slice of a plugin; with `names`, of these types alone.

    `is_whole`: however long it takes, the type of every export is looked at. `tell` is told
    again and again how many exports are done, and of how many.

    Raises: NoSuchTypeError.
    """
    most = NO_LIMIT if is_whole else MOST_EXPORTS
    for each in slices if is_whole else ():
        getattr(each.types, "be_patient", bool)()
    found = tuple(_Inspector(each, most, tell).inspect(names) for each in slices)
    return Inspection(file=file, slices=found)


class _Inspector:
    """Collects the facts of one slice; what exports lead to is spelled as a contract would."""

    def __init__(self, evidence: Evidence, most: int, tell: Callable[[int, int], None]) -> None:
        self.evidence, self.types, self.tell = evidence, evidence.types, tell
        self.translator = Translator(evidence.types, facts_for(evidence.target))
        self.unseen: dict[str, list[str]] = {}
        self.most, self.asked, self.unasked = most, 0, 0
        self.without_value: list[str] = []
        self.wanted: list[str] = []
        self.functions = 0
        self.without_convention: list[str] = []

    def inspect(self, names: Sequence[str]) -> Slice:
        evidence = self.evidence
        if names:
            for name in names:
                self._demand(name)
            found = tuple(self._types(len(self.translator.known.structs)))
            return Slice(
                format=evidence.format,
                target=evidence.target,
                facts=evidence.facts,
                types=tuple(each for each in found if each.name in self.wanted),
            )
        names = tuple(dict.fromkeys(evidence.export_names()))
        plain, foreign = plain_names(names)
        exports = self._exports(plain, frozenset(foreign))
        types = tuple(self._types(MOST_TYPES))
        return Slice(
            format=evidence.format,
            target=evidence.target,
            facts=evidence.facts,
            exports=exports,
            foreign=foreign,
            imports=tuple(evidence.imports()),
            types=types,
            more_types=max(0, len(self.translator.known.structs) - MOST_TYPES),
            evidence=tuple(self._evidence(exports)),
            notes=(*getattr(self.types, "notes", ()), *_descriptor(evidence)),
        )

    # Types that were asked for by name.

    def _near(self) -> list[Symbol]:
        names = self.evidence.export_names()[:NEAR]
        return [each for name in names if (each := self.evidence.find_export(name))]

    def _demand(self, name: str) -> None:
        absence = self.types.absence()
        if absence is not None:
            raise NoSuchTypeError(f"{self.evidence.file}: no types are seen: {absence}")
        for found in self.types.definitions(name.partition(".")[2] or name, self._near())[:1]:
            layout = self.types.layout(found.value)
            if isinstance(layout, StructLayout):
                self.wanted.append(self.translator.define(found.value, layout))
                return
            if isinstance(layout, EnumLayout):
                self.wanted.append(spell(self.translator.spell(found.value)))
                return
        raise NoSuchTypeError(
            f"{self.evidence.file}: the debug information defines no type named {name!r}"
        )

    # Exports.

    def _exports(self, plain: Sequence[str], foreign: frozenset[str]) -> tuple[SeenExport, ...]:
        if len(foreign) > WORTH_ALL:
            found = [self.evidence.find_export(name) for name in plain]
            symbols = [each for each in found if each is not None]
        else:
            symbols = [each for each in self.evidence.exports() if each.name not in foreign]
        functions = {each.address: each.name for each in symbols if each.kind == FUNCTION}
        self._reader = Values(self.evidence, functions)
        self._own = frozenset(plain)
        return tuple(self._told(symbols))

    def _told(self, symbols: Sequence[Symbol]) -> Iterator[SeenExport]:
        for number, symbol in enumerate(symbols):
            if not number % TOLD_AT_ONCE:
                self.tell(number, len(symbols))
            yield self._export(symbol)

    def _export(self, symbol: Symbol) -> SeenExport:
        is_data = symbol.kind == DATA
        if symbol.kind not in {FUNCTION, DATA, IFUNC} or symbol.name not in self._own:
            return SeenExport(symbol=symbol)
        if self.asked >= self.most:
            self.unasked += 1
            return SeenExport(symbol=symbol)
        self.asked += 1
        answer = self.types.variable(symbol) if is_data else self.types.function(symbol)
        if isinstance(answer, Unseen):
            return self._untyped(symbol, answer.reason)
        try:
            type_ = self._data(symbol, answer) if is_data else self._function(symbol, answer)
        except UntranslatableError as error:
            return self._untyped(symbol, str(error), answer)
        is_mutable = is_data and symbol.is_writable is True
        drafted = DraftedExport(
            name=symbol.name,
            is_data=is_data,
            type=type_,
            is_mutable=is_mutable and not self.translator.known.wording(answer.value).is_const,
        )
        value = self._value(symbol, answer) if is_data else None
        return SeenExport(symbol=symbol, type=export_type(drafted), value=value)

    def _untyped(
        self, symbol: Symbol, reason: str, answer: Observed[TypeId] | None = None
    ) -> SeenExport:
        self.unseen.setdefault(reason, []).append(symbol.name)
        value = self._value(symbol, answer) if symbol.kind == DATA else None
        return SeenExport(symbol=symbol, reason=reason, value=value)

    def _function(self, symbol: Symbol, answer: Observed[TypeId]) -> Type:
        layout = self.types.layout(answer.value)
        if not isinstance(layout, FunctionLayout):
            raise UntranslatableError(getattr(layout, "reason", "no prototype is described"))
        self.functions += 1
        if layout.convention is None:
            self.without_convention.append(symbol.name)
        return self.translator.function(layout)

    def _data(self, symbol: Symbol, answer: Observed[TypeId]) -> Type:
        return self.translator.spell(answer.value, symbol.name)

    def _value(self, symbol: Symbol, answer: Observed[TypeId] | None) -> SeenValue | None:
        value = (
            self._reader.of_bytes(symbol)
            if answer is None
            else self._reader.of_type(symbol, answer.value)
        )
        if value is None:
            self.without_value.append(symbol.name)
        return value

    # Types that exports lead to.

    def _types(self, most: int) -> Iterator[SeenType]:
        """Yield structs and unions in the order in which they are reached, then the enums."""
        done = 0
        while done < min(most, len(self.translator.known.structs)):
            reached = list(self.translator.known.structs.values())
            for each in reached[done:most]:
                yield self._struct(each)
                done += 1
        for definition in list(self.translator.known.definitions.values()):
            if isinstance(definition, Enum):
                yield SeenType(
                    name=definition.name,
                    kind="enums",
                    size=_enum_size(definition),
                    values=tuple((each.name, each.value) for each in definition.values),
                )

    def _struct(self, reached: Reached) -> SeenType:
        layout = reached.layout
        fields = tuple(self._field(reached, each) for each in layout.fields[:MOST_FIELDS])
        fields = tuple(sorted(fields, key=_position))
        gaps = () if layout.is_union else tuple(_gaps(fields))
        return SeenType(
            name=reached.name,
            kind="unions" if layout.is_union else "structs",
            size=layout.size,
            alignment=layout.alignment or self.translator.known.alignment(reached.type_id),
            is_alignment_derived=layout.alignment is None,
            fields=fields,
            gaps=gaps,
            padding=_padding(fields, layout.size),
        )

    def _field(self, reached: Reached, field: FieldLayout) -> SeenField:
        try:
            type_ = spell(self.translator.spell(field.type, reached.name, field.name))
        except UntranslatableError as error:
            type_ = f"? ({error})"
        return SeenField(
            name=field.name,
            type=type_,
            offset=field.offset,
            size=getattr(self.types.layout(field.type), "size", None),
            bit_offset=field.bit_offset,
            bit_size=field.bit_size,
        )

    # What there is to go by.

    def _evidence(self, exports: Sequence[SeenExport]) -> Iterator[SeenEvidence]:
        total = len(exports)
        yield SeenEvidence(
            source="symbols", about="exports, kinds and sizes", seen=total, total=total
        )
        reasons = [(reason, tuple(names)) for reason, names in self.unseen.items()]
        if self.unasked:
            first = f"only those of the first {self.most} exports are looked at"
            reasons.append((f"{first}; --verbose looks at all", ("the others",)))
        yield SeenEvidence(
            source=self.types.kind,
            about="signatures and types",
            seen=sum(each.type is not None for each in exports),
            total=self.asked + self.unasked,
            reasons=tuple(reasons),
        )
        yield SeenEvidence(
            source=self.types.kind,
            about="calling conventions",
            seen=self.functions - len(self.without_convention),
            total=self.functions,
            reasons=_unless_empty("their producer does not record them", self.without_convention),
        )
        values = [each for each in exports if each.value is not None]
        yield SeenEvidence(
            source="bytes",
            about="values of data",
            seen=len(values),
            total=len(values) + len(self.without_value),
            reasons=_unless_empty(
                "filled when it is loaded, or of a type that is not shown", self.without_value
            ),
        )


def _descriptor(evidence: Evidence) -> Iterator[str]:
    """Say what the plugin's descriptor is of, or why it cannot be used."""
    descriptor = getattr(evidence, "descriptor", None)
    if descriptor is None:
        return
    said, absence = descriptor.said, descriptor.absence()
    if said is None:
        yield str(absence)
        return
    yield (
        f"its descriptor is of {said.contract} {said.version} (types: {len(said.types)}, exports: "
        f"{len(said.exports)}), written by {said.writer}; {said.size} bytes at "
        f"{said.file_offset:#x}"
    )


def _unless_empty(reason: str, names: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ((reason, tuple(names)),) if names else ()


def _position(field: SeenField) -> int:
    return field.bit_offset if field.bit_offset is not None else (field.offset or 0) * 8


def _end(field: SeenField) -> int:
    width = field.bit_size if field.bit_size is not None else (field.size or 0) * 8
    return _position(field) + width


def _gaps(fields: Sequence[SeenField]) -> Iterator[Gap]:
    end = 0
    for field in fields:
        if _position(field) > end:
            yield Gap(bit_offset=end, bit_size=_position(field) - end)
        end = max(end, _end(field))


def _padding(fields: Sequence[SeenField], size: int | None) -> Gap | None:
    end = max(map(_end, fields), default=0)
    if size is None or size * 8 <= end or not fields:
        return None
    return Gap(bit_offset=end, bit_size=size * 8 - end)


def _enum_size(enum: Enum) -> int:
    if enum.repr != "C":
        return int(enum.repr[1:]) // 8
    numbers = [each.value for each in enum.values] or [0]
    fits = min(numbers) >= -(2**31) and max(numbers) < (2**31 if min(numbers) < 0 else 2**32)
    return 4 if fits else 8
