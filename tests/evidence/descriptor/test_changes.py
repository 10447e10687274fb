"""Whatever changes in an interface is told of a stripped plugin, by its descriptor alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.model.contract import Platform, PluginRules
from abicheck.model.records import replace
from abicheck.model.report import MISMATCH, Verdict
from tests.evidence.descriptor.changes import Change, changes
from tests.evidence.descriptor.plugins import MACHINES, plugin_of
from tests.oracle.corpus import CASES, Case

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from abicheck.model.contract import Contract
    from abicheck.model.report import Report

WIDE = {"scalars", "rust-wide-values"}
"""Cases with integers of 128 bits, which 32-bit machines lack."""

DEPENDS_ON_ENVIRONMENT = {"flags", "scalars", "rust-wide-values"}
"""Cases that are not laid out for i386 while nothing shows the environment."""

ANONYMOUS = {"structs.Place", "unions.Body"}
"""Held as anonymous members alone: what changes in them is told of what holds them."""

QUICK_STEP = 6


def contract_of(case: Case, folder: Path) -> Contract:
    """Return what a case claims of types; its globs, tags and platform are another matter."""
    file = folder / "contract.toml"
    file.write_text(case.contract_text(case.all_changes()[0]))
    contract = abicheck.parse_contract(file)
    exports = tuple(
        each
        for each in contract.exports
        if not (each.is_glob or each.is_forbidden or each.symbol_version)
    )
    return replace(
        contract, exports=exports, tags=(), choices=(), imports=None, plugin=PluginRules(),
        platform=Platform(),
    )  # fmt: skip


def wrongs(contract: Contract, machine: str, file: Path, step: int = 1) -> Iterator[str]:
    """Yield each change that is not judged as it must be."""
    for change in list(changes(contract))[::step]:
        file.write_bytes(plugin_of(change.contract, machine, contract))
        wrong = _wrong(change, abicheck.verify(file, contract))
        if wrong:
            yield f"{change.name}: {wrong}"


def _wrong(change: Change, report: Report) -> str:
    told = [claim.subject for claim in report.claims if claim.status == MISMATCH]
    if change.subject is None:
        return "" if report.verdict == Verdict.COMPATIBLE else f"{report.verdict}: {told}"
    subject = change.subject
    if report.verdict != Verdict.INCOMPATIBLE:
        return f"missed: {report.verdict}"
    is_named = any(each == subject or each.startswith(f"{subject}.") for each in told)
    return "" if is_named or subject in ANONYMOUS else f"told of {told}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_change_is_told_and_nothing_else(case: Case, tmp_path: Path) -> None:
    contract = contract_of(case, tmp_path)
    assert list(wrongs(contract, "x86_64", tmp_path / "plugin.so", QUICK_STEP)) == []


@pytest.mark.long
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_change_is_told_on_every_machine(case: Case, machine: str, tmp_path: Path) -> None:
    is_narrow = machine in {"i386", "arm", "mips"}
    if (is_narrow and case.name in WIDE) or (
        machine == "i386" and case.name in DEPENDS_ON_ENVIRONMENT
    ):
        return  # Such a contract holds on no such machine.
    contract = contract_of(case, tmp_path)
    assert list(wrongs(contract, machine, tmp_path / "plugin.so")) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plugin_of_the_same_contract_is_compatible(case: Case, tmp_path: Path) -> None:
    contract = contract_of(case, tmp_path)
    file = tmp_path / "plugin.so"
    file.write_bytes(plugin_of(contract))
    assert abicheck.verify(file, contract).verdict == Verdict.COMPATIBLE
