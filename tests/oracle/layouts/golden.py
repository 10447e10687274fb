"""The committed table of what compilers said; `python golden.py` makes it anew with ziglang.

One small set of generated structs, and for each target the number of its answers in a list,
since most targets agree on most things. Numbers are size, alignment, then the offset of each
field, or the first bit and the width of a bit-field.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from abicheck.layout import known_targets
from abicheck.model.types import Array, Named, Scalar, Struct
from tests.oracle.layouts.c_source import Measured, measure
from tests.oracle.layouts.compilers import compile_with_zig, zig_target
from tests.oracle.layouts.generate import WIDE, Shapes, generate
from tests.oracle.layouts.notation import read, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from abicheck.model.target import Target
    from abicheck.model.types import Definition, Type

TABLE = Path(__file__).with_name("golden.json")
SEED, COUNT = 2026, 90


def load() -> dict[str, Any]:
    """Return the committed table."""
    table: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table


def for_target(table: Mapping[str, Any], target: Target) -> dict[str, Definition]:
    """Return the table's definitions that the C of `target` has."""
    definitions = read(table["definitions"])
    missing = set() if target.bits == 64 else set(WIDE)
    if target.environment == "msvc":
        missing.add("Huge")
    kept: dict[str, Definition] = {}
    for name, definition in definitions.items():
        fields = definition.fields if isinstance(definition, Struct) else ()
        holds = {name, *(_base(each.type) for each in fields)}
        if holds & missing or _is_disputed(definition, target):
            missing.add(name)
        else:
            kept[name] = definition
    return kept


def numbers(measured: Measured) -> list[int]:
    """Return what was measured of one struct as a row of the table."""
    bits = [number for pair in measured.bits.values() for number in pair]
    return [measured.size, measured.alignment, *measured.offsets.values(), *bits]


def _is_disputed(definition: Definition, target: Target) -> bool:
    if (target.system, target.environment) != ("windows", "gnu"):
        return False
    if not isinstance(definition, Struct) or not (definition.is_union or definition.packed):
        return False
    return any(field.bit_width is not None for field in definition.fields)


def _base(type_: Type) -> str:
    while isinstance(type_, Array):
        type_ = type_.element
    return type_.name if isinstance(type_, Named | Scalar) else ""


def _rows(table: Mapping[str, Any], target: Target) -> dict[str, list[int]]:
    definitions = for_target(table, target)
    measured = measure(compile_with_zig(target, definitions), definitions)
    return {name: numbers(each) for name, each in measured.items()}


def make() -> dict[str, Any]:
    """Ask the compiler about every target."""
    definitions = generate(SEED, COUNT, Shapes())
    table: dict[str, Any] = {
        "made_by": "python tests/oracle/layouts/golden.py",
        "compiler": f"ziglang {version('ziglang')}, zig cc -target TARGET -c -O0",
        "definitions": written(definitions),
        "answers": [],
        "targets": {},
    }
    for target in known_targets():
        rows = _rows(table, target)
        if rows not in table["answers"]:
            table["answers"].append(rows)
        table["targets"][str(target)] = {
            "compiled_for": zig_target(target),
            "answer": table["answers"].index(rows),
        }
    return table


def _as_text(table: Mapping[str, Any]) -> str:
    """Return JSON with one definition, one answer's struct or one target on a line."""
    text = json.dumps(table, indent=1)
    return re.sub(r"\n {3,}|\n {2}(?=[\]}])", " ", text) + "\n"


if __name__ == "__main__":
    TABLE.write_text(_as_text(make()), encoding="utf-8")
