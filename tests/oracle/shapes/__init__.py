"""Plugins of unusual shape whose verdict is known, each with the changes that must show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import cpp_types, names, rust_types, units

if TYPE_CHECKING:
    from tests.oracle.corpus import Case

CASES: tuple[Case, ...] = (*rust_types.CASES, *cpp_types.CASES, *names.CASES, *units.CASES)

__all__ = ["CASES"]
