"""Drafted exports -> which of them may take back what others return: a question to the author."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from abicheck.model.records import replace
from abicheck.model.types import FunctionType, Pointer, Void, spell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.authoring.draft import DraftedExport

TAKES_BACK = re.compile(r"free|destroy|delete|release|close|drop|unref|dispose", re.IGNORECASE)


def ask_who_frees(exports: Sequence[DraftedExport]) -> tuple[DraftedExport, ...]:
    """Ask, in a comment, whether a result goes back to the one export that looks made for it.

    Nothing records ownership, and a wrong `free` does harm: it is not written unasked.
    """
    takers: dict[str, list[str]] = {}
    for export in exports:
        type_ = export.type
        if isinstance(type_, FunctionType) and TAKES_BACK.search(export.name):
            key = _target(type_.parameters[0].type) if len(type_.parameters) == 1 else None
            if key is not None:
                takers.setdefault(key, []).append(export.name)
    return tuple(_asked(export, takers) for export in exports)


def _asked(export: DraftedExport, takers: dict[str, list[str]]) -> DraftedExport:
    type_ = export.type
    key = _target(type_.result) if isinstance(type_, FunctionType) else None
    found = [name for name in takers.get(key or "", ()) if name != export.name]
    if len(found) != 1 or export.comment:
        return export
    question = f'Does {found[0]} take back what this returns? Then add free = "{found[0]}".'
    return replace(export, comment=question)


def _target(type_: object) -> str | None:
    """Return the spelling of what a pointer to data leads to; None for all else."""
    if not isinstance(type_, Pointer) or isinstance(type_.to, FunctionType | Void):
        return None
    return spell(type_.to)
