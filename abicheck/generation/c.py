"""Contract -> a header for plugins in C and C++: types, prototypes, assertions and descriptor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation import c_machinery as machinery
from abicheck.generation.c_assertions import Assertions
from abicheck.generation.c_definitions import Definitions
from abicheck.generation.c_descriptor import Descriptor
from abicheck.generation.c_names import Names
from abicheck.generation.c_prototypes import Prototypes
from abicheck.generation.c_targets import Sheets
from abicheck.generation.c_text import fold
from abicheck.generation.files import GeneratedFile
from abicheck.generation.head import harmless, head
from abicheck.generation.names import file_stem
from abicheck.generation.plan import make_plan, types_mentioned
from abicheck.model.types import FunctionType, Scalar, Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from abicheck.model.contract import Contract


def generate(contract: Contract) -> tuple[GeneratedFile, ...]:
    """Return the header of a contract.

    Raises: GenerationError if C cannot express the contract.
    """
    text = "\n".join(_Header(contract).lines()) + "\n"
    return (GeneratedFile(f"{file_stem(contract.name)}.h", text),)


class _Header:
    """Puts the parts of one header together."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.names = Names(contract)
        self.plan = make_plan(contract)
        self.sheets = Sheets(contract, self.names, asserted=True)
        self.places = Sheets(contract, self.names, asserted=False)
        self.assertions = Assertions(self.plan, self.names, self.sheets)
        self.prototypes = Prototypes(self.plan, self.names)
        self.descriptor = Descriptor(self.plan, self.names, self.assertions)
        self.pieces = self.descriptor.pieces()

    def lines(self) -> Iterator[str]:
        """Yield every line."""
        prefix = self.names.prefix
        interface = [*self._interface()]
        declared = [*interface, *self.prototypes.lines()]
        yield from self._head()
        yield f"#if !defined({prefix}_H)"
        yield f"#define {prefix}_H"
        yield ""
        yield from self._includes(declared)
        yield ""
        yield from self._part(machinery.EXPORT)
        used = "\n".join([*declared, *self.descriptor.prelude])
        for mark, part in self._marks():
            if mark in used:
                yield from self._part(part)
        if len(self.places.classes) > 1:
            yield "/* Where types differ: the targets with the same places share a number. */"
            yield from self.places.lines()
        if self._is_unaligned():
            yield from self._part(machinery.UNALIGNED_PUSH)
        yield '#if defined(__cplusplus)\nextern "C" {\n#endif'
        yield ""
        yield from interface
        yield from self._exports()
        yield "#if defined(__cplusplus)\n}\n#endif"
        yield ""
        yield from self._compiler()
        yield "#endif"

    def _head(self) -> Iterable[str]:
        lines = head(self.contract, "c")
        said = [
            "",
            "A plugin includes this file wherever it defines what it exports, and says",
            "",
            f"    {self.names.prefix}_PLUGIN;",
            "",
            "in one source file. That puts a descriptor into the plugin, which says how this",
            "build lays out the types below, so that hosts can check it without running it.",
            *self.prototypes.said(),
        ]
        return ["/*", *(f" * {line}".rstrip() for line in [*lines, *said]), " */", ""]

    def _includes(self, interface: Iterable[str]) -> Iterator[str]:
        text = "\n".join(interface)
        if "va_list" in text:
            yield "#include <stdarg.h>"
        if "bool" in text:
            yield "#if !defined(__cplusplus)\n#include <stdbool.h>\n#endif"
        yield "#include <stddef.h>"
        yield "#include <stdint.h>"

    def _marks(self) -> Iterator[tuple[str, str]]:
        yield self.names.macro("EXTENSION"), machinery.EXTENSION
        yield self.names.macro("PACKED"), machinery.PACKED
        yield self.names.macro("ALIGNED"), machinery.ALIGNED
        for name, text in machinery.CONVENTIONS.items():
            yield self.names.macro(name.upper()), text

    def _interface(self) -> Iterator[str]:
        yield from Definitions(self.contract, self.names, self.places).lines()

    def _exports(self) -> Iterator[str]:
        """Yield the prototypes: for plugins, since a host may have functions of these names."""
        lines = [*self.prototypes.lines()]
        if lines:
            yield f"#if !defined({self.names.prefix}_WITHOUT_EXPORTS)"
            yield from lines
            yield "#endif"
            yield ""

    def _carry(self) -> str:
        """Return what puts the descriptor into its place."""
        structs = [each for each in self.contract.definitions.values() if isinstance(each, Struct)]
        if any(Scalar("va_list") == field.type for each in structs for field in each.fields):
            # To g++ a struct with a va_list is none whose constants it evaluates.
            return machinery.CARRY.replace("@_CONSTANT_", "const")
        return machinery.CARRY

    def _is_unaligned(self) -> bool:
        """Whether something that demands an alignment may lie in something packed."""
        structs = [each for each in self.contract.definitions.values() if isinstance(each, Struct)]
        packs = any(each.packed for each in structs) or any(
            field.bit_width is not None for each in structs for field in each.fields
        )
        return packs and any(each.align for each in structs)

    def _part(self, text: str) -> Iterator[str]:
        yield machinery.filled(text, self.names)

    def _compiler(self) -> Iterator[str]:
        yield "/* From here on for the compiler: what it must agree with, and what it is asked. */"
        yield ""
        for part in (machinery.ASSERT, machinery.MEASURE):
            yield from self._part(part)
        if self.prototypes.exports:
            yield from self._part(machinery.WITHOUT_EXPORTS)
        yield f"#if !defined({self.names.prefix}_WITHOUT_ASSERTIONS)"
        yield ""
        numbers = [*self.assertions.layouts()]
        if numbers:
            yield "/* Targets whose layouts are known: those with the same ones share a number. */"
            yield from self.sheets.lines()
            yield f"#if {self.sheets.number} != 0"
            yield from numbers
            yield "#endif"
            yield ""
        yield from self.assertions.types()
        if any(isinstance(each, FunctionType) for each in types_mentioned(self.contract)):
            yield from self._part(machinery.PLAIN_FUNCTIONS)
        if Scalar("c_longdouble") in types_mentioned(self.contract):
            yield from self._part(machinery.LONG_DOUBLE)
        yield ""
        yield "#endif"
        yield ""
        yield from self._descriptor()

    def _descriptor(self) -> Iterator[str]:
        pieces = self.pieces
        yield from self._part(machinery.BYTES)
        if any("_SAMPLE_(" in piece.value for piece in pieces):
            yield from self._part(machinery.SAMPLES)
        yield "#pragma pack(push, 1)"
        yield from self.descriptor.prelude
        yield f"struct {self.names.stem}_descriptor {{"
        for piece in pieces:
            yield f"    {piece.declaration};"
        yield "};"
        yield "#pragma pack(pop)"
        yield from self.descriptor.assertions_of_lengths()
        yield ""
        if self._is_unaligned():
            yield from self._part(machinery.UNALIGNED_POP)
        yield "/* What initialises it, in format 1 of abicheck's docs/descriptor.md. */"
        yield f"#define {self.names.prefix}_DESCRIPTOR {{ \\"
        for piece in pieces:
            if piece.comment:
                yield f"    /* {harmless(piece.comment)} */ \\"
            is_plain = piece.declaration.startswith("unsigned char")
            value = f"{{ {piece.value} }}" if is_plain else piece.value
            yield from fold(f"    {value},", " \\")
        yield "}"
        yield ""
        yield from self._part(self._carry())
        if self.prototypes.exports:
            yield f"#if !defined({self.names.prefix}_WITHOUT_EXPORTS)"
        yield f"/* Once in every plugin. {self.prototypes.said_of_version()}*/"
        yield f"#define {self.names.prefix}_PLUGIN \\"
        yield f"    {self.names.macro('CARRY')}; \\"
        for line in self.prototypes.version_definition():
            yield f"    {line}; \\"
        yield f'    {self.names.macro("ASSERT")}(1, "")'
        if self.prototypes.exports:
            yield "#endif"
        yield ""
