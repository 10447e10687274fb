"""The tags of the old contract against those of the new: what they read, and what they accept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.diff import judgement
from abicheck.authoring.diff.terms import holds
from abicheck.model.types import spell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.authoring.diff.terms import Terms
    from abicheck.model.changes import Change
    from abicheck.model.contract import Bound, Condition, Tag

Alternatives = tuple[tuple["Bound", ...], ...]

TIGHTER, LOOSER, OTHER, SAME = "tighter", "looser", "other", "same"


def tags(terms: Terms) -> Iterator[Change]:
    """Yield the changes of every tag."""
    before = {tag.name: tag for tag in terms.old.tags}
    now = {tag.name: tag for tag in terms.new.tags}
    demanded = {tag.name for tag in terms.aged.tags}
    for name, tag in now.items():
        if name in before:
            yield from _kept(before[name], tag)
        else:
            is_new = name in demanded and not tag.is_optional
            why = "they may not have it, or hold something else" if is_new else ""
            message = f"`{tag.path.text}` is now read"
            yield judgement.added(f"tags.{name}", message, (None, tag.line), breaks_old=why)
    for name, tag in before.items():
        if name not in now:
            why = "" if tag.is_optional else "the old host demands it"
            subject, lines = f"tags.{name}", (tag.line, None)
            message = f"`{tag.path.text}` is no longer read"
            yield judgement.loosened(subject, message, why, lines)


def _kept(old: Tag, new: Tag) -> Iterator[Change]:
    subject, lines = f"tags.{new.name}", (old.line, new.line)
    ways = [_way(old), _way(new)]
    if ways[0] != ways[1]:
        message = f"is read in another way: was `{_read(old)}`, is `{_read(new)}`"
        yield judgement.altered(subject, message, "it says something else, or nothing", lines)
    if old.is_optional and not new.is_optional:
        yield judgement.tightened(subject, "is no longer optional", "they may not have it", lines)
    elif new.is_optional and not old.is_optional:
        yield judgement.loosened(subject, "is now optional", "they may not have it", lines)
    if old.may_be_empty and not new.may_be_empty:
        yield judgement.tightened(subject, "may no longer be empty", "it may be empty", lines)
    elif new.may_be_empty and not old.may_be_empty:
        yield judgement.loosened(subject, "may now be empty", "it may be empty", lines)
    yield from _guard(old, new)
    yield from _conditions(old, new)


def _way(tag: Tag) -> tuple[object, ...]:
    decode = tag.decode and (
        tag.decode.kind, tag.decode.bits, tuple(path.text for path in tag.decode.paths)
    )  # fmt: skip
    until = getattr(tag.until, "text", tag.until)
    type_ = None if tag.type is None else spell(tag.type)
    return (tag.path.text, decode, tag.shift, tag.mask, until, tag.at, type_, tag.is_initial)


def _read(tag: Tag) -> str:
    decode = ""
    if tag.decode is not None:
        decode = " ".join(f"{name}:{width}" for name, width in tag.decode.bits) or tag.decode.kind
    return f"{tag.path.text} ({decode})" if decode else tag.path.text


def _guard(old: Tag, new: Tag) -> Iterator[Change]:
    guards = [
        None if tag.when is None else (tag.when.path.text, _plain(tag.when.conditions))
        for tag in (old, new)
    ]
    subject, lines = f"tags.{new.name}", (old.line, new.line)
    if guards[0] == guards[1]:
        return
    if guards[0] is None:
        why = "the old host judges them all"
        yield judgement.loosened(subject, "is now claimed only `when` something holds", why, lines)
    elif guards[1] is None:
        why = "the new host judges them all"
        yield judgement.tightened(subject, "is now claimed always, not `when`", why, lines)
    else:
        why = "it is judged of other plugins"
        yield judgement.altered(subject, "is claimed `when` something else holds", why, lines)


def _plain(conditions: tuple[Condition, ...]) -> tuple[tuple[str, object], ...]:
    return tuple((each.key, each.value) for each in conditions)


def _conditions(old: Tag, new: Tag) -> Iterator[Change]:
    before = {each.key: each for each in old.conditions}
    now = {each.key: each for each in new.conditions}
    subject = f"tags.{new.name}"
    for key, condition in now.items():
        if key not in before:
            message = f"`{_words(condition)}` is now demanded"
            why = "nothing held them to it"
            yield judgement.tightened(subject, message, why, (None, condition.line))
            continue
        yield from _condition(subject, before[key], condition)
    for key, condition in before.items():
        if key not in now:
            message = f"`{_words(condition)}` is no longer demanded"
            why = "the old host demands it"
            yield judgement.loosened(subject, message, why, (condition.line, None))


def _condition(subject: str, old: Condition, new: Condition) -> Iterator[Change]:
    lines = (old.line, new.line)
    message = f"was `{_words(old)}`, is `{_words(new)}`"
    match _trend(old, new):
        case "tighter":
            why = "some of what the old host accepted is refused"
            yield judgement.tightened(subject, message, why, lines)
        case "looser":
            why = "some of what is accepted now the old host refuses"
            yield judgement.loosened(subject, message, why, lines)
        case "other":
            why = "what one host accepts the other refuses"
            yield judgement.altered(subject, message, why, lines)


def _trend(old: Condition, new: Condition) -> str:
    if old.value == new.value:
        return SAME
    key, was, now = old.key, old.value, new.value
    if (
        key in {"at_least", "at_most"}
        and isinstance(was, int | float)
        and isinstance(now, int | float)
    ):
        return TIGHTER if (now > was) == (key == "at_least") else LOOSER
    if key == "one_of" and isinstance(was, tuple) and isinstance(now, tuple):
        return _of_sets(set(was), set(now))
    if key == "starts_with":
        if str(now).startswith(str(was)):
            return TIGHTER
        return LOOSER if str(was).startswith(str(now)) else OTHER
    if key == "accepts":
        return _accepting(was, now)  # type: ignore[arg-type]
    return OTHER


def _of_sets(was: set[object], now: set[object]) -> str:
    if was == now:
        return SAME
    if now < was:
        return TIGHTER
    return LOOSER if was < now else OTHER


def _accepting(was: Alternatives, now: Alternatives) -> str:
    """Compare what two `accepts` let in, on the versions at and around their bounds."""
    trials = {version for alternatives in (was, now) for version in _around(alternatives)}
    return _of_sets(
        {version for version in trials if holds(version, was)},
        {version for version in trials if holds(version, now)},
    )


def _around(alternatives: Alternatives) -> Iterator[tuple[int, ...]]:
    for bounds in alternatives:
        for bound in bounds:
            *head, last = bound.parts
            for near in {max(last - 1, 0), last, last + 1}:
                yield (*head, near)
                yield (*head, near, 1)
            yield (bound.parts[0] + 1,)
            yield (max(bound.parts[0] - 1, 0),)


def _words(condition: Condition) -> str:
    value: object = condition.text or condition.value
    if isinstance(value, tuple):
        return f"{condition.key} {', '.join(map(str, value))}"
    return f"{condition.key} {value}"
