"""Contracts -> plugins built with the header generated from them, by the compilers at hand."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from abicheck.generation import generate
from abicheck.layout import lay_out
from abicheck.model.records import replace
from abicheck.model.target import Target
from abicheck.model.types import type_id
from tests.evidence.descriptor.test_changes import contract_of as claims_of_types

if TYPE_CHECKING:
    from pathlib import Path

    from abicheck.model.contract import Contract
    from tests.oracle.corpus import Case

LINUX = Target("x86_64", "linux", "gnu")


class BuildError(Exception):
    """A plugin that its compiler refuses."""


def contract_of(case: Case, folder: Path) -> Contract:
    """Return what a case claims of types that a header can declare."""
    contract = claims_of_types(case, folder)
    return replace(contract, exports=tuple(each for each in contract.exports if each.type))


def header_of(contract: Contract) -> tuple[str, str]:
    """Return the name and the text of the generated header."""
    (header,) = [each for each in generate(contract, "c") if each.name.endswith(".h")]
    return header.name, header.text


def registration(header: str) -> str:
    """Return the macro that a plugin says, such as "GREETER_PLUGIN;"."""
    found = re.search(r"^ \* +(\w+_PLUGIN;)$", header, re.MULTILINE)
    assert found is not None
    return found[1]


def definitions(contract: Contract, header: str) -> str:
    """Return C that defines every export just as the header declares it."""
    made = []
    for export in contract.exports:
        name = re.escape(export.name)
        found = re.search(rf"^(extern )?\w+_EXPORT ([^;]*\b{name}\b[^;]*);$", header, re.MULTILINE)
        assert found is not None, export.name
        declared = found[2]
        if not export.is_data:
            made.append(f"{declared} {{ for (;;) ; }}")
        elif f"{name} is defined" not in header:
            made.append(f"{declared.replace('[]', '[4]')};")
    return "\n".join(made)


def stubs(contract: Contract) -> str:
    """Return assembler that defines every export, whatever its type."""
    layouts = lay_out(contract, LINUX)
    made = []
    for export in contract.exports:
        kind, body, size = "function", "nop", 1
        if export.is_data:
            assert export.type is not None
            size = getattr(layouts.layout(type_id(export.type)), "size", None) or 8
            kind, body = "object", f".zero {size}"
        name = export.name
        section = ".data" if export.is_data else ".text"
        made.append(
            f'__asm__("{section}\\n.balign 16\\n.globl {name}\\n.type {name},@{kind}\\n'
            f'.size {name},{size}\\n{name}: {body}\\n.text");'
        )
    return "\n".join(made)


def build(folder: Path, header: tuple[str, str], body: str, compiler: str) -> Path:
    """Compile a plugin of a header and what follows it.

    Raises:
        BuildError: the compiler refuses it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    name, text = header
    (folder / name).write_text(text)
    source = f'#include "{name}"\n{registration(text)}\n{body}\n'
    (folder / "plugin.c").write_text(source)
    command = f"{compiler} -shared -fPIC -nostdlib -w -I. plugin.c -o plugin.so"
    made = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode:
        raise BuildError(made.stderr)
    return folder / "plugin.so"
