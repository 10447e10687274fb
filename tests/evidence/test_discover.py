from __future__ import annotations

import os
from pathlib import Path

import pytest

from abicheck.evidence.discover import Candidate, find_plugins


def is_plugin(path: str) -> bool:
    return Path(path).read_bytes().startswith(b"plugin")


def found(top: Path) -> list[str]:
    return [os.path.relpath(each.path, top) for each in find_plugins(str(top), is_plugin)]


def plugin(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"plugin")
    return path


def test_named_file_is_taken_whatever_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("notes")
    assert list(find_plugins(str(file), is_plugin)) == [Candidate(str(file))]


def test_absent_file_is_left_to_the_reader(tmp_path: Path) -> None:
    path = str(tmp_path / "absent.so")
    assert list(find_plugins(path, is_plugin)) == [Candidate(path)]


def test_directories_are_searched_by_content_and_path(tmp_path: Path) -> None:
    for name in ("b.so", "a/z.so", "a.so", "a0", "c/d/e"):
        plugin(tmp_path / name)
    (tmp_path / "readme.so").write_text("no plugin")
    assert found(tmp_path) == ["a.so", "a/z.so", "a0", "b.so", "c/d/e"]


def test_paths_are_as_the_user_wrote_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin(tmp_path / "plugins" / "a.so")
    monkeypatch.chdir(tmp_path)
    assert [each.path for each in find_plugins("plugins/", is_plugin)] == ["plugins/a.so"]


def test_file_with_many_names_is_found_once(tmp_path: Path) -> None:
    plugin(tmp_path / "libfoo.so.1.2")
    (tmp_path / "libfoo.so.1").symlink_to("libfoo.so.1.2")
    (tmp_path / "libfoo.so").symlink_to("libfoo.so.1")
    (tmp_path / "libhard.so").hardlink_to(tmp_path / "libfoo.so.1.2")
    assert found(tmp_path) == ["libfoo.so"]


def test_links_that_lead_back_end(tmp_path: Path) -> None:
    plugin(tmp_path / "a" / "a.so")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert found(tmp_path) == ["a/a.so"]


def test_links_to_directories_are_followed(tmp_path: Path) -> None:
    plugin(tmp_path / "elsewhere" / "a.so")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "enabled").symlink_to(tmp_path / "elsewhere")
    assert found(tmp_path / "plugins") == ["enabled/a.so"]


@pytest.mark.parametrize("target", ["absent.so", "broken.so"], ids=["dangling", "to itself"])
def test_link_to_nothing_is_reported(tmp_path: Path, target: str) -> None:
    plugin(tmp_path / "a.so")
    (tmp_path / "broken.so").symlink_to(target)
    good, broken = find_plugins(str(tmp_path), is_plugin)
    assert good.error is None
    assert target in (broken.error or "")


def test_directory_without_plugins_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    (only,) = find_plugins(str(tmp_path), is_plugin)
    assert only == Candidate(str(tmp_path), "there is no plugin in this directory")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_are_never_opened(tmp_path: Path) -> None:
    plugin(tmp_path / "a.so")
    os.mkfifo(tmp_path / "pipe.so")
    assert found(tmp_path) == ["a.so"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_closed_directory_is_reported(tmp_path: Path) -> None:
    plugin(tmp_path / "closed" / "a.so")
    (tmp_path / "closed").chmod(0)
    (only,) = find_plugins(str(tmp_path), is_plugin)
    (tmp_path / "closed").chmod(0o700)
    assert only.path == str(tmp_path / "closed")
    assert "Permission denied" in (only.error or "")
