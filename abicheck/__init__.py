"""Does a plugin binary keep the contract its host was built against? Answered without running it.

    import abicheck

    contract = abicheck.parse_contract("greeter.toml")
    report = abicheck.verify("libgreeter.so", contract)
    print(report.verdict, [claim.subject for claim in report.claims if claim.status == "mismatch"])

Importing this package costs next to nothing: what is used is imported when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from abicheck.model.contract import Contract
    from abicheck.model.report import Report

__version__ = "0.1.0"

_HOME = {
    "AbicheckError": "abicheck.errors",
    "BinaryError": "abicheck.errors",
    "ContractError": "abicheck.errors",
    "UnsupportedError": "abicheck.errors",
    "Claim": "abicheck.model.report",
    "ExitCode": "abicheck.model.report",
    "PluginReport": "abicheck.model.report",
    "Report": "abicheck.model.report",
    "Verdict": "abicheck.model.report",
    "Contract": "abicheck.model.contract",
}

__all__ = ["__version__", "parse_contract", "verify", *_HOME]  # noqa: PLE0604  all of them text


def parse_contract(path: str | os.PathLike[str]) -> Contract:
    """Read and check a contract.

    Raises:
        ContractError: with every problem of the file.
    """
    from abicheck.verification import read_contract  # noqa: PLC0415 (see the module's docstring)

    return read_contract(path)


def verify(  # noqa: PLR0913 (all but two by keyword)
    path: str | os.PathLike[str],
    contract: Contract | str | os.PathLike[str],
    *,
    parameters: Mapping[str, object] | None = None,
    debug_files: Sequence[str] = (),
    debug_dirs: Sequence[str] = (),
    host: str | None = None,
    sysroot: str | None = None,
    as_of: str | None = None,
) -> Report:
    """Verify a plugin, or all plugins of a directory, against a contract, without running them.

    `contract` is a path or what `parse_contract` returned; `parameters` override those of
    the contract, `as_of` is the version of it to hold plugins to, whatever they state. A plugin
    that cannot be read has a report with an `error`.

    Raises:
        ContractError: if the contract is wrong.
    """
    from abicheck import verification  # noqa: PLC0415
    from abicheck.model.options import VerifyOptions  # noqa: PLC0415

    options = VerifyOptions(
        parameters=parameters or {},
        debug_files=tuple(debug_files),
        debug_dirs=tuple(debug_dirs),
        host=host,
        sysroot=sysroot,
        as_of=as_of,
    )
    return verification.verify(path, contract, options)


def __getattr__(name: str) -> object:
    """Import the public types when they are asked for."""
    if name in _HOME:
        from importlib import import_module  # noqa: PLC0415

        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'abicheck' has no attribute {name!r}")
