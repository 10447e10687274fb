"""Who asks about many exports gets the answers that each alone would get, without their price."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from abicheck.evidence.dwarf import exports, mentions, names
from abicheck.evidence.dwarf.mentions import are_looked_for, mentioned
from abicheck.evidence.dwarf.regions import Region
from abicheck.evidence.dwarf.source import DwarfTypes
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.files import open_bytes
from abicheck.evidence.sections import PlainBytes
from tests.conftest import ROOT, binary
from tests.evidence.dwarf.spelled import Plugin

if TYPE_CHECKING:
    from pathlib import Path

PLUGINS = sorted(
    str(path.relative_to(ROOT / "fixtures"))
    for folder in ("dwarf", "debug")
    for path in (ROOT / "fixtures" / folder).glob("*.so")
)


def open_for_many(file: Path) -> Plugin:
    """Open a plugin's types as `inspect` does: with the names of all exports."""
    from abicheck.evidence.debug_information import DebugInformation  # noqa: PLC0415

    plugin = Plugin(file)
    elf = ElfFile(str(file), open_bytes(str(file)))
    debug = DebugInformation(elf)
    plugin.types = DwarfTypes(elf, debug, lambda: sorted(plugin.symbols))
    return plugin


@pytest.mark.parametrize("name", PLUGINS)
def test_answers_do_not_depend_on_how_many_were_asked_before(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = Plugin(binary(name))
    expected = {each: alone.export(each) for each in alone.symbols}
    monkeypatch.setattr(exports, "WORTH_A_WALK", 0)
    monkeypatch.setattr(names, "WORTH_ONE_PASS", 0)
    monkeypatch.setattr(names, "WORTH_INFLATING", 0)
    many = open_for_many(binary(name))
    assert {each: many.export(each) for each in many.symbols} == expected


def region(content: bytes) -> Region:
    """Return a section that holds `content`."""
    return Region(PlainBytes(content, file="x", name=".x", file_offset=0, size=len(content)))


@pytest.mark.parametrize(
    ("content", "is_there"),
    [
        (b"first_name\0second_name\0", True),
        (b"a_second_name\0", True),  # Linkers let a string be the tail of another one.
        (b"\xff\x01second_name\0\x02", True),
        (b"second_name", False),
        (b"second_nam\0e\0", False),
        (b"second_names\0", False),
        (b"Second_name\0", False),
        (b"", False),
    ],
)
def test_name_is_mentioned_where_it_stands_before_a_nul(content: bytes, *, is_there: bool) -> None:
    found = mentioned(region(content), frozenset({"second_name", "another_name"}))
    assert found == ({"second_name"} if is_there else set())


@pytest.mark.parametrize("begin", range(50, 70))
def test_name_across_windows_is_mentioned(begin: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mentions, "WINDOW", 64)
    content = b"\1" * begin + b"second_name\0" + b"\1" * 80
    assert mentioned(region(content), frozenset({"second_name"})) == {"second_name"}


def test_names_that_are_not_looked_for_are_never_called_absent() -> None:
    odd = {"short", "größer_als_ascii", "with a space", "x" * 5000}
    assert are_looked_for({*odd, "long_enough"}) == {"long_enough"}


def test_second_question_about_a_scope_gives_the_same_scopes() -> None:
    file = binary("greeter/libgreeter-rust-std.so")
    plugin = Plugin(file)
    types = [each.value for each in plugin.types.definitions("Greeter", [])]
    fresh = [Plugin(file).types.wording(each).scopes for each in types]
    kept = [plugin.types.wording(each).scopes for each in (*types, *types, *types)]
    assert kept == [*fresh, *fresh, *fresh]
    assert ("greeter_plugin",) in fresh


def test_section_at_the_end_of_a_mapping_is_gone_through(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"second_name\0" * 10_000)  # Not whole pages, and too many to be copied.
    buffer = open_bytes(str(file))
    at = len(buffer) - len(b"second_name\0")
    section = PlainBytes(buffer, file="x", name=".x", file_offset=at, size=len(buffer) - at)
    assert mentioned(Region(section), frozenset({"second_name"})) == {"second_name"}
