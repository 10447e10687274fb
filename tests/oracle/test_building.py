"""The builds of docs/building.md and the host of docs/guards.md, run as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT, contract
from tests.oracle.guards import FIELD_MORE, SOURCES, build_plugin, make_headers, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle


def snippet(page: str, language: str) -> str:
    """Return the first block in a language of a page of the documentation."""
    text = (ROOT / "docs" / page).read_text()
    found = re.search(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a directory with the plugin's two files."""
    shutil.copy(contract("greeter"), tmp_path / "greeter.toml")
    shutil.copy(SOURCES / "plugin.c", tmp_path)
    return tmp_path


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a PATH that leads to an `abicheck` of this tree."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "abicheck"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m abicheck "$@"\n')
    program.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def needed(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def test_cmake_generates_builds_and_verifies(project: Path, path: str) -> None:
    needed("cmake", "ninja", "gcc")
    (project / "CMakeLists.txt").write_text(snippet("building.md", "cmake"))
    build = project / "build"
    run("cmake", "-G", "Ninja", "-S", project, "-B", build, PATH=path)
    assert "compatible" in run("cmake", "--build", build, PATH=path)
    (project / "plugin.c").write_text(
        (project / "plugin.c").read_text().replace("GREETER_PLUGIN;", "")
    )
    assert "GREETER_ABI_VERSION" in run("cmake", "--build", build, PATH=path, check=False)


def test_meson_generates_builds_and_verifies(project: Path, path: str) -> None:
    needed("meson", "ninja", "gcc")
    (project / "meson.build").write_text(snippet("building.md", "meson"))
    run("meson", "setup", project / "build", project, PATH=path)
    assert "1/1 contract" in run("meson", "test", "-C", project / "build", PATH=path)


def test_make_generates_builds_and_verifies(project: Path, path: str) -> None:
    needed("make", "gcc")
    (project / "Makefile").write_text(snippet("building.md", "make"))
    assert "compatible" in run("make", "-C", project, PATH=path)
    assert (project / "libgreeter.so").is_file()


def test_plugin_that_does_not_fit_fails_the_build(project: Path, path: str) -> None:
    needed("make", "gcc")
    (project / "Makefile").write_text(snippet("building.md", "make"))
    source = project / "plugin.c"
    source.write_text("#define MISSING_EXPORT\n" + source.read_text())
    assert "free_greeting" in run("make", "-C", project, PATH=path, check=False)
    assert not (project / "libgreeter.so").exists()


def test_host_of_the_documentation_greets_and_refuses(tmp_path: Path) -> None:
    needed("gcc")
    headers = make_headers(tmp_path / "include")
    source = tmp_path / "host.c"
    source.write_text(snippet("guards.md", "c"))
    host = tmp_path / "host"
    run("gcc", "-Wall", "-Wextra", "-pedantic", "-Werror", f"-I{headers}", source, "-o", host)
    plugin = build_plugin(tmp_path / "libgreeter.so", "-s")
    assert run("sh", "-c", f"cd {tmp_path} && ./host") == "Hello, World!\n"
    refusals = (ROOT / "docs" / "guards.md").read_text()
    plugin.unlink()
    build_plugin(tmp_path / "libgreeter.so", "-s", text=FIELD_MORE)
    assert run("sh", "-c", f"cd {tmp_path} && ./host", check=False) in refusals
