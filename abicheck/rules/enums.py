"""Hold enums to their size and their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import EnumLayout, ScalarLayout, StructLayout
from abicheck.model.records import record, replace
from abicheck.model.report import MISMATCH, OK
from abicheck.rules.case import Scope
from abicheck.rules.describe import in_bytes
from abicheck.rules.registry import rule
from abicheck.rules.structs import layout_claims

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from abicheck.model.report import Claim
    from abicheck.model.types import Enum, EnumValue
    from abicheck.rules.bindings import Binding
    from abicheck.rules.case import Case

    Hits = dict[str, list[str]]
    """Names of the plugin that may stand for one of the contract, the best first."""

MOST_WORDS = 12
WIDEST = 16
"""Bytes of the widest integer; what a plugin says of an enum's size can be anything."""


@record
class Enumerator:
    """A value of the contract and the plugin's enumerator that stands for it, or None."""

    wanted: EnumValue
    found: tuple[str, int] | None


class EnumClaims:
    """All claims of one enum, under the ids of the rules below."""

    def __init__(self, case: Case, enum: Enum) -> None:
        """Prepare the claims of `enum`."""
        self.case, self.enum = case, enum
        self.scope = Scope(
            subject=enum.subject,
            line=enum.line,
            required=case.is_required("layout", enum.evidence) and enum.name in case.reachable,
        )
        self.wanted = case.layouts.layout(enum.name)

    def claims(self) -> Iterator[Claim]:
        """Yield every claim about the enum and its values."""
        if not isinstance(self.wanted, EnumLayout):
            yield from self._all_unverified(getattr(self.wanted, "reason", "it has no layout here"))
            return
        bindings = self.case.bindings.of(self.enum.name)
        candidates = [list(self._of(binding)) for binding in bindings]
        if not candidates:
            absence = self.case.bindings.absence
            name = self.enum.match or self.enum.name
            yield from self._all_unverified(
                absence or f"{self.case.source} defines no enum named {name}"
            )
            return
        unread = self.case.bindings.unread(self.enum.name)
        if unread is not None:
            refuting = [
                each
                for each, binding in zip(candidates, bindings, strict=True)
                if not binding.by_name and any(c.status == MISMATCH for c in each)
            ]
            yield from refuting[0] if refuting else self._all_unverified(unread)
            return
        if len(candidates) > 1 and all(binding.by_name for binding in bindings):
            essences = {tuple((c.subject, c.status, c.actual) for c in each) for each in candidates}
            if len(essences) > 1:
                yield from self._all_unverified(f"{len(candidates)} units define it differently")
                return
        # Integers that stand for an enum prove nothing about values: an enum, if any, speaks.
        candidates.sort(key=lambda claims: not any(each.status == MISMATCH for each in claims))
        failing = next(
            (each for each in candidates if any(c.status == MISMATCH for c in each)), None
        )
        yield from failing or max(
            candidates, key=lambda claims: sum(c.status == OK for c in claims)
        )

    def _all_unverified(self, reason: str) -> Iterator[Claim]:
        size = _size(self.wanted.size) if isinstance(self.wanted, EnumLayout) else None
        yield self.case.unverified(enum_size, "size", self.scope, reason=reason, expected=size)
        for value in self.enum.values:
            yield self.case.unverified(
                enum_value, "value", self._of_value(value), reason=reason, expected=str(value.value)
            )

    def _of_value(self, value: EnumValue, scope: Scope | None = None) -> Scope:
        subject = f"{self.enum.subject}.{value.name}"
        return replace(scope or self.scope, subject=subject, line=value.line)

    def _of(self, binding: Binding) -> Iterator[Claim]:
        assert isinstance(self.wanted, EnumLayout)
        types = self.case.evidence.types
        found = types.layout(binding.type_id)
        while isinstance(found, StructLayout) and found.is_transparent:
            found = types.layout(found.fields[0].type)
        if not isinstance(found, EnumLayout | ScalarLayout):
            return
        scope = replace(self.scope, evidence=types.kind, origin=binding.origin)
        fits, sign = self.wanted.size == found.size, self._sign_differs(found)
        is_short = found.size < self.wanted.size
        yield self.case.compared(
            enum_size,
            "size",
            scope,
            fits=fits and not sign,
            expected=_size(self.wanted.size, self.wanted.is_signed if sign else None),
            actual=_size(found.size, None if sign is None else not self.wanted.is_signed),
            message=sign if fits else "compiled with -fshort-enums?" if is_short else None,
        )
        if isinstance(found, EnumLayout):
            yield from self._values(found, scope)
            return
        reason = "the plugin uses a plain integer, which names no values"
        for value in self.enum.values:
            inner = replace(self._of_value(value), required=False)
            expected = str(value.value)
            yield self.case.unverified(enum_value, "value", inner, reason=reason, expected=expected)

    def _sign_differs(self, found: EnumLayout | ScalarLayout) -> str | None:
        assert isinstance(self.wanted, EnumLayout)
        if not self.wanted.is_fixed or not isinstance(found, EnumLayout) or found.is_signed is None:
            return None
        if self.wanted.is_signed == found.is_signed:
            return None
        wanted, actual = _sign(self.wanted.is_signed), _sign(found.is_signed)
        return f"the contract's is {wanted}, the plugin's {actual}"

    def _values(self, found: EnumLayout, scope: Scope) -> Iterator[Claim]:
        pairs, extra = pair_values(self.enum, found)
        for pair in pairs:
            name, value = pair.found or ("", None)
            fits = value is not None and self._same_value(value, pair.wanted.value, found.size)
            spellings = {pair.wanted.name, f"{self.enum.name}_{pair.wanted.name}"}
            renamed = pair.found is not None and not {name, name.rstrip("_")} & spellings
            exact = renamed and self.enum.has_exact_names
            actual = f"{value} ({name})" if renamed else str(value)
            yield self.case.compared(
                enum_value,
                "value",
                self._of_value(pair.wanted, scope),
                fits=fits and not exact,
                expected=str(pair.wanted.value),
                actual="no such value" if pair.found is None else actual,
                message=f"the plugin calls it `{name}`" if renamed and fits else None,
            )
        for name, value in extra:
            yield self.case.compared(
                enum_value_added,
                "value",
                replace(scope, subject=f"{self.enum.subject}.{name}"),
                fits=not self.enum.is_closed,
                actual=str(value),
                expected="no such value" if self.enum.is_closed else "possibly more values",
                message=f"the plugin knows a value more: {name} = {value}",
            )

    @staticmethod
    def _same_value(found: int, wanted: int, size: int) -> bool:
        """Compare modulo the enum's width: producers record 0xffffffff and -1 alike."""
        mask = (1 << min(size, WIDEST) * 8) - 1
        return found & mask == wanted & mask


def _size(size: int, is_signed: bool | None = None) -> str:
    sign = "" if is_signed is None else f", {_sign(is_signed)}"
    return in_bytes(size) + sign


def _sign(is_signed: bool | None) -> str:
    return "signed" if is_signed else "unsigned"


def pair_values(enum: Enum, found: EnumLayout) -> tuple[list[Enumerator], list[tuple[str, int]]]:
    """Pair values by name, then by a name with a prefix (`MODE_OFF` for `Off`), then by value.

    Long names choose first, and of several names the shortest: `E_READY` is `Ready`, and
    `E_NOT_READY` is `NotReady`.
    """
    left = dict(found.values)
    pairs: dict[str, tuple[str, int]] = {}
    order = sorted(enum.values, key=lambda each: -len(each.name))
    for hits_of in (_named, _spelled_alike, _behind_prefix, _with_prefix, _with_value):
        open_ = [wanted for wanted in order if wanted.name not in pairs]
        hits = hits_of(open_, left) if open_ and left else {}
        for wanted in open_:
            name = next((each for each in hits.get(wanted.name, ()) if each in left), None)
            if name is not None:
                pairs[wanted.name] = name, left.pop(name)
    kept = {each.value: pairs[each.name] for each in order if each.name in pairs}
    for wanted in order:  # Of two names for one number the plugin may have one.
        twin = kept.get(wanted.value)
        if twin is not None and twin[1] == wanted.value:
            pairs.setdefault(wanted.name, twin)
    return [Enumerator(each, pairs.get(each.name)) for each in enum.values], list(left.items())


def _named(wanted: Sequence[EnumValue], left: Mapping[str, int]) -> Hits:
    return {each.name: [each.name] for each in wanted if each.name in left}


def _spelled_alike(wanted: Sequence[EnumValue], left: Mapping[str, int]) -> Hits:
    names = {_plain(each.name): each.name for each in wanted}
    hits: Hits = {}
    for name in left:
        if (plain := _plain(name)) in names:
            hits.setdefault(names[plain], []).append(name)
    return hits


def _behind_prefix(wanted: Sequence[EnumValue], left: Mapping[str, int]) -> Hits:
    """Return names that end in a wanted one as it is written, as in "Mode_Off"."""
    names = {each.name for each in wanted}
    hits: Hits = {}
    for name in left:
        words = name.rstrip("_").split("_")[-MOST_WORDS:]
        for end in {"_".join(words[at:]) for at in range(1, len(words))} & names:
            hits.setdefault(end, []).append(name)
    return {each: sorted(found, key=len) for each, found in hits.items()}


def _with_prefix(wanted: Sequence[EnumValue], left: Mapping[str, int]) -> Hits:
    """Return names that end in a wanted one, as in "MODE_OFF" and "ModeOff", shortest first."""
    names = {_plain(each.name): each.name for each in wanted}
    capitals = tuple(each.name for each in wanted if each.name[:1].isupper())
    hits: Hits = {}
    for name in left:
        words = name.split("_")[-MOST_WORDS:]
        ends = {_plain("".join(words[at:])) for at in range(1, len(words))}
        own = {names[end] for end in ends if end in names}
        if name.endswith(capitals):
            own.update(each for each in capitals if name.endswith(each))
        for each in own:
            hits.setdefault(each, []).append(name)
    return {each: sorted(found, key=len) for each, found in hits.items()}


def _with_value(wanted: Sequence[EnumValue], left: Mapping[str, int]) -> Hits:
    names: dict[int, list[str]] = {}
    for name, value in left.items():
        names.setdefault(value, []).append(name)
    return {each.name: names.get(each.value, []) for each in wanted}


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


@rule("enum-size-mismatch")
def enum_size(case: Case) -> Iterator[Claim]:
    """Hold each enum to its size, and one of fixed width to its sign.

    Why: `-fshort-enums` and C++'s fixed types change what a field or a parameter takes,
    often without changing the size of the struct around it.

    Fix: give the enum a fixed width in contract and source, and drop `-fshort-enums`.
    """
    return layout_claims(case, "enum-size-mismatch")


@rule("enum-value-mismatch")
def enum_value(case: Case) -> Iterator[Claim]:
    """Hold each value of an enum: by name, then by name with a prefix, then by value.

    Why: both sides pass numbers. A value that was renumbered or lost means something else
    to the other side.

    Fix: give new values new numbers, at the end; never reuse one.
    """
    return layout_claims(case, "enum-value-mismatch")


@rule("enum-value-added")
def enum_value_added(case: Case) -> Iterator[Claim]:
    """Refuse values that the contract does not know, if the enum is `closed`; else note them.

    Why: a host that switches over a closed enum has no case for another value.

    Fix: leave out `closed = true` if the host copes with unknown values.
    """
    return layout_claims(case, "enum-value-added")
