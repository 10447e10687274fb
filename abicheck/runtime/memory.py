"""Memory that Python provides, and what must stay alive because a pointer to it is stored."""

from __future__ import annotations

import ctypes

from abicheck.runtime.views import View


class Allocation:
    """Zeroed memory of Python's at an aligned address, and what the pointers in it lead to."""

    __slots__ = ("address", "kept", "memory", "size")

    def __init__(self, size: int, alignment: int) -> None:
        """Allocate `size` bytes."""
        self.memory: object = (ctypes.c_char * (size + alignment))()
        start = ctypes.addressof(self.memory)
        self.address = -(-start // alignment) * alignment
        self.size = size
        self.kept: dict[int, object] = {}

    @classmethod
    def of(cls, value: ctypes.Structure) -> Allocation:
        """Take over a value that ctypes made."""
        made = cls.__new__(cls)
        made.memory, made.address = value, ctypes.addressof(value)
        made.size, made.kept = ctypes.sizeof(value), {}
        return made


def keep_with(view: View, address: int, thing: object) -> None:
    """Keep `thing` alive for as long as the pointer to it at `address` inside `view` may stay.

    In Python's memory that is the memory's life; in the plugin's, until the plugin is
    unloaded or another pointer is stored in the same place.
    """
    owner: object = view
    while isinstance(owner, View):
        owner = owner._owner
    kept = owner.kept if isinstance(owner, Allocation) else view._keeper.stored
    if thing is None:
        kept.pop(address, None)
    else:
        kept[address] = thing


def is_of_python(view: View) -> bool:
    """Whether a view is of memory that Python provides, itself or by a pointer stored before."""
    owner: object = view._owner
    if isinstance(owner, Allocation):
        return True
    while isinstance(owner, View):
        owner = owner._owner
    kept = owner.kept if isinstance(owner, Allocation) else view._keeper.stored
    return any(_address(each) == view._address for each in list(kept.values()))


def _address(kept: object) -> int:
    if isinstance(kept, View):
        return kept._address
    return ctypes.addressof(kept)  # type: ignore[arg-type]  # a buffer of ctypes


def read_bits(address: int, first: int, count: int, byte_order: str) -> int:
    """Return `count` bits from bit `first`, counted as the target counts them, unsigned."""
    start, end = first // 8, (first + count + 7) // 8
    whole = int.from_bytes(ctypes.string_at(address + start, end - start), byte_order)  # type: ignore[arg-type]
    return whole >> _shift(first, count, byte_order) & ((1 << count) - 1)


def write_bits(address: int, first: int, count: int, byte_order: str, value: int) -> None:
    """Change those bits alone; the bytes around them are not touched."""
    start, end = first // 8, (first + count + 7) // 8
    whole = int.from_bytes(ctypes.string_at(address + start, end - start), byte_order)  # type: ignore[arg-type]
    shift = _shift(first, count, byte_order)
    mask = (1 << count) - 1
    whole = whole & ~(mask << shift) | (value & mask) << shift
    ctypes.memmove(address + start, whole.to_bytes(end - start, byte_order), end - start)  # type: ignore[arg-type]


def _shift(first: int, count: int, byte_order: str) -> int:
    if byte_order == "little":
        return first % 8
    return -(first + count) % 8
