"""Measure abicheck beside other tools, in one run on one machine.

    python benchmarks/run.py                       every subject that exists, abicheck alone
    python benchmarks/run.py small rust --peers    beside abidw, pahole and PyPI's `abicheck`
    python benchmarks/run.py --build --peers --markdown table.md

CPU time (user and system) and peak memory of whole processes, against the bare interpreter,
`python -I -S -c pass`. Repetitions are interleaved, so that what disturbs the machine hits
every tool alike; the median counts. abicheck is a copy installed by pip into an environment
of its own, with compiled bytecode, as its users have it.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import subjects  # noqa: E402

ROOT = HERE.parent
SCHEMA = ROOT / "schemas" / "greeter.toml"
PEER = "abicheck==0.7.*"
BARE = "bare interpreter"
SLOW = 2.0
"""Seconds after which one measurement is enough."""

SECOND_PLUGIN = """\
import shutil, statistics, sys, tempfile, time
import abicheck
path, schema = sys.argv[1:]
contract = abicheck.parse_contract(schema)
abicheck.verify(path, contract)
times = []
with tempfile.TemporaryDirectory() as folder:
    for number in range(15):
        other = shutil.copy(path, f"{folder}/{number}.so")
        began = time.process_time()
        abicheck.verify(other, contract)
        times.append(time.process_time() - began)
print(1000 * statistics.median(times))
"""
"""Verifies one plugin, then copies of it, and prints the milliseconds of one more plugin."""


@dataclass
class Cell:
    """What one tool took for one subject."""

    command: list[str]
    environment: dict[str, str]
    seconds: list[float] = field(default_factory=list)
    memory: int = 0
    is_cut: bool = False
    """Whether the limit of time ended it."""

    def measure(self, limit: int) -> None:
        """Run the command once more, unless it is one of the slow ones."""
        if self.is_cut or (self.seconds and self.seconds[0] > SLOW):
            return
        with open(os.devnull, "w") as nowhere:
            process = subprocess.Popen(
                self.command, stdout=nowhere, stderr=nowhere, env=self.environment
            )
            # Limited from outside: a function to run in the child would make it a true fork,
            # whose copy of our memory would count as its own time.
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (limit, limit + 1))
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.is_cut = process.returncode < 0
        self.seconds.append(usage.ru_utime + usage.ru_stime)
        self.memory = max(self.memory, usage.ru_maxrss)

    @property
    def milliseconds(self) -> float:
        """The median of what was measured."""
        return 1000 * statistics.median(self.seconds)

    def shown(self, base: float) -> str:
        """Return milliseconds, ratio and peak memory as a cell of the table."""
        cut = "> " if self.is_cut else ""
        milliseconds, memory = self.milliseconds, self.memory / 1024
        return f"{cut}{milliseconds:.1f} ms, {cut}{milliseconds / base:.1f} x, {memory:.0f} MiB"


def environment(**more: str) -> dict[str, str]:
    """Return the environment of the tools, in which bytecode may be written."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**inherited, **more}


def install(directory: Path, *what: str) -> Path:
    """Install packages into an environment and return its `bin`."""
    if not (directory / "bin" / "pip").exists():
        venv.create(directory, with_pip=True)
    pip = directory / "bin" / "pip"
    subprocess.run(
        [str(pip), "install", "-q", "--disable-pip-version-check", *what],
        check=True,
        env=environment(),
    )
    return directory / "bin"


def install_this(directory: Path) -> Path:
    """Install this working tree as a user would; return the environment's `bin`."""
    copy = directory / "source"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(
        ROOT / "abicheck", copy / "abicheck", ignore=shutil.ignore_patterns("__pycache__")
    )
    binaries = install(directory / "installed", str(copy))
    # The same version again: what was installed before is replaced.
    return install(directory / "installed", "--force-reinstall", "--no-deps", str(copy)) or binaries


def tools(binaries: Path, path: Path, peers: dict[str, Path]) -> dict[str, Cell]:
    """Return a cell for each tool about one subject."""
    verify = [str(binaries / "abicheck"), "verify", str(path), "--schema", str(SCHEMA)]
    commands: dict[str, list[str]] = {
        "abicheck verify": verify,
        "the same, JSON": [*verify, "--format", "json"],
    }
    if "abidw" in peers:
        commands["abidw"] = [str(peers["abidw"]), "--no-show-locs", str(path)]
    if "pahole" in peers:
        commands["pahole -C"] = [str(peers["pahole"]), "-C", "Greeter", str(path)]
    if "dump" in peers:
        commands["PyPI abicheck dump"] = [str(peers["dump"] / "abicheck"), "dump", str(path)]
    # The peer keeps what it has dumped; that is not what is compared here.
    settings = environment(ABICHECK_REFERENCE_MODE="1", XDG_CACHE_HOME=os.devnull)
    return {name: Cell(command, settings) for name, command in commands.items()}


def second_plugin(binaries: Path, path: Path) -> float:
    """Return the milliseconds that one more plugin takes in the same process."""
    command = [str(binaries / "python"), "-c", SECOND_PLUGIN, str(path), str(SCHEMA)]
    printed = [
        subprocess.run(command, env=environment(), capture_output=True, check=True, text=True)
        for _ in range(3)
    ]
    return statistics.median(float(each.stdout) for each in printed)


def table(rows: dict[str, dict[str, Cell]], paths: dict[str, Path], base: float) -> list[list[str]]:
    """Return the figures as rows of text, the first of them the heads."""
    heads = list(dict.fromkeys(name for cells in rows.values() for name in cells))
    lines = [["subject", "size", *heads]]
    for name, cells in rows.items():
        size = f"{paths[name].stat().st_size / 1e6:.2f} MB"
        shown = [cells[head].shown(base) if head in cells else "" for head in heads]
        lines.append([name, size, *shown])
    return lines


def growth(rows: dict[str, dict[str, Cell]]) -> list[str]:
    """Return what eight times the size costs, of every subject that comes in both sizes."""
    found = []
    for name in rows:
        small = name.replace("-x8", "-x1")
        if name.endswith("-x8") and small in rows:
            one, eight = (rows[each]["abicheck verify"].milliseconds for each in (small, name))
            kind = name.removesuffix("-x8")
            found.append(f"{kind}: 8 times the size, {eight / one:.2f} times the cost")
    return found


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


def find_peers(arguments: argparse.Namespace) -> dict[str, Path]:
    """Return the other tools that are here, by name."""
    if not arguments.peers:
        return {}
    found = {name: Path(path) for name in ("abidw", "pahole") if (path := shutil.which(name))}
    found["dump"] = arguments.peer_venv and arguments.peer_venv / "bin"
    found["dump"] = found["dump"] or install(arguments.directory / "peer", PEER)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="SUBJECT", help="unsaid: all that exist")
    parser.add_argument("--in", dest="directory", type=Path, default=subjects.DIRECTORY)
    parser.add_argument("--build", action="store_true", help="make the subjects that are missing")
    parser.add_argument("--peers", action="store_true", help="measure the other tools too")
    parser.add_argument("--peer-venv", type=Path, help="an environment that has PyPI's abicheck")
    parser.add_argument("--repeat", type=int, default=11)
    parser.add_argument("--limit", type=int, default=60, help="seconds of CPU for one process")
    parser.add_argument("--markdown", type=Path, help="write the table there too")
    arguments = parser.parse_args()

    names = arguments.names or list(subjects.RECIPES)
    paths = {name: arguments.directory / f"{name}.so" for name in names}
    if arguments.build:
        paths = {name: subjects.build(name, arguments.directory) for name in names}
    paths = {name: path for name, path in paths.items() if path.exists()}
    binaries = install_this(arguments.directory)
    peers = find_peers(arguments)

    bare = Cell([str(binaries / "python"), "-I", "-S", "-c", "pass"], environment())
    rows = {name: tools(binaries, path, peers) for name, path in paths.items()}
    for _ in range(arguments.repeat):
        for cells in rows.values():
            bare.measure(arguments.limit)
            for cell in cells.values():
                cell.measure(arguments.limit)

    base = bare.milliseconds
    lines = table(rows, paths, base)
    notes = [f"{BARE}: {base:.1f} ms", *growth(rows)]
    notes += [
        f"{name}: one more in the same process, {second_plugin(binaries, paths[name]):.1f} ms"
        for name in ("small", "rust")
        if name in paths
    ]
    print(as_text(lines), "", *notes, sep="\n")
    if arguments.markdown:
        listed = "\n".join(f"- {note}" for note in notes)
        arguments.markdown.write_text(f"{as_markdown(lines)}\n\n{listed}\n")


if __name__ == "__main__":
    main()
