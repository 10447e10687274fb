"""Pinned bytes and a contract -> what verification came to, found out now or remembered."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from abicheck import contract as contracts
from abicheck import layout, verification
from abicheck.errors import LoadError
from abicheck.model.evidence import FORWARDER, IFUNC
from abicheck.model.options import VerifyOptions
from abicheck.model.records import record, replace
from abicheck.model.report import UNVERIFIED, PluginReport, Verdict
from abicheck.runtime.fingerprint import fingerprint
from abicheck.runtime.refusing import refusal
from abicheck.runtime.remembering import Known, Place, key_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.contract import Binding, Contract
    from abicheck.model.layout import Layouts
    from abicheck.model.report import Claim
    from abicheck.model.target import Target
    from abicheck.rules import Case
    from abicheck.runtime.content import Content
    from abicheck.runtime.remembering import Memory

COPY, PATH = "copy", "path"
MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "i686": "i386", "i586": "i386", "x86": "i386"}
SYSTEMS = {"win32": "windows", "darwin": "macos"}


@record
class Demand:
    """How a plugin is to be loaded: under which contract, how verified, pinned and remembered."""

    contract: Contract
    options: VerifyOptions = VerifyOptions()
    pin: str = COPY
    memory: Memory | None = None


@record
class Examined:
    """A plugin that may be loaded: nothing stands against it but what a loaded one answers.

    `places` are the exports that must lie in the image; `case` is there if tags are behind calls.
    """

    report: PluginReport
    binding: Binding
    layouts: Layouts
    places: tuple[Place, ...]
    case: Case | None = None


def examine(content: Content, demand: Demand) -> Examined:
    """Verify `content`, unless the outcome is remembered.

    Only what may be loaded is remembered: a refusal is always argued afresh.

    Raises: PluginRefused with the report; LoadError if it is for another machine; ContractError.
    """
    memory, options = demand.memory, demand.options
    if memory is None:
        return _fitting(_verified(content, demand)[0], content.path)
    key = key_of(content, fingerprint(demand.contract), options)
    known = memory.recall(key, content.path)
    if known is not None:
        found = _remembered(content, demand, known)
    else:
        found, target = _verified(content, demand)
        memory.keep(key, Known(found.report, target, found.places), options)
    if memory.problem is not None:
        notes = (*found.report.notes, memory.problem)
        found = replace(found, report=replace(found.report, notes=notes))
    return _fitting(found, content.path)


def _fitting(found: Examined, path: str) -> Examined:
    """Return what was found, if its C library can be in one process with ours.

    Raises: LoadError: musl and bionic cannot be beside glibc. (musl stands in for glibc itself.)
    """
    environment = found.layouts.target.environment
    if sys.platform == "linux" and environment in {"musl", "android"}:
        from abicheck.runtime.dl import IS_GLIBC  # noqa: PLC0415 (not on Windows)

        if IS_GLIBC:
            raise LoadError(
                f"{path}: is built for {found.layouts.target}, whose C library cannot be "
                "in one process with glibc, which this one uses"
            )
    return found


def _verified(content: Content, demand: Demand) -> tuple[Examined, Target]:
    found = verification.examine(content.path, demand.contract, demand.options, content.buffer)
    report = replace(found.report, sha256=content.sha256)
    if not may_be_loaded(report, found.cases):
        raise refusal(report, demand.contract)
    case = _case_for_this_process(found.cases, content.path)
    examined = Examined(
        report=report,
        binding=found.binding,
        layouts=case.layouts,
        places=_places(case),
        case=case if _calls(case.contract) else None,
    )
    return examined, case.evidence.target


def _remembered(content: Content, demand: Demand, known: Known) -> Examined:
    """Return what is known of the bytes, with what follows from the contract alone."""
    options = demand.options
    binding = contracts.bind(demand.contract, content.path, options.parameters)
    case = None
    if binding.contract.uses_growth or _calls(binding.contract):
        cases = verification.open_cases(content.path, binding, options, content.buffer)
        case = _case_for_this_process(cases, content.path)
    return Examined(
        report=known.report,
        binding=binding,
        layouts=layout.lay_out(binding.contract, known.target) if case is None else case.layouts,
        places=known.places,
        case=case,
    )


def _calls(contract: Contract) -> bool:
    return any(tag.calls for tag in contract.tags)


def _places(case: Case) -> tuple[Place, ...]:
    return tuple(
        Place(
            f"exports.{export.name}",
            symbol.name,
            None if symbol.is_default_version else symbol.version,
            symbol.kind == IFUNC,
            symbol.kind == FORWARDER,
        )
        for export, symbol in case.wanted
    )


def may_be_loaded(report: PluginReport, cases: Sequence[Case]) -> bool:
    """Whether nothing stands against loading but tags that only a loaded plugin answers."""
    if report.verdict is Verdict.COMPATIBLE:
        return True
    if report.verdict is not Verdict.UNVERIFIED:
        return False
    behind_calls = {f"tags.{tag.name}" for case in cases for tag in case.contract.tags if tag.calls}
    return all(_is_answerable(claim, behind_calls) for claim in report.claims)


def _is_answerable(claim: Claim, behind_calls: set[str]) -> bool:
    if not claim.required or claim.status != UNVERIFIED:
        return True
    return claim.subject in behind_calls


def _case_for_this_process(cases: Sequence[Case], path: str) -> Case:
    """Return the case of the slice that the system will take.

    Raises: LoadError if none is for this machine and system.
    """
    machine, system, bits = here()
    for case in cases:
        target = case.evidence.target
        if (target.machine, target.bits) == (machine, bits) and target.system == system:
            return case
    built_for = " and ".join(str(case.evidence.target) for case in cases)
    raise LoadError(
        f"{path}: is built for {built_for}; this process is {machine}-{system}, {bits} bits"
    )


def here() -> tuple[str, str, int]:
    """Return machine, system and width of pointers of this process, in abicheck's words."""
    name = os.uname().machine if hasattr(os, "uname") else os.environ["PROCESSOR_ARCHITECTURE"]
    bits = 64 if sys.maxsize > 1 << 32 else 32
    machine = MACHINES.get(name.lower(), name.lower())
    if bits == 32:  # noqa: PLR2004
        machine = {"x86_64": "i386", "aarch64": "arm"}.get(machine, machine)
    if machine.startswith("armv"):
        machine = "arm"
    if machine == "ppc64le":
        machine = "powerpc64le"
    return machine, SYSTEMS.get(sys.platform, sys.platform), bits
