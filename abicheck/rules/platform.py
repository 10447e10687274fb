"""Hold the plugin to where the host runs: targets, symbol versions, libraries, stack."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from abicheck.model.records import replace
from abicheck.rules.case import Scope
from abicheck.rules.registry import rule
from abicheck.rules.symbol_versions import PRIVATE, family_of, release_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from abicheck.model.evidence import VersionNeed
    from abicheck.model.report import Claim
    from abicheck.rules.case import Case
    from abicheck.rules.registry import Rule

HEADERS = "headers"
LIBRARIES_OF = {"GLIBC": "glibc"}


def _claim(  # noqa: PLR0913 (all by keyword)
    case: Case,
    decide: Rule,
    key: str,
    *,
    fits: bool,
    expected: str,
    actual: str,
    message: str | None = None,
) -> Claim:
    return case.compared(
        decide, key, _scope(case, key), fits=fits, expected=expected, actual=actual, message=message
    )


def _scope(case: Case, key: str) -> Scope:
    return Scope(
        subject=f"platform.{key}",
        line=(case.contract.platform.lines or {}).get(key),
        evidence=HEADERS,
        origin=case.evidence.facts.origin,
    )


@rule("platform-target-mismatch")
def platform_targets(case: Case) -> Iterator[Claim]:
    """Hold the plugin to the targets that the contract lists, or each slice of a universal file.

    An environment that the file does not show (it needs no C library) fits any, with a note.

    Why: a file for another machine does not load; one for another C library may load and crash.

    Fix: build the plugin for one of the listed targets.
    """
    platform = case.contract.platform
    if not platform.targets:
        return
    target = case.evidence.target
    fitting = [pattern for pattern in platform.targets if target.fits(pattern)]
    missing = _missing_slices(case)
    expected = ", ".join(platform.targets_written or platform.targets)
    actual = str(target)
    if missing:
        actual = f"no slice for {', '.join(missing)}"
    shows_none = fitting and not target.environment and not _plainly_fits(fitting)
    message = "the file does not show its C library, so any is taken to fit" if shows_none else None
    yield _claim(
        case,
        platform_targets,
        "targets",
        fits=bool(fitting) and not missing,
        expected=expected,
        actual=actual,
        message=message,
    )


def _missing_slices(case: Case) -> list[str]:
    platform = case.contract.platform
    if platform.fat != "all":
        return []
    return [p for p in platform.targets if not any(target.fits(p) for target in case.slices)]


def _plainly_fits(fitting: list[str]) -> bool:
    """Whether some pattern asks for no environment at all."""
    parts = 2
    return any(len(pattern.split("-")) <= parts or pattern.endswith("-*") for pattern in fitting)


@rule("platform-bits-mismatch")
def platform_bits(case: Case) -> Iterator[Claim]:
    """Hold the plugin to the width of the host's pointers.

    Why: a 64-bit process cannot load a 32-bit plugin, nor the other way round.

    Fix: build the plugin for the host's width.
    """
    wanted = case.contract.platform.bits
    if wanted is not None:
        bits = case.evidence.target.bits
        yield _claim(
            case, platform_bits, "bits", fits=bits == wanted, expected=str(wanted), actual=str(bits)
        )


@rule("platform-byte-order-mismatch")
def platform_byte_order(case: Case) -> Iterator[Claim]:
    """Hold the plugin to the host's byte order.

    Why: a file of the other byte order does not load.

    Fix: build the plugin for the host's machine.
    """
    wanted = case.contract.platform.byte_order
    if wanted is not None:
        order = case.evidence.target.byte_order
        yield _claim(
            case,
            platform_byte_order,
            "byte_order",
            fits=order == wanted,
            expected=wanted,
            actual=order,
        )


def version_parts(version: str) -> tuple[int, ...]:
    """Return the numbers of a symbol version's tail: "2.31" is (2, 31)."""
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


@rule("platform-versions-mismatch")
def platform_versions(case: Case) -> Iterator[Claim]:
    """Hold the symbol versions that the plugin needs to those that the oldest system offers.

    Needs of weak references count: the loader demands them all the same.

    Why: a plugin built on a newer system does not load on an older one.

    Fix: build it on the oldest system that must run it, or in a container of that system.
    """
    platform = case.contract.platform
    limits, demands = platform.versions_at_most or {}, platform.versions_require
    if not limits and not demands:
        return
    needs = case.evidence.facts.versions_needed
    problems = list(_too_new(needs, limits))
    problems += _other_libc(case, limits)
    problems += [f"needs none that match {each}" for each in demands if not _any(needs, each)]
    expected = [f"{prefix} at most {newest}" for prefix, newest in limits.items()]
    expected += [f"needs {each}" for each in demands]
    newest_needed = [_newest(needs, family, limits) for family in limits]
    actual = "; ".join(problems) or ", ".join(filter(None, newest_needed)) or "needs none of them"
    claim = _claim(
        case,
        platform_versions,
        "versions",
        fits=not problems,
        expected=", ".join(expected),
        actual=actual,
    )
    offending = next(
        (need for need in needs if any(need.version in text for text in problems)), None
    )
    yield (
        claim if offending is None else replace(claim, origin=offending.origin, evidence="symbols")
    )


def _too_new(needs: Iterable[VersionNeed], limits: Mapping[str, str]) -> Iterator[str]:
    for need in needs:
        family = family_of(need.version, limits)
        if family is None or need.version == PRIVATE:
            continue
        release = release_of(need.version, family)
        if release is None:
            yield f"needs {need.version} ({need.library}), which is no release"
        elif release > version_parts(limits[family]):
            yield f"needs {need.version} ({need.library})"


def _other_libc(case: Case, limits: Iterable[str]) -> list[str]:
    libc = case.evidence.facts.libc
    return [
        f"is built for {libc}, not for {LIBRARIES_OF[prefix]}"
        for prefix in limits
        if prefix in LIBRARIES_OF and libc not in {None, LIBRARIES_OF[prefix]}
    ]


def _any(needs: Iterable[VersionNeed], pattern: str) -> bool:
    return any(fnmatchcase(need.version, pattern) for need in needs)


def _newest(needs: Iterable[VersionNeed], family: str, families: Iterable[str]) -> str:
    members = [each.version for each in needs if family_of(each.version, families) == family]
    return max(members, key=lambda version: release_of(version, family) or (), default="")


@rule("platform-needed-mismatch")
def platform_needed(case: Case) -> Iterator[Claim]:
    """Hold the libraries that the plugin needs to those that the host can offer.

    Why: a missing library stops the load; a forbidden one (another interpreter, another
    runtime) is loaded beside the host's own.

    Fix: link the plugin against what the host has, or statically.
    """
    platform = case.contract.platform
    if platform.needed_allow is None and not platform.needed_deny and not platform.needed_require:
        return
    needed = case.evidence.facts.needed
    problems = [f"needs {each}" for each in needed if _is_refused(case, each)]
    problems += [
        f"does not need {each}"
        for each in platform.needed_require
        if not any(fnmatchcase(library, each) for library in needed)
    ]
    expected = []
    if platform.needed_allow is not None:
        expected.append(f"at most {', '.join(platform.needed_allow) or 'no library'}")
    if platform.needed_deny:
        expected.append(f"not {', '.join(platform.needed_deny)}")
    if platform.needed_require:
        expected.append(f"{', '.join(platform.needed_require)}")
    yield _claim(
        case,
        platform_needed,
        "needed",
        fits=not problems,
        expected="; ".join(expected),
        actual="; ".join(problems) or ", ".join(needed) or "needs no library",
    )


def _is_refused(case: Case, library: str) -> bool:
    platform = case.contract.platform
    if any(fnmatchcase(library, pattern) for pattern in platform.needed_deny):
        return True
    allowed = platform.needed_allow
    return allowed is not None and not any(fnmatchcase(library, pattern) for pattern in allowed)


@rule("platform-soname-mismatch")
def platform_soname(case: Case) -> Iterator[Claim]:
    """Hold the plugin to the name by which the loader remembers it.

    Why: a library of the same soname that is already loaded is used instead of the plugin.

    Fix: link with `-Wl,-soname,NAME`.
    """
    wanted = case.contract.platform.soname
    if wanted is not None:
        actual = case.evidence.facts.soname
        yield _claim(
            case,
            platform_soname,
            "soname",
            fits=actual is not None and fnmatchcase(actual, wanted),
            expected=wanted,
            actual=actual or "no soname",
        )


@rule("platform-stack-mismatch")
def platform_stack(case: Case) -> Iterator[Claim]:
    """Refuse a plugin that wants an executable stack, where the contract forbids it.

    A file without PT_GNU_STACK wants one too.

    Why: glibc from 2.41 on refuses to load it; before, every thread's stack becomes executable.

    Fix: add `.section .note.GNU-stack` to assembler sources, or link with `-z noexecstack`.
    """
    wanted = case.contract.platform.stack
    if wanted is not None:
        actual = case.evidence.facts.stack
        if actual is None:
            return
        shown = "executable (no PT_GNU_STACK)" if actual == "unstated" else actual
        yield _claim(
            case, platform_stack, "stack", fits=actual == wanted, expected=wanted, actual=shown
        )


@rule("platform-macos-mismatch")
def platform_macos(case: Case) -> Iterator[Claim]:
    """Hold a Mach-O plugin to the oldest macOS that the host supports.

    Why: it does not load on an older system than it was built for.

    Fix: build with `-mmacosx-version-min`.
    """
    wanted = case.contract.platform.macos
    if wanted is None or case.evidence.target.system != "macos":
        return
    actual = case.evidence.facts.minimum_os
    if actual is None:
        yield case.unverified(
            platform_macos,
            "macos",
            _scope(case, "macos"),
            reason="the file does not state a minimum",
            expected=f"at most {wanted}",
        )
        return
    fits = version_parts(actual) <= version_parts(wanted)
    yield _claim(
        case, platform_macos, "macos", fits=fits, expected=f"at most {wanted}", actual=actual
    )
