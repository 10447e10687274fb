"""Partial structs -> the padding that puts each field where the contract says it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.files import GenerationError
from abicheck.layout.extent import round_up
from abicheck.model.layout import StructLayout
from abicheck.model.types import type_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.generation.c_names import Names
    from abicheck.generation.c_targets import Sheets
    from abicheck.model.layout import Layouts
    from abicheck.model.types import Struct


class Gaps:
    """The bytes between the known fields of one partial struct, on every target."""

    def __init__(self, struct: Struct, sheets: Sheets, names: Names) -> None:
        """Compute them."""
        self.struct, self.names = struct, names
        self.gaps: list[tuple[int | None, ...]] = []
        columns = [self._gaps(layouts) for layouts in sheets.layouts]
        if all(column is None for column in columns):
            raise GenerationError([f"{struct.subject}: no target has all of its offsets"])
        for index in range(len(struct.fields) + 1):
            self.gaps.append(tuple(None if column is None else column[index] for column in columns))

    def _gaps(self, layouts: Layouts) -> list[int] | None:
        """Return the bytes before each field and behind the last; None if a place is not stated."""
        layout = layouts.layout(self.struct.name)
        if not isinstance(layout, StructLayout):
            return None
        placed = iter(layout.fields)
        end, found = 0, []
        widest = self.struct.align or 1
        for field in self.struct.fields:
            if field.bit_width is not None:
                raise self._refused(layouts, field.name or "_", "is a bit-field")
            place = next(placed).offset
            if place is None:
                return None
            shape = layouts.layout(type_id(field.type))
            alignment = min(getattr(shape, "alignment", 0) or 1, self.struct.packed or 1 << 30)
            widest = max(widest, alignment)
            if self.struct.is_union:
                found.append(0)
                end = max(end, getattr(shape, "size", 0) or 0)
                continue
            if place % alignment or place < end:
                why = f"cannot lie at {place}, " + (
                    f"where {end} bytes are taken"
                    if place < end
                    else "which its type does not allow"
                )
                raise self._refused(layouts, field.name or "_", why)
            found.append(0 if round_up(end, alignment) == place else place - end)
            end = place + (getattr(shape, "size", 0) or 0)
        if layout.size is None:
            found.append(0)
        else:
            if layout.size % widest or layout.size < end:
                raise self._refused(layouts, "its end", f"cannot lie at {layout.size}")
            found.append(0 if round_up(end, widest) == layout.size else layout.size - end)
        return found

    def _refused(self, layouts: Layouts, name: str, why: str) -> GenerationError:
        return GenerationError(
            [f"{self.struct.subject}: {name} {why} on {layouts.target}: C cannot express it"]
        )

    @property
    def is_everywhere(self) -> bool:
        """Whether every known target has all its places."""
        return all(None not in column for column in self.gaps)

    def before(self, index: int, indent: str) -> Iterator[str]:
        """Yield the padding before a field."""
        numbers = self.gaps[index]
        if not any(numbers):
            return
        name = f"{indent}unsigned char gap_{index}_"
        if len(set(numbers)) == 1:
            yield f"{name}[{numbers[0]}];"
            return
        chosen = f"{self.names.macro('ON')}({', '.join(str(each or 0) for each in numbers)})"
        if 0 in numbers or None in numbers:
            yield f"#if {chosen} > 0"
            yield f"{name}[{chosen}];"
            yield "#endif"
        else:
            yield f"{name}[{chosen}];"

    def behind(self, indent: str) -> Iterator[str]:
        """Yield the padding behind the last field."""
        if self.struct.is_union and any(self.gaps[-1]):
            raise GenerationError([f"{self.struct.subject}: C cannot pad a union that is partial"])
        yield from self.before(len(self.struct.fields), indent)
