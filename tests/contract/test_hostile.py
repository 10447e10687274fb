"""Damaged contracts: whatever the text, the answer is a contract or a ContractError."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from abicheck.contract import bind, parse_contract_text
from abicheck.errors import ContractError
from tests.contract.bad_contracts import BAD, GREETER, HEADER

TEXTS = [
    file.read_text(encoding="utf-8")
    for file in sorted((Path(__file__).parents[2] / "schemas").glob("*.toml"))
]
PIECES = [
    "1", "-1", "true", '""', '"x"', "[]", "{}", "[[]]", '"{plugin}"', "1.5", "1979-05-27", '"fn"',
    '"static"', '"*"', '"0xff"', "{ lp64 = 1 }", '"\\u0000"', '"\\n"', "inf",
    '["a", 1]', "{ a = 1 }",
]  # fmt: skip


def mutated(text: str, chance: random.Random) -> str:
    rows = text.split("\n")
    for _ in range(chance.randrange(1, 4)):
        index = chance.randrange(len(rows))
        key, sign, value = rows[index].partition("=")
        match chance.randrange(6):
            case 0:
                rows[index] = f"{key}= {chance.choice(PIECES)}" if sign else rows[index]
            case 1:
                rows.pop(index)
            case 2:
                rows.insert(index, chance.choice(rows))
            case 3:
                other = chance.choice(rows).partition("=")[2]
                rows[index] = f"{key}={other}" if sign and other else rows[index]
            case 4:
                place = chance.randrange(len(rows[index]) + 1)
                letter = chance.choice("[]{}()*&.,:;|<>\"'=_ é0\\")
                rows[index] = rows[index][:place] + letter + rows[index][place + 1 :]
            case _:
                rows[index] = f"{key}{sign}{value[::-1]}" if sign else rows[index]
        rows = rows or [""]
    return "\n".join(rows)


def answers(text: str) -> None:
    """Read a contract and bind it; anything but a ContractError is a failure of the test."""
    try:
        contract = parse_contract_text(text, "test.toml")
        bind(contract, "mod_rewrite.so")
        bind(contract, "x-y z.so")
    except ContractError:
        return


@pytest.mark.parametrize("seed", range(400))
def test_mutated_contract_is_answered(seed: int) -> None:
    chance = random.Random(seed)
    answers(mutated(chance.choice(TEXTS), chance))


@pytest.mark.parametrize("seed", range(200))
def test_mixture_of_mistakes_is_answered(seed: int) -> None:
    chance = random.Random(seed)
    bodies = [body for body, _, _ in chance.sample(list(BAD.values()), 2)]
    answers(mutated(HEADER + GREETER + "\n".join(bodies), chance))
