"""Structs that are passed and returned by value, as structures of ctypes: where that is right.

libffi must be told what is in a struct, since that decides between registers and memory.
What ctypes cannot tell it is refused, and what it lays out is compared with our own layout.
"""

from __future__ import annotations

import ctypes
import platform
from typing import TYPE_CHECKING, Any

from abicheck.errors import UncallableError
from abicheck.runtime.aggregates import ArrayShape, StructShape
from abicheck.runtime.shapes import Float

if TYPE_CHECKING:
    from abicheck.model.layout import FieldLayout
    from abicheck.runtime.shapes import Shape

IN_REGISTERS = 16
"""Above this many bytes the x86-64 ABI passes integers and floats alike in memory."""


def structure_for(shape: StructShape) -> Any:  # noqa: ANN401
    """Return the type that ctypes passes for a struct.

    Raises: UncallableError, with the reason why it would be passed wrongly.
    """
    if shape.inner is not None:
        return shape.inner.ctype()
    layout = shape.layout
    if layout.is_union:
        _refuse(shape, "ctypes passes no unions by value")
    if layout.is_partial:
        _refuse(shape, "the contract knows only a part of it")
    if not shape.members:
        _refuse(shape, "an empty struct cannot be passed by value")
    fields = [
        (f"f{index}", _field(shape, field, each))
        for index, (field, each) in enumerate(shape.members)
    ]
    made = type(shape.spelled, (ctypes.Structure,), {"_fields_": fields})
    _compare(shape, made)
    return made


def _field(shape: StructShape, field: FieldLayout, each: Shape) -> Any:  # noqa: ANN401
    name = field.name or "_"
    if field.bit_size is not None:
        _refuse(shape, f"ctypes passes no bit-fields by value, and {name} is one")
    if isinstance(each, ArrayShape):
        return _array(shape, name, each)
    try:
        if isinstance(each, StructShape) and each.inner is not None:
            return each.inner.ctype()
        return each.ctype()
    except UncallableError as error:
        raise UncallableError(f"{shape.spelled}.{name}: {error}") from None


def _array(shape: StructShape, name: str, array: ArrayShape) -> Any:  # noqa: ANN401
    if array.count is None:
        _refuse(shape, f"{name} has any length")
    is_x86_64 = platform.machine().lower() in {"x86_64", "amd64"}
    if (array.size or 0) > IN_REGISTERS and not is_x86_64 and _has_floats(array):
        _refuse(shape, f"ctypes does not tell libffi of the floats in the array {name}")
    element = array.element
    if isinstance(element, ArrayShape):
        return _array(shape, name, element) * array.count
    return element.ctype() * array.count


def _has_floats(shape: Shape) -> bool:
    match shape:
        case ArrayShape():
            return _has_floats(shape.element)
        case StructShape():
            return any(_has_floats(each) for _, each in shape.members)
    return isinstance(shape, Float)


def _compare(shape: StructShape, made: Any) -> None:  # noqa: ANN401
    """Hold ctypes's layout to ours; they part where the struct is packed or aligned."""
    theirs = (ctypes.sizeof(made), ctypes.alignment(made))
    if theirs != (shape.size, shape.alignment):
        ours = f"{shape.size} bytes aligned to {shape.alignment}"
        _refuse(shape, f"it has {ours}, which ctypes cannot pass by value")
    for index, (field, _) in enumerate(shape.members):
        if getattr(made, f"f{index}").offset != field.offset:
            _refuse(shape, f"{field.name or '_'} lies where ctypes does not put it")


def _refuse(shape: StructShape, reason: str) -> None:
    raise UncallableError(f"{shape.spelled} cannot be passed by value: {reason}")
