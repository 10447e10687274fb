"""A function's machine code -> the places whose addresses it can return, if it only looks them up.

`void *get_table(void) { return &table; }` says nothing in its prototype, and all in its code.
This is no disassembler: it knows the few instructions with which compilers take an address, and
those that leave the function. A function that leaves is not believed: what it returns may be
somebody else's.

Sources: Intel 64 SDM, volume 2 (LEA, MOV, CALL, JMP, "RIP-Relative Addressing"); Arm A64
instruction set (ADR, ADRP, ADD immediate, LDR immediate, B, BL, BR, BLR).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.evidence import Observed
from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from abicheck.model.evidence import Memory, Symbol

LONGEST = 256
"""Bytes of code; what is longer does more than look something up."""

WORD = 4


@record
class Reference:
    """A place that code refers to: its address is taken, or (`is_slot`) a pointer read there."""

    address: int
    is_slot: bool


@record
class Jump:
    """A call or a jump; `address` is None where it is not in the code."""

    address: int | None = None


def places_returned(machine: str, memory: Memory, symbol: Symbol) -> tuple[Reference, ...]:
    """Return the places that a function refers to; none if it calls, or cannot be read."""
    reader = READERS.get(machine)
    if reader is None or not symbol.size or symbol.size > LONGEST:
        return ()
    code = memory.read(symbol.address, symbol.size)
    if not isinstance(code, Observed):
        return ()
    found = tuple(dict.fromkeys(reader(code.value, symbol.address)))
    own = range(symbol.address, symbol.address + symbol.size)
    for each in found:
        # What only looks like a jump mostly leads to no code.
        if isinstance(each, Jump) and (each.address is None or _leaves(memory, each.address, own)):
            return ()
    return tuple(each for each in found if isinstance(each, Reference))


def _leaves(memory: Memory, target: int, own: range) -> bool:
    return target not in own and memory.is_code(target)


# x86-64: instructions of any length, so that a pattern is looked for at every byte.

LEA, MOV = 0x8D, 0x8B
REX_W = frozenset({0x48, 0x4C})
FAR = frozenset({0xE8, 0xE9})
"""CALL and JMP with a displacement of 32 bits."""
THROUGH_A_POINTER = frozenset({0x15, 0x25})
"""After FF: CALL and JMP through memory relative to RIP."""
IN_A_REGISTER = range(0xD0, 0xE8)
"""After FF: CALL and JMP to a register."""
INDIRECT, MASK, RIP_RELATIVE = 0xFF, 0xC7, 0x05


def _of_x86_64(code: bytes, address: int) -> Iterator[Reference | Jump]:
    padded = b"\0\0\0" + code
    for at in range(len(code)):
        rex, operation, last = padded[at : at + 3]
        if operation == INDIRECT and (last in THROUGH_A_POINTER or last in IN_A_REGISTER):
            yield Jump()
        rest = code[at : at + WORD]
        if len(rest) < WORD:
            continue
        target = address + at + WORD + int.from_bytes(rest, "little", signed=True)
        if last in FAR:
            yield Jump(target)
        if rex in REX_W and operation in {LEA, MOV} and last & MASK == RIP_RELATIVE:
            yield Reference(target, is_slot=operation == MOV)


# AArch64: instructions of four bytes; the masks leave what the manual calls the opcode.

B_OR_BL, BR_OR_BLR = (0x7C000000, 0x14000000), (0xFFDFFC1F, 0xD61F0000)
ADRP, ADR = (0x9F000000, 0x90000000), (0x9F000000, 0x10000000)
ADD, LDR = (0xFFC00000, 0x91000000), (0xFFC00000, 0xF9400000)
PAGE_BITS = 12


def _of_aarch64(code: bytes, address: int) -> Iterator[Reference | Jump]:
    pages: dict[int, int] = {}
    for at in range(0, len(code) - WORD + 1, WORD):
        word, place = int.from_bytes(code[at : at + WORD], "little"), address + at
        distance = _signed(word >> 5, 19) << 2 | word >> 29 & 3
        to, base, number = word & 31, word >> 5 & 31, word >> 10 & 0xFFF
        if _is(word, B_OR_BL):
            yield Jump(place + _signed(word, 26) * WORD)
        elif _is(word, BR_OR_BLR):
            yield Jump()
        elif _is(word, ADRP):
            pages[to] = (place >> PAGE_BITS << PAGE_BITS) + (distance << PAGE_BITS)
        elif _is(word, ADR):
            yield Reference(place + distance, is_slot=False)
        elif _is(word, ADD) and base in pages:
            yield Reference(pages[base] + number, is_slot=False)
        elif _is(word, LDR) and base in pages:
            yield Reference(pages[base] + 8 * number, is_slot=True)


def _is(word: int, instruction: tuple[int, int]) -> bool:
    mask, opcode = instruction
    return word & mask == opcode


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


READERS: dict[str, Callable[[bytes, int], Iterator[Reference | Jump]]] = {
    "x86_64": _of_x86_64,
    "aarch64": _of_aarch64,
}
