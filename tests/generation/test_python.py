"""The typed module of a contract: what it says, and what a type checker makes of it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from abicheck import parse_contract
from abicheck.generation import generate
from abicheck.generation.python_names import PLUGIN_NAMES
from abicheck.runtime.plugin import Plugin
from tests.conftest import ROOT, binary, contract
from tests.runtime.opening import on_linux

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = ROOT / "tests" / "oracle" / "access" / "everything.toml"

CORRECT = """
import greeter_abi

def use(greeter: "greeter_abi.Greeter") -> str:
    with greeter.greet(b"World") as text:
        return text.value.decode()

with greeter_abi.load("plugin.so", "greeter.toml") as plugin:
    version: int = plugin.GREETER_ABI_VERSION
    with plugin.load_plugin() as greeter:
        print(use(greeter), plugin.report.verdict)
        greeter.greet(name=bytearray(b"World")).free()
    plugin.free_greeter(plugin.load_plugin())
    plugin.unload()
"""

WRONG = [
    ("plugin.load_plugins()", "attr-defined"),
    ('greeter.greet("World")', "arg-type"),
    ("greeter.greet()", "call-arg"),
    ("greeter.greet(b'World').valeu", "union-attr"),
    ("greeter.greets(b'World')", "union-attr"),
    ("plugin.free_greeter(b'World')", "arg-type"),
    ("plugin.GREETER_ABI_VERSION = 5", "misc"),
    ("text: str = greeter.greet(b'World').value", "assignment"),
]

EVERYTHING_WRONG = [
    ("plugin.add(1, 'two')", "arg-type"),
    ("plugin.next_mode('On')", "arg-type"),
    ("plugin.flip(1)", "arg-type"),
    ("plugin.Config(mode='1')", "arg-type"),
    ("plugin.Config(colour=1)", "call-arg"),
    ("plugin.Config().name = 'text'", "assignment"),
    ("plugin.sum_config(plugin.Point())", "arg-type"),
    ("plugin.sum_config(None)", "arg-type"),
    ("plugin.set_log(lambda level: None)", "misc arg-type"),
    ("plugin.counter = 'five'", "assignment"),
    ("plugin.make_secret().value", "union-attr"),
]

EVERYTHING_CORRECT = """
import array
import ctypes
import everything_abi

plugin = everything_abi.load("plugin.so", "everything.toml")
config = plugin.Config(struct_size=7, mode=5, policy=plugin.Mode.On, title=b"A title")
config.name = b"four"
config.corners[1].y = 9
total: int = plugin.sum_config(config)
text: bytes = config.name.value
swapped: int = plugin.swap(plugin.Point(x=1, y=2)).x
plugin.sum_ints([1, 2, 3], 3)
plugin.sum_ints(array.array("i", [4, 5]), 2)
plugin.get_count(plugin.new("c_int"))
plugin.sort_ints(ctypes.c_int(5), 1, lambda a, b: a.value - b.value)
plugin.set_log(lambda level, message: print(level + 1, message.value.decode()))
plugin.set_log(None)
plugin.counter = 17
hooks = plugin.Hooks(filter=lambda value: value + 1)
if hooks.log is not None:
    hooks.log(1, b"text")
with plugin.make_box(1) as box, box.describe(box) as described:
    print(described.value, box.own.value, plugin.peek(box).value)
with plugin.make_secret() as secret:
    plugin.read_secret(secret)
plugin.sum_all(b"id", 1, 2.5)
if plugin.absent is not None:
    plugin.absent()
"""


def module(path: Path, file: Path) -> Path:
    """Write the module of a contract into a directory."""
    (made,) = generate(parse_contract(path), "python")
    target = file / made.name
    target.write_text(made.text)
    return target


def test_it_says_what_it_is_made_from(tmp_path: Path) -> None:
    first = module(contract("greeter"), tmp_path).read_text().splitlines()[0]
    assert first.startswith("# Made by abicheck")
    assert first.endswith("from greeter.toml: greeter, version 1.2.")


def test_it_is_as_agreed(tmp_path: Path, bless: bool) -> None:
    made = module(contract("greeter"), tmp_path).read_text()
    golden = ROOT / "tests" / "golden" / "generate-greeter.py.txt"
    if bless:
        golden.write_text(made)
    assert made == golden.read_text()


@on_linux
def test_it_loads_plugins(tmp_path: Path) -> None:
    path = module(contract("greeter"), tmp_path)
    specification = importlib.util.spec_from_file_location("greeter_abi", path)
    assert specification is not None
    assert specification.loader is not None
    made = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(made)
    plugin = made.load(binary("greeter/libgreeter-good.so"), contract("greeter"))
    with plugin.load_plugin() as greeter, greeter.greet(b"World") as text:
        assert text.value == b"Hello, World!"


def test_it_knows_what_every_plugin_object_has() -> None:
    own = {name for name in {*dir(Plugin), *Plugin.__annotations__} if not name.startswith("_")}
    assert own == PLUGIN_NAMES


def odd(tmp_path: Path) -> Path:
    """Return the module of a contract whose names all mean something else to Python."""
    path = tmp_path / "odd.toml"
    path.write_text(
        'contract = "odd-name"\nversion = "1.0"\nformat = 1\n'
        "[exports]\n"
        'unload = "fn()"\n'
        'use = "fn(from: *const bytes, self: c_int, list: &Text)"\n'
        "[structs]\n"
        'bytes = { fields = ["class: c_int", "free: c_int", "_own: c_int", "int: c_int"] }\n'
        'Text = { fields = ["x: None"] }\n'
        "[enums]\n"
        "None = { values = { mro = 0, None = 1, _x = 2 } }\n"
    )
    return module(path, tmp_path)


def test_names_that_python_has_taken_are_evaded(tmp_path: Path) -> None:
    made = odd(tmp_path)
    assert made.name == "odd_name_abi.py"
    compile(made.read_text(), made.name, "exec")


def checked(directory: Path, *texts: str) -> list[str]:
    """Return the codes of what mypy finds in each of several texts, "" for nothing."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    for index, text in enumerate(texts):
        (directory / f"use{index}.py").write_text(text)
    names = [f"use{index}.py" for index in range(len(texts))]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", *names],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
    )
    found = [""] * len(texts)
    for line in done.stdout.splitlines():
        if " error: " in line and line.startswith("use"):
            found[int(line[3 : line.index(".")])] += line.rpartition("[")[2].strip("]") + " "
        else:
            assert " error: " not in line, line
    return [each.strip() for each in found]


@pytest.mark.oracle
def test_a_type_checker_passes_what_is_right(tmp_path: Path) -> None:
    module(contract("greeter"), tmp_path)
    module(EVERYTHING, tmp_path)
    odd(tmp_path)
    assert checked(tmp_path, CORRECT, EVERYTHING_CORRECT, "import odd_name_abi") == ["", "", ""]


@pytest.mark.oracle
def test_a_type_checker_passes_every_module(tmp_path: Path) -> None:
    paths = [*(ROOT / "schemas").glob("*.toml"), *(ROOT / "fixtures/generation").glob("*.toml")]
    imports = [f"import {module(path, tmp_path).stem}\n" for path in sorted(paths)]
    assert checked(tmp_path, "".join(imports)) == [""]


@pytest.mark.oracle
def test_a_type_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    module(contract("greeter"), tmp_path)
    module(EVERYTHING, tmp_path)
    greeter = "plugin = greeter_abi.load('a', 'b')\ngreeter = plugin.load_plugin()\n"
    texts = [f"import greeter_abi\n{greeter}{text}\n" for text, _ in WRONG]
    everything = "import everything_abi\nplugin = everything_abi.load('a', 'b')\n"
    texts += [f"{everything}{text}\n" for text, _ in EVERYTHING_WRONG]
    assert checked(tmp_path, *texts) == [code for _, code in (*WRONG, *EVERYTHING_WRONG)]


@pytest.mark.oracle
def test_it_is_formatted(tmp_path: Path) -> None:
    if importlib.util.find_spec("ruff") is None:
        pytest.skip("ruff is not installed")
    module(contract("greeter"), tmp_path)
    module(EVERYTHING, tmp_path)
    module(EVERYTHING.with_name("odd.toml"), tmp_path)
    configured = ["--config", str(ROOT / "pyproject.toml")]
    command = [sys.executable, "-m", "ruff", "format", "--check", *configured, str(tmp_path)]
    subprocess.run(command, check=True)
