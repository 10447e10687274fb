"""What a C compiler states of every contract, judged by the guard for hosts in Rust."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from abicheck.generation.c import generate as generate_c
from abicheck.generation.names import capitals
from abicheck.generation.rust.host import generate as generate_host
from tests.oracle.cargo import Workshop, need, run
from tests.oracle.guards import CONTRACT
from tests.oracle.test_rust_generated import contracts

if TYPE_CHECKING:
    from abicheck.model.contract import Contract

pytestmark = pytest.mark.long

INSIDE = """
/// Returns what differs between this host and the descriptor in a note.
pub fn judge(note: &[u8]) -> String {
    let host = descriptor::read(&EXPECTED[24..24 + DESCRIBED]).unwrap();
    let mut reasons = Vec::new();
    match descriptor::find(&[note], cfg!(target_endian = "big"), CONTRACT) {
        Err(reason) => return reason,
        Ok(plugin) => descriptor::compare(&host, &plugin, &TERMS, &mut reasons),
    };
    reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
"""
PROGRAM = """
#![allow(warnings)]
mod host;
fn main() {
    let file = std::env::args().nth(1).unwrap();
    println!("{}", host::judge(&std::fs::read(file).unwrap()));
}
"""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    need("gcc", "objcopy")
    workshop = Workshop(tmp_path_factory.mktemp("both"))
    workshop.host(CONTRACT)
    return workshop


ALL = dict(contracts())


@pytest.mark.parametrize("name", ALL)
def test_c_and_rust_state_the_same(workshop: Workshop, name: str) -> None:
    each: Contract = ALL[name]
    folder = workshop.folder / name
    folder.mkdir()
    (header,) = generate_c(each)
    (guard,) = generate_host(each)
    (folder / header.name).write_text(header.text)
    (folder / "plugin.c").write_text(f'#include "{header.name}"\n{capitals(each.name)}_PLUGIN;\n')
    (folder / "host.rs").write_text(guard.text + INSIDE)
    (folder / "main.rs").write_text(PROGRAM)
    section = ".note.abicheck"
    run("gcc", "-c", "-w", folder / "plugin.c", "-o", folder / "plugin.o")
    run("objcopy", "-O", "binary", f"--only-section={section}", "--set-section-flags",
        f"{section}=alloc", folder / "plugin.o", folder / "note")  # fmt: skip
    run("rustc", "--edition", "2021", *workshop.libraries(), "-o", folder / "main",
        folder / "main.rs")  # fmt: skip
    assert run(folder / "main", folder / "note") == "\n"
