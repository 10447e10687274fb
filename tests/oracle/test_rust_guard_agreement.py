"""The guard for Rust beside `verify`: both hold stripped plugins to one contract.

One program has the guards of many contracts of the corpus; the plugins are in C, each built under
a contract with one thing changed.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from abicheck.contract import parse_contract_text
from abicheck.generation.names import identifier
from abicheck.generation.rust.host import generate
from tests.oracle.cargo import Workshop, run
from tests.oracle.generated_plugins import build_rust, contract_of
from tests.oracle.guards import CONTRACT
from tests.oracle.test_c_guard_agreement import GUARDED, SAMPLE, guard, wrongs
from tests.oracle.test_c_guard_differences import DIFFERENCES, RICH, SAMENESSES, rich_plugin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from abicheck.model.contract import Contract
    from tests.oracle.corpus import Case

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed"),
]

FEW = GUARDED[1::5]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    workshop = Workshop(tmp_path_factory.mktemp("workshop"))
    workshop.host(CONTRACT)
    return workshop


def built(workshop: Workshop, contracts: Mapping[str, Contract]) -> Path:
    """Build a program that asks the guard of one contract about a file."""
    folder = workshop.folder / f"guards-of-{next(iter(contracts))}-{len(contracts)}"
    folder.mkdir()
    modules, arms = "", ""
    for name, contract in contracts.items():
        module = f"guard_{identifier(name)}"
        (file,) = generate(contract)
        (folder / f"{module}.rs").write_text(file.text)
        modules += f"mod {module};\n"
        arms += f'"{name}" => {module}::Plugin::check(&words[2]).map_err(|it| it.to_string()),\n'
    (folder / "main.rs").write_text(
        f"#![allow(dead_code)]\n{modules}fn main() {{\n"
        "let words: Vec<String> = std::env::args().collect();\n"
        f"let found = match words[1].as_str() {{\n{arms}_ => panic!(),\n}};\n"
        'println!("{}", found.err().unwrap_or_else(|| "fits".into()));\n}\n'
    )
    flags = ("--edition", "2021", "-C", "debug-assertions=on", "-C", "overflow-checks=on")
    run("rustc", *flags, *workshop.libraries(), "-o", folder / "guards", folder / "main.rs")
    return folder / "guards"


def guards(workshop: Workshop, cases: Iterable[Case], folder: Path) -> Path:
    return built(workshop, {case.name: contract_of(case, folder) for case in cases})


def wrongs_of_rust(case: Case, program: Path, folder: Path, step: int) -> dict[str, str]:
    """Return what the guard for Rust says wrongly, by the change."""
    contract = contract_of(case, folder)
    return wrongs(contract, folder, step, lambda plugin: run(program, case.name, plugin))


@pytest.fixture(scope="module")
def some(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return guards(workshop, FEW, tmp_path_factory.mktemp("some"))


@pytest.mark.parametrize("case", FEW, ids=lambda case: case.name)
def test_guard_refuses_what_breaks_and_nothing_else(case: Case, some: Path, tmp_path: Path) -> None:
    assert wrongs_of_rust(case, some, tmp_path, SAMPLE) == {}


@pytest.fixture(scope="module")
def every(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return guards(workshop, GUARDED, tmp_path_factory.mktemp("every"))


@pytest.mark.long
@pytest.mark.parametrize("case", GUARDED, ids=lambda case: case.name)
def test_guard_refuses_every_change_that_breaks_and_no_other(
    case: Case, every: Path, tmp_path: Path
) -> None:
    assert wrongs_of_rust(case, every, tmp_path, 1) == {}


IN_RUST = [case for case in GUARDED if case.name in {"bit-fields", "bool-bits", "negative-enum"}]


def in_rust(folder: Path, contract: Contract) -> Path:
    """Build a stripped plugin in Rust."""
    return build_rust(folder, contract, "-O -C strip=symbols")


@pytest.mark.parametrize("case", IN_RUST, ids=lambda case: case.name)
def test_both_guards_judge_plugins_in_rust(case: Case, workshop: Workshop, tmp_path: Path) -> None:
    contract = contract_of(case, tmp_path)
    checks = [(guard(contract, tmp_path),), (built(workshop, {case.name: contract}), case.name)]
    for check in checks:

        def ask(plugin: Path, check: tuple[str | Path, ...] = check) -> str:
            return run(*check, plugin, check=False)

        assert wrongs(contract, tmp_path, 5, ask, in_rust) == {}


@pytest.fixture(scope="module")
def rich(workshop: Workshop) -> Path:
    return built(workshop, {"rich": parse_contract_text(RICH, "rich.toml")})


@pytest.mark.parametrize("name", DIFFERENCES)
def test_difference_is_refused(rich: Path, tmp_path: Path, name: str) -> None:
    old, new, _ = DIFFERENCES[name]
    text = RICH.replace(old, new)
    if name == "convention":
        text = text.replace(' -> c_int"\nsettings', " -> c_int'\nsettings")
    said = run(rich, "rich", rich_plugin(tmp_path, "rich", text))
    assert "refused as a plugin" in said


CALLS = """\
#![allow(dead_code)]
mod guard_rich;
fn main() {
    let plugin = guard_rich::Plugin::load(std::env::args().nth(1).unwrap()).unwrap();
    let found = unsafe { plugin.stop(std::ptr::null_mut()) };
    println!("{}", found.err().map_or("called".into(), |it| it.to_string()));
}
"""


LEAVES = """\
#![allow(dead_code)]
mod guard_rich;
fn main() {
    let count = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = count();
    for _ in 0..20 {
        guard_rich::Plugin::load(std::env::args().nth(1).unwrap()).unwrap();
    }
    println!("{}", count() - before);
}
"""


def test_plugin_that_is_dropped_leaves_no_copy(
    workshop: Workshop, rich: Path, tmp_path: Path
) -> None:
    plugin = rich_plugin(tmp_path, "rich", RICH)
    (rich.parent / "leaves.rs").write_text(LEAVES)
    flags = ("--edition", "2021", "-o", tmp_path / "leaves", rich.parent / "leaves.rs")
    run("rustc", *workshop.libraries(), *flags)
    assert run(tmp_path / "leaves", plugin) == "0\n"


def test_optional_export_of_a_dependency_is_not_the_plugins(
    workshop: Workshop, rich: Path, tmp_path: Path
) -> None:
    (tmp_path / "other.c").write_text("void stop(void) { }\n")
    other = tmp_path / "libother.so"
    run("gcc", "-shared", "-fPIC", str(tmp_path / "other.c"), "-o", str(other))
    text = RICH.replace('[exports.stop]\ntype = "fn(*mut Config)"\noptional = true\n', "")
    plugin = rich_plugin(tmp_path, "rich", text, "-Wl,--no-as-needed", str(other))
    (rich.parent / "calls.rs").write_text(CALLS)
    flags = ("--edition", "2021", "-o", tmp_path / "calls", rich.parent / "calls.rs")
    run("rustc", *workshop.libraries(), *flags)
    assert "the plugin has no stop" in run(tmp_path / "calls", plugin)


@pytest.mark.parametrize("name", SAMENESSES)
def test_what_is_no_difference_is_let_in(rich: Path, tmp_path: Path, name: str) -> None:
    old, new = SAMENESSES[name]
    text = RICH.replace(old, new) if old else RICH
    if name == "order-of-definitions":
        text += '[structs.Point]\nfields = ["x: i32", "y: f32"]\n'
    assert run(rich, "rich", rich_plugin(tmp_path, "rich", text)) == "fits\n"
