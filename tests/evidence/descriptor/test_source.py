"""Descriptors that compilers filled in, read from stripped plugins for six machines."""

from __future__ import annotations

import shutil
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import NoteSection

import abicheck
from abicheck.evidence import read_plugin
from abicheck.evidence.descriptor.records import Build, ExportRecord, StructRecord, read_descriptor
from abicheck.evidence.descriptor.vocabulary import lay_out_scalar
from abicheck.layout import facts_for, known_targets
from abicheck.model.evidence import Unseen
from abicheck.model.layout import PointerLayout, ScalarLayout
from abicheck.model.report import MISMATCH, UNVERIFIED, Verdict
from abicheck.model.types import SCALARS
from tests.conftest import ROOT, binary
from tests.evidence.descriptor.dump import dump
from tests.evidence.descriptor.encoder import header, record

if TYPE_CHECKING:
    from pathlib import Path

    from abicheck.evidence.descriptor import DescriptorTypes
    from abicheck.evidence.elf.reader import ElfEvidence
    from abicheck.model.target import Target

GREETER = ROOT / "schemas" / "greeter.toml"
EVERYTHING = ROOT / "fixtures" / "descriptor" / "everything.toml"
TARGETS = (
    "x86_64-linux-gnu", "i386-linux-gnu", "aarch64-linux-gnu", "arm-linux-gnueabihf",
    "s390x-linux-gnu", "mips-linux-gnu",
)  # fmt: skip


def evidence_of(name: str) -> ElfEvidence:
    (found,) = read_plugin(str(binary(f"descriptor/bin/{name}")))
    return found  # type: ignore[return-value]


def descriptor_of(evidence: ElfEvidence) -> DescriptorTypes:
    assert evidence.descriptor is not None
    return evidence.descriptor


def content_of(evidence: ElfEvidence) -> bytes:
    note = next(each for each in evidence.elf.notes() if each.name == b"abicheck")
    return evidence.elf.read(note.file_offset, note.size)


@pytest.mark.parametrize("target", TARGETS)
def test_stripped_plugin_with_a_descriptor_is_proved_to_the_last_claim(target: str) -> None:
    for stem, schema in (("greeter", GREETER), ("everything", EVERYTHING)):
        report = abicheck.verify(binary(f"descriptor/bin/{target}/lib{stem}.so"), schema)
        assert report.verdict == Verdict.COMPATIBLE
        assert [claim for claim in report.claims if claim.status == UNVERIFIED] == []


@pytest.mark.parametrize("target", TARGETS)
def test_second_reader_reads_the_same(target: str) -> None:
    evidence = evidence_of(f"{target}/libeverything.so")
    said, dumped = descriptor_of(evidence).said, dump(content_of(evidence))
    assert said is not None
    assert (said.contract, said.version) == dumped["contract"][:2]
    for name, about in dumped["types"].items():
        mine = said.types[name]
        assert mine.size == about[1] if about[0] in {"struct", "union", "opaque"} else True
        if isinstance(mine, StructRecord):
            assert [_field(each) for each in mine.fields] == about[-1]
    for name, (kind, bound, *rest) in dumped["exports"].items():
        export = said.exports[name, kind == 10]
        assert _export(export) == (bound, *rest)


def _field(field: object) -> tuple[object, ...]:
    name, type_, offset, size, kind, agreement, bits, free = (
        getattr(field, each)
        for each in ("name", "type", "offset", "size", "kind", "agreement", "bits", "free")
    )
    if bits is not None:
        return (name or "", type_, *bits)
    return (name or "", type_, offset, size, kind, agreement, free or "")


def _export(export: ExportRecord) -> tuple[object, ...]:
    if export.is_data:
        return export.agreement, export.size, f"static {export.type}", ""
    return export.agreement, export.type, export.free or ""


@pytest.mark.parametrize("target", TARGETS)
def test_pyelftools_finds_the_same_note(target: str) -> None:
    evidence = evidence_of(f"{target}/libeverything.so")
    with binary(f"descriptor/bin/{target}/libeverything.so").open("rb") as file:
        section = ELFFile(file).get_section_by_name(".note.abicheck")
        assert isinstance(section, NoteSection)
        (note,) = list(section.iter_notes())
    assert (note["n_name"], note["n_descsz"]) == ("abicheck", len(content_of(evidence)))
    assert note["n_offset"] + 24 == next(
        each.file_offset for each in evidence.elf.notes() if each.name == b"abicheck"
    )


def test_descriptor_is_found_where_section_headers_are_removed(tmp_path: Path) -> None:
    content = bytearray(binary("descriptor/bin/libgreeter.so").read_bytes())
    struct.pack_into("<Q", content, 40, 0)  # e_shoff
    struct.pack_into("<HHH", content, 58, 0, 0, 0)
    plugin = tmp_path / "plugin.so"
    plugin.write_bytes(content)
    assert abicheck.verify(plugin, GREETER).verdict == Verdict.COMPATIBLE


def test_section_without_a_note_in_it_is_a_descriptor_that_cannot_be_used(tmp_path: Path) -> None:
    content = binary("descriptor/bin/libgreeter.so").read_bytes()
    plugin = tmp_path / "plugin.so"
    plugin.write_bytes(content.replace(b"abicheck\0\0\0\0", b"abicheque\0\0\0"))
    report = abicheck.verify(plugin, GREETER)
    assert report.verdict == Verdict.UNVERIFIED
    assert any("descriptor cannot be used" in (claim.reason or "") for claim in report.claims)


def test_edited_header_is_told_by_its_measured_numbers() -> None:
    report = abicheck.verify(binary("descriptor/bin/libgreeter-edited.so"), GREETER)
    assert report.verdict == Verdict.INCOMPATIBLE
    told = {claim.subject for claim in report.claims if claim.status == MISMATCH}
    assert told == {"structs.Greeter", "structs.Greeter.greet"}


def test_every_claim_of_a_descriptor_says_where_in_the_file() -> None:
    plugin = binary("descriptor/bin/libgreeter.so")
    content = plugin.read_bytes()
    for claim in abicheck.verify(plugin, GREETER).claims:
        if claim.evidence == "descriptor":
            assert claim.origin is not None
            assert claim.origin.section == ".note.abicheck"
            at = claim.origin.file_offset or 0
            name = claim.subject.rpartition(".")[2].encode()
            length = struct.unpack_from("<H", content, at)[0]
            assert name in content[at : at + length]


def test_prototype_that_no_compiler_compared_is_unverified(tmp_path: Path) -> None:
    content = bytearray(binary("descriptor/bin/libgreeter.so").read_bytes())
    at = content.index(b"load_plugin\0fn()")
    for found, words in ((0, "no compiler compared"), (2, "compiled under another prototype")):
        content[at - 9] = found
        plugin = tmp_path / "plugin.so"
        plugin.write_bytes(content)
        report = abicheck.verify(plugin, GREETER)
        assert report.verdict == Verdict.UNVERIFIED
        (claim,) = [each for each in report.claims if each.claim == "signature" and each.reason]
        assert words in (claim.reason or "")


# Types alone.


def types_of(target: Target, *fields: bytes, size: int = 8) -> DescriptorTypes:
    from abicheck.evidence.descriptor import DescriptorTypes  # noqa: PLC0415

    whole = record(2, struct.pack("<IIQHB", size, 8, 0, len(fields), 0), "S")
    first = record(1, struct.pack("<QH", 0, 1 + len(fields)), "c", "1.0", "")
    content = header(target) + first + whole + b"".join(fields)
    return DescriptorTypes("plugin.so", content, [(0, len(content))], target)


LINUX = next(each for each in known_targets() if str(each) == "x86_64-linux-gnu")


def field(text: str, size: int, kind: int, agreement: int = 1) -> bytes:
    return record(5, struct.pack("<IIBBQ", 0, size, kind, agreement, 0), "f", text, "")


@pytest.mark.parametrize(
    ("text", "size", "kind", "agreement", "found"),
    [
        ("u32", 4, 1, 1, "u32"),
        ("u32", 4, 4, 2, "f32"),
        ("u32", 4, 2, 2, "i32"),
        ("u32", 8, 1, 2, "u64"),
        ("u32", 4, 1, 2, "u32"),
        ("c_char", 1, 2, 1, "c_char"),
        ("c_char", 1, 1, 1, "c_char"),
        ("u8", 1, 3, 2, "bool"),
        ("u32", 4, 0, 1, "u32"),
        ("*const u8", 8, 5, 2, "another type than *const u8"),
        ("*const u8", 8, 6, 2, "a pointer to a function of 8 bytes"),
        ("fn()", 8, 6, 2, "another type than fn()"),
        ("[u8; 4]", 4, 17, 1, "[u8; 4]"),
        ("[u8; 4]", 8, 17, 2, "an array of unsigned integers of 8 bytes"),
        ("[u8; 4]", 4, 20, 2, "an array of floating-point numbers of 4 bytes"),
        ("S", 8, 7, 1, "S"),
        ("S", 4, 7, 2, "a struct or union of 4 bytes"),
        ("c_longdouble", 16, 4, 1, "f128"),
        ("wchar_t", 2, 1, 1, "u16"),
        ("va_list", 24, 23, 1, "*__va_list_tag"),
    ],
)
def test_what_was_measured_goes_before_what_is_declared(
    text: str, size: int, kind: int, agreement: int, found: str
) -> None:
    from abicheck.rules.describe import describe  # noqa: PLC0415

    types = types_of(LINUX, field(text, size, kind, agreement))
    (only,) = types.layout("S").fields  # type: ignore[union-attr]
    assert describe(types, only.type) == found


def test_field_whose_kind_nobody_measured_is_not_proved() -> None:
    from abicheck.rules.describe import describe  # noqa: PLC0415

    types = types_of(LINUX, field("u32", 4, 0, 0))
    (only,) = types.layout("S").fields  # type: ignore[union-attr]
    assert describe(types, only.type).startswith("? (")


@pytest.mark.parametrize("target", known_targets(), ids=str)
def test_scalars_come_to_what_the_contract_computes(target: Target) -> None:
    facts = facts_for(target)
    content = header(target, facts.scalars["c_longdouble"][1]) + record(
        1, struct.pack("<QH", 0, 0), "c", "1.0", ""
    )
    build = Build(target.byte_order, target.bits // 8)
    said = read_descriptor("plugin.so", content, (0, len(content)), build)
    for name in SCALARS - {"va_list"}:
        layout = lay_out_scalar(name, said, target)
        if name in facts.scalars:
            assert isinstance(layout, ScalarLayout)
            assert (layout.kind, layout.size) == facts.scalars[name], name


@pytest.mark.parametrize("target", known_targets(), ids=str)
def test_va_list_is_a_pointer_where_the_contract_makes_it_one(target: Target) -> None:
    content = header(target) + record(1, struct.pack("<QH", 0, 0), "c", "1.0", "")
    build = Build(target.byte_order, target.bits // 8)
    said = read_descriptor("plugin.so", content, (0, len(content)), build)
    layout = lay_out_scalar("va_list", said, target)
    is_structure = facts_for(target).va_list == "__va_list"
    assert isinstance(layout, PointerLayout) != is_structure


def test_plugin_without_a_descriptor_says_nothing_of_one() -> None:
    evidence = read_plugin(str(binary("greeter/libgreeter-stripped.so")))[0]
    assert evidence.descriptor is None  # type: ignore[attr-defined]
    assert isinstance(evidence.types.function(evidence.exports()[0]), Unseen)


@pytest.mark.oracle
@pytest.mark.parametrize("target", TARGETS)
def test_readelf_finds_the_same_note(target: str) -> None:
    tool = shutil.which("readelf")
    if tool is None:
        pytest.skip("readelf is not here")
    evidence = evidence_of(f"{target}/libeverything.so")
    printed = subprocess.run(
        [tool, "-x", ".note.abicheck", str(binary(f"descriptor/bin/{target}/libeverything.so"))],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    shown = "".join(
        "".join(line[13:49].split()) for line in printed.splitlines() if line.startswith("  0x")
    )
    assert bytes.fromhex(shown)[24:].startswith(content_of(evidence))
