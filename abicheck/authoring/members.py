"""An observed struct -> the struct that a contract writes, with every field spelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.names import as_field
from abicheck.model.layout import OpaqueLayout, StructLayout
from abicheck.model.records import record, replace
from abicheck.model.types import Array, Field, Named, Struct

if TYPE_CHECKING:
    from abicheck.authoring.translate import Translator
    from abicheck.model.layout import FieldLayout, TypeId
    from abicheck.model.types import Type


class UntranslatableError(Exception):
    """A type that a contract cannot spell, and why."""


@record
class Reached:
    """A struct or union that is defined: under which name, and what it is in the plugin."""

    name: str
    type_id: TypeId
    layout: StructLayout


class Members:
    """Spells the fields of one struct."""

    def __init__(self, translator: Translator, reached: Reached) -> None:
        """Spell nothing yet."""
        self.translator, self.reached = translator, reached
        self.taken: set[str] = set()
        self.left_out: list[str] = []

    def spell(self) -> Struct:
        """Return the struct; one whose fields cannot all be spelled is partial."""
        name, layout = self.reached.name, self.reached.layout
        fields = [field for each in layout.fields if (field := self._field(each)) is not None]
        struct = Struct(
            name=name,
            fields=tuple(fields),
            line=0,
            is_union=layout.is_union,
            is_transparent=layout.is_transparent and len(fields) == 1,
            match=self.translator.known.match_of(name, layout, self.reached.type_id),
        )
        if self.left_out:
            what = "; ".join(self.left_out[:3])
            self.translator.known.comment(name, f"Not all of it can be spelled: {what}.")
            struct = replace(struct, is_partial=not layout.is_union)
        return struct

    def _field(self, observed: FieldLayout) -> Field | None:
        shown = observed.name
        try:
            type_ = self._spelled(observed)
        except UntranslatableError as error:
            self.left_out.append(f"{shown or 'a member without a name'} ({error})")
            return None
        name = None if shown is None else as_field(shown, self.taken)
        if name is None and not self._is_struct(observed, type_):
            name = as_field("base", self.taken)
        self.taken |= {name} if name else set()
        return Field(name=name, type=type_, line=0, bit_width=observed.bit_size)

    def _spelled(self, observed: FieldLayout) -> Type:
        type_ = self.translator.spell(observed.type, self.reached.name, observed.name)
        if isinstance(type_, Array) and type_.count is None and not self._is_last(observed):
            raise UntranslatableError("it is an array of unknown length before the end")
        return type_

    def _is_last(self, observed: FieldLayout) -> bool:
        layout = self.reached.layout
        return not layout.is_union and observed is layout.fields[-1]

    def _is_struct(self, observed: FieldLayout, type_: Type) -> bool:
        layout = self.translator.types.layout(observed.type)
        if not isinstance(type_, Named) or isinstance(layout, OpaqueLayout):
            return False
        return isinstance(layout, StructLayout) and type_.name in self.translator.known.structs
