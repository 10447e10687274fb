"""Picture -> lines: two layouts side by side, up to a little after the point where they part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.records import record
from abicheck.report.terminal import BOLD, FAINT, RED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.report import Picture, Row
    from abicheck.report.terminal import Pen

WIDEST = 80
"""Characters of a table; a field's name and type share what the numbers leave of them."""

BEFORE, AFTER = 3, 4
"""Rows shown before and after the first that differs; the rest is counted."""

MARGIN = 5
DIFFERENT = frozenset({"moved", "changed", "missing", "added"})

Pair = tuple["Row | None", "Row | None"]


@record
class Cells:
    """One side of a table: its rows as text, and how wide each column is."""

    rows: tuple[tuple[str, str, str], ...]
    widths: tuple[int, int, int]


def draw(picture: Picture, pen: Pen) -> Iterator[str]:
    """Yield the lines of a table: what is expected on the left, what was found on the right."""
    pairs = tuple(side_by_side(picture.expected, picture.actual))
    parting = next((at for at, pair in enumerate(pairs) if _differs(*pair)), None)
    first = max(0, (len(pairs) if parting is None else parting) - BEFORE)
    last = len(pairs) if parting is None else min(len(pairs), parting + AFTER + 1)
    shown = pairs[first:last]
    left = _cells([pair[0] for pair in shown], "expected", _sizes(picture, expected=True))
    right = _cells([pair[1] for pair in shown], _found(picture), _sizes(picture, expected=False))
    left, right = _squeezed(left, right)

    yield _line(pen, left, right, 0, codes=(BOLD,))
    if first:
        yield _remark(pen, f"{first} alike", left)
    for at, pair in enumerate(shown):
        is_parting = first + at == parting
        codes = (RED,) if _differs(*pair) else ()
        yield _line(pen, left, right, at + 1, has_arrow=is_parting, codes=codes)
    if last < len(pairs):
        yield _remark(pen, f"{len(pairs) - last} more", left)
    is_resized = _sizes(picture, expected=True) != _sizes(picture, expected=False)
    has_arrow = parting is None and is_resized
    yield _line(pen, left, right, -1, has_arrow=has_arrow, codes=(RED,) if is_resized else ())


def side_by_side(expected: tuple[Row, ...], actual: tuple[Row, ...]) -> Iterator[Pair]:
    """Pair the rows of two layouts by name; a row that the other side lacks stands alone.

    Rows whose names are swapped or replaced by others stand side by side in the order of each.
    """
    wanted = {row.name for row in expected}
    present = {row.name for row in actual}
    left, right = 0, 0
    while left < len(expected) and right < len(actual):
        one, other = expected[left], actual[right]
        is_paired = one.name == other.name
        is_inserted = not is_paired and other.name not in wanted and one.name in present
        is_lost = not is_paired and one.name not in present and other.name in wanted
        yield (None if is_inserted else one), (None if is_lost else other)
        left += not is_inserted
        right += not is_lost
    for one in expected[left:]:
        yield one, None
    for other in actual[right:]:
        yield None, other


def _differs(one: Row | None, other: Row | None) -> bool:
    if one is None or other is None:
        return any(row is not None and row.mark in DIFFERENT for row in (one, other))
    if one.mark in DIFFERENT or other.mark in DIFFERENT:
        return True
    if one.name != other.name and "renamed" not in {one.mark, other.mark}:
        return True
    return (one.offset, one.size, one.bits) != (other.offset, other.size, other.bits)


def _found(picture: Picture) -> str:
    """Return the heading of the plugin's side: its own name for the type, if it has another."""
    name = picture.actual_name.rpartition("::")[2]
    is_same = name in {"", picture.subject.rpartition(".")[2]}
    return "found" if is_same else f"found: {name}"


def _cells(rows: list[Row | None], title: str, sizes: str) -> Cells:
    has_offsets = any(row is not None and row.offset is not None for row in rows)
    has_sizes = any(row is not None and row.size is not None for row in rows)
    head = ("offset" if has_offsets else "", "size" if has_sizes else "", title)
    body = [("", "", "") if row is None else _row(row) for row in rows]
    table = (head, *body, ("", "", sizes))
    widths = tuple(max(len(cells[column]) for cells in table) for column in range(3))
    return Cells(rows=table, widths=(widths[0], widths[1], widths[2]))


def _row(row: Row) -> tuple[str, str, str]:
    offset = "" if row.offset is None else f"0x{row.offset:02x}"
    size = "" if row.size is None else str(row.size)
    text = (
        f"{row.name}: {row.type}" if row.type and row.type[0] != "=" else f"{row.name} {row.type}"
    )
    text = text.rstrip()
    if row.bits is not None:
        bit_offset, bit_size = row.bits
        offset, size = f"{offset}.{bit_offset % 8}", f"{bit_size} bit{'s' * (bit_size != 1)}"
    return offset, size, text


def _sizes(picture: Picture, *, expected: bool) -> str:
    size = picture.expected_size if expected else picture.actual_size
    alignment = picture.expected_alignment if expected else picture.actual_alignment
    parts = [] if size is None else [f"size {size}"]
    return ", ".join(parts if alignment is None else [*parts, f"alignment {alignment}"])


def _squeezed(left: Cells, right: Cells) -> tuple[Cells, Cells]:
    """Narrow the text columns until both sides fit; the wider of the two gives way first."""
    numbers = sum(sum(cells.widths[:2]) + _gaps(cells) for cells in (left, right))
    room = max(30, WIDEST - MARGIN - len(" | ") - numbers)
    wide, narrow = left.widths[2], right.widths[2]
    if wide + narrow > room:
        smaller = min(wide, narrow, room // 2)
        wide, narrow = (room - smaller, smaller) if narrow <= wide else (smaller, room - smaller)
    return _with_width(left, wide), _with_width(right, narrow)


def _with_width(cells: Cells, width: int) -> Cells:
    return Cells(rows=cells.rows, widths=(*cells.widths[:2], width))


def _gaps(cells: Cells) -> int:
    columns = sum(width > 0 for width in cells.widths[:2])
    return columns + 1 if columns else 0


def _line(  # noqa: PLR0913 (a line of a table: two sides, and how they look)
    pen: Pen,
    left: Cells,
    right: Cells,
    row: int,
    *,
    has_arrow: bool = False,
    codes: tuple[str, ...] = (),
) -> str:
    margin = f"   {pen.arrow} " if has_arrow else " " * MARGIN
    one, other = _side(pen, left, row), _side(pen, right, row).rstrip()
    line = pen.paint(margin, *codes) + pen.paint(one, *codes) + f" {pen.paint(pen.bar, FAINT)} "
    return (line + pen.paint(other, *codes)).rstrip()


def _side(pen: Pen, cells: Cells, row: int) -> str:
    offset, size, text = cells.rows[row]
    parts = []
    if cells.widths[0]:
        parts.append(offset.ljust(cells.widths[0]))
    if cells.widths[1]:
        parts.append(size.rjust(cells.widths[1]))
    numbers = " ".join(parts)
    shown = pen.clip(text, cells.widths[2]).ljust(cells.widths[2])
    return f"{numbers}  {shown}" if parts else shown


def _remark(pen: Pen, text: str, left: Cells) -> str:
    column = MARGIN + sum(left.widths[:2]) + _gaps(left)
    return pen.paint(" " * column + f"{pen.more} {text}", FAINT)
