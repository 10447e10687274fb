"""The guard for C run where this machine is not: emulated machines, and Windows by Wine."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.oracle.guards import (
    CONTRACT,
    GREETING,
    OTHER_VERSION,
    build_host,
    build_plugin,
    run,
    zig,
)
from tests.oracle.test_descriptor_survival import CHECK

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.oracle, pytest.mark.long]

EMULATORS = {
    "x86-linux-musl": (),
    "s390x-linux-musl": ("qemu-s390x-static",),
    "mips-linux-musleabihf": ("qemu-mips-static",),
    "powerpc64-linux-musl": ("qemu-ppc64-static",),
    "arm-linux-musleabihf": ("qemu-arm-static",),
}
"""32 and 64 bits, both byte orders; MIPS has DT_HASH alone."""


def needed(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


@pytest.mark.parametrize("target", EMULATORS)
def test_guard_checks_plugins_of_its_own_machine(tmp_path: Path, target: str) -> None:
    emulator = EMULATORS[target]
    needed(*emulator)
    source = tmp_path / "check.c"
    source.write_text(CHECK)
    check = build_host(tmp_path / "check", "-O1", by=zig(target), source=source)
    plugin = build_plugin(tmp_path / "libgreeter.so", "-O1", "-s", by=zig(target))
    assert run(*emulator, check, plugin) == "fits\n"
    lacking = build_plugin(tmp_path / "liblacking.so", "-s", "-DMISSING_EXPORT", by=zig(target))
    assert "free_greeting: no such export" in run(*emulator, check, lacking)


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needed("wine", "x86_64-w64-mingw32-gcc")
    folder = tmp_path_factory.mktemp("windows")
    build_host(folder / "host.exe", by=zig("x86_64-windows-gnu"))
    return folder


def greet(folder: Path, plugin: Path, *, check: bool = True) -> str:
    """Run the tutorial's host for Windows on a plugin."""
    settings = {"WINEPREFIX": str(folder / "wine"), "WINEDEBUG": "-all", "DISPLAY": ""}
    printed = run("wine", folder / "host.exe", plugin.name, check=check, **settings)
    return printed.replace("\r\n", "\n")


@pytest.mark.parametrize("by", ["x86_64-w64-mingw32-gcc", zig("x86_64-windows-gnu")])
def test_host_for_windows_loads_what_fits(
    windows: Path, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(windows)
    plugin = build_plugin(windows / "greeter.dll", "-O2", "-s", by=by)
    assert GREETING in greet(windows, plugin)


@pytest.mark.parametrize(
    ("flags", "text", "said"),
    [
        (("-DMISSING_EXPORT",), CONTRACT, "free_greeting: no such export"),
        (("-DWITHOUT_DESCRIPTOR",), CONTRACT, "no descriptor of greeter"),
        ((), OTHER_VERSION, "GREETER_ABI_VERSION: 2.0 in the plugin"),
    ],
    ids=["missing-export", "no-descriptor", "other-version"],
)
def test_host_for_windows_refuses_the_rest(
    windows: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str, ...],
    text: str,
    said: str,
) -> None:
    monkeypatch.chdir(windows)
    compiler = "x86_64-w64-mingw32-gcc"
    plugin = build_plugin(windows / "other.dll", "-s", *flags, by=compiler, text=text)
    assert said in greet(windows, plugin, check=False)
