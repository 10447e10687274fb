"""Plugins and hosts of the tutorial in C, built against generated headers."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from abicheck.contract import parse_contract_text
from abicheck.generation import generate
from tests.conftest import ROOT, contract

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = ROOT / "fixtures" / "tutorial" / "c"
GREETING = "Greeting from plugin: Hello, World!\n"
CONTRACT = contract("greeter").read_text()

FIELD_MORE = CONTRACT.replace("fields = [\n", 'fields = [\n  "flags: u64",\n')
OTHER_SIGNATURE = CONTRACT.replace("fn(name: *const c_char)", "fn(name: *const c_char, how: i32)")
OTHER_VERSION = CONTRACT.replace('version  = "1.2"', 'version  = "2.0"').replace(
    '">=1.0, <=1.2"', '">=2.0"'
)


def make_headers(folder: Path, text: str = CONTRACT, *, host: bool = True) -> Path:
    """Write what is generated for C from a contract's text into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in generate(parse_contract_text(text, "greeter.toml"), "c", host=host):
        (folder / file.name).write_text(file.text)
    return folder


def run(*command: str | Path, check: bool = True, **environment: str) -> str:
    """Run a command and return what it prints; fail with that, if it fails."""
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, **environment},
    )
    assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def build_plugin(
    to: Path, *flags: str, text: str = CONTRACT, by: str = "gcc", source: Path | None = None
) -> Path:
    """Build the tutorial's plugin by the header of a contract."""
    headers = make_headers(to.parent / f"{to.name}.include", text, host=False)
    source = source or SOURCES / "plugin.c"
    run(*by.split(), "-shared", "-fPIC", f"-I{headers}", source, "-o", to, *flags)
    return to


def build_host(
    to: Path, *flags: str, text: str = CONTRACT, by: str = "gcc", source: Path | None = None
) -> Path:
    """Build the tutorial's host by the guard of a contract."""
    headers = make_headers(to.parent / f"{to.name}.include", text)
    libraries = [] if "windows" in by else ["-ldl"]
    run(*by.split(), f"-I{headers}", source or SOURCES / "host.c", "-o", to, *flags, *libraries)
    return to


def zig(target: str) -> str:
    """Return the command of the compiler from PyPI for a target."""
    return f"{sys.executable} -m ziglang cc -target {target}"
