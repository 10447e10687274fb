"""One struct or union of the old contract against one of the new: fields, sizes, alignments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from abicheck.authoring.diff import judgement
from abicheck.authoring.diff.members import first_bit, flatten, last_bit, pair, place
from abicheck.authoring.diff.types import FROM_PLUGIN, TO_PLUGIN, TypeComparison
from abicheck.model.changes import MAJOR, PATCH, Change
from abicheck.model.layout import StructLayout
from abicheck.model.records import replace
from abicheck.model.types import Struct, spell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.authoring.diff.members import Pairing
    from abicheck.authoring.diff.terms import Sheet, Terms
    from abicheck.authoring.diff.types import Difference
    from abicheck.model.layout import FieldLayout

PADDING = re.compile(r"(?i)_*(pad|padding|reserved|unused|spare)[_\d]*")
"""Names that say that nothing is kept in a field."""

FILLED_BY = {"plugin": FROM_PLUGIN, "host": TO_PLUGIN, "both": None}


class StructPair:
    """A struct of the old contract and the one of the new that stands for it, on one target."""

    def __init__(  # noqa: PLR0913, PLR0917 (both sides, and where they stand)
        self,
        terms: Terms,
        sheet: Sheet,
        old: Struct,
        new: Struct,
        flow: str | None,
        comparison: TypeComparison,
    ) -> None:
        """Prepare to compare `old` with `new`, whose values travel as `flow` says."""
        self.terms, self.sheet, self.old, self.new = terms, sheet, old, new
        stated = new.filled_by or old.filled_by
        self.flow = FILLED_BY[stated] if stated else flow
        self.comparison = comparison
        self.target = str(sheet.target)
        self.subject = new.subject if new.name == old.name else f"{old.subject} → {new.subject}"

    def changes(self) -> Iterator[Change]:
        """Yield every change of the struct and its fields."""
        before = self.sheet.old.layout(self.old.name)
        now = self.sheet.new.layout(self.new.name)
        if not isinstance(before, StructLayout) or not isinstance(now, StructLayout):
            return
        quiet = TypeComparison(
            self.sheet.old, self.sheet.new, lambda *_: None, is_drafted=self.terms.is_drafted
        )
        pairing = pair(
            self.sheet.old, before, self.sheet.new, now,
            lambda old, new: all(each.is_harmless for each in quiet.types(old, new)),
        )  # fmt: skip
        # A binary shows all fields; a partial contract speaks of some.
        is_partly_known = self.terms.is_drafted and (self.old.is_partial or self.new.is_partial)
        found = [
            *self._renamed(pairing),
            *([] if is_partly_known else self._removed(pairing)),
            *([] if is_partly_known else self._added(pairing, before, now)),
            *self._retyped(pairing),
            *self._moved(pairing),
        ]
        yield from found
        is_other = (before.size, before.alignment) != (now.size, now.alignment)
        if is_other and all(each.step == PATCH for each in found):
            yield self._resized(pairing, before, now)

    # Fields.

    def _field(self, name: str | None) -> str:
        return f"{self.subject}.{name}"

    def _renamed(self, pairing: Pairing) -> Iterator[Change]:
        for old, new in pairing.renamed:
            lines = (old.line or None, new.line or None)
            change = judgement.harmless(self._field(new.name), f"was called `{old.name}`", lines)
            why = 'names are `"exact"`'
            is_exact = self.new.has_exact_names or self.old.has_exact_names
            yield change if not is_exact else replace(
                change, step=MAJOR,
                breaks_old=why if self.new.has_exact_names else "",
                breaks_new=why if self.old.has_exact_names else "",
            )  # fmt: skip

    def _removed(self, pairing: Pairing) -> Iterator[Change]:
        moves = any(first_bit(old) != first_bit(new) for old, new in pairing.same)
        for field in pairing.removed:
            subject, lines = self._field(field.name), (field.line or None, None)
            if _is_padding(field) and not moves:
                yield judgement.harmless(subject, "padding is no longer spelled out", lines)
                continue
            message = f"`{_typed(field)}` was removed"
            why = "the old host uses it"
            if self.new.is_union or self.new.is_partial:
                yield judgement.removed(subject, message, why, lines)
            else:
                change = judgement.altered(subject, message, why, lines)
                yield replace(
                    change, breaks_old="they have a field that the new host does not know"
                )

    def _added(self, pairing: Pairing, before: StructLayout, now: StructLayout) -> Iterator[Change]:
        demanded = self._demanded()
        moves = any(first_bit(old) != first_bit(new) for old, new in pairing.same)
        end = max(
            (last_bit(self.sheet.old, each) for each in flatten(self.sheet.old, before)), default=0
        )
        is_stretched = (before.size, before.alignment) != (now.size, now.alignment)
        for field in pairing.added:
            subject, lines = self._field(field.name), (None, field.line or None)
            if _is_padding(field) and not moves and not is_stretched:
                yield judgement.harmless(subject, "spells out padding", lines)
                continue
            where = _where(field, pairing, end, before, moves=moves)
            change = judgement.added(
                subject,
                f"`{_typed(field)}` was added {where}",
                lines,
                breaks_old=self._lack(field) if field.name in demanded else "",
                breaks_new=self._refusal(field, before, now, end),
            )
            yield self._detailed(change, f"at {place(field)}")

    def _demanded(self) -> set[str | None]:
        """Return the fields that the new host demands of plugins of the old version."""
        layout = self.sheet.aged.types.get(self.new.name)
        if not isinstance(layout, StructLayout):
            return set()
        return {field.name for field in flatten(self.sheet.aged, layout)}

    def _lack(self, field: FieldLayout) -> str:
        since = next((each.since for each in self.new.fields if each.name == field.name), None)
        if since is None:
            return "they do not have it, and no `since` exempts them"
        fixed = self.terms.fixed.get(self.old.name)
        if fixed is not None:
            return f"they do not have it, and `since` exempts nobody: the struct is {fixed}"
        return "they do not have it, and `since` does not exempt them"

    def _refusal(
        self, field: FieldLayout, before: StructLayout, now: StructLayout, end: int
    ) -> str:
        """Say why an old host cannot live with a field that it does not know, or return ""."""
        if self.old.is_partial:
            return ""
        if self.old.is_union:
            is_larger = (before.size, before.alignment) != (now.size, now.alignment)
            return "the union takes more room than the old host gives it" if is_larger else ""
        if first_bit(field) < end:
            return "the old host has something else there, or nothing"
        fixed = self.terms.fixed.get(self.old.name)
        if fixed is not None:
            return f"the struct is {fixed}, with the old size"
        stated = self.old.filled_by
        flow = FILLED_BY[stated] if stated else self.flow
        if flow == TO_PLUGIN:
            return "the old host does not fill it"
        if flow != FROM_PLUGIN:
            return 'nothing says that only the plugin fills it (`filled_by = "plugin"`)'
        if self.old.size_field is not None:
            is_hidden = first_bit(field) < 8 * (before.size or 0)
            return f"`{self.old.size_field}` cannot tell of a field in padding" if is_hidden else ""
        if not self.terms.is_newer:
            return "no `size_field` and no version that the old host accepts tells of it"
        return ""

    def _retyped(self, pairing: Pairing) -> Iterator[Change]:
        for old, new in (*pairing.same, *pairing.renamed):
            differences = list(self.comparison.stored(old.type, new.type, self.flow))
            lines = (old.line or None, new.line or None)
            message = f"was `{_typed(old)}`, is `{_typed(new)}`"
            if old.bit_size != new.bit_size:
                change = judgement.altered(
                    self._field(new.name), message, "the bit-field has another width", lines
                )
                yield change
            elif differences:
                yield of_differences(self._field(new.name), message, differences, lines)

    def _moved(self, pairing: Pairing) -> Iterator[Change]:
        moved = [(old, new) for old, new in pairing.same if first_bit(old) != first_bit(new)]
        if moved and not self.new.is_union:
            names = ", ".join(f"`{new.name}`" for _, new in moved)
            verb = "lies" if len(moved) == 1 else "lie"
            why = "they find other memory under the same name"
            lines = (moved[0][0].line or None, moved[0][1].line or None)
            change = judgement.altered(self.subject, f"{names} {verb} elsewhere", why, lines)
            shown = ", ".join(f"{new.name} {place(old)} → {place(new)}" for old, new in moved)
            yield self._detailed(change, shown)

    def _resized(self, pairing: Pairing, before: StructLayout, now: StructLayout) -> Change:
        grown = [
            f"`{new.name}`"
            for old, new in pairing.same
            if _size(self.sheet.old.layout(old.type)) != _size(self.sheet.new.layout(new.type))
        ]
        size, alignment = before.size != now.size, before.alignment != now.alignment
        what = " and ".join(["size"] * size + ["alignment"] * alignment)
        why = f"of {', '.join(grown)}" if grown else "of `repr`, or of what is stated"
        return judgement.altered(
            self.subject, f"another {what}, because {why}", "it takes other room",
            (self.old.line, self.new.line),
        )  # fmt: skip

    def _detailed(self, change: Change, text: str) -> Change:
        return replace(change, details=((self.target, text),))


def _is_padding(field: FieldLayout) -> bool:
    return field.name is not None and PADDING.fullmatch(field.name) is not None


def _size(layout: object) -> int | None:
    size: int | None = getattr(layout, "size", None)
    return size


def _typed(field: FieldLayout) -> str:
    bits = "" if field.bit_size is None else f" : {field.bit_size}"
    return f"{field.name}: {field.type}{bits}"


def _where(
    field: FieldLayout, pairing: Pairing, end: int, before: StructLayout, *, moves: bool
) -> str:
    if before.is_union:
        return "to the union"
    if first_bit(field) >= end:
        return "at the end" + (
            ", in what was padding" if first_bit(field) < 8 * (before.size or 0) else ""
        )
    behind = [new for _, new in pairing.same if first_bit(new) > first_bit(field)]
    if moves and behind:
        return f"before `{min(behind, key=first_bit).name}`"
    return "in what was padding"


def of_differences(
    subject: str,
    message: str,
    differences: list[Difference],
    lines: judgement.Lines = judgement.NOWHERE,
) -> Change:
    """Return the change of a type, with the differences that come of it as reasons."""
    breaks_old = "; ".join(each.detail for each in differences if each.breaks_old)
    breaks_new = "; ".join(each.detail for each in differences if each.breaks_new)
    return Change(
        subject=subject,
        message=message,
        step=MAJOR if breaks_old or breaks_new else PATCH,
        breaks_old=breaks_old,
        breaks_new=breaks_new,
        old_line=lines[0],
        new_line=lines[1],
    )


def settings(old: Struct, new: Struct) -> Iterator[Change]:
    """Yield the changes of a struct's keys that no layout shows."""
    subject, lines = new.subject, (old.line, new.line)
    if old.is_transparent != new.is_transparent:
        message = "is now `transparent`" if new.is_transparent else "is no longer `transparent`"
        yield judgement.altered(subject, message, "it is passed in another way", lines)
    if old.is_partial and not new.is_partial:
        why = "they may have fields that the new contract does not know"
        yield judgement.tightened(subject, "is no longer `partial`", why, lines)
    elif new.is_partial and not old.is_partial:
        why = "they may have fields that the old contract does not know"
        yield judgement.loosened(subject, "is now `partial`", why, lines)
    if new.has_exact_names and not old.has_exact_names:
        why = "their fields may have other names"
        yield judgement.tightened(subject, 'names are now `"exact"`', why, lines)
    elif old.has_exact_names and not new.has_exact_names:
        why = "their fields may have other names"
        yield judgement.loosened(subject, 'names are no longer `"exact"`', why, lines)
    if old.match != new.match:
        message = f"is sought as `{new.match or new.name}`, was as `{old.match or old.name}`"
        yield judgement.harmless(subject, message, lines)
    if old.size_field != new.size_field:
        yield _size_field(old, new)
    if old.filled_by != new.filled_by:
        message = f"`filled_by` is {_quoted(new.filled_by)}, was {_quoted(old.filled_by)}"
        yield judgement.harmless(subject, message, lines)


def _size_field(old: Struct, new: Struct) -> Change:
    lines = (old.line, new.line)
    if old.size_field is None:
        return judgement.added(new.subject, f"`{new.size_field}` now tells its size", lines)
    now = f"`{new.size_field}`" if new.size_field else "nothing"
    message = f"`{old.size_field}` told its size, now {now} does"
    return judgement.altered(new.subject, message, "nobody knows how long it is", lines)


def _quoted(text: str | None) -> str:
    return "unsaid" if text is None else f'"{text}"'


def spelled(struct: Struct) -> str:
    """Return what a struct holds, for one that is new or gone."""
    return ", ".join(f"{field.name or '_'}: {spell(field.type)}" for field in struct.fields)
