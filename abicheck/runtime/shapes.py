"""Shapes: how values of one type of the contract travel between Python and a plugin. Scalars.

Each has a fast test, which goes into the source of the functions that are made for a
plugin, and `convert`, which takes whatever else fits and says what does not.
"""

from __future__ import annotations

import ctypes
import math
import operator
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NoReturn

from abicheck.errors import (
    ArgumentRangeError,
    ArgumentTypeError,
    ArgumentValueError,
    BrokenPromise,
    UncallableError,
)
from abicheck.generation.python_names import enumerator_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from abicheck.runtime.views import View

    Bind = Callable[[object], str]
    """Makes an object available to the source, and returns the name that it has there."""

INTEGERS: dict[tuple[bool, int], type[Any]] = {
    (True, 1): ctypes.c_int8, (True, 2): ctypes.c_int16,
    (True, 4): ctypes.c_int32, (True, 8): ctypes.c_int64,
    (False, 1): ctypes.c_uint8, (False, 2): ctypes.c_uint16,
    (False, 4): ctypes.c_uint32, (False, 8): ctypes.c_uint64,
}  # fmt: skip
LARGEST_FLOAT = (2 - 2**-23) * 2.0**127
"""Source: IEEE 754-2019, table 3.5, binary32."""


def shown(value: object) -> str:
    """Return a value as messages name it."""
    if value is None:
        return "None"
    text = repr(value)
    return f"{type(value).__name__} {text}" if len(text) <= 40 else type(value).__name__  # noqa: PLR2004


def wrong(where: str, expected: str, value: object, hint: str = "") -> NoReturn:
    """Refuse a value of a wrong type."""
    raise ArgumentTypeError(f"{where}: expected {expected}, got {shown(value)}{hint}")


class Shape:
    """One type of the contract. `size` and `alignment` are abicheck's own, in bytes."""

    is_plain = False
    """Whether what ctypes returns is the value already."""

    def __init__(self, spelled: str, key: str, size: int | None, alignment: int | None) -> None:
        """Describe a type that the contract spells so; `key` tells pointers to it apart."""
        self.spelled, self.key, self.size, self.alignment = spelled, key, size, alignment or 1

    def known_size(self) -> int:
        """Return the size.

        Raises: UncallableError where nobody stated one.
        """
        if self.size is None:
            raise UncallableError(f"{self.spelled}: its size is not known here")
        return self.size

    def ctype(self) -> Any:  # noqa: ANN401 (ctypes has no common public type)
        """Return the type that ctypes passes and returns.

        Raises: UncallableError where ctypes would pass it wrongly or not at all.
        """
        raise UncallableError(f"{self.spelled} cannot be passed by value")

    def test(self, name: str, bind: Bind) -> tuple[str, str] | None:
        """Return (condition, expression): what is passed where the condition holds, in source."""
        del name, bind
        return None

    def convert(self, value: object, where: str) -> object:
        """Return what ctypes takes for a value.

        Raises: ArgumentError.
        """
        raise NotImplementedError

    def take(self, raw: Any, hold: list[object], owner: object) -> object:  # noqa: ANN401
        """Return the value of what ctypes returned."""
        del hold, owner
        return raw

    def read(self, address: int, hold: list[object], owner: View) -> object:
        """Return the value in memory."""
        raise NotImplementedError

    def write(self, address: int, value: object, where: str, view: View) -> None:
        """Change the value in memory."""
        raise NotImplementedError

    def default(self) -> object:
        """Return what a callback returns to C when Python's function failed."""
        return 0


class Simple(Shape):
    """A scalar that one type of ctypes reads, writes and passes."""

    _ctype: Any

    def ctype(self) -> Any:  # noqa: ANN401
        """Return the type of ctypes, of the size that the contract's layout has."""
        if ctypes.sizeof(self._ctype) != self.size:
            raise UncallableError(
                f"{self.spelled}: {self.size} bytes here, {ctypes.sizeof(self._ctype)} in ctypes"
            )
        return self._ctype

    def read(self, address: int, hold: list[object], owner: View) -> object:
        """Return the value in memory."""
        return self.take(self.ctype().from_address(address).value, hold, owner)

    def write(self, address: int, value: object, where: str, view: View) -> None:
        """Change the value in memory."""
        del view
        self.ctype().from_address(address).value = self.convert(value, where)


class Integer(Simple):
    """An integer of up to 64 bits."""

    is_plain = True

    def __init__(
        self, spelled: str, key: str, size: int, alignment: int | None, *, is_signed: bool
    ) -> None:
        """Know the least and the greatest value."""
        super().__init__(spelled, key, size, alignment)
        self.is_signed = is_signed
        self._ctype = INTEGERS.get((is_signed, size))
        self.least, self.most = limits(size * 8, is_signed=is_signed)

    def test(self, name: str, bind: Bind) -> tuple[str, str] | None:
        """An `int` within the limits is passed as it is."""
        del bind
        return f"{name}.__class__ is int and {self.least} <= {name} <= {self.most}", name

    def convert(self, value: object, where: str) -> int:
        """Take whatever is an integer to Python, within the limits."""
        return integer_within(value, where, self.spelled, self.least, self.most)


def limits(bits: int, *, is_signed: bool) -> tuple[int, int]:
    """Return the least and the greatest integer of so many bits."""
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if is_signed else (0, (1 << bits) - 1)


def integer_within(value: object, where: str, expected: str, least: int, most: int) -> int:
    """Return an integer that lies within limits.

    Raises: ArgumentTypeError, ArgumentRangeError.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        wrong(where, expected, value)
    if not least <= number <= most:
        raise ArgumentRangeError(
            f"{where}: expected {expected}, {least} to {most}, got {shown(number)}"
        )
    return int(number)


class Wide(Shape):
    """A 128-bit integer: in memory only, since libffi passes none."""

    def __init__(
        self, spelled: str, key: str, alignment: int | None, byte_order: str, *, is_signed: bool
    ) -> None:
        """Know the order of its bytes."""
        super().__init__(spelled, key, 16, alignment)
        self.is_signed, self.byte_order = is_signed, byte_order

    def ctype(self) -> NoReturn:
        """Refuse: it would be passed in the wrong registers."""
        raise UncallableError(f"{self.spelled}: libffi passes no 128-bit integers by value")

    def convert(self, value: object, where: str) -> int:
        """Take an integer."""
        return integer_within(value, where, self.spelled, *limits(128, is_signed=self.is_signed))

    def read(self, address: int, hold: list[object], owner: View) -> int:
        """Return the integer in memory."""
        del hold, owner
        found = ctypes.string_at(address, 16)
        return int.from_bytes(found, self.byte_order, signed=self.is_signed)  # type: ignore[arg-type]

    def write(self, address: int, value: object, where: str, view: View) -> None:
        """Change the integer in memory."""
        del view
        number = self.convert(value, where)
        made = number.to_bytes(16, self.byte_order, signed=self.is_signed)  # type: ignore[arg-type]
        ctypes.memmove(address, made, 16)


class Float(Simple):
    """A floating-point number; a `long double` loses what Python's `float` cannot hold."""

    is_plain = True

    def __init__(self, spelled: str, key: str, size: int, alignment: int | None) -> None:
        """Choose the type of ctypes by name where the size alone does not tell."""
        super().__init__(spelled, key, size, alignment)
        names = {4: ctypes.c_float, 8: ctypes.c_double}
        self._ctype = names.get(size, ctypes.c_longdouble)

    def test(self, name: str, bind: Bind) -> tuple[str, str] | None:
        """A `float` is passed as it is, unless it may be too large."""
        del bind
        return None if self.size == 4 else (f"{name}.__class__ is float", name)  # noqa: PLR2004

    def convert(self, value: object, where: str) -> float:
        """Take a number that is real to Python."""
        if isinstance(value, str | bytes):
            wrong(where, self.spelled, value)
        try:
            number = float(value)  # type: ignore[arg-type]
        except TypeError:
            wrong(where, self.spelled, value)
        except OverflowError:
            number = math.nan
            raise ArgumentRangeError(
                f"{where}: expected {self.spelled}, got {shown(value)}"
            ) from None
        if self.size == 4 and math.isfinite(number) and abs(number) > LARGEST_FLOAT:  # noqa: PLR2004
            raise ArgumentRangeError(f"{where}: expected {self.spelled}, got {shown(value)}")
        return number

    def default(self) -> float:
        """Return zero."""
        return 0.0


class Bool(Simple):
    """`bool`, one byte."""

    is_plain = True
    _ctype = ctypes.c_bool

    def test(self, name: str, bind: Bind) -> tuple[str, str] | None:
        """Only True and False are of their class."""
        del bind
        return f"{name}.__class__ is bool", name

    def convert(self, value: object, where: str) -> bool:
        """Take True and False, and no number, which would be a mistake more often than not."""
        if not isinstance(value, bool):
            wrong(where, "bool", value)
        return value

    def default(self) -> bool:
        """Return False."""
        return False


class Char(Simple):
    """C's plain `char`: one character, as bytes; numbers are taken too."""

    def __init__(self, spelled: str, alignment: int | None, *, is_signed: bool) -> None:
        """Know whether the target signs it."""
        super().__init__(spelled, "1", 1, alignment)
        self._ctype = INTEGERS[is_signed, 1]

    def convert(self, value: object, where: str) -> int:
        """Take bytes of length one, or -128 to 255."""
        if isinstance(value, bytes | bytearray):
            if len(value) != 1:
                raise ArgumentValueError(
                    f"{where}: expected one {self.spelled}, got {len(value)} bytes"
                )
            number = value[0]
        elif isinstance(value, str):
            wrong(where, f"{self.spelled}, as bytes of length 1", value, '; write b"x"')
        else:
            number = integer_within(value, where, self.spelled, -128, 255)
        return int(self._ctype(number).value)

    def take(self, raw: int, hold: list[object], owner: object) -> bytes:
        """Return the character."""
        del hold, owner
        return bytes([raw & 0xFF])


class OpenEnum(IntEnum):
    """An enum of a contract. A value without a name is `<Mode: 7>`: plugins may know more."""

    @classmethod
    def _missing_(cls, value: object) -> OpenEnum | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_, member._value_ = str(value), value
        return member


class EnumShape(Integer):
    """An enum: its members, and integers where it is open."""

    is_plain = False

    def __init__(  # noqa: PLR0913 (all but one by keyword)
        self,
        name: str,
        *,
        size: int,
        alignment: int | None,
        is_signed: bool,
        values: tuple[tuple[str, int], ...],
        is_closed: bool,
    ) -> None:
        """Make the class of its members."""
        super().__init__(name, f"enum {name}", size, alignment, is_signed=is_signed)
        base = IntEnum if is_closed else OpenEnum
        members = [(enumerator_name(each), value) for each, value in values]
        self.cls: type[IntEnum] = base(name, members)  # type: ignore[arg-type, assignment, call-arg]
        self.cls.__module__ = "abicheck.plugin"
        self.is_closed = is_closed
        self.first = values[0][1] if values else 0

    def test(self, name: str, bind: Bind) -> tuple[str, str] | None:
        """A member is passed as it is."""
        return f"{name}.__class__ is {bind(self.cls)}", name

    def convert(self, value: object, where: str) -> int:
        """Take a member, or an integer that may be one."""
        if isinstance(value, IntEnum) and not isinstance(value, self.cls):
            wrong(where, self.spelled, value)
        number = integer_within(value, where, self.spelled, self.least, self.most)
        if self.is_closed and number not in self.cls._value2member_map_:
            names = ", ".join(self.cls.__members__)
            raise ArgumentValueError(
                f"{where}: expected {self.spelled} ({names}), got {shown(value)}"
            )
        return number

    def take(self, raw: int, hold: list[object], owner: object) -> IntEnum:
        """Return the member; of a closed enum there is no other value."""
        del hold, owner
        try:
            return self.cls(raw)
        except ValueError:
            raise BrokenPromise(
                f"{self.spelled} is closed, and the plugin gave it the value {raw}"
            ) from None

    def default(self) -> int:
        """Return 0 if that is a value, else the first."""
        return 0 if not self.is_closed or 0 in self.cls._value2member_map_ else self.first


class Missing(Shape):
    """A type that has no layout here, or that Python cannot make anything of: and why."""

    def __init__(self, spelled: str, reason: str) -> None:
        """Keep the reason."""
        super().__init__(spelled, f"missing {spelled}", None, None)
        self.reason = reason

    def ctype(self) -> NoReturn:
        """Refuse."""
        raise UncallableError(f"{self.spelled}: {self.reason}")

    def convert(self, value: object, where: str) -> NoReturn:
        """Refuse."""
        del value
        raise UncallableError(f"{where}: {self.spelled}: {self.reason}")

    def read(self, address: int, hold: list[object], owner: View) -> NoReturn:
        """Refuse."""
        del address, hold, owner
        raise UncallableError(f"{self.spelled}: {self.reason}")

    def write(self, address: int, value: object, where: str, view: View) -> NoReturn:
        """Refuse."""
        del address, view
        self.convert(value, where)
