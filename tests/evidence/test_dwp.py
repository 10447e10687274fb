"""The index of a package: what it finds, and what it survives."""

from __future__ import annotations

import random
import struct

import pytest

from abicheck.errors import BinaryError
from abicheck.evidence.dwp import UnitIndex
from abicheck.evidence.sections import PlainBytes

IDS = {2: (1, 3, 6), 5: (1, 3, 6)}


def index(
    version: int,
    signatures: list[int],
    order: str = "little",
    changes: dict[str, int] | None = None,
) -> tuple[bytes, dict[int, dict[str, tuple[int, int]]]]:
    """Return an index of units with made-up places, and those places."""
    changes = changes or {}
    mark = "<" if order == "little" else ">"
    slots = 1
    while slots < len(signatures) * 3 // 2 + 1:
        slots *= 2
    keys, rows = [0] * slots, [0] * slots
    for row, signature in enumerate(signatures, 1):
        slot, step = signature & (slots - 1), ((signature >> 32) & (slots - 1)) | 1
        while rows[slot]:
            slot = (slot + step) & (slots - 1)
        keys[slot], rows[slot] = signature, row
    names = (".debug_info", ".debug_abbrev", ".debug_str_offsets")
    places = {
        signature: {name: (100 * row + column, 7 * row) for column, name in enumerate(names)}
        for row, signature in enumerate(signatures)
    }
    columns, units = changes.get("columns", 3), changes.get("units", len(signatures))
    first = (version, 0) if version == 5 else (version,)
    content = struct.pack(mark + ("HH" if version == 5 else "I"), *first)
    content += struct.pack(f"{mark}III", columns, units, changes.get("slots", slots))
    content += struct.pack(f"{mark}{slots}Q{slots}I3I", *keys, *rows, *IDS[version])
    for part in (0, 1):
        for signature in signatures:
            content += struct.pack(f"{mark}3I", *(places[signature][name][part] for name in names))
    return content, places


def opened(content: bytes, order: str = "little") -> UnitIndex:
    section = PlainBytes(
        content, file="p.dwp", name=".debug_cu_index", file_offset=0, size=len(content)
    )
    return UnitIndex(section, order)


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("version", [2, 5])
def test_every_unit_is_found_and_no_other(version: int, order: str) -> None:
    choose = random.Random(3)
    signatures = [choose.getrandbits(64) for _ in range(200)]
    content, places = index(version, signatures, order)
    table = opened(content, order)
    assert table.version == version
    for signature in signatures:
        assert table.find(signature) == places[signature]
    assert table.find(12345) is None


def test_a_table_without_a_free_slot_ends_the_search() -> None:
    content, _ = index(5, [4, 8])
    full = bytearray(content)
    slots = 4
    struct.pack_into("<4I", full, 16 + 8 * slots, 1, 2, 1, 2)
    assert opened(bytes(full)).find(99) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"units": 1 << 31},
        {"columns": (1 << 32) - 1},
        {"slots": 1 << 30},
        {"slots": 3, "units": 0},
    ],
    ids=["too many units", "too many columns", "too many slots", "slots no power of two"],
)
def test_counts_that_do_not_fit_are_damage(changes: dict[str, int]) -> None:
    content, _ = index(5, [4, 8], changes=changes)
    with pytest.raises(BinaryError):
        opened(content)


def test_a_row_beyond_the_table_is_damage() -> None:
    content, _ = index(5, [4, 8], changes={"units": 1})
    table = opened(content)
    with pytest.raises(BinaryError, match="row 2 of 1"):
        table.find(8)


def test_an_unknown_version_is_damage() -> None:
    with pytest.raises(BinaryError, match="version is 9"):
        opened(struct.pack("<HHIII", 9, 0, 0, 0, 0))


@pytest.mark.parametrize("size", range(0, 40, 3))
def test_a_truncated_index_is_damage(size: int) -> None:
    content, _ = index(5, [4, 8])
    with pytest.raises(BinaryError):
        opened(content[:size])
