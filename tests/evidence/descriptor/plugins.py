"""Contracts -> stripped plugins made by hand, whose only account of their types is a descriptor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence.elf.reader import read_elf
from abicheck.layout import lay_out
from abicheck.model.types import type_id
from tests.evidence.descriptor.encoder import encode, note
from tests.evidence.elf.handmade import CODE, DATA, OBJECT, Plugin, Sym, build

if TYPE_CHECKING:
    from abicheck.model.contract import Contract
    from abicheck.model.target import Target

MACHINES = {
    "x86_64": (62, True, "<"), "i386": (3, False, "<"), "aarch64": (183, True, "<"),
    "arm": (40, False, "<"), "s390x": (22, True, ">"), "mips": (8, False, ">"),
}  # fmt: skip
"""e_machine, whether it is a 64-bit file, and its byte order."""

PT_NOTE, PF_R = 4, 4
ROOM = 0x400


def target_of(machine: str) -> Target:
    """Return the target that a plugin made here is seen to be for."""
    return read_elf("plugin.so", plugin(machine, [], []))[0].target


def plugin(machine: str, symbols: list[Sym], notes: list[bytes]) -> bytes:
    """Return a plugin with these exports and notes."""
    number, is_64, order = MACHINES[machine]
    content = b"".join(notes)
    made = Plugin(
        machine=number,
        is_64=is_64,
        order=order,
        symbols=symbols,
        data=bytes(ROOM),
        code=b"\xcc" * ROOM + content,
        segments=[(PT_NOTE, PF_R, CODE + ROOM, len(content))],
        flags=0x05000400 if machine == "arm" else 0x1007 if machine == "mips" else 0,
    )
    return build(made)


def symbols_of(contract: Contract, target: Target) -> list[Sym]:
    """Return a symbol for each export of a contract; data of the size that it should have."""
    layouts = lay_out(contract, target)
    found = []
    for at, export in enumerate(contract.exports):
        if export.is_forbidden or export.is_glob:
            continue
        if export.is_data:
            layout = None if export.type is None else layouts.layout(type_id(export.type))
            size = getattr(layout, "size", None) or 8
            found.append(Sym(export.name, DATA + 8 * at, size, OBJECT))
        else:
            found.append(Sym(export.name, CODE + 8 * at))
    return found


def plugin_of(described: Contract, machine: str = "x86_64", held: Contract | None = None) -> bytes:
    """Return a plugin whose descriptor is of one contract, and that has the exports of another."""
    target = target_of(machine)
    content = encode(described, target)
    return plugin(
        machine, symbols_of(held or described, target), [note(content, target.byte_order)]
    )
