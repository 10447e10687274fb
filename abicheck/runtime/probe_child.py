"""The child of a probe: loads one plugin, uses it a little, and says beforehand what it does."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from abicheck import verification
from abicheck.errors import AbicheckError, LoadError, PluginRefused
from abicheck.model.options import VerifyOptions
from abicheck.model.types import Pointer
from abicheck.runtime.examining import Demand, may_be_loaded
from abicheck.runtime.refusing import refusal
from abicheck.runtime.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.contract import Contract, Export
    from abicheck.runtime.plugin import Plugin


class Channel:
    """What the parent listens to."""

    def __init__(self, file: str) -> None:
        """Write to the end of `file`, unbuffered: the next moment may be the last."""
        self._descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0))

    def say(self, **said: object) -> None:
        """Send one line."""
        os.write(self._descriptor, json.dumps(said).encode() + b"\n")

    def own_fault(self, kind: type[BaseException], error: BaseException, _where: object) -> None:
        """Say that it is abicheck that failed, and not the plugin."""
        self.say(outcome="fault", message=f"{kind.__name__}: {error}")


def main() -> None:
    """Probe the plugin that the command line describes."""
    said = json.loads(sys.argv[1])
    channel = Channel(sys.argv[2])
    _limit(said["seconds"], said["memory"])
    channel.say(stage="verifying")
    sys.excepthook = channel.own_fault
    try:
        _probe(said, channel)
    except PluginRefused as refused:
        report = refused.report
        verdict = None if report.verdict is None else report.verdict.value
        channel.say(outcome="refused", message=str(refused), verdict=verdict)
    except LoadError as error:
        channel.say(outcome="failed", message=str(error))
    except AbicheckError as error:
        channel.say(outcome="refused", message=f"{said['path']}: {error}", verdict="incompatible")
    except MemoryError:
        message = f"{said['path']}: needs more memory than the probe allows"
        channel.say(outcome="refused", message=message, verdict="incompatible")


def _probe(said: dict[str, Any], channel: Channel) -> None:
    contract = verification.read_contract(said["contract"])
    options = VerifyOptions(
        parameters=said["parameters"],
        debug_files=tuple(said["debug_files"]),
        debug_dirs=tuple(said["debug_dirs"]),
        as_of=said["as_of"],
    )
    demand = Demand(contract, options)
    _verify(said["path"], demand)
    channel.say(stage="loading")
    plugin = Registry().load(said["path"], demand)
    for export, is_owned in _entries(plugin._contract):
        if is_owned is None:
            channel.say(left=export.name)
        else:
            _use(plugin, export, channel)
    channel.say(stage="unloading")
    plugin.unload()
    channel.say(stage="done")  # What was left to the end of the process runs after this.


def _verify(path: str, demand: Demand) -> None:
    """Find out first what can be found out without running anything."""
    found = verification.examine(path, demand.contract, demand.options)
    if not may_be_loaded(found.report, found.cases):
        raise refusal(found.report, demand.contract)


def _entries(contract: Contract) -> Iterator[tuple[Export, bool | None]]:
    """Yield the functions that need nothing and return a pointer, and whether it is owned.

    None where the contract does not say who frees: then it cannot be called without
    leaking, or worse.
    """
    for export in contract.exports:
        function = export.function
        if function is None or export.is_forbidden or export.is_glob:
            continue
        if function.parameters or function.is_variadic or not isinstance(function.result, Pointer):
            continue
        yield export, None if export.free is None or export.free == "host" else bool(export.free)


def _use(plugin: Plugin, export: Export, channel: Channel) -> None:
    function = plugin.exports[export.name]
    if function is None:
        return
    channel.say(stage="calling", function=export.name)
    found = function()
    channel.say(returned=export.name)
    if export.free and hasattr(found, "free"):
        channel.say(stage="freeing", function=export.name)
        found.free()


def _limit(seconds: float, memory: int) -> None:
    """Let the process take no more than this, and leave no core behind."""
    try:
        import resource  # noqa: PLC0415 (not on Windows)
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_CPU, int(seconds) + 1)
    if os.path.exists("/proc/self/statm"):
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
        _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + memory)


def _lower(what: int, limit: int) -> None:
    import resource  # noqa: PLC0415

    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(what, (limit, hard))
