"""What contracts demand beside types, exports and tags: platform, imports, evidence and more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.diff import judgement
from abicheck.authoring.targets import allowed_targets
from abicheck.model.contract import REQUIRED
from abicheck.model.growth import version_parts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from abicheck.model.changes import Change
    from abicheck.model.contract import Choice, Contract, Platform

OTHER_SYSTEM = "they may need what the other host does not have"


def settings(old: Contract, new: Contract) -> Iterator[Change]:
    """Yield every change of the tables that speak of no type."""
    if old.name != new.name:
        message = f'was "{old.name}", is "{new.name}"'
        yield judgement.harmless("contract", message, (old.line, new.line))
    yield from _choices(old.choices, new.choices)
    yield from _targets(old, new)
    yield from _platform(old.platform, new.platform)
    yield from _imports(old, new)
    yield from _plugin(old, new)
    yield from _evidence(old, new)
    yield from _parameters(old.parameters or {}, new.parameters or {})


def _lines(old: Platform, new: Platform, key: str) -> judgement.Lines:
    return (old.lines or {}).get(key), (new.lines or {}).get(key)


def _listed(names: Collection[object]) -> str:
    return ", ".join(sorted(map(str, names)))


# Choices.


def _choices(old: tuple[Choice, ...], new: tuple[Choice, ...]) -> Iterator[Change]:
    for index in range(max(len(old), len(new))):
        subject = f"choices[{index}]"
        if index >= len(old):
            message, why = _offer(new[index]), "they may offer none of it"
            yield judgement.tightened(
                subject, f"{message} is now demanded", why, (None, new[index].line)
            )
        elif index >= len(new):
            message, why = _offer(old[index]), "the old host demands it"
            yield judgement.loosened(
                subject, f"{message} is no longer demanded", why, (old[index].line, None)
            )
        else:
            yield from _choice(subject, old[index], new[index])


def _choice(subject: str, old: Choice, new: Choice) -> Iterator[Change]:
    lines = (old.line, new.line)
    before, now = ({frozenset(group) for group in each.groups} for each in (old, new))
    message = f"was {_offer(old)}, is {_offer(new)}"
    why = "what one host accepts the other refuses"
    if (before, old.need) != (now, new.need):
        if now <= before and new.need >= old.need:
            yield judgement.tightened(subject, message, why, lines)
        elif now >= before and new.need <= old.need:
            yield judgement.loosened(subject, message, why, lines)
        else:
            yield judgement.altered(subject, message, why, lines)
    if old.may_register_at_load and not new.may_register_at_load:
        why = "they may register when they are loaded"
        yield judgement.tightened(subject, "no longer `at_load`", why, lines)
    elif new.may_register_at_load and not old.may_register_at_load:
        why = "they may register when they are loaded"
        yield judgement.loosened(subject, "now also `at_load`", why, lines)


def _offer(choice: Choice) -> str:
    return f"{choice.need} of " + "; ".join(" + ".join(group) for group in choice.groups)


# The platform.


def _targets(old: Contract, new: Contract) -> Iterator[Change]:
    if old.platform.targets == new.platform.targets:
        return
    was, now = (set(allowed_targets(each)) for each in (old, new))
    lines = _lines(old.platform, new.platform, "targets")
    gone, come = was - now, now - was
    if gone:
        message = f"no longer {_some(gone)}" if len(gone) < len(was) else "none of the old ones"
        why = "they may be built for a target that is no longer allowed"
        yield judgement.tightened("platform.targets", message, why, lines)
    if come:
        why = "they may be built for a target that the old host does not allow"
        yield judgement.loosened("platform.targets", f"now also {_some(come)}", why, lines)


def _some(targets: Collection[object]) -> str:
    names = sorted(map(str, targets))
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")  # noqa: PLR2004


def _platform(old: Platform, new: Platform) -> Iterator[Change]:
    for key, was, now in (
        ("bits", old.bits, new.bits),
        ("byte_order", old.byte_order, new.byte_order),
        ("soname", old.soname, new.soname),
        ("stack", old.stack, new.stack),
    ):
        yield from _one(f"platform.{key}", was, now, _lines(old, new, key))
    if old.fat != new.fat:
        judge = judgement.tightened if new.fat == "all" else judgement.loosened
        why = "they may lack a slice"
        message = f'was "{old.fat}", is "{new.fat}"'
        yield judge("platform.fat", message, why, _lines(old, new, "fat"))
    yield from _at_most(old, new)
    yield from _oldest_macos(old, new)
    lines = _lines(old, new, "versions")
    subject = "platform.versions.require"
    yield from _demanded(subject, old.versions_require, new.versions_require, lines)
    yield from _needed(old, new)


def _one(subject: str, was: object, now: object, lines: judgement.Lines) -> Iterator[Change]:
    """Judge a demand that there is or is not, and that has no more or less."""
    if was == now:
        return
    if was is None:
        yield judgement.tightened(subject, f"now {now}", "nothing held them to it", lines)
    elif now is None:
        yield judgement.loosened(subject, f"no longer {was}", "the old host demands it", lines)
    else:
        why = "what one host accepts the other refuses"
        yield judgement.altered(subject, f"was {was}, is {now}", why, lines)


def _at_most(old: Platform, new: Platform) -> Iterator[Change]:
    was, now = dict(old.versions_at_most or {}), dict(new.versions_at_most or {})
    lines = _lines(old, new, "versions")
    for family in dict.fromkeys([*was, *now]):
        before, after = was.get(family), now.get(family)
        if before == after:
            continue
        message = f"at most {after or 'any'}, was {before or 'any'}"
        is_tighter = before is None or (after is not None and _number(after) < _number(before))
        judge = judgement.tightened if is_tighter else judgement.loosened
        yield judge(f"platform.versions.{family}", message, OTHER_SYSTEM, lines)


def _number(version: str) -> tuple[int, ...]:
    parts = [part for part in version.split(".") if part.isdecimal()]
    return version_parts(".".join(parts)) if parts else ()


def _oldest_macos(old: Platform, new: Platform) -> Iterator[Change]:
    if old.macos == new.macos:
        return
    message = f"the oldest host is {new.macos or 'any'}, was {old.macos or 'any'}"
    is_older = old.macos is None or (
        new.macos is not None and version_parts(new.macos) < version_parts(old.macos)
    )
    judge = judgement.tightened if is_older else judgement.loosened
    yield judge("platform.macos", message, OTHER_SYSTEM, _lines(old, new, "macos"))


def _demanded(
    subject: str, old: Collection[str], new: Collection[str], lines: judgement.Lines
) -> Iterator[Change]:
    """Judge a list of what there must be, each entry a demand of its own."""
    more, less = set(new) - set(old), set(old) - set(new)
    if more:
        yield judgement.tightened(subject, f"now {_listed(more)}", "they may lack it", lines)
    if less:
        why = "the old host demands it"
        yield judgement.loosened(subject, f"no longer {_listed(less)}", why, lines)


def _needed(old: Platform, new: Platform) -> Iterator[Change]:
    lines = _lines(old, new, "needed")
    yield from _demanded("platform.needed.require", old.needed_require, new.needed_require, lines)
    yield from _allowed("platform.needed.allow", old.needed_allow, new.needed_allow, lines)
    subject = "platform.needed.deny"
    more = set(new.needed_deny) - set(old.needed_deny)
    less = set(old.needed_deny) - set(new.needed_deny)
    if more:
        yield judgement.tightened(subject, f"now {_listed(more)}", "they may need it", lines)
    if less:
        yield judgement.loosened(subject, f"no longer {_listed(less)}", "they may need it", lines)


def _allowed(
    subject: str,
    old: Collection[str] | None,
    new: Collection[str] | None,
    lines: judgement.Lines,
) -> Iterator[Change]:
    """Judge a list of what there may be; None allows everything."""
    if old is None and new is not None:
        message, why = f"now only {_listed(new)}", "they may need others"
        yield judgement.tightened(subject, message, why, lines)
    elif new is None and old is not None:
        yield judgement.loosened(subject, "now anything", "they may need others", lines)
    elif old is not None and new is not None:
        less, more = set(old) - set(new), set(new) - set(old)
        if less:
            message = f"no longer {_listed(less)}"
            yield judgement.tightened(subject, message, "they may need it", lines)
        if more:
            yield judgement.loosened(
                subject, f"now also {_listed(more)}", "they may need it", lines
            )


# Imports, the plugin's file, evidence, parameters.


def _imports(old: Contract, new: Contract) -> Iterator[Change]:
    was = None if old.imports is None else old.imports.provided
    now = None if new.imports is None else new.imports.provided
    lines = (_line(old), _line(new))
    if was is None and now is not None:
        why = "nothing held them to what the host provides"
        yield judgement.tightened("imports", f"only {_listed(now)} are provided", why, lines)
    elif was is not None and now is None:
        why = "they may import what the old host lacks"
        yield judgement.loosened("imports", "no longer listed", why, lines)
    for name in sorted(set(was or ()) - set(now or ())) if now is not None else ():
        why = "they may import it"
        yield judgement.tightened(f"imports.{name}", "is no longer provided", why, lines)
    for name in sorted(set(now or ()) - set(was or ())) if was is not None else ():
        why = "they may import it, and the old host does not provide it"
        yield judgement.loosened(f"imports.{name}", "is now provided", why, lines)


def _line(contract: Contract) -> int | None:
    return None if contract.imports is None else contract.imports.line


def _plugin(old: Contract, new: Contract) -> Iterator[Change]:
    was, now = old.plugin, new.plugin
    lines = ((was.lines or {}).get("file"), (now.lines or {}).get("file"))
    yield from _one("plugin.file", was.file, now.file, lines)
    if now.has_exact_exports and not was.has_exact_exports:
        why = "they may export more"
        yield judgement.tightened("plugin.exact_exports", "no other exports any more", why)
    elif was.has_exact_exports and not now.has_exact_exports:
        why = "they may export more"
        yield judgement.loosened("plugin.exact_exports", "now also other exports", why)
    elif now.has_exact_exports:
        yield from _allowed("plugin.allow", was.allow, now.allow, judgement.NOWHERE)


def _evidence(old: Contract, new: Contract) -> Iterator[Change]:
    for key in ("layout", "signatures", "tags", "conventions", "data"):
        yield from evidence(
            f"evidence.{key}", getattr(old.evidence, key), getattr(new.evidence, key)
        )
    for name, definition in new.definitions.items():
        before = old.definitions.get(name)
        if before is not None and hasattr(definition, "evidence"):
            was = getattr(before, "evidence", None) or old.evidence.layout
            now = definition.evidence or new.evidence.layout
            overrides = (getattr(before, "evidence", None), definition.evidence)
            yield from _override(getattr(definition, "subject", name), was, now, overrides)
    exports = {export.name: export for export in old.exports}
    for export in new.exports:
        if export.name in exports:
            known = exports[export.name]
            was = known.evidence or old.evidence.signatures
            now = export.evidence or new.evidence.signatures
            overrides = (known.evidence, export.evidence)
            yield from _override(f"exports.{export.name}", was, now, overrides)


def _override(
    subject: str, was: str, now: str, overrides: tuple[str | None, str | None]
) -> Iterator[Change]:
    if overrides[0] != overrides[1]:
        yield from evidence(f"{subject}.evidence", was, now)


def evidence(subject: str, was: str, now: str) -> Iterator[Change]:
    """Yield the change of what must be seen of a plugin."""
    if was == now:
        return
    message = f'was "{was}", is "{now}"'
    why = "those that show too little are unverified"
    judge = judgement.tightened if now == REQUIRED else judgement.loosened
    yield judge(subject, message, why)


def _parameters(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    for name in dict.fromkeys([*new, *old]):
        subject = f"parameters.{name}"
        if name not in new:
            yield judgement.harmless(subject, "was removed")
        elif name not in old:
            yield judgement.harmless(subject, f"{new[name]} was added")
        elif old[name] != new[name]:
            yield judgement.harmless(subject, f"was {old[name]}, is {new[name]}")
