"""Inspection -> text: what a plugin is and offers, at a glance in eighty columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.evidence import DATA, FUNCTION
from abicheck.report.groups import counted, listed
from abicheck.report.terminal import BOLD, FAINT, WIDTH, YELLOW, Pen, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.model.evidence import Import, PlatformFacts
    from abicheck.model.inspection import (
        Gap,
        Inspection,
        SeenEvidence,
        SeenExport,
        SeenField,
        SeenType,
        Slice,
    )
    from abicheck.model.options import Style

CACHE_LINE = 64
"""Bytes that most processors of today move together."""

MOST_EXPORTS = 100
MOST_IMPORTS = 40
MOST_TYPES = 20
MOST_FIELDS = 200
MOST_VALUES = 40
WIDEST_NAME = 28
SHOWN_NAMES = 3
SOURCES = {
    "symbols": "the symbol table", "dwarf": "DWARF", "bytes": "the file's bytes",
    "descriptor": "a descriptor", "pdb": "PDB",
}  # fmt: skip


def render_text(inspection: Inspection, style: Style) -> str:
    """Return the whole of an inspection as lines for a terminal."""
    return Pen(style).finish(_Page(inspection, style).lines())


class _Page:
    """One inspection on its way to the screen; what is shown of it is made harmless."""

    def __init__(self, inspection: Inspection, style: Style) -> None:
        self.inspection, self.file = inspection, harmless(inspection.file)
        self.pen, self.is_verbose = Pen(style), style.is_verbose

    def lines(self) -> Iterator[str]:
        for at, each in enumerate(self.inspection.slices):
            yield from [""] if at else []
            yield self.pen.paint(f"{self.file}: {each.format}, {each.target}", BOLD)
            if each.evidence:
                yield from self._facts(harmless(each.facts))
                yield from self._exports(each)
                yield from self._imports(each.imports)
            yield from self._types(each)
            yield from self._evidence(each)

    def _most(self, number: int) -> int:
        return 1 << 60 if self.is_verbose else number

    # The file.

    def _facts(self, facts: PlatformFacts) -> Iterator[str]:
        rows = {
            "soname": facts.soname or "",
            "needs": ", ".join(_needs(facts)),
            "versions": ", ".join(facts.versions_defined),
            "runpath": ":".join(facts.runpath),
            "build-id": facts.build_id or "",
            "stack": "" if facts.stack in {None, "not-executable"} else str(facts.stack),
            "at load": "code of its own runs" if facts.has_initialisers else "",
            "marks": ", ".join(facts.marks),
        }
        for title, text in rows.items():
            if text:
                yield from self.pen.wrap(text, f"  {title.ljust(8)}  ")

    def _exports(self, each: Slice) -> Iterator[str]:
        yield ""
        yield self.pen.paint(f"exports: {len(each.exports)}", BOLD)
        shown = harmless(each.exports[: self._most(MOST_EXPORTS)])
        width = min(max((len(export.symbol.name) for export in shown), default=0), WIDEST_NAME)
        for export in shown:
            yield from self._export(export, width)
        if len(shown) < len(each.exports):
            yield f"  and {len(each.exports) - len(shown)} more; --verbose lists them"
        if each.foreign:
            yield f"  and {len(each.foreign)} that only C++ or Rust can name"

    def _export(self, export: SeenExport, width: int) -> Iterator[str]:
        symbol = export.symbol
        about = export.type or _kind(export)
        if symbol.version is not None:
            about += f"  @{symbol.version}"
        if symbol.binding != "global":
            about += f"  ({symbol.binding})"
        margin = f"  {' ' * width}  "
        first = f"  {symbol.name.ljust(width)}  "
        if len(symbol.name) > width:
            if export.value is None and len(f"{first}{about}") <= WIDTH:
                yield f"{first}{about}"
                return
            yield f"  {symbol.name}"
            first = margin
        if export.value is not None:
            where = ", before anything runs" if export.value.is_initial else ""
            value = f"= {export.value.shown}{where}"
            if len(f"{first}{about} {value}") <= WIDTH:
                about = f"{about} {value}"
            else:
                yield from self.pen.wrap(about, first, margin)
                about, first = value, margin
        yield from self.pen.wrap(about, first, f"{margin}  ")

    def _imports(self, imports: Sequence[Import]) -> Iterator[str]:
        if not imports:
            return
        yield ""
        yield self.pen.paint(f"imports: {len(imports)}", BOLD)
        shown = harmless(tuple(imports[: self._most(MOST_IMPORTS)]))
        groups: dict[str, list[str]] = {}
        for each in shown:
            name = f"{each.name} (weak)" if each.is_weak else each.name
            groups.setdefault(each.library or "", []).append(name)
        for library, names in sorted(groups.items(), key=lambda item: not item[0]):
            title = library or "from no library that is named"
            yield from self.pen.wrap(", ".join(names), f"  {title}: ", "    ")
        if len(shown) < len(imports):
            yield f"  and {len(imports) - len(shown)} more; --verbose lists them"

    # Types.

    def _types(self, each: Slice) -> Iterator[str]:
        shown = harmless(each.types[: self._most(MOST_TYPES)])
        for type_ in shown:
            yield ""
            yield from self._type(type_)
        rest = len(each.types) - len(shown) + each.more_types
        if rest:
            names = [harmless(type_.name) for type_ in each.types[len(shown) :]]
            yield ""
            yield self.pen.paint(f"and {counted(rest, 'more type')}; --type NAME shows one:", BOLD)
            yield from self.pen.wrap(listed(names, MOST_IMPORTS), "  ")

    def _type(self, type_: SeenType) -> Iterator[str]:
        title = self.pen.paint(f"{type_.kind}.{type_.name}", BOLD)
        yield from self.pen.wrap(_summary(type_), f"{title}  ", "    ")
        for name, value in type_.values[: self._most(MOST_VALUES)]:
            yield f"  {name} = {value}"
        if len(type_.values) > self._most(MOST_VALUES):
            yield f"  and {len(type_.values) - MOST_VALUES} more"
        if type_.fields:
            yield self.pen.paint("  offset size  field", FAINT)
        yield from self._rows(type_)

    def _rows(self, type_: SeenType) -> Iterator[str]:
        """Yield the fields and the gaps between them, with a line where a cache line begins."""
        gaps = {gap.bit_offset: gap for gap in type_.gaps}
        has_lines = not type_.kind.startswith("u") and (type_.size or 0) > CACHE_LINE
        line, end = 0, 0
        for field in type_.fields[: self._most(MOST_FIELDS)]:
            start = _start(field)
            if has_lines and start // 8 // CACHE_LINE > line:
                line = start // 8 // CACHE_LINE
                yield self.pen.paint(f"  ── cache line at {line * CACHE_LINE:#x} ──", FAINT)
            if end in gaps and end < start:
                yield self._gap(gaps[end], "(hole)")
            yield self._field(field)
            end = max(end, _end(field))
        if len(type_.fields) > self._most(MOST_FIELDS):
            yield f"  and {len(type_.fields) - MOST_FIELDS} more fields"
        elif type_.padding is not None:
            yield self._gap(type_.padding, "(padding)")

    def _field(self, field: SeenField) -> str:
        place = "?" if field.offset is None else f"0x{field.offset:02x}"
        size = "" if field.size is None else str(field.size)
        if field.bit_offset is not None and field.bit_size is not None:
            place = f"0x{field.bit_offset // 8:02x}.{field.bit_offset % 8}"
            size = f"{field.bit_size}b"
        row = f"  {place.ljust(6)} {size.rjust(4)}  {field.name or '_'}: {field.type}"
        return self.pen.clip(row, WIDTH)

    def _gap(self, gap: Gap, name: str) -> str:
        is_whole = gap.bit_offset % 8 == 0 and gap.bit_size % 8 == 0
        place = f"0x{gap.bit_offset // 8:02x}" + ("" if is_whole else f".{gap.bit_offset % 8}")
        size = str(gap.bit_size // 8) if is_whole else f"{gap.bit_size}b"
        return self.pen.paint(f"  {place.ljust(6)} {size.rjust(4)}  {name}", YELLOW)

    # Evidence.

    def _evidence(self, each: Slice) -> Iterator[str]:
        sources = [source for source in each.evidence if source.total]
        if not sources and not each.notes:
            return
        yield ""
        yield self.pen.paint("evidence", BOLD)
        for source in sources:
            yield from self._source(harmless(source))
        for note in each.notes:
            yield from self.pen.wrap(harmless(note), "  note: ")

    def _source(self, source: SeenEvidence) -> Iterator[str]:
        count = f"{source.seen} of {source.total}"
        mark = self.pen.good if source.seen == source.total else self.pen.unsure
        name = SOURCES.get(source.source, source.source)
        yield f"  {mark} {source.about}: {count}, from {name}"
        for reason, names in source.reasons:
            who = "all" if len(names) == source.total > 1 else listed(list(names), SHOWN_NAMES)
            yield from self.pen.wrap(f"{who}: {reason}", "      ", "        ")


def _needs(facts: PlatformFacts) -> Iterator[str]:
    """Yield each library that is needed, with the newest version of each family."""
    for library in facts.needed:
        versions = [each.version for each in facts.versions_needed if each.library == library]
        newest: dict[str, str] = {}
        for version in versions:
            family = version.rpartition("_")[0]
            newest[family] = max(newest.get(family, ""), version, key=_version_key)
        yield f"{library} ({', '.join(newest.values())})" if newest else library


def _version_key(version: str) -> tuple[tuple[int, str], ...]:
    number = version.rpartition("_")[2]
    parts = number.split(".")
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _kind(export: SeenExport) -> str:
    symbol = export.symbol
    if symbol.kind == FUNCTION:
        return "fn"
    if symbol.kind == DATA:
        size = "" if symbol.size is None else f" of {counted(symbol.size, 'byte')}"
        return f"static{size}"
    return symbol.kind


def _summary(type_: SeenType) -> str:
    parts = ["size unknown" if type_.size is None else counted(type_.size, "byte")]
    if type_.alignment is not None:
        derived = " (derived)" if type_.is_alignment_derived and type_.kind != "enums" else ""
        parts.append(f"alignment {type_.alignment}{derived}")
    if type_.kind == "structs" and (type_.size or 0) > CACHE_LINE:
        parts.append(f"{-(-(type_.size or 0) // CACHE_LINE)} cache lines")
    if type_.gaps:
        bits = sum(gap.bit_size for gap in type_.gaps)
        parts.append(f"{counted(len(type_.gaps), 'hole')} ({_width(bits)})")
    if type_.padding is not None:
        parts.append(f"{_width(type_.padding.bit_size)} of padding")
    return ", ".join(parts)


def _width(bits: int) -> str:
    return counted(bits // 8, "byte") if bits % 8 == 0 else counted(bits, "bit")


def _start(field: SeenField) -> int:
    return field.bit_offset if field.bit_offset is not None else (field.offset or 0) * 8


def _end(field: SeenField) -> int:
    width = field.bit_size if field.bit_size is not None else (field.size or 0) * 8
    return _start(field) + width
