"""A contract's file -> Contract: the whole way, with every problem on it."""

from __future__ import annotations

import os
import re
import tomllib
from typing import TYPE_CHECKING, Any

from abicheck.contract.definitions import Definitions
from abicheck.contract.exports import read_choices, read_exports
from abicheck.contract.ownership import Ownership
from abicheck.contract.positions import lines_of
from abicheck.contract.schema import Schema, WrittenFloat, has_template
from abicheck.contract.sources import Filling, Source
from abicheck.contract.tag_paths import Roots
from abicheck.contract.tags import read_tags
from abicheck.errors import ContractError, Problem
from abicheck.model.contract import Contract

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


FORMAT = 1
MAX_SIZE = 8 * 2**20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some editors begin UTF-8 with; Python's codec that leaves it out takes time to import."""

_OBLIGATORY = ("contract", "version", "format")
_TOML_PLACE = r" \(at (?:line (\d+), column (\d+)|end of document)\)$"


def parse_contract(path: str | os.PathLike[str]) -> Contract:
    """Return the contract in the file `path`.

    Raises: ContractError with every problem of the file.
    """
    file = os.fspath(path)
    try:
        with open(file, "rb") as stream:
            content = stream.read(MAX_SIZE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _sole_problem(file, None, f"the contract cannot be read: {reason}") from error
    if len(content) > MAX_SIZE:
        raise _sole_problem(file, None, f"a contract has at most {MAX_SIZE >> 20} MiB")
    content = content.removeprefix(BYTE_ORDER_MARK)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{content[error.start]:02x}"
        raise _sole_problem(file, line, f"a contract is UTF-8 text; found {found}") from error
    return parse_contract_text(text, file)


def parse_contract_text(text: str, file: str) -> Contract:
    """Return the contract that `text` spells; `file` is its name in messages.

    Raises: ContractError with every problem of the text.
    """
    text = text.replace("\r\n", "\n")
    try:
        document = tomllib.loads(text, parse_float=WrittenFloat)
        lines = lines_of(text)
    except RecursionError as error:
        raise _sole_problem(file, None, "arrays and tables are nested too deeply") from error
    except ValueError as error:
        raise _toml_problem(file, text, str(error)) from error
    has_templates = has_template(text)
    source = Source(
        file=file,
        document=document,
        lines=lines,
        captures=_captures(document.get("plugin")),
        has_templates=has_templates,
    )
    return build_contract(source, _first_filling(source))


def _captures(plugin: object) -> tuple[str, ...]:
    """Return the names of the groups in `plugin.file`."""
    if not isinstance(plugin, dict) or "file" not in plugin:
        return ()
    from abicheck.contract.platform import compiled  # noqa: PLC0415 (not in every contract)

    pattern = compiled(plugin["file"])
    return tuple(pattern.groupindex) if pattern else ()


def _first_filling(source: Source) -> Filling:
    """Fill in what needs no plugin: the contract's own parameters."""
    if not source.has_templates:
        return Filling(document=source.document, renamed={}, filled=frozenset())
    from abicheck.contract.templates import fill  # noqa: PLC0415 (few contracts hold templates)

    parameters = source.document.get("parameters")
    return fill(source.document, parameters if isinstance(parameters, dict) else {})


def build_contract(
    source: Source, filling: Filling, left_out: AbstractSet[str] = frozenset()
) -> Contract:
    """Return the contract in a filled document.

    Raises: ContractError with every problem of the document.
    """
    schema = Schema(
        source.file,
        source.lines,
        renamed=filling.renamed,
        filled=filling.filled,
        left_out=left_out,
        has_open=bool(filling.open),
    )
    contract = _read(schema, source, filling)
    if schema.problems:
        unique = {(each.line, each.key, each.message): each for each in schema.problems}
        raise ContractError(sorted(unique.values(), key=lambda each: each.line or 0))
    return contract


def _read(schema: Schema, source: Source, filling: Filling) -> Contract:
    top = schema.table("contract", (), filling.document)
    _check_header(schema, top, filling.document)
    settings = _settings(schema, top)
    if source.has_templates:
        from abicheck.contract.templates import check_templates  # noqa: PLC0415

        parameters = settings["parameters"].keys()
        check_templates(schema, source.document, set(source.captures), parameters)
        for key in filling.clashes:
            schema.problem(("exports", key), f'"{key}" comes to the name of another export')
    version = top.get("version")
    definitions = Definitions(schema, top, version)
    definitions.read(top)
    exports = read_exports(definitions, top.get("exports", {}))
    roots = Roots(
        {export.name: export for export in exports}, definitions.found, definitions.is_doubtful
    )
    tags = read_tags(definitions, roots, top.get("tags", {}))
    ownership = Ownership(schema, exports, definitions.found)
    ownership.check_exports()
    ownership.check_definitions(definitions)
    return Contract(
        name=top.get("contract", ""),
        version=version or "",
        file=source.file,
        exports=exports,
        definitions=definitions.found,
        tags=tags,
        choices=read_choices(schema, top.get("choices", [])),
        uses_growth=schema.uses_growth,
        line=schema.line(("contract",)),
        document=Source(**{**source.__dict__, "has_open": bool(filling.open)}),
        **settings,
    )


def _settings(schema: Schema, top: dict[str, Any]) -> dict[str, Any]:
    """Return what the tables say that many contracts do without, by the fields of a Contract."""
    if top.keys().isdisjoint({"parameters", "platform", "plugin", "imports", "evidence"}):
        return {"parameters": {}}
    from abicheck.contract import platform  # noqa: PLC0415 (not in every contract)

    readers = {
        "parameters": platform.read_parameters,
        "platform": platform.read_platform,
        "plugin": platform.read_plugin,
        "imports": platform.read_imports,
        "evidence": platform.read_evidence,
    }
    found = {name: read(schema, top[name]) for name, read in readers.items() if name in top}
    return {"parameters": {}, **found}


def _check_header(schema: Schema, top: dict[str, Any], document: dict[str, Any]) -> None:
    for key in _OBLIGATORY:
        if key not in document:
            expected = {"contract": 'contract = "name"', "version": 'version = "1.0"'}
            message = f"missing; expected {expected.get(key, f'format = {FORMAT}')}"
            schema.problem((key,), message)
    if top.get("format", FORMAT) != FORMAT:
        message = f"this abicheck reads format {FORMAT} of the contract language"
        schema.problem(("format",), f"{message}, found {top['format']}")


def _sole_problem(file: str, line: int | None, message: str) -> ContractError:
    return ContractError([Problem(file=file, line=line, key="", message=message)])


def _toml_problem(file: str, text: str, message: str) -> ContractError:
    """Return the error for text that is not TOML, with the place that tomllib names."""
    found = re.search(_TOML_PLACE, message)
    if not found:
        return _sole_problem(file, None, f"not valid TOML: {message}")
    line, column = found.groups()
    sentence = message[: found.start()]
    if line is None:
        return _sole_problem(file, text.count("\n") + 1, f"not valid TOML: {sentence} at its end")
    return _sole_problem(file, int(line), f"not valid TOML: {sentence} (column {column})")
