"""Hold structs and unions to the layout that the contract computes for the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.layout import EnumLayout, StructLayout
from abicheck.model.records import replace
from abicheck.model.report import MISMATCH, OK, UNVERIFIED
from abicheck.model.types import Struct
from abicheck.rules.case import Scope
from abicheck.rules.describe import describe, in_bytes
from abicheck.rules.members import bit_position, place, size_of
from abicheck.rules.pictures import draw
from abicheck.rules.registry import rule
from abicheck.rules.stories import tell
from abicheck.rules.struct_comparison import compare_struct, quiet_comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.report import Claim, Picture
    from abicheck.rules.bindings import Binding
    from abicheck.rules.case import Case
    from abicheck.rules.compare import Outcome
    from abicheck.rules.struct_comparison import Compared, Member

MOST_ADDED = 200
UNRECORDED = "its producer does not record calling conventions"


class StructClaims:
    """All claims of one struct or union, under the ids of the rules below."""

    def __init__(self, case: Case, struct: Struct) -> None:
        """Prepare the claims of `struct`; nothing is read before `claims`."""
        self.case, self.struct = case, struct
        self.wanted = case.layouts.layout(struct.name)
        self.kind = "union" if struct.is_union else "struct"
        self.scope = Scope(
            subject=struct.subject,
            line=struct.line,
            required=case.is_required("layout", struct.evidence) and struct.name in case.reachable,
        )

    def claims(self) -> Iterator[Claim]:
        """Yield every claim about the struct and its fields."""
        if not isinstance(self.wanted, StructLayout):
            yield from self._unseen(getattr(self.wanted, "reason", "it has no layout here"))
            return
        bindings = self.case.bindings.of(self.struct.name)
        bare = [each for each in bindings if self.wanted.is_transparent and self._is_bare(each)]
        compared = [
            compare_struct(self.case, self.wanted, each) for each in bindings if each not in bare
        ]
        whole = [each for each in compared if each is not None]
        if bare and not any(each.differs for each in whole):
            yield from self._seen_through(self.wanted, self._least_fitting(self.wanted, bare))
            return
        # What could not be read may fit or not; only what an export leads to speaks for itself.
        is_refuted = any(each.differs and not each.binding.by_name for each in whole)
        reason = None if is_refuted else self.case.bindings.unread(self.struct.name)
        reason = reason or (_disagreement(whole) if whole else self._absence(bindings))
        if reason:
            yield from self._unseen(reason)
            return
        yield from self._seen(next((each for each in whole if each.differs), whole[0]))

    def _absence(self, bindings: tuple[Binding, ...]) -> str:
        if self.case.bindings.absence is not None:
            return self.case.bindings.absence
        if not bindings and self.struct.name in self.case.bindings.held_anonymously:
            self.scope = replace(self.scope, required=False)
            return "the plugin has its fields without a type around them: see what holds it"
        name = self.struct.match or self.struct.name
        if bindings:
            return f"what the plugin calls {name} is no {self.kind}"
        declared = self.case.bindings.declared(self.struct.name)
        if declared:
            return f"{self.case.source} only declares {declared}, and defines it nowhere"
        return f"{self.case.source} defines no {self.kind} named {name}"

    def _is_bare(self, binding: Binding) -> bool:
        found = self.case.evidence.types.layout(binding.type_id)
        return not isinstance(found, StructLayout) or len(found.fields) != 1

    # Nothing was seen, or it was seen through.

    def _unseen(self, reason: str) -> Iterator[Claim]:
        unverified, scope = self.case.unverified, self.scope
        wanted = self.wanted if isinstance(self.wanted, StructLayout) else None
        if wanted is None or wanted.size is not None:
            size = None if wanted is None else in_bytes(wanted.size)
            yield unverified(struct_size, "size", scope, reason=reason, expected=size)
        if not self.struct.is_partial:
            alignment = None if wanted is None else f"aligned to {wanted.alignment}"
            yield unverified(
                struct_alignment, "alignment", scope, reason=reason, expected=alignment
            )
        places = {} if wanted is None else {each.name: each for each in wanted.fields}
        for field in self.struct.fields:
            if field.name is None:
                continue
            inner = replace(scope, subject=f"{scope.subject}.{field.name}", line=field.line)
            known = places.get(field.name)
            where, type_ = (None, None) if known is None else (place(known), str(known.type))
            yield unverified(field_offset, "offset", inner, reason=reason, expected=where)
            yield unverified(field_type, "type", inner, reason=reason, expected=type_)
            yield unverified(field_name, "name", inner, reason=reason, expected=field.name)

    def _least_fitting(self, wanted: StructLayout, bare: list[Binding]) -> Binding:
        """Return the first binding that differs from the field of a transparent wrapper."""
        return next((each for each in bare if self._bare(wanted, each).status != OK), bare[0])

    def _bare(self, wanted: StructLayout, binding: Binding) -> Outcome:
        comparison = quiet_comparison(self.case)
        return comparison.types(wanted.fields[0].type, binding.type_id, binding.flow)

    def _seen_through(self, wanted: StructLayout, binding: Binding) -> Iterator[Claim]:
        """Claim a transparent wrapper that the plugin holds bare, represented as its field."""
        types, compared = self.case.evidence.types, self.case.compared
        field = wanted.fields[0]
        outcome = self._bare(wanted, binding)
        scope = replace(self.scope, evidence=types.kind, origin=binding.origin)
        size = size_of(types.layout(binding.type_id))
        yield compared(
            struct_size,
            "size",
            scope,
            fits=size == wanted.size,
            expected=in_bytes(wanted.size),
            actual=in_bytes(size),
        )
        inner = replace(
            scope, subject=f"{scope.subject}.{field.name}", line=field.line or scope.line
        )
        text = describe(types, binding.type_id)
        yield compared(field_offset, "offset", inner, fits=True, expected="offset 0x0", actual=text)
        if outcome.status == UNVERIFIED:
            yield self.case.unverified(
                field_type, "type", inner, reason=outcome.detail, expected=str(field.type)
            )
        else:
            fits = outcome.status == OK
            yield compared(
                field_type, "type", inner, fits=fits, expected=str(field.type), actual=text
            )
        yield compared(field_name, "name", inner, fits=True, expected=field.name or "", actual=text)

    # A comparison was made.

    def _seen(self, compared: Compared) -> Iterator[Claim]:
        scope = replace(
            self.scope, evidence=self.case.evidence.types.kind, origin=compared.binding.origin
        )
        fields, cause = self._fields(compared, scope)
        head = list(self._head(compared, cause, scope))
        added = list(self._added(compared, cause, head, scope))
        claims = [*head, *fields, *added]
        if compared.differs:
            order = [*fields, *head, *added]  # The first field that differs tells most.
            _illustrate(
                claims, order, draw(self.case, self.struct, compared), self._story(compared)
            )
        yield from claims

    def _story(self, compared: Compared) -> str:
        story = tell(compared, self.case.evidence.types)
        return f"{story}. {compared.refusal}" if compared.refusal else story

    def _fields(self, compared: Compared, scope: Scope) -> tuple[list[Claim], str | None]:
        """Return the claims of all fields, and the subject that explains what is moved after it."""
        cause: str | None = None
        claims: list[Claim] = []
        for member in compared.members:
            subject = f"{scope.subject}.{member.pair.wanted.name or '_'}"
            inner = replace(scope, subject=subject, line=member.pair.wanted.line or scope.line)
            found = member.pair.found
            if found is not None and found.origin is not None:
                inner = replace(inner, origin=found.origin)
            mine = list(self._field(member, cause, inner))
            claims.extend(mine)
            if cause is None and member.moves_the_rest:
                cause = self._grown_definition(member)
                if cause is None and any(each.status == MISMATCH for each in mine):
                    cause = subject
        return claims, cause

    def _grown_definition(self, member: Member) -> str | None:
        """Return the definition whose own change of size moves what follows a field of its type."""
        layout = self.case.layouts.layout(member.pair.wanted.type)
        if not isinstance(layout, StructLayout | EnumLayout) or member.actual_type is None:
            return None
        definition = self.case.contract.definitions.get(layout.name)
        is_grown = member.actual_size not in {None, member.expected_size}
        return getattr(definition, "subject", None) if is_grown else None

    def _head(self, compared: Compared, cause: str | None, scope: Scope) -> Iterator[Claim]:
        wanted, found = compared.wanted, compared.found
        if wanted.size is not None:
            yield self.case.compared(
                struct_size,
                "size",
                scope,
                fits=wanted.size == found.size or bool(compared.grown),
                expected=in_bytes(wanted.size),
                actual=in_bytes(found.size),
                cause=cause,
            )
        if not wanted.is_partial:
            yield self._alignment(compared, cause, scope)

    def _alignment(self, compared: Compared, cause: str | None, scope: Scope) -> Claim:
        wanted, actual = compared.wanted.alignment or 1, compared.alignment
        expected = f"aligned to {wanted}"
        if actual is None:
            reason = "the plugin's debug information does not state alignments"
            return self.case.unverified(
                struct_alignment,
                "alignment",
                replace(scope, required=False),
                reason=reason,
                expected=expected,
            )
        found = f"aligned to {actual}"
        is_explained = cause is not None or compared.has_grown_alignment
        if not compared.is_alignment_derived or actual == wanted or is_explained:
            derived = " (derived from its members)" if compared.is_alignment_derived else ""
            fits = actual == wanted or compared.has_grown_alignment
            return self.case.compared(
                struct_alignment,
                "alignment",
                scope,
                fits=fits,
                expected=expected,
                actual=found + derived,
                cause=cause,
            )
        if self._is_natural(compared) if wanted > actual else not self._has_packing:
            return self.case.compared(
                struct_alignment,
                "alignment",
                scope,
                fits=False,
                expected=expected,
                actual=found + " (derived from its members)",
                cause=cause,
            )
        # Packing that moves nothing leaves no mark in DWARF, nor do unnamed bit-fields.
        required = scope.required and wanted > actual and not self._leaves_no_mark
        return self.case.unverified(
            struct_alignment,
            "alignment",
            replace(scope, required=required),
            expected=expected,
            reason=f"the members suggest {actual}, and nothing states the alignment itself",
            actual=found,
        )

    def _is_natural(self, compared: Compared) -> bool:
        """Whether the plugin's producer would have said that the type is aligned to more."""
        types = self.case.evidence.types
        return not self._leaves_no_mark and types.states_alignment(compared.binding.type_id)

    @property
    def _leaves_no_mark(self) -> bool:
        """Whether unnamed bit-fields, of which DWARF says nothing, raise alignments here."""
        return self.case.facts.unnamed_bit_fields_align and any(
            field.name is None and field.bit_width is not None
            for definition in self.case.contract.definitions.values()
            if isinstance(definition, Struct)
            for field in definition.fields
        )

    @property
    def _has_packing(self) -> bool:
        definitions = self.case.contract.definitions.values()
        return any(isinstance(each, Struct) and each.packed for each in definitions)

    def _field(self, member: Member, cause: str | None, scope: Scope) -> Iterator[Claim]:
        yield self._offset(member, cause, scope)
        if member.pair.wanted.name is None:
            return
        yield self._type(member, scope)
        yield self._name(member, scope)
        if member.unrecorded:
            required = self.case.is_required("conventions")
            yield self.case.unverified(
                field_convention,
                "convention",
                replace(scope, required=required),
                reason=UNRECORDED,
                expected='extern "C"',
            )

    def _offset(self, member: Member, cause: str | None, scope: Scope) -> Claim:
        pair = member.pair
        expected = place(pair.wanted)
        if member.place.status == UNVERIFIED:
            reason = member.place.detail
            return self.case.unverified(
                field_offset, "offset", scope, reason=reason, expected=expected
            )
        return self.case.compared(
            field_offset,
            "offset",
            scope,
            fits=member.place.status == OK,
            expected=expected,
            actual="no such field" if pair.found is None else place(pair.found),
            cause=cause,
            message=member.place.detail or None,
        )

    def _type(self, member: Member, scope: Scope) -> Claim:
        expected, actual = member.expected_type, member.actual_type or "no such field"
        if member.type.status == UNVERIFIED:
            return self.case.unverified(
                field_type,
                "type",
                scope,
                reason=member.type.detail,
                expected=expected,
                actual=actual,
            )
        fits = member.type.status == OK
        return self.case.compared(
            field_type,
            "type",
            scope,
            fits=fits,
            expected=expected,
            actual=actual,
            cause=scope.subject if member.pair.found is None else self._resized_enum(member),
            message=None if fits else member.type.detail,
        )

    def _resized_enum(self, member: Member) -> str | None:
        """Return the enum whose own change of size makes a field of its type differ."""
        if member.pair.found is None:
            return None
        wanted = self.case.layouts.layout(member.pair.wanted.type)
        found = self.case.evidence.types.layout(member.pair.found.type)
        is_enum = isinstance(wanted, EnumLayout) and isinstance(found, EnumLayout)
        return self._grown_definition(member) if is_enum else None

    def _name(self, member: Member, scope: Scope) -> Claim:
        found, wanted = member.pair.found, member.pair.wanted.name or ""
        if found is None and member.place.status == UNVERIFIED:
            reason = member.place.detail
            return self.case.unverified(field_name, "name", scope, reason=reason, expected=wanted)
        if found is None:
            fits = member.place.status == OK
            return self.case.compared(
                field_name,
                "name",
                scope,
                fits=fits,
                expected=wanted,
                actual="no such field",
                cause=scope.subject,
            )
        is_renamed = member.pair.is_renamed
        return self.case.compared(
            field_name,
            "name",
            scope,
            fits=not (is_renamed and self.struct.has_exact_names),
            expected=wanted,
            actual=found.name or "unnamed",
            message=_renaming(found.name) if is_renamed else None,
        )

    def _added(
        self, compared: Compared, cause: str | None, head: list[Claim], scope: Scope
    ) -> Iterator[Claim]:
        has_grown = any(each.claim == "size" and each.status == MISMATCH for each in head)
        types = self.case.evidence.types
        for field in compared.added[:MOST_ADDED]:
            yield self.case.compared(
                field_added,
                "offset",
                replace(scope, subject=f"{scope.subject}.{field.name}"),
                fits=False,
                expected="no such field",
                actual=f"`{field.name}: {describe(types, field.type)}` at {place(field)}",
                cause=cause or (scope.subject if has_grown else None),
            )
        for field in compared.grown[:MOST_ADDED]:
            inner = replace(scope, subject=f"{scope.subject}.{field.name}")
            yield self.case.compared(
                field_added,
                "offset",
                inner,
                fits=True,
                expected="possibly more fields",
                actual=f"`{field.name}: {describe(types, field.type)}` at {place(field)}",
                message="a field in addition, behind all that the contract knows",
            )


def _illustrate(claims: list[Claim], order: list[Claim], picture: Picture, story: str) -> None:
    """Hang the picture and its story on the first mismatch that no other explains."""
    for claim in order:
        if claim.status == MISMATCH and claim.cause is None:
            claims[claims.index(claim)] = replace(claim, picture=picture, message=story)
            return


def _disagreement(compared: list[Compared]) -> str:
    """Say that definitions found by name differ from each other, or return ""."""
    if not all(each.binding.by_name for each in compared):
        return ""
    first = _essence(compared[0])
    if all(_essence(each) == first for each in compared[1:]):
        return ""
    sizes = sorted({str(each.found.size) for each in compared})
    where = f" ({' and '.join(sizes)} bytes)" if len(sizes) > 1 else ""
    return f"{len(compared)} units define {compared[0].found.name} differently{where}"


def _essence(compared: Compared) -> object:
    members = [
        (each.pair.found and bit_position(each.pair.found), each.type.status, each.actual_type)
        for each in compared.members
    ]
    added = [(field.name, bit_position(field)) for field in compared.added]
    return compared.found.size, compared.alignment, members, added


def _renaming(name: str | None) -> str:
    return f"the plugin calls it `{name}`" if name else "the plugin has it without a name"


def layout_claims(case: Case, rule_id: str) -> Iterator[Claim]:
    """Yield the claims of all structs, unions and enums that fall under one rule."""
    return (claim for claim in case.layout_claims if claim.rule == rule_id)


@rule("struct-size-mismatch")
def struct_size(case: Case) -> Iterator[Claim]:
    """Hold each struct and union to the size that the contract computes for the target.

    Why: the side that allocates it uses its own size. A plugin compiled with a
    larger struct writes past the end of what the host allocated, and arrays of it
    have their elements in other places.

    Fix: rebuild the plugin against the host's current header, or correct the contract.
    """
    return layout_claims(case, "struct-size-mismatch")


@rule("struct-alignment-mismatch")
def struct_alignment(case: Case) -> Iterator[Claim]:
    """Hold each struct and union to the alignment that the contract computes.

    Where no compiler recorded an alignment, it is derived from the members; the
    claim then says so.

    Why: alignment decides where the struct lies inside others, and vector
    instructions fault on data that is less aligned than they were promised.

    Fix: make `repr` in the contract and the attributes in the source agree.
    """
    return layout_claims(case, "struct-alignment-mismatch")


@rule("field-offset-mismatch")
def field_offset(case: Case) -> Iterator[Claim]:
    """Hold each field to its place: bytes from the start of the struct, bits for bit-fields.

    Why: host and plugin read different memory under the same name.

    Fix: rebuild the plugin against the host's current header. If the plugin is right,
    correct the contract and raise its version.
    """
    return layout_claims(case, "field-offset-mismatch")


@rule("field-type-mismatch")
def field_type(case: Case) -> Iterator[Claim]:
    """Hold each field to its type, by representation and to the bottom of pointers and callbacks.

    Size, kind, sign, array length, nullability where it is recorded, and the whole
    prototype of function pointers are compared; spelling is not.

    Why: the bytes are there and mean something else, or a callback is called with
    arguments it does not expect.

    Fix: rebuild the plugin against the host's current header.
    """
    return layout_claims(case, "field-type-mismatch")


@rule("field-renamed")
def field_name(case: Case) -> Iterator[Claim]:
    """Look for each field under its own name.

    A field of the same representation at the same place under another name is a
    note; with `names = "exact"` it is a mismatch. Two fields of one type that
    swapped their names have moved, and are reported as moved.

    Why: a new name can mean a new meaning.

    Fix: use the contract's name, or leave out `names = "exact"`.
    """
    return layout_claims(case, "field-renamed")


@rule("field-added")
def field_added(case: Case) -> Iterator[Claim]:
    """Refuse fields that the contract does not know, also where they fit into padding.

    Partial structs and unions may have more members. Padding that is spelled out
    (`_pad`, `reserved`) is no field. Structs that only the plugin fills may have more at
    their end where the host can know of it: see growth in the contract's language.

    Why: the host neither fills nor reads it; the plugin finds what happened to be there.

    Fix: add the field to the contract and raise its version, or remove it from the plugin.
    """
    return layout_claims(case, "field-added")


@rule("field-convention-unverified")
def field_convention(case: Case) -> Iterator[Claim]:
    """Say where the calling convention of a callback is not recorded.

    A recorded convention is part of the field's type. gcc records none; the claim is then
    unverified, and required only under `conventions = "required"`.

    Why: a callback of another convention corrupts the stack.

    Fix: build with clang or rustc, which record conventions, or use a descriptor.
    """
    return layout_claims(case, "field-convention-unverified")
