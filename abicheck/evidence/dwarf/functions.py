"""A symbol -> the entry that describes the function or the data behind it.

In the unit that claims the address, the entry is searched for by the bytes of
the address, at the place where the unit's abbreviations put it. Only where they
put it at no fixed place is the unit walked.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.bytewise import occurrences
from abicheck.evidence.dwarf.forms import ADDRESS_INDEX_FORMS, DWARF_5, encode_uleb128, read_uleb128
from abicheck.evidence.dwarf.ranges import begins_at
from abicheck.evidence.dwarf.walk import reached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from abicheck.evidence.dwarf.abbreviations import Abbreviation
    from abicheck.evidence.dwarf.entries import Entry
    from abicheck.evidence.dwarf.regions import Region
    from abicheck.evidence.dwarf.units import Unit

MOST_HITS = 256
MOST_INDEXES = 4
LONGEST_BEFORE_LOCATION = 48
INDEX_OPERATIONS = (dw.DW_OP_addrx, dw.DW_OP_GNU_addr_index)
MOST_ORIGINS = 8
"""Steps from a function's code to its declaration; compilers make up to three."""


def origins(entry: Entry) -> list[Entry]:
    """Return an entry and those that it was made from: its abstract instance, its declaration.

    Raises:
        BinaryError: they do not end.
    """
    found = [entry]
    for _ in range(MOST_ORIGINS):
        last = found[-1]
        place = last.reference(dw.DW_AT_abstract_origin) or last.reference(dw.DW_AT_specification)
        if place is None:
            return found
        found.append(last.unit.file.book.entry(place))
    raise entry.unit.damage(entry.offset, "an entry has origins without end")


def names_of(entry: Entry) -> set[str]:
    """Return the name and the linkage names of a function or of data, those of its origins too."""
    found = set()
    for each in origins(entry):
        for attribute in (dw.DW_AT_linkage_name, dw.DW_AT_MIPS_linkage_name, dw.DW_AT_name):
            name = each.string(attribute)
            if name:
                found.add(name)
    return found


def functions_by_bytes(unit: Unit, address: int) -> list[Entry]:
    """Return the functions of `unit` that seem to be at `address`, by its bytes.

    Where the unit refers to addresses by small numbers, some may only seem to be entries.
    """
    patterns = {dw.DW_FORM_addr: [_address_bytes(unit, address)]}
    for index in _address_indexes(unit, address):
        for form in ADDRESS_INDEX_FORMS:
            patterns.setdefault(form, []).append(_index_bytes(form, index, unit))
    candidates = _candidates(unit, dw.DW_TAG_subprogram, dw.DW_AT_low_pc, patterns)
    found = {each.position: each for each in candidates if _is_sound(each, address, begins_at)}
    return list(found.values())


def certain(entries: list[Entry]) -> list[Entry]:
    """Leave out what only looks like a function's entry, by walks through the units.

    Raises:
        UnsupportedError: the walks would be too long.
    """
    doubtful: dict[Unit, set[int]] = {}
    for entry in entries:
        if entry.form(dw.DW_AT_low_pc) != dw.DW_FORM_addr:
            doubtful.setdefault(entry.unit, set()).add(entry.position)
    found = {unit: set(reached(unit, positions)) for unit, positions in doubtful.items()}
    return [
        entry
        for entry in entries
        if entry.unit not in found
        or entry.position in found[entry.unit]
        or entry.position not in doubtful[entry.unit]
    ]


def variables_by_bytes(unit: Unit, address: int) -> list[Entry]:
    """Return the variables of `unit` that seem to be at `address`, by its bytes."""
    patterns = dict.fromkeys((dw.DW_FORM_exprloc, dw.DW_FORM_block1), _locations(unit, address))
    candidates = chain(
        _candidates(unit, dw.DW_TAG_variable, dw.DW_AT_location, patterns),
        _variables_around(unit, _locations(unit, address)),
    )
    found = {each.position: each for each in candidates if _is_sound(each, address, lies_at)}
    return list(found.values())


def _variables_around(unit: Unit, locations: list[bytes]) -> Iterator[Entry]:
    """Yield what decodes as a variable shortly before its location.

    rustc writes the alignment, of variable width, before the location.
    """
    codes = {
        encode_uleb128(each.code): each
        for each in unit.abbreviations.having(dw.DW_TAG_variable, dw.DW_AT_location)
        if each.fixed_offset(dw.DW_AT_location) is None
    }
    lengths = {len(code) for code in codes}
    first, buffer = unit.first - unit.shift, unit.buffer
    for hit in (hit for location in locations if codes for hit in _hits(unit, location)):
        for start in range(max(first, hit - LONGEST_BEFORE_LOCATION), hit):
            for length in lengths:
                code = buffer[start : start + length]
                if code in codes:
                    try:
                        yield unit.read_entry(start, codes[code], start + length)
                    except BinaryError:
                        continue


def finds_all_by_bytes(unit: Unit, tag: int, attribute: int) -> bool:
    """Whether the bytes of `attribute` lead to every entry of `tag` in `unit` that has it."""
    return all(
        abbreviation.fixed_offset(attribute) is not None
        for abbreviation in unit.abbreviations.having(tag, attribute)
    )


def has_location(unit: Unit, address: int) -> bool:
    """Whether the bytes of `unit` may hold a location that is `address`."""
    return any(next(_hits(unit, each), -1) >= 0 for each in _locations(unit, address))


def _locations(unit: Unit, address: int) -> list[bytes]:
    """Return the blocks that say "at this address", with the byte of their length."""
    operations = [bytes([dw.DW_OP_addr]) + _address_bytes(unit, address)]
    for index in _address_indexes(unit, address):
        encoded = encode_uleb128(index)
        operations += [bytes([code]) + encoded for code in INDEX_OPERATIONS]
    return [bytes([len(operation)]) + operation for operation in operations]


def lies_at(entry: Entry, address: int) -> bool:
    """Whether the location of a variable's entry is `address`."""
    expression = entry.block(dw.DW_AT_location)
    if not expression:
        return False
    unit, operation = entry.unit, expression[0]
    if operation == dw.DW_OP_addr:
        return expression[1:] == _address_bytes(unit, address)
    if operation in {dw.DW_OP_addrx, dw.DW_OP_GNU_addr_index}:
        index, end = read_uleb128(expression + b"\0", 1)
        is_whole = end == len(expression)
        return is_whole and unit.file.indexed_address(unit, index) == address
    return False


def _is_sound(entry: Entry, address: int, is_at: Callable[[Entry, int], bool]) -> bool:
    """Whether what was decoded at a likely place is an entry with a name, and at `address`."""
    try:
        return is_at(entry, address) and bool(names_of(entry))
    except (BinaryError, UnsupportedError):
        return False  # Bytes that look like an entry need not be one.


def _candidates(
    unit: Unit, tag: int, attribute: int, patterns: dict[int, list[bytes]]
) -> Iterator[Entry]:
    """Yield what decodes as an entry of `tag` around the bytes that `attribute` would have.

    `patterns` has those bytes, by the attribute's form.
    """
    plans: dict[tuple[int, bytes], dict[bytes, Abbreviation]] = {}
    for abbreviation in unit.abbreviations.having(tag, attribute):
        between = abbreviation.fixed_offset(attribute)
        for pattern in patterns.get(abbreviation.forms.get(attribute, 0), ()):
            if between is not None:
                code = encode_uleb128(abbreviation.code)
                plans.setdefault((between, pattern), {})[code] = abbreviation
    for (between, pattern), codes in plans.items():
        for position, code in islice(occurrences(unit, codes, between, pattern), MOST_HITS):
            try:
                yield unit.read_entry(position, codes[code], position + len(code))
            except BinaryError:
                continue


def _hits(unit: Unit, needle: bytes) -> Iterator[int]:
    buffer, end = unit.buffer, unit.end_position
    at = buffer.find(needle, unit.first - unit.shift, end)
    for _ in range(MOST_HITS):
        if at < 0:
            return
        yield at
        at = buffer.find(needle, at + 1, end)


def _address_bytes(unit: Unit, address: int) -> bytes:
    size = unit.widths.address_size
    return (address & ((1 << 8 * size) - 1)).to_bytes(size, unit.file.byte_order)


def _address_indexes(unit: Unit, address: int) -> list[int]:
    """Return the indexes under which a unit knows `address` in .debug_addr."""
    if unit.skeleton is None and not unit.states_address_base:
        return []
    holder = unit.file if unit.skeleton is None else unit.skeleton.file
    table = holder.addresses
    if table is None:
        return []
    base, size = unit.address_base, unit.widths.address_size
    end = _end_of_addresses(table, unit)
    hits = table.find_all(_address_bytes(unit, address), MOST_HITS, base, end)
    found = [(hit - base) // size for hit in hits if (hit - base) % size == 0]
    return found[:MOST_INDEXES]


def _end_of_addresses(table: Region, unit: Unit) -> int:
    """Return where a unit's part of .debug_addr ends, as far as its header says.

    Source: DWARF 5, section 7.27: a length, then 4 bytes before the first address.
    """
    base, width = unit.address_base, unit.widths.offset_size
    if unit.version < DWARF_5 or base < width + 4:
        return table.size
    length = int.from_bytes(table.exactly(base - 4 - width, width), unit.file.byte_order)
    return min(table.size, base - 4 + length)


def _index_bytes(form: int, index: int, unit: Unit) -> bytes:
    width = {
        dw.DW_FORM_addrx1: 1, dw.DW_FORM_addrx2: 2, dw.DW_FORM_addrx3: 3, dw.DW_FORM_addrx4: 4,
    }.get(form)  # fmt: skip
    if width is None:
        return encode_uleb128(index)
    return (index & ((1 << 8 * width) - 1)).to_bytes(width, unit.file.byte_order)


def reason_of(error: Exception) -> str:
    """Return the clause that says why something could not be read."""
    if isinstance(error, BinaryError):
        return f"the debug information is damaged: {error}"
    return str(error)
