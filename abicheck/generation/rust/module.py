"""What the modules for plugins and for hosts in Rust have in common: head and hidden module."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from abicheck.errors import GenerationError
from abicheck.generation.head import head
from abicheck.generation.names import identifier
from abicheck.generation.plan import ExportRecord
from abicheck.generation.rust import text
from abicheck.generation.rust.descriptor import export_type
from abicheck.generation.rust.types import OURS, RUST_NAMES
from abicheck.model.types import Array, FunctionType

if TYPE_CHECKING:
    from abicheck.generation.plan import Plan
    from abicheck.generation.rust.descriptor import Descriptor
    from abicheck.generation.rust.types import Writer
    from abicheck.model.contract import Contract


def name_of(contract: Contract) -> str:
    """Return the contract's name as identifiers have it."""
    return identifier(contract.name)


def first_lines(contract: Contract, about: list[str], *, host: bool = False) -> list[str]:
    """Return what made the file, from which contract, and how to make it again."""
    lines = [*head(contract, "rust", host=host), "", *about, "Needs Rust 1.82 or newer."]
    return [*(f"// {line}".rstrip() for line in lines), ""]


def imports(items: list[str]) -> list[str]:
    """Return the `use` of those names of `core::ffi` that stand in the code of `items`."""
    code = "\n".join(line for line in items if not line.lstrip().startswith("//"))
    names = sorted(set(re.findall(r"(?<![:\w])c_[a-z]+\b", code)) - set(OURS) - set(RUST_NAMES))
    if not names:
        return []
    if len(names) == 1:
        return [f"use core::ffi::{names[0]};"]
    line = f"use core::ffi::{{{', '.join(names)}}};"
    if len(line) <= text.LINE:
        return [line]
    lines, current = ["use core::ffi::{"], "   "
    for name in names:
        if len(current) + len(name) + 2 > text.LINE:
            lines.append(current)
            current = "   "
        current += f" {name},"
    return [*lines, current, "};"]


def hidden_module(plan: Plan, writer: Writer, descriptor: Descriptor) -> list[str]:
    """Return the module of what the registration macro needs: types of exports, the descriptor."""
    lints = [
        "dead_code", "non_camel_case_types", "non_upper_case_globals", "unused_imports",
        "unused_unsafe", "clippy::all", "clippy::pedantic",
    ]  # fmt: skip
    writer = writer.inside()
    exports, kinds = _export_types(plan, writer), descriptor.kinds()
    return [
        "/// The descriptor and the types of the exports; not for use by hand.",
        "#[doc(hidden)]",
        *text.attribute("allow", lints),
        f"pub mod abicheck_{name_of(plan.contract)} {{",
        *(f"    {line}" for line in imports([*exports, *kinds])),
        "    use core::mem::{align_of, offset_of, size_of};",
        "",
        *exports,
        "    /// Bytes of the descriptor without the note's header, and of the whole note.",
        f"    pub const DESCRIBED: usize = {descriptor.described};",
        f"    pub const LENGTH: usize = {descriptor.length};",
        "",
        "    /// An ELF note on every format; `docs/descriptor.md` specifies the bytes.",
        "    #[repr(C, align(4))]",
        "    pub struct Descriptor(pub [u8; LENGTH]);",
        "",
        *descriptor.bit_offsets(),
        *descriptor.lines(),
        "",
        *kinds,
        *machinery("descriptor.rs").splitlines(),
        "}",
    ]


def _export_types(plan: Plan, writer: Writer) -> list[str]:
    lines: list[str] = []
    for record in plan.records:
        if not isinstance(record, ExportRecord):
            continue
        writer.place = f"exports.{record.name}"
        if isinstance(record.type, FunctionType):
            written = writer.prototype(record.type)
        elif isinstance(record.type, Array) and record.type.count is None:
            written = f"[{writer.type(record.type.element)}]"
        else:
            written = writer.type(record.type)
        lines += text.documentation(f"`{record.text}`", indent="    ")
        lines += [*text.alias(export_type(record.name), written, "    "), ""]
    return lines


@cache
def machinery(name: str) -> str:
    """Return a file of Rust that every generated module has word for word."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def raise_for(writer: Writer) -> None:
    """Raise for all that Rust cannot express, once each."""
    if writer.obstacles:
        raise GenerationError(list(dict.fromkeys(writer.obstacles)))


def tidy(lines: list[str]) -> str:
    """Return the text of a file: no two empty lines in a row, one line end at the end."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n"
