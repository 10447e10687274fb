"""Reports made by hand: what each renderer is shown."""

from __future__ import annotations

from abicheck.model.evidence import Origin
from abicheck.model.report import (
    MISMATCH,
    OK,
    UNVERIFIED,
    Claim,
    Picture,
    PluginReport,
    Report,
    Row,
)

TARGET = "x86_64-linux-gnu"
GREET = "fn(*const c_char) -> *const c_char"
NO_DEBUG = "the file has no debug information"
NO_CONVENTION = "gcc records no calling conventions"

INFO = Origin("libgreeter.so", ".debug_info", 0x1267)
DYNSYM = Origin("libgreeter.so", ".dynsym", 0x2E8)
RODATA = Origin("libgreeter.so", ".rodata", 0x2000)


def claim(subject: str, name: str, status: str = OK, **details: object) -> Claim:
    """Return a claim; the rule's id is derived from what it says."""
    rule = details.pop("rule", f"{subject.partition('.')[0].rstrip('s')}-{name}")
    facts = {"required": True, "target": TARGET, **details}
    return Claim(rule=rule, claim=name, subject=subject, status=status, **facts)  # type: ignore[arg-type]


def seen(subject: str, name: str, actual: str, **details: object) -> Claim:
    """Return a claim that was seen and is as expected."""
    return claim(subject, name, OK, expected=actual, actual=actual, **details)


def exports(*names: str) -> tuple[Claim, ...]:
    """Return what symbol tables prove of functions."""
    by_symbols = {"evidence": "symbols", "origin": DYNSYM}
    return tuple(
        one
        for name in names
        for one in (
            seen(f"exports.{name}", "present", "present", **by_symbols),
            seen(f"exports.{name}", "kind", "function", **by_symbols),
            seen(f"exports.{name}", "linkage", "defined here", **by_symbols),
        )
    )


FUNCTIONS = ("load_plugin", "free_greeter", "free_greeting")

SYMBOLS = (
    *exports(*FUNCTIONS),
    seen("exports.GREETER_ABI_VERSION", "present", "present", evidence="symbols", origin=DYNSYM),
    seen("exports.GREETER_ABI_VERSION", "kind", "data", evidence="symbols", origin=DYNSYM),
    seen("exports.GREETER_ABI_VERSION", "size", "4 bytes", evidence="symbols", origin=DYNSYM),
)
SIGNATURES = tuple(
    seen(f"exports.{name}", "signature", "fn()", evidence="dwarf", origin=INFO)
    for name in FUNCTIONS
)
CONVENTIONS = tuple(
    claim(f"exports.{name}", "convention", UNVERIFIED, required=False, reason=NO_CONVENTION)
    for name in FUNCTIONS
)
VERSION = seen("tags.version", "accepts", "1.2", evidence="bytes", origin=RODATA, contract_line=28)
LAYOUT = (
    seen("structs.Greeter", "size", "8 bytes", evidence="dwarf", origin=INFO, contract_line=18),
    seen("structs.Greeter", "alignment", "8 bytes", evidence="dwarf", origin=INFO),
    seen("structs.Greeter.greet", "offset", "offset 0x0", evidence="dwarf", origin=INFO),
    seen("structs.Greeter.greet", "type", GREET, evidence="dwarf", origin=INFO),
    seen("structs.Greeter.greet", "name", "greet", evidence="dwarf", origin=INFO),
)


def plugin(file: str = "libgreeter.so", **details: object) -> PluginReport:
    """Return what came of one ELF file."""
    facts = {"format": "ELF", "targets": (TARGET,), **details}
    return PluginReport(file=file, **facts)  # type: ignore[arg-type]


def report(*plugins: PluginReport, notes: tuple[str, ...] = ()) -> Report:
    """Return the report of a run against the greeter's contract."""
    return Report(
        contract_name="greeter",
        contract_version="1.2",
        contract_file="greeter.toml",
        plugins=plugins,
        notes=notes,
    )


COMPATIBLE = plugin(
    claims=(*SYMBOLS, *SIGNATURES, *CONVENTIONS, *LAYOUT, VERSION), stated_version="1.2"
)

INSERTED = Picture(
    subject="structs.Greeter",
    expected=(Row("greet", GREET, 0, 8), Row("flags", "u32", 8, 4, mark="moved")),
    actual=(
        Row("greet", GREET, 0, 8),
        Row("context", "*c_void", 8, 8, mark="added"),
        Row("flags", "u32", 16, 4, mark="moved"),
    ),
    expected_size=16,
    actual_size=24,
    expected_alignment=8,
    actual_alignment=8,
    origin=INFO,
    story="a field of 8 bytes, `context`, was inserted before `flags`",
)

INCOMPATIBLE = plugin(
    claims=(
        *SYMBOLS[:9],
        claim(
            "exports.GREETER_ABI_VERSION", "present", MISMATCH, rule="export-missing",
            expected="present", actual="absent", evidence="symbols", contract_line=14,
            message="no symbol of this name is exported; `GREETER_VERSION` is",
        ),
        *SIGNATURES[:2],
        *CONVENTIONS,
        claim(
            "structs.Greeter", "size", MISMATCH, rule="struct-size-mismatch",
            expected="16 bytes", actual="24 bytes", evidence="dwarf", origin=INFO,
            contract_line=18, cause="structs.Greeter.flags", reason="follows from `flags`",
        ),
        *LAYOUT[1:],
        claim(
            "structs.Greeter.flags", "offset", MISMATCH, rule="field-offset-mismatch",
            expected="offset 0x8", actual="offset 0x10", evidence="dwarf", origin=INFO,
            contract_line=20, message=INSERTED.story, picture=INSERTED,
        ),
    ),
    stated_version="1.1",
)  # fmt: skip

STRIPPED = plugin(
    claims=(
        *SYMBOLS,
        *(claim(f"exports.{name}", "signature", UNVERIFIED, reason=NO_DEBUG) for name in FUNCTIONS),
        *(
            claim(f"exports.{name}", "convention", UNVERIFIED, required=False, reason=NO_DEBUG)
            for name in FUNCTIONS
        ),
        *(
            claim("structs.Greeter", name, UNVERIFIED, reason=NO_DEBUG)
            for name in ("size", "alignment")
        ),
        *(
            claim("structs.Greeter.greet", name, UNVERIFIED, reason=NO_DEBUG)
            for name in ("offset", "type", "name")
        ),
        VERSION,
    ),
    stated_version="1.2",
)

UNREADABLE = PluginReport(file="notes.txt", error="notes.txt: not an ELF, PE or Mach-O file")


SLOT = "Option<fn(*mut Context, *const c_char) -> c_int>"


def _rows(shift: int, mark: str) -> tuple[Row, ...]:
    return tuple(
        Row(
            f"slot_{at}",
            SLOT,
            8 * at + shift,
            8,
            mark=mark,
        )
        for at in range(9, 20)
    )


LONG = Picture(
    subject="structs.Operations",
    expected=(
        *(Row(f"slot_{at}", "*mut c_void", 8 * at, 8) for at in range(9)),
        *_rows(0, "moved"),
    ),
    actual=(
        *(Row(f"slot_{at}", "*c_void", 8 * at, 8) for at in range(9)),
        Row("reserved", "u64", 72, 8, mark="added"),
        *_rows(8, "moved"),
    ),
    expected_size=160,
    actual_size=168,
    expected_alignment=8,
    actual_alignment=8,
    story="a field of 8 bytes, `reserved`, was inserted before `slot_9`",
)

LARGE = plugin(
    claims=tuple(
        claim(
            f"structs.Operations.slot_{at}", "offset", MISMATCH, rule="field-offset-mismatch",
            expected=f"offset {8 * at:#x}", actual=f"offset {8 * at + 8:#x}", evidence="dwarf",
            origin=INFO, contract_line=20 + at, picture=LONG if at == 9 else None,
            cause=None if at == 9 else "structs.Operations.slot_9",
            message=LONG.story if at == 9 else None,
        )
        for at in range(9, 20)
    )
)  # fmt: skip

MODES = Picture(
    subject="enums.Mode",
    expected=(Row("Off", "= 0", None, None), Row("On", "= 1", None, None, mark="changed")),
    actual=(Row("Off", "= 0", None, None), Row("On", "= 2", None, None, mark="changed")),
    expected_size=4,
    actual_size=4,
)

ENUM = plugin(
    claims=(
        claim(
            "enums.Mode.On", "value", MISMATCH, rule="enum-value-mismatch", expected="1",
            actual="2", evidence="dwarf", contract_line=30, picture=MODES,
        ),
    ),
    stated_version="1.2",
)  # fmt: skip

MANY = plugin(
    claims=tuple(
        claim(
            f"exports.slot_{at}", "present", MISMATCH, rule="export-missing",
            expected="exported", actual="not exported", evidence="symbols", contract_line=at,
        )
        for at in range(1, 8)
    )
)  # fmt: skip
