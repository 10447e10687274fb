"""Directories -> the plugins in them, found by content and not by name.

A tree may hold anything: links that lead back into it, pipes, files nobody may
read. Every plugin is found once under its first path; what cannot be looked
at is reported, since a plugin might be there.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from abicheck.errors import AbicheckError
from abicheck.evidence.read import read_plugin
from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Identity = tuple[int, int]


@record
class Candidate:
    """A file to verify, or with `error` a place that could not be searched for one."""

    path: str
    error: str | None = None


def _is_plugin(path: str) -> bool:
    """Whether a file is for a loader to load; one that cannot be read might be."""
    try:
        return bool(read_plugin(path, is_named=False))
    except AbicheckError:
        return True


def find_plugins(path: str, is_plugin: Callable[[str], bool] = _is_plugin) -> Iterator[Candidate]:
    """Yield the plugins at `path`: the file itself, or all those under a directory, by path.

    In a directory, object files, executables and whatever is no ELF, PE or Mach-O
    are passed over. A directory without any plugin yields one candidate that says so.
    """
    if not os.path.isdir(path):
        yield Candidate(path)
        return
    is_empty = True
    for candidate in _search(path, is_plugin):
        is_empty = False
        yield candidate
    if is_empty:
        yield Candidate(path, "there is no plugin in this directory")


def _search(top: str, is_plugin: Callable[[str], bool]) -> Iterator[Candidate]:
    seen: set[Identity] = set()
    waiting = [top]
    while waiting:
        path = waiting.pop()
        try:
            status = os.stat(path)
        except OSError as error:
            yield Candidate(path, _cause(path, error))
            continue
        is_directory = stat.S_ISDIR(status.st_mode)
        if not (is_directory or stat.S_ISREG(status.st_mode)):
            continue  # A pipe, a socket or a device: no loader opens these.
        identity = (status.st_dev, status.st_ino)
        if identity in seen:
            continue
        seen.add(identity)
        if is_directory:
            try:
                waiting.extend(_entries(path))
            except OSError as error:
                yield Candidate(path, f"the directory cannot be searched: {error.strerror}")
        elif is_plugin(path):
            yield Candidate(path)


def _entries(directory: str) -> list[str]:
    """Return what is in a directory, last path first: a directory sorts as its content does."""
    paths = [os.path.join(directory, name) for name in os.listdir(directory)]
    return sorted(paths, key=lambda path: path + "/" * os.path.isdir(path), reverse=True)


def _cause(path: str, error: OSError) -> str:
    if os.path.islink(path):
        return f"a link to {os.readlink(path)!r}, which cannot be reached: {error.strerror}"
    return error.strerror or str(error)
