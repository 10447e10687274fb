"""Compare a contract's type with a plugin's, by representation and to the bottom.

Structs, unions and enums named by the contract are not looked into here: a pair
of them is reported to `met`, and compared once under its own subject. That also
makes every comparison finite, since only named definitions can be recursive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.model.conventions import canonical_convention
from abicheck.model.layout import (
    BOOL,
    CHAR,
    COMPLEX,
    FLOAT,
    SIGNED,
    ArrayLayout,
    EnumLayout,
    FunctionLayout,
    OpaqueLayout,
    PointerLayout,
    ScalarLayout,
    StructLayout,
    UnknownLayout,
)
from abicheck.model.records import record
from abicheck.model.report import MISMATCH, OK, UNVERIFIED
from abicheck.rules.describe import describe
from abicheck.rules.members import size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from abicheck.model.evidence import TypeSource
    from abicheck.model.layout import Layouts, TypeGraph, TypeId, TypeLayout
    from abicheck.model.target import Target

# Which way a value travels. None: nobody knows, or both ways.
TO_PLUGIN, FROM_PLUGIN = "to plugin", "from plugin"
FLIPPED = {TO_PLUGIN: FROM_PLUGIN, FROM_PLUGIN: TO_PLUGIN, None: None}

# Where a type stands: nullability is lenient only for parameters and results.
PARAMETER, RESULT, STORED = "parameter", "result", "stored"

INTEGER_KINDS = {
    "unsigned": "an unsigned integer",
    "signed": "a signed integer",
    "char": "a character",
}
KINDS = INTEGER_KINDS | {
    BOOL: "a bool",
    FLOAT: "a floating-point number",
    COMPLEX: "a complex number",
}

NULL_THERE = "NULL in the plugin"
"""How an outcome ends that is about nothing but whether a pointer may be NULL."""

QUADS = frozenset({"_Float128", "__float128"})
LONG_DOUBLES = dict.fromkeys(("x86_64", "i386"), "the long double of x87, with 80 bits")
"""Where a float of 16 bytes may be another format than IEEE's quad: by machine, `long double`.

Source: System V AMD64 psABI 1.0, section 3.1.2.
"""

DEEPEST = 64


@record
class Outcome:
    """What a comparison came to: `status` as of claims, and what to say about it."""

    status: str
    detail: str = ""

    def within(self, place: str) -> Outcome:
        """Return the outcome as seen from outside: its detail names the `place` first."""
        return Outcome(self.status, f"{place}: {self.detail}") if self.detail else self


SAME = Outcome(OK)
SEVERITY = {OK: 0, UNVERIFIED: 1, MISMATCH: 2}


def different(detail: str) -> Outcome:
    """Return the outcome of types that differ."""
    return Outcome(MISMATCH, detail)


def unclear(detail: str) -> Outcome:
    """Return the outcome of types that could not be compared."""
    return Outcome(UNVERIFIED, detail)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the first of the worst outcomes."""
    found = SAME
    for outcome in outcomes:
        if SEVERITY[outcome.status] > SEVERITY[found.status]:
            found = outcome
    return found


class Comparison:
    """Compares types of a contract with those of one plugin.

    `met(name, type_id, flow)` is called for each definition of the contract that
    meets a type of the plugin, which may be an incomplete one. `unrecorded` collects
    function pointers whose calling convention the producer does not record; `recorded`
    counts the others.
    """

    def __init__(
        self,
        expected: Layouts,
        actual: TypeSource,
        target: Target,
        met: Callable[[str, TypeId, str | None], None],
    ) -> None:
        """Compare types of `expected` with types of `actual`, both for `target`."""
        self.expected, self.actual, self.target, self.met = expected, actual, target, met
        self.unrecorded: list[str] = []
        self.recorded = 0

    def types(  # noqa: C901, PLR0912  a flat list of what may meet what
        self,
        wanted: TypeId,
        found: TypeId,
        flow: str | None = None,
        position: str = STORED,
        depth: int = 0,
    ) -> Outcome:
        """Compare two types, seeing through wrappers that have the layout of what they wrap."""
        expected, actual = self.expected.layout(wanted), self.actual.layout(found)
        if depth > DEEPEST:
            return unclear("the types are nested too deeply to compare")
        if isinstance(expected, StructLayout) and not expected.is_transparent and _wraps(actual):
            found = self._unwrapped(wanted, found)
            actual = self.actual.layout(found)
        if isinstance(expected, StructLayout | EnumLayout) and not _is_unwrapped(expected, actual):
            return self._definition(expected.name, expected, found, actual, flow)
        if isinstance(expected, StructLayout) and expected.is_transparent:
            self.met(expected.name, found, flow)
            return self.types(expected.fields[0].type, found, flow, position, depth + 1)
        if isinstance(expected, UnknownLayout):
            return unclear(expected.reason)
        if isinstance(actual, UnknownLayout):
            return unclear(actual.reason)
        if isinstance(actual, StructLayout) and _wraps(actual):
            return self.types(wanted, actual.fields[0].type, flow, position, depth + 1)
        inner = self._only_field(found, actual)
        if inner is not None and not isinstance(expected, OpaqueLayout):
            outcome = self.types(wanted, inner, flow, STORED, depth + 1)
            if outcome.status != OK or position == STORED:
                return outcome
            return unclear(
                f"{self._found(found)} is passed like its field only if it is transparent"
            )
        if position == STORED and self._is_long_double(wanted, expected, found, actual):
            return unclear("Rust has no `long double`: only its bytes are there")
        match expected, actual:
            case OpaqueLayout(), _:
                return self._opaque(expected, found, actual)
            case ScalarLayout(), ScalarLayout():
                return _scalars(expected, actual, self.target)
            case ScalarLayout(), EnumLayout():
                return _integer_for_enum(expected.kind, expected.size, actual)
            case PointerLayout(), PointerLayout():
                return self._pointers(expected, actual, flow, position, depth)
            case ArrayLayout(), ArrayLayout():
                return self._arrays(expected, actual, flow, depth)
            case FunctionLayout(), FunctionLayout():
                return self.functions(expected, actual, flow, depth)
        return self._kinds_differ(wanted, found)

    def exported_data(self, wanted: TypeId, found: TypeId, flow: str | None) -> Outcome:
        """Compare the type of exported data, of which `[T]` leaves the length open."""
        expected, actual = self.expected.layout(wanted), self.actual.layout(found)
        if isinstance(expected, ArrayLayout) and expected.count is None:
            if isinstance(actual, StructLayout) and _wraps(actual):
                return self.exported_data(wanted, actual.fields[0].type, flow)
            if isinstance(actual, ArrayLayout) and not actual.is_vector:
                element = self.types(expected.element, actual.element, flow)
                return element.within("element")
        return self.types(wanted, found, flow)

    def functions(
        self,
        expected: FunctionLayout,
        actual: FunctionLayout,
        flow: str | None,
        depth: int = 0,
        *,
        is_definition: bool = False,
    ) -> Outcome:
        """Compare two prototypes; parameters travel against the `flow` of the function itself."""
        if not actual.is_prototyped and not is_definition and expected.parameters:
            return unclear("the plugin declares the function without a prototype")
        if len(expected.parameters) != len(actual.parameters):
            return different(
                f"expected {_count(len(expected.parameters), 'parameter')}, "
                f"found {len(actual.parameters)}"
            )
        outcomes = [
            self._parameter(index, wanted, found, flow, depth)
            for index, (wanted, found) in enumerate(
                zip(expected.parameters, actual.parameters, strict=True), start=1
            )
        ]
        if expected.is_variadic != actual.is_variadic and (actual.is_prototyped or is_definition):
            wants = "takes" if expected.is_variadic else "does not take"
            outcomes.append(different(f"the contract's {wants} `...`, the plugin's does not agree"))
        outcomes.append(self._result(expected.result, actual.result, flow, depth))
        return worst(outcomes)

    def _parameter(
        self, index: int, wanted: TypeId, found: TypeId, flow: str | None, depth: int
    ) -> Outcome:
        outcome = self.types(wanted, found, FLIPPED[flow], PARAMETER, depth + 1)
        return worst([outcome, self._passing(found)]).within(f"parameter {index}")

    def _result(
        self, wanted: TypeId | None, found: TypeId | None, flow: str | None, depth: int
    ) -> Outcome:
        if wanted is None and found is None:
            return SAME
        if wanted is None:
            return different(f"expected no result, found {self._found(found)}")
        if found is None:
            return different(f"expected a result of {_spelled(wanted)}, found none")
        outcome = self.types(wanted, found, flow, RESULT, depth + 1)
        return worst([outcome, self._passing(found)]).within("result")

    def _passing(self, found: TypeId) -> Outcome:
        """Refuse a class by value that C++ passes in another way than C does."""
        layout = self.actual.layout(found)
        if isinstance(layout, OpaqueLayout) and not layout.is_complete:
            found = self._defined(found)
        is_class = isinstance(layout, StructLayout | OpaqueLayout)
        if is_class and self.actual.is_passed_by_reference(found):
            return different(
                f"{self._found(found)} has a constructor, destructor or virtual function of its "
                "own, so that C++ passes it by reference"
            )
        return SAME

    def convention(self, wanted: str, actual: FunctionLayout, found: TypeId) -> Outcome:
        """Compare calling conventions, where the plugin's producer records them."""
        if actual.convention is None:
            return unclear("its producer does not record calling conventions")
        expected = canonical_convention(wanted, self.target)
        if expected == canonical_convention(actual.convention, self.target):
            return SAME
        if expected == "C-unwind" and actual.convention == "C" and not self._is_rust(found):
            return SAME  # C has one convention, whether a call unwinds or not.
        return different(f'expected extern "{wanted}", found extern "{actual.convention}"')

    def _is_long_double(
        self, wanted: TypeId, expected: TypeLayout, found: TypeId, actual: TypeLayout
    ) -> bool:
        """Whether bytes of Rust stand for a number that it lacks."""
        if wanted != "c_longdouble" or not isinstance(actual, StructLayout):
            return False
        return actual.size == size_of(expected) and self._is_rust(found)

    def _is_rust(self, found: TypeId) -> bool:
        return self.actual.language(found) == "rust"

    def _definition(
        self, name: str, expected: TypeLayout, found: TypeId, actual: TypeLayout, flow: str | None
    ) -> Outcome:
        match expected, actual:
            case _, UnknownLayout(reason):
                return unclear(reason)
            case StructLayout(is_union=wanted), StructLayout(is_union=is_union):
                if wanted != is_union:
                    kinds = ("a union", "a struct") if wanted else ("a struct", "a union")
                    return different(
                        f"expected {kinds[0]} ({name}), found {kinds[1]} ({self._found(found)})"
                    )
                self.met(name, found, flow)
                return SAME
            case EnumLayout(), EnumLayout():
                self.met(name, found, flow)
                return _sizes(name, expected.size, actual.size)
            case EnumLayout(), ScalarLayout(kind, _) if kind in INTEGER_KINDS:
                self.met(name, found, flow)
                return _enum_for_integer(name, expected, actual)
            case StructLayout(), OpaqueLayout(is_complete=False):
                return self._declared(name, expected, found, flow)
            case StructLayout(), ArrayLayout(is_vector=True):
                return different(f"expected {name}, found a vector ({self._found(found)})")
        return different(f"expected {name}, found {self._found(found)}")

    def _declared(
        self, name: str, expected: TypeLayout, found: TypeId, flow: str | None
    ) -> Outcome:
        """Compare a struct by value that this unit only declares."""
        defined = self._defined(found)
        layout = self.actual.layout(defined)
        if isinstance(layout, StructLayout | UnknownLayout):
            return self._definition(name, expected, defined, layout, flow)
        self.met(name, found, flow)
        return unclear(f"{self._found(found)} is declared but not defined in this unit")

    def _defined(self, found: TypeId) -> TypeId:
        """Return the one definition of what a unit only declares: clang defines a class once."""
        path = self.actual.path(found)
        definitions = self.actual.definitions(path, ()) if path else ()
        return definitions[0].value if len(definitions) == 1 else found

    def _opaque(self, expected: OpaqueLayout, found: TypeId, actual: TypeLayout) -> Outcome:
        size = getattr(actual, "size", None)
        if isinstance(actual, FunctionLayout):
            return different(f"expected {expected.name}, found a function")
        if expected.size is None:
            return SAME
        if size is None:
            return unclear(f"the size of {self._found(found)} is not recorded")
        if expected.kind is not None:
            from abicheck.model.kinds import is_of_kind  # noqa: PLC0415 (in few contracts)

            if not is_of_kind(self.actual, actual, expected.kind):
                wanted = f"{expected.name} ({expected.kind})"
                return different(f"expected {wanted}, found {self._found(found)}")
        alignment = getattr(actual, "alignment", None)
        if expected.size == size and alignment not in {None, expected.alignment or alignment}:
            wanted = f"{expected.name}, aligned to {expected.alignment}"
            described = self._found(found)
            return different(f"expected {wanted}, found {described}, aligned to {alignment}")
        return _sizes(expected.name, expected.size, size)

    def _pointers(
        self,
        expected: PointerLayout,
        actual: PointerLayout,
        flow: str | None,
        position: str,
        depth: int,
    ) -> Outcome:
        if expected.size != actual.size:
            return different(
                f"expected a pointer of {expected.size} bytes, found one of {actual.size}"
            )
        nullability = _nullability(expected.may_be_null, actual.may_be_null, flow, position)
        return worst([self._pointees(expected.target, actual.target, flow, depth), nullability])

    def _pointees(
        self, wanted: TypeId | None, found: TypeId | None, flow: str | None, depth: int
    ) -> Outcome:
        pointee = None if found is None else self.actual.layout(found)
        is_function = isinstance(pointee, FunctionLayout)
        if wanted is None:
            return (
                different("expected a pointer to data, found one to a function")
                if is_function
                else SAME
            )
        expected = self.expected.layout(wanted)
        if isinstance(expected, FunctionLayout) != is_function:
            if found is None:
                return different("expected a function pointer, found *c_void")
            kinds = ("an object", "a function") if is_function else ("a function", "an object")
            return different(f"expected a pointer to {kinds[0]}, found one to {kinds[1]}")
        if found is None:
            return self._untyped(wanted, expected)
        if is_function:
            return self._function_pointers(wanted, found, flow, depth)
        is_incomplete = isinstance(pointee, OpaqueLayout) and not pointee.is_complete
        if isinstance(expected, StructLayout) and is_incomplete:
            self.met(expected.name, found, flow)
            return SAME  # Incomplete here; the struct is sought by the name it has here.
        if isinstance(expected, OpaqueLayout) and (expected.size is None or is_incomplete):
            return SAME
        if isinstance(pointee, ArrayLayout) != isinstance(expected, ArrayLayout):
            decayed = self._decayed(wanted, found, flow, depth)
            if decayed.status == OK:
                return SAME
        return self.types(wanted, found, flow, STORED, depth + 1).within("what it points to")

    def _decayed(self, wanted: TypeId, found: TypeId, flow: str | None, depth: int) -> Outcome:
        """Compare a pointer to an array with one to its element, to which C lets it decay."""
        expected, actual = self.expected.layout(wanted), self.actual.layout(found)
        inner = expected.element if isinstance(expected, ArrayLayout) else wanted
        other = actual.element if isinstance(actual, ArrayLayout) else found
        return self.types(inner, other, flow, STORED, depth + 1)

    def _untyped(self, wanted: TypeId, expected: TypeLayout) -> Outcome:
        if isinstance(expected, StructLayout | EnumLayout | OpaqueLayout):
            return SAME  # The struct is sought by its name.
        return unclear(
            f"the plugin says `void *`, which does not show that it points to {_spelled(wanted)}"
        )

    def _function_pointers(
        self, wanted: TypeId, found: TypeId, flow: str | None, depth: int
    ) -> Outcome:
        expected, actual = self.expected.layout(wanted), self.actual.layout(found)
        assert isinstance(expected, FunctionLayout)
        assert isinstance(actual, FunctionLayout)
        convention = self.convention(expected.convention or "C", actual, found)
        if convention.status == UNVERIFIED:
            self.unrecorded.append(_spelled(wanted))
            convention = SAME
        else:
            self.recorded += 1
        return worst([self.functions(expected, actual, flow, depth + 1), convention])

    def _arrays(
        self, expected: ArrayLayout, actual: ArrayLayout, flow: str | None, depth: int
    ) -> Outcome:
        if actual.is_vector != expected.is_vector:
            return different("expected an array, found a vector")
        if (expected.count or 0) != (actual.count or 0):
            return different(f"expected {_length(expected.count)}, found {_length(actual.count)}")
        return self.types(expected.element, actual.element, flow, STORED, depth + 1).within(
            "element"
        )

    def _unwrapped(self, wanted: TypeId, found: TypeId) -> TypeId:
        """Return the struct that wrappers such as `UnsafeCell<T>` hold in the contract's stead.

        Both sides may be structs of one struct, so as many levels are left as the contract has.
        """
        surplus = _levels(self.actual, found) - _levels(self.expected, wanted)
        actual = self.actual.layout(found)
        while surplus > 0 and isinstance(actual, StructLayout) and _wraps(actual):
            found, surplus = actual.fields[0].type, surplus - 1
            actual = self.actual.layout(found)
        return found

    def _only_field(self, found: TypeId, actual: TypeLayout) -> TypeId | None:
        """Return the type that fills a Rust struct of one field, which may be transparent or not.

        Either way it lies in memory as its field does; rustc does not record which it is.
        """
        if not isinstance(actual, StructLayout) or actual.is_union or not self._is_rust(found):
            return None
        filled = [each for each in actual.fields if size_of(self.actual.layout(each.type)) != 0]
        if len(filled) != 1 or filled[0].alignment != actual.alignment:
            return None
        is_whole = size_of(self.actual.layout(filled[0].type)) == actual.size
        return filled[0].type if is_whole else None

    def _kinds_differ(self, wanted: TypeId, found: TypeId) -> Outcome:
        return different(f"expected {_spelled(wanted)}, found {self._found(found)}")

    def _found(self, found: TypeId | None) -> str:
        return describe(self.actual, found)


def _spelled(wanted: TypeId) -> str:
    """Return a type of the contract as its author would write it."""
    return str(wanted).removeprefix("function ")


def _wraps(actual: TypeLayout) -> bool:
    return isinstance(actual, StructLayout) and actual.is_transparent and len(actual.fields) == 1


def _levels(graph: TypeGraph, type_id: TypeId) -> int:
    """Return how often a struct holds nothing but another struct."""
    for level in range(DEEPEST):
        layout = graph.layout(type_id)
        if not isinstance(layout, StructLayout) or len(layout.fields) != 1:
            return level
        type_id = layout.fields[0].type
        if not isinstance(graph.layout(type_id), StructLayout):
            return level
    return DEEPEST


def _is_unwrapped(expected: TypeLayout, actual: TypeLayout) -> bool:
    """Whether one side wraps what the other holds bare."""
    if isinstance(expected, StructLayout) and expected.is_transparent:
        return not (isinstance(actual, StructLayout) and len(actual.fields) == 1)
    return isinstance(expected, EnumLayout) and _wraps(actual)


def _scalars(expected: ScalarLayout, actual: ScalarLayout, target: Target) -> Outcome:
    kinds = (expected.kind, actual.kind)
    if not (expected.kind == actual.kind or all(kind in INTEGER_KINDS for kind in kinds)):
        return different(f"expected {KINDS[expected.kind]}, found {KINDS[actual.kind]}")
    if expected.size != actual.size:
        return different(f"expected {expected.size} bytes, found {actual.size}")
    if CHAR not in kinds and expected.kind != actual.kind:
        return different(f"expected {KINDS[expected.kind]}, found {KINDS[actual.kind]}")
    if actual.name in QUADS and expected.kind == FLOAT and target.machine in LONG_DOUBLES:
        return different(f"expected {LONG_DOUBLES[target.machine]}, found {actual.name}")
    return SAME


def _integer_for_enum(kind: str, size: int, actual: EnumLayout) -> Outcome:
    if kind not in INTEGER_KINDS:
        return different(f"expected {KINDS[kind]}, found an enum ({actual.name})")
    return _sizes("an integer", size, actual.size)


def _enum_for_integer(name: str, expected: EnumLayout, actual: ScalarLayout) -> Outcome:
    sizes = _sizes(name, expected.size, actual.size)
    counts = expected.is_fixed and actual.kind != CHAR and expected.is_signed is not None
    if sizes.status == OK and counts and expected.is_signed != (actual.kind == SIGNED):
        return different(f"expected the sign of {name}, found {KINDS[actual.kind]}")
    return sizes


def _sizes(name: str, expected: int, actual: int) -> Outcome:
    if expected == actual:
        return SAME
    return different(f"expected {_count(expected, 'byte')} ({name}), found {actual}")


def _nullability(
    expected: bool | None, actual: bool | None, flow: str | None, position: str
) -> Outcome:
    if expected is None or actual is None or expected == actual:
        return SAME
    if position != STORED and (
        (flow == TO_PLUGIN and actual) or (flow == FROM_PLUGIN and not actual)
    ):
        return SAME  # It accepts more than it must, or promises more than it need.
    found = f"may be {NULL_THERE}" if actual else f"must not be {NULL_THERE}"
    wanted = "may be NULL in the contract" if expected else "must not be NULL in the contract"
    return different(f"it {wanted}, and {found}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _length(count: int | None) -> str:
    return "an array of unknown length" if count is None else f"an array of {count}"
