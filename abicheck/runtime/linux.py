"""Pinned bytes -> an image in this process, by the dynamic loader of Linux (glibc, musl).

The loader remembers the names and inodes of what it loaded, and gives back the old image for
one it knows. So every image is opened under a name that was never used in this process.
"""

from __future__ import annotations

import ctypes
import os
import re
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from abicheck.errors import LoadError
from abicheck.evidence.elf import standard as elf_
from abicheck.evidence.elf.facts import read_libc
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.elf.memory import ElfMemory
from abicheck.evidence.files import shown
from abicheck.runtime import dl
from abicheck.runtime.content import content_of, open_regular
from abicheck.runtime.image import WRITE, LoadedImage, Part
from abicheck.runtime.neighbours import beside_elf, private_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.runtime.content import Content
    from abicheck.runtime.neighbours import Beside

PT_TLS = 7
DF_1_NODELETE = 8
CONSTRUCTS_LATER = (b"pthread_key_create", b"tss_create", b"__cxa_thread_atexit")
STARTS_THREADS = (b"pthread_create", b"thrd_create")

PRIVATE = re.compile(r"[^\s:]*/abicheck-\w{8}(?=/)")
"""The private directory in a message of the loader: what follows is the user's own path."""

MOST_HELD = 256
"""Copies whose descriptors stay open."""

_names = count(1)
_held: set[int] = set()


def open_image(content: Content, pin: str) -> LoadedImage:
    """Load the bytes of `content` and return their image.

    *Safety*: constructors of the plugin and of the libraries that it needs run.

    Raises: LoadError if the system would not load them, or loaded something else.
    """
    elf = ElfFile(content.path, content.buffer)
    opening = _copied(content, elf) if pin == "copy" else _in_place(content)
    handle = None
    try:
        with opening as name:
            handle = _open(name, content.path)
        base = _base(handle, name, content.path)
        parts = _parts(elf, base)
        if pin != "copy" or content.descriptor is None:
            _compare(content, elf, base)
    except (LoadError, OSError):
        if handle is not None:
            dl.close_library(handle)
        raise
    mechanics = _Mechanics(handle, name, elf, base, content.release())
    return LoadedImage(file=content.path, parts=parts, base=base, mechanics=mechanics)


def _open(name: str, path: str) -> int:
    try:
        return dl.open_library(name)
    except LoadError as error:
        said = PRIVATE.sub("", str(error).replace(name, path)).removeprefix(f"{path}: ")
        raise LoadError(f"{shown(path)}: the system would not load it: {said}") from None


@contextmanager
def _copied(content: Content, elf: ElfFile) -> Iterator[str]:
    """Yield a name for the pinned copy."""
    descriptor, beside = content.pin(), beside_elf(elf)
    if descriptor is not None and not beside.matters:
        yield f"/proc/self/fd{_unused()}/{descriptor}"
        return
    here = os.path.realpath(os.path.dirname(os.path.abspath(content.path)))
    with private_name(content, beside) as name, _loaded_first(beside, here):
        yield name


@contextmanager
def _loaded_first(beside: Beside, here: str) -> Iterator[None]:
    """Hold the libraries beside the plugin under their real names, so that theirs are found too.

    One that cannot be loaded so is left to the loader, which says what is wrong with it.
    """
    handles = []
    try:
        for name in beside.needed:
            path = _found_beside(name, beside, here)
            if path is None or "$" in path or dl.known_library(name, keep=False) is not None:
                continue
            try:
                handles.append(dl.open_library(path))
            except LoadError:
                continue
        yield
    finally:
        for handle in handles:
            dl.close_library(handle)


def _found_beside(name: str, beside: Beside, here: str) -> str | None:
    """Return where the loader would find a library through `$ORIGIN`, if it would."""
    rest = beside.after_origin(name)
    if rest is not None:
        return here + rest
    if "/" in name:
        return None
    if any(os.path.exists(os.path.join(each, name)) for each in _user_path()):
        return None
    for entry in beside.search:
        rest = beside.after_origin(entry)
        path = os.path.join(entry if rest is None else here + rest, name)
        if os.path.exists(path):
            return None if rest is None else path
    return None


def _user_path() -> list[str]:
    """Return the directories of LD_LIBRARY_PATH, which go before DT_RUNPATH."""
    return [each for each in os.environ.get("LD_LIBRARY_PATH", "").split(":") if each]


@contextmanager
def _in_place(content: Content) -> Iterator[str]:
    """Yield an unused name of the file itself, which is read again once it is mapped."""
    directory, base = os.path.split(os.path.abspath(content.path))
    if "$" in directory + base:  # dlopen replaces $LIB and its like: that would be another file.
        raise LoadError(
            f'{shown(content.path)}: has a "$" in its path, which the system\'s loader '
            'may replace; load it with pin="copy"'
        )
    held = open_regular(content.path)
    try:
        yield f"{directory}{_unused()}/{base}"
        _check_is_held(content, held)
    finally:
        os.close(held)


def _check_is_held(content: Content, held: int) -> None:
    """Hold the file that is there now to the one that was opened before, and to its bytes.

    Raises: LoadError.
    """
    is_same = os.path.samestat(os.stat(content.path), os.fstat(held))
    if not is_same or content_of(content.path, held).sha256 != content.sha256:
        raise LoadError(f"{shown(content.path)}: changed while it was being loaded")


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


class _Mechanics:
    """One image of the dynamic loader."""

    def __init__(
        self, handle: int, name: str, elf: ElfFile, base: int, descriptor: int | None
    ) -> None:
        self._handle, self._name = handle, name
        self._descriptor = _kept(descriptor)
        self._elf, self._base = elf, base
        self._keeps = _why_kept(elf)

    def find(self, name: str, version: str | None) -> int | None:
        """Return what dlsym finds, or with a version dlvsym."""
        return dl.find_symbol(self._handle, name, version)

    def rival(self, name: str, found: int) -> int | None:
        """Return what the image's own uses of an export are bound to, if that is elsewhere.

        Where the executable or a preloaded library has the same name, references go
        there: that is the loader's rule for symbols of default visibility.
        """
        elsewhere = dl.find_symbol(None, name)
        if elsewhere is None or elsewhere == found:
            return None
        return bound_elsewhere(self._elf, self._base, name, elsewhere)

    def is_executable(self, address: int) -> bool:
        """Whether an address of this process is mapped executable."""
        found = mapping_at(address)
        return found is not None and "x" in found[0]

    def is_writable(self, address: int) -> bool:
        """Whether an address of this process is mapped writable."""
        found = mapping_at(address)
        return found is not None and "w" in found[0]

    def owner(self, address: int) -> str:
        """Return the file that is mapped at an address."""
        found = mapping_at(address)
        return shown(found[1]) if found is not None and found[1] else "memory of no file"

    def let_go(self) -> str | None:
        """Close the handle, unless what the image left behind would then run into nothing."""
        if self._keeps is not None:
            return self._keeps
        dl.close_library(self._handle)
        if dl.holds(self._base, self._name):
            dl.known_library(self._name)  # The same handle, good from now on.
            return _why_it_stayed(self._elf)
        if self._descriptor is not None:
            _held.discard(self._descriptor)
            os.close(self._descriptor)
        return None


def _kept(descriptor: int | None) -> int | None:
    """Return the descriptor of a sealed copy if it stays open, for debuggers and backtraces.

    The loader does not need it, as its name is never used again; a host with very many plugins
    needs the descriptor more.
    """
    if descriptor is None or len(_held) < MOST_HELD:
        _held.update([] if descriptor is None else [descriptor])
        return descriptor
    os.close(descriptor)
    return None


def bound_elsewhere(elf: ElfFile, base: int, name: str, elsewhere: int) -> int | None:
    """Return `elsewhere` if a relocation that names an export was filled with it."""
    memory = ElfMemory(elf, elf.dynamic)
    ends = [each.address + each.memory_size for each in elf.segments if each.type == elf_.PT_LOAD]
    for relocation in memory.relocations.touching(0, max(ends, default=0)):
        if not relocation.symbol:
            continue
        entry = memory.symbols.entry(relocation.symbol)
        if elf.dynamic.string(entry.name) == name.encode("utf-8", "surrogateescape"):
            slot = ctypes.string_at(base + relocation.address, elf.word_size)
            if int.from_bytes(slot, elf.byte_order) == elsewhere + (relocation.addend or 0):  # type: ignore[arg-type]
                return elsewhere
    return None


def mapping_at(address: int) -> tuple[str, str] | None:
    """Return the rights ("r-xp") and the file of what is mapped at an address."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        for line in maps:
            fields = line.split(maxsplit=5)
            start, _, end = fields[0].partition("-")
            if int(start, 16) <= address < int(end, 16):
                return fields[1], fields[5].rstrip("\n") if len(fields) > 5 else ""  # noqa: PLR2004
    return None


def _why_it_stayed(elf: ElfFile) -> str:
    """Return the likeliest reason for which the loader kept an image."""
    if read_libc(elf, elf.dynamic, ()) == "musl" or not dl.IS_GLIBC:
        return "this system's C library never unloads anything"
    if any(symbol.binding == "unique" for symbol in ElfMemory(elf, elf.dynamic).symbols.exports):
        return "the system's loader keeps it, for it has unique symbols (STB_GNU_UNIQUE)"
    if any(segment.type == PT_TLS for segment in elf.segments):
        return "the system's loader keeps it while threads hold its thread-local data"
    return "the system's loader keeps it: something else uses it"
