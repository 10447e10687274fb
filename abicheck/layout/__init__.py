"""Contract + Target -> the layouts that the contract's types have there.

Judged by compilers: `tests/oracle` compares every rule with theirs.
"""

from abicheck.layout.assertions import check_contract, check_sizes
from abicheck.layout.environments import lay_out
from abicheck.layout.targets import facts_for, known_targets, possible_targets

__all__ = [
    "check_contract", "check_sizes", "facts_for", "known_targets", "lay_out", "possible_targets",
]  # fmt: skip
