"""Plugins whose verdict is known: contracts, sources, and what each change to them must lead to."""

from __future__ import annotations

from . import forms, functions, members, structs, symbols, traps, values
from .case import Case, Change

CASES: tuple[Case, ...] = (
    *structs.CASES,
    *members.CASES,
    *functions.CASES,
    *symbols.CASES,
    *values.CASES,
    *traps.CASES,
    *forms.CASES,
)

__all__ = ["CASES", "Case", "Change"]
