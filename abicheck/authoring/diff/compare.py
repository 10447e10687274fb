"""Two contracts -> everything that differs between them, on every target that matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.diff import enums, exports, judgement, structs
from abicheck.authoring.diff.settings import settings
from abicheck.authoring.diff.tags import tags
from abicheck.authoring.diff.terms import agree, lay_out_all
from abicheck.authoring.diff.types import TypeComparison
from abicheck.authoring.targets import allowed_targets
from abicheck.model.changes import Change, Diff, Resized, Side, merged
from abicheck.model.layout import EnumLayout, StructLayout, UnknownLayout
from abicheck.model.target import Target
from abicheck.model.types import Alias, Enum, Named, Opaque, Struct, type_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.authoring.diff.terms import Sheet, Terms
    from abicheck.model.contract import Contract

REPRESENTATIVES = (
    Target("x86_64", "linux", "gnu"), Target("i386", "linux", "gnu"),
    Target("x86_64", "windows", "msvc"),
)  # fmt: skip
"""One target of each data model, for contracts that name none."""

SECTIONS = (
    "contract", "plugin", "parameters", "platform", "evidence", "exports", "choices", "structs",
    "unions", "enums", "types", "tags", "imports",
)  # fmt: skip


def compare_contracts(
    old: Contract,
    new: Contract,
    targets: Sequence[Target] = (),
    built: tuple[Target | None, Target | None] = (None, None),
) -> Diff:
    """Return what changed from `old` to `new`.

    `built` are the targets of the binaries that they were drafted from, None for written ones.
    """
    drafted = (built[0] is not None, built[1] is not None)
    chosen = tuple(targets) or usual_targets(old, new)
    if drafted[0] != drafted[1]:
        old, new = exports.on_common_ground(old, new, drafted)
    terms = agree(old, new, chosen, is_drafted=any(drafted))
    walks = [Walk(terms, lay_out_all(terms, target)) for target in chosen]
    seen = [(str(walk.sheet.target), change) for walk in walks for change in walk.changes()]
    names = tuple(map(str, chosen))
    changes = [*_platform(*built), *merged(seen, names), *_independent(terms, walks)]
    return Diff(
        old=Side(old.name, old.version, old.file, is_drafted=drafted[0]),
        new=Side(new.name, new.version, new.file, is_drafted=drafted[1]),
        targets=names,
        changes=tuple(sorted(_told_once(changes), key=_place)),
        resized=tuple(each for walk in walks for each in walk.resized()),
        notes=tuple(dict.fromkeys([*_notes(terms), *(n for walk in walks for n in walk.notes())])),
        not_compared=tuple(_unseen(old, new, drafted)),
    )


def usual_targets(old: Contract, new: Contract) -> tuple[Target, ...]:
    """Return the targets that both contracts allow: one for each way to lay types out."""
    if not any(each.platform.targets or each.platform.bits for each in (old, new)):
        return REPRESENTATIVES
    allowed = [target for target in allowed_targets(old) if target in set(allowed_targets(new))]
    chosen: dict[object, Target] = {}
    for target in allowed or allowed_targets(new):
        way = (
            target.data_model,
            target.byte_order,
            target.system == "windows",
            target.machine == "i386",
        )
        chosen.setdefault(way, target)
    return tuple(chosen.values()) or REPRESENTATIVES


class Walk:
    """The types of both contracts on one target, from the exports down."""

    def __init__(self, terms: Terms, sheet: Sheet) -> None:
        """Find which definition of the old contract stands for which of the new."""
        self.terms, self.sheet = terms, sheet
        self.pairs: dict[tuple[str, str], str | None] = {}
        self.pending: list[tuple[str, str]] = []
        self.signatures: list[Change] = []
        before, now = exports.by_name(terms.old.exports), exports.by_name(terms.new.exports)
        comparison = self._comparison()
        for name in [name for name in now if name in before]:
            self.signatures += exports.types(before[name], now[name], comparison)
        self._follow()
        for name in terms.new.definitions:
            if not any(new == name for _, new in self.pairs) and name in terms.old.definitions:
                self.meet(name, name, None)
                self._follow()

    def _comparison(self) -> TypeComparison:
        return TypeComparison(
            self.sheet.old, self.sheet.new, self.meet, is_drafted=self.terms.is_drafted
        )

    def meet(self, old: str, new: str, flow: str | None) -> None:
        """Note that two definitions stand for each other, and which way their values travel."""
        definitions = self.terms.old.definitions.get(old), self.terms.new.definitions.get(new)
        if None in definitions:
            return
        known = self.pairs.get((old, new), flow)
        is_known = (old, new) in self.pairs
        if not is_known or (known is not None and known != flow):
            self.pairs[old, new] = flow if not is_known else None
            self.pending.append((old, new))

    def _follow(self) -> None:
        while self.pending:
            old, new = self.pending.pop()
            for change in self._compared(old, new):
                del change  # Only what it meets counts here.

    def _compared(self, old: str, new: str) -> Iterator[Change]:
        before, now = self.terms.old.definitions[old], self.terms.new.definitions[new]
        if isinstance(before, Struct) and isinstance(now, Struct):
            comparison = self._comparison()
            flow = self.pairs[old, new]
            yield from structs.StructPair(
                self.terms, self.sheet, before, now, flow, comparison
            ).changes()
        elif isinstance(before, Enum) and isinstance(now, Enum):
            yield from enums.representation(self.sheet, before, now)
        elif isinstance(before, Opaque) and isinstance(now, Opaque):
            comparison = self._comparison()
            differences = list(comparison.types(type_id(Named(old)), type_id(Named(new))))
            if differences:
                lines = (before.line, now.line)
                message = "has another size"
                yield structs.of_differences(f"types.{new}", message, differences, lines)

    def changes(self) -> Iterator[Change]:
        """Yield every change that this target shows."""
        yield from self.signatures
        for old, new in list(self.pairs):
            yield from self._compared(old, new)

    def resized(self) -> Iterator[Resized]:
        """Yield the definitions that have another size or alignment here."""
        for old, new in self.pairs:
            before, now = self.sheet.old.layout(old), self.sheet.new.layout(new)
            definition = self.terms.new.definitions[new]
            if (
                isinstance(before, StructLayout | EnumLayout)
                and isinstance(now, StructLayout | EnumLayout)
                and isinstance(definition, Struct | Enum)
                and (before.size, before.alignment) != (now.size, now.alignment)
            ):
                yield Resized(
                    definition.subject, str(self.sheet.target), before.size, now.size,
                    before.alignment, now.alignment,
                )  # fmt: skip

    def notes(self) -> Iterator[str]:
        """Yield what could not be compared here."""
        for old, new in self.pairs:
            for layouts, name in ((self.sheet.old, old), (self.sheet.new, new)):
                layout = layouts.layout(name)
                if isinstance(layout, UnknownLayout):
                    yield f"{name} could not be laid out on {self.sheet.target}: {layout.reason}"


def _independent(terms: Terms, walks: Sequence[Walk]) -> Iterator[Change]:
    """Yield the changes that are the same on every target."""
    yield from exports.demands(terms)
    pairs = dict.fromkeys(pair for walk in walks for pair in walk.pairs)
    for old, new in pairs:
        before, now = terms.old.definitions[old], terms.new.definitions[new]
        if isinstance(before, Struct) and isinstance(now, Struct):
            yield from _struct_keys(terms, before, now)
        elif isinstance(before, Enum) and isinstance(now, Enum):
            yield from enums.values(terms, before, now)
    yield from _aliases(terms)
    if not terms.is_drafted:
        yield from _definitions(terms, pairs)
        yield from tags(terms)
        yield from settings(terms.old, terms.new)


def _struct_keys(terms: Terms, old: Struct, new: Struct) -> Iterator[Change]:
    if terms.is_drafted:
        return
    yield from structs.settings(old, new)
    fields = {field.name: field for field in old.fields if field.name}
    for field in new.fields:
        if field.name in fields:
            subject, known = f"{new.subject}.{field.name}", fields[field.name]
            lines = (known.line, field.line)
            yield from exports.ownership(subject, known.free, field.free, lines)


def _aliases(terms: Terms) -> Iterator[Change]:
    for name, new in terms.new.definitions.items():
        old = terms.old.definitions.get(name)
        if isinstance(old, Alias) and isinstance(new, Alias) and not terms.is_drafted:
            lines = (old.line, new.line)
            yield from exports.ownership(f"types.{name}", old.free, new.free, lines)


def _definitions(terms: Terms, pairs: dict[tuple[str, str], None]) -> Iterator[Change]:
    """Yield the structs, unions and enums that one contract has and the other has no like of."""
    kept = {new for _, new in pairs}
    for name, definition in terms.new.definitions.items():
        if name not in kept and isinstance(definition, Struct | Enum):
            yield judgement.added(definition.subject, "was added", (None, definition.line))
    kept = {old for old, _ in pairs}
    for name, definition in terms.old.definitions.items():
        if name not in kept and isinstance(definition, Struct | Enum):
            yield judgement.harmless(definition.subject, "was removed", (definition.line, None))


def _platform(old: Target | None, new: Target | None) -> Iterator[Change]:
    if old is None or new is None:
        return
    environments = {old.environment, new.environment} - {None, ""}
    ways = [(each.machine, each.system, each.data_model) for each in (old, new)]
    if ways[0] != ways[1] or len(environments) > 1:
        message, why = f"was built for {old}, is built for {new}", "no host loads both"
        yield judgement.altered("platform.targets", message, why)


def _unseen(old: Contract, new: Contract, drafted: tuple[bool, bool]) -> Iterator[str]:
    """Yield what a binary does not show of what the other side has, and so was not compared."""
    for contract, other, is_drafted in ((old, new, drafted[0]), (new, old, drafted[1])):
        theirs = exports.by_name(other.exports)
        for name, export in exports.by_name(contract.exports).items() if is_drafted else ():
            if export.type is None and name in theirs and theirs[name].type is not None:
                yield f"exports.{name}: {contract.file} shows no type of it"
        for name, definition in contract.definitions.items() if is_drafted else ():
            known = other.definitions.get(name)
            if isinstance(definition, Opaque) and isinstance(known, Struct | Enum):
                yield f"{known.subject}: {contract.file} shows no layout of it that C could have"


def _told_once(changes: Sequence[Change]) -> Iterator[Change]:
    yield from dict.fromkeys(changes)


def _notes(terms: Terms) -> Iterator[str]:
    if terms.is_refused:
        name = terms.old.interface_tag.name if terms.old.interface_tag else ""
        yield (
            f"hosts of the old contract refuse plugins that state {terms.new.version} "
            f"(tags.{name}); what breaks such plugins there breaks none that is let in"
        )


def _place(change: Change) -> tuple[int, int, int]:
    section = change.subject.partition(".")[0].partition("[")[0]
    place = SECTIONS.index(section) if section in SECTIONS else len(SECTIONS)
    return place, change.new_line or change.old_line or 0, change.new_line is None
