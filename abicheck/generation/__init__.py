"""Contract -> source in other languages that holds a compiler to the contract."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from abicheck.errors import GenerationError
from abicheck.generation.files import GeneratedFile
from abicheck.generation.head import command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.contract import Contract

__all__ = ["GENERATORS", "HOST_GENERATORS", "GeneratedFile", "GenerationError", "generate"]

GENERATORS = {
    "c": "abicheck.generation.c",
    "rust": "abicheck.generation.rust",
    "python": "abicheck.generation.python",
}
"""Every language and the module with its `generate(contract)`: one row to add a language."""

HOST_GENERATORS = {
    "c": "abicheck.generation.c_host",
    "rust": "abicheck.generation.rust.host",
}
"""The same for guards: what a host includes to check plugins before it loads them."""


def generate(
    contract: Contract, language: str, *, host: bool = False, settings: Sequence[str] = ()
) -> tuple[GeneratedFile, ...]:
    """Return the files that a contract comes to in `language`; with `host`, the guard's too.

    `settings` are the NAME=VALUE that the contract was bound to; the files say them where they
    say how to make them again.

    Raises: GenerationError if the language cannot express the contract, with every reason.
    """
    generators = HOST_GENERATORS if host else GENERATORS
    if language not in generators:
        what = "guard for a host in" if host else "generator for"
        known = ", ".join(generators)
        raise GenerationError([f"there is no {what} {language!r}; there is one for {known}"])
    modules = [GENERATORS[language], *([HOST_GENERATORS[language]] if host else [])]
    made: dict[str, GeneratedFile] = {}
    for module in modules:
        for file in import_module(module).generate(contract):
            if file.name in made:
                reason = f"two files would be called {file.name}: rename the contract"
                raise GenerationError([reason])
            made[file.name] = file
    return tuple(_with_settings(file, contract, language, settings) for file in made.values())


def _with_settings(
    file: GeneratedFile, contract: Contract, language: str, settings: Sequence[str]
) -> GeneratedFile:
    for flag in ("", " --host"):
        plain = command(contract, language, flag)
        if settings and f"{plain}\n" in file.text:
            whole = command(contract, language, flag, settings)
            return GeneratedFile(file.name, file.text.replace(f"{plain}\n", f"{whole}\n", 1))
    return file
