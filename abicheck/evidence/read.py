"""A path -> Evidence: look at the magic, choose a reader, map the file."""

from __future__ import annotations

import mmap
import os
import stat
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.elf.reader import read_elf
from abicheck.evidence.magic import SNIFFED_SIZE, format_of, sniff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from abicheck.evidence.cursor import Buffer
    from abicheck.model.evidence import Evidence

    Reader = Callable[..., tuple[Evidence, ...]]
    """Takes path, bytes, and the keywords of `read_plugin`; returns one for each slice."""


def _refuse(name: str) -> Reader:
    def read(path: str, _buffer: Buffer, **_options: object) -> tuple[Evidence, ...]:
        raise UnsupportedError(f"{path}: is a {name} file; reading {name} is not supported yet")

    return read


READERS: dict[str, Reader] = {
    "ELF": read_elf,
    "PE": _refuse("PE"),
    "Mach-O": _refuse("Mach-O"),
}


def read_plugin(
    path: str,
    *,
    debug_files: Sequence[str] = (),
    debug_dirs: Sequence[str] = (),
    is_named: bool = True,
    content: Buffer | None = None,
) -> tuple[Evidence, ...]:
    """Return what the plugin at `path` contains: one `Evidence` for each slice of the file.

    A file that was found in a directory (not `is_named`) and is no plugin is passed
    over, with (). The file stays mapped as long as the evidence lives: a file
    that is shortened meanwhile ends the process, as it would end the loader's. With
    `content` the bytes are those, and `path` says only what to call them and what lies beside.

    Raises: BinaryError if it cannot be read or is damaged, UnsupportedError if it is
    sound but not of a kind that is read.
    """
    buffer = map_file(path) if content is None else content
    first_bytes = buffer[:SNIFFED_SIZE]
    name = format_of(first_bytes)
    if not is_named and sniff(first_bytes) is None:
        return ()
    if name is None:
        shown = "empty" if not buffer else "not an ELF, PE or Mach-O file"
        raise BinaryError(path, f"{shown}, so not a plugin")
    return READERS[name](
        path, buffer, debug_files=debug_files, debug_dirs=debug_dirs, is_named=is_named
    )


def map_file(path: str) -> Buffer:
    """Map the regular file at `path` into memory; b"" if it is empty.

    Pipes and devices are refused without being opened: opening one can block, or act.

    Raises: BinaryError.
    """
    try:
        _check_is_regular(path, os.stat(path).st_mode)
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags)
        try:
            status = os.fstat(descriptor)
            _check_is_regular(path, status.st_mode)
            if not status.st_size:
                return b""
            return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BinaryError(path, f"cannot be read: {reason}") from error


_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _check_is_regular(path: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "no regular file")
        raise BinaryError(path, f"is {kind}, not a plugin")
