"""Types read from a plugin -> one line of text each, for tables of what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from abicheck.evidence.dwarf import open_types
from abicheck.evidence.elf.file import ElfFile
from abicheck.evidence.files import open_bytes
from abicheck.model.evidence import DATA, FUNCTION, IFUNC, UNKNOWN, Origin, Symbol, Unseen
from abicheck.model.layout import (
    ArrayLayout,
    EnumLayout,
    FunctionLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    UnknownLayout,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from abicheck.evidence.dwarf.source import DwarfTypes
    from abicheck.model.layout import FieldLayout, TypeId

DEEPEST = 10
KINDS = {
    "STT_FUNC": FUNCTION, "STT_OBJECT": DATA, "STT_GNU_IFUNC": IFUNC, "STT_LOOS": IFUNC,
}  # fmt: skip
SHORT = {"unsigned": "u", "signed": "i", "char": "char", "bool": "bool", "float": "f",
         "complex": "complex"}  # fmt: skip


def symbols_of(file: Path) -> dict[str, Symbol]:
    """Return the exports of a plugin by name, as pyelftools reads them."""
    with file.open("rb") as stream:
        elf = ELFFile(stream)
        found = {}
        table = elf.get_section_by_name(".dynsym")
        assert isinstance(table, SymbolTableSection)
        for symbol in table.iter_symbols():
            if symbol["st_shndx"] == "SHN_UNDEF" or not symbol.name:
                continue
            kind = KINDS.get(symbol["st_info"]["type"], UNKNOWN)
            thumb = elf["e_machine"] == "EM_ARM" and kind == FUNCTION
            address = symbol["st_value"] & ~1 if thumb else symbol["st_value"]
            found[symbol.name] = Symbol(
                name=symbol.name, kind=kind, address=address, origin=Origin(file=str(file))
            )
        return found


def opened(file: Path | str, *, content: bytes | None = None) -> DwarfTypes:
    """Open the types of a plugin, or of `content` as if it were that plugin."""
    return open_types(ElfFile(str(file), open_bytes(str(file)) if content is None else content))


class Plugin:
    """A plugin and its types, with every answer as text."""

    def __init__(self, file: Path, *, content: bytes | None = None) -> None:
        self.types = opened(file, content=content)
        self.symbols = symbols_of(file)

    def export(self, name: str) -> str:
        """Return the type of an export, or why there is none."""
        symbol = self.symbols[name]
        ask = self.types.variable if symbol.kind == DATA else self.types.function
        found = ask(symbol)
        return f"? {found.reason}" if isinstance(found, Unseen) else spell(self.types, found.value)

    def named(self, name: str, near: Sequence[str] = ()) -> list[str]:
        """Return the definitions of a type."""
        found = self.types.definitions(name, [self.symbols[each] for each in near])
        return [spell(self.types, each.value) for each in found]


def spell(  # noqa: C901  a flat match
    types: DwarfTypes, key: TypeId | None, *, is_pointee: bool = False, depth: int = 0
) -> str:
    """Return a type as text: `i4`, `*char1`, `struct Name:size{field@offset type; ...}`.

    Of a struct behind a pointer only the name is given.
    """
    if key is None:
        return "void"
    if depth > DEEPEST:
        return "..."
    layout = types.layout(key)

    def inner(other: TypeId | None) -> str:
        return spell(types, other, depth=depth + 1)

    match layout:
        case ScalarLayout(kind, size):
            return f"{SHORT[kind]}{size}"
        case PointerLayout(_, target, may_be_null):
            return {True: "?", False: "&", None: "*"}[may_be_null] + spell(
                types, target, is_pointee=True, depth=depth + 1
            )
        case ArrayLayout(element, count, size):
            return f"{'vector' if layout.is_vector else ''}[{inner(element)}; {count}]:{size}"
        case FunctionLayout(parameters, result, is_variadic, convention):
            listed = ", ".join([*map(inner, parameters), *["..."] * is_variadic])
            marks = "" if layout.is_prototyped else "unstated "
            mark = "" if convention in {None, "C"} else f'"{convention}" '
            return f"{marks}{mark}fn({listed}) -> {inner(result)}"
        case StructLayout(name, size, fields, is_union):
            kind = "union" if is_union else "struct"
            mark = "~" if layout.is_transparent else ""
            if is_pointee:
                return name
            listed = "; ".join(_field(field, inner(field.type)) for field in fields)
            return f"{kind}{mark} {name}:{size}{{{listed}}}"
        case EnumLayout(name, size, is_signed, values):
            listed = ", ".join(f"{value}={number}" for value, number in values)
            sign = {True: "i", False: "u", None: ""}[is_signed]
            return f"enum {name}:{sign}{size}{{{listed}}}"
        case OpaqueLayout(name):
            return f"opaque {name}"
        case UnknownLayout(reason):
            return f"unknown ({reason})"


def _field(field: FieldLayout, spelled: str) -> str:
    if field.bit_size is None:
        return f"{field.name or '_'}@{field.offset} {spelled}"
    return f"{field.name or '_'}@{field.bit_offset}:{field.bit_size} {spelled}"
