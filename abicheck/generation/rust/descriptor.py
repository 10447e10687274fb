"""Plan -> Rust that has the compiler measure every record and put the descriptor together.

Source: docs/descriptor.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck import __version__
from abicheck.generation import plan as planning
from abicheck.generation.plan import EnumRecord, ExportRecord, OpaqueRecord, StructRecord
from abicheck.generation.rust import text
from abicheck.generation.rust.definitions import integer_of
from abicheck.generation.rust.storage import rust_names
from abicheck.generation.rust.targets import group_targets
from abicheck.generation.rust.types import identifier
from abicheck.model.types import Array, FunctionType, Pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.generation.plan import FieldRecord, Plan
    from abicheck.generation.rust.definitions import Definitions
    from abicheck.model.types import EnumValue, Type

HEADER, NOTE = 12, 24
"""Bytes of the descriptor's header, and of the note's before it."""

FIXED = {
    planning.CONTRACT: 14, planning.STRUCT: 23, planning.UNION: 23, planning.OPAQUE: 12,
    planning.FIELD: 22, planning.BIT_FIELD: 24, planning.ENUM: 19, planning.ENUMERATOR: 12,
    planning.FUNCTION: 13, planning.DATA: 17,
}  # fmt: skip
"""Where the strings of a record begin, by its kind."""

LONGEST = 0xFFFF
NOT_MEASURED = 2


class Descriptor:
    """Writes the records of one contract; `length` is that of the whole note."""

    def __init__(self, plan: Plan, definitions: Definitions) -> None:
        """Prepare to write what `plan` lists; `definitions` has been written already."""
        self.plan, self.definitions = plan, definitions
        self.writer = definitions.writer.inside()
        self.described = HEADER
        self.rows = list(self._rows())
        self.length = -(-(NOTE + self.described) // 4) * 4

    def lines(self) -> list[str]:
        """Return the function that puts the descriptor together, as a table."""
        return [
            "    /// The descriptor of this build; `_bound` are the optional exports that it has.",
            "    #[rustfmt::skip]",
            "    pub const fn descriptor(_bound: &[&str]) -> Descriptor {",
            "        Records::new()",
            *(f"            {row}" for row in self.rows),
            "            .finish()",
            "    }",
        ]

    def kinds(self) -> list[str]:
        """Return an `impl Kind` for each type that only this contract has."""
        lines: list[str] = []
        for name, kind in self._named_kinds():
            lines += [
                f"    impl Kind for {name} {{",
                f"        const KIND: u8 = {kind};",
                "    }",
                "",
            ]
        for convention, count, is_variadic in sorted(set(self._functions())):
            types = [f"A{index}" for index in range(count)]
            generics = ", ".join(["R", *types])
            taken = ", ".join([*types, "..."] if is_variadic else types)
            lines += [
                f'    impl<{generics}> Kind for unsafe extern "{convention}" fn({taken}) -> R {{',
                "        const KIND: u8 = 6;",
                "    }",
                "",
            ]
        return lines

    def bit_offsets(self) -> list[str]:
        """Return a constant for each bit-field's offset, for each group of targets."""
        lines: list[str] = []
        for (struct, name), offsets in self.definitions.bit_offsets.items():
            for group in group_targets(offsets):
                lines += [f"    {each}" for each in _cfg(group.cfg)]
                lines.append(f"    const {_constant(struct, name)}: u64 = {offsets[group.target]};")
        return [*lines, ""] if lines else []

    # Rows: a record each.

    def _rows(self) -> Iterator[str]:
        contract = self.plan.contract
        yield self._row(
            planning.CONTRACT,
            [f"number({self.plan.fingerprint:#018x}, 8)", f"number({self.plan.count}, 2)"],
            [contract.name, contract.version, f"abicheck {__version__}, Rust"],
        )
        for record in self.plan.records:
            match record:
                case StructRecord():
                    yield from self._struct(record)
                case EnumRecord():
                    yield from self._enum(record)
                case OpaqueRecord():
                    room = f"room::<{self.writer.named(record.name)}>()"
                    yield self._row(planning.OPAQUE, [room], [record.name])
                case ExportRecord():
                    yield self._export(record)

    def _row(self, kind: int, numbers: Sequence[str], strings: Sequence[str]) -> str:
        length = FIXED[kind] + sum(len(each.encode()) + 1 for each in strings)
        if length > LONGEST:
            self.writer.obstacles.append(f"{strings[0]}: its type is too long")
        self.described += length
        calls = [
            f"record({length}, {kind}, {FIXED[kind]})",
            *numbers,
            *(f"text({text.string(each)})" for each in strings),
        ]
        return "".join(f".{each}" for each in calls)

    def _struct(self, record: StructRecord) -> Iterator[str]:
        is_open = record.struct.is_partial and record.struct.size is None
        numbers = [
            "number(0, 8)" if is_open else f"room::<{self.writer.named(record.name)}>()",
            f"number({record.fingerprint:#018x}, 8)",
            f"number({len(record.fields)}, 2)",
            f"number({record.flags}, 1)",
        ]
        yield self._row(record.kind, numbers, [record.name])
        for field in record.fields:
            yield self._field(record, field)

    def _field(self, record: StructRecord, field: FieldRecord) -> str:
        fingerprint = f"number({field.fingerprint:#018x}, 8)"
        width = field.field.bit_width
        if width is not None:
            declared = f"number({_constant(record.name, field.name)}, 4)"
            numbers = [f"number({width}, 4)", "number(0, 4)", declared, fingerprint]
            return self._row(planning.BIT_FIELD, numbers, [field.name, field.text])
        struct = self.writer.named(record.name)
        place = identifier(rust_names(record.struct)[field.index])
        measured = f"measure(|it: *const {struct}| unsafe {{ &raw const (*it).{place} }})"
        return self._row(
            planning.FIELD,
            [f"field(offset_of!({struct}, {place}), {measured})", fingerprint],
            [field.name, field.text, field.free],
        )

    def _enum(self, record: EnumRecord) -> Iterator[str]:
        enum, name = record.enum, self.writer.named(record.name)
        signed = NOT_MEASURED if enum.repr == "C" else int(enum.repr.startswith("i"))
        numbers = [
            f"number(size_of::<{name}>() as u64, 4)",
            f"number({signed}, 1)",
            f"number({record.fingerprint:#018x}, 8)",
            f"number({len(record.values)}, 2)",
        ]
        yield self._row(planning.ENUM, numbers, [record.name])
        for value in record.values:
            yield self._value(name, value)

    def _value(self, name: str, value: EnumValue) -> str:
        number = f"number({name}::{identifier(value.name)}.0 as u64, 8)"
        return self._row(planning.ENUMERATOR, [number], [value.name])

    def _export(self, record: ExportRecord) -> str:
        name, optional = record.name, record.export.is_optional
        bound = f"number(has(_bound, {text.string(name)}), 1)" if optional else "number(1, 1)"
        numbers = [bound, f"number({record.fingerprint:#018x}, 8)"]
        if not record.is_data:
            return self._row(planning.FUNCTION, numbers, [name, record.text, record.free])
        is_open = isinstance(record.type, Array) and record.type.count is None
        size = "0" if is_open else f"size_of::<{export_type(name)}>() as u64"
        return self._row(planning.DATA, [*numbers, f"number({size}, 4)"], [name, record.text])

    # Kinds of types that only this contract has.

    def _named_kinds(self) -> Iterator[tuple[str, int | str]]:
        if "c_longdouble" in self.writer.ours():
            yield "super::c_longdouble", planning.FLOAT
        for record in self.plan.records:
            name = self.writer.named(record.name) if not isinstance(record, ExportRecord) else ""
            if isinstance(record, StructRecord | OpaqueRecord):
                yield name, planning.AGGREGATE
            elif isinstance(record, EnumRecord):
                yield name, f"{integer_of(record.enum)}::KIND"

    def _functions(self) -> Iterator[tuple[str, int, bool]]:
        for record in self.plan.records:
            for field in record.fields if isinstance(record, StructRecord) else ():
                function = _pointee(field.type)
                if function is not None:
                    yield function.convention, len(function.parameters), function.is_variadic


def export_type(name: str) -> str:
    """Return the name under which the hidden module has the type of an export."""
    return f"export_{name}"


def _pointee(type_: Type) -> FunctionType | None:
    while isinstance(type_, Array):
        type_ = type_.element
    return type_.to if isinstance(type_, Pointer) and isinstance(type_.to, FunctionType) else None


def _constant(struct: str, name: str) -> str:
    return f"BITS_{struct}_{name}"


def _cfg(predicate: str | None) -> list[str]:
    return text.attribute("cfg", [predicate] if predicate else [])
