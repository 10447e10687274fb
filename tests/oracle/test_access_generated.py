"""Random structs: what C writes Python reads, what Python writes C reads, also by value."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from abicheck.errors import UncallableError
from abicheck.runtime.plugin import Plugin
from tests.runtime.opening import on_linux, opened

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.oracle, on_linux]

STRUCTS, SEED = 60, 20240607
INTEGERS = {
    "u8": ("uint8_t", 8, False), "i8": ("int8_t", 8, True),
    "u16": ("uint16_t", 16, False), "i16": ("int16_t", 16, True),
    "u32": ("uint32_t", 32, False), "c_int": ("int", 32, True), "c_uint": ("unsigned", 32, False),
    "u64": ("uint64_t", 64, False), "c_long": ("long", 64, True),
}  # fmt: skip
FLOATS = {"f32": "float", "f64": "double"}
REPRS = {
    "C": "", "C, packed": "__attribute__((packed))", "C, packed(2)": "",
    "C, align(32)": "__attribute__((aligned(32)))",
}  # fmt: skip


class Made:
    """One struct in C and in the contract's language, and the values of its leaves."""

    def __init__(self, number: int, earlier: list[Made], chance: random.Random) -> None:
        self.name, self.chance = f"S{number}", chance
        self.is_simple = number % 2 == 0
        self.repr = "C" if self.is_simple else chance.choice(["C", "C", *REPRS])
        self.fields: list[str] = []
        self.members: list[str] = []
        self.leaves: list[tuple[str, str, Any]] = []
        for index in range(chance.randint(1, 6)):
            fitting = [each for each in earlier if each.repr == "C"]
            if self.is_simple:
                fitting = [each for each in fitting if each.is_simple]
            self._add(f"f{index}", fitting)

    def _add(self, name: str, earlier: list[Made]) -> None:
        kinds = ["int", "int", "float", "bool", "array", "struct"]
        kind = self.chance.choice(kinds if self.is_simple else [*kinds, "bits", "bits"])
        if kind == "struct" and earlier:
            inner = self.chance.choice(earlier)
            self.fields.append(f"{name}: {inner.name}")
            self.members.append(f"struct {inner.name} {name};")
            for path, type_, _ in inner.leaves:
                self.leaves.append((f"{name}.{path}", type_, self._value(type_)))
        elif kind == "float":
            type_ = self.chance.choice(list(FLOATS))
            self._plain(name, type_, FLOATS[type_])
        elif kind == "bool":
            self._plain(name, "bool", "_Bool")
        elif kind == "bits":
            type_ = self.chance.choice(["u8", "u16", "c_int", "c_uint", "u64", "c_long"])
            spelled, bits, is_signed = INTEGERS[type_]
            width = self.chance.randint(1, bits)
            self.fields.append(f"{name}: {type_} : {width}")
            self.members.append(f"{spelled} {name} : {width};")
            leaf = f"{'i' if is_signed else 'u'}:{width}"
            self.leaves.append((name, leaf, self._value(leaf)))
        elif kind == "array":
            type_, count = self.chance.choice(list(INTEGERS)), self.chance.randint(1, 5)
            self.fields.append(f"{name}: [{type_}; {count}]")
            self.members.append(f"{INTEGERS[type_][0]} {name}[{count}];")
            for index in range(count):
                self.leaves.append((f"{name}[{index}]", type_, self._value(type_)))
        else:
            type_ = self.chance.choice(list(INTEGERS))
            self._plain(name, type_, INTEGERS[type_][0])

    def _plain(self, name: str, type_: str, spelled: str) -> None:
        self.fields.append(f"{name}: {type_}")
        self.members.append(f"{spelled} {name};")
        self.leaves.append((name, type_, self._value(type_)))

    def _value(self, type_: str) -> Any:  # noqa: ANN401 (a number of some kind)
        if type_ in FLOATS:
            return self.chance.randint(-1000, 1000) / 4
        if type_ == "bool":
            return self.chance.random() < 0.5
        sign, _, width = type_.partition(":")
        bits, is_signed = (int(width), sign == "i") if width else INTEGERS[type_][1:]
        low = -(1 << bits - 1) if is_signed else 0
        return self.chance.randint(low, low + (1 << bits) - 1)

    def contract(self) -> str:
        fields = ", ".join(f'"{each}"' for each in self.fields)
        return f'{self.name} = {{ repr = "{self.repr}", fields = [{fields}] }}'

    def exports(self) -> list[str]:
        name = self.name
        lines = [
            f'set_{name} = "fn(s: *mut {name})"',
            f'check_{name} = "fn(s: *const {name}) -> c_int"',
        ]
        return [*lines, f'pass_{name} = "fn(a: i8, s: {name}, b: f64, t: {name}) -> {name}"']

    def source(self) -> str:
        name, attribute = self.name, REPRS[self.repr]
        sets = " ".join(f"s->{path} = {literal(value)};" for path, _, value in self.leaves)
        checks = " ".join(
            f"if (!(s->{path} == {literal(value)})) return {index};"
            for index, (path, _, value) in enumerate(self.leaves, 1)
        )
        opened_, closed = (
            ("#pragma pack(push, 2)\n", "\n#pragma pack(pop)") if "(2)" in self.repr else ("", "")
        )
        return (
            f"{opened_}struct {attribute} {name} {{ {' '.join(self.members)} }};{closed}\n"
            f"void set_{name}(struct {name} *s) {{ {sets} }}\n"
            f"int check_{name}(const struct {name} *s) {{ {checks} return 0; }}\n"
            f"struct {name} pass_{name}(int8_t a, struct {name} s, double b, struct {name} t)\n"
            f"{{ struct {name} none = {{0}};"
            f" return a == -7 && b == 1.5 && !check_{name}(&s) ? t : none; }}\n"
        )


def literal(value: Any) -> str:  # noqa: ANN401 (a number of some kind)
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return repr(value)
    if value == -(1 << 63):
        return "(-0x7fffffffffffffffL - 1)"
    return f"{value}L" if value < 1 << 63 else f"{value}UL"


def get(struct: Any, path: str) -> Any:  # noqa: ANN401 (a field of any type)
    for step in path.replace("[", ".[").split("."):
        struct = struct[int(step[1:-1])] if step[0] == "[" else struct[step]
    return struct


def put(struct: Any, path: str, value: object) -> None:  # noqa: ANN401
    head, _, last = path.replace("[", ".[").rpartition(".")
    inner = get(struct, head.replace(".[", "[")) if head else struct
    inner[int(last[1:-1]) if last[0] == "[" else last] = value


@pytest.fixture(scope="module")
def made() -> list[Made]:
    chance = random.Random(SEED)
    structs: list[Made] = []
    for number in range(STRUCTS):
        structs.append(Made(number, structs, chance))
    return structs


@pytest.fixture(scope="module")
def plugin(made: list[Made], tmp_path_factory: pytest.TempPathFactory) -> Plugin:
    """Compile all of them into one plugin."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    directory: Path = tmp_path_factory.mktemp("generated")
    contract, source = directory / "generated.toml", directory / "generated.c"
    exports = "\n".join(line for each in made for line in each.exports())
    structs = "\n".join(each.contract() for each in made)
    contract.write_text(
        'contract = "generated"\nversion = "1.0"\nformat = 1\n'
        f"[exports]\n{exports}\n[structs]\n{structs}\n"
    )
    source.write_text("#include <stdint.h>\n" + "".join(each.source() for each in made))
    output = directory / "libgenerated.so"
    flags = ["-g", "-O1", "-w", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, str(source), "-o", str(output)], check=True)
    loaded = opened(output, contract)
    return Plugin(loaded.binding, loaded.layouts, loaded.image, loaded.report)


def filled(plugin: Plugin, each: Made) -> Any:  # noqa: ANN401 (a struct of the plugin)
    struct = plugin.types[each.name]()
    for path, _, value in each.leaves:
        put(struct, path, value)
    return struct


def test_python_reads_what_c_wrote(plugin: Plugin, made: list[Made]) -> None:
    for each in made:
        struct = plugin.types[each.name]()
        plugin[f"set_{each.name}"](struct)
        found = [(path, get(struct, path)) for path, _, _ in each.leaves]
        assert found == [(path, value) for path, _, value in each.leaves], each.contract()


def test_c_reads_what_python_wrote(plugin: Plugin, made: list[Made]) -> None:
    for each in made:
        wrong = plugin[f"check_{each.name}"](filled(plugin, each))
        assert wrong == 0, (each.contract(), each.leaves[wrong - 1])


def test_what_travels_by_value_arrives(plugin: Plugin, made: list[Made]) -> None:
    for each in made:
        struct, other = filled(plugin, each), filled(plugin, each)
        try:
            found = plugin[f"pass_{each.name}"](-7, struct, 1.5, other)
        except UncallableError:
            assert not each.is_simple, each.contract()
            continue
        assert plugin[f"check_{each.name}"](found) == 0, each.contract()
