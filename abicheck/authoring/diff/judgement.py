"""What a change of a demand means for plugins of either contract."""

from __future__ import annotations

from abicheck.model.changes import MAJOR, MINOR, PATCH, Change

Lines = tuple[int | None, int | None]
"""The lines of the old and the new contract; None where it is in one of them only."""

NOWHERE: Lines = (None, None)


def tightened(subject: str, message: str, why: str, lines: Lines = NOWHERE) -> Change:
    """Return the change of a host that now demands more: plugins made for less may not do."""
    return _change(subject, message, MAJOR, lines, breaks_old=why)


def loosened(subject: str, message: str, why: str, lines: Lines = NOWHERE) -> Change:
    """Return the change of a host that demands less: the old one still demands what it did."""
    return _change(subject, message, MINOR, lines, breaks_new=why)


def removed(subject: str, message: str, why: str, lines: Lines = NOWHERE) -> Change:
    """Return the change of plugins that no longer offer what the old host uses."""
    return _change(subject, message, MAJOR, lines, breaks_new=why)


def altered(subject: str, message: str, why: str, lines: Lines = NOWHERE) -> Change:
    """Return a change after which neither side understands the other."""
    return _change(subject, message, MAJOR, lines, breaks_old=why, breaks_new=why)


def added(
    subject: str,
    message: str,
    lines: Lines = NOWHERE,
    *,
    breaks_old: str = "",
    breaks_new: str = "",
) -> Change:
    """Return the change of something new; it breaks old plugins if it is demanded of them."""
    step = MAJOR if breaks_old else MINOR
    return _change(subject, message, step, lines, breaks_old=breaks_old, breaks_new=breaks_new)


def harmless(subject: str, message: str, lines: Lines = NOWHERE) -> Change:
    """Return a change that nobody's binary notices."""
    return _change(subject, message, PATCH, lines)


def _change(  # noqa: PLR0913 (the parts of a change)
    subject: str,
    message: str,
    step: str,
    lines: Lines,
    *,
    breaks_old: str = "",
    breaks_new: str = "",
) -> Change:
    return Change(
        subject=subject,
        message=message,
        step=step,
        breaks_old=breaks_old,
        breaks_new=breaks_new,
        old_line=lines[0],
        new_line=lines[1],
    )
