"""A path -> its bytes, read once: what is hashed, verified and loaded is this copy and no other.

On Linux the copy is a memfd, sealed, so that nobody can change it any more: not the plugin's
author, not another program of the same user, not we. Where the system gives none, it
is a private file in a directory that only this user may enter.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError
from abicheck.evidence.files import shown

if TYPE_CHECKING:
    from abicheck.evidence.cursor import Buffer

SMALL = 1 << 20
"""Files up to this many bytes are read into memory before anything else is done with them."""

WINDOW = 1 << 20
MFD_EXEC = 0x10
"""Source: linux/memfd.h, since Linux 6.3; older kernels answer EINVAL."""


MOST_BUSY = 20
"""How often sealing is tried while the kernel is busy with a page of the copy."""


class Content:
    """The bytes of one file as they were at one time, and their SHA-256 in hex.

    `buffer` is for the readers. `descriptor` is that of the sealed copy, or None while
    there is none: see `pin`.
    """

    def __init__(self, path: str, buffer: Buffer, sha256: str, descriptor: int | None) -> None:
        """Take over `descriptor`, which `close` closes."""
        self.path, self.buffer, self.sha256, self.descriptor = path, buffer, sha256, descriptor

    def pin(self) -> int | None:
        """Return the descriptor of a sealed copy of the bytes; None if the system makes none."""
        if self.descriptor is None:
            descriptor = _memfd(self.path)
            if descriptor is None:
                return None
            try:
                _write(descriptor, memoryview(self.buffer))
                seal(descriptor)
            except OSError:
                os.close(descriptor)
                return None
            self.descriptor = descriptor
        return self.descriptor

    def release(self) -> int | None:
        """Hand the descriptor over to the caller."""
        descriptor, self.descriptor = self.descriptor, None
        return descriptor

    def close(self) -> None:
        """Close the sealed copy, if it was not handed over."""
        descriptor = self.release()
        if descriptor is not None:
            os.close(descriptor)


def read_content(path: str) -> Content:
    """Read the regular file at `path`, once.

    Raises: BinaryError if it cannot be read.
    """
    try:
        descriptor = open_regular(path)
    except (OSError, ValueError) as error:
        raise BinaryError(shown(path), f"cannot be read: {_cause(error)}") from None
    try:
        return content_of(path, descriptor)
    except (OSError, ValueError) as error:
        raise BinaryError(shown(path), f"cannot be read: {_cause(error)}") from None
    finally:
        os.close(descriptor)


def open_regular(path: str) -> int:
    """Return a descriptor of the regular file at `path`; devices and pipes are not opened.

    Raises: OSError, ValueError; BinaryError if it is something else.
    """
    _check_is_regular(path, os.stat(path).st_mode)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    try:
        _check_is_regular(path, os.fstat(descriptor).st_mode)
    except BinaryError:
        os.close(descriptor)
        raise
    return descriptor


def content_of(path: str, descriptor: int) -> Content:
    """Return what an open file holds now; large files are copied without being held twice."""
    from hashlib import sha256  # noqa: PLC0415 (not every use of this module hashes)

    os.lseek(descriptor, 0, os.SEEK_SET)
    if os.fstat(descriptor).st_size <= SMALL:
        small = _read_all(descriptor)
        return Content(path, small, sha256(small).hexdigest(), None)
    copy = _memfd(path)
    if copy is None:
        whole = _read_all(descriptor)
        return Content(path, whole, sha256(whole).hexdigest(), None)
    try:
        digest = sha256()
        while window := os.read(descriptor, WINDOW):
            digest.update(window)
            _write(copy, memoryview(window))
        seal(copy)
        import mmap  # noqa: PLC0415

        mapped = mmap.mmap(copy, 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        os.close(copy)
        raise
    return Content(path, mapped, digest.hexdigest(), copy)


def _read_all(descriptor: int) -> bytes:
    """Read to the end, also of a file that grows or shrinks meanwhile."""
    windows = []
    while window := os.read(descriptor, WINDOW):
        windows.append(window)
    return b"".join(windows) if len(windows) != 1 else windows[0]


def _memfd(path: str) -> int | None:
    """Return an empty memfd that can be sealed and mapped executable; None if there is none."""
    create = getattr(os, "memfd_create", None)
    if create is None or not os.path.isdir("/proc/self/fd"):
        return None
    name = os.path.basename(path).encode("utf-8", "surrogateescape")[:200]
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    for each in (flags | MFD_EXEC, flags):
        try:
            return int(create(os.fsdecode(name), each))
        except OSError as error:
            last = error.errno
    del last
    return None


def seal(descriptor: int) -> None:
    """Let nobody change the bytes from now on, through whatever descriptor or mapping.

    The kernel answers EBUSY, after a wait of its own, while it still holds a page for itself:
    once in ten thousand copies of some megabytes. That is over the next time.
    """
    import errno  # noqa: PLC0415 (with the next)
    import fcntl  # noqa: PLC0415 (not on Windows)
    import time  # noqa: PLC0415 (hardly ever)

    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
    for left in reversed(range(MOST_BUSY)):
        try:
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        except OSError as error:
            if error.errno != errno.EBUSY or not left:
                raise
            time.sleep(0.001)
        else:
            return


def _write(descriptor: int, rest: memoryview) -> None:
    while rest:
        rest = rest[os.write(descriptor, rest[:WINDOW]) :]


def _check_is_regular(path: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "no regular file"
        raise BinaryError(shown(path), f"is {kind}, not a plugin")


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
