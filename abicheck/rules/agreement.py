"""Hold what the build states of itself against what debug information shows, and let it fill gaps.

Debug information was observed and decides wherever it speaks; the descriptor is partly declared.
So the descriptor proves what debug information does not show, and never hides what it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.records import replace
from abicheck.model.report import MISMATCH, OK, UNVERIFIED
from abicheck.rules.case import Scope
from abicheck.rules.compare import NULL_THERE
from abicheck.rules.registry import RULES, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from abicheck.model.evidence import Origin
    from abicheck.model.report import Claim
    from abicheck.rules.case import Case

    Key = tuple[str, str, str]

OF_EXPORTS = ("signature-mismatch", "data-type-mismatch", "convention-mismatch")
ADDED, CALLBACK, OWNERSHIP = "field-added", "field-convention-unverified", "ownership-mismatch"
WHOLE = ("size", "alignment")
"""Claims whose difference follows from that of a field, which tells more."""

MEASURED = frozenset({"size", "offset", "value"})
"""Claims whose `actual` is a number that both sources write alike."""

LAYOUTS = ("structs.", "unions.", "enums.")
DISAGREEING = " differ"
"""What debug information says where it describes a thing twice: no gap to be filled."""


def described_claims(case: Case) -> list[Claim]:
    """Return the claims that a source of types decides."""
    from abicheck.rules import exports  # noqa: PLC0415 (its rules enter themselves in the table)

    assert exports
    of_exports = [claim for each in OF_EXPORTS for claim in RULES[each].decide(case)]
    return [*case.layout_claims, *of_exports]


def _key(claim: Claim) -> Key:
    return claim.rule, claim.claim, claim.subject


def _is_decided(claim: Claim) -> bool:
    return claim.status != UNVERIFIED


def _about(claim: Claim) -> str:
    """Return the struct, union, enum or export that a claim is about."""
    return ".".join(claim.subject.split(".")[:2])


# What debug information does not show.


def supplemented(case: Case, claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims of a case, those that only its descriptor proves decided by that."""
    if case.second is None:
        return list(claims)
    theirs = described_claims(case.second)
    gaps = _gaps(case, claims) & {_about(each) for each in theirs if _is_decided(each)}
    known = {_key(each): each for each in theirs if _is_decided(each)}
    found = [each for each in theirs if _about(each) in gaps]
    kept = [each for each in claims if _about(each) not in gaps or each.rule == OWNERSHIP]
    return found + [_filled(case, each, known) for each in kept]


def _gaps(case: Case, claims: Sequence[Claim]) -> set[str]:
    """Return the structs, unions and enums of which debug information defines nothing."""
    bindings = case.bindings
    return {
        _about(claim)
        for claim in claims
        if claim.subject.startswith(LAYOUTS) and not bindings.of(claim.subject.split(".")[1])
    }


def _filled(case: Case, claim: Claim, known: dict[Key, Claim]) -> Claim:
    stated = known.get(_key(claim), claim)
    if claim.status == OK and _is_finer(stated):
        return stated
    if _is_decided(claim) or DISAGREEING in (claim.reason or ""):
        return claim
    if claim.rule == CALLBACK:
        return _callback(case, claim, known)
    return stated


def _is_finer(stated: Claim) -> bool:
    """Whether a descriptor tells what C's debug information has no words for: what may be NULL."""
    return stated.status == MISMATCH and (stated.message or "").endswith(NULL_THERE)


def _callback(case: Case, claim: Claim, known: dict[Key, Claim]) -> Claim:
    """Decide the convention of a callback: the descriptor states it as part of the type."""
    stated = known.get(("field-type-mismatch", "type", claim.subject))
    if stated is None or stated.status != OK or case.second is None:
        return claim
    scope = Scope(
        subject=claim.subject,
        line=claim.contract_line,
        required=claim.required,
        evidence=stated.evidence,
        origin=stated.origin,
    )
    expected = claim.expected or ""
    return case.compared(
        RULES[CALLBACK], claim.claim, scope, fits=True, expected=expected, actual=expected
    )


# What both of them show.


@rule("evidence-conflict")
def evidence_conflict(case: Case) -> Iterator[Claim]:
    """Hold the descriptor against the debug information, wherever both describe the same thing.

    For each struct, union, enum and export of the contract that both describe: its size, the
    places, types and names of fields, its values, its prototype. Debug information decides the
    other claims, whatever the descriptor says. Where only one of the two describes a thing,
    nothing is claimed here.

    Why: a descriptor that says something else than what was compiled is of another build, or
    was made by an edited header. The same file without debug information would be judged by it.

    Fix: rebuild all of the plugin's sources with the header made by `abicheck generate` from
    one contract, and name a debug file of this very build.
    """
    if case.second is None:
        return
    ours, theirs = described_claims(case), described_claims(case.second)
    for pairs in _paired(ours, theirs):
        yield _verdict(case, pairs)


def _paired(
    ours: Iterable[Claim], theirs: Iterable[Claim]
) -> Iterator[list[tuple[Claim, Claim | None]]]:
    """Yield for each thing that both describe the claims of both, decided by both.

    A field that only one of the two has besides the contract's own has no counterpart.
    """
    known = {_key(each): each for each in theirs if _is_decided(each)}
    pairs: dict[str, list[tuple[Claim, Claim | None]]] = {}
    mine = set()
    for claim in ours:
        if _is_decided(claim) and _key(claim) in known:
            mine.add(_key(claim))
            pairs.setdefault(_about(claim), []).append((claim, known[_key(claim)]))
    for claim in (*ours, *known.values()):
        is_alone = _key(claim) not in mine and claim.rule == ADDED and claim.status == MISMATCH
        if is_alone and _about(claim) in pairs:
            pairs[_about(claim)].append((claim, None))
    yield from pairs.values()


def _verdict(case: Case, pairs: list[tuple[Claim, Claim | None]]) -> Claim:
    """Return the claim that two sources agree about one thing."""
    differing = [pair for pair in pairs if _differ(*pair)]
    first, other = pairs[0]
    assert other is not None
    scope = Scope(
        subject=_about(first), line=first.contract_line, evidence=other.evidence,
        origin=other.origin,
    )  # fmt: skip
    if not differing:
        return case.compared(
            RULES["evidence-conflict"], "agreement", scope, fits=True,
            expected="the same in all evidence", actual="the same in DWARF and descriptor",
        )  # fmt: skip
    seen, stated = min(differing, key=lambda pair: pair[0].claim in WHOLE)
    said = "no such field" if stated is None else _words(stated)
    found = _words(seen)
    if stated is None and seen.evidence == other.evidence:
        said, found = seen.actual or "", "no such field"
    more = len(differing) - 1
    return case.compared(
        RULES["evidence-conflict"],
        "agreement",
        replace(scope, subject=seen.subject, line=seen.contract_line, evidence=seen.evidence,
                origin=seen.origin),
        fits=False,
        expected=f"{said}, as its descriptor states",
        actual=f"{found}, as its debug information shows",
        message=_story(stated.origin if stated else other.origin, more),
    )  # fmt: skip


def _words(claim: Claim) -> str:
    is_bare = claim.claim in {"size", "value", "name"}
    return f"{claim.claim} {claim.actual}" if is_bare else claim.actual or ""


def _story(origin: Origin | None, more: int) -> str:
    place = "" if origin is None or origin.file_offset is None else f" at {origin.file_offset:#x}"
    others = {0: "", 1: "; one more fact differs"}.get(more, f"; {more} more facts differ")
    return f"the descriptor{place} is of another build, or of an edited header{others}"


def _differ(ours: Claim, theirs: Claim | None) -> bool:
    if theirs is None or ours.status != theirs.status:
        return theirs is None or ours.status != OK or not _is_finer(theirs)
    is_wrong = ours.status == MISMATCH or ours.claim == "size"
    return ours.claim in MEASURED and is_wrong and ours.actual != theirs.actual
