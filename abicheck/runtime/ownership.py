"""Ownership: who takes back what, and what may be given back, by the contract's `free`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import (
    ArgumentTypeError,
    DoubleFree,
    OwnershipError,
    PluginUnloaded,
    UncallableError,
)
from abicheck.model.types import Alias, Pointer, Struct
from abicheck.runtime import functions
from abicheck.runtime.keeper import Hold
from abicheck.runtime.memory import is_of_python
from abicheck.runtime.views import View, owned_class

if TYPE_CHECKING:
    from collections.abc import Callable

    from abicheck.model.contract import Export
    from abicheck.model.types import FunctionType
    from abicheck.runtime.keeper import Keeper
    from abicheck.runtime.shapes import Shape
    from abicheck.runtime.vocabulary import Vocabulary


class Ownership:
    """What the contract says of giving back, for one plugin.

    `takers` are the exports that some `free` names; `freeable` the keys of what they take.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Find out who takes what back."""
        self.vocabulary, self.keeper = vocabulary, vocabulary.keeper
        self._classes: dict[tuple[str, str], type[View]] = {}
        self._releases: dict[str, Callable[[int], object]] = {}
        self._frees = {
            id(definition.type.to): definition.free
            for definition in vocabulary.definitions.values()
            if isinstance(definition, Alias)
            and isinstance(definition.type, Pointer)
            and definition.free is not None
        }
        self.takers = self._all_takers()
        self.freeable = {self._taken_by(name) for name in self.takers}

    def _all_takers(self) -> set[str]:
        """Return the exports that some `free` names."""
        found = {each.free for each in self.vocabulary.contract.exports}
        found |= set(self._frees.values())
        for definition in self.vocabulary.definitions.values():
            if isinstance(definition, Struct):
                found |= {field.free for field in definition.fields}
        return {name for name in found if isinstance(name, str) and name != "host"}

    def _taken_by(self, name: str) -> str:
        export = self.vocabulary.contract.export_named(name)
        if export is None or export.function is None or not export.function.parameters:
            return ""
        type_ = self.vocabulary.seen(export.function.parameters[0].type)
        return self.vocabulary.key(type_.to) if isinstance(type_, Pointer) else ""

    def free_of(self, export: Export) -> str | bool | None:
        """Return who takes back what an export returns: as it says, or the alias of its type."""
        return export.free if export.free is not None else self._frees.get(id(export.type))

    def free_of_type(self, function: FunctionType) -> str | bool | None:
        """Return who takes back what a function returns, where an alias of its type says it."""
        return self._frees.get(id(function))

    def release(self, name: str) -> Callable[[int], object]:
        """Return what gives a pointer back through the export `name`.

        Raises: UncallableError.
        """
        if name not in self._releases:
            export = self.vocabulary.contract.export_named(name)
            address = (
                None if export is None else self.keeper.image.address(name, export.symbol_version)
            )
            if export is None or export.function is None or address is None:
                raise UncallableError(f"{name}, which should take things back, is not there")
            self._releases[name] = functions.raw_release(self.vocabulary, export.function, address)
        return self._releases[name]

    def owned(self, base: type[View], name: str) -> type[View]:
        """Return the class of what is like `base` and given back by the export `name`."""
        key = (base.__name__ + base._named, name)
        if key not in self._classes:
            made = owned_class(base, self.release(name))
            made._freed_by = name  # type: ignore[attr-defined]
            self._classes[key] = made
        return self._classes[key]

    def surrender(self, shape: Shape, name: str) -> Callable[[object, str], object]:
        """Return what converts the argument of the export `name`, which takes things back."""
        keeper = self.keeper

        def surrendered(value: object, where: str) -> object:
            if not isinstance(value, View):
                if value is None:
                    return shape.convert(value, where)
                raise ArgumentTypeError(f"{where}: expected {shape.spelled} from the plugin")
            if value._keeper is not keeper:
                raise OwnershipError(f"{where}: {value!r} belongs to another plugin")
            taker = getattr(value, "_freed_by", None)
            if taker is not None:
                if taker != name:
                    raise OwnershipError(f"{where}: {value!r} is given back by {taker}")
                if value._hold:
                    shape.convert(value, where)
                if not keeper.give_up(value._hold):
                    raise _over(keeper, where)
                return value._address
            if not value._hold:
                raise _over(keeper, where)
            shape.convert(value, where)
            return _end_loose(value, where)

        return surrendered

    def loose(self) -> list[object]:
        """Return the hold of something that the contract leaves to the caller."""
        hold = Hold(["unsaid"])
        self.keeper.loose.add(hold)
        return hold

    def lender(self, arguments: tuple[object, ...]) -> tuple[list[object], object]:
        """Return hold and owner of what is borrowed: the first owned argument, or the plugin."""
        for each in arguments:
            if isinstance(each, View) and id(each._hold) in self.keeper.live:
                return each._hold, each
        return self.keeper.lent, None


def _over(keeper: Keeper, where: str) -> Exception:
    if keeper.is_unloaded:
        return PluginUnloaded(f"{where}: {keeper.file} was unloaded")
    return DoubleFree(f"{where}: it was freed before")


def _end_loose(value: View, where: str) -> int:
    """End what the contract leaves to the caller; refuse what is somebody else's.

    Raises: OwnershipError, DoubleFree.
    """
    hold, keeper = value._hold, value._keeper
    if is_of_python(value):
        raise OwnershipError(f"{where}: {value!r} is memory of Python's, not the plugin's")
    if isinstance(hold, Hold):
        if value._owner is not None:
            raise OwnershipError(f"{where}: {value!r} belongs to {value._owner!r}")
        try:
            hold.pop()
        except IndexError:
            raise _over(keeper, where) from None
    elif hold is keeper.hold:
        value._hold = []
    else:
        raise OwnershipError(f"{where}: {value!r} is borrowed: it is not the caller's to free")
    return value._address
