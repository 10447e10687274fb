"""The first lines of every generated file: what made it from what, and how to make it again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from abicheck import __version__
from abicheck.generation.files import MARK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abicheck.model.contract import Contract


def head(contract: Contract, language: str, *, host: bool = False) -> list[str]:
    """Return the lines, without the marks of a comment. They name no directory and no date."""
    file = os.path.basename(contract.file)
    flag = " --host" if host else ""
    return [
        f"{MARK} {__version__} from {file}: {contract.name}, version {contract.version}.",
        "Changes made here are lost; change the contract, and then:",
        "",
        f"    abicheck generate {language} {file}{flag}",
    ]
