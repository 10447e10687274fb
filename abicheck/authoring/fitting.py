"""Structs as spelled and as observed -> the `repr` under which the engine lays them out alike.

We do not trust our own reading: what is written down is laid out again for the plugin's
target, and where that differs another `repr` is tried. A struct that no `repr` describes
becomes partial, with the offsets that were seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.layout import check_contract, lay_out
from abicheck.model.contract import Contract
from abicheck.model.layout import StructLayout, UnknownLayout
from abicheck.model.records import replace
from abicheck.model.target import PerTarget
from abicheck.model.types import Alias, Array, Field, Named, Opaque, Scalar, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.authoring.members import Reached
    from abicheck.authoring.translate import Translator
    from abicheck.model.layout import FieldLayout
    from abicheck.model.target import Target
    from abicheck.model.types import Definition, Type

ALIGNMENTS = (64, 32, 16, 8, 4, 2)
LARGEST_ALIGNMENT = 1 << 28
PACKINGS = (1, 2, 4, 8)
MOST_UNNAMED = 64
UNITS = (("c_uint", 32), ("u16", 16), ("u8", 8), ("u64", 64))
"""Types whose units an unnamed bit-field can end, and their bits; the commonest first."""

ASSUMED = "Assumed: `align`, which is not recorded; it follows from the size."
PARTIAL = "No `repr` of the contract language lays it out so: its fields stand by their offsets."
OPAQUE = "Nothing in the contract language is laid out so: only its size and alignment are agreed."


def fit(translator: Translator, target: Target) -> None:
    """Settle the `repr` of every struct that was reached, those inside of others first."""
    _Fitter(translator, target).run()


class _Fitter:
    def __init__(self, translator: Translator, target: Target) -> None:
        self.translator, self.target = translator, target
        self.definitions = translator.known.definitions
        self.done: set[str] = set()

    def run(self) -> None:
        computed = self._computed(self.definitions)
        wrong = {
            name
            for name, reached in self.translator.known.structs.items()
            if not self._is_same(reached, computed.get(name))
        }
        for name in self.translator.known.structs:
            self._settle(name, wrong)

    def _settle(self, name: str, wrong: set[str]) -> None:
        if name in self.done:
            return
        self.done.add(name)
        inner = [
            each for each in _held(self.definitions, name) if each in self.translator.known.structs
        ]
        for each in inner:
            self._settle(each, wrong)
        if name in wrong or not wrong.isdisjoint(inner):
            wrong.add(name)
            self._fit(self.translator.known.structs[name])

    def _fit(self, reached: Reached) -> None:
        struct = self.definitions[reached.name]
        assert isinstance(struct, Struct)
        for is_strict in (True, False):
            for candidate in self._candidates(struct, reached):
                layout = self._computed(self._closure(candidate))[candidate.name]
                if self._is_same(reached, layout, is_strict=is_strict):
                    self.definitions[reached.name] = candidate
                    if candidate.align is not None and not is_strict:
                        self.translator.known.comment(reached.name, ASSUMED)
                    return
        self._give_up(struct, reached)

    def _candidates(self, struct: Struct, reached: Reached) -> Iterator[Struct]:
        if struct.is_partial:
            return
        variants = [struct]
        spaced = self._spaced(struct, reached)
        if spaced is not None:
            variants.append(spaced)
        recorded = reached.layout.alignment
        aligns = (recorded,) if recorded and recorded <= LARGEST_ALIGNMENT else ALIGNMENTS
        for each in variants:
            yield replace(each, is_transparent=False)
            yield from (replace(each, packed=packing, is_transparent=False) for packing in PACKINGS)
            yield from (replace(each, align=align, is_transparent=False) for align in aligns)
            yield from (
                replace(each, packed=packing, align=align, is_transparent=False)
                for packing in PACKINGS
                for align in aligns
            )

    def _give_up(self, struct: Struct, reached: Reached) -> None:
        """Write the offsets down; what cannot be partial becomes opaque."""
        name, layout = reached.name, reached.layout
        alignment = layout.alignment or self.translator.known.alignment(reached.type_id) or 1
        if alignment & (alignment - 1):  # Nothing is aligned so.
            alignment = 1
        if layout.size is not None and not struct.is_union:
            align = None if layout.alignment is None else alignment
            for key in (self.target.data_model, f"{self.target.machine}-{self.target.system}-*"):
                partial = _partial(struct, layout, align, key)
                if partial.fields and not check_contract(_contract(self._closure(partial))):
                    self.definitions[name] = partial
                    self.translator.known.comment(name, PARTIAL)
                    return
        is_sized = layout.size is not None
        self.definitions[name] = Opaque(
            name=name,
            line=0,
            size=self.translator.known.number(layout.size) if layout.size is not None else None,
            alignment=self.translator.known.number(alignment) if is_sized else None,
        )
        self.translator.known.comment(name, OPAQUE)

    def _spaced(self, struct: Struct, reached: Reached) -> Struct | None:
        """Return the struct with unnamed bit-fields where they must be; None if none help.

        Compilers record no unnamed bit-fields. Where the engine puts a field too early, one is
        put in front of it, until every field is at its place.
        """
        wanted = [begin for begin, _ in _bits(reached.layout.fields)]
        has_bits = any(each.bit_size is not None for each in reached.layout.fields)
        for count in range(MOST_UNNAMED if has_bits else 0):
            layout = self._computed(self._closure(struct))[struct.name]
            if not isinstance(layout, StructLayout) or len(layout.fields) != len(wanted):
                return None
            found = _bits(layout.fields)
            wrong = next((i for i, (at, _) in enumerate(found) if at != wanted[i]), None)
            if wrong is None:
                return struct if count else None
            end = sum(found[wrong - 1]) if wrong else 0
            if found[wrong][0] > wanted[wrong] or end > wanted[wrong]:
                return None
            struct = _with_unnamed(struct, wrong, end, wanted[wrong])
        return None

    # The engine's opinion.

    def _computed(self, definitions: dict[str, Definition]) -> dict[str, object]:
        layouts = lay_out(_contract(definitions), self.target)
        return {name: layouts.types.get(name) for name in definitions}

    def _closure(self, struct: Struct) -> dict[str, Definition]:
        """Return a struct and the definitions that its fields hold by value."""
        found: dict[str, Definition] = {struct.name: struct}
        waiting = list(_named_in(struct))
        while waiting:
            name = waiting.pop()
            if name in found or name not in self.definitions:
                continue
            found[name] = self.definitions[name]
            waiting.extend(_held(self.definitions, name))
        return found

    def _is_same(self, reached: Reached, computed: object, *, is_strict: bool = True) -> bool:
        """Whether the engine puts every field where it was seen."""
        observed = reached.layout
        definition = self.definitions[reached.name]
        if isinstance(definition, Struct) and definition.is_partial:
            return False
        if isinstance(computed, UnknownLayout) and "environment" in computed.reason:
            return True  # Nobody can say; what was spelled may be right.
        if not isinstance(computed, StructLayout) or computed.size != observed.size:
            return False
        if _places(computed.fields) != _places(observed.fields):
            return False
        if observed.alignment is not None:
            return computed.alignment == observed.alignment
        derived = self.translator.known.alignment(reached.type_id)
        return not is_strict or derived is None or computed.alignment == derived


def _places(fields: tuple[FieldLayout, ...]) -> list[tuple[int | None, int | None]]:
    return [
        (each.offset, None) if each.bit_size is None else (each.bit_offset, each.bit_size)
        for each in fields
    ]


def _bits(fields: tuple[FieldLayout, ...]) -> list[tuple[int, int]]:
    """Return the first bit of each field, and how many bits it takes if it is a bit-field."""
    return [
        (8 * (each.offset or 0), 0)
        if each.bit_size is None or each.bit_offset is None
        else (each.bit_offset, each.bit_size)
        for each in fields
    ]


def _with_unnamed(struct: Struct, index: int, end: int, begin: int) -> Struct:
    """Return the struct with an unnamed bit-field that fills the bits from `end` to `begin`.

    Where the end of a unit is as good, that is what is written, `: 0`.
    """
    named = [at for at, each in enumerate(struct.fields) if each.bit_width is None or each.name]
    place = named[index]
    ends = [name for name, unit in UNITS if end % unit and -(-end // unit) * unit == begin]
    filler = Field(name=None, type=Scalar(ends[0]), line=0, bit_width=0) if ends else None
    if filler is None:
        width = min(begin - end, 64)
        type_ = Scalar("c_uint" if width <= 32 else "u64")  # noqa: PLR2004 (bits of an int)
        filler = Field(name=None, type=type_, line=0, bit_width=width)
    fields = (*struct.fields[:place], filler, *struct.fields[place:])
    return replace(struct, fields=fields)


def _contract(definitions: dict[str, Definition]) -> Contract:
    return Contract("", "", "", definitions=definitions)


def _partial(struct: Struct, layout: StructLayout, align: int | None, key: str) -> Struct:
    """Return the fields that have a place in whole bytes, each with its offset under `key`."""
    places = {each.name: each for each in layout.fields}
    found = []
    for field in struct.fields:
        observed = places.get(field.name)
        if observed is None or observed.offset is None or observed.bit_size is not None:
            continue
        if field.name is None or _is_flexible(field.type):
            continue
        found.append(replace(field, offset=PerTarget(((key, observed.offset),))))
    return replace(
        struct, fields=tuple(found), is_partial=True, is_transparent=False, packed=None,
        align=align, size=PerTarget(((key, layout.size or 0),)),
    )  # fmt: skip


def _is_flexible(type_: Type) -> bool:
    return isinstance(type_, Array) and type_.count is None


def _held(definitions: dict[str, Definition], name: str) -> list[str]:
    """Return the definitions that one holds by value."""
    definition = definitions.get(name)
    if isinstance(definition, Struct):
        return list(_named_in(definition))
    if isinstance(definition, Alias) and isinstance(definition.type, Named):
        return [definition.type.name]
    return []


def _named_in(struct: Struct) -> Iterator[str]:
    for field in struct.fields:
        type_ = field.type
        while isinstance(type_, Array):
            type_ = type_.element
        if isinstance(type_, Named):
            yield type_.name
