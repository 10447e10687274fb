"""Hold the plugin's imports to what the host and its libraries provide."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from abicheck.model.records import replace
from abicheck.rules.case import Scope
from abicheck.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.evidence import Import
    from abicheck.model.report import Claim
    from abicheck.rules.case import Case


@rule("import-missing")
def import_provided(case: Case) -> Iterator[Claim]:
    """Attribute each import to a needed library, to the host, or to nobody.

    A library is known by the import's version need, or by what its file in the sysroot
    exports. Weak imports make no claim. Without `[imports]`, `--host` or `--sysroot` none is made.

    Why: an import that nobody provides stops the load, or crashes at its first call.

    Fix: link the library that defines it, or have the host export it.
    """
    if (
        case.contract.imports is None
        and case.surroundings.host is None
        and not case.surroundings.sysroot
    ):
        return
    seen = set()
    for each in case.evidence.imports():
        if not each.is_weak and each.name not in seen:
            seen.add(each.name)
            yield _claim(case, each)


def _claim(case: Case, each: Import) -> Claim:
    imports = case.contract.imports
    scope = Scope(
        subject=f"imports.{each.name}",
        line=None if imports is None else imports.line,
        evidence="symbols",
        origin=each.origin,
    )
    expected = "provided by the host or a needed library"
    provider = _provider(case, each)
    if provider:
        return case.compared(
            import_provided,
            "provided",
            scope,
            fits=True,
            expected=expected,
            actual=f"from {provider}",
        )
    unknown = _unknown_libraries(case)
    if unknown or not _is_closed(case):
        reason = (
            "the host or one of its libraries may define it; --host and --sysroot would show it"
        )
        if unknown:
            reason = f"it may come from {', '.join(unknown)}, which no --sysroot shows"
        optional = replace(scope, required=False)
        return case.unverified(
            import_provided, "provided", optional, reason=reason, expected=expected
        )
    return case.compared(
        import_provided,
        "provided",
        scope,
        fits=False,
        expected=expected,
        actual="provided by nobody",
    )


def _provider(case: Case, each: Import) -> str | None:
    if each.library is not None:
        return f"{each.library} ({each.version})"
    provided = () if case.contract.imports is None else case.contract.imports.provided
    if any(fnmatchcase(each.name, pattern) for pattern in provided):
        return "the host (imports.provided)"
    if each.name in case.surroundings.host_exports():
        return f"the host ({case.surroundings.host})"
    for library in (*case.evidence.facts.needed, *case.surroundings.host_needed()):
        if each.name in (case.surroundings.library_exports(library, case.evidence.file) or ()):
            return library
    return None


def _unknown_libraries(case: Case) -> list[str]:
    """Return the libraries that might define an import, and were not found.

    A host's own libraries count too: what they export is in the process's global scope.
    """
    libraries = dict.fromkeys((*case.evidence.facts.needed, *case.surroundings.host_needed()))
    return [
        library
        for library in libraries
        if case.surroundings.library_exports(library, case.evidence.file) is None
    ]


def _is_closed(case: Case) -> bool:
    """Whether everything that the contract and the user named as a provider was looked at.

    Plugins do use libraries that only their host links (`sqrt` without `-lm`): as long as a
    needed library was not looked at, nothing is said against them.
    """
    is_host_known = case.contract.imports is not None or case.surroundings.host is not None
    return is_host_known and not _unknown_libraries(case)
