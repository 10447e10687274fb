"""Separate debug files: found where they belong, refused when they are of another build."""

from __future__ import annotations

import os
import shutil
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from abicheck.evidence.elf.debug_files import DebugFiles, is_detached
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.files import open_bytes
from tests.conftest import binary

if TYPE_CHECKING:
    from abicheck.evidence.sections import Found

STRIPPED, DEBUG = "libgreeter-separate.so", "libgreeter-separate.so.debug"
OTHER = "libgreeter-separate-field-inserted.so.debug"
BUILD_ID = "533d7ba54e03cf206361878e584c1a195d48b445"
OTHER_ID = "b698bdb81e5ca47258b7e26415e01f0b5ee1a91a"


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """Return a stripped plugin that is alone in its directory."""
    return copied(STRIPPED, tmp_path / "plugins" / STRIPPED)


def copied(name: str, to: Path) -> Path:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(binary(f"greeter/{name}"), to)
    return to


def found(plugin: Path, *, explicit: tuple[Path, ...] = (), directory: Path | None = None) -> Found:
    """Search for `plugin`, with nothing that the system's own directories may have."""
    files = DebugFiles(
        ElfFile(str(plugin), open_bytes(str(plugin))),
        explicit=tuple(str(path) for path in explicit),
        directories=() if directory is None else (str(directory),),
        defaults=(),
    )
    return files.found


def file_of(result: Found) -> str:
    assert result.sections is not None, result.absence
    return result.sections.elf.path


def without_build_id(path: Path) -> Path:
    """Turn the note with the build-id into one of another type."""
    content = path.read_bytes()
    mark = (3).to_bytes(4, "little") + b"GNU\0"
    assert content.count(mark) == 1
    path.write_bytes(content.replace(mark, (99).to_bytes(4, "little") + b"GNU\0"))
    return path


def without_debuglink(path: Path) -> Path:
    """Rename the section that names the debug file."""
    path.write_bytes(path.read_bytes().replace(b".gnu_debuglink", b".xnu_debuglink"))
    return path


def with_link_to(path: Path, name: bytes, crc: int) -> Path:
    """Replace name and checksum in the debug link, which keeps its size."""
    content = path.read_bytes()
    old = DEBUG.encode() + b"\0" * (4 - len(DEBUG) % 4)
    at = content.index(old)
    assert len(name) < len(old)
    path.write_bytes(
        content[:at]
        + (name.ljust(len(old), b"\0") + crc.to_bytes(4, "little"))
        + content[at + len(old) + 4 :]
    )
    return path


def test_debug_information_of_its_own_is_used() -> None:
    plugin = binary("greeter/libgreeter-good.so")
    assert file_of(found(plugin)) == str(plugin)


@pytest.mark.parametrize("place", ["{own}", "{own}/.debug", "{tree}{own}", "{tree}"])
def test_the_linked_file_is_found(plugin: Path, tmp_path: Path, place: str) -> None:
    tree = tmp_path / "tree"
    directory = place.format(own=plugin.parent.resolve(), tree=tree)
    debug = copied(DEBUG, Path(directory) / DEBUG)
    assert Path(file_of(found(plugin, directory=tree))) == debug


def test_the_build_id_leads_into_a_debug_directory(plugin: Path, tmp_path: Path) -> None:
    kept = tmp_path / "debug/.build-id" / BUILD_ID[:2] / f"{BUILD_ID[2:]}.debug"
    debug = copied(DEBUG, kept)
    assert Path(file_of(found(plugin, directory=tmp_path / "debug"))) == debug


def test_a_plugin_reached_through_a_link_has_its_debug_file_beside_the_real_one(
    plugin: Path, tmp_path: Path
) -> None:
    debug = copied(DEBUG, plugin.parent / DEBUG)
    link = tmp_path / "elsewhere" / "plugin.so"
    link.parent.mkdir()
    link.symlink_to(plugin)
    assert Path(file_of(found(link))).resolve() == debug.resolve()


def test_a_file_named_by_the_user_is_used_under_any_name(plugin: Path, tmp_path: Path) -> None:
    debug = copied(DEBUG, tmp_path / "renamed")
    assert file_of(found(plugin, explicit=(debug,))) == str(debug)


def test_of_several_named_files_the_one_of_the_build_is_used(plugin: Path, tmp_path: Path) -> None:
    other, debug = copied(OTHER, tmp_path / "a.debug"), copied(DEBUG, tmp_path / "b.debug")
    result = found(plugin, explicit=(other, debug))
    assert file_of(result) == str(debug)
    assert result.notes == ()


def test_a_named_file_of_another_build_is_refused_with_both_ids(
    plugin: Path, tmp_path: Path
) -> None:
    other = copied(OTHER, tmp_path / "other.debug")
    result = found(plugin, explicit=(other,))
    assert result.sections is None
    assert result.absence is not None
    assert BUILD_ID in result.absence
    assert OTHER_ID in result.absence
    (note,) = result.notes
    assert "is of another build" in note


def test_a_refused_file_does_not_hide_what_the_plugin_has(tmp_path: Path) -> None:
    plugin = binary("greeter/libgreeter-good.so")
    other = copied(OTHER, tmp_path / "other.debug")
    result = found(plugin, explicit=(other,))
    assert file_of(result) == str(plugin)
    assert len(result.notes) == 1


def test_a_linked_file_of_another_build_is_refused(plugin: Path) -> None:
    copied(OTHER, plugin.parent / DEBUG)
    result = found(plugin)
    assert result.sections is None
    assert OTHER_ID in (result.absence or "")


def test_without_build_id_the_checksum_decides(plugin: Path) -> None:
    debug = copied(DEBUG, plugin.parent / DEBUG)
    assert file_of(found(without_build_id(plugin))) == str(debug)
    debug.write_bytes(debug.read_bytes() + b"\0")
    result = found(plugin)
    assert result.sections is None
    assert "CRC-32" in (result.absence or "")


def test_a_named_file_for_a_plugin_without_build_id_must_have_its_checksum(
    plugin: Path, tmp_path: Path
) -> None:
    without_build_id(plugin)
    good, bad = copied(DEBUG, tmp_path / "good"), copied(OTHER, tmp_path / "bad")
    assert file_of(found(plugin, explicit=(good,))) == str(good)
    assert "CRC-32" in (found(plugin, explicit=(bad,)).absence or "")


def stripped_without_marks(tmp_path: Path) -> tuple[Path, Path]:
    """Return a plugin with nothing to recognise its debug file by, and what it was made from."""
    whole = without_build_id(copied("libgreeter-good.so", tmp_path / "whole.so"))
    stripped = tmp_path / "stripped.so"
    stripped.write_bytes(whole.read_bytes().replace(b".debug_", b".xebug_"))
    return stripped, whole


def test_without_any_mark_the_unstripped_plugin_is_known_by_its_bytes(tmp_path: Path) -> None:
    stripped, whole = stripped_without_marks(tmp_path)
    assert file_of(found(stripped, explicit=(whole,))) == str(whole)


def test_without_any_mark_other_code_is_refused(tmp_path: Path) -> None:
    stripped, _ = stripped_without_marks(tmp_path)
    other = without_build_id(copied("libgreeter-field-inserted.so", tmp_path / "other.so"))
    result = found(stripped, explicit=(other,))
    assert "nothing shows that" in (result.absence or "")
    assert "--add-gnu-debuglink" in (result.absence or "")


def test_without_any_mark_a_detached_file_is_refused(tmp_path: Path) -> None:
    stripped, _ = stripped_without_marks(tmp_path)
    detached = without_build_id(copied(DEBUG, tmp_path / "detached"))
    assert found(stripped, explicit=(detached,)).sections is None


def test_a_file_for_another_machine_is_refused(plugin: Path) -> None:
    foreign = next(binary("greeter/libgreeter-good.so").parent.glob("aarch64-linux-gnu/*.so"))
    result = found(plugin, explicit=(foreign,))
    assert "is for another machine" in (result.absence or "")


def test_a_named_file_without_debug_information_is_said_to_have_none(plugin: Path) -> None:
    result = found(plugin, explicit=(binary("greeter/libgreeter-no-debug.so"),))
    assert "has no debug information either" in (result.absence or "")


def test_a_named_file_that_is_missing_is_said_to_be(plugin: Path, tmp_path: Path) -> None:
    result = found(plugin, explicit=(tmp_path / "nowhere.debug",))
    assert "nowhere.debug: No such file" in (result.absence or "")


def test_what_was_looked_for_and_where_is_said(plugin: Path, tmp_path: Path) -> None:
    absence = found(plugin, directory=tmp_path / "tree").absence or ""
    assert DEBUG in absence
    assert BUILD_ID in absence
    assert str(plugin.parent / ".debug") in absence
    assert str(tmp_path / "tree") in absence
    assert "nothing is fetched over the network" in absence


def test_a_plugin_that_names_no_debug_file_says_so(tmp_path: Path) -> None:
    stripped, _ = stripped_without_marks(tmp_path)
    assert "neither build-id nor .gnu_debuglink" in (found(stripped).absence or "")


@pytest.mark.parametrize("kind", ["pipe", "directory", "loop", "device"])
def test_only_regular_files_are_opened(plugin: Path, kind: str) -> None:
    trap = plugin.parent / DEBUG
    if kind == "pipe":
        os.mkfifo(trap)
    elif kind == "directory":
        trap.mkdir()
    elif kind == "loop":
        trap.symlink_to(trap)
    else:
        trap.symlink_to("/dev/zero")
    assert found(plugin).sections is None
    assert found(plugin, explicit=(trap,)).sections is None


def test_a_link_never_leads_out_of_the_directories_searched(tmp_path: Path) -> None:
    plugin = copied(STRIPPED, tmp_path / "plugins" / STRIPPED)
    debug = copied(DEBUG, tmp_path / "up.debug")
    crc = zlib.crc32(debug.read_bytes())
    with_link_to(without_build_id(plugin), b"../up.debug", crc)
    assert found(plugin).sections is None


def test_a_link_to_the_plugin_itself_is_passed_over(tmp_path: Path) -> None:
    plugin = copied(STRIPPED, tmp_path / "p.so")
    with_link_to(plugin, b"p.so", 0)
    assert "no debug information" in (found(plugin).absence or "")


@pytest.mark.parametrize("name", [b"", b"\xff\xfe.debug", b"a\nb\x1b[31m", b"."])
def test_strange_names_in_a_link_can_be_printed(plugin: Path, name: bytes) -> None:
    with_link_to(plugin, name, 1)
    assert (found(plugin).absence or "").isprintable()


def test_a_link_without_its_end_is_no_link(plugin: Path) -> None:
    content = plugin.read_bytes()
    at = content.index(DEBUG.encode())
    section = ElfFile(str(plugin), content).section_named(".gnu_debuglink")
    assert section is not None
    plugin.write_bytes(content[:at] + b"x" * section.size + content[at + section.size :])
    assert "no debug information" in (found(plugin).absence or "")


@pytest.mark.parametrize(
    ("name", "expected"), [(DEBUG, True), (STRIPPED, False), ("libgreeter-good.so", False)]
)
def test_a_detached_debug_file_is_told_from_a_plugin(name: str, expected: bool) -> None:
    content = binary(f"greeter/{name}").read_bytes()
    assert is_detached(ElfFile(name, content)) is expected
