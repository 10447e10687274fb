"""Hold a plugin to who takes back what it returns, where its build states that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.evidence import Observed
from abicheck.model.layout import FunctionLayout, StructLayout
from abicheck.model.types import Alias, Named, Struct
from abicheck.rules.case import Scope
from abicheck.rules.registry import rule
from abicheck.rules.struct_comparison import pair_members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.contract import Export
    from abicheck.model.evidence import Origin
    from abicheck.model.report import Claim
    from abicheck.model.types import Type
    from abicheck.rules.case import Case

WORDS = {"host": "the host takes it back", "false": "it stays the plugin's"}
UNSAID = "the contract that the plugin was built with does not say who takes it back"


@rule("ownership-mismatch")
def ownership(case: Case) -> Iterator[Claim]:
    """Hold a plugin to who takes back what its functions and callbacks return.

    Only a descriptor states that, from the contract that the plugin was built with; without one
    nothing is claimed.

    Why: the host would hand memory to a function that did not make it, free it twice, or
    never.

    Fix: rebuild the plugin against the host's contract, and see to it that what it returns is
    made for the function that takes it back.
    """
    seen_by = case.by_descriptor
    if seen_by is None:
        return
    for export, symbol in case.wanted:
        if export.is_data is False and export.type is not None:
            answer = seen_by.evidence.types.function(symbol)
            if isinstance(answer, Observed):
                layout = seen_by.evidence.types.layout(answer.value)
                scope = _scope(f"exports.{symbol.name}", export.line, answer.origin)
                if isinstance(layout, FunctionLayout):
                    yield from _claim(case, scope, _of_export(case, export), layout.free)
    for definition in case.contract.definitions.values():
        if isinstance(definition, Struct):
            yield from _of_struct(case, seen_by, definition)


def _of_struct(case: Case, seen_by: Case, struct: Struct) -> Iterator[Claim]:
    wanted = case.layouts.layout(struct.name)
    owners = {field.name: _owner(case, field.free, field.type) for field in struct.fields}
    if not any(owners.values()) or not isinstance(wanted, StructLayout):
        return
    for binding in seen_by.bindings.of(struct.name)[:1]:
        found = seen_by.evidence.types.layout(binding.type_id)
        if not isinstance(found, StructLayout):
            return
        for pair in pair_members(seen_by, wanted, found)[0]:
            owner = owners.get(pair.wanted.name)
            if pair.found is not None and owner:
                subject = f"{struct.subject}.{pair.wanted.name}"
                origin = pair.found.origin or binding.origin
                scope = _scope(subject, pair.wanted.line or struct.line, origin)
                yield from _claim(case, scope, owner, pair.found.free)


def _scope(subject: str, line: int, origin: Origin | None) -> Scope:
    return Scope(subject=subject, line=line, required=False, evidence="descriptor", origin=origin)


def _claim(case: Case, scope: Scope, wanted: str | None, found: str | None) -> Iterator[Claim]:
    if wanted is None:
        return
    expected = _words(wanted)
    if found is None:
        yield case.unverified(ownership, "ownership", scope, reason=UNSAID, expected=expected)
        return
    fits = wanted == found
    yield case.compared(
        ownership, "ownership", scope, fits=fits, expected=expected, actual=_words(found)
    )


def _words(owner: str) -> str:
    return WORDS.get(owner, f"{owner} takes it back")


def _of_export(case: Case, export: Export) -> str | None:
    return _owner(case, export.free, export.type)


def _owner(case: Case, free: str | bool | None, type_: Type | None) -> str | None:
    """Return who takes back, as the nearest of the entry and its aliases says it."""
    while free is None and isinstance(type_, Named):
        definition = case.contract.definitions.get(type_.name)
        if not isinstance(definition, Alias):
            break
        free, type_ = definition.free, definition.type
    return "false" if free is False else free or None  # type: ignore[return-value]
