"""Partial structs -> the padding that puts each field where the contract says it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import GenerationError
from abicheck.layout.extent import round_up
from abicheck.model.layout import StructLayout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.generation.c_targets import Sheets
    from abicheck.model.layout import Layouts
    from abicheck.model.types import Struct


class Gaps:
    """Writes the bytes between the known fields of one partial struct."""

    def __init__(self, struct: Struct, sheets: Sheets) -> None:
        """Compute them for every class of targets."""
        self.struct, self.sheets = struct, sheets
        columns = [gaps(struct, layouts) for layouts in sheets.layouts]
        if all(column is None for column in columns):
            raise GenerationError([f"{struct.subject}: no target has all of its offsets"])
        self.gaps = [
            [UNSTATED if column is None else column[index] for column in columns]
            for index in range(len(struct.fields) + 1)
        ]

    def before(self, index: int, indent: str) -> Iterator[str]:
        """Yield the padding before a field."""
        numbers = self.gaps[index]
        stated = [each for each in numbers if each != UNSTATED]
        if not any(stated):
            return
        chosen = self.sheets.chosen(numbers)
        if 0 in stated:
            yield f"#if {chosen} > 0"
        yield f"{indent}unsigned char gap_{index}_[{chosen}];"
        if 0 in stated:
            yield "#endif"

    def behind(self, indent: str) -> Iterator[str]:
        """Yield the padding behind the last field."""
        if self.struct.is_union and any(each != UNSTATED and each for each in self.gaps[-1]):
            raise GenerationError([f"{self.struct.subject}: C cannot pad a union that is partial"])
        yield from self.before(len(self.struct.fields), indent)

    def unstated(self) -> Iterator[str]:
        """Yield an error for targets on which the contract states no place for some field."""
        numbers = [1 if each == UNSTATED else 0 for each in self.gaps[0]]
        if any(numbers):
            yield f"#if {self.sheets.chosen(numbers)}"
            yield f'#error "{self.struct.name}: the contract states no offsets for this target"'
            yield "#endif"


UNSTATED = "unstated"
"""What stands for padding on a target where the contract states no offsets."""


def gaps(struct: Struct, layouts: Layouts) -> tuple[int, ...] | None:
    """Return the bytes before each field and behind the last; None if a place is not stated.

    Raises: GenerationError where C cannot put a field in its place.
    """
    layout = layouts.layout(struct.name)
    if not isinstance(layout, StructLayout) or any(each.offset is None for each in layout.fields):
        return None
    found: list[int] = []
    end, widest = 0, struct.align or 1
    for place, field in enumerate(layout.fields):
        if struct.fields[place].bit_width is not None:
            raise _refused(struct, layouts, field.name or "_", "is a bit-field")
        shape = layouts.layout(field.type)
        size: int = getattr(shape, "size", None) or 0
        alignment = min(getattr(shape, "alignment", None) or 1, struct.packed or 1 << 30)
        widest = max(widest, alignment)
        offset = field.offset or 0
        if struct.is_union:
            found.append(0)
            end = max(end, size)
            continue
        if offset < end or offset % alignment:
            why = f"{end} bytes are before it" if offset < end else "its type does not allow that"
            raise _refused(struct, layouts, field.name or "_", f"cannot lie at {offset}: {why}")
        found.append(0 if round_up(end, alignment) == offset else offset - end)
        end = offset + size
    if layout.size is None:
        return (*found, 0)
    if layout.size % widest or layout.size < end:
        raise _refused(struct, layouts, "its end", f"cannot lie at {layout.size}")
    return (*found, 0 if round_up(end, widest) == layout.size else layout.size - end)


def _refused(struct: Struct, layouts: Layouts, name: str, why: str) -> GenerationError:
    return GenerationError([f"{struct.subject}: on {layouts.target} {name} {why}"])
