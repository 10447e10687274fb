"""What to do next: who must rebuild, and the ways out of "unverified" with the commands to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.report import MISMATCH
from abicheck.report.groups import (
    ABSENT,
    NO_DEBUG_INFORMATION,
    base_name,
    listed,
    missing,
    name_of,
    policy_of,
)
from abicheck.report.terminal import UNBROKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.options import Style
    from abicheck.model.report import Claim, PluginReport, Report

BY_KIND = {
    "plugin": "Is this the right contract? If so, give the file the name that hosts look for.",
    "platform": "Build the plugin on a system, and with flags, that {wanted} allows.",
    "imports": "Build the plugin against what this host and its libraries offer, or provide it.",
}
"""What to do where all problems are of one kind."""

DEBUG_POLICIES = ("layout", "signatures", "conventions")
"""What debug information can prove."""

UNDESCRIBED = ("the debug information defines no ", "the debug information only declares ")
"""How the reasons begin why a type is unknown although there is debug information."""

CONFLICT = "evidence-conflict"
UNUSABLE = "its descriptor"
"""How a reason begins why a descriptor proves nothing."""

SILENT = "the descriptor "
"""How a reason begins why a sound descriptor proves nothing of one export."""

FORGOTTEN = 'a forgotten extern "C" would break'
"""What the reason of a claim says whose convention decides how a function gets its arguments."""

LONGEST_HEADLINE = 70
"""Characters of a reason and its subjects that go on the first line together."""

POLICY_ORDER = ("layout", "signatures", "tags", "conventions", "data")


def who_must_act(report: Report, plugin: PluginReport) -> str:
    """Return who must rebuild what, in a sentence or two."""
    name, version = report.contract_name, report.contract_version
    wanted, stated = f"{name} {version}", plugin.stated_version
    broken = {claim.subject for claim in mismatches(plugin)}
    kinds = {subject.partition(".")[0] for subject in broken}
    if {claim.rule for claim in mismatches(plugin)} == {CONFLICT}:
        return (
            "Its descriptor and its debug information are not of one build: rebuild all of the "
            f"plugin's sources with what is generated from {wanted}. The host stays as it is."
        )
    if _offers_nothing(plugin):
        return f"It offers none of the exports. Is it a plugin for {name} at all?"
    if "platform.targets" in broken:
        return f"Build the plugin for a target that {wanted} names. The host stays as it is."
    if stated is not None and _is_newer(stated, version):
        return (
            f"The plugin was built for {name} {stated}, which is newer than this host: use a "
            f"build for {version}, or a host that offers {stated}."
        )
    if stated is not None and _parts(stated) != _parts(version) and kinds != {"plugin"}:
        return (
            f"The plugin was built for {name} {stated}: rebuild it against {wanted}. "
            "The host stays as it is."
        )
    for kind, advice in BY_KIND.items():
        if kinds == {kind}:
            return advice.format(wanted=wanted)
    begin = "Rebuild the plugin"
    if stated is not None:
        begin = f"The plugin says {stated}, but is not built like it: rebuild it"
    return (
        f"{begin} against {wanted}. The host stays as it is. If it is the plugin that is right, "
        f"correct {report.contract_file} and rebuild the host."
    )


def _offers_nothing(plugin: PluginReport) -> bool:
    present = [claim for claim in plugin.claims if claim.claim == "present"]
    exports = [claim for claim in present if claim.subject.startswith("exports.")]
    absent = [claim for claim in exports if claim.actual == ABSENT]
    return absent == exports and [claim.status for claim in absent].count(MISMATCH) > 1


def mismatches(plugin: PluginReport) -> Iterator[Claim]:
    """Yield the claims that the plugin breaks."""
    return (claim for claim in plugin.claims if claim.status == MISMATCH)


def wants_debug_information(claim: Claim) -> bool:
    """Whether debug information, or a descriptor, would prove a claim that is now unverified."""
    reason = (claim.reason or "").lower()
    sources = ("debug", "dwarf", "descriptor")
    return policy_of(claim) in DEBUG_POLICIES and any(each in reason for each in sources)


def headline(claims: tuple[Claim, ...], cause: tuple[str, str]) -> str:
    """Return the one cause of an unverified plugin: of `cause`, a reason and what it concerns."""
    reason, about = cause
    concerned = [claim for claim in claims if claim.reason == reason]
    if not any(wants_debug_information(claim) for claim in concerned):
        return f"{about}: {reason}" if len(about) + len(reason) < LONGEST_HEADLINE else reason
    if reason.startswith(UNDESCRIBED):
        return reason
    if reason.startswith(UNUSABLE):
        return reason.partition("; ")[0]
    if not reason.startswith(NO_DEBUG_INFORMATION):
        return reason if "descriptor" in reason else f"{reason}: a release build?"
    structs = [name_of(claim) for claim in concerned if policy_of(claim) == "layout"]
    names = listed(list(dict.fromkeys(structs or map(name_of, concerned))), 4)
    return f"no debug information for {names}: a release build?"


def relaxations(plugin: PluginReport) -> tuple[str, ...]:
    """Return the keys of `[evidence]` that make a plugin unverified."""
    keys = {policy_of(claim) for claim in missing(plugin) if not _is_risky(claim)}
    return tuple(key for key in POLICY_ORDER if key in keys)


def _is_risky(claim: Claim) -> bool:
    """Whether a claim is required whatever `[evidence]` says, since its function depends on it."""
    return FORGOTTEN in (claim.reason or "")


def ways_out(report: Report, plugin: PluginReport, style: Style) -> Iterator[tuple[str, list[str]]]:
    """Yield each way out of "unverified", the best first: a sentence, and the lines to type."""
    schema = f"--schema {_quoted(report.contract_file)}"
    again = " ".join([schema, *(_quoted(each) for each in style.repeated)])
    wanting = [claim for claim in missing(plugin) if wants_debug_information(claim)]
    undescribed = [claim for claim in wanting if (claim.reason or "").startswith(UNDESCRIBED)]
    if undescribed:
        yield (
            "Have the compiler describe types that it thinks unused, in C++ above all:",
            ["clang++ -g -fstandalone-debug", "g++ -g -fno-eliminate-unused-debug-types"],
        )
        group, name = undescribed[0].subject.split(".")[:2]
        yield (
            f"If the plugin calls it otherwise, say so in {report.contract_file}:",
            [f"[{group}.{name}]", 'match = "its name there"'],
        )
    elif wanting:
        if not all((claim.reason or "").startswith(SILENT) for claim in wanting):
            yield _with_descriptor(report, plugin, wanting)
        unstripped, build = _unstripped(plugin.file)
        sentence = f"Verify a build with full debug information ({build}):"
        yield sentence, [f"abicheck verify {_quoted(unstripped)} {again}"]
        debug_file = _quoted(f"{base_name(plugin.file)}.debug")
        sentence = "Before stripping, keep its debug information in a file, and name that file:"
        yield (
            sentence,
            [
                f"objcopy --only-keep-debug {_quoted(plugin.file)} {debug_file}",
                f"abicheck verify {_quoted(plugin.file)} {again} --debug-file {debug_file}",
            ],
        )
    keys = relaxations(plugin)
    if keys:
        width = max(len(key) for key in keys)
        yield (
            f"Accept plugins that cannot prove it, in {report.contract_file}:",
            ["[evidence]", *(f'{key.ljust(width)} = "when-present"' for key in keys)],
        )
    risky = [claim.subject for claim in missing(plugin) if _is_risky(claim)]
    if risky:
        lines = [line for each in risky for line in (f"[{each}]", 'evidence = "when-present"')]
        yield f'Trust that they are extern "C", in {report.contract_file}:', lines


def _with_descriptor(
    report: Report, plugin: PluginReport, wanting: list[Claim]
) -> tuple[str, list[str]]:
    """Return the way out that lasts: a plugin that says how it was built, stripped or not."""
    name, file = report.contract_name, _quoted(report.contract_file)
    has_one = any((claim.reason or "").startswith(UNUSABLE) for claim in wanting)
    made = "made anew" if has_one else "made"
    if "/target/" in f"/{plugin.file}":  # As cargo builds it.
        what, lines = "module", _rust_lines(name, file)
    else:
        what, lines = "header", _c_lines(name, file)
    return (
        f"Build it with the {what} {made} from this contract, which also proves it stripped:",
        lines,
    )


def _c_lines(name: str, file: str) -> list[str]:
    once = "/* once in the plugin */".replace(" ", UNBROKEN)
    return [
        f"abicheck generate c {file}",
        f'#include "{header_name(name)}"',
        f"{identifier(name).upper()}_PLUGIN;{UNBROKEN * 2}{once}",
    ]


def _rust_lines(name: str, file: str) -> list[str]:
    once = "// once in the crate".replace(" ", UNBROKEN)
    return [
        f"abicheck generate rust {file} -o src",
        f"mod {identifier(name)};",
        f"use {identifier(name)}::*;",
        f"{identifier(name)}_plugin!();{UNBROKEN * 2}{once}",
    ]


def header_name(contract_name: str) -> str:
    """Return the file that `abicheck generate c` makes of a contract."""
    from re import sub  # noqa: PLC0415 (only for this advice)

    return (sub(r"[^A-Za-z0-9_+-]", "_", contract_name) or "_") + ".h"


def identifier(contract_name: str) -> str:
    """Return a contract's name as generated macros begin with it, capitals aside."""
    from re import sub  # noqa: PLC0415 (only for this advice)

    name = sub(r"[^A-Za-z0-9_]", "_", contract_name)
    return name if name and not name[0].isdigit() else f"_{name}"


def _unstripped(file: str) -> tuple[str, str]:
    """Return the likely path of a build with debug information, and how it is made."""
    release, debug = "/target/release/", "/target/debug/"
    if release in f"/{file}":
        return f"/{file}".replace(release, debug)[1:], "cargo build"
    return file, f"cc{UNBROKEN}-g; Cargo: debug{UNBROKEN}={UNBROKEN}true in the profile"


def _quoted(argument: str) -> str:
    from shlex import quote  # noqa: PLC0415 (only for this advice)

    return quote(argument)


def _parts(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".") if part.isdecimal()]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _is_newer(stated: str, offered: str) -> bool:
    return _parts(stated) > _parts(offered)
