"""Hold the plugin to the exports that the contract names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.contract import WHEN_PRESENT
from abicheck.model.evidence import DATA, FORWARDER, FUNCTION, IFUNC, UNKNOWN
from abicheck.model.layout import ArrayLayout, StructLayout, UnknownLayout
from abicheck.model.records import replace
from abicheck.model.report import OK, UNVERIFIED
from abicheck.model.types import spell, type_id
from abicheck.rules.case import Scope
from abicheck.rules.describe import in_bytes
from abicheck.rules.members import size_of
from abicheck.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.contract import Export
    from abicheck.model.evidence import Symbol
    from abicheck.model.report import Claim
    from abicheck.rules.case import Case
    from abicheck.rules.registry import Rule

SYMBOLS = "symbols"
LINKED_KINDS = {IFUNC: "allows_ifunc", FORWARDER: "allows_forwarder"}
MOST_NAMES = 8


def scope_of(export: Export, symbol: Symbol | None = None, *, required: bool = True) -> Scope:
    """Return what the claims about an export share; a symbol's own name goes before a glob."""
    return Scope(
        subject=f"exports.{export.name if symbol is None else symbol.name}",
        line=export.line,
        required=required,
        evidence=SYMBOLS,
        origin=None if symbol is None else symbol.origin,
    )


@rule("export-missing")
def export_present(case: Case) -> Iterator[Claim]:
    """Find each export as the loader would; an optional one may be absent.

    Only the dynamic symbol table counts, and of symbols with versions the one that an
    unversioned `dlsym` finds (or, with `symbol_version`, `dlvsym`). A symbol that only
    a dependency defines is not the plugin's.

    Why: the host's look-up fails, or finds another library's symbol of that name.

    Fix: define the symbol in the plugin with default visibility and C linkage
    (`extern "C"`, `#[no_mangle]`), and keep it in the version script.
    """
    for export in case.contract.exports:
        if not export.is_forbidden:
            yield _presence(case, export)


def _presence(case: Case, export: Export) -> Claim:
    symbols = case.matches(export)
    if export.symbol_version is not None:
        exact = case.symbol(export.name, export.symbol_version)
        symbols = () if exact is None else (exact,)
    scope = scope_of(export)
    if symbols:
        names = ", ".join(_versioned(symbol) for symbol in symbols[:MOST_NAMES])
        return case.compared(
            export_present,
            "present",
            replace(scope, origin=symbols[0].origin),
            fits=True,
            expected="defined by the plugin",
            actual=names,
        )
    expected = "at least one match" if export.is_glob else "defined by the plugin"
    if export.is_optional:
        expected = "optional"
    others = case.matches(export)
    if others:  # Under another version, which is what `export-version-mismatch` tells.
        return case.compared(
            export_present,
            "present",
            replace(scope, origin=others[0].origin),
            fits=export.is_optional,
            expected=expected,
            actual=_versioned(others[0]),
            cause=scope.subject,
        )
    return case.compared(
        export_present,
        "present",
        replace(scope, origin=case.evidence.facts.origin),
        fits=export.is_optional,
        expected=expected,
        actual="not exported",
        message=None if export.is_optional else _why_absent(case, export),
    )


def _why_absent(case: Case, export: Export) -> str | None:
    hidden = None if export.is_glob else case.evidence.find_hidden(export.name, _names(case))
    if hidden is None or isinstance(hidden, str):
        return hidden
    if hidden.version is not None and not hidden.is_default_version:
        return f"only {hidden.name}@{hidden.version} is there, which a plain dlsym does not find"
    if hidden.visibility in {"hidden", "internal"}:
        return f"it is there with {hidden.visibility} visibility, which no loader finds"
    return f"it is there as a {hidden.binding} symbol, which no loader finds"


def _names(case: Case) -> frozenset[str]:
    """Return the names that the contract demands itself, and that stand for no other."""
    return frozenset(export.name for export in case.contract.exports)


def _versioned(symbol: Symbol) -> str:
    if symbol.version is None:
        return symbol.name
    return f"{symbol.name}{'@@' if symbol.is_default_version else '@'}{symbol.version}"


@rule("export-forbidden")
def export_forbidden(case: Case) -> Iterator[Claim]:
    """Refuse exports that the contract forbids.

    Why: an entry point that a host has given up would be found by older hosts, or marks
    a plugin of another generation.

    Fix: remove the symbol, or hide it.
    """
    for export in case.contract.exports:
        if export.is_forbidden:
            symbols = case.exports_matching(export.name)
            origin = symbols[0].origin if symbols else case.evidence.facts.origin
            names = ", ".join(_versioned(each) for each in symbols[:MOST_NAMES])
            yield case.compared(
                export_forbidden,
                "present",
                replace(scope_of(export), origin=origin),
                fits=not symbols,
                expected="not exported",
                actual=names or "not exported",
            )


@rule("export-kind-mismatch")
def export_kind(case: Case) -> Iterator[Claim]:
    """Tell functions from data; thread-local data is neither.

    Why: calling data crashes, and reading code as data yields instructions.

    Fix: export what the contract names: `fn` for functions, `static` for data.
    """
    for export, symbol in case.wanted:
        if export.is_data is None:
            continue
        expected = DATA if export.is_data else FUNCTION
        actual = _kind_of(case, symbol)
        inferred = symbol.is_kind_inferred or symbol.kind == UNKNOWN
        is_guess = bool(export.is_data) and inferred
        required = case.is_required("data", export.evidence) if is_guess else True
        yield case.compared(
            export_kind,
            "kind",
            scope_of(export, symbol, required=required),
            fits=actual == expected,
            expected=expected,
            actual=f"{actual} (by its section)" if inferred else actual,
        )


def _kind_of(case: Case, symbol: Symbol) -> str:
    if symbol.kind == UNKNOWN:
        return FUNCTION if case.evidence.memory.is_code(symbol.address) else DATA
    return FUNCTION if symbol.kind in {IFUNC, FORWARDER} else symbol.kind


@rule("export-linkage")
def export_linkage(case: Case) -> Iterator[Claim]:
    """Refuse symbols whose meaning is settled only when they are loaded.

    Global, weak and unique symbols fit. An IFUNC runs a resolver at load time, and a
    forwarder names another library; both must be allowed by the contract.

    Why: what the host gets is not what this file shows.

    Fix: export a plain function, or say `ifunc = true` or `forwarded = true`.
    """
    for export, symbol in case.wanted:
        key = LINKED_KINDS.get(symbol.kind)
        binding = symbol.binding + (f", {symbol.kind}" if key else "")
        yield case.compared(
            export_linkage,
            "linkage",
            scope_of(export, symbol),
            fits=key is None or bool(getattr(export, key)),
            expected="defined here",
            actual=f"{binding}, {symbol.visibility} visibility"
            + (f", to {symbol.forwards_to}" if symbol.forwards_to else ""),
        )


@rule("export-version-mismatch")
def export_version(case: Case) -> Iterator[Claim]:
    """Hold an export to the symbol version that the contract states.

    Why: a host that asks for `name@VERSION` does not find another.

    Fix: give the symbol that version in the plugin's version script.
    """
    for export, symbol in case.wanted:
        if export.symbol_version is not None:
            yield case.compared(
                export_version,
                "symbol-version",
                scope_of(export, symbol),
                fits=symbol.version == export.symbol_version,
                expected=export.symbol_version,
                actual=symbol.version or "no version",
            )


@rule("data-size-mismatch")
def data_size(case: Case) -> Iterator[Claim]:
    """Hold exported data to the size of its type, or to the size that the contract states.

    Why: the host reads as many bytes as its type has. Data that is smaller ends early;
    data that is larger is of another version of the type.

    Fix: rebuild the plugin against the host's header; or say `size = { at_least = N }`.
    """
    for export, symbol in case.wanted:
        if export.is_data and (export.size is not None or export.size_at_least is not None):
            yield _data_size(case, export, symbol, export.size, export.size_at_least)
        elif export.is_data and export.type is not None:
            layout = case.layouts.layout(type_id(export.type))
            if isinstance(layout, UnknownLayout):
                required = case.is_required("data", export.evidence)
                scope = scope_of(export, symbol, required=required)
                yield case.unverified(data_size, "size", scope, reason=layout.reason)
            elif not _is_open(layout) and size_of(layout) is not None:
                size, is_open = size_of(layout), _ends_open(case, layout)
                yield _data_size(
                    case, export, symbol, None if is_open else size, size if is_open else None
                )


def _is_open(layout: object) -> bool:
    return isinstance(layout, ArrayLayout) and layout.count is None


def _ends_open(case: Case, layout: object) -> bool:
    """Whether a struct goes on as long as its data does: its last field is a flexible array."""
    if not isinstance(layout, StructLayout) or layout.is_union or not layout.fields:
        return False
    return _is_open(case.layouts.layout(layout.fields[-1].type))


def _data_size(
    case: Case, export: Export, symbol: Symbol, size: int | None, at_least: int | None
) -> Claim:
    expected = in_bytes(size) if size is not None else f"at least {in_bytes(at_least)}"
    scope = scope_of(export, symbol, required=case.is_required("data", export.evidence))
    if not symbol.size:
        reason = "the symbol states no size"
        if symbol.size is None:
            reason = "the symbol table does not record the size of data"
        return case.unverified(data_size, "size", scope, expected=expected, reason=reason)
    fits = symbol.size == size if size is not None else symbol.size >= (at_least or 0)
    if case.growth is not None and size is not None and symbol.size > size:
        fits = _may_be_longer(case, export)
    return case.compared(
        data_size, "size", scope, fits=fits, expected=expected, actual=in_bytes(symbol.size)
    )


def _may_be_longer(case: Case, export: Export) -> bool:
    if export.type is None or export.size is not None:
        return False
    from abicheck.rules.growth import may_be_longer  # noqa: PLC0415 (few contracts speak of growth)

    return may_be_longer(case, export.type)


@rule("data-not-writable")
def data_writable(case: Case) -> Iterator[Claim]:
    """Demand that `static mut` data can be written once the plugin is loaded.

    Why: a host that stores into read-only memory crashes.

    Fix: define the data without `const`.
    """
    for export, symbol in case.wanted:
        if not (export.is_data and export.is_mutable):
            continue
        scope = scope_of(export, symbol, required=case.is_required("data", export.evidence))
        writable = case.evidence.memory.is_writable(symbol.address)
        yield case.compared(
            data_writable,
            "writable",
            replace(scope, evidence="headers"),
            fits=writable,
            expected="writable",
            actual=("writable" if writable else "read-only")
            + (f" (in {symbol.section})" if symbol.section else ""),
        )


@rule("data-type-mismatch")
def data_type(case: Case) -> Iterator[Claim]:
    """Hold exported data to its type, as far as debug information or a descriptor shows it.

    Why: the size of data says nothing about what is in it.

    Fix: rebuild the plugin against the host's current header.
    """
    for export, symbol in case.wanted:
        if export.is_data and export.type is not None:
            yield signature_claim(case, data_type, "type", export, symbol)


@rule("signature-mismatch")
def signature(case: Case) -> Iterator[Claim]:
    """Hold each function to its prototype: parameters, result, `...`, to the bottom of pointers.

    Structs on the way are compared once, under their own names.

    Why: arguments travel in registers and stack slots that the prototype decides. C
    linkage checks none of it.

    Fix: rebuild the plugin against the host's current header.
    """
    for export, symbol in case.wanted:
        if export.is_data is False and export.type is not None:
            yield signature_claim(case, signature, "signature", export, symbol)


def signature_claim(case: Case, decide: Rule, claim: str, export: Export, symbol: Symbol) -> Claim:
    """Return what became of an export's prototype or data type."""
    found = case.bindings.signatures.get((export.name, symbol.name))
    scope = scope_of(export, symbol, required=case.is_required("signatures", export.evidence))
    if found is None:
        reason = case.bindings.absence or "nothing describes it"
        prefix = "static " if export.is_data else ""
        expected = prefix + spell(export.type) if export.type else None
        return case.unverified(decide, claim, scope, reason=reason, expected=expected)
    if found.outcome.status == UNVERIFIED:
        return case.unverified(
            decide,
            claim,
            scope,
            reason=found.outcome.detail,
            expected=found.expected,
            actual=found.actual,
        )
    fits = found.outcome.status == OK
    return case.compared(
        decide,
        claim,
        replace(scope, evidence=case.evidence.types.kind, origin=found.origin),
        fits=fits,
        expected=found.expected,
        actual=found.actual or "",
        message=None if fits else found.outcome.detail,
    )


@rule("convention-mismatch")
def convention(case: Case) -> Iterator[Claim]:
    """Hold each function to its calling convention, where the plugin's producer records one.

    clang records every deviation from C. gcc and rustc record none on functions: the
    claim is then `unverified`. It is required under `conventions = "required"`, and
    where the convention decides how a Rust function receives its arguments.

    Why: caller and callee disagree about registers and about who cleans the stack.

    Fix: declare the function `extern "C"` (or as the contract says), or use a descriptor.
    """
    for export, symbol in case.wanted:
        if export.is_data is False and export.type is not None:
            yield _convention_claim(case, export, symbol)


def _convention_claim(case: Case, export: Export, symbol: Symbol) -> Claim:
    found = case.bindings.signatures.get((export.name, symbol.name))
    wanted = getattr(export.type, "convention", "C")
    expected = f'extern "{wanted}"'
    may_be_required = export.evidence != WHEN_PRESENT
    required = may_be_required and case.is_required("conventions")
    scope = scope_of(export, symbol, required=required)
    if found is None or found.convention is None or found.convention.status == UNVERIFIED:
        reason = case.bindings.absence or "nothing describes it"
        if found is not None and found.convention is not None:
            reason = found.convention.detail
        if found is not None and found.depends_on_convention:
            reason += f'; a forgotten extern "C" would break {found.depends_on_convention}'
            scope = replace(scope, required=may_be_required)
        return case.unverified(convention, "convention", scope, reason=reason, expected=expected)
    fits = found.convention.status == OK
    if fits and found.unrecorded:
        reason = "the conventions of its callbacks are not recorded"
        return case.unverified(convention, "convention", scope, reason=reason, expected=expected)
    return case.compared(
        convention,
        "convention",
        replace(scope, evidence=case.evidence.types.kind, origin=found.origin),
        fits=fits,
        expected=expected,
        actual=f'extern "{found.actual_convention}"',
    )
