from __future__ import annotations

import struct

import pytest

from abicheck.errors import BinaryError
from abicheck.evidence.elf.hashes import gnu_hash, sysv_hash
from tests.evidence.elf.handmade import (
    DATA,
    DT_GNU_HASH,
    DT_HASH,
    EM_S390,
    Plugin,
    Sym,
    build,
    dynamic_value,
    patched,
)
from tests.evidence.elf.opening import opened

NAMES = ("alpha", "beta", "gamma")


def plugin(hash_: str, **options: object) -> Plugin:
    return Plugin(symbols=[Sym(name) for name in NAMES], hash=hash_, **options)  # type: ignore[arg-type]


def table_of(content: bytes, tag: int) -> int:
    (start,) = struct.unpack_from("<Q", content, dynamic_value(content, tag))
    return int(start)


@pytest.mark.parametrize(("name", "value"), [(b"", 5381), (b"printf", 0x156B2BB8)])
def test_gnu_hash(name: bytes, value: int) -> None:
    assert gnu_hash(name) == value


@pytest.mark.parametrize(("name", "value"), [(b"", 0), (b"printf", 0x077905A6)])
def test_sysv_hash(name: bytes, value: int) -> None:
    assert sysv_hash(name) == value


@pytest.mark.parametrize("hash_", ["gnu", "sysv"])
@pytest.mark.parametrize("name", NAMES)
def test_every_symbol_is_found(hash_: str, name: str) -> None:
    symbol = opened(plugin(hash_)).find_export(name)
    assert symbol is not None
    assert symbol.name == name


@pytest.mark.parametrize("hash_", ["gnu", "sysv"])
def test_absent_name_is_not_found(hash_: str) -> None:
    assert opened(plugin(hash_)).find_export("delta") is None


@pytest.mark.parametrize("hash_", ["gnu", "sysv"])
def test_number_of_symbols_follows_from_the_table(hash_: str) -> None:
    assert [one.name for one in opened(plugin(hash_)).exports()] == list(NAMES)


def test_s390x_has_wide_hash_entries() -> None:
    evidence = opened(plugin("sysv", machine=EM_S390, order=">"))
    assert evidence.find_export("beta")
    assert len(evidence.exports()) == 3


def test_without_hash_table_a_loader_finds_nothing() -> None:
    evidence = opened(plugin("none"))
    assert evidence.find_export("alpha") is None
    assert evidence.find_hidden("alpha") == (
        "it is in .dynsym, but the file has no hash table, so no loader finds it"
    )


def test_imports_are_found_without_hash_table() -> None:
    imported = Sym("host_log", 0, 0, section=0)
    evidence = opened(Plugin(symbols=[imported], hash="none"))
    assert [one.name for one in evidence.imports()] == ["host_log"]


def test_imports_are_found_beside_an_empty_gnu_hash_table() -> None:
    content = build(Plugin(symbols=[Sym("host_log", 0, 0, section=0)], hash="gnu"))
    bucket = table_of(content, DT_GNU_HASH) + 24
    evidence = opened(patched(content, bucket, bytes(4)))
    assert [one.name for one in evidence.imports()] == ["host_log"]


def damaged(tag: int, hash_: str, offset: int, value: bytes) -> bytes:
    content = build(plugin(hash_))
    return patched(content, table_of(content, tag) + offset, value)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(damaged(DT_HASH, "sysv", 8 + 4 + 4 * 3, b"\3\0\0\0"), id="SysV chain, loop"),
        pytest.param(damaged(DT_HASH, "sysv", 8, b"\xff\0\0\0"), id="SysV bucket, no symbol"),
        pytest.param(damaged(DT_HASH, "sysv", 4, b"\xff" * 4), id="SysV chain count"),
        pytest.param(damaged(DT_HASH, "sysv", 0, b"\xff" * 4), id="SysV bucket count"),
        pytest.param(damaged(DT_GNU_HASH, "gnu", 0, b"\xff" * 4), id="GNU bucket count"),
        pytest.param(damaged(DT_GNU_HASH, "gnu", 4, b"\xff" * 4), id="GNU first symbol"),
        pytest.param(damaged(DT_GNU_HASH, "gnu", 8, b"\3\0\0\0"), id="GNU filter, 3 words"),
        pytest.param(damaged(DT_GNU_HASH, "gnu", 8, b"\0\0\0\x80"), id="GNU filter beyond the end"),
        pytest.param(damaged(DT_GNU_HASH, "gnu", 24, b"\xff" * 4), id="GNU bucket"),
    ],
)
def test_damaged_hash_table_is_an_error(content: bytes) -> None:
    with pytest.raises(BinaryError):
        opened(content).find_export("beta")


def test_gnu_chain_without_end_is_an_error() -> None:
    table = struct.pack("<IIIIQI", 1, 1, 1, 5, (1 << 64) - 1, 1) + bytes(0x800)
    with pytest.raises(BinaryError):
        opened(Plugin(hash="none", data=table, dynamic=[(DT_GNU_HASH, DATA)])).find_export("foo")
