"""`record`, `NamedTuple`, `Protocol`: frozen data and interfaces that cost nothing at start-up.

A class decorated with `record` states its fields as annotations, with defaults as class
attributes. To type checkers it is a frozen dataclass; at run time no code is
compiled for it, which is what makes forty of them affordable in a command
whose whole budget is fifty milliseconds. `NamedTuple` and `Protocol` are those of
`typing` to type checkers; theirs take ten times as long to define.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from typing import NamedTuple, Protocol, dataclass_transform
else:
    Protocol = object

    class _Named(type):
        """Makes a property of each annotation, in order."""

        def __new__(cls, name, bases, namespace):
            for place, field in enumerate(namespace.get("__annotations__", ())):
                namespace[field] = property(itemgetter(place))
            return super().__new__(cls, name, bases, {"__slots__": (), **namespace})

    class NamedTuple(tuple, metaclass=_Named):
        """A tuple whose places have names; all are given, by position."""

        def __new__(cls, *values):
            return tuple.__new__(cls, values)

    def dataclass_transform(**_options: bool):
        """Stand in for the marker that only type checkers read."""
        return lambda function: function


__all__ = ["NamedTuple", "Protocol", "record", "replace"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """Turn an annotated class into a frozen record with value equality."""
    names = tuple(cls.__dict__.get("__annotations__", ()))
    known = frozenset(names)
    required = frozenset(name for name in names if name not in cls.__dict__)

    def __init__(self: object, *positional: object, **named: object) -> None:
        values = self.__dict__
        if positional:
            values.update(zip(names, positional, strict=False))
        values.update(named)
        if not (required <= values.keys() <= known) or len(positional) > len(names):
            raise TypeError(_complaint(cls.__name__, values, required, known))

    def __eq__(self: object, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def __hash__(self: object) -> int:
        return hash(tuple([getattr(self, name) for name in names]))

    def __repr__(self: object) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{cls.__name__}({shown})"

    for method in (__init__, __eq__, __hash__, __repr__):
        setattr(cls, method.__name__, method)
    type.__setattr__(cls, "__setattr__", _refuse_change)
    type.__setattr__(cls, "__delattr__", _refuse_change)
    type.__setattr__(cls, "__match_args__", names)
    return cls


def replace(instance: T, **changes: object) -> T:
    """Return a copy of the record `instance` with some fields changed."""
    return type(instance)(**{**instance.__dict__, **changes})


def _refuse_change(self: object, name: str, *_value: object) -> None:
    raise AttributeError(f"{type(self).__name__} is frozen; {name} cannot change")


def _complaint(
    name: str, values: dict[str, object], required: frozenset[str], known: frozenset[str]
) -> str:
    missing = ", ".join(sorted(required - values.keys())) or "nothing"
    unknown = ", ".join(sorted(values.keys() - known)) or "nothing"
    return f"{name}: missing {missing}; not a field: {unknown}"
