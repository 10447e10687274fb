"""What `find_export` finds against what dlsym and dlvsym of this system find."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from abicheck.evidence import read_plugin
from abicheck.evidence.elf.reader import ElfEvidence

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="needs the dynamic loader of Linux"),
]

SOURCE = """
int first(void) { return 1; }
int second(void) { return 2; }
int alone(void) { return 3; }
int plain(void) { return 4; }
int unversioned(void) { return 5; }
__attribute__((visibility("hidden"))) int hidden(void) { return 6; }
__attribute__((visibility("protected"))) int shielded(void) { return 7; }
__attribute__((weak)) int weak(void) { return 8; }
static int kept(void) { return 9; }
int (*keeper)(void) = kept;
__thread int local;
int common;
static int choice(void) { return 10; }
static void *choose(void) { return choice; }
int chosen(void) __attribute__((ifunc("choose")));
extern int imported(void);
int call(void) { return imported(); }
__asm__(".symver first,twice@V1");
__asm__(".symver second,twice@@V2");
__asm__(".symver alone,old@V1");
"""
VERSIONS = "V1 { global: plain; }; V2 { global: twice; } V1;"
NAMES = (
    "twice", "old", "plain", "unversioned", "hidden", "shielded", "weak", "kept", "keeper", "local",
    "common", "chosen", "call", "absent", "first",
)  # fmt: skip


@pytest.fixture(scope="module", params=["gnu", "sysv"])
def plugin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp(request.param)
    (folder / "plugin.c").write_text(SOURCE)
    (folder / "plugin.map").write_text(VERSIONS)
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "plugin.c", "-o", "plugin.so",
         "-Wl,--version-script=plugin.map", f"-Wl,--hash-style={request.param}"],
        cwd=folder, check=True,
    )  # fmt: skip
    return folder / "plugin.so"


@pytest.fixture(scope="module")
def system() -> ctypes.CDLL:
    library = ctypes.CDLL(None)
    library.dlsym.restype = library.dlvsym.restype = ctypes.c_void_p
    library.dlsym.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.dlvsym.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    return library


@pytest.mark.parametrize("name", NAMES)
def test_unversioned_lookup(plugin: Path, system: ctypes.CDLL, name: str) -> None:
    (evidence,) = read_plugin(str(plugin))
    handle = ctypes.CDLL(str(plugin), mode=1)._handle  # noqa: SLF001  dlsym wants the handle itself
    found = system.dlsym(handle, name.encode())
    assert (evidence.find_export(name) is not None) == (found is not None)


@pytest.mark.parametrize("version", ["V1", "V2", "V3"])
@pytest.mark.parametrize("name", NAMES)
def test_versioned_lookup(plugin: Path, system: ctypes.CDLL, name: str, version: str) -> None:
    (evidence,) = read_plugin(str(plugin))
    handle = ctypes.CDLL(str(plugin), mode=1)._handle  # noqa: SLF001
    found = system.dlvsym(handle, name.encode(), version.encode())
    assert (evidence.find_export(name, version) is not None) == (found is not None)


def test_both_find_the_same_address(plugin: Path, system: ctypes.CDLL) -> None:
    (evidence,) = read_plugin(str(plugin))
    assert isinstance(evidence, ElfEvidence)
    handle = ctypes.CDLL(str(plugin), mode=1)._handle  # noqa: SLF001
    bases = set()
    for name in ("twice", "plain", "unversioned", "shielded", "weak", "common"):
        symbol = evidence.find_export(name)
        assert symbol is not None
        bases.add(system.dlsym(handle, name.encode()) - symbol.address)
    assert len(bases) == 1
