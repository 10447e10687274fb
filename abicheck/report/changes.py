"""Diff -> text for people, and JSON: what changed, for whom it breaks, which step it calls for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from abicheck.model.changes import MAJOR, MINOR
from abicheck.report.groups import counted
from abicheck.report.terminal import BOLD, FAINT, GREEN, RED, WIDTH, YELLOW, Pen, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.changes import Change, Diff, Resized, Side
    from abicheck.model.options import Style

VERSION = 1

Json = dict[str, object]

KINDS = {MAJOR: "breaking", MINOR: "growth"}
COLORS = {MAJOR: RED, MINOR: YELLOW}


def render_text(diff: Diff, style: Style) -> str:
    """Return a diff as lines for a terminal or a log."""
    return _Page(harmless(diff), style).text()


class _Page:
    """One diff on its way to the screen."""

    def __init__(self, diff: Diff, style: Style) -> None:
        self.diff, self.pen = diff, Pen(style)

    def text(self) -> str:
        return self.pen.finish(self._lines())

    def _lines(self) -> Iterator[str]:
        yield from self._headline()
        if self.diff.changes:
            yield f"  {self._count()}"
        for number, change in enumerate(self.diff.changes, 1):
            yield ""
            yield from self._change(number, change)
        if self.diff.resized:
            yield ""
            yield "  Sizes:"
            yield from self._sizes()
        if self.diff.not_compared:
            yield ""
            yield "  Not compared:"
        for sentence in self.diff.not_compared:
            yield from self.pen.wrap(sentence, "    ", "      ")
        if self.diff.notes:
            yield ""
        for note in self.diff.notes:
            yield from self.pen.wrap(note, "  note: ")

    def _headline(self) -> Iterator[str]:
        diff = self.diff
        mark, color = (self.pen.good, GREEN) if diff.is_raised_enough else (self.pen.bad, RED)
        if diff.is_raised_enough and diff.not_compared:
            mark, color = self.pen.unsure, YELLOW
        name = diff.old.name if diff.new.is_drafted else diff.new.name
        who = f"{name} {diff.old.version} → {diff.new.version}"
        files = f"{diff.old.file} → {diff.new.file}"
        if diff.step is None and diff.is_raised_enough:
            words = "nothing changed" + " that can be seen" * bool(diff.not_compared)
        elif diff.step is None:
            words = f"nothing changed, and the version went back from {diff.wanted_version}"
        elif diff.is_raised_enough:
            words = f"enough for what changed ({diff.step})"
        else:
            words = f"the changes call for {diff.wanted_version} ({diff.step})"
        first = f"{self.pen.paint(mark, color, BOLD)} {self.pen.paint(files, BOLD)}"
        if len(f"{mark} {files}: {who}: {words}") <= WIDTH:
            yield f"{first}: {who}: {words}"
        else:
            yield first
            yield from self.pen.wrap(f"{who}: {words}", "  ")

    def _count(self) -> str:
        steps = [KINDS.get(change.step, "harmless") for change in self.diff.changes]
        parts = [f"{steps.count(kind)} {kind}" for kind in dict.fromkeys(_ORDER) if kind in steps]
        return f"{counted(len(steps), 'change')}: {', '.join(parts)}"

    def _change(self, number: int, change: Change) -> Iterator[str]:
        kind = KINDS.get(change.step, "harmless")
        tag = self.pen.paint(f"[{kind}]", COLORS.get(change.step, FAINT))
        yield f"  {number}. {self.pen.paint(change.subject, BOLD)}  {tag}"
        places = f" on {', '.join(change.targets)}" if change.targets else ""
        where = _where(self.diff, change)
        yield from self.pen.wrap(f"{change.message}{places}{where}", "     ")
        for target, texts in _grouped(change.details):
            shown = texts if target is None else f"{texts} ({target})"
            yield from self.pen.wrap(shown, "       ")
        for line in _broken(change):
            yield from self.pen.wrap(line, "     ", "       ")

    def _sizes(self) -> Iterator[str]:
        lines: dict[tuple[str, str], list[str]] = {}
        for each in self.diff.resized:
            lines.setdefault((each.subject, _room(each)), []).append(each.target)
        for (subject, room), targets in lines.items():
            yield from self.pen.wrap(f"{subject}: {room} ({', '.join(targets)})", "    ", "      ")


_ORDER = ("breaking", "growth", "harmless")


def _broken(change: Change) -> Iterator[str]:
    """Yield for whom a change breaks, and why."""
    old, new = change.breaks_old, change.breaks_new
    if old and old == new:
        yield f"breaks old plugins under the new host, and new ones under the old host: {old}"
        return
    if old:
        yield f"breaks old plugins under the new host: {old}"
    if new:
        yield f"breaks new plugins under the old host: {new}"
    if not old and not new:
        yield "breaks nobody"


def _where(diff: Diff, change: Change) -> str:
    if change.new_line is not None and not diff.new.is_drafted:
        return f"  ({diff.new.file}:{change.new_line})"
    if change.old_line is not None and not diff.old.is_drafted:
        return f"  ({diff.old.file}:{change.old_line})"
    return ""


def _grouped(details: tuple[tuple[str, str], ...]) -> Iterator[tuple[str | None, str]]:
    """Yield what a change comes to, with its targets; without them where it is the same on all."""
    texts: dict[str, list[str]] = {}
    for target, text in details:
        texts.setdefault(text, []).append(target)
    for text, targets in texts.items():
        yield (None if len(texts) == 1 else ", ".join(targets)), text


def _room(each: Resized) -> str:
    parts = []
    if each.old_size != each.new_size:
        parts.append(f"{_number(each.old_size)} → {_number(each.new_size)} bytes")
    if each.old_alignment != each.new_alignment:
        parts.append(f"alignment {_number(each.old_alignment)} → {_number(each.new_alignment)}")
    return ", ".join(parts)


def _number(number: int | None) -> str:
    return "?" if number is None else str(number)


def render_json(diff: Diff) -> str:
    """Return the document of a diff; its schema is `schemas/formats/diff.schema.json`."""
    document: Json = {
        "diff": "abicheck",
        "version": VERSION,
        "old": _side(diff.old),
        "new": _side(diff.new),
        "step": diff.step,
        "wanted_version": diff.wanted_version,
        "is_raised_enough": diff.is_raised_enough,
        "targets": list(diff.targets),
        "changes": [_change(change) for change in diff.changes],
        "resized": [_resized(each) for each in diff.resized],
        "notes": list(diff.notes),
        "not_compared": list(diff.not_compared),
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _side(side: Side) -> Json:
    return {
        "name": side.name,
        "version": side.version,
        "file": side.file,
        "is_drafted": side.is_drafted,
    }


def _change(change: Change) -> Json:
    return {
        "subject": change.subject,
        "message": change.message,
        "step": change.step,
        "breaks_old_plugins": bool(change.breaks_old),
        "breaks_new_plugins": bool(change.breaks_new),
        "old_plugins_reason": change.breaks_old or None,
        "new_plugins_reason": change.breaks_new or None,
        "targets": list(change.targets) or None,
        "details": [{"target": target, "text": text} for target, text in change.details],
        "old_line": change.old_line,
        "new_line": change.new_line,
    }


def _resized(each: Resized) -> Json:
    return {
        "subject": each.subject,
        "target": each.target,
        "old_size": each.old_size,
        "new_size": each.new_size,
        "old_alignment": each.old_alignment,
        "new_alignment": each.new_alignment,
    }
