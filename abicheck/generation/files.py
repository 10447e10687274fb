"""What a generator returns: files, or the reasons why there can be none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import AbicheckError
from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence

MARK = "Made by abicheck"
"""What stands in the first line of every generated file, whatever its language's comments are."""


@record
class GeneratedFile:
    """A file to write: its name without a directory, and its text."""

    name: str
    text: str


class GenerationError(AbicheckError):
    """A language cannot express a contract; `reasons` has a sentence for each obstacle."""

    def __init__(self, reasons: Sequence[str]) -> None:
        """Keep every reason."""
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)
