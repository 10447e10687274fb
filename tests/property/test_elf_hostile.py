"""No bytes make the ELF reader raise anything but its own errors, or take long."""

from __future__ import annotations

import contextlib
import random
import struct
import time
from typing import TYPE_CHECKING

import pytest

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.elf.reader import read_elf
from tests.conftest import binary

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.property

SUBJECTS = [
    "greeter/libgreeter-good.so",
    "greeter/libgreeter-separate.so.debug",
    "greeter/arm-linux-gnueabihf/libgreeter-good.so",
    "greeter/mips-linux-gnu/libgreeter-good.so",
    "greeter/mips64-linux-gnuabi64/libgreeter-good.so",
    "greeter/s390x-linux-gnu/libgreeter-good.so",
    "greeter/powerpc64-linux-gnu/libgreeter-good.so",
    "greeter/riscv32-linux-gnu/libgreeter-good.so",
]
VALUES = (0, 1, 2, 0x7F, 0x80, 0xFF)


def mutants(seed: int, count: int) -> Iterator[bytes]:
    """Yield damaged plugins: bytes changed (mostly in headers and tables), words, or cut off."""
    chance = random.Random(seed)
    for _ in range(count):
        content = bytearray(binary(chance.choice(SUBJECTS)).read_bytes())
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            reach = chance.choice((64, 0x200, 0x800, len(content)))
            place = chance.randrange(min(reach, len(content)))
            width = chance.choice((1, 1, 2, 4, 8))
            value = bytes(chance.choice(VALUES) for _ in range(width))
            if chance.random() < 0.3:
                value = chance.randbytes(width)
            content[place : place + width] = value
        if chance.random() < 0.1:
            del content[chance.randrange(len(content)) :]
        yield bytes(content)


def exercise(content: bytes) -> None:
    """Ask every question that rules ask."""
    for evidence in read_elf("plugin.so", content):
        symbols, memory = list(evidence.exports()), evidence.memory
        _ = evidence.facts, evidence.imports()
        for name in ("load_plugin", "free_greeter", "GREETER_ABI_VERSION", "absent"):
            if evidence.find_export(name) is None:
                evidence.find_hidden(name)
            evidence.find_export(name, "V1")
        for symbol in symbols[:20]:
            memory.read(symbol.address, min(symbol.size or 0, 256))
            memory.pointer(symbol.address)
            memory.string(symbol.address)
            memory.is_code(symbol.address)
            evidence.elf.code_address(symbol.address)
        for section in evidence.elf.sections[:40]:
            memory.section_bytes(section.name)
        _ = evidence.elf.debuglink


def check(seed: int, count: int) -> None:
    for number, content in enumerate(mutants(seed, count)):
        begin = time.process_time()
        try:
            exercise(content)
        except (BinaryError, UnsupportedError):
            pass
        except Exception as error:
            raise AssertionError(f"mutant {number} of seed {seed}: {error!r}") from error
        assert time.process_time() - begin < 2, f"mutant {number} of seed {seed} took too long"


def test_damaged_plugins_raise_our_errors_only() -> None:
    check(seed=1, count=300)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_damaged_plugins_raise_our_errors_only(seed: int) -> None:
    check(seed, count=2000)


def one_bucket(symbols: int, name_length: int) -> bytes:
    """Return a library whose symbols are all in one hash chain and have overlapping long names."""
    table = b"".join(
        struct.pack("<IBBHQQ", 1 + at % name_length, 0x12, 0, 1, 0x1000 + at, 4)
        for at in range(symbols)
    )
    names = b"\0" + b"a" * name_length + b"\0"
    chains = struct.pack("<III", 1, symbols, symbols - 1) + struct.pack(
        f"<{symbols}I", 0, *range(symbols - 1)
    )
    begin = 64 + 2 * 56
    places = [begin, begin + len(table), begin + len(table) + len(names)]
    dynamic_at = places[2] + len(chains)
    entries = [(6, places[0]), (5, places[1]), (10, len(names)), (4, places[2]), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    size = dynamic_at + len(dynamic)
    header = (
        b"\x7fELF\x02\x01\x01"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    )
    segments = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096) + struct.pack(
        "<IIQQQQQQ", 2, 6, dynamic_at, dynamic_at, dynamic_at, len(dynamic), len(dynamic), 8
    )
    return header + segments + table + names + chains + dynamic


@pytest.mark.parametrize(
    ("symbols", "name_length"),
    [(200_000, 16), (20_000, 60_000), (600_000, 16)],
    ids=["endless chain", "overlapping names", "too many"],
)
@pytest.mark.parametrize("question", ["find_export", "find_hidden", "exports", "imports"])
def test_large_hostile_tables_are_answered_in_time(
    symbols: int, name_length: int, question: str
) -> None:
    (evidence,) = read_elf("plugin.so", one_bucket(symbols, name_length))
    arguments = ["load_plugin"] if question.startswith("find") else []
    begin = time.process_time()
    with contextlib.suppress(BinaryError, UnsupportedError):
        getattr(evidence, question)(*arguments)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize("subject", SUBJECTS)
def test_truncated_plugins_raise_our_errors_only(subject: str) -> None:
    content = binary(subject).read_bytes()
    for size in {*range(0, 0x200, 13), *range(0, len(content), 997)}:
        try:
            exercise(content[:size])
        except (BinaryError, UnsupportedError):
            continue
