"""Contract -> a module for hosts in Python: a typed `load`, so that editors and mypy know plugins.

What the classes of the module describe is made by `abicheck.load` when it runs; they are there
for type checkers alone, who see them under TYPE_CHECKING.
"""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

from abicheck.generation.files import GeneratedFile
from abicheck.generation.head import head
from abicheck.generation.names import identifier
from abicheck.generation.python_helpers import HELPERS, NEEDS
from abicheck.generation.python_names import (
    PLUGIN_NAMES,
    STRUCT_NAMES,
    enumerator_name,
    is_attribute,
    parameter_names,
)
from abicheck.generation.python_types import Spelling
from abicheck.model.types import (
    Alias,
    Enum,
    FunctionType,
    Named,
    Opaque,
    Pointer,
    Struct,
    Void,
    spell,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from abicheck.model.contract import Contract, Export
    from abicheck.model.types import Definition, Field

INDENT = "    "
WIDEST_LINE = 100
WIDEST = 87
"""Characters of a parameter beside its indentation and the comma, in lines of 100."""


def generate(contract: Contract) -> tuple[GeneratedFile, ...]:
    """Return the module of a contract."""
    return (GeneratedFile(f"{identifier(contract.name)}_abi.py", _Module(contract).text()),)


class _Module:
    """Puts the parts of one module together."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.spelling = Spelling(contract)

    def text(self) -> str:
        """Return the whole module."""
        plugin = list(self._plugin())
        types = [line for each in self._types() for line in each]
        helpers = [line for name in self._needed() for line in [*HELPERS[name].splitlines(), ""]]
        checked = [line and INDENT + line for line in [*helpers, *types, *plugin]]
        if any(len(line) > WIDEST_LINE for line in checked):
            checked.insert(0, f"{INDENT}# fmt: off")
        lines = [*self._head(), *self._imports(), "", *_closed(checked), "", "", *self._load()]
        return "\n".join(lines) + "\n"

    def _head(self) -> Iterator[str]:
        for line in head(self.contract, "python"):
            yield f"# {line}".rstrip()
        yield f'"""What plugins of {self.contract.name} are to a host in Python."""'
        yield ""
        yield "from __future__ import annotations"
        yield ""

    def _imports(self) -> Iterator[str]:
        yield "from typing import TYPE_CHECKING, Any, cast"
        yield ""
        yield "import abicheck"
        yield ""
        yield "if TYPE_CHECKING:"
        yield f"{INDENT}import os"
        yield f"{INDENT}from collections.abc import Callable, Iterator, Mapping, Sequence"
        yield f"{INDENT}from enum import IntEnum"
        yield f"{INDENT}from typing import Generic, Self, TypeVar"
        yield ""
        yield f"{INDENT}from typing_extensions import Buffer"

    def _load(self) -> Iterator[str]:
        plugin = self.spelling.class_name("Plugin", is_helper=True)
        yield "def load("
        yield f"{INDENT}path: str | os.PathLike[str],"
        yield f"{INDENT}contract: abicheck.Contract | str | os.PathLike[str],"
        yield f"{INDENT}**options: Any,"
        yield f") -> {plugin}:"
        yield f'{INDENT}"""Verify and load a plugin, as `abicheck.load` does."""'
        yield f'{INDENT}return cast("{plugin}", abicheck.load(path, contract, **options))'

    def _needed(self) -> list[str]:
        """Return the helpers that are used, and those that they use, in order."""
        wanted = set(self.spelling.used)
        for name in reversed(list(HELPERS)):
            if name in wanted:
                wanted |= NEEDS.get(name, set())
        return [name for name in HELPERS if name in wanted]

    # Types.

    def _types(self) -> Iterator[list[str]]:
        for name, definition in self.contract.definitions.items():
            lines = list(self._type(name, definition))
            if lines:
                yield [*_closed(lines), ""]

    def _type(self, name: str, definition: Definition) -> Iterator[str]:
        shown = self.spelling.class_name(name)
        match definition:
            case Struct():
                yield from self._struct(shown, definition)
            case Enum():
                yield f"class {shown}(IntEnum):"
                for value in definition.values:
                    each = enumerator_name(value.name)
                    if each.isidentifier() and not keyword.iskeyword(each):
                        yield f"{INDENT}{each} = {value.value}"
            case Opaque():
                base = self.spelling.helper("View")
                yield f"class {shown}({base}): ..."
            case Alias():
                return
        if name in self.spelling.owned:
            owned = self.spelling.helper("Owned")
            yield ""
            yield f"class {self.spelling.owned_name(name)}({shown}, {owned}): ..."

    def _struct(self, shown: str, struct: Struct) -> Iterator[str]:
        yield f"class {shown}({self.spelling.helper('Fields')}):"
        named = [field for field in self._fields(struct) if self._is_named(field)]
        plain = [field for field in named if self._is_plain(field)]
        items = [field.name for field in self._fields(struct) if not self._is_shown(field)]
        if items:
            yield f"{INDENT}# Items alone, for their names: {', '.join(map(str, items))}"
        for field in plain:
            yield f"{INDENT}{field.name}: {self.spelling.got(field.type)}"
        if plain:
            yield ""
        yield f"{INDENT}def __init__("
        own, count = "self", "count"
        while any(own == field.name for field in named):
            own = f"_{own}"
        while any(count == field.name for field in named):
            count = f"_{count}"
        yield f"{INDENT * 2}{own},"
        yield f"{INDENT * 2}{count}: int = 0,"
        yield f"{INDENT * 2}/,"
        if named:
            yield f"{INDENT * 2}*,"
        for field in named:
            yield from _parameter(f"{field.name}: {self.spelling.given(field.type)} = ...")
        yield f"{INDENT}) -> None: ..."
        for field in named:
            if field not in plain and not self.spelling.shadows(str(field.name)):
                yield from self._field(field)

    def _is_plain(self, field: Field) -> bool:
        """Whether what is read of a field is what may be written to it."""
        if self.spelling.shadows(str(field.name)):
            return False
        return self.spelling.got(field.type) == self.spelling.given(field.type)

    def _is_shown(self, field: Field) -> bool:
        return self._is_named(field) and not self.spelling.shadows(str(field.name))

    def _is_named(self, field: Field) -> bool:
        return (
            field.name is not None and is_attribute(field.name) and field.name not in STRUCT_NAMES
        )

    def _fields(self, struct: Struct, depth: int = 0) -> Iterator[Field]:
        """Yield the fields, those of anonymous members in their place."""
        for field in struct.fields:
            inner = self.spelling.seen(field.type)
            found = self.contract.definitions.get(inner.name) if isinstance(inner, Named) else None
            if field.name is not None:
                yield field
            elif isinstance(found, Struct) and field.bit_width is None and depth < 16:  # noqa: PLR2004
                yield from self._fields(found, depth + 1)

    def _field(self, field: Field) -> Iterator[str]:
        seen = self.spelling.seen(field.type)
        if isinstance(seen, Pointer) and isinstance(seen.to, FunctionType):
            yield from self._slot(field, seen, seen.to)
            return
        got, given = self.spelling.got(field.type), self.spelling.given(field.type)
        yield f"{INDENT}@property"
        yield f"{INDENT}def {field.name}(self) -> {got}: ..."
        yield f"{INDENT}@{field.name}.setter"
        yield f"{INDENT}def {field.name}(self, new: {given}) -> None: ..."

    def _slot(self, field: Field, pointer: Pointer, function: FunctionType) -> Iterator[str]:
        """Yield a method, or for a pointer that may be NULL a property with the function."""
        free = self.spelling.free_of(field.free, function)
        if pointer.may_be_null is False:
            yield from self._method(str(field.name), function, free)
            return
        got = self.spelling.callable(function, free)
        yield f"{INDENT}@property"
        yield f"{INDENT}def {field.name}(self) -> {got} | None: ..."
        yield f"{INDENT}@{field.name}.setter"
        yield f"{INDENT}def {field.name}(self, new: {self.spelling.given(field.type)}) -> None: ..."

    def _method(
        self, name: str, function: FunctionType, free: str | bool | None, *, takes: bool = False
    ) -> Iterator[str]:
        written = ["self"]
        given = self.spelling.handed_back if takes else self.spelling.given
        for each, parameter in zip(parameter_names(function), function.parameters, strict=True):
            written.append(f"{each}: {given(parameter.type)}")
        if function.is_variadic:
            written.append("*rest: Any")
        result = self.spelling.result(function, free)
        line = f"{INDENT}def {name}({', '.join(written)}) -> {result}:"
        if len(line) <= 92:  # noqa: PLR2004  with the indentation of the block, 96 columns
            yield line
        else:
            yield f"{INDENT}def {name}("
            for each in written:
                yield from _parameter(each)
            yield f"{INDENT}) -> {result}:"
        yield f'{INDENT * 2}"""{_shown(function)}"""'
        yield ""

    # The plugin.

    def _plugin(self) -> Iterator[str]:
        name = self.spelling.class_name("Plugin", is_helper=True)
        attributes = [each for each in self.contract.definitions if self._is_type(each)]
        for each in attributes:
            shown = self.spelling.class_name(each)
            yield f"_{shown} = {shown}"
        if attributes:
            yield ""
        yield f"class {name}({self.spelling.helper('Base')}):"
        items = [each.name for each in self.contract.exports if self._is_item(each)]
        if items:
            yield f"{INDENT}# Items alone, for their names: {', '.join(items)}"
        body = [line for each in self.contract.exports for line in self._export(each)]
        yield from body
        if body and attributes:
            yield ""
        taken = {each.name for each in self.contract.exports}
        for each in attributes:
            if each not in taken:
                yield f"{INDENT}{each}: type[_{self.spelling.class_name(each)}]"
        if not body and not attributes:
            yield f"{INDENT}pass"

    def _is_type(self, name: str) -> bool:
        definition = self.contract.definitions[name]
        return not isinstance(definition, Alias) and is_attribute(name) and name not in PLUGIN_NAMES

    def _is_item(self, export: Export) -> bool:
        """Whether an export can only be had by `plugin["name"]`, as type checkers see it."""
        name = export.name
        if export.is_glob or export.is_forbidden:
            return False
        return not is_attribute(name) or name in PLUGIN_NAMES or self.spelling.shadows(name)

    def _export(self, export: Export) -> Iterator[str]:
        if export.is_forbidden or export.is_glob or export.type is None:
            return
        name = export.name
        if self._is_item(export):
            return
        if export.function is None:
            yield from self._datum(export)
            return
        function = export.function
        free = self.spelling.free_of(export.free, function)
        takes = name in self.spelling.takers
        if not export.is_optional:
            yield from self._method(name, function, free, takes=takes)
            return
        yield f"{INDENT}@property"
        yield f"{INDENT}def {name}(self) -> {self.spelling.callable(function, free)} | None: ..."

    def _datum(self, export: Export) -> Iterator[str]:
        assert export.type is not None
        got = self.spelling.got(export.type) + (" | None" if export.is_optional else "")
        yield f"{INDENT}@property"
        yield f"{INDENT}def {export.name}(self) -> {got}: ..."
        if export.is_mutable:
            yield f"{INDENT}@{export.name}.setter"
            given = self.spelling.given(export.type)
            yield f"{INDENT}def {export.name}(self, new: {given}) -> None: ..."


def _parameter(text: str) -> Iterator[str]:
    """Yield a parameter on a line of its own, or on a line for each type that it may have."""
    if len(text) <= WIDEST:
        yield f"{INDENT * 2}{text},"
        return
    first, *others = _alternatives(text)
    yield f"{INDENT * 2}{first}"
    for each in others[:-1]:
        yield f"{INDENT * 2}| {each}"
    for each in others[-1:]:
        yield f"{INDENT * 2}| {each},"


def _alternatives(text: str) -> list[str]:
    """Return the parts of a union, not those of unions in brackets."""
    parts, depth, start = [], 0, 0
    for index, mark in enumerate(text):
        depth += (mark == "[") - (mark == "]")
        if text.startswith(" | ", index) and depth == 0:
            parts.append(text[start:index])
            start = index + 3
    return [*parts, text[start:]]


def _closed(lines: Iterable[str]) -> list[str]:
    """Return lines without empty ones at the end, and never two of those in a row."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _shown(function: FunctionType) -> str:
    """Return a prototype as the contract writes it, with the names of its parameters."""
    parameters = [
        f"{each.name}: {spell(each.type)}" if each.name else spell(each.type)
        for each in function.parameters
    ]
    parameters += ["..."] if function.is_variadic else []
    result = "" if isinstance(function.result, Void) else f" -> {spell(function.result)}"
    return f"fn({', '.join(parameters)}){result}".replace("\\", "")
