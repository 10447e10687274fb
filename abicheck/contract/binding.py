"""A contract and one plugin's file name -> the contract as it holds for that plugin."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from abicheck.contract.read import build_contract
from abicheck.contract.schema import WrittenFloat, is_identifier
from abicheck.contract.sources import Source
from abicheck.errors import ContractError, Problem
from abicheck.model.contract import Binding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from abicheck.model.contract import Contract

GLOB_MARKS = "*?["


def bind(
    contract: Contract, plugin_file_name: str, overrides: Mapping[str, object] | None = None
) -> Binding:
    """Return `contract` with its parameters' values for one plugin put in.

    Values come from `[parameters]`, then from the named groups of `plugin.file` on the
    base name of `plugin_file_name`, then from `overrides`, each going before the last.

    Where a value of the file's name does not fit, what needs it is left `unresolved`.

    Raises: ContractError where an override names no parameter, or a value does not fit.
    """
    source = contract.document
    if not isinstance(source, Source):
        raise TypeError("a contract comes from parse_contract")
    overrides = overrides or {}
    _check_overrides(contract, source, overrides)
    matched, captures = _captures(contract, plugin_file_name)
    values = {**(contract.parameters or {}), **captures, **overrides}
    if matched is False and source.captures and overrides.keys() >= set(source.captures):
        matched = None
    if not source.has_templates or (values == contract.parameters and not source.has_open):
        return Binding(contract=contract, file_matches=matched, parameters=values)
    caught = captures.keys() - overrides.keys()
    if any(mark in captures[name] for name in caught for mark in GLOB_MARKS):
        return _without(caught, source, values, matched, "its name would be read as a pattern")
    try:
        return _filled(source, values, matched)
    except ContractError as error:  # What a file is called is no fault of the contract.
        if not {problem.key for problem in error.problems} <= _keys_with(source, caught):
            raise
        return _without(caught, source, values, matched, error.problems[0].message)


def _filled(source: Source, values: Mapping[str, object], matched: bool | None) -> Binding:
    from abicheck.contract.templates import fill, prune  # noqa: PLC0415 (few contracts hold any)

    filling = fill(source.document, values)
    gone, unresolved = prune(filling, source.lines)
    bound = build_contract(source, filling, gone)
    return Binding(contract=bound, file_matches=matched, parameters=values, unresolved=unresolved)


def _keys_with(source: Source, names: AbstractSet[str]) -> set[str]:
    """Return the keys of the contract whose text has one of these parameters in it."""
    from abicheck.contract.schema import key_text  # noqa: PLC0415
    from abicheck.contract.templates import TEMPLATE, templates_in  # noqa: PLC0415

    return {
        key_text(path)
        for path, text in templates_in(source.document)
        if any(name in names for name, _ in TEMPLATE.findall(text))
    }


def _without(
    caught: AbstractSet[str],
    source: Source,
    values: Mapping[str, object],
    matched: bool | None,
    trouble: str,
) -> Binding:
    """Leave out what needs the values that a file's name gives, since they do not fit."""
    kept = {name: value for name, value in values.items() if name not in caught}
    bound = _filled(source, kept, matched)
    said = " and ".join(f"{{{name}}} = {values[name]!r}" for name in sorted(caught))
    reason = f"the file's name gives {said}: {trouble}"
    unresolved = tuple((subject, line, reason) for subject, line, _ in bound.unresolved)
    return Binding(
        contract=bound.contract, file_matches=matched, parameters=values, unresolved=unresolved
    )


def parse_setting(text: str) -> tuple[str, object]:
    """Return name and value of `name=value`: a TOML number, text, true or false, else plain text.

    Raises: ValueError with a sentence for the user.
    """
    name, sign, value = text.partition("=")
    name = name.strip()
    if not sign or not is_identifier(name):
        raise ValueError(f'expected NAME=VALUE, found "{text}"')
    import tomllib  # noqa: PLC0415 (read.py has loaded it already)

    try:
        table = tomllib.loads(f"value = {value}", parse_float=WrittenFloat)
    except ValueError:
        return name, value
    found = table["value"]
    return name, found if len(table) == 1 and isinstance(found, (str, int, float)) else value


def _captures(contract: Contract, file: str) -> tuple[bool | None, dict[str, str]]:
    """Return whether the file's name fits `plugin.file`, and what its groups caught."""
    if contract.plugin.file is None:
        return None, {}
    found = re.fullmatch(contract.plugin.file, os.path.basename(file))
    if found is None:
        return False, {}
    return True, {name: text for name, text in found.groupdict().items() if text is not None}


def _check_overrides(contract: Contract, source: Source, overrides: Mapping[str, object]) -> None:
    known = {*source.captures, *(contract.parameters or {})}
    problems = []
    for name, value in overrides.items():
        message = None
        if name not in known:
            from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415

            listed = f"; it has {', '.join(sorted(known))}" if known else "; it has none"
            hint = did_you_mean(name, known) or listed
            message = f'the contract has no parameter "{name}"{hint}'
        elif not isinstance(value, (str, int, float)):
            message = f"a parameter is text, a number, true or false, not {type(value).__name__}"
        if message:
            problem = Problem(
                file=contract.file, line=None, key=f"parameters.{name}", message=message
            )
            problems.append(problem)
    if problems:
        raise ContractError(problems)
