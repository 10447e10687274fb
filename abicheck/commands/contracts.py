"""The contract that a command line names, read and bound to the parameters that it sets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from abicheck.commands.arguments import Option, UsageError
from abicheck.errors import ContractError

if TYPE_CHECKING:
    from abicheck.commands.arguments import Arguments
    from abicheck.model.contract import Contract

SET = Option(
    "--set", "a parameter of the contract: a TOML value, else a string",
    value="NAME=VALUE", is_repeatable=True,
)  # fmt: skip


def open_contract(arguments: Arguments, command: str) -> Contract:
    """Return the one contract that the words of a command line name.

    Raises: UsageError if there is not exactly one; ContractError if it is wrong.
    """
    from abicheck.contract import bind  # noqa: PLC0415 (not needed for --help)
    from abicheck.layout import check_contract  # noqa: PLC0415
    from abicheck.verification import read_contract  # noqa: PLC0415

    if len(arguments.words) != 1:
        found = f", not {len(arguments.words)} of them" if arguments.words else ""
        raise UsageError(f"say which CONTRACT{found}: abicheck {command} CONTRACT")
    contract = read_contract(arguments.words[0])
    parameters = dict(parse_set(each) for each in arguments.all("--set"))
    if not parameters:
        return contract
    bound = bind(contract, os.path.basename(contract.file), parameters).contract
    problems = check_contract(bound)
    if problems:
        raise ContractError(problems)
    return bound


def parse_set(text: str) -> tuple[str, object]:
    """Return name and value of one `--set`.

    Raises: UsageError.
    """
    from abicheck.contract import parse_setting  # noqa: PLC0415 (not needed for --help)

    try:
        return parse_setting(text)
    except ValueError as error:
        raise UsageError(f"--set: {error}") from error
