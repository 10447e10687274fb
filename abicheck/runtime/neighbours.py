"""A pinned plugin whose libraries lie beside it -> a private place from which they are found.

`$ORIGIN` in DT_RUNPATH and DT_RPATH is the directory of the name that a library was opened
under, which for a copy is not that of the plugin. So the copy gets a name in a directory that
only this user may enter, laid out as that of the plugin is, with links to what lies there.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from abicheck.errors import LoadError
from abicheck.runtime import dl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.elf.file import ElfFile
    from abicheck.runtime.content import Content

DT_RPATH, DT_RUNPATH = 15, 29
ORIGINS = ("$ORIGIN", "${ORIGIN}")
MOST_NEIGHBOURS = 4096


def uses_origin(elf: ElfFile) -> bool:
    """Whether where a library lies decides what is loaded with it."""
    return any(_after_origin(each) is not None for each in (*search_path(elf), *elf.dynamic.needed))


def search_path(elf: ElfFile) -> tuple[str, ...]:
    """Return the directories of DT_RUNPATH, beside which loaders ignore DT_RPATH."""
    dynamic = elf.dynamic
    found = dynamic.texts(DT_RUNPATH) or dynamic.texts(DT_RPATH)
    return tuple(directory for path in found for directory in path.split(":"))


@contextmanager
def private_name(content: Content, elf: ElfFile) -> Iterator[str]:
    """Yield a new path of the pinned bytes, from which `$ORIGIN` leads where it should."""
    import shutil  # noqa: PLC0415 (few plugins need any of this)
    import tempfile  # noqa: PLC0415

    root = tempfile.mkdtemp(prefix="abicheck-")
    try:
        here = os.path.realpath(os.path.dirname(os.path.abspath(content.path)))
        os.makedirs(root + here, mode=0o700)
        name = os.path.join(root + here, os.path.basename(content.path))
        _place(content, name)
        for directory in sorted(set(_directories(elf, here)), key=len):
            _link(directory, root, here)
        with _loaded_first(elf, here):
            yield name
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _place(content: Content, name: str) -> None:
    """Put the pinned bytes at `name`: a link to the sealed copy, else a file of our own."""
    if content.descriptor is not None:
        os.symlink(f"/proc/self/fd/{content.descriptor}", name)
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(name, flags, 0o500), "wb") as file:
        file.write(content.buffer)


def _directories(elf: ElfFile, here: str) -> Iterator[str]:
    """Yield the directories to which `$ORIGIN` leads, as they are spelled from the plugin's own."""
    for entry in search_path(elf):
        rest = _after_origin(entry)
        if rest is not None:
            yield os.path.normpath(here + rest)
    for name in elf.dynamic.needed:
        rest = _after_origin(name)
        if rest is not None:
            yield os.path.dirname(os.path.normpath(here + rest))


def _after_origin(text: str) -> str | None:
    for origin in ORIGINS:
        rest = text.removeprefix(origin)
        if rest != text and (not rest or rest.startswith("/")):
            return rest
    return None


def _link(directory: str, root: str, here: str) -> None:
    """Let `root` followed by `directory` hold what `directory` holds."""
    place = root + directory
    if not os.path.isdir(directory):
        return
    if (here + "/").startswith(directory.rstrip("/") + "/"):
        with os.scandir(directory) as entries:
            libraries = (each for each in entries if ".so" in each.name and each.is_file())
            for each in islice(libraries, MOST_NEIGHBOURS):
                if not os.path.lexists(os.path.join(place, each.name)):
                    os.symlink(each.path, os.path.join(place, each.name))
    elif not os.path.lexists(place):
        os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
        os.symlink(directory, place)


@contextmanager
def _loaded_first(elf: ElfFile, here: str) -> Iterator[None]:
    """Hold the libraries beside the plugin under their real names, so that theirs are found too.

    One that cannot be loaded so is left to the loader, which says what is wrong with it.
    """
    handles = []
    try:
        for name in elf.dynamic.needed:
            path = _found_beside(name, elf, here)
            if path is None or dl.known_library(name, keep=False) is not None:
                continue
            try:
                handles.append(dl.open_library(path))
            except LoadError:
                continue
        yield
    finally:
        for handle in handles:
            dl.close_library(handle)


def _found_beside(name: str, elf: ElfFile, here: str) -> str | None:
    """Return where the loader would find a library through `$ORIGIN`, if it would."""
    rest = _after_origin(name)
    if rest is not None:
        return here + rest
    if "/" in name:
        return None
    if any(os.path.exists(os.path.join(each, name)) for each in _user_path()):
        return None
    for entry in search_path(elf):
        rest = _after_origin(entry)
        path = os.path.join(entry if rest is None else here + rest, name)
        if os.path.exists(path):
            return None if rest is None else path
    return None


def _user_path() -> list[str]:
    """Return the directories of LD_LIBRARY_PATH, which go before DT_RUNPATH."""
    return [each for each in os.environ.get("LD_LIBRARY_PATH", "").split(":") if each]
