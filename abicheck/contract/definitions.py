"""`[structs]`, `[unions]`, `[enums]` and `[types]` -> definitions by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from abicheck.contract.expressions import (
    ALIAS,
    ALIASED,
    ENUM,
    OPAQUE,
    SIZED,
    STRUCT,
    UNION,
    ExpressionError,
    Vocabulary,
)
from abicheck.contract.members import read_struct
from abicheck.contract.schema import described, is_identifier, version_parts
from abicheck.contract.soundness import MAX_NESTING, check_definitions
from abicheck.model.types import SCALARS, Alias, Opaque

if TYPE_CHECKING:
    from abicheck.contract.positions import KeyPath
    from abicheck.contract.schema import Schema
    from abicheck.model.types import Definition, Type

_GROUPS = ("structs", "unions", "enums", "types")


class Definitions:
    """The definitions of one contract while they are read, in any order of reference."""

    def __init__(self, schema: Schema, document: dict[str, Any], version: str | None) -> None:
        """Find the names of all definitions; none is read yet."""
        self.schema = schema
        self.version = version
        plugin = document.get("plugin")
        self.allows_ifunc = isinstance(plugin, dict) and plugin.get("ifunc") is True
        self.kinds: dict[str, str] = {}
        self.places: dict[str, KeyPath] = {}
        self.indices: dict[KeyPath, tuple[int, ...]] = {}
        self.found: dict[str, Definition] = {}
        self.types: dict[str, Any] = {}
        self.started: set[str] = set()
        self.depth = 0
        self.faulty: set[KeyPath] = set()
        self.broken: set[str] = set()
        self.vocabulary = Vocabulary(self.kinds, self.alias_type)
        for group in _GROUPS:
            entries = document.get(group, {})
            for name, value in entries.items():
                self._claim(group, name, value)
        self.types = {
            name: value
            for name, value in document.get("types", {}).items()
            if self.places.get(name) == ("types", name)
        }

    def _claim(self, group: str, name: str, value: object) -> None:
        """Take a name for what a group defines under it."""
        path = (group, name)
        if not is_identifier(name) or name == "_":
            hint = ', as match = "…"' if "::" in name else ""
            self.schema.problem(path, f"a type's name is a word of letters, digits and _{hint}")
        elif name in SCALARS or name == "c_void":
            self.schema.problem(path, f'"{name}" is a type of the language and cannot be redefined')
        elif name in self.places:
            first = self.places[name]
            where = f"{first[0]}.{name} on line {self.schema.line(first)}"
            self.schema.problem(path, f'"{name}" is already defined, as {where}')
        else:
            self.places[name] = path
            self.kinds[name] = _kind(group, value)

    def read(self, document: dict[str, Any]) -> dict[str, Definition]:
        """Read all definitions; return them in the order of the file."""
        for name, value in self.types.items():
            self.read_type(name, value)
        for name, value in document.get("enums", {}).items():
            from abicheck.contract.enums import read_enum  # noqa: PLC0415 (not in every contract)

            if self.places.get(name) == ("enums", name):
                self.found[name] = read_enum(self, name, value)
        for group in ("structs", "unions"):
            for name, value in document.get(group, {}).items():
                if self.places.get(name) == (group, name):
                    self.found[name] = read_struct(self, group, name, value)
        check_definitions(self)
        order = sorted(self.found, key=lambda name: self.found[name].line)
        self.found = {name: self.found[name] for name in order}
        return self.found

    # Aliases and opaque types.

    def alias_type(self, name: str) -> Type | None:
        """Return the type of an alias, reading it first if need be; None if it has none (yet)."""
        if name in self.types and name not in self.started and self.depth < MAX_NESTING:
            self.depth += 1
            self.read_type(name, self.types[name])
            self.depth -= 1
        definition = self.found.get(name)
        return definition.type if isinstance(definition, Alias) else None

    def read_type(self, name: str, value: object) -> None:
        """Read one entry of `[types]`, unless that has begun already."""
        if name in self.started:
            return
        self.started.add(name)
        path = ("types", name)
        line = self.schema.line(path)
        if value == "opaque":
            self.found[name] = Opaque(name=name, line=line)
        elif isinstance(value, dict):
            self._type_table(name, path, value)
        elif isinstance(value, str):
            type_ = self.type(path, value, ALIAS)
            if type_ is not None:
                self.found[name] = Alias(name=name, type=type_, line=line)
        else:
            self.schema.problem(
                path, f'expected a type, "opaque" or a table, found {described(value)}'
            )

    def _type_table(self, name: str, path: KeyPath, value: object) -> None:
        good = self.schema.table("type", path, value)
        line = self.schema.line(path)
        if good.get("opaque"):
            for key in ("type", "free"):
                if key in good:
                    self.schema.problem((*path, key), f'an opaque type has no "{key}"')
            self.found[name] = self._opaque(name, path, good)
            return
        for key in ("size", "alignment", "kind"):
            if key in good:
                self.schema.problem((*path, key), f"only an opaque type states its {key}")
        if "type" not in good:
            if not {"size", "alignment", "kind"} & good.keys():
                message = 'expected "type = …" or "opaque = true"'
                self.schema.lacks("type", path, value, "type", message)
            return
        type_ = self.type((*path, "type"), good["type"], ALIAS)
        if type_ is not None:
            self.found[name] = Alias(name=name, type=type_, line=line, free=good.get("free"))

    def _opaque(self, name: str, path: KeyPath, good: dict[str, Any]) -> Opaque:
        from abicheck.contract.targets import per_target  # noqa: PLC0415 (not in every contract)

        size, alignment = good.get("size"), good.get("alignment")
        if (size is None) != (alignment is None):
            missing = "alignment" if alignment is None else "size"
            self.schema.problem(
                path, f"an opaque type with a size needs both: {missing} is missing"
            )
        numbers = None if size is None else per_target(self.schema, (*path, "size"), size)
        alignments = None
        if alignment is not None:
            alignments = per_target(self.schema, (*path, "alignment"), alignment, least=1)
        for _key, number in alignments.entries if alignments else ():
            if number & (number - 1):
                self.schema.problem((*path, "alignment"), f"{number} is not a power of two")
        line, kind = self.schema.line(path), self._kind(path, good)
        return Opaque(name=name, line=line, size=numbers, alignment=alignments, kind=kind)

    def _kind(self, path: KeyPath, good: dict[str, Any]) -> str | None:
        kind: str | None = good.get("kind")
        if kind is None or self.schema.is_open(kind):
            return None
        from abicheck.model.kinds import EXPECTED, is_kind  # noqa: PLC0415 (in few contracts)

        if not is_kind(kind):
            self.schema.problem((*path, "kind"), f'expected {EXPECTED}, found "{kind}"')
        elif "size" not in good:
            self.schema.problem((*path, "kind"), "an opaque type of a kind needs a size")
        return kind

    def type(self, path: KeyPath, text: str, place: str) -> Type | None:
        """Return the type that `text` spells; None after noting what is wrong with it."""
        if self.schema.is_open(text):
            return None
        try:
            return self.vocabulary.parse_type(text, place)
        except ExpressionError as error:
            self.schema.problem(path, str(error))
            return None

    def has_faulty_fields(self, path: KeyPath) -> bool:
        """Whether a struct has fields that could not be read: counting them is pointless."""
        return path in self.faulty

    def is_doubtful(self, name: str) -> bool:
        """Whether a type of the contract has a problem that others only follow from."""
        if name not in self.places:
            return False
        return name not in self.found or name in self.broken or self.places[name] in self.faulty

    def since(self, path: KeyPath, good: dict[str, Any]) -> str | None:
        """Return the version an entry belongs to since, after holding it to the contract's."""
        return since_version(self.schema, path, good.get("since"), self.version)


def since_version(
    schema: Schema, path: KeyPath, since: str | None, version: str | None
) -> str | None:
    """Return `since`, after noting where it lies beyond the contract's version."""
    if since is None:
        return None
    schema.uses_growth = True
    if version is not None and version_parts(since) > version_parts(version):
        message = f'"{since}" is later than the contract\'s own version, "{version}"'
        schema.problem((*path, "since"), message)
    return since


def _kind(group: str, value: object) -> str:
    if group != "types":
        return {"structs": STRUCT, "unions": UNION, "enums": ENUM}[group]
    if value == "opaque":
        return OPAQUE
    if isinstance(value, dict) and value.get("opaque"):
        return SIZED if "size" in value else OPAQUE
    return ALIASED
