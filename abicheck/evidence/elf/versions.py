"""Symbol versions: DT_VERSYM, DT_VERDEF and DT_VERNEED -> the versions of symbols.

Source: Linux Standard Base Core 5.0, chapter 10.7, "Symbol Versioning".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.evidence.elf import standard as elf_
from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.cursor import Cursor
    from abicheck.evidence.elf.dynamic import Dynamic

VER_FLG_BASE, VER_FLG_WEAK = 1, 2
VER_NDX_LOCAL, VER_NDX_GLOBAL = 0, 1
VERSYM_HIDDEN, VERSYM_VERSION = 0x8000, 0x7FFF
MOST_VERSIONS = 1 << 12
"""Of each kind in one file; glibc has about fifty, and an index has 15 bits."""


@record
class Need:
    """One version that the file demands of a library, and where that stands in the file."""

    library: str
    version: str
    is_weak: bool
    file_offset: int


class Versions:
    """The versions of one file: `defined` and `needed` by index, `names` of those defined.

    `base` names the file's own base version, which symbols do not carry.
    """

    def __init__(self, dynamic: Dynamic) -> None:
        """Decode both lists; the table of indexes is read symbol by symbol."""
        self._dynamic = dynamic
        self._indexes = dynamic.table(elf_.DT_VERSYM, "symbol version table")
        self.has_indexes = self._indexes is not None
        self.defined: dict[int, str] = {}
        self.needed: dict[int, Need] = {}
        self.base: str | None = None
        self.needs: tuple[Need, ...] = tuple(self._read_needs())
        self._read_definitions()
        self.names = frozenset(self.defined.values())

    def index(self, symbol: int) -> int:
        """Return the version index of a symbol, VERSYM_HIDDEN included; 1 without versions."""
        table = self._indexes
        if table is None:
            return VER_NDX_GLOBAL
        table.seek(table.start + 2 * symbol)
        return table.u16()

    def indexes(self, count: int) -> bytes | None:
        """Return the version indexes of the first `count` symbols, as they are in the file."""
        table = self._indexes
        if table is None:
            return None
        table.seek(table.start)
        return table.take(2 * count)

    def _read_definitions(self) -> None:
        table = self._dynamic.table(elf_.DT_VERDEF, "version definitions")
        if table is None:
            return
        count = self._dynamic.values.get(elf_.DT_VERDEFNUM, MOST_VERSIONS)
        for position in _linked(table, table.start, count, link_at=16):
            table.seek(position)
            _, flags, index, _, _, names, _ = table.unpack("HHHHIII")
            table.seek(position + names)
            name = self._dynamic.label(table.u32())
            if flags & VER_FLG_BASE:
                self.base = name
            else:
                self.defined[index & VERSYM_VERSION] = name

    def _read_needs(self) -> Iterator[Need]:
        table = self._dynamic.table(elf_.DT_VERNEED, "version needs")
        if table is None:
            return
        left = MOST_VERSIONS
        libraries = self._dynamic.values.get(elf_.DT_VERNEEDNUM, MOST_VERSIONS)
        for position in _linked(table, table.start, libraries, link_at=12):
            table.seek(position)
            _, count, library, first, _ = table.unpack("HHIII")
            file = self._dynamic.label(library)
            for one in _linked(table, position + first, count, link_at=12):
                table.seek(one)
                _, flags, index, name, _ = table.unpack("IHHII")
                need = Need(file, self._dynamic.label(name), bool(flags & VER_FLG_WEAK), one)
                self.needed[index & VERSYM_VERSION] = need
                left -= 1
                if left < 0:
                    raise table.error(f"more than {MOST_VERSIONS} versions are needed")
                yield need


def _linked(table: Cursor, position: int, count: int, *, link_at: int) -> Iterator[int]:
    """Yield the positions of up to `count` entries that are chained by relative offsets."""
    if count > MOST_VERSIONS:
        raise table.error(f"it claims {count} entries")
    for _ in range(count):
        yield position
        table.seek(position + link_at)
        step = table.u32()
        if not step:
            return
        position += step
