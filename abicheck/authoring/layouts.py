"""Contract + names of types and targets -> the layouts that somebody wants to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import AbicheckError
from abicheck.layout import lay_out
from abicheck.model.records import record
from abicheck.model.types import Enum, Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.contract import Contract
    from abicheck.model.layout import Layouts
    from abicheck.model.target import Target


class NoSuchTypeError(AbicheckError):
    """A name that no struct, union or enum of the contract has; `known` are those they have."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        """Say which name it is."""
        super().__init__(f"the contract has no struct, union or enum {name!r}")
        self.name, self.known = name, tuple(known)


@record
class Sheet:
    """The layouts of some types of a contract, on one target after the other."""

    definitions: tuple[Struct | Enum, ...]
    layouts: tuple[Layouts, ...]


def lay_out_on(contract: Contract, targets: Sequence[Target], names: Sequence[str] = ()) -> Sheet:
    """Return the layouts of the named types, or of all, on each of the targets.

    A name is `Greeter` or `structs.Greeter`.

    Raises: NoSuchTypeError.
    """
    every = [each for each in contract.definitions.values() if isinstance(each, Struct | Enum)]
    chosen = [_named(name, every) for name in names] if names else every
    return Sheet(
        definitions=tuple(dict.fromkeys(chosen)),
        layouts=tuple(lay_out(contract, target) for target in targets),
    )


def _named(name: str, definitions: Sequence[Struct | Enum]) -> Struct | Enum:
    for definition in definitions:
        if name in {definition.name, definition.subject}:
            return definition
    raise NoSuchTypeError(name, [each.name for each in definitions])
