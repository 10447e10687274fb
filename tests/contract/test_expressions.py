"""Type expressions: what each spelling means, and that canonical spellings come back."""

from __future__ import annotations

import random

import pytest

from abicheck.contract.expressions import (
    ALIAS,
    ALIASED,
    FIELD,
    OPAQUE,
    POINTEE,
    SIZED,
    STRUCT,
    ExpressionError,
    Vocabulary,
)
from abicheck.model.records import replace
from abicheck.model.types import (
    CONVENTIONS,
    SCALARS,
    Array,
    FunctionType,
    Named,
    Parameter,
    Pointer,
    Scalar,
    Type,
    Void,
    spell,
)

U8, INT, CHAR = Scalar("u8"), Scalar("c_int"), Scalar("c_char")
CALLBACK = Pointer(FunctionType((Parameter(INT),)), may_be_null=False)
KINDS = {"Greeter": STRUCT, "Host": OPAQUE, "Vector": SIZED, "Callback": ALIASED, "Byte": ALIASED}
ALIASES: dict[str, Type] = {"Callback": CALLBACK, "Byte": U8}
VOCABULARY = Vocabulary(KINDS, ALIASES.get)


def parse(text: str, place: str = FIELD) -> Type:
    return VOCABULARY.parse_type(text, place)


SPELLINGS: dict[str, Type] = {
    "u8": U8,
    " c_int ": INT,
    "va_list": Scalar("va_list"),
    "Greeter": Named("Greeter"),
    "Byte": Named("Byte"),
    "Vector": Named("Vector"),
    "*const c_char": Pointer(CHAR),
    "*mut c_void": Pointer(Void(), is_mutable=True),
    "*const *mut Host": Pointer(Pointer(Named("Host"), is_mutable=True)),
    "&Greeter": Pointer(Named("Greeter"), may_be_null=False),
    "&mut Greeter": Pointer(Named("Greeter"), is_mutable=True, may_be_null=False),
    "& mut u8": Pointer(U8, is_mutable=True, may_be_null=False),
    "[u8; 16]": Array(U8, 16),
    "[u8; 0x10]": Array(U8, 16),
    "[u8; 1_000]": Array(U8, 1000),
    "[[u8; 2]; 3]": Array(Array(U8, 2), 3),
    "[Byte]": Array(Named("Byte")),
    "*const [u8; 4]": Pointer(Array(U8, 4)),
    "fn()": Pointer(FunctionType(), may_be_null=False),
    "fn(*const c_char,) -> u8": Pointer(
        FunctionType((Parameter(Pointer(CHAR)),), U8), may_be_null=False
    ),
    "fn(level: c_int, format: *const c_char, ...)": Pointer(
        FunctionType(
            (Parameter(INT, "level"), Parameter(Pointer(CHAR), "format")), is_variadic=True
        ),
        may_be_null=False,
    ),
    "fn(self: *mut Greeter, fn: u8)": Pointer(
        FunctionType(
            (Parameter(Pointer(Named("Greeter"), is_mutable=True), "self"), Parameter(U8, "fn"))
        ),
        may_be_null=False,
    ),
    "fn(Greeter) -> Greeter": Pointer(
        FunctionType((Parameter(Named("Greeter")),), Named("Greeter")), may_be_null=False
    ),
    "fn() -> c_void": Pointer(FunctionType(), may_be_null=False),
    "fn() -> fn() -> u8": Pointer(
        FunctionType(result=Pointer(FunctionType(result=U8), may_be_null=False)), may_be_null=False
    ),
    "Option<fn(c_int)>": Pointer(FunctionType((Parameter(INT),)), may_be_null=True),
    "Option<Callback>": Pointer(FunctionType((Parameter(INT),)), may_be_null=True),
    'extern "stdcall" fn()': Pointer(FunctionType(convention="stdcall"), may_be_null=False),
    "extern fn()": Pointer(FunctionType(), may_be_null=False),
    'Option<unsafe extern "C" fn()>': Pointer(FunctionType(), may_be_null=True),
    "*mut fn()": Pointer(Pointer(FunctionType(), may_be_null=False), is_mutable=True),
}


@pytest.mark.parametrize(("text", "type_"), SPELLINGS.items(), ids=SPELLINGS)
def test_spelling_means_its_type(text: str, type_: Type) -> None:
    assert parse(text) == type_


@pytest.mark.parametrize("name", sorted(SCALARS))
def test_every_scalar_is_known(name: str) -> None:
    assert parse(name) == Scalar(name)


@pytest.mark.parametrize("name", sorted(CONVENTIONS))
def test_every_convention_is_known(name: str) -> None:
    type_ = parse(f'extern "{name}" fn()')
    assert type_ == Pointer(FunctionType(convention=name), may_be_null=False)


def random_type(chance: random.Random, depth: int) -> Type:
    """Return a type whose canonical spelling says all of it."""
    kind = chance.choice(
        ["scalar", "named", "pointer", "array", "function"] if depth else ["scalar"]
    )
    if kind == "scalar":
        return Scalar(chance.choice(sorted(SCALARS)))
    if kind == "named":
        return Named(chance.choice(["Greeter", "Vector", "Byte"]))
    if kind == "array":
        return Array(random_type(chance, depth - 1), chance.randrange(9))
    if kind == "pointer":
        to = chance.choice([Void(), Named("Host"), random_type(chance, depth - 1)])
        is_reference = chance.random() < 0.3
        return Pointer(to, chance.random() < 0.5, False if is_reference else None)
    parameters = tuple(
        Parameter(value) for value in (random_type(chance, depth - 1) for _ in range(3))
        if not isinstance(value, Array)
    )  # fmt: skip
    result = random_type(chance, depth - 1)
    function = FunctionType(
        parameters,
        Void() if isinstance(result, Array) else result,
        chance.random() < 0.2,
        chance.choice(["C", "C", "stdcall", "C-unwind"]),
    )
    return Pointer(function, may_be_null=chance.random() < 0.5)


@pytest.mark.parametrize("seed", range(200))
def test_canonical_spelling_is_read_back(seed: int) -> None:
    type_ = random_type(random.Random(seed), 4)
    assert parse(spell(type_)) == type_


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("a: u8", ("a", U8, None)),
        ("a:u8:3", ("a", U8, 3)),
        ("_: c_int : 0", (None, INT, 0)),
        ("_: Greeter", (None, Named("Greeter"), None)),
        ("type: fn(a: c_int)", ("type", CALLBACK, None)),
        ("fn: u8", ("fn", U8, None)),
    ],
)
def test_field_string_is_read(text: str, field: tuple[str | None, Type, int | None]) -> None:
    name, type_, bits = VOCABULARY.parse_field(text)
    assert (name, spell(type_), bits) == (field[0], spell(field[1]), field[2])


@pytest.mark.parametrize(
    ("text", "export"),
    [
        ("fn", (False, False, None)),
        ("static", (True, False, None)),
        ("static mut", (True, True, None)),
        ("static u8", (True, False, U8)),
        ("static mut Greeter", (True, True, Named("Greeter"))),
        ("static [u8]", (True, False, Array(U8))),
        ("static fn()", (True, False, Pointer(FunctionType(), may_be_null=False))),
        ("static Option<Callback>", (True, False, replace(CALLBACK, may_be_null=True))),
        ("fn() -> u8", (False, False, FunctionType(result=U8))),
        ('extern "system" fn()', (False, False, FunctionType(convention="system"))),
        ("Callback", (False, False, FunctionType((Parameter(INT),)))),
    ],
)  # fmt: skip
def test_export_is_read(text: str, export: tuple[bool, bool, Type | None]) -> None:
    assert VOCABULARY.parse_export(text) == export


def test_type_may_stand_in_one_place_and_not_in_another() -> None:
    assert parse("Host", ALIAS) == parse("Host", POINTEE) == Named("Host")
    with pytest.raises(ExpressionError):
        parse("Host", FIELD)


WORDS = [
    "fn", "(", ")", "*", "const", "mut", "[", "]", ";", "4", "u8", "->", "Option", "<", ">", "&",
    ",", ":", "...", "extern", '"C"', "Greeter", "_", "'", "é", "\\", "Host", "static",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(300))
def test_no_text_makes_the_parser_stumble(seed: int) -> None:
    chance = random.Random(seed)
    text = chance.choice(["", " "]).join(chance.choices(WORDS, k=chance.randrange(12)))
    for read in (parse, VOCABULARY.parse_field, VOCABULARY.parse_export):
        try:
            read(text)
        except ExpressionError:
            continue
