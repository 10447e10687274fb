"""The descriptor that a plugin built with generated source carries, as a source of types."""

from __future__ import annotations

from abicheck.evidence.descriptor.source import DescriptorTypes

__all__ = ["DescriptorTypes"]
