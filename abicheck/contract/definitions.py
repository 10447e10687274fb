"""`[structs]`, `[unions]`, `[enums]` and `[types]` -> definitions by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from abicheck.contract.expressions import (
    ALIAS,
    ALIASED,
    ENUM,
    FIELD,
    OPAQUE,
    SIZED,
    STRUCT,
    UNION,
    ExpressionError,
    Vocabulary,
)
from abicheck.contract.schema import IDENTIFIER, described, version_parts
from abicheck.contract.soundness import check_definitions
from abicheck.contract.targets import per_target
from abicheck.model.types import (
    SCALARS,
    Alias,
    Enum,
    EnumValue,
    Field,
    FunctionType,
    Opaque,
    Pointer,
    Struct,
)

if TYPE_CHECKING:
    from abicheck.contract.positions import KeyPath
    from abicheck.contract.schema import Schema
    from abicheck.model.types import Definition, Type

MAX_ALIGNMENT = 2**28

_REPR = re.compile(r"\s*([A-Za-z]\w*)\s*(?:\(\s*(\d{1,10})\s*\))?\s*(,|$)", re.ASCII)
_ENUM_REPRS = {f"{sign}{bits}": (sign == "i", bits) for sign in "ui" for bits in (8, 16, 32, 64)}
_GROUPS = ("structs", "unions", "enums", "types")


class Definitions:
    """The definitions of one contract while they are read, in any order of reference."""

    def __init__(self, schema: Schema, document: dict[str, Any], version: str | None) -> None:
        """Find the names of all definitions; none is read yet."""
        self.schema = schema
        self.version = version
        self.kinds: dict[str, str] = {}
        self.places: dict[str, KeyPath] = {}
        self.indices: dict[KeyPath, tuple[int, ...]] = {}
        self.found: dict[str, Definition] = {}
        self.types: dict[str, Any] = {}
        self.started: set[str] = set()
        self.faulty: set[KeyPath] = set()
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
        if not IDENTIFIER.fullmatch(name) or name == "_":
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
            if self.places.get(name) == ("enums", name):
                self.found[name] = self.enum(name, value)
        for group in ("structs", "unions"):
            for name, value in document.get(group, {}).items():
                if self.places.get(name) == (group, name):
                    self.found[name] = self.struct(group, name, value)
        check_definitions(self)
        order = sorted(self.found, key=lambda name: self.found[name].line)
        return {name: self.found[name] for name in order}

    # Aliases and opaque types.

    def alias_type(self, name: str) -> Type | None:
        """Return the type of an alias, reading it first if need be; None if it has none (yet)."""
        if name in self.types and name not in self.started:
            self.read_type(name, self.types[name])
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
        for key in ("size", "alignment"):
            if key in good:
                self.schema.problem((*path, key), f"only an opaque type states its {key}")
        if "type" not in good:
            if not isinstance(value, dict) or "type" not in value:
                self.schema.problem(path, 'expected "type = …" or "opaque = true"')
            return
        type_ = self.type((*path, "type"), good["type"], ALIAS)
        if type_ is not None:
            self.found[name] = Alias(name=name, type=type_, line=line, free=good.get("free"))

    def _opaque(self, name: str, path: KeyPath, good: dict[str, Any]) -> Opaque:
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
        return Opaque(name=name, line=self.schema.line(path), size=numbers, alignment=alignments)

    def type(self, path: KeyPath, text: str, place: str) -> Type | None:
        """Return the type that `text` spells; None after noting what is wrong with it."""
        if self.schema.is_open(text):
            return None
        try:
            return self.vocabulary.parse_type(text, place)
        except ExpressionError as error:
            self.schema.problem(path, str(error))
            return None

    # Structs and unions.

    def struct(self, group: str, name: str, value: object) -> Struct:
        """Read a struct or union."""
        path: KeyPath = (group, name)
        is_union = group == "unions"
        good = self.schema.table("union" if is_union else "struct", path, value)
        fields = good.get("fields")
        if fields is None and not good.get("partial"):
            self.faulty.add(path)
            if isinstance(value, dict) and "fields" not in value:
                self.schema.problem(path, '"fields" is missing')
        packed, align, is_transparent = self._repr((*path, "repr"), good.get("repr", "C"))
        is_partial = good.get("partial", False)
        size = good.get("size")
        return Struct(
            name=name,
            fields=self.fields(path, fields or [], is_partial=is_partial),
            line=self.schema.line(path),
            is_union=is_union,
            packed=packed,
            align=align,
            is_transparent=is_transparent,
            is_partial=is_partial,
            size=None if size is None else per_target(self.schema, (*path, "size"), size),
            match=good.get("match"),
            has_exact_names="names" in good,
            size_field=self._growth(good.get("size_field")),
            filled_by=self._growth(good.get("filled_by")),
            evidence=good.get("evidence"),
        )

    def _growth(self, value: str | None) -> str | None:
        """Note that the contract speaks of growth, if it does here."""
        self.schema.uses_growth |= value is not None
        return value

    def _repr(self, path: KeyPath, text: str) -> tuple[int | None, int | None, bool]:
        """Return packed, align and whether it is transparent, of a struct's `repr`."""
        if text == "C" or self.schema.is_open(text):
            return None, None, False
        words = self._repr_words(path, text)
        names = [word for word, _ in words]
        numbers = dict(words)
        if "transparent" in names and len(names) > 1:
            self.schema.problem(path, '"transparent" stands alone')
        elif names and not {"C", "transparent"} & set(names):
            self.schema.problem(
                path, f'expected "C, {text.strip()}": only C\'s layout is the same everywhere'
            )
        for word in sorted({word for word in names if names.count(word) > 1}):
            self.schema.problem(path, f'"{word}" is said twice')
        packed = (numbers["packed"] or 1) if "packed" in numbers else None
        return packed, numbers.get("align"), "transparent" in numbers

    def _repr_words(self, path: KeyPath, text: str) -> list[tuple[str, int | None]]:
        """Return the words of a `repr` that are right, each with its number."""
        words: list[tuple[str, int | None]] = []
        position = 0
        while position < len(text):
            found = _REPR.match(text, position)
            if not found:
                self.schema.problem(path, f'expected words such as "C, packed(2)", found "{text}"')
                return []
            word, number = found.group(1), found.group(2)
            position = found.end()
            if self._repr_word_fits(path, word, number):
                words.append((word, None if number is None else int(number)))
        return words

    def _repr_word_fits(self, path: KeyPath, word: str, number: str | None) -> bool:
        problem = None
        if word not in {"C", "packed", "align", "transparent"}:
            from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415

            known = ("C", "packed", "align", "transparent")
            hint = did_you_mean(word, known)
            hint = (
                hint or '; expected "C" with "packed", "packed(N)" or "align(N)", or "transparent"'
            )
            problem = f'no repr of a struct named "{word}"{hint}'
            if word == "Rust":
                problem = 'Rust\'s own layout may change with every compiler; expected "C"'
        elif number is None and word == "align":
            problem = '"align" needs a number of bytes, such as "align(16)"'
        elif number is not None and word in {"C", "transparent"}:
            problem = f'"{word}" takes no number'
        elif number is not None and not _is_power_of_two(int(number)):
            problem = f"{number} is not a power of two between 1 and 2^28"
        if problem:
            self.schema.problem(path, problem)
        return problem is None

    def fields(self, path: KeyPath, items: list[Any], *, is_partial: bool) -> tuple[Field, ...]:
        """Read the fields of a struct or the members of a union."""
        read = [
            (index, self.field((*path, "fields", index), item, is_partial=is_partial))
            for index, item in enumerate(items)
        ]
        self.indices[path] = tuple(index for index, field in read if field is not None)
        if len(self.indices[path]) < len(read):
            self.faulty.add(path)
        return tuple(field for _, field in read if field is not None)

    def has_faulty_fields(self, path: KeyPath) -> bool:
        """Whether a struct has fields that could not be read, so that counting them is pointless."""
        return path in self.faulty

    def field(self, path: KeyPath, item: object, *, is_partial: bool) -> Field | None:
        """Read `"name: type"`, `"name: type : bits"` or the table form of either."""
        line = self.schema.line(path)
        if isinstance(item, str):
            try:
                name, type_, bits = self.vocabulary.parse_field(item)
            except ExpressionError as error:
                self.schema.problem(path, str(error))
                return None
            return Field(name=name, type=type_, line=line, bit_width=bits)
        if not isinstance(item, dict):
            self.schema.problem(path, f'expected "name: type" or a table, found {described(item)}')
            return None
        return self._field_table(path, item, line, is_partial=is_partial)

    def _field_table(
        self, path: KeyPath, item: dict[str, Any], line: int, *, is_partial: bool
    ) -> Field | None:
        good = self.schema.table("field", path, item)
        for key in ("name", "type"):
            if key not in item:
                self.schema.problem(path, f'"{key}" is missing')
        name = good.get("name")
        if name is not None and not IDENTIFIER.fullmatch(name):
            hint = '; the type goes into "type"' if ":" in name else ""
            self.schema.problem((*path, "name"), f'"{name}" is no name of a field{hint}')
        offset = None
        if "offset" in good:
            offset = per_target(self.schema, (*path, "offset"), good["offset"])
            if not is_partial:
                message = "offsets are computed; only a struct with partial = true states them"
                self.schema.problem((*path, "offset"), message)
        type_ = self.type((*path, "type"), good["type"], FIELD) if "type" in good else None
        if name is None or type_ is None:
            return None
        return Field(
            name=None if name == "_" else name,
            type=type_,
            line=line,
            bit_width=self.schema.integer((*path, "bits"), good["bits"], "a width in bits", 0)
            if "bits" in good
            else None,
            offset=offset,
            since=self.since(path, good),
            free=good.get("free"),
        )

    def since(self, path: KeyPath, good: dict[str, Any]) -> str | None:
        """Return the version an entry belongs to since, after holding it to the contract's."""
        return since_version(self.schema, path, good.get("since"), self.version)

    # Enums.

    def enum(self, name: str, value: object) -> Enum:
        """Read an enum."""
        path: KeyPath = ("enums", name)
        good = self.schema.table("enum", path, value)
        if not good.get("values") and not (isinstance(value, dict) and value.get("values")):
            self.schema.problem(path, 'expected "values = { NAME = 0, … }" with one value or more')
        spelled = good.get("repr", "C")
        if spelled != "C" and spelled not in _ENUM_REPRS:
            from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415

            hint = did_you_mean(spelled, _ENUM_REPRS) or '; expected "C" or "u8" to "i64"'
            self.schema.problem((*path, "repr"), f'no repr of an enum named "{spelled}"{hint}')
            spelled = "C"
        return Enum(
            name=name,
            values=self._enum_values((*path, "values"), good.get("values", {}), spelled),
            line=self.schema.line(path),
            repr=spelled,
            is_closed=good.get("closed", False),
            match=good.get("match"),
            has_exact_names="names" in good,
            evidence=good.get("evidence"),
        )

    def _enum_values(
        self, path: KeyPath, values: dict[str, Any], spelled: str
    ) -> tuple[EnumValue, ...]:
        is_signed, bits = _ENUM_REPRS.get(spelled, (True, 65))
        least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if is_signed else (0, 2**bits - 1)
        if spelled == "C":
            least, most = -(2**63), 2**64 - 1
        found = []
        for name, item in values.items():
            here = (*path, name)
            good = {"value": item}
            if isinstance(item, dict):
                good = self.schema.table("enum value", here, item)
                if "value" not in item:
                    self.schema.problem(here, '"value" is missing')
            number = self.schema.integer(here, good["value"]) if "value" in good else None
            if not IDENTIFIER.fullmatch(name):
                self.schema.problem(here, f'"{name}" is no name of an enum value')
            if number is None:
                continue
            if not least <= number <= most:
                kind = "any integer of C" if spelled == "C" else spelled
                self.schema.problem(here, f"{number} does not fit {kind}: {least} to {most}")
            found.append(
                EnumValue(
                    name=name,
                    value=number,
                    line=self.schema.line(here),
                    since=self.since(here, good),
                )
            )
        return tuple(found)


def since_version(
    schema: Schema, path: KeyPath, since: str | None, version: str | None
) -> str | None:
    """Return `since`, after noting where it lies beyond the contract's version."""
    if since is None:
        return None
    schema.uses_growth = True
    if version is not None and not schema.is_open(since):
        if version_parts(since) > version_parts(version):
            message = f'"{since}" is later than the contract\'s own version, "{version}"'
            schema.problem((*path, "since"), message)
    return since


def is_function_pointer(type_: Type | None) -> bool:
    """Whether a type, seen through aliases, is a pointer to a function."""
    return isinstance(type_, Pointer) and isinstance(type_.to, FunctionType)


def _is_power_of_two(number: int) -> bool:
    return 0 < number <= MAX_ALIGNMENT and number & (number - 1) == 0


def _kind(group: str, value: object) -> str:
    if group != "types":
        return {"structs": STRUCT, "unions": UNION, "enums": ENUM}[group]
    if value == "opaque":
        return OPAQUE
    if isinstance(value, dict) and value.get("opaque"):
        return SIZED if "size" in value else OPAQUE
    return ALIASED
