"""`[exports]` and `[[choices]]` -> exports and choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from abicheck.contract.definitions import since_version
from abicheck.contract.expressions import ExpressionError
from abicheck.contract.schema import described
from abicheck.model.contract import Choice, Export

if TYPE_CHECKING:
    from abicheck.contract.definitions import Definitions
    from abicheck.contract.positions import KeyPath
    from abicheck.contract.schema import Schema
    from abicheck.model.types import Type

_FUNCTION_KEYS = ("ifunc",)
_DATA_KEYS = ("size",)


def read_exports(definitions: Definitions, entries: dict[str, Any]) -> tuple[Export, ...]:
    """Return every entry of `[exports]` that can be read, in the order of the file."""
    schema = definitions.schema
    found = []
    for name, value in entries.items():
        path: KeyPath = ("exports", name)
        if not name or name.strip() != name or "\0" in name:
            schema.problem(path, "expected the name of a symbol, without blanks around it")
        if isinstance(value, str):
            found.append(_export(definitions, path, name, {"type": value}, is_short=True))
        elif isinstance(value, dict):
            good = schema.table("export", path, value)
            found.append(_export(definitions, path, name, good))
        else:
            expected = 'expected "fn(...)", "static T" or a table'
            schema.problem(path, f"{expected}, found {described(value)}")
    return tuple(sorted(found, key=lambda export: export.line))


def _export(
    definitions: Definitions,
    path: KeyPath,
    name: str,
    good: dict[str, Any],
    *,
    is_short: bool = False,
) -> Export:
    schema = definitions.schema
    here = path if is_short else (*path, "type")
    is_data, is_mutable, type_ = _type(definitions, here, good.get("type"))
    size, size_at_least = (
        _size(schema, (*path, "size"), good["size"]) if "size" in good else (None, None)
    )
    if is_data is None and (size or size_at_least):
        is_data = True
    _check_sense(schema, path, good, is_data=is_data)
    return Export(
        name=name,
        line=schema.line(path),
        type=type_,
        is_data=is_data,
        is_mutable=is_mutable,
        is_optional=good.get("optional", False),
        is_forbidden=good.get("forbidden", False),
        is_glob=any(mark in name for mark in "*?["),
        since=since_version(schema, path, good.get("since"), definitions.version),
        symbol_version=good.get("symbol_version"),
        allows_ifunc=good.get("ifunc", definitions.allows_ifunc and is_data is not True),
        allows_forwarder=good.get("forwarded", False),
        size=size,
        size_at_least=size_at_least,
        free=good.get("free"),
        evidence=good.get("evidence"),
        written=schema.renamed.get(name),
    )


def _type(
    definitions: Definitions, path: KeyPath, text: str | None
) -> tuple[bool | None, bool, Type | None]:
    """Return (is data, is mutable, type) of an export; None where the entry does not say."""
    if text is None:
        return None, False, None
    if definitions.schema.is_open(text):
        definitions.schema.pending.add(str(path[1]))
        return None, False, None
    try:
        return definitions.vocabulary.parse_export(text)
    except ExpressionError as error:
        definitions.schema.problem(path, str(error))
        definitions.schema.pending.add(str(path[1]))
        return None, False, None


def _size(schema: Schema, path: KeyPath, value: object) -> tuple[int | None, int | None]:
    """Return (size, least size) of `size = 112` or `size = { at_least = 96 }`."""
    if not isinstance(value, dict):
        expected = "a number of bytes or { at_least = N }"
        return schema.integer(path, value, expected, least=0), None
    good = schema.table("size", path, value)
    schema.lacks("size", path, value, "at_least")
    least = good.get("at_least")
    return None, None if least is None else schema.integer((*path, "at_least"), least, least=0)


def _check_sense(
    schema: Schema, path: KeyPath, good: dict[str, Any], *, is_data: bool | None
) -> None:
    """Note keys of an export that contradict each other."""
    if good.get("forbidden"):
        for key in good:
            if key not in {"forbidden", "type", "evidence"}:
                schema.problem((*path, key), f'what is forbidden has no "{key}"')
        return
    wrong: tuple[str, ...] = ()
    if is_data is not None:
        wrong = _FUNCTION_KEYS if is_data else _DATA_KEYS
    for key in wrong:
        if good.get(key):
            kind = "data" if is_data else "a function"
            schema.problem((*path, key), f'{kind} has no "{key}"')


def read_choices(schema: Schema, entries: list[Any]) -> tuple[Choice, ...]:
    """Return every `[[choices]]`; an entry that is None was left out and keeps its place."""
    found = []
    for index, value in enumerate(entries):
        if value is None:
            continue
        path: KeyPath = ("choices", index)
        good = schema.table("choice", path, value)
        groups = _groups(schema, (*path, "of"), good.get("of"))
        message = '"of" is missing: the groups of names to choose from'
        schema.lacks("choice", path, value, "of", message)
        need = good.get("need", 1)
        if not 1 <= need <= max(len(groups), 1):
            message = f"expected a number of groups from 1 to {max(len(groups), 1)}, found {need}"
            schema.problem((*path, "need"), message)
        choice = Choice(
            index=index,
            groups=groups,
            line=schema.line(path),
            need=need,
            may_register_at_load=good.get("at_load", False),
        )
        found.append(choice)
    return tuple(found)


def _groups(schema: Schema, path: KeyPath, value: list[Any] | None) -> tuple[tuple[str, ...], ...]:
    if value is None:
        return ()
    if not value:
        schema.problem(path, "expected at least one group of names, found an empty array")
    groups = []
    for index, item in enumerate(value):
        here = (*path, index)
        if isinstance(item, str):
            schema.problem(here, f'expected an array of names, such as ["{item}"], found text')
        elif item == []:
            schema.problem(here, "expected at least one name, found an empty array")
        else:
            groups.append(schema.texts(here, item) or ())
    return tuple(groups)
