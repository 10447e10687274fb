"""Layouts of one contract on several targets -> tables side by side, or JSON.

The schema of the JSON is `schemas/formats/layout.schema.json`.
"""

from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING

from abicheck.model.layout import FieldLayout, StructLayout, UnknownLayout
from abicheck.model.records import record
from abicheck.report.terminal import BOLD, FAINT, Pen, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.model.layout import Layouts, TypeLayout
    from abicheck.model.options import Style
    from abicheck.model.target import Target
    from abicheck.model.types import Enum, Struct

    Json = dict[str, object]

ABREAST = 4
"""Layouts that fit beside each other in one table."""

CELL = len("offset size")
LETTERS = f"{string.ascii_uppercase}{string.ascii_lowercase}{string.digits}"
DIFFERENT = "*"
PADDING = "(padding)"


@record
class Row:
    """One line of one layout: a field, or padding; `offset` and `size` as text."""

    name: str
    offset: str
    size: str


@record
class Column:
    """A layout and the targets that share it."""

    targets: tuple[Target, ...]
    size: int | None
    alignment: int | None
    rows: tuple[Row, ...]


def render_json(definitions: Sequence[Struct | Enum], sheets: Sequence[Layouts]) -> str:
    """Return the document that lists every layout, by type and then by target."""
    entries = [_entry(each, sheet) for each in definitions for sheet in sheets]
    return json.dumps({"layouts": entries}, indent=2) + "\n"


def _entry(definition: Struct | Enum, sheet: Layouts) -> Json:
    layout = sheet.layout(definition.name)
    entry: Json = {
        "type": definition.subject,
        "target": str(sheet.target),
        "size": _size(layout),
        "alignment": getattr(layout, "alignment", None),
        "fields": [_field(field, sheet) for field in _fields(layout)],
    }
    if isinstance(layout, UnknownLayout):
        entry["reason"] = layout.reason
    return entry


def _field(field: FieldLayout, sheet: Layouts) -> Json:
    return {
        "name": field.name,
        "offset": field.offset,
        "size": _size(sheet.layout(field.type)),
        "bit_offset": field.bit_offset,
        "bit_size": field.bit_size,
    }


def render_text(
    definitions: Sequence[Struct | Enum], sheets: Sequence[Layouts], file: str, style: Style
) -> str:
    """Return a table for each type, with targets of one layout in one column."""
    pen = Pen(style)
    lines: list[str] = []
    for definition in definitions:
        lines.extend([""] if lines else [])
        lines.append(f"{pen.paint(definition.subject, BOLD)}  ({harmless(file)}:{definition.line})")
        lines.extend(_tables(definition, sheets, pen))
    return pen.finish(lines)


def _tables(definition: Struct | Enum, sheets: Sequence[Layouts], pen: Pen) -> Iterator[str]:
    asked = [sheet.target for sheet in sheets]
    unknown = _unknown(definition, sheets)
    columns = _columns(definition, sheets)
    letters = dict(zip(LETTERS, columns, strict=False))
    for letter, column in letters.items():
        mark = f"  {letter}  " if len(columns) > 1 else "  "
        yield from pen.wrap(_names(column.targets, asked), mark)
    for reason, targets in unknown.items():
        yield from pen.wrap(f"{_names(tuple(targets), asked)}: {reason}", "  no layout on ", "    ")
    for first in range(0, len(columns), ABREAST):
        yield ""
        yield from _table(columns, first, pen)


def _unknown(definition: Struct | Enum, sheets: Sequence[Layouts]) -> dict[str, list[Target]]:
    """Return the targets on which a type has no layout, by the reason."""
    found: dict[str, list[Target]] = {}
    for sheet in sheets:
        layout = sheet.layout(definition.name)
        if isinstance(layout, UnknownLayout):
            reason = layout.reason.replace(str(sheet.target), "the target")
            found.setdefault(reason, []).append(sheet.target)
    return found


def _columns(definition: Struct | Enum, sheets: Sequence[Layouts]) -> list[Column]:
    """Return each layout that the type has somewhere, in the order of the targets."""
    found: dict[tuple[object, ...], list[Target]] = {}
    for sheet in sheets:
        layout = sheet.layout(definition.name)
        if not isinstance(layout, UnknownLayout):
            rows = tuple(_rows(layout, sheet))
            shape = _size(layout), getattr(layout, "alignment", None), rows
            found.setdefault(shape, []).append(sheet.target)
    return [
        Column(targets=tuple(targets), size=size, alignment=alignment, rows=rows)  # type: ignore[arg-type]
        for (size, alignment, rows), targets in found.items()
    ]


def _rows(layout: TypeLayout, sheet: Layouts) -> Iterator[Row]:
    """Yield a row for each field and for each gap; positions are counted in bits."""
    if not isinstance(layout, StructLayout):
        return
    end: int | None = 0
    for field in layout.fields:
        start = _start(field)
        size = _size(sheet.layout(field.type))
        width = field.bit_size if field.bit_size is not None else (size or 0) * 8
        if not layout.is_union and not layout.is_partial and None not in {start, end}:
            yield from _gap(end or 0, start or 0)
        yield Row(
            name=f"{field.name or '_'}: {field.type}",
            offset="?" if start is None else _place(start, is_bit=field.bit_size is not None),
            size="" if size is None else _width(width, is_bit=field.bit_size is not None),
        )
        if start is not None:
            end = max(end or 0, start + width)
    if layout.size is not None and not layout.is_partial:
        yield from _gap(end or 0, layout.size * 8)


def _gap(end: int, start: int) -> Iterator[Row]:
    if start > end:
        is_bit = end % 8 != 0 or start % 8 != 0
        yield Row(
            name=PADDING, offset=_place(end, is_bit=is_bit), size=_width(start - end, is_bit=is_bit)
        )


def _start(field: FieldLayout) -> int | None:
    if field.bit_offset is not None:
        return field.bit_offset
    return None if field.offset is None else field.offset * 8


def _place(bits: int, *, is_bit: bool) -> str:
    return f"0x{bits // 8:02x}" + (f".{bits % 8}" if is_bit else "")


def _width(bits: int, *, is_bit: bool) -> str:
    return f"{bits}b" if is_bit else str(bits // 8)


def _table(columns: Sequence[Column], first: int, pen: Pen) -> Iterator[str]:
    shown = columns[first : first + ABREAST]
    room = 80 - 4 - len(shown) * (CELL + 2)
    if len(columns) > 1:
        heads = "  ".join(LETTERS[first + at].ljust(CELL) for at in range(len(shown)))
        yield pen.paint(f"    {heads}".rstrip(), BOLD)
    has_rows = any(column.rows for column in columns)
    if has_rows:
        yield pen.paint("    " + "offset size  " * len(shown) + "field", FAINT)
    for name, cells in _aligned(columns):
        text = "  ".join(_cell(cell) for cell in cells[first : first + ABREAST])
        yield _line(pen, cells, f"{text}  {pen.clip(name, room)}")
    for word in ("size", "alignment"):
        numbers = [getattr(column, word) for column in columns]
        texts = ["?" if each is None else str(each) for each in numbers]
        shown_texts = "  ".join(text.rjust(CELL) for text in texts[first : first + ABREAST])
        yield _line(pen, numbers, f"{shown_texts}  {word}")


def _line(pen: Pen, cells: Sequence[object], text: str) -> str:
    is_different = any(cell != cells[0] for cell in cells)
    return (pen.paint(f"  {DIFFERENT} {text}", BOLD) if is_different else f"    {text}").rstrip()


def _cell(row: Row | None) -> str:
    if row is None:
        return " " * CELL
    return f"{row.offset.ljust(6)} {row.size.rjust(4)}"


def _aligned(columns: Sequence[Column]) -> Iterator[tuple[str, list[Row | None]]]:
    """Yield the rows of all columns together: the fields are the same everywhere, gaps are not."""
    rests = [list(reversed(column.rows)) for column in columns]
    while any(rests):
        has_gap = any(rest and rest[-1].name == PADDING for rest in rests)
        taken = [
            rest.pop() if rest and (rest[-1].name == PADDING) == has_gap else None for rest in rests
        ]
        yield next(row.name for row in taken if row is not None), taken


def _names(targets: Sequence[Target], asked: Sequence[Target]) -> str:
    """Return names of targets; where all environments of a system are among them, one for all."""
    found: dict[str, None] = {}
    for target in targets:
        alike = [
            each for each in asked if (each.machine, each.system) == (target.machine, target.system)
        ]
        is_whole = len(alike) > 1 and all(each in targets for each in alike)
        found[f"{target.machine}-{target.system}-*" if is_whole else str(target)] = None
    return ", ".join(found)


def _fields(layout: TypeLayout) -> tuple[FieldLayout, ...]:
    return layout.fields if isinstance(layout, StructLayout) else ()


def _size(layout: TypeLayout) -> int | None:
    size: int | None = getattr(layout, "size", None)
    return size
