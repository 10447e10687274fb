"""Structs that the exporting unit only declares, and others define, under other names too."""

# ruff: noqa: E501 (a change reads best on one line, beside what it must lead to)

from __future__ import annotations

from tests.oracle.corpus.case import Case, bad, ok, unseen

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

CASES = (DECLARED, NOTHING_ELSE, CRATE)
