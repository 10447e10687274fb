"""Layouts read from DWARF are what the compiled program itself finds when it runs."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from abicheck.model.evidence import Unseen
from abicheck.model.layout import StructLayout, UnknownLayout
from tests.evidence.dwarf.spelled import Plugin

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

SCALARS = ("char", "signed char", "short", "int", "unsigned", "long", "float", "double", "void *",
           "_Bool", "long double", "unsigned char")  # fmt: skip
BIT_SCALARS = {"unsigned": 32, "int": 32, "unsigned char": 8, "unsigned long": 64, "short": 16,
               "_Bool": 1}  # fmt: skip
STRUCTS = 40


def struct_text(chance: random.Random, index: int) -> tuple[str, list[tuple[str, bool]]]:
    """Return a struct's declaration, and its fields: names, and whether they are bit-fields."""
    lines, fields = [], []
    for number in range(chance.randint(1, 8)):
        name = f"f{number}"
        kind = chance.random()
        if kind < 0.4:
            scalar = chance.choice(tuple(BIT_SCALARS))
            lines.append(f"{scalar} {name} : {chance.randint(1, BIT_SCALARS[scalar])};")
        elif kind < 0.5:
            lines.append("unsigned : 0;" if kind < 0.45 else "int : 5;")
            continue
        elif kind < 0.6 and index:
            lines.append(f"struct S{chance.randrange(index)} {name};")
        elif kind < 0.7:
            lines.append(f"union {{ int i; double d; char c[{chance.randint(1, 9)}]; }} {name};")
        elif kind < 0.8:
            lines.append(f"{chance.choice(SCALARS)} {name}[{chance.randint(1, 5)}];")
        else:
            lines.append(f"{chance.choice(SCALARS)} {name};")
        fields.append((name, ":" in lines[-1]))
    lines.append("char last;")
    fields.append(("last", False))
    marks = chance.choice(("", "", "", " __attribute__((packed))", " __attribute__((aligned(32)))"))
    return f"struct{marks} S{index} {{ {' '.join(lines)} }};", fields


def probe(structs: list[list[tuple[str, bool]]]) -> str:
    """Return a program's text that prints where every field of every struct lies."""
    lines = ["#include <stdio.h>", "#include <stddef.h>", "#include <string.h>", '#include "s.h"',
             "static void bits(int s, const char *f, const unsigned char *p, size_t n) {",
             "  int first = -1, count = 0;",
             "  for (size_t i = 0; i < 8 * n; i++) if (p[i / 8] >> i % 8 & 1)",
             "    { if (first < 0) first = (int)i; count++; }",
             '  printf("%d %s %d:%d\\n", s, f, first, count); }',
             "int main(void) {"]  # fmt: skip
    for index, fields in enumerate(structs):
        lines.append(f'printf("{index} size %zu\\n", sizeof(struct S{index}));')
        for name, is_bits in fields:
            if is_bits:
                lines.append(
                    f"{{ struct S{index} v; memset(&v, 0, sizeof v); v.{name} = -1; "
                    f'bits({index}, "{name}", (unsigned char *)&v, sizeof v); }}'
                )
            else:
                lines.append(f'printf("{index} {name} %zu\\n", offsetof(struct S{index}, {name}));')
    return "\n".join([*lines, "}"])


@pytest.mark.parametrize("version", [2, 3, 4, 5])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_generated_structs_lie_as_their_program_says(
    compiler: str, version: int, tmp_path: Path
) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    chance = random.Random(f"{compiler} {version}")
    texts, structs = zip(*(struct_text(chance, index) for index in range(STRUCTS)), strict=True)
    (tmp_path / "s.h").write_text("\n".join(texts))
    (tmp_path / "probe.c").write_text(probe(list(structs)))
    plugin = '#include "s.h"\n' + "\n".join(f"struct S{i} v{i};" for i in range(STRUCTS))
    (tmp_path / "plugin.c").write_text(plugin)
    for command in (
        [compiler, "-w", "probe.c", "-o", "probe"],
        [compiler, "-w", "-g", f"-gdwarf-{version}", "-shared", "-fPIC", "-nostdlib", "plugin.c",
         "-o", "plugin.so"],
    ):  # fmt: skip
        subprocess.run(command, cwd=tmp_path, check=True)
    printed = subprocess.run([tmp_path / "probe"], capture_output=True, text=True, check=True)
    expected: dict[int, dict[str, str]] = {}
    for line in printed.stdout.splitlines():
        index, name, place = line.split()
        expected.setdefault(int(index), {})[name] = place
    read = Plugin(tmp_path / "plugin.so")
    actual = {index: places(read, index) for index in expected}
    for unknown in [each for each in actual if not actual[each]]:
        assert compiler == "clang"  # It does not record where some packed bit-fields begin.
        assert "packed" in texts[unknown]
        del actual[unknown], expected[unknown]
    assert actual == {index: as_read(expected[index], actual[index]) for index in expected}


def as_read(expected: dict[str, str], actual: dict[str, str]) -> dict[str, str]:
    """Return what is expected, where clang writes a bit-field of full width as a plain field."""
    plain = {name: f"{8 * int(place)}" for name, place in actual.items() if ":" not in place}
    return {
        name: actual[name]
        if ":" in place
        and place.split(":")[0] == plain.get(name)
        and place.split(":")[1] in {"8", "16", "32", "64"}
        else place
        for name, place in expected.items()
    }


def places(plugin: Plugin, index: int) -> dict[str, str]:
    """Return size and fields of a struct as `probe` prints them."""
    found = plugin.types.variable(plugin.symbols[f"v{index}"])
    assert not isinstance(found, Unseen), found
    layout = plugin.types.layout(found.value)
    if isinstance(layout, UnknownLayout) and "not recorded" in layout.reason:
        return {}
    assert isinstance(layout, StructLayout), layout
    fields = {
        field.name: str(field.offset)
        if field.bit_size is None
        else f"{field.bit_offset}:{field.bit_size}"
        for field in layout.fields
        if field.name
    }
    return {"size": str(layout.size), **fields}
