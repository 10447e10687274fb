"""Pinned bytes -> an image in this process, by the dynamic loader of Linux (glibc, musl).

The loader remembers the names and inodes of what it loaded, and gives back the old image for
one it knows. So every image is opened under a name that was never used in this process.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from abicheck.errors import LoadError
from abicheck.evidence.elf import standard as elf_
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.files import shown
from abicheck.runtime import dl
from abicheck.runtime.image import WRITE, LoadedImage, Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.runtime.content import Content

DF_1_NODELETE = 8
CONSTRUCTS_LATER = (b"pthread_key_create", b"tss_create", b"__cxa_thread_atexit")
STARTS_THREADS = (b"pthread_create", b"thrd_create")

_names = count(1)


def open_image(content: Content, pin: str) -> LoadedImage:
    """Load the bytes of `content` and return their image.

    *Safety*: constructors of the plugin and of the libraries that it needs run.

    Raises: LoadError if the system would not load them, or loaded something else.
    """
    elf = ElfFile(content.path, content.buffer)
    opening = _copied(content) if pin == "copy" else _in_place(content)
    with opening as name:
        handle = _open(name, content.path)
    try:
        base = _base(handle, name, content.path)
        parts = _parts(elf, base)
        if pin != "copy":
            _compare(content, elf, base)
    except LoadError:
        dl.close_library(handle)
        raise
    descriptor = content.release()
    keeps = _why_kept(elf)
    return LoadedImage(
        file=content.path,
        parts=parts,
        base=base,
        find=lambda symbol, version: dl.find_symbol(handle, symbol, version),
        let_go=lambda: _let_go(handle, name, descriptor, keeps),
        is_executable=is_executable,
    )


def _open(name: str, path: str) -> int:
    try:
        return dl.open_library(name)
    except LoadError as error:
        said = str(error).replace(name, path).removeprefix(f"{path}: ")
        raise LoadError(f"{shown(path)}: the system would not load it: {said}") from None


@contextmanager
def _copied(content: Content) -> Iterator[str]:
    """Yield a name for the sealed copy; the descriptor stays open as long as the image."""
    descriptor = content.pin()
    if descriptor is None:
        raise LoadError(f"{shown(content.path)}: the system makes no sealed copy")
    yield f"/proc/self/fd{_unused()}/{descriptor}"


@contextmanager
def _in_place(content: Content) -> Iterator[str]:
    """Yield an unused name of the file itself."""
    directory, base = os.path.split(os.path.abspath(content.path))
    yield f"{directory}{_unused()}/{base}"


def _unused() -> str:
    """Return steps of a path that lead nowhere and were not written so before.

    The loader compares names as they are written: "/." and "//." are the digits of a number.
    """
    return "".join("/." if digit == "0" else "//." for digit in f"{next(_names):b}")


def _base(handle: int, name: str, path: str) -> int:
    """Return where the image begins.

    Raises: LoadError if it is not that of `name`, but one that was loaded before.
    """
    base, known_as = dl.link_map(handle)
    if known_as != name:
        raise LoadError(
            f"{shown(path)}: the system gave back an image that was loaded before "
            f"as {shown(known_as)}, not these bytes"
        )
    return base


def _parts(elf: ElfFile, base: int) -> tuple[Part, ...]:
    return tuple(
        Part(base + each.address, base + each.address + each.memory_size, each.flags & 7)
        for each in elf.segments
        if each.type == elf_.PT_LOAD
    )


def _compare(content: Content, elf: ElfFile, base: int) -> None:
    """Hold what is mapped to what was verified: whatever the loader does not fill in itself.

    Raises: LoadError.
    """
    if elf.dynamic.relocates_text:
        raise LoadError(
            f"{shown(content.path)}: its code is relocated when it is loaded, so that nothing "
            'shows that it is what was verified; load it with pin="copy"'
        )
    for each in elf.segments:
        if each.type != elf_.PT_LOAD or each.flags & WRITE or not each.file_size:
            continue
        mapped = ctypes.string_at(base + each.address, each.file_size)
        if mapped != elf.read(each.file_offset, each.file_size):
            raise LoadError(f"{shown(content.path)}: changed while it was being loaded")


def _why_kept(elf: ElfFile) -> str | None:
    """Return why the image must not go once it is there, as a clause, or None."""
    if elf.dynamic.values.get(elf_.DT_FLAGS_1, 0) & DF_1_NODELETE:
        return "it is linked with -z nodelete"
    strings = elf.dynamic.strings

    def names(candidates: tuple[bytes, ...]) -> str | None:
        for name in candidates:
            at = strings.buffer.find(b"\0" + name + b"\0", strings.start, strings.end)
            if at >= 0:
                return name.decode()
        return None

    if destructor := names(CONSTRUCTS_LATER):
        return f"threads may still hold destructors of its thread-local data ({destructor})"
    if starter := names(STARTS_THREADS):
        return f"threads that it started may still run its code ({starter})"
    return None


def _let_go(handle: int, name: str, descriptor: int | None, keeps: str | None) -> str | None:
    if keeps is not None:
        return keeps
    dl.close_library(handle)
    if dl.known_library(name) is not None:  # The same handle, which stays good from now on.
        return "the system's loader keeps it: unique symbols, thread-locals, or a libc like musl"
    if descriptor is not None:
        os.close(descriptor)
    return None


def is_executable(address: int) -> bool:
    """Whether an address of this process lies in memory that is mapped executable."""
    with open("/proc/self/maps", "rb") as maps:
        for line in maps:
            span, rights, _ = line.split(b" ", 2)
            start, _, end = span.partition(b"-")
            if int(start, 16) <= address < int(end, 16):
                return b"x" in rights
    return False
