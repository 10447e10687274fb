"""No bytes in debug files make the readers raise anything, or take long."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from abicheck.errors import BinaryError, UnsupportedError
from abicheck.evidence import read_plugin
from abicheck.model.evidence import FUNCTION, Observed
from abicheck.model.layout import ArrayLayout, FunctionLayout, PointerLayout, StructLayout
from tests.conftest import binary

if TYPE_CHECKING:
    from abicheck.model.evidence import Evidence
    from abicheck.model.layout import TypeId

pytestmark = pytest.mark.property

GROUPS = [
    ("debug/libpair-zlib.so",),
    ("debug/libpair-zlib-gnu.so",),
    ("debug/libpair-zstd.so",),
    ("debug/libpair-dwz.so", "debug/libpair-shared.debug"),
    ("debug/libpair-sup.so", "debug/libpair-shared-5.debug"),
    ("debug/libpair-package-4.so", "debug/libpair-package-4.so.dwp"),
    ("debug/libpair-package.so", "debug/libpair-package.so.dwp"),
    ("debug/libpair-split.so", "debug/pair-split-pair.dwo", "debug/pair-split-pair_second.dwo"),
    ("greeter/libgreeter-split-4.so", "greeter/libgreeter-split-4.dwo"),
    ("greeter/libgreeter-separate.so", "greeter/libgreeter-separate.so.debug"),
]
"""Plugins and the files that belong to them; any of them is damaged."""

NAMES = ("Shape", "Tally", "Greeter")
VALUES = (0, 1, 2, 0x7F, 0x80, 0xFF)
MOST_TYPES = 400


def damaged(chance: random.Random, content: bytes) -> bytes:
    """Change some bytes, anywhere or in the tables at the end, or cut the file off."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        first = chance.choice((0, 0, len(changed) * 2 // 3))
        place = chance.randrange(first, len(changed))
        width = chance.choice((1, 1, 2, 4, 8))
        value = bytes(chance.choice(VALUES) for _ in range(width))
        changed[place : place + width] = chance.choice((value, chance.randbytes(width)))
    if chance.random() < 0.1:
        del changed[chance.randrange(len(changed)) :]
    return bytes(changed)


def mutant(seed: int, directory: Path) -> Path:
    """Write a group with one damaged file, and return its plugin."""
    chance = random.Random(seed)
    group = chance.choice(GROUPS)
    victim = chance.choice((*group, group[-1]))
    for name in group:
        target = directory / Path(name).name
        shutil.copy(binary(name), target)
        if name == victim:
            target.write_bytes(damaged(chance, target.read_bytes()))
    return directory / Path(group[0]).name


def exercise(evidence: Evidence) -> None:
    """Ask for the types of all exports and for some by name, down to the bottom."""
    pending: list[TypeId] = []
    for symbol in list(evidence.exports())[:30]:
        types = evidence.types
        seen = types.function(symbol) if symbol.kind == FUNCTION else types.variable(symbol)
        if isinstance(seen, Observed):
            pending.append(seen.value)
    for name in NAMES:
        pending += [each.value for each in evidence.types.definitions(name, ())]
    known: set[TypeId] = set()
    while pending and len(known) < MOST_TYPES:
        type_id = pending.pop()
        if type_id in known:
            continue
        known.add(type_id)
        evidence.types.origin(type_id)
        layout = evidence.types.layout(type_id)
        match layout:
            case PointerLayout(_, target) if target is not None:
                pending.append(target)
            case ArrayLayout(element):
                pending.append(element)
            case StructLayout(_, _, fields):
                pending += [field.type for field in fields]
            case FunctionLayout(parameters, result):
                pending += [each for each in (*parameters, result) if each is not None]


def check(seed: int, directory: Path) -> None:
    directory.mkdir()
    plugin = mutant(seed, directory)
    begin = time.process_time()
    try:
        for evidence in read_plugin(str(plugin)):
            exercise(evidence)
    except (BinaryError, UnsupportedError):
        pass
    except Exception as error:
        raise AssertionError(f"seed {seed}: {error!r}") from error
    assert time.process_time() - begin < 2, f"seed {seed} took too long"
    shutil.rmtree(directory)


def test_damaged_debug_files_raise_our_errors_only(tmp_path: Path) -> None:
    for seed in range(400):
        check(seed, tmp_path / str(seed))


@pytest.mark.long
@pytest.mark.parametrize("block", range(1, 11))
def test_many_damaged_debug_files_raise_our_errors_only(block: int, tmp_path: Path) -> None:
    for seed in range(block * 2000, block * 2000 + 2000):
        check(seed, tmp_path / str(seed))
