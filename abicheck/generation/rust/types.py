"""Types of a contract -> how Rust writes them, and the names that Rust needs imported for that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

from abicheck.generation.names import RUST_WORDS
from abicheck.generation.plan import types_mentioned
from abicheck.model.paths import see_through
from abicheck.model.types import (
    Array,
    FunctionType,
    Named,
    Opaque,
    Pointer,
    Scalar,
    Struct,
    Void,
)

if TYPE_CHECKING:
    from abicheck.model.contract import Contract
    from abicheck.model.types import Type

RUST_NAMES = {
    "c_float": "f32", "c_double": "f64", "size_t": "usize", "ssize_t": "isize",
    "ptrdiff_t": "isize", "intptr_t": "isize", "uintptr_t": "usize",
    **{f"uint{bits}_t": f"u{bits}" for bits in (8, 16, 32, 64)},
    **{f"int{bits}_t": f"i{bits}" for bits in (8, 16, 32, 64)},
}  # fmt: skip
"""Scalars of C that Rust writes otherwise; `core::ffi` has the others that begin with `c_`."""

OURS = ("c_longdouble", "va_list", "wchar_t")
"""Scalars of C that neither Rust nor `core::ffi` has: the generated module defines them."""

UNRAW = frozenset({"crate", "self", "super", "Self"})
"""Keywords that cannot be written `r#…`."""

TAKEN = frozenset({"core", "std", "alloc", "Option", "Result", "Some", "None", "str", "char"})
"""Names that generated code relies on; a type of the contract gets a `_` behind such a name."""

Obstacles = list[str]


def identifier(name: str) -> str:
    """Return a field's, function's or value's name as Rust writes it: `type` is `r#type`."""
    if name == "_":
        return "__"
    if name.rstrip("_") in UNRAW:
        return f"{name}_"
    if name in RUST_WORDS:
        return f"r#{name}"
    return name


def type_name(name: str) -> str:
    """Return a type's name as Rust writes it."""
    return given_way(name, TAKEN)


def given_way(name: str, taken: frozenset[str]) -> str:
    """Return a name that gives way to others by a `_`, as do those that would be taken for it."""
    return f"{name}_" if name.rstrip("_") in taken else identifier(name)


class Writer:
    """Writes types; with `may_lie`, as one who cannot rely on the other side's pointers.

    A plugin is given what the contract says. A host reads what a plugin made: there each
    pointer is one that may be NULL, since a `NonNull` or a bare `fn` that is NULL
    is undefined behaviour before anybody can ask.
    """

    def __init__(self, contract: Contract, *, may_lie: bool = False, prefix: str = "") -> None:
        """Prepare to write the types of `contract`; `prefix` leads to where they are defined."""
        self.contract, self.definitions = contract, contract.definitions
        self.may_lie, self.prefix = may_lie, prefix
        self.obstacles: Obstacles = []
        self.place = ""

    def inside(self) -> Writer:
        """Return the same for a module inside the one that defines the types."""
        writer = Writer(self.contract, may_lie=self.may_lie, prefix="super::")
        writer.obstacles = self.obstacles
        return writer

    def ours(self) -> list[str]:
        """Return the scalars that the module must define itself."""
        named = {each.name for each in types_mentioned(self.contract) if isinstance(each, Scalar)}
        return [name for name in OURS if name in named]

    def type(self, type_: Type) -> str:
        """Return a type of the contract as Rust writes it; aliases are seen through."""
        return self._type(type_)

    def prototype(self, function: FunctionType) -> str:
        """Return the type of a function pointer that is never NULL."""
        parameters = []
        for parameter in function.parameters:
            written = self.by_value(parameter.type)
            name = identifier(parameter.name) if parameter.name else ""
            parameters.append(f"{name}: {written}" if name else written)
        if function.is_variadic:
            parameters.append("...")
        result = see_through(function.result, self.definitions)
        arrow = "" if isinstance(result, Void) else f" -> {self.by_value(result)}"
        convention = self.convention(function)
        return f'unsafe extern "{convention}" fn({", ".join(parameters)}){arrow}'

    def convention(self, function: FunctionType) -> str:
        """Return the convention of a function, unless Rust has none of that name."""
        if function.is_variadic and function.convention not in {"C", "cdecl", "C-unwind"}:
            reason = f'Rust has no variadic functions of the convention "{function.convention}"'
            self.obstacles.append(f"{self.place}: {reason}" if self.place else reason)
        return function.convention

    def by_value(self, type_: Type) -> str:
        """Return the type of a parameter or result."""
        reason = self._unpassable(type_)
        if reason:
            self.obstacles.append(f"{self.place}: {reason}" if self.place else reason)
        return self._type(type_)

    def _unpassable(self, type_: Type) -> str:
        """Return why Rust would pass a type by value otherwise than C does, "" if it does not."""
        seen = see_through(type_, self.definitions)
        while isinstance(seen, Array):
            seen = see_through(seen.element, self.definitions)
        if seen == Scalar("c_longdouble"):
            return "Rust has no long double, so that it passes none by value"
        definition = self.definitions.get(seen.name) if isinstance(seen, Named) else None
        if isinstance(definition, Opaque):
            return f"{definition.name} is opaque: how it is passed by value is not known"
        if not isinstance(definition, Struct):
            return ""
        if definition.is_partial:
            return f"{definition.name} is partial: how it is passed by value is not known"
        inner = [self._unpassable(field.type) for field in definition.fields]
        return next((f"{definition.name}: {each}" for each in inner if each), "")

    def named(self, name: str) -> str:
        """Return the name of a type that the module defines."""
        return f"{self.prefix}{type_name(name)}"

    def _type(self, type_: Type) -> str:
        match type_:
            case Scalar(name):
                return f"{self.prefix}{name}" if name in OURS else RUST_NAMES.get(name, name)
            case Void():
                return "c_void"
            case Named(name):
                seen = see_through(type_, self.definitions)
                return self.named(name) if seen is type_ else self._type(seen)
            case Array(element, count):
                return f"[{self._type(element)}; {count or 0}]"
            case Pointer():
                return self._pointer(type_)
            case FunctionType():
                return self.prototype(type_)
        assert_never(type_)

    def _pointer(self, pointer: Pointer) -> str:
        to = see_through(pointer.to, self.definitions)
        if isinstance(to, FunctionType):
            text = self.prototype(to)
            is_bare = pointer.may_be_null is False and not self.may_lie
            return text if is_bare else f"Option<{text}>"
        if isinstance(to, Array) and to.count is None:
            to = to.element
        if pointer.may_be_null is False and not self.may_lie:
            return f"core::ptr::NonNull<{self._type(to)}>"
        return f"*{'mut' if pointer.is_mutable else 'const'} {self._type(to)}"


def is_snake_case(name: str) -> bool:
    """Whether Rust's lint takes a name for one of a field or function."""
    return name == name.lower() and "__" not in name.strip("_")


def is_camel_case(name: str) -> bool:
    """Whether Rust's lint takes a name for one of a type."""
    bare = name.strip("_")
    humps = re.search(r"[a-zA-Z]_|_[a-zA-Z]", bare)
    return not humps and not name[:1].islower() and "__" not in bare


def is_upper_case(name: str) -> bool:
    """Whether Rust's lint takes a name for one of a constant."""
    return name == name.upper()
