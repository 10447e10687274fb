"""The forms that evidence comes in: one rich interface, built in every way that changes how it is recorded."""

# ruff: noqa: E501 (a change reads best on one line, beside what it must lead to)

from __future__ import annotations

from .case import Case, bad

FORMS = Case(
    name="forms",
    portable=True,
    contract="""
[exports]
load = "fn(host: *mut Host, log: LogFn) -> *mut Plugin"
unload = "fn(*mut Plugin)"
VERSION = "static u32"
[types]
Host = "opaque"
LogFn = "Option<fn(level: Level, text: *const c_char)>"
[enums.Level]
values = { Low = 0, High = 5 }
[structs.Plugin]
fields = ["size: u32", "level: Level", "run: fn(*mut Plugin, *const Item, usize) -> c_int", "item: Item", "owner: *mut Plugin"]
[structs.Item]
fields = ["id: u64", "weight: f64", "tags: [[u16; 2]; 3]", "_: Body", "a: c_uint : 3", "b: c_uint : 29"]
[unions.Body]
fields = ["number: i64", "text: *const c_char"]
[tags.version]
read = "VERSION"
equals = 4
""",
    c="""
enum Level { Low, High = 5 };
struct Host;
struct Item { uint64_t id; double weight; uint16_t tags[3][2]; union { int64_t number; const char *text; }; unsigned a : 3; unsigned b : 29; };
struct Plugin { uint32_t size; enum Level level; int (*run)(struct Plugin *, const struct Item *, size_t); struct Item item; struct Plugin *owner; };
typedef void log_fn(enum Level level, const char *text);
const uint32_t VERSION = 4;
static struct Plugin plugin = { sizeof(struct Plugin), High, 0, { 1 }, 0 };
struct Plugin *load(struct Host *host, log_fn *log) { if (log && host) log(Low, "up"); return &plugin; }
void unload(struct Plugin *p) { p->size = 0; }
""",
    cpp="""
enum Level { Low, High = 5 };
struct Host;
struct Item { uint64_t id; double weight; uint16_t tags[3][2]; union { int64_t number; const char *text; }; unsigned a : 3; unsigned b : 29; };
struct Plugin { uint32_t size; Level level; int (*run)(Plugin *, const Item *, size_t); Item item; Plugin *owner; };
typedef void log_fn(Level level, const char *text);
extern "C" {
extern const uint32_t VERSION = 4;
static Plugin plugin;
Plugin *load(Host *host, log_fn *log) { if (log && host) log(Low, "up"); return &plugin; }
void unload(Plugin *p) { p->size = 0; }
}
""",
    changes=(
        bad(
            "field-inserted",
            c=("double weight;", "double weight; int more;"),
            cpp=("double weight;", "double weight; int more;"),
        ),
        bad(
            "callback-changed",
            c=("const struct Item *, size_t)", "const struct Item *)"),
            cpp=("const Item *, size_t)", "const Item *)"),
        ),
        bad("enum-changed", c=("High = 5", "High = 6"), cpp=("High = 5", "High = 6")),
        bad(
            "bits-changed",
            c=("a : 3; unsigned b : 29", "a : 4; unsigned b : 28"),
            cpp=("a : 3; unsigned b : 29", "a : 4; unsigned b : 28"),
        ),
        bad(
            "union-changed",
            c=("int64_t number;", "double number;"),
            cpp=("int64_t number;", "double number;"),
        ),
        bad("array-changed", c=("tags[3][2]", "tags[2][3]"), cpp=("tags[3][2]", "tags[2][3]")),
        bad(
            "signature-changed",
            c=(
                "void unload(struct Plugin *p)",
                "void unload(struct Plugin *p, int force)",
                "p->size = 0",
                "p->size = force",
            ),
            cpp=("void unload(Plugin *p)", "void unload(Plugin *p, int force)"),
        ),
        bad(
            "log-changed",
            c=(
                "const char *text);",
                "const char *text, int n);",
                'log(Low, "up")',
                'log(Low, "up", 1)',
            ),
            cpp=(
                "const char *text);",
                "const char *text, int n);",
                'log(Low, "up")',
                'log(Low, "up", 1)',
            ),
        ),
    ),
)

RUST_FORMS = Case(
    name="rust-forms",
    contract=FORMS.contract.replace(', "a: c_uint : 3", "b: c_uint : 29"', ', "a: c_uint"').replace(
        '"_: Body"', '"body: Body"'
    ),
    rust="""
#[repr(C)] #[derive(Clone, Copy)] pub enum Level { Low = 0, High = 5 }
pub enum Host {}
#[repr(C)] #[derive(Clone, Copy)] pub union Body { number: i64, text: *const c_char }
#[repr(C)] pub struct Item { id: u64, weight: f64, tags: [[u16; 2]; 3], body: Body, a: c_uint }
#[repr(C)] pub struct Plugin { size: u32, level: Level, run: extern "C" fn(*mut Plugin, *const Item, usize) -> c_int, item: Item, owner: *mut Plugin }
type LogFn = Option<extern "C" fn(level: Level, text: *const c_char)>;
#[no_mangle] pub static VERSION: u32 = 4;
#[no_mangle] pub extern "C" fn load(host: *mut Host, log: LogFn) -> *mut Plugin {
    if let Some(log) = log { log(Level::Low, c"up".as_ptr()) }
    null_mut()
}
#[no_mangle] pub extern "C" fn unload(p: *mut Plugin) { if !p.is_null() { unsafe { (*p).size = 0 } } }
""",
    changes=(
        bad("field-inserted", rust=("weight: f64,", "weight: f64, more: c_int,")),
        bad("callback-changed", rust=("*const Item, usize)", "*const Item)")),
        bad("callback-lost-extern-c", rust=('run: extern "C" fn', "run: fn")),
        bad("enum-changed", rust=("High = 5", "High = 6")),
        bad("union-changed", rust=("number: i64", "number: f64")),
        bad("array-changed", rust=("[[u16; 2]; 3]", "[[u16; 3]; 2]")),
        bad(
            "signature-changed",
            rust=("unload(p: *mut Plugin)", "unload(p: *mut Plugin, force: c_int)"),
        ),
        bad(
            "log-changed",
            rust=(
                "text: *const c_char)>",
                "text: *const c_char, n: c_int)>",
                'c"up".as_ptr())',
                'c"up".as_ptr(), 1)',
            ),
        ),
    ),
)

CASES = (FORMS, RUST_FORMS)
