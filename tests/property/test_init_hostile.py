"""Whatever a reference says, `init` writes a sound contract or one clear sentence."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

import abicheck
from abicheck import cli
from tests.conftest import ROOT, binary
from tests.property.mutations import mutated

if TYPE_CHECKING:
    from pathlib import Path

SOUND = (
    "greeter/libgreeter-good.so",
    "greeter/libgreeter-rust.so",
    "debug/libpair.so",
    "dwarf/types-gcc-5.so",
    "dwarf/types-clang-4.so",
    "dwarf/types-s390x-3.so",
)


def damaged(sound: bytes, dice: random.Random) -> bytes:
    """Damage a plugin anywhere, or in the middle, where its debug information is."""
    if dice.random() < 0.3:
        return mutated(sound, dice)
    content = bytearray(sound)
    for _ in range(dice.choice((1, 3, 8, 40, 200))):
        place = dice.randrange(len(content) // 4, len(content) - len(content) // 6)
        content[place] = dice.randrange(256)
    return bytes(content)


@pytest.mark.parametrize("plugin", SOUND)
def test_damaged_reference_ends_in_a_contract_or_a_sentence(
    plugin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, output = tmp_path / "plugin.so", tmp_path / "contract.toml"
    sound = binary(plugin).read_bytes()
    for seed in range(60):
        file.write_bytes(damaged(sound, random.Random(seed)))
        code = cli.main(["init", str(file), "-o", str(output), "--force"])
        out, err = capsys.readouterr()
        assert code in {0, 2, 4}, f"{seed}: {err}"
        assert "fault of its own" not in err, seed
        assert out == ""
        if code == 0:
            abicheck.parse_contract(output)
    assert (ROOT / "fixtures" / plugin).read_bytes() == sound
