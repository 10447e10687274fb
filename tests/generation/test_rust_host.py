"""The guard for hosts in Rust: what it says of the contract, and what it leaves to others."""

from __future__ import annotations

from abicheck.contract import parse_contract, parse_contract_text
from abicheck.generation.rust.host import generate
from tests.conftest import ROOT, contract

GOLDEN = ROOT / "tests/golden/greeter_host.rs"
HEAD = 'contract = "thing"\nversion = "1.2"\nformat = 1\n'


def module(text: str) -> str:
    """Return the guard made from a contract's text."""
    return generate(parse_contract_text(HEAD + text, "thing.toml"))[0].text


def test_guard_of_the_greeter(bless: bool) -> None:
    text = generate(parse_contract(contract("greeter")))[0].text
    if bless:
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_file_is_named_after_the_contract() -> None:
    assert generate(parse_contract(contract("greeter")))[0].name == "greeter_host.rs"


def test_pointer_from_a_plugin_may_always_be_null() -> None:
    text = module('[structs.Node]\nfields = ["next: &mut Node", "call: fn()"]\n')
    assert "pub next: *mut Node," in text
    assert 'pub call: Option<unsafe extern "C" fn()>,' in text
    assert "NonNull<Node>" not in text


def test_owned_result_is_given_back_to_its_taker() -> None:
    text = module(
        '[exports.make]\ntype = "fn() -> *mut c_void"\nfree = "drop_it"\n'
        '[exports.drop_it]\ntype = "fn(*mut c_void)"\n'
    )
    assert "pub fn make(&self) -> Result<Owned<c_void>, Absent> {" in text
    assert "unsafe { (loaded.export_drop_it)(it) };" in text


def test_borrowed_result_keeps_the_library_alive() -> None:
    text = module('[exports.name]\ntype = "fn() -> *const c_char"\nfree = false\n')
    assert "pub fn name(&self) -> Result<Pointer<c_char>, Absent> {" in text


def test_function_of_numbers_is_safe_to_call_and_one_of_pointers_is_not() -> None:
    text = module('[exports]\nadd = "fn(c_int) -> c_int"\nput = "fn(*mut c_void)"\n')
    assert "pub fn add(&self, argument_1: c_int) -> c_int {" in text
    assert "pub unsafe fn put(&self, argument_1: *mut c_void) {" in text


def test_optional_export_may_be_absent() -> None:
    text = module('[exports.stop]\ntype = "fn()"\noptional = true\n')
    assert "pub fn stop(&self) -> Result<(), Absent> {" in text


def test_field_that_an_older_plugin_lacks_is_not_read() -> None:
    text = module(
        '[structs.Ops]\nfields = ["a: fn()", { name = "b", type = "fn()", since = "1.1" }]\n'
        '[exports]\nops = "fn() -> *mut Ops"\n'
    )
    assert '("Ops.b", "1.1")' in text
    assert 'if self.loaded.lacking.contains(&"Ops.b") {' in text


def test_tag_in_exported_data_is_checked_in_the_file() -> None:
    text = module(
        '[structs.M]\nfields = ["a: u32", "magic: u16"]\n[exports]\nm = "static M"\n'
        '[tags.magic]\nread = "m.magic"\nequals = 7\n'
    )
    assert "at: core::mem::offset_of!(ffi::M, magic)," in text
    assert '("7", |value, _| value == 7)' in text


def test_negative_number_is_compared_modulo_the_width_of_the_tag() -> None:
    text = module('[exports]\nx = "static u32"\n[tags.t]\nread = "x"\nequals = -1\n')
    assert "(value - -1) % (1_i128 << (8 * core::mem::size_of::<u32>())) == 0" in text


def test_tag_behind_a_call_is_said_to_be_left_out() -> None:
    text = module('[exports]\nget = "fn() -> u32"\n[tags.version]\nread = "get()"\nequals = 1\n')
    assert "//   - tags.version: it is behind a call." in text
    assert "const TAGS: &[Tag] = &[];" in text


def test_method_does_not_take_the_name_of_one_of_the_guard() -> None:
    assert "pub fn load_(&self) {" in module('[exports]\nload = "fn()"\n')


def test_forbidden_export_is_refused() -> None:
    text = module('[exports.old]\ntype = "fn()"\nforbidden = true\n')
    assert (
        'name: "old", is_data: false, is_optional: false, is_described: false, is_forbidden: true'
        in text
    )
