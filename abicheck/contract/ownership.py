"""`free`: who takes back what a function returns, checked for sense."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.contract.schema import described
from abicheck.model.paths import see_through
from abicheck.model.types import (
    Alias,
    Array,
    FunctionType,
    Pointer,
    Struct,
    Void,
    spell,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from abicheck.contract.definitions import Definitions
    from abicheck.contract.positions import KeyPath
    from abicheck.contract.schema import Schema
    from abicheck.model.contract import Export
    from abicheck.model.types import Definition, Type


class Ownership:
    """The exports that can take something back, and the checks of whoever names one."""

    def __init__(
        self, schema: Schema, exports: Sequence[Export], definitions: Mapping[str, Definition]
    ) -> None:
        """Keep the exports by name."""
        self.schema = schema
        self.definitions = definitions
        self.exports = {export.name: export for export in exports}

    def check_exports(self) -> None:
        """Check the `free` of every export."""
        for export in self.exports.values():
            if export.free is not None:
                path = ("exports", export.name, "free")
                self._check(path, export.free, export.function, is_data=export.is_data is True)

    def check_definitions(self, definitions: Definitions) -> None:
        """Check the `free` of every alias and of every field that is a function pointer."""
        for name, definition in self.definitions.items():
            path = definitions.places[name]
            if isinstance(definition, Alias) and definition.free is not None:
                self._check((*path, "free"), definition.free, self._function(definition.type))
            if isinstance(definition, Struct):
                for field, index in zip(definition.fields, definitions.indices[path], strict=True):
                    if field.free is not None:
                        here = (*path, "fields", index, "free")
                        self._check(here, field.free, self._function(field.type))

    def _function(self, type_: Type) -> FunctionType | None:
        seen = see_through(type_, self.definitions)
        return seen.to if isinstance(seen, Pointer) and isinstance(seen.to, FunctionType) else None

    def _check(
        self, path: KeyPath, free: object, function: FunctionType | None, *, is_data: bool = False
    ) -> None:
        if self.schema.is_open(free):
            return
        if not isinstance(free, str) and free is not False:
            expected = 'the name of an export, "host", or false for what is only borrowed'
            self.schema.problem(path, f"expected {expected}, found {described(free)}")
        elif path[0] == "exports" and path[1] in self.schema.pending:
            return
        elif function is None:
            message = "only the result of a function can be given back"
            hint = "" if is_data else "; state its type, fn(...) -> …"
            self.schema.problem(path, f"{message}{hint}")
        else:
            result = see_through(function.result, self.definitions)
            if not isinstance(result, Pointer) or isinstance(result.to, FunctionType):
                message = (
                    f'only a pointer to data can be given back, not "{spell(function.result)}"'
                )
                self.schema.problem(path, message)
            elif free not in {"host", False}:
                self._check_taker(path, str(free), result)

    def _check_taker(self, path: KeyPath, name: str, given: Pointer) -> None:
        """Hold the export that `free` names to what it must be: a function of that pointer."""
        taker = self.exports.get(name)
        wanted = spell(Pointer(given.to, is_mutable=True))
        problem = None
        if taker is None:
            if name in self.schema.left_out:
                return
            from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415

            hint = did_you_mean(name, [*self.exports, "host"])
            problem = f'[exports] names no "{name}"{hint}'
        elif taker.is_forbidden:
            problem = f'"{name}" is forbidden'
        elif name in self.schema.pending:
            return
        elif taker.function is None:
            problem = f'"{name}" must be a function that states its type: "fn({wanted})"'
        elif len(taker.function.parameters) != 1 or not self._takes(taker.function, given):
            found = spell(taker.function)
            problem = f'"{name}" must take what is given back: "fn({wanted})", not "{found}"'
        if problem:
            self.schema.problem(path, problem)

    def _takes(self, function: FunctionType, given: Pointer) -> bool:
        parameter = see_through(function.parameters[0].type, self.definitions)
        return isinstance(parameter, Pointer) and self._same(parameter.to, given.to)

    def _same(self, one: Type, other: Type) -> bool:
        """Whether two pointees are the same but for `const` and nullability; `c_void` fits any."""
        one, other = see_through(one, self.definitions), see_through(other, self.definitions)
        if isinstance(one, Void) or isinstance(other, Void):
            return not isinstance(one, FunctionType) and not isinstance(other, FunctionType)
        match one, other:
            case Pointer(to), Pointer(other_to):
                return self._same(to, other_to)
            case Array(element, count), Array(other_element, other_count):
                return count == other_count and self._same(element, other_element)
        return spell(one) == spell(other)
