"""The greeter, in every form in which it is committed, ends in the verdict that is true of it."""

from __future__ import annotations

import pytest

import abicheck
from abicheck.model.report import Verdict
from tests.conftest import ROOT, binary, contract

GREETER = ROOT / "fixtures" / "greeter"
MACHINES = sorted(folder.name for folder in GREETER.iterdir() if folder.is_dir())

COMPATIBLE = [
    "good",
    "clang",
    "dwarf2",
    "dwarf3",
    "dwarf4",
    "dwarf64",
    "type-units",
    "type-units-4",
    "zlib",
    "lto",
    "clang-lto",
    "separate",
    "split",
    "split-4",
    "rust",
    "rust-lto",
    "rust-std",
]
INCOMPATIBLE = [
    "bad",
    "field-inserted",
    "missing-export",
    "other-version",
    "changed-signature",
    "clang-field-inserted",
    "separate-field-inserted",
    "other-version-stripped",
    "rust-field-inserted",
    "rust-missing-export",
    "rust-other-version",
    "rust-changed-signature",
]
UNVERIFIED = [
    "stripped",
    "field-inserted-stripped",
    "no-debug",
    "g1",
    "clang-g1",
    "rust-release",
    "rust-stripped",
    "rust-debuginfo1",
    "rust-std-release",
    "rust-folded",
]

FAULTS = {
    "field-inserted": ("structs.Greeter.greet", "offset"),
    "missing-export": ("exports.free_greeting", "present"),
    "other-version": ("tags.version", "accepts"),
    "changed-signature": ("structs.Greeter.greet", "type"),
}


def verdict(name: str) -> Verdict | None:
    return abicheck.verify(binary(f"greeter/{name}.so"), contract("greeter")).verdict


@pytest.mark.parametrize("name", COMPATIBLE)
def test_greeter_that_keeps_the_contract_is_compatible(name: str) -> None:
    assert verdict(f"libgreeter-{name}") == Verdict.COMPATIBLE


@pytest.mark.parametrize("name", INCOMPATIBLE)
def test_greeter_that_breaks_the_contract_is_incompatible(name: str) -> None:
    assert verdict(f"libgreeter-{name}") == Verdict.INCOMPATIBLE


@pytest.mark.parametrize("name", UNVERIFIED)
def test_greeter_without_evidence_is_unverified(name: str) -> None:
    assert verdict(f"libgreeter-{name}") == Verdict.UNVERIFIED


@pytest.mark.parametrize("machine", MACHINES)
def test_greeter_is_compatible_on_every_machine(machine: str) -> None:
    assert verdict(f"{machine}/libgreeter-good") == Verdict.COMPATIBLE


@pytest.mark.parametrize("machine", MACHINES)
def test_inserted_field_is_found_on_every_machine(machine: str) -> None:
    assert verdict(f"{machine}/libgreeter-field-inserted") == Verdict.INCOMPATIBLE


@pytest.mark.parametrize("language", ["", "rust-"])
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_reported_where_it_is(fault: str, language: str) -> None:
    plugin = binary(f"greeter/libgreeter-{language}{fault}.so")
    claims = abicheck.verify(plugin, contract("greeter")).claims
    wrong = [(c.subject, c.claim) for c in claims if c.status == "mismatch" and c.cause is None]
    assert wrong == [FAULTS[fault]]


def test_all_faults_are_reported_in_one_run() -> None:
    claims = abicheck.verify(binary("greeter/libgreeter-bad.so"), contract("greeter")).claims
    wrong = {(claim.subject, claim.claim) for claim in claims if claim.status == "mismatch"}
    assert wrong >= set(FAULTS.values())


def test_every_greeter_is_judged_here() -> None:
    judged = {f"libgreeter-{name}.so" for name in (*COMPATIBLE, *INCOMPATIBLE, *UNVERIFIED)}
    assert judged == {file.name for file in GREETER.glob("*.so")}


def test_machines_are_all_that_are_claimed() -> None:
    assert {machine.partition("-")[0] for machine in MACHINES} == {
        "x86_64", "i386", "aarch64", "arm", "riscv32", "riscv64", "powerpc", "powerpc64",
        "powerpc64le", "s390x", "mips", "mipsel", "mips64", "mips64el", "loongarch64",
    }  # fmt: skip
