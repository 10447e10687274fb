"""Wherever debug information lies and however it is packed, it says the same of a plugin."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from abicheck.model.evidence import Observed, Unseen
from tests.conftest import binary
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
