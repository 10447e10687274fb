"""Bind the contract's structs, unions and enums to the plugin's types.

First to the type reached from an export's signature or data, by position and
whatever its name; else by name. What is reached through a bound struct is
reached by position too.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.model.evidence import Observed, Unseen
from abicheck.model.layout import (
    FLOAT,
    EnumLayout,
    FunctionLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    UnknownLayout,
)
from abicheck.model.records import record, replace
from abicheck.model.types import Alias, Enum, Opaque, Struct, spell, type_id
from abicheck.rules.compare import (
    FROM_PLUGIN,
    TO_PLUGIN,
    Comparison,
    Outcome,
    different,
    unclear,
    worst,
)
from abicheck.rules.describe import describe_function
from abicheck.rules.members import flatten
from abicheck.rules.struct_comparison import pair_members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.contract import Export
    from abicheck.model.evidence import Origin, Symbol
    from abicheck.model.layout import TypeId, TypeLayout
    from abicheck.rules.case import Case

FILLED_BY = {"plugin": FROM_PLUGIN, "host": TO_PLUGIN, "both": None}


@record
class Signature:
    """What became of one export's prototype or data type.

    `convention` is None for data. `depends_on_convention` is what in the prototype is passed
    differently by another convention, in a language that has more than one, or "".
    """

    outcome: Outcome
    expected: str
    actual: str | None
    origin: Origin | None
    convention: Outcome | None = None
    actual_convention: str | None = None
    depends_on_convention: str = ""
    unrecorded: tuple[str, ...] = ()


@record
class Binding:
    """A type of the plugin that stands for a definition of the contract.

    `by_name`: found under its name, not reached from an export. `flow` is which way its
    values travel, None if both ways or unknown.
    """

    type_id: TypeId
    flow: str | None
    by_name: bool
    origin: Origin | None = None


class Bindings:
    """All bindings of one case, found once and in the contract's order."""

    def __init__(self, case: Case) -> None:
        """Walk every signature, then seek by name what was not reached."""
        self.case = case
        self.types = case.evidence.types
        self.found: dict[str, dict[TypeId, Binding]] = {}
        self.signatures: dict[tuple[str, str], Signature] = {}
        self.absence = self.types.absence()
        self._incomplete: dict[str, set[str]] = {}
        self._pending: list[tuple[str, TypeId, str | None, bool, Origin | None]] = []
        self._by_name = False
        self._leads: dict[TypeId, frozenset[str]] | None = None
        if self.absence is None:
            self._from_exports()
            self._from_names()

    @cached_property
    def held_anonymously(self) -> frozenset[str]:
        """The definitions that are needed for anonymous members alone."""
        return self.case.reachable - reachable(self.case, is_flat=True)

    def declared(self, name: str) -> str:
        """Return what exports lead to in the place of a definition, if units only declare it."""
        return min(self._incomplete.get(name, ()), default="")

    def of(self, name: str) -> tuple[Binding, ...]:
        """Return the bindings of a definition; empty if the plugin shows none."""
        return tuple(self.found.get(name, {}).values())

    def unread(self, name: str) -> str | None:
        """Return why one of the bindings of a definition cannot be read, None if all can."""
        layouts = [self.types.layout(each.type_id) for each in self.of(name)]
        return next((each.reason for each in layouts if isinstance(each, UnknownLayout)), None)

    def comparison(self) -> Comparison:
        """Return a comparison whose meetings are followed up."""
        return Comparison(self.case.layouts, self.types, self.case.evidence.target, self._meet)

    def _meet(self, name: str, found: TypeId, flow: str | None) -> None:
        layout = self.types.layout(found)
        if isinstance(layout, OpaqueLayout) and not layout.is_complete:
            path = self.types.path(found) or layout.name
            if path:
                self._incomplete.setdefault(name, set()).add(path)
            return
        self._pending.append((name, found, flow, self._by_name, self.types.origin(found)))

    def _from_exports(self) -> None:
        for export, symbol in self.case.wanted:
            if export.type is None:
                continue
            if export.is_data is False:
                self.signatures[export.name, symbol.name] = self._function(export, symbol)
            else:
                self.signatures[export.name, symbol.name] = self._variable(export, symbol)
            self._follow()

    def _from_names(self) -> None:
        self._by_name = True
        for name, definition in self.case.contract.definitions.items():
            if isinstance(definition, Alias | Opaque) or name in self.held_anonymously:
                continue
            if name in self.found and name not in self._incomplete:
                continue
            near = self._leading_to(name)
            if name in self._incomplete:
                self._from_declarations(name, near)
            # What is declared as "n::State" and defined nowhere is no "State" of elsewhere.
            declared = self._incomplete.get(name, ())
            is_elsewhere = any(path.endswith(f"::{name}") for path in declared)
            if name not in self.found and (definition.match or not is_elsewhere):
                self._bind_by_name(name, self.types.definitions(definition.match or name, near))
            if name not in self.found and definition.match and self.types.kind == "descriptor":
                # Generated source calls it what the contract does, whatever others call it.
                self._bind_by_name(name, self.types.definitions(name, near))
        self._by_name = False

    def _leading_to(self, name: str) -> list[Symbol]:
        """Return the exports whose types lead to a definition; all of them where none does."""
        if self._leads is None:
            known: dict[TypeId, frozenset[str]] = {}
            for export, _ in self.case.wanted:
                if export.type is not None and type_id(export.type) not in known:
                    root = type_id(export.type)
                    known[root] = reached_from(self.case, [root])
            self._leads = known
        leads = self._leads
        found = [
            symbol
            for export, symbol in self.case.wanted
            if export.type is not None and name in leads[type_id(export.type)]
        ]
        return found or [symbol for _, symbol in self.case.wanted]

    def _from_declarations(self, name: str, near: Sequence[Symbol]) -> None:
        """Seek what exports lead to and their units only declare, by the names it has there."""
        known = {self.types.path(each) for each in self.found.get(name, ())}
        for path in sorted(self._incomplete[name] - known):
            definitions = self.types.definitions(path, near)
            if not known or len(definitions) == 1:
                self._bind_by_name(name, definitions)

    def _bind_by_name(self, name: str, definitions: Sequence[Observed[TypeId]]) -> None:
        # Where one cannot be read, nobody knows which counts: the others lead nowhere.
        unread = [
            each for each in definitions if isinstance(self.types.layout(each.value), UnknownLayout)
        ]
        for observed in unread or definitions:
            flow = self._stated_flow(name, None)
            self._pending.append((name, observed.value, flow, True, observed.origin))
        self._follow()

    def _follow(self) -> None:
        """Explore every pair met so far, and those met on the way."""
        while self._pending:
            name, found, flow, by_name, origin = self._pending.pop()
            flow = self._stated_flow(name, flow)
            known = self.found.setdefault(name, {})
            before = known.get(found)
            if before is not None and (before.flow is None or before.flow == flow):
                continue
            flow = flow if before is None else None
            by_name = by_name if before is None else before.by_name
            known[found] = Binding(found, flow, by_name, origin)
            self._explore(name, found, flow)

    def _stated_flow(self, name: str, flow: str | None) -> str | None:
        return stated_flow(self.case, name, flow)

    def _explore(self, name: str, actual: TypeId, flow: str | None) -> None:
        wanted, found = self.case.layouts.layout(name), self.types.layout(actual)
        if not isinstance(wanted, StructLayout) or not isinstance(found, StructLayout):
            return
        comparison = self.comparison()
        pairs, _ = pair_members(self.case, wanted, found)
        for pair in pairs:
            if pair.found is not None:
                comparison.types(pair.wanted.type, pair.found.type, flow)

    # The signatures themselves.

    def _function(self, export: Export, symbol: Symbol) -> Signature:
        assert export.type is not None
        expected = spell(export.type)
        answer = self.types.function(symbol)
        if isinstance(answer, Unseen):
            return Signature(unclear(answer.reason), expected, None, None, unclear(answer.reason))
        wanted = self.case.layouts.layout(type_id(export.type))
        found = self.types.layout(answer.value)
        if not isinstance(wanted, FunctionLayout) or not isinstance(found, FunctionLayout):
            reason = getattr(found, "reason", "the plugin describes no function here")
            reason = getattr(wanted, "reason", reason)
            return Signature(unclear(reason), expected, None, answer.origin, unclear(reason))
        comparison = self.comparison()
        outcome = comparison.functions(wanted, found, FROM_PLUGIN, is_definition=True)
        convention = comparison.convention(wanted.convention or "C", found, answer.value)
        return Signature(
            outcome,
            expected,
            describe_function(self.types, found),
            answer.origin,
            convention=convention,
            actual_convention=found.convention,
            depends_on_convention=self._convention_sensitive(answer, found),
            unrecorded=tuple(comparison.unrecorded),
        )

    def _variable(self, export: Export, symbol: Symbol) -> Signature:
        from abicheck.rules.describe import describe  # noqa: PLC0415 (few contracts export data)

        assert export.type is not None
        expected = spell(export.type)
        answer = self.types.variable(symbol)
        if isinstance(answer, Unseen):
            return Signature(unclear(answer.reason), f"static {expected}", None, None)
        comparison = self.comparison()
        outcome = comparison.exported_data(type_id(export.type), answer.value, FROM_PLUGIN)
        if isinstance(self.types.layout(answer.value), FunctionLayout):
            outcome = different("expected data, found a function")
        actual = f"static {describe(self.types, answer.value)}"
        return Signature(
            worst([outcome]),
            f"static {expected}",
            actual,
            answer.origin,
            unrecorded=tuple(comparison.unrecorded),
        )

    @property
    def _has_x87(self) -> bool:
        """Whether C returns floating-point numbers where Rust does not: on the stack of x87."""
        return self.case.evidence.target.machine == "i386"

    def _convention_sensitive(self, answer: Observed[TypeId], found: FunctionLayout) -> str:
        """Say what a lost `extern "C"` would break, where the language has other conventions."""
        if self.types.language(answer.value) != "rust":
            return ""
        if found.is_variadic:
            return "its variable arguments"
        for each in (*found.parameters, *([] if found.result is None else [found.result])):
            layout = self.types.layout(each)
            while isinstance(layout, StructLayout) and layout.is_transparent:
                layout = self.types.layout(layout.fields[0].type)
            if isinstance(layout, StructLayout):
                return f"{layout.name}, passed by value"
            if isinstance(layout, ScalarLayout) and layout.kind == FLOAT and self._has_x87:
                return "a floating-point number"
            if not isinstance(layout, PointerLayout) and (getattr(layout, "size", 0) or 0) >= 16:  # noqa: PLR2004 (128 bits)
                return "a 128-bit value"
        return ""


def stated_flow(case: Case, name: str, flow: str | None) -> str | None:
    """Return which way a struct travels: what the contract says of it goes before what was seen."""
    definition = case.contract.definitions.get(name)
    stated = definition.filled_by if isinstance(definition, Struct) else None
    return FILLED_BY[stated] if stated else flow


def reachable(case: Case, *, is_flat: bool = False) -> frozenset[str]:
    """Return the definitions that required exports, present optional ones and tags lead to.

    `is_flat`: an anonymous member leads to its fields and not to its own definition.
    """
    present = {id(export) for export, _ in case.wanted}
    roots: list[TypeId] = [
        type_id(export.type)
        for export in case.contract.exports
        if export.type is not None
        and not export.is_forbidden
        and (not export.is_optional or id(export) in present)
    ]
    roots += [type_id(tag.type) for tag in case.contract.tags if tag.type is not None]
    names = reached_from(case, roots, is_flat=is_flat)
    return frozenset(name for name in names if _is_compared(case, name))


def reached_from(case: Case, roots: list[TypeId], *, is_flat: bool = False) -> frozenset[str]:
    """Return the names of types that some types of the contract lead to, their own included."""
    roots = [*roots]
    seen: set[TypeId] = set()
    names: set[str] = set()
    while roots:
        root = roots.pop()
        if root in seen:
            continue
        seen.add(root)
        names.add(str(root))
        layout = case.layouts.layout(root)
        if isinstance(layout, StructLayout | EnumLayout):
            names.add(layout.name)  # An alias of a definition leads to it.
        if isinstance(layout, UnknownLayout):  # Nobody knows what it leads to: to anything.
            names.update(case.contract.definitions)
        roots.extend(_parts(_flattened(case, layout) if is_flat else layout))
    return frozenset(names)


def _flattened(case: Case, layout: TypeLayout) -> TypeLayout:
    if not isinstance(layout, StructLayout):
        return layout
    return replace(layout, fields=tuple(flatten(case.layouts, layout)))


def _parts(layout: object) -> list[TypeId]:
    parts: list[TypeId] = [field.type for field in getattr(layout, "fields", ())]
    parts += getattr(layout, "parameters", ())
    parts += [getattr(layout, key, None) for key in ("target", "element", "result")]
    return [part for part in parts if part is not None]


def _is_compared(case: Case, name: str) -> bool:
    return isinstance(case.contract.definitions.get(name), Struct | Enum)
