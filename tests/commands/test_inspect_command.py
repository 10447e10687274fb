"""`abicheck inspect`: what is seen of a plugin without a contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from abicheck import cli
from abicheck.authoring.inspect import inspect
from abicheck.evidence.reference import read_references
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = ROOT / "tests" / "golden"
SCHEMA = json.loads((ROOT / "schemas/formats/inspect.schema.json").read_text())
GREETER = "fixtures/greeter/libgreeter-good.so"
TYPES = "fixtures/dwarf/types-gcc-5.so"
NAMED = {
    "greeter": [GREETER],
    "rust": ["fixtures/greeter/libgreeter-rust.so"],
    "stripped": ["fixtures/greeter/libgreeter-stripped.so"],
    "debug-file": ["fixtures/greeter/libgreeter-separate.so"],
    "types": [TYPES, "--verbose"],
    "big-endian": ["fixtures/dwarf/types-s390x-5.so", "--type", "Bits"],
}


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def document(capsys: pytest.CaptureFixture[str], *words: str) -> Any:  # noqa: ANN401
    assert cli.main(["inspect", *words, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def seen(capsys: pytest.CaptureFixture[str], *words: str) -> Any:  # noqa: ANN401
    (found,) = document(capsys, *words)["slices"]
    return found


def named(entries: list[dict[str, Any]], name: str, key: str = "name") -> dict[str, Any]:
    (found,) = [each for each in entries if each[key] == name]
    return found


@pytest.mark.parametrize("name", NAMED)
def test_plugin_reads_as_agreed(name: str, bless: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", *NAMED[name]]) == 0
    shown, err = capsys.readouterr()
    file = GOLDEN / f"inspect-{name}.txt"
    if bless:
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")
    assert err == ""
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("name", NAMED)
def test_json_fits_its_schema(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document(capsys, *NAMED[name]), SCHEMA)


def test_exports_are_spelled_as_in_a_contract(capsys: pytest.CaptureFixture[str]) -> None:
    exports = seen(capsys, GREETER)["exports"]
    assert {each["name"]: each["type"] for each in exports} == {
        "GREETER_ABI_VERSION": "static c_uint",
        "free_greeter": "fn(greeter: *mut Greeter)",
        "free_greeting": "fn(greeting: *const c_char)",
        "load_plugin": "fn() -> *mut Greeter",
    }


@pytest.mark.parametrize("file", [GREETER, "fixtures/greeter/libgreeter-stripped.so"])
def test_constant_is_read_with_and_without_types(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    value = named(seen(capsys, file)["exports"], "GREETER_ABI_VERSION")["value"]
    assert value == {"plain": 0x10002, "text": "65538 (0x10002)", "initial": False}


def test_constant_of_another_byte_order_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    file = "fixtures/greeter/s390x-linux-gnu/libgreeter-good.so"
    value = named(seen(capsys, file)["exports"], "GREETER_ABI_VERSION")["value"]
    assert value["plain"] == 0x10002


def test_strings_behind_pointers_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    value = named(seen(capsys, TYPES)["exports"], "v_names")["value"]
    assert value["text"] == '["a", "b", NULL]'


def test_zeros_of_bss_are_told_from_constants(capsys: pytest.CaptureFixture[str]) -> None:
    exports = seen(capsys, TYPES)["exports"]
    assert named(exports, "v_wide")["value"] == {"plain": 0, "text": "0", "initial": True}
    assert named(exports, "v_nested")["value"]["text"] == "zeros"


def test_holes_and_padding_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = seen(capsys, TYPES, "--type", "Nested")["types"]
    assert found["holes"] == [{"bit_offset": 0x0C * 8, "bit_size": 32}]
    assert found["padding"] == {"bit_offset": 0x1A * 8, "bit_size": 48}


def test_type_that_no_export_leads_to_is_shown_when_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = seen(capsys, TYPES, "--type", "Color", "--type", "Packed")
    assert [each["type"] for each in found["types"]] == ["structs.Packed", "enums.Color"]
    assert found["exports"] == []


def test_stripped_plugin_says_what_is_not_seen(capsys: pytest.CaptureFixture[str]) -> None:
    found = seen(capsys, "fixtures/greeter/libgreeter-stripped.so")
    types = named(found["evidence"], "signatures and types", "about")
    assert (types["seen"], types["total"]) == (0, 4)
    assert "no debug information" in types["unseen"][0]["reason"]
    assert {each["type"] for each in found["exports"]} == {None}


def test_debug_file_is_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = tmp_path / "plugin.so"
    plugin.write_bytes((ROOT / "fixtures/greeter/libgreeter-separate.so").read_bytes())
    assert named(seen(capsys, str(plugin))["exports"], "load_plugin")["type"] is None
    debug = "fixtures/greeter/libgreeter-separate.so.debug"
    found = seen(capsys, str(plugin), "--debug-file", debug)
    assert named(found["exports"], "load_plugin")["type"] == "fn() -> *mut Greeter"


def test_names_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "plugin.so"
    content = (ROOT / GREETER).read_bytes()
    plugin.write_bytes(content.replace(b"free_greeter", b"free\x1b[31mete"))
    assert cli.main(["inspect", str(plugin)]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\\x1b" in shown


@pytest.mark.parametrize("kept", [0, 3, 100, 1000, 9000])
def test_unreadable_plugin_is_exit_4(
    kept: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "plugin.so"
    plugin.write_bytes((ROOT / GREETER).read_bytes()[:kept])
    code = cli.main(["inspect", str(plugin), "--format", "json"])
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert code == (4 if found["error"] else 0)
    assert bool(found["error"]) == bool(err) == (not found["slices"])
    assert kept > 100 or code == 4


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "say which PLUGIN"),
        ([GREETER, GREETER], "not 2 of them"),
        ([GREETER, "--type", "Greter"], "no type named 'Greter'"),
        (["fixtures/greeter/libgreeter-stripped.so", "--type", "Greeter"], "no debug information"),
        ([GREETER, "--debug-file", "absent"], "is not a file that exists"),
        ([GREETER, "--debug-dir", "absent"], "is not a directory that exists"),
    ],
)
def test_wrong_command_line_is_exit_2(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["inspect", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err


@pytest.mark.parametrize("at", range(0, 16000, 397))
def test_damage_is_told_and_never_a_fault(
    at: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray((ROOT / GREETER).read_bytes())
    content[at % len(content)] ^= 0xFF
    plugin = tmp_path / "plugin.so"
    plugin.write_bytes(content)
    assert cli.main(["inspect", str(plugin)]) in {0, 4}
    assert "fault" not in capsys.readouterr().err


def test_example_of_the_documentation_is_what_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (ROOT / "docs" / "inspect.md").read_text()
    command, _, shown = page.partition("$ abicheck ")[2].partition("```")[0].partition("\n")
    assert cli.main(command.split()) == 0
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize(
    ("plugin", "name", "text"),
    [
        ("apache-mod_rewrite/mod_rewrite.so", "rewrite_module", '{ 0x10: "mod_rewrite.c" }'),
        ("xorg-dummy/dummy_drv.so", "DUMMY", '{ 0x8: "dummy" }'),
    ],
)
def test_text_behind_pointers_is_read_without_types(
    plugin: str, name: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exports = seen(capsys, f"fixtures/real/{plugin}")["exports"]
    assert named(exports, name)["value"]["text"] == text


def test_executable_is_shown_like_a_plugin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = bytearray((ROOT / GREETER).read_bytes())
    plugin[16] = 2  # e_type: ET_EXEC, as a host that is not position-independent has it.
    host = tmp_path / "host"
    host.write_bytes(plugin)
    assert cli.main(["inspect", GREETER, "--format", "json"]) == 0
    of_plugin = json.loads(capsys.readouterr().out)["slices"]
    assert cli.main(["inspect", str(host), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["slices"] == of_plugin
    assert cli.main(["diff", GREETER, str(host)]) == 0


def test_exports_are_counted_for_whoever_waits() -> None:
    told: list[tuple[int, int]] = []
    slices = read_references(GREETER)
    inspect(GREETER, slices, tell=lambda done, total: told.append((done, total)))
    assert told == [(0, 4)]
