from __future__ import annotations

import pytest

from abicheck.model.options import Style
from abicheck.model.records import replace
from abicheck.model.report import Picture, Row
from abicheck.report.picture import draw, side_by_side
from abicheck.report.terminal import Pen
from tests.report.samples import INSERTED


def rows(*names: str) -> tuple[Row, ...]:
    return tuple(Row(name, "u32", 4 * at, 4) for at, name in enumerate(names))


def names(expected: tuple[Row, ...], actual: tuple[Row, ...]) -> list[tuple[str, str]]:
    pairs = side_by_side(expected, actual)
    return [(one.name if one else "", other.name if other else "") for one, other in pairs]


@pytest.mark.parametrize(
    ("expected", "actual", "pairs"),
    [
        ("ab", "ab", ["aa", "bb"]),
        ("ab", "axb", ["aa", " x", "bb"]),
        ("axb", "ab", ["aa", "x ", "bb"]),
        ("ab", "ba", ["ab", "ba"]),
        ("ab", "ax", ["aa", "bx"]),
        ("", "ab", [" a", " b"]),
        ("ab", "", ["a ", "b "]),
        ("a", "abc", ["aa", " b", " c"]),
    ],
    ids=["same", "inserted", "lost", "swapped", "renamed", "all new", "all gone", "appended"],
)
def test_rows_are_paired_by_name(expected: str, actual: str, pairs: list[str]) -> None:
    wanted = [(pair[0].strip(), pair[1].strip()) for pair in pairs]
    assert names(rows(*expected), rows(*actual)) == wanted


def lines(picture: Picture) -> list[str]:
    return list(draw(picture, Pen(Style())))


def test_first_difference_alone_has_the_arrow() -> None:
    marked = [line for line in lines(INSERTED) if "→" in line]
    assert len(marked) == 1
    assert "context" in marked[0]


def test_size_has_the_arrow_where_only_it_differs() -> None:
    same = rows("a", "b")
    picture = Picture("structs.A", same, same, expected_size=8, actual_size=16)
    marked = [line for line in lines(picture) if "→" in line]
    assert len(marked) == 1
    assert "size 8" in marked[0]
    assert "size 16" in marked[0]


def test_bit_fields_show_their_bits() -> None:
    one = Row("mode", "u32 : 3", 4, 4, bits=(35, 3), mark="changed")
    picture = Picture("structs.A", (one,), (replace(one, bits=(36, 1)),), 8, 8)
    text = "\n".join(lines(picture))
    assert "0x04.3" in text
    assert "3 bits" in text
    assert "1 bit " in text


def test_other_name_of_the_type_is_shown() -> None:
    picture = replace(INSERTED, actual_name="greeter::Salutation")
    assert lines(picture)[0].endswith("found: Salutation")
    assert lines(replace(INSERTED, actual_name="greeter::Greeter")) == lines(INSERTED)


def test_long_layouts_are_shown_around_the_difference() -> None:
    many = [f"field_{at}" for at in range(100)]
    changed = [*many[:50], "other", *many[51:]]
    drawn = lines(Picture("structs.A", rows(*many), rows(*changed), 400, 400))
    assert "… 47 alike" in drawn[1]
    assert "… 45 more" in drawn[-2]
    assert len(drawn) < 15


def test_every_line_fits_however_long_the_types_are() -> None:
    long = tuple(replace(row, type="T" * 500, name="n" * 300) for row in rows("a", "b"))
    picture = Picture("structs.A", long, long[:1], 8, 4)
    assert max(map(len, lines(picture))) <= 80
