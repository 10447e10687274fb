"""The guard for C on damaged files: under the sanitizers, whatever the bytes are."""

from __future__ import annotations

import shutil
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.oracle.guards import build_host, build_plugin, run, zig

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.oracle

SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
BUILDERS = {
    "elf": "gcc",
    "elf-32": zig("x86-linux-gnu"),
    "elf-big-endian": zig("s390x-linux-gnu"),
    "pe": zig("x86_64-windows-gnu"),
    "mach-o": zig("aarch64-macos"),
}


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("fuzz")
    source = ROOT / "tests" / "oracle" / "guard_fuzz.c"
    return build_host(folder / "fuzz", "-O1", "-g", *SANITIZERS, source=source)


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    memory = Path("/dev/shm")
    file = (memory if memory.is_dir() else tmp_path) / f"abicheck-{tmp_path.name}"
    yield file
    file.unlink(missing_ok=True)


def seed(name: str, fuzz: Path) -> Path:
    file = fuzz.with_name(f"libseed-{name}.so")
    return file if file.exists() else build_plugin(file, "-O1", "-s", by=BUILDERS[name])


def counted(fuzz: Path, seed: Path, count: int, start: int, scratch: Path) -> float:
    """Return the milliseconds of the file that took longest."""
    printed = run(fuzz, seed, str(count), str(start), scratch)
    assert " accepted, " in printed
    return float(printed.split()[2])


@pytest.mark.parametrize("name", BUILDERS)
def test_damaged_file_neither_crashes_nor_detains_the_guard(
    fuzz: Path, scratch: Path, name: str
) -> None:
    assert counted(fuzz, seed(name, fuzz), 800, 1, scratch) < 5000


@pytest.mark.long
@pytest.mark.parametrize("start", range(2, 6))
@pytest.mark.parametrize("name", BUILDERS)
def test_many_damaged_files_do_neither(fuzz: Path, scratch: Path, name: str, start: int) -> None:
    assert counted(fuzz, seed(name, fuzz), 60000, start, scratch) < 5000


def test_file_cut_anywhere_is_refused(fuzz: Path, scratch: Path) -> None:
    """Each of the first four kilobytes in steps, and the rest in wider ones."""
    host = build_host(fuzz.with_name("host"), "-O1", *SANITIZERS)
    whole = seed("elf", fuzz).read_bytes()
    for size in [*range(0, 4096, 128), *range(4096, len(whole) - 4096, 1999)]:
        scratch.write_bytes(whole[:size])
        assert "refused: " in run(host, scratch, check=False)


def test_segments_without_end_do_not_detain_the_guard(fuzz: Path, scratch: Path) -> None:
    """Sixty-five thousand segments of notes, each the whole of four megabytes."""
    host = fuzz.with_name("quick-host")
    build_host(host, "-O1")
    segment = struct.pack("<IIQQQQQQ", 4, 4, 1 << 22, 0, 0, 1 << 22, 0, 4)
    notes = struct.pack("<IIII", 1, 0, 1, 0) * (1 << 18)
    head = seed("elf", fuzz).read_bytes()[:64]
    head = head[:32] + (64).to_bytes(8, "little") + head[40:56] + b"\xff\xff" + head[58:]
    scratch.write_bytes((head + segment * 65535).ljust(1 << 22, b"\0") + notes)
    before = time.monotonic()
    assert "refused: " in run(host, scratch, check=False)
    assert time.monotonic() - before < 20
