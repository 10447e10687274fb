"""Counters: what reading one plugin cost, in things decoded; tests hold it to little."""

from __future__ import annotations


class Counters:
    """How much of a plugin was decoded; shared by every reader of the same plugin.

    `bytes` are those copied out of the file by the ELF reader's checked reads,
    `symbols` and `relocations` entries of their tables that were looked at one by one,
    `units` and `dies` those of DWARF.
    """

    __slots__ = ("bytes", "dies", "relocations", "symbols", "units")

    def __init__(self) -> None:
        """Start with nothing decoded."""
        self.bytes = self.symbols = self.relocations = self.units = self.dies = 0

    def __repr__(self) -> str:
        """Return all counts."""
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.__slots__)
