"""Platform, plugin, imports, evidence and parameters as the model has them."""

from __future__ import annotations

from abicheck.contract import parse_contract_text
from abicheck.model.contract import Contract, EvidencePolicy, Imports, Platform, PluginRules
from tests.contract.bad_contracts import HEADER


def contract(body: str) -> Contract:
    return parse_contract_text(HEADER + body, "test.toml")


def test_nothing_is_claimed_unless_said() -> None:
    found = contract("")
    assert (found.name, found.version, found.file) == ("test", "1.2", "test.toml")
    assert (found.platform, found.plugin, found.imports) == (Platform(), PluginRules(), None)
    assert found.evidence == EvidencePolicy()
    assert not found.exports
    assert not found.tags


def test_platform_is_kept_with_the_line_of_every_key() -> None:
    found = contract(
        """[platform]
targets = ["x86_64-unknown-linux-gnu", "arm64-macos"]
bits = 64
byte_order = "little"
fat = "all"
versions = { at_most = { GLIBC = "2.31" }, require = ["SAMBA_4.17*"] }
macos = "12.0"
needed = { allow = ["libc.so.6"], deny = ["libpython*"], require = ["libm.so.6"] }
soname = "libx.so.2"
stack = "not-executable"
"""
    ).platform
    assert found == Platform(
        targets=("x86_64-linux-gnu", "aarch64-macos"),
        targets_written=("x86_64-unknown-linux-gnu", "arm64-macos"),
        bits=64,
        byte_order="little",
        fat="all",
        versions_at_most={"GLIBC": "2.31"},
        versions_require=("SAMBA_4.17*",),
        macos="12.0",
        needed_allow=("libc.so.6",),
        needed_deny=("libpython*",),
        needed_require=("libm.so.6",),
        soname="libx.so.2",
        stack="not-executable",
        lines=found.lines,
    )
    assert found.lines is not None
    assert found.lines["targets"] == 5
    assert found.lines["needed.deny"] == 11


def test_no_list_of_allowed_libraries_differs_from_an_empty_one() -> None:
    assert contract("[platform]\nneeded = { deny = [] }").platform.needed_allow is None
    assert contract("[platform]\nneeded = { allow = [] }").platform.needed_allow == ()


def test_plugin_rules_are_kept() -> None:
    found = contract("[plugin]\nfile = '.*'\nexact_exports = true\nallow = ['_init']").plugin
    assert (found.file, found.has_exact_exports, found.allow) == (".*", True, ("_init",))
    assert found.lines == {"file": 5, "exact_exports": 6, "allow": 7}


def test_imports_are_claimed_even_if_nothing_is_provided() -> None:
    assert contract("[imports]").imports == Imports(provided=(), line=4)
    assert contract('[imports]\nprovided = ["host_*"]').imports == Imports(
        provided=("host_*",), line=4
    )


def test_evidence_is_kept() -> None:
    found = contract('[evidence]\nlayout = "when-present"\ndata = "required"').evidence
    assert found == EvidencePolicy(layout="when-present", data="required")


def test_parameters_are_kept() -> None:
    found = contract("[parameters]\na = 1\nb = 'x'\nc = true\nd = 1.5").parameters
    assert found == {"a": 1, "b": "x", "c": True, "d": 1.5}
