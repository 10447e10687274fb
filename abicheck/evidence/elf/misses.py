"""Why a plugin does not export a name: the nearest thing in it that explains the miss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import BinaryError
from abicheck.evidence.elf import standard as elf_
from abicheck.evidence.elf.mangling import mangled_near
from abicheck.evidence.elf.symbols import (
    BINDINGS,
    KINDS,
    Entry,
    is_defined,
    offsets_of,
    read_entries,
)
from abicheck.model.evidence import UNKNOWN, Symbol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from abicheck.evidence.elf.symbols import DynamicSymbols

MOST_COMPARED = 500
"""Exports of nearly the same length with which a name is compared letter by letter."""

LARGEST_DIFFERENCE = 4
"""Letters by which a misspelt name may be longer or shorter."""

LARGEST_SYMTAB = 1 << 25

MOST_LISTED = 20_000
"""Dynamic symbols of a plugin that is searched for misspelt names."""

PATIENCE = 1 << 27
"""Bytes of tables that are searched for explanations, of all misses of one plugin together."""

LOCAL_REASONS = "`static`, hidden visibility, or kept back by a version script"
"""Linkers make hidden symbols local and not all of them keep the mark."""


def explain_miss(
    symbols: DynamicSymbols, name: str, others: Collection[str] = ()
) -> Symbol | str | None:
    """Return what comes nearest to an export called `name` that `dlsym` does not find.

    `others` are exports that are known to be meant as they are: `name` misspelt is none of them.

    A `Symbol` is a definition that the loader passes over, because of its version or
    its visibility. A clause says that the name is imported, local, mangled or
    misspelt. None: nothing like it is in the file, or too much was searched already.
    """
    wanted = name.encode(errors="surrogateescape")
    if not wanted:
        return None
    for explain in (_in_dynamic_table, _in_full_table, _mangled):
        if symbols.bytes_searched > PATIENCE:
            return None
        found = explain(symbols, wanted)
        if found is not None:
            return found
    return _misspelt(symbols, name, others)


def _in_dynamic_table(symbols: DynamicSymbols, name: bytes) -> Symbol | str | None:
    imported = None
    for index, entry in symbols.with_name(name):
        if symbols.is_version(entry):
            return "it is the name of a symbol version, not of a symbol"
        if is_defined(entry) and entry.binding in BINDINGS:
            if symbols.hash_table is None:
                return "it is in .dynsym, but the file has no hash table, so no loader finds it"
            return symbols.symbol(index)
        if entry.section == elf_.SHN_UNDEF:
            found = symbols.import_at(index)
            source = f" from {found.library}" if found.library else ""
            version = f", version {found.version}" if found.version else ""
            imported = f"it is imported{source}{version}, not defined in this file"
    return imported


def _in_full_table(symbols: DynamicSymbols, name: bytes) -> str | None:
    """Look into .symtab, which unstripped files have beside .dynsym."""
    for entry in _full_entries(symbols, name):
        if entry.type in {elf_.STT_SECTION, elf_.STT_FILE} or entry.section == elf_.SHN_UNDEF:
            continue
        kind = KINDS.get(entry.type, UNKNOWN)
        thing = "symbol" if kind == UNKNOWN else kind
        if entry.visibility in {elf_.STV_HIDDEN, elf_.STV_INTERNAL}:
            return (
                f"it is in .symtab as a hidden {thing}: its visibility keeps it from being exported"
            )
        if entry.binding == elf_.STB_LOCAL:
            return f"it is in .symtab as a local {thing}: {LOCAL_REASONS}"
        return f"it is in .symtab as a {thing}, but not in .dynsym"
    return None


def _full_entries(symbols: DynamicSymbols, name: bytes) -> Iterator[Entry]:
    elf = symbols.elf
    table = next((one for one in elf.sections if one.type == elf_.SHT_SYMTAB), None)
    if table is None or table.link >= len(elf.sections) or table.size > LARGEST_SYMTAB:
        return
    try:
        strings, content = elf.content(elf.sections[table.link]), elf.content(table)
    except BinaryError:  # Not a section that the loader reads: the rest is sound.
        return
    symbols.bytes_searched += strings.remaining
    offsets = offsets_of(name, strings.take(min(strings.remaining, LARGEST_SYMTAB)))
    if not offsets:
        return
    symbols.bytes_searched += content.remaining
    size = 24 if elf.is_64 else 16
    rows = content.take(content.remaining // size * size)
    for row in read_entries(rows, elf.prefix, is_64=elf.is_64):
        if row[0] in offsets:
            yield Entry(*row)


def _mangled(symbols: DynamicSymbols, name: bytes) -> str | None:
    table = symbols.dynamic.strings
    strings = table.buffer[table.start : table.end]
    symbols.bytes_searched += len(strings)
    for found, reading in mangled_near(name, strings):
        if symbols.bytes_searched > PATIENCE:
            return None
        if any(is_defined(entry) for _, entry in symbols.with_name(found)):
            return reading
    return None


def _misspelt(symbols: DynamicSymbols, name: str, others: Collection[str]) -> str | None:
    if symbols.count > MOST_LISTED:
        return None
    near = nearest(name, (one for one in symbols.exports.names if one not in others))
    return None if near is None else f"there is an export named {near}"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that `name` was probably meant to be."""
    wanted, alike = _folded(name), []
    for one in names:
        if abs(len(one) - len(name)) <= LARGEST_DIFFERENCE:
            if _folded(one) == wanted:
                return one
            alike.append(one)
    from difflib import get_close_matches  # noqa: PLC0415  only where a plugin has failed

    found = get_close_matches(name, alike[:MOST_COMPARED], n=1, cutoff=0.8)
    return found[0] if found else None


def _folded(name: str) -> str:
    """Return `name` without what is easily got wrong: case and underscores."""
    return name.replace("_", "").lower()
