"""Bit-fields -> methods that read and write them in the bytes that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.plan import expanded
from abicheck.generation.rust import text
from abicheck.generation.rust.types import identifier, type_name
from abicheck.model.types import SIGNED_WIDTHS, Enum, Named, Scalar, spell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.generation.rust.storage import Part
    from abicheck.generation.rust.types import Writer
    from abicheck.model.types import Field, Struct

WIDEST = 64
SIGNED = {
    *SIGNED_WIDTHS, "isize", "c_schar", "c_short", "c_int", "c_long", "c_longlong", "ssize_t",
    "ptrdiff_t", "intptr_t", "int8_t", "int16_t", "int32_t", "int64_t",
}  # fmt: skip

FUNCTIONS = """\
/// Returns `width` bits from bit `first` on, counted as this target's C counts them.
#[allow(dead_code)]
const fn read_bits(bytes: &[u8], first: usize, width: usize) -> u64 {
    let mut value = 0;
    let mut index = 0;
    while index < width {
        let at = first + index;
        if cfg!(target_endian = "big") {
            value = value << 1 | (bytes[at / 8] >> (7 - at % 8) & 1) as u64;
        } else {
            value |= ((bytes[at / 8] >> (at % 8) & 1) as u64) << index;
        }
        index += 1;
    }
    value
}

/// Returns the same bits as a number with a sign.
#[allow(dead_code, clippy::cast_possible_wrap)]
const fn read_signed_bits(bytes: &[u8], first: usize, width: usize) -> i64 {
    let unused = 64 - width;
    (read_bits(bytes, first, width) << unused) as i64 >> unused
}

/// Writes the lowest `width` bits of `value` from bit `first` on.
#[allow(dead_code)]
fn write_bits(bytes: &mut [u8], first: usize, width: usize, value: u64) {
    for index in 0..width {
        let (at, big) = (first + index, cfg!(target_endian = "big"));
        let from = if big { width - 1 - index } else { index };
        let mask = if big { 0x80 >> (at % 8) } else { 1 << (at % 8) };
        if value >> from & 1 == 1 {
            bytes[at / 8] |= mask;
        } else {
            bytes[at / 8] &= !mask;
        }
    }
}
"""


def accessors(struct: Struct, parts: Sequence[Part], writer: Writer, cfg: str | None) -> list[str]:
    """Return an `impl` with a method to read and one to write for each bit-field of `parts`."""
    casts = ["lossless", "possible_truncation", "possible_wrap", "sign_loss"]
    lints = ["dead_code", *(f"clippy::cast_{each}" for each in casts)]
    lines = text.attribute("cfg", [cfg] if cfg else [])
    lines += text.attribute(
        "allow",
        [
            "non_snake_case",
            *lints,
            "clippy::trivially_copy_pass_by_ref",
            "clippy::unnecessary_cast",
        ],
    )
    lines += [text.SKIP, f"impl {type_name(struct.name)} {{"]
    for part in parts:
        for field, first in part.bits:
            lines += [*_accessor(struct, part, field, first, writer), ""]
    return [*lines[:-1], "}"]


def _accessor(struct: Struct, part: Part, field: Field, first: int, writer: Writer) -> list[str]:
    name, width = field.name or "", field.bit_width or 0
    if width > WIDEST:
        writer.obstacles.append(f"{struct.name}.{name}: a bit-field of more than {WIDEST} bits")
    type_ = expanded(field.type, writer.definitions)
    rust = writer.type(type_)
    definition = writer.definitions.get(type_.name) if isinstance(type_, Named) else None
    scalar = type_.name if isinstance(type_, Scalar) else ""
    is_signed = scalar in SIGNED
    if isinstance(definition, Enum):
        is_signed = definition.repr.startswith("i") or any(
            each.value < 0 for each in definition.values
        )
    read = f"read_{'signed_' if is_signed else ''}bits(&self.{part.name}, {first}, {width})"
    value = "value as u64"
    if scalar == "bool":
        read += " != 0"
        value = "u64::from(value)"
    elif isinstance(definition, Enum):
        read, value = f"{rust}({read} as _)", "value.0 as u64"
    elif scalar == "c_char":
        unsigned, signed = read, read.replace("read_bits", "read_signed_bits")
        read = f"if c_char::MIN == 0 {{ {unsigned} as c_char }} else {{ {signed} as c_char }}"
    else:
        read += f" as {rust}"
    return [
        f"    /// Returns `{name}: {spell(field.type)} : {width}`.",
        "    #[must_use]",
        f"    pub fn {identifier(name)}(&self) -> {rust} {{",
        f"        {read}",
        "    }",
        "",
        f"    /// Sets `{name}` to the lowest bits of `value`.",
        f"    pub fn set_{name}(&mut self, value: {rust}) {{",
        f"        write_bits(&mut self.{part.name}, {first}, {width}, {value});",
        "    }",
    ]
