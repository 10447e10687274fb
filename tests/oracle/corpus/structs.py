"""Structs: what moves, what changes in place, and what only looks different."""

# ruff: noqa: E501 (a change reads best on one line, beside what it must lead to)

from __future__ import annotations

from .case import Case, bad, doubtful, harmless, ok

RECORD = Case(
    name="record",
    portable=True,
    contract="""
[exports]
make = "fn() -> *mut Record"
[structs.Record]
fields = ["kind: u32", "flag: u8", "count: u64", "ratio: f64", "weight: f32", "level: i32",
  "context: *mut c_void", "name: *const c_char", "mark: [c_char; 16]",
  "step: Option<fn(*mut c_void, c_int) -> c_int>", "total: i64", "tail: u16"]
""",
    c="""
struct Record {
    uint32_t kind;
    uint8_t flag;
    uint64_t count;
    double ratio;
    float weight;
    int32_t level;
    void *context;
    const char *name;
    char mark[16];
    int (*step)(void *, int);
    int64_t total;
    uint16_t tail;
};
struct Record *make(void) { return 0; }
""",
    rust="""
#[repr(C)]
pub struct Record {
    pub kind: u32,
    pub flag: u8,
    pub count: u64,
    pub ratio: f64,
    pub weight: f32,
    pub level: i32,
    pub context: *mut c_void,
    pub name: *const c_char,
    pub mark: [c_char; 16],
    pub step: Option<extern "C" fn(*mut c_void, c_int) -> c_int>,
    pub total: i64,
    pub tail: u16,
}
#[no_mangle] pub extern "C" fn make() -> *mut Record { null_mut() }
""",
    changes=(
        bad(
            "inserted-first",
            c=("uint32_t kind;", "uint64_t extra; uint32_t kind;"),
            rust=("pub kind: u32", "pub extra: u64, pub kind: u32"),
        ),
        bad(
            "inserted-in-the-middle",
            c=("double ratio;", "uint64_t extra; double ratio;"),
            rust=("pub ratio", "pub extra: u64, pub ratio"),
        ),
        bad(
            "appended",
            c=("uint16_t tail;", "uint16_t tail; uint64_t extra;"),
            rust=("pub tail: u16,", "pub tail: u16, pub extra: u64,"),
        ),
        bad(
            "added-in-tail-padding",
            c=("uint16_t tail;", "uint16_t tail; uint16_t extra;"),
            rust=("pub tail: u16,", "pub tail: u16, pub extra: u16,"),
        ),
        bad(
            "added-in-inner-padding",
            c=("uint8_t flag;", "uint8_t flag, extra;"),
            rust=("pub flag: u8,", "pub flag: u8, pub extra: u8,"),
        ),
        bad("last-removed", c=("    uint16_t tail;\n", ""), rust=("    pub tail: u16,\n", "")),
        bad(
            "removed-in-the-middle",
            c=("    double ratio;\n", ""),
            rust=("    pub ratio: f64,\n", ""),
        ),
        bad("removed-and-replaced-by-padding", c=("uint8_t flag;", ""), rust=("pub flag: u8,", "")),
        bad(
            "swapped-same-size-other-type",
            c=("uint64_t count;\n    double ratio;", "double ratio;\n    uint64_t count;"),
            rust=("pub count: u64,\n    pub ratio: f64,", "pub ratio: f64,\n    pub count: u64,"),
        ),
        bad(
            "swapped-names-of-one-size",
            c=("float weight;\n    int32_t level;", "int32_t level;\n    float weight;"),
            rust=("pub weight: f32,\n    pub level: i32,", "pub level: i32,\n    pub weight: f32,"),
        ),
        bad(
            "moved-to-the-end",
            c=("    void *context;\n", "", "uint16_t tail;", "uint16_t tail; void *context;"),
            rust=(
                "    pub context: *mut c_void,\n",
                "",
                "pub tail: u16,",
                "pub tail: u16, pub context: *mut c_void,",
            ),
        ),
        bad(
            "became-signed",
            c=("uint32_t kind", "int32_t kind"),
            rust=("pub kind: u32", "pub kind: i32"),
        ),
        bad(
            "became-unsigned",
            c=("int64_t total", "uint64_t total"),
            rust=("pub total: i64", "pub total: u64"),
        ),
        bad(
            "integer-became-float",
            c=("uint32_t kind", "float kind"),
            rust=("pub kind: u32", "pub kind: f32"),
        ),
        bad(
            "float-became-integer",
            c=("float weight", "int32_t weight"),
            rust=("pub weight: f32", "pub weight: i32"),
        ),
        bad(
            "integer-became-double",
            c=("int64_t total", "double total"),
            rust=("pub total: i64", "pub total: f64"),
        ),
        bad(
            "double-became-integer",
            c=("double ratio", "int64_t ratio"),
            rust=("pub ratio: f64", "pub ratio: i64"),
        ),
        bad(
            "byte-became-bool",
            c=("uint8_t flag", "bool flag"),
            rust=("pub flag: u8", "pub flag: bool"),
        ),
        bad(
            "byte-became-signed",
            c=("uint8_t flag", "int8_t flag"),
            rust=("pub flag: u8", "pub flag: i8"),
        ),
        bad(
            "byte-became-array",
            c=("uint8_t flag", "uint8_t flag[1]"),
            rust=("pub flag: u8", "pub flag: [u8; 1]"),
        ),
        bad(
            "pointer-became-integer",
            c=("void *context", "uintptr_t context"),
            rust=("pub context: *mut c_void", "pub context: usize"),
        ),
        bad(
            "integer-became-pointer",
            c=("uint64_t count", "void *count"),
            rust=("pub count: u64", "pub count: *mut c_void"),
        ),
        bad(
            "integer-became-bytes",
            c=("uint64_t count", "_Alignas(8) uint8_t count[8]"),
            rust=("pub count: u64", "pub count: [u8; 8]"),
        ),
        bad(
            "integer-became-halves",
            c=("uint64_t count", "uint32_t count[2]"),
            rust=("pub count: u64", "pub count: [u32; 2]"),
        ),
        bad(
            "narrowed-into-padding",
            c=("uint32_t kind;", "uint16_t kind;"),
            rust=("pub kind: u32", "pub kind: u16"),
        ),
        bad(
            "widened-into-padding",
            c=("uint8_t flag", "uint16_t flag"),
            rust=("pub flag: u8", "pub flag: u16"),
        ),
        bad(
            "tail-widened-into-padding",
            c=("uint16_t tail", "uint32_t tail"),
            rust=("pub tail: u16", "pub tail: u32"),
        ),
        bad(
            "array-shortened",
            c=("char mark[16]", "char mark[8]"),
            rust=("[c_char; 16]", "[c_char; 8]"),
        ),
        bad(
            "array-lengthened",
            c=("char mark[16]", "char mark[24]"),
            rust=("[c_char; 16]", "[c_char; 24]"),
        ),
        bad(
            "array-of-wider-elements",
            c=("char mark[16]", "uint16_t mark[8]"),
            rust=("[c_char; 16]", "[u16; 8]"),
        ),
        bad(
            "array-became-pointer",
            c=("char mark[16]", "char *mark"),
            rust=("[c_char; 16]", "*mut c_char"),
        ),
        bad(
            "array-became-pointers",
            c=("char mark[16]", "char *mark[2]"),
            rust=("[c_char; 16]", "[*mut c_char; 2]"),
        ),
        bad(
            "string-became-list",
            c=("const char *name", "const char **name"),
            rust=("pub name: *const c_char", "pub name: *const *const c_char"),
        ),
        bad(
            "string-became-wide",
            c=("const char *name", "const uint32_t *name"),
            rust=("pub name: *const c_char", "pub name: *const u32"),
        ),
        bad(
            "function-became-object",
            c=("int (*step)(void *, int)", "void *step"),
            rust=('Option<extern "C" fn(*mut c_void, c_int) -> c_int>', "*mut c_void"),
        ),
        bad(
            "function-became-pointer-to-it",
            c=("int (*step)(void *, int)", "int (**step)(void *, int)"),
            rust=("pub step: ", "pub step: *const "),
        ),
        bad(
            "function-gained-parameter",
            c=("(void *, int);", "(void *, int, int);"),
            rust=("*mut c_void, c_int)", "*mut c_void, c_int, c_int)"),
        ),
        bad(
            "function-lost-parameter",
            c=("(void *, int);", "(void *);"),
            rust=("*mut c_void, c_int)", "*mut c_void)"),
        ),
        bad(
            "function-parameter-widened",
            c=("(void *, int);", "(void *, int64_t);"),
            rust=("*mut c_void, c_int)", "*mut c_void, i64)"),
        ),
        bad(
            "function-parameter-unsigned",
            c=("(void *, int);", "(void *, unsigned);"),
            rust=("*mut c_void, c_int)", "*mut c_void, c_uint)"),
        ),
        bad(
            "function-parameters-swapped",
            c=("(void *, int);", "(int, void *);"),
            rust=("*mut c_void, c_int)", "c_int, *mut c_void)"),
        ),
        bad(
            "function-result-lost",
            c=("int (*step)", "void (*step)"),
            rust=("c_int) -> c_int", "c_int)"),
        ),
        bad(
            "function-result-float",
            c=("int (*step)", "float (*step)"),
            rust=("c_int) -> c_int", "c_int) -> f32"),
        ),
        bad(
            "function-result-pointer",
            c=("int (*step)", "void *(*step)"),
            rust=("c_int) -> c_int", "c_int) -> *mut c_void"),
        ),
        bad(
            "function-became-variadic",
            c=("(void *, int);", "(void *, int, ...);"),
            rust=("*mut c_void, c_int)", "*mut c_void, c_int, ...)"),
        ),
        bad(
            "alignment-raised",
            c=("struct Record {", "struct __attribute__((aligned(16))) Record {"),
            rust=("#[repr(C)]", "#[repr(C, align(32))]"),
        ),
        bad(
            "packed",
            c=("struct Record {", "struct __attribute__((packed)) Record {"),
            rust=("#[repr(C)]", "#[repr(C, packed)]"),
        ),
        bad("packed-by-flag", c=(), flags="-fpack-struct", only=("gcc", "clang")),
        bad(
            "packed-by-pragma",
            c=("struct Record {", "#pragma pack(2)\nstruct Record {"),
            rust=("#[repr(C)]", "#[repr(C, packed(2))]"),
        ),
        bad("member-alignment-raised", c=("int64_t total", "_Alignas(32) int64_t total")),
        bad("two-faults-that-keep-the-size", c=("uint64_t count;", "uint32_t a; uint32_t count;")),
        bad(
            "wrapped-in-another-pointer",
            c=("struct Record *make", "struct Record **make"),
            rust=("fn make() -> *mut Record", "fn make() -> *mut *mut Record"),
        ),
        bad(
            "other-struct-returned",
            c=("struct Record *make", "struct Other { int a; } *make"),
            rust=(
                "fn make() -> *mut Record",
                "fn make() -> *mut Other",
                "#[no_mangle]",
                "#[repr(C)] pub struct Other { a: u32 }\n#[no_mangle]",
            ),
        ),
        ok("struct-renamed", c=("struct Record", "struct Entry"), rust=("Record", "Entry")),
        ok("typedef", c=("struct Record *make", "typedef struct Record record_t;\nrecord_t *make")),
        ok(
            "nameless-struct-with-typedef",
            c=("struct Record {", "typedef struct {", "};\nstruct Record *", "} Record;\nRecord *"),
        ),
        ok(
            "field-renamed",
            c=("uint64_t count", "uint64_t counter"),
            rust=("pub count", "pub counter"),
        ),
        ok(
            "const-and-volatile",
            c=(
                "uint32_t kind",
                "const uint32_t kind",
                "void *context",
                "void *volatile context",
                "const char *name",
                "char *name",
            ),
        ),
        ok("atomic", c=("uint32_t kind", "_Atomic uint32_t kind")),
        ok(
            "integers-spelt-otherwise",
            c=(
                "uint32_t kind",
                "unsigned kind",
                "uint64_t count",
                "unsigned long long count",
                "int32_t level",
                "signed int level",
                "uint16_t tail",
                "unsigned short tail",
                "uint8_t flag",
                "unsigned char flag",
            ),
        ),
        ok(
            "char-as-signed-byte",
            c=("char mark[16]", "signed char mark[16]"),
            rust=("[c_char; 16]", "[i8; 16]"),
        ),
        ok(
            "char-as-byte",
            c=("char mark[16]", "uint8_t mark[16]"),
            rust=("[c_char; 16]", "[u8; 16]"),
        ),
        ok("char-unsigned-by-flag", c=(), flags="-funsigned-char", only=("gcc", "clang")),
        ok(
            "typedef-chain",
            c=(
                "struct Record {",
                "typedef uint64_t a_t; typedef a_t b_t;\nstruct Record {",
                "uint64_t count",
                "b_t count",
            ),
        ),
        ok(
            "function-typedef",
            c=(
                "struct Record {",
                "typedef int step_fn(void *c, int n);\nstruct Record {",
                "int (*step)(void *, int)",
                "step_fn *step",
            ),
        ),
        ok(
            "function-alias",
            rust=(
                'Option<extern "C" fn(*mut c_void, c_int) -> c_int>',
                "Option<Step>",
                "#[repr(C)]",
                'type Step = extern "C" fn(x: *mut c_void, y: i32) -> i32;\n#[repr(C)]',
            ),
        ),
        ok("unsafe-function", rust=('extern "C" fn(*mut', 'unsafe extern "C" fn(*mut')),
        ok("typed-context", c=("void *context", "struct Context *context")),
        ok(
            "explicit-natural-alignment",
            c=("double ratio", "_Alignas(8) double ratio"),
            only=("gcc", "clang"),
        ),
        ok("named-padding", c=("uint8_t flag;", "uint8_t flag; uint8_t : 0;")),
        ok(
            "transparent-wrapper",
            rust=(
                "pub count: u64",
                "pub count: Count",
                "#[repr(C)]",
                "#[repr(transparent)] pub struct Count(u64);\n#[repr(C)]",
            ),
        ),
        ok(
            "method",
            rust=(
                "#[no_mangle]",
                "impl Record { pub fn k(&self) -> u32 { self.kind } }\n#[no_mangle]",
            ),
        ),
        ok(
            "added-export",
            c=("struct Record *make", "int extra(void) { return 1; }\nstruct Record *make"),
            rust=(
                "#[no_mangle]",
                '#[no_mangle] pub extern "C" fn extra() -> c_int { 1 }\n#[no_mangle]',
            ),
        ),
        ok(
            "decoy-of-the-same-name",
            c=(
                "struct Record *make",
                "int helper(void *p) { struct Record { char c; } *r = p; return r->c; }\nstruct Record *make",
            ),
        ),
    ),
)

EXACT_NAMES = Case(
    name="exact-names",
    portable=True,
    contract="""
[exports]
make = "fn() -> *mut Pair"
[structs.Pair]
names = "exact"
fields = ["left: u32", "right: u32"]
""",
    c="struct Pair { uint32_t left; uint32_t right; };\nstruct Pair *make(void) { return 0; }\n",
    rust="#[repr(C)] pub struct Pair { left: u32, right: u32 }\n"
    '#[no_mangle] pub extern "C" fn make() -> *mut Pair { null_mut() }\n',
    changes=(
        bad("renamed", c=("right;", "rechts;"), rust=("right:", "rechts:")),
        bad(
            "swapped-names",
            c=("uint32_t left; uint32_t right", "uint32_t right; uint32_t left"),
            rust=("left: u32, right: u32", "right: u32, left: u32"),
        ),
        ok(
            "renamed-where-names-are-free",
            c=("right;", "rechts;"),
            rust=("right:", "rechts:"),
            contract=('names = "exact"\n', ""),
        ),
        bad(
            "swapped-names-where-names-are-free",
            contract=('names = "exact"\n', ""),
            c=("uint32_t left; uint32_t right", "uint32_t right; uint32_t left"),
            rust=("left: u32, right: u32", "right: u32, left: u32"),
        ),
        ok(
            "words-of-the-language",
            contract=('"left: u32", "right: u32"', '"class: u32", "Self: u32"'),
            c=("uint32_t left; uint32_t right", "uint32_t class_; uint32_t Self"),
            rust=("left: u32, right: u32", "class: u32, Self_: u32"),
        ),
        bad(
            "swapped-words-of-the-language",
            contract=(
                'names = "exact"\nfields = ["left: u32", "right: u32"]',
                'fields = ["class: u32", "Self: u32"]',
            ),
            c=("uint32_t left; uint32_t right", "uint32_t Self_; uint32_t class_"),
            rust=("left: u32, right: u32", "Self_: u32, class_: u32"),
        ),
    ),
)

NESTED = Case(
    name="nested",
    portable=True,
    contract="""
[exports]
root = "fn() -> *const Outer"
[structs.Outer]
fields = ["first: Inner", "rest: [Inner; 3]", "next: *mut Outer", "leaf: *const Leaf", "grid: [[f32; 3]; 4]"]
[structs.Inner]
fields = ["x: i16", "y: i16", "deep: Deep"]
[structs.Deep]
fields = ["bits: u32"]
[structs.Leaf]
fields = ["owner: *mut Outer", "visit: Option<fn(*const Leaf, *mut Inner) -> bool>", "weight: f64"]
""",
    c="""
struct Outer;
struct Deep { uint32_t bits; };
struct Inner { int16_t x; int16_t y; struct Deep deep; };
struct Leaf { struct Outer *owner; bool (*visit)(const struct Leaf *, struct Inner *); double weight; };
struct Outer {
    struct Inner first;
    struct Inner rest[3];
    struct Outer *next;
    const struct Leaf *leaf;
    float grid[4][3];
};
const struct Outer *root(void) { return 0; }
""",
    rust="""
#[repr(C)] pub struct Deep { bits: u32 }
#[repr(C)] pub struct Inner { x: i16, y: i16, deep: Deep }
#[repr(C)] pub struct Leaf {
    owner: *mut Outer,
    visit: Option<extern "C" fn(*const Leaf, *mut Inner) -> bool>,
    weight: f64,
}
#[repr(C)] pub struct Outer {
    first: Inner,
    rest: [Inner; 3],
    next: *mut Outer,
    leaf: *const Leaf,
    grid: [[f32; 3]; 4],
}
#[no_mangle] pub extern "C" fn root() -> *const Outer { null() }
""",
    changes=(
        bad(
            "deep-became-signed",
            c=("uint32_t bits", "int32_t bits"),
            rust=("bits: u32", "bits: i32"),
        ),
        bad(
            "deep-became-float", c=("uint32_t bits", "float bits"), rust=("bits: u32", "bits: f32")
        ),
        bad(
            "deep-became-bytes",
            c=("uint32_t bits", "_Alignas(4) uint8_t bits[4]"),
            rust=("bits: u32", "bits: [u8; 4]"),
        ),
        bad(
            "inner-swapped",
            c=("int16_t x; int16_t y", "int16_t y; int16_t x"),
            rust=("x: i16, y: i16", "y: i16, x: i16"),
        ),
        bad(
            "inner-merged",
            c=("int16_t x; int16_t y;", "int32_t x;"),
            rust=("x: i16, y: i16", "x: i32"),
        ),
        bad(
            "pointee-changed",
            c=("double weight", "int64_t weight"),
            rust=("weight: f64", "weight: i64"),
        ),
        bad(
            "pointee-grew",
            c=("double weight;", "double weight; int more;"),
            rust=("weight: f64,", "weight: f64, more: c_int,"),
        ),
        bad(
            "callback-in-pointee-changed",
            c=("struct Inner *)", "struct Inner *, int)"),
            rust=("*mut Inner)", "*mut Inner, c_int)"),
        ),
        bad(
            "callback-takes-other-struct",
            c=("const struct Leaf *, struct Inner *)", "const struct Leaf *, struct Deep *)"),
            rust=("*const Leaf, *mut Inner)", "*const Leaf, *mut Deep)"),
        ),
        bad(
            "callback-result-widened",
            c=("bool (*visit)", "int (*visit)"),
            rust=("-> bool", "-> c_int"),
        ),
        bad(
            "grid-transposed",
            c=("grid[4][3]", "grid[3][4]"),
            rust=("[[f32; 3]; 4]", "[[f32; 4]; 3]"),
        ),
        bad(
            "grid-shorter", c=("grid[4][3]", "grid[2][3]"), rust=("[[f32; 3]; 4]", "[[f32; 3]; 2]")
        ),
        bad(
            "grid-of-integers",
            c=("float grid", "int32_t grid"),
            rust=("[[f32; 3]; 4]", "[[i32; 3]; 4]"),
        ),
        bad("array-of-struct-shorter", c=("rest[3]", "rest[2]"), rust=("[Inner; 3]", "[Inner; 2]")),
        bad(
            "next-became-other",
            c=("struct Outer *next", "struct Leaf *next"),
            rust=("next: *mut Outer", "next: *mut Leaf"),
        ),
        bad(
            "next-became-value-sized",
            c=("struct Outer *next", "uint64_t next"),
            rust=("next: *mut Outer", "next: u64"),
        ),
        bad(
            "value-became-pointer",
            c=("struct Inner first;", "struct Inner *first;"),
            rust=("first: Inner", "first: *mut Inner"),
        ),
        ok(
            "all-renamed",
            c=("Inner", "Indre", "Deep", "Dyb", "Leaf", "Blad"),
            rust=("Inner", "Indre", "Deep", "Dyb", "Leaf", "Blad"),
        ),
        ok(
            "inner-flattened-by-typedef",
            c=(
                "struct Deep deep",
                "deep_t deep",
                "struct Inner {",
                "typedef struct Deep deep_t;\nstruct Inner {",
            ),
        ),
        ok(
            "row-typedef",
            c=(
                "float grid[4][3]",
                "row grid[4]",
                "struct Outer {",
                "typedef float row[3];\nstruct Outer {",
            ),
        ),
    ),
)

ANONYMOUS = Case(
    name="anonymous",
    portable=True,
    contract="""
[exports]
event = "fn() -> *mut Event"
[structs.Event]
fields = ["kind: c_int", "_: Payload", "_: Place", "end: u8"]
[unions.Payload]
fields = ["number: i64", "real: f64", "text: *const c_char"]
[structs.Place]
fields = ["x: i32", "y: i32"]
""",
    c="""
struct Event {
    int kind;
    union { int64_t number; double real; const char *text; };
    struct { int32_t x; int32_t y; };
    uint8_t end;
};
struct Event *event(void) { return 0; }
""",
    cpp="""
struct Event {
    int kind;
    union { int64_t number; double real; const char *text; };
    struct { int32_t x; int32_t y; };
    uint8_t end;
};
static struct Event only;
extern "C" struct Event *event(void) { return &only; }
""",
    changes=(
        bad("union-member-lost", c=(" double real;", ""), cpp=(" double real;", "")),
        bad(
            "union-member-changed",
            c=("double real", "float real"),
            cpp=("double real", "float real"),
        ),
        bad("place-swapped", c=("int32_t x; int32_t y;", "int32_t y; int32_t x;")),
        bad("place-of-floats", c=("int32_t x; int32_t y;", "float x; float y;")),
        bad("moved-before-union", c=("int kind;\n", "int kind; int64_t more;\n")),
        bad("union-became-struct", c=("union { int64_t", "struct { int64_t")),
        harmless(
            "members-named",
            c=(
                "const char *text; };",
                "const char *text; } payload;",
                "int32_t y; };",
                "int32_t y; } place;",
            ),
        ),
        harmless(
            "place-written-out", c=("struct { int32_t x; int32_t y; };", "int32_t x; int32_t y;")
        ),
        ok("union-order", c=("int64_t number; double real;", "double real; int64_t number;")),
    ),
)

FLEXIBLE = Case(
    name="flexible",
    portable=True,
    contract="""
[exports]
packet = "fn() -> *mut Packet"
[structs.Packet]
fields = ["length: u32", "words: [u16]"]
""",
    c="struct Packet { uint32_t length; uint16_t words[]; };\nstruct Packet *packet(void) { return 0; }\n",
    changes=(
        ok("zero-length", c=("words[]", "words[0]")),
        bad("one-element", c=("words[]", "words[2]")),
        bad("elements-wider", c=("uint16_t words[]", "uint32_t words[]")),
        bad("elements-signed", c=("uint16_t words[]", "int16_t words[]")),
        bad("lost", c=(" uint16_t words[];", "")),
        bad("became-pointer", c=("uint16_t words[]", "uint16_t *words")),
    ),
)

ALIGNED = Case(
    name="aligned",
    contract="""
[exports]
slot = "fn() -> *mut Slot"
[structs.Slot]
repr = "C, align(16)"
fields = ["low: u64", "high: u64"]
""",
    c="struct __attribute__((aligned(16))) Slot { uint64_t low; uint64_t high; };\n"
    "struct Slot *slot(void) { return 0; }\n",
    rust="#[repr(C, align(16))] pub struct Slot { low: u64, high: u64 }\n"
    '#[no_mangle] pub extern "C" fn slot() -> *mut Slot { null_mut() }\n',
    changes=(
        doubtful(
            "alignment-lost", c=("__attribute__((aligned(16))) ", ""), rust=(", align(16)", "")
        ),
        bad("alignment-raised", c=("aligned(16)", "aligned(32)"), rust=("align(16)", "align(32)")),
        ok(
            "aligned-by-member",
            c=("__attribute__((aligned(16))) ", "", "uint64_t low", "_Alignas(16) uint64_t low"),
        ),
    ),
)

NATURAL = Case(
    name="natural-alignment",
    contract="""
[exports]
slot = "fn() -> *mut Slot"
[structs.Slot]
fields = ["low: u64", "high: u64"]
""",
    c="struct Slot { uint64_t low; uint64_t high; };\nstruct Slot *slot(void) { return 0; }\n",
    rust="#[repr(C)] pub struct Slot { low: u64, high: u64 }\n"
    '#[no_mangle] pub extern "C" fn slot() -> *mut Slot { null_mut() }\n',
    changes=(
        bad(
            "raised-and-nothing-moved",
            c=("struct Slot {", "struct __attribute__((aligned(16))) Slot {"),
            rust=("repr(C)", "repr(C, align(16))"),
        ),
        bad("raised-by-a-member", c=("uint64_t low", "_Alignas(16) uint64_t low")),
        bad(
            "raised-by-a-typedef",
            c=(
                "struct Slot {",
                "typedef uint64_t wide __attribute__((aligned(16)));\nstruct Slot {",
                "uint64_t low;",
                "wide low;",
            ),
        ),
        bad("lowered-and-nothing-moved", rust=("repr(C)", "repr(C, packed)")),
        bad("lowered-to-four", rust=("repr(C)", "repr(C, packed(4))")),
        bad(
            "a-vector-in-place",
            c=("uint64_t low; uint64_t high;", "uint64_t low __attribute__((vector_size(16)));"),
        ),
    ),
)

PACKED = Case(
    name="packed",
    portable=True,
    contract="""
[exports]
head = "fn() -> *const Head"
[structs.Head]
repr = "C, packed"
fields = ["kind: u8", "length: u32", "sum: u16"]
""",
    c="struct __attribute__((packed)) Head { uint8_t kind; uint32_t length; uint16_t sum; };\n"
    "const struct Head *head(void) { return 0; }\n",
    rust="#[repr(C, packed)] pub struct Head { kind: u8, length: u32, sum: u16 }\n"
    '#[no_mangle] pub extern "C" fn head() -> *const Head { null() }\n',
    changes=(
        bad("not-packed", c=("__attribute__((packed)) ", ""), rust=(", packed", "")),
        bad(
            "packed-to-two",
            c=("struct __attribute__((packed)) Head", "#pragma pack(2)\nstruct Head"),
            rust=("packed)", "packed(2))"),
        ),
        ok(
            "packed-by-pragma",
            c=("struct __attribute__((packed)) Head", "#pragma pack(1)\nstruct Head"),
        ),
        ok(
            "packed-by-member",
            c=(
                "struct __attribute__((packed)) Head",
                "struct Head",
                "uint32_t length",
                "uint32_t length __attribute__((packed))",
                "uint16_t sum",
                "uint16_t sum __attribute__((packed))",
            ),
        ),
    ),
)

PARTIAL = Case(
    name="partial",
    contract="""
[exports]
module = "static Module"
[structs.Module]
partial = true
size = 64
fields = [
  "version: c_int",
  { name = "magic", type = "c_ulong", offset = 40 },
  { name = "hook", type = "Option<fn(c_int)>", offset = 56 },
]
""",
    c="""
struct Module { int version; int minor; char reserved[32]; unsigned long magic; int x; void (*hook)(int); };
struct Module module = { 1 };
""",
    changes=(
        ok("gap-rearranged", c=("int minor; char reserved[32]", "char reserved[36]")),
        bad("magic-moved", c=("reserved[32]", "reserved[24]", "int x;", "int x; long y;")),
        bad("magic-became-pointer", c=("unsigned long magic", "void *magic")),
        bad("hook-gained-parameter", c=("(*hook)(int)", "(*hook)(int, int)")),
        bad("shorter", c=(" void (*hook)(int);", "")),
    ),
)

VECTOR = Case(
    name="vector",
    contract="""
[exports]
lanes = "fn() -> *mut Lanes"
[structs.Lanes]
fields = ["a: Vector4", "n: u64", "m: u64"]
[types]
Vector4 = { opaque = true, size = 16, alignment = 16 }
""",
    c="typedef float v4 __attribute__((vector_size(16)));\nstruct Lanes { v4 a; uint64_t n; uint64_t m; };\n"
    "struct Lanes *lanes(void) { return 0; }\n",
    changes=(
        bad("vector-widened", c=("vector_size(16)", "vector_size(32)")),
        bad("vector-halved", c=("vector_size(16)", "vector_size(8)")),
    ),
)

SCALARS = Case(
    name="scalars",
    contract="""
[exports]
all = "fn() -> *mut All"
[structs.All]
fields = ["a: c_long", "b: c_ulong", "c: c_longlong", "d: usize", "e: isize", "f: size_t",
  "g: wchar_t", "h: c_int", "i: c_longdouble", "j: bool", "k: c_schar", "l: c_short",
  "m: u128", "n: ptrdiff_t", "o: intptr_t", "p: f64"]
""",
    c="""
struct All { long a; unsigned long b; long long c; size_t d; ptrdiff_t e; size_t f;
  wchar_t g; int h; long double i; bool j; signed char k; short l;
  unsigned __int128 m; ptrdiff_t n; intptr_t o; double p; };
struct All *all(void) { return 0; }
""",
    changes=(
        ok(
            "long-long-for-long",
            c=(
                "long a;",
                "long long a;",
                "unsigned long b;",
                "unsigned long long b;",
                "long long c;",
                "long c;",
            ),
        ),
        ok(
            "sizes-spelt-otherwise",
            c=(
                "size_t d;",
                "unsigned long d;",
                "ptrdiff_t e;",
                "long e;",
                "intptr_t o;",
                "int64_t o;",
            ),
        ),
        ok("wide-character-as-int", c=("wchar_t g;", "int g;")),
        bad("wide-character-short", c=(), flags="-fshort-wchar", only=("gcc", "clang")),
        bad("wide-character-unsigned", c=("wchar_t g;", "uint32_t g;")),
        bad("long-became-int", c=("struct All { long a;", "struct All { int a;")),
        bad("int-became-long", c=("int h;", "long h;")),
        bad("size-became-signed", c=("size_t d;", "ptrdiff_t d;")),
        bad("difference-became-unsigned", c=("ptrdiff_t n;", "size_t n;")),
        bad("long-double-became-double", c=("long double i;", "_Alignas(16) double i; double i2;")),
        doubtful("long-double-became-quad", c=("long double i;", "__float128 i;")),
        bad("long-double-became-integer", c=("long double i;", "__int128 i;")),
        bad("bool-became-byte", c=("bool j;", "unsigned char j;")),
        bad(
            "bool-became-int-in-padding",
            c=("bool j; signed char k; short l;", "uint8_t j; signed char k; short l;"),
        ),
        bad("128-bits-became-signed", c=("unsigned __int128 m", "__int128 m")),
        bad("128-bits-became-two", c=("unsigned __int128 m", "_Alignas(16) uint64_t m[2]")),
        bad("double-became-complex", c=("double p;", "float _Complex p;")),
        bad("double-became-decimal", c=("double p;", "_Decimal64 p;"), only=("gcc",)),
    ),
)

CASES = (
    RECORD,
    EXACT_NAMES,
    NESTED,
    ANONYMOUS,
    FLEXIBLE,
    ALIGNED,
    NATURAL,
    PACKED,
    PARTIAL,
    VECTOR,
    SCALARS,
)
