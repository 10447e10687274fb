"""Inspection -> JSON, version 1, as `schemas/formats/inspect.schema.json` describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abicheck.model.evidence import Import, PlatformFacts
    from abicheck.model.inspection import (
        Gap,
        Inspection,
        SeenEvidence,
        SeenExport,
        SeenField,
        SeenType,
        SeenValue,
        Slice,
    )

VERSION = 1
LARGEST = 1 << 53
"""Integers above are text: many readers of JSON keep numbers as doubles."""

Json = dict[str, object]


def render_json(inspection: Inspection) -> str:
    """Return the document of a plugin that could be read."""
    return _document(inspection.file, None, [_slice(each) for each in inspection.slices])


def render_error(file: str, error: str) -> str:
    """Return the document of a plugin that could not be read."""
    return _document(file, error, [])


def _document(file: str, error: str | None, slices: list[Json]) -> str:
    document = {
        "inspect": "abicheck",
        "version": VERSION,
        "file": file,
        "error": error,
        "slices": slices,
    }
    return json.dumps(document, indent=2) + "\n"


def _slice(each: Slice) -> Json:
    return {
        "format": each.format,
        "target": str(each.target),
        "facts": _facts(each.facts),
        "exports": [_export(export) for export in each.exports],
        "foreign_exports": list(each.foreign),
        "imports": [_import(found) for found in each.imports],
        "types": [_type(found) for found in each.types],
        "types_left_out": each.more_types,
        "evidence": [_evidence(source) for source in each.evidence],
        "notes": list(each.notes),
    }


def _facts(facts: PlatformFacts) -> Json:
    return {
        "soname": facts.soname,
        "needed": list(facts.needed),
        "runpath": list(facts.runpath),
        "versions_needed": [
            {"library": each.library, "version": each.version, "weak": each.is_weak}
            for each in facts.versions_needed
        ],
        "versions_defined": list(facts.versions_defined),
        "libc": facts.libc,
        "stack": facts.stack,
        "build_id": facts.build_id,
        "runs_code_at_load": facts.has_initialisers,
        "marks": list(facts.marks),
    }


def _export(export: SeenExport) -> Json:
    symbol = export.symbol
    return {
        "name": symbol.name,
        "kind": symbol.kind,
        "version": symbol.version,
        "binding": symbol.binding,
        "size": symbol.size,
        "writable": symbol.is_writable,
        "type": export.type,
        "reason": export.reason,
        "value": None if export.value is None else _value(export.value),
    }


def _value(value: SeenValue) -> Json:
    plain = value.plain
    if isinstance(plain, float) and plain - plain != 0:  # JSON has neither inf nor nan.
        plain = value.shown
    if isinstance(plain, int) and not isinstance(plain, bool) and abs(plain) > LARGEST:
        plain = str(plain)
    return {"plain": plain, "text": value.shown, "initial": value.is_initial}


def _import(found: Import) -> Json:
    return {
        "name": found.name,
        "kind": found.kind,
        "version": found.version,
        "library": found.library,
        "weak": found.is_weak,
    }


def _type(found: SeenType) -> Json:
    return {
        "type": f"{found.kind}.{found.name}",
        "size": found.size,
        "alignment": found.alignment,
        "alignment_derived": found.is_alignment_derived,
        "fields": [_field(field) for field in found.fields],
        "holes": [_gap(gap) for gap in found.gaps],
        "padding": None if found.padding is None else _gap(found.padding),
        "values": [{"name": name, "value": value} for name, value in found.values],
    }


def _field(field: SeenField) -> Json:
    return {
        "name": field.name,
        "type": field.type,
        "offset": field.offset,
        "size": field.size,
        "bit_offset": field.bit_offset,
        "bit_size": field.bit_size,
    }


def _gap(gap: Gap) -> Json:
    return {"bit_offset": gap.bit_offset, "bit_size": gap.bit_size}


def _evidence(source: SeenEvidence) -> Json:
    return {
        "source": source.source,
        "about": source.about,
        "seen": source.seen,
        "total": source.total,
        "unseen": [{"reason": reason, "names": list(names)} for reason, names in source.reasons],
    }
