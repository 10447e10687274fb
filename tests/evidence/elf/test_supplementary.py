"""Files of shared debug entries: found where they belong, and only under the id asked for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from abicheck.errors import BinaryError
from abicheck.evidence.elf.debug_files import DebugFiles, build_id_path
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.elf.supplementary import altlink, find_supplementary, identity
from abicheck.evidence.files import open_bytes
from abicheck.evidence.sections import ElfSections
from abicheck.model.evidence import Unseen
from tests.conftest import binary

FORMS = {
    "gnu": ("libpair-dwz.so", "libpair-shared.debug"),
    "standard": ("libpair-sup.so", "libpair-shared-5.debug"),
}


def copied(name: str, to: Path) -> Path:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(binary(f"debug/{name}"), to)
    return to


def opened(path: Path) -> ElfFile:
    return ElfFile(str(path), open_bytes(str(path)))


def shared(
    plugin: Path, *, explicit: tuple[Path, ...] = (), directory: Path | None = None
) -> ElfSections | Unseen | None:
    elf = opened(plugin)
    files = DebugFiles(
        elf,
        explicit=tuple(str(path) for path in explicit),
        directories=() if directory is None else (str(directory),),
        defaults=(),
    )
    return find_supplementary(elf, files)


def path_of(result: ElfSections | Unseen | None) -> Path:
    assert isinstance(result, ElfSections), result
    return Path(result.elf.path)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "place", ["plugins/{name}", "tree/.dwz/{name}", "tree/{name}", "tree/{by_id}"]
)
def test_the_shared_file_is_found(tmp_path: Path, form: str, place: str) -> None:
    name, other = FORMS[form]
    plugin = copied(name, tmp_path / "plugins" / name)
    id_ = identity(opened(binary(f"debug/{other}")))
    assert id_ is not None
    kept = copied(other, tmp_path / place.format(name=other, by_id=build_id_path("", id_)))
    assert path_of(shared(plugin, directory=tmp_path / "tree")).resolve() == kept.resolve()


@pytest.mark.parametrize("form", FORMS)
def test_a_file_named_by_the_user_is_used_under_any_name(tmp_path: Path, form: str) -> None:
    name, other = FORMS[form]
    plugin, kept = copied(name, tmp_path / "a" / name), copied(other, tmp_path / "renamed")
    assert path_of(shared(plugin, explicit=(kept,))) == kept


@pytest.mark.parametrize("form", FORMS)
def test_a_missing_file_is_named_with_its_id(tmp_path: Path, form: str) -> None:
    name, other = FORMS[form]
    plugin = copied(name, tmp_path / name)
    result = shared(plugin)
    link = altlink(opened(plugin))
    assert link is not None
    assert isinstance(result, Unseen)
    assert other in result.reason
    assert link[1] in result.reason


@pytest.mark.parametrize("form", FORMS)
def test_a_file_with_another_id_is_refused(tmp_path: Path, form: str) -> None:
    name, other = FORMS[form]
    plugin = copied(name, tmp_path / name)
    id_ = bytes.fromhex(identity(opened(binary(f"debug/{other}"))) or "")
    changed = copied(other, tmp_path / other)
    content = changed.read_bytes()
    assert content.count(id_) == 1
    changed.write_bytes(content.replace(id_, id_[::-1]))
    result = shared(plugin)
    assert isinstance(result, Unseen)
    assert "is another one" in result.reason


def test_a_pipe_in_its_place_is_not_opened(tmp_path: Path) -> None:
    name, other = FORMS["gnu"]
    plugin = copied(name, tmp_path / name)
    os.mkfifo(tmp_path / other)
    assert isinstance(shared(plugin), Unseen)


def test_a_plugin_that_shares_nothing_says_so() -> None:
    assert shared(binary("debug/libpair.so")) is None


def test_the_shared_file_itself_refers_to_none() -> None:
    assert altlink(opened(binary("debug/libpair-shared-5.debug"))) is None


@pytest.mark.parametrize("form", FORMS)
def test_a_reference_without_its_end_is_damage(form: str) -> None:
    plugin = binary(f"debug/{FORMS[form][0]}")
    elf = opened(plugin)
    name = ".gnu_debugaltlink" if form == "gnu" else ".debug_sup"
    section = elf.section_named(name)
    assert section is not None
    content = bytearray(plugin.read_bytes())
    content[section.file_offset : section.file_offset + section.size] = b"x" * section.size
    with pytest.raises(BinaryError):
        altlink(ElfFile("damaged.so", bytes(content)))
