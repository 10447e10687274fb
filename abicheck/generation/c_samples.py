"""Bit-fields -> a constant of their struct in which one of them has all its bits set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.c_definitions import literal
from abicheck.model.paths import see_through
from abicheck.model.types import SIGNED_WIDTHS, Enum, Named, Scalar

if TYPE_CHECKING:
    from abicheck.generation.c_names import Names
    from abicheck.generation.plan import FieldRecord
    from abicheck.model.contract import Contract
    from abicheck.model.types import Struct

SIGNED_NAMES = {
    *SIGNED_WIDTHS, "isize", "ssize_t", "ptrdiff_t", "intptr_t", "c_schar", "c_short", "c_int",
    "c_long", "c_longlong", "int8_t", "int16_t", "int32_t", "int64_t",
}  # fmt: skip


class Sample:
    """The type and the initialiser of the sample of one bit-field."""

    def __init__(
        self, name: str, struct: Struct, field: FieldRecord, names: Names, contract: Contract
    ) -> None:
        """Write both, for a sample called `name`."""
        self.name = name
        self.type = names.type(struct.name)
        value = self._ones(field, contract, names)
        self.value = f"{names.macro('SAMPLE')}({names.field(field.name)}, {value}"
        before = sum(
            1
            for other in struct.fields[: field.index]
            if other.name is not None or other.bit_width is None
        )
        behind = sum(
            1
            for other in struct.fields[field.index + 1 :]
            if other.name is not None or other.bit_width is None
        )
        places = [*["{}"] * before, value, *["{}"] * behind]
        self.value += f", {', '.join(places)})"

    def _ones(self, field: FieldRecord, contract: Contract, names: Names) -> str:
        width = field.field.bit_width or 0
        seen = see_through(field.field.type, contract.definitions)
        if isinstance(seen, Named):
            enum = contract.definitions.get(seen.name)
            assert isinstance(enum, Enum)
            is_signed = enum.repr.startswith("i") or any(each.value < 0 for each in enum.values)
            number = "-1" if is_signed else literal((1 << width) - 1)
            return f"{names.macro('CAST')}({names.type(seen.name)}, {number})"
        assert isinstance(seen, Scalar)
        if seen.name == "bool":
            return "1"
        if seen.name in SIGNED_NAMES:
            return "-1"
        return literal((1 << width) - 1) + ("" if width > 31 else "u")  # noqa: PLR2004
