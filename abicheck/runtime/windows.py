"""Pinned bytes -> an image in this process, by the loader of Windows.

Written to what Microsoft documents; it was not run by those who wrote it. A private copy, or
with `pin="path"` the file itself, is held open with FILE_SHARE_READ alone, so that nobody
can write to it, rename or delete it from before it is compared until it is mapped, from
where on the system itself refuses that. Source: learn.microsoft.com, CreateFileW,
LoadLibraryExW, AddDllDirectory, VirtualQuery, and the PE format.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import sys
import tempfile
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from abicheck.errors import LoadError
from abicheck.evidence.files import shown
from abicheck.runtime.image import EXECUTE, READ, WRITE, LoadedImage, Part

assert sys.platform == "win32"

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.runtime.content import Content

GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING = 0x80000000, 1, 3
INVALID_HANDLE_VALUE = ctypes.c_void_p(-1).value
LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS = 0x100, 0x1000
UNCHANGED_REFCOUNT, FROM_ADDRESS = 2, 4
"""GET_MODULE_HANDLE_EX_FLAG_x."""

SEM_FAILCRITICALERRORS, SEM_NOOPENFILEERRORBOX = 1, 0x8000
IMAGE_SCN_MEM_EXECUTE, IMAGE_SCN_MEM_READ, IMAGE_SCN_MEM_WRITE = 1 << 29, 1 << 30, 1 << 31
PAGE_EXECUTE_ANY = 0xF0
PAGE_WRITE_ANY = 0xCC
LONGEST_PATH = 32768
SECTION_SIZE, FILE_HEADER_END = 40, 24

kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
kernel32.CreateFileW.restype = ctypes.c_void_p
kernel32.CreateFileW.argtypes = (
    ctypes.c_wchar_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32,
    ctypes.c_uint32, ctypes.c_void_p,
)  # fmt: skip
kernel32.CloseHandle.argtypes = (ctypes.c_void_p,)
kernel32.ReadFile.argtypes = (
    ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p,
)  # fmt: skip
kernel32.LoadLibraryExW.restype = ctypes.c_void_p
kernel32.LoadLibraryExW.argtypes = (ctypes.c_wchar_p, ctypes.c_void_p, ctypes.c_uint32)
kernel32.FreeLibrary.argtypes = (ctypes.c_void_p,)
kernel32.GetProcAddress.restype = ctypes.c_void_p
kernel32.GetProcAddress.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
kernel32.GetModuleHandleExW.argtypes = (ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p)
kernel32.GetModuleFileNameW.argtypes = (ctypes.c_void_p, ctypes.c_wchar_p, ctypes.c_uint32)
kernel32.VirtualQuery.restype = ctypes.c_size_t
kernel32.VirtualQuery.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
kernel32.GetCurrentProcess.restype = ctypes.c_void_p
kernel32.ReadProcessMemory.argtypes = (
    ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p,
)  # fmt: skip


class MemoryBasicInformation(ctypes.Structure):
    """Source: winnt.h, MEMORY_BASIC_INFORMATION; the compiler's padding is ctypes' too."""

    _fields_ = (
        ("BaseAddress", ctypes.c_void_p),
        ("AllocationBase", ctypes.c_void_p),
        ("AllocationProtect", ctypes.c_uint32),
        ("PartitionId", ctypes.c_uint16),
        ("RegionSize", ctypes.c_size_t),
        ("State", ctypes.c_uint32),
        ("Protect", ctypes.c_uint32),
        ("Type", ctypes.c_uint32),
    )


def open_image(content: Content, pin: str) -> LoadedImage:
    """Load the bytes of `content` and return their image.

    *Safety*: DllMain of the plugin and of the libraries that it needs runs.

    Raises: LoadError if the system would not load them, or has the file in memory already.
    """
    original = os.path.abspath(content.path)
    if pin != "copy":
        return _opened(original, content, None)
    directory = tempfile.mkdtemp(prefix="abicheck-")
    name = os.path.join(directory, os.path.basename(original))
    try:
        with open(name, "xb") as file:
            file.write(content.buffer)
        # What lies beside the plugin is found as if it had been loaded from there.
        with os.add_dll_directory(os.path.dirname(original)):
            return _opened(name, content, directory)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def _opened(name: str, content: Content, directory: str | None) -> LoadedImage:
    with _held(name, content.path) as file:
        if _hash_of(file) != content.sha256:
            raise LoadError(f"{shown(content.path)}: changed while it was being loaded")
        if _module_named(name) is not None:
            raise LoadError(
                f"{shown(content.path)}: is in memory already, and need not be these bytes"
            )
        module = _load(name, content.path)
    parts = tuple(_sections(module))
    mechanics = _Mechanics(module, name, directory)
    return LoadedImage(file=content.path, parts=parts, base=module, mechanics=mechanics)


@contextmanager
def _held(name: str, path: str) -> Iterator[int]:
    """Yield a handle of a file that nobody can change meanwhile.

    Raises: LoadError if somebody has it open for writing.
    """
    handle = kernel32.CreateFileW(name, GENERIC_READ, FILE_SHARE_READ, None, OPEN_EXISTING, 0, None)
    if handle == INVALID_HANDLE_VALUE:
        raise _error(path, "it cannot be held open")
    try:
        yield handle
    finally:
        kernel32.CloseHandle(handle)


def _hash_of(file: int) -> str:
    digest, window, count = sha256(), ctypes.create_string_buffer(1 << 20), ctypes.c_uint32()
    while kernel32.ReadFile(file, window, len(window), ctypes.byref(count), None) and count.value:
        digest.update(window.raw[: count.value])
    return digest.hexdigest()


def _load(name: str, path: str) -> int:
    old = ctypes.c_uint32()
    mode = SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX
    kernel32.SetThreadErrorMode(mode, ctypes.byref(old))  # No dialogue that waits for a click.
    try:
        flags = LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS
        module = kernel32.LoadLibraryExW(name, None, flags)
        if not module:
            raise _error(path, "the system would not load it")
        return int(module)
    finally:
        kernel32.SetThreadErrorMode(old.value, None)


def _error(path: str, what: str) -> LoadError:
    return LoadError(f"{shown(path)}: {what}: {ctypes.FormatError(ctypes.get_last_error())}")


def _module_named(name: str) -> int | None:
    module = ctypes.c_void_p()
    flag = UNCHANGED_REFCOUNT
    found = kernel32.GetModuleHandleExW(flag, ctypes.c_wchar_p(name), ctypes.byref(module))
    return module.value if found else None


def _sections(module: int) -> Iterator[Part]:
    """Yield the headers and the sections of a mapped image.

    Source: PE format, "COFF File Header" and "Section Table".
    """
    start = module + struct.unpack("<I", copy_memory(module + 0x3C, 4))[0]
    header = copy_memory(start, FILE_HEADER_END)
    count, optional_size = (
        struct.unpack_from("<H", header, 6)[0],
        struct.unpack_from("<H", header, 20)[0],
    )
    table_at = start + FILE_HEADER_END + optional_size
    table = copy_memory(table_at, count * SECTION_SIZE)
    yield Part(module, table_at + len(table), READ)
    for position in range(0, len(table), SECTION_SIZE):
        size, address = struct.unpack_from("<2I", table, position + 8)
        (marks,) = struct.unpack_from("<I", table, position + 36)
        flags = (
            (READ if marks & IMAGE_SCN_MEM_READ else 0)
            | (WRITE if marks & IMAGE_SCN_MEM_WRITE else 0)
            | (EXECUTE if marks & IMAGE_SCN_MEM_EXECUTE else 0)
        )
        yield Part(module + address, module + address + size, flags)


def copy_memory(address: int, size: int) -> bytes:
    """Return the bytes from `address` on, up to the first page that cannot be read."""
    buffer, count = ctypes.create_string_buffer(size), ctypes.c_size_t()
    kernel32.ReadProcessMemory(
        kernel32.GetCurrentProcess(), address, buffer, size, ctypes.byref(count)
    )
    return buffer.raw[: count.value]


def _protection(address: int) -> int:
    """Return the PAGE_ bits of the memory at an address; 0 if there is none."""
    region = MemoryBasicInformation()
    if not kernel32.VirtualQuery(address, ctypes.byref(region), ctypes.sizeof(region)):
        return 0
    return int(region.Protect)


class _Mechanics:
    """One module of this process."""

    def __init__(self, module: int, name: str, directory: str | None) -> None:
        self._module, self._name, self._directory = module, name, directory

    def find(self, name: str, version: str | None) -> int | None:
        """Return what GetProcAddress finds; forwarders lead to other modules."""
        del version
        return (
            kernel32.GetProcAddress(self._module, name.encode("utf-8", "surrogateescape")) or None
        )

    def rival(self, name: str, found: int) -> int | None:
        """Return None: a DLL's uses of its own exports are bound when it is linked."""
        del name, found
        return None

    def is_executable(self, address: int) -> bool:
        """Whether an address of this process is mapped executable."""
        return bool(_protection(address) & PAGE_EXECUTE_ANY)

    def is_writable(self, address: int) -> bool:
        """Whether an address of this process is mapped writable."""
        return bool(_protection(address) & PAGE_WRITE_ANY)

    def owner(self, address: int) -> str:
        """Return the file of the module that an address belongs to."""
        module = ctypes.c_void_p()
        flags = FROM_ADDRESS | UNCHANGED_REFCOUNT
        if not kernel32.GetModuleHandleExW(flags, address, ctypes.byref(module)):
            return "memory of no file"
        name = ctypes.create_unicode_buffer(LONGEST_PATH)
        kernel32.GetModuleFileNameW(module, name, LONGEST_PATH)
        return shown(name.value)

    def let_go(self) -> str | None:
        """Give the module back; the private copy goes with it."""
        kernel32.FreeLibrary(self._module)
        if _module_named(self._name) is not None:
            return "the system keeps it: another module needs it, or it pinned itself"
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
        return None
