"""Unions, enums and bit-fields."""

# ruff: noqa: E501 (a change reads best on one line, beside what it must lead to)

from __future__ import annotations

from .case import Case, bad, doubtful, harmless, ok

UNION = Case(
    name="union",
    portable=True,
    contract="""
[exports]
value = "fn() -> *mut Value"
[unions.Value]
fields = ["integer: i64", "real: f64", "text: *const c_char", "bytes: [u8; 16]", "pair: Pair"]
[structs.Pair]
fields = ["low: u32", "high: u32"]
""",
    c="struct Pair { uint32_t low, high; };\n"
    "union Value { int64_t integer; double real; const char *text; uint8_t bytes[16]; struct Pair pair; };\n"
    "union Value *value(void) { return 0; }\n",
    rust="#[repr(C)] #[derive(Clone, Copy)] pub struct Pair { low: u32, high: u32 }\n"
    "#[repr(C)] pub union Value { integer: i64, real: f64, text: *const c_char, bytes: [u8; 16], pair: Pair }\n"
    '#[no_mangle] pub extern "C" fn value() -> *mut Value { null_mut() }\n',
    changes=(
        bad("member-removed", c=(" double real;", ""), rust=(" real: f64,", "")),
        bad("largest-removed", c=(" uint8_t bytes[16];", ""), rust=(" bytes: [u8; 16],", "")),
        bad("struct-removed", c=(" struct Pair pair;", ""), rust=(", pair: Pair", "")),
        bad(
            "member-changed-kind",
            c=("double real", "uint64_t real"),
            rust=("real: f64", "real: u64"),
        ),
        bad(
            "member-signed",
            c=("int64_t integer", "uint64_t integer"),
            rust=("integer: i64", "integer: u64"),
        ),
        bad("member-narrowed", c=("double real", "float real"), rust=("real: f64", "real: f32")),
        bad(
            "struct-in-it-changed",
            c=("uint32_t low, high", "int32_t low, high"),
            rust=("low: u32, high: u32", "low: i32, high: i32"),
        ),
        bad(
            "grew",
            c=("bytes[16];", "bytes[16]; char more[32];"),
            rust=("bytes: [u8; 16],", "bytes: [u8; 16], more: [u8; 32],"),
        ),
        bad("array-lengthened", c=("bytes[16]", "bytes[24]"), rust=("[u8; 16]", "[u8; 24]")),
        bad("became-a-struct", c=("union Value", "struct Value"), rust=("pub union", "pub struct")),
        ok(
            "order",
            c=("int64_t integer; double real;", "double real; int64_t integer;"),
            rust=("integer: i64, real: f64,", "real: f64, integer: i64,"),
        ),
        ok(
            "member-added-that-fits",
            c=("double real;", "double real; uint16_t more;"),
            rust=("real: f64,", "real: f64, more: u16,"),
        ),
        ok("member-renamed", c=("double real", "double number"), rust=("real: f64", "number: f64")),
        ok("union-renamed", c=("union Value", "union Variant"), rust=("Value", "Variant")),
    ),
)

ENUM = Case(
    name="enum",
    portable=True,
    contract="""
[exports]
mode = "fn(Mode, *mut State) -> Mode"
[enums.Mode]
values = { Off = 0, On = 1, Auto = 4 }
[structs.State]
fields = ["mode: Mode", "next: u8", "end: u32"]
""",
    c="enum Mode { Off, On, Auto = 4 };\nstruct State { enum Mode mode; uint8_t next; uint32_t end; };\n"
    "enum Mode mode(enum Mode m, struct State *s) { return s ? s->mode : m; }\n",
    cpp="enum Mode { Off, On, Auto = 4 };\nstruct State { Mode mode; uint8_t next; uint32_t end; };\n"
    'extern "C" Mode mode(Mode m, State *s) { return s ? s->mode : m; }\n',
    rust="#[repr(C)] #[derive(Clone, Copy)] pub enum Mode { Off, On, Auto = 4 }\n"
    "#[repr(C)] pub struct State { mode: Mode, next: u8, end: u32 }\n"
    '#[no_mangle] pub extern "C" fn mode(m: Mode, s: *mut State) -> Mode { m }\n',
    changes=(
        bad(
            "value-changed",
            c=("Auto = 4", "Auto = 5"),
            cpp=("Auto = 4", "Auto = 5"),
            rust=("Auto = 4", "Auto = 5"),
        ),
        bad(
            "value-inserted",
            c=("Off, On", "Off, Half, On"),
            cpp=("Off, On", "Off, Half, On"),
            rust=("Off, On", "Off, Half, On"),
        ),
        bad("values-swapped", c=("Off, On", "On, Off"), rust=("Off, On", "On, Off")),
        bad("value-lost", c=(", Auto = 4", ""), rust=(", Auto = 4", "")),
        bad("short-by-flag", c=(), flags="-fshort-enums", only=("gcc", "clang")),
        bad("without-a-repr", rust=("#[repr(C)] #[derive", "#[derive")),
        bad(
            "packed",
            c=("enum Mode {", "enum __attribute__((packed)) Mode {"),
            rust=("#[repr(C)] #[derive", "#[repr(u8)] #[derive"),
        ),
        bad(
            "wide",
            c=("Auto = 4", "Auto = 4, Huge = 0x100000000"),
            rust=("#[repr(C)] #[derive", "#[repr(u64)] #[derive"),
        ),
        bad("fixed-byte", cpp=("enum Mode {", "enum Mode : uint8_t {")),
        bad("fixed-64", cpp=("enum Mode {", "enum Mode : int64_t {")),
        bad("became-float", c=("struct State { enum Mode mode", "struct State { float mode")),
        bad("parameter-pointer", c=("enum Mode m,", "enum Mode *m,", ": m;", ": *m;")),
        ok(
            "value-added",
            c=("Auto = 4", "Auto = 4, Extra = 9"),
            rust=("Auto = 4", "Auto = 4, Extra = 9"),
        ),
        bad(
            "value-added-to-closed",
            contract=(
                "values = { Off = 0, On = 1, Auto = 4 }",
                "values = { Off = 0, On = 1, Auto = 4 }\nclosed = true",
            ),
            c=("Auto = 4", "Auto = 4, Extra = 9"),
            rust=("Auto = 4", "Auto = 4, Extra = 9"),
        ),
        ok(
            "closed",
            contract=(
                "values = { Off = 0, On = 1, Auto = 4 }",
                "values = { Off = 0, On = 1, Auto = 4 }\nclosed = true",
            ),
            c=(),
            rust=(),
        ),
        ok("value-renamed", c=("Auto", "MODE_AUTO"), rust=("Auto", "Automatic")),
        bad(
            "value-renamed-under-exact-names",
            contract=("[enums.Mode]", '[enums.Mode]\nnames = "exact"'),
            c=("Auto", "MODE_AUTO"),
            rust=("Auto", "Automatic"),
        ),
        ok(
            "order",
            c=("Off, On, Auto = 4", "Auto = 4, On = 1, Off = 0"),
            rust=("Off, On, Auto = 4", "Auto = 4, On = 1, Off = 0"),
        ),
        ok("enum-renamed", c=("enum Mode", "enum Sort"), rust=("Mode", "Sort")),
        ok(
            "nameless",
            c=(
                "enum Mode { Off, On, Auto = 4 };",
                "typedef enum { Off, On, Auto = 4 } Mode;",
                "enum Mode",
                "Mode",
            ),
        ),
        ok("enum-class", cpp=("enum Mode {", "enum class Mode {")),
        ok("fixed-int", cpp=("enum Mode {", "enum Mode : int {")),
        ok(
            "negative-added",
            c=("Auto = 4", "Auto = 4, Error = -1"),
            rust=("Auto = 4", "Auto = 4, Error = -1"),
        ),
        ok(
            "field-is-an-integer",
            c=(
                "struct State { enum Mode mode",
                "struct State { int mode",
                "? s->mode : m",
                "? (enum Mode)s->mode : m",
            ),
        ),
        harmless(
            "all-integers",
            c=(
                "struct State { enum Mode mode",
                "struct State { int mode",
                "enum Mode mode(enum Mode m",
                "int mode(int m",
                "enum Mode { Off, On, Auto = 4 };",
                "",
            ),
        ),
        doubtful(
            "all-integers-of-two-bytes",
            c=(
                "enum Mode { Off, On, Auto = 4 };",
                "",
                "enum Mode mode;",
                "int16_t mode;",
                "enum Mode mode(enum Mode m",
                "int mode(int m",
            ),
        ),
    ),
)

FIXED_ENUM = Case(
    name="fixed-enum",
    portable=True,
    contract="""
[exports]
colour = "fn() -> *mut Pixel"
[enums.Colour]
repr = "u8"
values = { Red = 0, Green = 1, Last = 255 }
[structs.Pixel]
fields = ["colour: Colour", "depth: u8", "alpha: u16"]
""",
    c="enum Colour { Red, Green, Last = 255 } __attribute__((packed));\n"
    "struct Pixel { enum Colour colour; uint8_t depth; uint16_t alpha; };\nstruct Pixel *colour(void) { return 0; }\n",
    cpp="enum Colour : uint8_t { Red, Green, Last = 255 };\n"
    'struct Pixel { Colour colour; uint8_t depth; uint16_t alpha; };\nstatic Pixel only;\nextern "C" Pixel *colour(void) { return &only; }\n',
    rust="#[repr(u8)] pub enum Colour { Red, Green, Last = 255 }\n"
    "#[repr(C)] pub struct Pixel { colour: Colour, depth: u8, alpha: u16 }\n"
    '#[no_mangle] pub extern "C" fn colour() -> *mut Pixel { null_mut() }\n',
    changes=(
        bad(
            "signed",
            cpp=(": uint8_t", ": int8_t", "Last = 255", "Last = 127"),
            rust=("repr(u8)", "repr(i8)", "Last = 255", "Last = 127"),
        ),
        bad(
            "signed-with-the-same-values",
            contract=(", Last = 255", ""),
            cpp=(": uint8_t", ": int8_t", ", Last = 255", ""),
            rust=("repr(u8)", "repr(i8)", ", Last = 255", ""),
        ),
        bad(
            "two-bytes",
            c=("Last = 255", "Last = 256", "uint8_t depth; ", ""),
            cpp=(": uint8_t", ": uint16_t", "uint8_t depth; ", ""),
            rust=("repr(u8)", "repr(u16)", "depth: u8, ", ""),
        ),
        bad(
            "as-wide-as-int",
            c=(" __attribute__((packed))", ""),
            cpp=(": uint8_t", ""),
            rust=("repr(u8)", "repr(C)"),
        ),
        bad(
            "value-changed",
            c=("Last = 255", "Last = 254"),
            cpp=("Last = 255", "Last = 254"),
            rust=("Last = 255", "Last = 254"),
        ),
        ok(
            "short-by-flag",
            c=(" __attribute__((packed))", ""),
            flags="-fshort-enums",
            only=("gcc", "clang"),
        ),
        harmless(
            "a-byte",
            c=("enum Colour colour;", "uint8_t colour;"),
            rust=("colour: Colour", "colour: u8"),
        ),
    ),
)

NEGATIVE_ENUM = Case(
    name="negative-enum",
    portable=True,
    contract='[exports]\nstate = "fn() -> Status"\n[enums.Status]\nvalues = { Error = -1, Ok = 0, Deep = -2147483648 }\n',
    c="enum Status { Error = -1, Ok, Deep = -2147483647 - 1 };\nenum Status state(void) { return Ok; }\n",
    rust="#[repr(C)] pub enum Status { Error = -1, Ok = 0, Deep = -2147483648 }\n"
    '#[no_mangle] pub extern "C" fn state() -> Status { Status::Ok }\n',
    changes=(
        bad(
            "value-changed",
            c=("Error = -1", "Error = -2", "Ok,", "Ok = 0,"),
            rust=("Error = -1", "Error = -2"),
        ),
        harmless(
            "the-same-bits-unsigned",
            c=(
                "Error = -1, Ok, Deep = -2147483647 - 1",
                "Error = 0xffffffff, Ok = 0, Deep = 0x80000000",
            ),
        ),
    ),
)

BITS = Case(
    name="bit-fields",
    portable=True,
    contract="""
[exports]
flags = "fn() -> *mut Flags"
[structs.Flags]
fields = ["a: c_uint : 3", "b: c_uint : 5", "c: c_int : 7", "_: c_uint : 0", "d: c_uint : 12", "e: u8", "f: u64 : 40", "g: u64 : 24"]
""",
    c="struct Flags { unsigned a : 3; unsigned b : 5; int c : 7; unsigned : 0; unsigned d : 12; uint8_t e; uint64_t f : 40; uint64_t g : 24; };\n"
    "struct Flags *flags(void) { return 0; }\n",
    changes=(
        bad("width-moved-between-two", c=("a : 3; unsigned b : 5", "a : 4; unsigned b : 4")),
        bad("width-into-padding", c=("int c : 7", "int c : 8")),
        bad("narrower", c=("d : 12", "d : 11")),
        bad("swapped", c=("unsigned a : 3; unsigned b : 5;", "unsigned b : 5; unsigned a : 3;")),
        bad("signed", c=("unsigned a : 3", "signed int a : 3")),
        bad("unsigned", c=("int c : 7", "unsigned c : 7")),
        bad("bit-inserted", c=("int c : 7;", "int c : 7; unsigned extra : 1;")),
        bad("bit-inserted-in-front", c=("unsigned a : 3;", "unsigned extra : 1; unsigned a : 3;")),
        bad("unit-not-broken", c=(" unsigned : 0;", "")),
        bad("became-a-field", c=("unsigned d : 12", "unsigned d")),
        bad("field-became-bits", c=("uint8_t e;", "unsigned e : 8;")),
        bad("lost", c=(" unsigned d : 12;", "")),
        bad("widths-of-64", c=("f : 40; uint64_t g : 24", "f : 39; uint64_t g : 25")),
        ok("renamed", c=("unsigned a", "unsigned alpha")),
        ok("padding-named-by-width", c=("unsigned : 0;", "unsigned : 17;")),
        ok("constant", c=("unsigned a", "const unsigned a")),
    ),
)

BOOL_BITS = Case(
    name="bool-bits",
    contract='[exports]\nflags = "fn() -> *mut Flags"\n[structs.Flags]\nfields = ["on: bool : 1", "hot: bool : 1", "kind: u8 : 6"]\n',
    c="struct Flags { bool on : 1; bool hot : 1; uint8_t kind : 6; };\nstruct Flags *flags(void) { return 0; }\n",
    changes=(
        bad("swapped", c=("bool on : 1; bool hot : 1", "bool hot : 1; bool on : 1")),
        bad("became-bytes", c=("bool on : 1; bool hot : 1", "bool on; bool hot")),
        bad(
            "became-int",
            c=(
                "bool on : 1; bool hot : 1; uint8_t kind : 6",
                "unsigned on : 1; unsigned hot : 1; unsigned kind : 6",
            ),
        ),
    ),
)

PACKED_BITS = Case(
    name="packed-bits",
    contract='[exports]\nhead = "fn() -> *mut Head"\n[structs.Head]\nrepr = "C, packed"\n'
    'fields = ["kind: u8", "a: c_uint : 20", "b: c_uint : 20", "end: u16"]\n',
    c="struct __attribute__((packed)) Head { uint8_t kind; unsigned a : 20; unsigned b : 20; uint16_t end; };\n"
    "struct Head *head(void) { return 0; }\n",
    changes=(
        bad("not-packed", c=("__attribute__((packed)) ", "")),
        bad("widths", c=("a : 20; unsigned b : 20", "a : 19; unsigned b : 21")),
    ),
)

CASES = (UNION, ENUM, FIXED_ENUM, NEGATIVE_ENUM, BITS, BOOL_BITS, PACKED_BITS)
