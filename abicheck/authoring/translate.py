"""A plugin's types -> types and definitions of the contract language.

Whatever is reached is defined once, in the order in which it is reached. What the language
cannot spell becomes opaque, and says so in a comment.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from abicheck.authoring.foreign import VA_LIST_TAGS, is_of_library
from abicheck.authoring.members import Members, Reached, UntranslatableError
from abicheck.authoring.names import RESERVED, as_word, inner_name, is_word
from abicheck.authoring.nulls import names_of_struct
from abicheck.authoring.registry import Registry, shown_name
from abicheck.authoring.scalars import VA_LISTS, name_scalar
from abicheck.model.layout import (
    ArrayLayout,
    EnumLayout,
    FunctionLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    UnknownLayout,
)
from abicheck.model.types import (
    CONVENTIONS,
    Alias,
    Array,
    Enum,
    EnumValue,
    FunctionType,
    Named,
    Opaque,
    Parameter,
    Pointer,
    Scalar,
    Void,
)

if TYPE_CHECKING:
    from abicheck.model.evidence import TypeSource, Wording
    from abicheck.model.layout import TypeId
    from abicheck.model.target import TargetFacts
    from abicheck.model.types import Type

SLICES = ("&", "*const ", "*mut ", "alloc::boxed::Box<")
"""How the names of Rust's pointers to slices and traits begin, which are structs."""

RUSTS_OWN = (
    "Holds types of Rust's own, or is laid out by Rust's own rules: nothing inside is compared. "
    "If hosts look inside, draft again with --type {name}."
)
ONLY_DECLARED = (
    "Only declared in the debug information, so nothing inside is compared. Should it be: clang++ "
    "leaves out what it holds for unneeded, unless -fstandalone-debug."
)
CPP_CLASS = "A class of C++: nothing inside is compared."

MOST_DEFINITIONS = 5000
ENUM_SIZES = frozenset({1, 2, 4, 8})
DEEPEST = 24
"""Pointers, arrays and prototypes that are spelled inside of each other; more is opaque."""


class Translator:
    """Spells the types of one plugin, and collects the definitions that they need."""

    def __init__(self, types: TypeSource, facts: TargetFacts) -> None:
        """Begin with no definitions; `facts` are those of the plugin's target."""
        self.types, self.facts = types, facts
        self.known = Registry(types, facts)
        self.nullable: set[tuple[TypeId, str | None]] = set()
        self.scalars: set[str] = set()
        self.takes_bytes_for_chars = False
        self.has_unrecorded_callbacks = False
        self.has_unrecorded_conventions = False
        self._from_plugin = True
        self._waiting: deque[Reached] = deque()

    # Definitions.

    def finish(self) -> None:
        """Spell the fields of every struct that was reached, and of those that they reach."""
        while self._waiting:
            reached = self._waiting.popleft()
            self._from_plugin = True
            if reached.name in self.known.structs:
                self.known.definitions[reached.name] = Members(self, reached).spell()

    # Types by value.

    def spell(
        self, type_id: TypeId, owner: str = "", field: str | None = None, depth: int = 0
    ) -> Type:
        """Return a type that is stored or passed by value.

        `owner` and `field` name what holds it, for a type that has no name of its own.
        Raises: UntranslatableError.
        """
        if depth > DEEPEST:
            raise UntranslatableError("its type is nested too deeply")
        layout = self.types.layout(type_id)
        match layout:
            case ScalarLayout():
                return self._scalar(type_id, layout)
            case PointerLayout():
                return self._pointer(type_id, layout, owner, field, depth)
            case ArrayLayout():
                return self._array(type_id, layout, owner, field, depth)
            case StructLayout():
                return self._struct(type_id, layout, owner, field, depth)
            case EnumLayout():
                return self._enum(type_id, layout, owner, field)
            case OpaqueLayout():
                return self.known.sized(type_id, layout.name, layout.size, layout.alignment)
            case UnknownLayout(reason):
                raise UntranslatableError(reason)
        raise UntranslatableError("a function is not stored by value")

    def _scalar(self, type_id: TypeId, layout: ScalarLayout) -> Type:
        wording = self.known.wording(type_id)
        name = name_scalar(layout, wording, self.facts)
        if name is None:
            return self.known.sized(type_id, layout.name or "Number", layout.size, layout.alignment)
        self.scalars.add(name)
        return Scalar(name)

    def _va_list(self, wording: Wording) -> Type | None:
        return Scalar("va_list") if not VA_LISTS.isdisjoint(wording.typedefs) else None

    def _array(
        self, type_id: TypeId, layout: ArrayLayout, owner: str, field: str | None, depth: int
    ) -> Type:
        va_list = self._va_list(self.known.wording(type_id))
        if va_list is not None:
            return va_list
        if layout.is_vector:
            typedefs = self.known.wording(type_id).typedefs
            name = typedefs[-1] if typedefs else f"Vector{layout.size}"
            return self.known.sized(type_id, name, layout.size, layout.alignment or layout.size)
        element = self._pointed(layout.element, owner, field, depth)
        if isinstance(element, Array) and element.count is None:
            raise UntranslatableError("it is an array of arrays of unknown length")
        return Array(element, layout.count)

    # Pointers.

    def _pointer(
        self, type_id: TypeId, layout: PointerLayout, owner: str, field: str | None, depth: int
    ) -> Type:
        wording = self.known.wording(type_id)
        va_list = self._va_list(wording)
        if va_list is not None:
            return va_list
        is_mutable = wording.is_mutable is not False
        if layout.target is None:
            return Pointer(Void(), is_mutable=is_mutable)
        target = self.types.layout(layout.target)
        if isinstance(target, FunctionLayout):
            return self._callback(layout, target, wording, owner, field, depth)
        if isinstance(target, StructLayout) and target.name in VA_LIST_TAGS:
            return Scalar("va_list")
        may_be_null = False if layout.may_be_null is False else None
        to = self._target(layout.target, target, owner, field, depth)
        if isinstance(to, Void):
            may_be_null = None
        return Pointer(to, is_mutable=is_mutable, may_be_null=may_be_null)

    def _target(
        self, type_id: TypeId, layout: object, owner: str, field: str | None, depth: int
    ) -> Type:
        """Return what a pointer to data leads to; `c_void` for what cannot be spelled."""
        wording = self.known.wording(type_id)
        match layout:
            case OpaqueLayout(name):
                spelled = self.known.opaque(type_id, name)
                is_own = not is_of_library(name, wording)
                if isinstance(spelled, Named) and is_own and self._is_cpp(type_id):
                    self.known.comment(spelled.name, ONLY_DECLARED)
                return spelled
            case StructLayout(name=name) if self.is_private(layout, wording):
                spelled = self.known.opaque(type_id, name)
                if isinstance(spelled, Named) and not is_of_library(name, wording):
                    self._say_why_closed(spelled.name, layout, wording)
                return spelled
            case ArrayLayout(element, None) if not layout.is_vector:
                return self._target(element, self.types.layout(element), owner, field, depth + 1)
        try:
            return self._pointed(type_id, owner, field, depth)
        except UntranslatableError:
            return Void()

    def _pointed(self, type_id: TypeId, owner: str, field: str | None, depth: int) -> Type:
        """Spell what an array or a pointer holds: bytes with a sign are Rust's `c_char`."""
        layout = self.types.layout(type_id)
        is_byte = isinstance(layout, ScalarLayout) and layout.name == "i8" and layout.size == 1
        if is_byte and self._is_rust(type_id):
            self.takes_bytes_for_chars = True
            return Scalar("c_char")
        return self.spell(type_id, owner, field, depth + 1)

    def _is_cpp(self, type_id: TypeId) -> bool:
        return self.types.language(type_id) == "c++"

    def _is_rust(self, type_id: TypeId) -> bool:
        return self.types.language(type_id) == "rust"

    def is_private(self, layout: StructLayout, wording: Wording) -> bool:
        """Whether a struct that is pointed to is nobody's business but its library's."""
        if is_of_library(layout.name, wording):
            return not layout.is_transparent
        if wording.is_class or not layout.fields or not layout.size:
            return True
        return self._is_rust(wording.type_id) and self._is_rusts_own(layout)

    def _say_why_closed(self, name: str, layout: StructLayout, wording: Wording) -> None:
        """Say that nothing inside of a struct is compared, where somebody might think so."""
        if layout.fields and layout.size:
            why = CPP_CLASS if wording.is_class else RUSTS_OWN
            self.known.comment(name, why.format(name=name))

    def _is_rusts_own(self, layout: StructLayout) -> bool:
        """Whether rustc, not `repr(C)`, laid a struct out: out of order, or of Rust's own types."""
        offsets = [field.offset or 0 for field in layout.fields]
        if not layout.is_union and offsets != sorted(offsets):
            return True
        for field in layout.fields:
            inner = self.types.layout(field.type)
            if isinstance(inner, OpaqueLayout):
                return True
            is_plain = (
                isinstance(inner, StructLayout) and inner.size != 0 and not inner.is_transparent
            )  # `PhantomData` takes no room: it says nothing of who laid the struct out.
            if is_plain and is_of_library(
                getattr(inner, "name", ""), self.known.wording(field.type)
            ):
                return True
        return False

    def _callback(  # noqa: PLR0913, PLR0917  what a pointer is, and where it stands
        self,
        layout: PointerLayout,
        function: FunctionLayout,
        wording: Wording,
        owner: str,
        field: str | None,
        depth: int,
    ) -> Type:
        assert layout.target is not None
        may_be_null = layout.may_be_null is True or self._is_null_somewhere(owner, field)
        self.has_unrecorded_callbacks |= layout.may_be_null is None and not may_be_null
        typedefs = wording.typedefs or self.known.wording(layout.target).typedefs
        spelled = self.function(function, owner, field, depth + 1)
        if not typedefs:
            return Pointer(spelled, may_be_null=may_be_null)
        name = self._alias(typedefs[-1], Pointer(spelled, may_be_null=False))
        return Pointer(Named(name), may_be_null=True) if may_be_null else Named(name)

    def _is_null_somewhere(self, owner: str, field: str | None) -> bool:
        reached = self.known.structs.get(owner)
        keys: tuple[TypeId, ...] = (owner,)
        if reached is not None:
            keys = names_of_struct(self.known, reached.type_id, reached.layout)
        return any((each, field) in self.nullable for each in keys)

    def _alias(self, typedef: str, type_: Type) -> str:
        word = as_word(typedef)
        for number in range(1, 100):
            name = word if number == 1 else f"{word}{number}"
            known = self.known.definitions.get(name)
            if known is None:
                self.known.definitions[name] = Alias(name=name, type=type_, line=0)
                return name
            if isinstance(known, Alias) and known.type == type_:
                return name
        raise UntranslatableError(f"too many types are called {typedef}")

    def function(
        self, layout: FunctionLayout, owner: str = "", field: str | None = None, depth: int = 0
    ) -> FunctionType:
        """Return a prototype.

        Raises: UntranslatableError.
        """
        convention = layout.convention or "C"
        self.has_unrecorded_conventions |= layout.convention is None
        if convention not in CONVENTIONS:
            raise UntranslatableError(f"its calling convention is {convention}")
        from_plugin = self._from_plugin
        self._from_plugin = not from_plugin
        parameters = [
            Parameter(self._passed(each, owner or "Parameter", name or field, depth), name)
            for each, name in zip(layout.parameters, _parameter_names(layout), strict=True)
        ]
        self._from_plugin = from_plugin
        result: Type = Void()
        if layout.result is not None:
            result = self._passed(layout.result, owner or "Result", field, depth)
        return FunctionType(tuple(parameters), result, layout.is_variadic, convention)

    def _passed(self, type_id: TypeId, owner: str, field: str | None, depth: int) -> Type:
        """Spell a parameter or a result.

        Where nothing records whether a callback may be NULL, what comes from the plugin may
        be and what goes there is not: the plugin may promise more and accept more.
        """
        from_plugin = self._from_plugin
        spelled = self.spell(type_id, owner, field, depth + 1)
        if isinstance(spelled, Array):
            raise UntranslatableError("an array is passed by value, which C cannot do")
        self._from_plugin = from_plugin
        layout = self.types.layout(type_id)
        if not from_plugin or not isinstance(layout, PointerLayout) or layout.target is None:
            return spelled
        is_callback = isinstance(self.types.layout(layout.target), FunctionLayout)
        if layout.may_be_null is not None or not is_callback:
            return spelled
        return Pointer(spelled.to if isinstance(spelled, Pointer) else spelled, may_be_null=True)

    # Structs, unions and enums.

    def _struct(
        self, type_id: TypeId, layout: StructLayout, owner: str, field: str | None, depth: int
    ) -> Type:
        wording = self.known.wording(type_id)
        va_list = self._va_list(wording)
        if va_list is not None or layout.name in VA_LIST_TAGS:
            return Scalar("va_list")
        if self._is_rust(wording.type_id) and layout.name.startswith(SLICES):
            raise UntranslatableError(f"{layout.name} is a pointer with a length, which C has not")
        if layout.is_transparent and (
            not is_word(layout.name) or is_of_library(layout.name, wording) or layout.name == "Some"
        ):
            return self.spell(layout.fields[0].type, owner, field, depth + 1)
        is_closed = (
            not layout.fields
            or wording.is_class
            or (
                self._is_rust(wording.type_id)
                and (is_of_library(layout.name, wording) or self._is_rusts_own(layout))
            )
        )
        if is_closed:
            return self.known.sized(type_id, layout.name, layout.size, layout.alignment)
        return Named(
            self.define(type_id, layout, inner_name(owner, field, is_union=layout.is_union))
        )

    def define(self, type_id: TypeId, layout: StructLayout, otherwise: str = "Struct") -> str:
        """Return the name of a struct's definition; its fields are spelled later.

        Raises: UntranslatableError if there are too many.
        """
        if len(self.known.definitions) >= MOST_DEFINITIONS:
            raise UntranslatableError(f"more than {MOST_DEFINITIONS} types are reached")
        name = shown_name(layout.name, self.known.wording(type_id)) or otherwise
        word = self.known.new_name(type_id, name)
        if word is None:
            return self.known.name_of(type_id)
        self.known.comments.pop(word, None)
        reached = Reached(name=word, type_id=self.known.wording(type_id).type_id, layout=layout)
        self.known.structs[word] = reached
        self.known.definitions[word] = Opaque(name=word, line=0)  # until its turn comes
        self._waiting.append(reached)
        return word

    def _enum(self, type_id: TypeId, layout: EnumLayout, owner: str, field: str | None) -> Type:
        values = [(name, value) for name, value in layout.values if is_word(name)]
        if layout.size not in ENUM_SIZES:
            return self.known.sized(type_id, layout.name, layout.size, layout.alignment)
        if not values:
            letter = "i" if layout.is_signed else "u"
            return Scalar(f"{letter}{8 * layout.size}")
        wording = self.known.wording(type_id)
        name = shown_name(layout.name, wording) or inner_name(
            owner, field or "Enum", is_union=False
        )
        word = self.known.new_name(type_id, name)
        if word is None:
            return Named(self.known.name_of(type_id))
        self.known.definitions[word] = Enum(
            name=word,
            values=tuple(EnumValue(each, value, 0) for each, value in values),
            line=0,
            repr=self._repr(layout, type_id),
            match=self.known.match_of(word, layout, type_id),
        )
        return Named(word)

    def _repr(self, layout: EnumLayout, type_id: TypeId) -> str:
        """Return "C" where C's own rule comes to the same size, else a width."""
        numbers = [value for _, value in layout.values]
        lowest, highest = min(numbers), max(numbers)
        fits = lowest >= -(2**31) and highest < (2**31 if lowest < 0 else 2**32)
        is_cs = layout.size == (4 if fits else 8)
        if is_cs and (not layout.is_fixed or self._is_rust(type_id)):
            return "C"
        return f"{'i' if layout.is_signed else 'u'}{8 * layout.size}"


def _parameter_names(layout: FunctionLayout) -> list[str | None]:
    """Return the names of parameters, as far as they can be written; `_unused` is `unused`."""
    if len(layout.names) != len(layout.parameters):
        return [None] * len(layout.parameters)
    names = [(name or "").lstrip("_") for name in layout.names]
    return [
        name if is_word(name) and name not in RESERVED and names.count(name) == 1 else None
        for name in names
    ]
