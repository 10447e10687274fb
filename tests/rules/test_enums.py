"""Which enumerator of a plugin stands for which of the contract."""

import pytest

from abicheck.model.layout import EnumLayout
from abicheck.model.types import Enum, EnumValue
from abicheck.rules.enums import pair_values


def paired(wanted: dict[str, int], found: dict[str, int]) -> dict[str, str | None]:
    values = tuple(EnumValue(name, value, 1) for name, value in wanted.items())
    layout = EnumLayout("E", 4, None, tuple(found.items()))
    pairs, _ = pair_values(Enum("E", values, 1), layout)
    return {pair.wanted.name: None if pair.found is None else pair.found[0] for pair in pairs}


@pytest.mark.parametrize(
    ("wanted", "found", "pairs"),
    [
        ({"On": 1}, {"On": 1, "ON": 2}, {"On": "On"}),
        ({"On": 1}, {"NOT_ON": 5, "ON": 1}, {"On": "ON"}),
        ({"Ready": 1, "NotReady": 0}, {"NOT_READY": 0, "READY": 1},
         {"Ready": "READY", "NotReady": "NOT_READY"}),
        ({"Ready": 1, "NotReady": 0}, {"E_NOT_READY": 0, "E_READY": 1},
         {"Ready": "E_READY", "NotReady": "E_NOT_READY"}),
        ({"Ready": 1, "NotReady": 0}, {"E_NOT_READY": 0},
         {"Ready": None, "NotReady": "E_NOT_READY"}),
        ({"On": 1}, {"kModeOn": 1}, {"On": "kModeOn"}),
        ({"class": 1, "Class": 2}, {"E_Class": 2, "E_class": 1},
         {"class": "E_class", "Class": "E_Class"}),
        ({"NULL": 0}, {"E_NULL_": 0}, {"NULL": "E_NULL_"}),
        ({"on": 1}, {"common": 3, "yes": 1}, {"on": "yes"}),
        ({"A": 0, "B": 0}, {"X": 0, "Y": 0}, {"A": "X", "B": "Y"}),
        ({"A": 0, "Same": 0}, {"A": 0}, {"A": "A", "Same": "A"}),
        ({"A": 0, "Same": 0}, {"A": 1}, {"A": "A", "Same": None}),
    ],
)  # fmt: skip
def test_values_are_paired_by_the_nearest_name(
    wanted: dict[str, int], found: dict[str, int], pairs: dict[str, str | None]
) -> None:
    assert paired(wanted, found) == pairs
