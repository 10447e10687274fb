"""Loading: nothing of a refused plugin runs; what only a loaded one knows is asked first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from abicheck.errors import LoadError, PluginRefused
from tests.conftest import ROOT, binary
from tests.runtime.opening import CALLED, CONTRACT, call, compiled, mapped, on_linux, opened, placed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = on_linux

BOTH = pytest.mark.parametrize("pin", ["copy", "path"])


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file in which plugins note that something of them ran."""
    file = tmp_path / "marks"
    monkeypatch.setenv("LOADING_MARKS", str(file))
    return file


@BOTH
def test_loaded_plugin_answers(marks: Path, pin: str) -> None:
    loaded = opened(binary("loading/libmarks.so"), pin=pin)
    assert call(loaded) == 1
    assert loaded.image.close() is None
    assert marks.read_text() == "begin 1\nend 1\n"


@BOTH
@pytest.mark.parametrize("name", ["libmarks-wrong.so", "libmarks-stripped.so"])
def test_refused_plugin_ran_nothing_and_is_not_mapped(marks: Path, name: str, pin: str) -> None:
    with pytest.raises(PluginRefused):
        opened(binary(f"loading/{name}"), pin=pin)
    assert not marks.exists() or "begin" not in marks.read_text()
    assert [line for line in mapped(name) if "x" in line.split()[1]] == []


def test_refusal_loads_no_dependency(tmp_path: Path) -> None:
    plugin = placed("libmarks-beside.so", tmp_path)
    placed("libneighbour.so", tmp_path)
    contract = tmp_path / "other.toml"
    contract.write_text(CONTRACT.read_text() + 'missing = "fn()"\n')
    with pytest.raises(PluginRefused):
        opened(plugin, contract)
    assert mapped("libneighbour.so") == []


def test_refusal_carries_the_whole_report_and_says_why() -> None:
    with pytest.raises(PluginRefused) as caught:
        opened(binary("loading/libmarks-wrong.so"))
    report = caught.value.report
    assert report.verdict.value == "incompatible"
    assert {claim.subject for claim in report.claims} == {
        "exports.answer", "exports.PLUGIN_VERSION",
    }  # fmt: skip
    assert "exports.PLUGIN_VERSION: type: expected static c_uint" in str(caught.value)


def test_unproved_plugin_is_refused_with_the_reason() -> None:
    with pytest.raises(PluginRefused, match=r"unverified with marks 1\.0") as caught:
        opened(binary("loading/libmarks-stripped.so"))
    assert caught.value.report.verdict.value == "unverified"


@pytest.mark.parametrize("content", [b"", b"no plugin", b"\x7fELF"], ids=["empty", "text", "stub"])
def test_unreadable_plugin_is_refused_with_a_report(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "plugin.so"
    file.write_bytes(content)
    with pytest.raises(PluginRefused) as caught:
        opened(file)
    assert caught.value.report.plugins[0].error == str(caught.value)


def test_report_names_the_plugin_as_the_user_wrote_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "fixtures")
    loaded = opened("loading/libmarks.so")
    assert loaded.report.file == loaded.image.file == "loading/libmarks.so"
    assert loaded.report.sha256 is not None
    loaded.image.close()


# What only loading settles.


def test_tags_behind_calls_are_answered_before_anything_is_handed_out(marks: Path) -> None:
    loaded = opened(binary("loading/libmarks.so"), CALLED)
    tags = {
        claim.subject: claim.actual for claim in loaded.report.claims if "tags." in claim.subject
    }
    assert tags == {
        "tags.version": "7", "tags.name": '"marks"', "tags.count": "1", "tags.code": "code",
    }  # fmt: skip
    assert loaded.report.stated_version == "7"
    assert loaded.report.verdict is not None
    assert loaded.report.verdict.value == "compatible"
    assert marks.read_text() == "begin 1\ndetails\n"
    loaded.image.close()


def test_tag_behind_a_call_that_does_not_fit_refuses_and_unloads(
    tmp_path: Path, marks: Path
) -> None:
    contract = tmp_path / "called.toml"
    contract.write_text(CALLED.read_text().replace('equals = "marks"', 'equals = "tracks"'))
    with pytest.raises(PluginRefused, match='expected "tracks", found "marks"'):
        opened(binary("loading/libmarks.so"), contract)
    assert marks.read_text() == "begin 1\ndetails\nend 1\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [("get_nothing", "is NULL"), ("get_wild", "no memory can be read at 0x10")],
)
def test_pointer_to_nowhere_refuses_instead_of_crashing(
    tmp_path: Path, name: str, said: str
) -> None:
    contract = tmp_path / "called.toml"
    contract.write_text(CALLED.read_text().replace("get_details", name))
    with pytest.raises(PluginRefused) as caught:
        opened(binary("loading/libmarks.so"), contract)
    claims = [claim for claim in caught.value.report.claims if claim.subject == "tags.version"]
    assert said in f"{claims[0].actual} {claims[0].reason}"


def test_plugin_for_another_machine_is_not_given_to_the_system() -> None:
    plugin = binary("greeter/aarch64-linux-gnu/libgreeter-good.so")
    with pytest.raises(LoadError, match="is built for aarch64-linux; this process is x86_64-linux"):
        opened(plugin, ROOT / "schemas" / "greeter.toml")


# Threads and forks.


def test_many_threads_load_different_plugins_at_once(tmp_path: Path) -> None:
    answers, failures = [], []

    def load(index: int) -> None:
        try:
            name = f"libmarks{'-2' * (index % 2)}.so"
            loaded = opened(placed(name, tmp_path, f"lib{index}.so"))
            answers.append(call(loaded) == index % 2 + 1)
            loaded.image.close()
        except Exception as error:  # noqa: BLE001  of whatever kind, it must reach the test
            failures.append(error)

    threads = [threading.Thread(target=load, args=(index,)) for index in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert answers == [True] * 16


def test_image_made_before_a_fork_works_in_the_child() -> None:
    loaded = opened(binary("loading/libmarks.so"))
    assert in_child(lambda: call(loaded) == 1)
    assert in_child(lambda: loaded.image.close() is None)
    assert call(loaded) == 1
    loaded.image.close()


def test_child_of_a_fork_loads_for_itself(tmp_path: Path) -> None:
    plugin = placed("libmarks-2.so", tmp_path, "forked.so")
    assert in_child(lambda: call(opened(plugin)) == 2)
    assert mapped("forked.so") == []


def in_child(check: object) -> bool:
    """Return what a check comes to in the child of a fork."""
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if check() else 1  # type: ignore[operator]
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return status == 0


@pytest.mark.oracle
def test_missing_symbol_is_an_error_now_and_not_later(tmp_path: Path, marks: Path) -> None:
    plugin = compiled(tmp_path, "plugin.c", "-DNEEDS_NOBODY")
    with pytest.raises(LoadError, match=r"libmade\.so: .*: undefined symbol: nobody$"):
        opened(plugin)
    assert not marks.exists()


PRELOADING = """
import sys
sys.path.insert(0, {root!r})
from abicheck.errors import PluginRefused
from tests.runtime.opening import opened, call
try:
    loaded = opened({plugin!r})
except PluginRefused as refused:
    print("refused", refused)
else:
    print("loaded", call(loaded))
"""


def preloaded(tmp_path: Path, plugin: Path) -> str:
    """Load a plugin in a process into which a library with the same export was preloaded."""
    rival = compiled(tmp_path, "unsigned answer(void) { return 666; }", name="librival.so")
    script = PRELOADING.format(root=str(ROOT), plugin=str(plugin))
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "LD_PRELOAD": str(rival)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.mark.oracle
def test_preloaded_export_does_not_stand_in_for_that_of_the_plugin(tmp_path: Path) -> None:
    assert preloaded(tmp_path, binary("loading/libmarks.so")) == "loaded 1\n"


@pytest.mark.oracle
def test_plugin_whose_own_uses_of_an_export_were_preloaded_over_is_refused(tmp_path: Path) -> None:
    source = (
        "unsigned answer(void) { return 1; }\n"
        "const unsigned PLUGIN_VERSION = 1; unsigned (*used)(void) = answer;"
    )
    said = preloaded(tmp_path, compiled(tmp_path, source))
    assert said.startswith("refused")
    assert f"the plugin's own uses of it lead to {tmp_path / 'librival.so'}" in said


@pytest.mark.oracle
def test_unique_symbol_that_an_earlier_image_has_is_refused(tmp_path: Path) -> None:
    """A process has one of each unique symbol: that of whichever image came first."""
    contract = tmp_path / "unique.toml"
    contract.write_text(
        'contract = "u"\nversion = "1.0"\nformat = 1\n[exports]\nlonely = "static"\n'
    )
    source = (
        '__asm__(".globl lonely\\n.type lonely, @gnu_unique_object\\n.size lonely, 4\\n"'
        '".data\\nlonely: .long {}\\n.text\\n");'
        "extern int lonely; int *find(void) {{ return &lonely; }}"
    )
    first = compiled(tmp_path, source.format(1), name="first.so")
    second = compiled(tmp_path, source.format(2), name="second.so")
    loaded = opened(first, contract)
    with pytest.raises(PluginRefused, match=r"exports\.lonely: linkage: .*found in /memfd:first"):
        opened(second, contract)
    loaded.image.close()


@pytest.mark.oracle
def test_plugin_for_another_c_library_is_not_given_to_the_system(
    tmp_path: Path, marks: Path
) -> None:
    library = compiled(
        tmp_path, "int in_musl;", "-Wl,-soname,libc.musl-x86_64.so.1", name="libc.musl-x86_64.so.1"
    )
    source = "unsigned answer(void) { return 1; } const unsigned PLUGIN_VERSION = 1;"
    flags = ["-nostdlib", "-Wl,--no-as-needed", str(library), "-Wl,-rpath,$ORIGIN"]
    with pytest.raises(LoadError, match="is built for x86_64-linux-musl, whose C library cannot"):
        opened(compiled(tmp_path, source, *flags))
    assert not marks.exists()


@pytest.mark.oracle
def test_function_chosen_by_a_resolver_is_called(tmp_path: Path) -> None:
    source = (
        "static unsigned one(void) { return 11; }\n"
        "static unsigned (*choose(void))(void) { return one; }\n"
        'unsigned answer(void) __attribute__((ifunc("choose")));'
    )
    contract = tmp_path / "ifunc.toml"
    contract.write_text(
        'contract = "i"\nversion = "1.0"\nformat = 1\n[evidence]\nsignatures = "when-present"\n'
        '[exports]\nanswer = { type = "fn() -> c_uint", ifunc = true }\n'
    )
    loaded = opened(compiled(tmp_path, source), contract)
    assert call(loaded) == 11
    loaded.image.close()


@pytest.mark.oracle
def test_crash_of_a_constructor_is_not_ours_to_catch(tmp_path: Path) -> None:
    script = PRELOADING.format(root=str(ROOT), plugin=str(binary("loading/libmarks.so")))
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "LOADING_DIES": "begin"},
        capture_output=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == -signal.SIGABRT
