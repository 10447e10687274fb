"""The dynamic loader of ELF systems, called directly: dlopen and its family.

`ctypes.CDLL` holds the interpreter's lock while constructors run, and never closes what it
opened; these calls release the lock. Messages of `dlerror` belong to the thread that asks.
Source: POSIX.1-2017, dlopen, dlsym, dlclose; glibc's dlfcn.h for RTLD_NOLOAD, dlvsym and dlinfo.
"""

from __future__ import annotations

import ctypes
import os

from abicheck.errors import LoadError

RTLD_NOLOAD = 4
RTLD_DI_LINKMAP = 2
FLAGS = os.RTLD_NOW | os.RTLD_LOCAL


class LinkMap(ctypes.Structure):
    """What the loader keeps of an image. Source: glibc and musl, link.h, `struct link_map`."""

    _fields_ = (
        ("l_addr", ctypes.c_size_t),
        ("l_name", ctypes.c_char_p),
        ("l_ld", ctypes.c_void_p),
    )


class Owner(ctypes.Structure):
    """What the loader says of an address. Source: glibc and musl, dlfcn.h, `Dl_info`."""

    _fields_ = (
        ("dli_fname", ctypes.c_char_p),
        ("dli_fbase", ctypes.c_void_p),
        ("dli_sname", ctypes.c_char_p),
        ("dli_saddr", ctypes.c_void_p),
    )


class _Calls:
    """The functions of the loader that this process has, with their types."""

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
        self.versioned = getattr(library, "dlvsym", None)  # musl has none
        if self.versioned is not None:
            self.versioned.restype = ctypes.c_void_p
            self.versioned.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)
        self.owner = library.dladdr
        self.owner.restype, self.owner.argtypes = ctypes.c_int, (ctypes.c_void_p, ctypes.c_void_p)
        self.info = library.dlinfo
        self.info.restype = ctypes.c_int
        self.info.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


_CALLS = _Calls()

IS_GLIBC = hasattr(ctypes.CDLL(None), "gnu_get_libc_version")
"""Whether the C library is the GNU one; musl never unloads anything."""


def open_library(path: str, flags: int = FLAGS) -> int:
    """Return the handle of the library at `path`, loaded with all that it needs.

    *Safety*: constructors of the library, and of those that it needs, run.

    Raises: LoadError with the loader's own words.
    """
    handle = _CALLS.open(os.fsencode(path), flags)
    if not handle:
        message = _CALLS.error() or b"the loader gives no reason"
        raise LoadError(message.decode("utf-8", "backslashreplace"))
    return int(handle)


def known_library(path: str, *, keep: bool = True) -> int | None:
    """Return the handle of the image that the loader has under a name, if it has one.

    Unless it is to `keep`, the handle holds nothing.
    """
    handle = _CALLS.open(os.fsencode(path), os.RTLD_LAZY | RTLD_NOLOAD)
    if not handle:
        _CALLS.error()
        return None
    if not keep:
        _CALLS.close(handle)
    return int(handle)


def holds(address: int, path: str) -> bool:
    """Whether an address still belongs to the image that was opened as `path`."""
    owner = Owner()
    if not _CALLS.owner(address, ctypes.byref(owner)):
        return False
    return bool(owner.dli_fname == os.fsencode(path))


def close_library(handle: int) -> None:
    """Give a handle back; with the last one, destructors run and the image goes, or stays.

    Raises: LoadError if the loader does not know the handle.
    """
    if _CALLS.close(handle):
        message = _CALLS.error() or b"the loader gives no reason"
        raise LoadError(message.decode("utf-8", "backslashreplace"))


def find_symbol(handle: int | None, name: str, version: str | None = None) -> int | None:
    """Return the address of a symbol; a handle of None means what the whole process sees."""
    encoded = name.encode("utf-8", "surrogateescape")
    if version is not None and _CALLS.versioned is not None:
        found = _CALLS.versioned(handle, encoded, version.encode())
    else:
        found = _CALLS.symbol(handle, encoded)
    if not found:
        _CALLS.error()
    return found or None


def link_map(handle: int) -> tuple[int, str]:
    """Return the load base of an image, and the name under which the loader keeps it.

    Raises: LoadError.
    """
    found = ctypes.POINTER(LinkMap)()
    if _CALLS.info(handle, RTLD_DI_LINKMAP, ctypes.byref(found)):
        raise LoadError("the loader does not say where it put the library (dlinfo)")
    entry = found.contents
    return int(entry.l_addr), os.fsdecode(entry.l_name or b"")
