"""The bytes verified are the bytes loaded, whatever happens to the file meanwhile."""

from __future__ import annotations

import ctypes
import mmap
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from abicheck import verification
from abicheck.errors import LoadError, PluginRefused
from abicheck.runtime import content as contents
from tests.conftest import binary
from tests.runtime.opening import call, mapped, on_linux, opened, placed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = on_linux

BOTH = pytest.mark.parametrize("pin", ["copy", "path"])


@pytest.mark.parametrize("how", ["rename", "in place"])
def test_file_swapped_after_verification_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    plugin = placed("libmarks.so", tmp_path)
    examine: Any = verification.examine

    def examine_and_swap(*arguments: object) -> object:
        found = examine(*arguments)
        swap(plugin, "libmarks-wrong.so", how)
        return found

    monkeypatch.setattr(verification, "examine", examine_and_swap)
    loaded = opened(plugin)
    assert call(loaded) == 1
    assert loaded.image.close() is None


def swap(plugin: Path, name: str, how: str) -> None:
    """Put another plugin where one is, by rename or by writing over it."""
    if how == "rename":
        os.replace(placed(name, plugin.parent, "new"), plugin)
    else:
        plugin.write_bytes(binary(f"loading/{name}").read_bytes())


@pytest.mark.parametrize("how", ["rename", "in place"])
def test_file_swapped_after_verification_is_noticed_when_loaded_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    plugin = placed("libmarks.so", tmp_path)
    examine: Any = verification.examine

    def examine_and_swap(*arguments: object) -> object:
        found = examine(*arguments)
        swap(plugin, "libmarks-2.so", how)
        return found

    monkeypatch.setattr(verification, "examine", examine_and_swap)
    with pytest.raises(LoadError, match="changed while it was being loaded"):
        opened(plugin, pin="path")
    assert mapped(str(plugin)) == []


def test_change_of_what_is_not_mapped_is_noticed_when_loaded_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = placed("libmarks.so", tmp_path)
    examine: Any = verification.examine

    def examine_and_append(*arguments: object) -> object:
        found = examine(*arguments)
        with plugin.open("ab") as file:
            file.write(b"x")
        return found

    monkeypatch.setattr(verification, "examine", examine_and_append)
    with pytest.raises(LoadError, match="changed while it was being loaded"):
        opened(plugin, pin="path")
    assert mapped(str(plugin)) == []


def test_swapping_for_ever_never_loads_what_was_not_verified(tmp_path: Path) -> None:
    plugin, stop = placed("libmarks.so", tmp_path), threading.Event()

    def keep_swapping() -> None:
        while not stop.is_set():
            swap(plugin, "libmarks-wrong.so", "rename")
            swap(plugin, "libmarks-2.so", "in place")
            swap(plugin, "libmarks.so", "rename")

    swapper = threading.Thread(target=keep_swapping)
    swapper.start()
    try:
        for _ in range(60):
            try:
                loaded = opened(plugin)
            except PluginRefused:
                continue
            known = {"libmarks.so": 1, "libmarks-2.so": 2}
            hashes = {contents.read_content(str(binary(f"loading/{name}"))).sha256: answer
                      for name, answer in known.items()}  # fmt: skip
            assert call(loaded) == hashes[loaded.report.sha256 or ""]
            assert loaded.image.close() is None
    finally:
        stop.set()
        swapper.join()


def test_sealed_copy_cannot_be_written_to() -> None:
    content = contents.read_content(str(binary("loading/libmarks.so")))
    descriptor = content.pin()
    assert descriptor is not None
    with pytest.raises(PermissionError):
        os.write(descriptor, b"x")
    with pytest.raises(PermissionError):
        os.ftruncate(descriptor, 0)
    writer = os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR)
    with pytest.raises(PermissionError):
        os.pwrite(writer, b"x", 0)
    os.close(writer)
    content.close()


def test_copy_is_sealed_once_the_system_is_done_with_its_pages() -> None:
    descriptor = os.memfd_create("copy", os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, 4096)
    page = mmap.mmap(descriptor, 4096)  # That it is mapped for writing is what keeps it busy.
    threading.Timer(0.003, page.close).start()
    contents.seal(descriptor)
    with pytest.raises(PermissionError):
        os.write(descriptor, b"x")
    os.close(descriptor)


@BOTH
def test_second_version_from_the_same_path_is_the_second_one(tmp_path: Path, pin: str) -> None:
    plugin = placed("libmarks.so", tmp_path)
    first = opened(plugin, pin=pin)
    swap(plugin, "libmarks-2.so", "rename")
    second = opened(plugin, pin=pin)
    assert (call(first), call(second)) == (1, 2)
    first.image.close()
    second.image.close()


def test_reused_descriptor_does_not_bring_the_old_image_back(tmp_path: Path) -> None:
    plugin = placed("libmarks.so", tmp_path, "reused.so")
    first = opened(plugin)
    (descriptor,) = [
        int(name) for name in os.listdir("/proc/self/fd") if is_copy(f"/proc/self/fd/{name}")
    ]
    os.close(descriptor)
    swap(plugin, "libmarks-2.so", "rename")
    second = opened(plugin)
    assert (call(first), call(second)) == (1, 2)
    assert second.image.close() is None  # The first one's descriptor is gone: it stays.


def is_copy(link: str) -> bool:
    """Whether a descriptor is that of a pinned plugin."""
    try:
        return os.readlink(link).startswith("/memfd:reused.so")
    except OSError:
        return False


def test_image_that_was_there_before_is_not_taken_for_the_file(tmp_path: Path) -> None:
    plugin = placed("libmarks.so", tmp_path)
    before = ctypes.CDLL(str(plugin))
    with pytest.raises(LoadError, match="loaded before"):
        opened(plugin, pin="path")
    loaded = opened(plugin)
    assert before.answer() == call(loaded) == 1
    loaded.image.close()


def test_without_sealed_copies_a_private_file_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    loaded = opened(binary("loading/libmarks.so"))
    assert call(loaded) == 1
    assert os.listdir(tmp_path) == []
    assert loaded.image.close() is None


def test_large_plugin_is_copied_and_loaded(tmp_path: Path) -> None:
    plugin = placed("libmarks.so", tmp_path)
    with plugin.open("ab") as file:
        file.write(bytes(contents.SMALL + 1))
    loaded = opened(plugin)
    assert call(loaded) == 1
    assert loaded.image.close() is None


ODD_NAMES = [b"\xff\xfe.so", b"a b\nc.so", b"a:b.so", b"%s%n.so", b"x" * 250 + b".so", b"-l.so"]


@pytest.mark.parametrize("name", ODD_NAMES, ids=repr)
@BOTH
def test_odd_names_are_no_obstacle(tmp_path: Path, name: bytes, pin: str) -> None:
    loaded = opened(placed("libmarks.so", tmp_path, os.fsdecode(name)), pin=pin)
    assert call(loaded) == 1
    loaded.image.close()


def test_name_that_the_loader_would_replace_is_not_given_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`$LIB` in a path given to dlopen is replaced: what it leads to was never verified."""
    monkeypatch.setenv("LOADING_MARKS", str(tmp_path / "marks"))
    for place in ("$LIB", "lib", "lib/x86_64-linux-gnu", "lib64"):
        (tmp_path / place).mkdir(exist_ok=True)
        placed("libmarks-2.so", tmp_path / place, "plugin.so")
    placed("libmarks.so", tmp_path / "$LIB", "plugin.so")
    with pytest.raises(LoadError, match=r'has a "\$" in its path'):
        opened(tmp_path / "$LIB" / "plugin.so", pin="path")
    assert not (tmp_path / "marks").exists()
    loaded = opened(tmp_path / "$LIB" / "plugin.so")
    assert call(loaded) == 1
    loaded.image.close()
