"""Views: what Python sees of a plugin's memory; each knows where it is and whether it may be used.

A view does not copy. It keeps what it belongs to alive, shares its hold, and raises as soon as
that is freed or the plugin is unloaded.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, ClassVar, NoReturn, SupportsIndex, TypeVar

from abicheck.errors import ArgumentTypeError, ArgumentValueError, DoubleFree, PluginUnloaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from abicheck.runtime.keeper import Keeper
    from abicheck.runtime.shapes import Shape


class View:
    """Something in memory, at an address that is good as long as the hold is not empty."""

    __slots__ = ("__weakref__", "_address", "_hold", "_owner")
    _keeper: ClassVar[Keeper]
    _named: ClassVar[str] = "view"
    _key: ClassVar[str] = "void"
    """What a pointer to this points to; pointers of one key can be passed for each other."""
    _address: int
    _hold: list[object]
    _owner: object

    def _at(self) -> int:
        """Return the address.

        Raises: UseAfterFree, PluginUnloaded.
        """
        if not self._hold:
            raise self._keeper.ended(self._named)
        return self._address

    def _place_to_change(self, offset: int, size: int | None, where: str) -> int:
        """Return the address `offset` bytes further, where `size` bytes are about to be changed.

        Raises: UseAfterFree, PluginUnloaded; ArgumentTypeError if the plugin has a constant there.
        """
        if not self._hold:
            raise self._keeper.ended(where)
        address = self._address + offset
        self._keeper.check_change(address, size or 1, where)
        return address

    @property
    def _as_parameter_(self) -> int:
        """The address, for ctypes."""
        return self._at()

    def __eq__(self, other: object) -> bool:
        """Whether both stand for the same place and type."""
        if not isinstance(other, View):
            return NotImplemented
        return self._address == other._address and self._named == other._named

    def __hash__(self) -> int:
        """Hash the place."""
        return hash(self._address)

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied or stored: there is one handle for what is freed once."""
        raise TypeError(f"{self._named}: cannot be copied or pickled; read what is in it")

    def __repr__(self) -> str:
        """Say what it is and where, and whether that is over."""
        over = "" if self._hold else " (ended)"
        return f"<{self._named} at {self._address:#x}{over}>"


_V = TypeVar("_V", bound=View)
_set_address = View.__dict__["_address"].__set__
_set_hold = View.__dict__["_hold"].__set__
_set_owner = View.__dict__["_owner"].__set__


def make_view(cls: type[_V], address: int, hold: list[object], owner: object) -> _V:
    """Return a view without running the `__init__` that users call."""
    view = object.__new__(cls)
    _set_address(view, address)
    _set_hold(view, hold)
    _set_owner(view, owner)
    return view


def address_of(thing: View) -> int:
    """Return where a view lies in memory.

    Raises: UseAfterFree, PluginUnloaded.
    """
    return thing._at()


class Opaque(View):
    """A pointer to what the contract does not look into: it can be passed on, and compared."""

    __slots__ = ()


class Ref(View):
    """A pointer to one value or, if the plugin says so, to several of them in a row."""

    __slots__ = ()
    __iter__ = None  # Nobody knows where it would end.
    _shape: ClassVar[Shape]

    @property
    def value(self) -> object:
        """What it points to."""
        return self._shape.read(self._at(), self._hold, self)

    @value.setter
    def value(self, new: object) -> None:
        place = self._place_to_change(0, self._shape.size, self._named)
        self._shape.write(place, new, self._named, self)

    def __getitem__(self, index: int) -> object:
        """Return the value that many places further; nobody knows how many there are."""
        return self._shape.read(self._place(index), self._hold, self)

    def __setitem__(self, index: int, new: object) -> None:
        """Change the value that many places further."""
        where, size = f"{self._named}[{index}]", self._shape.known_size()
        self._shape.write(self._place_to_change(index * size, size, where), new, where, self)

    def _place(self, index: int) -> int:
        return self._at() + index * self._shape.known_size()


class Text(Ref):
    """A pointer to characters that end with a NUL."""

    __slots__ = ()

    @property
    def value(self) -> bytes:
        """The characters before the NUL, which are counted anew each time."""
        if not self._hold:
            raise self._keeper.ended(self._named)
        return _string(self._address).value or b""

    @value.setter
    def value(self, new: object) -> None:  # noqa: ARG002 (refused)
        raise ArgumentTypeError(
            f"{self._named}: nobody knows how long it may be; change it by index"
        )

    def __bytes__(self) -> bytes:
        """Return the characters before the NUL."""
        return self.value


_string = ctypes.c_char_p


class Array(View):
    """Values in a row: indexing, slices, iteration; of characters also `value`, as bytes.

    The length of a flexible array is None unless Python made it: then only indices work.
    """

    __slots__ = ("_count",)
    _shape: ClassVar[Shape]
    _count: int | None

    def __len__(self) -> int:
        """Return the number of elements."""
        if self._count is None:
            raise ArgumentTypeError(f"{self._named}: its length is known to the plugin alone")
        return self._count

    def _place(self, index: SupportsIndex) -> int:
        number = index.__index__()
        if self._count is not None:
            number += self._count if number < 0 else 0
            if not 0 <= number < self._count:
                raise IndexError(f"{self._named}: no element {index}; there are {self._count}")
        elif number < 0:
            raise IndexError(f"{self._named}: its length is known to the plugin alone")
        return self._at() + number * self._shape.known_size()

    def __getitem__(self, index: SupportsIndex | slice) -> object:
        """Return one element, or a list of several."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        return self._shape.read(self._place(index), self._hold, self)

    def __setitem__(self, index: SupportsIndex | slice, new: object) -> None:
        """Change one element, or as many as the slice has."""
        if not isinstance(index, slice):
            where, size = f"{self._named}[{index}]", self._shape.known_size()
            offset = self._place(index) - self._address
            self._shape.write(self._place_to_change(offset, size, where), new, where, self)
            return
        places = range(*index.indices(len(self)))
        values = list(new)  # type: ignore[call-overload]
        if len(values) != len(places):
            raise ArgumentValueError(
                f"{self._named}: expected {len(places)} values, got {len(values)}"
            )
        for place, value in zip(places, values, strict=True):
            self[place] = value

    def __iter__(self) -> Iterator[object]:
        """Go through the elements."""
        return (self[index] for index in range(len(self)))

    def __bytes__(self) -> bytes:
        """Return the bytes of all elements."""
        return ctypes.string_at(self._at(), len(self) * self._shape.known_size())

    @property
    def value(self) -> object:
        """Characters up to the first NUL, as bytes; of other elements a list."""
        if self._key == "1":
            return bytes(self).partition(b"\0")[0]
        return list(self)

    def __repr__(self) -> str:
        """Show what is in it, if that is known."""
        if not self._hold or self._count is None:
            return super().__repr__()
        return f"<{self._named} {self.value!r}>"


class StructView(View):
    """A struct or union: its fields are attributes, those named like a method items too."""

    __slots__ = ()
    __iter__ = None
    _fields: ClassVar[Mapping[str, FieldAccess]] = {}

    def __getitem__(self, name: str) -> object:
        """Return a field by its name in the contract, whatever it is called."""
        return self._field(name).get(self)

    def __setitem__(self, name: str, new: object) -> None:
        """Change a field by its name in the contract."""
        self._field(name).set(self, new)

    def _field(self, name: str) -> FieldAccess:
        if name not in self._fields:
            raise AttributeError(f"{self._named} has no field {name!r}")
        return self._fields[name]

    def __dir__(self) -> list[str]:
        """List the fields beside the methods."""
        return sorted({*super().__dir__(), *self._fields})

    def __repr__(self) -> str:
        """Show the fields that are numbers."""
        if not self._hold:
            return super().__repr__()
        shown = []
        for name, field in self._fields.items():
            if field.is_plain:
                shown.append(f"{name}={field.get(self)!r}")
        return f"<{' '.join([f'{self._named} at {self._address:#x}', *shown])}>"


class FieldAccess:
    """How one field of a struct is read and written."""

    __slots__ = ("get", "is_plain", "set")

    def __init__(
        self,
        get: Callable[[View], object],
        set_: Callable[[View, object], None],
        *,
        is_plain: bool,
    ) -> None:
        """Hold the two; `is_plain`: reading it follows no pointer."""
        self.get, self.set, self.is_plain = get, set_, is_plain


def _finaliser(keeper: Keeper) -> Callable[[View], None]:
    def finalise(self: View) -> None:
        """Free it if nobody did, with a warning."""
        try:
            hold = self._hold
        except AttributeError:  # It was never finished, and owns nothing.
            return
        if hold:
            keeper.leaked(hold, self)

    return finalise


def owned_class(base: type[View], release: Callable[[int], object]) -> type[View]:
    """Return the class of what is like `base` and was handed over to Python.

    `release` gives it back to the plugin, and is called once for each, whoever frees it.
    """
    keeper = base._keeper
    take_out, named = keeper.live.pop, base._named

    def free(self: View) -> None:
        """Give it back to the plugin; it cannot be used any more.

        Raises: DoubleFree, PluginUnloaded.
        """
        if not keeper.give_up(self._hold):
            if keeper.is_unloaded:
                raise PluginUnloaded(f"{named}: {keeper.file} was unloaded")
            raise DoubleFree(f"{named}: it was freed before")
        release(self._address)

    def enter(self: _V) -> _V:
        """Use it until the end of the block."""
        if not self._hold:
            raise keeper.ended(named)
        return self

    def leave(self: View, kind: object, error: object, trace: object) -> None:  # noqa: ARG001
        """Free it, if nobody did."""
        hold = self._hold
        if take_out(id(hold), None) is not None or keeper.give_up(hold):
            hold.clear()
            release(self._address)

    members = {
        "__slots__": (),
        "__doc__": f"{named}, owned: freed once, by `with`, by `free()` or at last by itself.",
        "__module__": base.__module__,
        "_release": staticmethod(release),
        "free": free,
        "__enter__": enter,
        "__exit__": leave,
        "__del__": _finaliser(keeper),
    }
    return type(base.__name__, (base,), members)
