"""Shapes of pointers: what may be passed for one, and what Python gets for one."""

from __future__ import annotations

import ctypes
import types
from typing import TYPE_CHECKING, Any

from abicheck.errors import ArgumentTypeError, ArgumentValueError, BrokenPromise
from abicheck.runtime.memory import Allocation, keep_with
from abicheck.runtime.shapes import Shape, shown, wrong
from abicheck.runtime.views import StructView, View, make_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from abicheck.model.types import FunctionType
    from abicheck.runtime.keeper import Keeper
    from abicheck.runtime.shapes import Bind
    from abicheck.runtime.vocabulary import Vocabulary

POINTER_SIZE = ctypes.sizeof(ctypes.c_void_p)
ANY, BYTE = "void", "1"
KINDS = {"f": "fd", "i": "bhilqn", "u": "BHILQN", "b": "?"}
"""First letter of a scalar's key -> what `memoryview` calls elements of that kind."""


class PointerShape(Shape):
    """A pointer to data."""

    def __init__(  # noqa: PLR0913 (all but one by keyword)
        self,
        spelled: str,
        *,
        pointee: str,
        view: Callable[[], type[View]],
        may_be_null: bool,
        is_mutable: bool,
        is_text: bool,
        vocabulary: Vocabulary,
    ) -> None:
        """Describe a pointer to what has the key `pointee`, which Python sees as `view()`."""
        super().__init__(spelled, f"*{pointee}", POINTER_SIZE, POINTER_SIZE)
        self.pointee, self.may_be_null, self.is_mutable = pointee, may_be_null, is_mutable
        self.is_text, self.vocabulary = is_text, vocabulary
        self._view = view

    @property
    def view(self) -> type[View]:
        """The class of what comes back, made when it is first wanted: types are recursive."""
        return self._view()

    def ctype(self) -> Any:  # noqa: ANN401
        """Return the type of an untyped pointer: what is passed has been looked at by then."""
        return ctypes.c_void_p

    def test(self, name: str, bind: Bind) -> tuple[str, str] | None:
        """Bytes without a NUL are a string; views of the class are good while they live."""
        if self.is_text and not self.is_mutable:
            return f"{name}.__class__ is bytes and 0 not in {name}", name
        if issubclass(self.view, StructView):
            good = f"isinstance({name}, {bind(self.view)}) and {name}._hold"
            if self._slots():
                good += f" and {name}._owner.__class__ is not {bind(Allocation)}"
            return good, f"{name}._address"
        return None

    def convert(self, value: object, where: str) -> object:
        """Take a view, None where NULL may be, bytes and buffers, and lists for `*const T`."""
        if isinstance(value, View):
            return self._of_view(value, where)
        if value is None:
            if not self.may_be_null:
                wrong(where, f"{self.spelled}, which must not be NULL", value)
            return None
        if isinstance(value, str):
            wrong(where, f"{self.spelled}, as bytes", value, "; encode it: text.encode()")
        if isinstance(value, bytes):
            return self._of_bytes(value, where)
        if isinstance(value, list | tuple):
            return self._of_list(value, where)
        return self._of_buffer(value, where)

    def _of_view(self, value: View, where: str) -> View:
        value._at()
        if not (self.pointee in {ANY, value._key} or value._key == ANY):
            wrong(where, self.spelled, value)
        if value._keeper is not self.vocabulary.keeper and self.pointee not in {ANY, BYTE}:
            raise ArgumentTypeError(f"{where}: {shown(value)} belongs to another plugin")
        if isinstance(value._owner, Allocation) and isinstance(value, StructView):
            check_filled(value, self._slots(), where)
        return value

    def _slots(self) -> list[tuple[str, int]]:
        """Return the slots that the host must have filled in before the plugin gets the struct.

        What the plugin may write to is not looked at, unless the contract says that hosts fill it.
        """
        struct = getattr(self.view, "_struct", None)
        if struct is None or (self.is_mutable and not struct.is_filled_by_host):
            return []
        return list(struct.slots())

    def _of_bytes(self, value: bytes, where: str) -> bytes:
        if self.pointee not in {ANY, BYTE}:
            wrong(where, self.spelled, value)
        if self.is_mutable:
            wrong(where, f"{self.spelled}, which is written to", value, "; pass a bytearray")
        if self.is_text and 0 in value:
            raise ArgumentValueError(
                f"{where}: expected {self.spelled}, a string that ends at the first NUL, got "
                f"bytes with one at {value.index(0)}; pass a bytearray if that is meant"
            )
        return value

    def _of_list(self, value: list[object] | tuple[object, ...], where: str) -> View:
        if self.is_mutable or self.pointee == ANY:
            hint = "; make the memory with plugin.new(...), so that you can read it afterwards"
            wrong(where, self.spelled, value, hint)
        element = self.vocabulary.element_of(self)
        made = self.vocabulary.new_array(element, len(value))
        for index, each in enumerate(value):
            place = made._address + index * element.known_size()
            element.write(place, each, f"{where}[{index}]", made)
        return made

    def _of_buffer(self, value: Any, where: str) -> object:  # noqa: ANN401
        try:
            buffer = memoryview(value)
        except TypeError:
            wrong(where, self.spelled, value)
        if not self._fits(buffer):
            wrong(where, self.spelled, value)
        if not buffer.c_contiguous:
            raise ArgumentValueError(f"{where}: its elements do not lie in a row")
        if buffer.readonly:
            if self.is_mutable:
                wrong(where, f"{self.spelled}, which is written to", value)
            return bytes(buffer)
        return (ctypes.c_char * buffer.nbytes).from_buffer(value)

    def _fits(self, buffer: memoryview) -> bool:
        """Whether the elements of a buffer are what the pointer points to."""
        letter = buffer.format.lstrip("@=<>!")
        if self.pointee == ANY:
            return True
        if self.pointee == BYTE:
            return buffer.itemsize == 1 and letter in {"b", "B", "c"}
        kind, size = self.pointee[:1], self.pointee[1:]
        return letter in KINDS.get(kind, "") and letter != "" and size == str(buffer.itemsize)

    def take(self, raw: int | None, hold: list[object], owner: object) -> View | None:
        """Return a view; None for NULL.

        Raises: BrokenPromise for NULL where the contract promises something else.
        """
        if raw is None:
            if self.may_be_null:
                return None
            raise BrokenPromise(f"the plugin gave NULL for {self.spelled}")
        return make_view(self.view, raw, hold, owner)

    def read(self, address: int, hold: list[object], owner: View) -> object:
        """Return a view of where the pointer in memory leads; it leans on what it was read from."""
        return self.take(ctypes.c_void_p.from_address(address).value, hold, owner)

    def write(self, address: int, value: object, where: str, view: View) -> None:
        """Store a pointer, and keep what it leads to alive."""
        taken = self.convert(value, where)
        number, kept = pointer_to(taken)
        ctypes.c_void_p.from_address(address).value = number
        keep_with(view, address, kept)

    def default(self) -> None:
        """Return NULL."""


def check_filled(value: View, slots: list[tuple[str, int]], where: str) -> None:
    """Refuse a struct of Python's in which a function is NULL that must not be.

    Raises: ArgumentValueError.
    """
    for name, offset in slots:
        if ctypes.c_void_p.from_address(value._address + offset).value is None:
            raise ArgumentValueError(
                f"{where}: {value._named}.{name} is NULL and must not be; give it a function"
            )


def pointer_to(taken: object) -> tuple[int | None, object]:
    """Return the address of what `convert` made, and what must live as long as it is stored."""
    match taken:
        case None:
            return None, None
        case int():
            return taken, None
        case View():
            return taken._at(), taken
        case bytes():
            copy = ctypes.create_string_buffer(taken)
            return ctypes.addressof(copy), copy
        case _:
            return ctypes.addressof(taken), taken  # type: ignore[arg-type]  # an array of ctypes


class FunctionPointerShape(Shape):
    """A pointer to a function: a Python function becomes a callback, and theirs a Python one."""

    def __init__(
        self,
        spelled: str,
        key: str,
        *,
        may_be_null: bool,
        vocabulary: Vocabulary,
        type_: FunctionType,
    ) -> None:
        """Describe a pointer to a function of the contract's type `type_`."""
        super().__init__(spelled, key, POINTER_SIZE, POINTER_SIZE)
        self.may_be_null, self.vocabulary, self.type = may_be_null, vocabulary, type_
        self.free: str | bool | None = None
        self.named = spelled

    def ctype(self) -> Any:  # noqa: ANN401
        """Return the type of an untyped pointer."""
        return ctypes.c_void_p

    def convert(self, value: object, where: str) -> int | None:
        """Take a Python function, one of the plugin's, or None where NULL may be."""
        if value is None:
            if not self.may_be_null:
                wrong(where, f"{self.spelled}, which must not be NULL", value)
            return None
        prototype = _prototype_of(value)
        if prototype is not None:
            if prototype != self.key:
                wrong(where, self.spelled, value, f", which is {prototype}")
            return self._address(value, where)
        if not callable(value):
            wrong(where, self.spelled, value, "; pass a function")
        if not _takes(value, len(self.type.parameters)):
            count = len(self.type.parameters)
            wrong(where, f"{self.spelled}, a function of {count} parameters", value)
        return self.vocabulary.callback(self, value).address

    def _address(self, function: Any, where: str) -> int:  # noqa: ANN401 (by its attributes)
        """Return the address of a function of a plugin, which is loaded as long as this one."""
        keeper: Keeper = function.keeper
        if keeper.is_unloaded:
            raise keeper.ended(where)
        address: int = function.address
        if keeper is not self.vocabulary.keeper:
            self.vocabulary.keeper.callbacks[address] = function
        return address

    def take(self, raw: int | None, hold: list[object], owner: object) -> object:
        """Return the function; None for NULL.

        Raises: BrokenPromise for NULL where the contract promises something else.
        """
        if raw is None:
            if self.may_be_null:
                return None
            raise BrokenPromise(f"the plugin gave NULL for {self.spelled}")
        return self.vocabulary.function_at(raw, self, hold, owner)

    def read(self, address: int, hold: list[object], owner: View) -> object:
        """Return the function that the pointer in memory leads to."""
        return self.take(ctypes.c_void_p.from_address(address).value, hold, owner)

    def write(self, address: int, value: object, where: str, view: View) -> None:
        """Store a pointer to a function; callbacks live as long as the plugin does."""
        del view
        ctypes.c_void_p.from_address(address).value = self.convert(value, where)

    def default(self) -> None:
        """Return NULL."""


def _prototype_of(value: object) -> str | None:
    """Return the prototype of a function that is C's already; None for what is Python's."""
    own: object = None
    if isinstance(value, types.FunctionType):
        own = vars(value).get("prototype")
    elif getattr(type(value), "is_callback", False):
        own = getattr(value, "prototype", None)
    return own if isinstance(own, str) else None


def _takes(function: Callable[..., object], count: int) -> bool:
    """Whether a function of Python can be called with so many arguments, as far as it says."""
    import inspect  # noqa: PLC0415 (for callbacks only)

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # Functions of C may not say.
        return True
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True
