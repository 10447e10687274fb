"""The exports of the old contract against those of the new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.diff import judgement
from abicheck.authoring.diff.structs import of_differences
from abicheck.model.records import replace
from abicheck.model.types import spell, type_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.authoring.diff.terms import Terms
    from abicheck.authoring.diff.types import TypeComparison
    from abicheck.model.changes import Change
    from abicheck.model.contract import Contract, Export

FROM_PLUGIN = "from plugin"


def name_of(export: Export) -> str:
    """Return the name of an export as its contract writes it."""
    return export.written or export.name


def by_name(exports: tuple[Export, ...]) -> dict[str, Export]:
    """Return exports by the names that their contract writes."""
    return {name_of(export): export for export in exports}


def types(old: Export, new: Export, comparison: TypeComparison) -> Iterator[Change]:
    """Yield the change of an export's type on one target."""
    if old.type is None or new.type is None or old.is_data != new.is_data:
        return
    differences = list(comparison.types(type_id(old.type), type_id(new.type), FROM_PLUGIN))
    if differences:
        message = f"was `{spelled(old)}`, is `{spelled(new)}`"
        yield of_differences(_subject(new), message, differences, (old.line, new.line))


def spelled(export: Export) -> str:
    """Return an export's type as its contract spells it."""
    type_ = "" if export.type is None else spell(export.type)
    if export.is_data is None:
        return "anything"
    if not export.is_data:
        return type_ or "fn"
    return " ".join(["static", *["mut"] * export.is_mutable, *[type_] * bool(type_)])


def _subject(export: Export) -> str:
    return f"exports.{name_of(export)}"


def on_common_ground(
    old: Contract, new: Contract, drafted: tuple[bool, bool]
) -> tuple[Contract, Contract]:
    """Leave out what a binary exports beyond a contract, and the contract's globs with it.

    A binary demands nothing: what it has more than a contract is no change of the contract.
    """
    contract = new if drafted[0] else old
    plain = tuple(each for each in contract.exports if not each.is_glob and not each.is_forbidden)
    entries = {each.name: each for each in plain}
    other = old if drafted[0] else new
    shared = replace(
        other,
        exports=tuple(
            replace(each, allows_ifunc=entries[each.name].allows_ifunc)
            for each in other.exports
            if each.name in entries
        ),
    )
    stripped = replace(contract, exports=plain)
    return (shared, stripped) if drafted[0] else (stripped, shared)


def demands(terms: Terms) -> Iterator[Change]:
    """Yield what changed in the demands on exports, apart from their types."""
    before, now = by_name(terms.old.exports), by_name(terms.new.exports)
    aged = {name_of(export) for export in terms.aged.exports}
    for name, export in now.items():
        if name not in before:
            yield _new(terms, export, is_demanded=name in aged)
        else:
            yield from _kept(terms, before[name], export)
    for name, export in before.items():
        if name not in now:
            yield from _gone(export)


def _new(terms: Terms, export: Export, *, is_demanded: bool) -> Change:
    lines = (None, export.line)
    if export.is_forbidden:
        why = "they may export it"
        return judgement.tightened(_subject(export), "is now forbidden", why, lines)
    message = f"`{spelled(export)}` was added"
    why = ""
    if is_demanded and not export.is_optional:
        hint = "no `since` exempts them" if export.since is None else "`since` does not exempt them"
        why = f"they do not export it, and {hint}"
    exact = terms.old.plugin.has_exact_exports
    unexpected = "the old host allows no other exports (`exact_exports`)" if exact else ""
    if export.is_optional:
        message += ", optional"
    return judgement.added(_subject(export), message, lines, breaks_old=why, breaks_new=unexpected)


def _gone(export: Export) -> Iterator[Change]:
    lines = (export.line, None)
    if export.is_forbidden:
        why = "the old host forbids it"
        yield judgement.loosened(_subject(export), "is no longer forbidden", why, lines)
    elif export.is_optional:
        yield judgement.harmless(_subject(export), "optional, was removed", lines)
    else:
        message, why = f"`{spelled(export)}` was removed", "the old host demands it"
        yield judgement.removed(_subject(export), message, why, lines)


def _kept(terms: Terms, old: Export, new: Export) -> Iterator[Change]:
    subject, lines = _subject(new), (old.line, new.line)
    if old.is_forbidden != new.is_forbidden:
        message = "is now forbidden" if new.is_forbidden else "was forbidden, is demanded"
        yield judgement.altered(subject, message, "one demands what the other forbids", lines)
        return
    if terms.is_drafted and None in {old.type, new.type}:
        old, new = replace(old, type=None), replace(new, type=None)
    if terms.is_drafted:
        yield from _kind(old, new)
        return
    if new.is_optional and not old.is_optional:
        why = "the old host demands it"
        yield judgement.removed(subject, "is now optional", why, lines)
    elif old.is_optional and not new.is_optional:
        why = "they may not export it"
        yield judgement.tightened(subject, "is no longer optional", why, lines)
    yield from _kind(old, new)
    yield from _linkage(old, new)
    yield from _size(old, new)
    yield from ownership(subject, old.free, new.free, lines)


def _kind(old: Export, new: Export) -> Iterator[Change]:
    subject, lines = _subject(new), (old.line, new.line)
    message = f"was `{spelled(old)}`, is `{spelled(new)}`"
    if old.is_data is not None and new.is_data is not None and old.is_data != new.is_data:
        yield judgement.altered(subject, message, "one is data and the other a function", lines)
        return
    if old.type is None and (
        new.type is not None or (old.is_data is None and new.is_data is not None)
    ):
        yield judgement.tightened(subject, message, "nothing held them to that type", lines)
    elif new.type is None and old.type is not None:
        yield judgement.loosened(subject, message, "nothing holds them to that type", lines)
    if new.is_mutable and not old.is_mutable:
        why = "their data may be read-only"
        yield judgement.tightened(subject, "must now be writable", why, lines)
    elif old.is_mutable and not new.is_mutable:
        why = "the old host writes to it"
        yield judgement.removed(subject, "need not be writable any more", why, lines)


def _linkage(old: Export, new: Export) -> Iterator[Change]:
    subject, lines = _subject(new), (old.line, new.line)
    if old.symbol_version != new.symbol_version:
        was, now = (each.symbol_version or "none" for each in (old, new))
        message, why = f"its symbol version was {was}, is {now}", "they carry another version"
        if old.symbol_version is None:
            yield judgement.tightened(subject, message, why, lines)
        else:
            yield judgement.altered(subject, message, why, lines)
    for allows, allowed, what in (
        (old.allows_ifunc, new.allows_ifunc, "an IFUNC"),
        (old.allows_forwarder, new.allows_forwarder, "a forwarder"),
    ):
        why = f"it may be {what}"
        if allowed and not allows:
            yield judgement.loosened(subject, f"may now be {what}", why, lines)
        elif allows and not allowed:
            yield judgement.tightened(subject, f"may no longer be {what}", why, lines)


def _size(old: Export, new: Export) -> Iterator[Change]:
    sizes = [(each.size, each.size_at_least) for each in (old, new)]
    if sizes[0] == sizes[1]:
        return
    message = f"its size was {_stated(old)}, is {_stated(new)}"
    subject, lines = _subject(new), (old.line, new.line)
    least, most = old.size_at_least, new.size_at_least
    why = "their data may have another size"
    if sizes[0] == (None, None) or (least is not None and most is not None and most > least):
        yield judgement.tightened(subject, message, why, lines)
    elif sizes[1] == (None, None) or (least is not None and most is not None):
        yield judgement.loosened(subject, message, why, lines)
    else:
        yield judgement.altered(subject, message, why, lines)


def _stated(export: Export) -> str:
    if export.size is not None:
        return str(export.size)
    return (
        "that of its type" if export.size_at_least is None else f"at least {export.size_at_least}"
    )


def ownership(
    subject: str, old: str | bool | None, new: str | bool | None, lines: judgement.Lines
) -> Iterator[Change]:
    """Yield the change of who takes back what is returned."""
    if old == new:
        return
    message = f"{_owner(new)}, was: {_owner(old)}"
    if old is None or new is None:
        change = judgement.added(subject, message, lines)
        yield change
        return
    why = "what is returned is freed by nobody, twice, or by the wrong hand"
    yield judgement.altered(subject, message, why, lines)


def _owner(free: str | bool | None) -> str:
    if free is None:
        return "nobody said who frees what it returns"
    if free is False:
        return "what it returns is borrowed"
    return f"{free} frees what it returns"
