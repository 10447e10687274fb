"""Plugins and hosts of the tutorial in Rust, built by cargo against generated modules."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROJECTS = ROOT / "fixtures" / "tutorial" / "rust"
TOOLS = ("cargo", "rustc", "rustfmt", "clippy-driver")


def run(
    *command: str | Path,
    check: bool = True,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a command and return what it prints; fail with that if it fails."""
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
    )
    assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def need(*tools: str) -> None:
    """Skip a test where one of the tools is not installed."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


class Workshop:
    """A folder in which projects are built, with `abicheck` on the path as if installed."""

    def __init__(self, folder: Path) -> None:
        """Put the command there."""
        need(*TOOLS)
        self.folder = folder
        command = folder / "bin" / "abicheck"
        command.parent.mkdir(parents=True)
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m abicheck "$@"\n')
        command.chmod(0o755)
        self.environment = {
            "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "CARGO_TARGET_DIR": str(folder / "target"),
        }

    def cargo(self, project: Path, *words: str, **environment: str) -> str:
        """Run cargo in a project."""
        return run("cargo", *words, cwd=project, environment={**self.environment, **environment})

    def project(self, name: str, kind: str, contract: str) -> Path:
        """Copy a project of the tutorial and put a contract into it."""
        project = self.folder / name
        if not project.exists():
            shutil.copytree(PROJECTS / kind, project)
            (project / "greeter.toml").write_text(contract)
        return project

    def host(self, contract: str) -> Path:
        """Build the tutorial's host."""
        project = self.project("the-host", "host", contract)
        self.cargo(project, "build", "-q")
        return self.folder / "target" / "debug" / "host"

    def plugin(self, name: str, contract: str, feature: str = "", **profile: str) -> Path:
        """Build the tutorial's plugin for release; `profile` is what Cargo.toml may say of it."""
        project = self.project(name, "plugin", contract)
        features = ["--features", feature] if feature else []
        prefix = "CARGO_PROFILE_RELEASE_"
        settings = {f"{prefix}{key.upper()}": value for key, value in profile.items()}
        self.cargo(project, "build", "-q", "--release", *features, **settings)
        built = self.folder / f"lib{name}.so"
        shutil.copy(self.folder / "target" / "release" / "libgreeter.so", built)
        return built

    def libraries(self) -> tuple[str, ...]:
        """Return the options by which rustc finds the libloading that the host was built with."""
        folder = self.folder / "target" / "debug" / "deps"
        (found,) = folder.glob("liblibloading-*.rlib")
        return ("-L", str(folder), "--extern", f"libloading={found}")


def stripped(plugin: Path) -> Path:
    """Return a copy of a plugin without symbols and debug information."""
    copy = plugin.with_name(f"stripped-{plugin.name}")
    run("strip", "-s", plugin, "-o", copy)
    return copy
