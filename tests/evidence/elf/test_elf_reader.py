"""What the whole reader makes of committed plugins, and of what is no plugin."""

from __future__ import annotations

import pytest

from abicheck.errors import UnsupportedError
from abicheck.evidence.elf.reader import ElfEvidence, read_elf
from abicheck.model.evidence import Observed
from tests.conftest import ROOT, binary
from tests.evidence.elf.handmade import Plugin, build, patched
from tests.evidence.elf.opening import opened

MACHINES = sorted(path.parent.name for path in (ROOT / "fixtures/greeter").glob("*/*-good.so"))
DT_FLAGS_1, DT_DEBUG, DT_SONAME, PT_INTERP = 0x6FFFFFFB, 21, 14, 3


def greeter(machine: str) -> bytes:
    return binary(f"greeter/{machine}/libgreeter-good.so").read_bytes()


def without_section_headers(content: bytes) -> bytes:
    """Return an ELF file with e_shoff, e_shnum and e_shstrndx set to 0, as `sstrip` does."""
    if content[4] == 2:
        return patched(patched(content, 40, bytes(8)), 60, bytes(4))
    return patched(patched(content, 32, bytes(4)), 48, bytes(4))


def without_sections(evidence: ElfEvidence) -> list[tuple[object, ...]]:
    """Return what is known of each symbol, but for the name of its section."""
    return [
        (one.name, one.kind, one.address, one.size, one.binding, one.version, one.is_writable)
        for one in evidence.exports()
    ]


@pytest.mark.parametrize("machine", MACHINES)
def test_section_headers_play_no_part_in_dynamic_linking(machine: str) -> None:
    plain, bare = opened(greeter(machine)), opened(without_section_headers(greeter(machine)))
    assert bare.elf.sections == ()
    assert without_sections(bare) == without_sections(plain)
    assert bare.imports() == plain.imports()
    assert bare.target == plain.target
    assert bare.facts.needed == plain.facts.needed
    assert bare.facts.build_id == plain.facts.build_id


@pytest.mark.parametrize("machine", MACHINES)
def test_version_tag_is_read_on_every_machine(machine: str) -> None:
    evidence = opened(greeter(machine))
    symbol = evidence.find_export("GREETER_ABI_VERSION")
    assert symbol
    seen = evidence.memory.read(symbol.address, 4)
    assert isinstance(seen, Observed)
    assert seen.value in {b"\2\0\1\0", b"\0\1\0\2"}


@pytest.mark.parametrize(
    ("plugin", "is_plugin"),
    [
        pytest.param(Plugin(), True, id="library"),
        pytest.param(Plugin(dynamic=[(DT_FLAGS_1, 0x08000000)]), False, id="DF_1_PIE"),
        pytest.param(Plugin(dynamic=[(DT_FLAGS_1, 1)]), True, id="other flags"),
        pytest.param(
            Plugin(dynamic=[(DT_DEBUG, 0)], segments=[(PT_INTERP, 4, 0, 8)]), False, id="old PIE"
        ),
        pytest.param(
            Plugin(dynamic=[(DT_SONAME, 0), (DT_DEBUG, 0)], segments=[(PT_INTERP, 4, 0, 8)]),
            True,
            id="library that can be run",
        ),
        pytest.param(Plugin(segments=[(PT_INTERP, 4, 0, 8)]), True, id="interpreter alone"),
    ],
)
def test_position_independent_executables_are_told_from_libraries(
    plugin: Plugin, is_plugin: bool
) -> None:
    assert bool(read_elf("file", build(plugin), is_named=False)) is is_plugin


def test_library_with_an_interpreter_and_an_entry_point_is_a_plugin() -> None:
    content = bytearray(build(Plugin(segments=[(PT_INTERP, 4, 0, 8)])))
    content[24:32] = (0x4000).to_bytes(8, "little")  # e_entry
    assert read_elf("file", bytes(content), is_named=False)


def test_executable_that_is_named_is_an_error() -> None:
    program = build(Plugin(dynamic=[(DT_FLAGS_1, 0x08000000)]))
    with pytest.raises(UnsupportedError, match=r"file: is an executable \(PIE\), not a plugin"):
        read_elf("file", program)


def test_verifying_a_tag_reads_few_bytes() -> None:
    evidence = opened(greeter("x86_64-linux-gnu"))
    symbol = evidence.find_export("GREETER_ABI_VERSION")
    assert symbol
    evidence.memory.read(symbol.address, 4)
    assert evidence.counters.bytes <= 64
