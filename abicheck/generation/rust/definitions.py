"""Definitions of a contract -> Rust items: structs, unions, newtypes for enums and opaque types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.plan import expanded, takes_back, types_within
from abicheck.generation.rust import text
from abicheck.generation.rust.bits import FUNCTIONS, accessors
from abicheck.generation.rust.storage import (
    Part,
    Placed,
    UnwritableError,
    needs_placing,
    place,
    rust_names,
)
from abicheck.generation.rust.targets import group_targets
from abicheck.generation.rust.types import (
    identifier,
    is_camel_case,
    is_snake_case,
    is_upper_case,
    type_name,
)
from abicheck.layout import facts_for, lay_out
from abicheck.model.types import (
    Alias,
    Array,
    Enum,
    FunctionType,
    Named,
    Opaque,
    Scalar,
    Struct,
    spell,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from abicheck.generation.rust.types import Writer
    from abicheck.model.target import Target
    from abicheck.model.types import Definition, Field, Type

VA_LISTS = {
    "arm": [("_ap", "*mut core::ffi::c_void")],
    "aarch64": [
        ("_stack", "*mut core::ffi::c_void"), ("_gr_top", "*mut core::ffi::c_void"),
        ("_vr_top", "*mut core::ffi::c_void"), ("_gr_offs", "core::ffi::c_int"),
        ("_vr_offs", "core::ffi::c_int"),
    ],
}  # fmt: skip
"""The structs that some machines pass by value. Source: AAPCS64, "Appendix: Variable argument
lists"; AAPCS32, "Additional types"."""

MOST_COMPLEX = 90
"""How long a type may be before clippy might call it complex."""


class Definitions:
    """Writes every definition of a contract, each for the targets on which it is alike."""

    def __init__(self, writer: Writer, targets: Sequence[Target]) -> None:
        """Prepare to write what `writer.contract` defines."""
        self.writer, self.contract, self.targets = writer, writer.contract, targets
        self.bit_offsets: dict[tuple[str, str], dict[Target, int]] = {}

    def lines(self) -> list[str]:
        """Return every item, an empty line before each."""
        found: list[str] = []
        for name in self.writer.ours():
            found += ["", *getattr(self, f"_{name}")()]
        for definition in self.contract.definitions.values():
            found += ["", *self._definition(definition)]
        if self.bit_offsets:
            found += ["", *FUNCTIONS.splitlines()]
        return found

    def _definition(self, definition: Definition) -> list[str]:
        match definition:
            case Struct():
                return self._struct(definition)
            case Enum():
                return self._enum(definition)
            case Opaque():
                return self._opaque(definition)
            case Alias(name):
                self.writer.place = f"types.{name}"
                written = self.writer.type(definition.type)
                return [
                    *text.documentation(f"The contract's name for `{spell(definition.type)}`."),
                    *text.attribute(
                        "allow",
                        [
                            "dead_code",
                            *_type_lints(name),
                            *_snake_case(_parameters(definition.type)),
                            *_complex(written),
                        ],
                    ),
                    *text.alias(type_name(name), written),
                ]

    # Structs and unions.

    def _struct(self, struct: Struct) -> list[str]:
        self._check(struct)
        if not needs_placing(struct):
            parts = _plain_parts(struct)
            return self._item(struct, Placed(parts, struct.packed, struct.align), None)
        renderings: dict[Target, str] = {}
        placements: dict[Target, Placed | str] = {}
        for target in self.targets:
            try:
                placed = place(struct, lay_out(self.contract, target))
                placements[target] = placed
                renderings[target] = repr(placed)
                self._note_bits(struct, placed, target)
            except UnwritableError as reason:
                placements[target] = str(reason)
                renderings[target] = str(reason)
        lines: list[str] = []
        for group in group_targets(renderings):
            placed_or_not = placements[group.target]
            lines += [""] if lines else []
            if isinstance(placed_or_not, str):
                lines += text.attribute("cfg", [group.cfg] if group.cfg else [])
                lines += [text.SKIP, f"compile_error!({text.string(placed_or_not)});"]
            else:
                lines += self._item(struct, placed_or_not, group.cfg)
        if all(isinstance(each, str) for each in placements.values()):
            self.writer.obstacles.append(str(placements[self.targets[0]]))
        return lines

    def _check(self, struct: Struct) -> None:
        if struct.packed and struct.align:
            self.writer.obstacles.append(
                f"{struct.name}: a Rust struct cannot be both packed and aligned"
            )
        if struct.packed and any(self._demands_alignment(each) for each in struct.fields):
            self.writer.obstacles.append(
                f"{struct.name}: a packed struct in Rust holds nothing that states an alignment"
            )
        if any(_holds(field, "va_list", self.contract.definitions) for field in struct.fields):
            self.writer.obstacles.append(f"{struct.name}: Rust stores no va_list")

    def _demands_alignment(self, field: Field) -> bool:
        """Whether a field's type says `align(N)`, itself or inside."""
        type_ = expanded(field.type, self.contract.definitions)
        while isinstance(type_, Array):
            type_ = type_.element
        if isinstance(type_, Scalar):
            return type_.name == "c_longdouble"
        definition = self.contract.definitions.get(type_.name) if isinstance(type_, Named) else None
        if isinstance(definition, Struct):
            return bool(definition.align) or any(
                self._demands_alignment(each) for each in definition.fields
            )
        return isinstance(definition, Opaque)

    def _note_bits(self, struct: Struct, placed: Placed, target: Target) -> None:
        layout = lay_out(self.contract, target).layout(struct.name)
        for found in getattr(layout, "fields", ()):
            if found.bit_offset is not None:
                key = (struct.name, found.name or "")
                self.bit_offsets.setdefault(key, {})[target] = found.bit_offset
        assert placed.parts or not struct.fields

    def _item(self, struct: Struct, placed: Placed, cfg: str | None) -> list[str]:
        names = [part.name for part in placed.parts if part.field is not None]
        lines = text.documentation(*self._about(struct))
        fields: list[str] = []
        for part in placed.parts:
            self.writer.place = f"{struct.subject}.{part.name}"
            fields += self._part(part)
        lines += text.attribute("cfg", [cfg] if cfg else [])
        lints = ["dead_code", *_type_lints(struct.name), *_field_lints(names, struct)]
        if any("fn(" in each and len(each) > MOST_COMPLEX and "///" not in each for each in fields):
            lints.append("clippy::type_complexity")
        lines += text.attribute("allow", lints)
        lines += [f"#[repr({_repr(struct, placed)})]", "#[derive(Clone, Copy)]"]
        keyword = "union" if struct.is_union else "struct"
        opening = f"pub {keyword} {type_name(struct.name)} {{"
        lines += [opening, *fields, "}"] if fields else [opening + "}"]
        bits = [part for part in placed.parts if part.bits]
        if bits:
            lines += ["", *accessors(struct, bits, self.writer, cfg)]
        return lines

    def _about(self, struct: Struct) -> list[str]:
        kind = "union" if struct.is_union else "struct"
        about = [f"The contract's {kind} `{struct.name}`."]
        if struct.is_partial:
            about += [
                "",
                "Only some of its fields are known: what lies between them is padding here.",
            ]
        return about

    def _part(self, part: Part) -> list[str]:
        if part.field is None:
            return [*text.documentation(_about_bytes(part), indent="    "), *_bytes(part)]
        about = [f"`{spell(part.field.type)}`"]
        free = takes_back(part.field.free, part.field.type, self.contract.definitions)
        about[0] += _who_takes_back(free)
        if part.field.since:
            about[0] += f"; since version {part.field.since}"
        if isinstance(part.field.type, Array) and part.field.type.count is None:
            about[0] += ": as many as there are, behind the struct"
        about[0] += "."
        written = self.writer.type(part.field.type)
        documented = text.documentation(*about, indent="    ")
        return [*documented, *text.field(identifier(part.name), written)]

    # Enums.

    def _enum(self, enum: Enum) -> list[str]:
        name, integer = type_name(enum.name), integer_of(enum)
        closed = "no others are valid" if enum.is_closed else "a newer side may know more"
        lints = ["dead_code", *_type_lints(enum.name)]
        lines = [
            *text.documentation(
                f"The contract's enum `{enum.name}`: {closed}.",
                "",
                "No Rust `enum`, which is undefined behaviour with a value that it does not list:",
                "any may arrive from the other side.",
            ),
            *text.attribute("allow", lints),
            "#[repr(transparent)]",
            "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]",
            f"pub struct {name}(pub {integer});",
        ]
        if not enum.values:
            return lines
        shouting = all(is_upper_case(each.name) for each in enum.values)
        allowed = ["dead_code", *([] if shouting else ["non_upper_case_globals"])]
        lines += ["", *text.attribute("allow", allowed), f"impl {name} {{"]
        for value in enum.values:
            since = f"; since version {value.since}" if value.since else ""
            lines += text.documentation(f"`{value.name} = {value.value}`{since}.", indent="    ")
            lines.append(f"    pub const {identifier(value.name)}: Self = Self({value.value:_});")
        return [*lines, "}"]

    # Opaque types, and those of C that Rust lacks.

    def _opaque(self, opaque: Opaque) -> list[str]:
        name = type_name(opaque.name)
        lints = ["dead_code", *_type_lints(opaque.name)]
        if opaque.size is None:
            return [
                *text.documentation(
                    f"The contract's opaque type `{opaque.name}`: only pointed to."
                ),
                *text.attribute("allow", lints),
                "#[repr(C)]",
                f"pub struct {name} {{",
                "    _opaque: [u8; 0],",
                "    _marker: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,",
                "}",
            ]
        about = f"The contract's opaque type `{opaque.name}`, as so many bytes."
        sizes = {}
        for target in self.targets:
            size = opaque.size.value_for(target)
            alignment = opaque.alignment.value_for(target) if opaque.alignment else None
            sizes[target] = (size, alignment)
        return self._blobs(name, about, lints, sizes)

    def _c_longdouble(self) -> list[str]:
        about = "C's `long double`, which Rust has not: its bytes."
        sizes = {}
        for target in self.targets:
            facts = facts_for(target)
            kind, size = facts.scalars["c_longdouble"]
            sizes[target] = (size, facts.alignments[kind, size])
        return self._blobs("c_longdouble", about, ["dead_code", "non_camel_case_types"], sizes)

    def _blobs(
        self,
        name: str,
        about: str,
        lints: list[str],
        sizes: Mapping[Target, tuple[int | None, int | None]],
    ) -> list[str]:
        lines: list[str] = []
        for group in group_targets(sizes):
            size, alignment = sizes[group.target]
            lines += [""] if lines else []
            if size is None or alignment is None:
                message = f"the contract states no size of {name} for this target"
                lines += text.attribute("cfg", [group.cfg] if group.cfg else [])
                lines += [text.SKIP, f"compile_error!({text.string(message)});"]
                continue
            lines += text.documentation(about)
            lines += text.attribute("cfg", [group.cfg] if group.cfg else [])
            lines += text.attribute("allow", lints)
            lines += [
                f"#[repr(C, align({alignment}))]",
                "#[derive(Clone, Copy)]",
                f"pub struct {name}(pub [core::mem::MaybeUninit<u8>; {size}]);",
            ]
        return lines

    def _wchar_t(self) -> list[str]:
        kinds = {}
        for target in self.targets:
            kind, size = facts_for(target).scalars["wchar_t"]
            kinds[target] = f"{'u' if kind == 'unsigned' else 'i'}{8 * size}"
        lines: list[str] = []
        for group in group_targets(kinds):
            lines += ["", *text.documentation("C's `wchar_t`.")]
            lines += text.attribute("cfg", [group.cfg] if group.cfg else [])
            lines += ["#[allow(dead_code, non_camel_case_types)]"]
            lines += text.alias("wchar_t", kinds[group.target])
        return lines[1:]

    def _va_list(self) -> list[str]:
        """Write what a parameter of type `va_list` is: a pointer, or a struct of pointers."""
        machines = {target: _machine_of_va_list(target) for target in self.targets}
        lines: list[str] = []
        for group in group_targets(machines):
            lines += [
                "",
                *text.documentation("C's `va_list` as a parameter; Rust cannot look into it."),
            ]
            lines += text.attribute("cfg", [group.cfg] if group.cfg else [])
            lines += ["#[allow(dead_code, non_camel_case_types)]"]
            fields = VA_LISTS.get(machines[group.target])
            if fields is None:
                lines += text.alias("va_list", "*mut core::ffi::c_void")
                continue
            lines += ["#[repr(C)]", "#[derive(Clone, Copy)]", "pub struct va_list {"]
            lines += [f"    {name}: {type_}," for name, type_ in fields]
            lines += ["}"]
        return lines[1:]


def _machine_of_va_list(target: Target) -> str:
    return target.machine if facts_for(target).va_list == "__va_list" else ""


def integer_of(enum: Enum) -> str:
    """Return the integer type that an enum's values have."""
    if enum.repr != "C":
        return enum.repr
    numbers = [each.value for each in enum.values] or [0]
    lowest, highest = min(numbers), max(numbers)
    if lowest >= -(2**31) and highest < 2**31:
        return "core::ffi::c_int"
    if lowest >= 0:
        return "core::ffi::c_uint" if highest < 2**32 else "u64"
    return "i64"


def _plain_parts(struct: Struct) -> tuple[Part, ...]:
    names = rust_names(struct)
    return tuple(
        Part(name=name, field=field) for name, field in zip(names, struct.fields, strict=True)
    )


def _repr(struct: Struct, placed: Placed) -> str:
    if struct.is_transparent:
        return "transparent"
    marks = ["C"]
    if placed.packed:
        marks.append("packed" if placed.packed == 1 else f"packed({placed.packed})")
    if placed.align:
        marks.append(f"align({placed.align})")
    return ", ".join(marks)


def _bytes(part: Part) -> list[str]:
    if part.aligning:
        return text.field(part.name, f"[{part.aligning}; 0]")
    return text.field(part.name, f"[u8; {part.size}]")


def _about_bytes(part: Part) -> str:
    if part.bits:
        names = ", ".join(f"`{field.name}`" for field, _ in part.bits)
        return f"The bytes of {names}."
    return "Aligns the struct." if part.aligning else "Bytes of which the contract says nothing."


def _who_takes_back(free: str) -> str:
    if not free:
        return ""
    takers = {"host": "the host gives back what it returns", "false": "what it returns is borrowed"}
    return f": {takers.get(free, f'what it returns goes back to `{free}`')}"


def _type_lints(name: str) -> list[str]:
    return [] if is_camel_case(name) else ["non_camel_case_types"]


def _complex(written: str) -> list[str]:
    return ["clippy::type_complexity"] if len(written) > MOST_COMPLEX else []


def _parameters(*types: Type) -> list[str]:
    """Return the names of the parameters of all functions within types."""
    functions = [each for each in types_within(*types) if isinstance(each, FunctionType)]
    return [each.name for function in functions for each in function.parameters if each.name]


def _snake_case(names: Iterable[str]) -> list[str]:
    return [] if all(map(is_snake_case, names)) else ["non_snake_case"]


def _field_lints(names: Sequence[str], struct: Struct) -> list[str]:
    lints = _snake_case([*names, *_parameters(*(field.type for field in struct.fields))])
    if any(name.startswith("_") for name in names):
        lints.append("clippy::pub_underscore_fields")
    if len(struct.fields) > 2:  # noqa: PLR2004  fewer have no prefix in common
        lints.append("clippy::struct_field_names")
    if sum(field.type == Scalar("bool") for field in struct.fields) > 3:  # noqa: PLR2004
        lints.append("clippy::struct_excessive_bools")
    return lints


def _holds(field: Field, scalar: str, definitions: object) -> bool:
    type_ = expanded(field.type, definitions)  # type: ignore[arg-type]
    while isinstance(type_, Array):
        type_ = type_.element
    return type_ == Scalar(scalar)
