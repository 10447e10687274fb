"""What a verification costs, in things decoded and imported: times are measured in benchmarks/."""

from __future__ import annotations

import subprocess
import sys

import pytest

import abicheck
from abicheck import evidence
from tests.conftest import ROOT, binary

SCHEMA = ROOT / "schemas" / "greeter.toml"

UNUSED = {
    "abicheck.contract.platform", "abicheck.contract.suggest", "abicheck.contract.templates",
    "abicheck.evidence.descriptor", "abicheck.evidence.elf.debug_files",
    "abicheck.evidence.elf.misses",
    "abicheck.evidence.inflate",
    "abicheck.evidence.split", "abicheck.layout.microsoft", "abicheck.layout.partial",
    "abicheck.report.json_v1", "abicheck.report.picture", "abicheck.rules.agreement",
    "abicheck.rules.enums", "abicheck.rules.ownership",
    "abicheck.rules.imports", "abicheck.rules.platform", "abicheck.rules.plugin",
    "argparse", "dataclasses", "difflib", "fnmatch", "hashlib", "inspect", "json", "pathlib",
    "subprocess", "threading", "traceback", "zlib", "zstandard",
}  # fmt: skip
"""What good news about a greeter has no need of."""

MOST_MODULES = 115
"""Modules of our own that good news may import: each is a fifth of a millisecond."""

IMPORTED = """
import sys
before = set(sys.modules)
from abicheck.cli import main
code = main(sys.argv[1:])
print(*sorted(set(sys.modules) - before), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("libgreeter-good.so", {"units": 1, "dies": 40, "symbols": 20, "bytes": 64}),
        ("libgreeter-bad.so", {"units": 1, "dies": 40, "symbols": 40, "bytes": 64}),
        ("libgreeter-clang.so", {"units": 1, "dies": 40, "symbols": 20, "bytes": 64}),
        ("libgreeter-rust.so", {"units": 1, "dies": 40, "symbols": 20, "bytes": 64}),
        ("libgreeter-rust-std.so", {"units": 1, "dies": 40, "symbols": 20, "bytes": 64}),
        ("libgreeter-stripped.so", {"units": 0, "dies": 0, "symbols": 20, "bytes": 64}),
    ],
)
def test_verdict_costs_what_the_contract_asks_for(
    name: str, most: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = evidence.read_plugin
    seen: list[object] = []

    def read_and_keep(path: str, **options: object) -> object:
        seen.extend(read(path, **options))  # type: ignore[arg-type]
        return tuple(seen)

    monkeypatch.setattr(evidence, "read_plugin", read_and_keep)
    abicheck.verify(binary(f"greeter/{name}"), SCHEMA)
    (only,) = seen
    counters = only.counters  # type: ignore[attr-defined]
    cost = {what: getattr(counters, what) for what in most}
    assert {what: number for what, number in cost.items() if number > most[what]} == {}


def modules_imported_for(name: str) -> set[str]:
    """Return the modules that the command imports for good news of a plugin."""
    command = [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT)!r}){IMPORTED}",
    ]
    done = subprocess.run(
        [*command, "verify", str(binary(name)), "--schema", str(SCHEMA)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stderr.split())


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """Return the modules that the command imports for good news."""
    return modules_imported_for("greeter/libgreeter-good.so")


def test_command_imports_nothing_that_it_does_not_use(imported: set[str]) -> None:
    assert imported & UNUSED == set()


def test_command_imports_few_modules(imported: set[str]) -> None:
    assert len([name for name in imported if name.startswith("abicheck")]) <= MOST_MODULES


def test_descriptor_costs_few_modules(imported: set[str]) -> None:
    described = modules_imported_for("descriptor/bin/libgreeter.so")
    added = {name for name in described - imported if name.startswith("abicheck")}
    assert added == {
        "abicheck.evidence.descriptor", "abicheck.evidence.descriptor.records",
        "abicheck.evidence.descriptor.source", "abicheck.evidence.descriptor.spelling",
        "abicheck.evidence.descriptor.types", "abicheck.evidence.descriptor.vocabulary",
        "abicheck.evidence.elf.debug_files", "abicheck.evidence.files", "abicheck.rules.ownership",
    }  # fmt: skip
