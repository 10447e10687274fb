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

from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.evidence.elf.file import ElfFile
    from abicheck.runtime.content import Content

DT_RPATH, DT_RUNPATH = 15, 29
MOST_NEIGHBOURS = 4096
LIBRARIES = (".so", ".dylib")


@record
class Beside:
    """Where a plugin says that its libraries are: `search` and `needed` as they are in the file.

    `origins` are the words for the plugin's own directory.
    """

    search: tuple[str, ...]
    needed: tuple[str, ...]
    origins: tuple[str, ...]

    @property
    def matters(self) -> bool:
        """Whether where the plugin lies decides what is loaded with it."""
        return any(self.after_origin(each) is not None for each in (*self.search, *self.needed))

    def after_origin(self, text: str) -> str | None:
        """Return what follows the plugin's directory in a path, None if it begins otherwise."""
        for origin in self.origins:
            rest = text.removeprefix(origin)
            if rest != text and (not rest or rest.startswith("/")):
                return rest
        return None

    def directories(self, here: str) -> Iterator[str]:
        """Yield the directories beside the plugin, as they are spelled from its own."""
        for entry in self.search:
            rest = self.after_origin(entry)
            if rest is not None:
                yield os.path.normpath(here + rest)
        for name in self.needed:
            rest = self.after_origin(name)
            if rest is not None:
                yield os.path.dirname(os.path.normpath(here + rest))


def beside_elf(elf: ElfFile) -> Beside:
    """Return what DT_NEEDED and DT_RUNPATH say, beside which loaders ignore DT_RPATH."""
    dynamic = elf.dynamic
    found = dynamic.texts(DT_RUNPATH) or dynamic.texts(DT_RPATH)
    search = tuple(directory for path in found for directory in path.split(":"))
    return Beside(search, dynamic.needed, ("$ORIGIN", "${ORIGIN}"))


@contextmanager
def private_name(content: Content, beside: Beside) -> Iterator[str]:
    """Yield a new path of the pinned bytes, from which its libraries are found as from the old."""
    import shutil  # noqa: PLC0415 (few plugins need any of this)
    import tempfile  # noqa: PLC0415

    root = os.path.realpath(tempfile.mkdtemp(prefix="abicheck-"))
    try:
        here = os.path.realpath(os.path.dirname(os.path.abspath(content.path)))
        home = root + _plain(here)
        os.makedirs(home, mode=0o700, exist_ok=True)
        name = os.path.join(home, _plain(os.path.basename(content.path)))
        _place(content, name)
        for directory in sorted(set(beside.directories(here)), key=len):
            _link(directory, root, here)
        yield name
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _plain(path: str) -> str:
    """Return a path in which no loader finds anything to replace, such as `$LIB`."""
    return path.replace("$", "_")


def _place(content: Content, name: str) -> None:
    """Put the pinned bytes at `name`: a link to the sealed copy, else a file of our own."""
    if content.descriptor is not None:
        os.symlink(f"/proc/self/fd/{content.descriptor}", name)
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(name, flags, 0o500), "wb") as file:
        file.write(content.buffer)


def _link(directory: str, root: str, here: str) -> None:
    """Let `root` followed by `directory` hold what `directory` holds."""
    place = root + _plain(directory)
    if not os.path.isdir(directory):
        return
    if (here + "/").startswith(directory.rstrip("/") + "/"):
        with os.scandir(directory) as entries:
            libraries = (each for each in entries if is_library(each))
            for each in islice(libraries, MOST_NEIGHBOURS):
                if not os.path.lexists(os.path.join(place, each.name)):
                    os.symlink(each.path, os.path.join(place, each.name))
    elif not os.path.lexists(place):
        os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
        os.symlink(directory, place)


def is_library(entry: os.DirEntry[str]) -> bool:
    """Whether a file has a name that loaders look for."""
    return any(mark in entry.name for mark in LIBRARIES) and entry.is_file()
