"""DynamicSymbols: .dynsym -> the exports and imports that the dynamic loader sees."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, overload

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.elf import standard as elf_
from abicheck.evidence.elf.hashes import GnuHash, SysvHash, find_hash_table
from abicheck.evidence.elf.versions import (
    VER_NDX_GLOBAL,
    VERSYM_HIDDEN,
    VERSYM_VERSION,
    Versions,
)
from abicheck.model.evidence import (
    DATA,
    FUNCTION,
    IFUNC,
    TLS,
    UNKNOWN,
    Import,
    Origin,
    Symbol,
)
from abicheck.model.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from abicheck.evidence.cursor import Cursor
    from abicheck.evidence.elf.dynamic import Dynamic
    from abicheck.evidence.elf.memory import ElfMemory

KINDS = {
    elf_.STT_NOTYPE: UNKNOWN,
    elf_.STT_OBJECT: DATA,
    elf_.STT_FUNC: FUNCTION,
    elf_.STT_COMMON: DATA,
    elf_.STT_TLS: TLS,
    elf_.STT_GNU_IFUNC: IFUNC,
}
"""The types of symbol that a loader accepts, and what they are; any other it passes over."""

BINDINGS = {elf_.STB_GLOBAL: "global", elf_.STB_WEAK: "weak", elf_.STB_GNU_UNIQUE: "unique"}
VISIBILITIES = ("default", "internal", "hidden", "protected")
OFFERED = frozenset(binding << 4 | kind for binding in BINDINGS for kind in KINDS)
"""The values of st_info of what a loader takes for a definition."""

HIDDEN = frozenset({elf_.STV_INTERNAL, elf_.STV_HIDDEN})
STO_MIPS_ISA, STO_MICROMIPS, STO_MIPS16 = 0xC0, 0x80, 0xF0

MOST_SYMBOLS = 1 << 19
ENOUGH_NAME_BYTES = 1 << 26
"""Where reading names stops: overlapping strings could otherwise cost the square of the file."""


class Entry(NamedTuple):
    """One entry of a symbol table, in the same order for both classes."""

    name: int
    value: int
    size: int
    info: int
    other: int
    section: int

    @property
    def type(self) -> int:
        """STT_x."""
        return self.info & 0xF

    @property
    def binding(self) -> int:
        """STB_x."""
        return self.info >> 4

    @property
    def visibility(self) -> int:
        """STV_x; the other bits of st_other are the processor's."""
        return self.other & 3


def read_entries(table: bytes, prefix: str, *, is_64: bool) -> Iterator[tuple[int, ...]]:
    """Return (name, value, size, info, other, section) of each entry in `table`."""
    if not is_64:
        return struct.iter_unpack(prefix + "IIIBBH", table)
    return (
        (name, value, size, info, other, section)
        for name, info, other, section, value, size in struct.iter_unpack(prefix + "IBBHQQ", table)
    )


class Exports(Sequence[Symbol]):
    """The exports of a file, sorted by name and version; a symbol is made when it is looked at.

    `names` are their names alone, which costs far less than the symbols.
    """

    def __init__(self, symbols: DynamicSymbols, keys: list[tuple[bytes, str, int]]) -> None:
        """Hold the (name, version, index) of each, sorted."""
        self._symbols, self._keys = symbols, keys

    @property
    def names(self) -> list[str]:
        """The name of each, in order; a name occurs once for each of its versions."""
        return [name.decode(errors="backslashreplace") for name, _, _ in self._keys]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> Symbol: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Symbol]: ...
    def __getitem__(self, index: int | slice) -> Symbol | Sequence[Symbol]:
        """Return one symbol, or several."""
        if isinstance(index, slice):
            return [self._symbols.symbol(number) for _, _, number in self._keys[index]]
        return self._symbols.symbol(self._keys[index][2])

    def __iter__(self) -> Iterator[Symbol]:
        """Yield every symbol."""
        for _, _, index in self._keys:
            yield self._symbols.symbol(index)

    def __contains__(self, symbol: object) -> bool:
        """Whether `symbol` is one of them."""
        return any(symbol == one for one in self)


class DynamicSymbols:
    """The dynamic symbols of one file; entries are decoded one by one, on demand."""

    def __init__(self, dynamic: Dynamic, memory: ElfMemory) -> None:
        """Read no symbol yet; `memory` says which data stays writable."""
        self.dynamic, self.elf, self._memory = dynamic, dynamic.elf, memory
        self._known: dict[int, Symbol] = {}
        self.bytes_searched = 0

    @cached_property
    def versions(self) -> Versions:
        """The symbol versions of the file."""
        return Versions(self.dynamic)

    @cached_property
    def _entry_size(self) -> int:
        size, expected = self.dynamic.values.get(elf_.DT_SYMENT), 24 if self.elf.is_64 else 16
        if size not in {None, expected}:
            raise BinaryError(self.elf.path, f"DT_SYMENT is {size}; expected {expected}")
        return expected

    @cached_property
    def _table(self) -> Cursor | None:
        return self.dynamic.table(elf_.DT_SYMTAB, "dynamic symbol table")

    @cached_property
    def hash_table(self) -> GnuHash | SysvHash | None:
        """The table that the loader searches; None if the file has none."""
        return find_hash_table(self.dynamic)

    @cached_property
    def count(self) -> int:
        """The number of dynamic symbols, the first (null) one included.

        Nothing states it: the hash table implies it, unless it is empty; then the section
        header tells, and without one the distance to the table that follows.
        """
        table = self._table
        if table is None:
            return 0
        count = self._unhashed_count(table)
        if self.hash_table is not None:
            count = self.hash_table.symbol_count() or count
        if count > MOST_SYMBOLS:
            raise UnsupportedError(f"{self.elf.path}: {count} dynamic symbols are too many to read")
        table.seek(table.start)
        table.skip(count * self._entry_size)
        return count

    def _unhashed_count(self, table: Cursor) -> int:
        values, start = self.dynamic.values, self.dynamic.values[elf_.DT_SYMTAB]
        if elf_.DT_MIPS_SYMTABNO in values and self.elf.machine == elf_.EM_MIPS:
            return values[elf_.DT_MIPS_SYMTABNO]
        for section in self.elf.sections:
            if section.type == elf_.SHT_DYNSYM and section.address == start:
                return min(section.size, table.end - table.start) // self._entry_size
        tables = (
            elf_.DT_STRTAB, elf_.DT_HASH, elf_.DT_GNU_HASH, elf_.DT_VERSYM, elf_.DT_VERDEF,
            elf_.DT_VERNEED, elf_.DT_REL, elf_.DT_RELA, elf_.DT_JMPREL, elf_.DT_RELR, elf_.DT_INIT,
        )  # fmt: skip
        following = [values[tag] for tag in tables if values.get(tag, 0) > start]
        end = min(following, default=start)
        return min(end - start, table.end - table.start) // self._entry_size

    def entry(self, index: int) -> Entry:
        """Decode one entry. Raises: BinaryError if it lies outside the table's segment."""
        table = self._table
        if table is None:
            raise BinaryError(self.elf.path, "no dynamic symbol table (DT_SYMTAB)")
        self.elf.counters.symbols += 1
        table.seek(table.start + index * self._entry_size)
        if not self.elf.is_64:
            return Entry(*table.unpack("IIIBBH"))
        name, info, other, section, value, size = table.unpack("IBBHQQ")
        return Entry(name, value, size, info, other, section)

    def _all_entries(self) -> Iterator[tuple[int, ...]]:
        if not self.count or self._table is None:
            return iter(())
        self._table.seek(self._table.start)
        self.elf.counters.symbols += self.count
        content = self._table.take(self.count * self._entry_size)
        return read_entries(content, self.elf.prefix, is_64=self.elf.is_64)

    def indexes_of(self, name: bytes) -> list[int]:
        """Return the indexes of the symbols called `name` that the loader would look at."""
        if self.hash_table is None:
            return []
        wanted, strings = name + b"\0", self.dynamic.strings
        found = []
        for index in self.hash_table.candidates(name):
            start = strings.start + self.entry(index).name
            if start + len(wanted) <= strings.end:
                if strings.buffer[start : start + len(wanted)] == wanted:
                    found.append(index)
            elif start > strings.end:
                raise strings.error(f"the name of symbol {index} lies outside it", at=start)
        return found

    def find(self, name: str, version: str | None = None) -> Symbol | None:
        """Return what dlsym finds, or with `version` dlvsym; only definitions in this file.

        Without a version, a definition without version or of the base version is taken at
        once; else the one that is a default version, if there is exactly one. With a version,
        a file that has no versions at all offers what it has.

        Source: glibc 2.36, elf/dl-lookup.c, check_match and do_lookup_x.
        """
        defaults = []
        for index in self.indexes_of(name.encode(errors="surrogateescape")):
            if not self._is_visible(self.entry(index)):
                continue
            number = self.versions.index(index)
            if version is None:
                if number & VERSYM_VERSION <= VER_NDX_GLOBAL:
                    return self.symbol(index)
                if not number & VERSYM_HIDDEN:
                    defaults.append(index)
            elif (
                not self.versions.has_indexes
                or self.versions.defined.get(number & VERSYM_VERSION) == version
            ):
                return self.symbol(index)
        return self.symbol(defaults[0]) if len(defaults) == 1 else None

    def _is_visible(self, entry: Entry) -> bool:
        return (
            is_defined(entry)
            and entry.binding in BINDINGS
            and entry.visibility in {elf_.STV_DEFAULT, elf_.STV_PROTECTED}
            and not self.is_version(entry)
        )

    def is_version(self, entry: Entry) -> bool:
        """Whether this is one of the symbols by which GNU ld names version definitions."""
        if entry.section != elf_.SHN_ABS or entry.size or entry.type != elf_.STT_OBJECT:
            return False
        return self.dynamic.text(entry.name) in self.versions.names

    def symbol(self, index: int) -> Symbol:
        """Return one defined symbol."""
        known = self._known.get(index)
        if known is not None:
            return known
        entry = self.entry(index)
        kind, section = KINDS.get(entry.type, UNKNOWN), self._section_name(entry.section)
        number = self.versions.index(index)
        address = code_start(self.elf.machine, entry)
        symbol = Symbol(
            name=self.dynamic.text(entry.name),
            kind=kind,
            address=address,
            origin=self.origin(index),
            size=entry.size,
            binding=BINDINGS.get(entry.binding, "local"),
            visibility=VISIBILITIES[entry.visibility],
            version=self.versions.defined.get(number & VERSYM_VERSION),
            is_default_version=not number & VERSYM_HIDDEN,
            is_writable=self._memory.is_writable(address) if kind in {DATA, UNKNOWN} else None,
            section=section,
        )
        if len(self._known) < 1 << 10:
            self._known[index] = symbol
        return symbol

    def origin(self, index: int) -> Origin:
        """Return where the entry of a symbol lies."""
        start = 0 if self._table is None else self._table.start
        return Origin(self.elf.path, ".dynsym", start + index * self._entry_size)

    def _section_name(self, index: int) -> str | None:
        sections = self.elf.sections
        if 0 < index < min(len(sections), elf_.SHN_LORESERVE):
            return sections[index].name or None
        return None

    @cached_property
    def exports(self) -> Exports:
        """Every export, hidden versions included, sorted by name and version."""
        first = self.hash_table.first if self.hash_table is not None else self.count
        numbers, names, keys = self._version_numbers(), self._names(), []
        defined = self.versions.defined
        # This loop runs for every symbol of the file: it is `_is_visible`, written flat.
        for index, row in enumerate(self._all_entries()):
            name, value, _, info, other, section = row
            if not section or info not in OFFERED or other & 3 in HIDDEN or index < first:
                continue
            if section == elf_.SHN_ABS:
                if self.is_version(Entry(*row)):
                    continue
            elif not value and info & 0xF != elf_.STT_TLS:
                continue
            version = defined.get(numbers[index] & VERSYM_VERSION, "") if numbers else ""
            keys.append((names(name), version, index))
        keys.sort()
        return Exports(self, keys)

    def imports(self) -> list[Import]:
        """Return every undefined symbol, in the order of the table."""
        numbers, found = self._version_numbers(), []
        names = self._names()
        for index, row in enumerate(self._all_entries()):
            if index and not row[5] and row[0]:
                entry = Entry(*row)
                number = numbers[index] & VERSYM_VERSION if numbers else 0
                found.append(self._import(index, entry, names(entry.name), number))
        return found

    def _import(self, index: int, entry: Entry, name: bytes, number: int) -> Import:
        need = self.versions.needed.get(number)
        return Import(
            name=name.decode(errors="backslashreplace"),
            kind=KINDS.get(entry.type, UNKNOWN),
            origin=self.origin(index),
            is_weak=entry.binding == elf_.STB_WEAK,
            version=None if need is None else need.version,
            library=None if need is None else need.library,
        )

    def import_at(self, index: int) -> Import:
        """Return the undefined symbol at `index`."""
        entry = self.entry(index)
        number = self.versions.index(index) & VERSYM_VERSION
        return self._import(index, entry, self.dynamic.string(entry.name), number)

    def _version_numbers(self) -> tuple[int, ...] | None:
        content = self.versions.indexes(self.count)
        if content is None:
            return None
        return struct.unpack(f"{self.elf.prefix}{len(content) // 2}H", content)

    def _names(self) -> Callable[[int], bytes]:
        """Return a function from a name's offset to the name, on a copy of the string table."""
        table = self.dynamic.strings
        content, left = table.buffer[table.start : table.end], ENOUGH_NAME_BYTES

        def name_at(offset: int) -> bytes:
            nonlocal left
            end = content.find(b"\0", offset)
            left -= end - offset
            if end < 0 or left < 0:
                raise table.error(
                    "a name has no end in it", at=table.start + min(offset, len(content))
                )
            return content[offset:end]

        return name_at

    def with_name(self, name: bytes) -> list[tuple[int, Entry]]:
        """Return all symbols called `name`, undefined ones included, by a scan of the table."""
        table = self.dynamic.strings
        self.bytes_searched += table.end - table.start
        offsets = offsets_of(name, table.buffer[table.start : table.end])
        if not offsets:
            return []
        self.bytes_searched += self.count * self._entry_size
        rows = enumerate(self._all_entries())
        return [(index, Entry(*row)) for index, row in rows if row[0] in offsets]


def offsets_of(name: bytes, strings: bytes) -> frozenset[int]:
    """Return the offsets at which a string table holds `name`, tails of longer names included."""
    found: list[int] = []
    position, wanted = -1, name + b"\0"
    while len(found) < 1 << 12:
        position = strings.find(wanted, position + 1)
        if position < 0:
            break
        found.append(position)
    return frozenset(found)


def is_defined(entry: Entry) -> bool:
    """Whether a loader accepts this as a definition.

    An undefined symbol with a value is the address of a PLT stub. A definition at
    address 0 is none, unless it is absolute or an offset in thread-local storage.
    """
    return (
        entry.section != elf_.SHN_UNDEF
        and entry.type in KINDS
        and (bool(entry.value) or entry.section == elf_.SHN_ABS or entry.type == elf_.STT_TLS)
    )


def code_start(machine: int, entry: Entry) -> int:
    """Return a symbol's address without the bit by which it says "Thumb" or "MIPS16"."""
    if entry.type not in {elf_.STT_FUNC, elf_.STT_GNU_IFUNC}:
        return entry.value
    if machine == elf_.EM_ARM:
        return entry.value & ~1
    if machine == elf_.EM_MIPS:
        is_16 = entry.other & STO_MIPS16 == STO_MIPS16
        if is_16 or entry.other & STO_MIPS_ISA == STO_MICROMIPS:
            return entry.value & ~1
    return entry.value
