"""Templates: which values reach which texts, and what becomes of those without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from abicheck.contract import bind, parse_contract_text, parse_setting
from abicheck.errors import ContractError
from tests.contract.bad_contracts import HEADER

if TYPE_CHECKING:
    from abicheck.model.contract import Binding, Contract

APACHE = (
    HEADER
    + r"""
[plugin]
file = '(lib)?mod_(?P<plugin>[\w-]+)\.so'
[parameters]
minor = 142
vendor = "a+b"
[exports."{plugin}_module"]
type = "static Module"
[exports]
fixed = "fn()"
[structs.Module]
fields = ["version: u32", "minor: u32", "name: *const c_char"]
[tags.minor]
read = "{plugin}_module.minor"
at_most = "{minor}"
[tags.name]
read = "{plugin}_module.name"
matches = 'mod_{plugin} [a-z]{2,3} {vendor}'
[[choices]]
of = [["fixed"]]
[[choices]]
of = [["{plugin|underscore|upper}_INIT"]]
[platform]
soname = "mod_{plugin}.so"
stack = "not-executable"
"""
)


def contract(text: str = APACHE) -> Contract:
    return parse_contract_text(text, "test.toml")


def bound(file: str = "mod_rewrite.so", **overrides: object) -> Binding:
    return bind(contract(), file, overrides)


def value_of(binding: Binding, tag: str, key: str) -> object:
    found = next(each for each in binding.contract.tags if each.name == tag)
    return next(each.value for each in found.conditions if each.key == key)


def test_capture_becomes_part_of_names_and_paths() -> None:
    binding = bound("/usr/lib/mod_rewrite.so")
    assert binding.file_matches is True
    assert binding.unresolved == ()
    assert [each.name for each in binding.contract.exports] == ["rewrite_module", "fixed"]
    assert binding.contract.exports[0].written == "{plugin}_module"
    assert binding.contract.tags[0].path.root == "rewrite_module"
    assert binding.contract.platform.soname == "mod_rewrite.so"


def test_entry_made_from_a_template_keeps_its_line() -> None:
    assert bound().contract.exports[0].line == contract().exports[0].line == 10


def test_tags_say_that_they_depend_on_parameters() -> None:
    assert all(tag.parameter_dependent for tag in bound().contract.tags)


def test_filters_are_chained() -> None:
    choice = bound("mod_auth-basic.so", plugin="auth-basic").contract.choices[1]
    assert choice.groups == (("AUTH_BASIC_INIT",),)


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ("lower", "ab-1c_d"), ("upper", "AB-1C_D"), ("capitalize", "Ab-1c_d"), ("letters", "aBCD"),
        ("underscore", "aB_1C_D"), ("letters|lower", "abcd"), ("lower|capitalize", "Ab-1c_d"),
    ],
)  # fmt: skip
def test_filter_makes_its_text(filters: str, text: str) -> None:
    body = f"[parameters]\nx = 'aB-1C_D'\n[platform]\nsoname = 'lib{{x|{filters}}}'"
    assert contract(HEADER + body).platform.soname == f"lib{text}"


def test_values_in_a_regular_expression_are_escaped_and_its_counts_untouched() -> None:
    assert value_of(bound(), "name", "matches") == r"mod_rewrite [a-z]{2,3} a\+b"


def test_template_alone_keeps_the_type_of_its_value() -> None:
    assert value_of(bound(), "minor", "at_most") == 142


def test_override_goes_before_parameters_and_captures() -> None:
    binding = bound(minor=126, plugin="php")
    assert value_of(binding, "minor", "at_most") == 126
    assert binding.contract.exports[0].name == "php_module"
    assert binding.parameters == {"minor": 126, "vendor": "a+b", "plugin": "php"}


def test_text_is_converted_where_an_integer_is_wanted() -> None:
    assert value_of(bound(minor="126"), "minor", "at_most") == 126
    assert value_of(bound(minor="0x10"), "minor", "at_most") == 16


def test_integer_is_converted_where_text_is_wanted() -> None:
    body = "[parameters]\nx = 5\n[platform]\nsoname = '{x}'"
    assert contract(HEADER + body).platform.soname == "5"


def test_number_with_a_point_keeps_its_digits() -> None:
    body = "[parameters]\nx = 1.10\n[platform]\nversions = { at_most = { GLIBC = 'x' } }"
    body = body.replace("'x'", "'{x}'").replace("x = 1.10", "x = '1.0'")
    found = bind(contract(HEADER + body), "a.so", dict([parse_setting("x=1.10")]))
    assert found.contract.platform.versions_at_most == {"GLIBC": "1.10"}


def test_value_that_does_not_fit_is_an_error_of_the_contract() -> None:
    with pytest.raises(ContractError) as caught:
        bound(minor="many")
    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (18, "tags.minor.at_most")
    assert problem.message == 'expected an integer, found the text "many"'


def test_name_that_does_not_fit_leaves_out_what_depends_on_it() -> None:
    binding = bound("libphp.so")
    assert binding.file_matches is False
    assert [each.name for each in binding.contract.exports] == ["fixed"]
    assert binding.contract.tags == ()
    assert [each.index for each in binding.contract.choices] == [0]
    assert binding.contract.platform.soname is None
    assert binding.contract.platform.stack == "not-executable"
    assert [(subject, line) for subject, line, _ in binding.unresolved] == [
        ("exports.{plugin}_module", 10),
        ("tags.minor", 16),
        ("tags.name", 19),
        ("choices[1]", 24),
        ("platform.soname", 27),
    ]
    assert all("{plugin} has no value" in reason for *_, reason in binding.unresolved)


def test_name_that_does_not_fit_is_no_claim_once_every_group_is_set() -> None:
    binding = bound("libphp.so", plugin="php")
    assert binding.file_matches is None
    assert binding.unresolved == ()
    assert binding.contract.exports[0].name == "php_module"


def test_name_that_does_not_fit_a_pattern_without_groups_is_a_mismatch() -> None:
    body = "[plugin]\nfile = 'x.*'\n[parameters]\na = 1"
    assert bind(contract(HEADER + body), "y.so", {"a": 2}).file_matches is False


def test_whole_base_name_must_fit() -> None:
    assert bound("mod_rewrite.so.1").file_matches is False
    assert bound("xmod_rewrite.so").file_matches is False


def test_group_that_took_no_part_has_no_value() -> None:
    body = "[plugin]\nfile = 'a(?P<x>b)?.so'\n[exports]\n'{x}_init' = 'fn()'"
    assert bind(contract(HEADER + body), "a.so").unresolved[0][0] == "exports.{x}_init"
    assert bind(contract(HEADER + body), "ab.so").contract.exports[0].name == "b_init"


def test_contract_without_templates_is_returned_as_it_is() -> None:
    plain = contract(HEADER + "[exports]\na = 'fn()'")
    binding = bind(plain, "a.so")
    assert binding.contract is plain
    assert binding.file_matches is None


def test_contract_whose_parameters_stay_as_they_are_is_returned_as_it_is() -> None:
    plain = contract(HEADER + "[parameters]\nx = 'a'\n[exports]\n'{x}_init' = 'fn()'")
    assert bind(plain, "a.so").contract is plain
    assert bind(plain, "a.so", {"x": "b"}).contract.exports[0].name == "b_init"


def test_bound_contract_can_be_bound_again() -> None:
    again = bind(bound("mod_a.so").contract, "mod_b.so")
    assert again.contract.exports[0].name == "b_module"


def test_override_of_nothing_is_an_error() -> None:
    with pytest.raises(ContractError, match='has no parameter "minr"; did you mean "minor"'):
        bound(minr=1)
    with pytest.raises(ContractError, match="text, a number, true or false, not list"):
        bound(minor=[1])


def test_exports_that_come_to_one_name_are_an_error() -> None:
    body = "[parameters]\nx = 'b'\n[exports]\na_init = 'fn()'\n'{x}_init' = 'fn()'"
    with pytest.raises(ContractError, match="comes to the name of another export"):
        bind(contract(HEADER + body), "b.so", {"x": "a"})


NAMED = "[plugin]\nfile = '(?P<x>.*).so'\n[exports]\na_init = 'fn()'\n'{x}_init' = 'fn()'\n"


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("a.so", "comes to the name of another export"),
        ("*.so", "its name would be read as a pattern"),
    ],
)
def test_name_of_a_file_is_no_error_of_the_contract(file: str, why: str) -> None:
    found = bind(contract(HEADER + NAMED), file)
    assert [export.name for export in found.contract.exports] == ["a_init"]
    ((subject, _, reason),) = found.unresolved
    assert subject == "exports.{x}_init"
    assert reason.startswith("the file's name gives {x} = ")
    assert why in reason


def test_text_from_the_name_of_a_file_where_an_integer_is_wanted_leaves_out_the_tag() -> None:
    tag = "v = 'static u32'\n[tags.t]\nread = 'v'\nequals = '{x}'"
    found = bind(contract(HEADER + NAMED + tag), "7.so")
    assert value_of(found, "t", "equals") == 7
    found = bind(contract(HEADER + NAMED + tag), "many.so")
    assert not found.contract.tags
    assert "tags.t" in {subject for subject, _, _ in found.unresolved}
    with pytest.raises(ContractError, match="expected an integer"):
        bind(contract(HEADER + NAMED + tag), "7.so", {"x": "many"})


def test_export_with_an_open_type_leaves_out_the_tags_that_read_it() -> None:
    body = """
[plugin]
file = '(?P<x>.*).so'
[exports]
table = "static [u8; {x}]"
[exports.make]
type = "fn()"
symbol_version = "V_{x}"
[tags.t]
read = "table[0]"
equals = 1
"""
    binding = bind(contract(HEADER + body), "a.dll")
    assert [each.name for each in binding.contract.exports] == ["make"]
    assert binding.contract.exports[0].symbol_version is None
    assert binding.contract.tags == ()
    assert bind(contract(HEADER + body), "4.so").contract.tags


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("x=1", ("x", 1)),
        ("x=0x10", ("x", 16)),
        ("x=true", ("x", True)),
        ("x='1'", ("x", "1")),
        ("x=php", ("x", "php")),
        ("x=007", ("x", "007")),
        ("x=", ("x", "")),
        ("x=a=b", ("x", "a=b")),
        ("x=[1]", ("x", "[1]")),
        ("x=1979-05-27", ("x", "1979-05-27")),
        ("x=1\ny=2", ("x", "1\ny=2")),
    ],
)
def test_setting_is_a_toml_value_or_else_text(text: str, setting: tuple[str, object]) -> None:
    assert parse_setting(text) == setting


@pytest.mark.parametrize("text", ["x", "=1", "a-b=1", ""])
def test_setting_without_name_and_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected NAME=VALUE"):
        parse_setting(text)
