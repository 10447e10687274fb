"""Decide which version of a contract a plugin is held to, and where it may be ahead of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.growth import Growth, as_of, fixed_structs, is_beyond, is_later
from abicheck.model.layout import StructLayout
from abicheck.model.paths import see_through
from abicheck.model.records import record, replace
from abicheck.model.report import MISMATCH, OK
from abicheck.model.types import Named, Struct
from abicheck.rules.bindings import stated_flow
from abicheck.rules.compare import FROM_PLUGIN, TO_PLUGIN, Comparison
from abicheck.rules.members import bit_position, bits_of, flatten
from abicheck.rules.tags import TagReading, claims_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from abicheck.model.contract import Contract, Tag
    from abicheck.model.layout import FieldLayout, Layouts
    from abicheck.model.target import Target
    from abicheck.model.types import Type
    from abicheck.rules.case import Case
    from abicheck.rules.struct_comparison import Compared

    LayOut = Callable[[Contract, Target], Layouts]


@record
class Held:
    """The version that a plugin is held to, and why.

    `is_stated`: its tag proves it; `is_newer`: what it states lies beyond the contract's own.
    """

    version: str
    reason: str
    is_stated: bool = False
    is_newer: bool = False


def held_to(case: Case, wish: str | None) -> Held:
    """Return the version that the plugin states, as far as it proves that; `wish` goes first."""
    contract = case.contract
    if wish is not None:
        return Held(wish, "as asked for")
    tag = contract.interface_tag
    if tag is None:
        return Held(contract.version, "the contract has no tag that states a plugin's version")
    stated = _stated(case, tag)
    if stated is None:
        return Held(contract.version, f"tags.{tag.name} proves no other version")
    if is_beyond(contract.version, stated):
        return Held(stated, "the version that it states", is_stated=True)
    is_newer = is_beyond(stated, contract.version)
    return Held(contract.version, f"it states {stated}", is_stated=True, is_newer=is_newer)


def _stated(case: Case, tag: Tag) -> str | None:
    """Return the version that a tag states and the contract accepts."""
    if tag.path.calls or any(claim.status != OK for claim in claims_of(case, tag)):
        return None
    version = TagReading(case, tag).version()
    return None if version is None else ".".join(map(str, version.parts))


def notes(case: Case, held: Held, kept: Mapping[str, str]) -> Iterator[str]:
    """Yield what a reader must know of the version that a plugin is held to."""
    if not held.is_stated:
        yield _said(case, held)
    for definition in case.contract.definitions.values():
        if isinstance(definition, Struct) and definition.name in kept:
            later = [each for each in definition.fields if is_later(each.since, held.version)]
            if later:
                yield (
                    f"{definition.subject} cannot grow, so that all its fields are demanded: "
                    f"it is {kept[definition.name]}"
                )


def _said(case: Case, held: Held) -> str:
    """Say what a plugin is held to, unless it states just that."""
    name, own = case.contract.name, case.contract.version
    if held.version != own:
        return f"held to {name} as of {held.version}, {held.reason}"
    if held.is_stated and not held.is_newer:
        return ""
    return f"held to all of {name} {own}: {held.reason}"


def aged(case: Case, held: Held, kept: Mapping[str, str]) -> Contract:
    """Return the contract as of the version that the plugin is held to.

    The structs in `kept` are as they are in all of it.
    """
    return as_of(
        case.contract,
        held.version,
        fixed=kept.keys(),
        is_present=lambda export: bool(case.matches(export)),
    )


def unaging(case: Case, held: Held, lay_out: LayOut) -> dict[str, str]:
    """Return the structs that are as they always were, and why."""
    kept = fixed_structs(case.contract)
    if held.version != case.contract.version:
        layouts = lay_out(aged(case, held, kept), case.evidence.target)
        kept.update(_moved(case.contract, case.layouts, layouts))
    return kept


def of(case: Case, held: Held, kept: Mapping[str, str]) -> Growth:
    """Return what the rules must know of growth; `case` is that of the whole contract."""
    return Growth(
        version=held.version,
        is_newer=held.is_newer,
        note=_said(case, held) if held.is_stated else "",
        fixed=kept,
        whole=case.layouts,
    )


def _moved(contract: Contract, whole: Layouts, layouts: Layouts) -> dict[str, str]:
    """Return the structs whose older fields lie elsewhere once the later ones are left out."""
    found = {}
    for name, definition in contract.definitions.items():
        now, before = whole.types.get(name), layouts.types.get(name)
        if not (isinstance(now, StructLayout) and isinstance(before, StructLayout)):
            continue
        places = {field.name: bit_position(field) for field in flatten(whole, now)}
        if any(places.get(each.name) != bit_position(each) for each in flatten(layouts, before)):
            inserted = [each.name for each in getattr(definition, "fields", ()) if each.since]
            found[name] = f"said to have `{inserted[0]}` before older fields" if inserted else ""
    return {name: reason for name, reason in found.items() if reason}


# Where a plugin may be ahead of the contract.


def grown(case: Case, compared: Compared) -> Compared:
    """Return a comparison in which fields that may be there in addition are no difference."""
    growth = case.growth
    if growth is None:
        return compared
    name = compared.wanted.name
    added = compared.added
    if not added or any(MISMATCH in {m.place.status, m.type.status} for m in compared.members):
        return compared
    end = _end(case, compared.wanted)
    if any(bit_position(field) < end for field in added):
        return compared
    refusal = (
        _refusal(case, name, compared.binding.flow)
        or _hidden(case, compared)
        or _conflict(case, growth, compared)
    )
    if refusal:
        return replace(compared, refusal=f"{name} may not grow here: {refusal}")
    return replace(compared, added=(), grown=added)


def may_be_longer(case: Case, type_: Type) -> bool:
    """Whether data that a plugin exports may have more bytes than its type in the contract."""
    seen = see_through(type_, case.contract.definitions)
    if case.growth is None or not isinstance(seen, Named):
        return False
    return not _refusal(case, seen.name, stated_flow(case, seen.name, FROM_PLUGIN))


def _refusal(case: Case, name: str, flow: str | None) -> str:
    """Say why a struct may not be longer than the contract has it, or return ""."""
    growth, struct = case.growth, case.contract.definitions.get(name)
    if growth is None or not isinstance(struct, Struct) or struct.is_union:
        return "it is no struct"
    if name in growth.fixed:
        return f"it is {growth.fixed[name]}"
    if flow == TO_PLUGIN:
        return "the host fills it, and cannot fill what it does not know"
    if flow != FROM_PLUGIN:
        return 'nothing says that only the plugin fills it (`filled_by = "plugin"`)'
    if struct.size_field is None and not growth.is_newer:
        return "no `size_field` tells how long it is, and the plugin states no newer version"
    return ""


def _hidden(case: Case, compared: Compared) -> str:
    """Say which field does not tell of those that the plugin has in addition, or return ""."""
    struct = case.contract.definitions.get(compared.wanted.name)
    field = struct.size_field if isinstance(struct, Struct) else None
    size = 8 * (compared.wanted.size or 0)
    if field is None or all(bit_position(each) >= size for each in compared.added):
        return ""
    return f"`{field}` cannot tell of a field in what was padding"


def _conflict(case: Case, growth: Growth, compared: Compared) -> str:
    """Say which later field lies where the plugin has something else, or return ""."""
    whole = growth.whole.types.get(compared.wanted.name)
    if not isinstance(whole, StructLayout):
        return ""
    known = {field.name for field in flatten(case.layouts, compared.wanted)}
    later = [field for field in flatten(growth.whole, whole) if field.name not in known]
    types = case.evidence.types
    for field in compared.added:
        bits = bits_of(types, field)
        for other in later:
            theirs = bits_of(growth.whole, other)
            overlaps = bits.start < theirs.stop and theirs.start < bits.stop
            if overlaps and not (bits == theirs and _is_same(case, growth, other, field)):
                return f"`{field.name}` is not the `{other.name}` that a later version has there"
    return ""


def _is_same(case: Case, growth: Growth, wanted: FieldLayout, found: FieldLayout) -> bool:
    comparison = Comparison(
        growth.whole, case.evidence.types, case.evidence.target, lambda *_: None
    )
    return comparison.types(wanted.type, found.type).status == OK


def _end(case: Case, struct: StructLayout) -> int:
    """Return the bit behind the last field of a struct."""
    ends = [bits_of(case.layouts, field).stop for field in flatten(case.layouts, struct)]
    return max(ends, default=0)
