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

CASES = (DECLARED,)
