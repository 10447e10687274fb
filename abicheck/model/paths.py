"""Walks through the types of a contract: what a tag's path leads to, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.contract import CallStep, EachStep, FieldStep, IndexStep
from abicheck.model.records import record, replace
from abicheck.model.types import Alias, Array, FunctionType, Named, Pointer, Struct, spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from abicheck.model.contract import Step
    from abicheck.model.types import Definition, Field, Type


@record
class BadStep:
    """Why a path goes no further: the step's index, and a clause that says what is wrong.

    `word` is the name that was not found, `candidates` the names that exist there;
    `owner` is the name of the type that the step was taken from, if it has one.
    """

    index: int
    reason: str
    word: str = ""
    candidates: tuple[str, ...] = ()
    owner: str = ""


def see_through(type_: Type, definitions: Mapping[str, Definition]) -> Type:
    """Return what an alias stands for; any other type is returned as it is."""
    while isinstance(type_, Named):
        definition = definitions.get(type_.name)
        if not isinstance(definition, Alias):
            break
        type_ = definition.type
    return type_


def struct_of(type_: Type, definitions: Mapping[str, Definition]) -> Struct | None:
    """Return the struct or union that a type is, if it is one."""
    seen = see_through(type_, definitions)
    definition = definitions.get(seen.name) if isinstance(seen, Named) else None
    return definition if isinstance(definition, Struct) else None


def find_member(
    struct: Struct, name: str, definitions: Mapping[str, Definition]
) -> tuple[Field, ...]:
    """Return the fields that lead to `name`: itself, after the anonymous members around it.

    Empty if the struct has no such field.
    """
    for field in struct.fields:
        if field.name == name:
            return (field,)
        if field.name is None and field.bit_width is None:
            inner = struct_of(field.type, definitions)
            found = find_member(inner, name, definitions) if inner else ()
            if found:
                return (field, *found)
    return ()


def member_names(struct: Struct, definitions: Mapping[str, Definition]) -> Iterable[str]:
    """Yield the names that `.name` finds in a struct, those of anonymous members included."""
    for field in struct.fields:
        if field.name is not None:
            yield field.name
        elif field.bit_width is None:
            inner = struct_of(field.type, definitions)
            if inner is not None:
                yield from member_names(inner, definitions)


def walk(
    root: Type, steps: Sequence[Step], definitions: Mapping[str, Definition]
) -> tuple[Type, ...] | BadStep:
    """Return the type after each step from `root`, aliases seen through.

    `.name` follows every pointer on its way to a struct; `[i]` and `[]` take an element of
    an array, of an array that a pointer leads to, or of what a pointer points to as C does;
    `()` is the result of a function or of the function that a pointer leads to.
    """
    types: list[Type] = []
    here = see_through(root, definitions)
    for index, step in enumerate(steps):
        there = _step(here, step, index, definitions)
        if isinstance(there, BadStep):
            return replace(there, owner=_owner(here, definitions))
        here = see_through(there, definitions)
        types.append(here)
    return tuple(types)


def _step(
    here: Type, step: Step, index: int, definitions: Mapping[str, Definition]
) -> Type | BadStep:
    match step:
        case FieldStep(name):
            return _field_type(here, name, index, definitions)
        case IndexStep(element):
            return _element_type(here, index, definitions, element)
        case EachStep():
            return _element_type(here, index, definitions)
        case CallStep():
            return _call_result(here, index, definitions)


def _owner(type_: Type, definitions: Mapping[str, Definition]) -> str:
    while isinstance(type_, Pointer):
        type_ = see_through(type_.to, definitions)
    return type_.name if isinstance(type_, Named) else ""


def _field_type(
    here: Type, name: str, index: int, definitions: Mapping[str, Definition]
) -> Type | BadStep:
    while isinstance(here, Pointer):
        here = see_through(here.to, definitions)
    struct = struct_of(here, definitions)
    if struct is None:
        return BadStep(index=index, reason=f"{spell(here)} is no struct and has no fields")
    found = find_member(struct, name, definitions)
    if found:
        return found[-1].type
    names = tuple(member_names(struct, definitions))
    return BadStep(
        index=index, reason=f'{struct.subject} has no field "{name}"', word=name, candidates=names
    )


def _element_type(
    here: Type, index: int, definitions: Mapping[str, Definition], element: int | None = None
) -> Type | BadStep:
    pointee = see_through(here.to, definitions) if isinstance(here, Pointer) else None
    array = here if pointee is None else pointee
    if isinstance(array, Array):
        if element is not None and array.count is not None and element >= array.count:
            reason = f"{spell(array)} has no element {element}"
            return BadStep(index=index, reason=f"{reason}: the last one is {array.count - 1}")
        return array.element
    if pointee is None or isinstance(pointee, FunctionType):
        return BadStep(index=index, reason=f"{spell(here)} is no array and has no elements")
    return pointee


def _call_result(here: Type, index: int, definitions: Mapping[str, Definition]) -> Type | BadStep:
    function = see_through(here.to, definitions) if isinstance(here, Pointer) else here
    if not isinstance(function, FunctionType):
        return BadStep(index=index, reason=f"{spell(here)} is no function and cannot be called")
    if function.parameters or function.is_variadic:
        reason = f"{spell(function)} takes arguments; a path calls only functions that take none"
        return BadStep(index=index, reason=reason)
    return function.result
