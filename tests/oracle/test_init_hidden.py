"""What `void *` hides in real code: found where the plugin shows it, told where it may be so."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.authoring.draft import Draft, Wishes, draft
from abicheck.authoring.text import spell, write
from abicheck.evidence.reference import read_reference

if TYPE_CHECKING:
    from pathlib import Path

    from abicheck.model.types import Type

pytestmark = pytest.mark.oracle

SOURCE = """\
#include <stdlib.h>
struct api { int version; int (*run)(void *); void (*stop)(void *); };
struct handle { int level; struct handle *next; };
struct state { int count; double rate; };
struct numbers { int first, second; };
static int run(void *h) { return ((struct handle *)h)->level; }
static void stop(void *h) { free(h); }
static struct api api = { 3, run, stop };
static const struct api old = { 2, run, stop };
static struct api *current = &api;
static struct state state;
static const struct numbers numbers = { 1, 2 };
const void *by_version(int v) { return v == 3 ? &api : v == 2 ? &old : 0; }
void *through_a_variable(void) { return current; }
struct plug { void (*run)(void *), (*pause)(void *); };
static struct plug plug = { stop, 0 };
struct plug *typed(int index) { return index ? 0 : &plug; }
const void *constants(void) { return &numbers; }
void *const table = &api;
void *plugin_open(int n) { struct handle *h = malloc(sizeof *h); h->level = n; return h; }
void plugin_close(void *p) { struct handle *h = p; free(h); }
void *singleton(void) { return &state; }
struct engine { int rate; void (*notify)(int); };
static struct engine engine;
void *engine_get(void) { return &engine; }
void engine_set(void *e, void (*notify)(int)) { struct engine *x = e; x->notify = notify; }
void *made_elsewhere(int level) { return plugin_open(level); }
"""

COMPILERS = {
    "gcc -O0": "gcc -O0",
    "gcc -O2": "gcc -O2",
    "clang -O2": "clang -O2",
    "aarch64": f"{sys.executable} -m ziglang cc -target aarch64-linux-gnu -O2",
}


@pytest.fixture(scope="module", params=COMPILERS)
def plugin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source, once for each compiler."""
    return built(COMPILERS[request.param], SOURCE, tmp_path_factory.mktemp("hidden"))


def built(command: str, source: str, directory: Path) -> Path:
    words = command.split()
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not on this machine")
    (directory / "a.c").write_text(source)
    path = directory / "a.so"
    flags = ["-g", "-fPIC", "-shared", "-o", str(path), str(directory / "a.c")]
    subprocess.run([*words, *flags], check=True, capture_output=True)
    return path


def drafted(plugin: Path) -> Draft:
    return draft(read_reference(str(plugin)), plugin.name, Wishes(name="a"))


def test_struct_that_code_hands_out_is_written(plugin: Path) -> None:
    types = {each.name: each.type for each in drafted(plugin).exports}
    assert shown(types["by_version"]) == "fn(v: c_int) -> *const api"
    assert shown(types["through_a_variable"]) == "fn() -> *mut api"
    assert shown(types["constants"]) == "fn() -> *const numbers"
    assert shown(types["table"]) == "*mut api"


def test_callback_that_is_null_in_what_code_hands_out_may_be(plugin: Path) -> None:
    text = write(drafted(plugin))
    assert 'fields = ["run: fn(*mut c_void)", "pause: Option<fn(*mut c_void)>"]' in text


def test_what_may_be_a_handle_stays_untyped_and_is_told(plugin: Path) -> None:
    found = drafted(plugin)
    exports = {each.name: each for each in found.exports}
    for name in ("plugin_open", "plugin_close", "singleton", "engine_get", "made_elsewhere"):
        assert "c_void" in shown(exports[name].type), name
    assert "--type handle" in exports["plugin_close"].comment
    assert "--type state" in exports["singleton"].comment
    assert "handle" not in found.definitions
    assert any("--type engine --type handle --type state" in hint for hint in found.hints)


def test_change_behind_void_is_seen_and_one_of_a_handle_is_not(tmp_path: Path) -> None:
    contract = tmp_path / "a.toml"
    old = built("gcc -O2", SOURCE, tmp_path)
    contract.write_text(write(drafted(old)))
    assert abicheck.verify(old, contract).verdict == "compatible"
    for change, verdict in {
        "struct api { int version;": "incompatible",
        "struct numbers { int first,": "incompatible",
        "struct handle { int level;": "compatible",
        "struct state { int count;": "compatible",
        "struct engine { int rate;": "compatible",
    }.items():
        changed = SOURCE.replace(change, change.replace("int ", "long "))
        new = built("gcc -O2", changed, tmp_path)
        assert abicheck.verify(new, contract).verdict == verdict, change


def shown(type_: Type | None) -> str:
    return "" if type_ is None else spell(type_)
