"""Definitions of a draft: each type of a plugin under one name, each name for one type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.members import UntranslatableError
from abicheck.authoring.names import as_word, unique
from abicheck.authoring.sameness import are_same
from abicheck.model.alignment import derived_alignment
from abicheck.model.kinds import kind_of
from abicheck.model.target import PerTarget
from abicheck.model.types import Named, Opaque, Void

if TYPE_CHECKING:
    from abicheck.authoring.members import Reached
    from abicheck.model.evidence import TypeSource, Wording
    from abicheck.model.layout import EnumLayout, StructLayout, TypeId
    from abicheck.model.target import TargetFacts
    from abicheck.model.types import Definition, Type

LARGEST_ALIGNMENT = 1 << 28
WIDEST_EVERYWHERE = {"float": 8, "complex": 16, "vector": 8}
"""Bytes of the largest of its kind that is aligned alike on machines of one data model."""


class Registry:
    """The definitions that are known, what is said about them, and what they are in the plugin."""

    def __init__(self, types: TypeSource, facts: TargetFacts) -> None:
        """Begin with no definitions; `facts` are those of the plugin's target."""
        self.types, self.facts = types, facts
        self.definitions: dict[str, Definition] = {}
        self.comments: dict[str, str] = {}
        self.structs: dict[str, Reached] = {}
        self._names: dict[TypeId, str] = {}
        self._first: dict[str, TypeId] = {}
        self._words: dict[TypeId, Wording] = {}
        self._alignments: dict[TypeId, int | None] = {}

    def wording(self, type_id: TypeId) -> Wording:
        """Return how the source words a type, asked for once."""
        if type_id not in self._words:
            self._words[type_id] = self.types.wording(type_id)
        return self._words[type_id]

    def comment(self, name: str, text: str) -> None:
        """Say something about a definition, once."""
        self.comments.setdefault(name, text)

    def new_name(self, type_id: TypeId, name: str) -> str | None:
        """Return a new name for a type; None if it has one, which `name_of` says."""
        wording = self.wording(type_id)
        key = wording.type_id
        if key in self._names and not self._is_mere_opaque(self._names[key]):
            return None
        word = as_word(name)
        while word in self._first and not are_same(self.types, self._first[word], key):
            word = unique(as_word("_".join((*wording.scopes[-1:], name))), self.definitions)
        self._names[key] = word
        if word in self._first:
            return None
        if word in self.definitions and not self._is_mere_opaque(word):
            word = self._names[key] = unique(word, self.definitions)
        self._first[word] = key
        return word

    def _is_mere_opaque(self, word: str) -> bool:
        known = self.definitions.get(word)
        return word not in self._first and isinstance(known, Opaque) and known.size is None

    def match_of(self, word: str, layout: StructLayout | EnumLayout, type_id: TypeId) -> str | None:
        """Return how the plugin calls a type, where the contract calls it otherwise."""
        wording = self.wording(type_id)
        if not layout.name:
            return None
        if word in {layout.name, *wording.typedefs}:
            return None
        return "::".join((*wording.scopes, layout.name))

    def name_of(self, type_id: TypeId) -> str:
        """Return the name that a type has."""
        return self._names[self.wording(type_id).type_id]

    def opaque(self, type_id: TypeId, name: str) -> Type:
        """Return a type that is only pointed to; `c_void` if it has no name."""
        wording = self.wording(type_id)
        shown = shown_name(name, wording)
        if not shown:
            return Void()
        word = as_word(shown)
        known = self.definitions.get(word)
        if known is not None:  # Declared here, and defined or declared elsewhere.
            return Named(word)
        self._names[wording.type_id] = word
        self.definitions[word] = Opaque(name=word, line=0)
        return Named(word)

    def sized(self, type_id: TypeId, name: str, size: int | None, alignment: int | None) -> Type:
        """Return a name for bytes that nobody looks into, where they are stored by value.

        Numbers and vectors that the vocabulary cannot spell are at least of their kind.

        Raises: UntranslatableError if their size is not known.
        """
        if size is None:
            raise UntranslatableError(f"the size of {name or 'a type'} is not recorded")
        alignment = alignment or self.alignment(type_id) or _likely_alignment(size)
        if alignment & (alignment - 1) or alignment > LARGEST_ALIGNMENT:
            raise UntranslatableError(f"its alignment of {alignment} is none that a type can have")
        word = self.new_name(type_id, name or f"Bytes{size}")
        if word is None:
            word = self.name_of(type_id)
        known = self.definitions.get(word)
        kind = kind_of(self.types, self.types.layout(type_id))
        is_wide = size > WIDEST_EVERYWHERE.get((kind or "").partition(" ")[0], size)
        if known is None or (isinstance(known, Opaque) and known.size is None):
            self.definitions[word] = Opaque(
                name=word,
                line=0,
                size=self.number(size, is_wide=is_wide),
                alignment=self.number(alignment, is_wide=is_wide),
                kind=kind,
            )
            what = "only its size and alignment are" if kind is None else "no more than this is"
            self.comments.pop(word, None)  # What was said of it as one that is only pointed to.
            self.comment(word, f"`{name or 'bytes'}`: {what} agreed.")
        return Named(word)

    def number(self, value: int, *, is_wide: bool = False) -> PerTarget:
        """Return a number that holds where it was seen: on targets of the same data model.

        What vectors and wide floating-point numbers are, each machine decides.
        """
        target = self.facts.target
        key = f"{target.machine}-{target.system}" if is_wide else target.data_model
        return PerTarget(((key, value),))

    def alignment(self, type_id: TypeId) -> int | None:
        """Return the alignment of a type as recorded, or as its members demand."""
        return derived_alignment(self.types, type_id, self.facts, self._alignments)


def shown_name(name: str, wording: Wording) -> str:
    """Return the typedef that names a struct, if the source used one, else its own name."""
    return wording.typedefs[-1] if wording.typedefs else name


def _likely_alignment(size: int) -> int:
    if size == 0:
        return 1
    return next(each for each in (16, 8, 4, 2, 1) if size % each == 0)
