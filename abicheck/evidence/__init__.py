"""Plugin files -> Evidence: what they were seen to contain, and where."""

from __future__ import annotations

from abicheck.evidence.discover import Candidate, find_plugins
from abicheck.evidence.magic import SNIFFED_SIZE, sniff
from abicheck.evidence.read import read_plugin
from abicheck.evidence.surroundings import Surroundings

__all__ = ["SNIFFED_SIZE", "Candidate", "Surroundings", "find_plugins", "read_plugin", "sniff"]
