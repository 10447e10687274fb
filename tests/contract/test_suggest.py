"""Suggestions: the word that was meant, or none at all."""

from __future__ import annotations

import pytest

from abicheck.contract.keys import KEYS
from abicheck.contract.suggest import did_you_mean, listed, nearest
from abicheck.model.types import SCALARS

MISSPELT = {
    "optionl": ("optional", KEYS["export"]),
    "Optional": ("optional", KEYS["export"]),
    "symbol-version": ("symbol_version", KEYS["export"]),
    "feilds": ("fields", KEYS["struct"]),
    "field": ("fields", KEYS["struct"]),
    "u65": ("u64", SCALARS),
    "u63": ("u64", SCALARS),
    "i46": ("i32", SCALARS),
    "f63": ("f64", SCALARS),
    "uint23_t": ("uint32_t", SCALARS),
    "c_chr": ("c_char", SCALARS),
    "c_uiny": ("c_uint", SCALARS),
    "sizet": ("size_t", SCALARS),
}


@pytest.mark.parametrize("word", MISSPELT)
def test_misspelt_word_finds_the_one_that_was_meant(word: str) -> None:
    wanted, candidates = MISSPELT[word]
    assert nearest(word, candidates) == wanted


@pytest.mark.parametrize("word", ["zzz", "handle", "kernel", "T", "foo_bar", "x"])
def test_word_that_resembles_none_finds_none(word: str) -> None:
    assert nearest(word, SCALARS) is None
    assert did_you_mean(word, KEYS["export"]) == ""


def test_words_are_listed_as_in_a_sentence() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed("abc") == "a, b or c"
