"""Plugins built by compilers with generated headers: what their descriptors lead to.

The contracts and what changes in them are those of the corpus. A plugin built under a
changed contract, stripped, is held to the old one; an unstripped one must agree with itself.
"""

from __future__ import annotations

import itertools
import re
import shutil
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.errors import GenerationError
from abicheck.evidence import read_plugin
from abicheck.model.report import MISMATCH, OK, UNVERIFIED, Verdict
from tests.conftest import ROOT
from tests.evidence.descriptor.changes import Change, changes
from tests.evidence.descriptor.encoder import encode, note, with_note
from tests.evidence.descriptor.test_changes import ANONYMOUS
from tests.oracle.corpus import CASES, Case
from tests.oracle.corpus.variants import QUICK, available, fits
from tests.oracle.corpus.variants import build as build_case
from tests.oracle.generated_plugins import (
    BuildError,
    build,
    build_rust,
    contract_of,
    definitions,
    header_of,
    stubs,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from abicheck.model.contract import Contract

pytestmark = pytest.mark.oracle

EVERYTHING = ROOT / "fixtures" / "descriptor" / "everything.toml"
STRIPPED = "gcc -O1 -s"
DESCRIBED = ("gcc -g -O0", "clang -g -O2")
SAMPLE = 45
CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def needs(compiler: str) -> str:
    tool = compiler.split(maxsplit=1)[0]
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not here")
    return compiler


@CASE
def test_stripped_plugin_of_the_same_contract_is_compatible(case: Case, tmp_path: Path) -> None:
    contract = contract_of(case, tmp_path)
    plugin = build(tmp_path / "it", header_of(contract), stubs(contract), needs(STRIPPED))
    assert abicheck.verify(plugin, contract).verdict == Verdict.COMPATIBLE


@pytest.mark.parametrize("compiler", DESCRIBED)
@CASE
def test_descriptor_and_debug_information_agree(case: Case, compiler: str, tmp_path: Path) -> None:
    contract = contract_of(case, tmp_path)
    header = header_of(contract)
    plugin = build(tmp_path / "it", header, definitions(contract, header[1]), needs(compiler))
    report = abicheck.verify(plugin, contract)
    assert report.verdict == Verdict.COMPATIBLE
    agreed = [claim for claim in report.claims if claim.rule == "evidence-conflict"]
    assert agreed or not contract.exports
    assert {claim.status for claim in agreed} <= {OK}
    assert [claim for claim in report.claims if claim.status == UNVERIFIED] == []


def sampled(contract: Contract, step: int) -> Iterator[Change]:
    return iter(list(changes(contract))[step // 2 :: step])


def judge(contract: Contract, change: Change, folder: Path) -> str:
    """Build a plugin under a change; return what is wrong with the verdict, or ""."""
    try:
        header = header_of(change.contract)
        plugin = build(folder, header, stubs(change.contract), STRIPPED)
    except (GenerationError, BuildError):
        return ""  # C has no such plugin.
    report = abicheck.verify(plugin, contract)
    told = [claim.subject for claim in report.claims if claim.status == MISMATCH]
    if change.subject is None:
        return "" if report.verdict == Verdict.COMPATIBLE else f"{report.verdict}: {told}"
    if report.verdict != Verdict.INCOMPATIBLE:
        return f"missed: {report.verdict}"
    subject = change.subject
    is_named = any(each == subject or each.startswith(f"{subject}.") for each in told)
    return "" if is_named or subject in ANONYMOUS else f"told of {told}"


def wrongs(case: Case, folder: Path, step: int) -> dict[str, str]:
    contract = contract_of(case, folder)
    found = {each.name: judge(contract, each, folder / "it") for each in sampled(contract, step)}
    return {name: wrong for name, wrong in found.items() if wrong}


@CASE
def test_changes_are_told_of_stripped_plugins(case: Case, tmp_path: Path) -> None:
    needs(STRIPPED)
    assert wrongs(case, tmp_path, SAMPLE) == {}


@pytest.mark.long
@CASE
def test_every_change_is_told_of_a_stripped_plugin(case: Case, tmp_path: Path) -> None:
    needs(STRIPPED)
    assert wrongs(case, tmp_path, 1) == {}


# Headers that somebody edited: what the descriptor declares is no longer what is compiled.

EDITS = {
    "uint32_t": "float", "int32_t": "uint32_t", "uint64_t": "double", "double": "uint64_t",
    "float": "uint32_t", "int64_t": "uint64_t", "uint16_t": "int16_t", "uint8_t": "int8_t",
}  # fmt: skip


def edits(header: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each field that is edited and the header it is edited in."""
    body = re.search(r"^struct Record \{$.*?^\};$", header, re.MULTILINE | re.DOTALL)
    assert body is not None
    for line in re.findall(r"^    .*;.*$", body[0], re.MULTILINE):
        declared = re.match(r"    (\w+) (\w+)(\[\d+\])?;", line)
        if declared and declared[1] in EDITS:
            yield (
                declared[2],
                header.replace(line, line.replace(declared[1], EDITS[declared[1]], 1)),
            )
    yield "context", header.replace("    void *context;", "    void (*context)(void);")
    yield "step", re.sub(r"(\(\*step\)\(void \*), int", r"\1, long", header)
    yield "name", header.replace("const char *name;", "const float *name;")
    yield "mark", header.replace("char mark[16]", "char mark[12]")


@pytest.mark.parametrize("compiler", ["gcc -O1 -s", "clang -O2 -s", "g++ -x c++ -s"])
def test_edited_field_is_named(compiler: str, tmp_path: Path) -> None:
    case = next(each for each in CASES if each.name == "record")
    contract = contract_of(case, tmp_path)
    name, header = header_of(contract)
    asserts = f"#define {contract.name.upper()}_WITHOUT_ASSERTIONS\n"
    told = {}
    for field, edited in edits(header):
        assert edited != header, field
        plugin = build(tmp_path / field, (name, asserts + edited), stubs(contract), needs(compiler))
        report = abicheck.verify(plugin, contract)
        told[field] = {claim.subject for claim in report.claims if claim.status == MISMATCH}
    assert len(told) > 8
    missed = {
        field for field, subjects in told.items() if f"structs.Record.{field}" not in subjects
    }
    assert missed == set()


@pytest.mark.parametrize(
    "compiler",
    [
        "gcc -std=c99 -s", "gcc -std=c11 -pedantic -s", "gcc -O2 -flto -s",
        "clang -O2 -flto -fuse-ld=lld -s", "clang -std=c2x -s", "g++ -x c++ -std=c++11 -s",
        "clang++ -x c++ -std=c++20 -s", "gcc -O2 -ffunction-sections -Wl,--gc-sections -s",
        "gcc -fvisibility=hidden -s",
    ],
)  # fmt: skip
def test_however_it_is_built_the_plugin_stays_compatible(compiler: str, tmp_path: Path) -> None:
    contract = abicheck.parse_contract(EVERYTHING)
    plugin = build(tmp_path / "it", header_of(contract), stubs(contract), needs(compiler))
    report = abicheck.verify(plugin, contract)
    assert report.verdict == Verdict.COMPATIBLE


@pytest.mark.parametrize("flag", ["-fpack-struct", "-fpack-struct=4", "-fpack-struct=2"])
def test_flag_that_changes_the_layout_shows(flag: str, tmp_path: Path) -> None:
    contract = abicheck.parse_contract(EVERYTHING)
    name, header = header_of(contract)
    asserts = f"#define {contract.name.upper()}_WITHOUT_ASSERTIONS\n"
    compiler = needs(f"gcc -s {flag}")
    plugin = build(tmp_path / "it", (name, asserts + header), stubs(contract), compiler)
    report = abicheck.verify(plugin, contract)
    told = {claim.subject for claim in report.claims if claim.status == MISMATCH}
    assert "structs.Plugin.ratio" in told


IN_RUST = (
    "record", "nested", "anonymous", "scalars", "union", "negative-enum", "bit-fields", "bool-bits",
    "packed-bits", "transparent", "nullable",
)  # fmt: skip


@pytest.mark.parametrize("flags", ["-O -C strip=symbols", "-g"], ids=["stripped", "debug"])
@pytest.mark.parametrize("name", IN_RUST)
def test_rust_module_of_the_same_contract_is_compatible(
    name: str, flags: str, tmp_path: Path
) -> None:
    needs("rustc")
    contract = contract_of(next(each for each in CASES if each.name == name), tmp_path)
    report = abicheck.verify(build_rust(tmp_path / "it", contract, flags), contract)
    assert report.verdict == Verdict.COMPATIBLE
    conflicts = [claim for claim in report.claims if claim.rule == "evidence-conflict"]
    assert {claim.status for claim in conflicts} == ({OK} if flags == "-g" else set())


# A descriptor of the sound contract in every plugin of the corpus: true in some, false in others.

BESIDE = {"separate-files"}
"""Cases whose debug information lies beside the plugin, where a copy does not find it."""


@CASE
def test_no_descriptor_hides_or_alarms_beside_debug_information(case: Case, tmp_path: Path) -> None:
    if case.name in BESIDE:
        return
    stated = contract_of(case, tmp_path)
    wrong = {}
    for change, variant in itertools.product(case.all_changes(), QUICK):
        if change.contract or not variant.has_types or not fits(case, change, variant):
            continue
        if not available(variant):
            continue
        plugin, schema = build_case(case, change, variant)
        without = abicheck.verify(plugin, schema).verdict
        if without in {Verdict.COMPATIBLE, Verdict.INCOMPATIBLE}:
            with_one = abicheck.verify(_stating(stated, plugin, tmp_path), schema).verdict
            if with_one != without:
                wrong[f"{change.name} [{variant.name}]"] = f"{without} -> {with_one}"
    assert wrong == {}


def _stating(contract: Contract, plugin: Path, folder: Path) -> Path:
    """Return a copy of a plugin with a descriptor in it, if it has room for a note."""
    content = plugin.read_bytes()
    target = read_plugin(str(plugin))[0].target
    stated = note(encode(contract, target), target.byte_order)
    copy = folder / plugin.name
    try:
        copy.write_bytes(with_note(content, stated))
    except AssertionError:  # No PT_NOTE that could lead to it.
        copy.write_bytes(content)
    return copy
