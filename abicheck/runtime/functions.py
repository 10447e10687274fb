"""Functions of a plugin as functions of Python, whose source is made for each prototype.

A general wrapper costs several times what the call does; one that tests just what its own
parameters need costs a third more. What a test does not accept at once is converted or refused.
"""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, Any

from abicheck.errors import BrokenPromise, UncallableError
from abicheck.generation.python_names import parameter_names
from abicheck.model.conventions import canonical_convention
from abicheck.runtime.pointers import PointerShape
from abicheck.runtime.shapes import shown
from abicheck.runtime.views import StructView, View, make_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from abicheck.model.types import FunctionType
    from abicheck.runtime.pointers import FunctionPointerShape
    from abicheck.runtime.vocabulary import Vocabulary

Function = Any
"""A function of ctypes, or one that Python's compiler made: neither has a public type."""

MOST_CALLS = 4096
"""How many functions found behind pointers are remembered for each slot."""


def foreign_type(function: FunctionType, vocabulary: Vocabulary) -> Function:
    """Return the type of ctypes whose instances call a function of this prototype.

    Raises: UncallableError with the first reason why it cannot be called rightly.
    """
    convention = canonical_convention(function.convention, vocabulary.layouts.target)
    make: Function = ctypes.CFUNCTYPE
    if convention == "stdcall" and sys.platform == "win32":
        make = ctypes.WINFUNCTYPE
    elif convention not in {"C", "C-unwind"}:
        raise UncallableError(f'ctypes cannot call functions of the convention "{convention}"')
    arguments = []
    for number, parameter in enumerate(function.parameters, 1):
        try:
            arguments.append(vocabulary.shape(parameter.type).ctype())
        except UncallableError as error:
            named = f" ({parameter.name})" if parameter.name else ""
            raise UncallableError(f"argument {number}{named}: {error}") from None
    result = vocabulary.result_shape(function)
    try:
        return make(None if result is None else result.ctype(), *arguments)
    except UncallableError as error:
        raise UncallableError(f"its result: {error}") from None


class Source:
    """The source of one function, as it grows, and the objects that it names."""

    def __init__(self, vocabulary: Vocabulary, where: str, function: FunctionType) -> None:
        """Begin a function that messages call `where`."""
        self.vocabulary, self.where, self.function = vocabulary, where, function
        self.namespace: dict[str, object] = {"_keeper": vocabulary.keeper}
        self.lines: list[str] = []
        self.names = parameter_names(function)

    def bind(self, thing: object) -> str:
        """Make an object available, and return its name."""
        name = f"_v{len(self.namespace)}"
        self.namespace[name] = thing
        return name

    def place(self, index: int) -> str:
        """Return how messages name an argument."""
        written = self.function.parameters[index].name
        return f"{self.where}: argument {index + 1}" + (f" ({written})" if written else "")

    def arguments(self, surrender: str | None) -> str:
        """Add the tests of the arguments; return what is passed to the function of ctypes."""
        passed = []
        for index, (name, parameter) in enumerate(
            zip(self.names, self.function.parameters, strict=True)
        ):
            shape = self.vocabulary.shape(parameter.type)
            place = self.bind(self.place(index))
            test = shape.test(name, self.bind)
            if surrender is not None:
                taken = self.bind(self.vocabulary.ownership.surrender(shape, surrender))
                self.lines.append(f"_x{index} = {taken}({name}, {place})")
            elif test is None:
                convert = self.bind(shape.convert)
                self.lines.append(f"_x{index} = {convert}({name}, {place})")
            else:
                convert = self.bind(shape.convert)
                self.lines.append(
                    f"_x{index} = {test[1]} if {test[0]} else {convert}({name}, {place})"
                )
            passed.append(f"_x{index}")
        if self.function.is_variadic:
            promote = self.bind(promoter(self.where, len(self.names)))
            passed.append(f"*{promote}(_rest)")
        return ", ".join(passed)

    def result(self, call: str, free: str | bool | None, receiver: str | None) -> None:
        """Add the call and what becomes of its result."""
        shape = self.vocabulary.result_shape(self.function)
        if shape is None or shape.is_plain:
            self.lines.append(f"return {call}")
            return
        self.lines.append(f"_raw = {call}")
        if isinstance(shape, PointerShape):
            self._pointer(shape, free, receiver)
            return
        keeper = self.bind(self.vocabulary.keeper)
        take = self.bind(shape.take)
        vet = self.vocabulary.vetter(shape, self.where)
        if vet is None:
            self.lines.append(f"return {take}(_raw, {keeper}.hold, None)")
        else:
            self.lines += [
                f"_view = {take}(_raw, {keeper}.hold, None)",
                f"{self.bind(vet)}(_view._address)",
                "return _view",
            ]

    def _pointer(self, shape: PointerShape, free: str | bool | None, receiver: str | None) -> None:
        take = self.bind(shape.take)
        vet = self.vocabulary.vetter(shape, self.where)
        self.lines.append("if _raw is None:")
        self.lines.append(f"    return {take}(None, None, None)")
        if isinstance(free, str) and free != "host":
            self._owned(shape, free, vet)
            return
        if vet is not None:
            self.lines.append(f"{self.bind(vet)}(_raw)")
        keeper = self.bind(self.vocabulary.keeper)
        if free is False and receiver is not None:
            lender = f"{receiver}._hold, {receiver}"
        elif free is False:
            lend = self.bind(self.vocabulary.ownership.lender)
            lender = f"*{lend}(({', '.join(self.names)}{',' if self.names else ''}))"
        elif free is None and shape.pointee in self.vocabulary.ownership.freeable:
            lender = f"{self.bind(self.vocabulary.ownership.loose)}(), None"
        else:
            lender = f"{keeper}.hold, None"
        self.lines.append(f"return {take}(_raw, {lender})")

    def _owned(self, shape: PointerShape, free: str, vet: Callable[[int], None] | None) -> None:
        vocabulary = self.vocabulary
        release = vocabulary.ownership.release(free)
        cls = vocabulary.ownership.owned(shape.view, free)
        named = f"what {self.where} returned"
        if issubclass(cls, StructView):
            own = owner_of(vocabulary, cls, release, vet, named)
            self.lines.append(f"return {self.bind(own)}(_raw)")
            return
        self.lines += [
            f"_view = {self.bind(cls)}()",
            "_view._address = _raw",
            f"_view._hold = _hold = [_raw, {self.bind(release)}, {self.bind(named)}]",
            "_view._owner = None",
            f"{self.bind(vocabulary.keeper.live)}[id(_hold)] = _hold",
            "return _view",
        ]

    def make(self, name: str, first: str = "") -> Function:
        """Compile the function."""
        rest = ["*_rest"] if self.function.is_variadic else []
        parameters = ", ".join([*([first] if first else []), *self.names, *rest])
        body = "\n    ".join(self.lines)
        exec(f"def made({parameters}):\n    {body}\n", self.namespace)  # noqa: S102 (our own text)
        made: Function = self.namespace.pop("made")
        made.__name__, made.__qualname__ = name, self.where
        made.__module__ = "abicheck.plugin"
        made.__doc__ = self.vocabulary.describe(self.function)
        self.vocabulary.keeper.functions.add(made)
        return made


def owner_of(
    vocabulary: Vocabulary,
    cls: type[View],
    release: Callable[[int], object],
    vet: Callable[[int], None] | None,
    named: str,
) -> Callable[[int], View]:
    """Return the function that makes an owning handle of a pointer; what is unfit it frees."""
    keeper = vocabulary.keeper

    def own(address: int) -> View:
        if vet is not None:
            try:
                vet(address)
            except BaseException:
                release(address)
                raise
        return make_view(cls, address, keeper.own(address, release, named), None)

    return own


def exported_function(  # noqa: PLR0913 (two by keyword)
    vocabulary: Vocabulary,
    name: str,
    function: FunctionType,
    address: int,
    *,
    free: str | bool | None = None,
    surrender: str | None = None,
) -> Function:
    """Return a function of Python that calls the one at `address`."""
    source = Source(vocabulary, name, function)
    try:
        made_type = foreign_type(function, vocabulary)
    except UncallableError as error:
        made = _uncallable(source, str(error))
    else:
        source.namespace["_call"] = made_type(address)
        passed = source.arguments(surrender)
        source.result(f"_call({passed})", free, None)
        made = source.make(name)
    made.address, made.keeper = address, vocabulary.keeper
    made.prototype = vocabulary.function_key(function)
    return made


def _uncallable(source: Source, reason: str) -> Function:
    message = f"{source.where}: {reason}"

    def refuse(*_arguments: object, **_named: object) -> None:
        raise UncallableError(message)

    refuse.__name__, refuse.__qualname__ = source.where, source.where
    refuse.__doc__ = f"Cannot be called from Python: {reason}."
    return refuse


def slot_method(
    vocabulary: Vocabulary, shape: FunctionPointerShape, offset: int, cell: str, where: str
) -> Function:
    """Return the method that calls what a slot of a struct holds at the time.

    `cell` names an attribute of the struct's class for the pointer as ctypes sees it.
    """
    source = Source(vocabulary, where, shape.type)
    try:
        made_type = foreign_type(shape.type, vocabulary)
    except UncallableError as error:
        return _uncallable(source, str(error))
    keeper = vocabulary.keeper
    calls: dict[int, object] = {}
    keeper.targets.append(calls)

    def open_cell(view: View) -> int | None:
        pointer = ctypes.c_void_p.from_address(view._at() + offset)
        object.__setattr__(view, cell, pointer)
        return pointer.value

    def bind_pointer(pointer: int | None) -> object:
        if pointer is None:
            raise BrokenPromise(f"{where} is NULL")
        if not keeper.is_code(pointer):
            raise BrokenPromise(f"{where} is {pointer:#x}, where no code is")
        if len(calls) > MOST_CALLS:
            calls.clear()
        made: object = made_type(pointer)
        calls[pointer] = made
        return made

    source.lines += [
        "if not self._hold:",
        f"    raise {source.bind(keeper)}.ended({source.bind(where)})",
        "try:",
        f"    _pointer = self.{cell}.value",
        "except AttributeError:",
        f"    _pointer = {source.bind(open_cell)}(self)",
        f"_function = {source.bind(calls)}.get(_pointer) or {source.bind(bind_pointer)}(_pointer)",
    ]
    passed = source.arguments(None)
    source.result(f"_function({passed})", shape.free, "self")
    return source.make(where.rpartition(".")[2], first="self")


def promoter(where: str, fixed: int) -> Callable[[tuple[object, ...]], list[object]]:
    """Return what turns the arguments of `...` into what C passes there.

    Integers must fit an `int`: for others the caller says which type is meant, since nobody
    else knows. Source: C11 6.5.2.2, paragraphs 6 and 7.
    """

    def promote(values: tuple[object, ...]) -> list[object]:
        return [
            promoted(value, f"{where}: argument {number}")
            for number, value in enumerate(values, fixed + 1)
        ]

    return promote


def promoted(value: Any, where: str) -> object:  # noqa: ANN401 (whatever users pass)
    """Return one argument of `...` after C's default promotions."""
    from abicheck.errors import ArgumentRangeError, ArgumentTypeError  # noqa: PLC0415

    match value:
        case None:
            return ctypes.c_void_p(None)
        case ctypes.c_float():
            return ctypes.c_double(value.value)
        case ctypes.c_bool() | ctypes.c_int8() | ctypes.c_uint8():
            return ctypes.c_int(value.value)
        case ctypes.c_int16() | ctypes.c_uint16():
            return ctypes.c_int(value.value)
        case ctypes._SimpleCData() | ctypes.Array() | View():
            return value
        case bytes():
            return ctypes.c_char_p(value)
        case float():
            return ctypes.c_double(value)
        case int() if -(2**31) <= value < 2**31:
            return ctypes.c_int(value)
        case int():
            hint = "write ctypes.c_longlong(…), or what the plugin expects"
            raise ArgumentRangeError(f"{where}: {value} does not fit an int; {hint}")
    hint = "; encode it: text.encode()" if isinstance(value, str) else ""
    raise ArgumentTypeError(f"{where}: cannot pass {shown(value)} for ...{hint}")


def raw_release(vocabulary: Vocabulary, function: FunctionType, address: int) -> Function:
    """Return the function of ctypes that takes something back."""
    return foreign_type(function, vocabulary)(address)
