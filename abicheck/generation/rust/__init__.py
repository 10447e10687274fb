"""Contract -> `greeter.rs`: a plugin's types, what the compiler must agree with, the descriptor.

The module has no inner attributes and depends on nothing, so that `mod greeter;` takes it as well
as `include!` does. It needs Rust 1.82, from which on both editions know `unsafe(link_section)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.files import GeneratedFile
from abicheck.generation.names import file_stem
from abicheck.generation.plan import make_plan
from abicheck.generation.rust.assertions import assertions
from abicheck.generation.rust.definitions import Definitions
from abicheck.generation.rust.descriptor import Descriptor
from abicheck.generation.rust.module import (
    first_lines,
    hidden_module,
    imports,
    name_of,
    raise_for,
    tidy,
)
from abicheck.generation.rust.registration import registration
from abicheck.generation.rust.targets import targets_of
from abicheck.generation.rust.types import Writer

if TYPE_CHECKING:
    from abicheck.model.contract import Contract

__all__ = ["generate"]


def _about(contract: Contract) -> list[str]:
    stem, name = file_stem(contract.name), name_of(contract)
    module = stem if stem.isidentifier() else name
    path = [f'#[path = "{stem}.rs"]'] if module != stem else []
    return [
        "A plugin takes this file as a module, and says once beside what it exports:",
        "",
        *(f"    {line}" for line in [*path, f"mod {module};", f"use {module}::*;"]),
        f"    {name}_plugin!();",
        "",
        "That puts a descriptor into the plugin, which says how this build lays out the types",
        "below, so that hosts can check it without running it.",
        "",
    ]


def generate(contract: Contract) -> tuple[GeneratedFile, ...]:
    """Return the module that a plugin in Rust includes.

    Raises:
        GenerationError: Rust cannot express the contract.

    """
    plan, writer, targets = make_plan(contract), Writer(contract), targets_of(contract)
    definitions = Definitions(writer, targets)
    items = definitions.lines()
    hidden = hidden_module(plan, writer, Descriptor(plan, definitions))
    lines = [
        *first_lines(contract, _about(contract)),
        *imports(items),
        *items,
        "",
        *assertions(contract, targets),
        "",
        *hidden,
        "",
        *registration(plan, name_of(contract)),
    ]
    raise_for(writer)
    return (GeneratedFile(f"{file_stem(contract.name)}.rs", tidy(lines)),)
