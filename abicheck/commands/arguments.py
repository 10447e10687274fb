"""Words of a command line -> arguments: options in any order, and errors of one helpful line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import AbicheckError
from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class UsageError(AbicheckError):
    """The command line is wrong: one line that says what to type instead."""


@record
class Option:
    """One option: a switch, unless `value` names what must follow it."""

    name: str
    help: str
    value: str = ""
    short: str = ""
    is_repeatable: bool = False
    choices: tuple[str, ...] = ()


HELP = Option("--help", "show this and do nothing else", short="-h")


class Arguments:
    """What a command line says: the words that are no options, and the values of each option."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.words: list[str] = []
        self.values: dict[str, list[str]] = {}

    def has(self, name: str) -> bool:
        """Whether an option was given."""
        return name in self.values

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of an option, in the order given."""
        return tuple(self.values.get(name, ()))

    def one(self, name: str, default: str = "") -> str:
        """Return the value of an option, or `default`."""
        return self.values.get(name, [default])[-1]

    def maybe(self, name: str) -> str | None:
        """Return the value of an option, or None."""
        return self.values[name][-1] if name in self.values else None


def read_arguments(words: Sequence[str], options: Sequence[Option]) -> Arguments:
    """Sort the words of a command line; after `--` none is an option.

    Raises: UsageError if an option is unknown, lacks its value, or has one it cannot have.
    """
    arguments = Arguments()
    rest = list(reversed(words))
    while rest:
        word = rest.pop()
        if word == "--":
            arguments.words.extend(reversed(rest))
            break
        if not word.startswith("-") or word == "-":
            arguments.words.append(word)
        elif not word.startswith("--") and len(word) > len("-x"):
            # Switches written together: -qv is -q -v.
            rest.extend(reversed([f"-{letter}" for letter in word[1:]]))
        else:
            _take(arguments, word, rest, options)
    return arguments


def _take(arguments: Arguments, word: str, rest: list[str], options: Sequence[Option]) -> None:
    name, is_joined, value = word.partition("=")
    option = next((each for each in options if name in {each.name, each.short}), None)
    if option is None:
        known = [each.name for each in options]
        raise UsageError(f"there is no option {name}{suggestion(name, known)}")
    if not option.value:
        if is_joined:
            raise UsageError(f"{option.name} takes no value, but {word!r} gives it one")
        arguments.values[option.name] = [""]
        return
    if not is_joined:
        following = rest[-1] if rest else "--"
        if following.startswith("--"):
            raise UsageError(f"{option.name} needs a value: {option.name} {option.value}")
        value = rest.pop()
    if option.choices and value not in option.choices:
        choices = ", ".join(option.choices)
        raise UsageError(
            f"{option.name} {value!r} is not one of {choices}{suggestion(value, option.choices)}"
        )
    if option.name in arguments.values and not option.is_repeatable:
        raise UsageError(f"{option.name} is given twice")
    arguments.values.setdefault(option.name, []).append(value)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean …?" if something known is spelt like `word`, else ""."""
    from difflib import get_close_matches  # noqa: PLC0415 (only for this message)

    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def described(options: Sequence[Option]) -> str:
    """Return the options as two columns for a help text."""
    heads = [_head(option) for option in options]
    width = max(len(head) for head in heads)
    lines = []
    for head, option in zip(heads, options, strict=True):
        first, *others = option.help.split("\n")
        lines.append(f"  {head.ljust(width)}  {first}")
        lines.extend(f"  {' ' * width}  {other}" for other in others)
    return "\n".join(lines)


def _head(option: Option) -> str:
    short = f"{option.short}, " if option.short else ""
    return f"{short}{option.name}{f' {option.value}' if option.value else ''}"
