"""Damaged debug information becomes a reason, soon and in little memory; never an exception."""

from __future__ import annotations

import random
import struct
import time

import pytest

from abicheck.evidence.dwarf import constants as dw
from abicheck.model.evidence import DATA, Observed, Unseen
from abicheck.model.layout import FunctionLayout, PointerLayout, StructLayout, UnknownLayout
from tests.conftest import binary
from tests.evidence.dwarf.handmade import (
    FIRST_ENTRY,
    FUNCTION_ENTRY,
    ROOT,
    abbreviations,
    function,
    symbol,
    types_of,
    unit,
)
from tests.evidence.dwarf.spelled import opened, spell, symbols_of

TYPEDEF = (3, dw.DW_TAG_typedef, False, [(dw.DW_AT_type, dw.DW_FORM_ref4)])
STRUCT = (4, dw.DW_TAG_structure_type, True, [(dw.DW_AT_byte_size, dw.DW_FORM_data1)])
MEMBER = (5, dw.DW_TAG_member, False, [(dw.DW_AT_type, dw.DW_FORM_ref4)])
NOTHING: list[tuple[int, int]] = []
SCOPE = (6, dw.DW_TAG_namespace, True, NOTHING)
SIZED = [(dw.DW_AT_byte_size, dw.DW_FORM_data1), (dw.DW_AT_encoding, dw.DW_FORM_data1)]
BASE = (7, dw.DW_TAG_base_type, False, SIZED)
POINTER = (8, dw.DW_TAG_pointer_type, False, [(dw.DW_AT_type, dw.DW_FORM_ref4)])
TABLE = abbreviations(ROOT, FUNCTION_ENTRY, TYPEDEF, STRUCT, MEMBER, SCOPE, BASE, POINTER)
AFTER_FUNCTION = FIRST_ENTRY + len(function(0))


def result_of(entries: bytes, table: bytes = TABLE) -> object:
    """Return the layout of what `f` returns, whose type follows its own entry."""
    info = unit(function(AFTER_FUNCTION) + entries)
    types = types_of({".debug_info": info, ".debug_abbrev": table})
    found = types.function(symbol())
    assert isinstance(found, Observed)
    layout = types.layout(found.value)
    assert isinstance(layout, FunctionLayout)
    return types.layout(layout.result)


def reason(layout: object) -> str:
    assert isinstance(layout, UnknownLayout)
    return layout.reason


def test_function_by_hand_is_found() -> None:
    assert result_of(b"\x07\x04\x05" + b"\0") is not None


def test_typedef_of_itself_is_unknown() -> None:
    info = unit(function(AFTER_FUNCTION) + b"\x03" + struct.pack("<I", AFTER_FUNCTION) + b"\0")
    types = types_of({".debug_info": info, ".debug_abbrev": TABLE})
    found = types.function(symbol())
    assert isinstance(found, Observed)
    assert "typedef of itself" in reason(types.layout(found.value))
    assert ".debug_info at 0x" in reason(types.layout(found.value))


def test_pointer_to_itself_is_a_pointer() -> None:
    layout = result_of(b"\x08" + struct.pack("<I", AFTER_FUNCTION) + b"\0")
    assert isinstance(layout, PointerLayout)


def test_member_whose_type_lies_nowhere_is_unknown_alone() -> None:
    info = unit(
        function(AFTER_FUNCTION) + b"\x04\x08" + b"\x05" + struct.pack("<I", 0xFFFFFF) + b"\0\0"
    )
    types = types_of({".debug_info": info, ".debug_abbrev": TABLE})
    found = types.function(symbol())
    assert isinstance(found, Observed)
    function_layout = types.layout(found.value)
    assert isinstance(function_layout, FunctionLayout)
    struct_layout = types.layout(function_layout.result)
    assert isinstance(struct_layout, StructLayout)
    assert "outside" in reason(types.layout(struct_layout.fields[0].type))


@pytest.mark.parametrize(
    "sections",
    [
        {".debug_info": b"\xff\xff\xff\x7f" + bytes(20), ".debug_abbrev": TABLE},
        {".debug_info": unit(function(0)), ".debug_abbrev": TABLE[:5]},
        {".debug_info": unit(function(0))[:20], ".debug_abbrev": TABLE},
        {".debug_info": unit(function(0))},
        {".debug_info": struct.pack("<IHIB", 20, 99, 0, 8) + bytes(13), ".debug_abbrev": TABLE},
        {".debug_info": struct.pack("<IHIB", 20, 4, 0, 7) + bytes(13), ".debug_abbrev": TABLE},
        {".debug_info": unit(b"\x80" * 64), ".debug_abbrev": TABLE},
    ],
    ids=["length", "table", "cut", "no-table", "version", "address-size", "endless-code"],
)
def test_damaged_unit_is_a_reason(sections: dict[str, bytes]) -> None:
    found = types_of(sections).function(symbol())
    assert isinstance(found, Unseen)


def test_declared_sizes_of_blocks_allocate_nothing() -> None:
    table = abbreviations(ROOT, (2, dw.DW_TAG_subprogram, False, [
        (dw.DW_AT_low_pc, dw.DW_FORM_addr), (dw.DW_AT_location, dw.DW_FORM_block4)]))  # fmt: skip
    info = unit(b"\x02" + struct.pack("<QI", 0x1000, 0xFFFFFFF0))
    found = types_of({".debug_info": info, ".debug_abbrev": table}).function(symbol())
    assert isinstance(found, Unseen)


def test_million_entries_are_given_up() -> None:
    table = abbreviations(ROOT, (2, dw.DW_TAG_base_type, False, []))
    info = unit(b"\x02" * 4_000_000)
    began = time.process_time()
    found = types_of({".debug_info": info, ".debug_abbrev": table}).function(symbol())
    assert isinstance(found, Unseen)
    assert "debug entries" in found.reason
    assert time.process_time() - began < 5


def test_scopes_nested_without_end_are_not_followed() -> None:
    info = unit(b"\x06" * 200_000)
    types = types_of({".debug_info": info, ".debug_abbrev": TABLE})
    assert isinstance(types.function(symbol()), Unseen)
    assert types.definitions("Absent", [symbol()]) == ()


def test_structs_inside_each_other_are_not_followed_to_the_bottom() -> None:
    nested = b"".join(
        b"\x04\x08\x05" + struct.pack("<I", AFTER_FUNCTION + 9 * (index + 1)) + b"\0"
        for index in range(5000)
    )
    assert result_of(nested + b"\0") is not None


SUBJECTS = ("types-gcc-5", "types-clang-5", "types-gcc-units-4", "types-gcc-lto", "types-rust",
            "types-gxx", "types-s390x-5", "types-gcc-dwarf64")  # fmt: skip


def mutant(content: bytes, chance: random.Random, parts: list[tuple[int, int]]) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        start, size = chance.choice(parts)
        at, width = start + chance.randrange(size), chance.choice((1, 1, 2, 4))
        value = chance.choice((b"\0", b"\xff", b"\x80", b"\x01", chance.randbytes(1))) * width
        damaged[at : at + width] = value
    return bytes(damaged[: len(content)])


def debug_parts(name: str) -> list[tuple[int, int]]:
    elf = opened(binary(f"dwarf/{name}.so"))._elf  # noqa: SLF001  only to know where to damage
    return [
        (each.file_offset, each.size)
        for each in elf.sections
        if each.name.startswith(".debug") and "line" not in each.name and each.size
    ]


def ask_everything(name: str, content: bytes) -> None:
    file = binary(f"dwarf/{name}.so")
    types = opened(file, content=content)
    symbols = list(symbols_of(file).values())
    for each in symbols:
        found = types.variable(each) if each.kind == DATA else types.function(each)
        if isinstance(found, Observed):
            assert len(spell(types, found.value)) < 1_000_000
            types.language(found.value)
            types.origin(found.value)
    for wanted in ("Nested", "Unnamed", "Config"):
        for definition in types.definitions(wanted, symbols[:2]):
            types.layout(definition.value)


@pytest.mark.property
@pytest.mark.parametrize("name", SUBJECTS)
def test_no_damage_raises(name: str) -> None:
    chance, parts = random.Random(name), debug_parts(name)
    content = binary(f"dwarf/{name}.so").read_bytes()
    for _ in range(15):
        ask_everything(name, mutant(content, chance, parts))


@pytest.mark.property
@pytest.mark.long
@pytest.mark.parametrize("name", SUBJECTS)
def test_no_damage_raises_in_thousands(name: str) -> None:
    chance, parts = random.Random(f"{name} long"), debug_parts(name)
    content = binary(f"dwarf/{name}.so").read_bytes()
    for _ in range(2500):
        began = time.process_time()
        ask_everything(name, mutant(content, chance, parts))
        assert time.process_time() - began < 2
