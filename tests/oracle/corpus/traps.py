"""Evidence that misleads: declarations for definitions, namesakes, files of another build."""

# ruff: noqa: E501 (a change reads best on one line, beside what it must lead to)

from __future__ import annotations

from .case import (
    COMPATIBLE,
    RUST_STD_HEAD,
    UNVERIFIED,
    Case,
    bad,
    doubtful,
    harmless,
    ok,
    seen,
    unseen,
)

NATIVE = ("gcc", "clang")
ASSEMBLED = (
    '__asm__(".text\\n.globl start\\n.type start,@function\\nstart: ret\\n.size start, .-start");\n'
)

DECLARED = Case(
    name="declared-elsewhere",
    contract='[exports]\nstart = "fn(c_int) -> c_int"\nlevel = "static u32"\n',
    c={
        "a.c": "int start(int n) { return n; }\nconst uint32_t level = 1;\n",
        "b.c": "extern int start(int);\nextern const uint32_t level;\nint use(void) { return start((int)level); }\n",
    },
    only=NATIVE,
    changes=(
        bad(
            "declared-one-way-defined-another",
            c=("int start(int n) { return n; }", "int start(void *p, int n) { return p ? n : 0; }"),
        ),
        bad(
            "data-declared-one-way-defined-another",
            c=("const uint32_t level = 1;", "const float level = 1;"),
        ),
        ok(
            "declared-wrong-and-defined-right",
            c=(
                "extern int start(int);",
                "extern int start(void *);",
                "start((int)level)",
                "start(0)",
            ),
        ),
        unseen("defined-by-an-assembler", c=("int start(int n) { return n; }", ASSEMBLED)),
        unseen(
            "defined-by-an-assembler-with-a-static-namesake",
            c=(
                "int start(int n) { return n; }",
                ASSEMBLED,
                "extern int start(int);",
                "static int start(int n) { return n + 1; }",
            ),
        ),
        unseen(
            "data-by-an-assembler",
            c=(
                "const uint32_t level = 1;",
                '__asm__(".section .rodata\\n.globl level\\n.type level,@object\\n.size level,4\\nlevel: .long 1\\n.text");',
            ),
        ),
        bad(
            "static-namesake-of-the-right-type",
            c=(
                "int start(int n) { return n; }",
                "int start(void *p, int n) { return p ? n : 0; }",
                "extern int start(int);",
                "static int start(int n) { return n + 1; }",
            ),
        ),
        ok(
            "static-namesake-of-another-type",
            c=(
                "extern int start(int);",
                "static int start(char *p) { return p != 0; }",
                "start((int)level)",
                "start((char *)&level)",
            ),
        ),
    ),
)

NAMESAKES = Case(
    name="namesakes",
    portable=True,
    contract='[exports]\nload = "fn() -> *mut Greeter"\n[structs.Greeter]\nfields = ["level: c_int", "limit: c_int"]\n',
    c={
        "a.c": "struct Greeter { int level; int limit; };\nstatic struct Greeter g;\nvoid *load(void) { return &g; }\n",
        "b.c": "int other(void) { return 1; }\n",
    },
    changes=(
        harmless(
            "a-local-one-differs",
            c=(
                "int other(void) { return 1; }",
                "int other(void) { struct Greeter { long long a; double b; } x = { 1, 2 }; return (int)x.a; }",
            ),
        ),
        ok(
            "one-in-another-unit-differs",
            c=(
                "int other(void) { return 1; }",
                "struct Greeter { long long a; double b; } decoy;\nint other(void) { return (int)decoy.a; }",
            ),
        ),
        bad(
            "one-in-another-unit-is-right",
            c=(
                "struct Greeter { int level; int limit; };",
                "struct Greeter { long long level; int limit; };",
                "int other(void) { return 1; }",
                "struct Greeter { int level; int limit; } decoy;\nint other(void) { return decoy.level; }",
            ),
        ),
        doubtful(
            "a-local-one-in-the-unit-is-right",
            c=(
                "struct Greeter { int level; int limit; };",
                "struct Greeter { long long level; int limit; };",
                "void *load(void) { return &g; }",
                "int f(void) { struct Greeter { int level; int limit; } x = { 1, 2 }; return x.level; }\nvoid *load(void) { return &g; }",
            ),
        ),
        ok(
            "only-declared-here-defined-there",
            c=(
                "struct Greeter { int level; int limit; };\nstatic struct Greeter g;\nvoid *load(void) { return &g; }",
                "struct Greeter;\nextern struct Greeter g;\nstruct Greeter *load(void) { return &g; }",
                "int other(void) { return 1; }",
                "struct Greeter { int level; int limit; } g;\nint other(void) { return 1; }",
            ),
        ),
        bad(
            "only-declared-here-defined-otherwise-there",
            c=(
                "struct Greeter { int level; int limit; };\nstatic struct Greeter g;\nvoid *load(void) { return &g; }",
                "struct Greeter;\nextern struct Greeter g;\nstruct Greeter *load(void) { return &g; }",
                "int other(void) { return 1; }",
                "struct Greeter { int level; long long limit; } g;\nint other(void) { return 1; }",
            ),
        ),
        harmless(
            "a-union-of-that-name",
            c=(
                "int other(void) { return 1; }",
                "union Greeter { long long a; double b; } decoy;\nint other(void) { return (int)decoy.a; }",
            ),
        ),
        harmless(
            "a-typedef-of-that-name",
            c=(
                "int other(void) { return 1; }",
                "typedef struct Other { long long a; double b; } Greeter;\nGreeter decoy;\nint other(void) { return (int)decoy.a; }",
            ),
        ),
    ),
)

RUST_NAMESAKES = Case(
    name="rust-namesakes",
    contract='[exports]\nlocate = "fn(c_int) -> *mut c_void"\nplace = "fn() -> *mut Location"\n[structs.Location]\nfields = ["line: u32", "column: u32"]\n',
    rust_head=RUST_STD_HEAD,
    rust="""
#[repr(C)] pub struct Location { line: u32, column: u32 }
#[no_mangle] pub static mut HERE: Location = Location { line: 1, column: 2 };
#[no_mangle] pub extern "C" fn place() -> *mut c_void { &raw mut HERE as *mut c_void }
#[no_mangle] pub extern "C" fn locate(n: c_int) -> *mut c_void {
    if n == 3 { panic!("at {n} {:?}", std::panic::Location::caller()) }
    null_mut()
}
""",
    changes=(
        bad("changed", rust=("column: u32 }", "column: u64 }")),
        harmless(
            "renamed",
            rust=(
                "pub struct Location {",
                "pub struct Spot {",
                "HERE: Location = Location {",
                "HERE: Spot = Spot {",
            ),
        ),
        ok(
            "in-a-module",
            rust=(
                "#[repr(C)] pub struct Location { line: u32, column: u32 }",
                "mod api { #[repr(C)] pub struct Location { pub line: u32, pub column: u32 } }\nuse api::Location;",
            ),
        ),
    ),
)

TWO_NAMES = Case(
    name="two-names",
    portable=True,
    contract='[exports]\npush = "fn(*mut Item)"\npop = "fn() -> *mut Item"\n[structs.Item]\nfields = ["id: u64", "next: *mut Item"]\n',
    c="struct Item { uint64_t id; struct Item *next; };\nvoid push(struct Item *i) { (void)i; }\nstruct Item *pop(void) { return 0; }\n",
    rust="#[repr(C)] pub struct Item { id: u64, next: *mut Item }\n"
    '#[no_mangle] pub extern "C" fn push(i: *mut Item) {}\n#[no_mangle] pub extern "C" fn pop() -> *mut Item { null_mut() }\n',
    changes=(
        ok(
            "two-of-one-layout",
            c=(
                "void push(struct Item *i)",
                "struct Thing { uint64_t id; struct Item *next; };\nvoid push(struct Thing *i)",
            ),
            rust=(
                "fn push(i: *mut Item)",
                "fn push(i: *mut Thing)",
                "#[repr(C)] pub struct Item",
                "#[repr(C)] pub struct Thing { id: u64, next: *mut Item }\n#[repr(C)] pub struct Item",
            ),
        ),
        bad(
            "the-second-differs",
            c=(
                "void push(struct Item *i)",
                "struct Thing { int64_t id; struct Item *next; };\nvoid push(struct Thing *i)",
            ),
            rust=(
                "fn push(i: *mut Item)",
                "fn push(i: *mut Thing)",
                "#[repr(C)] pub struct Item",
                "#[repr(C)] pub struct Thing { id: i64, next: *mut Item }\n#[repr(C)] pub struct Item",
            ),
        ),
        bad(
            "behind-the-next-differs",
            c=(
                "struct Item { uint64_t id; struct Item *next; };",
                "struct Late { float id; struct Late *next; };\nstruct Item { uint64_t id; struct Late *next; };",
            ),
        ),
        ok(
            "behind-the-next-another-of-that-layout",
            c=(
                "struct Item { uint64_t id; struct Item *next; };",
                "struct Late { uint64_t id; struct Late *next; };\nstruct Item { uint64_t id; struct Late *next; };",
            ),
        ),
        bad(
            "after-three-hops",
            c=(
                "struct Item { uint64_t id; struct Item *next; };",
                "struct C { uint64_t id; int next; };\nstruct B { uint64_t id; struct C *next; };\nstruct A { uint64_t id; struct B *next; };\nstruct Item { uint64_t id; struct A *next; };",
            ),
        ),
    ),
)

DISPATCH = Case(
    name="dispatch",
    portable=True,
    contract="""
[exports]
handlers = "static [Handler; 3]"
ops = "static Ops"
[types]
Handler = "Option<fn(event: *const Event) -> c_int>"
Context = "opaque"
[structs.Event]
fields = ["kind: c_int", "sub: [Sub; 2]"]
[structs.Sub]
fields = ["run: Handler", "arg: *mut c_void"]
[structs.Ops]
fields = ["table: *const Handler", "count: usize", "make: fn(*mut Context) -> Handler", "list: *const *const c_char"]
""",
    c="""
struct Event;
typedef int handler(const struct Event *event);
struct Sub { handler *run; void *arg; };
struct Event { int kind; struct Sub sub[2]; };
struct Ops { handler *const *table; size_t count; handler *(*make)(struct Context *); const char *const *list; };
handler *const handlers[3] = { 0 };
const struct Ops ops = { handlers, 3, 0, 0 };
""",
    changes=(
        bad(
            "handlers-gained-a-parameter",
            c=("const struct Event *event)", "const struct Event *event, int n)"),
        ),
        bad(
            "table-of-others",
            c=("handler *const *table", "int (*const *table)(int)", "{ handlers, 3", "{ 0, 3"),
        ),
        bad(
            "table-one-level-less",
            c=("handler *const *table", "handler *table", "{ handlers, 3", "{ 0, 3"),
        ),
        bad(
            "handlers-returned-otherwise",
            c=(
                "handler *(*make)",
                "int (*(*make)(struct Context *))(void); int (*unused)",
                "0, 0 };",
                "0, 0, 0 };",
            ),
        ),
        bad("make-returns-a-pointer-to-it", c=("handler *(*make)", "handler **(*make)")),
        seen("fewer-handlers", c=("handlers[3]", "handlers[2]")),
        bad(
            "sub-argument-widened",
            c=(
                "struct Sub { handler *run; void *arg; };",
                "struct Sub { handler *run; double arg; };",
            ),
        ),
        bad("one-sub", c=("struct Sub sub[2]", "struct Sub sub[1]")),
        bad("list-flattened", c=("const char *const *list", "const char *list")),
        bad("list-deeper", c=("const char *const *list", "const char *const **list")),
        bad(
            "kind-within-the-callback", c=("struct Event { int kind;", "struct Event { float kind;")
        ),
        ok(
            "typedefs-gone",
            c=("handler *const *table", "int (*const *table)(const struct Event *)"),
        ),
    ),
)

TRANSPARENT = Case(
    name="transparent",
    contract='[exports]\nopen = "fn() -> Handle"\nuse_it = "fn(Handle, *const Holder)"\n[structs.Handle]\nrepr = "transparent"\nfields = ["id: u64"]\n'
    '[structs.Holder]\nfields = ["one: Handle", "two: [Handle; 2]"]\n',
    c="struct Holder { uint64_t one; uint64_t two[2]; };\nuint64_t open(void) { return 1; }\nvoid use_it(uint64_t h, const struct Holder *p) { (void)h; (void)p; }\n",
    rust="#[repr(transparent)] pub struct Handle(u64);\n#[repr(C)] pub struct Holder { one: Handle, two: [Handle; 2] }\n"
    '#[no_mangle] pub extern "C" fn open() -> u64 { 1 }\n#[no_mangle] pub extern "C" fn use_it(h: u64, p: *const Holder) {}\n',
    changes=(
        bad("signed", c=("uint64_t", "int64_t"), rust=("Handle(u64)", "Handle(i64)")),
        bad(
            "pointer",
            c=("uint64_t open", "void *open"),
            rust=("open() -> u64 { 1 }", "open() -> *mut c_void { null_mut() }"),
        ),
        bad(
            "double-in-the-holder",
            c=("uint64_t one", "double one"),
            rust=("one: Handle", "one: f64"),
        ),
        bad(
            "narrow",
            c=("void use_it(uint64_t h", "void use_it(uint32_t h"),
            rust=("use_it(h: u64", "use_it(h: u32"),
        ),
        ok("plain", rust=("#[repr(transparent)] pub struct Handle(u64);", "type Handle = u64;")),
    ),
)

RUST_WIDE = Case(
    name="rust-wide-values",
    contract='[exports]\nadd = "fn(u128) -> u128"\n',
    rust='#[no_mangle] pub extern "C" fn add(a: u128) -> u128 { a }\n',
    good=UNVERIFIED,
    changes=(
        unseen("lost-extern-c", rust=('pub extern "C" fn', "pub fn")),
        bad("signed", rust=("(a: u128) -> u128 { a }", "(a: i128) -> u128 { 0 }")),
    ),
)

GLOB = Case(
    name="typed-globs",
    contract='[exports]\n"mod_*_init" = "fn(c_int) -> c_int"\n',
    c="int mod_a_init(int n) { return n; }\nint mod_b_init(int n) { return n + 1; }\n",
    changes=(
        bad(
            "one-of-two-differs",
            c=("int mod_b_init(int n) { return n + 1; }", "int mod_b_init(void) { return 1; }"),
        ),
        seen(
            "one-of-two-is-data",
            c=("int mod_b_init(int n) { return n + 1; }", "int mod_b_init = 1;"),
        ),
        ok("one", c=("int mod_b_init(int n) { return n + 1; }", "")),
    ),
)

FLAGS = Case(
    name="flags",
    contract='[exports]\nbox = "fn() -> *mut Box"\n[structs.Box]\nfields = ["a: c_int : 7", "b: c_int : 9", "c: c_longdouble", "d: bool", "e: c_char"]\n',
    c="struct Box { int a : 7; int b : 9; long double c; bool d; char e; };\nstruct Box *box(void) { return 0; }\n",
    only=NATIVE,
    changes=(
        bad("unsigned-bit-fields", c=(), flags="-funsigned-bitfields", only=("gcc",)),
        bad("long-double-of-64-bits", c=(), flags="-mlong-double-64"),
        bad("packed", c=(), flags="-fpack-struct=2"),
        ok("unsigned-characters", c=(), flags="-funsigned-char"),
        ok(
            "sections-and-hardening",
            c=(),
            flags="-ffunction-sections -fstack-protector-all -Wl,-z,now -Wl,-z,relro",
        ),
        ok("no-common-no-plt", c=(), flags="-fno-common -fno-plt -fno-semantic-interposition"),
        ok("unwind-tables-gone", c=(), flags="-fno-asynchronous-unwind-tables"),
        ok("standard", c=(), flags="-std=c99"),
        ok("profile", c=(), flags="-fno-omit-frame-pointer -march=x86-64-v3"),
        ok("compressed", c=(), flags="-gz=zlib"),
        ok("old-hash", c=(), flags="-Wl,--hash-style=sysv"),
        ok("gold", c=(), flags="-fuse-ld=gold"),
        ok("lld", c=(), flags="-fno-lto -fuse-ld=lld"),
        ok(
            "lld-optimised",
            c=(),
            flags="-fno-lto -fuse-ld=lld -Wl,-O2 -Wl,--icf=all -Wl,--gc-sections",
        ),
    ),
)

STORAGE = Case(
    name="bit-storage",
    contract='[exports]\nbits = "fn() -> *mut Bits"\n[structs.Bits]\nfields = ["a: c_uint : 8", "b: c_uint : 24"]\n',
    c="struct Bits { unsigned a : 8; unsigned b : 24; };\nstruct Bits *bits(void) { return 0; }\n",
    changes=(
        bad("of-a-byte", c=("unsigned a : 8", "unsigned char a : 8")),
        bad("plain-byte", c=("unsigned a : 8", "unsigned char a")),
    ),
)

ENDS = Case(
    name="byte-order",
    contract='[exports]\nmake = "fn() -> *mut S"\n[structs.S]\nfields = ["a: u32", "b: u64", "c: f32", "d: c_int : 5", "e: c_int : 27"]\n',
    c="struct S { uint32_t a; uint64_t b; float c; int d : 5; int e : 27; };\nstruct S *make(void) { return 0; }\n",
    only=("gcc",),
    changes=(
        bad(
            "the-other",
            c=("struct S {", 'struct __attribute__((scalar_storage_order("big-endian"))) S {'),
        ),
        ok(
            "its-own",
            c=("struct S {", 'struct __attribute__((scalar_storage_order("little-endian"))) S {'),
        ),
    ),
)

X32 = Case(
    name="pointer-width",
    contract='[exports]\nmake = "fn"\n[platform]\ntargets = ["x86_64-linux-*"]\n',
    c="void *make(void) { return 0; }\n",
    stripped=COMPATIBLE,
    only=("gcc",),
    changes=(
        seen("x32", c=(), flags="-mx32 -ffreestanding -fno-lto"),
        seen("i386", c=(), flags="-m32 -ffreestanding -fno-lto"),
    ),
)

NO_LAYOUT = Case(
    name="pointer-width-and-layout",
    contract='[exports]\nmake = "fn() -> *mut S"\n[structs.S]\nfields = ["a: u32", "b: u64"]\n[evidence]\nsignatures = "when-present"\n',
    c="struct S { uint32_t a; uint64_t b; };\nstruct S *make(void) { return 0; }\n",
    only=("gcc",),
    changes=(unseen("x32", c=(), flags="-mx32 -ffreestanding -fno-lto"),),
)

MOVE = (
    "objcopy --only-keep-debug {out} {out}.debug && objcopy --strip-debug {out} && "
    "objcopy --add-gnu-debuglink={out}.debug {out}"
)
OTHER_ID = (
    " && printf '\\004\\000\\000\\000\\024\\000\\000\\000\\003\\000\\000\\000GNU\\000abcdefghijklmnopqrst' > id"
    " && objcopy --update-section .note.gnu.build-id=id {out}"
)

SEPARATE = Case(
    name="separate-files",
    contract='[exports]\nmake = "fn() -> *mut S"\n[structs.S]\nfields = ["a: u32", "b: u64"]\n',
    c="struct S { uint32_t a; uint64_t b; };\nstruct S *make(void) { return 0; }\n",
    only=NATIVE,
    changes=(
        ok("beside", c=(), after=MOVE, stripped=UNVERIFIED),
        bad("beside-and-changed", c=("uint64_t b", "int64_t b"), after=MOVE),
        unseen("of-another-build", c=(), after=MOVE + OTHER_ID),
        unseen(
            "of-another-build-and-changed", c=("uint64_t b", "int64_t b"), after=MOVE + OTHER_ID
        ),
        ok("without-a-build-id", c=(), after=MOVE, flags="-Wl,--build-id=none"),
        unseen(
            "without-a-build-id-and-other-bytes",
            c=(),
            after=MOVE + " && printf x >> {out}.debug",
            flags="-Wl,--build-id=none",
        ),
        unseen("gone", c=(), after=MOVE + " && rm {out}.debug"),
        unseen("empty", c=(), after=MOVE + " && : > {out}.debug"),
        ok(
            "in-a-folder",
            c=(),
            after=MOVE + " && mkdir -p .debug && mv {out}.debug .debug/",
            stripped=UNVERIFIED,
        ),
    ),
)

POLICY = Case(
    name="policy",
    contract='[exports]\nmake = "fn() -> *mut S"\n[structs.S]\nfields = ["a: u32", "b: u64"]\n[evidence]\nlayout = "when-present"\nsignatures = "when-present"\n',
    c="struct S { uint32_t a; uint64_t b; };\nstruct S *make(void) { return 0; }\n",
    rust='#[repr(C)] pub struct S { a: u32, b: u64 }\n#[no_mangle] pub extern "C" fn make() -> *mut S { null_mut() }\n',
    stripped=COMPATIBLE,
    changes=(
        bad(
            "changed", c=("uint64_t b", "double b"), rust=("b: u64", "b: f64"), stripped=COMPATIBLE
        ),
        seen("missing", c=("make", "made"), rust=("make", "made")),
    ),
)

CASES = (
    DECLARED,
    NAMESAKES,
    RUST_NAMESAKES,
    TWO_NAMES,
    DISPATCH,
    TRANSPARENT,
    RUST_WIDE,
    GLOB,
    FLAGS,
    STORAGE,
    ENDS,
    X32,
    NO_LAYOUT,
    SEPARATE,
    POLICY,
)
