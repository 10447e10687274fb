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

    # What __getattr__ imports when it is asked for, told to type checkers.
    from abicheck.errors import AbicheckError as AbicheckError
    from abicheck.errors import ArgumentError as ArgumentError
    from abicheck.errors import ArgumentRangeError as ArgumentRangeError
    from abicheck.errors import ArgumentTypeError as ArgumentTypeError
    from abicheck.errors import ArgumentValueError as ArgumentValueError
    from abicheck.errors import BinaryError as BinaryError
    from abicheck.errors import BrokenPromise as BrokenPromise
    from abicheck.errors import ContractError as ContractError
    from abicheck.errors import DoubleFree as DoubleFree
    from abicheck.errors import GenerationError as GenerationError
    from abicheck.errors import LifetimeError as LifetimeError
    from abicheck.errors import LoadError as LoadError
    from abicheck.errors import OwnershipError as OwnershipError
    from abicheck.errors import PluginRefused as PluginRefused
    from abicheck.errors import PluginUnloaded as PluginUnloaded
    from abicheck.errors import UncallableError as UncallableError
    from abicheck.errors import UnsupportedError as UnsupportedError
    from abicheck.errors import UseAfterFree as UseAfterFree
    from abicheck.generation.files import GeneratedFile as GeneratedFile
    from abicheck.model.contract import Contract as Contract
    from abicheck.model.options import VerifyOptions
    from abicheck.model.probing import ProbeReport as ProbeReport
    from abicheck.model.report import Claim as Claim
    from abicheck.model.report import ExitCode as ExitCode
    from abicheck.model.report import PluginReport as PluginReport
    from abicheck.model.report import Report as Report
    from abicheck.model.report import Verdict as Verdict
    from abicheck.runtime.loader import Loader as Loader
    from abicheck.runtime.plugin import Plugin as Plugin
    from abicheck.runtime.views import address_of as address_of

__version__ = "0.1.0"

_HOME = {
    "AbicheckError": "abicheck.errors",
    "ArgumentError": "abicheck.errors",
    "ArgumentRangeError": "abicheck.errors",
    "ArgumentTypeError": "abicheck.errors",
    "ArgumentValueError": "abicheck.errors",
    "BinaryError": "abicheck.errors",
    "BrokenPromise": "abicheck.errors",
    "ContractError": "abicheck.errors",
    "DoubleFree": "abicheck.errors",
    "GenerationError": "abicheck.errors",
    "LifetimeError": "abicheck.errors",
    "LoadError": "abicheck.errors",
    "OwnershipError": "abicheck.errors",
    "PluginRefused": "abicheck.errors",
    "PluginUnloaded": "abicheck.errors",
    "UncallableError": "abicheck.errors",
    "UnsupportedError": "abicheck.errors",
    "UseAfterFree": "abicheck.errors",
    "Claim": "abicheck.model.report",
    "ExitCode": "abicheck.model.report",
    "PluginReport": "abicheck.model.report",
    "Report": "abicheck.model.report",
    "Verdict": "abicheck.model.report",
    "Contract": "abicheck.model.contract",
    "GeneratedFile": "abicheck.generation.files",
    "Loader": "abicheck.runtime.loader",
    "Plugin": "abicheck.runtime.plugin",
    "address_of": "abicheck.runtime.views",
    "ProbeReport": "abicheck.model.probing",
}

__all__ = ["__version__", "generate", "load", "loader", "parse_contract", "probe", "verify", *_HOME]  # noqa: PLE0604  all of them text


def parse_contract(path: str | os.PathLike[str]) -> Contract:
    """Read and check a contract.

    Raises:
        ContractError: with every problem of the file.
    """
    from abicheck.verification import read_contract  # noqa: PLC0415 (see the module's docstring)

    return read_contract(path)


def generate(
    contract: Contract | str | os.PathLike[str], language: str, *, host: bool = False
) -> tuple[GeneratedFile, ...]:
    """Return the source that a contract comes to in "c", "rust" or "python": names and texts.

    With `host`, the guard is among the files that a host needs to check plugins.

    Raises:
        ContractError: the contract is wrong.
        GenerationError: there is no such language, or it cannot express the contract.
    """
    from abicheck import generation  # noqa: PLC0415
    from abicheck.model.contract import Contract as Parsed  # noqa: PLC0415

    agreed = contract if isinstance(contract, Parsed) else parse_contract(contract)
    return generation.generate(agreed, language, host=host)


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

    options = _options(parameters, debug_files, debug_dirs, host, sysroot, as_of)
    return verification.verify(path, contract, options)


def load(  # noqa: PLR0913 (all but two by keyword)
    path: str | os.PathLike[str],
    contract: Contract | str | os.PathLike[str],
    *,
    pin: str = "copy",
    cache: str | os.PathLike[str] | None = None,
    parameters: Mapping[str, object] | None = None,
    debug_files: Sequence[str] = (),
    debug_dirs: Sequence[str] = (),
    host: str | None = None,
    sysroot: str | None = None,
    as_of: str | None = None,
) -> Plugin:
    """Verify a plugin and load the very bytes that were verified.

    What comes back has the contract's exports as attributes. It is the same object while
    file, bytes, contract and options are the same, and stays loaded until `plugin.unload()`
    or the end of the process.

    `pin` is "copy": a sealed copy is verified and loaded; or "path", for plugins that look for
    their files beside themselves: the file is loaded from where it is, and compared again once
    it is mapped. `cache` is a directory in which verification is remembered by content.
    The other options are those of `verify`.

    *Safety*: a plugin that is loaded can do whatever this process can, beginning with its
    constructors. Of one that is refused nothing ran. Libraries that it needs are loaded by the
    system and not verified. See docs/loader.md.

    *Threads*: may be called from any number of threads at once.

    *Platforms*: Linux with glibc, tested; musl, Windows and macOS, written to what they document.

    Raises:
        PluginRefused: it does not keep the contract, or that could not be shown; `report` has all.
        LoadError: the system would not load it.
        ContractError: the contract is wrong.
    """
    import os  # noqa: PLC0415

    from abicheck.runtime.demands import demand  # noqa: PLC0415
    from abicheck.runtime.registry import REGISTRY  # noqa: PLC0415

    options = _options(parameters, debug_files, debug_dirs, host, sysroot, as_of)
    return REGISTRY.load(os.fsdecode(path), demand(contract, options, pin, cache))


def loader(  # noqa: PLR0913 (all but two by keyword)
    contract: Contract | str | os.PathLike[str],
    search: Sequence[str | os.PathLike[str]],
    *,
    pin: str = "copy",
    cache: str | os.PathLike[str] | None = None,
    parameters: Mapping[str, object] | None = None,
    debug_files: Sequence[str] = (),
    debug_dirs: Sequence[str] = (),
    host: str | None = None,
    sysroot: str | None = None,
    as_of: str | None = None,
) -> Loader:
    """Load the plugins of some directories that keep a contract, and list the others with reasons.

    The `Loader` that comes back notices when a file changes: a new version that fits is handed
    out from then on, and the old one goes when its last user lets go of it.
    The options are those of `load`.

    *Safety*, *Threads*, *Platforms*: as for `load`, for every plugin that fits.

    Raises:
        ContractError: the contract is wrong. Whatever is wrong with a plugin is in `refused`.
    """
    import os  # noqa: PLC0415

    from abicheck.runtime.demands import demand  # noqa: PLC0415
    from abicheck.runtime.loader import Loader  # noqa: PLC0415

    options = _options(parameters, debug_files, debug_dirs, host, sysroot, as_of)
    return Loader(demand(contract, options, pin, cache), [os.fsdecode(place) for place in search])


def probe(  # noqa: PLR0913 (all but two by keyword)
    path: str | os.PathLike[str],
    contract: str | os.PathLike[str],
    *,
    timeout: float = 10.0,
    memory: int = 1 << 30,
    parameters: Mapping[str, object] | None = None,
    debug_files: Sequence[str] = (),
    debug_dirs: Sequence[str] = (),
    as_of: str | None = None,
) -> ProbeReport:
    """Load a plugin in a child process and use it a little: a crash or a hang stays there.

    Functions without parameters whose results the contract says how to free are called, and
    what they return is freed. `contract` is the file's path, since the child reads it again;
    `timeout` is in seconds, `memory` is how many bytes more than at its start the child may map.

    *Safety*: the plugin runs, with this user's rights, in a process of its own. It is no sandbox.

    Raises:
        ContractError: the contract is wrong.
    """
    import os  # noqa: PLC0415

    from abicheck.runtime.probing import Limits, probe_plugin  # noqa: PLC0415

    options = _options(parameters, debug_files, debug_dirs, None, None, as_of)
    return probe_plugin(os.fsdecode(path), os.fsdecode(contract), options, Limits(timeout, memory))


def _options(  # noqa: PLR0913, PLR0917 (one for each option of the functions above)
    parameters: Mapping[str, object] | None,
    debug_files: Sequence[str],
    debug_dirs: Sequence[str],
    host: str | None,
    sysroot: str | None,
    as_of: str | None,
) -> VerifyOptions:
    from abicheck.model.options import VerifyOptions  # noqa: PLC0415

    return VerifyOptions(
        parameters=parameters or {},
        debug_files=tuple(debug_files),
        debug_dirs=tuple(debug_dirs),
        host=host,
        sysroot=sysroot,
        as_of=as_of,
    )


def __getattr__(name: str) -> object:
    """Import the public types when they are asked for."""
    if name in _HOME:
        from importlib import import_module  # noqa: PLC0415

        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'abicheck' has no attribute {name!r}")
