"""A descriptor beside debug information: it fills gaps, and hides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.contract import parse_contract_text
from abicheck.model.report import MISMATCH, OK, UNVERIFIED, Claim, Report, Verdict
from abicheck.model.target import Target
from tests.conftest import ROOT, binary
from tests.evidence.descriptor.encoder import encode, note, with_note

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from abicheck.model.contract import Contract

    Judge = Callable[..., Report]

LINUX = Target("x86_64", "linux", "gnu")
CONTRACT = (ROOT / "schemas" / "greeter.toml").read_text()
GREET = "fn(name: *const c_char) -> *const c_char"


def parsed(text: str) -> Contract:
    return parse_contract_text(text, "greeter.toml")


def edited(*pairs: str) -> str:
    text = CONTRACT
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Return what judges a greeter to which a descriptor of some contract was added."""

    def judge(plugin: str, described: str, held: str = CONTRACT) -> Report:
        content = encode(parsed(described), LINUX)
        file = tmp_path / "plugin.so"
        file.write_bytes(with_note(binary(f"greeter/{plugin}").read_bytes(), note(content)))
        return abicheck.verify(file, parsed(held))

    return judge


def claims(report: Report, rule: str, status: str = MISMATCH) -> list[Claim]:
    return [each for each in report.claims if each.rule == rule and each.status == status]


def test_where_both_describe_a_thing_they_are_seen_to_agree(judge: Judge) -> None:
    report = judge("libgreeter-good.so", CONTRACT)
    assert report.verdict == Verdict.COMPATIBLE
    agreed = {claim.subject for claim in claims(report, "evidence-conflict", OK)}
    assert agreed == {
        "structs.Greeter", "exports.load_plugin", "exports.free_greeter",
        "exports.free_greeting", "exports.GREETER_ABI_VERSION",
    }  # fmt: skip


def test_sound_descriptor_hides_no_mismatch_of_debug_information(judge: Judge) -> None:
    report = judge("libgreeter-field-inserted.so", CONTRACT)
    assert report.verdict == Verdict.INCOMPATIBLE
    (conflict,) = claims(report, "evidence-conflict")
    assert conflict.subject == "structs.Greeter.greet"
    assert conflict.evidence == "dwarf"
    (moved,) = claims(report, "field-offset-mismatch")
    assert moved.evidence == "dwarf"


def test_false_descriptor_is_a_conflict_and_no_mismatch_of_the_layout(judge: Judge) -> None:
    fields = "fields = [\n"
    report = judge("libgreeter-good.so", edited(fields, fields + '  "flags: u64",\n'))
    assert report.verdict == Verdict.INCOMPATIBLE
    rules = {claim.rule for claim in report.claims if claim.status == MISMATCH}
    assert rules == {"evidence-conflict"}


@pytest.mark.parametrize(
    ("old", "new", "subject"),
    [
        (GREET, "fn(name: *const c_char, c_int) -> *const c_char", "structs.Greeter.greet"),
        ("fn() -> *mut Greeter", "fn(c_int) -> *mut Greeter", "exports.load_plugin"),
        ("fn(*mut Greeter)", "fn(*mut Greeter) -> c_int", "exports.free_greeter"),
        ("static u32", "static f32", "exports.GREETER_ABI_VERSION"),
    ],
    ids=["callback", "parameter", "result", "data"],
)
def test_disagreement_is_told_of_what_it_is_about(
    judge: Judge, old: str, new: str, subject: str
) -> None:
    # Of f32 the tag cannot be decoded: the contract that is described has none.
    described = edited(old, new).partition("[tags")[0]
    report = judge("libgreeter-good.so", described)
    assert {claim.subject for claim in claims(report, "evidence-conflict")} == {subject}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("*const c_char", "*mut c_char"),
        ("*const c_char", "*const i8"),
        ("static u32", "static c_uint"),
        ("name: *const c_char", "whom: *const c_char"),
        ("Greeter", "Welcomer"),
        ("fn(*mut Greeter)", "fn(*mut c_void)"),
    ],
    ids=["const", "character", "spelling", "a parameter's name", "a struct's name", "void"],
)
@pytest.mark.parametrize(
    "plugin", ["libgreeter-good.so", "libgreeter-clang.so", "libgreeter-rust.so"]
)
def test_harmless_differences_are_no_conflict(
    judge: Judge, plugin: str, old: str, new: str
) -> None:
    report = judge(plugin, edited(old, new))
    assert claims(report, "evidence-conflict") == []
    assert report.verdict == Verdict.COMPATIBLE


@pytest.mark.parametrize(
    "plugin", ["libgreeter-g1.so", "libgreeter-clang-g1.so", "libgreeter-rust-debuginfo1.so"]
)
def test_descriptor_proves_what_debug_information_leaves_out(judge: Judge, plugin: str) -> None:
    report = judge(plugin, CONTRACT)
    assert report.verdict == Verdict.COMPATIBLE
    seen = {claim.evidence for claim in report.claims if claim.claim in {"signature", "size"}}
    assert "descriptor" in seen
    assert [claim for claim in report.claims if claim.status == UNVERIFIED] == []


def test_descriptor_alone_tells_what_differs_where_debug_information_leaves_it_out(
    judge: Judge,
) -> None:
    fields = "fields = [\n"
    report = judge("libgreeter-g1.so", edited(fields, fields + '  "flags: u64",\n'))
    assert {claim.evidence for claim in claims(report, "field-offset-mismatch")} == {"descriptor"}


def test_conventions_that_debug_information_lacks_are_the_descriptor_s(judge: Judge) -> None:
    report = judge("libgreeter-good.so", CONTRACT)
    stated = [claim for claim in report.claims if claim.claim == "convention"]
    assert {claim.status for claim in stated} == {OK}
    assert {claim.evidence for claim in stated} == {"descriptor"}


def test_what_may_be_null_is_the_descriptor_s_to_say_and_no_conflict(judge: Judge) -> None:
    described = edited(f'type = "{GREET}"', f'type = "Option<{GREET}>"')
    for plugin in ("libgreeter-good.so", "libgreeter-stripped.so"):
        report = judge(plugin, described)
        assert report.verdict == Verdict.INCOMPATIBLE
        (claim,) = [each for each in report.claims if each.status == MISMATCH]
        assert (claim.rule, claim.evidence) == ("field-type-mismatch", "descriptor")


def test_damaged_descriptor_beside_debug_information_is_noted(tmp_path: Path) -> None:
    content = encode(parsed(CONTRACT), LINUX)[:-7]
    file = tmp_path / "plugin.so"
    file.write_bytes(with_note(binary("greeter/libgreeter-good.so").read_bytes(), note(content)))
    report = abicheck.verify(file, parsed(CONTRACT))
    assert report.verdict == Verdict.COMPATIBLE
    assert any("its descriptor cannot be used" in each for each in report.plugins[0].notes)


# Who takes back.

OWNED = 'free = "free_greeter"'


def test_other_owner_in_the_plugin_s_contract_is_a_mismatch(judge: Judge) -> None:
    for owner, words in (("false", "stays the plugin's"), ('"host"', "the host takes it back")):
        described = edited(OWNED, f"free = {owner}")
        for plugin in ("libgreeter-good.so", "libgreeter-stripped.so"):
            report = judge(plugin, described)
            (claim,) = claims(report, "ownership-mismatch")
            assert claim.subject == "exports.load_plugin"
            assert words in (claim.actual or "")
            assert report.verdict == Verdict.INCOMPATIBLE


def test_other_owner_of_what_a_callback_returns_is_a_mismatch(judge: Judge) -> None:
    described = edited('free = "free_greeting"', "free = false")
    (claim,) = claims(judge("libgreeter-stripped.so", described), "ownership-mismatch")
    assert claim.subject == "structs.Greeter.greet"


def test_owner_that_the_plugin_s_contract_does_not_state_is_open_and_not_required(
    judge: Judge,
) -> None:
    report = judge("libgreeter-stripped.so", edited(OWNED, ""))
    (claim,) = claims(report, "ownership-mismatch", UNVERIFIED)
    assert not claim.required
    assert report.verdict == Verdict.COMPATIBLE


def test_owner_that_the_host_s_contract_does_not_state_is_claimed_nowhere(judge: Judge) -> None:
    report = judge("libgreeter-stripped.so", CONTRACT, edited(OWNED, ""))
    assert not [each for each in report.claims if each.subject == "exports.load_plugin"
                and each.rule == "ownership-mismatch"]  # fmt: skip


# Growth, names and policies.

GROWN = edited(
    '"1.2"', '"1.3"', "<=1.2", "<=1.3",
    "fields = [\n", 'filled_by = "plugin"\nfields = [\n',
    'free = "free_greeting" },\n',
    'free = "free_greeting" },\n  { name = "farewell", type = "Option<fn()>", since = "1.3" },\n',
)  # fmt: skip


def test_plugin_of_an_earlier_version_is_held_to_that(judge: Judge) -> None:
    report = judge("libgreeter-stripped.so", CONTRACT, GROWN)
    assert report.verdict == Verdict.COMPATIBLE
    assert report.plugins[0].stated_version == "1.2"


def test_plugin_that_has_less_than_its_version_is_told(judge: Judge) -> None:
    described = edited("fields = [\n", 'fields = [\n  "early: u64",\n')
    report = judge("libgreeter-stripped.so", described, GROWN)
    assert {claim.subject for claim in claims(report, "field-offset-mismatch")} >= {
        "structs.Greeter.greet"
    }


def test_struct_is_found_under_the_contract_s_name_whatever_others_call_it(judge: Judge) -> None:
    untyped = edited("*mut Greeter", "*mut c_void")
    held = edited("[structs.Greeter]\n", '[structs.Greeter]\nmatch = "ns::Welcomer"\n')
    report = judge("libgreeter-stripped.so", untyped, held)
    assert report.verdict == Verdict.COMPATIBLE


def test_partial_struct_says_nothing_of_the_fields_it_leaves_out(judge: Judge) -> None:
    described = edited(
        "[structs.Greeter]\n", "[structs.Greeter]\npartial = true\nsize = 8\n",
        f'  {{ name = "greet", type = "{GREET}", free = "free_greeting" }},\n',
        '  "other: u64",\n',
    )  # fmt: skip
    report = judge("libgreeter-stripped.so", described, CONTRACT)
    assert report.verdict in {Verdict.UNVERIFIED, Verdict.INCOMPATIBLE}


def test_what_is_checked_when_present_is_checked_by_a_descriptor(judge: Judge) -> None:
    lenient = '\n[evidence]\nlayout = "when-present"\nsignatures = "when-present"\n'
    described = edited("fields = [\n", 'fields = [\n  "flags: u64",\n')
    report = judge("libgreeter-stripped.so", described, CONTRACT + lenient)
    assert report.verdict == Verdict.INCOMPATIBLE
