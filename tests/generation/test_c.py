"""The header for C and C++: its text, its names, and what it cannot express."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.generation import generate
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = ROOT / "tests" / "golden"
PARTIAL = """
[structs.P]
partial = true
fields = ["a: {}", {{ name = "b", type = "u32", offset = {} }}]
"""
HEAD = 'contract = "it"\nversion = "1.0"\nformat = 1\n'


def header(text: str, directory: Path, head: str = HEAD) -> str:
    schema = directory / "it.toml"
    schema.write_text(head + text)
    return abicheck.generate(schema, "c")[0].text


@pytest.mark.parametrize("name", ["greeter", "weechat"])
def test_header_is_as_agreed(name: str, bless: bool) -> None:
    file = abicheck.generate(ROOT / "schemas" / f"{name}.toml", "c")[0]
    golden = GOLDEN / f"generate-{name}.h"
    if bless:
        golden.write_text(file.text)
    assert file.text == golden.read_text()


def test_file_and_macros_are_named_after_the_contract() -> None:
    file = abicheck.generate(ROOT / "tests/generation/everything.toml", "c")[0]
    assert file.name == "every-thing.h"
    assert "#define EVERY_THING_PLUGIN " in file.text


def test_name_of_a_contract_leads_to_no_other_directory(tmp_path: Path) -> None:
    schema = tmp_path / "it.toml"
    schema.write_text(HEAD.replace('"it"', '"../up/it"'))
    assert abicheck.generate(schema, "c")[0].name == "___up_it.h"


def test_first_lines_say_what_made_it_and_how_to_make_it_again(tmp_path: Path) -> None:
    lines = header("", tmp_path).splitlines()
    assert lines[1].startswith(" * Made by abicheck ")
    assert lines[1].endswith(" from it.toml: it, version 1.0.")
    assert " *     abicheck generate c it.toml" in lines[:6]


def test_header_names_no_directory(tmp_path: Path) -> None:
    assert str(tmp_path) not in header("", tmp_path)


def test_keywords_as_names_of_fields_are_escaped(tmp_path: Path) -> None:
    text = header('[structs.S]\nfields = ["class: i32", "int: i32", "NULL: i32"]', tmp_path)
    assert "int32_t class_;" in text
    assert "int32_t int_;" in text
    assert "int32_t NULL_;" in text
    assert '"class\\0" "i32\\0"' in text, "the descriptor keeps the contract's name"


def test_enumerators_keep_their_names_while_no_other_thing_has_them(tmp_path: Path) -> None:
    enums = "[enums.{}]\nvalues = {{ {} = 0 }}\n"
    assert "    Off = 0" in header(enums.format("A", "Off"), tmp_path)
    both = header(enums.format("A", "Off") + enums.format("B", "Off"), tmp_path)
    assert "    Off = 0" in both
    assert "    B_Off = 0" in both


def test_type_called_like_an_export_gives_way(tmp_path: Path) -> None:
    text = header(
        '[exports]\nstat = "fn(*mut stat)"\n[structs.stat]\nfields = ["a: i32"]', tmp_path
    )
    assert "IT_EXPORT void stat(stat_ *);" in text


def test_recursive_types_come_in_an_order_that_c_takes(tmp_path: Path) -> None:
    text = header(
        '[structs.Outer]\nfields = ["inner: Inner", "call: Call"]\n'
        '[structs.Inner]\nfields = ["outer: *mut Outer"]\n'
        '[types]\nCall = "fn(*mut Outer, Inner)"',
        tmp_path,
    )
    assert text.index("struct Inner {") < text.index("typedef void (*Call)")
    assert text.index("typedef void (*Call)") < text.index("struct Outer {")


@pytest.mark.parametrize(
    ("export", "said"),
    [
        ("old = { forbidden = true }", "/* old: the contract forbids it. */"),
        ('"codec_*" = "fn()"', "/* codec_*: its name is a pattern. */"),
        ('some = "fn"', "/* some: the contract states no type of it. */"),
        ('"odd$name" = "fn()"', "none that C and C++ can declare. */"),
        ('more = { type = "fn()", optional = true }', "/* Optional. */"),
        ('late = { type = "fn()", since = "1.0" }', "/* Since 1.0. */"),
        ('lent = { type = "fn() -> *mut i32", free = false }', "it returns is borrowed. */"),
    ],
)
def test_what_an_author_must_know_of_an_export_is_said(
    export: str, said: str, tmp_path: Path
) -> None:
    assert said in header(f"[exports]\n{export}", tmp_path)


def test_a_field_or_parameter_called_like_a_type_gives_way(tmp_path: Path) -> None:
    text = header(
        '[exports]\nset = "fn(Mode: Mode, other: Mode)"\n'
        '[structs.Config]\nfields = ["Mode: Mode", "bits: u32"]\n'
        "[enums.Mode]\nvalues = { Off = 0 }",
        tmp_path,
    )
    assert "set(Mode Mode_, Mode other)" in text
    assert "    Mode Mode_;" in text


def test_what_tags_read_stands_above_the_export(tmp_path: Path) -> None:
    text = header(
        '[exports]\nmodule = "static M"\n[structs.M]\nfields = ["magic: u32", "kind: u32"]\n'
        '[tags.magic]\nread = "module.magic"\nequals = 0x41503234\n'
        'when = { read = "module.kind", one_of = [1, 2] }',
        tmp_path,
    )
    said = "/* tags.magic: module.magic equals 0x41503234, when module.kind one of 1 or 2. */"
    assert said in text


def test_text_of_a_contract_ends_no_comment(tmp_path: Path) -> None:
    text = header('[exports]\n"x*/y" = "fn()"', tmp_path, HEAD.replace('"it"', '"a*/b\\n#c"'))
    assert "/* x* /y: its name is a pattern. */" in text
    assert "from it.toml: a* /b?#c, version 1.0." in text
    assert "#if !defined(A__B__C_H)" in text


VERSIONED = """
[exports]
VERSION = "static {type}"
[tags.version]
read = "VERSION"
{decode}
accepts = "{accepts}"
"""


@pytest.mark.parametrize(
    ("type_", "decode", "accepts", "definition"),
    [
        ("u32", 'decode = "major:16 minor:16"', "<=1.2", "const uint32_t VERSION = 0x00010002u;"),
        ("u32", 'decode = "_:8 major:8 minor:8 patch:8"', ">=1", "VERSION = 0x00010200u;"),
        ("u8", "", ">=1", "const uint8_t VERSION = 0x00000001u;"),
        (
            "mut u64",
            'decode = "major:32 minor:32"',
            ">=1.0",
            "  uint64_t VERSION = 0x100000002ull;",
        ),
        ("u32", 'decode = "major:16 minor:16"', ">=2.0", None),
        ("[c_char; 6]", 'decode = "semver"', ">=1.0.0", None),
    ],
)
def test_macro_defines_the_version_where_it_is_a_number(
    type_: str, decode: str, accepts: str, definition: str | None, tmp_path: Path
) -> None:
    tables = VERSIONED.format(type=type_, decode=decode, accepts=accepts)
    text = header(tables, tmp_path, HEAD.replace('"1.0"', '"1.2"'))
    macro = text[text.index("#define IT_PLUGIN") :]
    if definition is None:
        assert "VERSION =" not in macro
    else:
        assert definition in macro


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[exports]\nf = "extern \\"Rust\\" fn()"', 'C cannot call extern "Rust" functions'),
        ('[exports]\nf = "fn(...)"', "C has no function whose only parameter is `...`"),
        (
            PARTIAL.format("u32", 6),
            "structs.P: on x86_64-linux-gnu b cannot lie at 6: its type does not allow that",
        ),
        (
            PARTIAL.format("u64", 4),
            "structs.P: on x86_64-linux-gnu b cannot lie at 4: 8 bytes are before it",
        ),
        (
            '[structs.S]\nfields = ["next: *const Many"]\n[types]\nMany = "[S; 2]"',
            "C can define none of these before the others",
        ),
    ],
)
def test_what_c_cannot_express_is_refused_with_the_reason(
    text: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(abicheck.GenerationError, match=re.escape(reason)):
        header(text, tmp_path)


def test_language_that_does_not_exist_is_refused() -> None:
    with pytest.raises(abicheck.GenerationError, match="no generator for 'go'"):
        abicheck.generate(ROOT / "schemas/greeter.toml", "go")


def test_settings_are_part_of_the_command_that_makes_it_again() -> None:
    contract = abicheck.parse_contract(ROOT / "schemas/greeter.toml")
    text = generate(contract, "c", settings=["name=a b"])[0].text
    assert "abicheck generate c greeter.toml --set 'name=a b'\n" in text
