"""Functions of Python as function pointers of C.

A callback lives as long as the plugin may call it, and nobody knows how long that is: until the
plugin is unloaded. The same function passed again is the same callback.
"""

from __future__ import annotations

import ctypes
import types
from typing import TYPE_CHECKING, Any, Self

from abicheck.errors import LifetimeError
from abicheck.runtime.functions import foreign_type
from abicheck.runtime.pointers import FunctionPointerShape, PointerShape, pointer_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from abicheck.runtime.vocabulary import Vocabulary

    Thunk = Callable[..., object]


class Callback:
    """A function of Python that C can call. `address` is what C is given.

    After `release()` a plugin that still calls it gets a default result, and the call is reported
    through `sys.unraisablehook`, as are exceptions that the function raises.
    """

    is_callback = True

    def __init__(
        self, shape: FunctionPointerShape, function: Callable[..., object], vocabulary: Vocabulary
    ) -> None:
        """Make the code that C calls.

        Raises: UncallableError if ctypes cannot be called so.
        """
        self.function: Callable[..., object] | None = function
        self.name = f"the callback {getattr(function, '__qualname__', function)!s}"
        self.prototype = shape.key
        self.keeper = vocabulary.keeper
        self._parameters = [vocabulary.shape(each.type) for each in shape.type.parameters]
        self._result = vocabulary.result_shape(shape.type)
        self._kept: object = None
        self._thunk = _thunk(shape, vocabulary, self._called)
        self.address: int = ctypes.cast(self._thunk, ctypes.c_void_p).value or 0
        self.keeper.known_code.add(self.address)

    def release(self) -> None:
        """Let go of the function: the plugin will not call it any more."""
        self.function = None

    def __enter__(self) -> Self:
        """Use it until the end of the block."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Release it."""
        self.release()

    def _called(self, *raw: Any) -> object:  # noqa: ANN401 (from ctypes)
        self.keeper.running.append(1)
        try:
            return self._run(raw)
        except BaseException as error:  # noqa: BLE001  nothing may unwind through C
            report(error, self.name)
            return None if self._result is None else self._result.default()
        finally:
            self.keeper.running.pop()

    def _run(self, raw: tuple[Any, ...]) -> object:
        if self.function is None:
            raise LifetimeError(f"{self.name} was released, and the plugin calls it")
        hold = self.keeper.hold
        values = [
            shape.take(each, hold, None) for shape, each in zip(self._parameters, raw, strict=True)
        ]
        result = self.function(*values)
        if self._result is None:
            return None
        taken = self._result.convert(result, f"{self.name}: its result")
        if isinstance(self._result, PointerShape | FunctionPointerShape):
            taken, self._kept = pointer_to(taken)
        return taken


def _thunk(shape: FunctionPointerShape, vocabulary: Vocabulary, called: Thunk) -> Any:  # noqa: ANN401
    from abicheck.errors import UncallableError  # noqa: PLC0415
    from abicheck.runtime.aggregates import StructShape  # noqa: PLC0415

    result = vocabulary.result_shape(shape.type)
    if isinstance(result, StructShape) and result.inner is None:
        raise UncallableError(f"{shape.spelled}: ctypes returns no structs from callbacks")
    if shape.type.is_variadic:
        raise UncallableError(f"{shape.spelled}: ctypes takes no variable arguments")
    return foreign_type(shape.type, vocabulary)(called)


class _Failure:
    """Raises again what a callback raised, where ctypes reports it under the callback's name."""

    def __init__(self, error: BaseException, name: str) -> None:
        self.error, self.name = error, name

    def __call__(self) -> None:
        raise self.error

    def __repr__(self) -> str:
        return self.name


def report(error: BaseException, name: str) -> None:
    """Hand an exception to `sys.unraisablehook`, which only the interpreter itself can call."""
    ctypes.CFUNCTYPE(None)(_Failure(error, name))()


def identity(function: Callable[..., object]) -> object:
    """Return what tells functions apart: bound methods are made anew each time one is looked up."""
    if isinstance(function, types.MethodType):
        return id(function.__self__), id(function.__func__)
    return id(function)
