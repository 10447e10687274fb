"""Every plugin of this process, so that a plugin loaded twice is the same object.

What counts as the same: the same file (links resolved) with the same bytes, under an equal
contract and the same options. A plugin stays here, and so in memory, until it is unloaded.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError
from abicheck.model.report import PluginReport
from abicheck.runtime.content import read_content
from abicheck.runtime.fingerprint import fingerprint
from abicheck.runtime.loading import load_content
from abicheck.runtime.refusing import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from abicheck.runtime.content import Content
    from abicheck.runtime.examining import Demand
    from abicheck.runtime.image import LoadedImage
    from abicheck.runtime.loading import Loaded
    from abicheck.runtime.plugin import Plugin

    ImageKey = tuple[str, str, str]
    Key = tuple[ImageKey, str, str]


def make_plugin(loaded: Loaded) -> Plugin:
    """Return what users hold of a plugin that was loaded."""
    from abicheck.runtime.plugin import Plugin  # noqa: PLC0415 (it needs much that loading does not)

    return Plugin(loaded.binding, loaded.layouts, loaded.image, loaded.report)


class Registry:
    """The plugins and images of one process. Every method may be called from any thread."""

    def __init__(self, make: Callable[[Loaded], Plugin] = make_plugin) -> None:
        """Begin with nothing loaded; `make` makes what users hold."""
        self._make = make
        self._plugins: dict[Key, tuple[Plugin, LoadedImage]] = {}
        self._images: dict[ImageKey, LoadedImage] = {}
        self._held: dict[int, LoadedImage] = {}
        # One at a time loads, as in the system's own loader, which waits until constructors have
        # run. The same thread may load again: a constructor may call back into Python.
        self._loading = threading.RLock()
        self._lock = threading.RLock()

    def load(self, path: str, demand: Demand) -> Plugin:
        """Return the plugin at `path`, loaded now or before.

        Raises: PluginRefused, LoadError, ContractError.
        """
        real = os.path.realpath(path)
        try:
            content = read_content(path)
        except BinaryError as error:
            raise refusal(PluginReport(file=path, error=str(error)), demand.contract) from None
        try:
            same_image = (real, content.sha256, demand.pin)
            key = (same_image, fingerprint(demand.contract), repr(demand.options))
            known = self._known(key)
            if known is not None:
                return known
            with self._loading:
                return self._known(key) or self._load(key, content, demand)
        finally:
            content.close()

    def _known(self, key: Key) -> Plugin | None:
        with self._lock:
            known = self._plugins.get(key)
        if known is None or not known[1].is_open:
            return None
        return known[0]._again()  # One more handle, which its `with` ends.

    def _load(self, key: Key, content: Content, demand: Demand) -> Plugin:
        loaded = load_content(content, demand, self._images.get(key[0]))
        plugin = self._make(loaded)
        with self._lock:
            old = self._plugins.get(key)
            if old is not None:
                self._held.pop(id(old[0]), None)
            self._images[key[0]] = loaded.image
            self._plugins[key] = (plugin, loaded.image)
            self._held[id(plugin)] = loaded.image
        return plugin

    def forget(self, plugin: Plugin) -> None:
        """Keep a plugin no longer: its image goes when its last user lets go."""
        with self._lock:
            for key, (each, image) in list(self._plugins.items()):
                if each is plugin:
                    del self._plugins[key]
                    del self._held[id(plugin)]
                    if self._images.get(key[0]) is image:
                        del self._images[key[0]]
                    image.close_when_unused()

    def holds(self, plugin: Plugin) -> bool:
        """Whether a plugin is still in memory."""
        image = self._held.get(id(plugin))
        return image is not None and image.is_open

    def __iter__(self) -> Iterator[Plugin]:
        """Yield the plugins that are loaded."""
        with self._lock:
            known = list(self._plugins.values())
        return (plugin for plugin, image in known if image.is_open)

    def renew_locks(self) -> None:
        """Replace the locks in the child of a fork, where their holders are not."""
        self._loading, self._lock = threading.RLock(), threading.RLock()


REGISTRY = Registry()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=REGISTRY.renew_locks)
