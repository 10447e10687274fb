"""Case: one contract against one plugin on one target, as every rule sees it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.model.contract import REQUIRED
from abicheck.model.records import Protocol, record
from abicheck.model.report import MISMATCH, OK, UNVERIFIED, Claim
from abicheck.model.types import Enum, Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from abicheck.model.contract import Contract, Export
    from abicheck.model.evidence import Evidence, Observed, Origin, Symbol, Unseen
    from abicheck.model.growth import Growth
    from abicheck.model.layout import FunctionLayout, Layouts
    from abicheck.model.target import Target, TargetFacts
    from abicheck.rules.bindings import Bindings
    from abicheck.rules.registry import Rule


SOURCES = {"descriptor": "the descriptor"}
"""What describes types, where that is no debug information."""


@record
class Scope:
    """What the claims about one subject share: its line in the contract, and where it was seen."""

    subject: str
    line: int | None
    required: bool = True
    evidence: str | None = None
    origin: Origin | None = None


class Surroundings(Protocol):
    """What a plugin is loaded into, as far as the user named it."""

    host: str | None
    """The host's binary, whose exports plugins may use."""

    def host_exports(self) -> frozenset[str]:
        """Return the names that the host exports; empty without a host."""

    def host_needed(self) -> tuple[str, ...]:
        """Return the libraries that the host needs; empty without a host."""

    sysroot: str | None
    """The directory that holds the libraries a plugin will find."""

    def library_exports(self, library: str, near: str) -> frozenset[str] | None:
        """Return what a needed library and those it needs export; None if one is not found."""


class Caller(Protocol):
    """Calls functions of a plugin that is loaded; none is ever called to verify a file."""

    def call(self, address: int, function: FunctionLayout) -> Observed[int] | Unseen:
        """Call a function that takes nothing; return the address where its result now lies."""


class Case:
    """One contract, bound to one plugin's name, against the evidence of one slice of it."""

    def __init__(  # noqa: PLR0913  all by keyword
        self,
        *,
        contract: Contract,
        evidence: Evidence,
        layouts: Layouts,
        facts: TargetFacts,
        surroundings: Surroundings,
        slices: Sequence[Target],
        parameters: Mapping[str, object],
        file_matches: bool | None,
        growth: Growth | None = None,
    ) -> None:
        """Bring together what the rules need; `slices` are all targets of a universal file."""
        self.contract = contract
        self.evidence = evidence
        self.layouts = layouts
        self.facts = facts
        self.surroundings = surroundings
        self.slices = tuple(slices)
        self.parameters = parameters
        self.file_matches = file_matches
        self.growth = growth
        self.caller: Caller | None = None
        self._symbols: dict[tuple[str, str | None], Symbol | None] = {}

    def loaded(self, evidence: Evidence, caller: Caller) -> Case:
        """Return the same plugin as `evidence` of a process sees it, where it can be called."""
        case = Case(
            contract=self.contract,
            evidence=evidence,
            layouts=self.layouts,
            facts=self.facts,
            surroundings=self.surroundings,
            slices=self.slices,
            parameters=self.parameters,
            file_matches=self.file_matches,
            growth=self.growth,
        )
        case.caller = caller
        return case

    def under(self, contract: Contract, layouts: Layouts, growth: Growth) -> Case:
        """Return the same plugin against an earlier version of the contract."""
        return self._with(contract=contract, layouts=layouts, growth=growth)

    def _with(self, **changes: object) -> Case:
        parts = ("contract", "evidence", "layouts", "facts", "surroundings", "slices",
                 "parameters", "file_matches", "growth")  # fmt: skip
        kept = {part: getattr(self, part) for part in parts}
        return Case(**(kept | changes))

    @cached_property
    def second(self) -> Case | None:
        """The same case by the plugin's descriptor, where debug information speaks as well."""
        evidence = getattr(self.evidence, "second_opinion", None)
        return None if evidence is None else self._with(evidence=evidence)

    @cached_property
    def by_descriptor(self) -> Case | None:
        """The case as the plugin's descriptor shows it; None if there is none."""
        if getattr(self.evidence, "descriptor", None) is None:
            return None
        return self.second or (self if self.evidence.types.kind == "descriptor" else None)

    @property
    def source(self) -> str:
        """What describes the plugin's types, in words."""
        return SOURCES.get(self.evidence.types.kind, "the debug information")

    @property
    def target(self) -> str:
        """The target of this slice, as reports name it."""
        return str(self.evidence.target)

    def symbol(self, name: str, version: str | None = None) -> Symbol | None:
        """Return what the loader finds under `name`; each name is looked up once."""
        key = (name, version)
        if key not in self._symbols:
            self._symbols[key] = self.evidence.find_export(name, version)
        return self._symbols[key]

    @cached_property
    def wanted(self) -> tuple[tuple[Export, Symbol], ...]:
        """Each wanted export that the plugin has, globs expanded."""
        found: list[tuple[Export, Symbol]] = []
        for export in self.contract.exports:
            if not export.is_forbidden:
                found.extend((export, symbol) for symbol in self.matches(export))
        return tuple(found)

    @cached_property
    def bindings(self) -> Bindings:
        """The plugin's types that stand for those of the contract."""
        from abicheck.rules.bindings import Bindings  # noqa: PLC0415 (imports this module's types)

        return Bindings(self)

    @cached_property
    def reachable(self) -> frozenset[str]:
        """The structs, unions and enums that required entries of the contract lead to."""
        from abicheck.rules.bindings import reachable  # noqa: PLC0415

        return reachable(self)

    @cached_property
    def layout_claims(self) -> tuple[Claim, ...]:
        """Every claim about structs, unions and enums: one comparison serves all their rules."""
        claims: list[Claim] = []
        for definition in self.contract.definitions.values():
            if isinstance(definition, Struct):
                from abicheck.rules.structs import StructClaims  # noqa: PLC0415

                claims.extend(StructClaims(self, definition).claims())
            elif isinstance(definition, Enum):
                from abicheck.rules.enums import EnumClaims  # noqa: PLC0415

                claims.extend(EnumClaims(self, definition).claims())
        return tuple(claims)

    @cached_property
    def tag_claims(self) -> tuple[Claim, ...]:
        """Every claim about tags."""
        from abicheck.rules.tags import claims_of  # noqa: PLC0415

        return tuple(claim for tag in self.contract.tags for claim in claims_of(self, tag))

    def matches(self, export: Export) -> tuple[Symbol, ...]:
        """Return the plugin's symbols that an entry of `[exports]` speaks of."""
        if export.is_glob:
            return self.exports_matching(export.name)
        symbol = self.symbol(export.name, export.symbol_version) or self.symbol(export.name)
        return () if symbol is None else (symbol,)

    def exports_matching(self, pattern: str) -> tuple[Symbol, ...]:
        """Return the exports whose name fits a glob, as an unversioned `dlsym` finds them."""
        from fnmatch import fnmatchcase  # noqa: PLC0415 (few contracts hold globs)

        if not any(mark in pattern for mark in "*?["):
            symbol = self.symbol(pattern)
            return () if symbol is None else (symbol,)
        names = sorted(
            {each for each in self.evidence.export_names() if fnmatchcase(each, pattern)}
        )
        return tuple(symbol for symbol in map(self.symbol, names) if symbol is not None)

    # Claims. `required` follows from the policy key under which a claim falls.

    def is_required(self, policy: str, override: str | None = None) -> bool:
        """Whether claims under a key of `[evidence]` must be proved; `override` goes first."""
        return (override or getattr(self.contract.evidence, policy)) == REQUIRED

    def compared(  # noqa: PLR0913 (all by keyword)
        self,
        rule: Rule,
        claim: str,
        scope: Scope,
        *,
        fits: bool,
        expected: str,
        actual: str,
        message: str | None = None,
        cause: str | None = None,
    ) -> Claim:
        """Return the claim of a fact that was seen: OK if it fits, else a mismatch.

        `cause` is the subject whose own mismatch explains this one.
        """
        explained = None if fits else cause
        return Claim(
            rule=rule.id,
            claim=claim,
            subject=scope.subject,
            status=OK if fits else MISMATCH,
            required=scope.required,
            target=self.target,
            expected=expected,
            actual=actual,
            evidence=scope.evidence,
            origin=scope.origin,
            contract_line=scope.line,
            reason=f"follows from {explained}" if explained else None,
            message=message,
            cause=explained,
        )

    def unverified(  # noqa: PLR0913
        self,
        rule: Rule,
        claim: str,
        scope: Scope,
        *,
        reason: str,
        expected: str | None = None,
        actual: str | None = None,
    ) -> Claim:
        """Return the claim of a fact that could not be seen."""
        return Claim(
            rule=rule.id,
            claim=claim,
            subject=scope.subject,
            status=UNVERIFIED,
            required=scope.required,
            target=self.target,
            expected=expected,
            actual=actual,
            contract_line=scope.line,
            reason=reason,
        )
