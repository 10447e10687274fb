"""Loads the plugins of fixtures/loading as far as their images, and calls into them by hand."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from abicheck import verification
from abicheck.model.options import VerifyOptions
from abicheck.runtime.content import read_content
from abicheck.runtime.examining import Demand
from abicheck.runtime.loading import Loaded, load_content
from tests.conftest import ROOT, binary

if TYPE_CHECKING:
    from pathlib import Path

    from abicheck.model.contract import Contract
    from abicheck.runtime.remembering import Memory

on_linux = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64",
    reason="its plugins are for Linux on x86_64",
)
CONTRACT = ROOT / "fixtures" / "loading" / "plugin.toml"
CALLED = ROOT / "fixtures" / "loading" / "called.toml"


def opened(
    path: Path | str,
    contract: Path | Contract = CONTRACT,
    *,
    pin: str = "copy",
    options: VerifyOptions | None = None,
    memory: Memory | None = None,
) -> Loaded:
    """Load a plugin, past the registry: every call makes an image of its own."""
    agreed = verification.read_contract(contract) if isinstance(contract, os.PathLike) else contract
    content = read_content(os.fspath(path))
    try:
        return load_content(content, Demand(agreed, options or VerifyOptions(), pin, memory))
    finally:
        content.close()


def call(loaded: Loaded, name: str = "answer") -> int:
    """Call a function that takes nothing and returns an `unsigned`."""
    address = loaded.image.address(name)
    assert address is not None
    return int(ctypes.CFUNCTYPE(ctypes.c_uint)(address)())


def placed(name: str, directory: Path, as_name: str | None = None) -> Path:
    """Copy a plugin of fixtures/loading into a directory of the test."""
    target = directory / (as_name or name)
    shutil.copy(binary(f"loading/{name}"), target)
    return target


def mapped(text: str) -> list[str]:
    """Return the lines of this process's memory map that mention `text`."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        return [line for line in maps if text in line]


def compiled(tmp_path: Path, source: str, *flags: str, name: str = "libmade.so") -> Path:
    """Compile a plugin, or skip the test."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    file = tmp_path / f"{name}.c"
    if source.endswith(".c"):
        file = ROOT / "fixtures" / "loading" / source
    else:
        file.write_text(source)
    output = tmp_path / name
    command = ["gcc", "-g", "-O1", "-shared", "-fPIC", str(file), "-o", str(output), *flags]
    subprocess.run(command, check=True)
    return output
