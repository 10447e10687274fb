"""What the ways out tell people to type is what the commands make and take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck.contract import parse_contract_text
from abicheck.generation import generate
from abicheck.model.options import Style
from abicheck.report.advice import header_name, identifier, who_must_act
from abicheck.report.text import render
from tests.conftest import ROOT, binary

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("greeter", "my-plugin", "v2", "Grüße", "2nd", "a.b")


@pytest.mark.parametrize("name", NAMES)
def test_advice_names_the_header_and_the_macro_that_are_generated(name: str) -> None:
    text = f'contract = "{name}"\nversion = "1.0"\nformat = 1\n[exports]\nload = "fn()"\n'
    files = {each.name: each.text for each in generate(parse_contract_text(text, "c.toml"), "c")}
    assert f"#define {identifier(name).upper()}_PLUGIN" in files[header_name(name)]


@pytest.mark.parametrize("name", ["greeter", "v2", "my_plugin"])
def test_advice_names_the_module_and_the_macro_that_are_generated(name: str) -> None:
    text = f'contract = "{name}"\nversion = "1.0"\nformat = 1\n[exports]\nload = "fn()"\n'
    (module,) = generate(parse_contract_text(text, "c.toml"), "rust")
    assert module.name == f"{identifier(name)}.rs"
    assert f"{identifier(name)}_plugin!();" in module.text


def test_plugin_that_contradicts_itself_is_to_be_rebuilt_whole() -> None:
    folder = ROOT / "fixtures" / "rules" / "evidence-conflict"
    report = abicheck.verify(folder / "bin" / "bad.so", folder / "schema.toml")
    assert "are not of one build" in who_must_act(report, report.plugins[0])


def test_header_is_no_way_out_for_what_it_cannot_bind(tmp_path: Path) -> None:
    content = bytearray(binary("descriptor/bin/libgreeter.so").read_bytes())
    content[content.index(b"load_plugin\0fn()") - 9] = 0  # Not compared by the compiler.
    file = tmp_path / "plugin.so"
    file.write_bytes(content)
    report = abicheck.verify(file, ROOT / "schemas" / "greeter.toml")
    text = render(report, Style())
    assert "a prototype that no compiler compared" in text
    assert "abicheck generate" not in text
    assert "--debug-file" in text
