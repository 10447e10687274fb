"""Drafted contracts: what they say, and that the plugin they are from keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest

import abicheck
from abicheck.authoring.draft import AuthoringError, NoTypesError, Wishes, draft
from abicheck.authoring.text import write
from abicheck.contract import parse_contract_text
from abicheck.evidence import read_plugin
from tests.conftest import ROOT, binary

GOLDEN = ROOT / "tests" / "golden"
NOT_RECORDED = "does not record calling conventions"

SHOWN = {
    "greeter": "greeter/libgreeter-good.so",
    "greeter-rust": "greeter/libgreeter-rust.so",
    "pair": "debug/libpair.so",
    "types": "dwarf/types-gcc-5.so",
}

EMPTY = "rules/export-missing/bin/bad.so"
"""It exports nothing."""

CONTRADICTORY = "rules/evidence-conflict/bin/bad.so"
"""Its descriptor and its debug information differ, so that it keeps no contract."""

PLUGINS = sorted(
    {
        str(path.relative_to(ROOT / "fixtures"))
        for pattern in ("*.so", "*.node")
        for path in (ROOT / "fixtures").rglob(pattern)
    }
    - {EMPTY, CONTRADICTORY}
)


def text_of(plugin: str, **wishes: object) -> str:
    """Return the contract that is drafted from a fixture."""
    named = Wishes(**{"name": "drafted", **wishes})  # type: ignore[arg-type]
    return write(draft(read_plugin(str(binary(plugin)))[0], Path(plugin).name, named))


@pytest.mark.parametrize("name", SHOWN)
def test_drafts_read_as_before(name: str, bless: bool) -> None:
    golden = GOLDEN / f"init-{name}.toml"
    text = text_of(SHOWN[name], name=name)
    if bless:
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("plugin", PLUGINS)
def test_plugin_keeps_the_contract_that_is_drafted_from_it(plugin: str, tmp_path: Path) -> None:
    try:
        text = text_of(plugin)
    except NoTypesError:
        text = text_of(plugin, is_exports_only=True)
    contract = tmp_path / "contract.toml"
    contract.write_text(text)
    report = abicheck.verify(binary(plugin), contract)
    open_claims = [
        claim
        for claim in report.claims
        if claim.status == "mismatch" or (claim.required and claim.status == "unverified")
    ]
    assert [each for each in open_claims if NOT_RECORDED not in (each.reason or "")] == []


def test_same_interface_in_c_and_rust_is_drafted_alike(tmp_path: Path) -> None:
    for reference, other in (("good", "rust"), ("rust", "good"), ("clang", "rust-lto")):
        contract = tmp_path / f"{reference}.toml"
        contract.write_text(text_of(f"greeter/libgreeter-{reference}.so"))
        report = abicheck.verify(binary(f"greeter/libgreeter-{other}.so"), contract)
        assert report.verdict == "compatible"


@pytest.mark.parametrize(
    "change", ["field-inserted", "changed-signature", "missing-export", "other-version"]
)
@pytest.mark.parametrize("language", ["", "rust-"])
def test_breaking_change_breaks_the_drafted_contract(
    language: str, change: str, tmp_path: Path
) -> None:
    contract = tmp_path / "contract.toml"
    contract.write_text(text_of("greeter/libgreeter-good.so"))
    report = abicheck.verify(binary(f"greeter/libgreeter-{language}{change}.so"), contract)
    assert report.verdict == "incompatible"


def test_contract_of_one_machine_holds_on_all(tmp_path: Path) -> None:
    contract = tmp_path / "contract.toml"
    contract.write_text(text_of("greeter/x86_64-linux-gnu/libgreeter-good.so", targets=()))
    for plugin in (ROOT / "fixtures" / "greeter").glob("*/libgreeter-good.so"):
        assert abicheck.verify(plugin, contract).verdict == "compatible", plugin


def test_where_the_linker_knows_ifuncs_functions_may_be_some() -> None:
    contract = parse_contract_text(text_of("greeter/libgreeter-good.so"), "drafted")
    assert {each.name for each in contract.exports if each.allows_ifunc} == {
        "load_plugin", "free_greeter", "free_greeting",
    }  # fmt: skip


def test_draft_names_the_target_that_the_reference_is_built_for() -> None:
    contract = parse_contract_text(text_of("greeter/libgreeter-good.so"), "drafted")
    assert contract.platform.targets == ("x86_64-linux-gnu",)


def test_environment_that_the_reference_does_not_show_is_left_open() -> None:
    contract = parse_contract_text(text_of("greeter/libgreeter-rust.so"), "drafted")
    assert contract.platform.targets == ("x86_64-linux",)


def test_build_for_another_machine_breaks_the_drafted_contract(tmp_path: Path) -> None:
    contract = tmp_path / "contract.toml"
    contract.write_text(text_of("greeter/x86_64-linux-gnu/libgreeter-good.so"))
    other = binary("greeter/aarch64-linux-gnu/libgreeter-good.so")
    assert abicheck.verify(other, contract).verdict == "incompatible"


def test_targets_that_are_asked_for_are_written_instead() -> None:
    text = text_of("greeter/libgreeter-good.so", targets=("x86_64-linux", "arm64-macos"))
    assert '[platform]\ntargets = ["x86_64-linux", "arm64-macos"]\n' in text


def test_only_the_exports_that_are_asked_for_are_written() -> None:
    text = text_of("debug/libpair.so", exports=("pair_a*",))
    exports = parse_contract_text(text, "drafted").exports
    assert [each.name for each in exports] == ["pair_area"]


def test_types_that_are_asked_for_are_written_too() -> None:
    text = text_of("debug/libpair.so", exports=("PAIR_VERSION",), types=("Point",))
    assert list(parse_contract_text(text, "drafted").definitions) == ["Point"]


def test_absent_export_is_refused_with_what_comes_near() -> None:
    with pytest.raises(AuthoringError, match=r"no export is called 'pair_aera'; did you mean"):
        text_of("debug/libpair.so", exports=("pair_aera",))


def test_absent_type_is_refused() -> None:
    with pytest.raises(AuthoringError, match="no type named 'Nowhere'"):
        text_of("debug/libpair.so", types=("Nowhere",))


def test_plugin_without_exports_is_refused() -> None:
    with pytest.raises(AuthoringError, match="exports nothing that C can name"):
        text_of(EMPTY)


def test_plugin_without_types_is_refused() -> None:
    with pytest.raises(NoTypesError, match="no debug information"):
        text_of("greeter/libgreeter-stripped.so")


def test_exports_alone_need_no_debug_information() -> None:
    text = text_of("greeter/libgreeter-stripped.so", is_exports_only=True)
    contract = parse_contract_text(text, "drafted")
    assert {each.name: each.is_data for each in contract.exports} == {
        "GREETER_ABI_VERSION": True,
        "free_greeter": False,
        "free_greeting": False,
        "load_plugin": False,
    }


def test_constant_without_a_type_is_a_version_by_its_name() -> None:
    text = text_of("greeter/libgreeter-stripped.so", is_exports_only=True)
    contract = parse_contract_text(text, "drafted")
    assert contract.version == "1.2"
    assert [tag.path.text for tag in contract.tags] == ["GREETER_ABI_VERSION"]


def test_version_is_that_of_the_exported_constant() -> None:
    contract = parse_contract_text(text_of("greeter/libgreeter-good.so"), "drafted")
    assert contract.version == "1.2"
    assert contract.interface_tag is not None


def test_stated_version_goes_before_a_guess() -> None:
    text = text_of("greeter/libgreeter-good.so", version="7.0")
    assert 'version  = "7.0"' in text


def test_no_number_of_one_machine_is_written_where_the_engine_computes_it() -> None:
    for name in ("greeter", "greeter-rust", "pair"):
        assert "lp64" not in text_of(SHOWN[name])
