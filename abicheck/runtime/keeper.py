"""Keeper: one image in use, everything handed out from it, and how all of that ends.

Whatever may be used has a *hold*: a list that is not empty while it may be. Freeing or unloading
empties the list, which all that share it notice by one look. What Python owns of a plugin is in
`live`; whoever takes an entry out of it, which is one step, is the one who frees.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakSet

from abicheck.errors import ArgumentTypeError, LifetimeError, PluginUnloaded, UseAfterFree

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from abicheck.runtime.image import Image

PAGE = 4096
"""No system has smaller pages; rights are the same within one."""

_keepers: WeakSet[Keeper] = WeakSet()
_immortal: list[object] = []
"""Callbacks of plugins that the system keeps after unloading: they may still be called."""


class Hold(list[object]):
    """A hold of what nobody said who frees: ended by hand, or with the plugin."""

    __slots__ = ("__weakref__",)
    __hash__ = object.__hash__  # type: ignore[assignment]  # two holds are never the same


class Keeper:
    """Keeps an image for as long as anything of it is used.

    *Threads*: what is freed is freed once, whoever does it. Unloading is refused while a thread of
    Python is inside the plugin; of the plugin's own threads nobody knows.
    """

    def __init__(self, image: Image, file: str) -> None:
        """Keep `image`; nothing of it is handed out yet."""
        self.image, self.file = image, file
        self.hold: list[object] = [image]
        self.lent: list[object] = [image]
        self.live: dict[int, list[object]] = {}
        self.inherited: dict[int, list[object]] = {}
        self.loose: WeakSet[Hold] = WeakSet()
        self.functions: WeakSet[Callable[..., object]] = WeakSet()
        self.targets: list[dict[Any, object]] = []
        self.callbacks: dict[object, object] = {}
        self.stored: dict[int, object] = {}
        self.known_code: set[int] = set()
        self.known_writable: set[int] = set()
        self.running: list[int] = []
        self.is_unloaded = False
        self.why_kept: str | None = None
        self._lock = threading.RLock()
        _keepers.add(self)

    def check_change(self, address: int, size: int, where: str) -> None:
        """Refuse to write to constants of the image: the system would end the process.

        Raises: ArgumentTypeError.
        """
        for each in {address, address + size - 1}:
            page = each // PAGE
            if page in self.known_writable or not self.image.contains(each):
                continue
            if not self.image.is_writable(each):
                raise ArgumentTypeError(f"{where}: a constant of the plugin cannot be changed")
            self.known_writable.add(page)

    # What Python owns of the plugin.

    def own(self, address: int, release: Callable[[int], object], name: str) -> list[object]:
        """Return the hold of something that `release` takes back."""
        hold: list[object] = [address, release, name]
        self.live[id(hold)] = hold
        return hold

    def give_up(self, hold: list[object]) -> bool:
        """Take what a hold stands for out of what is owned; False if somebody did before."""
        key = id(hold)
        if self.live.pop(key, None) is None and self.inherited.pop(key, None) is None:
            return False
        hold.clear()
        return True

    def leaked(self, hold: list[object], source: object = None) -> None:
        """Free what nobody freed, and say so; in a child of `fork` it is the parent's to free."""
        if self.live.pop(id(hold), None) is None:
            return
        address, release, name = hold
        hold.clear()
        try:
            warnings.warn(
                f"{name} of {self.file} was not freed: use `with`, or call .free()",
                ResourceWarning,
                stacklevel=3,
                source=source,
            )
        finally:
            release(address)  # type: ignore[operator]

    def release_all(self) -> None:
        """Free what is still owned, the youngest first, since it may lean on what is older."""
        failed: Warning | None = None
        for hold in reversed(list(self.live.values())):
            try:
                self.leaked(hold)
            except Warning as warning:  # Where warnings are errors; the rest is freed all the same.
                failed = failed or warning
        if failed is not None:
            raise failed

    # The end.

    def unload(self) -> str | None:
        """End everything and give the image back; return None, or why the system kept it.

        Raises: LifetimeError while a thread of Python is inside the plugin, or it calls back.
        """
        with self._lock:
            if self.is_unloaded:
                return self.why_kept
            self._check_nobody_is_inside()
            self.release_all()
            self._close_doors()
            for hold in (self.hold, self.lent, *self.inherited.values(), *self.loose):
                hold.clear()
            self.why_kept = self.image.close()
            if self.why_kept is not None:
                _immortal.append((self.callbacks, self.stored))
            self.callbacks, self.stored = {}, {}
            return self.why_kept

    def _close_doors(self) -> None:
        """Let nobody in any more; undo that if somebody slipped in meanwhile."""
        self.is_unloaded = True
        calls = {each: each.__globals__.get("_call") for each in list(self.functions)}
        for function in calls:
            function.__globals__["_call"] = self.refuse_call
        for target in self.targets:
            target.clear()
        try:
            self._check_nobody_is_inside()
        except LifetimeError:
            for function, call in calls.items():
                function.__globals__["_call"] = call
            self.is_unloaded = False
            raise

    def _check_nobody_is_inside(self) -> None:
        """Look at what each thread of Python does; calls themselves pay nothing for that."""
        if self.running:
            raise LifetimeError(f"{self.file}: cannot be unloaded while it calls back")
        codes = {each.__code__ for each in self.functions}
        for frame in sys._current_frames().values():
            inner: FrameType | None = frame
            while inner is not None:
                if inner.f_code in codes or self._is_freeing(inner):
                    raise LifetimeError(
                        f"{self.file}: cannot be unloaded while a thread is in one of its functions"
                    )
                inner = inner.f_back

    def _is_freeing(self, frame: FrameType) -> bool:
        """Whether a frame is one that gives something back to this plugin."""
        if frame.f_code.co_name not in {"free", "leave", "leaked"}:
            return False
        if frame.f_globals.get("__name__") not in {__name__, "abicheck.runtime.views"}:
            return False
        giver = frame.f_locals.get("self")
        return giver is self or getattr(giver, "_keeper", None) is self

    def refuse_call(self, *_arguments: object) -> NoReturn:
        """Stand in for every function of a plugin that was unloaded."""
        raise PluginUnloaded(f"{self.file} was unloaded")

    def ended(self, what: str) -> LifetimeError:
        """Return what to raise where something is used whose hold is empty."""
        if self.is_unloaded:
            return PluginUnloaded(f"{what}: {self.file} was unloaded")
        return UseAfterFree(f"{what}: it was freed, or what it belongs to was")

    def __del__(self) -> None:
        """Keep the callbacks of an image that stays although nobody looks at it any more."""
        if self.callbacks and self.image.is_open:
            _immortal.append((self.callbacks, self.stored))

    # What plugins call.

    def is_code(self, address: int) -> bool:
        """Whether a function pointer can be called at all; what was seen once stays so."""
        if address in self.known_code:
            return True
        if not self.image.is_code(address):
            return False
        if len(self.known_code) > MOST_FUNCTIONS:
            self.known_code.clear()
        self.known_code.add(address)
        return True


MOST_FUNCTIONS = 4096
"""How many addresses of functions are remembered, for plugins that make code as they go."""


def _free_what_is_left() -> None:
    """Free at the end of the process, while Python is still whole."""
    for keeper in list(_keepers):
        if not keeper.is_unloaded:
            keeper.release_all()


def _leave_it_to_the_parent() -> None:
    """After `fork`, in the child: what was leaked there is not the child's to free."""
    for keeper in list(_keepers):
        keeper.inherited.update(keeper.live)
        keeper.live.clear()
        keeper.running.clear()
        keeper._lock = threading.RLock()


atexit.register(_free_what_is_left)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_it_to_the_parent)
