from __future__ import annotations

import os
import socket
import struct
import sys
from pathlib import Path

import pytest

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence import read_plugin
from tests.conftest import binary

ELF = b"\x7fELF\x02\x01\x01" + bytes(9)
PE = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(18)


def test_elf_plugin_gives_one_evidence() -> None:
    path = str(binary("greeter/libgreeter-good.so"))
    (evidence,) = read_plugin(path)
    assert (evidence.format, evidence.file) == ("ELF", path)


def test_absent_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BinaryError, match="No such file"):
        read_plugin(str(tmp_path / "absent.so"))


def test_path_with_nul_cannot_be_read() -> None:
    with pytest.raises(BinaryError, match="cannot be read"):
        read_plugin("a\0b.so")


def test_directory_is_no_plugin(tmp_path: Path) -> None:
    with pytest.raises(BinaryError, match="is a directory"):
        read_plugin(str(tmp_path))


def test_empty_file_is_no_plugin(tmp_path: Path) -> None:
    (tmp_path / "empty.so").touch()
    with pytest.raises(BinaryError, match="empty, so not a plugin"):
        read_plugin(str(tmp_path / "empty.so"))


def test_text_is_no_plugin(tmp_path: Path) -> None:
    (tmp_path / "linker.so").write_text("INPUT(libc.so.6)")
    with pytest.raises(BinaryError, match="not an ELF, PE or Mach-O file"):
        read_plugin(str(tmp_path / "linker.so"))


@pytest.mark.skipif(sys.platform == "win32", reason="pipes have no path here")
def test_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.so")
    with pytest.raises(BinaryError, match="is a pipe"):
        read_plugin(str(tmp_path / "pipe.so"))


@pytest.mark.skipif(sys.platform == "win32", reason="sockets have no path here")
def test_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.so")
        with pytest.raises(BinaryError, match="is a socket"):
            read_plugin("socket.so")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero here")
def test_device_is_refused_without_being_read() -> None:
    with pytest.raises(BinaryError, match="is a device"):
        read_plugin("/dev/zero")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything"
)
def test_file_without_permission_says_so(tmp_path: Path) -> None:
    file = tmp_path / "secret.so"
    file.write_bytes(ELF)
    file.chmod(0)
    with pytest.raises(BinaryError, match="Permission denied"):
        read_plugin(str(file))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PE, "PE"),
        (b"\xcf\xfa\xed\xfe" + bytes(60), "Mach-O"),
        (b"\xca\xfe\xba\xbe\0\0\0\2", "Mach-O"),
    ],
)
def test_formats_that_are_not_read_yet_say_so(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / "plugin.so").write_bytes(content)
    with pytest.raises(UnsupportedError, match=f"reading {name} is not supported yet"):
        read_plugin(str(tmp_path / "plugin.so"))


@pytest.mark.parametrize("kind", [b"\1\0", b"\2\0", b"\4\0"])
def test_what_is_no_plugin_is_passed_over_in_directories(tmp_path: Path, kind: bytes) -> None:
    (tmp_path / "file").write_bytes(ELF + kind + bytes(64))
    assert read_plugin(str(tmp_path / "file"), is_named=False) == ()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(b"\1\0", "an object file"), (b"\2\0", "an executable"), (b"\4\0", "a core dump")],
)
def test_what_is_no_plugin_is_an_error_where_it_is_named(
    tmp_path: Path, kind: bytes, reason: str
) -> None:
    (tmp_path / "file").write_bytes(ELF + kind + bytes(64))
    with pytest.raises(UnsupportedError, match=f"is {reason}"):
        read_plugin(str(tmp_path / "file"))


def test_debug_file_is_no_plugin() -> None:
    path = str(binary("greeter/libgreeter-separate.so.debug"))
    assert read_plugin(path, is_named=False) == ()
    with pytest.raises(UnsupportedError, match="separate debug file"):
        read_plugin(path)
