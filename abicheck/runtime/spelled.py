"""A type as a host spells it -> the type: what `plugin.new` and `plugin.callback` are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.contract import expressions
from abicheck.errors import ArgumentValueError
from abicheck.model.types import Alias, Enum, Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abicheck.model.types import Definition, Type


def parse_type(spelled: str, definitions: Mapping[str, Definition]) -> Type:
    """Return the type that a text spells in the language of a contract with these definitions.

    Raises: ArgumentValueError.
    """
    kinds = {name: _kind(each) for name, each in definitions.items()}

    def alias(name: str) -> Type | None:
        found = definitions.get(name)
        return found.type if isinstance(found, Alias) else None

    try:
        return expressions.Vocabulary(kinds, alias).parse_type(spelled, expressions.FIELD)
    except expressions.ExpressionError as error:
        raise ArgumentValueError(f"{spelled!r} is no type: {error}") from None


def _kind(definition: Definition) -> str:
    match definition:
        case Struct(is_union=True):
            return expressions.UNION
        case Struct():
            return expressions.STRUCT
        case Enum():
            return expressions.ENUM
        case Alias():
            return expressions.ALIASED
    return expressions.SIZED if definition.size is not None else expressions.OPAQUE
