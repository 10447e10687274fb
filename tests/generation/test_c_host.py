"""The guard for hosts in C: what it says. Compilers judge it in tests/oracle."""

from __future__ import annotations

import pytest

from abicheck.contract import parse_contract, parse_contract_text
from abicheck.errors import GenerationError
from abicheck.generation import generate as generate_all
from abicheck.generation.c_host import generate
from tests.conftest import ROOT, contract

GOLDENS = ROOT / "tests/golden"
HEAD = 'contract = "thing"\nversion = "1.1"\nformat = 1\n[exports]\nlevel = "static u32"\n'


def guard(text: str) -> str:
    """Return the guard made from a contract's text."""
    return generate(parse_contract_text(HEAD + text, "thing.toml"))[0].text


def test_guard_of_the_greeter(bless: bool) -> None:
    for file in generate(parse_contract(contract("greeter"))):
        if bless:
            (GOLDENS / file.name).write_text(file.text)
        assert file.text == (GOLDENS / file.name).read_text()


def test_files_are_named_after_the_contract_and_what_guards_share() -> None:
    files = generate(parse_contract(contract("greeter")))
    assert [file.name for file in files] == ["greeter_host.h", "abicheck_guard.h"]


def test_guard_is_as_long_as_it_is_said_to_be() -> None:
    for file in generate(parse_contract(contract("greeter"))):
        assert len(file.text.splitlines()) <= 400


def test_what_guards_share_is_the_same_for_each() -> None:
    one, other = (
        generate(parse_contract(contract(name)))[1] for name in ("greeter", "growth/growth.toml")
    )
    assert one == other


def test_contract_named_like_what_guards_share_is_refused() -> None:
    text = HEAD.replace('"thing"', '"abicheck_guard"')
    with pytest.raises(GenerationError, match=r"two files would be called abicheck_guard\.h"):
        generate_all(parse_contract_text(text, "thing.toml"), "c", host=True)


def test_no_mark_of_the_template_is_left() -> None:
    text = generate(parse_contract(contract("growth/growth.toml")))[0].text
    for mark in ("@", "/*IF", "/*ELSE", "/*END", "/*TA"):
        assert mark not in text


@pytest.mark.parametrize("name", ["NAME_of", "CAPS_on", "FILE_STEM", "CONTRACT"])
def test_export_named_like_a_mark_keeps_its_name(name: str) -> None:
    text = guard(f'{name} = "static u32"\n')
    assert f'{{"{name}", 10, 0, offsetof(thing_plugin, {name})}},' in text


def test_contract_that_names_no_export_has_no_guard() -> None:
    text = 'contract = "thing"\nversion = "1"\nformat = 1\n[exports]\n"load_*" = "fn()"\n'
    with pytest.raises(GenerationError, match=r"exports\.load_\*: its name is a pattern"):
        generate(parse_contract_text(text, "thing.toml"))


def test_tag_that_is_not_read_is_named() -> None:
    text = guard('text = "static [c_char; 8]"\n[tags.text]\nread = "text"\nmatches = "1.*"\n')
    assert "Nor these tags, which it does not read: text." in text


@pytest.mark.parametrize(
    ("condition", "test"),
    [
        ("equals = 3", "value << (64 - 8 * NAME.width) == (uint64_t)0x3u << (64 - 8 * NAME.width)"),
        ("at_least = 2", "value >= (uint64_t)0x2u"),
        ("at_least = 0", "1"),
        ("shift = 8\nmask = 255\nat_most = 7", "((value >> 8) & 0xFFu) <= (uint64_t)0x7u"),
    ],
)
def test_condition_becomes_a_comparison(condition: str, test: str) -> None:
    wanted = test.replace("NAME", "thing_guard_exports[0]")
    assert f"if (i == 0 && !({wanted}))" in guard(f'[tags.level]\nread = "level"\n{condition}\n')


@pytest.mark.parametrize(
    ("bound", "test"),
    [
        (">=1.2", "(a > 1) || (a == 1 && b > 2) || (a == 1 && b == 2)"),
        ("<2", "(a < 2)"),
        ("<1.0", "(a < 1)"),
        ("==1.2", "a == 1 && b == 2"),
        ("!=1", "!(a == 1)"),
    ],
)
def test_bound_becomes_a_comparison_of_parts(bound: str, test: str) -> None:
    text = guard(
        f'[tags.level]\nread = "level"\ndecode = "major:8 minor:8 _:16"\naccepts = "{bound}"\n'
    )
    for letter, shift in (("a", 24), ("b", 16)):
        text = text.replace(f"(value >> {shift} & 0xFFu)", letter)
    assert f"if (i == 0 && !((({test}))))" in text


def test_rules_say_what_may_differ() -> None:
    text = generate(parse_contract(contract("growth/growth.toml")))[0].text
    for row in (
        '{9, "", "flush", "-1.1"}',
        '{2, "", "Plugin", "+"}',
        '{5, "Plugin", "pause", "-1.1"}',
        '{8, "Mode", "Auto", "-1.2"}',
    ):
        assert row in text


def test_type_that_only_later_exports_reach_may_be_absent_before() -> None:
    text = guard(
        '[exports.more]\ntype = "fn(*mut More)"\nsince = "1.1"\n'
        '[structs.More]\nfields = ["a: u8"]\n'
    )
    assert '{2, "", "More", "-1.1"}' in text


def test_struct_by_value_lacks_nothing_in_any_version() -> None:
    text = guard(
        'move = "fn(Point)"\n[structs.Point]\n'
        'fields = ["x: u32", { name = "y", type = "u32", since = "1.1" }]\n'
    )
    assert '"Point", "y"' not in text


def test_owned_result_has_a_function_that_gives_it_back() -> None:
    text = guard(
        'give = "fn(*mut u8)"\n[exports.take]\ntype = "fn() -> *const u8"\nfree = "give"\n'
    )
    assert "thing_free_take(const thing_plugin *plugin, const uint8_t **result)" in text
    assert "plugin->give((uint8_t *)*result);" in text
