"""What callers of the public functions say -> how plugins are to be loaded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from abicheck import verification
from abicheck.runtime.examining import COPY, PATH, Demand
from abicheck.runtime.remembering import Memory

if TYPE_CHECKING:
    from abicheck.model.contract import Contract
    from abicheck.model.options import VerifyOptions

_memories: dict[str | None, Memory] = {}


def demand(
    contract: Contract | str | os.PathLike[str],
    options: VerifyOptions,
    pin: str,
    cache: str | os.PathLike[str] | None,
) -> Demand:
    """Return how to load under a contract, which is read if it is a path.

    Raises: ContractError; ValueError for a `pin` that there is not.
    """
    if pin not in {COPY, PATH}:
        raise ValueError(f'pin is "{COPY}" or "{PATH}", not {pin!r}')
    agreed = (
        verification.read_contract(contract)
        if isinstance(contract, str | os.PathLike)
        else contract
    )
    return Demand(contract=agreed, options=options, pin=pin, memory=memory_in(cache))


def memory_in(cache: str | os.PathLike[str] | None) -> Memory:
    """Return what this process remembers, together with a directory; one for each."""
    directory = None if cache is None else os.path.abspath(os.fspath(cache))
    if directory not in _memories:
        _memories[directory] = Memory(directory)
    return _memories[directory]


def forget() -> None:
    """Forget what this process remembers; what is in directories stays."""
    _memories.clear()
