"""ELF files made by hand: what no linker here makes, and faults in plain sight."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DATA, CODE, TABLES = 0x3000, 0x4000, 0x1000
"""Addresses, which are file offsets as well, of writable data, of code, and of all tables."""

EM_X86_64, EM_PPC64, EM_MIPS, EM_S390, EM_ARM = 62, 21, 8, 22, 40
FUNC, OBJECT, NOTYPE, TLS, IFUNC = 2, 1, 0, 6, 10
GLOBAL, WEAK, LOCAL, UNIQUE = 1, 2, 0, 10

DT_NEEDED, DT_PLTGOT, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_STRSZ, DT_SONAME, DT_REL = (
    1, 3, 4, 5, 6, 7, 10, 14, 17,
)  # fmt: skip
DT_RELR, DT_GNU_HASH, DT_VERSYM, DT_VERDEF, DT_ANDROID_RELA = (
    36, 0x6FFFFEF5, 0x6FFFFFF0, 0x6FFFFFFC, 0x60000011,
)  # fmt: skip


@dataclass
class Sym:
    """A dynamic symbol; `version` is the index in .gnu.version, hidden bit included."""

    name: str
    value: int = CODE
    size: int = 4
    type: int = FUNC
    binding: int = GLOBAL
    other: int = 0
    section: int = 1
    version: int = 1


@dataclass
class Plugin:
    """What goes into the file; `build` lays it out with one segment of each kind."""

    machine: int = EM_X86_64
    is_64: bool = True
    order: str = "<"
    flags: int = 0
    type: int = 3
    symbols: list[Sym] = field(default_factory=list)
    data: bytes = bytes(64)
    bss: int = 0
    code: bytes = b"\xcc" * 64
    rela: list[tuple[int, int, int]] = field(default_factory=list)
    rel: list[tuple[int, int]] = field(default_factory=list)
    relr: list[int] = field(default_factory=list)
    packed: bytes = b""
    hash: str = "sysv"
    definitions: dict[int, str] = field(default_factory=dict)
    dynamic: list[tuple[int, int]] = field(default_factory=list)
    needed: tuple[str, ...] = ()
    segments: list[tuple[int, int, int, int]] = field(default_factory=list)

    @property
    def word(self) -> str:
        """The `struct` code of an address."""
        return "Q" if self.is_64 else "I"

    def pack(self, layout: str, *values: int) -> bytes:
        """Pack in the file's byte order."""
        return struct.pack(self.order + layout, *values)

    def words(self, *values: int) -> bytes:
        """Pack addresses."""
        return self.pack(self.word * len(values), *values)


def build(plugin: Plugin) -> bytes:
    """Return the file."""
    size = 8 if plugin.is_64 else 4
    tables, entries = bytearray(), list(plugin.dynamic)

    def place(tag: int, content: bytes, size_tag: int | None = None) -> None:
        tables.extend(bytes(-len(tables) % 16))
        entries.append((tag, TABLES + len(tables)))
        if size_tag is not None:
            entries.append((size_tag, len(content)))
        tables.extend(content)

    strings = bytearray(b"\0")

    def string(text: str) -> int:
        strings.extend(text.encode() + b"\0")
        return len(strings) - len(text.encode()) - 1

    symbols = [Sym("", 0, 0, 0, 0, 0, 0, 0), *plugin.symbols]
    place(DT_SYMTAB, b"".join(_symbol(plugin, one, string(one.name)) for one in symbols))
    _place_hash(plugin, symbols, place)
    entries.extend((DT_NEEDED, string(name)) for name in plugin.needed)
    if plugin.definitions:
        place(DT_VERSYM, plugin.pack(f"{len(symbols)}H", *(one.version for one in symbols)))
        place(DT_VERDEF, _definitions(plugin, string))
        entries.append((0x6FFFFFFD, len(plugin.definitions)))
    place(DT_STRTAB, bytes(strings), DT_STRSZ)
    if plugin.rela:
        rows = (plugin.pack(plugin.word * 2 + plugin.word.lower(), *row) for row in plugin.rela)
        place(DT_RELA, b"".join(rows), 8)
    if plugin.rel:
        place(DT_REL, b"".join(plugin.words(*row) for row in plugin.rel), 18)
    if plugin.relr:
        place(DT_RELR, plugin.words(*plugin.relr), 35)
    if plugin.packed:
        place(DT_ANDROID_RELA, plugin.packed, 0x60000012)
    tables.extend(bytes(-len(tables) % 16))
    dynamic_at = TABLES + len(tables)
    tables.extend(b"".join(plugin.words(*entry) for entry in [*entries, (0, 0)]))
    dynamic_size = TABLES + len(tables) - dynamic_at
    assert TABLES + len(tables) <= DATA
    content = bytearray(CODE + len(plugin.code))
    content[TABLES : TABLES + len(tables)] = tables
    content[DATA : DATA + len(plugin.data)] = plugin.data
    content[CODE:] = plugin.code
    headers = [
        (1, 4, 0, TABLES + len(tables), 0),
        (1, 6, DATA, len(plugin.data), plugin.bss),
        (1, 5, CODE, len(plugin.code), 0),
        (2, 6, dynamic_at, dynamic_size, 0),
        *((kind, flags, start, length, 0) for kind, flags, start, length in plugin.segments),
    ]
    header = _header(plugin, len(headers), size) + b"".join(
        _program_header(plugin, row) for row in headers
    )
    content[: len(header)] = header
    return bytes(content)


def _symbol(plugin: Plugin, one: Sym, name: int) -> bytes:
    info = one.binding << 4 | one.type
    if plugin.is_64:
        return plugin.pack("IBBHQQ", name, info, one.other, one.section, one.value, one.size)
    return plugin.pack("IIIBBH", name, one.value, one.size, info, one.other, one.section)


def _place_hash(plugin: Plugin, symbols: list[Sym], place: Callable[[int, bytes], None]) -> None:
    if plugin.hash == "sysv":
        code = "Q" if plugin.machine == EM_S390 and plugin.is_64 else "I"
        chain = [0, *[index - 1 for index in range(1, len(symbols))]]
        place(
            DT_HASH, plugin.pack(f"{3 + len(chain)}{code}", 1, len(chain), len(chain) - 1, *chain)
        )
    elif plugin.hash == "gnu":
        hashes = [_gnu_hash(one.name) & ~1 for one in symbols[1:]]
        if hashes:
            hashes[-1] |= 1
        ones = (1 << (64 if plugin.is_64 else 32)) - 1
        header = plugin.pack("IIII", 1, 1, 1, 5) + plugin.words(ones)
        place(DT_GNU_HASH, header + plugin.pack(f"{1 + len(hashes)}I", int(bool(hashes)), *hashes))


def _gnu_hash(name: str) -> int:
    value = 5381
    for byte in name.encode():
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value


def _definitions(plugin: Plugin, string: Callable[[str], int]) -> bytes:
    rows, total = [], len(plugin.definitions)
    for number, (index, name) in enumerate(plugin.definitions.items()):
        link = 28 if number + 1 < total else 0
        rows.append(plugin.pack("HHHHIII", 1, int(index == 1), index, 1, 0, 20, link))
        rows.append(plugin.pack("II", string(name), 0))
    return b"".join(rows)


def _header(plugin: Plugin, count: int, size: int) -> bytes:
    ident = b"\x7fELF" + bytes([size // 4, 1 if plugin.order == "<" else 2, 1]) + bytes(9)
    end, entry_size = (64, 56) if plugin.is_64 else (52, 32)
    return ident + plugin.pack(
        f"HHI{plugin.word * 3}IHHHHHH",
        plugin.type, plugin.machine, 1, 0, end, 0, plugin.flags, end, entry_size, count, 0, 0, 0,
    )  # fmt: skip


def _program_header(plugin: Plugin, row: tuple[int, int, int, int, int]) -> bytes:
    kind, flags, start, length, extra = row
    if plugin.is_64:
        return plugin.pack(
            "IIQQQQQQ", kind, flags, start, start, start, length, length + extra, 4096
        )
    return plugin.pack("IIIIIIII", kind, start, start, start, length, length + extra, flags, 4096)


def truncated(content: bytes, size: int) -> bytes:
    """Return the first `size` bytes."""
    return content[:size]


def patched(content: bytes, at: int, to: bytes) -> bytes:
    """Return `content` with the bytes at `at` replaced."""
    return content[:at] + to + content[at + len(to) :]


def dynamic_value(content: bytes, tag: int) -> int:
    """Return the file offset of the value of a dynamic entry of a 64-bit little-endian file."""
    (start,) = struct.unpack_from("<Q", content, 64 + 3 * 56 + 8)
    while True:
        found, _ = struct.unpack_from("<QQ", content, start)
        if found == tag:
            return int(start + 8)
        start += 16
