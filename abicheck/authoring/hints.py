"""What a plugin hides -> what a draft says of it: a struct in place of `void *`, or a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.hidden import MOST_NAMED, Hidden, is_untyped
from abicheck.authoring.names import as_word
from abicheck.authoring.nulls import nulls
from abicheck.authoring.registry import shown_name
from abicheck.authoring.translate import ONLY_DECLARED
from abicheck.model.records import replace
from abicheck.model.types import FunctionType, Named, Pointer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.authoring.draft import DraftedExport
    from abicheck.authoring.hidden import Behind
    from abicheck.authoring.translate import Translator
    from abicheck.model.evidence import Evidence, Symbol
    from abicheck.model.layout import FunctionLayout
    from abicheck.model.types import Type

MOST_WISHES = 4

RETURNED = "Returns `void *` in the source; by its code, that is a pointer to {name}."
POINTED_TO = "A `void *` in the source, which points to {name}."


class Hints:
    """Names what is behind the `void *` of one plugin's exports, and remembers what may be."""

    def __init__(
        self, evidence: Evidence, translator: Translator, symbols: Sequence[Symbol]
    ) -> None:
        """Look at nothing yet; `symbols` are the exports that are drafted."""
        self.evidence, self.types, self.translator = evidence, evidence.types, translator
        self.hidden = Hidden(evidence, translator.known, symbols)
        self.handled: dict[str, tuple[Behind, ...]] = {}

    def function(
        self, symbol: Symbol, layout: FunctionLayout, export: DraftedExport
    ) -> DraftedExport:
        """Return a function with the struct that its result leads to, where code shows which."""
        type_ = export.type
        if isinstance(type_, FunctionType) and isinstance(type_.result, Pointer | Named):
            self._note_nulls(symbol)
        passed = [*layout.parameters, *([] if layout.result is None else [layout.result])]
        if not any(is_untyped(self.types.layout(each)) for each in passed):
            return export
        behind = None
        if layout.result is not None and is_untyped(self.types.layout(layout.result)):
            behind = self.hidden.returned(symbol)
        named = self._named(behind)
        if named is not None and isinstance(type_, FunctionType):
            result = type_.result
            if isinstance(result, Pointer):
                comment = f"{RETURNED.format(name=named.name)} {export.comment}".strip()
                shown = replace(type_, result=replace(result, to=named))
                return replace(export, type=shown, comment=comment)
        found = (*([] if behind is None else [behind]), *self.hidden.handled(symbol))
        self.handled[symbol.name] = found[:MOST_NAMED]
        return export

    def _note_nulls(self, symbol: Symbol) -> None:
        """Note which callbacks of a struct are NULL that a function hands out: they may be."""
        for type_id, address in self.hidden.tables(symbol):
            self.translator.nullable |= nulls(
                self.evidence, self.translator.known, symbol.name, type_id, address
            )

    def data(self, symbol: Symbol, type_: Type) -> tuple[Type, str]:
        """Return the type of data that is a `void *`, and a comment, if it shows where it leads."""
        named = self._named(self.hidden.pointed_to(symbol)) if isinstance(type_, Pointer) else None
        if named is None or not isinstance(type_, Pointer):
            return type_, ""
        return replace(type_, to=named), POINTED_TO.format(name=named.name)

    def _named(self, behind: Behind | None) -> Named | None:
        """Return the name of a struct whose inside hosts look at; None if it has none for them."""
        if behind is None or not behind.is_certain:
            return None
        wording = self.translator.known.wording(behind.type_id)
        if self.translator.is_private(behind.layout, wording):
            return None
        spelled = self.translator.spell(behind.type_id)
        return spelled if isinstance(spelled, Named) else None

    def _candidates(self, name: str) -> list[str]:
        """Return the names of structs that an export may hide and that nothing else leads to."""
        known, found = self.translator.known, []
        for each in self.handled.get(name, ()):
            wording = known.wording(each.type_id)
            shown = shown_name(each.layout.name, wording)
            if not self.translator.is_private(each.layout, wording) and shown not in found:
                found.append(shown)
        return [each for each in found if as_word(each) not in known.structs]

    # Once all is drafted.

    def commented(self, exports: Sequence[DraftedExport]) -> tuple[DraftedExport, ...]:
        """Return the exports with a comment where one may hide a struct."""
        return tuple(
            replace(each, comment=f"{each.comment} {_comment(names)}".strip())
            if (names := self._candidates(each.name))
            else each
            for each in exports
        )

    def texts(self) -> tuple[str, ...]:
        """Return what to say to whoever drafts, about what the draft does not show."""
        comments = self.translator.known.comments
        declared = [name for name, comment in comments.items() if comment == ONLY_DECLARED]
        told = (f"only declared, so not compared: {_some(declared)}",) if declared else ()
        hiding = [name for name in self.handled if self._candidates(name)]
        if not hiding:
            return told
        names = [*dict.fromkeys(each for name in hiding for each in self._candidates(name))]
        wishes = " ".join(f"--type {each}" for each in names[:MOST_WISHES])
        if len(names) > MOST_WISHES:
            wishes += f" and {len(names) - MOST_WISHES} more, which comments name"
        shown = _some(hiding)
        note = f"structs may hide behind the `void *` of {shown}; if hosts look inside: {wishes}"
        return (note, *told)


def _some(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _comment(names: Sequence[str]) -> str:
    shown = " or ".join(f"`{name}`" for name in names)
    wishes = " ".join(f"--type {name}" for name in names)
    return f"Its `void *` may lead to {shown}. If hosts look inside, draft again with {wishes}."
