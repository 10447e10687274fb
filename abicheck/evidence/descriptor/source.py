"""A descriptor as a source of types: what the rules ask, answered from what the build states."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.descriptor import records as nd
from abicheck.evidence.descriptor.types import DATA, FUNCTION, DescribedTypes
from abicheck.model.evidence import Observed, Origin, Unseen, Wording
from abicheck.model.layout import EnumLayout, FunctionLayout, StructLayout, UnknownLayout
from abicheck.model.types import Named, Pointer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.evidence.cursor import Buffer
    from abicheck.model.evidence import Symbol
    from abicheck.model.layout import TypeId, TypeLayout
    from abicheck.model.target import Target

Place = tuple[int, int]
"""Where a note's descriptor lies: file offset and size."""

NOTHING = "the file has no descriptor"


class DescriptorTypes:
    """The types of one plugin, as its descriptor states them. Implements `TypeSource`."""

    kind = "descriptor"

    def __init__(  # noqa: PLR0913 (what it reads, and what it is read for)
        self,
        file: str,
        buffer: Buffer,
        places: Sequence[Place],
        target: Target,
        *,
        contract: str | None = None,
        section: str = nd.SECTION,
    ) -> None:
        """Read nothing yet; `contract` is the name of the one in question, if that is known."""
        self.file, self._buffer, self._places = file, buffer, tuple(places)
        self._target, self._contract, self._section = target, contract, section
        self._instead_of = ""

    def instead_of(self, absence: str) -> DescriptorTypes:
        """Return the same source where nothing else speaks; `absence` is why that is so."""
        other = DescriptorTypes(
            self.file, self._buffer, self._places, self._target,
            contract=self._contract, section=self._section,
        )  # fmt: skip
        other._instead_of = f"; {absence}"
        return other

    def function(self, symbol: Symbol) -> Observed[TypeId] | Unseen:
        """Return the prototype of an exported function as the id of a `FunctionLayout`."""
        return self._export(symbol, is_data=False)

    def variable(self, symbol: Symbol) -> Observed[TypeId] | Unseen:
        """Return the type of exported data."""
        return self._export(symbol, is_data=True)

    def _export(self, symbol: Symbol, *, is_data: bool) -> Observed[TypeId] | Unseen:
        types = self._types
        if isinstance(types, Unseen):
            return types
        found = types.said.exports.get((symbol.name, is_data))
        if found is None:
            return Unseen(f"the descriptor does not speak of {symbol.name}")
        what = "type" if is_data else "prototype"
        if found.agreement == nd.DIFFERENT:
            return Unseen(f"{symbol.name} was compiled under another {what} than the stated one")
        if found.agreement != nd.SAME:
            return Unseen(f"the descriptor states a {what} that no compiler compared")
        return Observed((symbol.name, DATA if is_data else FUNCTION), self._at(found.file_offset))

    def definitions(self, name: str, near: Sequence[Symbol]) -> tuple[Observed[TypeId], ...]:  # noqa: ARG002
        """Return the definition of a struct, union or enum by its name in the contract."""
        types = self._types
        if isinstance(types, Unseen):
            return ()
        found = types.said.types.get(name) or types.said.types.get(name.rpartition("::")[2])
        if found is None or isinstance(found, nd.OpaqueRecord):
            return ()
        return (Observed(found.name, self._at(found.file_offset)),)

    def layout(self, type_id: TypeId) -> TypeLayout:
        """Return the layout of a type."""
        types = self._types
        return UnknownLayout(types.reason) if isinstance(types, Unseen) else types.layout(type_id)

    def path(self, type_id: TypeId) -> str:
        """Return a type's name; "" if it has none."""
        types = self._types
        if isinstance(types, Unseen):
            return ""
        declared = types.declared(type_id)
        return declared.name if isinstance(declared, Named) else ""

    def origin(self, type_id: TypeId) -> Origin | None:
        """Return where a type is described."""
        types = self._types
        if isinstance(types, Unseen):
            return None
        declared = types.declared(type_id)
        if isinstance(declared, Named) and declared.name in types.said.types:
            return self._at(types.said.types[declared.name].file_offset)
        if isinstance(type_id, tuple):
            return self._at(types.record_of(type_id).file_offset)
        return None

    def states_alignment(self, type_id: TypeId) -> bool:  # noqa: ARG002
        """Whether silence about an alignment means the natural one: here it is never silent."""
        return True

    def is_passed_by_reference(self, type_id: TypeId) -> bool:  # noqa: ARG002
        """Whether C++ passes a class by reference: the generated types are C's."""
        return False

    def language(self, type_id: TypeId) -> str:
        """Return "rust" for a function of a Rust plugin, whose conventions differ; else ""."""
        types = self._types
        if isinstance(types, Unseen) or not isinstance(types.layout(type_id), FunctionLayout):
            return ""
        return "rust" if types.said.writer.endswith(", Rust") else ""

    def wording(self, type_id: TypeId) -> Wording:
        """Return how the contract worded a type."""
        types = self._types
        if isinstance(types, Unseen):
            return Wording(type_id=type_id)
        declared = types.declared(type_id)
        is_raw = isinstance(declared, Pointer)
        return Wording(type_id=type_id, is_mutable=declared.is_mutable if is_raw else None)  # type: ignore[union-attr]

    def absence(self) -> str | None:
        """Return why the descriptor can say nothing at all, or None if it can."""
        return self._types.reason if isinstance(self._types, Unseen) else None

    @property
    def said(self) -> nd.Descriptor | None:
        """What the descriptor says, as it says it; None where it cannot be used."""
        return None if isinstance(self._types, Unseen) else self._types.said

    def described(self) -> tuple[TypeId, ...]:
        """Return the ids of all structs, unions and enums, in the order of the descriptor."""
        types = self._types
        if isinstance(types, Unseen):
            return ()
        kinds = StructLayout | EnumLayout
        return tuple(name for name in types.said.types if isinstance(types.layout(name), kinds))

    # Which of the descriptors counts, and whether it can be used.

    def _at(self, file_offset: int) -> Origin:
        return Origin(self.file, self._section, file_offset)

    @cached_property
    def _types(self) -> DescribedTypes | Unseen:
        try:
            found = self._choose()
            if isinstance(found, Unseen):
                return Unseen(found.reason + self._instead_of)
            return DescribedTypes(found, self._target, self.file, self._at)
        except (BinaryError, UnsupportedError) as error:
            message = str(error).removeprefix(f"{self.file}: ")
            is_newer = isinstance(error, UnsupportedError)
            reason = message if is_newer else f"its descriptor cannot be used: {message}"
            return Unseen(reason + self._instead_of)

    def _choose(self) -> nd.Descriptor | Unseen:
        """Return the one descriptor that speaks of the contract in question."""
        contents: dict[bytes, Place] = {}
        for start, size in self._places:
            content = bytes(self._buffer[start : start + min(size, nd.LARGEST + 1)])
            contents.setdefault(content, (start, size))
        if not contents:
            return Unseen(NOTHING)
        build = nd.Build(self._target.byte_order, self._target.bits // 8)
        found = [
            nd.read_descriptor(self.file, self._buffer, place, build) for place in contents.values()
        ]
        names = [each.contract for each in found]
        wanted = self._contract if self._contract in names else None
        if wanted is None and len(set(names)) > 1:
            listed = ", ".join(dict.fromkeys(names))
            return Unseen(f"its descriptors are of other contracts: {listed}")
        chosen = [each for each in found if wanted in {None, each.contract}]
        if len(chosen) > 1:
            return Unseen(f"it has {len(chosen)} descriptors of {chosen[0].contract} that differ")
        return chosen[0]
