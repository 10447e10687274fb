"""Contract against contract: what changed, for whom it breaks, which version that calls for."""

from abicheck.authoring.diff.compare import compare_contracts

__all__ = ["compare_contracts"]
