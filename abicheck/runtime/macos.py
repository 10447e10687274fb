"""Pinned bytes -> an image in this process, by dyld of macOS.

Written to what Apple documents; it was not run by those who wrote it. A private copy is
loaded, since macOS has no file without a name: a program of the same user could change
it. `RTLD_FIRST` has look-ups end at the image itself. Source: dlopen(3), dyld(3), mach-o/loader.h.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import TYPE_CHECKING

from abicheck.errors import LoadError
from abicheck.evidence import read_plugin
from abicheck.evidence.files import shown
from abicheck.runtime.image import EXECUTE, READ, WRITE, LoadedImage, Part
from abicheck.runtime.neighbours import Beside, private_name
from abicheck.runtime.pipes import copy_memory

if TYPE_CHECKING:
    from abicheck.runtime.content import Content

RTLD_NOLOAD, RTLD_FIRST = 0x10, 0x100
RTLD_DEFAULT = -2
LC_SEGMENT_64 = 0x19
HEADER_SIZE = 32
VM_PROT_READ, VM_PROT_WRITE, VM_PROT_EXECUTE = 1, 2, 4
VM_REGION_BASIC_INFO_64, VM_REGION_BASIC_INFO_COUNT_64 = 9, 9
ORIGINS = ("@loader_path",)


def open_image(content: Content, pin: str) -> LoadedImage:
    """Load the bytes of `content` and return their image.

    *Safety*: constructors of the plugin and of the libraries that it needs run.

    Raises: LoadError if the system would not load them, or has the file in memory already.
    """
    if pin == "copy":
        with private_name(content, _beside(content)) as name:
            return _opened(name, content)
    name = os.path.realpath(content.path)
    if _index_of(name) is not None:
        raise LoadError(f"{shown(content.path)}: is in memory already, and need not be these bytes")
    image = _opened(name, content)
    with open(name, "rb") as file:
        if file.read() == bytes(content.buffer[:]):
            return image
    image.close()
    raise LoadError(f"{shown(content.path)}: changed while it was being loaded")


def _beside(content: Content) -> Beside:
    facts = read_plugin(content.path, content=content.buffer)[0].facts
    return Beside(facts.runpath, facts.needed, ORIGINS)


def _opened(name: str, content: Content) -> LoadedImage:
    calls = _Calls()
    handle = calls.open(os.fsencode(name), os.RTLD_NOW | os.RTLD_LOCAL | RTLD_FIRST)
    if not handle:
        said = (calls.error() or b"dyld gives no reason").decode("utf-8", "backslashreplace")
        said = said.replace(name, content.path)
        raise LoadError(f"{shown(content.path)}: the system would not load it: {said}")
    index = _index_of(name)
    if index is None:
        calls.close(handle)
        raise LoadError(f"{shown(content.path)}: dyld gave back another image than these bytes")
    header = int(calls.header(index))
    slide = int(calls.slide(index))
    return LoadedImage(
        file=content.path,
        parts=tuple(_segments(header, slide)),
        base=slide,
        mechanics=_Mechanics(calls, int(handle), name),
    )


class _Calls:
    """The functions of dyld and the kernel, with their types."""

    def __init__(self) -> None:
        library = ctypes.CDLL(None)
        self.open = library.dlopen
        self.open.restype, self.open.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
        self.close = library.dlclose
        self.close.restype, self.close.argtypes = ctypes.c_int, (ctypes.c_void_p,)
        self.symbol = library.dlsym
        self.symbol.restype = ctypes.c_void_p
        self.symbol.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
        self.error = library.dlerror
        self.error.restype, self.error.argtypes = ctypes.c_char_p, ()
        self.count = library._dyld_image_count
        self.count.restype, self.count.argtypes = ctypes.c_uint32, ()
        self.name = library._dyld_get_image_name
        self.name.restype, self.name.argtypes = ctypes.c_char_p, (ctypes.c_uint32,)
        self.header = library._dyld_get_image_header
        self.header.restype, self.header.argtypes = ctypes.c_void_p, (ctypes.c_uint32,)
        self.slide = library._dyld_get_image_vmaddr_slide
        self.slide.restype, self.slide.argtypes = ctypes.c_ssize_t, (ctypes.c_uint32,)


def _index_of(name: str) -> int | None:
    """Return dyld's number of the image that was loaded from a path."""
    calls = _Calls()
    encoded = os.fsencode(name)
    return next((index for index in range(calls.count()) if calls.name(index) == encoded), None)


def _segments(header: int, slide: int) -> list[Part]:
    """Return the mapped segments.

    Source: mach-o/loader.h; `mach_header_64` has eight numbers, of which ncmds and sizeofcmds
    are the fifth and sixth; in `segment_command_64`, vmaddr follows cmd, cmdsize and segname.
    """
    *_, count, size, _flags, _reserved = struct.unpack("<8I", copy_memory(header, HEADER_SIZE))
    commands = copy_memory(header + HEADER_SIZE, size)
    parts, position = [], 0
    for _ in range(count):
        kind, length = struct.unpack_from("<2I", commands, position)
        if kind == LC_SEGMENT_64:
            fields = struct.unpack_from("<4Q2i", commands, position + 24)
            address, memory_size, _, _, _, rights = fields
            if memory_size and rights:
                start = address + slide
                parts.append(Part(start, start + memory_size, _flags_of(rights)))
        position += length
    return parts


def _flags_of(rights: int) -> int:
    return (
        (READ if rights & VM_PROT_READ else 0)
        | (WRITE if rights & VM_PROT_WRITE else 0)
        | (EXECUTE if rights & VM_PROT_EXECUTE else 0)
    )


class _Mechanics:
    """One image of dyld."""

    def __init__(self, calls: _Calls, handle: int, name: str) -> None:
        self._calls, self._handle, self._name = calls, handle, name

    def find(self, name: str, version: str | None) -> int | None:
        """Return what dlsym finds in the image itself; symbols have no versions here."""
        del version
        return self._calls.symbol(self._handle, name.encode("utf-8", "surrogateescape")) or None

    def rival(self, name: str, found: int) -> int | None:
        """Return None: with two-level names, uses of an export lead to the image itself."""
        del name, found
        return None

    def is_executable(self, address: int) -> bool:
        """Whether an address of this process is mapped executable."""
        return bool(_protection(address) & VM_PROT_EXECUTE)

    def is_writable(self, address: int) -> bool:
        """Whether an address of this process is mapped writable."""
        return bool(_protection(address) & VM_PROT_WRITE)

    def owner(self, address: int) -> str:
        """Return the file of the image that begins last before an address."""
        calls = self._calls
        starts = [(int(calls.header(index)), index) for index in range(calls.count())]
        below = max((each for each in starts if each[0] <= address), default=None)
        return "memory of no file" if below is None else shown(os.fsdecode(calls.name(below[1])))

    def let_go(self) -> str | None:
        """Close the handle; dyld keeps images with Objective-C, Swift or thread-local data."""
        self._calls.close(self._handle)
        if _index_of(self._name) is not None:
            return "dyld keeps it, as it does images with Objective-C, Swift or thread-local data"
        return None


def _protection(address: int) -> int:
    """Return the protection of the memory at an address. Source: mach/mach_vm.h."""
    library = ctypes.CDLL(None)
    task = ctypes.c_uint32.in_dll(library, "mach_task_self_")
    start, size = ctypes.c_uint64(address), ctypes.c_uint64()
    information = (ctypes.c_int32 * VM_REGION_BASIC_INFO_COUNT_64)()
    count, name = ctypes.c_uint32(VM_REGION_BASIC_INFO_COUNT_64), ctypes.c_uint32()
    failed = library.mach_vm_region(
        task, ctypes.byref(start), ctypes.byref(size), VM_REGION_BASIC_INFO_64,
        information, ctypes.byref(count), ctypes.byref(name),
    )  # fmt: skip
    if failed or not start.value <= address < start.value + size.value:
        return 0
    return int(information[0])
