from __future__ import annotations

import struct

import pytest

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence import read_plugin
from abicheck.evidence.elf.relocation_tables import AddressIndex
from abicheck.evidence.elf.standard import DF_TEXTREL, DT_FLAGS, DT_TEXTREL
from abicheck.model.evidence import Observed, PointerValue, Unseen
from tests.conftest import binary
from tests.evidence.elf.handmade import (
    CODE,
    DATA,
    DT_PLTGOT,
    EM_MIPS,
    EM_PPC64,
    EM_X86_64,
    IFUNC,
    OBJECT,
    TLS,
    Plugin,
    Sym,
    build,
    patched,
    truncated,
)
from tests.evidence.elf.opening import opened

RELATIVE, ABS64, GLOB_DAT, IRELATIVE, DTPMOD64, TLSDESC = 8, 1, 6, 37, 16, 36
OWN, IMPORTED = Sym("own", DATA + 16, type=OBJECT), Sym("host", 0, 0, section=0)


def pointer(plugin: Plugin, address: int = DATA) -> PointerValue | str:
    """Return the pointer at `address`, or the reason why it cannot be seen."""
    seen = opened(plugin).memory.pointer(address)
    return seen.value if isinstance(seen, Observed) else seen.reason


def info(symbol: int, type_: int) -> int:
    return symbol << 32 | type_


def test_unrelocated_zero_is_null() -> None:
    assert pointer(Plugin()) == PointerValue()


def test_unrelocated_number_is_no_address() -> None:
    reason = pointer(Plugin(data=struct.pack("<Q", 0xFFFF) + bytes(64)))
    assert reason == "it holds 0xffff, which no relocation makes an address"


def test_relative_relocation_with_addend() -> None:
    assert pointer(Plugin(rela=[(DATA, RELATIVE, CODE)])) == PointerValue(address=CODE)


def test_relative_relocation_in_place() -> None:
    data = struct.pack("<Q", CODE) + bytes(56)
    assert pointer(Plugin(data=data, rel=[(DATA, RELATIVE)])) == PointerValue(address=CODE)


def test_relative_relocation_to_the_image_s_beginning_is_not_null() -> None:
    value = pointer(Plugin(rela=[(DATA, RELATIVE, 0)]))
    assert isinstance(value, PointerValue)
    assert not value.is_null


def test_symbolic_relocation_to_an_own_export() -> None:
    plugin = Plugin(symbols=[OWN], rela=[(DATA, info(1, ABS64), 8)])
    assert pointer(plugin) == PointerValue(address=DATA + 24)


def test_symbolic_relocation_to_an_import() -> None:
    plugin = Plugin(symbols=[IMPORTED], rela=[(DATA, info(1, ABS64), 8)])
    assert pointer(plugin) == PointerValue(symbol="host", addend=8)


def test_slot_without_addend_ignores_what_is_in_place() -> None:
    plugin = Plugin(symbols=[OWN], data=b"\x06" + bytes(63), rel=[(DATA, info(1, GLOB_DAT))])
    assert pointer(plugin) == PointerValue(address=DATA + 16)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param((IRELATIVE, 0), r"what a resolver returns \(R_X86_64_IRELATIVE\)", id="ifunc"),
        pytest.param((DTPMOD64, 0), r"thread-local storage \(R_X86_64_DTPMOD64\)", id="tls"),
        pytest.param((99, 0), r"filled by the loader \(type 99\)", id="unknown type"),
        pytest.param((ABS64, 8), "to an absolute number", id="no symbol"),
    ],
)
def test_what_is_known_at_run_time_only_is_unseen(row: tuple[int, int], reason: str) -> None:
    seen = opened(Plugin(rela=[(DATA, *row)])).memory.pointer(DATA)
    assert isinstance(seen, Unseen)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(seen.reason)


@pytest.mark.parametrize("symbol", [Sym("own", type=IFUNC), Sym("own", type=TLS)])
def test_pointer_to_a_resolver_or_to_thread_local_data_is_unseen(symbol: Sym) -> None:
    reason = pointer(Plugin(symbols=[symbol], rela=[(DATA, info(1, ABS64), 0)]))
    assert reason == "it points to own, whose place is found out at run time"


def test_two_relocations_of_one_word_are_unseen() -> None:
    rows = [(DATA, RELATIVE, CODE), (DATA, RELATIVE, DATA)]
    assert "not as one pointer" in str(pointer(Plugin(rela=rows)))


def test_relocation_that_crosses_a_pointer_makes_it_unseen() -> None:
    assert "not as one pointer" in str(pointer(Plugin(rela=[(DATA + 4, RELATIVE, CODE)])))


def test_relocation_of_no_effect_is_none() -> None:
    assert pointer(Plugin(rela=[(DATA, 0, 0)])) == PointerValue()


@pytest.mark.parametrize("offset", [-7, -1, 0, 3])
def test_bytes_that_a_relocation_touches_are_unseen(offset: int) -> None:
    memory = opened(Plugin(rela=[(DATA + 16 + offset, RELATIVE, CODE)])).memory
    assert isinstance(memory.read(DATA + 16, 4), Unseen)


@pytest.mark.parametrize("offset", [-8, 4])
def test_bytes_beside_a_relocation_are_seen(offset: int) -> None:
    memory = opened(Plugin(rela=[(DATA + 16 + offset, RELATIVE, CODE)])).memory
    assert isinstance(memory.read(DATA + 16, 4), Observed)


def test_relocation_wider_than_a_word_is_known() -> None:
    memory = opened(Plugin(rela=[(DATA, TLSDESC, 0)])).memory
    assert isinstance(memory.read(DATA + 12, 4), Unseen)


# Relative relocations, packed


@pytest.mark.parametrize("word", [0, 1, 3, 63, 64])
def test_relr_relocates_what_its_address_and_bitmaps_say(word: int) -> None:
    targets = {0, 1, 3, 63, 64}
    data = b"".join(struct.pack("<Q", CODE + at if at in targets else 0) for at in range(80))
    bitmaps = [1 | 1 << 1 | 1 << 3 | 1 << 63, 1 | 1 << 1]
    plugin = Plugin(data=data, relr=[DATA, *bitmaps])
    assert pointer(plugin, DATA + 8 * word) == PointerValue(address=CODE + word)


@pytest.mark.parametrize("word", [2, 62, 65])
def test_relr_leaves_other_words_alone(word: int) -> None:
    bitmaps = [1 | 1 << 1 | 1 << 3 | 1 << 63, 1 | 1 << 1]
    assert (
        pointer(Plugin(data=bytes(800), relr=[DATA, *bitmaps]), DATA + 8 * word) == PointerValue()
    )


@pytest.mark.parametrize("words", [[3], [DATA + 8, DATA]], ids=["bitmap first", "backwards"])
def test_damaged_relr_is_an_error(words: list[int]) -> None:
    with pytest.raises(BinaryError):
        pointer(Plugin(relr=words))


def sleb(*values: int) -> bytes:
    out = bytearray()
    for value in values:
        rest = value
        while not -64 <= rest < 64:
            out.append(rest & 0x7F | 0x80)
            rest >>= 7
        out.append(rest & 0x7F)
    return bytes(out)


@pytest.mark.parametrize(("word", "address"), [(0, CODE), (1, CODE), (2, None), (3, CODE + 4)])
def test_android_s_packed_relocations(word: int, address: int | None) -> None:
    packed = b"APS2" + sleb(
        3, DATA - 8,
        2, 1 | 2 | 4 | 8, 8, RELATIVE, CODE,  # two by offset, info, and one addend for both
        1, 8, 16, RELATIVE, 4,
    )  # fmt: skip
    plugin = Plugin(packed=packed)
    assert pointer(plugin, DATA + 8 * word) == PointerValue(address=address)


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(b"APS1" + bytes(16), id="magic"),
        pytest.param(b"APS2" + sleb(5, 0, 9, 0), id="group larger than the table"),
        pytest.param(b"APS2" + sleb(5, 0, 0, 0), id="empty group"),
        pytest.param(b"APS2" + sleb(5, 0), id="cut"),
    ],
)
def test_damaged_packed_relocations_are_an_error(packed: bytes) -> None:
    with pytest.raises(BinaryError):
        pointer(Plugin(packed=packed))


def test_too_many_packed_relocations_are_not_read() -> None:
    with pytest.raises(UnsupportedError):
        pointer(Plugin(packed=b"APS2" + sleb(1 << 40, 0)))


# Machines with ways of their own

REL32_64 = 3 | 18 << 8


def mips64(order: str, symbol: int) -> Plugin:
    """Return a plugin whose first word is relocated as MIPS64 does it: three types in a record."""
    number = symbol << 32 | REL32_64
    if order == "<":  # The types are bytes of their own, stored in big-endian order.
        number = symbol | 3 << 56 | 18 << 48
    data = struct.pack(order + "Q", 8 if symbol else CODE) + bytes(56)
    symbols = [Sym("own", DATA + 16, type=OBJECT), IMPORTED]
    return Plugin(
        machine=EM_MIPS, order=order, data=data, rel=[(DATA, number)], symbols=symbols,
        dynamic=[(0x70000013, 2), (0x70000011, 3)],
    )  # fmt: skip


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("symbol", "value"),
    [
        (0, PointerValue(address=CODE)),
        (1, PointerValue(address=DATA + 24)),
        (2, PointerValue(symbol="host", addend=8)),
    ],
)
def test_compound_relocations_of_mips64(order: str, symbol: int, value: PointerValue) -> None:
    assert pointer(mips64(order, symbol)) == value


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        (2, PointerValue(address=CODE)),
        (3, PointerValue(address=DATA + 16)),
        (4, PointerValue(symbol="host")),
    ],
)
def test_global_offset_table_of_mips(entry: int, value: PointerValue) -> None:
    plugin = Plugin(
        machine=EM_MIPS, is_64=False, order=">", symbols=[OWN, IMPORTED],
        data=struct.pack(">5I", 0, 1 << 31, CODE, 0, 0) + bytes(44),
        dynamic=[(DT_PLTGOT, DATA), (0x7000000A, 3), (0x70000013, 1), (0x70000011, 3)],
    )  # fmt: skip
    assert pointer(plugin, DATA + 4 * entry) == value


def descriptors(flags: int) -> Plugin:
    symbols = [Sym("entry", DATA)]
    rows = [(DATA, 22, CODE + 8), (DATA + 24, info(1, 38), 0)]
    return Plugin(machine=EM_PPC64, order=">", flags=flags, symbols=symbols, rela=rows)


def test_function_descriptor_counts_as_code() -> None:
    evidence = opened(descriptors(1))
    assert pointer(descriptors(1), DATA + 24) == PointerValue(address=DATA)
    assert evidence.memory.is_code(DATA)
    assert not evidence.memory.is_code(DATA + 32)


def test_code_behind_a_function_descriptor_is_found() -> None:
    assert opened(descriptors(1)).elf.code_address(DATA) == CODE + 8


def test_without_descriptors_data_is_no_code() -> None:
    evidence = opened(descriptors(2))
    assert not evidence.memory.is_code(DATA)
    assert evidence.elf.code_address(DATA) == DATA


# Segments


def test_bytes_come_with_their_place_in_the_file() -> None:
    seen = opened(Plugin(data=b"\1\2\3\4" + bytes(60))).memory.read(DATA, 4)
    assert isinstance(seen, Observed)
    assert (seen.value, seen.origin.file_offset) == (b"\1\2\3\4", DATA)


def test_bss_is_unseen_unless_initial_zeros_are_asked_for() -> None:
    memory = opened(Plugin(data=bytes(16), bss=16)).memory
    assert isinstance(memory.read(DATA + 16, 4), Unseen)
    seen = memory.read(DATA + 16, 4, initial=True)
    assert isinstance(seen, Observed)
    assert (seen.value, seen.origin.file_offset) == (bytes(4), None)


def test_pointer_in_bss_is_unseen() -> None:
    assert ".bss" in str(pointer(Plugin(data=bytes(16), bss=16), DATA + 16))


@pytest.mark.parametrize("address", [DATA - 4, DATA + 64, 1 << 63, -8])
def test_bytes_outside_the_image_are_unseen(address: int) -> None:
    assert isinstance(opened(Plugin()).memory.read(address, 4), Unseen)


def test_read_cannot_leave_its_segment() -> None:
    assert isinstance(opened(Plugin()).memory.read(DATA + 60, 8), Unseen)


def test_string_ends_at_its_nul() -> None:
    seen = opened(Plugin(data=b"hello\0x" + bytes(57))).memory.string(DATA)
    assert isinstance(seen, Observed)
    assert seen.value == b"hello"


def test_string_longer_than_its_limit_is_unseen() -> None:
    assert isinstance(opened(Plugin(data=b"hello" + bytes(59))).memory.string(DATA, 4), Unseen)


def test_string_of_just_its_limit_is_seen() -> None:
    assert isinstance(opened(Plugin(data=b"hello" + bytes(59))).memory.string(DATA, 5), Observed)


def test_string_without_nul_is_unseen() -> None:
    assert isinstance(opened(Plugin(data=b"x" * 64)).memory.string(DATA), Unseen)


def test_string_that_a_relocation_touches_is_unseen() -> None:
    plugin = Plugin(data=b"hello" + bytes(59), rela=[(DATA + 2, RELATIVE, 0)])
    assert isinstance(opened(plugin).memory.string(DATA), Unseen)


@pytest.mark.parametrize(("address", "expected"), [(CODE, True), (DATA, False), (0, False)])
def test_code_is_what_is_mapped_executable(address: int, expected: bool) -> None:
    assert opened(Plugin()).memory.is_code(address) is expected


def overlapping() -> bytes:
    return build(Plugin(segments=[(1, 4, DATA + 8, 8)]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(overlapping(), "overlap", id="overlapping segments"),
        pytest.param(truncated(build(Plugin()), CODE + 8), "truncated", id="truncated"),
        pytest.param(
            patched(build(Plugin()), 64 + 40, bytes(8)),
            "no PT_LOAD|larger in the file",
            id="p_memsz",
        ),
        pytest.param(
            patched(build(Plugin()), 64 + 56 + 40, b"\xff" * 8), "address space", id="huge p_memsz"
        ),
        pytest.param(
            patched(build(Plugin()), 64 + 3 * 56, b"\0"), "no PT_DYNAMIC", id="not dynamic"
        ),
        pytest.param(
            patched(build(Plugin()), 64 + 3 * 56 + 16, b"\xff" * 8),
            "no PT_LOAD maps",
            id="unmapped",
        ),
    ],
)
def test_file_that_cannot_be_mapped_is_an_error(content: bytes, message: str) -> None:
    with pytest.raises(BinaryError, match=message):
        opened(content)


@pytest.mark.parametrize("entry_size", [0, 16, 1 << 40])
def test_relocations_of_a_wrong_size_are_an_error(entry_size: int) -> None:
    with pytest.raises(BinaryError, match="bytes each"):
        pointer(Plugin(rela=[(DATA, RELATIVE, CODE)], dynamic=[(9, entry_size)]))


# Sections


def test_section_is_found_by_name() -> None:
    (evidence,) = read_plugin(str(binary("greeter/libgreeter-good.so")))
    seen = evidence.memory.section_bytes(".comment")
    assert isinstance(seen, Observed)
    assert b"GCC" in seen.value


def test_absent_section_is_none() -> None:
    (evidence,) = read_plugin(str(binary("greeter/libgreeter-good.so")))
    assert evidence.memory.section_bytes(".qtmetadata") is None
    assert evidence.memory.section(".qtmetadata") is None


def test_section_that_relocations_fill_is_unseen() -> None:
    (evidence,) = read_plugin(str(binary("greeter/libgreeter-good.so")))
    assert isinstance(evidence.memory.section_bytes(".init_array"), Unseen)


def test_without_section_headers_no_section_can_be_told_absent() -> None:
    assert isinstance(opened(Plugin()).memory.section_bytes(".qtmetadata"), Unseen)


# The index


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param([], id="empty"),
        pytest.param(list(range(0, 800, 8)), id="sorted"),
        pytest.param([*range(400, 800, 8), *range(0, 400, 8)], id="two runs"),
        pytest.param(list(range(800, 0, -8)), id="descending"),
        pytest.param([8] * 100, id="all the same"),
    ],
)
def test_index_finds_what_a_scan_finds(addresses: list[int]) -> None:
    index = AddressIndex(addresses)
    for low, high in ((0, 8), (8, 16), (16, 100), (796, 900), (0, 1000)):
        expected = [row for row, one in enumerate(addresses) if low <= one < high]
        assert sorted(index.rows(low, high)) == expected


def test_reading_one_value_decodes_few_relocations() -> None:
    rows = [(DATA + 8 * at, RELATIVE, CODE) for at in range(100)]
    evidence = opened(Plugin(machine=EM_X86_64, data=bytes(900), rela=rows))
    evidence.memory.pointer(DATA)
    assert evidence.counters.relocations <= 8


def test_no_relocation_reaches_into_code_unless_the_file_says_so() -> None:
    rows = [(CODE, RELATIVE, DATA)]
    said = opened(Plugin(rela=rows, dynamic=[(DT_TEXTREL, 0)])).memory
    assert said.pointer(CODE) == Observed(PointerValue(address=DATA), said.origin(CODE))
    by_flag = opened(Plugin(rela=rows, dynamic=[(DT_FLAGS, DF_TEXTREL)])).memory
    assert isinstance(by_flag.read(CODE, 8), Unseen)
    unsaid = opened(Plugin(rela=rows)).memory
    assert unsaid.read(CODE, 8) == Observed(b"\xcc" * 8, unsaid.origin(CODE))


@pytest.mark.parametrize("order", ["<", ">"])
def test_relocation_is_found_by_its_bytes(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("abicheck.evidence.elf.relocation_tables.SMALL", 8)
    machine, kind = (EM_X86_64, RELATIVE) if order == "<" else (EM_PPC64, 22)
    others = [(DATA + 0x200 + 8 * at, kind, CODE) for at in range(40)]
    for place in (0, 17, len(others)):
        rows = [*others[:place], (DATA + 0x100, kind, CODE), *others[place:]]
        plugin = Plugin(machine=machine, order=order, data=bytes(1 << 10), rela=rows)
        assert pointer(plugin, DATA + 0x100) == PointerValue(address=CODE)
        assert pointer(plugin, DATA + 0x1F8) == PointerValue()
        assert pointer(plugin, DATA + 0x200) == PointerValue(address=CODE)
