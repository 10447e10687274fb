"""What a contract leaves unsaid or cannot prove: owners, versions, types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.authoring.lint.registry import NOTE, lint
from abicheck.model.contract import Path
from abicheck.model.types import (
    Alias,
    FunctionType,
    Named,
    Pointer,
    Struct,
    spell,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.authoring.lint.registry import Found, Subject
    from abicheck.model.contract import Tag
    from abicheck.model.types import Type

REMEDY_OF_OWNER = 'say free = "NAME" (an export), free = "host", or free = false if it is borrowed'


@lint("pointer-owner-unsaid")
def owner_unsaid(subject: Subject) -> Iterator[Found]:
    """Find functions that return a pointer without saying who takes it back.

    Why: one side leaks it, or both free it, or one frees with its own allocator what
    the other's has made.

    Fix: say `free = "free_greeter"` (an export that takes it), `free = "host"`, or
    `free = false` for what is only borrowed.
    """
    for export in subject.contract.exports:
        if export.free is None and export.is_data is False and not export.is_forbidden:
            yield from _unowned(subject, f"exports.{export.written or export.name}", export)
    for struct in subject.structs:
        for field in struct.fields:
            if field.free is None:
                yield from _unowned(subject, f"{struct.subject}.{field.name or '_'}", field)
    for name, definition in subject.contract.definitions.items():
        if isinstance(definition, Alias) and definition.free is None:
            yield from _unowned(subject, f"types.{name}", definition)


def _unowned(subject: Subject, name: str, where: object) -> Iterator[Found]:
    written: Type | None = getattr(where, "type", None)
    # An alias is told of where it is defined.
    if written is None or isinstance(written, Named):
        return
    function = written.to if isinstance(written, Pointer) else written
    is_alias = isinstance(where, Alias)
    if not isinstance(function, FunctionType) or (function in subject.aliases and not is_alias):
        return
    result = subject.seen_through(function.result)
    if isinstance(result, Pointer) and not isinstance(result.to, FunctionType):
        line: int = getattr(where, "line", 1)
        message = f"nothing says who takes back the {spell(function.result)} that it returns"
        yield name, line, message, REMEDY_OF_OWNER


@lint("version-tag-missing")
def version_tag_missing(subject: Subject) -> Iterator[Found]:
    """Find contracts without a tag that states the interface's version.

    Why: what cannot be seen in a layout, such as the meaning of a field or the order of
    calls, changes too. Without a version in the file nothing tells an old plugin from a
    new one, and a contract that grows cannot hold a plugin to the version it was built for.

    Fix: have plugins export a constant, and read it: `[tags.version]` with `read`,
    `decode` and `accepts`.
    """
    if subject.contract.interface_tag is None:
        message = "no tag states the version of the interface that a plugin was built against"
        remedy = "export a constant such as GREETER_ABI_VERSION and read it in [tags.version]"
        yield "tags.version", subject.contract.line, message, remedy


@lint("tag-behind-call")
def tag_behind_call(subject: Subject) -> Iterator[Found]:
    """Find tags that only a call of the plugin can read.

    Why: `verify` runs nothing, so the tag stays `unverified`. And whoever calls has
    already loaded the plugin: its constructors have run before the version was asked.

    Fix: have plugins export the value as data, too.
    """
    for tag in subject.contract.tags:
        if any(path.calls for path in _paths(tag)):
            message = "it can only be read by calling the plugin, after its constructors have run"
            yield (
                f"tags.{tag.name}",
                tag.line,
                message,
                "export the value as a constant and read that",
            )


def _paths(tag: Tag) -> Iterator[Path]:
    yield tag.path
    if tag.decode is not None:
        yield from tag.decode.paths
    if isinstance(tag.until, Path):
        yield tag.until


@lint("type-unreachable", severity=NOTE)
def type_unreachable(subject: Subject) -> Iterator[Found]:
    """Find types to which no export and no tag leads.

    Why: they are sought in the plugin by their name alone, and a plugin that does not
    have them is compatible all the same. Often the signature that hands them over is
    written with `*mut c_void`.

    Fix: name the type in the signature, or leave it out.
    """
    reached = _reached(subject)
    for name, definition in subject.contract.definitions.items():
        if name not in reached:
            place = getattr(definition, "subject", f"types.{name}")
            message = "no export and no tag leads to it, so a plugin without it is compatible"
            yield place, definition.line, message, "name it in a signature, or leave it out"


def _reached(subject: Subject) -> set[str]:
    """Return the names of the types that exports and tags lead to."""
    roots = [each.type for each in subject.contract.exports]
    roots += [each.type for each in subject.contract.tags]
    pending = [name for root in roots if root for name in subject.names_in(root)]
    reached: set[str] = set()
    while pending:
        name = pending.pop()
        definition = subject.contract.definitions.get(name)
        if name in reached or definition is None:
            continue
        reached.add(name)
        if isinstance(definition, Struct):
            for field in definition.fields:
                pending.extend(subject.names_in(field.type))
        elif isinstance(definition, Alias):
            pending.extend(each for each in subject.names_in(definition.type) if each != name)
    return reached


@lint("export-type-unsaid")
def export_type_unsaid(subject: Subject) -> Iterator[Found]:
    """Find exports of which nothing is claimed but that they are there.

    Why: `"fn"` and `"static"` alone accept every signature and every size. A plugin with
    another parameter more is compatible until it is called.

    Fix: write the signature, or the type of the data.
    """
    for export in subject.contract.exports:
        has_size = export.size is not None or export.size_at_least is not None
        if export.type is None and not export.is_forbidden and not has_size:
            kind = {True: "static", False: "fn"}.get(export.is_data, "a name")  # type: ignore[arg-type]
            message = f'"{kind}" alone accepts every type'
            example = '"static u32"' if export.is_data else '"fn(level: i32)"'
            remedy = f"write the whole of it, as in {example}"
            yield f"exports.{export.written or export.name}", export.line, message, remedy
