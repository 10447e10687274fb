"""A path and a contract -> a plugin in this process: read once, verified, pinned, loaded, checked.

*Safety*: a plugin that is loaded runs its constructors, and those of the libraries that it
needs, which the system loads and nobody verifies. A refused one runs nothing.

*Threads*: any number may load at once; the same plugin is loaded once.

*Platforms*: Linux, with glibc or musl; Windows and macOS in modules of their own.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from abicheck import contract as contracts
from abicheck import verification
from abicheck.errors import LoadError, PluginRefused
from abicheck.model.options import VerifyOptions
from abicheck.model.records import record, replace
from abicheck.model.report import MISMATCH, UNVERIFIED, PluginReport, Report, Verdict
from abicheck.runtime.fingerprint import fingerprint
from abicheck.runtime.remembering import key_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.model.contract import Binding, Contract
    from abicheck.model.layout import Layouts
    from abicheck.model.report import Claim
    from abicheck.rules import Case
    from abicheck.runtime.content import Content
    from abicheck.runtime.image import LoadedImage
    from abicheck.runtime.remembering import Memory

COPY, PATH = "copy", "path"
MOST_REASONS = 5
MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "i686": "i386", "i586": "i386", "x86": "i386"}
SYSTEMS = {"win32": "windows", "darwin": "macos"}


@record
class Loaded:
    """A plugin in memory with all that access to it is made from."""

    binding: Binding
    layouts: Layouts
    image: LoadedImage
    report: PluginReport


@record
class Demand:
    """How a plugin is to be loaded: under which contract, how verified, pinned and remembered."""

    contract: Contract
    options: VerifyOptions = VerifyOptions()
    pin: str = COPY
    memory: Memory | None = None


def load_content(content: Content, demand: Demand, image: LoadedImage | None = None) -> Loaded:
    """Verify `content` and load the very bytes that were verified.

    An `image` of these bytes is used again if it is still there.

    Raises: PluginRefused with the report; LoadError if the system would not load it;
    ContractError.
    """
    if demand.pin == COPY:
        content.pin()
    found = examine(content, demand)
    if not may_be_loaded(found.report, found.cases):
        raise refusal(found.report, demand.contract)
    case = _case_for_this_process(found.cases, content.path)
    from abicheck.runtime.linux import open_image  # noqa: PLC0415
    from abicheck.runtime.live import judge_loaded  # noqa: PLC0415

    shared = None if image is None else image.share()
    image = open_image(content, demand.pin) if shared is None else shared
    try:
        report = judge_loaded(case, image, _with_note(found.report, demand.memory))
    except BaseException:
        image.close()
        raise
    if report.verdict is not Verdict.COMPATIBLE:
        image.close()
        raise refusal(report, demand.contract)
    return Loaded(binding=found.binding, layouts=case.layouts, image=image, report=report)


def _with_note(report: PluginReport, memory: Memory | None) -> PluginReport:
    if memory is None or memory.problem is None:
        return report
    return replace(report, notes=(*report.notes, memory.problem))


def examine(content: Content, demand: Demand) -> verification.Examination:
    """Verify `content`, unless the outcome is remembered.

    Only what may be loaded is remembered: a refusal is always argued afresh.
    """
    memory, options = demand.memory, demand.options
    if memory is None:
        found = verification.examine(content.path, demand.contract, options, content.buffer)
        return replace(found, report=replace(found.report, sha256=content.sha256))
    key = key_of(content, fingerprint(demand.contract), options)
    known = memory.recall(key, content.path)
    if known is not None:
        binding = contracts.bind(demand.contract, content.path, options.parameters)
        cases = verification.open_cases(content.path, binding, options, content.buffer)
        return verification.Examination(known, binding, cases)
    found = verification.examine(content.path, demand.contract, options, content.buffer)
    found = replace(found, report=replace(found.report, sha256=content.sha256))
    if may_be_loaded(found.report, found.cases):
        memory.keep(key, found.report, options)
    return found


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


def refusal(report: PluginReport, contract: Contract) -> PluginRefused:
    """Return what to raise where a report stands against loading."""
    whole = Report(
        contract_name=contract.name,
        contract_version=contract.version,
        contract_file=contract.file,
        plugins=(report,),
    )
    return PluginRefused(_sentence(report, contract), whole)


def _sentence(report: PluginReport, contract: Contract) -> str:
    """Return why a plugin is refused: a line for each of the first claims or causes."""
    if report.verdict is None:
        return report.error or ""
    lines = [
        f"{report.file}: refused: {report.verdict.value} with {contract.name} {contract.version}"
    ]
    if report.verdict is Verdict.INCOMPATIBLE:
        wrong = [each for each in report.claims if each.status == MISMATCH]
        lines += [_mismatch(each) for each in wrong if not each.cause] or [
            _mismatch(each) for each in wrong
        ]
    else:
        late = {f"tags.{tag.name}" for tag in contract.tags if tag.calls}
        asked = [each for each in report.claims if each.subject not in late]
        lines += _unproved(asked) or _unproved(report.claims)
    left = len(lines) - MOST_REASONS - 1
    return "\n".join([*lines[: MOST_REASONS + 1], *([f"  and {left} more"] if left > 0 else [])])


def _mismatch(claim: Claim) -> str:
    found = claim.actual or claim.message or claim.reason
    return f"  {claim.subject}: {claim.claim}: expected {claim.expected}, found {found}"


def _unproved(claims: Sequence[Claim]) -> list[str]:
    """Return a line for each reason why required claims could not be shown to hold."""
    by_reason: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.required and claim.status == UNVERIFIED:
            by_reason.setdefault(claim.reason or "", []).append(claim)
    return [f"  {_first_of(each)}: {reason}" for reason, each in by_reason.items()]


def _first_of(claims: Sequence[Claim]) -> str:
    first, others = claims[0], len(claims) - 1
    if not others:
        return f"{first.subject}: {first.claim}"
    return f"{first.subject} and {others} more claim{'s' if others > 1 else ''}"
