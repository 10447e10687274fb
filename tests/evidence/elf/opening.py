"""Hand-made plugins as evidence, without a file."""

from __future__ import annotations

from abicheck.evidence.elf.reader import ElfEvidence, read_elf
from tests.evidence.elf.handmade import Plugin, build


def opened(plugin: Plugin | bytes) -> ElfEvidence:
    """Read a plugin, hand-made or given as its bytes."""
    content = build(plugin) if isinstance(plugin, Plugin) else plugin
    (evidence,) = read_elf("plugin.so", content)
    return evidence
