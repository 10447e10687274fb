"""Wherever debug information lies and however it is packed, it says the same of a plugin."""

from __future__ import annotations

import shutil
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

import abicheck
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.elf.standard import SHF_COMPRESSED
from abicheck.model.evidence import Observed, Unseen
from abicheck.model.layout import FunctionLayout, UnknownLayout
from abicheck.model.report import Verdict
from tests.conftest import binary, contract
from tests.evidence.agreement import answer, differences, evidence_of

NAMES = ("Shape", "Point", "Tally", "Kind")
FORMS = (
    "zlib", "zlib-gnu", "zstd", "dwz", "sup", "package-4", "package", "split",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_another_form_says_what_plain_debug_information_says(form: str) -> None:
    if form == "zstd":
        pytest.importorskip("zstandard", reason="zstandard is not installed")
    plain = evidence_of(binary("debug/libpair.so"))
    other = evidence_of(binary(f"debug/libpair-{form}.so"))
    assert differences(plain, other, NAMES) == []


@pytest.mark.parametrize("form", ["zlib", "separate", "split", "split-4", "type-units"])
def test_a_greeter_is_the_same_in_every_form(form: str) -> None:
    name = "libgreeter-clang.so" if "split" in form else "libgreeter-good.so"
    plain = evidence_of(binary(f"greeter/{name}"))
    other = evidence_of(binary(f"greeter/libgreeter-{form}.so"))
    assert differences(plain, other, ["Greeter"]) == []


def test_a_fact_names_the_file_that_it_was_seen_in() -> None:
    evidence = evidence_of(binary("greeter/libgreeter-separate.so"))
    symbol = evidence.find_export("load_plugin")
    assert symbol is not None
    seen = answer(evidence, symbol)
    assert isinstance(seen, Observed)
    assert seen.origin.file == str(binary("greeter/libgreeter-separate.so.debug"))
    assert seen.origin.section == ".debug_info"


@pytest.mark.parametrize(
    ("plugin", "missing"),
    [
        ("debug/libpair-split.so", "pair-split-pair.dwo"),
        ("debug/libpair-package.so", "pair-package-pair.dwo"),
        ("debug/libpair-dwz.so", "libpair-shared.debug"),
        ("debug/libpair-sup.so", "libpair-shared-5.debug"),
        ("greeter/libgreeter-separate.so", "libgreeter-separate.so.debug"),
    ],
)
def test_a_missing_file_is_the_reason(plugin: str, missing: str, tmp_path: Path) -> None:
    alone = tmp_path / Path(plugin).name
    shutil.copy(binary(plugin), alone)
    evidence = evidence_of(alone)
    symbol = evidence.find_export("pair_visit") or evidence.find_export("free_greeter")
    assert symbol is not None
    seen = answer(evidence, symbol)
    reasons = repr(seen)
    if isinstance(seen, Observed):  # A shared type may be missing where the prototype is not.
        prototype = evidence.types.layout(seen.value)
        reasons = repr([evidence.types.layout(each) for each in prototype.parameters])  # type: ignore[union-attr]
    assert missing in reasons


def test_a_debug_file_of_another_build_proves_nothing(tmp_path: Path) -> None:
    stripped = tmp_path / "libgreeter-separate.so"
    shutil.copy(binary("greeter/libgreeter-separate.so"), stripped)
    other = binary("greeter/libgreeter-separate-field-inserted.so.debug")
    evidence = evidence_of(stripped, files=[other])
    symbol = evidence.find_export("load_plugin")
    assert symbol is not None
    seen = answer(evidence, symbol)
    assert isinstance(seen, Unseen)
    assert "is of another build" in seen.reason
    assert evidence.types.definitions("Greeter", ()) == ()


def with_bomb(section: str) -> bytes:
    """Replace a section of a sound plugin by 40 MiB in forty kilobytes."""
    content = bytearray(binary("debug/libpair.so").read_bytes())
    header = ElfFile("bomb.so", bytes(content)).section_named(section)
    assert header is not None
    compressor = zlib.compressobj(9)
    stream = b"".join(compressor.compress(b"\1" * (1 << 20)) for _ in range(40))
    stream += compressor.flush()
    start = len(content)
    content += struct.pack("<IIQQ", 1, 0, 40 << 20, 1) + stream
    # e_shoff is at 0x28; in a header, sh_flags is at 8, sh_offset and sh_size at 0x18.
    at = int.from_bytes(content[0x28:0x30], "little") + 64 * header.index
    struct.pack_into("<Q", content, at + 8, header.flags | SHF_COMPRESSED)
    struct.pack_into("<QQ", content, at + 0x18, start, len(content) - start)
    return bytes(content)


@pytest.mark.parametrize("section", [".debug_info", ".debug_abbrev", ".debug_str"])
def test_a_compression_bomb_is_unverified_and_costs_little(section: str, tmp_path: Path) -> None:
    plugin = tmp_path / "bomb.so"
    plugin.write_bytes(with_bomb(section))
    tracemalloc.start()
    evidence = evidence_of(plugin)
    for symbol in evidence.exports():
        seen = answer(evidence, symbol)
        layout = None if isinstance(seen, Unseen) else evidence.types.layout(seen.value)
        assert section == ".debug_str" or not isinstance(layout, FunctionLayout)
    assert all(
        isinstance(evidence.types.layout(each.value), UnknownLayout)
        for each in evidence.types.definitions("Tally", ())
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20


def test_a_name_is_not_settled_while_a_unit_is_missing(tmp_path: Path) -> None:
    """What the missing unit says of the same name may differ, and it is the one that exports."""
    for name in ("libpair-split.so", "pair-split-pair.dwo"):
        shutil.copy(binary(f"debug/{name}"), tmp_path / name)
    evidence = evidence_of(tmp_path / "libpair-split.so")
    symbol = evidence.find_export("pair_count")
    assert symbol is not None
    found = evidence.types.definitions("Shape", [symbol])
    layouts = [evidence.types.layout(each.value) for each in found]
    reasons = [each.reason for each in layouts if isinstance(each, UnknownLayout)]
    assert any("pair-split-pair_second.dwo" in reason for reason in reasons)


def test_a_refused_debug_file_is_noted_where_another_one_is_used() -> None:
    other = binary("greeter/libgreeter-separate-field-inserted.so.debug")
    report = abicheck.verify(
        str(binary("greeter/libgreeter-good.so")),
        str(contract("greeter")),
        debug_files=[str(other)],
    )
    assert report.verdict is Verdict.COMPATIBLE
    (note,) = report.plugins[0].notes
    assert str(other) in note
    assert "is of another build" in note


@pytest.mark.parametrize("form", ["dwz", "sup"])
def test_a_name_is_not_settled_while_shared_entries_are_missing(form: str, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin.so"
    shutil.copy(binary(f"debug/libpair-{form}.so"), plugin)
    evidence = evidence_of(plugin)
    for name in ("Shape", "Tally", "Absent"):
        found = [evidence.types.layout(each.value) for each in evidence.types.definitions(name, ())]
        reasons = [each.reason for each in found if isinstance(each, UnknownLayout)]
        assert any("libpair-shared" in reason for reason in reasons)
