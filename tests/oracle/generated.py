"""Random interfaces: the contract of each, its source in C and in Rust, and faults put into it.

Everything follows from the seed. A fault changes one definition in the source and not
in the contract, in a way that shows on every target.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

SCALARS = {
    "u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t", "i8": "int8_t",
    "i16": "int16_t", "i32": "int32_t", "i64": "int64_t", "f32": "float", "f64": "double",
    "bool": "bool",
}  # fmt: skip


@dataclass(frozen=True)
class Scalar:
    """A number."""

    name: str


@dataclass(frozen=True)
class Name:
    """A struct, union or enum that is defined earlier; behind a pointer also a later one."""

    name: str


@dataclass(frozen=True)
class Pointer:
    """`*mut T`."""

    to: Type


@dataclass(frozen=True)
class Array:
    """`[T; count]`."""

    element: Type
    count: int


@dataclass(frozen=True)
class Function:
    """`Option<fn(...) -> result>`."""

    parameters: tuple[Type, ...]
    result: Type | None


Type = Scalar | Name | Pointer | Array | Function


@dataclass(frozen=True)
class Definition:
    """A struct, a union, or (with `values`) an enum."""

    name: str
    kind: str
    fields: tuple[tuple[str, Type], ...] = ()
    values: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Interface:
    """All definitions, what the source says instead of some, and how these were changed."""

    definitions: tuple[Definition, ...]
    changed: dict[str, Definition] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def as_built(self) -> list[Definition]:
        """Return the definitions of the source."""
        return [self.changed.get(each.name, each) for each in self.definitions]

    def embedding(self, names: set[str]) -> set[str]:
        """Return `names` and every definition that holds one of them by value."""
        found = set(names)
        for each in self.as_built():  # In the order of the source: what is held comes first.
            if any(_held(type_) & found for _, type_ in each.fields):
                found.add(each.name)
        return found


def _held(type_: Type) -> set[str]:
    match type_:
        case Name(name):
            return {name}
        case Array(element, _):
            return _held(element)
    return set()


class Generator:
    """Makes interfaces, one after the other, from one seed."""

    def __init__(self, seed: int) -> None:
        """Start over."""
        self.random = random.Random(seed)

    def interface(self, count: int, faults: int) -> Interface:
        """Return `count` definitions, of which `faults` are built otherwise than stated."""
        definitions: list[Definition] = []
        for number in range(count):
            definitions.append(self._definition(number, definitions))
        changed, told = {}, {}
        for each in self.random.sample(definitions, faults):
            told[each.name], changed[each.name] = self._faulty(each)
        return Interface(tuple(definitions), changed, told)

    def _definition(self, number: int, earlier: list[Definition]) -> Definition:
        kind = self.random.choices(["struct", "union", "enum"], [7, 1, 1])[0]
        name = f"{kind[0].upper()}{number}"
        if kind == "enum":
            numbers = self.random.sample(range(-50, 200), self.random.randint(2, 6))
            return Definition(
                name, kind, values=tuple((f"{name}_{v}", n) for v, n in enumerate(numbers))
            )
        most = 6 if kind == "struct" else 4
        fields = tuple(
            (f"f{place}", self._type(earlier, 0)) for place in range(self.random.randint(2, most))
        )
        if kind == "union":  # Two members of one type could stand for each other.
            fields = tuple({type_: (name, type_) for name, type_ in fields}.values())
        return Definition(name, kind, fields)

    def _type(self, earlier: list[Definition], depth: int) -> Type:
        pick = self.random.random()
        if pick < 0.55 or depth > 2:
            return self._scalar()
        if pick < 0.65 and earlier:
            return Name(self.random.choice(earlier).name)
        if pick < 0.77:
            return Pointer(self._type(earlier, depth + 1))
        if pick < 0.87 and depth < 2:
            return Array(self._type(earlier, depth + 1), self.random.randint(2, 5))
        return self._function(earlier, depth)

    def _scalar(self) -> Scalar:
        return Scalar(self.random.choice(list(SCALARS)))

    def _function(self, earlier: list[Definition], depth: int) -> Function:
        behind = [each for each in earlier if each.kind != "union"]
        parameters = [
            self._scalar() if self.random.random() < 0.7 or not behind
            else Pointer(Name(self.random.choice(behind).name))
            for _ in range(self.random.randint(0, 4))
        ]  # fmt: skip
        result = self._scalar() if self.random.random() < 0.6 or depth > 1 else None
        return Function(tuple(parameters), result)

    # Faults. Each returns what it is called, and the definition as it is built.

    def _faulty(self, sound: Definition) -> tuple[str, Definition]:
        if sound.kind == "enum":
            return self._faulty_enum(sound)
        if sound.kind == "union":
            return self._faulty_union(sound)
        kinds = ["insert", "remove", "swap", "retype", "retype", "retype"]
        kind = self.random.choice(kinds)
        fields = list(sound.fields)
        place = self.random.randrange(len(fields))
        if kind == "insert":
            fields.insert(place, ("extra", self._scalar()))
        elif kind == "remove":
            del fields[place]
        elif kind == "swap":
            other = (place + 1) % len(fields)
            fields[place], fields[other] = fields[other], fields[place]
        else:
            name, type_ = fields[place]
            fields[place] = name, self._other(type_)
        return kind, replace(sound, fields=tuple(fields))

    def _faulty_union(self, sound: Definition) -> tuple[str, Definition]:
        fields = list(sound.fields)
        if len(fields) > 1 and self.random.random() < 0.5:
            del fields[self.random.randrange(len(fields))]
            return "remove", replace(sound, fields=tuple(fields))
        fields = [(name, self._other(type_)) for name, type_ in fields[:1]] + fields[1:]
        return "retype", replace(sound, fields=tuple(fields))

    def _faulty_enum(self, sound: Definition) -> tuple[str, Definition]:
        values = list(sound.values)
        if self.random.random() < 0.5:
            del values[self.random.randrange(len(values))]
            return "lose", replace(sound, values=tuple(values))
        place = self.random.randrange(len(values))
        values[place] = values[place][0], values[place][1] + 1000
        return "renumber", replace(sound, values=tuple(values))

    def _other(self, type_: Type) -> Type:
        """Return a type whose representation differs on every target."""
        match type_:
            case Scalar(name):
                return Scalar(self.random.choice([each for each in SCALARS if each != name]))
            case Name():
                return Pointer(type_)
            case Pointer(to):
                return Pointer(self._other(to)) if self.random.random() < 0.6 else self._scalar()
            case Array(element, count):
                if self.random.random() < 0.5:
                    return Array(element, count + 1)
                return Array(self._other(element), count)
            case Function():
                return self._other_function(type_)

    def _other_function(self, function: Function) -> Function:
        parameters = list(function.parameters)
        pick = self.random.random()
        if pick < 0.3 or not parameters:
            parameters.insert(self.random.randint(0, len(parameters)), self._scalar())
        elif pick < 0.5:
            parameters.pop()
        elif pick < 0.8:
            place = self.random.randrange(len(parameters))
            parameters[place] = self._other(parameters[place])
        elif function.result is None:
            return replace(function, result=self._scalar())
        else:
            return replace(function, result=None)
        return replace(function, parameters=tuple(parameters))


# The three ways to write an interface.


def contract_text(interface: Interface) -> str:
    """Return the contract, which states the interface without its faults."""
    lines = ['contract = "generated"', 'version = "1.0"', "format = 1", "[exports]"]
    lines += [f'get_{each.name} = "fn() -> *mut {each.name}"' for each in interface.definitions]
    for each in interface.definitions:
        lines.append(f"[{each.kind}s.{each.name}]")
        if each.kind == "enum":
            lines.append("values = { " + ", ".join(f"{n} = {v}" for n, v in each.values) + " }")
            continue
        lines.append("fields = [")
        lines += [f'  "{name}: {_contract_type(type_)}",' for name, type_ in each.fields]
        lines.append("]")
    return "\n".join(lines) + "\n"


def _contract_type(type_: Type) -> str:
    match type_:
        case Scalar(name) | Name(name):
            return name
        case Pointer(to):
            return f"*mut {_contract_type(to)}"
        case Array(element, count):
            return f"[{_contract_type(element)}; {count}]"
        case Function(parameters, result):
            back = f" -> {_contract_type(result)}" if result else ""
            return f"Option<fn({', '.join(map(_contract_type, parameters))}){back}>"


def c_text(interface: Interface) -> str:
    """Return the plugin in C, with the interface's faults."""
    lines = ["#include <stdbool.h>", "#include <stdint.h>"]
    kinds = {each.name: each.kind for each in interface.definitions}
    for each in interface.as_built():
        if each.kind == "enum":
            values = ", ".join(f"{name} = {value}" for name, value in each.values)
            lines.append(f"enum {each.name} {{ {values} }};")
        else:
            fields = " ".join(_declare(type_, name, kinds) + ";" for name, type_ in each.fields)
            lines.append(f"{each.kind} {each.name} {{ {fields} }};")
        lines.append(f"{each.kind} {each.name} *get_{each.name}(void) {{ return 0; }}")
    return "\n".join(lines) + "\n"


def _declare(type_: Type, inner: str, kinds: dict[str, str]) -> str:
    """Return a declaration of `inner`, from the inside out as C wants it."""
    match type_:
        case Scalar(name):
            return f"{SCALARS[name]} {inner}"
        case Name(name):
            return f"{kinds[name]} {name} {inner}"
        case Pointer(to):
            return _declare(to, f"(*{inner})", kinds)
        case Array(element, count):
            return _declare(element, f"{inner}[{count}]", kinds)
        case Function(parameters, result):
            listed = ", ".join(_declare(each, "", kinds) for each in parameters) or "void"
            around = f"(*{inner})({listed})"
            return _declare(result, around, kinds) if result else f"void {around}"


def rust_text(interface: Interface) -> str:
    """Return the plugin in Rust, with the interface's faults."""
    lines = [
        "#![no_std]",
        "#![allow(non_camel_case_types, dead_code, improper_ctypes_definitions)]",
        "#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }",
    ]
    for each in interface.as_built():
        lines.append("#[repr(C)] #[derive(Clone, Copy)]")
        if each.kind == "enum":
            values = ", ".join(f"{name} = {value}" for name, value in each.values)
            lines.append(f"pub enum {each.name} {{ {values} }}")
        else:
            fields = ", ".join(f"{name}: {_rust_type(type_)}" for name, type_ in each.fields)
            lines.append(f"pub {each.kind} {each.name} {{ {fields} }}")
        lines.append(
            f'#[no_mangle] pub extern "C" fn get_{each.name}() -> *mut {each.name} '
            "{ core::ptr::null_mut() }"
        )
    return "\n".join(lines) + "\n"


def _rust_type(type_: Type) -> str:
    match type_:
        case Scalar(name) | Name(name):
            return name
        case Pointer(to):
            return f"*mut {_rust_type(to)}"
        case Array(element, count):
            return f"[{_rust_type(element)}; {count}]"
        case Function(parameters, result):
            back = f" -> {_rust_type(result)}" if result else ""
            return f'Option<extern "C" fn({", ".join(map(_rust_type, parameters))}){back}>'
