from __future__ import annotations

import pytest

from abicheck.commands.arguments import Option, UsageError, read_arguments

OPTIONS = (
    Option("--schema", "", value="FILE", short="-s"),
    Option("--set", "", value="NAME=VALUE", is_repeatable=True),
    Option("--quiet", "", short="-q"),
    Option("--verbose", "", short="-v"),
)


@pytest.mark.parametrize(
    "words",
    [
        ["a.so", "b.so", "--schema", "s"],
        ["--schema", "s", "a.so", "b.so"],
        ["a.so", "--schema", "s", "b.so"],
        ["a.so", "--schema=s", "b.so"],
        ["a.so", "-s", "s", "b.so"],
        ["a.so", "--schema", "s", "--", "b.so"],
    ],
)
def test_options_stand_anywhere(words: list[str]) -> None:
    arguments = read_arguments(words, OPTIONS)
    assert arguments.words == ["a.so", "b.so"]
    assert arguments.one("--schema") == "s"


def test_words_after_two_dashes_are_no_options() -> None:
    assert read_arguments(["--", "--schema", "-q"], OPTIONS).words == ["--schema", "-q"]


def test_repeatable_options_keep_their_order() -> None:
    arguments = read_arguments(["--set", "b=1", "--set=a=2"], OPTIONS)
    assert arguments.all("--set") == ("b=1", "a=2")


def test_value_may_begin_with_one_dash() -> None:
    assert read_arguments(["--set", "-1"], OPTIONS).all("--set") == ("-1",)


def test_switches_can_be_written_together() -> None:
    arguments = read_arguments(["-qv"], OPTIONS)
    assert arguments.has("--quiet")
    assert arguments.has("--verbose")


def test_what_was_not_said_has_its_default() -> None:
    arguments = read_arguments([], OPTIONS)
    assert not arguments.has("--quiet")
    assert arguments.one("--schema", "none") == "none"
    assert arguments.maybe("--schema") is None


@pytest.mark.parametrize("word", ["--nonsense", "-x", "-qx", "--quiet=1", "--schema"])
def test_what_cannot_be_meant_is_refused(word: str) -> None:
    with pytest.raises(UsageError):
        read_arguments([word], OPTIONS)
