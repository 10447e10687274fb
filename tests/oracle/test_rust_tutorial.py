"""The tutorial in Rust, end to end: what fits greets, and nothing else is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import abicheck
from tests.conftest import contract
from tests.oracle.cargo import Workshop, need, run, stripped
from tests.oracle.guards import (
    CONTRACT,
    FIELD_MORE,
    GREETING,
    OTHER_SIGNATURE,
    OTHER_VERSION,
    SOURCES,
)
from tests.oracle.guards import build_host as build_c_host
from tests.oracle.guards import build_plugin as build_c_plugin

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

REFUSALS = {
    "field-more": (
        FIELD_MORE,
        "field-more",
        "Greeter.flags: expected no such field, found u64 at offset 0",
    ),
    "other-version": (OTHER_VERSION, "", "tags.version: expected >=1.0, <=1.2, found 2.0"),
    "other-signature": (
        OTHER_SIGNATURE,
        "changed-signature",
        "Greeter.greet: expected fn(*const c_char) -> *const c_char, found fn(*const c_char, i32)",
    ),
    "missing-export": (
        CONTRACT,
        "missing-export",
        "free_greeting: expected an exported function, found no such export",
    ),
}
SMALLEST = {"lto": "fat", "strip": "true", "panic": "abort", "codegen_units": "1"}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("tutorial"))


@pytest.fixture(scope="module")
def host(workshop: Workshop) -> Path:
    return workshop.host(CONTRACT)


@pytest.fixture(scope="module")
def plugin(workshop: Workshop) -> Path:
    return workshop.plugin("good", CONTRACT)


@pytest.fixture(scope="module")
def smallest(workshop: Workshop) -> Path:
    return workshop.plugin("smallest", CONTRACT, **SMALLEST)


@pytest.fixture(scope="module")
def bad(workshop: Workshop) -> dict[str, Path]:
    return {
        fault: workshop.plugin(fault, text, feature)
        for fault, (text, feature, _) in REFUSALS.items()
    }


def test_plugin_that_fits_greets(host: Path, plugin: Path) -> None:
    assert run(host, plugin) == GREETING


def test_stripped_plugin_of_fat_lto_that_aborts_greets(host: Path, smallest: Path) -> None:
    assert run(host, smallest) == GREETING


def test_descriptor_survives_as_a_note(smallest: Path) -> None:
    assert "abicheck" in run("readelf", "-n", "-W", smallest)


def test_release_without_debug_information_verifies_completely(smallest: Path) -> None:
    report = abicheck.verify(smallest, contract("greeter"))
    assert report.verdict == "compatible"
    assert all(claim.status == "ok" for claim in report.claims)


@pytest.mark.parametrize("is_stripped", [False, True], ids=["unstripped", "stripped"])
@pytest.mark.parametrize("fault", REFUSALS)
def test_host_refuses_before_anything_runs(
    host: Path, bad: dict[str, Path], tmp_path: Path, fault: str, *, is_stripped: bool
) -> None:
    plugin = stripped(bad[fault]) if is_stripped else bad[fault]
    said = run(host, plugin, check=False, environment={"GREETER_MARK": str(tmp_path / "mark")})
    assert REFUSALS[fault][2] in said
    assert not (tmp_path / "mark").exists()


def test_mark_is_left_by_a_plugin_that_runs(host: Path, plugin: Path, tmp_path: Path) -> None:
    run(host, plugin, environment={"GREETER_MARK": str(tmp_path / "mark")})
    assert (tmp_path / "mark").exists()


def test_verify_finds_what_the_host_refuses(bad: dict[str, Path]) -> None:
    verdicts = {
        fault: abicheck.verify(stripped(file), contract("greeter")).verdict
        for fault, file in bad.items()
    }
    assert verdicts == dict.fromkeys(REFUSALS, "incompatible")


def test_plugin_without_a_descriptor_is_refused(host: Path, tmp_path: Path) -> None:
    need("gcc")
    plugin = build_c_plugin(tmp_path / "libgreeter.so", "-DWITHOUT_DESCRIPTOR")
    said = run(host, plugin, check=False, environment={"GREETER_MARK": str(tmp_path / "mark")})
    assert "it has no descriptor" in said
    assert not (tmp_path / "mark").exists()


def test_plugin_in_c_greets(host: Path, tmp_path: Path) -> None:
    need("gcc")
    assert run(host, build_c_plugin(tmp_path / "libgreeter.so", "-O2", "-s")) == GREETING


def test_plugin_in_rust_greets_a_host_in_c(smallest: Path, tmp_path: Path) -> None:
    need("gcc")
    assert run(build_c_host(tmp_path / "host", "-O1"), smallest) == GREETING


def test_file_that_is_no_plugin_is_refused(host: Path) -> None:
    assert "it is neither ELF nor PE nor Mach-O" in run(host, __file__, check=False)


def test_directory_is_refused(host: Path, tmp_path: Path) -> None:
    assert "it is no regular file" in run(host, tmp_path, check=False)


SAYING = """
void free_greeting(const char *it) { fprintf(stderr, "greeting\\n"); said_free_greeting(it); }
void free_greeter(Greeter *it) { fprintf(stderr, "greeter\\n"); said_free_greeter(it); }
__attribute__((destructor)) static void say(void) { fprintf(stderr, "unloaded\\n"); }
"""


def test_what_is_owned_is_given_back_once_and_before_the_library_goes(
    host: Path, tmp_path: Path
) -> None:
    need("gcc")
    source = tmp_path / "saying.c"
    text = (SOURCES / "plugin.c").read_text()
    for name in ("free_greeter", "free_greeting"):
        text = text.replace(f"void {name}(", f"static void said_{name}(")
    source.write_text(text + SAYING)
    plugin = build_c_plugin(tmp_path / "libgreeter.so", "-O2", source=source)
    assert run(host, plugin) == f"{GREETING}greeting\ngreeter\nunloaded\n"


def test_null_is_an_error_and_is_not_given_back(host: Path, tmp_path: Path) -> None:
    need("gcc")
    source = tmp_path / "nothing.c"
    text = (SOURCES / "plugin.c").read_text()
    source.write_text(text.replace("calloc(1, sizeof *greeter)", "NULL"))
    plugin = build_c_plugin(tmp_path / "libgreeter.so", "-O2", source=source)
    assert run(host, plugin, check=False) == "load_plugin returned NULL\n"


def test_slot_that_is_null_is_an_error(host: Path, tmp_path: Path) -> None:
    need("gcc")
    source = tmp_path / "empty.c"
    text = (SOURCES / "plugin.c").read_text()
    source.write_text(text.replace("greeter->greet = greet;", "(void)greet;"))
    plugin = build_c_plugin(tmp_path / "libgreeter.so", "-O2", source=source)
    assert run(host, plugin, check=False) == "Greeter.greet is NULL\n"
