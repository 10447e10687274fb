"""The ELF reader against pyelftools, on every fixture and on the libraries of this system."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from elftools.elf.dynamic import DynamicSection, DynamicTag
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection, GNUVerSymSection
from elftools.elf.relocation import RelocationSection, RelrRelocationSection
from elftools.elf.sections import NoteSection, Symbol, SymbolTableSection

from abicheck.errors import AbicheckError
from abicheck.evidence import read_plugin
from abicheck.evidence.elf.reader import ElfEvidence
from tests.conftest import ROOT

KINDS = {
    "STT_FUNC": "function", "STT_OBJECT": "data", "STT_COMMON": "data", "STT_NOTYPE": "unknown",
    "STT_TLS": "thread-local data", "STT_LOOS": "IFUNC", "STT_GNU_IFUNC": "IFUNC",
}  # fmt: skip
SPECIAL_VERSIONS: dict[str | int, int] = {"VER_NDX_LOCAL": 0, "VER_NDX_GLOBAL": 1}
BINDINGS = {"STB_GLOBAL": "global", "STB_WEAK": "weak", "STB_LOOS": "unique"}

FIXTURES = sorted((ROOT / "fixtures").rglob("*.so"))
SYSTEM = [
    path
    for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")
    if Path(folder).is_dir()
    for path in sorted(Path(folder).rglob("*.so*"))
    if path.is_file() and not path.is_symlink() and path.stat().st_size < 4 << 20
]


def opened(path: Path) -> ElfEvidence:
    try:
        found = read_plugin(str(path), is_named=False)
    except AbicheckError as error:
        pytest.skip(str(error))
    if not found:
        pytest.skip("no plugin")
    (evidence,) = found
    assert isinstance(evidence, ElfEvidence)
    return evidence


@pytest.mark.parametrize(
    "path", FIXTURES, ids=lambda path: str(path.relative_to(ROOT / "fixtures"))
)
def test_fixtures(path: Path) -> None:
    compare(path)


@pytest.mark.oracle
@pytest.mark.skipif(not SYSTEM, reason="no folder of system libraries is known here")
def test_system_libraries() -> None:
    chosen = random.Random(1).sample(SYSTEM, min(60, len(SYSTEM)))
    for path in chosen:
        try:
            compare(path)
        except pytest.skip.Exception:
            continue


def compare(path: Path) -> None:
    evidence = opened(path)
    with path.open("rb") as stream:
        other = ELFFile(stream)
        compare_symbols(evidence, other)
        compare_dynamic(evidence, other)
        compare_relocations(evidence, other)


def compare_symbols(evidence: ElfEvidence, other: ELFFile) -> None:
    table = other.get_section_by_name(".dynsym")
    if not isinstance(table, SymbolTableSection):
        return
    numbers, versions = other.get_section_by_name(".gnu.version"), definitions(other)
    expected, imported = set(), set()
    for index, symbol in enumerate(table.iter_symbols()):
        if symbol["st_shndx"] == "SHN_UNDEF":
            imported |= {symbol.name} - {""}
        elif is_offered(symbol, versions):
            ndx = 1
            if isinstance(numbers, GNUVerSymSection):
                ndx = numbers.get_symbol(index)["ndx"]
            number = SPECIAL_VERSIONS.get(ndx, ndx)
            expected.add((
                symbol.name, versions.get(number & 0x7FFF), number < 0x8000,
                KINDS[symbol["st_info"]["type"]], BINDINGS[symbol["st_info"]["bind"]],
                symbol["st_size"],
            ))  # fmt: skip
    exports = evidence.exports()
    assert {
        (one.name, one.version, one.is_default_version, one.kind, one.binding, one.size)
        for one in exports
    } == expected
    assert {one.name for one in evidence.imports()} == imported
    check_lookups(evidence)


def is_offered(symbol: Symbol, versions: dict[int, str]) -> bool:
    info, section = symbol["st_info"], symbol["st_shndx"]
    return (
        info["bind"] in BINDINGS
        and info["type"] in KINDS
        and symbol["st_other"]["visibility"] in {"STV_DEFAULT", "STV_PROTECTED"}
        and not (section == "SHN_ABS" and symbol.name in versions.values())
        and (symbol["st_value"] or section == "SHN_ABS" or info["type"] == "STT_TLS")
    )


def check_lookups(evidence: ElfEvidence) -> None:
    for one in evidence.exports()[:50]:
        if one.is_default_version:
            found = evidence.find_export(one.name)
            assert found is not None
            assert found.name == one.name
        if one.version is not None:
            assert evidence.find_export(one.name, one.version) == one


def definitions(other: ELFFile) -> dict[int, str]:
    section = other.get_section_by_name(".gnu.version_d")
    if not isinstance(section, GNUVerDefSection):
        return {}
    return {
        version["vd_ndx"]: next(iter(names)).name
        for version, names in section.iter_versions()
        if not version["vd_flags"] & 1
    }


def compare_dynamic(evidence: ElfEvidence, other: ELFFile) -> None:
    section = other.get_section_by_name(".dynamic")
    assert isinstance(section, DynamicSection)
    tags = list(section.iter_tags())
    facts = evidence.facts
    assert facts.needed == texts(tags, "DT_NEEDED", "needed")
    assert (facts.soname,) == (texts(tags, "DT_SONAME", "soname") or (None,))
    needs = other.get_section_by_name(".gnu.version_r")
    expected = set()
    if isinstance(needs, GNUVerNeedSection):
        for need, versions in needs.iter_versions():
            expected |= {(need.name, version.name, version["vna_flags"]) for version in versions}
    found = {(one.library, one.version, 2 * one.is_weak) for one in facts.versions_needed}
    assert {(library, version) for library, version, _ in found} == {
        (library, version) for library, version, _ in expected
    }
    assert set(facts.versions_defined) == set(definitions(other).values())
    build_id = other.get_section_by_name(".note.gnu.build-id")
    if isinstance(build_id, NoteSection):
        assert facts.build_id == next(build_id.iter_notes())["n_desc"]


def texts(tags: list[DynamicTag], tag: str, attribute: str) -> tuple[str, ...]:
    """Return an attribute that pyelftools gives to entries of one tag alone."""
    return tuple(getattr(one, attribute) for one in tags if one.entry.d_tag == tag)


def compare_relocations(evidence: ElfEvidence, other: ELFFile) -> None:
    """Compare the addresses that relocations touch, and their number."""
    expected: list[int] = []
    for section in other.iter_sections():
        if not section["sh_flags"] & 2:
            continue
        if isinstance(section, RelrRelocationSection):
            expected += [one["r_offset"] for one in section.iter_relocations()]
        elif isinstance(section, RelocationSection):
            expected += [
                one["r_offset"] for one in section.iter_relocations() if one["r_info_type"]
            ]
    found = evidence.memory.relocations.touching(0, 1 << 63)
    assert sorted(one.address for one in found) == sorted(expected)
