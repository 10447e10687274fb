"""Which types belong to a standard library: an interface points to them and looks not inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.evidence import Wording

LIBC = frozenset(
    """FILE DIR _IO_FILE __sFILE __dirstream __locale_struct __locale_data locale_t lconv tm
    timeval timespec timezone itimerval itimerspec stat stat64 statfs statvfs dirent dirent64
    sigaction siginfo_t sigset_t __sigset_t sigevent ucontext_t mcontext_t stack_t rusage
    rlimit utsname passwd group spwd hostent servent protoent netent addrinfo sockaddr
    sockaddr_in sockaddr_in6 sockaddr_un sockaddr_storage in_addr in6_addr iovec msghdr
    cmsghdr pollfd epoll_event fd_set termios winsize pthread_attr_t pthread_mutex_t
    pthread_mutexattr_t pthread_cond_t pthread_condattr_t pthread_rwlock_t pthread_barrier_t
    pthread_once_t sem_t __pthread_mutex_s __pthread_internal_list __pthread_cond_s
    __jmp_buf_tag jmp_buf sigjmp_buf div_t ldiv_t lldiv_t mbstate_t __mbstate_t fpos_t
    _G_fpos_t regex_t re_pattern_buffer glob_t obstack drand48_data random_data msqid_ds
    semid_ds shmid_ds utimbuf ifaddrs if_nameindex sched_param timex max_align_t link_map
    dl_phdr_info""".split()  # noqa: SIM905  a list of them is a page long
)
"""Structs of the C library, by tag and by typedef."""

LIBRARIES = frozenset({"std", "core", "alloc", "__cxxabiv1", "__gnu_cxx", "__1"})
"""Namespaces and crates of the standard libraries of C++ and Rust."""

VA_LIST_TAGS = frozenset({"__va_list_tag", "__va_list"})

TOOLCHAIN = frozenset(
    """_init _fini _edata _end __bss_start edata end etext _etext __etext _start main
    __bss_start__ __bss_end__ _bss_end__ __end__ __data_start data_start _IO_stdin_used _fp_hw
    _fbss _ftext _fdata _gp_disp _gp __dso_handle __rt_data__ rust_eh_personality __rust_alloc
    __rust_dealloc __rust_realloc __rust_alloc_zeroed __rust_no_alloc_shim_is_unstable
    __gcc_personality_v0 __gnu_lto_slim __gnu_lto_v1 __odr_asan _PROCEDURE_LINKAGE_TABLE_
    __mh_dylib_header ___dso_handle""".split()  # noqa: SIM905  a list of them is a page long
)
"""Symbols that linkers and run-time libraries put among the exports."""


def is_of_library(name: str, wording: Wording) -> bool:
    """Whether a type is the standard library's own, by its name or by what it is inside of."""
    if wording.scopes:
        return wording.scopes[0] in LIBRARIES
    return name in LIBC or not LIBC.isdisjoint(wording.typedefs) or name.startswith("_IO_")


def is_mangled(symbol: str) -> bool:
    """Whether a symbol is of C++ or Rust and has no meaning in C.

    Source: Itanium C++ ABI, section 5.1.2; Rust RFC 2603, "Symbol name mangling v0".
    """
    if symbol.startswith(("_Z", "__Z", "?")):
        return True
    return symbol.startswith("_R") and symbol[2:3] in {"N", "I", "C", "M", "X", "Y"}


def plain_names(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the exports that C can name, and those that only C++ or Rust can."""
    own = [name for name in names if name not in TOOLCHAIN]
    mangled = tuple(name for name in own if is_mangled(name))
    return tuple(name for name in own if not is_mangled(name)), mangled
