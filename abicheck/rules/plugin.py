"""Hold the plugin as a whole: its name, its choices, and what else it exports."""

from __future__ import annotations

from fnmatch import fnmatchcase
from os.path import basename
from typing import TYPE_CHECKING

from abicheck.rules.case import Scope
from abicheck.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.contract import Choice
    from abicheck.model.evidence import Symbol
    from abicheck.model.report import Claim
    from abicheck.rules.case import Case

MOST_NAMES = 8


def _line(case: Case, key: str) -> int | None:
    return (case.contract.plugin.lines or {}).get(key)


@rule("plugin-file-mismatch")
def plugin_file(case: Case) -> Iterator[Claim]:
    """Hold the file's base name to the pattern that the contract gives.

    Why: the host derives the names of entry points from it.

    Fix: rename the file, or set every group of the pattern with `--set`.
    """
    if case.contract.plugin.file is not None and case.file_matches is not None:
        yield case.compared(
            plugin_file,
            "file",
            Scope("plugin.file", _line(case, "file")),
            fits=case.file_matches,
            expected=case.contract.plugin.file,
            actual=basename(case.evidence.file),
        )


@rule("export-unexpected")
def exact_exports(case: Case) -> Iterator[Claim]:
    """Refuse exports that the contract does not name, under `exact_exports`.

    Why: what a plugin exports can be found by others, and take the place of their symbols.

    Fix: hide the rest (`-fvisibility=hidden`, a version script), or add it to `plugin.allow`.
    """
    if not case.contract.plugin.has_exact_exports:
        return
    named = [export.name for export in case.contract.exports if not export.is_forbidden]
    named += [name for choice in case.contract.choices for group in choice.groups for name in group]
    named += case.contract.plugin.allow
    literal = frozenset(named)
    globs = [name for name in named if any(mark in name for mark in "*?[")]
    extra = [
        name
        for name in dict.fromkeys(case.evidence.export_names())
        if name not in literal and not any(fnmatchcase(name, glob) for glob in globs)
    ]
    first = case.symbol(extra[0]) if extra else None
    scope = Scope(
        subject="plugin.exact_exports",
        line=_line(case, "exact_exports"),
        evidence="symbols",
        origin=case.evidence.facts.origin if first is None else first.origin,
    )
    yield case.compared(
        exact_exports,
        "exact_exports",
        scope,
        fits=not extra,
        expected="no other exports",
        actual=_list(extra) if extra else "no other exports",
    )


def _list(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


@rule("choice-missing")
def choices(case: Case) -> Iterator[Claim]:
    """Find enough of the groups of exports that the contract offers as a choice.

    Each group is whole or absent. Where `at_load` allows a plugin to register from a
    constructor, one that has constructors and none of the groups is `unverified`.

    Why: a plugin with no entry point of any kind cannot be used, and half a group is a mistake.

    Fix: export one of the groups, whole.
    """
    for choice in case.contract.choices:
        yield _choice(case, choice)


def _choice(case: Case, choice: Choice) -> Claim:
    found = [[case.exports_matching(name) for name in group] for group in choice.groups]
    whole = [group for group, hits in zip(choice.groups, found, strict=True) if all(hits)]
    partial = [
        (group, hits)
        for group, hits in zip(choice.groups, found, strict=True)
        if any(hits) and not all(hits)
    ]
    origin = next((each[0].origin for hits in found for each in hits if each), None)
    scope = Scope(
        subject=f"choices[{choice.index}]",
        line=choice.line,
        evidence="symbols",
        origin=origin or case.evidence.facts.origin,
    )
    expected = f"{choice.need} of: " + "; ".join(" + ".join(group) for group in choice.groups)
    problems = [_halved(group, hits) for group, hits in partial]
    enough = len(whole) >= choice.need
    may_register = choice.may_register_at_load and case.evidence.facts.has_initialisers
    if not enough and not problems and may_register:
        reason = "none is exported, but code runs at load and may register the plugin"
        return case.unverified(choices, "choices", scope, reason=reason, expected=expected)
    names = [symbol.name for hits in found for each in hits for symbol in each]
    actual = ", ".join(dict.fromkeys(names[:MOST_NAMES])) or "none of them is exported"
    return case.compared(
        choices,
        "choices",
        scope,
        fits=enough and not problems,
        expected=expected,
        actual="; ".join(problems) or actual,
    )


def _halved(group: tuple[str, ...], hits: list[tuple[Symbol, ...]]) -> str:
    missing = [name for name, each in zip(group, hits, strict=True) if not each]
    there = [name for name, each in zip(group, hits, strict=True) if each]
    return f"{', '.join(there)} without {', '.join(missing)}"
