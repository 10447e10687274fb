"""Tag paths: what each spelling means, and where it goes wrong."""

from __future__ import annotations

import random

import pytest

from abicheck.contract.expressions import ExpressionError
from abicheck.contract.tag_paths import parse_path
from abicheck.model.contract import CallStep, EachStep, FieldStep, IndexStep, Step

PATHS: dict[str, tuple[str, tuple[Step, ...], bool, tuple[str, ...]]] = {
    "VERSION": ("VERSION", (), False, ()),
    "a.b": ("a", (FieldStep("b"),), False, ()),
    " a . b [ 3 ] ": ("a", (FieldStep("b"), IndexStep(3)), False, ()),
    "*a.b": ("a", (FieldStep("b"),), True, ()),
    "mods[].version": ("mods", (EachStep(), FieldStep("version")), False, ()),
    "get()": ("get", (CallStep(),), False, ()),
    "get().table[1].call()": (
        "get",
        (CallStep(), FieldStep("table"), IndexStep(1), FieldStep("call"), CallStep()),
        False,
        (),
    ),
    '"?odd@name".b': ("?odd@name", (FieldStep("b"),), False, ()),
    "'odd name'": ("odd name", (), False, ()),
    "_a$1": ("_a$1", (), False, ()),
    "{plugin}_module.minor": ("{plugin}_module", (FieldStep("minor"),), False, ()),
    "sqlite3_{plugin|letters|lower}_init": ("sqlite3_{plugin|letters|lower}_init", (), False, ()),
    'section(".note")': ("", (), False, (".note",)),
    'section(".a", "__TEXT,a").b': ("", (FieldStep("b"),), False, (".a", "__TEXT,a")),
    "section.b": ("section", (FieldStep("b"),), False, ()),
}


@pytest.mark.parametrize("text", PATHS)
def test_spelling_means_its_steps(text: str) -> None:
    path = parse_path(text)
    assert (path.root, path.steps, path.is_dereferenced, path.sections) == PATHS[text]
    assert path.text == text


def test_path_through_a_call_says_so() -> None:
    assert parse_path("get().api").calls
    assert not parse_path("api.get").calls


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected the name of an export, found the end"),
        ("é", 'expected the name of an export, found "é"'),
        ("{", 'expected the name of an export, found "{"'),
        ("a.|", 'expected the name of a field after "."'),
        ("3", 'expected the name of an export, found "3"'),
        ("a..b", 'expected the name of a field after "." (column 3 of "a..b")'),
        ("a.b c", 'found "c" (column 5'),
        ("a[1", 'expected "]" after an index'),
        ("a[x]", 'expected an index from 0 upwards, or "[]" for every element, found "x"'),
        ("a[99999999999999999999]", "expected an index"),
        ("a" + "()" * 60, "at most 40 steps"),
        ("section()", "expected a section's name in quotes"),
        ('section(".a"', 'expected ")" after the sections'),
    ],
)
def test_wrong_path_is_refused_at_its_column(text: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_path(text)
    assert words in str(caught.value)


@pytest.mark.parametrize("seed", range(300))
def test_no_text_makes_the_parser_stumble(seed: int) -> None:
    chance = random.Random(seed)
    words = [
        "a",
        ".",
        "[",
        "]",
        "(",
        ")",
        "*",
        "3",
        "section",
        '"x"',
        ",",
        "{p}",
        "{",
        "-",
        ">",
        "é",
    ]
    text = "".join(chance.choice(words) for _ in range(chance.randrange(12)))
    try:
        assert parse_path(text).text == text
    except ExpressionError:
        return
