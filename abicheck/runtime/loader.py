"""Directories and a contract -> the plugins that fit, and those that do not, with the reason.

Plugins may be exchanged while the host runs: a new version is verified and loaded beside the
old one, and handed out from then on. Whoever still uses the old one keeps it, until the last of
them lets go. A new version that does not fit is refused, and the old one stays in service.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from abicheck.errors import AbicheckError, ContractError, LoadError
from abicheck.evidence import find_plugins
from abicheck.evidence.files import shown
from abicheck.runtime.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from abicheck.runtime.examining import Demand
    from abicheck.runtime.plugin import Plugin
    from abicheck.runtime.registry import Registry

    State = tuple[int, int, int, int, int]

SETTLED = 100_000_000
"""Nanoseconds after which a file's times tell that it was written to once more."""


class Loader:
    """All plugins of one kind: what is in service, and what was refused.

        plugins = abicheck.loader("greeter.toml", search=["plugins"])
        for plugin in plugins:
            ...
        plugins["libgreeter.so"]             # the version that is there now
        plugins.refused                      # path -> the error that says why

    *Safety*: plugins that fit are loaded, and so run. One that crashes in its constructor
    takes the host with it, which `abicheck.probe` finds out beforehand.

    *Threads*: every method may be called from any thread.
    """

    def __init__(
        self, demand: Demand, search: Iterable[str], registry: Registry | None = None
    ) -> None:
        """Search the directories (or files) of `search` for plugins, and load what fits."""
        self.search = tuple(search)
        self._demand, self._registry = demand, REGISTRY if registry is None else registry
        self._plugins: dict[str, Plugin] = {}
        self._refused: dict[str, AbicheckError] = {}
        self._states: dict[str, State | None] = {}
        self._lock = threading.RLock()
        self.scan()

    def scan(self) -> tuple[Plugin, ...]:
        """Search anew: load what is new or changed, retire what is gone; return what is in service.

        Raises: ContractError if the contract's parameters do not fit it.
        """
        with self._lock:
            found = self._found()
            for path in [*self._plugins, *self._refused]:
                if path not in found:
                    self._drop(path)
            for path, error in found.items():
                if error is None:
                    self._refresh(path)
                else:
                    self._refused[path] = LoadError(f"{shown(path)}: {error}")
            return tuple(self._plugins[path]._again() for path in found if path in self._plugins)

    def _found(self) -> dict[str, str | None]:
        """Return what is in the directories, in order, and why some of it cannot be looked at."""
        found: dict[str, str | None] = {}
        for place in self.search:
            for candidate in find_plugins(place):
                if candidate.path != place or candidate.error is None:
                    found.setdefault(candidate.path, candidate.error)
                elif not os.path.isdir(place):
                    found.setdefault(place, candidate.error)
        return found

    def _refresh(self, path: str) -> None:
        """Load the plugin at `path` if it is not what it was; whatever is wrong is noted."""
        state = _state(path)
        if state is None and path in self._plugins:
            return  # Gone for now: somebody may be exchanging it.
        if state is not None and state == self._states.get(path):
            return
        self._states[path] = state if state is not None and _is_settled(state) else None
        try:
            plugin = self._registry.load(path, self._demand)
        except ContractError:
            raise
        except (AbicheckError, OSError) as error:
            known = error if isinstance(error, AbicheckError) else LoadError(f"{path}: {error}")
            self._refused[path] = known
            return
        self._refused.pop(path, None)
        old = self._plugins.get(path)
        self._plugins[path] = plugin
        if old is not None and old is not plugin:
            self._registry.forget(old)

    def _drop(self, path: str) -> None:
        self._refused.pop(path, None)
        self._states.pop(path, None)
        old = self._plugins.pop(path, None)
        if old is not None:
            self._registry.forget(old)

    def get(self, name: str) -> Plugin | None:
        """Return the plugin in service under a path or a file name, in its present version.

        Costs one look at the file; what changed is verified and loaded first. Of several with
        one file name, that of the directory named first. None if none is in service.
        """
        plugin = self._current(name)
        return None if plugin is None else plugin._again()

    def _current(self, name: str) -> Plugin | None:
        path = self._path_of(name)
        if path is None:
            return None
        if _state(path) != self._states.get(path):
            with self._lock:
                self._refresh(path)
        plugin = self._plugins.get(path)
        if plugin is not None and not self._registry.holds(plugin):
            with self._lock:  # It was unloaded by hand: then it is loaded again.
                self._states.pop(path, None)
                self._refresh(path)
                plugin = self._plugins.get(path)
        return plugin

    def _path_of(self, name: str) -> str | None:
        with self._lock:
            known = {**self._plugins, **self._refused}
            if name in known:
                return name
            named = (path for path in known if os.path.basename(path) == name)
            return next(named, None)

    def __getitem__(self, name: str) -> Plugin:
        """Return the plugin in service under a path or a file name.

        Raises: PluginRefused or LoadError if it is there and does not fit; KeyError if it is not.
        """
        plugin = self.get(name)
        if plugin is not None:
            return plugin
        path = self._path_of(name)
        if path is not None and path in self._refused:
            raise self._refused[path]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        """Whether a plugin of that path or file name is in service."""
        return isinstance(name, str) and self._current(name) is not None

    def __iter__(self) -> Iterator[Plugin]:
        """Yield the plugins in service, each in its present version."""
        for path in list(self._plugins):
            plugin = self.get(path)
            if plugin is not None:
                yield plugin

    def __len__(self) -> int:
        """Return how many plugins are in service."""
        return len(self._plugins)

    @property
    def refused(self) -> dict[str, AbicheckError]:
        """What was found and is not in service, or not in its newest version, and why."""
        with self._lock:
            return dict(self._refused)


def _state(path: str) -> State | None:
    """Return what changes when a file is written to or replaced; None if it is not there."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns,
    )  # fmt: skip


def _is_settled(state: State) -> bool:
    """Whether one more change would show: clocks of file systems tick slowly."""
    return time.time_ns() - max(state[3:]) > SETTLED
