"""Work: how much of the debug information was decoded, and how much may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import UnsupportedError

if TYPE_CHECKING:
    from abicheck.evidence.counters import Counters

MOST_FOR_A_QUESTION = 1_000_000
"""Entries decoded or stepped over for one answer. Python does about a million in a second."""

MOST_FOR_A_PLUGIN = 2_000_000
"""Entries for all answers together, after which each may cost `FEW` more."""

FEW = 20_000

PATIENCE = 25
"""How many times more all answers may cost where somebody asked for everything."""


class Work:
    """Counts what one plugin costs and stops when it costs too much."""

    __slots__ = ("_allowed", "_counters", "_limit", "is_patient", "skipped")

    def __init__(self, counters: Counters) -> None:
        """Count into `counters`, which other readers of the plugin share."""
        self._counters, self.skipped = counters, 0
        self._limit = self._allowed = MOST_FOR_A_QUESTION
        self.is_patient = False

    def begin(self) -> None:
        """Begin with the next question."""
        spent = self._counters.dies + self.skipped
        left = MOST_FOR_A_PLUGIN * (PATIENCE if self.is_patient else 1) - spent
        self._allowed = max(FEW, min(left, MOST_FOR_A_QUESTION))
        self._limit = spent + self._allowed

    def count_unit(self) -> None:
        """Count a unit whose entries are looked at."""
        self._counters.units += 1

    def count_entry(self) -> None:
        """Count an entry that is decoded; raises UnsupportedError if there were too many."""
        self._counters.dies += 1
        if self._counters.dies + self.skipped > self._limit:
            raise self._too_much()

    def count_skipped(self, entries: int) -> None:
        """Count entries that were stepped over; raises as `count_entry`."""
        self.skipped += entries
        if self._counters.dies + self.skipped > self._limit:
            raise self._too_much()

    def _too_much(self) -> UnsupportedError:
        message = f"the answer was not found among {self._allowed:,} debug entries"
        return UnsupportedError(message)
