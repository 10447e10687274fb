"""Templates, `{name}` and `{name|filter}`, in a document -> the document with values put in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from abicheck.contract.schema import TEMPLATE as PATTERN
from abicheck.contract.schema import FilledFloat, FilledInteger, FilledText, key_text
from abicheck.contract.sources import Filling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from abicheck.contract.positions import KeyPath
    from abicheck.contract.schema import Schema

FILTERS: Mapping[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "capitalize": str.capitalize,
    "letters": lambda text: re.sub(r"[^A-Za-z]", "", text),
    "underscore": lambda text: text.replace("-", "_"),
}

_DEFINITIONS = frozenset({"structs", "unions", "enums", "types"})
_PER_FILE = frozenset({"match", "free"})
_WITHOUT = frozenset({"contract", "version", "format", "parameters"})


TEMPLATE = re.compile(PATTERN)
_PATH_WORD = re.compile(
    rf"""\"[^"]*\"|'[^']*'|(?:[\w$]|{TEMPLATE.pattern})*{TEMPLATE.pattern}(?:[\w$]|{TEMPLATE.pattern})*""",
    re.ASCII,
)
_PLAIN_WORD = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)


def _is_path(path: KeyPath) -> bool:
    """Whether the text at a key path of a tag is itself a path."""
    return path[-1] in {"read", "count"} or (len(path) > 3 and path[2] == "decode")  # noqa: PLR2004


def templates_in(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Yield each text that holds a template, and each key of `[exports]` that does."""
    if isinstance(value, str):
        if "{" in value and TEMPLATE.search(value):
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            if path == ("exports",) and TEMPLATE.search(key):
                yield (*path, key), key
            yield from templates_in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from templates_in(item, (*path, index))


def check_templates(
    schema: Schema,
    document: dict[str, Any],
    captures: AbstractSet[str],
    parameters: AbstractSet[str],
) -> None:
    """Note templates of unknown names, with unknown filters, and where none can be."""
    for path, text in templates_in(document):
        if path == ("plugin", "file"):
            continue
        if path[0] in _WITHOUT:
            schema.problem(path, f"no parameters can be part of {key_text(path[:1])}")
            continue
        for name, filters in TEMPLATE.findall(text):
            _check_name(schema, path, name, captures, parameters)
            for each in filters.split("|")[1:]:
                if each not in FILTERS:
                    from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415

                    hint = did_you_mean(each, FILTERS) or f"; known are {', '.join(FILTERS)}"
                    schema.problem(path, f'no filter named "{each}"{hint}')


def _check_name(
    schema: Schema,
    path: KeyPath,
    name: str,
    captures: AbstractSet[str],
    parameters: AbstractSet[str],
) -> None:
    if name not in captures | parameters:
        from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415 (for mistakes only)

        hint = did_you_mean(name, captures | parameters)
        hint = hint or "; name it in [parameters], or as a group of plugin.file, (?P<name>…)"
        schema.problem(path, f'no parameter named "{name}"{hint}')
    elif name in captures and path[0] in _DEFINITIONS and path[-1] not in _PER_FILE:
        message = f"a layout cannot depend on the plugin's file name, which {{{name}}} is part of"
        schema.problem(path, message)


def fill(document: dict[str, Any], values: Mapping[str, object]) -> Filling:
    """Return `document` with every template filled whose names all have values."""
    filler = _Filler(values)
    filled = {
        group: value if group in _WITHOUT else filler.fill(value, (group,))
        for group, value in document.items()
    }
    return Filling(
        document=filled,
        renamed=filler.renamed,
        filled=filler.filled,
        open=tuple(filler.open),
        clashes=tuple(filler.clashes),
    )


class _Filler:
    """One walk through a document."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values
        self.renamed: dict[str, str] = {}
        self.filled: set[KeyPath] = set()
        self.open: list[tuple[KeyPath, tuple[str, ...]]] = []
        self.clashes: list[str] = []

    def fill(self, value: Any, path: KeyPath) -> Any:  # noqa: ANN401 (values of TOML)
        if isinstance(value, str):
            if "{" not in value or path == ("plugin", "file"):
                return value
            return self.text(value, path)
        if isinstance(value, dict):
            if path == ("exports",):
                return self.exports(value)
            return {key: self.fill(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def exports(self, entries: dict[str, Any]) -> dict[str, Any]:
        """Fill the entries of `[exports]`, whose keys may be templates too."""
        filled: dict[str, Any] = {}
        for key, item in entries.items():
            name = str(self.text(key, ("exports", key))) if "{" in key else key
            if name in filled:
                self.clashes.append(key)
                continue
            if name != key:
                self.renamed[name] = key
            filled[name] = self.fill(item, ("exports", name))
        return filled

    def text(self, text: str, path: KeyPath) -> object:
        """Fill one text: a template alone keeps the type of its value."""
        templates = TEMPLATE.findall(text)
        if not templates:
            return text
        self.filled.add(path[:2])
        missing = tuple(name for name, _ in templates if name not in self.values)
        if missing:
            self.open.append((path, missing))
            return text
        whole = TEMPLATE.fullmatch(text)
        if whole and not whole.group(2) and path[-1] != "matches" and not _is_path(path):
            return _typed(self.values[whole.group(1)])
        if path[0] == "tags" and _is_path(path):
            return FilledText(_PATH_WORD.sub(self.path_word, text))
        escapes = path[0] == "tags" and path[-1] == "matches"
        return FilledText(TEMPLATE.sub(lambda found: self.piece(found, escapes=escapes), text))

    def path_word(self, found: re.Match[str]) -> str:
        """Return a word of a tag's path with its templates filled, quoted if it needs to be."""
        word = found.group()
        filled = TEMPLATE.sub(self.piece, word)
        if word[0] in "\"'" or _PLAIN_WORD.fullmatch(filled):
            return filled
        return f"'{filled}'" if '"' in filled else f'"{filled}"'

    def piece(self, found: re.Match[str], *, escapes: bool = False) -> str:
        """Return what stands in place of one template inside a text."""
        value = self.values[found.group(1)]
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        for name in found.group(2).split("|")[1:]:
            text = FILTERS[name](text) if name in FILTERS else text
        return re.escape(text) if escapes else text


def _typed(value: object) -> object:
    """Return a value that stands alone where its template stood, marked as filled in."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return FilledInteger(value)
    if isinstance(value, float):
        return FilledFloat(value)
    return FilledText(value)


def prune(
    filling: Filling, lines: Mapping[KeyPath, int]
) -> tuple[set[str], tuple[tuple[str, int, str], ...]]:
    """Take what stays open out of a filled document.

    Returns the names of the exports that are gone, and (subject, line, reason) of
    everything that was taken out. `lines` are those of the keys as written.
    """
    gone: set[str] = set()
    unresolved: dict[str, tuple[str, int, str]] = {}
    for path, missing in filling.open:
        subject = _subject(path)
        names = " and ".join(f"{{{name}}}" for name in dict.fromkeys(missing))
        setting = f"--set {missing[0]}=VALUE"
        reason = f"{names} has no value: the file's name gives none; {setting} would"
        written = path[:2]
        if path[0] == "exports":
            written = ("exports", filling.renamed.get(str(path[1]), path[1]))
        unresolved.setdefault(subject, (subject, lines.get(written, 1), reason))
        _take_out(filling.document, path, gone)
    return gone, tuple(unresolved.values())


def _subject(path: KeyPath) -> str:
    if path[0] == "choices":
        return f"choices[{path[1]}]"
    return ".".join(str(part) for part in path[:2])


def _take_out(document: dict[str, Any], path: KeyPath, gone: set[str]) -> None:
    group = str(path[0])
    entries = document[group]
    if group == "choices":
        entries[path[1]] = None
    elif group == "exports":
        _take_out_of_export(entries, path, gone)
    elif group in _DEFINITIONS:
        holder = entries
        for part in path[1:-1]:
            holder = holder[part]
        if isinstance(holder, dict):
            holder.pop(path[-1], None)
    elif isinstance(entries, dict):
        entries.pop(path[1], None)


def _take_out_of_export(entries: dict[str, Any], path: KeyPath, gone: set[str]) -> None:
    """Take out an export without name or type; of another one, only what is open."""
    name = str(path[1])
    is_needed = len(path) == 2 or path[2] == "type" or TEMPLATE.search(name)  # noqa: PLR2004
    if is_needed:
        entries.pop(name, None)
        gone.add(name)
    elif isinstance(entries.get(name), dict):
        entries[name].pop(path[2], None)
