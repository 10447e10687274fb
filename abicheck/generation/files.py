"""What a generator returns: files that say what made them."""

from __future__ import annotations

from abicheck.model.records import record

MARK = "Made by abicheck"
"""What stands in the first line of every generated file, whatever its language's comments are."""


@record
class GeneratedFile:
    """A file to write: its name without a directory, and its text."""

    name: str
    text: str
