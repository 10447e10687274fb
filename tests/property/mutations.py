"""Make hostile plugins out of sound ones, by seed, and verify them in a process with limits.

python -m tests.property.mutations COUNT SEED    prints one JSON object
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "schemas" / "greeter.toml"
SECONDS = 2.0
BYTES = 256 << 20

SOUND = (
    "libgreeter-good.so",
    "libgreeter-clang.so",
    "libgreeter-rust.so",
    "libgreeter-lto.so",
    "libgreeter-dwarf2.so",
    "libgreeter-dwarf4.so",
    "libgreeter-dwarf64.so",
    "libgreeter-type-units.so",
    "libgreeter-zlib.so",
    "libgreeter-split.so",
    "libgreeter-stripped.so",
    "s390x-linux-gnu/libgreeter-good.so",
    "mips64el-linux-gnuabi64/libgreeter-good.so",
    "arm-linux-gnueabihf/libgreeter-good.so",
    "powerpc64-linux-gnu/libgreeter-good.so",
)
BROKEN = (
    "libgreeter-bad.so",
    "libgreeter-rust-changed-signature.so",
    "libgreeter-clang-field-inserted.so",
)
"""Plugins that break the contract; no damage may make them compatible."""

INTERESTING = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    0xFFFFFFFFFFFFFFFF,
)


def mutated(sound: bytes, dice: random.Random) -> bytes:
    """Return `sound` with one to four kinds of damage."""
    damaged = bytearray(sound)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        DAMAGES[dice.randrange(len(DAMAGES))](damaged, dice)
    return bytes(damaged)


def _at(damaged: bytearray, dice: random.Random) -> int:
    """Choose a place: half of them in the headers, where damage tells most."""
    size = max(1, len(damaged))
    kind = dice.random()
    if kind < 0.25:
        return dice.randrange(min(64, size))
    if kind < 0.5:
        return max(0, size - 1 - dice.randrange(min(2048, size)))
    return dice.randrange(size)


def flip(damaged: bytearray, dice: random.Random) -> None:
    """Flip up to eight bits."""
    for _ in range(dice.randrange(1, 9)):
        if damaged:
            damaged[_at(damaged, dice) % len(damaged)] ^= 1 << dice.randrange(8)


def overwrite(damaged: bytearray, dice: random.Random) -> None:
    """Put a number that is near a limit over another."""
    size, place = dice.choice((1, 2, 4, 8)), _at(damaged, dice)
    value = dice.choice(INTERESTING) & ((1 << size * 8) - 1)
    damaged[place : place + size] = value.to_bytes(size, dice.choice(("little", "big")))


def cut(damaged: bytearray, dice: random.Random) -> None:
    """Cut the file short."""
    del damaged[_at(damaged, dice) :]


def repeat(damaged: bytearray, dice: random.Random) -> None:
    """Copy a stretch of the file over another."""
    size = dice.choice((8, 16, 64, 512))
    source, goal = _at(damaged, dice), _at(damaged, dice)
    damaged[goal : goal + size] = damaged[source : source + size]


def fill(damaged: bytearray, dice: random.Random) -> None:
    """Fill a stretch with one byte."""
    size, place = dice.choice((4, 16, 256, 4096)), _at(damaged, dice)
    end = min(len(damaged), place + size)
    damaged[place:end] = bytes([dice.choice((0, 0x41, 0x80, 0xFF))]) * max(0, end - place)


DAMAGES = (flip, flip, overwrite, overwrite, cut, repeat, fill)


def too_slow(_signal: int, _frame: object) -> None:
    """End a verification that takes too much processor time."""
    raise TimeoutError


def run(count: int, seed: int, keep: Path | None = None) -> dict[str, object]:
    """Verify `count` damaged plugins; return what went wrong, by seed, and what was used."""
    sys.path.insert(0, str(ROOT))
    from abicheck.verification import read_contract, verify_plugin  # noqa: PLC0415

    signal.signal(signal.SIGVTALRM, too_slow)
    contract = read_contract(SCHEMA)
    folder = ROOT / "fixtures" / "greeter"
    names = [(name, False) for name in SOUND] + [(name, True) for name in BROKEN]
    contents = {name: (folder / name).read_bytes() for name, _ in names}
    wrong: list[str] = []
    verdicts: dict[str, int] = {}
    slowest = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        file = os.path.join(scratch, "plugin.so")
        for number in range(seed, seed + count):
            dice = random.Random(number)
            name, is_broken = names[dice.randrange(len(names))]
            hostile = mutated(contents[name], dice)
            Path(file).unlink(missing_ok=True)
            Path(file).write_bytes(hostile)
            started = time.process_time()
            signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
            try:
                report = verify_plugin(file, contract)
                verdict = "unreadable" if report.verdict is None else report.verdict.value
            except BaseException as error:  # noqa: BLE001 (whatever it is, it must not be)
                verdict = type(error).__name__
                wrong.append(f"seed {number} ({name}): {verdict}: {error}")
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            slowest = max(slowest, time.process_time() - started)
            verdicts[verdict] = verdicts.get(verdict, 0) + 1
            if is_broken and verdict == "compatible":
                wrong.append(f"seed {number} ({name}): damage made it compatible")
            if keep is not None and wrong and wrong[-1].startswith(f"seed {number} "):
                (keep / f"{number}-{os.path.basename(name)}").write_bytes(hostile)
    return {"wrong": wrong[:20], "verdicts": verdicts, "slowest": slowest, "peak": peak_memory()}


def peak_memory() -> int:
    """Return the most memory that was resident, in bytes, without the parent's."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0  # Nothing tells it here.
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (4 * BYTES, 4 * BYTES))
    kept = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    sys.stdout.write(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]), kept)))
