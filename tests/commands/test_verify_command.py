"""`abicheck verify` from the command line to the last line it prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from abicheck import cli
from tests.conftest import ROOT, binary

GOLDEN = ROOT / "tests" / "golden"
SCHEMA = "schemas/greeter.toml"
GOOD = "fixtures/greeter/libgreeter-good.so"
BAD = "fixtures/greeter/libgreeter-field-inserted.so"
STRIPPED = "fixtures/greeter/libgreeter-stripped.so"

SHOWN = {
    "good": [GOOD],
    "rust": ["fixtures/greeter/libgreeter-rust.so"],
    "field-inserted": [BAD],
    "rust-field-inserted": ["fixtures/greeter/libgreeter-rust-field-inserted.so"],
    "changed-signature": ["fixtures/greeter/libgreeter-changed-signature.so"],
    "missing-export": ["fixtures/greeter/libgreeter-missing-export.so"],
    "other-version": ["fixtures/greeter/libgreeter-other-version.so"],
    "stripped": [STRIPPED],
    "debug-file": ["fixtures/greeter/libgreeter-separate.so"],
    "several": [GOOD, BAD, STRIPPED, "pyproject.toml"],
}


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def verify(*words: str) -> int:
    return cli.main(["verify", *words, "--schema", SCHEMA])


@pytest.mark.parametrize(
    ("plugins", "code"),
    [
        ([GOOD], 0),
        ([BAD], 1),
        ([STRIPPED], 3),
        (["pyproject.toml"], 4),
        (["absent.so"], 4),
        (["schemas"], 4),
        ([GOOD, STRIPPED], 3),
        ([STRIPPED, BAD, GOOD], 1),
        ([BAD, "absent.so"], 4),
    ],
)
def test_exit_code_is_that_of_the_worst_plugin(plugins: list[str], code: int) -> None:
    assert verify(*plugins) == code


@pytest.mark.parametrize("name", SHOWN)
def test_greeter_reads_as_agreed(
    name: str, bless: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    verify(*SHOWN[name])
    shown, err = capsys.readouterr()
    file = GOLDEN / f"verify-{name}.txt"
    if bless:
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")
    assert err == ""


@pytest.mark.parametrize("name", SHOWN)
def test_json_of_a_real_run_fits_its_schema(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    code = verify(*SHOWN[name], "--format", "json")
    document = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "schemas/formats/report.schema.json").read_text())
    jsonschema.validate(document, schema)
    assert document["exit_code"] == code
    assert [each["file"] for each in document["plugins"]] == SHOWN[name]


def test_wrong_contract_is_exit_2_with_every_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = tmp_path / "wrong.toml"
    text = Path(SCHEMA).read_text().replace("*mut Greeter", "*mut Greter").replace("u32", "u65")
    schema.write_text(text)
    assert cli.main(["verify", GOOD, "--schema", str(schema), "--format=json"]) == 2
    out, err = capsys.readouterr()
    errors = json.loads(out)["errors"]
    assert len(errors) >= 3
    assert [str(schema)] * len(errors) == [each["file"] for each in errors]
    lines = err.splitlines()
    assert len(lines) == len(errors)
    for line, error in zip(lines, errors, strict=True):
        assert line == f"{schema}:{error['line']}: {error['key']}: {error['message']}"


def test_absent_contract_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", GOOD, "--schema", "absent.toml"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "absent.toml" in err
    assert err.count("\n") == 1


def test_directory_is_searched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "more").mkdir()
    shutil.copy(binary("greeter/libgreeter-good.so"), tmp_path / "more" / "b.so")
    shutil.copy(binary("greeter/libgreeter-good.so"), tmp_path / "a.so")
    (tmp_path / "notes.txt").write_text("notes")
    assert verify(str(tmp_path), "--format", "json") == 0
    plugins = json.loads(capsys.readouterr().out)["plugins"]
    assert [each["file"] for each in plugins] == [
        str(tmp_path / "a.so"),
        str(tmp_path / "more" / "b.so"),
    ]


def test_directory_without_plugins_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(str(tmp_path)) == 4
    assert "no plugin" in capsys.readouterr().out


def test_report_can_go_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "report.json"
    assert verify(BAD, "--format", "json", "--output", str(file)) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "incompatible with greeter 1.2" in err
    assert json.loads(file.read_text())["exit_code"] == 1


def test_report_that_cannot_be_written_is_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(GOOD, "--output", str(tmp_path / "no" / "report.txt")) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_hash_is_reported_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    verify(GOOD, "--format", "json", "--hash")
    (plugin,) = json.loads(capsys.readouterr().out)["plugins"]
    assert len(plugin["sha256"]) == 64


def test_debug_file_proves_what_a_stripped_plugin_cannot(tmp_path: Path) -> None:
    plugin = shutil.copy(binary("greeter/libgreeter-separate.so"), tmp_path)
    assert verify(str(plugin)) == 3
    debug = "fixtures/greeter/libgreeter-separate.so.debug"
    assert verify(str(plugin), "--debug-file", debug) == 0


def test_last_way_out_is_the_text_to_add_to_the_contract(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verify(STRIPPED)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    schema = tmp_path / "greeter.toml"
    relaxed = "\n".join(lines[lines.index("[evidence]") :])
    schema.write_text(f"{Path(SCHEMA).read_text()}\n{relaxed}\n")
    assert cli.main(["verify", STRIPPED, "--schema", str(schema)]) == 0
    assert "12 claims not proved" in capsys.readouterr().out


def test_first_way_out_of_a_cargo_release_is_the_debug_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for build, made in (("release", "rust-release"), ("debug", "rust")):
        (tmp_path / "target" / build).mkdir(parents=True)
        plugin = tmp_path / "target" / build / "libgreeter.so"
        shutil.copy(ROOT / f"fixtures/greeter/libgreeter-{made}.so", plugin)
    shutil.copy(SCHEMA, tmp_path)
    monkeypatch.chdir(tmp_path)
    words = ["verify", "target/release/libgreeter.so", "--schema", "greeter.toml"]
    assert cli.main(words) == 3
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    command = next(line for line in lines if line.startswith("abicheck verify "))
    assert cli.main(command.split()[1:]) == 0


# What only a process of its own can show.


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "abicheck", "verify", *words, "--schema", SCHEMA],
        cwd=ROOT, capture_output=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip


def test_terminal_without_unicode_gets_ascii() -> None:
    done = run(BAD, PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert done.stdout.isascii()
    assert b"\\u" not in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="file names are text on Windows")
def test_name_that_is_no_text_can_be_reported(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\x1b[2J.so"
    shutil.copy(os.fsencode(binary("greeter/libgreeter-good.so")), name)
    for output in ("text", "json"):
        done = run(os.fsdecode(name), "--format", output)
        assert done.returncode == 0
        assert b"\x1b" not in done.stdout
        assert b"Traceback" not in done.stderr


def test_verdict_holds_though_nobody_reads_on() -> None:
    command = f"{sys.executable} -m abicheck verify {BAD} --schema {SCHEMA} -v"
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -c 1 > /dev/null; exit ${{PIPESTATUS[0]}}"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")
