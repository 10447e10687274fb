"""Claims -> phrases: what was proved and what was not, in a few words of the reader's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.records import record
from abicheck.model.report import MISMATCH, OK, UNVERIFIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from abicheck.model.report import Claim, PluginReport

EVIDENCE = {
    "descriptor": "descriptor",
    "dwarf": "DWARF",
    "pdb": "PDB",
    "symbols": "symbol table",
    "relocations": "relocations",
    "bytes": "file bytes",
    "headers": "file headers",
}
"""Sources of evidence, as people call them."""

GROUPS = {
    "layouts": "layout",
    "signatures": "signature",
    "conventions": "calling convention",
    "exports": "export",
    "data": "data",
    "tags": "tag",
    "platform": "platform",
    "choices": "choice",
    "imports": "import",
    "plugin": "plugin",
}
"""The headings under which claims are gathered, in the order of a report, and one of each."""

POLICIES = {
    "layouts": "layout",
    "signatures": "signatures",
    "conventions": "conventions",
    "data": "data",
    "tags": "tags",
}
"""The key of `[evidence]` that decides whether claims under a heading must be proved."""

ABSENT, OPTIONAL = "not exported", "optional"
"""What is seen of an export that is not there, and expected of a tag that may be absent."""

WITH_VALUES = ("tags", "platform", "plugin", "choices")
"""Headings under which the value is what people want to know."""

NO_DEBUG_INFORMATION = "the file has no debug information"
"""How readers begin their reason where there is none at all; where they looked follows."""

MANY = 12
"""Names listed before the rest is counted."""


@record
class Entry:
    """One struct, export, tag and so on, under one heading: its name, and the claims about it."""

    group: str
    name: str
    claims: tuple[Claim, ...]

    @property
    def is_proved(self) -> bool:
        """Whether something was seen, and nothing that does not fit."""
        states = {claim.status for claim in self.claims}
        return OK in states and MISMATCH not in states

    @property
    def sources(self) -> str:
        """The evidence of what was seen, such as "DWARF"."""
        seen = [claim.evidence for claim in self.claims if claim.status == OK and claim.evidence]
        return ", ".join(EVIDENCE.get(each, each) for each in dict.fromkeys(seen))

    @property
    def words(self) -> str:
        """The name, with the value where the value is the point, and what of it is missing."""
        seen = [claim for claim in self.claims if claim.status == OK]
        if seen and (seen[0].actual == ABSENT or seen[0].expected == OPTIONAL):
            return f"{self.name} (absent, which is fine)"
        text = self.name
        if self.group in WITH_VALUES and seen and seen[0].actual:
            text = f"{text} = {seen[0].actual.partition(' (')[0]}"
        missing = [claim.claim for claim in self.claims if claim.status == UNVERIFIED]
        return f"{text} (but not its {' and '.join(dict.fromkeys(missing))})" if missing else text


def group_of(claim: Claim) -> str:
    """Return the heading under which a claim belongs."""
    kind = claim.subject.partition(".")[0].partition("[")[0]
    if claim.claim == "convention":
        return "conventions"
    if kind in {"structs", "unions", "enums"}:
        return "layouts"
    if kind != "exports":
        return kind
    by_claim = {
        "signature": "signatures", "type": "signatures", "size": "data", "writable": "data",
        "agreement": "signatures", "ownership": "signatures",
    }  # fmt: skip
    return by_claim.get(claim.claim, "exports")


def policy_of(claim: Claim) -> str | None:
    """Return the key of `[evidence]` that makes a claim required; None if it always is."""
    group = group_of(claim)
    if group == "exports" and claim.claim == "kind":
        return "data"
    return POLICIES.get(group)


def name_of(claim: Claim) -> str:
    """Return what a claim is about: the struct of a field, the export, the tag."""
    group = group_of(claim)
    kind, _, name = claim.subject.partition(".")
    return (name.partition(".")[0] if group == "layouts" else name) or kind


def entries(claims: Iterable[Claim], merged: Mapping[str, str] | None = None) -> Iterator[Entry]:
    """Gather claims under headings and names, in the order of `GROUPS` and of the claims.

    `merged` names headings whose claims go under another one.
    """
    elsewhere = merged or {}
    gathered: dict[str, dict[str, list[Claim]]] = {group: {} for group in GROUPS}
    for claim in claims:
        group = group_of(claim)
        names = gathered.setdefault(elsewhere.get(group, group), {})
        names.setdefault(name_of(claim), []).append(claim)
    for group, names in gathered.items():
        for name, about in names.items():
            yield Entry(group=group, name=name, claims=tuple(about))


def proved(claims: Iterable[Claim]) -> Iterator[tuple[str, str]]:
    """Yield each heading with what was proved under it, and by which evidence."""
    by_group: dict[str, dict[str, list[str]]] = {}
    for entry in entries(claims, merged={"data": "exports"}):
        if entry.is_proved:
            sources = by_group.setdefault(entry.group, {})
            sources.setdefault(entry.sources, []).append(entry.words)
    for group, sources in by_group.items():
        separator = "; " if group in WITH_VALUES else ", "
        phrases = [
            f"{listed(names, separator=separator)}{f' ({source})' if source else ''}"
            for source, names in sources.items()
        ]
        yield group, "; ".join(phrases)


def unproved(claims: Iterable[Claim], *, is_brief: bool = False) -> Iterator[tuple[str, str]]:
    """Yield each reason why claims are unverified, the commonest first, and what they are about.

    `is_brief`: leave out where debug information was looked for.
    """
    by_reason: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.status == UNVERIFIED:
            reason = claim.reason or "no reason is known"
            if is_brief and reason.startswith(NO_DEBUG_INFORMATION):
                reason = NO_DEBUG_INFORMATION
            by_reason.setdefault(reason, []).append(claim)
    for reason, about in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        yield reason, subjects(about)


def subjects(claims: Iterable[Claim]) -> str:
    """Return what claims are about, such as "layout of Greeter; signatures of load, free"."""
    names: dict[str, list[str]] = {}
    for entry in entries(claims):
        kind = " and ".join(dict.fromkeys(each.claim for each in entry.claims))
        label = f"{kind} of" if entry.group == "data" else entry.group
        names.setdefault(label, []).append(entry.name)
    return "; ".join(_subject(group, each) for group, each in names.items())


def _subject(group: str, names: list[str]) -> str:
    if group in {"platform", "plugin", "choices"}:
        return listed([name if name.startswith(group) else f"{group}.{name}" for name in names])
    one = GROUPS.get(group)
    if one is None:
        return f"{group} {listed(names)}"
    label = one if len(names) == 1 else f"{one}s"
    return f"{label}{'' if group in {'tags', 'exports', 'imports'} else ' of'} {listed(names)}"


def listed(names: list[str], most: int = MANY, separator: str = ", ") -> str:
    """Return names with commas between them, and the number of those that are too many."""
    if len(names) <= most:
        return separator.join(names)
    return f"{separator.join(names[: most - 2])} and {len(names) - most + 2} more"


def counted(number: int, noun: str) -> str:
    """Return "1 problem", "2 problems"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def missing(plugin: PluginReport) -> tuple[Claim, ...]:
    """Return the claims that had to be proved and were not."""
    return tuple(each for each in plugin.claims if each.required and each.status == UNVERIFIED)


def base_name(file: str) -> str:
    """Return a file's name without its directories."""
    return file.replace("\\", "/").rstrip("/").rpartition("/")[2] or file
