"""Ask of every pair of the corpus whether a host built against OLD works with NEW.

    python benchmarks/pairs.py                       abicheck, and abidiff where it is installed
    python benchmarks/pairs.py --peer-venv VENV      and PyPI's `abicheck` of that environment
    python benchmarks/pairs.py record enum --list    some cases, and what each tool got wrong

OLD is a plugin of `tests/oracle/corpus`, NEW the same source with one change, for C by gcc and
clang and for Rust, optimised and with debug information. Of each breaking pair the stripped copy
of NEW is asked about too. No tool is told anything but the two files, save in the row named so.

What the answers are taken from:

- abicheck: the contract that `init OLD` writes, and the verdict of `verify NEW`. No contract
  and a file that cannot be read count as unverified. It has a further row, with `--type Greeter`
  for the two cases whose plugins hand out that struct as `void *`.
- abicheck diff: whether `diff OLD NEW` says of any change that it breaks new plugins under the old
  host. What it could not compare, and what it refuses to compare, counts as unverified.
- abidiff: the exit status. 4 (the ABI changed) and 8 (incompatibly) are alarms, 1 and 2 (errors)
  are unverified. It has two further rows: with `--no-added-syms`, since it sets 4 for additions
  too, and with 8 alone.
- PyPI's abicheck: the exit status of `compare OLD NEW`. 4 (BREAKING) and 2 (API_BREAK) are alarms,
  0 is a pass, and all else unverified. It has a further row with 4 alone.

A tool that exceeds the limit of time has verified nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from abicheck import verify  # noqa: E402
from abicheck.authoring.draft import AuthoringError, Wishes, draft  # noqa: E402
from abicheck.authoring.text import write  # noqa: E402
from abicheck.cli import main as command_line  # noqa: E402
from abicheck.errors import AbicheckError  # noqa: E402
from abicheck.evidence.reference import read_reference  # noqa: E402
from tests.oracle.corpus import CASES, Case, Change  # noqa: E402
from tests.oracle.corpus.variants import (  # noqa: E402
    THOROUGH,
    BuildError,
    Variant,
    available,
    build,
    fits,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LANGUAGES = {"gcc -O2": "C by gcc", "clang -O2": "C by clang", "rustc -O": "Rust"}
"""The variants of the corpus that are compared, and what the table calls them."""

BREAKS, HARMLESS = True, False

OTHER_QUESTIONS = {
    "exact-names": {"swapped-names": BREAKS},
    "partial": {
        "magic-moved": BREAKS,
        "magic-became-pointer": BREAKS,
        "hook-gained-parameter": BREAKS,
        "shorter": BREAKS,
    },
    "convention": {
        "field-of-windows": BREAKS,
        "function-of-windows": BREAKS,
        "field-without-extern-c": BREAKS,
    },
    "symbol-versions": {"local-by-script": BREAKS},
    "plugin-rules": {
        "nothing-fits-the-glob": BREAKS,
        "one-too-many": HARMLESS,
        "no-choice": BREAKS,
        "half-a-choice": HARMLESS,
        "other-choice": BREAKS,
        "both-choices": HARMLESS,
        "two-fit-the-glob": HARMLESS,
        "the-glob-is-data": BREAKS,
    },
    "version-tag": {
        "became-a-function": BREAKS,
        "absent": BREAKS,
        "widened": BREAKS,
        "writable": HARMLESS,
        "in-a-section": HARMLESS,
    },
    "module-tags": {
        "field-inserted": BREAKS,
        "packed-relocations": HARMLESS,
        "packed-relocations-by-lld": HARMLESS,
        "android-relocations": HARMLESS,
        "symbolic": HARMLESS,
        "exported-parts": HARMLESS,
        "writable": HARMLESS,
    },
    "typed-globs": {"one-of-two-differs": BREAKS, "one-of-two-is-data": BREAKS, "one": BREAKS},
    "pointer-width": {"x32": BREAKS, "i386": BREAKS},
    "units-that-disagree": {},
    "versioned-signature": {},
    "platform": {},
    "list-tags": {},
    "special-tags": {},
    "version-tag-of-a-release": {},
}
"""Cases whose contracts demand values, names or a platform, or allow what no plugin shows.

For those of their changes that have an answer without the contract, the answer is here; the
others are left out.
"""

OTHERWISE = {
    # The written contract does not state what the host relies on; the old plugin shows it.
    "exports/constant-data": BREAKS,
    "exports/pointer-data": BREAKS,
    # The written contract forbids, or makes optional, what is only an addition here.
    "exports/forbidden-present": HARMLESS,
    "exports/optional-present-and-other": HARMLESS,
    "exports/optional-present-as-data": HARMLESS,
    # No evidence for the written contract, and yet the source tells.
    "untyped-entry/renamed": HARMLESS,
    "by-value-rust/lost-extern-c": BREAKS,
    "rust-wide-values/lost-extern-c": BREAKS,
    "pointer-width-and-layout/x32": BREAKS,
    "declared-elsewhere/defined-by-an-assembler": HARMLESS,
    "declared-elsewhere/defined-by-an-assembler-with-a-static-namesake": HARMLESS,
    "declared-elsewhere/data-by-an-assembler": HARMLESS,
    # The contract can allow it, and does not; a dynamic linker resolves it like any function.
    "exports/indirect": HARMLESS,
    # The dynamic linker finds it in the dependency; what it is there, no plugin says.
    "dependency/only-in-a-dependency": None,
    # It breaks if the host passes NULL, or what is not a pointer, or cannot be unwound.
    "nullable/pointer-became-reference": None,
    "nullable/pointer-never-null": None,
    "opaque/deeper": None,
    "vtable/slot-that-unwinds": None,
    # Another value of a version: whether the host wants it, no two files can tell.
    "data/zero": None,
}
"""Changes whose truth between two plugins differs from that under the written contract."""

ALARM, PASSED, UNVERIFIED = "alarm", "passed", "unverified"

HANDED_OUT_AS_VOID = {"untyped-entry": ("Greeter",), "namesakes": ("Greeter",)}
"""Types that no export leads to, by case."""

OURS, OURS_NAMED, OURS_DIFF = "abicheck", "abicheck init --type", "abicheck diff"
ABIDIFF, ABIDIFF_REMOVALS, ABIDIFF_8 = "abidiff", "abidiff --no-added-syms", "abidiff, 8 alone"
PYPI, PYPI_4 = "PyPI abicheck", "PyPI abicheck, 4 alone"
INTERRUPTED = -1
"""Stands for the exit status of what exceeded the limit of time."""

SERVER = """\
import os, sys
from importlib.metadata import entry_points
(script,) = entry_points(group="console_scripts", name="abicheck")
main = script.load()
nowhere = os.open(os.devnull, os.O_WRONLY)
for line in sys.stdin:
    limit, old, new = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if not child:
        import signal
        signal.alarm(int(limit))
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        sys.argv = ["abicheck", "compare", old, new]
        try:
            status = main() or 0
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else int(error.code is not None)
        except BaseException:
            status = 70
        os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Runs PyPI's abicheck in the environment that has it, without starting Python for each pair."""


@dataclass(frozen=True)
class Pair:
    """Two plugins and the truth about them; `stripped` is a copy of `new`, if it is asked about."""

    name: str
    language: str
    breaks: bool
    old: str
    new: str
    stripped: str | None = None


@dataclass(frozen=True)
class Answer:
    """What one tool said of one pair."""

    pair: Pair
    tool: str
    said: str
    of_stripped: str | None = None


@dataclass(frozen=True)
class Options:
    """What a worker needs to know."""

    limit: int
    peer: str | None


def truth(case: Case, change: Change, compiler: str) -> bool | None:
    """Return whether the change breaks a host that was built against the sound plugin.

    None where that has no answer: the change is to the contract, or to the evidence alone.
    """
    name = f"{case.name}/{change.name}"
    if change.contract:
        return None
    if case.name in OTHER_QUESTIONS:
        return OTHER_QUESTIONS[case.name].get(change.name)
    if name in OTHERWISE:
        return OTHERWISE[name]
    allowed = case.allowed(change, compiler, has_types=True)
    may_pass, may_fail = "compatible" in allowed, "incompatible" in allowed
    return None if may_pass == may_fail else may_fail


def candidates(names: list[str]) -> Iterator[tuple[Case, Change, Variant]]:
    """Yield every build that has an old plugin beside it."""
    named = {variant.name: variant for variant in THOROUGH}
    for variant in filter(available, map(named.__getitem__, LANGUAGES)):
        for case in CASES:
            if (not names or case.name in names) and fits(case, case.all_changes()[0], variant):
                for change in case.changes:
                    if fits(case, change, variant):
                        yield case, change, variant


def built(what: tuple[Case, Change, Variant]) -> str | None:
    """Build one plugin; None where the compiler refuses it."""
    try:
        return str(build(*what)[0])
    except BuildError:
        return None


def pairs(names: list[str], directory: Path) -> tuple[list[Pair], int]:
    """Build the pairs; return them and the number of changes without an answer."""
    wanted: list[tuple[Case, Change, Variant, bool]] = []
    found: list[Pair] = []
    without = 0
    for case, change, variant in candidates(names):
        breaks = truth(case, change, variant.compiler)
        if breaks is None:
            without += 1
        else:
            wanted.append((case, change, variant, breaks))
    with ThreadPoolExecutor(2) as pool:
        good = {(case.name, variant): (case, case.all_changes()[0], variant)
                for case, _, variant, _ in wanted}  # fmt: skip
        old = dict(zip(good, pool.map(built, good.values()), strict=True))
        new = pool.map(built, (each[:3] for each in wanted))
    for (case, change, variant, breaks), path in zip(wanted, new, strict=True):
        before = old[case.name, variant]
        if path is None or before is None:
            without += 1
            continue
        copy = stripped(path, directory / f"{len(found)}.so") if breaks else None
        name = f"{case.name}/{change.name}"
        found.append(Pair(name, LANGUAGES[variant.name], breaks, before, path, copy))
    return found, without


def stripped(path: str, copy: Path) -> str | None:
    """Strip a copy of a plugin; None where `strip` is absent or refuses."""
    if shutil.which("strip") is None:
        return None
    done = subprocess.run(["strip", "-o", copy, path], check=False, capture_output=True)
    return str(copy) if done.returncode == 0 else None


@contextlib.contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in here after so many seconds."""

    def end(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def by_contract(
    old: str, news: list[str], options: Options, types: tuple[str, ...] = ()
) -> list[str]:
    """Return what `init` of the old and `verify` of the new plugins say."""
    verdicts = {"compatible": PASSED, "incompatible": ALARM}
    said = []
    try:
        with limited(options.limit), tempfile.TemporaryDirectory() as directory:
            contract = Path(directory) / "drafted.toml"
            wishes = Wishes(name="old", types=types)
            contract.write_text(write(draft(read_reference(old), "old", wishes)))
            for new in news:
                verdict = verify(new, contract).verdict
                said.append(verdicts.get(verdict.value, UNVERIFIED) if verdict else UNVERIFIED)
    except (AbicheckError, AuthoringError, TimeoutError):
        pass
    return said + [UNVERIFIED] * (len(news) - len(said))


def by_diff(old: str, new: str, options: Options) -> str:
    """Return what `diff` of the two plugins says of new plugins under the old host."""
    output = io.StringIO()
    try:
        with (
            limited(options.limit),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            status = command_line(["diff", old, new, "--format", "json"])
    except TimeoutError:
        return UNVERIFIED
    if status in {2, 4}:
        return UNVERIFIED
    document = json.loads(output.getvalue())
    if any(change["breaks_new_plugins"] for change in document["changes"]):
        return ALARM
    return UNVERIFIED if document["not_compared"] else PASSED


def abidiff_says(status: int, alarming: int = 4 | 8) -> str:
    """Return what an exit status of abidiff means."""
    if status < 0 or status & 3:
        return UNVERIFIED
    return ALARM if status & alarming else PASSED


def pypi_says(status: int, alarming: tuple[int, ...] = (2, 4)) -> str:
    """Return what an exit status of the PyPI project's `compare` means."""
    if status not in {0, 2, 4}:
        return UNVERIFIED
    return ALARM if status in alarming else PASSED


def abidiff(old: str, new: str, options: Options, *flags: str) -> int:
    """Return the exit status of abidiff."""
    command = ["abidiff", *flags, old, new]
    try:
        run = subprocess.run(command, capture_output=True, timeout=options.limit, check=False)
    except subprocess.TimeoutExpired:
        return INTERRUPTED
    return run.returncode


@cache
def server(python: str) -> subprocess.Popen[str]:
    """Start this worker's process in the environment of the peer."""
    # What it keeps between runs may not decide what it says: it keeps nothing.
    settings = {**os.environ, "ABICHECK_REFERENCE_MODE": "1", "XDG_CACHE_HOME": os.devnull}
    ends = subprocess.PIPE
    return subprocess.Popen(
        [python, "-c", SERVER], stdin=ends, stdout=ends, text=True, env=settings, cwd="/"
    )


def pypi(old: str, new: str, options: Options) -> int:
    """Return the exit status of PyPI's `abicheck compare`."""
    process = server(f"{options.peer}/bin/python")
    if process.stdin is None or process.stdout is None:
        raise AssertionError
    process.stdin.write(f"{options.limit}\t{old}\t{new}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def answers(pair: Pair, options: Options) -> list[Answer]:
    """Return what every tool says of a pair."""
    news = [pair.new] if pair.stripped is None else [pair.new, pair.stripped]
    said = {OURS: by_contract(pair.old, news, options)}
    types = HANDED_OUT_AS_VOID.get(pair.name.partition("/")[0])
    said[OURS_NAMED] = by_contract(pair.old, news, options, types) if types else said[OURS]
    said[OURS_DIFF] = [by_diff(pair.old, new, options) for new in news]
    if shutil.which("abidiff"):
        found = [abidiff(pair.old, new, options) for new in news]
        fewer = [abidiff(pair.old, new, options, "--no-added-syms") for new in news]
        said[ABIDIFF] = [abidiff_says(each) for each in found]
        said[ABIDIFF_REMOVALS] = [abidiff_says(each) for each in fewer]
        said[ABIDIFF_8] = [abidiff_says(each, 8) for each in found]
    if options.peer:
        found = [pypi(pair.old, new, options) for new in news]
        said[PYPI] = [pypi_says(each) for each in found]
        said[PYPI_4] = [pypi_says(each, (4,)) for each in found]
    return [Answer(pair, tool, *each) for tool, each in said.items()]


@dataclass
class Count:
    """One row of the table: what a tool said of breaking and of harmless pairs."""

    breaking: Counter[str]
    harmless: Counter[str]
    stripped: Counter[str]

    def cells(self) -> list[str]:
        """Return the figures in the order of the heads."""
        one, other = self.breaking, self.harmless
        figures = [one[ALARM], one[PASSED], one[UNVERIFIED],
                   other[PASSED], other[ALARM], other[UNVERIFIED]]  # fmt: skip
        copies = f"{self.stripped[PASSED]} of {self.stripped.total()}"
        return [*(str(each) for each in figures), copies]


HEADS = ["tool", "language", "detected", "missed", "unverified", "passed", "false alarms",
         "unverified", "stripped copies called compatible"]  # fmt: skip
"""Three columns of breaking pairs, three of harmless ones, one of stripped copies."""


def counted(given: Iterable[Answer]) -> dict[tuple[str, str], Count]:
    """Count answers by tool and language, and by tool over all languages."""
    counts: dict[tuple[str, str], Count] = {}
    for answer in given:
        for language in (answer.pair.language, "all"):
            key = answer.tool, language
            count = counts.setdefault(key, Count(Counter(), Counter(), Counter()))
            (count.breaking if answer.pair.breaks else count.harmless)[answer.said] += 1
            if answer.of_stripped is not None:
                count.stripped[answer.of_stripped] += 1
    return counts


def table(given: list[Answer]) -> list[list[str]]:
    """Return the counts as rows of text, the first of them the heads."""
    counts = counted(given)
    tools = list(dict.fromkeys(answer.tool for answer in given))
    languages = [*dict.fromkeys(answer.pair.language for answer in given), "all"]
    keys = [(tool, language) for tool in tools for language in languages]
    return [HEADS, *([*key, *counts[key].cells()] for key in keys if key in counts)]


def wrongs(given: list[Answer]) -> dict[str, list[str]]:
    """Return what each tool got wrong: per tool and way, the changes with their languages."""
    found: dict[str, dict[str, list[str]]] = {}
    for answer in given:
        pair, said = answer.pair, answer.said
        kinds = [
            ("missed", pair.breaks and said == PASSED),
            ("false alarm", not pair.breaks and said == ALARM),
            ("breaking, unverified", pair.breaks and said == UNVERIFIED),
            ("harmless, unverified", not pair.breaks and said == UNVERIFIED),
            ("stripped and called compatible", answer.of_stripped == PASSED),
        ]
        for kind, is_so in kinds:
            if is_so:
                changes = found.setdefault(f"{answer.tool}: {kind}", {})
                changes.setdefault(pair.name, []).append(pair.language)
    return {
        kind: [f"{name} ({', '.join(languages)})" for name, languages in changes.items()]
        for kind, changes in found.items()
    }


def as_markdown(lines: list[list[str]]) -> str:
    """Return rows as a Markdown table."""
    head, *rest = (f"| {' | '.join(line)} |" for line in lines)
    return "\n".join([head, f"|{' --- |' * len(lines[0])}", *rest])


def as_text(lines: list[list[str]]) -> str:
    """Return rows as aligned columns."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def sampled(number: int, among: int) -> set[int]:
    """Return the indices of a sample that is spread evenly; 0: all of them."""
    return {index * among // number for index in range(number)} if number else set(range(among))


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="unsaid: all of them")
    parser.add_argument("--peer-venv", type=Path, help="an environment with PyPI's abicheck")
    parser.add_argument("--peers-sample", type=int, default=0, help="that many pairs for PyPI's")
    parser.add_argument("--limit", type=int, default=20, help="seconds for one answer")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="name what each tool got wrong")
    parser.add_argument("--markdown", type=Path, help="write the table there too")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as directory:
        found, without = pairs(arguments.cases, Path(directory))
        sample = sampled(min(arguments.peers_sample, len(found)), len(found))
        peer = arguments.peer_venv and str(arguments.peer_venv.resolve())
        options = [
            Options(arguments.limit, peer if index in sample else None)
            for index in range(len(found))
        ]
        with ProcessPoolExecutor(arguments.workers) as pool:
            each = pool.map(answers, found, options, chunksize=4)
            given = [answer for some in each for answer in some]
    changes = {pair.name for pair in found}
    breaking = sum(pair.breaks for pair in found)
    print(
        f"{len(found)} pairs of {len(changes)} changes, {breaking} breaking and "
        f"{len(found) - breaking} harmless; {without} left out, since two plugins cannot answer"
    )
    lines = table(given)
    print(as_text(lines))
    for kind, names in wrongs(given).items() if arguments.list else ():
        print(f"\n{kind}:", *names, sep="\n  ")
    if arguments.markdown:
        arguments.markdown.write_text(as_markdown(lines) + "\n")


if __name__ == "__main__":
    main()
