"""Functions: signatures, callbacks to the bottom, vtables, nullability, conventions."""

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

SIGNATURE = Case(
    name="signature",
    portable=True,
    contract="""
[exports]
calculate = "fn(count: c_int, big: u64, ratio: f64, name: *const c_char, small: u8) -> c_int"
""",
    c="int calculate(int count, uint64_t big, double ratio, const char *name, uint8_t small)\n"
    "{ (void)big; (void)ratio; (void)name; (void)small; return count; }\n",
    cpp='extern "C" int calculate(int count, uint64_t big, double ratio, const char *name, uint8_t small)\n'
    "{ (void)big; (void)ratio; (void)name; (void)small; return count; }\n",
    rust='#[no_mangle] pub extern "C" fn calculate(count: c_int, big: u64, ratio: f64, name: *const c_char, '
    "small: u8) -> c_int { count }\n",
    changes=(
        bad(
            "gained-a-parameter",
            c=("uint8_t small)", "uint8_t small, int more)"),
            rust=("small: u8)", "small: u8, more: c_int)"),
        ),
        bad(
            "lost-a-parameter",
            c=(", uint8_t small)", ")", "(void)small;", ""),
            rust=("name: *const c_char, small: u8", "name: *const c_char"),
        ),
        bad(
            "takes-nothing",
            c=(
                "int count, uint64_t big, double ratio, const char *name, uint8_t small",
                "void",
                "(void)big; (void)ratio; (void)name; (void)small; return count",
                "return 0",
            ),
            rust=(
                "count: c_int, big: u64, ratio: f64, name: *const c_char, small: u8",
                "",
                "{ count }",
                "{ 0 }",
            ),
        ),
        bad(
            "parameters-swapped",
            c=("int count, uint64_t big", "uint64_t big, int count"),
            rust=("count: c_int, big: u64", "big: u64, count: c_int"),
        ),
        bad(
            "parameter-narrowed", c=("uint64_t big", "uint32_t big"), rust=("big: u64", "big: u32")
        ),
        bad("parameter-signed", c=("uint64_t big", "int64_t big"), rust=("big: u64", "big: i64")),
        bad(
            "small-parameter-signed",
            c=("uint8_t small", "int8_t small"),
            rust=("small: u8", "small: i8"),
        ),
        bad(
            "parameter-float", c=("double ratio", "float ratio"), rust=("ratio: f64", "ratio: f32")
        ),
        bad(
            "parameter-integer-for-double",
            c=("double ratio", "int64_t ratio"),
            rust=("ratio: f64", "ratio: i64"),
        ),
        bad(
            "parameter-integer-for-pointer",
            c=("const char *name", "uintptr_t name"),
            rust=("name: *const c_char", "name: usize"),
        ),
        bad(
            "parameter-pointer-for-integer",
            c=("uint64_t big", "void *big"),
            rust=("big: u64", "big: *mut c_void"),
        ),
        bad(
            "parameter-deeper",
            c=("const char *name", "char **name"),
            rust=("name: *const c_char", "name: *mut *mut c_char"),
        ),
        bad(
            "parameter-of-other-pointee",
            c=("const char *name", "const double *name"),
            rust=("name: *const c_char", "name: *const f64"),
        ),
        bad(
            "parameter-function",
            c=("const char *name", "void (*name)(void)"),
            rust=("name: *const c_char", 'name: extern "C" fn()'),
        ),
        bad("parameter-bool", c=("uint8_t small", "bool small"), rust=("small: u8", "small: bool")),
        bad(
            "parameter-wrapped-in-a-struct",
            c=(
                "int calculate(int count",
                "struct W { int v; };\nint calculate(struct W count",
                "return count",
                "return count.v",
            ),
        ),
        bad("became-variadic", c=("uint8_t small)", "uint8_t small, ...)")),
        bad(
            "result-lost",
            c=("int calculate", "void calculate", "return count;", "(void)count;"),
            rust=("-> c_int { count }", "{}"),
        ),
        bad(
            "result-float",
            c=("int calculate", "float calculate"),
            rust=("-> c_int { count }", "-> f32 { 0.0 }"),
        ),
        bad(
            "result-wide",
            c=("int calculate", "int64_t calculate"),
            rust=("-> c_int { count }", "-> i64 { 0 }"),
        ),
        bad(
            "result-unsigned",
            c=("int calculate", "unsigned calculate"),
            rust=("-> c_int { count }", "-> c_uint { 0 }"),
        ),
        bad(
            "result-pointer",
            c=("int calculate", "int *calculate", "return count;", "(void)count; return 0;"),
            rust=("-> c_int { count }", "-> *mut c_int { null_mut() }"),
        ),
        bad(
            "result-struct",
            c=(
                "int calculate",
                "struct R { int v; };\nstruct R calculate",
                "return count;",
                "return (struct R){ count };",
            ),
        ),
        ok(
            "parameters-renamed",
            c=("count", "n", "big", "b", "ratio", "r"),
            rust=("count", "n", "big", "b"),
        ),
        ok(
            "spelt-otherwise",
            c=("int count", "signed count", "uint64_t big", "unsigned long long int big"),
        ),
        ok(
            "constant-parameters",
            c=("int count", "const int count", "const char *name", "const char *const name"),
        ),
        ok(
            "not-constant",
            c=("const char *name", "char *name"),
            rust=("*const c_char", "*mut c_char"),
        ),
        ok("array-parameter", c=("const char *name", "const char name[]")),
        ok("restrict", c=("const char *name", "const char *restrict name")),
        ok(
            "noreturn-and-others",
            c=("int calculate", "__attribute__((noinline, cold)) int calculate"),
        ),
        ok(
            "char-as-byte",
            c=("const char *name", "const uint8_t *name"),
            rust=("*const c_char", "*const u8"),
        ),
        ok(
            "declared-before",
            c=(
                "int calculate(int count",
                "extern int calculate(int, uint64_t, double, const char *, uint8_t);\nint calculate(int count",
            ),
        ),
        ok("unsafe", rust=('pub extern "C" fn', 'pub unsafe extern "C" fn')),
        harmless(
            "old-style-definition",
            c=(
                "int calculate(int count, uint64_t big, double ratio, const char *name, uint8_t small)",
                "int calculate(count, big, ratio, name, small) int count; uint64_t big; double ratio; const char *name; int small;",
            ),
            contract=("small: u8", "small: c_int"),
            only=("gcc", "clang"),
        ),
        doubtful(
            "old-style-float",
            c=(
                "int calculate(int count, uint64_t big, double ratio, const char *name, uint8_t small)",
                "int calculate(count, big, ratio, name, small) int count; uint64_t big; float ratio; const char *name; int small;",
            ),
            contract=("small: u8", "small: c_int", "ratio: f64", "ratio: f32"),
            only=("gcc", "clang"),
        ),
    ),
)

EMPTY_PARAMETERS = Case(
    name="no-parameters",
    portable=True,
    contract='[exports]\nstart = "fn()"\n',
    c="void start(void) {}\n",
    changes=(
        harmless("empty-parentheses", c=("(void)", "()")),
        bad("variadic-only", c=("(void)", "(int n, ...)")),
        bad("one-parameter", c=("(void)", "(int n)")),
    ),
)

VARIADIC = Case(
    name="variadic",
    portable=True,
    contract='[exports]\nlog_line = "fn(level: c_int, format: *const c_char, ...)"\n',
    c="void log_line(int level, const char *format, ...) { (void)level; }\n",
    changes=(
        bad("lost-the-dots", c=(", ...)", ")")),
        bad("took-a-list", c=("...", "va_list rest")),
        bad("dots-one-earlier", c=("const char *format, ...", "...")),
        bad(
            "one-more-before-the-dots",
            c=("const char *format, ...", "const char *format, int n, ..."),
        ),
    ),
)

CALLBACK = Case(
    name="callback-parameter",
    portable=True,
    contract="""
[exports]
subscribe = "fn(callback: OnEvent, context: *mut c_void) -> Unsubscribe"
[types]
OnEvent = "fn(context: *mut c_void, event: *const Event, done: Option<fn(status: c_int)>)"
Unsubscribe = "Option<fn(context: *mut c_void)>"
[structs.Event]
fields = ["code: u32", "reply: Option<fn(*const Event, c_long) -> *const c_char>"]
""",
    c="""
struct Event { uint32_t code; const char *(*reply)(const struct Event *, long); };
typedef void on_event(void *context, const struct Event *event, void (*done)(int status));
typedef void unsubscribe(void *context);
unsubscribe *subscribe(on_event *callback, void *context) { (void)callback; (void)context; return 0; }
""",
    rust="""
#[repr(C)] pub struct Event { code: u32, reply: Option<extern "C" fn(*const Event, c_long) -> *const c_char> }
type OnEvent = extern "C" fn(context: *mut c_void, event: *const Event, done: Option<extern "C" fn(status: c_int)>);
type Unsubscribe = Option<extern "C" fn(context: *mut c_void)>;
#[no_mangle] pub extern "C" fn subscribe(callback: OnEvent, context: *mut c_void) -> Unsubscribe { None }
""",
    changes=(
        bad(
            "callback-gained-a-parameter",
            c=("(int status));", "(int status), int more);"),
            rust=("fn(status: c_int)>);", "fn(status: c_int)>, more: c_int);"),
        ),
        bad(
            "callback-lost-a-parameter",
            c=(", void (*done)(int status)", ""),
            rust=(', done: Option<extern "C" fn(status: c_int)>', ""),
        ),
        bad(
            "callback-gained-a-result",
            c=("typedef void on_event", "typedef int on_event"),
            rust=("fn(status: c_int)>);", "fn(status: c_int)>) -> c_int;"),
        ),
        bad(
            "inner-callback-changed",
            c=("(int status)", "(int64_t status)"),
            rust=("status: c_int", "status: i64"),
        ),
        bad(
            "inner-callback-gained-a-parameter",
            c=("(int status)", "(int status, int more)"),
            rust=("status: c_int", "status: c_int, more: c_int"),
        ),
        bad(
            "returned-function-changed",
            c=("unsubscribe(void *context)", "unsubscribe(void)"),
            rust=('Option<extern "C" fn(context: *mut c_void)>;', 'Option<extern "C" fn()>;'),
        ),
        bad(
            "event-passed-by-value",
            c=("const struct Event *event", "struct Event event"),
            rust=("event: *const Event", "event: Event"),
        ),
        bad(
            "event-changed", c=("uint32_t code;", "int64_t code;"), rust=("code: u32", "code: i64")
        ),
        bad(
            "function-in-event-changed",
            c=("const struct Event *, long)", "const struct Event *, void *)"),
            rust=("*const Event, c_long)", "*const Event, *mut c_void)"),
        ),
        bad(
            "callback-became-object",
            c=("on_event *callback", "void *callback"),
            rust=("callback: OnEvent", "callback: *mut c_void"),
        ),
        bad(
            "context-became-callback",
            c=("void *context) { (void)callback", "on_event *context) { (void)callback"),
            rust=(
                "callback: OnEvent, context: *mut c_void)",
                "callback: OnEvent, context: OnEvent)",
            ),
        ),
        bad("lost-extern-c", rust=('type OnEvent = extern "C" fn', "type OnEvent = fn")),
        bad("inner-lost-extern-c", rust=('done: Option<extern "C" fn', "done: Option<fn")),
        bad(
            "result-lost-extern-c",
            rust=('Unsubscribe = Option<extern "C" fn', "Unsubscribe = Option<fn"),
        ),
        bad("event-field-lost-extern-c", rust=('reply: Option<extern "C" fn', "reply: Option<fn")),
        ok("accepts-null", rust=("callback: OnEvent", "callback: Option<OnEvent>")),
        ok(
            "never-returns-null",
            rust=(
                "-> Unsubscribe { None }",
                '-> extern "C" fn(*mut c_void) { x }\nextern "C" fn x(c: *mut c_void) {}',
            ),
        ),
        ok(
            "written-out",
            c=(
                "on_event *callback",
                "void (*callback)(void *, const struct Event *, void (*)(int))",
            ),
        ),
        ok("function-typed-parameter", c=("on_event *callback", "on_event callback")),
    ),
)

VTABLE = Case(
    name="vtable",
    portable=True,
    contract="""
[exports]
table = "static Table"
[structs.Table]
fields = ["open: fn(*mut c_void)", "close: fn(*mut c_void)", "read: fn(*mut c_void, *mut u8, usize) -> isize",
  "write: fn(*mut c_void, *const u8, usize) -> isize", "seek: Option<fn(*mut c_void, i64) -> i64>"]
""",
    c="""
struct Table {
    void (*open)(void *);
    void (*close)(void *);
    ptrdiff_t (*read)(void *, uint8_t *, size_t);
    ptrdiff_t (*write)(void *, const uint8_t *, size_t);
    int64_t (*seek)(void *, int64_t);
};
static void opened(void *p) { (void)p; }
const struct Table table = { .open = opened };
""",
    rust="""
#[repr(C)] pub struct Table {
    pub open: extern "C" fn(*mut c_void),
    pub close: extern "C" fn(*mut c_void),
    pub read: extern "C" fn(*mut c_void, *mut u8, usize) -> isize,
    pub write: extern "C" fn(*mut c_void, *const u8, usize) -> isize,
    pub seek: Option<extern "C" fn(*mut c_void, i64) -> i64>,
}
extern "C" fn opened(_: *mut c_void) {}
extern "C" fn reads(_: *mut c_void, _: *mut u8, _: usize) -> isize { 0 }
extern "C" fn writes(_: *mut c_void, _: *const u8, _: usize) -> isize { 0 }
#[no_mangle] pub static table: Table = Table { open: opened, close: opened, read: reads, write: writes, seek: None };
""",
    changes=(
        bad(
            "slots-of-one-type-swapped",
            c=(
                "void (*open)(void *);\n    void (*close)(void *);",
                "void (*close)(void *);\n    void (*open)(void *);",
            ),
            rust=(
                'pub open: extern "C" fn(*mut c_void),\n    pub close: extern "C" fn(*mut c_void),',
                'pub close: extern "C" fn(*mut c_void),\n    pub open: extern "C" fn(*mut c_void),',
            ),
        ),
        bad(
            "slots-of-two-types-swapped",
            c=(
                "void (*close)(void *);\n    ptrdiff_t (*read)(void *, uint8_t *, size_t);",
                "ptrdiff_t (*read)(void *, uint8_t *, size_t);\n    void (*close)(void *);",
            ),
        ),
        bad(
            "slots-of-nearly-one-type-swapped",
            c=(
                "ptrdiff_t (*read)(void *, uint8_t *, size_t);\n    ptrdiff_t (*write)(void *, const uint8_t *, size_t);",
                "ptrdiff_t (*write)(void *, const uint8_t *, size_t);\n    ptrdiff_t (*read)(void *, uint8_t *, size_t);",
            ),
        ),
        bad(
            "slot-inserted",
            c=("void (*close)(void *);", "void (*flush)(void *); void (*close)(void *);"),
        ),
        bad("slot-lost", c=("    void (*close)(void *);\n", "")),
        bad(
            "slot-gained-a-parameter",
            c=("(*close)(void *)", "(*close)(void *, int)"),
            rust=(
                'pub close: extern "C" fn(*mut c_void)',
                'pub close: extern "C" fn(*mut c_void, c_int)',
                "close: opened",
                "close: closed",
                'extern "C" fn opened',
                'extern "C" fn closed(_: *mut c_void, _: c_int) {}\nextern "C" fn opened',
            ),
        ),
        bad(
            "slot-size-type-changed",
            c=("(*read)(void *, uint8_t *, size_t)", "(*read)(void *, uint8_t *, uint16_t)"),
        ),
        bad(
            "slot-lost-extern-c",
            rust=(
                'pub close: extern "C" fn(*mut c_void)',
                "pub close: fn(*mut c_void)",
                "close: opened",
                "close: closed",
                'extern "C" fn opened',
                'fn closed(_: *mut c_void) {}\nextern "C" fn opened',
            ),
        ),
        bad(
            "slot-may-be-null",
            rust=(
                'pub close: extern "C" fn(*mut c_void)',
                'pub close: Option<extern "C" fn(*mut c_void)>',
                "close: opened",
                "close: None",
            ),
        ),
        bad(
            "slot-may-not-be-null",
            rust=(
                'pub seek: Option<extern "C" fn(*mut c_void, i64) -> i64>',
                'pub seek: extern "C" fn(*mut c_void, i64) -> i64',
                "seek: None",
                "seek: seeks",
                'extern "C" fn opened',
                'extern "C" fn seeks(_: *mut c_void, o: i64) -> i64 { o }\nextern "C" fn opened',
            ),
        ),
        bad(
            "slot-that-unwinds",
            rust=(
                'pub close: extern "C" fn(*mut c_void)',
                'pub close: extern "C-unwind" fn(*mut c_void)',
                "close: opened",
                "close: closed",
                'extern "C" fn opened',
                'extern "C-unwind" fn closed(_: *mut c_void) {}\nextern "C" fn opened',
            ),
        ),
        bad(
            "slot-of-windows",
            rust=(
                'pub close: extern "C" fn(*mut c_void)',
                'pub close: extern "win64" fn(*mut c_void)',
                "close: opened",
                "close: closed",
                'extern "C" fn opened',
                'extern "win64" fn closed(_: *mut c_void) {}\nextern "C" fn opened',
            ),
        ),
        ok("slots-of-the-system", rust=('extern "C"', 'extern "system"')),
        ok("slots-of-system-v", rust=('extern "C"', 'extern "sysv64"')),
        ok(
            "unsafe-slots",
            rust=('pub seek: Option<extern "C"', 'pub seek: Option<unsafe extern "C"'),
        ),
        ok("writable", c=("const struct Table table", "struct Table table")),
        ok("slot-renamed", c=("(*seek)", "(*lseek)"), rust=("seek", "lseek")),
    ),
)

NULLABLE = Case(
    name="nullable",
    contract="""
[exports]
attach = "fn(host: &mut Host, done: fn(inner: fn())) -> fn()"
[structs.Host]
fields = ["name: &u8", "peer: *mut Host", "call: fn()", "maybe: Option<fn()>"]
""",
    c="""
struct Host { const uint8_t *name; struct Host *peer; void (*call)(void); void (*maybe)(void); };
void (*attach(struct Host *host, void (*done)(void (*inner)(void))))(void) { (void)done; return host->call; }
""",
    rust="""
#[repr(C)] pub struct Host { name: &'static u8, peer: *mut Host, call: extern "C" fn(), maybe: Option<extern "C" fn()> }
#[no_mangle] pub extern "C" fn attach(host: &mut Host, done: extern "C" fn(inner: extern "C" fn())) -> extern "C" fn() { host.call }
""",
    changes=(
        bad("name-may-be-null", rust=("name: &'static u8", "name: Option<&'static u8>")),
        bad(
            "call-may-be-null",
            rust=(
                'call: extern "C" fn()',
                'call: Option<extern "C" fn()>',
                "{ host.call }",
                '{ x }\nextern "C" fn x() {}',
            ),
        ),
        bad("maybe-may-not", rust=('maybe: Option<extern "C" fn()>', 'maybe: extern "C" fn()')),
        bad(
            "result-may-be-null",
            rust=('-> extern "C" fn() { host.call }', '-> Option<extern "C" fn()> { None }'),
        ),
        bad(
            "callback-may-be-given-null",
            rust=('inner: extern "C" fn()', 'inner: Option<extern "C" fn()>'),
        ),
        bad(
            "call-lost-extern-c",
            rust=(
                'call: extern "C" fn()',
                "call: fn()",
                "{ host.call }",
                '{ x }\nextern "C" fn x() {}',
            ),
        ),
        bad(
            "optional-lost-extern-c", rust=('maybe: Option<extern "C" fn()>', "maybe: Option<fn()>")
        ),
        ok("reference-became-pointer", rust=("name: &'static u8", "name: *const u8")),
        ok("pointer-became-reference", rust=("peer: *mut Host", "peer: &'static mut Host")),
        ok("pointer-became-optional", rust=("peer: *mut Host", "peer: Option<&'static mut Host>")),
        ok(
            "parameter-accepts-null",
            rust=(
                "host: &mut Host",
                "host: Option<&mut Host>",
                "{ host.call }",
                '{ x }\nextern "C" fn x() {}',
            ),
        ),
        ok(
            "parameter-is-a-pointer",
            rust=(
                "host: &mut Host",
                "host: *mut Host",
                "{ host.call }",
                '{ x }\nextern "C" fn x() {}',
            ),
        ),
        ok(
            "callback-accepts-null",
            rust=(
                'done: extern "C" fn(inner: extern "C" fn())',
                'done: Option<extern "C" fn(inner: extern "C" fn())>',
            ),
        ),
        ok("pointer-never-null", rust=("peer: *mut Host", "peer: core::ptr::NonNull<Host>")),
        ok(
            "pointer-optional-never-null",
            rust=("peer: *mut Host", "peer: Option<core::ptr::NonNull<Host>>"),
        ),
    ),
)

BY_VALUE = Case(
    name="by-value",
    portable=True,
    contract="""
[exports]
centre = "fn(Box) -> Point"
[structs.Point]
fields = ["x: f32", "y: f32"]
[structs.Box]
fields = ["low: Point", "high: Point"]
""",
    c="struct Point { float x, y; };\nstruct Box { struct Point low, high; };\n"
    "struct Point centre(struct Box box) { return box.low; }\n",
    changes=(
        bad("integers", c=("float x, y", "int32_t x, y")),
        bad("doubles", c=("float x, y", "double x, y")),
        bad(
            "by-pointer",
            c=("struct Box box) { return box.low; }", "struct Box *box) { return box->low; }"),
        ),
        bad(
            "result-by-pointer",
            c=(
                "struct Point centre(struct Box box) { return box.low; }",
                "struct Point *centre(struct Box box) { (void)box; return 0; }",
            ),
        ),
        bad("swapped", c=("float x, y", "float y, x")),
        bad(
            "spread-out",
            c=(
                "struct Box box) { return box.low; }",
                "struct Point low, struct Point high) { (void)high; return low; }",
            ),
        ),
        bad(
            "result-double",
            c=(
                "struct Point centre(struct Box box) { return box.low; }",
                "double centre(struct Box box) { return box.low.x; }",
            ),
        ),
        bad("grew", c=("float x, y", "float x, y, z")),
        bad(
            "array-of-four",
            c=(
                "struct Point low, high;",
                "float low[2], high[2];",
                "return box.low",
                "struct Point p = { box.low[0] }; return p",
            ),
        ),
        ok("renamed", c=("Point", "point", "Box", "box_t")),
    ),
)

BY_VALUE_RUST = Case(
    name="by-value-rust",
    contract='[exports]\nnorm = "fn(Point) -> f32"\n[structs.Point]\nfields = ["x: f32", "y: f32"]\n',
    rust="#[repr(C)] pub struct Point { x: f32, y: f32 }\n"
    '#[no_mangle] pub extern "C" fn norm(p: Point) -> f32 { p.x }\n',
    good=UNVERIFIED,
    changes=(
        unseen("lost-extern-c", rust=('pub extern "C" fn', "pub fn")),
        bad("integers", rust=("x: f32, y: f32", "x: f32, y: i32")),
    ),
)

UNTYPED = Case(
    name="untyped-entry",
    portable=True,
    contract="""
[exports]
load = "fn() -> *mut Greeter"
unload = "fn(*mut Greeter)"
[structs.Greeter]
fields = ["greet: fn(*const c_char) -> *const c_char", "level: c_int"]
""",
    c="""
struct Greeter { const char *(*greet)(const char *); int level; };
static struct Greeter greeter;
void *load(void) { return &greeter; }
void unload(void *p) { (void)p; }
""",
    cpp="""
struct Greeter { const char *(*greet)(const char *); int level; };
static Greeter greeter;
extern "C" void *load(void) { return &greeter; }
extern "C" void unload(void *p) { (void)p; }
""",
    rust="""
#[repr(C)] pub struct Greeter { greet: extern "C" fn(*const c_char) -> *const c_char, level: c_int }
extern "C" fn greet(n: *const c_char) -> *const c_char { n }
#[no_mangle] pub static mut GREETER: Greeter = Greeter { greet, level: 1 };
#[no_mangle] pub extern "C" fn load() -> *mut c_void { &raw mut GREETER as *mut c_void }
#[no_mangle] pub extern "C" fn unload(p: *mut c_void) {}
""",
    changes=(
        bad(
            "field-inserted",
            c=("const char *(*greet)", "long flags; const char *(*greet)"),
            cpp=("const char *(*greet)", "long flags; const char *(*greet)"),
            rust=(
                "pub struct Greeter { ",
                "pub struct Greeter { flags: u64, ",
                "Greeter { greet, ",
                "Greeter { flags: 0, greet, ",
            ),
        ),
        bad(
            "callback-changed",
            c=("(*greet)(const char *)", "(*greet)(const char *, int)"),
            cpp=("(*greet)(const char *)", "(*greet)(const char *, int)"),
            rust=(
                'greet: extern "C" fn(*const c_char)',
                'greet: extern "C" fn(*const c_char, c_int)',
                "greet(n: *const c_char)",
                "greet(n: *const c_char, x: c_int)",
            ),
        ),
        bad(
            "level-float",
            c=("int level", "float level"),
            cpp=("int level", "float level"),
            rust=("level: c_int", "level: f32", "level: 1", "level: 1.0"),
        ),
        bad(
            "lost-extern-c",
            rust=('greet: extern "C" fn', "greet: fn", 'extern "C" fn greet', "fn greet"),
        ),
        unseen("renamed", c=("struct Greeter", "struct Hello"), rust=("Greeter", "Hello")),
        ok(
            "renamed-and-matched",
            c=("struct Greeter", "struct Hello"),
            rust=("Greeter", "Hello"),
            contract=("[structs.Greeter]", '[structs.Greeter]\nmatch = "Hello"'),
        ),
        ok(
            "in-a-namespace",
            cpp=(
                "struct Greeter {",
                "namespace ns { struct Greeter {",
                "level; };",
                "level; }; } using ns::Greeter;",
            ),
            contract=("[structs.Greeter]", '[structs.Greeter]\nmatch = "ns::Greeter"'),
        ),
        bad(
            "changed-in-a-namespace",
            cpp=(
                "struct Greeter {",
                "struct Greeter { long a; }; Greeter decoy; namespace ns { struct Greeter { long flags; ",
                "static Greeter greeter",
                "static ns::Greeter greeter",
                "level; };",
                "level; }; }",
            ),
            contract=("[structs.Greeter]", '[structs.Greeter]\nmatch = "ns::Greeter"'),
        ),
        unseen("never-used", c=("static struct Greeter greeter;", "static char greeter[16];")),
        ok(
            "one-end-typed",
            c=("void unload(void *p)", "void unload(struct Greeter *p)"),
            rust=("fn unload(p: *mut c_void)", "fn unload(p: *mut Greeter)"),
        ),
        bad(
            "one-end-typed-and-changed",
            c=(
                "void unload(void *p)",
                "void unload(struct Greeter *p)",
                "int level",
                "float level",
            ),
        ),
        bad(
            "returns-integer",
            c=(
                "void *load(void) { return &greeter; }",
                "uintptr_t load(void) { return (uintptr_t)&greeter; }",
            ),
        ),
    ),
)

UNITS = Case(
    name="two-units",
    portable=True,
    contract="""
[exports]
load = "fn() -> *mut Greeter"
unload = "fn(*mut Greeter)"
[structs.Greeter]
fields = ["greet: fn(*const c_char) -> *const c_char", "level: c_int"]
""",
    c={
        "a.c": "struct Greeter { const char *(*greet)(const char *); int level; };\n"
        "struct Greeter *load(void) { static struct Greeter g; return &g; }\n",
        "b.c": "struct Greeter { const char *(*greet)(const char *); int level; };\n"
        "void unload(struct Greeter *p) { p->level = 0; }\n",
    },
    changes=(
        bad(
            "one-unit-is-stale",
            c=("int level; };\nvoid unload", "long long level; };\nvoid unload"),
        ),
        bad(
            "the-other-unit-is-stale",
            c=("int level; };\nstruct Greeter *load", "float level; };\nstruct Greeter *load"),
        ),
        bad(
            "stale-by-a-macro",
            c=("int level; };", "\n#ifdef BIG\nlong extra;\n#endif\nint level; };"),
            flags="-DBIG",
        ),
        ok(
            "one-unit-opaque",
            c=(
                "struct Greeter { const char *(*greet)(const char *); int level; };\nvoid unload(struct Greeter *p) { p->level = 0; }",
                "struct Greeter;\nvoid unload(struct Greeter *p) { (void)p; }",
            ),
        ),
        harmless(
            "both-units-opaque-and-defined-in-neither",
            c=(
                "struct Greeter { const char *(*greet)(const char *); int level; };",
                "struct Greeter;",
                "static struct Greeter g; return &g;",
                "return 0;",
                "p->level = 0;",
                "(void)p;",
            ),
        ),
        ok(
            "one-unit-untyped",
            c=(
                "void unload(struct Greeter *p) { p->level = 0; }",
                "void unload(void *p) { ((struct Greeter *)p)->level = 0; }",
            ),
        ),
    ),
)

DISAGREEING = Case(
    name="units-that-disagree",
    portable=True,
    contract="""
[exports]
load = "fn() -> *mut Greeter"
[structs.Greeter]
fields = ["level: c_int", "limit: c_int"]
""",
    c={
        "a.c": "extern int use_b(void), use_c(void);\nvoid *load(void) { return use_b() + use_c() ? (void *)load : 0; }\n",
        "b.c": "struct Greeter { int level; int limit; } b;\nint use_b(void) { return b.level; }\n",
        "c.c": "struct Greeter { int level; int limit; } c;\nint use_c(void) { return c.level; }\n",
    },
    changes=(
        unseen("they-disagree", c=("int limit; } b", "long long limit; } b")),
        unseen("they-disagree-the-other-way", c=("int limit; } c", "long long limit; } c")),
        bad("they-agree-on-another", c=("int limit;", "long long limit;")),
    ),
)

OPAQUE = Case(
    name="opaque",
    portable=True,
    contract="""
[exports]
start = "fn(host: *mut Host, data: *const c_void) -> *mut Session"
[types]
Host = "opaque"
Session = "opaque"
""",
    c="struct host; struct session { int a; };\n"
    "struct session *start(struct host *h, const void *data) { (void)h; (void)data; return 0; }\n",
    rust="pub enum Host {}\n#[repr(C)] pub struct Session { _private: [u8; 0] }\n"
    '#[no_mangle] pub extern "C" fn start(h: *mut Host, data: *const c_void) -> *mut Session { null_mut() }\n',
    changes=(
        ok(
            "untyped",
            c=("struct host *h", "void *h", "struct session *start", "void *start"),
            rust=("h: *mut Host", "h: *mut c_void"),
        ),
        ok(
            "bytes",
            c=("const void *data", "const unsigned char *data"),
            rust=("data: *const c_void", "data: *const u8"),
        ),
        ok("deeper", c=("const void *data", "void **data")),
        bad(
            "function",
            c=("struct host *h", "void (*h)(void)"),
            rust=("h: *mut Host", 'h: extern "C" fn()'),
        ),
        bad("integer", c=("struct host *h", "uintptr_t h"), rust=("h: *mut Host", "h: usize")),
        bad(
            "by-value",
            c=("struct host *h", "struct session h"),
            rust=("h: *mut Host", "h: [usize; 3]"),
        ),
        bad("result-integer", c=("struct session *start", "int start")),
        bad("slice", rust=("data: *const c_void", "data: &[u8]")),
        bad("trait-object", rust=("data: *const c_void", "data: &dyn Fn()")),
    ),
)

VA_LIST = Case(
    name="va-list",
    portable=True,
    contract='[exports]\nvlog = "fn(format: *const c_char, rest: va_list)"\n',
    c="void vlog(const char *format, va_list rest) { (void)format; (void)rest; }\n",
    changes=(
        bad("became-variadic", c=("va_list rest)", "...)", "(void)rest;", "")),
        bad("became-integer", c=("va_list rest", "int rest")),
        bad("became-double", c=("va_list rest", "double rest")),
    ),
)

CONVENTION = Case(
    name="convention",
    contract="""
[exports]
set = "fn(*const Hooks)"
[structs.Hooks]
fields = ["hook: fn(c_int) -> c_int"]
[evidence]
conventions = "required"
""",
    c="struct Hooks { int (*hook)(int); };\nvoid set(const struct Hooks *h) { (void)h; }\n",
    rust='#[repr(C)] pub struct Hooks { hook: extern "C" fn(c_int) -> c_int }\n'
    '#[no_mangle] pub extern "C" fn set(h: *const Hooks) {}\n',
    by={"gcc": UNVERIFIED, "rustc": UNVERIFIED, "clang": COMPATIBLE},
    changes=(
        bad(
            "field-of-windows",
            c=("int (*hook)(int)", "int (__attribute__((ms_abi)) *hook)(int)"),
            by={"gcc": UNVERIFIED},
            rust=('hook: extern "C"', 'hook: extern "win64"'),
        ),
        bad(
            "function-of-windows",
            c=("void set", "__attribute__((ms_abi)) void set"),
            by={"gcc": UNVERIFIED},
        ),
        bad("field-without-extern-c", rust=('hook: extern "C" fn', "hook: fn")),
    ),
)

CONVENTION_UNSAID = Case(
    name="convention-when-present",
    contract="""
[exports]
set = "fn(*const Hooks)"
[structs.Hooks]
fields = ["hook: fn(c_int) -> c_int"]
""",
    c=CONVENTION.c,
    rust=CONVENTION.rust,
    changes=(
        bad(
            "field-of-windows",
            c=("int (*hook)(int)", "int (__attribute__((ms_abi)) *hook)(int)"),
            only=("clang", "rustc"),
            rust=('hook: extern "C"', 'hook: extern "win64"'),
        ),
        bad(
            "function-of-windows",
            c=("void set", "__attribute__((ms_abi)) void set"),
            only=("clang",),
        ),
        bad("field-without-extern-c", rust=('hook: extern "C" fn', "hook: fn")),
    ),
)

STATED_CONVENTION = Case(
    name="stated-convention",
    contract="""
[exports]
set = "fn(*const Hooks)"
[structs.Hooks]
fields = ['hook: extern "win64" fn(c_int) -> c_int']
""",
    c="struct Hooks { int (__attribute__((ms_abi)) *hook)(int); };\nvoid set(const struct Hooks *h) { (void)h; }\n",
    rust='#[repr(C)] pub struct Hooks { hook: extern "win64" fn(c_int) -> c_int }\n'
    '#[no_mangle] pub extern "C" fn set(h: *const Hooks) {}\n',
    changes=(
        bad(
            "plain",
            c=("__attribute__((ms_abi)) ", ""),
            rust=('extern "win64"', 'extern "C"'),
            only=("clang", "rustc"),
        ),
        bad("rust", rust=('extern "win64" fn', "fn"), only=("rustc",)),
    ),
)

CPP = Case(
    name="cpp-types",
    contract="""
[exports]
node = "fn(*const Node, *mut c_void) -> *mut Node"
[structs.Node]
fields = ["id: u32", "next: *mut Node", "value: f64"]
""",
    cpp="""
struct Node { uint32_t id; Node *next; double value; };
extern "C" Node *node(const Node *n, void *p) { (void)p; return n->next; }
""",
    changes=(
        bad(
            "base-class-in-front",
            cpp=("struct Node {", "struct Base { long b; };\nstruct Node : Base {"),
        ),
        doubtful("virtual-function", cpp=("double value;", "double value; virtual void f() {}")),
        bad("member-pointer", cpp=("void *p", "int Node::*p")),
        bad(
            "reference-to-other", cpp=("const Node *n", "const double &n", "n->next", "(Node *)&n")
        ),
        ok("reference", cpp=("const Node *n", "const Node &n", "n->next", "n.next")),
        ok(
            "member-functions-and-constants",
            cpp=(
                "double value;",
                "double value; static const int k = 3; int f() const { return k; } struct In { char c; }; enum E { A };",
            ),
        ),
        ok("private-and-class", cpp=("struct Node {", "class Node { public:")),
        ok(
            "template",
            cpp=(
                "struct Node { uint32_t id; Node *next; double value; };",
                "template<class T> struct N { uint32_t id; N *next; T value; };\nusing Node = N<double>;",
            ),
        ),
        bad(
            "template-of-float",
            cpp=(
                "struct Node { uint32_t id; Node *next; double value; };",
                "template<class T> struct N { uint32_t id; N *next; T value; };\nusing Node = N<float>;",
            ),
        ),
        ok(
            "namespace",
            cpp=(
                "struct Node {",
                "namespace a { namespace b { struct Node {",
                "value; };",
                "value; }; } } using a::b::Node;",
            ),
        ),
        ok(
            "anonymous-namespace",
            cpp=("struct Node {", "namespace { struct Node {", "value; };", "value; }; }"),
        ),
        ok(
            "in-a-class",
            cpp=(
                "struct Node {",
                "struct Outer { struct Node {",
                "value; };",
                "value; }; }; using Node = Outer::Node;",
            ),
        ),
        seen("name-mangled", cpp=('extern "C" Node', "Node")),
        harmless("empty-base", cpp=("struct Node {", "struct Tag {};\nstruct Node : Tag {")),
    ),
)

RUST_TYPES = Case(
    name="rust-types",
    contract="""
[exports]
plugin = "fn(config: *const Config, n: usize) -> *mut Config"
[structs.Config]
fields = ["size: u32", "flag: bool", "count: u64", "mode: u8"]
""",
    rust_head=RUST_STD_HEAD,
    rust="""
#[repr(C)] pub struct Config { size: u32, flag: bool, count: u64, mode: u8 }
#[no_mangle] pub extern "C" fn plugin(config: *const Config, n: usize) -> *mut Config { null_mut() }
""",
    changes=(
        bad(
            "repr-rust",
            rust=(
                "#[repr(C)] ",
                "",
                "size: u32, flag: bool, count: u64, mode: u8",
                "flag: bool, count: u64, mode: u8, size: u32",
            ),
        ),
        bad("fat-slice", rust=("config: *const Config", "config: &[Config]")),
        bad("str", rust=("config: *const Config", "config: &str")),
        bad("vector", rust=("config: *const Config", "config: Vec<Config>")),
        bad("field-optional", rust=("count: u64", "count: Option<u64>")),
        bad("field-string", rust=("count: u64", "count: String")),
        bad("field-tuple", rust=("count: u64", "count: (u32, u32)")),
        bad("field-optional-byte", rust=("mode: u8", "mode: Option<u8>")),
        ok(
            "box",
            rust=(
                "-> *mut Config { null_mut() }",
                "-> Box<Config> { Box::new(Config { size: 0, flag: true, count: 0, mode: 0 }) }",
            ),
        ),
        ok(
            "optional-box",
            rust=("-> *mut Config { null_mut() }", "-> Option<Box<Config>> { None }"),
        ),
        ok("reference", rust=("config: *const Config", "config: &Config")),
        ok("optional-reference", rust=("config: *const Config", "config: Option<&Config>")),
        ok("non-null", rust=("config: *const Config", "config: std::ptr::NonNull<Config>")),
        ok(
            "transparent",
            rust=(
                "size: u32",
                "size: Bytes",
                "#[repr(C)]",
                "#[repr(transparent)] pub struct Bytes(u32);\n#[repr(C)]",
            ),
        ),
        ok(
            "transparent-with-marker",
            rust=(
                "size: u32",
                "size: Bytes<u8>",
                "#[repr(C)]",
                "#[repr(transparent)] pub struct Bytes<T>(u32, std::marker::PhantomData<T>);\n#[repr(C)]",
            ),
        ),
        bad(
            "transparent-of-signed",
            rust=(
                "size: u32",
                "size: Bytes",
                "#[repr(C)]",
                "#[repr(transparent)] pub struct Bytes(i32);\n#[repr(C)]",
            ),
        ),
        ok("cell", rust=("size: u32", "size: std::cell::UnsafeCell<u32>")),
        ok(
            "maybe-uninit-and-manual-drop",
            rust=("count: u64", "count: std::mem::ManuallyDrop<u64>"),
        ),
        harmless("atomic", rust=("size: u32", "size: std::sync::atomic::AtomicU32")),
        harmless("maybe-uninit", rust=("count: u64", "count: std::mem::MaybeUninit<u64>")),
        harmless("non-zero", rust=("size: u32", "size: std::num::NonZeroU32")),
        ok("c-names", rust=("size: u32", "size: c_uint", "count: u64", "count: c_ulong")),
        ok(
            "generic",
            rust=(
                "pub struct Config {",
                "pub struct Con<T> {",
                "count: u64",
                "count: T",
                "#[no_mangle]",
                "type Config = Con<u64>;\n#[no_mangle]",
            ),
        ),
        ok(
            "module",
            rust=(
                "#[repr(C)] pub struct",
                "mod api { #[repr(C)] pub struct",
                "mode: u8 }",
                "mode: u8 } }\nuse api::Config;",
            ),
        ),
        ok("crate-renamed", rust=(), flags="--crate-name other_name"),
        seen("mangled", rust=("#[no_mangle] ", "")),
        seen("private-name", rust=("fn plugin", "fn plugin_v2")),
    ),
)

CASES = (
    SIGNATURE,
    EMPTY_PARAMETERS,
    VARIADIC,
    CALLBACK,
    VTABLE,
    NULLABLE,
    BY_VALUE,
    BY_VALUE_RUST,
    UNTYPED,
    UNITS,
    DISAGREEING,
    OPAQUE,
    VA_LIST,
    CONVENTION,
    CONVENTION_UNSAID,
    STATED_CONVENTION,
    CPP,
    RUST_TYPES,
)
