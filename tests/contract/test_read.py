"""Contracts as files and as text: what is refused, where, and in which words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from abicheck.contract import parse_contract, parse_contract_text
from abicheck.errors import ContractError, Problem
from tests.contract.bad_contracts import BAD, GREETER, HEADER

SCHEMAS = sorted((Path(__file__).parents[2] / "schemas").glob("*.toml"))


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ContractError) as caught:
        parse_contract_text(text, "test.toml")
    return caught.value.problems


@pytest.mark.parametrize("body, key, words", BAD.values(), ids=BAD.keys())
def test_wrong_contract_is_refused_at_its_line_with_its_key(
    body: str, key: str, words: str
) -> None:
    text = HEADER + body
    problems = problems_of(text)
    found = [problem for problem in problems if problem.key == key and words in problem.message]
    assert found, "\n".join(map(str, problems))
    marked = [number for number, row in enumerate(text.split("\n"), 1) if "# wrong" in row]
    if marked:
        assert [problem.line for problem in found] == marked
    assert len(problems) == 1, "\n".join(map(str, problems))


def test_enough_wrong_contracts_are_tried() -> None:
    assert len(BAD) >= 100
