"""An exported symbol -> its prototype or its type, or the reason why it cannot be told.

What stands at a symbol's address need not be what the symbol says: an alias
has another name, folded code the prototype of another function, a resolver
that of a resolver, and code compiled without types no prototype at all.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.dwarf import constants as dw
from abicheck.evidence.dwarf.functions import (
    certain,
    finds_all_by_bytes,
    functions_by_bytes,
    has_location,
    lies_at,
    names_of,
    origins,
    variables_by_bytes,
)
from abicheck.evidence.dwarf.lookup import UnitLookup
from abicheck.evidence.dwarf.ranges import has_code, ranges_of
from abicheck.evidence.dwarf.richness import describes_types
from abicheck.evidence.dwarf.units import ASSEMBLER, RUST
from abicheck.evidence.dwarf.walk import scoped
from abicheck.evidence.elf.standard import EM_ARM
from abicheck.model.evidence import DATA, IFUNC, Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from abicheck.evidence.dwarf.entries import Entry
    from abicheck.evidence.dwarf.file import Book
    from abicheck.evidence.dwarf.names import Names
    from abicheck.evidence.dwarf.spelling import Spellings
    from abicheck.evidence.dwarf.types import TypeKey, Types
    from abicheck.evidence.dwarf.units import Unit
    from abicheck.evidence.elf.file import ElfFile
    from abicheck.model.evidence import Symbol

SUBPROGRAMS, VARIABLES = frozenset({dw.DW_TAG_subprogram}), frozenset({dw.DW_TAG_variable})

MOST_HITS = 64

WORTH_A_WALK = 32
"""Questions about functions of a unit after which it is gone through once, for all others."""

WALKED_AT_MOST = 4 << 20
"""Bytes of a unit that is gone through: about half of the entries that an answer may cost."""

SMALL = 4 << 20
"""Bytes of .debug_info that are searched for every unit that describes some data."""
MANGLED = ("_Z", "_R")
"""How the symbols of C++ and Rust begin where they are not the names of the source."""


NO_DESCRIPTION = (
    "the debug information describes no code at its address: "
    "the unit that defines it was compiled without -g"
)


class Exports:
    """Finds the entries of exported functions and data."""

    def __init__(
        self,
        book: Book,
        types: Types,
        elf: ElfFile,
        export_names: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """Read nothing yet; `export_names` are the names that may be asked for, if many are."""
        self._book, self._types, self._elf = book, types, elf
        self._export_names = export_names
        self.lookup = UnitLookup(book.main, elf.word_size)
        self._units: dict[int, list[Unit]] = {}
        self._functions: dict[Unit, dict[int, tuple[int, ...]]] = {}
        self._asked: dict[Unit, int] = {}

    @cached_property
    def _names(self) -> Names:
        from abicheck.evidence.dwarf.names import Names  # noqa: PLC0415  rarely needed

        return Names(self._book, self._sought_names)

    @cached_property
    def _spellings(self) -> Spellings:
        from abicheck.evidence.dwarf.spelling import Spellings  # noqa: PLC0415  rarely needed

        return Spellings(self._types)

    def _sought_names(self) -> Iterator[str]:
        return (name for name in self._export_names() if not name.startswith(MANGLED))

    def function(self, symbol: Symbol) -> tuple[TypeKey, Entry] | Unseen:
        """Return the prototype behind a symbol, and its entry.

        Raises:
            BinaryError, UnsupportedError: what is needed is damaged, or not there.
        """
        if symbol.kind == IFUNC:
            return Unseen("it is an IFUNC: its symbol leads to a resolver, not to the function")
        entry = self._function_entry(symbol)
        if isinstance(entry, Unseen):
            return entry
        if symbol.name.startswith("_ZT") and entry.flag(dw.DW_AT_artificial):
            return Unseen("it is a thunk of a virtual function, which has no prototype of its own")
        if not describes_types(entry):
            return Unseen(
                f"{_unit_name(entry.unit)} was compiled without type information "
                "(-g1, or debuginfo=1 in Rust)"
            )
        return entry.place, entry

    def variable(self, symbol: Symbol) -> tuple[TypeKey, Entry] | Unseen:
        """Return the type of the data behind a symbol, and its entry; raises as `function`."""
        entry = self._variable_entry(symbol)
        if isinstance(entry, Unseen):
            return entry
        for each in origins(entry):
            place = each.reference(dw.DW_AT_type)
            if place is not None:
                return place, entry
        return Unseen(
            f"{_unit_name(entry.unit)} was compiled without type information "
            "(-g1, or debuginfo=1 in Rust)"
        )

    def units_of(self, symbol: Symbol) -> list[Unit]:
        """Return the units that define a function, split ones in place of their skeletons.

        Raises:
            BinaryError, UnsupportedError: what is needed is damaged, or not there.
        """
        if symbol.kind == DATA:
            return self._data_units(symbol.address)
        return self._units_at(self._address(symbol))

    def source_unit(self, symbol: Symbol) -> Unit | None:
        """Return the unit that holds a function's outermost origin; None if it is not described.

        Raises:
            BinaryError, UnsupportedError: what is needed is damaged, or not there.
        """
        if symbol.kind == DATA:
            return None
        entry = self._function_entry(symbol)
        return None if isinstance(entry, Unseen) else origins(entry)[-1].unit

    def _address(self, symbol: Symbol) -> int:
        return self._elf.code_address(symbol.address)

    def _units_at(self, address: int) -> list[Unit]:
        if address not in self._units:
            self._units[address] = [self._whole(unit) for unit in self.lookup.units_at(address)]
        return self._units[address]

    def _whole(self, unit: Unit) -> Unit:
        return self._book.split_unit(unit) if unit.dwo_name else unit

    def _function_entry(self, symbol: Symbol) -> Entry | Unseen:
        addresses = self._code_addresses(symbol)
        units = [unit for address in addresses for unit in self._units_at(address)]
        often = [unit for unit in units if self._is_worth_a_walk(unit)]
        here = self._walked(often, addresses)
        others = [unit for unit in units if unit not in often] if here else units
        seen = [
            entry
            for unit in others
            for address in addresses
            for entry in functions_by_bytes(unit, address)
        ]
        fitting = [entry for entry in (*here, *seen) if symbol.name in names_of(entry)]
        if len(fitting) == 1:
            return fitting[0]
        here += certain(seen)
        is_sure = here and all(
            finds_all_by_bytes(unit, dw.DW_TAG_subprogram, dw.DW_AT_low_pc) for unit in others
        )
        if not is_sure:
            here = self._walked(units, addresses)
        return self._choose(here, units, symbol.name)

    def _code_addresses(self, symbol: Symbol) -> tuple[int, ...]:
        """Return the addresses that DWARF may state for a function; Thumb's mark may be in them."""
        address = self._address(symbol)
        return (address, address | 1) if self._elf.machine == EM_ARM else (address,)

    def _is_worth_a_walk(self, unit: Unit) -> bool:
        """Whether so much is asked of a unit that to go through it once is cheaper."""
        asked = self._asked[unit] = self._asked.get(unit, 0) + 1
        if asked > WORTH_A_WALK and unit not in self._functions and unit.size <= WALKED_AT_MOST:
            try:
                self._functions_of(unit)
            except (BinaryError, UnsupportedError):
                self._functions[unit] = {}  # What is sound of it is still found by its bytes.
        return bool(asked > WORTH_A_WALK and self._functions.get(unit))

    def _walked(self, units: list[Unit], addresses: tuple[int, ...]) -> list[Entry]:
        """Return the functions at some addresses, as walks through their units show."""
        return [
            unit.entry_at(position)
            for unit in units
            for address in addresses
            for position in self._functions_of(unit).get(address, ())
        ]

    def _functions_of(self, unit: Unit) -> dict[int, tuple[int, ...]]:
        """Return the positions of all functions of a unit by their addresses."""
        if unit not in self._functions:
            found: dict[int, tuple[int, ...]] = {}
            for entry in scoped(unit.root, SUBPROGRAMS):
                for begin, _ in ranges_of(entry):
                    found[begin] = (*found.get(begin, ()), entry.position)
            self._functions[unit] = found
        return self._functions[unit]

    def _choose(self, here: list[Entry], units: list[Unit], name: str) -> Entry | Unseen:
        """Choose among the functions at an address that those `units` claim."""
        for entry in here:
            if name in names_of(entry):
                return entry
        if not units:
            return Unseen(NO_DESCRIPTION)
        if here:
            return self._by_another_name(here, name)
        if all(unit.language == ASSEMBLER for unit in units):
            return Unseen(f"{_unit_name(units[0])} is written in assembler, which has no types")
        return self._without_code(name) or Unseen(
            f"{_unit_name(units[0])} covers its address, but describes no function there: "
            "compiled without types (-g1), or folded with another function"
        )

    def _by_another_name(self, here: list[Entry], name: str) -> Entry | Unseen:
        """Decide about code that bears other names than the symbol's.

        rustc has no aliases: there the optimiser folded two functions. Elsewhere it may have
        been the linker; then an entry of the symbol's name is left without code.
        """
        others = " and ".join(sorted({found for entry in here for found in names_of(entry)}))
        folded = f"its code was folded with that of {others}"
        if any(entry.unit.language == RUST for entry in here):
            return Unseen(folded)
        own = self._without_code(name)
        if own is not None:
            return own
        prototypes = {self._spellings.number(entry.place) for entry in here}
        if len(prototypes) == 1:
            return here[0]
        return Unseen(f"{folded}, and their prototypes differ")

    def _without_code(self, name: str) -> Entry | Unseen | None:
        """Return the function called `name` whose code is not in the plugin, if there is one."""
        if name.startswith(MANGLED):
            return None  # Entries bear the name of the source; several may be one function's.
        found = [
            entry for entry in self._names.everywhere(name, SUBPROGRAMS)
            if not entry.flag(dw.DW_AT_declaration) and not has_code(entry)
            and any(each.flag(dw.DW_AT_external) for each in origins(entry))
        ]  # fmt: skip
        prototypes = {self._spellings.number(entry.place) for entry in found}
        if len(prototypes) > 1:
            return Unseen(f"several functions are called {name}, and their prototypes differ")
        return found[0] if found else None

    def _variable_entry(self, symbol: Symbol) -> Entry | Unseen:
        address = symbol.address
        units = self._data_units(address)
        here = list(self._variables_at(units, address))
        here = [entry for entry in here if symbol.name in names_of(entry)] or here
        if here and len({self._spellings.number(_typed(entry)) for entry in here}) == 1:
            return here[0]
        if here:
            return Unseen("several variables of different types are described at its address")
        return Unseen("the debug information describes no data at its address")

    def _variables_at(self, units: list[Unit], address: int) -> Iterator[Entry]:
        """Yield the variables at `address`: as its bytes show, then as a walk does."""
        seen = set()
        for unit in units:
            for entry in variables_by_bytes(unit, address):
                seen.add(entry.place)
                yield entry
        for unit in units if not seen else ():
            for entry in scoped(unit.root, VARIABLES):
                if lies_at(entry, address):
                    yield entry

    def _data_units(self, address: int) -> list[Unit]:
        """Return the units that have a variable at `address`, by the bytes of the address.

        Units cover code; few producers say which data they cover. Several may describe one
        address: of weak and common definitions those that lost do too. In large files
        the likeliest unit is believed.
        """
        info = self._book.main.info
        if info is None:
            return []
        found: dict[tuple[int, int], Unit] = {}
        for unit in self._likely_units(address):
            if has_location(unit, address):
                found[unit.section.number, unit.start] = unit
                if info.region.size > SMALL:
                    return [unit]
        size = self._elf.word_size
        if address >> 8 * size:
            return list(found.values())
        needle = bytes([size + 1, dw.DW_OP_addr]) + address.to_bytes(size, self._book.byte_order)
        for unit in map(info.unit_holding, info.region.find_all(needle, MOST_HITS)):
            found[unit.section.number, unit.start] = unit
        return list(found.values())

    def _likely_units(self, address: int) -> Iterator[Unit]:
        """Yield units that may describe the data at `address`, the likeliest first."""
        info = self._book.main.info
        if info is not None:
            yield from map(self._whole, self.lookup.opened())
            yield from (
                self._whole(info.unit_at(each)) for each in self.lookup.starting_at(address)
            )
            yield from map(self._whole, self.lookup.with_slot(address))


def _typed(entry: Entry) -> TypeKey | None:
    return next(
        (place for each in origins(entry) if (place := each.reference(dw.DW_AT_type))), None
    )


def _unit_name(unit: Unit) -> str:
    return unit.name or "the unit"
