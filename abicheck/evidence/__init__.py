"""Plugin files -> Evidence: what they were seen to contain, and where."""

from __future__ import annotations

from abicheck.evidence.discover import Candidate, find_plugins
from abicheck.evidence.read import SNIFFED_SIZE, read_plugin, sniff
from abicheck.evidence.surroundings import Surroundings

__all__ = ["SNIFFED_SIZE", "Candidate", "Surroundings", "find_plugins", "read_plugin", "sniff"]
