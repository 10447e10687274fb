"""A host in Rust of one version, and plugins of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from abicheck.contract import parse_contract_text
from abicheck.generation.rust.host import generate as generate_host
from tests.oracle.cargo import Workshop, need, run
from tests.oracle.guards import CONTRACT as GREETER
from tests.oracle.guards import build_plugin

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

TABLE = """\
contract = "table"
version  = "{version}"
format   = 1

[exports]
table         = "fn() -> *const Table"
TABLE_VERSION = "static u32"
{exports}

[structs.Table]
filled_by = "plugin"
fields = [
{fields}
]

[enums.Mode]
values = {{ Off = 0, On = 1{values} }}

[tags.version]
read    = "TABLE_VERSION"
decode  = "major:16 minor:16"
accepts = ">=1.0, <2.0"
"""
FIELDS = {
    "1.0": '  "one: fn() -> i32",\n  "mode: Mode",\n',
    "1.1": '  { name = "two", type = "fn() -> i32", since = "1.1" },\n',
    "1.2": '  { name = "three", type = "fn() -> i32", since = "1.2" },\n',
}
EXPORTS = {
    "1.0": "",
    "1.1": '[exports.later]\ntype = "fn() -> i32"\nsince = "1.1"',
}
PLUGIN = """\
#include "table.h"
static int32_t one(void) { return 1; }
#if HAS > 0
static int32_t two(void) { return 2; }
int32_t later(void) { return 20; }
#endif
#if HAS > 1
static int32_t three(void) { return 3; }
#endif
static const Table given = {
    .one = one, .mode = (Mode)1,
#if HAS > 0
    .two = two,
#endif
#if HAS > 1
    .three = three,
#endif
};
const Table *table(void) { return &given; }
TABLE_PLUGIN;
"""
HOST = """\
#![allow(dead_code)]
mod table_host;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let plugin = match table_host::Plugin::load(path) {
        Ok(plugin) => plugin,
        Err(refused) => return println!("{refused}"),
    };
    let table = plugin.table().unwrap();
    println!("{:?} {:?} {:?}", table.one(), table.two(), plugin.later());
}
"""


def table(version: str, **changed: str) -> str:
    """Return the contract of the table as of one version, with parts of it changed."""
    known = [text for since, text in FIELDS.items() if since <= version]
    exports = EXPORTS["1.0" if version < "1.1" else "1.1"]
    values = ', Auto = { value = 2, since = "1.1" }' if version >= "1.1" else ""
    parts = {"fields": "".join(known), "exports": exports, "values": values, **changed}
    return TABLE.format(version=version, **parts)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    need("gcc")
    workshop = Workshop(tmp_path_factory.mktemp("growth"))
    workshop.host(GREETER)
    (workshop.folder / "plugin.c").write_text(PLUGIN)
    return workshop


def build(workshop: Workshop, text: str) -> Path:
    """Build a host of the contract."""
    folder = workshop.folder / f"host-{len(list(workshop.folder.iterdir()))}"
    folder.mkdir()
    (file,) = generate_host(parse_contract_text(text, "table.toml"))
    (folder / file.name).write_text(file.text)
    (folder / "main.rs").write_text(HOST)
    run("rustc", "--edition", "2021", *workshop.libraries(), "-o", folder / "host",
        folder / "main.rs")  # fmt: skip
    return folder / "host"


@pytest.fixture(scope="module")
def host(workshop: Workshop) -> Path:
    return build(workshop, table("1.1"))


def plugin(workshop: Workshop, name: str, has: int, text: str) -> Path:
    """Build a plugin of the contract that has so many of the later fields."""
    source = workshop.folder / "plugin.c"
    return build_plugin(workshop.folder / name, f"-DHAS={has}", "-s", text=text, source=source)


def test_plugin_of_the_same_version_has_everything(workshop: Workshop, host: Path) -> None:
    assert run(host, plugin(workshop, "same.so", 1, table("1.1"))) == "Ok(1) Ok(2) Ok(20)\n"


def test_older_plugin_is_let_in_and_what_it_lacks_is_not_read(
    workshop: Workshop, host: Path
) -> None:
    said = run(host, plugin(workshop, "older.so", 0, table("1.0")))
    absent = 'Err(Absent("the plugin is older than Table.two"))'
    assert said == f'Ok(1) {absent} Err(Absent("the plugin has no later"))\n'


def test_newer_plugin_may_have_more_in_what_it_fills(workshop: Workshop, host: Path) -> None:
    said = run(host, plugin(workshop, "newer.so", 2, table("1.2")))
    assert said == "Ok(1) Ok(2) Ok(20)\n"


def test_newer_plugin_may_have_more_in_what_only_results_lead_to(workshop: Workshop) -> None:
    unsaid = build(workshop, table("1.1").replace('filled_by = "plugin"\n', ""))
    assert run(unsaid, plugin(workshop, "unsaid.so", 2, table("1.2"))) == "Ok(1) Ok(2) Ok(20)\n"


def test_newer_plugin_may_not_have_more_in_what_hosts_fill_too(workshop: Workshop) -> None:
    strict = build(workshop, table("1.1").replace('filled_by = "plugin"', 'filled_by = "both"'))
    said = run(strict, plugin(workshop, "strict.so", 2, table("1.2")))
    assert "Table.three: expected no such field, found fn() -> i32" in said


def test_field_of_the_same_version_may_not_be_missing(workshop: Workshop, host: Path) -> None:
    text = table("1.1", fields=FIELDS["1.0"])
    said = run(host, plugin(workshop, "lacking.so", 0, text), check=False)
    assert "Table.two: expected fn() -> i32, found none in the plugin" in said


def test_field_put_before_others_is_refused(workshop: Workshop, host: Path) -> None:
    text = table("1.2", fields=FIELDS["1.2"] + FIELDS["1.0"] + FIELDS["1.1"])
    said = run(host, plugin(workshop, "before.so", 2, text), check=False)
    assert "Table.three: expected no such field, found fn() -> i32 at offset 0" in said


def test_value_of_an_enum_that_moved_is_refused(workshop: Workshop, host: Path) -> None:
    text = table("1.1", values=', Auto = { value = 3, since = "1.1" }')
    said = run(host, plugin(workshop, "value.so", 1, text))
    assert "Mode.Auto: expected 2, found 3" in said
