"""Modules for Rust, compiled: without warnings, with every layout as it was computed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from abicheck.contract import parse_contract, parse_contract_text
from abicheck.errors import GenerationError
from abicheck.generation.names import identifier
from abicheck.generation.rust import generate
from abicheck.generation.rust.host import generate as generate_host
from tests.conftest import ROOT, contract
from tests.oracle.cargo import TOOLS, Workshop, need, run
from tests.oracle.corpus import CASES
from tests.oracle.guards import CONTRACT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from abicheck.generation import GeneratedFile
    from abicheck.model.contract import Contract

pytestmark = pytest.mark.oracle

CROSS = (
    "i686-unknown-linux-gnu", "armv7-unknown-linux-gnueabihf", "s390x-unknown-linux-gnu",
    "x86_64-pc-windows-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin",
)  # fmt: skip
LINTED = (
    "schema_greeter", "schema_nginx", "schema_php", "schema_weechat", "growth", "odd", "names",
    "prelude", "case_bit_fields", "case_variadic", "case_module_tags",
)  # fmt: skip
"""Guards with every form of method, tag and type; a guard takes clippy half a second."""
CRATE = "//! All of them.\n#![no_std]\n#![deny(warnings, missing_docs)]\n#![allow(unused_macros)]\n"


def contracts() -> Iterator[tuple[str, Contract]]:
    """Yield every contract of schemas/ and of the corpus."""
    for file in sorted((ROOT / "schemas").glob("*.toml")):
        yield f"schema_{identifier(file.stem)}", parse_contract(file)
    for case in CASES:
        text = case.contract_text(case.all_changes()[0])
        yield f"case_{identifier(case.name)}", parse_contract_text(text, f"{case.name}.toml")
    yield "growth", parse_contract(contract("growth/growth.toml"))
    yield "odd", parse_contract(contract("generation/odd.toml"))
    yield "names", parse_contract(contract("generation/names.toml"))
    yield "prelude", parse_contract(contract("generation/prelude.toml"))


def write_modules(
    folder: Path, make: Callable[[Contract], tuple[GeneratedFile, ...]]
) -> dict[str, str]:
    """Write a module for each contract; return the name of each and its text."""
    found = {}
    for name, each in contracts():
        (file,) = make(each)
        (folder / f"{name}.rs").write_text(file.text)
        found[name] = file.text
    return found


def crate(folder: Path, name: str, modules: dict[str, str], left_out: set[str]) -> Path:
    """Write a crate of all modules, which has each descriptor computed."""
    lines = [CRATE]
    for module, text in modules.items():
        if module not in left_out:
            hidden = re.findall(r"pub mod (abicheck_\w+) \{", text)[0]
            path = f"{module}::{hidden}"
            lines += [f"/// It.\npub mod {module};", "/// What it states."]
            lines += [f"pub static {module.upper()}: {path}::Descriptor = {path}::descriptor(&[]);"]
    file = folder / f"{name}.rs"
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need(*TOOLS)
    return tmp_path_factory.mktemp("modules")


@pytest.fixture(scope="module")
def modules(folder: Path) -> dict[str, str]:
    return write_modules(folder, generate)


@pytest.fixture(scope="module")
def hosts(folder: Path) -> dict[str, str]:
    (folder / "hosts").mkdir()
    return write_modules(folder / "hosts", generate_host)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    workshop = Workshop(tmp_path_factory.mktemp("workshop"))
    workshop.host(CONTRACT)
    return workshop


def test_modules_are_formatted(folder: Path, modules: dict[str, str]) -> None:
    files = [folder / f"{name}.rs" for name in modules]
    run("rustfmt", "--check", "--edition", "2021", *files)


def test_guards_are_formatted(folder: Path, hosts: dict[str, str]) -> None:
    files = [folder / "hosts" / f"{name}.rs" for name in hosts]
    run("rustfmt", "--check", "--edition", "2021", *files)


@pytest.mark.parametrize("edition", ["2021", "2024"])
def test_modules_are_free_of_lints(folder: Path, modules: dict[str, str], edition: str) -> None:
    file = crate(folder, "native", modules, set())
    run("clippy-driver", "--edition", edition, "-W", "clippy::pedantic", "--crate-type", "lib",
        "--emit", "metadata", "-o", folder / "native.rmeta", file)  # fmt: skip


@pytest.mark.parametrize("edition", ["2021", "2024"])
def test_guards_are_free_of_lints(
    workshop: Workshop, folder: Path, hosts: dict[str, str], edition: str
) -> None:
    lines = ["//! All.", "#![deny(warnings, missing_docs)]"]
    lines += [f"/// It.\npub mod {name};" for name in hosts if name in LINTED]
    file = folder / "hosts" / "all.rs"
    file.write_text("\n".join(lines) + "\n")
    run("clippy-driver", "--edition", edition, "-W", "clippy::pedantic", "--crate-type", "lib",
        "--emit", "metadata", *workshop.libraries(), "-o", folder / "all.rmeta", file)  # fmt: skip


def test_guard_of_which_little_is_used_warns_of_nothing(workshop: Workshop) -> None:
    project = workshop.folder / "the-host"
    (project / "src" / "main.rs").touch()
    run(
        "cargo",
        "rustc",
        "-q",
        "--",
        "-D",
        "warnings",
        cwd=project,
        environment=workshop.environment,
    )


@pytest.mark.parametrize("target", CROSS)
def test_layouts_are_those_of_the_compiler_for(
    folder: Path, modules: dict[str, str], target: str
) -> None:
    installed = run("rustc", "--print", "target-libdir", "--target", target).strip()
    if not list(Path(installed).glob("libcore-*")):
        pytest.skip(f"rustup target add {target}")
    left_out = {"case_packed_bits", "odd"} if target.endswith("windows-gnu") else set()
    left_out |= set() if target.startswith("x86_64") else {"case_stated_convention"}
    file = crate(folder, target.replace("-", "_"), modules, left_out)
    run("rustc", "--edition", "2021", "--target", target, "--crate-type", "lib", "--emit",
        "metadata", "-o", folder / f"{target}.rmeta", file)  # fmt: skip


def refused(folder: Path, text: str, plugin: str) -> str:
    """Return what rustc says of a plugin that must not compile."""
    (folder / "greeter.rs").write_text(text)
    source = folder / "plugin.rs"
    source.write_text(f"#![allow(unused)]\nmod greeter;\nuse greeter::*;\n{plugin}")
    done = subprocess.run(
        ["rustc", "--edition", "2021", "--crate-type", "lib", "--emit", "metadata", "-o",
         str(folder / "plugin.rmeta"), str(source)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode
    return done.stderr


PLUGIN = """\
greeter_plugin!();
#[unsafe(no_mangle)] pub extern "C" fn load_plugin() -> *mut Greeter { std::ptr::null_mut() }
#[unsafe(no_mangle)] pub extern "C" fn free_greeter(_greeter: *mut Greeter) {}
#[unsafe(no_mangle)] pub extern "C" fn free_greeting(_greeting: *const std::ffi::c_char) {}
"""

MISTAKES = {
    "lost-convention": (
        'extern "C" fn load_plugin',
        "fn load_plugin",
        'expected "C" fn, found "Rust" fn',
    ),
    "other-parameter": ("_greeter: *mut Greeter", "_greeter: i32", "found fn item"),
    "other-result": ("-> *mut Greeter { std::ptr::null_mut() }", "-> usize { 0 }", "found fn item"),
    "forgotten-export": ("fn free_greeting", "fn other", "cannot find value `free_greeting`"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.usefixtures("folder")
def test_mistake_in_a_plugin_does_not_compile(tmp_path: Path, mistake: str) -> None:
    old, new, said = MISTAKES[mistake]
    assert old in PLUGIN
    text = generate(parse_contract_text(CONTRACT, "greeter.toml"))[0].text
    assert said in refused(tmp_path, text, PLUGIN.replace(old, new))


def test_layout_that_is_not_the_computed_one_does_not_compile(tmp_path: Path) -> None:
    need("rustc")
    text = generate(parse_contract_text(CONTRACT, "greeter.toml"))[0].text
    edited = text.replace("    pub greet: unsafe", "    pub first: u8,\n    pub greet: unsafe")
    assert edited != text
    said = refused(tmp_path, edited, PLUGIN)
    assert "the offset of Greeter.greet must be 0" in said


def test_what_rust_cannot_say_is_an_error_that_names_it() -> None:
    with pytest.raises(GenerationError, match="Any: a union in Rust"):
        generate(parse_contract(contract("../tests/golden/init-types.toml")))
