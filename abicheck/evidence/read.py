"""A path -> Evidence: look at the magic, choose a reader, map the file."""

from __future__ import annotations

import mmap
import os
import stat
from typing import TYPE_CHECKING

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence.elf.reader import read_elf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from abicheck.evidence.cursor import Buffer
    from abicheck.model.evidence import Evidence

    class Reader(Protocol):
        """What turns a file of one format into evidence, one for each slice."""

        def __call__(
            self,
            path: str,
            buffer: Buffer,
            *,
            debug_files: Sequence[str] = (),
            debug_dirs: Sequence[str] = (),
            is_named: bool = True,
        ) -> tuple[Evidence, ...]:
            """Read the file."""


SNIFFED_SIZE = 4096
"""Bytes from the beginning of a file that `sniff` wants."""

MOST_SLICES = 30
"""Of a universal file. A Java class has the same magic, and a version above 44 in that place."""


def _refuse(name: str) -> Reader:
    def read(path: str, _buffer: Buffer, **_options: object) -> tuple[Evidence, ...]:
        raise UnsupportedError(f"{path}: is a {name} file; reading {name} is not supported yet")

    return read


READERS: dict[str, Reader] = {
    "ELF": read_elf,  # type: ignore[dict-item]
    "PE": _refuse("PE"),
    "Mach-O": _refuse("Mach-O"),
}


def sniff(first_bytes: bytes) -> str | None:
    """Return the format of a file that may be a plugin: "ELF", "PE", "Mach-O", or None.

    None for what is none of these, and where the header already says that it is an
    object file, an executable or a core dump. `first_bytes` are up to SNIFFED_SIZE.
    """
    name = format_of(first_bytes)
    if name is None or not _MAY_BE_PLUGIN[name](first_bytes):
        return None
    return name


def format_of(first_bytes: bytes) -> str | None:
    """Return "ELF", "PE" or "Mach-O" by the magic number alone."""
    magic = first_bytes[:4]
    if magic == b"\x7fELF":
        return "ELF"
    if magic in _MACH_O_ORDERS:
        return "Mach-O"
    if magic in {b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"}:
        slices = int.from_bytes(first_bytes[4:8], "big")
        return "Mach-O" if len(first_bytes) >= 8 and slices <= MOST_SLICES else None
    if magic[:2] == b"MZ":
        start = int.from_bytes(first_bytes[60:64], "little")
        header = first_bytes[start : start + 4]
        is_beyond = len(first_bytes) >= SNIFFED_SIZE and start + 4 > len(first_bytes)
        return "PE" if header == b"PE\0\0" or is_beyond else None
    return None


def _may_be_elf_plugin(first_bytes: bytes) -> bool:
    if len(first_bytes) < 18:
        return True  # Truncated; its reader says so.
    order = "big" if first_bytes[5] == 2 else "little"
    return int.from_bytes(first_bytes[16:18], order) == 3  # type: ignore[arg-type]  # ET_DYN


def _may_be_pe_plugin(first_bytes: bytes) -> bool:
    start = int.from_bytes(first_bytes[60:64], "little") + 22
    characteristics = first_bytes[start : start + 2]
    is_dll = 0x2000  # IMAGE_FILE_DLL
    return len(characteristics) < 2 or bool(int.from_bytes(characteristics, "little") & is_dll)


_MACH_O_ORDERS = {
    b"\xfe\xed\xfa\xce": "big",
    b"\xfe\xed\xfa\xcf": "big",
    b"\xce\xfa\xed\xfe": "little",
    b"\xcf\xfa\xed\xfe": "little",
}


def _may_be_mach_o_plugin(first_bytes: bytes) -> bool:
    order = _MACH_O_ORDERS.get(first_bytes[:4])
    if order is None or len(first_bytes) < 16:
        return True  # A universal file, whose slices its reader looks at.
    kind = int.from_bytes(first_bytes[12:16], order)  # type: ignore[arg-type]
    return kind in {6, 8}  # MH_DYLIB, MH_BUNDLE


_MAY_BE_PLUGIN = {
    "ELF": _may_be_elf_plugin,
    "PE": _may_be_pe_plugin,
    "Mach-O": _may_be_mach_o_plugin,
}


def read_plugin(
    path: str,
    *,
    debug_files: Sequence[str] = (),
    debug_dirs: Sequence[str] = (),
    is_named: bool = True,
) -> tuple[Evidence, ...]:
    """Return what the plugin at `path` contains: one `Evidence` for each slice of the file.

    A file that was found in a directory (not `is_named`) and is no plugin is passed
    over, with (). The file stays mapped as long as the evidence lives: a file
    that is shortened meanwhile ends the process, as it would end the loader's.

    Raises: BinaryError if it cannot be read or is damaged, UnsupportedError if it is
    sound but not of a kind that is read.
    """
    buffer = map_file(path)
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
