"""Names of one contract's things in C: escaped, and told apart where C has one room for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.names import C_WORDS, capitals, escaped, identifier
from abicheck.generation.plan import types_mentioned, why_skipped
from abicheck.model.types import Enum, FunctionType, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.contract import Contract


class Names:
    """What everything of a contract is called in its header.

    Exports keep their names, since these are what a host looks up. A type that is called like an
    export, and an enumerator that is called like anything else, give way. `prefix` is that of
    macros, `_` behind a macro's name says that it is the header's own affair.
    """

    def __init__(self, contract: Contract) -> None:
        """Choose the names."""
        self.prefix = capitals(contract.name)
        self.stem = identifier(contract.name)
        taken = {export.name for export in contract.exports if not why_skipped(export)}
        self.types: dict[str, str] = {}
        for name in contract.definitions:
            chosen = escaped(name, C_WORDS)
            while chosen in taken:
                chosen += "_"
            taken.add(chosen)
            self.types[name] = chosen
        self._not_for_fields = C_WORDS | frozenset(self.types.values())
        self._said = frozenset(_fields_and_parameters(contract))
        self.values: dict[tuple[str, str], str] = {}
        for definition in contract.definitions.values():
            if isinstance(definition, Enum):
                self._name_values(definition, taken)

    def _name_values(self, enum: Enum, taken: set[str]) -> None:
        """Keep the names of enumerators as they are, unless one is no free name of C."""
        plain = [each.name for each in enum.values]
        is_free = not any(name in taken or name in C_WORDS for name in plain)
        for name in plain:
            chosen = name if is_free else f"{enum.name}_{name}"
            while chosen in taken:
                chosen += "_"
            taken.add(chosen)
            self.values[enum.name, name] = chosen

    def type(self, name: str) -> str:
        """Return what a definition is called."""
        return self.types.get(name, name)

    def value(self, enum: Enum, name: str) -> str:
        """Return what an enumerator is called."""
        return self.values[enum.name, name]

    def field(self, name: str) -> str:
        """Return what a field or a parameter is called.

        One that is called like a type gives way: behind `Mode Mode` neither C++'s structs nor C's
        parameters can mean the type.
        """
        chosen = name
        while chosen in self._not_for_fields or (chosen != name and chosen in self._said):
            chosen += "_"
        return chosen

    def macro(self, name: str) -> str:
        """Return the name of a macro that is the header's own affair."""
        return f"{self.prefix}_{name}_"


def _fields_and_parameters(contract: Contract) -> Iterator[str]:
    """Yield the name of every field and parameter, as the contract has it."""
    for definition in contract.definitions.values():
        if isinstance(definition, Struct):
            yield from (each.name for each in definition.fields if each.name)
    for type_ in types_mentioned(contract):
        if isinstance(type_, FunctionType):
            yield from (each.name for each in type_.parameters if each.name)
