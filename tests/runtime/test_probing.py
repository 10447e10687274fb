"""A probe says what became of a plugin in a child process; nothing of it reaches this one."""

from __future__ import annotations

import os
import resource
import time
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.model.report import ExitCode
from tests.conftest import ROOT, binary
from tests.runtime.opening import CALLED, CONTRACT, compiled, mapped, on_linux, placed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = on_linux

GREETER = ROOT / "schemas" / "greeter.toml"

ENTRY = """
contract = "entry"
version  = "1.0"
format   = 1
[types]
Thing = "opaque"
[exports]
open_thing  = { type = "fn() -> *mut Thing", free = "close_thing" }
close_thing = "fn(*mut Thing)"
look        = "fn() -> *const Thing"
"""
"""The contract of the plugins that are compiled here."""

SOURCE = """
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
struct Thing;
struct Thing *look(void) {{ abort(); }}
static char thing[8];
struct Thing *open_thing(void) {{ {open} return (void *)thing; }}
void close_thing(struct Thing *t) {{ (void)t; {close} }}
__attribute__((constructor)) static void begin(void) {{ {begin} }}
__attribute__((destructor)) static void end(void) {{ {end} }}
"""


def probed(tmp_path: Path, bodies: dict[str, str], timeout: float = 10) -> abicheck.ProbeReport:
    """Compile a plugin whose functions do what the test says, and probe it."""
    parts = {"open": "", "close": "", "begin": "", "end": "", **bodies}
    contract = tmp_path / "entry.toml"
    contract.write_text(ENTRY)
    plugin = compiled(tmp_path, SOURCE.format(**parts))
    return abicheck.probe(plugin, contract, timeout=timeout, memory=256 << 20)


def test_good_plugin_is_called_freed_and_unloaded() -> None:
    before = mapped("libgreeter-good.so")  # by tests that loaded it for good
    report = abicheck.probe(binary("greeter/libgreeter-good.so"), GREETER)
    assert report.outcome == "fine"
    assert report.called == ("load_plugin",)
    assert report.exit_code == ExitCode.COMPATIBLE
    assert "called load_plugin(), freed what came back, unloaded" in report.message
    assert mapped("libgreeter-good.so") == before


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("libgreeter-bad.so", "incompatible", ExitCode.INCOMPATIBLE),
        ("libgreeter-stripped.so", "unverified", ExitCode.UNVERIFIED),
    ],
)
def test_refused_plugin_is_not_run(name: str, verdict: str, code: ExitCode) -> None:
    report = abicheck.probe(binary(f"greeter/{name}"), GREETER)
    assert (report.outcome, report.verdict, report.exit_code) == ("refused", verdict, code)
    assert report.stage == "verifying"
    assert report.reasons


def test_unreadable_plugin_and_one_that_the_system_refuses_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("no plugin")
    unreadable = abicheck.probe(tmp_path / "text.so", GREETER)
    assert (unreadable.outcome, unreadable.exit_code) == ("refused", ExitCode.UNREADABLE)
    lonely = abicheck.probe(placed("libmarks-beside.so", tmp_path), CONTRACT)
    assert (lonely.outcome, lonely.exit_code) == ("failed", ExitCode.UNREADABLE)
    assert "libneighbour.so" in lonely.message


def test_crash_of_a_constructor_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOADING_DIES", "begin")
    report = abicheck.probe(binary("loading/libmarks.so"), CONTRACT)
    assert (report.outcome, report.signal, report.stage) == ("crashed", "SIGABRT", "loading")
    assert "while it was loaded" in report.message
    assert report.exit_code == ExitCode.INCOMPATIBLE


def test_tags_behind_calls_are_asked(tmp_path: Path) -> None:
    contract = tmp_path / "called.toml"
    contract.write_text(CALLED.read_text().replace('equals = "marks"', 'equals = "tracks"'))
    report = abicheck.probe(binary("loading/libmarks.so"), contract)
    assert report.reasons == ('tags.name: equals: expected "tracks", found "marks"',)


def test_function_whose_result_has_no_owner_is_left_alone() -> None:
    report = abicheck.probe(binary("loading/libmarks.so"), CALLED)
    assert (report.outcome, report.not_called) == ("fine", ("get_details",))


def test_exports_with_parameters_in_their_names_are_called(tmp_path: Path) -> None:
    contract = tmp_path / "named.toml"
    contract.write_text(
        "contract = 'named'\nversion = '1.0'\nformat = 1\n[plugin]\n"
        "file = 'lib(?P<name>\\w+)-good.so'\n[types]\nThing = 'opaque'\n"
        "[exports]\nload_plugin = { type = 'fn() -> *mut Thing', free = 'free_{name}' }\n"
        "'free_{name}' = 'fn(*mut Thing)'\n"
    )
    report = abicheck.probe(binary("greeter/libgreeter-good.so"), contract)
    assert (report.outcome, report.called) == ("fine", ("load_plugin",))


def test_wrong_contract_is_the_callers_fault(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("contract = 1\n")
    with pytest.raises(abicheck.ContractError):
        abicheck.probe(binary("loading/libmarks.so"), tmp_path / "wrong.toml")


def test_parameters_reach_the_child(tmp_path: Path) -> None:
    contract = tmp_path / "parameters.toml"
    contract.write_text(
        CONTRACT.read_text() + "[parameters]\nlevel = 1\n[tags.level]\n"
        'read = "PLUGIN_VERSION"\nequals = "{level}"\n'
    )
    plugin = binary("loading/libmarks.so")
    assert abicheck.probe(plugin, contract).outcome == "fine"
    assert abicheck.probe(plugin, contract, parameters={"level": 2}).outcome == "refused"


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("where", "stage", "said"),
    [
        ("begin", "loading", "while it was loaded"),
        ("open", "calling open_thing", "in open_thing()"),
        ("close", "freeing open_thing", "while what open_thing() had returned was freed"),
        ("end", "unloading", "while it was unloaded"),
    ],
)
def test_crash_is_reported_with_its_place(
    tmp_path: Path, where: str, stage: str, said: str
) -> None:
    report = probed(tmp_path, {where: "*(volatile int *)8 = 1;"})
    assert (report.outcome, report.signal, report.stage) == ("crashed", "SIGSEGV", stage)
    assert said in report.message


@pytest.mark.oracle
def test_hang_is_ended_with_what_it_started(tmp_path: Path) -> None:
    start, mark = time.monotonic(), tmp_path / "still-there"
    survivor = f'if (!fork()) {{ sleep(2); fclose(fopen("{mark}", "w")); _exit(0); }} '
    report = probed(tmp_path, {"open": survivor + "for (;;) sleep(1);"}, timeout=1)
    assert (report.outcome, report.stage) == ("hung", "calling open_thing")
    assert "within 1 seconds in open_thing()" in report.message
    time.sleep(max(0.0, start + 4 - time.monotonic()))
    assert not mark.exists()


@pytest.mark.oracle
def test_endless_loop_of_a_free_is_a_hang(tmp_path: Path) -> None:
    report = probed(tmp_path, {"close": "for (;;) ;"}, timeout=1)
    assert (report.outcome, report.stage) == ("hung", "freeing open_thing")


@pytest.mark.oracle
def test_plugin_that_ends_the_process_is_no_success(tmp_path: Path) -> None:
    report = probed(tmp_path, {"open": "exit(0);"})
    assert report.outcome == "crashed"
    assert "ended the process with exit code 0 in open_thing()" in report.message


@pytest.mark.oracle
def test_plugin_that_eats_memory_is_stopped(tmp_path: Path) -> None:
    report = probed(tmp_path, {"open": "while (calloc(1, 1 << 20)) ; abort();"})
    assert (report.outcome, report.signal) == ("crashed", "SIGABRT")


@pytest.mark.oracle
def test_last_words_are_kept_however_many_there_are(tmp_path: Path) -> None:
    shout = 'for (int i = 0; i < 100000; i++) fprintf(stderr, "line %d\\n", i); abort();'
    report = probed(tmp_path, {"open": shout})
    assert report.outcome == "crashed"
    assert report.output.endswith("line 99999\n")
    assert len(report.output) <= 4096


@pytest.mark.oracle
def test_plugin_cannot_pretend_that_all_went_well(tmp_path: Path) -> None:
    """It can write into the channel, if it looks for it: what it says does not end the story."""
    lie = 'for (int i = 3; i < 64; i++) dprintf(i, "{\\"stage\\": \\"done\\"}\\n"); abort();'
    report = probed(tmp_path, {"open": lie})
    assert report.outcome == "crashed"


@pytest.mark.oracle
def test_no_core_is_left(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        asked = "struct rlimit r; getrlimit(RLIMIT_CORE, &r); if (r.rlim_max) abort();"
        assert probed(tmp_path, {"open": asked}).outcome == "fine"
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def test_probes_leave_no_descriptors_behind() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        abicheck.probe(binary("greeter/libgreeter-good.so"), GREETER)
    assert len(os.listdir("/proc/self/fd")) == before
