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


# Rust.


def rust_functions(contract: Contract, module: str) -> str:
    """Return Rust that defines every function just as the module's own types have it."""
    made = []
    for export in contract.exports:
        pattern = rf"pub type export_{re.escape(export.name)} = (.*?);\n"
        found = re.search(pattern, module, re.DOTALL)
        assert found is not None, export.name
        text = found[1].replace("super::", "")
        parameters, result = _parted(text.partition("fn(")[2])
        named = ", ".join(f"_{at}: {each}" for at, each in enumerate(parameters))
        head = text.partition("fn(")[0]
        made.append(f"#[no_mangle] pub {head}fn {export.name}({named}){result} {{ loop {{}} }}")
    return "\n".join(made)


def _parted(text: str) -> tuple[list[str], str]:
    """Return the parameters that a text begins with, and what follows their closing bracket."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        if letter in "([<":
            depth += 1
        elif letter in ")]" or (letter == ">" and text[at - 1] != "-"):
            depth -= 1
        if depth < 0 or (letter == "," and not depth):
            parts.append(text[start:at].strip())
            start = at + 1
        if depth < 0:
            return [part for part in parts if part], text[at + 1 :]
    raise AssertionError(text)


def build_rust(folder: Path, contract: Contract, flags: str) -> Path:
    """Compile a plugin of the generated module.

    Raises:
        BuildError: the compiler refuses it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (module,) = generate(contract, "rust")
    (folder / module.name).write_text(module.text)
    macro = re.search(r"macro_rules! (\w+_plugin)", module.text)
    assert macro is not None
    source = (
        f'#![allow(warnings)]\nuse core::ffi::*;\n#[path = "{module.name}"] mod made;\n'
        f"use made::*;\n{macro[1]}!();\n{rust_functions(contract, module.text)}\n"
    )
    (folder / "lib.rs").write_text(source)
    command = f"rustc --edition 2021 --crate-type cdylib -C panic=abort {flags} lib.rs -o plugin.so"
    made = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode:
        raise BuildError(made.stderr)
    return folder / "plugin.so"
