"""DWARF as a source of types: what the rules ask, answered from the debug information.

Nothing is decoded before it is asked for. Damage and absence come out as
`Unseen` or `UnknownLayout` with the reason, never as exceptions.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.dwarf.exports import Exports
from abicheck.evidence.dwarf.file import Book
from abicheck.evidence.dwarf.functions import reason_of
from abicheck.evidence.dwarf.types import Types
from abicheck.evidence.dwarf.units import ASSEMBLER, CPP
from abicheck.model.evidence import Observed, Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from abicheck.evidence.debug_information import DebugInformation
    from abicheck.evidence.dwarf.definitions import Definitions
    from abicheck.evidence.dwarf.entries import Entry
    from abicheck.evidence.dwarf.types import TypeKey
    from abicheck.evidence.elf.file import ElfFile
    from abicheck.model.evidence import Origin, Symbol, Wording
    from abicheck.model.layout import TypeId, TypeLayout


class DwarfTypes:
    """The types of one plugin, as its DWARF describes them. Implements `TypeSource`."""

    kind = "dwarf"

    def __init__(
        self,
        elf: ElfFile,
        debug: DebugInformation,
        export_names: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """Read nothing yet; `export_names` are the names that may be asked for, if many are."""
        self._elf, self._debug, self._export_names = elf, debug, export_names
        self._answers: dict[tuple[str, str, int], Observed[TypeId] | Unseen] = {}

    def be_patient(self) -> None:
        """Allow more work: everything is going to be asked, however long it takes."""
        if self.absence() is None:
            self._book.work.is_patient = True

    def function(self, symbol: Symbol) -> Observed[TypeId] | Unseen:
        """Return the prototype of an exported function as the id of a `FunctionLayout`."""
        return self._answer("function", symbol, lambda exports: exports.function(symbol))

    def variable(self, symbol: Symbol) -> Observed[TypeId] | Unseen:
        """Return the type of exported data."""
        return self._answer("variable", symbol, lambda exports: exports.variable(symbol))

    def _answer(
        self, what: str, symbol: Symbol, ask: Callable[[Exports], tuple[TypeKey, Entry] | Unseen]
    ) -> Observed[TypeId] | Unseen:
        key = what, symbol.name, symbol.address
        if key not in self._answers:
            self._answers[key] = self._ask(ask)
        return self._answers[key]

    def _ask(
        self, ask: Callable[[Exports], tuple[TypeKey, Entry] | Unseen]
    ) -> Observed[TypeId] | Unseen:
        absence = self.absence()
        if absence is not None:
            return Unseen(absence)
        self._book.work.begin()
        try:
            found = ask(self._exports)
            if isinstance(found, Unseen):
                return found
            key, entry = found
            return Observed(key, self._types.origin(entry))
        except (BinaryError, UnsupportedError) as error:
            return Unseen(reason_of(error))

    def types_inside(self, symbol: Symbol) -> tuple[TypeId, ...]:
        """Return the types of the variables inside of an exported function; see `HasInsides`."""
        if self.absence() is not None:
            return ()
        from abicheck.evidence.dwarf.inside import types_inside  # noqa: PLC0415  not to verify

        self._book.work.begin()
        try:
            found = self._exports.function(symbol)
            return () if isinstance(found, Unseen) else tuple(types_inside(found[1]))
        except (BinaryError, UnsupportedError):
            return ()

    def definitions(self, name: str, near: Sequence[Symbol]) -> tuple[Observed[TypeId], ...]:
        """Return the definitions of a struct, union or enum by name; see `TypeSource`."""
        if self.absence() is not None:
            return ()
        self._book.work.begin()
        found = self._definitions.named(name, near)
        return tuple(Observed(key, origin) for key, origin in found)

    def path(self, type_id: TypeId) -> str:
        """Return a type's name and what it is inside of, such as "ns::Config"; see `TypeSource`."""
        try:
            return self._definitions.path_of(type_id[:2])  # type: ignore[index]
        except (BinaryError, UnsupportedError):
            return ""

    def layout(self, type_id: TypeId) -> TypeLayout:
        """Return the layout of a type; typedefs and qualifiers are seen through."""
        return self._types.layout(type_id)  # type: ignore[arg-type]  # ids are made here only

    def origin(self, type_id: TypeId) -> Origin | None:
        """Return where a type is described."""
        entry = self._entry_of(type_id)
        return None if entry is None else self._types.origin(entry)

    def states_alignment(self, type_id: TypeId) -> bool:
        """Whether the unit's producer writes DW_AT_alignment wherever a type asks for one."""
        entry = self._entry_of(type_id)
        try:
            from abicheck.evidence.dwarf.producers import (  # noqa: PLC0415  seldom asked
                states_alignment,
            )

            return entry is not None and states_alignment(entry.unit.producer)
        except (BinaryError, UnsupportedError):
            return False

    def is_passed_by_reference(self, type_id: TypeId) -> bool:
        """Whether C++ passes a class by reference to a copy where C passes its bytes."""
        if self.language(type_id) != CPP:
            return False
        from abicheck.evidence.dwarf.cplusplus import (  # noqa: PLC0415  seldom asked
            is_passed_by_reference,
        )

        try:
            return is_passed_by_reference(self._types, type_id[:2])  # type: ignore[index]
        except (BinaryError, UnsupportedError):
            return False

    def language(self, type_id: TypeId) -> str:
        """Return the language of the unit a type is from: "c", "c++", "rust" or ""."""
        entry = self._entry_of(type_id)
        try:
            language = "" if entry is None else entry.unit.language
        except (BinaryError, UnsupportedError):
            return ""
        return "" if language == ASSEMBLER else language

    def wording(self, type_id: TypeId) -> Wording:
        """Return how the source words a type: typedefs, `const`, namespaces."""
        from abicheck.evidence.dwarf.wording import word  # noqa: PLC0415  not needed to verify

        return word(self._types, type_id)  # type: ignore[arg-type]  # ids are made here only

    def _entry_of(self, type_id: TypeId) -> Entry | None:
        try:
            return self._types.entry(type_id[:2])  # type: ignore[index]
        except (BinaryError, UnsupportedError):
            return None

    def absence(self) -> str | None:
        """Return why the debug information can say nothing at all, or None if it can."""
        return self._absence

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about debug files that were refused while there is another one."""
        return self._debug.notes if self._debug.absence is None else ()

    @cached_property
    def _absence(self) -> str | None:
        try:
            absence = self._debug.absence
            if absence is not None:
                return absence
            info = self._book.main.info
            if info is None:
                return f"{self._debug.file} has no .debug_info section"
            next(info.units(), None)
        except (BinaryError, UnsupportedError) as error:
            return reason_of(error)
        return None

    @cached_property
    def _book(self) -> Book:
        return Book(self._debug, self._elf.counters)

    @cached_property
    def _types(self) -> Types:
        return Types(self._book)

    @cached_property
    def _exports(self) -> Exports:
        return Exports(self._book, self._types, self._elf, self._export_names)

    @cached_property
    def _definitions(self) -> Definitions:
        from abicheck.evidence.dwarf.definitions import Definitions  # noqa: PLC0415  rarely needed

        return Definitions(self._book, self._types, self._exports)
