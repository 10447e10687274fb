"""Tags as the model has them: paths, conditions, decoders, guards."""

from __future__ import annotations

import pytest

from abicheck.contract import parse_contract_text
from abicheck.model.contract import Bound, Condition, Contract, Decoder, Path, Tag
from abicheck.model.types import Array, Scalar
from tests.contract.bad_contracts import GREETER, HEADER

MORE = """
[exports.flags]
type = "static Flags"
[enums.Mode]
values = { Off = 0 }
[structs.Flags]
fields = [
  "wide: usize", "mode: Mode", "on: bool", "ratio: f32",
  "long: c_long", "p: *const u32", "_: Inner", "w: Wrapped",
]
[unions.Inner]
fields = ["inner: i8"]
[structs.Wrapped]
repr = "transparent"
fields = ["value: u16"]
"""


def contract(body: str) -> Contract:
    return parse_contract_text(HEADER + GREETER + MORE + body, "test.toml")


def tag(body: str) -> Tag:
    (found,) = contract("[tags.t]\n" + body).tags
    return found


def condition(body: str) -> tuple[str, object]:
    (found,) = tag(body).conditions
    return found.key, found.value


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        ("number", "equals = 5", 5),
        ("number", "equals = -1", -1),
        ("number", 'equals = "0xffffffff"', 0xFFFFFFFF),
        ("number", "at_least = 5", 5),
        ("number", "at_most = 5", 5),
        ("number", "one_of = [1, 2]", (1, 2)),
        ("flags.wide", 'equals = "0xffffffffffffffff"', 2**64 - 1),
        ("flags.mode", "equals = 3", 3),
        ("flags.on", "equals = true", True),
        ("flags.on", "equals = 1", True),
        ("flags.ratio", "at_least = 1.5", 1.5),
        ("flags.ratio", "at_least = 1", 1.0),
        ("flags.inner", "equals = -128", -128),
        ("flags.w", "equals = 7", 7),
        ("*flags.p", "equals = 7", 7),
        ("flags.p[2]", "equals = 7", 7),
        ("flags.p", "null = false", False),
        ("flags.p", 'points_to = "number"', "number"),
        ("plugin.greet", 'points_to = "code"', "code"),
        ("plugin.next.next.version", "equals = 1", 1),
        ("list[1].version", "equals = 1", 1),
        ("text", 'equals = "abc"', "abc"),
        ("text", 'one_of = ["a", "b"]', ("a", "b")),
        ("text", "matches = 'a{2,3}'", "a{2,3}"),
        ("text", 'starts_with = "a"', "a"),
        ("text[0]", "equals = 97", 97),
        ("make().version", "equals = 1", 1),
        ("number", 'accepts = ">=3"', ((Bound(">=", (3,)),),)),
    ],
)
def test_condition_fits_the_type_of_its_value(read: str, text: str, value: object) -> None:
    assert condition(f'read = "{read}"\n{text}') == (text.split(" ", maxsplit=1)[0], value)


def test_conditions_keep_their_order_lines_and_text() -> None:
    found = tag('read = "number"\nat_most = 9\nat_least = "0x1"').conditions
    assert found == (
        Condition(key="at_most", value=9, line=found[0].line, text="9"),
        Condition(key="at_least", value=1, line=found[0].line + 1, text="0x1"),
    )


def test_bits_are_decoded_and_accepted() -> None:
    found = tag('read = "number"\ndecode = "major:8 _:8 minor:16"\naccepts = ">=1.0, <=1.2 || ==3"')
    assert found.decode == Decoder(kind="bits", bits=(("major", 8), ("_", 8), ("minor", 16)))
    assert found.conditions[0].value == (
        (Bound(">=", (1, 0)), Bound("<=", (1, 2))),
        (Bound("==", (3,)),),
    )
    assert found.conditions[0].text == ">=1.0, <=1.2 || ==3"


@pytest.mark.parametrize("widths", ["a:32", "a:32 b:32"])
def test_widths_fit_a_type_that_has_them_on_some_target(widths: str) -> None:
    assert tag(f'read = "flags.long"\ndecode = "{widths}"\naccepts = ">=1"').decode


def test_text_is_decoded() -> None:
    found = tag('read = "text"\ndecode = "semver"\naccepts = ">=1.0.0-rc.1"')
    assert found.decode == Decoder(kind="semver")
    assert found.conditions[0].value == ((Bound(">=", (1, 0, 0), ("rc", "1")),),)
    assert tag('read = "text"\ndecode = "date-number"\naccepts = ">=20240101.3"').decode


def test_version_of_several_paths_needs_no_path_of_its_own() -> None:
    found = tag('decode = ["plugin.version", "flags.w"]\naccepts = ">=1.0"')
    assert found.decode is not None
    assert [path.text for path in found.decode.paths] == ["plugin.version", "flags.w"]
    assert found.path == found.decode.paths[0]


def test_version_tag_may_only_state_the_version() -> None:
    (found,) = contract('[tags.version]\nread = "number"\ndecode = "a:16 b:16"').tags
    assert found.conditions == ()


def test_every_element_up_to_null_zero_or_a_count() -> None:
    assert tag('read = "list[].version"\nuntil = "null"\nequals = 1').until == "null"
    assert tag('read = "list[].version"\nuntil = "zero"\nequals = 1').until == "zero"
    count = tag('read = "list[].version"\nuntil = { count = "number" }\nequals = 1').until
    assert count == Path(text="number", root="number")


def test_elements_of_a_symbol_are_bounded_by_it() -> None:
    assert tag('read = "list[].version"\nequals = 1\nempty = true').may_be_empty


def test_section_without_a_type_is_text() -> None:
    found = tag("read = 'section(\".note\", \"__TEXT,note\")'\nat = 4\nstarts_with = 'QT'")
    assert found.path.sections == (".note", "__TEXT,note")
    assert (found.at, found.type) == (4, Array(Scalar("c_char")))


def test_section_of_a_type_has_its_fields() -> None:
    found = tag("read = 'section(\".note\").mode'\ntype = 'Flags'\nequals = 1")
    assert found.conditions[0].value == 1


def test_guard_has_a_path_and_conditions_of_its_own() -> None:
    found = tag(
        'read = "number"\nequals = 1\nwhen = { read = "text", one_of = ["a"], shift = 0 }'.replace(
            ", shift = 0", ""
        )
    )
    assert found.when is not None
    assert found.when.path.root == "text"
    assert [each.value for each in found.when.conditions] == [("a",)]


def test_everything_else_of_a_tag_is_kept() -> None:
    found = tag(
        'read = "number"\nequals = 1\nshift = 16\nmask = 0xff\noptional = true\ninitial = true\n'
        'interface = true\nevidence = "when-present"'
    )
    assert (found.shift, found.mask, found.evidence) == (16, 0xFF, "when-present")
    assert (found.is_optional, found.is_initial, found.is_interface) == (True, True, True)
    assert not found.parameter_dependent


def test_path_may_begin_at_an_export_that_a_glob_names() -> None:
    body = '[exports]\n"*_module" = "static u32"\n[tags.t]\nread = "rewrite_module"\nequals = 1'
    assert parse_contract_text(HEADER + body, "test.toml").tags[0].path.root == "rewrite_module"


def test_interface_tag_is_the_marked_one_or_the_one_named_version() -> None:
    body = (
        '[tags.version]\nread = "number"\nequals = 1\n[tags.other]\nread = "number"\nequals = 1\n'
    )
    assert contract(body).interface_tag == contract(body).tags[0]
    assert (
        contract(body + "interface = true").interface_tag
        == contract(body + "interface = true").tags[1]
    )
