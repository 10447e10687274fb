"""Hold tags, the values that are read from a plugin's file, to their conditions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from abicheck.model.evidence import PointerValue
from abicheck.model.layout import ArrayLayout, PointerLayout
from abicheck.model.records import record, replace
from abicheck.model.report import MISMATCH, OK, UNVERIFIED
from abicheck.rules.case import Scope
from abicheck.rules.reading import Failure, Place, Reader, Value
from abicheck.rules.registry import rule
from abicheck.rules.versions import Version, accepts, from_bits, from_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.model.contract import Condition, Decoder, Guard, Tag
    from abicheck.model.evidence import Origin
    from abicheck.model.report import Claim
    from abicheck.rules.case import Case
    from abicheck.rules.registry import Rule

POINTER_CONDITIONS = frozenset({"null", "points_to"})
TEXT_DECODERS = frozenset({"semver", "date-number"})
LONGEST_SHOWN = 120


@record
class Answer:
    """What one condition came to for one element; `value` is what was read, in words."""

    status: str
    value: str = ""
    detail: str = ""
    origin: Origin | None = None
    through_pointer: bool = False


class TagReading:
    """Reads one tag, or the `when` of one, and holds each value to its conditions."""

    def __init__(self, case: Case, tag: Tag | Guard) -> None:
        """Prepare to read `tag`; nothing is read yet."""
        self.case, self.tag = case, tag
        self.reader = Reader(case, initial=tag.is_initial)
        self.places = self.reader.places(
            tag.path, getattr(tag, "type", None), getattr(tag, "at", 0), getattr(tag, "until", None)
        )

    def answers(self, condition: Condition) -> list[Answer]:
        """Return what a condition comes to, for each element that the path leads to."""
        if isinstance(self.places, Failure):
            return [_failed(self.places)]
        return [self._answer(place, condition) for place in self.places]

    def _answer(self, place: Place, condition: Condition) -> Answer:
        if condition.key == "accepts" and self._is_of_paths():
            return self._parts_answer(condition, place)
        value = self._read(place, condition)
        if isinstance(value, Failure):
            return _failed(value)
        if condition.key == "accepts":
            return self._version_answer(value, condition, place)
        if isinstance(value.value, PointerValue):
            return self._pointer_answer(value.value, value, condition, place)
        fits = _fits(self._cut(value), condition)
        shown = show(self._cut(value).value)
        return Answer(OK if fits else MISMATCH, shown, "", value.origin, place.through_pointer)

    def _read(self, place: Place, condition: Condition) -> Value | Failure:
        if condition.key in POINTER_CONDITIONS:
            return self.reader.pointer_value(place)
        if self._is_text(place, condition):
            return self.reader.text(place)
        return self.reader.value(place)

    def _is_text(self, place: Place, condition: Condition) -> bool:
        decoder: Decoder | None = getattr(self.tag, "decode", None)
        if condition.key == "accepts" and decoder is not None:
            return decoder.kind in TEXT_DECODERS
        layout = self.case.layouts.layout(place.type_id)
        return isinstance(layout, ArrayLayout | PointerLayout)

    def _cut(self, value: Value) -> Value:
        shift, mask = self.tag.shift, self.tag.mask
        if not isinstance(value.value, int) or not (shift or mask is not None):
            return value
        number = (int(value.value) & ((1 << value.width) - 1)) >> shift
        number = number if mask is None else number & mask
        return replace(value, value=number, is_signed=False)

    def _pointer_answer(
        self, pointer: PointerValue, value: Value, condition: Condition, place: Place
    ) -> Answer:
        through = True
        if condition.key == "null":
            fits = pointer.is_null == condition.value
            return Answer(
                OK if fits else MISMATCH,
                "NULL" if pointer.is_null else "not NULL",
                "",
                value.origin,
                through,
            )
        if pointer.is_null:
            return Answer(MISMATCH, "NULL", "", value.origin, through)
        goal = str(condition.value)
        if goal == "code":
            if pointer.address is None:
                reason = f"{place.path} points to {pointer.symbol}, which another library defines"
                return Answer(UNVERIFIED, "", reason, value.origin, through)
            is_code = self.case.evidence.memory.is_code(pointer.address)
            return Answer(
                OK if is_code else MISMATCH,
                "code" if is_code else "data",
                "",
                value.origin,
                through,
            )
        if pointer.address is None:
            fits = pointer.symbol == goal and not pointer.addend
            return Answer(OK if fits else MISMATCH, str(pointer.symbol), "", value.origin, through)
        symbol = self.case.symbol(goal)
        fits = symbol is not None and symbol.address == self._code(pointer.address)
        return Answer(
            OK if fits else MISMATCH, f"address {pointer.address:#x}", "", value.origin, through
        )

    def _code(self, address: int) -> int:
        """Return where the code at a function's address begins: bit 0 of Thumb code is a mark."""
        is_code = self.case.evidence.memory.is_code(address)
        return address & ~1 if is_code and self.case.evidence.target.machine == "arm" else address

    # Versions.

    def version(self) -> Version | None:
        """Return the version that the tag states, if it can be read."""
        decoder: Decoder | None = getattr(self.tag, "decode", None)
        if isinstance(self.places, Failure) or len(self.places) != 1:
            return None
        if decoder is None and not self.case.contract.uses_growth:
            return None  # An integer alone states a version only where versions count.
        accepting = next((each for each in self.tag.conditions if each.key == "accepts"), None)
        if accepting is None:
            return None
        if decoder is not None and self._is_of_paths():
            parts = self._parts(decoder)
            return parts if isinstance(parts, Version) else None
        value = self._read(self.places[0], accepting)
        if isinstance(value, Failure):
            return None
        if decoder is None:
            return Version((int(self._cut(value).value),))  # type: ignore[arg-type]
        version = self._decode(value, decoder)
        return version if isinstance(version, Version) else None

    def _decode(self, value: Value, decoder: Decoder) -> Version | Failure:
        if decoder.kind == "bits":
            number = self._cut(value).value
            if not isinstance(number, int):
                return Failure(UNVERIFIED, f"{show(number)} has no bits to decode", value.origin)
            return from_bits(int(number) & _mask(value), decoder)
        version = from_text(str(value.value), decoder.kind)
        if version is None:
            return Failure(
                MISMATCH,
                f"{show(value.value)} is no version that `{decoder.kind}` reads",
                value.origin,
            )
        return version

    def _is_of_paths(self) -> bool:
        decoder: Decoder | None = getattr(self.tag, "decode", None)
        return decoder is not None and decoder.kind == "paths"

    def _parts_answer(self, condition: Condition, place: Place) -> Answer:
        decoder: Decoder | None = getattr(self.tag, "decode", None)
        assert decoder is not None
        version = self._parts(decoder)
        if isinstance(version, Failure):
            return _failed(version)
        fits = accepts(version, condition.value)  # type: ignore[arg-type]
        origin = self.case.evidence.facts.origin
        return Answer(OK if fits else MISMATCH, str(version), "", origin, place.through_pointer)

    def _parts(self, decoder: Decoder) -> Version | Failure:
        parts = []
        for path in decoder.paths:
            reader = Reader(self.case, initial=self.tag.is_initial)
            places = reader.places(path, None, 0, None)
            if isinstance(places, Failure):
                return places
            value = reader.value(places[0])
            if isinstance(value, Failure):
                return value
            parts.append(int(value.value))  # type: ignore[arg-type]
        return Version(tuple(parts))

    def _version_answer(self, value: Value, condition: Condition, place: Place) -> Answer:
        decoder: Decoder | None = getattr(self.tag, "decode", None)
        if decoder is None:
            version: Version | Failure = Version((int(self._cut(value).value),))  # type: ignore[arg-type]
        else:
            version = self._decode(value, decoder)
        if isinstance(version, Failure):
            return _failed(version)
        fits = accepts(version, condition.value)  # type: ignore[arg-type]
        shown = str(version)
        if shown != str(value.value):
            raw = value.value
            shown += f" ({raw:#x})" if isinstance(raw, int) else f" ({show(raw)})"
        return Answer(OK if fits else MISMATCH, shown, "", value.origin, place.through_pointer)


def _listed(wanted: object) -> tuple[object, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def _mask(value: Value) -> int:
    return (1 << value.width) - 1 if value.width else -1


def _failed(failure: Failure) -> Answer:
    return Answer(failure.status, "", failure.detail, failure.origin)


def show(value: object) -> str:
    """Return a value as reports print it: text quoted, large numbers in both bases."""
    if isinstance(value, str):
        text = value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…"
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) > 9999:  # noqa: PLR2004
        return f"{value} ({value:#x})"
    return str(value)


def _fits(value: Value, condition: Condition) -> bool:
    actual, wanted = value.value, condition.value
    match condition.key:
        case "equals":
            return _equal(value, wanted)
        case "one_of":
            return any(_equal(value, each) for each in _listed(wanted))
        case "at_least":
            return actual >= _as_read(value, wanted)  # type: ignore[operator]
        case "at_most":
            return actual <= _as_read(value, wanted)  # type: ignore[operator]
        case "matches":
            return re.search(str(wanted), str(actual)) is not None
        case "starts_with":
            return str(actual).startswith(str(wanted))
    raise AssertionError(condition.key)


def _equal(value: Value, wanted: object) -> bool:
    """Compare integers modulo the type's width, so that -1 is all ones."""
    actual = value.value
    if isinstance(actual, int) and isinstance(wanted, int) and value.width:
        mask = (1 << value.width) - 1
        return int(actual) & mask == int(wanted) & mask
    return actual == wanted


def _as_read(value: Value, wanted: object) -> object:
    """Return a bound with the sign that the value was read with."""
    if not isinstance(wanted, int) or not value.width or value.is_signed:
        return wanted
    return wanted & ((1 << value.width) - 1) if wanted < 0 else wanted


def combine(answers: Sequence[Answer]) -> Answer:
    """Return the answer for several elements: the first that fails, then the first unseen."""
    for status in (MISMATCH, UNVERIFIED):
        for answer in answers:
            if answer.status == status:
                return answer
    first = answers[0]
    if len(answers) == 1:
        return first
    values = sorted({answer.value for answer in answers})
    shown = values[0] if len(values) == 1 else f"{len(answers)} elements, all fitting"
    return replace(first, value=shown)


def stated_version(case: Case) -> str | None:
    """Return the interface version that the plugin states, if its tag can be read."""
    tag = case.contract.interface_tag
    if tag is None or tag.path.calls:
        return None
    version = TagReading(case, tag).version()
    return None if version is None else str(version)


@rule("tag-mismatch")
def tag_condition(case: Case) -> Iterator[Claim]:
    """Read each tag from the file and hold it to its conditions.

    Pointers are followed through relocations; nothing is run. What only a loaded plugin
    knows (behind a call, filled by another library, in `.bss`) is `unverified`.

    Why: a tag is what the plugin says of itself: the version it was built for, the host it
    was built against, what kind of plugin it is.

    Fix: rebuild the plugin against the host's current header, or use a plugin made for this host.
    """
    return _claims(case, "tag-mismatch")


@rule("tag-absent")
def tag_absent(case: Case) -> Iterator[Claim]:
    """Demand the symbol or section that a tag is read from, unless the tag is `optional`.

    Why: a plugin without the tag was not built for this host.

    Fix: export the tag, or say `optional = true` in the contract.
    """
    return _claims(case, "tag-absent")


def _claims(case: Case, rule_id: str) -> Iterator[Claim]:
    return (claim for claim in case.tag_claims if claim.rule == rule_id)


def claims_of(case: Case, tag: Tag) -> Iterator[Claim]:
    """Yield one claim per condition of a tag; none if its `when` does not hold."""
    scope = Scope(
        subject=f"tags.{tag.name}",
        line=tag.line,
        required=case.is_required("tags", tag.evidence),
    )
    reason = _held_back(case, tag)
    if reason == "":
        return
    reading = TagReading(case, tag)
    absent = isinstance(reading.places, Failure) and reading.places.is_absent
    if absent and tag.is_optional:
        assert isinstance(reading.places, Failure)
        yield case.compared(
            tag_absent,
            "present",
            replace(scope, evidence="symbols", origin=reading.places.origin),
            fits=True,
            expected="optional",
            actual=reading.places.detail,
        )
        return
    if not reading.places and not absent:
        yield case.compared(
            tag_condition,
            "elements",
            replace(scope, evidence="bytes", origin=case.evidence.facts.origin),
            fits=tag.may_be_empty,
            expected="elements, or none" if tag.may_be_empty else "elements",
            actual="none",
        )
        return
    for condition in tag.conditions:
        mine = replace(scope, line=condition.line or tag.line)
        if reason is not None:
            yield case.unverified(
                tag_condition, condition.key, mine, reason=reason, expected=expectation(condition)
            )
            continue
        answer = combine(reading.answers(condition))
        if absent:
            cause = f"exports.{tag.path.root}" if tag.path.root else None
            yield _claim(case, tag_absent, mine, condition, answer, cause)
        else:
            claim = _claim(case, tag_condition, mine, condition, answer)
            yield _with_version_held_to(case, tag, claim)


def _with_version_held_to(case: Case, tag: Tag, claim: Claim) -> Claim:
    """Have the claim that states a version say to which one the plugin is held instead."""
    growth = case.growth
    states_it = claim.status == OK and claim.claim == "accepts"
    if growth is None or not states_it or tag is not case.contract.interface_tag:
        return claim
    return replace(claim, message=growth.note or None)


def _claim(  # noqa: PLR0913, PLR0917 (one condition of one tag, and what came of it)
    case: Case,
    decide: Rule,
    scope: Scope,
    condition: Condition,
    answer: Answer,
    cause: str | None = None,
) -> Claim:
    expected = expectation(condition)
    if answer.status == UNVERIFIED:
        return case.unverified(
            decide, condition.key, scope, reason=answer.detail, expected=expected
        )
    seen_in = "relocations" if answer.through_pointer else "bytes"
    evidence = "symbols" if decide is tag_absent else seen_in
    return case.compared(
        decide,
        condition.key,
        replace(scope, evidence=evidence, origin=answer.origin),
        fits=answer.status == OK,
        expected=expected,
        actual=answer.value or answer.detail,
        message=answer.detail or None,
        cause=cause,
    )


def _held_back(case: Case, tag: Tag) -> str | None:
    """Return None if the tag is to be judged, "" if it is not, else why that is unknown."""
    if tag.when is None:
        return None
    reading = TagReading(case, tag.when)
    if not reading.places:
        return ""
    for condition in tag.when.conditions:
        answer = combine(reading.answers(condition))
        if answer.status == UNVERIFIED:
            return f"whether it applies is not known: {answer.detail}"
        if answer.status == MISMATCH:
            return ""
    return None


def expectation(condition: Condition) -> str:
    """Return a condition in words."""
    if condition.key == "accepts":
        return condition.text
    if condition.key == "null":
        return "NULL" if condition.value else "not NULL"
    if condition.key == "one_of":
        return "one of " + ", ".join(show(each) for each in _listed(condition.value))
    words = {
        "equals": "",
        "at_least": "at least ",
        "at_most": "at most ",
        "matches": "a match of ",
        "starts_with": "starts with ",
        "points_to": "points to ",
    }
    value = str(condition.value) if condition.key == "points_to" else show(condition.value)
    return words[condition.key] + value
