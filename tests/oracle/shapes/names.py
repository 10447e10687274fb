"""What is paired by name, and what happens to pairs whose names mislead."""

# ruff: noqa: E501 (a change reads best on one line, beside what it must lead to)

from __future__ import annotations

from tests.oracle.corpus.case import Case, bad, ok

ANONYMOUS = Case(
    name="two-anonymous-members",
    portable=True,
    contract="""
[exports]
use = "fn(*mut Both)"
[structs.Both]
fields = ["_: First", "_: Second"]
[structs.First]
fields = ["low: u32"]
[structs.Second]
fields = ["high: u32"]
""",
    c="struct both { struct { uint32_t low; }; struct { uint32_t high; }; };\nvoid use(struct both *b) { b->high = 1; }\n",
    changes=(
        bad("swapped", c=("uint32_t low; }; struct { uint32_t high;", "uint32_t high; }; struct { uint32_t low;")),
        bad("swapped-and-flat", c=("struct { uint32_t low; }; struct { uint32_t high; };", "uint32_t high, low;")),
        ok("flat", c=("struct { uint32_t low; }; struct { uint32_t high; };", "uint32_t low, high;")),
        ok("renamed", c=("uint32_t low;", "uint32_t bottom;")),
        bad("signed", c=("uint32_t low;", "int32_t low;")),
    ),
)  # fmt: skip

UNION = Case(
    name="structs-in-a-union",
    portable=True,
    contract="""
[exports]
use = "fn(*mut Either)"
[unions.Either]
fields = ["pair: Pair", "text: Text", "bytes: [u8; 16]"]
[structs.Pair]
fields = ["x: u64", "y: u64"]
[structs.Text]
fields = ["length: u32", "start: [u8; 12]"]
""",
    c="""
union either {
    struct { uint64_t x, y; } pair;
    struct { uint32_t length; uint8_t start[12]; } text;
    uint8_t bytes[16];
};
void use(union either *e) { e->pair.x = 1; }
""",
    changes=(
        ok("renamed", c=("} pair;", "} p;", "} text;", "} t;", "->pair.", "->p.")),
        ok(
            "renamed-and-reordered",
            c=(
                "    struct { uint64_t x, y; } pair;\n    struct { uint32_t length; uint8_t start[12]; } text;",
                "    struct { uint32_t length; uint8_t start[12]; } t;\n    struct { uint64_t x, y; } p;",
                "->pair.",
                "->p.",
            ),
        ),
        bad("renamed-and-changed", c=("uint64_t x, y; } pair;", "uint64_t x; double y; } p;", "->pair.", "->p.")),
        bad("changed", c=("uint8_t start[12]", "int8_t start[12]")),
        bad("names-swapped", c=("} pair;", "} tmp;", "} text;", "} pair;", "} tmp;", "} text;", "->pair.x", "->pair.length")),
    ),
)  # fmt: skip

ENUMERATORS = Case(
    name="enumerators-with-prefixes",
    portable=True,
    contract='[exports]\nstate = "fn() -> State"\n[enums.State]\nvalues = { Ready = 1, NotReady = 0, Default = 0 }\n',
    c="enum state { Ready = 1, NotReady = 0, Default = 0 };\nenum state state(void) { return Ready; }\n",
    changes=(
        ok("capitals", c=("Ready = 1, NotReady = 0, Default = 0", "NOT_READY, READY, DEFAULT = 0", "return Ready", "return READY")),
        ok("prefixed", c=("Ready = 1, NotReady = 0, Default = 0", "ST_NOT_READY, ST_READY, ST_DEFAULT = 0", "return Ready", "return ST_READY")),
        ok("camel", c=("Ready = 1, NotReady = 0, Default = 0", "kNotReady, kReady, kDefault = 0", "return Ready", "return kReady")),
        bad("prefixed-and-swapped", c=("Ready = 1, NotReady = 0, Default = 0", "ST_READY, ST_NOT_READY, ST_DEFAULT = 0", "return Ready", "return ST_READY")),
        ok("second-name-lost", c=(", Default = 0", "")),
        bad("second-name-moved", c=(", Default = 0", ", Default = 1")),
        bad("value-lost", c=("Ready = 1, ", "", "return Ready", "return Default")),
    ),
)  # fmt: skip

TWICE = Case(
    name="export-named-twice",
    contract='[exports]\nplug_a = "fn(c_int)"\n"plug_*" = "fn(c_int)"\n',
    c="void plug_a(int x) { (void)x; }\n",
    changes=(
        bad("other-than-the-name-says", contract=('plug_a = "fn(c_int)"', 'plug_a = "fn(c_long)"'), c=()),
        bad("other-than-the-pattern-says", contract=('"plug_*" = "fn(c_int)"', '"plug_*" = "fn(c_long)"'), c=()),
    ),
)  # fmt: skip

CASES = (TWICE, ANONYMOUS, UNION, ENUMERATORS)
