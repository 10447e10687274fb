"""Lines of keys: the same paths that tomllib finds, each on the line where it is written."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest

from abicheck.contract.positions import lines_of

SCHEMAS = sorted((Path(__file__).parents[2] / "schemas").glob("*.toml"))


def paths_in(value: object, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    found: set[tuple[str | int, ...]] = {path} if path else set()
    if isinstance(value, dict):
        for key, item in value.items():
            found |= paths_in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found |= paths_in(item, (*path, index))
    return found


def text_of(*lines: str) -> str:
    return "\n".join(lines) + "\n"


class Writer:
    """Writes random TOML in every spelling it knows, and the line of each value it writes."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.parts: list[str] = []
        self.names = 0

    def document(self) -> str:
        self.pairs("", 3)
        for _ in range(self.random.randrange(4)):
            name = self.key()
            if self.random.random() < 0.5:
                self.parts.append(f"[{name}]" + self.comment() + "\n")
                self.pairs("", 2)
                if self.random.random() < 0.5:
                    self.parts.append(f"[ {name} . {self.key()} ]\n")
                    self.pairs("  ", 2)
            else:
                for _ in range(self.random.randrange(1, 4)):
                    self.parts.append(f"[[{name}]]" + self.comment() + "\n")
                    self.pairs("", 2)
                    if self.random.random() < 0.5:
                        self.parts.append(f"[{name}.{self.key()}]\n")
                        self.pairs("", 2)
                    for _ in range(self.random.randrange(2)):
                        self.parts.append(f"[[{name}.inner]]\n")
                        self.pairs("", 1)
        return "".join(self.parts)

    def pairs(self, indent: str, count: int) -> None:
        for _ in range(self.random.randrange(count + 1)):
            dotted = " . ".join(self.key() for _ in range(self.random.choice((1, 1, 2))))
            space = self.random.choice(("", "\n", "# a comment with [x] = {1}\n", " \t\n"))
            self.parts.append(f"{space}{indent}{dotted} = {self.value(3)}{self.comment()}\n")

    def comment(self) -> str:
        return self.random.choice(("", "", ' # it\'s "quoted" [ { , ]', "\t"))

    def key(self) -> str:
        self.names += 1
        shape = self.random.choice(
            ("k{}", "k-{}", "{}", '"k {}"', "'k.{}'", '"\\"k\\u00e9{}"', '"]={}"')
        )
        return shape.format(self.names)

    def value(self, depth: int) -> str:
        kind = self.random.choice(("plain", "plain", "array", "table") if depth else ("plain",))
        if kind == "plain":
            return self.random.choice(PLAIN)
        items = range(self.random.randrange(4))
        if kind == "table":
            return "{ " + ", ".join(f"{self.key()} = {self.value(depth - 1)}" for _ in items) + " }"
        gap = self.random.choice(("", " ", "\n", "\n  # a remark, with a comma\n  "))
        inside = ",".join(f"{gap}{self.value(depth - 1)}{gap}" for _ in items)
        return f"[{inside}{',' if inside and self.random.random() < 0.5 else ''}{gap}]"


PLAIN = (
    "1", "-7", "0b1", "1.5e-3", "inf", "true", "1979-05-27 07:32:32", "07:32:00",
    '""', '"a \\"b\\" # [c]"', "'it \\'", '"""two\nlines"""', '"""ends in a quote """"',
    '"""\\""" in it \\\\"""', "'''raw\n\\'''", "''''quoted''''", "''", '"{x} = [1]"', "'''a''b'''",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(300))
def test_paths_are_those_that_tomllib_finds(seed: int) -> None:
    text = Writer(seed).document()
    assert set(lines_of(text)) == paths_in(tomllib.loads(text))


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.name)
def test_paths_of_shipped_schemas_are_those_that_tomllib_finds(schema: Path) -> None:
    text = schema.read_text(encoding="utf-8")
    assert set(lines_of(text)) == paths_in(tomllib.loads(text))


@pytest.mark.parametrize("seed", range(60))
def test_every_key_stands_on_the_line_given_for_it(seed: int) -> None:
    text = Writer(seed).document()
    rows = text.split("\n")
    for path, line in lines_of(text).items():
        if isinstance(path[-1], str) and path[-1].startswith("k") and path[-1].isalnum():
            assert path[-1] in rows[line - 1]


def test_lines_are_those_of_keys_elements_and_headers() -> None:
    text = text_of(
        "# first",
        "name = 1",
        "",
        "[structs.Greeter]",
        "fields = [",
        '  "a: u8",   # one',
        "  { name = 'b', type = '''u",
        "8''' }, 'c: u8',",
        "  [",
        "    1,",
        "  ],",
        "]",
        "[[choices]]",
        "of = [['a']]",
        "[[choices]]",
        "need = 1",
        "[choices.more]",
        "deep.er = 2",
    )
    greeter = ("structs", "Greeter")
    assert dict(lines_of(text)) == {
        ("name",): 2,
        ("structs",): 4,
        greeter: 4,
        (*greeter, "fields"): 5,
        (*greeter, "fields", 0): 6,
        (*greeter, "fields", 1): 7,
        (*greeter, "fields", 1, "name"): 7,
        (*greeter, "fields", 1, "type"): 7,
        (*greeter, "fields", 2): 8,
        (*greeter, "fields", 3): 9,
        (*greeter, "fields", 3, 0): 10,
        ("choices",): 13,
        ("choices", 0): 13,
        ("choices", 0, "of"): 14,
        ("choices", 0, "of", 0): 14,
        ("choices", 0, "of", 0, 0): 14,
        ("choices", 1): 15,
        ("choices", 1, "need"): 16,
        ("choices", 1, "more"): 17,
        ("choices", 1, "more", "deep"): 18,
        ("choices", 1, "more", "deep", "er"): 18,
    }


def test_a_header_after_its_subtable_gives_its_own_line() -> None:
    assert lines_of("[a.b]\nx = 1\n[a]\ny = 2\n")[("a",)] == 3
