"""`[tags]` -> tags: what to read from the file, and the conditions that it must meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from abicheck.contract.conditions import read_conditions
from abicheck.contract.decoding import read_bounds, read_decoder
from abicheck.contract.expressions import STATIC
from abicheck.contract.keys import CONDITIONS, KEYS
from abicheck.contract.natures import INTEGER, Nature, nature_of
from abicheck.contract.path_reader import PathReader, count_each
from abicheck.contract.schema import described
from abicheck.model.contract import CallStep, EachStep, Guard, Path, Tag
from abicheck.model.paths import see_through, struct_of, walk
from abicheck.model.types import Array, Pointer, Scalar, spell

if TYPE_CHECKING:
    from abicheck.contract.definitions import Definitions
    from abicheck.contract.positions import KeyPath
    from abicheck.contract.tag_paths import Roots
    from abicheck.model.types import Type

_CLAIMING = frozenset(CONDITIONS)
_KEYS = frozenset(KEYS["tag"])
_NO_PATH = '"read" is missing: the path of what is read'

_SECTION_TEXT = Array(Scalar("c_char"))
"""What a section holds if the contract gives it no type: text."""


def read_tags(definitions: Definitions, roots: Roots, entries: dict[str, Any]) -> tuple[Tag, ...]:
    """Return every tag that can be read, in the order of the file."""
    reader = _Tags(definitions, roots)
    read = (reader.tag(("tags", name), name, value) for name, value in entries.items())
    tags = sorted((tag for tag in read if tag is not None), key=lambda tag: tag.line)
    marked = [tag for tag in tags if tag.is_interface]
    for tag in marked[1:]:
        message = f"only one tag states the interface version; tags.{marked[0].name} does already"
        definitions.schema.problem(("tags", tag.name, "interface"), message)
    return tuple(tags)


class _Tags(PathReader):
    """Reads the tags of one contract."""

    def tag(self, path: KeyPath, name: str, value: object) -> Tag | None:
        """Read one tag; None where it cannot be read at all, or was left out."""
        good = self.schema.table("tag", path, value)
        decode = good.get("decode")
        has_read = "read" in good or (isinstance(value, dict) and "read" in value)
        if not has_read and not isinstance(decode, list):
            self.schema.lacks("tag", path, value, "read", _NO_PATH)
            return None
        where, section_type, final = self._value(path, good, has_read=has_read)
        nature = None if final is None else nature_of(final, self.types)
        decoder = None
        if decode is not None:
            decoder = read_decoder(self, (*path, "decode"), decode, final, nature)
        if where is None and decoder is not None and decoder.paths and not has_read:
            where = decoder.paths[0]
        conditions = read_conditions(self.schema, path, good, nature)
        if not has_read and conditions:
            key = conditions[0].key
            self.schema.problem((*path, key), f'"{key}" needs "read", the path of its value')
        conditions += read_bounds(self, path, good, decoder, nature)
        self._check_bits(path, good, nature)
        self._check_claim(path, value, good)
        guard = self._guard((*path, "when"), good["when"]) if "when" in good else None
        if where is None:
            return None
        tag = Tag(
            name=name,
            line=self.schema.line(path),
            path=where,
            conditions=conditions,
            decode=decoder,
            shift=good.get("shift", 0),
            mask=good.get("mask"),
            is_optional=good.get("optional", False),
            is_initial=good.get("initial", False),
            is_interface=good.get("interface", False),
            may_be_empty=good.get("empty", False),
            until=self._until(path, good, where),
            when=guard,
            at=good.get("at", 0),
            type=section_type,
            evidence=good.get("evidence"),
            parameter_dependent=path in self.schema.filled,
        )
        self._check_each(path, good, tag)
        return None if _exports_of(tag) & self.schema.left_out else tag

    def _value(
        self, path: KeyPath, good: dict[str, Any], *, has_read: bool
    ) -> tuple[Path | None, Type | None, Type | None]:
        """Return the path of what is read, a section's type, and the type of the value."""
        where = self.path((*path, "read"), good["read"]) if "read" in good else None
        if where is None and has_read:
            return None, None, None
        section_type = self._section_type(path, good, where)
        final = self.final_type((*path, "read"), where, section_type) if where else None
        return where, section_type, final

    def _section_type(self, path: KeyPath, good: dict[str, Any], where: Path | None) -> Type | None:
        """Return the type of what is read from a section; note `at` and `type` elsewhere."""
        if where is None or not where.sections:
            for key in ("at", "type"):
                if key in good:
                    message = f'"{key}" says how to read a section; an export has its own type'
                    self.schema.problem((*path, key), message)
            return None
        at = good.get("at", 0)
        if at < 0:
            self.schema.problem((*path, "at"), f"expected an offset from 0 upwards, found {at}")
        if "type" not in good:
            return _SECTION_TEXT
        return self.definitions.type((*path, "type"), good["type"], STATIC)

    # What is left.

    def _check_bits(self, path: KeyPath, good: dict[str, Any], nature: Nature | None) -> None:
        for key in ("shift", "mask"):
            if key not in good:
                continue
            here = (*path, key)
            number = good[key]
            widest = max(nature.bits, default=0) if nature else 128
            if nature is not None and nature.kind != INTEGER:
                self.schema.problem(here, f'"{key}" works on integers only')
            elif number < 0:
                self.schema.problem(here, f"expected a number from 0 upwards, found {number}")
            elif number >= (widest if key == "shift" else 2**widest):
                self.schema.problem(here, f"{number} is too large for a value of {widest} bits")

    def _check_claim(self, path: KeyPath, value: object, good: dict[str, Any]) -> None:
        if isinstance(value, dict) and not _CLAIMING & value.keys() and value.keys() <= _KEYS:
            if "decode" in good and (good.get("interface") or path[-1] == "version"):
                return
            message = 'a tag without a condition claims nothing; add "equals", "accepts", …'
            self.schema.problem(path, message)

    def _check_each(self, path: KeyPath, good: dict[str, Any], tag: Tag) -> None:
        """Check what only belongs to a path that reads many elements, or only to others."""
        count = count_each(tag.path)
        if count > 1:
            self.schema.problem((*path, "read"), 'a path has at most one "[]"')
        if count and tag.is_interface:
            message = "the interface version is one value; this path reads many"
            self.schema.problem((*path, "interface"), message)
        for key in ("until", "empty"):
            if key in good and not count:
                message = f'"{key}" belongs to a path that reads every element, "[]"'
                self.schema.problem((*path, key), message)

    def _until(self, path: KeyPath, good: dict[str, Any], where: Path) -> str | Path | None:
        """Read where the elements of `[]` end."""
        value = good.get("until")
        here = (*path, "until")
        element, is_bounded = self._element(where)
        if value is None or self.schema.is_open(value):
            if element is not None and not is_bounded and value is None:
                message = 'the number of elements is not known; say where they end: until = "null"'
                self.schema.problem((*path, "read"), f'{message}, "zero" or {{ count = "path" }}')
            return None
        if isinstance(value, dict):
            count = self.schema.table("until", here, value).get("count")
            found = None if count is None else self.path((*here, "count"), count)
            if found is not None:
                self.integer_path((*here, "count"), found, "a count")
            return found
        if value not in ("null", "zero"):
            expected = 'expected "null", "zero" or { count = "path" }'
            self.schema.problem(here, f"{expected}, found {described(value)}")
            return None
        if value == "null" and element is not None and not self._has_pointer(element):
            message = f'"null" ends arrays of pointers; the elements are "{spell(element)}"'
            self.schema.problem(here, f'{message}; did you mean "zero"?')
        return str(value)

    def _element(self, where: Path) -> tuple[Type | None, bool]:
        """Return the type of the elements of `[]`, and whether something bounds their number."""
        export = self.roots.find(where.root) if where.root and count_each(where) == 1 else None
        if export is None or export.type is None:
            return None, True
        index = where.steps.index(EachStep())
        types = walk(export.type, where.steps[: index + 1], self.types)
        if not isinstance(types, tuple):
            return None, True
        holder = see_through(types[-2] if index else export.type, self.types)
        if isinstance(holder, Pointer):
            holder = see_through(holder.to, self.types)
            return types[-1], isinstance(holder, Array) and holder.count is not None
        followed = any(isinstance(each, Pointer) for each in types[:-1])
        called = any(isinstance(step, CallStep) for step in where.steps[:index])
        has_count = isinstance(holder, Array) and holder.count is not None
        return types[-1], has_count or not (followed or called)

    def _has_pointer(self, element: Type) -> bool:
        """Whether an element is a pointer or a struct with one: the first being NULL ends it."""
        struct = struct_of(element, self.types)
        fields = () if struct is None else struct.fields
        seen = (see_through(each, self.types) for each in (element, *[f.type for f in fields]))
        return any(isinstance(each, Pointer) for each in seen)

    def _check_guard_claims(self, path: KeyPath, value: object) -> None:
        if not isinstance(value, dict) or _CLAIMING & value.keys():
            return
        if value.keys() <= KEYS["when"].keys():
            self.schema.problem(path, "a condition is missing, such as equals = …")

    def _guard(self, path: KeyPath, value: object) -> Guard | None:
        """Read `when = { read = …, <condition> }`."""
        good = self.schema.table("when", path, value)
        if "read" not in good:
            self.schema.lacks("when", path, value, "read", _NO_PATH)
            return None
        here = (*path, "read")
        where = self.path(here, good["read"])
        if where is None:
            return None
        if where.sections:
            self.schema.problem(here, '"when" reads an export, not a section')
            return None
        if count_each(where):
            self.schema.problem(here, '"when" looks at one value; "[]" reads many')
        final = self.final_type(here, where, None)
        nature = None if final is None else nature_of(final, self.types)
        self._check_bits(path, good, nature)
        conditions = read_conditions(self.schema, path, good, nature)
        self._check_guard_claims(path, value)
        return Guard(
            path=where,
            conditions=conditions,
            line=self.schema.line(path),
            shift=good.get("shift", 0),
            mask=good.get("mask"),
            is_initial=good.get("initial", False),
        )


def _exports_of(tag: Tag) -> set[str]:
    """Return the names of the exports that a tag reads in any of its paths."""
    paths = [tag.path, *(tag.decode.paths if tag.decode else ())]
    if tag.when is not None:
        paths.append(tag.when.path)
    if isinstance(tag.until, Path):
        paths.append(tag.until)
    return {path.root for path in paths if path.root}
