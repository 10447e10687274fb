"""Split units: found by name, by package, and only if they hold the id of their skeleton."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from abicheck.errors import BinaryError
from abicheck.evidence.debug_information import DebugInformation
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.files import open_bytes
from abicheck.evidence.sections import ElfSections
from abicheck.evidence.split import PackagedUnit, SplitFile
from abicheck.evidence.split_id import holds_unit
from abicheck.model.evidence import Unseen
from tests.conftest import binary

SPLIT = ("greeter/libgreeter-split.so", "libgreeter-split.dwo")
SPLIT_4 = ("greeter/libgreeter-split-4.so", "libgreeter-split-4.dwo")
PACKAGES = {"2": "debug/libpair-package-4.so", "5": "debug/libpair-package.so"}


def skeleton_id(name: str) -> int:
    """Return the id in the last skeleton of a plugin, by another reader."""
    with binary(name).open("rb") as file:
        *_, unit = ELFFile(file).get_dwarf_info().iter_CUs()
        root = unit.get_top_DIE().attributes
        return int(root["DW_AT_GNU_dwo_id"].value if unit["version"] < 5 else unit["dwo_id"])


def type_signature(name: str) -> int:
    """Return some signature that the package of a plugin has a type unit for."""
    with binary(f"{name}.dwp").open("rb") as file:
        section = ELFFile(file).get_section_by_name(".debug_tu_index")
        assert section is not None
        index = section.data()
    slots = int.from_bytes(index[12:16], "little")
    return int(max(struct.unpack_from(f"<{slots}Q", index, 16)))


def copied(name: str, to: Path) -> Path:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(binary(name), to)
    return to


def debug_of(
    plugin: Path, files: tuple[Path, ...] = (), tree: Path | None = None
) -> DebugInformation:
    return DebugInformation(
        ElfFile(str(plugin), open_bytes(str(plugin))),
        debug_files=[str(path) for path in files],
        debug_dirs=[] if tree is None else [str(tree)],
    )


@pytest.fixture(params=[SPLIT, SPLIT_4], ids=["DWARF 5", "DWARF 4"])
def split(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str, int]:
    """Return a plugin alone in its directory, the name of its .dwo file, and the id."""
    name, dwo = request.param
    return copied(name, tmp_path / "plugins" / Path(name).name), dwo, skeleton_id(name)


@pytest.mark.parametrize(
    "place", ["plugins", "tree", "plugins/greeter", "tree/greeter", "built/greeter"]
)
def test_the_file_that_a_skeleton_names_is_found(
    split: tuple[Path, str, int], tmp_path: Path, place: str
) -> None:
    plugin, dwo, id_ = split
    kept = copied(f"greeter/{dwo}", tmp_path / place / dwo)
    debug = debug_of(plugin, tree=tmp_path / "tree")
    unit = debug.split_unit(id_, f"greeter/{dwo}", str(tmp_path / "built"))
    assert isinstance(unit, SplitFile)
    assert Path(unit.file) == kept
    info = unit.section(".debug_info")
    assert info is not None
    assert info.name == ".debug_info.dwo"


def test_a_file_named_by_the_user_is_used_under_any_name(
    split: tuple[Path, str, int], tmp_path: Path
) -> None:
    plugin, dwo, id_ = split
    kept = copied(f"greeter/{dwo}", tmp_path / "renamed")
    unit = debug_of(plugin, (kept,)).split_unit(id_, f"greeter/{dwo}", None)
    assert isinstance(unit, SplitFile)
    assert Path(unit.file) == kept


def test_a_missing_file_is_named(split: tuple[Path, str, int]) -> None:
    plugin, dwo, id_ = split
    unit = debug_of(plugin).split_unit(id_, f"greeter/{dwo}", "/built")
    assert isinstance(unit, Unseen)
    assert f"/built/greeter/{dwo}" in unit.reason
    assert f"{id_:016x}" in unit.reason


def test_a_file_of_another_build_is_refused(split: tuple[Path, str, int], tmp_path: Path) -> None:
    plugin, dwo, id_ = split
    kept = copied(f"greeter/{dwo}", tmp_path / "plugins" / dwo)
    unit = debug_of(plugin).split_unit(id_ ^ 1, dwo, None)
    assert isinstance(unit, Unseen)
    assert f"of another build: {kept}" in unit.reason


@pytest.mark.parametrize("kind", ["pipe", "directory", "loop", "device", "text"])
def test_only_regular_elf_files_are_read(
    split: tuple[Path, str, int], tmp_path: Path, kind: str
) -> None:
    plugin, _, id_ = split
    trap = tmp_path / "trap.dwo"
    if kind == "pipe":
        os.mkfifo(trap)
    elif kind == "directory":
        trap.mkdir()
    elif kind == "loop":
        trap.symlink_to(trap)
    elif kind == "device":
        trap.symlink_to("/dev/zero")
    else:
        trap.write_text("no ELF file")
    assert isinstance(debug_of(plugin).split_unit(id_, str(trap), None), Unseen)


@pytest.mark.parametrize("name", [None, "", "\0", "x" * 100_000, "\udcff\x1b[31m", "a/" * 3000])
def test_strange_names_lead_nowhere_and_can_be_printed(
    split: tuple[Path, str, int], name: str | None
) -> None:
    plugin, _, id_ = split
    unit = debug_of(plugin).split_unit(id_, name, name)
    assert isinstance(unit, Unseen)
    assert unit.reason.isprintable()


@pytest.mark.parametrize("version", PACKAGES)
def test_a_package_gives_each_unit_its_own_sections(version: str) -> None:
    name = PACKAGES[version]
    id_ = skeleton_id(name)
    unit = debug_of(binary(name)).split_unit(id_, "gone.dwo", None)
    assert isinstance(unit, PackagedUnit)
    assert holds_unit(unit, "little", id_)
    info, strings = unit.section(".debug_info"), unit.section(".debug_str")
    assert info is not None
    assert strings is not None
    assert int.from_bytes(info[:4], "little") + 4 == len(info)
    assert unit.section(".debug_nothing") is None


@pytest.mark.parametrize("version", PACKAGES)
def test_a_package_gives_the_type_unit_of_a_signature(version: str) -> None:
    name = PACKAGES[version]
    id_, signature = skeleton_id(name), type_signature(name)
    unit = debug_of(binary(name)).split_unit(id_, None, None)
    assert isinstance(unit, PackagedUnit)
    type_unit = unit.type_unit(signature)
    assert type_unit is not None
    section = type_unit.section(".debug_types" if version == "2" else ".debug_info")
    assert section is not None
    assert signature.to_bytes(8, "little") in section[:24]
    assert unit.type_unit(signature ^ 1) is None


@pytest.mark.parametrize("place", ["plugins/{name}.dwp", "tree/{name}.dwp", "plugins/{stem}.dwp"])
def test_a_package_is_found_beside_the_plugin_or_in_a_debug_directory(
    tmp_path: Path, place: str
) -> None:
    name = PACKAGES["5"]
    id_ = skeleton_id(name)
    base = Path(name).name
    plugin = copied(name, tmp_path / "plugins" / base)
    copied(f"{name}.dwp", tmp_path / place.format(name=base, stem=Path(base).stem))
    unit = debug_of(plugin, tree=tmp_path / "tree").split_unit(id_, None, None)
    assert isinstance(unit, PackagedUnit)


def test_a_package_named_by_the_user_is_used(tmp_path: Path) -> None:
    name = PACKAGES["5"]
    id_ = skeleton_id(name)
    plugin = copied(name, tmp_path / "p.so")
    package = copied(f"{name}.dwp", tmp_path / "elsewhere")
    assert isinstance(debug_of(plugin, (package,)).split_unit(id_, None, None), PackagedUnit)


def test_a_package_without_the_unit_is_named(tmp_path: Path) -> None:
    name = PACKAGES["5"]
    id_ = skeleton_id(name)
    plugin = copied(name, tmp_path / "p.so")
    package = copied(f"{name}.dwp", tmp_path / "p.so.dwp")
    unit = debug_of(plugin).split_unit(id_ ^ 1, "unit.dwo", None)
    assert isinstance(unit, Unseen)
    assert str(package) in unit.reason


def test_a_unit_beyond_its_packages_sections_is_damage(tmp_path: Path) -> None:
    name = PACKAGES["5"]
    id_ = skeleton_id(name)
    plugin = copied(name, tmp_path / "p.so")
    package = copied(f"{name}.dwp", tmp_path / "p.so.dwp")
    sections = ElfSections(ElfFile("p", package.read_bytes()))
    index = sections.section(".debug_cu_index")
    assert index is not None
    assert index.file_offset is not None
    # 16 bytes of header, 4 slots of 8 and 4 bytes, 5 columns; then the offsets of two units.
    at = index.file_offset + 16 + 4 * 12 + 4 * 5
    content = bytearray(package.read_bytes())
    content[at : at + 40] = b"\xff" * 40
    package.write_bytes(content)
    unit = debug_of(plugin).split_unit(id_, None, None)
    assert isinstance(unit, PackagedUnit)
    with pytest.raises(BinaryError):
        unit.section(".debug_info")
