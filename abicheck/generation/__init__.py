"""Contract -> source in other languages: headers and modules that hold a compiler to the contract."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from abicheck.generation.files import GeneratedFile, GenerationError

if TYPE_CHECKING:
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
    "rust": "abicheck.generation.rust_host",
}
"""The same for guards: what a host includes to check plugins before it loads them."""


def generate(contract: Contract, language: str, *, host: bool = False) -> tuple[GeneratedFile, ...]:
    """Return the files that a contract comes to in `language`; with `host`, the guard's too.

    Raises: GenerationError if the language cannot express the contract, with every reason.
    """
    generators = HOST_GENERATORS if host else GENERATORS
    if language not in generators:
        what = "guard for a host in" if host else "generator for"
        raise GenerationError(
            [f"there is no {what} {language!r}; there is {', '.join(generators)}"]
        )
    modules = [GENERATORS[language], *([HOST_GENERATORS[language]] if host else [])]
    made: list[GeneratedFile] = []
    for module in modules:
        made.extend(import_module(module).generate(contract))
    return tuple({file.name: file for file in made}.values())
