"""Bit-fields -> a constant of their struct in which one of them has all its bits set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.c_definitions import literal
from abicheck.generation.c_types import declare, scalar
from abicheck.model.paths import see_through, struct_of
from abicheck.model.types import SIGNED_WIDTHS, Array, Enum, Named, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from abicheck.generation.c_names import Names
    from abicheck.generation.plan import FieldRecord
    from abicheck.model.contract import Contract
    from abicheck.model.types import Definition, Field, Struct, Type

SIGNED_NAMES = {
    *SIGNED_WIDTHS, "isize", "ssize_t", "ptrdiff_t", "intptr_t", "c_schar", "c_short", "c_int",
    "c_long", "c_longlong", "int8_t", "int16_t", "int32_t", "int64_t",
}  # fmt: skip


SIGN_OF_THE_TARGET = frozenset({"c_char", "wchar_t"})
INT_BITS, WIDEST_LITERAL = 32, 64


class Sample:
    """The type and the initialiser of the sample of one bit-field."""

    def __init__(
        self, name: str, struct: Struct, field: FieldRecord, names: Names, contract: Contract
    ) -> None:
        """Write both, for a sample called `name`."""
        self.name = name
        self.type = names.type(struct.name)
        self.prelude: tuple[str, ...] = ()
        value = self._ones(field, contract, names)
        before = _count_of_members(struct.fields[: field.index])
        behind = _count_of_members(struct.fields[field.index + 1 :])
        if struct.is_union:
            behind = 0
            if before:
                before = 0
                self._stand_in(field, names)
        places = ", ".join([*["{}"] * before, value, *["{}"] * behind])
        self.value = f"{names.macro('SAMPLE')}({names.field(field.name)}, {value}, {places})"

    def _stand_in(self, field: FieldRecord, names: Names) -> None:
        """Give C++, which initialises the first member of a union alone, a union that begins so."""
        whole, self.type = self.type, f"{names.stem}_{self.name}"
        member = f"{declare(field.type, names.field(field.name), names)} : {field.field.bit_width}"
        self.prelude = (
            "#if defined(__cplusplus)",
            f"union {self.type} {{",
            f"    {names.macro('EXTENSION')} {member};",
            f"    {whole} whole;",
            "};",
            "#else",
            f"typedef {whole} {self.type};",
            "#endif",
        )

    def _ones(self, field: FieldRecord, contract: Contract, names: Names) -> str:
        width = field.field.bit_width or 0
        seen = see_through(field.field.type, contract.definitions)
        if isinstance(seen, Named):
            enum = contract.definitions.get(seen.name)
            assert isinstance(enum, Enum)
            name, ones = names.type(seen.name), literal((1 << width) - 1)
            if enum.repr != "C":
                number = "-1" if enum.repr.startswith("i") else ones
                return f"{names.macro('CAST')}({name}, {number})"
            number = f"({names.macro('SIGN')}({name}) ? -1 : {ones})"
            return f"{names.macro('BITS')}({name}, {number})"
        assert isinstance(seen, Scalar)
        if seen.name == "bool":
            return "1"
        if seen.name in SIGNED_NAMES:
            return "-1"
        name = scalar(seen.name, names)
        if seen.name in SIGN_OF_THE_TARGET:
            return f"({names.macro('SIGN')}({name}) ? -1 : {literal((1 << width) - 1)})"
        if width > WIDEST_LITERAL:
            return f"(~{names.macro('CAST')}({name}, 0) >> {128 - width})"
        return literal((1 << width) - 1) + ("" if width >= INT_BITS else "u")


def is_flexible(type_: Type, definitions: Mapping[str, Definition]) -> bool:
    """Whether values of a type end in an array of unknown length: nothing can follow them."""
    seen = see_through(type_, definitions)
    if isinstance(seen, Array):
        return seen.count is None or is_flexible(seen.element, definitions)
    struct = struct_of(seen, definitions)
    return struct is not None and any(is_flexible(each.type, definitions) for each in struct.fields)


def _count_of_members(fields: Sequence[Field]) -> int:
    """Return how many of the fields take an initialiser: unnamed bit-fields have none."""
    return sum(1 for field in fields if field.name is not None or field.bit_width is None)
