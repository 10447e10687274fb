"""First bytes of a file -> its format, and whether it may be a plugin."""

from __future__ import annotations

SNIFFED_SIZE = 4096
"""Bytes from the beginning of a file that `sniff` wants."""

# Where each format says what kind of file it is, in bytes from its beginning.
ELF_TYPE = slice(16, 18)
ET_DYN = 3
PE_HEADER_OFFSET, PE_CHARACTERISTICS = slice(60, 64), 22
IMAGE_FILE_DLL = 0x2000
MACH_O_TYPE = slice(12, 16)
MH_DYLIB, MH_BUNDLE = 6, 8
UNIVERSAL_COUNT = slice(4, 8)

MOST_SLICES = 30
"""Of a universal file. A Java class has the same magic, and a version above 44 in that place."""

MACH_O_LITTLE = frozenset({b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"})
MACH_O_BIG = frozenset({b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf"})
UNIVERSAL = frozenset({b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"})


def format_of(first_bytes: bytes) -> str | None:
    """Return "ELF", "PE" or "Mach-O" by the magic number alone."""
    magic = first_bytes[:4]
    if magic == b"\x7fELF":
        return "ELF"
    if magic in MACH_O_LITTLE | MACH_O_BIG:
        return "Mach-O"
    if magic in UNIVERSAL:
        count = _number(first_bytes, UNIVERSAL_COUNT, is_big=True)
        return "Mach-O" if count is not None and count <= MOST_SLICES else None
    return "PE" if magic[:2] == b"MZ" and _has_pe_header(first_bytes) else None


def sniff(first_bytes: bytes) -> str | None:
    """Return the format of a file that may be a plugin: "ELF", "PE", "Mach-O", or None.

    None for what is none of these, and where the header already says that it is an
    object file, an executable or a core dump. `first_bytes` are up to SNIFFED_SIZE; a
    header that ends before it tells is for the format's reader to judge.
    """
    name = format_of(first_bytes)
    if name == "ELF":
        kind = _number(first_bytes, ELF_TYPE, is_big=first_bytes[5:6] == b"\2")
        return name if kind in {None, ET_DYN} else None
    if name == "PE":
        start = _pe_start(first_bytes) + PE_CHARACTERISTICS
        flags = _number(first_bytes, slice(start, start + 2))
        return name if flags is None or flags & IMAGE_FILE_DLL else None
    if name == "Mach-O" and first_bytes[:4] not in UNIVERSAL:
        kind = _number(first_bytes, MACH_O_TYPE, is_big=first_bytes[:4] in MACH_O_BIG)
        return name if kind in {None, MH_DYLIB, MH_BUNDLE} else None
    return name


def _number(content: bytes, place: slice, *, is_big: bool = False) -> int | None:
    """Return the unsigned integer in `place`, or None if `content` ends before it does."""
    found = content[place]
    if len(found) < place.stop - place.start:
        return None
    return int.from_bytes(found, "big" if is_big else "little")


def _pe_start(first_bytes: bytes) -> int:
    return _number(first_bytes, PE_HEADER_OFFSET) or 0


def _has_pe_header(first_bytes: bytes) -> bool:
    """Whether the PE header is where a DOS program says, or beyond what was sniffed."""
    start = _pe_start(first_bytes)
    is_beyond = len(first_bytes) >= SNIFFED_SIZE and start + 4 > len(first_bytes)
    return is_beyond or first_bytes[start : start + 4] == b"PE\0\0"
