"""A loaded plugin -> what only loading settles: where exports ended up, tags behind calls.

The rules are those of verification; they read this process instead of a file. What is read
may point anywhere, so nothing is dereferenced: the kernel copies it, or says that it cannot.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from abicheck.model.evidence import Observed, Origin, PointerValue, Unseen
from abicheck.model.layout import (
    BOOL,
    CHAR,
    FLOAT,
    SIGNED,
    EnumLayout,
    PointerLayout,
    ScalarLayout,
)
from abicheck.model.records import replace
from abicheck.model.report import MISMATCH
from abicheck.rules import tags
from abicheck.runtime.systems import PAGE, read_memory

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from abicheck.model.contract import Contract
    from abicheck.model.evidence import Evidence, Import, PlatformFacts, Symbol, TypeSource
    from abicheck.model.layout import FunctionLayout, Layouts, TypeLayout
    from abicheck.model.report import Claim, PluginReport
    from abicheck.rules import Case
    from abicheck.runtime.examining import Examined
    from abicheck.runtime.image import LoadedImage
    from abicheck.runtime.remembering import Place

INTEGERS = {
    (1, False): ctypes.c_uint8, (2, False): ctypes.c_uint16, (4, False): ctypes.c_uint32,
    (8, False): ctypes.c_uint64, (1, True): ctypes.c_int8, (2, True): ctypes.c_int16,
    (4, True): ctypes.c_int32, (8, True): ctypes.c_int64,
}  # fmt: skip


def judge_loaded(found: Examined, image: LoadedImage) -> PluginReport:
    """Return the report with what the loaded image answers put in.

    *Safety*: functions that tags name are called.
    """
    report, case = found.report, found.case
    claims = _placed(found, image)
    if case is None:
        return report if claims is report.claims else replace(report, claims=claims)
    if any(claim.status == MISMATCH for claim in claims):
        return replace(report, claims=claims)  # Functions that may not be its own are not called.
    live = case.loaded(LiveEvidence(case.evidence, image), LiveCaller(case.layouts))
    answered = {
        f"tags.{tag.name}": tuple(tags.claims_of(live, tag))
        for tag in case.contract.tags
        if tag.calls
    }
    return replace(
        report,
        claims=_with(claims, answered, case.target),
        stated_version=_stated_version(case.contract, live) or report.stated_version,
    )


def _stated_version(contract: Contract, live: Case) -> str | None:
    tag = contract.interface_tag
    if tag is None or not tag.calls:
        return None
    version = tags.TagReading(live, tag).version()
    return None if version is None else str(version)


def _with(
    claims: Sequence[Claim], answered: dict[str, tuple[Claim, ...]], target: str
) -> tuple[Claim, ...]:
    """Put the answers for tags where the unanswered claims stood."""
    merged: list[Claim] = []
    placed = set()
    for claim in claims:
        if claim.subject not in answered or claim.target != target:
            merged.append(claim)
        elif claim.subject not in placed:
            placed.add(claim.subject)
            merged.extend(answered[claim.subject])
    for subject, late in answered.items():
        if subject not in placed:
            merged.extend(late)
    return tuple(merged)


# Where the exports are.


def _placed(found: Examined, image: LoadedImage) -> tuple[Claim, ...]:
    """Return the claims with a mismatch for each export that is not where the file has it."""
    claims = found.report.claims
    strays = {place.subject: _stray(image, place) for place in found.places}
    strays = {subject: stray for subject, stray in strays.items() if stray is not None}
    if not strays:
        return claims
    target = str(found.layouts.target)
    return tuple(
        replace(claim, status=MISMATCH, required=True, actual=strays[claim.subject], message=None)
        if claim.claim == "linkage" and claim.subject in strays and claim.target == target
        else claim
        for claim in claims
    )


def _stray(image: LoadedImage, place: Place) -> str | None:
    """Return where an export is instead of in this image, in words; None if it is there."""
    found = image.lookup(place.name, place.version)
    if found is None:
        return "not found in the loaded image"
    if place.is_forwarded:
        return None
    if not image.contains(found):
        return f"in {image.owner(found)} once it is loaded"
    if place.is_chosen:
        return None
    rival = image.rival(place.name, found)
    return None if rival is None else f"the plugin's own uses of it lead to {image.owner(rival)}"


# What rules read.


class LiveEvidence:
    """A plugin as this process has it; what loading does not change is as in the file."""

    def __init__(self, evidence: Evidence, image: LoadedImage) -> None:
        """Read through `image` what `evidence` says is there."""
        self._evidence, self._image = evidence, image
        self.file, self.format, self.target = evidence.file, evidence.format, evidence.target
        self.memory = LiveMemory(evidence, image)

    @property
    def facts(self) -> PlatformFacts:
        """What the headers say."""
        return self._evidence.facts

    @property
    def types(self) -> TypeSource:
        """The types that debug information or a descriptor describes."""
        return self._evidence.types

    def find_export(self, name: str, version: str | None = None) -> Symbol | None:
        """Return an export with its address in this process."""
        found = self._evidence.find_export(name, version)
        if found is None:
            return None
        address = self._image.address(name, version)
        return None if address is None else replace(found, address=address)

    def find_hidden(self, name: str, others: Collection[str] = ()) -> Symbol | str | None:
        """Say why an export is not found."""
        return self._evidence.find_hidden(name, others)

    def export_names(self) -> Sequence[str]:
        """Return the name of every export."""
        return self._evidence.export_names()

    def exports(self) -> Sequence[Symbol]:
        """Return every export, with its address in the file."""
        return self._evidence.exports()

    def imports(self) -> Sequence[Import]:
        """Return every undefined symbol."""
        return self._evidence.imports()


class LiveMemory:
    """The memory of this process; addresses are those of the process."""

    def __init__(self, evidence: Evidence, image: LoadedImage) -> None:
        """Read any memory that can be read; sections are still those of the file."""
        self._evidence, self._image = evidence, image
        self._word = ctypes.sizeof(ctypes.c_void_p)
        self._origin = Origin(evidence.file)

    def read(self, address: int, size: int, *, initial: bool = False) -> Observed[bytes] | Unseen:
        """Return the bytes that are there now."""
        del initial
        found = read_memory(address, size)
        if len(found) < size:
            return Unseen(f"no memory can be read at {address + len(found):#x}")
        return Observed(found, self._origin)

    def pointer(self, address: int) -> Observed[PointerValue] | Unseen:
        """Return the pointer that is there now."""
        found = self.read(address, self._word)
        if isinstance(found, Unseen):
            return found
        value = int.from_bytes(found.value, self._evidence.target.byte_order)  # type: ignore[arg-type]
        return Observed(PointerValue(value or None), self._origin)

    def string(self, address: int, limit: int = 4096) -> Observed[bytes] | Unseen:
        """Return the bytes before the first NUL."""
        text = b""
        while len(text) < limit:
            here = address + len(text)
            window = read_memory(here, min(PAGE - here % PAGE, limit - len(text)))
            text, end, _ = (text + window).partition(b"\0")
            if end:
                return Observed(text, self._origin)
            if not window:
                return Unseen(f"no memory can be read at {here:#x}")
        return Unseen(f"no NUL within {limit} bytes")

    def is_code(self, address: int) -> bool:
        """Whether an address lies in executable memory, of the plugin or of another library."""
        return self._image.is_code(address)

    def is_writable(self, address: int) -> bool:
        """Whether the file says that it stays writable."""
        return self._evidence.memory.is_writable(address - self._image.base)

    def section(self, name: str) -> tuple[int, int] | None:
        """Return address (or file offset) and size of a named section."""
        return self._evidence.memory.section(name)

    def section_bytes(self, name: str) -> Observed[bytes] | Unseen | None:
        """Return the content of a section in the file."""
        return self._evidence.memory.section_bytes(name)


class LiveCaller:
    """Calls the functions that tags name, each once, and keeps what they return."""

    def __init__(self, layouts: Layouts) -> None:
        """Call nothing yet."""
        self._layouts = layouts
        self._results: dict[int, ctypes._SimpleCData[object]] = {}

    def call(self, address: int, function: FunctionLayout) -> Observed[int] | Unseen:
        """Call a function that takes nothing; return the address where its result now lies."""
        if function.convention not in {None, "C", "C-unwind", "system"}:
            return Unseen(f'functions of the convention "{function.convention}" are not called')
        if address not in self._results:
            assert function.result is not None
            kind = _returned(self._layouts.layout(function.result))
            if kind is None:
                return Unseen("a value of its type cannot be fetched by a call")
            self._results[address] = kind(_bare(ctypes.CFUNCTYPE(kind)(address)()))
        return Observed(ctypes.addressof(self._results[address]), Origin(""))


def _bare(value: object) -> object:
    return value.value if isinstance(value, ctypes._SimpleCData) else value


def _returned(layout: TypeLayout) -> type[ctypes._SimpleCData] | None:  # type: ignore[type-arg]
    match layout:
        case PointerLayout():
            return ctypes.c_void_p
        case EnumLayout(_, size, is_signed):
            return INTEGERS.get((size, bool(is_signed)))
        case ScalarLayout(kind, size) if kind == FLOAT:
            floats = (ctypes.c_float, ctypes.c_double, ctypes.c_longdouble)
            return next((each for each in floats if ctypes.sizeof(each) == size), None)
        case ScalarLayout(kind, size):
            return INTEGERS.get((size, kind in {SIGNED, CHAR} and kind != BOOL))
    return None
