"""The layout engine against a committed table of what a compiler said; needs no compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from abicheck.layout import known_targets, lay_out
from abicheck.model.layout import StructLayout
from tests.oracle.layouts.compare import as_measured
from tests.oracle.layouts.generate import contract_of
from tests.oracle.layouts.golden import for_target, load, numbers
from tests.oracle.layouts.notation import read, written

if TYPE_CHECKING:
    from abicheck.model.target import Target

TABLE = load()


@pytest.mark.parametrize("target", known_targets(), ids=str)
def test_layouts_are_those_of_the_committed_table(target: Target) -> None:
    definitions = for_target(TABLE, target)
    layouts = lay_out(contract_of(definitions), target)
    computed = {name: layouts.layout(name) for name in definitions}
    assert {
        name: numbers(as_measured(each))
        for name, each in computed.items()
        if isinstance(each, StructLayout)
    } == TABLE["answers"][TABLE["targets"][str(target)]["answer"]]


def test_table_covers_every_known_target() -> None:
    assert list(TABLE["targets"]) == [str(target) for target in known_targets()]


def test_notation_reads_what_it_writes() -> None:
    assert written(read(TABLE["definitions"])) == TABLE["definitions"]
