"""Paths -> the bytes of regular files: mapped, never copied, never a device or a pipe."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError

if TYPE_CHECKING:
    from abicheck.evidence.cursor import Buffer

READ_ONLY = os.O_RDONLY
for _flag in ("O_CLOEXEC", "O_NONBLOCK", "O_BINARY"):  # No system has all of them.
    READ_ONLY |= getattr(os, _flag, 0)

SMALL = 1 << 16
"""Files up to this many bytes are read: cheaper than a mapping, and no file stays open."""


def open_bytes(path: str) -> Buffer:
    """Return the bytes of the regular file at `path`.

    Raises:
        BinaryError: there is no such file, it is not a regular one, or it cannot be read.
    """
    try:
        # Asked before opening: to open a device can already do something.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise BinaryError(shown(path), "not a regular file")
        descriptor = os.open(path, READ_ONLY)
    except (OSError, ValueError) as error:
        raise BinaryError(shown(path), _cause(error)) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise BinaryError(shown(path), "not a regular file")
        return _bytes_of(descriptor, status.st_size)
    except OSError as error:
        raise BinaryError(shown(path), _cause(error)) from None
    finally:
        os.close(descriptor)


def _bytes_of(descriptor: int, size: int) -> Buffer:
    if size <= SMALL:
        return os.read(descriptor, size)
    import mmap  # noqa: PLC0415  small plugins do without it

    return mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def shown(path: str) -> str:
    """Return `path` as it can be printed: names in hostile files hold any bytes."""
    return path if path.isprintable() else path.encode("unicode_escape").decode()
