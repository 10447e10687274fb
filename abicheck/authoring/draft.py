"""A reference plugin's evidence -> a drafted contract: what it offers, what that is made of."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from abicheck.authoring.fitting import fit
from abicheck.authoring.foreign import plain_names
from abicheck.authoring.hidden import is_untyped
from abicheck.authoring.hints import Hints
from abicheck.authoring.members import UntranslatableError
from abicheck.authoring.nulls import nulls, tags_of_slots
from abicheck.authoring.ownership import ask_who_frees
from abicheck.authoring.platform import COMMENT, ODD_POINTERS, own_targets, resolves_ifuncs
from abicheck.authoring.tags import is_list, suggest_tags, suggest_untyped_tag
from abicheck.authoring.translate import Translator
from abicheck.errors import AbicheckError
from abicheck.layout import facts_for
from abicheck.model.evidence import DATA, FUNCTION, IFUNC, Observed, Unseen
from abicheck.model.layout import (
    ArrayLayout,
    EnumLayout,
    FunctionLayout,
    StructLayout,
)
from abicheck.model.records import record, replace
from abicheck.model.types import Array, Opaque, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from abicheck.authoring.tags import SuggestedTag
    from abicheck.model.evidence import Evidence, Symbol
    from abicheck.model.layout import TypeId
    from abicheck.model.types import Definition, Type

MOST_LISTED = 8
MOST_EXPORTS = 5000
"""More are no interface that anybody wrote; and each costs a search."""

FIRST_VERSION = "1.0"
NOT_REACHED = (
    "No export leads here, so this is compared only where a plugin defines it. Where a `c_void` "
    "hides it, write {name} there."
)


class AuthoringError(AbicheckError):
    """What was asked for cannot be written; the message says what can be had instead."""


class NoTypesError(AuthoringError):
    """The reference shows no types."""


@record
class Wishes:
    """What a draft is to hold: names and globs of exports, types beyond those that they reach.

    `targets` are those of `[platform]`; None: the reference's own, where it is a binary.
    """

    exports: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    is_exports_only: bool = False
    targets: tuple[str, ...] | None = None
    name: str | None = None
    version: str | None = None


@record
class DraftedExport:
    """One export; `type` is None where only its kind is known."""

    name: str
    is_data: bool
    type: Type | None = None
    is_mutable: bool = False
    is_ifunc: bool = False
    size_at_least: int | None = None
    is_guess: bool = False
    comment: str = ""


@record
class Draft:
    """A contract that is not yet text; `notes` are its first comments.

    `hints` are for whoever drafts it, not for those who read it.
    """

    name: str
    version: str
    notes: tuple[str, ...]
    exports: tuple[DraftedExport, ...]
    left_out: tuple[str, ...]
    definitions: Mapping[str, Definition]
    comments: Mapping[str, str]
    tags: tuple[SuggestedTag, ...] = ()
    targets: tuple[str, ...] = ()
    platform_comment: str = ""
    allows_ifunc: bool = False
    hints: tuple[str, ...] = ()


def draft(evidence: Evidence, source: str, wishes: Wishes) -> Draft:
    """Return the contract that a plugin keeps; `source` is what its comments call the plugin.

    Raises: AuthoringError if there is nothing to write, NoTypesError if there are no types.
    """
    return _Author(evidence, wishes).draft(source)


class _Author:
    def __init__(self, evidence: Evidence, wishes: Wishes) -> None:
        self.evidence, self.wishes = evidence, wishes
        self.translator = Translator(evidence.types, facts_for(evidence.target))
        self.data: list[tuple[Symbol, TypeId]] = []
        self.tags: list[SuggestedTag] = []
        self.allows_ifunc = resolves_ifuncs(evidence)
        self.unseen: list[str] = []
        self.left_out: list[str] = []

    def draft(self, source: str) -> Draft:
        symbols = self._symbols()
        self.hints = Hints(self.evidence, self.translator, symbols)
        has_types = not self.wishes.is_exports_only
        absence = self.evidence.types.absence() if has_types else None
        if absence is not None:
            raise NoTypesError(absence)
        exports = tuple(self._export(each) for each in symbols)
        if has_types and exports and len(self.unseen) == len(exports) and not self.wishes.types:
            raise NoTypesError(f"no export has a type: {self.unseen[0]}")
        self.translator.finish()
        self._wanted_types()
        self.translator.finish()
        if has_types:
            fit(self.translator, self.evidence.target)
        tags = suggest_tags(self.evidence, self.data) or tuple(self.tags[:1])
        if has_types:
            constants = [each for each in zip(symbols, exports, strict=True) if each[1].is_data]
            tags += tags_of_slots(self.evidence, self.translator.known, constants)
        stated = next((tag.version for tag in tags if tag.version), FIRST_VERSION)
        return Draft(
            name=self.wishes.name or "",
            version=self.wishes.version or stated,
            notes=self._notes(source),
            exports=ask_who_frees(self.hints.commented(exports)),
            hints=self.hints.texts(),
            left_out=tuple(self.left_out),
            definitions=self.translator.known.definitions,
            comments=self.translator.known.comments,
            tags=tags,
            targets=self._targets(),
            allows_ifunc=self.allows_ifunc,
            platform_comment=COMMENT if self.wishes.targets is None else "",
        )

    def _targets(self) -> tuple[str, ...]:
        if self.wishes.targets is not None:
            return self.wishes.targets
        return own_targets(self.evidence.target, self.translator.scalars)

    # Which exports.

    def _symbols(self) -> list[Symbol]:
        names = tuple(dict.fromkeys(self.evidence.export_names()))  # Versions share a name.
        if self.wishes.exports:
            chosen = chosen_names(self.evidence.file, names, self.wishes.exports)
        else:
            chosen, mangled = plain_names(names)
            if len(chosen) > MOST_EXPORTS:
                raise AuthoringError(
                    f"{self.evidence.file}: it exports {len(chosen)} symbols; "
                    "name those that plugins must offer, such as --export 'codec_*'"
                )
            if mangled:
                self._leave_out(mangled, "have no meaning in C")
        found = [self.evidence.find_export(name) for name in chosen]
        symbols = [each for each in found if each is not None]
        kept = [each for each in symbols if each.kind in {FUNCTION, DATA, IFUNC}]
        odd = [each.name for each in symbols if each not in kept and self._is_worth_saying(each)]
        if odd:
            self._leave_out(odd, "are neither functions nor plain data")
        if not kept and not self.wishes.types:
            raise AuthoringError(
                f"{self.evidence.file}: it exports nothing that C can name; "
                "name the types of the interface with --type"
            )
        return kept

    def _is_worth_saying(self, symbol: Symbol) -> bool:
        return bool(self.wishes.exports) or symbol.kind != "unknown"

    def _leave_out(self, names: Sequence[str], why: str) -> None:
        shown = ", ".join(names[:MOST_LISTED])
        more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
        self.left_out.append(f"Left out, since they {why}: {shown}{more}.")

    # What they are.

    def _export(self, symbol: Symbol) -> DraftedExport:
        is_data = symbol.kind == DATA
        is_ifunc = symbol.kind == IFUNC and not self.allows_ifunc
        bare = DraftedExport(name=symbol.name, is_data=is_data, is_ifunc=is_ifunc)
        if self.wishes.is_exports_only:
            return self._bare(symbol, bare)
        types = self.evidence.types
        answer = types.variable(symbol) if is_data else types.function(symbol)
        if isinstance(answer, Unseen):
            self.unseen.append(answer.reason)
            return replace(bare, comment=f"No type is seen: {answer.reason}.")
        try:
            if is_data:
                return self._data(symbol, answer)
            return self._function(symbol, answer)
        except UntranslatableError as error:
            reason = f"Its type is left out: {error}."
            return replace(bare, comment=reason)

    def _bare(self, symbol: Symbol, bare: DraftedExport) -> DraftedExport:
        """Return an export without its type, unless it looks like the version's."""
        tag = suggest_untyped_tag(self.evidence, symbol) if bare.is_data else None
        if tag is None:
            return bare
        self.tags.append(tag)
        comment = "A guess: it is a u32, by its name and its size."
        return replace(bare, type=Scalar("u32"), is_guess=True, comment=comment)

    def _function(self, symbol: Symbol, answer: Observed[TypeId]) -> DraftedExport:
        layout = self.evidence.types.layout(answer.value)
        if not isinstance(layout, FunctionLayout):
            raise UntranslatableError(getattr(layout, "reason", "no prototype is described"))
        comment = (
            ""
            if layout.is_prototyped
            else "Defined without a prototype: `()` is taken for no parameters."
        )
        by_reference = [
            each for each in (*layout.parameters, layout.result)
            if each is not None and self._is_by_reference(each)
        ]  # fmt: skip
        if by_reference:
            raise UntranslatableError("C++ passes one of its classes by reference to a copy")
        return self.hints.function(
            symbol,
            layout,
            DraftedExport(
                name=symbol.name,
                is_data=False,
                type=self.translator.function(layout),
                comment=comment,
            ),
        )

    def _is_by_reference(self, type_id: TypeId) -> bool:
        types = self.evidence.types
        is_struct = isinstance(types.layout(type_id), StructLayout)
        return is_struct and types.is_passed_by_reference(type_id)

    def _data(self, symbol: Symbol, answer: Observed[TypeId]) -> DraftedExport:
        self.data.append((symbol, answer.value))
        wording = self.translator.known.wording(answer.value)
        if is_list(self.evidence, symbol, answer.value):
            layout = self.evidence.types.layout(answer.value)
            assert isinstance(layout, ArrayLayout)
            return DraftedExport(
                name=symbol.name,
                is_data=True,
                type=Array(self.translator.spell(layout.element, symbol.name)),
                is_mutable=symbol.is_writable is True and not wording.is_const,
                comment="A list that ends with zero, as it seems: its length is left open.",
            )
        known = self.translator.known
        self.translator.nullable |= nulls(
            self.evidence, known, symbol.name, answer.value, symbol.address
        )
        spelled = self.translator.spell(answer.value, symbol.name)
        comment = ""
        if is_untyped(self.evidence.types.layout(answer.value)):
            spelled, comment = self.hints.data(symbol, spelled)
        size = getattr(self.evidence.types.layout(answer.value), "size", None)
        is_longer = None not in {size, symbol.size} and (symbol.size or 0) > (size or 0)
        return DraftedExport(
            name=symbol.name,
            is_data=True,
            type=spelled,
            is_mutable=symbol.is_writable is True and not wording.is_const,
            size_at_least=size if is_longer else None,
            comment="It is longer than its type: a flexible array." if is_longer else comment,
        )

    def _wanted_types(self) -> None:
        near = [
            each
            for name in self.evidence.export_names()[:64]
            if (each := self.evidence.find_export(name))
        ]
        for wish in self.wishes.types:
            found = self.evidence.types.definitions(wish, near)
            if not found:
                raise AuthoringError(
                    f"{self.evidence.file}: the debug information defines no type named {wish!r}"
                )
            try:
                self._define(found[0].value)
            except UntranslatableError as error:
                raise AuthoringError(f"{self.evidence.file}: {wish}: {error}") from None

    def _define(self, type_id: TypeId) -> None:
        layout = self.evidence.types.layout(type_id)
        known = set(self.translator.known.definitions)
        if isinstance(layout, StructLayout):
            self.translator.define(type_id, layout)
        elif isinstance(layout, EnumLayout):
            self.translator.spell(type_id)
        for name in self.translator.known.definitions.keys() - known:
            self.translator.known.comment(name, NOT_REACHED.format(name=name))

    # What is said about it.

    def _notes(self, source: str) -> tuple[str, ...]:
        target = self.evidence.target
        notes = [f"Drafted by `abicheck init` from {source} ({target})."]
        if self.wishes.is_exports_only:
            notes.append("Exports alone: their types were not looked at.")
        if target.has_odd_pointers:
            notes.append(ODD_POINTERS.format(bits=target.bits))
        return (*notes, *assumptions(self.translator))


def assumptions(translator: Translator) -> tuple[str, ...]:
    """Return what a draft had to assume, as notes."""
    definitions = translator.known.definitions.values()
    said = {
        "`c_char` where Rust's debug information says i8.": translator.takes_bytes_for_chars,
        "that callbacks are never NULL (`fn(...)`); "
        "write `Option<fn(...)>` where one may be.": translator.has_unrecorded_callbacks,
        "that functions keep C's calling convention, "
        "which `verify` cannot prove either.": translator.has_unrecorded_conventions,
        "that sizes and alignments of opaque types hold wherever pointers are as wide.": any(
            isinstance(each, Opaque) and each.size for each in definitions
        ),
    }
    lines = [f"- {text}" for text, holds in said.items() if holds]
    return ("Assumed, because nothing records it:", *lines) if lines else ()


def chosen_names(file: str, names: Sequence[str], wishes: Sequence[str]) -> tuple[str, ...]:
    """Return the exports that fit names and globs.

    Raises: AuthoringError if none fits one of them.
    """
    chosen: dict[str, None] = {}
    for wish in wishes:
        found = [wish] if wish in names else [name for name in names if fnmatchcase(name, wish)]
        if not found:
            from difflib import get_close_matches  # noqa: PLC0415 (only for this message)

            close = get_close_matches(wish, names, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise AuthoringError(f"{file}: no export is called {wish!r}{hint}")
        chosen.update(dict.fromkeys(found))
    return tuple(chosen)
