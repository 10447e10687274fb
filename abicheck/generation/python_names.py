"""Names of a contract -> names of Python: what the loader and the typed module both go by."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abicheck.model.types import FunctionType

PLUGIN_NAMES = frozenset(
    {"callback", "exports", "file", "is_loaded", "new", "report", "types", "unload", "version"}
)
"""What every plugin object has: exports and types of these names are items, not attributes."""

STRUCT_NAMES = frozenset({"free"})
"""What struct objects have: a field of this name is an item."""


def is_attribute(name: str) -> bool:
    """Whether a name can be written behind a dot and means nothing else there."""
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_")


def parameter_names(function: FunctionType) -> list[str]:
    """Return a name that Python accepts for each parameter, no two alike."""
    names: list[str] = []
    for index, parameter in enumerate(function.parameters):
        name = parameter.name or f"argument{index + 1}"
        if not name.isidentifier() or name.startswith("_"):
            name = f"argument{index + 1}"
        if keyword.iskeyword(name) or name in {"self", "id"}:
            name += "_"
        names.append(name if name not in names else f"argument{index + 1}")
    return names


def enumerator_name(name: str) -> str:
    """Return a name that Python's enums do not keep for themselves."""
    return f"{name}_" if name == "mro" or name.startswith("_") else name
