"""The story of a verification: read the contract and the plugin, lay out, judge, report."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from abicheck import contract as contracts
from abicheck import evidence as readers
from abicheck import layout, rules
from abicheck.errors import AbicheckError, ContractError, Problem
from abicheck.model.options import VerifyOptions
from abicheck.model.records import record
from abicheck.model.report import UNVERIFIED, Claim, PluginReport, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.evidence.cursor import Buffer
    from abicheck.model.contract import Binding, Contract
    from abicheck.model.evidence import Evidence
    from abicheck.model.target import Target
    from abicheck.rules.case import Surroundings

DEFAULTS = VerifyOptions()
HASH_WINDOW = 1 << 20
NO_GROWTH = "the contract says of nothing since when it is there: all of it was demanded"


def read_contract(path: str | os.PathLike[str]) -> Contract:
    """Read a contract and hold the sizes it asserts to its own layouts.

    Raises:
        ContractError: with every problem of the file.
    """
    contract = contracts.parse_contract(path)
    problems = layout.check_contract(contract)
    if problems:
        raise ContractError(problems)
    return contract


def verify(
    path: str | os.PathLike[str],
    contract: Contract | str | os.PathLike[str],
    options: VerifyOptions = DEFAULTS,
) -> Report:
    """Verify one plugin, or every plugin in a directory, against a contract.

    Raises:
        ContractError: if the contract is wrong. A plugin that cannot be read is no exception:
            its report has an `error`.
    """
    agreed = read_contract(contract) if isinstance(contract, str | os.PathLike) else contract
    return Report(
        contract_name=agreed.name,
        contract_version=agreed.version,
        contract_file=agreed.file,
        plugins=tuple(
            PluginReport(file=found.path, error=found.error)
            if found.error
            else verify_plugin(found.path, agreed, options)
            for found in readers.find_plugins(os.fspath(path))
        ),
    )


def verify_plugin(path: str, contract: Contract, options: VerifyOptions = DEFAULTS) -> PluginReport:
    """Verify one plugin file; one that cannot be read is reported with an `error`."""
    return examine(path, contract, options).report


@record
class Examination:
    """A verification and what it was based on: a case for each slice that was judged.

    `cases` is empty where the plugin could not be read.
    """

    report: PluginReport
    binding: Binding
    cases: tuple[rules.Case, ...] = ()


def examine(
    path: str,
    contract: Contract,
    options: VerifyOptions = DEFAULTS,
    content: Buffer | None = None,
) -> Examination:
    """Verify one plugin file, or `content` in its place, and return all that was found out."""
    binding = contracts.bind(contract, os.path.basename(path), options.parameters)
    if options.as_of is not None:
        _check_as_of(contract, options.as_of)
    try:
        slices, cases, notes = _open(path, binding, options, content)
        claims = [claim for case in cases for claim in _judge(case, binding)]
        sha256 = _sha256(path) if options.wants_hash else None
        stated = rules.stated_version(cases[0])
    except AbicheckError as error:
        if isinstance(error, ContractError):
            raise
        return Examination(PluginReport(file=path, error=str(error)), binding)
    report = PluginReport(
        file=path,
        format=slices[0].format,
        targets=tuple(str(each.target) for each in slices),
        claims=tuple(claims),
        sha256=sha256,
        stated_version=stated,
        notes=notes,
    )
    return Examination(report, binding, tuple(cases))


def open_cases(
    path: str, binding: Binding, options: VerifyOptions, content: Buffer
) -> tuple[rules.Case, ...]:
    """Return the cases that `examine` would judge, without judging them.

    Raises: BinaryError, UnsupportedError.
    """
    return tuple(_open(path, binding, options, content)[1])


def _open(
    path: str, binding: Binding, options: VerifyOptions, content: Buffer | None
) -> tuple[Sequence[Evidence], list[rules.Case], tuple[str, ...]]:
    """Return every slice of the plugin, a case for each that is to be judged, and notes."""
    slices = readers.read_plugin(
        path, debug_files=options.debug_files, debug_dirs=options.debug_dirs, content=content
    )
    chosen, notes = _choose(slices, binding.contract)
    if options.debug_files:
        notes += tuple(note for each in chosen for note in getattr(each.types, "notes", ()))
    cases = [_case(each, binding, options, slices) for each in chosen]
    unused = dict.fromkeys(getattr(each.evidence, "unused", None) for each in cases)
    notes += tuple(reason for reason in unused if reason is not None)
    if binding.contract.uses_growth:
        cases, told = _as_of(cases, options)
        notes += told
    elif options.as_of is not None:
        notes += (NO_GROWTH,)
    return slices, cases, notes


def _choose(
    slices: Sequence[Evidence], contract: Contract
) -> tuple[Sequence[Evidence], tuple[str, ...]]:
    """Return the slices to judge: those that fit a target, or the first if none does."""
    patterns = contract.platform.targets
    fitting = [each for each in slices if any(each.target.fits(pattern) for pattern in patterns)]
    if not patterns:
        return slices, ()
    if not fitting:
        return slices[:1], ()
    skipped = [str(each.target) for each in slices if each not in fitting]
    return fitting, tuple(f"the slice for {target} fits no target: skipped" for target in skipped)


def _judge(case: rules.Case, binding: Binding) -> tuple[Claim, ...]:
    left_out = tuple(
        Claim(
            rule=rules.UNRESOLVED,
            claim="parameters",
            subject=subject,
            status=UNVERIFIED,
            required=True,
            target=case.target,
            contract_line=line,
            reason=reason,
        )
        for subject, line, reason in binding.unresolved
    )
    return rules.judge(case) + left_out


def _case(
    evidence: Evidence, binding: Binding, options: VerifyOptions, slices: Sequence[Evidence]
) -> rules.Case:
    target = evidence.target
    about = getattr(evidence, "about", None)
    evidence = evidence if about is None else about(binding.contract.name)
    problems = layout.check_sizes(binding.contract, target)
    if problems:
        raise ContractError(problems)
    return rules.Case(
        contract=binding.contract,
        evidence=evidence,
        layouts=layout.lay_out(binding.contract, target),
        facts=layout.facts_for(target),
        surroundings=_surroundings(options),
        slices=_targets(slices),
        parameters=binding.parameters,
        file_matches=binding.file_matches,
    )


def _as_of(
    cases: Sequence[rules.Case], options: VerifyOptions
) -> tuple[list[rules.Case], tuple[str, ...]]:
    """Return the cases of the contract as of the version that each slice states, and notes."""
    from abicheck.rules import growth  # noqa: PLC0415 (few contracts speak of growth)

    aged: list[rules.Case] = []
    notes: list[str] = []
    for case in cases:
        held = growth.held_to(case, options.as_of)
        kept = growth.unaging(case, held, layout.lay_out)
        earlier = growth.aged(case, held, kept)
        layouts = layout.lay_out(earlier, case.evidence.target)
        aged.append(case.under(earlier, layouts, growth.of(case, held, kept)))
        notes.extend(growth.notes(case, held, kept))
    return aged, tuple(dict.fromkeys(notes))


def _check_as_of(contract: Contract, version: str) -> None:
    """Refuse a version that is none, or that the contract does not describe yet."""
    from abicheck.model.growth import is_beyond, is_version  # noqa: PLC0415

    message = None
    if not is_version(version):
        message = f'as of "{version}": expected a version such as "1.2"'
    elif is_beyond(version, contract.version):
        message = f'as of "{version}": this contract describes {contract.version}, nothing later'
    if message is not None:
        problem = Problem(file=contract.file, line=None, key="version", message=message)
        raise ContractError([problem])


def _targets(slices: Sequence[Evidence]) -> tuple[Target, ...]:
    return tuple(each.target for each in slices)


def _surroundings(options: VerifyOptions) -> Surroundings:
    return readers.Surroundings(host=options.host, sysroot=options.sysroot)


def _sha256(path: str) -> str:
    from hashlib import sha256  # noqa: PLC0415 (only with --hash)

    digest = sha256()
    with open(path, "rb") as file:
        while window := file.read(HASH_WINDOW):
            digest.update(window)
    return digest.hexdigest()
