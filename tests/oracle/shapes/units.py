"""Structs that the exporting unit only declares, and others define, under other names too."""

# ruff: noqa: E501 (a change reads best on one line, beside what it must lead to)

from __future__ import annotations

from tests.oracle.corpus.case import UNVERIFIED, Case, bad, ok, seen, unseen

DECLARED = Case(
    name="declared-under-another-name",
    portable=True,
    contract='[exports]\nopen = "fn() -> *mut State"\n[structs.State]\nfields = ["level: u32", "limit: u32"]\n',
    c={
        "a.c": "struct impl;\nextern struct impl it;\nstruct impl *open(void) { return &it; }\n",
        "b.c": "struct impl { uint32_t level, limit; } it;\n",
        "c.c": "int other(void) { return 0; }\n",
    },
    changes=(
        bad("and-changed", c=("uint32_t level, limit;", "uint32_t level; int32_t limit;")),
        bad(
            "and-changed-beside-a-sound-namesake",
            c=(
                "uint32_t level, limit;",
                "uint32_t level; int32_t limit;",
                "int other(void) { return 0; }",
                "struct State { uint32_t level, limit; } decoy;",
            ),
        ),
        ok(
            "beside-a-changed-namesake",
            c=("int other(void) { return 0; }", "struct State { float level, limit; } decoy;"),
        ),
        unseen(
            "two-ways",
            c=("int other(void) { return 0; }", "struct impl { float level, limit; } decoy;"),
        ),
        ok(
            "nowhere",
            c=(
                "struct impl { uint32_t level, limit; } it;",
                "struct State { uint32_t level, limit; } it;",
            ),
        ),
    ),
)

NOTHING_ELSE = Case(
    name="unit-without-any-type",
    contract='[exports]\nstart = "fn()"\n',
    cpp='extern "C" void start() {}\n',
    changes=(
        unseen("compiled-without-types", cpp=(), flags="-g1"),
        bad("with-a-parameter", cpp=("start()", "start(int)")),
    ),
)

CRATE = Case(
    name="module-without-any-type",
    contract='[exports]\nstart = "fn()"\ntake = "fn(i32) -> i32"\n',
    rust="""
mod a { #[no_mangle] pub extern "C" fn start() {} }
mod b { #[no_mangle] pub extern "C" fn take(x: i32) -> i32 { x + 1 } }
""",
    flags="-C incremental={src}/incremental -C codegen-units=256",
    changes=(
        unseen("compiled-without-types", rust=(), flags="-C debuginfo=1"),
        bad("with-a-parameter", rust=("start()", "start(_: i32)")),
    ),
)

OVERRIDDEN = Case(
    name="weak-data-overridden",
    portable=True,
    contract='[exports]\nlevel = "static u32"\n',
    c={
        "a.c": "__attribute__((weak)) const uint32_t level = 1;\nuint32_t get(void) { return level; }\n",
        "b.c": "const uint32_t level = 2;\n",
    },
    changes=(
        # Both are described at the one address, and nothing says which of them lost.
        unseen("by-another-type", c=("const uint32_t level = 2;", "const float level = 2;")),
        unseen(
            "of-another-type",
            c=(
                "__attribute__((weak)) const uint32_t level = 1;",
                "__attribute__((weak)) const float level = 1;",
            ),
        ),
        bad("both-of-another", c=("const uint32_t level", "const float level")),
    ),
)

OPEN_ENDED = Case(
    name="data-with-a-flexible-array",
    portable=True,
    contract="""
[exports]
table = "static Table"
[structs.Table]
fields = ["count: u32", "entries: [Entry]"]
[structs.Entry]
fields = ["key: u16", "value: u16"]
[tags.keys]
read = "table.entries[].key"
until = { count = "table.count" }
at_least = 1
""",
    c="""
struct entry { uint16_t key, value; };
struct table { uint32_t count; struct entry entries[]; };
const struct table table = { 2, { { 1, 2 }, { 3, 4 } } };
""",
    changes=(
        seen("a-key-is-wrong", c=("{ 3, 4 }", "{ 0, 4 }")),
        seen("shorter-than-it-says", c=("= { 2, {", "= { 3, {")),
        bad("of-signed", c=("uint16_t key, value;", "uint16_t key; int16_t value;")),
    ),
)

SIZED = Case(
    name="sized-type-only-declared",
    only=("clang",),
    contract='[exports]\ntake = "fn(Vector)"\n[types]\nVector = { opaque = true, size = 16, alignment = 4 }\n',
    cpp="""
struct Vector { float of[4]; Vector(); };
#ifdef DEFINED
Vector::Vector() {}
#endif
extern "C" void take(Vector) {}
""",
    flags="-DDEFINED",
    changes=(
        bad("of-another-size", cpp=("float of[4]", "float of[8]")),
        unseen("and-nowhere-defined", cpp=(), flags="-UDEFINED"),
        unseen("and-of-another-size", cpp=("float of[4]", "float of[8]"), flags="-UDEFINED"),
        ok(
            "and-only-pointed-to",
            contract=("fn(Vector)", "fn(*mut Vector)"),
            cpp=("take(Vector)", "take(Vector *)"),
            flags="-UDEFINED",
        ),
    ),
)

ELSEWHERE = Case(
    name="offset-for-other-targets",
    contract="""
[exports]
use = "fn(*mut Module)"
[structs.Module]
partial = true
fields = ["version: u32", { name = "magic", type = "u32", offset = { ilp32 = 8 } }]
""",
    c="struct module { uint32_t version, flags, magic; };\nvoid use(struct module *m) { m->magic = 1; }\n",
    good=UNVERIFIED,
    only=("gcc", "clang"),
    changes=(
        unseen("renamed", c=("flags, magic;", "flags, stamp;", "m->magic", "m->stamp")),
        bad("of-another-type", c=("flags, magic;", "flags; float magic;")),
        bad("changed-before-it", c=("uint32_t version, flags", "float version, flags")),
    ),
)

PRIVATE = Case(
    name="class-defined-out-of-line",
    contract="""
[exports]
first = "fn() -> *mut Plugin"
second = "fn() -> *mut c_void"
[structs.Plugin]
fields = ["hidden: *mut Hidden"]
[structs.Hidden]
fields = ["level: u32"]
""",
    cpp={
        "a.cpp": "namespace n { struct Hidden; }\nstruct Plugin { n::Hidden *hidden; };\n"
        'extern Plugin it;\nextern "C" Plugin *first() { return &it; }\nextern "C" void *second() { return 0; }\n',
        "b.cpp": "namespace n { struct Hidden { uint32_t level; }; Hidden one; }\n"
        "namespace m { struct Hidden { float level; }; Hidden two; }\n"
        "struct Plugin { n::Hidden *hidden; };\nPlugin it = { &n::one };\n",
    },
    changes=(
        bad(
            "and-changed-beside-a-sound-namesake",
            cpp=("uint32_t level", "int32_t level", "float level", "uint32_t level"),
        ),
        unseen(
            "and-only-a-namesake-is-defined",
            cpp=(
                "struct Hidden { uint32_t level; }; Hidden one; }",
                "struct Hidden; }",
                "float level",
                "uint32_t level",
                "= { &n::one }",
                "= { 0 }",
            ),
        ),
    ),
)

TYPE_UNITS = Case(
    name="namespaces-in-type-units",
    contract="""
[exports]
open = "fn() -> *mut State"
[structs.State]
match = "a::Outer::State"
fields = ["level: u32"]
""",
    cpp="""
namespace a {
struct Outer { struct State; State *state; };
struct Outer::State { uint32_t level; };
Outer::State one;
Outer outer;
}
namespace b { struct State { float level; }; State two; }
extern "C" void *open() { return &a::one; }
""",
    flags="-fdebug-types-section",
    changes=(bad("changed", cpp=("uint32_t level", "int32_t level")),),
)

SIZED_AND_ALIGNED = Case(
    name="sized-type-of-more-alignment",
    portable=True,
    contract='[exports]\ntake = "fn(*mut Vector)"\n[types]\nVector = { opaque = true, size = 16, alignment = 4 }\n',
    c="struct vector { float of[4]; };\nvoid take(struct vector *v) { v->of[0] = 1; }\n",
    changes=(
        bad("aligned", c=("float of[4]; }", "float of[4]; } __attribute__((aligned(16)))")),
        bad("larger", c=("float of[4]", "float of[5]")),
    ),
)

CASES = (
    SIZED_AND_ALIGNED,
    PRIVATE,
    TYPE_UNITS,
    ELSEWHERE,
    DECLARED,
    NOTHING_ELSE,
    CRATE,
    OVERRIDDEN,
    OPEN_ENDED,
    SIZED,
)
