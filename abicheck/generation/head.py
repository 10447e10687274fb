"""The first lines of every generated file: what made it from what, and how to make it again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from abicheck import __version__
from abicheck.generation.files import MARK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.contract import Contract


def head(contract: Contract, language: str, *, host: bool = False) -> list[str]:
    """Return the lines, without the marks of a comment. They name no directory and no date."""
    file = os.path.basename(contract.file)
    made = f"{MARK} {__version__} from {file}: {contract.name}, version {contract.version}."
    return [
        harmless(made),
        "Changes made here are lost; change the contract, and then:",
        "",
        harmless(f"    {command(contract, language, ' --host' if host else '')}"),
    ]


def harmless(text: str) -> str:
    """Return text that ends no comment of any language, whatever a contract's names hold."""
    shown = "".join(each if each.isprintable() else "?" for each in text)
    return shown.replace("*/", "* /").replace("/*", "/ *")


def command(contract: Contract, language: str, flag: str = "", settings: Sequence[str] = ()) -> str:
    """Return what to type to make the files of a contract again."""
    from shlex import quote  # noqa: PLC0415

    words = ["abicheck", "generate", language, quote(os.path.basename(contract.file))]
    words += [flag.strip()] if flag else []
    for setting in settings:
        words += ["--set", quote(setting)]
    return " ".join(words)
