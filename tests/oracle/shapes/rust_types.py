"""Rust's ways to say one thing: wrappers around structs, fields without a size, newtypes."""

# ruff: noqa: E501 (a change reads best on one line, beside what it must lead to)

from __future__ import annotations

from tests.oracle.corpus.case import UNVERIFIED, Case, bad, ok

STATE = """
#[repr(C)] pub struct State { level: u32, limit: u64 }
#[repr(C)] pub struct Only { level: u32 }
#[repr(C)] pub struct Job { state: State, only: Only, at: *mut State, ready: bool, id: u32 }
#[no_mangle] pub extern "C" fn run(job: *mut Job) -> u32 { unsafe { (*job).id } }
"""
WRAPPED = Case(
    name="wrapped",
    contract="""
[exports]
run = "fn(*mut Job) -> u32"
[structs.Job]
fields = ["state: State", "only: Only", "at: *mut State", "ready: bool", "id: u32"]
[structs.State]
fields = ["level: u32", "limit: u64"]
[structs.Only]
fields = ["level: u32"]
""",
    rust=STATE,
    changes=(
        ok("unsafe-cell", rust=("state: State,", "state: core::cell::UnsafeCell<State>,")),
        ok("maybe-uninit", rust=("state: State,", "state: core::mem::MaybeUninit<State>,")),
        ok("of-one-field", rust=("only: Only,", "only: core::cell::UnsafeCell<Only>,")),
        ok("pointer", rust=("at: *mut State", "at: *mut core::mem::MaybeUninit<State>")),
        ok("tuple", rust=("pub struct Only { level: u32 }", "pub struct Only(u32);")),
        ok(
            "newtype",
            rust=(
                "state: State,",
                "state: Held,",
                "#[repr(C)] pub struct Job",
                "#[repr(transparent)] pub struct Held(State);\n#[repr(C)] pub struct Job",
            ),
        ),
        bad(
            "newtype-of-more-alignment",
            rust=(
                "at: *mut State",
                "at: *mut Held",
                "#[repr(C)] pub struct Job",
                "#[repr(C, align(16))] pub struct Held(State);\n#[repr(C)] pub struct Job",
            ),
        ),
        bad(
            "unsafe-cell-of-another",
            rust=(
                "state: State,",
                "state: core::cell::UnsafeCell<State>,",
                "limit: u64",
                "limit: i64",
            ),
        ),
        bad(
            "pointer-to-another",
            rust=(
                "state: State,",
                "state: State2,",
                "at: *mut State",
                "at: *mut core::mem::MaybeUninit<State>",
                "limit: u64 }",
                "limit: f64 }\n#[repr(C)] pub struct State2 { level: u32, limit: u64 }",
            ),
        ),
        ok("atomic-bool", rust=("ready: bool", "ready: core::sync::atomic::AtomicBool")),
        bad("atomic-byte", rust=("ready: bool", "ready: core::sync::atomic::AtomicU8")),
        ok(
            "newtype-with-a-named-field",
            rust=(
                "id: u32 }",
                "id: Id }",
                "#[repr(C)] pub struct Job",
                "#[repr(transparent)] pub struct Id { raw: u32 }\n#[repr(C)] pub struct Job",
                "(*job).id",
                "(*job).id.raw",
            ),
        ),
        ok("phantom", rust=("id: u32 }", "id: u32, of: core::marker::PhantomData<State> }")),
        ok("phantom-first", rust=("{ state: State,", "{ pin: core::marker::PhantomPinned, state: State,")),
        ok("unit", rust=("id: u32 }", "id: u32, nothing: () }")),
        ok("empty-array", rust=("id: u32 }", "id: u32, align: [u64; 0] }")),
        bad("empty-array-of-more-alignment", rust=("id: u32 }", "id: u32, align: [u128; 0] }")),
    ),
)  # fmt: skip

PASSED = Case(
    name="newtype-passed",
    contract='[exports]\nopen = "fn(u32) -> u32"\n',
    rust="""
#[repr(transparent)] pub struct Id { raw: u32 }
#[no_mangle] pub extern "C" fn open(id: u32) -> u32 { id }
""",
    changes=(
        ok("tuple", rust=("{ raw: u32 }", "(u32);", "open(id: u32)", "open(id: Id)", "{ id }", "{ id.0 }")),
        bad("of-signed", rust=("{ raw: u32 }", "(i32);", "open(id: u32)", "open(id: Id)", "{ id }", "{ id.0 as u32 }")),
    ),
    stripped=UNVERIFIED,
)  # fmt: skip

BY_VALUE = Case(
    name="rust-struct-by-value",
    contract="""
[exports.take]
type = "fn(Pair) -> u64"
[structs.Pair]
fields = ["low: u32", "high: u64"]
""",
    rust="""
#[repr(C)] pub struct Pair { low: u32, high: u64 }
#[no_mangle] pub extern "C" fn take(pair: Pair) -> u64 { pair.high }
""",
    good=UNVERIFIED,  # Nothing would show that `extern "C"` was forgotten.
    changes=(
        ok("trusted", contract=("[structs.Pair]", 'evidence = "when-present"\n[structs.Pair]'), rust=(), stripped=UNVERIFIED),
        bad("trusted-and-changed", contract=("[structs.Pair]", 'evidence = "when-present"\n[structs.Pair]'), rust=("high: u64 }", "high: i64 }", "pair.high", "pair.high as u64"), stripped=UNVERIFIED),
    ),
)  # fmt: skip

CASES = (WRAPPED, PASSED, BY_VALUE)
