"""A contract and a version -> the contract as it was then, and which structs may grow at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.contract import EachStep, IndexStep
from abicheck.model.paths import see_through, struct_of, walk
from abicheck.model.records import record, replace
from abicheck.model.types import (
    Alias,
    Array,
    Enum,
    FunctionType,
    Named,
    Opaque,
    Pointer,
    Struct,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from abicheck.model.contract import Choice, Contract, Export, Path, Tag
    from abicheck.model.layout import Layouts
    from abicheck.model.types import Definition, Type


MOST_DIGITS = 9


@record
class Growth:
    """What a plugin is held to under a contract that grows.

    `version` is that of the contract which the plugin must keep, `is_newer` whether the plugin
    states one beyond the contract's own, `note` what to say of that. `fixed` says of structs
    why they may not grow; `whole` are the layouts of the whole contract.
    """

    version: str
    is_newer: bool
    note: str
    fixed: Mapping[str, str]
    whole: Layouts


def version_parts(text: str) -> tuple[int, ...]:
    """Return a dotted version as numbers, without a pre-release and without trailing zeros."""
    parts = [int(part) for part in text.partition("-")[0].split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def is_version(text: str) -> bool:
    """Whether a text is numbers parted by dots."""
    parts = text.split(".")
    return all(each.isascii() and each.isdecimal() and len(each) <= MOST_DIGITS for each in parts)


def is_beyond(stated: str, version: str) -> bool:
    """Whether `stated` is later than `version`, as far as that goes: 1.2.5 is not beyond 1.2."""
    bound = [int(part) for part in version.split(".")]
    parts = [int(part) for part in stated.partition("-")[0].split(".")]
    parts += [0] * (len(bound) - len(parts))
    return parts[: len(bound)] > bound


def is_later(since: str | None, version: str) -> bool:
    """Whether an entry that is there `since` one version was not there in another."""
    return since is not None and version_parts(since) > version_parts(version)


# Which structs may grow: none whose size somebody else has counted on.


def fixed_structs(contract: Contract) -> dict[str, str]:
    """Return the structs that may not grow, each with the place where its size counts.

    These are passed by value, held by others or elements of arrays. Exported data is none
    of it: only its address is handed on.
    """
    uses = _Uses(contract.definitions)
    for definition in contract.definitions.values():
        if isinstance(definition, Struct):
            for field in definition.fields:
                where = f"{definition.subject}.{field.name or '_'}"
                uses.held(field.type, f"stored by value in {where}", where)
        elif isinstance(definition, Alias):
            uses.reached(definition.type, f"types.{definition.name}")
    for export in contract.exports:
        if export.type is not None:
            uses.reached(export.type, f"exports.{export.name}")
    for tag in contract.tags:
        _note_elements(uses, contract, tag)
    return uses.found


class _Uses:
    """Finds the structs that types hold by value."""

    def __init__(self, definitions: Mapping[str, Definition]) -> None:
        self.definitions = definitions
        self.found: dict[str, str] = {}

    def held(self, type_: Type, how: str, where: str) -> None:
        """Note what a value of `type_` holds."""
        seen = see_through(type_, self.definitions)
        if isinstance(seen, Named):
            if struct_of(seen, self.definitions) is not None:
                self.found.setdefault(seen.name, how)
        elif isinstance(seen, Array):
            self.held(seen.element, f"an element of the array {where}", where)
        else:
            self.reached(seen, where)

    def reached(self, type_: Type, where: str) -> None:
        """Note what is held where only the address of a `type_` is known."""
        seen = see_through(type_, self.definitions)
        match seen:
            case Pointer(to):
                self.reached(to, where)
            case Array(element):
                self.held(element, f"an element of the array {where}", where)
            case FunctionType():
                for each in (seen.result, *(parameter.type for parameter in seen.parameters)):
                    self.held(each, f"passed by value by {where}", where)


def _note_elements(uses: _Uses, contract: Contract, tag: Tag) -> None:
    """Note what a path counts elements of: the pointer to it points to an array."""
    root = tag.type if tag.path.sections else _root_type(contract, tag.path)
    if root is None:
        return
    types = walk(root, tag.path.steps, contract.definitions)
    if not isinstance(types, tuple):
        return
    for step, type_ in zip(tag.path.steps, types, strict=True):
        if isinstance(step, EachStep) or (isinstance(step, IndexStep) and step.index):
            uses.held(type_, f"an element of the list that tags.{tag.name} reads", tag.name)


# The contract as of a version.


def filled_by_plugins(contract: Contract) -> frozenset[str]:
    """Return the structs that travel from plugins to hosts alone, by what the contract says.

    These are named `filled_by = "plugin"`, or reached only from results and exported data, and
    from parameters of callbacks.
    """
    ways: dict[str, set[bool]] = {}
    seen: set[tuple[Type, bool]] = set()
    left = [(each.type, True) for each in contract.exports if each.type and not each.is_forbidden]
    while left:
        type_, is_from_plugin = left.pop()
        if (type_, is_from_plugin) in seen:
            continue
        seen.add((type_, is_from_plugin))
        match see_through(type_, contract.definitions):
            case Pointer(to) | Array(to):
                left.append((to, is_from_plugin))
            case FunctionType(parameters, result):
                left += [(each.type, not is_from_plugin) for each in parameters]
                left.append((result, is_from_plugin))
            case Named(name):
                struct = contract.definitions.get(name)
                if isinstance(struct, Struct):
                    stated = {"plugin": {True}, "host": {False}, "both": {True, False}}
                    mine = stated.get(struct.filled_by or "", {is_from_plugin})
                    ways.setdefault(name, set()).update(mine)
                    left += [(each.type, way) for each in struct.fields for way in mine]
    return frozenset(name for name, found in ways.items() if found == {True})


def as_of(
    contract: Contract,
    version: str,
    *,
    fixed: Collection[str] = (),
    is_present: Callable[[Export], bool] = lambda _: False,
) -> Contract:
    """Return what `contract` demanded in an earlier `version` of itself.

    Later fields and values are not there; later exports are not demanded, but must fit if
    `is_present` says that the plugin has them. `fixed` structs keep all fields: nobody
    can tell the versions of a value apart that has been copied.
    """
    exports = tuple(_exports(contract, version, is_present))
    gone = {each.name for each in contract.exports} - {each.name for each in exports}
    definitions = {
        name: _aged(definition, version, is_fixed=name in fixed)
        for name, definition in contract.definitions.items()
    }
    kept = _reachable_alone(contract, exports, definitions)
    aged = replace(
        contract,
        exports=exports,
        definitions={name: definitions[name] for name in definitions if name in kept},
        choices=tuple(_choices(contract.choices, gone)),
    )
    return replace(aged, tags=tuple(tag for tag in contract.tags if _leads_somewhere(aged, tag)))


def _exports(
    contract: Contract, version: str, is_present: Callable[[Export], bool]
) -> Iterator[Export]:
    for export in contract.exports:
        if not is_later(export.since, version):
            yield export
        elif not export.is_forbidden and is_present(export):
            yield replace(export, is_optional=True)


def _aged(definition: Definition, version: str, *, is_fixed: bool) -> Definition:
    match definition:
        case Enum(values=values):
            kept = tuple(each for each in values if not is_later(each.since, version))
            return definition if len(kept) == len(values) else replace(definition, values=kept)
        case Struct(fields=fields) if not is_fixed:
            left = tuple(each for each in fields if not is_later(each.since, version))
            if len(left) == len(fields):
                return definition
            if not left:
                return Opaque(name=definition.name, line=definition.line)
            # What a partial struct states is its size now.
            return replace(definition, fields=left, size=None)
    return definition


def _reachable_alone(
    contract: Contract, exports: tuple[Export, ...], definitions: Mapping[str, Definition]
) -> set[str]:
    """Return the names of definitions, less those that only later entries lead to."""
    kept = {id(each) for each in exports}
    later = [
        each.type
        for each in contract.exports
        if each.type is not None and id(each) not in kept and each.name not in _names(exports)
    ]
    for name, definition in contract.definitions.items():
        if isinstance(definition, Struct):
            left = getattr(definitions[name], "fields", ())
            later += [field.type for field in definition.fields if field not in left]
    doubtful = _closure(later, contract.definitions)
    roots: list[Type] = [Named(name) for name in definitions if name not in doubtful]
    roots += [each.type for each in exports if each.type is not None]
    roots += [tag.type for tag in contract.tags if tag.type is not None]
    return _closure(roots, definitions)


def _names(exports: Iterable[Export]) -> set[str]:
    return {export.name for export in exports}


def _closure(roots: Iterable[Type], definitions: Mapping[str, Definition]) -> set[str]:
    """Return the names of the definitions that types lead to."""
    names: set[str] = set()
    pending = [name for root in roots for name in names_in(root)]
    while pending:
        name = pending.pop()
        if name in names or name not in definitions:
            continue
        names.add(name)
        definition = definitions[name]
        types = [field.type for field in getattr(definition, "fields", ())]
        types += [definition.type] if isinstance(definition, Alias) else []
        pending.extend(inner for type_ in types for inner in names_in(type_))
    return names


def names_in(type_: Type) -> Iterator[str]:
    """Yield the names of definitions that a type is spelled with."""
    match type_:
        case Named(name):
            yield name
        case Pointer(inner) | Array(inner):
            yield from names_in(inner)
        case FunctionType(parameters, result):
            for each in (*(parameter.type for parameter in parameters), result):
                yield from names_in(each)


def _choices(choices: Iterable[Choice], gone: Collection[str]) -> Iterator[Choice]:
    for choice in choices:
        groups = tuple(tuple(name for name in group if name not in gone) for group in choice.groups)
        left = tuple(group for group in groups if group)
        if left:
            yield replace(choice, groups=left, need=min(choice.need, len(left)))


def _leads_somewhere(contract: Contract, tag: Tag) -> bool:
    """Whether everything that a tag reads was there already."""
    paths = [tag.path, *(tag.decode.paths if tag.decode else ())]
    paths += [] if tag.when is None else [tag.when.path]
    paths += [] if tag.until is None or isinstance(tag.until, str) else [tag.until]
    return all(_leads(contract, path, tag) for path in paths)


def _leads(contract: Contract, path: Path, tag: Tag) -> bool:
    if path.sections or not path.root:
        root = tag.type if path == tag.path else None
        return root is None or isinstance(walk(root, path.steps, contract.definitions), tuple)
    root = _root_type(contract, path)
    if root is None:
        return any(_is_root(export, path) for export in contract.exports)
    return isinstance(walk(root, path.steps, contract.definitions), tuple)


def _root_type(contract: Contract, path: Path) -> Type | None:
    return next((each.type for each in contract.exports if _is_root(each, path)), None)


def _is_root(export: Export, path: Path) -> bool:
    if not export.is_glob:
        return export.name == path.root
    from fnmatch import fnmatchcase  # noqa: PLC0415 (few contracts hold globs)

    return fnmatchcase(path.root, export.name)


def first_versions(contract: Contract) -> dict[str, str]:
    """Return the types that older versions of a contract lack, each with its first version."""
    said = {export.since for export in contract.exports}
    for definition in contract.definitions.values():
        parts = definition.fields if isinstance(definition, Struct) else ()
        said |= {part.since for part in (*parts, *getattr(definition, "values", ()))}
    versions = sorted({each for each in said if each}, key=version_parts)
    found: dict[str, str] = {}
    missing = set(contract.definitions) if versions else set()
    for version in ["0", *versions]:
        older = as_of(contract, version, fixed=fixed_structs(contract)).definitions
        for name in sorted(missing):
            if name in older and type(older[name]) is type(contract.definitions[name]):
                missing.discard(name)
                if version != "0":
                    found[name] = version
    return found
