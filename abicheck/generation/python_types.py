"""Types of a contract -> annotations of Python: what may be passed, and what comes back."""

from __future__ import annotations

import builtins
import keyword
from typing import TYPE_CHECKING

from abicheck.generation.python_helpers import HELPERS
from abicheck.model.paths import see_through
from abicheck.model.types import (
    Alias,
    Array,
    Enum,
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

FLOATS = frozenset({"f32", "f64", "c_float", "c_double", "c_longdouble"})
RESERVED = frozenset(
    {"Any", "Buffer", "Callable", "Generic", "IntEnum", "Iterator", "Mapping"}
    | {
        "Plugin",
        "Self",
        "Sequence",
        "TypeVar",
        "TYPE_CHECKING",
        "abicheck",
        "annotations",
        "cast",
        "load",
        "os",
    }
    | set(HELPERS)
    | set(dir(builtins))
)
"""What the module needs under its own name: types of a contract get a `_` behind it."""

WRITTEN = frozenset(
    {"int", "float", "bool", "bytes", "str", "object", "type", "property"}
    | {"Any", "Buffer", "Callable", "Iterator", "Mapping", "Self", "Sequence"}
    | set(HELPERS)
)
"""What annotations are made of, beside the contract's own types."""


class Spelling:
    """Spells the types of one contract, and notes which helpers that takes."""

    def __init__(self, contract: Contract) -> None:
        """Find out who takes what back."""
        self.definitions = contract.definitions
        self.used: set[str] = set()
        self._alias_free = {
            id(each.type.to): each.free
            for each in contract.definitions.values()
            if isinstance(each, Alias)
            and isinstance(each.type, Pointer)
            and isinstance(each.type.to, FunctionType)
        }
        frees: set[object] = {each.free for each in contract.exports}
        frees |= set(self._alias_free.values())
        functions = [(each.function, each.free) for each in contract.exports if each.function]
        for definition in contract.definitions.values():
            for field in definition.fields if isinstance(definition, Struct) else ():
                frees.add(field.free)
                seen = self.seen(field.type)
                if isinstance(seen, Pointer) and isinstance(seen.to, FunctionType):
                    functions.append((seen.to, field.free))
        self.takers = {each for each in frees if isinstance(each, str) and each != "host"}
        self.owned = {self._owned_by(function, free) for function, free in functions} - {""}

    def _owned_by(self, function: FunctionType, free: str | bool | None) -> str:
        """Return the struct or opaque type that a function hands over; "" if none."""
        result = self.seen(function.result)
        if not self._is_owned(self.free_of(free, function)) or not isinstance(result, Pointer):
            return ""
        to = self.seen(result.to)
        is_class = isinstance(to, Named) and isinstance(
            self.definitions.get(to.name), Struct | Opaque
        )
        return to.name if is_class and isinstance(to, Named) else ""

    def free_of(self, free: str | bool | None, function: FunctionType) -> str | bool | None:
        """Return who takes back what a function returns: as it says, or its type's alias."""
        return free if free is not None else self._alias_free.get(id(function))

    def _is_owned(self, free: str | bool | None) -> bool:
        return isinstance(free, str) and free != "host"

    def seen(self, type_: Type) -> Type:
        """Return what an alias stands for."""
        return see_through(type_, self.definitions)

    # Names.

    def class_name(self, name: str, *, is_helper: bool = False) -> str:
        """Return the name that a type of the contract has in the module."""
        if is_helper:
            return name
        clashes = name in RESERVED or keyword.iskeyword(name) or name.startswith("Owned")
        return f"{name}_" if clashes else name

    def shadows(self, name: str) -> bool:
        """Whether an attribute of this name would hide a type from the annotations after it."""
        return name in WRITTEN or name in self.definitions

    def owned_name(self, name: str) -> str:
        """Return the name of the class of what is handed over to Python."""
        return f"Owned{self.class_name(name)}"

    def helper(self, name: str) -> str:
        """Return the name of a helper, which the module then has."""
        self.used.add(name)
        return name

    # What comes back.

    def result(self, function: FunctionType, free: str | bool | None) -> str:
        """Return the annotation of what a function returns."""
        if isinstance(self.seen(function.result), Void):
            return "None"
        return self.got(function.result, is_owned=self._is_owned(free))

    def got(self, type_: Type, *, is_owned: bool = False) -> str:
        """Return the annotation of a value from the plugin.

        A pointer that may be NULL is `X | Any`: None is possible, and who knows that it is
        not need not say so at each use.
        """
        seen = self.seen(type_)
        match seen:
            case Scalar(name):
                return self._scalar(name)
            case Pointer(FunctionType() as function, _, may_be_null):
                made = self.callable(function, self.free_of(None, function))
                return made if may_be_null is False else f"{made} | None"
            case Pointer(to, _, may_be_null):
                view = self._view(to, is_owned=is_owned)
                return view if may_be_null is False else f"{view} | Any"
            case Array(element):
                return self._array(element)
            case Named(name):
                return self.class_name(name)
        return "Any"

    def _scalar(self, name: str) -> str:
        if name in FLOATS:
            return "float"
        return {"bool": "bool", "c_char": "bytes", "va_list": "Any"}.get(name, "int")

    def _array(self, element: Type) -> str:
        if self.seen(element) == Scalar("c_char"):
            return self.helper("Chars")
        return f"{self.helper('Array')}[{self.got(element)}]"

    def _view(self, to: Type, *, is_owned: bool = False) -> str:
        """Return the class of what a pointer leads to."""
        seen = self.seen(to)
        prefix = "Owned" if is_owned else ""
        if seen == Scalar("c_char"):
            return self.helper(f"{prefix}Text")
        if isinstance(seen, Void):
            return self.helper(f"{prefix}Pointer")
        if isinstance(seen, Named) and not isinstance(self.definitions.get(seen.name), Enum):
            return self.owned_name(seen.name) if is_owned else self.class_name(seen.name)
        return f"{self.helper(f'{prefix}Ref')}[{self.got(to)}]"

    def callable(self, function: FunctionType, free: str | bool | None) -> str:
        """Return the annotation of a function of the plugin."""
        result = self.result(function, free)
        if function.is_variadic:
            return f"Callable[..., {result}]"
        given = ", ".join(self.given(each.type) for each in function.parameters)
        return f"Callable[[{given}], {result}]"

    # What may be passed.

    def given(self, type_: Type) -> str:
        """Return the annotation of a value for the plugin."""
        seen = self.seen(type_)
        match seen:
            case Scalar("c_char"):
                return "bytes | int"
            case Scalar(name):
                return self._scalar(name)
            case Pointer(FunctionType() as function, _, may_be_null):
                made = self._callback(function)
                return made if may_be_null is False else f"{made} | None"
            case Pointer(to, is_mutable, may_be_null):
                kinds = self._pointed(to, is_mutable=is_mutable)
                return " | ".join([*kinds, *([] if may_be_null is False else ["None"])])
            case Array(element):
                own = self._array(element)
                listed = f"Sequence[{self.given(element)}]"
                is_char = self.seen(element) == Scalar("c_char")
                return f"{own} | {'bytes' if is_char else listed}"
            case Named(name):
                definition = self.definitions.get(name)
                is_open = isinstance(definition, Enum) and not definition.is_closed
                return f"{self.class_name(name)} | int" if is_open else self.class_name(name)
        return "Any"

    def _pointed(self, to: Type, *, is_mutable: bool) -> list[str]:
        """Return what may be passed for a pointer, None aside."""
        seen = self.seen(to)
        view = self._view(to)
        if seen == Scalar("c_char"):
            return ["Buffer", view, self.helper("Chars")]
        if isinstance(seen, Void):
            return ["Buffer", self.helper("View")]
        if isinstance(seen, Named) and isinstance(self.definitions.get(seen.name), Opaque):
            return [view]
        array = f"{self.helper('Array')}[{self.got(to)}]"
        kinds = ["Buffer"] if isinstance(seen, Scalar) else []
        listed = [] if is_mutable else [f"Sequence[{self.given(to)}]"]
        return [*kinds, view, array, *listed]

    def handed_back(self, type_: Type) -> str:
        """Return the annotation of what an export takes back: only what it gave."""
        seen = self.seen(type_)
        return f"{self._view(seen.to)} | None" if isinstance(seen, Pointer) else self.given(type_)

    def _callback(self, function: FunctionType) -> str:
        """Return the annotation of a function of Python: it gets what others return."""
        result = "None"
        if not isinstance(self.seen(function.result), Void):
            result = self.given(function.result)
        if function.is_variadic:
            return f"Callable[..., {result}]"
        got = ", ".join(self.got(each.type) for each in function.parameters)
        return f"Callable[[{got}], {result}]"
