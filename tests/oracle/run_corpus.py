"""Judge every case of the corpus in every variant and print what was detected and what was not.

python -m tests.oracle.run_corpus             every case, every variant
python -m tests.oracle.run_corpus --quick     the variants of the tests
python -m tests.oracle.run_corpus nested enum some cases
python -m tests.oracle.run_corpus --build     compile only
"""

# ruff: noqa: T201 (it is a script)

from __future__ import annotations

import argparse
import collections
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abicheck import verify
from tests.oracle.corpus import CASES, Case, Change
from tests.oracle.corpus.variants import (
    FORMS,
    QUICK,
    THOROUGH,
    BuildError,
    Variant,
    available,
    build,
    fits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Job:
    """One plugin to build and judge."""

    case: Case
    change: Change
    variant: Variant

    def __str__(self) -> str:
        """Name it as the tables do."""
        return f"{self.case.name}/{self.change.name} [{self.variant.name}]"


def jobs(names: list[str], *, quick: bool) -> Iterator[Job]:
    """Yield every build that makes sense."""
    present: dict[str, bool] = {}
    for case in CASES:
        if names and case.name not in names:
            continue
        variants = FORMS if case.name.endswith("forms") else THOROUGH
        for variant in QUICK if quick else variants:
            if variant.compiler not in present:
                present[variant.compiler] = available(variant)
            if not present[variant.compiler]:
                continue
            for change in case.all_changes():
                if fits(case, change, variant):
                    yield Job(case, change, variant)


def judged(job: Job) -> tuple[Job, str, list[str]]:
    """Return the verdict of one build and the claims that are not ok."""
    try:
        plugin, schema = build(job.case, job.change, job.variant)
    except BuildError as error:
        return job, "does not build", str(error).splitlines()[:6]
    try:
        report = verify(str(plugin), str(schema))
    except Exception as error:  # noqa: BLE001 (a crash is a finding here)
        return job, "crash", [f"{type(error).__name__}: {error}"]
    told = [
        f"{claim.status} {claim.subject} {claim.claim}: expected {claim.expected}, "
        f"actual {claim.actual} ({claim.reason or claim.message})"
        for claim in report.claims
        if claim.status != "ok" and (claim.required or claim.status == "mismatch")
    ]
    verdict = report.verdict.value if report.verdict else f"unreadable: {report.plugins[0].error}"
    return job, verdict, told


def kind(job: Job, verdict: str) -> str:
    """Return which column of the table this outcome belongs in."""
    allowed = job.case.allowed(job.change, job.variant.compiler, has_types=job.variant.has_types)
    if verdict not in {"compatible", "incompatible", "unverified"}:
        return verdict.partition(":")[0]
    if verdict in allowed:
        return {"compatible": "accepted", "incompatible": "detected"}.get(verdict, verdict)
    if verdict == "compatible":
        return "MISSED"
    return "FALSE ALARM" if verdict == "incompatible" else "NOT PROVED"


def main() -> int:
    """Print the table; return how many outcomes are wrong, at most 100."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--claims", type=int, default=4, help="claims shown for each wrong verdict")
    arguments = parser.parse_args()
    totals: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    wrong = 0
    work = list(jobs(arguments.cases, quick=arguments.quick))
    with ThreadPoolExecutor(2) as pool:
        for job, verdict, told in pool.map(built if arguments.build else judged, work):
            outcome = kind(job, verdict)
            totals[job.case.name][outcome] += 1
            if outcome not in {"accepted", "detected", "unverified", "not judged"}:
                wrong += 1
                print(f"{outcome}: {job}: {verdict}")
                print("".join(f"    {line[:300]}\n" for line in told[: arguments.claims]), end="")
    columns = sorted({outcome for counter in totals.values() for outcome in counter})
    print(f"\n{'case':26}" + "".join(f"{column:>16}" for column in columns))
    for name, counter in totals.items():
        print(f"{name:26}" + "".join(f"{counter[column]:16}" for column in columns))
    changes = sum(len(case.changes) for case in CASES)
    print(f"\n{len(CASES)} cases, {changes} changes, {len(work)} builds, {wrong} wrong")
    return min(wrong, 100)


def built(job: Job) -> tuple[Job, str, list[str]]:
    """Compile only."""
    try:
        build(job.case, job.change, job.variant)
    except BuildError as error:
        return job, "does not build", str(error).splitlines()[:8]
    return job, "not judged", []


if __name__ == "__main__":
    sys.exit(main())
