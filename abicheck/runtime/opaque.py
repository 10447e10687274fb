"""Shapes of opaque types that have a size: stored and copied, never looked into."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from abicheck.errors import UncallableError
from abicheck.runtime.memory import keep_with
from abicheck.runtime.shapes import Shape, wrong
from abicheck.runtime.views import View, make_view

if TYPE_CHECKING:
    from typing import NoReturn


class OpaqueShape(Shape):
    """A type of which only size and alignment may be known."""

    def __init__(self, name: str, size: int | None, alignment: int | None, cls: type[View]) -> None:
        """Describe an opaque type that Python sees as `cls`."""
        super().__init__(name, f"opaque {name}", size, alignment)
        self.cls = cls

    def ctype(self) -> NoReturn:
        """Refuse: nobody knows in which registers it travels."""
        raise UncallableError(f"{self.spelled} is opaque and cannot be passed by value")

    def read(self, address: int, hold: list[object], owner: View) -> View:
        """Return a view of the place."""
        return make_view(self.cls, address, hold, owner)

    def write(self, address: int, value: object, where: str, view: View) -> None:
        """Copy another value of the type."""
        if not isinstance(value, View) or value._key != self.key:
            wrong(where, self.spelled, value)
        ctypes.memmove(address, value._at(), self.known_size())
        keep_with(view, address, value)
