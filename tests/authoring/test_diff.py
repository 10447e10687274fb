"""Each change between two contracts breaks whom it breaks, and calls for the step it calls for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from abicheck.authoring.diff import compare_contracts
from abicheck.contract.read import parse_contract_text
from abicheck.model.changes import Change, Diff, least_version
from abicheck.model.target import Target
from abicheck.verification import read_contract
from tests.conftest import ROOT, contract

if TYPE_CHECKING:
    from pathlib import Path

BOTH, OLD, NEW, NOBODY = "both", "old plugins", "new plugins", "nobody"

BASE = """
contract = "c"
version = "1.0"
format = 1

[exports]
abi = "static u32"
open = "fn(host: *const Host, at: Point) -> *mut Plugin"
close = "fn(*mut Plugin)"
flush = { type = "fn()", optional = true }
table = "static [Entry; 2]"
mode = "fn(Mode) -> *mut u8"

[exports.old]
forbidden = true

[structs.Host]
fields = ["log: fn(*const c_char)", "level: u32", "tail: u16"]

[structs.Plugin]
fields = ["size: u32", "flags: u8", "run: Option<fn(u32) -> u32>", "name: *const c_char"]
size_field = "size"
filled_by = "plugin"

[structs.Stats]
fields = ["count: u32", "bits: u32 : 3"]

[structs.Point]
fields = ["x: f32", "y: f32"]

[structs.Entry]
fields = ["key: u32", "value: Value"]

[unions.Value]
fields = ["i: i64", "f: f64"]

[enums.Mode]
values = { Off = 0, On = 1 }

[types]
Give = { type = "fn() -> *mut u8", free = "host" }
Blob = { opaque = true, size = 16, alignment = 8 }

[plugin]
file = 'lib\\w+\\.so'

[parameters]
limit = 3

[platform]
targets = ["x86_64-linux-gnu", "i386-linux-gnu"]
versions = { at_most = { GLIBC = "2.31" } }
needed = { allow = ["libc.so.6"] }

[imports]
provided = ["host_log", "host_free"]

[[choices]]
of = [["a"], ["b"]]

[evidence]
layout = "required"
conventions = "when-present"

[tags.version]
read = "abi"
decode = "major:16 minor:16"
accepts = ">=1.0, <2.0"

[tags.limit]
read = "abi"
at_most = 0x1ffff
"""


def change(*passages: tuple[str, str], base: str = BASE, version: str = "1.1") -> Diff:
    """Compare the contract with itself after some passages were written otherwise."""
    text = base.replace('version = "1.0"', f'version = "{version}"')
    for old, new in passages:
        assert old in text, old
        text = text.replace(old, new)
    return compare_contracts(
        parse_contract_text(base, "old.toml"), parse_contract_text(text, "new.toml")
    )


def whom(found: Change) -> str:
    broken = bool(found.breaks_old), bool(found.breaks_new)
    return {(True, True): BOTH, (True, False): OLD, (False, True): NEW, (False, False): NOBODY}[
        broken
    ]


def summary(diff: Diff) -> dict[str, tuple[str, str]]:
    return {each.subject: (each.step, whom(each)) for each in diff.changes}


CASES: dict[str, tuple[tuple[str, str], dict[str, tuple[str, str]] | None]] = {
    # Exports.
    "export added": (
        ('close = "fn(*mut Plugin)"', 'close = "fn(*mut Plugin)"\nmore = "fn()"'),
        {"exports.more": ("major", OLD)},
    ),
    "export added with since": (
        (
            'close = "fn(*mut Plugin)"',
            'close = "fn(*mut Plugin)"\nmore = { type = "fn()", since = "1.1" }',
        ),
        {"exports.more": ("minor", NOBODY)},
    ),
    "optional export added": (
        (
            'close = "fn(*mut Plugin)"',
            'close = "fn(*mut Plugin)"\nmore = { type = "fn()", optional = true }',
        ),
        {"exports.more": ("minor", NOBODY)},
    ),
    "export removed": (('close = "fn(*mut Plugin)"\n', ""), {"exports.close": ("major", NEW)}),
    "optional export removed": (
        ('flush = { type = "fn()", optional = true }\n', ""),
        {"exports.flush": ("patch", NOBODY)},
    ),
    "export made optional": (
        ('close = "fn(*mut Plugin)"', 'close = { type = "fn(*mut Plugin)", optional = true }'),
        {"exports.close": ("major", NEW)},
    ),
    "export demanded": (
        ('flush = { type = "fn()", optional = true }', 'flush = "fn()"'),
        {"exports.flush": ("major", OLD)},
    ),
    "export no longer forbidden": (
        ("[exports.old]\nforbidden = true\n", ""),
        {"exports.old": ("minor", NEW)},
    ),
    "parameter added": (
        ('"fn(*mut Plugin)"', '"fn(*mut Plugin, u32)"'),
        {"exports.close": ("major", BOTH)},
    ),
    "parameter named otherwise": (("host: *const Host", "h: *const Host"), {}),
    "parameter that became const": (('"fn(*mut Plugin)"', '"fn(*const Plugin)"'), {}),
    "parameter of another width": (
        ('"fn(Mode) -> *mut u8"', '"fn(u64) -> *mut u8"'),
        {"exports.mode": ("major", BOTH)},
    ),
    "enum that became an integer of its size": (
        ('"fn(Mode) -> *mut u8"', '"fn(c_int) -> *mut u8"'),
        {},
    ),
    "result that is never NULL now": (
        ("-> *mut u8", "-> &mut u8"),
        {"exports.mode": ("major", OLD)},
    ),
    "function that became data": (
        ('mode = "fn(Mode) -> *mut u8"', 'mode = "static u32"'),
        {"exports.mode": ("major", BOTH)},
    ),
    "function with variable arguments": (
        ('"fn(*mut Plugin)"', '"fn(*mut Plugin, ...)"'),
        {"exports.close": ("major", BOTH)},
    ),
    "another convention": (
        ('"fn(*mut Plugin)"', "'extern \"win64\" fn(*mut Plugin)'"),
        {"exports.close": ("major", BOTH)},
    ),
    "data that must be writable": (
        ('"static u32"', '"static mut u32"'),
        {"exports.abi": ("major", OLD)},
    ),
    "array of another length": (("[Entry; 2]", "[Entry; 3]"), {"exports.table": ("major", BOTH)}),
    "symbol version": (
        ('flush = { type = "fn()",', 'flush = { type = "fn()", symbol_version = "V1",'),
        {"exports.flush": ("major", OLD)},
    ),
    "ownership said": (
        ('"fn(Mode) -> *mut u8"', '{ type = "fn(Mode) -> *mut u8", free = "host" }'),
        {"exports.mode": ("minor", NOBODY)},
    ),
    # Structs that the host fills.
    "host field appended with since": (
        ('"tail: u16"]', '"tail: u16", { name = "more", type = "u64", since = "1.1" }]'),
        {"structs.Host.more": ("minor", NEW)},
    ),
    "host field appended": (
        ('"tail: u16"]', '"tail: u16", "more: u64"]'),
        {"structs.Host.more": ("major", BOTH)},
    ),
    "host field in padding": (
        ('"tail: u16"]', '"tail: u16", { name = "more", type = "u16", since = "1.1" }]'),
        {"structs.Host.more": ("minor", NEW)},
    ),
    "field of another type": (
        ('"level: u32"', '"level: f32"'),
        {"structs.Host.level": ("major", BOTH)},
    ),
    "field of another sign": (
        ('"level: u32"', '"level: i32"'),
        {"structs.Host.level": ("major", BOTH)},
    ),
    "field spelled otherwise": (('"level: u32"', '"level: c_uint"'), {}),
    "callback of another prototype": (
        ("log: fn(*const c_char)", "log: fn(*const c_char, u32)"),
        {"structs.Host.log": ("major", BOTH)},
    ),
    "callback that may be NULL now": (
        ("log: fn(*const c_char)", "log: Option<fn(*const c_char)>"),
        {"structs.Host.log": ("major", BOTH)},
    ),
    "field renamed": (('"level: u32"', '"depth: u32"'), {"structs.Host.depth": ("patch", NOBODY)}),
    "last field removed": ((', "tail: u16"]', "]"), {"structs.Host.tail": ("major", BOTH)}),
    "fields of one type swapped": (
        ('"key: u32", "value: Value"', '"value: Value", "key: u32"'),
        {"structs.Entry": ("major", BOTH)},
    ),
    # Structs that the plugin fills.
    "sized plugin field appended": (
        (
            '"name: *const c_char"]',
            '"name: *const c_char", { name = "more", type = "u64", since = "1.1" }]',
        ),
        {"structs.Plugin.more": ("minor", NOBODY)},
    ),
    "plugin field before others": (
        ('"flags: u8"', '{ name = "more", type = "u64", since = "1.1" }, "flags: u8"'),
        {"structs.Plugin.more": ("major", BOTH), "structs.Plugin": ("major", BOTH)},
    ),
    "sized plugin field in padding": (
        ('"flags: u8"', '"flags: u8", { name = "more", type = "u8", since = "1.1" }'),
        {"structs.Plugin.more": ("minor", NEW)},
    ),
    "callback of the plugin that is never NULL now": (
        ("run: Option<fn(u32) -> u32>", "run: fn(u32) -> u32"),
        {"structs.Plugin.run": ("major", BOTH)},
    ),
    "size_field lost": (('size_field = "size"\n', ""), {"structs.Plugin": ("major", BOTH)}),
    # Structs that may not grow.
    "value grows": (
        ('"y: f32"]', '"y: f32", { name = "z", type = "f32", since = "1.1" }]'),
        {"structs.Point.z": ("major", BOTH)},
    ),
    "element grows": (
        ('"value: Value"]', '"value: Value", { name = "more", type = "u64", since = "1.1" }]'),
        {"structs.Entry.more": ("major", BOTH)},
    ),
    "repr packed": (("[structs.Entry]", '[structs.Entry]\nrepr = "C, packed"'), None),
    "repr aligned": (
        ("[structs.Stats]", '[structs.Stats]\nrepr = "C, align(16)"'),
        {"structs.Stats": ("major", BOTH)},
    ),
    "bit-field widened": (
        ('"bits: u32 : 3"', '"bits: u32 : 4"'),
        {"structs.Stats.bits": ("major", BOTH)},
    ),
    "partial": (
        ("[structs.Stats]", "[structs.Stats]\npartial = true"),
        {"structs.Stats": ("minor", NEW)},
    ),
    "names exact": (
        ("[structs.Stats]", '[structs.Stats]\nnames = "exact"'),
        {"structs.Stats": ("major", OLD)},
    ),
    "match": (
        ("[structs.Stats]", '[structs.Stats]\nmatch = "ns::Stats"'),
        {"structs.Stats": ("patch", NOBODY)},
    ),
    "struct renamed": (("Point", "Place"), {}),
    "struct added": (
        ("[structs.Stats]", '[structs.More]\nfields = ["m: u8"]\n\n[structs.Stats]'),
        {"structs.More": ("minor", NOBODY)},
    ),
    "union member added": (
        ('"f: f64"]', '"f: f64", "b: [u8; 8]"]'),
        {"unions.Value.b": ("major", OLD)},
    ),
    "union member removed": (
        ('"i: i64", "f: f64"', '"i: i64"'),
        {"unions.Value.f": ("major", NEW)},
    ),
    # Enums.
    "value added": (("On = 1", "On = 1, Auto = 2"), {"enums.Mode.Auto": ("major", OLD)}),
    "value added with since": (
        ("On = 1", 'On = 1, Auto = { value = 2, since = "1.1" }'),
        {"enums.Mode.Auto": ("minor", NOBODY)},
    ),
    "value changed": (("On = 1", "On = 2"), {"enums.Mode.On": ("major", BOTH)}),
    "value removed": ((", On = 1", ""), {"enums.Mode.On": ("major", BOTH)}),
    "value renamed": (("On = 1", "Open = 1"), {"enums.Mode.Open": ("patch", NOBODY)}),
    "enum closed": (("On = 1 }", "On = 1 }\nclosed = true"), {"enums.Mode": ("major", OLD)}),
    "enum of another width": (
        ("[enums.Mode]", '[enums.Mode]\nrepr = "u8"'),
        {"enums.Mode": ("major", BOTH)},
    ),
    # The rest.
    "alias owned otherwise": (('free = "host"', "free = false"), {"types.Give": ("major", BOTH)}),
    "opaque of another size": (
        ("size = 16, alignment = 8", "size = 24, alignment = 8"),
        {"types.Blob": ("major", BOTH)},
    ),
    "accepts narrowed": ((">=1.0, <2.0", ">=1.1, <2.0"), {"tags.version": ("major", OLD)}),
    "accepts widened": ((">=1.0, <2.0", ">=1.0, <3.0"), {"tags.version": ("minor", NEW)}),
    "accepts otherwise": ((">=1.0, <2.0", ">=1.1, <3.0"), {"tags.version": ("major", BOTH)}),
    "accepts spelled otherwise": ((">=1.0, <2.0", "<2.0, >=1.0"), {}),
    "at_most raised": (("0x1ffff", "0x2ffff"), {"tags.limit": ("minor", NEW)}),
    "at_most lowered": (("0x1ffff", "0x10000"), {"tags.limit": ("major", OLD)}),
    "tag added": (
        ("[tags.limit]", '[tags.more]\nread = "abi"\nat_least = 1\n\n[tags.limit]'),
        {"tags.more": ("major", OLD)},
    ),
    "decode": (("major:16 minor:16", "major:8 minor:24"), {"tags.version": ("major", BOTH)}),
    "platform widened": (
        ('"i386-linux-gnu"]', '"i386-linux-gnu", "aarch64-linux-gnu"]'),
        {"platform.targets": ("minor", NEW)},
    ),
    "platform narrowed": ((', "i386-linux-gnu"]', "]"), {"platform.targets": ("major", OLD)}),
    "newer libc": (('"2.31"', '"2.35"'), {"platform.versions.GLIBC": ("minor", NEW)}),
    "older libc": (('"2.31"', '"2.4"'), {"platform.versions.GLIBC": ("major", OLD)}),
    "library allowed": (
        ('["libc.so.6"]', '["libc.so.6", "libm.so.6"]'),
        {"platform.needed.allow": ("minor", NEW)},
    ),
    "import provided": (
        ('"host_log", ', '"host_log", "host_new", '),
        {"imports.host_new": ("minor", NEW)},
    ),
    "import no longer provided": (('"host_log", ', ""), {"imports.host_log": ("major", OLD)}),
    "choice offered": (('["b"]]', '["b"], ["c"]]'), {"choices[0]": ("minor", NEW)}),
    "choice withdrawn": ((', ["b"]]', "]"), {"choices[0]": ("major", OLD)}),
    "evidence demanded": (
        ('conventions = "when-present"', 'conventions = "required"'),
        {"evidence.conventions": ("major", OLD)},
    ),
    "evidence no longer demanded": (
        ('layout = "required"', 'layout = "when-present"'),
        {"evidence.layout": ("minor", NEW)},
    ),
    "parameter's value": (("limit = 3", "limit = 4"), {"parameters.limit": ("patch", NOBODY)}),
    "name of the file": (("lib\\w+", "plug\\w+"), {"plugin.file": ("major", BOTH)}),
    "comment": (("[tags.limit]", "# More of it.\n[tags.limit]"), {}),
}


@pytest.mark.parametrize("name", CASES)
def test_change_breaks_whom_it_breaks(name: str) -> None:
    passage, expected = CASES[name]
    found = summary(change(passage))
    if expected is None:
        assert {step for step, _ in found.values()} == {"major"}
    else:
        assert found == expected


def test_field_of_one_data_model_names_its_targets() -> None:
    (found,) = [
        each for each in change(('"level: u32"', '"level: c_ulong"')).changes
        if each.subject == "structs.Host.level"
    ]  # fmt: skip
    assert found.targets == ("x86_64-linux-gnu",)


def test_contracts_without_a_platform_are_laid_out_for_each_data_model() -> None:
    bare = 'contract = "c"\nversion = "1.0"\nformat = 1\n[structs.S]\nfields = ["a: c_long"]\n'
    diff = change(("c_long", "i64"), base=bare)
    assert diff.targets == ("x86_64-linux-gnu", "i386-linux-gnu", "x86_64-windows-msvc")
    assert diff.changes[0].targets == ("i386-linux-gnu", "x86_64-windows-msvc")


def test_sizes_are_told_for_each_target() -> None:
    diff = change(('"tail: u16"]', '"tail: u16", "more: u64"]'))
    assert [(each.target, each.old_size, each.new_size) for each in diff.resized] == [
        ("x86_64-linux-gnu", 16, 24),
        ("i386-linux-gnu", 12, 20),
    ]


def test_since_exempts_nobody_where_no_tag_states_a_version() -> None:
    passage = CASES["export added with since"][0]
    diff = change(("[tags.version]", "[tags.other]"), passage, base=BASE)
    assert summary(diff)["exports.more"] == ("major", OLD)


def test_old_host_that_refuses_the_new_version_is_noted() -> None:
    diff = change(("limit = 3", "limit = 4"), version="2.0")
    assert any("refuse plugins that state 2.0" in note for note in diff.notes)


@pytest.mark.parametrize(
    ("version", "passage", "is_enough"),
    [
        ("1.0", "comment", True),
        ("1.0", "field renamed", True),
        ("1.0", "export added with since", False),
        ("1.1", "optional export added", True),
        ("1.1", "export added", False),
        ("2.0", "export added", True),
        ("1.9", "export removed", False),
        ("0.9", "field renamed", False),
        ("0.9", "comment", False),
    ],
)
def test_version_is_held_to_the_step_that_the_changes_call_for(
    version: str, passage: str, is_enough: bool
) -> None:
    (old, new), _ = CASES[passage]
    new = new.replace('"1.1"', f'"{version}"')
    assert change((old, new), version=version).is_raised_enough is is_enough


@pytest.mark.parametrize(
    ("version", "steps"),
    [
        ("1.2", ("2.0", "1.3", "1.2")),
        ("1.2.3", ("2.0.0", "1.3.0", "1.2.4")),
        ("0.3", ("0.4", "0.4", "0.3")),
        ("0.3.1", ("0.4.0", "0.3.2", "0.3.2")),
        ("3", ("4", "3.1", "3")),
    ],
)
def test_least_version_is_one_step_on(version: str, steps: tuple[str, str, str]) -> None:
    assert tuple(least_version(version, step) for step in ("major", "minor", "patch")) == steps


def test_contract_that_grows_does_not_differ_from_itself() -> None:
    whole = read_contract(contract("growth/growth.toml"))
    assert compare_contracts(whole, whole).changes == ()


@pytest.mark.parametrize(
    "file", sorted((ROOT / "schemas").glob("*.toml")), ids=lambda each: each.stem
)
def test_no_contract_of_schemas_differs_from_itself(file: Path) -> None:
    whole = read_contract(file)
    assert compare_contracts(whole, whole).changes == ()


HEADER = 'contract = "x"\nversion = "1.0"\nformat = 1\n'
LINUX, ARM = Target("x86_64", "linux", "gnu"), Target("aarch64", "linux", "gnu")


def drafted(old: str, new: str, built: tuple[Target, Target] = (LINUX, LINUX)) -> Diff:
    """Compare two contracts as if both had been drafted from binaries."""
    return compare_contracts(
        parse_contract_text(HEADER + old, "old.so"),
        parse_contract_text(HEADER + new, "new.so"),
        built[:1],
        built,
    )


def test_flexible_array_of_old_c_is_the_same_as_one_of_c99() -> None:
    text = '[exports]\nf = "fn(*mut P)"\n[structs.P]\nfields = ["n: u32", "words: {}"]\n'
    found = drafted(text.format("[u16]"), text.format("[u16; 0]"))
    assert not any(each.breaks_old or each.breaks_new for each in found.changes)
    found = drafted(text.format("[u16]"), text.format("[u16; 1]"))
    assert any(each.breaks_new for each in found.changes)


def test_enum_of_c_has_the_same_bits_with_or_without_a_sign() -> None:
    text = '[exports]\nf = "fn() -> E"\n[enums.E]\nrepr = "{}"\nvalues = {{ A = 1, Bad = {} }}\n'
    assert drafted(text.format("C", -1), text.format("C", 2**32 - 1)).changes == ()
    assert drafted(text.format("C", -1), text.format("C", 2**32 - 2)).changes != ()
    assert drafted(text.format("i64", -1), text.format("i64", 2**32 - 1)).changes != ()


def test_type_that_a_binary_does_not_show_is_not_compared() -> None:
    found = drafted('[exports]\nf = "fn(u32)"\n', '[exports]\nf = "fn"\n')
    assert found.changes == ()
    assert found.not_compared == ("exports.f: new.so shows no type of it",)


def test_type_that_c_has_no_name_for_is_not_compared() -> None:
    export = '[exports]\nf = "fn(*mut P)"\n'
    found = drafted(
        f'{export}[structs.P]\nfields = ["n: u32"]\n', f'{export}[types]\nP = "opaque"\n'
    )
    assert not any(each.breaks_new for each in found.changes)
    assert found.not_compared == ("structs.P: new.so shows no layout of it that C could have",)


def test_raw_pointer_of_a_binary_does_not_say_that_it_may_be_null() -> None:
    text = '[exports]\nf = "fn({})"\n'
    assert drafted(text.format("*const u8"), text.format("&u8")).changes == ()
    assert drafted(text.format("&u8"), text.format("*const u8")).changes != ()


def test_binaries_for_different_machines_fit_no_host() -> None:
    (found,) = drafted('[exports]\nf = "fn()"\n', '[exports]\nf = "fn()"\n', (LINUX, ARM)).changes
    assert (found.subject, found.step) == ("platform.targets", "major")
    assert found.breaks_old
    assert found.breaks_new


def test_environment_that_a_binary_does_not_show_fits_any() -> None:
    bare = Target("x86_64", "linux", "")
    text = '[exports]\nf = "fn()"\n'
    assert drafted(text, text, (LINUX, bare)).changes == ()
    assert drafted(text, text, (LINUX, Target("x86_64", "linux", "musl"))).changes != ()
