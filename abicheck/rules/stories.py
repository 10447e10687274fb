"""Tell, in one sentence, what probably happened to a struct."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.report import MISMATCH
from abicheck.rules.describe import describe, in_bytes
from abicheck.rules.members import bit_position, size_of

if TYPE_CHECKING:
    from abicheck.model.evidence import TypeSource
    from abicheck.model.layout import FieldLayout
    from abicheck.rules.struct_comparison import Compared, Member


def tell(compared: Compared, types: TypeSource) -> str:
    """Return the likely story of the first difference between two layouts, as a clause."""
    moved = [each for each in compared.members if each.pair.found and each.place.status == MISMATCH]
    missing = [
        each for each in compared.members if not each.pair.found and each.place.status == MISMATCH
    ]
    changed = [
        each for each in compared.members if each.pair.found and each.type.status == MISMATCH
    ]
    if moved:
        return _of_moved(compared, moved, missing, types)
    if missing:
        are = "is" if len(missing) == 1 else "are"
        return f"{_names(missing)} {are} missing from the plugin's {_kind(compared)}"
    if changed:
        return _of_changed(changed[0])
    if compared.added:
        return _of_added(compared, types)
    return _of_size(compared)


def _of_moved(
    compared: Compared, moved: list[Member], missing: list[Member], types: TypeSource
) -> str:
    swapped = _swapped(moved)
    if swapped:
        return f"`{swapped[0]}` and `{swapped[1]}` changed places"
    first = moved[0]
    name, before, after = first.pair.wanted.name, *_positions(first)
    inserted = [field for field in compared.added if bit_position(field) < after]
    if after > before and inserted:
        return _inserted(inserted, f"before `{name}`", types)
    grown = [
        each for each in compared.members if _grew(each) and bit_position(each.pair.wanted) < before
    ]
    if grown:
        return f"{_growth(grown[-1])}, which moved `{name}`"
    gone = [each for each in missing if bit_position(each.pair.wanted) < before]
    if after < before and gone:
        return f"{_names(gone)} {'is' if len(gone) == 1 else 'are'} missing, so `{name}` moved up"
    return f"`{name}` lies {_distance(before, after)} than the contract has it"


def _positions(member: Member) -> tuple[int, int]:
    assert member.pair.found is not None
    return bit_position(member.pair.wanted), bit_position(member.pair.found)


def _swapped(moved: list[Member]) -> tuple[str, str] | None:
    first = moved[0]
    before, after = _positions(first)
    for other in moved[1:]:
        if _positions(other) == (after, before):
            return str(first.pair.wanted.name), str(other.pair.wanted.name)
    return None


def _inserted(fields: list[FieldLayout], where: str, types: TypeSource) -> str:
    if len(fields) == 1:
        field = fields[0]
        size = size_of(types.layout(field.type))
        amount = f"of {in_bytes(size)} " if size and field.bit_size is None else ""
        return (
            f"a field {amount}(`{field.name}: {describe(types, field.type)}`) was inserted {where}"
        )
    names = ", ".join(f"`{field.name}`" for field in fields[:3])
    more = ", …" if len(fields) > 3 else ""  # noqa: PLR2004
    return f"{len(fields)} fields ({names}{more}) were inserted {where}"


def _grew(member: Member) -> bool:
    return None not in {member.expected_size, member.actual_size} and (
        member.expected_size != member.actual_size and member.pair.found is not None
    )


def _growth(member: Member) -> str:
    verb = "grew" if (member.actual_size or 0) > (member.expected_size or 0) else "shrank"
    sizes = f"from {member.expected_size} to {in_bytes(member.actual_size)}"
    return f"`{member.pair.wanted.name}` {verb} {sizes}"


def _of_changed(member: Member) -> str:
    name = member.pair.wanted.name
    if _grew(member):
        return _growth(member)
    renamed = (
        f" (called `{member.pair.found.name}` there)"
        if member.pair.is_renamed and member.pair.found
        else ""
    )
    return f"`{name}`{renamed} is of another type: {member.type.detail}"


def _of_added(compared: Compared, types: TypeSource) -> str:
    last = max((bit_position(each.pair.wanted) for each in compared.members), default=-1)
    end = [field for field in compared.added if bit_position(field) > last]
    if compared.wanted.size == compared.found.size:
        field = compared.added[0]
        text = f"`{field.name}: {describe(types, field.type)}`"
        return f"the plugin has a field {text} where the contract has only padding"
    if end == list(compared.added):
        names = ", ".join(f"`{field.name}`" for field in end[:3])
        were, size = "was" if len(end) == 1 else "were", in_bytes(compared.wanted.size)
        return f"{names} {were} appended; the host allocates only {size}"
    return _inserted(list(compared.added), "in the middle", types)


def _of_size(compared: Compared) -> str:
    wanted, found = compared.wanted, compared.found
    if wanted.size != found.size and wanted.size is not None and found.size is not None:
        more = "larger" if found.size > wanted.size else "smaller"
        surplus = in_bytes(abs(found.size - wanted.size))
        return f"the plugin's {_kind(compared)} is {surplus} {more}, with the same fields"
    return f"the plugin aligns it to {compared.alignment}, the contract to {wanted.alignment}"


def _distance(before: int, after: int) -> str:
    bits = abs(after - before)
    amount = in_bytes(bits // 8) if bits % 8 == 0 else f"{bits} bits"
    return f"{amount} {'later' if after > before else 'earlier'}"


def _names(members: list[Member]) -> str:
    names = [f"`{each.pair.wanted.name}`" for each in members]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _kind(compared: Compared) -> str:
    return "union" if compared.wanted.is_union else "struct"
