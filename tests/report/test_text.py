from __future__ import annotations

import re
from pathlib import Path

import pytest

from abicheck.model.options import Style
from abicheck.model.records import replace
from abicheck.model.report import MISMATCH, OK, UNVERIFIED, PluginReport
from abicheck.report import render
from abicheck.report.text import causes
from tests.report import samples
from tests.report.samples import (
    COMPATIBLE,
    INCOMPATIBLE,
    STRIPPED,
    UNREADABLE,
    claim,
    plugin,
    report,
    seen,
)

GOLDEN = Path(__file__).resolve().parents[1] / "golden"

RENAMED = seen(
    "structs.Greeter.greet",
    "name",
    "salute",
    evidence="dwarf",
    message="the plugin calls it salute",
)

REPORTS = {
    "compatible": report(COMPATIBLE),
    "compatible-notes": report(replace(COMPATIBLE, claims=(*COMPATIBLE.claims, RENAMED))),
    "incompatible": report(INCOMPATIBLE),
    "unverified": report(STRIPPED),
    "unverified-cargo": report(replace(STRIPPED, file="target/release/libgreeter.so")),
    "unverified-tag": report(
        plugin(claims=(claim("tags.api", "equals", UNVERIFIED, reason="it is behind a call"),))
    ),
    "unreadable": report(UNREADABLE),
    "large": report(samples.LARGE),
    "enum": report(samples.ENUM),
    "many": report(samples.MANY),
    "several": report(
        COMPATIBLE,
        replace(COMPATIBLE, file="plugins/b.so", claims=samples.SYMBOLS),
        STRIPPED,
        replace(STRIPPED, file="plugins/c.so"),
        INCOMPATIBLE,
        UNREADABLE,
        COMPATIBLE,
    ),
}


def text(*plugins: PluginReport, **style: object) -> str:
    return render(report(*plugins), "text", Style(**style))  # type: ignore[arg-type]


def check(name: str, shown: str, *, bless: bool) -> None:
    file = GOLDEN / f"{name}.txt"
    if bless:
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REPORTS)
def test_reports_read_as_agreed(name: str, bless: bool) -> None:
    check(f"report-{name}", render(REPORTS[name]), bless=bless)


@pytest.mark.parametrize("mode", ["verbose", "quiet", "ascii"])
def test_styles_read_as_agreed(mode: str, bless: bool) -> None:
    modes = {f"is_{mode}": True}
    style = Style(**modes)  # type: ignore[arg-type]
    check(f"report-several-{mode}", render(REPORTS["several"], "text", style), bless=bless)


@pytest.mark.parametrize("name", REPORTS)
def test_one_screen_of_eighty_columns_is_enough(name: str) -> None:
    lines = render(REPORTS[name]).splitlines()
    prose = [line for line in lines if re.match(r" {1,6}\S", line) and "│" not in line]
    tables = [line for line in lines if "│" in line]
    assert max(map(len, prose), default=0) <= 80
    assert max(map(len, tables), default=0) <= 80
    assert len(lines) <= 30 or name == "several"


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_but_ascii_where_nothing_else_can_be_shown(name: str) -> None:
    assert render(REPORTS[name], "text", Style(is_ascii=True)).isascii()


@pytest.mark.parametrize("name", REPORTS)
def test_colours_change_no_character(name: str) -> None:
    colored = render(REPORTS[name], "text", Style(has_color=True))
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render(REPORTS[name])
    assert "\x1b" in colored


def test_no_colour_unless_asked_for() -> None:
    assert "\x1b" not in text(COMPATIBLE, INCOMPATIBLE)


def test_what_is_not_proved_never_reads_as_plainly_compatible() -> None:
    first = text(COMPATIBLE).splitlines()[0]
    assert "3 claims not proved" in first
    proved = tuple(each for each in COMPATIBLE.claims if each.status == OK)
    assert "not proved" not in text(replace(COMPATIBLE, claims=proved))


def test_contract_that_claims_nothing_is_said_to() -> None:
    assert "which claims nothing" in text(plugin())


def test_consequences_are_folded_under_their_cause() -> None:
    shown = text(INCOMPATIBLE)
    assert "(1 consequence: size of structs.Greeter)" in shown
    assert "2 problems" in shown
    assert "16 bytes" not in shown


def test_lost_cause_hides_nothing() -> None:
    lost = claim("structs.A", "size", MISMATCH, cause="structs.Gone", actual="3")
    assert [each for each, _ in causes([lost])] == [lost]


def test_claims_that_blame_each_other_hide_nothing() -> None:
    one = claim("structs.A", "size", MISMATCH, cause="structs.B")
    other = claim("structs.B", "size", MISMATCH, cause="structs.A")
    assert [each for each, _ in causes([one, other])] == [one, other]


def test_causes_are_followed_to_the_first() -> None:
    first = claim("structs.A.x", "offset", MISMATCH)
    second = claim("structs.A", "size", MISMATCH, cause="structs.A.x")
    third = claim("structs.B", "size", MISMATCH, cause="structs.A")
    assert causes([third, second, first]) == [(first, [third, second])]


def test_claim_that_blames_its_own_subject_follows_the_claim_that_does_not() -> None:
    size = claim("structs.A", "size", MISMATCH)
    alignment = claim("structs.A", "alignment", MISMATCH, cause="structs.A")
    assert causes([alignment, size]) == [(size, [alignment])]


def test_newer_plugin_is_told_from_an_older_one() -> None:
    assert "newer than this host" in text(replace(INCOMPATIBLE, stated_version="1.10"))
    assert "was built for greeter 1.1" in text(replace(INCOMPATIBLE, stated_version="1.1"))


def test_suggested_commands_repeat_what_the_user_set() -> None:
    shown = text(replace(STRIPPED, file="my plugins/a b.so"), repeated=("--set", "names=['a']"))
    assert "abicheck verify 'my plugins/a b.so' --schema greeter.toml --set" in shown


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb", r"a\nb"),
        ("a\rb", r"a\rb"),
        ("a\u202eb", r"a\u202eb"),
        ("a\u200bb", r"a\u200bb"),
        ("a\udc80b", r"a\x80b"),
        ("a\x9bb", r"a\x9bb"),
        ("\ud800", r"\ud800"),
    ],
    ids=["escape", "newline", "return", "direction", "invisible", "byte", "C1", "surrogate"],
)
def test_names_cannot_steer_the_terminal(hostile: str, harmless: str) -> None:
    wrong = claim(
        f"exports.{hostile}", "present", MISMATCH, expected=hostile, actual=hostile,
        message=hostile, reason=hostile,
    )  # fmt: skip
    for style in ({}, {"is_verbose": True}, {"is_ascii": True}, {"has_color": True}):
        shown = text(plugin(file=hostile, claims=(wrong,)), **style)
        assert hostile not in shown.replace("\x1b[2m", "").replace("\x1b[2;", "")
        assert harmless in shown
        shown.encode("utf-8")


def test_endless_name_is_cut() -> None:
    wrong = claim("exports.f", "present", MISMATCH, actual="x" * 100_000)
    assert len(text(plugin(claims=(wrong,)))) < 3000


def test_unlisted_kinds_of_claims_are_shown_all_the_same() -> None:
    shown = text(plugin(claims=(seen("novelties.x", "presence", "present"),)))
    assert "novelties" in shown


def test_convention_that_decides_about_arguments_can_be_trusted_for_one_export() -> None:
    reason = 'nothing records it; a forgotten extern "C" would break Pair, passed by value'
    claims = tuple(
        replace(claim, reason=reason, required=True)
        if claim.claim == "convention" and claim.subject == "exports.load_plugin"
        else replace(claim, required=False)
        for claim in samples.STRIPPED.claims
    )
    shown = text(replace(samples.STRIPPED, claims=claims))
    assert "[exports.load_plugin]\n" in shown
    assert "conventions" not in shown.partition("way out")[2]


def test_type_that_debug_information_lacks_is_no_release_build() -> None:
    reason = "the debug information only declares n::Greeter, and defines it nowhere"
    claims = tuple(
        replace(claim, reason=reason) if claim.subject.startswith("structs.") else claim
        for claim in samples.STRIPPED.claims
        if claim.claim not in {"signature", "convention"}
    )
    shown = text(replace(samples.STRIPPED, claims=claims))
    assert f"unverified: {reason}\n" in shown
    assert "release build" not in shown
    assert "-fstandalone-debug" in shown
    assert "[structs.Greeter]\n" in shown
