"""One enum of the old contract against one of the new: size, sign and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.diff import judgement
from abicheck.model.layout import EnumLayout
from abicheck.model.records import replace
from abicheck.model.types import Enum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.authoring.diff.terms import Sheet, Terms
    from abicheck.model.changes import Change
    from abicheck.model.types import EnumValue


def representation(sheet: Sheet, old: Enum, new: Enum) -> Iterator[Change]:
    """Yield a change of an enum's size or sign on one target."""
    before, now = sheet.old.layout(old.name), sheet.new.layout(new.name)
    if not isinstance(before, EnumLayout) or not isinstance(now, EnumLayout):
        return
    lines = (old.line, new.line)
    if before.size != now.size:
        message = f'`repr` was "{old.repr}", is "{new.repr}"'
        change = judgement.altered(new.subject, message, "it has another size", lines)
        yield replace(change, details=((str(sheet.target), f"{before.size} → {now.size} bytes"),))
    elif before.is_fixed and now.is_fixed and before.is_signed != now.is_signed:
        message = f'`repr` was "{old.repr}", is "{new.repr}"'
        yield judgement.altered(new.subject, message, "its numbers have another sign", lines)
    elif old.repr != new.repr:
        message = f'`repr` was "{old.repr}", is "{new.repr}", of one size'
        yield judgement.harmless(new.subject, message, lines)


def values(terms: Terms, old: Enum, new: Enum) -> Iterator[Change]:
    """Yield the changes of an enum's values and keys."""
    before = {value.name: value for value in old.values}
    now = {value.name: value for value in new.values}
    lost = [value for value in old.values if value.name not in now]
    for value in new.values:
        known = before.get(value.name)
        if known is None:
            yield _new_value(terms, old, new, value, lost)
        elif not _is_one_number(known.value, value.value, old, new):
            why = "one side's number means something else to the other"
            yield judgement.altered(
                f"{new.subject}.{value.name}", f"was {known.value}, is {value.value}", why,
                (known.line, value.line),
            )  # fmt: skip
    for value in lost:
        why = "the old host knows it, and they may not"
        change = judgement.removed(
            f"{new.subject}.{value.name}", f"{value.value} was removed", why, (value.line, None)
        )
        is_unknown = "they may hand out a value that the new host does not know"
        yield replace(change, breaks_old=is_unknown)
    if not terms.is_drafted:
        yield from _closed(old, new)


def _is_one_number(before: int, now: int, old: Enum, new: Enum) -> bool:
    """Whether two values are the same bits; -1 and all ones differ where a sign is fixed."""
    if old.repr != "C" or new.repr != "C":
        return before == now
    bits = 32 if all(-(1 << 31) <= each < 1 << 32 for each in (before, now)) else 64
    return (before - now) % (1 << bits) == 0


def _new_value(
    terms: Terms, old: Enum, new: Enum, value: EnumValue, lost: list[EnumValue]
) -> Change:
    subject = f"{new.subject}.{value.name}"
    renamed = next((each for each in lost if each.value == value.value), None)
    if renamed is not None:
        lost.remove(renamed)
        lines = (renamed.line, value.line)
        message, why = f"was called `{renamed.name}`", 'names are `"exact"`'
        if not (old.has_exact_names or new.has_exact_names):
            return judgement.harmless(subject, message, lines)
        change = judgement.altered(subject, message, why, lines)
        return replace(
            change,
            breaks_old=why if new.has_exact_names else "",
            breaks_new=why if old.has_exact_names else "",
        )
    aged = terms.aged.definitions.get(new.name)
    is_demanded = isinstance(aged, Enum) and any(each.name == value.name for each in aged.values)
    return judgement.added(
        subject, f"{value.value} was added", (None, value.line),
        breaks_old="they do not have it, and no `since` exempts them" if is_demanded else "",
        breaks_new="the old host knows no more values: it is `closed`" if old.is_closed else "",
    )  # fmt: skip


def _closed(old: Enum, new: Enum) -> Iterator[Change]:
    lines = (old.line, new.line)
    if new.is_closed and not old.is_closed:
        why = "they may know more values"
        yield judgement.tightened(new.subject, "is now `closed`", why, lines)
    elif old.is_closed and not new.is_closed:
        why = "they may know more values"
        yield judgement.loosened(new.subject, "is no longer `closed`", why, lines)
    if old.match != new.match:
        message = f"is sought as `{new.match or new.name}`, was as `{old.match or old.name}`"
        yield judgement.harmless(new.subject, message, lines)
