"""What tests of the runtime share: nothing that one of them loaded is there for the next."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from abicheck.runtime.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def unloading(tmp_path: Path) -> Iterator[None]:
    """Unload what a test loaded from its own directory."""
    yield
    for plugin in REGISTRY:
        if plugin.file.startswith(str(tmp_path)):
            plugin.unload()
    gc.collect()
