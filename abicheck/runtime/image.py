"""What the system made of a plugin's bytes: an image in this process, and how to let go of it."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from abicheck.model.records import Protocol, record

if TYPE_CHECKING:
    from collections.abc import Iterable

READ, WRITE, EXECUTE = 4, 2, 1
"""What a part of an image may be used for; the bits of ELF's p_flags."""


class Image(Protocol):
    """A plugin in memory, as the parts that give access to it see it."""

    file: str
    """The plugin as the user wrote it."""

    def address(self, name: str, version: str | None = None) -> int | None:
        """Return where an export lies in this very image; None if it has none of that name."""

    def contains(self, address: int) -> bool:
        """Whether an address lies in a segment of this image."""

    def is_code(self, address: int) -> bool:
        """Whether an address lies in memory that is mapped executable, whoever's it is."""

    def is_writable(self, address: int) -> bool:
        """Whether memory at an address can be changed, as constants of the image cannot."""

    @property
    def is_open(self) -> bool:
        """Whether the image was not closed yet."""

    def close(self) -> str | None:
        """Give the image back to the system; return None, or why the system keeps it."""


@record
class Part:
    """A mapped range of an image: addresses in this process, and READ, WRITE, EXECUTE."""

    start: int
    end: int
    flags: int


class Mechanics(Protocol):
    """What one operating system does for an image."""

    def find(self, name: str, version: str | None) -> int | None:
        """Return what a look-up in the image finds, in it or in a library that it needs."""

    def rival(self, name: str, found: int) -> int | None:
        """Return where the image's own uses of an export lead, if not to where it was `found`."""

    def is_executable(self, address: int) -> bool:
        """Whether an address of this process is mapped executable."""

    def is_writable(self, address: int) -> bool:
        """Whether an address of this process is mapped writable."""

    def owner(self, address: int) -> str:
        """Return the file that an address of this process belongs to, for people."""

    def let_go(self) -> str | None:
        """Give the image back; return None, or why the system keeps it."""


class _Users:
    """How many holders an image has, and why it stays without any."""

    def __init__(self, mechanics: Mechanics) -> None:
        self.mechanics = mechanics
        self.count, self.lock = 1, threading.RLock()
        self.kept: str | None = None

    def let_go(self, holder: _Holder) -> str | None:
        """Take one holder off; the last one gives the image back."""
        with self.lock:
            if not holder.is_open:
                return None
            holder.is_open = False
            self.count -= 1
            if self.count:
                return "it is in use under another contract"
            if self.kept is None:
                self.kept = self.mechanics.let_go()
            return self.kept


class _Holder:
    """One use of an image, which ends once: by hand, or when nobody can use it any more."""

    def __init__(self, users: _Users) -> None:
        self.users, self.is_open = users, True

    def close(self) -> str | None:
        """End the use; return why the system keeps the image, if it does."""
        return self.users.let_go(self)


class LoadedImage:
    """An image in this process. Made by the module of the running system, closed by anyone."""

    def __init__(
        self, *, file: str, parts: tuple[Part, ...], base: int, mechanics: Mechanics
    ) -> None:
        """Stand for the mapped `parts`; `base` is what is added to the addresses in the file."""
        self.file, self.parts, self.base, self._mechanics = file, parts, base, mechanics
        self._holder = _Holder(_Users(mechanics))
        self._forwarded: frozenset[str] = frozenset()

    def allow(self, names: Iterable[str]) -> None:
        """Let exports of these names be forwarders, which lie in other images."""
        self._forwarded = frozenset(names)

    def share(self) -> LoadedImage | None:
        """Return another holder of the same image, None if the image is gone.

        The system gets the image back from the last holder; one that it kept can be held again.
        """
        users = self._holder.users
        with users.lock:
            if not users.count and users.kept is None:
                return None
            users.count += 1
        other = LoadedImage(
            file=self.file, parts=self.parts, base=self.base, mechanics=self._mechanics
        )
        other._holder = _Holder(users)
        return other

    def close_when_unused(self) -> None:
        """Close the image as soon as nothing refers to this object any more."""
        weakref.finalize(self, self._holder.close).atexit = False

    def address(self, name: str, version: str | None = None) -> int | None:
        """Return where an export lies in this very image; None if it has none of that name."""
        found = self.lookup(name, version)
        if found is None or not (self.contains(found) or name in self._forwarded):
            return None
        return found

    def lookup(self, name: str, version: str | None = None) -> int | None:
        """Return what the system finds under a name, in this image or in a dependency."""
        return self._mechanics.find(name, version) if self._holder.is_open else None

    def contains(self, address: int) -> bool:
        """Whether an address lies in a segment of this image."""
        return any(part.start <= address < part.end for part in self.parts)

    def is_code(self, address: int) -> bool:
        """Whether an address lies in memory that is mapped executable, whoever's it is."""
        if self._holder.is_open:
            for part in self.parts:
                if part.start <= address < part.end:
                    return bool(part.flags & EXECUTE)
        return self._mechanics.is_executable(address)

    def rival(self, name: str, found: int) -> int | None:
        """Return where the image's own uses of an export lead, if not to where it was `found`."""
        rival = self._mechanics.rival(name, found)
        return None if rival is None or self.contains(rival) else rival

    def is_writable(self, address: int) -> bool:
        """Whether memory at an address can be changed, as constants of the image cannot."""
        return self._mechanics.is_writable(address)

    def owner(self, address: int) -> str:
        """Return the file that an address of this process belongs to, for people."""
        return self._mechanics.owner(address)

    @property
    def is_open(self) -> bool:
        """Whether the image was not closed yet."""
        return self._holder.is_open

    def close(self) -> str | None:
        """Give the image back to the system; return None, or why the system keeps it.

        *Safety*: its destructors run. Whatever still points into it dangles, unless the
        system keeps it.
        """
        return self._holder.close()
