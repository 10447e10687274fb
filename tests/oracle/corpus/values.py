"""Exported data and tags: what is in the file's bytes, seen without debug information."""

# ruff: noqa: E501 (a change reads best on one line, beside what it must lead to)

from __future__ import annotations

from .case import COMPATIBLE, Case, bad, doubtful, harmless, ok, seen, unseen

LENIENT = '[evidence]\nlayout = "when-present"\nsignatures = "when-present"\n'

DATA = Case(
    name="data",
    portable=True,
    contract="""
[exports]
version = "static u32"
table = "static [u16; 8]"
state = "static mut State"
names = "static [*const c_char]"
ratio = "static f64"
[structs.State]
fields = ["level: c_int", "hook: Option<fn(c_int)>"]
""",
    c="struct State { int level; void (*hook)(int); };\n"
    "const uint32_t version = 3;\nconst uint16_t table[8] = { 1 };\nstruct State state = { 1, 0 };\n"
    'const char *const names[] = { "a", "b", 0 };\nconst double ratio = 1.5;\n',
    rust='#[repr(C)] pub struct State { level: c_int, hook: Option<extern "C" fn(c_int)> }\n'
    "#[repr(transparent)] pub struct Names([*const c_char; 3]);\nunsafe impl Sync for Names {}\n"
    "#[no_mangle] pub static version: u32 = 3;\n#[no_mangle] pub static table: [u16; 8] = [1; 8];\n"
    "#[no_mangle] pub static mut state: State = State { level: 1, hook: None };\n"
    '#[no_mangle] pub static names: Names = Names([c"a".as_ptr(), c"b".as_ptr(), null()]);\n'
    "#[no_mangle] pub static ratio: f64 = 1.5;\n",
    changes=(
        seen(
            "widened",
            c=("const uint32_t version", "const uint64_t version"),
            rust=("version: u32", "version: u64"),
        ),
        seen(
            "narrowed",
            c=("const uint32_t version", "const uint16_t version"),
            rust=("version: u32", "version: u16"),
        ),
        bad(
            "signed",
            c=("const uint32_t version", "const int32_t version"),
            rust=("version: u32", "version: i32"),
        ),
        bad(
            "float",
            c=("const uint32_t version", "const float version"),
            rust=("version: u32 = 3", "version: f32 = 3.0"),
        ),
        bad("string", c=("const uint32_t version = 3", 'const char version[4] = "1.2"')),
        seen(
            "array-shorter",
            c=("table[8]", "table[4]"),
            rust=("[u16; 8] = [1; 8]", "[u16; 4] = [1; 4]"),
        ),
        seen(
            "array-longer",
            c=("table[8]", "table[12]"),
            rust=("[u16; 8] = [1; 8]", "[u16; 12] = [1; 12]"),
        ),
        bad(
            "array-of-others",
            c=("const uint16_t table[8]", "const uint32_t table[4]"),
            rust=("table: [u16; 8] = [1; 8]", "table: [u32; 4] = [1; 4]"),
        ),
        bad(
            "array-became-scalar",
            c=("const uint16_t table[8] = { 1 }", "const unsigned __int128 table = 1"),
            only=("gcc", "clang"),
        ),
        seen("became-read-only", c=("struct State state", "const struct State state")),
        seen(
            "read-only-after-relocation",
            c=(
                "struct State state = { 1, 0 }",
                "extern const struct State state; static void f(int n) { (void)n; }\nconst struct State state = { 1, f }",
            ),
        ),
        seen(
            "state-grew",
            c=("int level; void", "int level; long more; void"),
            rust=(
                "level: c_int, hook",
                "level: c_int, more: c_long, more2: c_long, hook",
                "level: 1,",
                "level: 1, more: 0, more2: 0,",
            ),
        ),
        bad(
            "state-changed",
            c=("int level;", "float level;"),
            rust=("level: c_int", "level: f32", "level: 1", "level: 1.0"),
        ),
        bad(
            "hook-changed",
            c=("(*hook)(int)", "(*hook)(int, int)"),
            rust=("fn(c_int)>", "fn(c_int, c_int)>"),
        ),
        seen("thread-local", c=("struct State state", "_Thread_local struct State state")),
        seen(
            "became-a-function",
            c=("const double ratio = 1.5;", "double ratio(void) { return 1.5; }"),
        ),
        bad(
            "double-became-integer",
            c=("const double ratio = 1.5", "const int64_t ratio = 1"),
            rust=("ratio: f64 = 1.5", "ratio: i64 = 1"),
        ),
        bad(
            "names-became-numbers",
            c=(
                'const char *const names[] = { "a", "b", 0 }',
                "const uint64_t names[] = { 1, 2, 0 }",
            ),
        ),
        bad(
            "names-became-one-string",
            c=('const char *const names[] = { "a", "b", 0 }', 'const char names[] = "abcdefgh"'),
        ),
        ok("writable", c=("const uint32_t version", "uint32_t version")),
        ok("names-longer", c=('"b", 0', '"b", "c", "d", 0')),
        ok(
            "zero",
            c=("version = 3", "version = 0", "struct State state = { 1, 0 }", "struct State state"),
        ),
        ok(
            "declared-first",
            c=("const uint32_t version", "extern const uint32_t version;\nconst uint32_t version"),
        ),
        ok("volatile", c=("const uint32_t version", "const volatile uint32_t version")),
        ok("aligned", c=("const uint16_t table", "_Alignas(64) const uint16_t table")),
        harmless(
            "alias",
            c=(
                "const double ratio = 1.5;",
                'const double real = 1.5;\nextern const double ratio __attribute__((alias("real")));',
            ),
        ),
    ),
)

VERSION_TAG = Case(
    name="version-tag",
    portable=True,
    contract=LENIENT
    + """
[exports]
ABI = "static u32"
[tags.version]
read = "ABI"
decode = "major:16 minor:16"
accepts = ">=1.1, <2 || ==3.0"
""",
    c="const uint32_t ABI = 0x00010002;\n",
    rust="#[no_mangle] pub static ABI: u32 = 0x0001_0002;\n",
    stripped=COMPATIBLE,
    changes=(
        seen("too-old", c=("0x00010002", "0x00010000"), rust=("0x0001_0002", "0x0001_0000")),
        seen("too-new", c=("0x00010002", "0x00020000"), rust=("0x0001_0002", "0x0002_0000")),
        seen("neither", c=("0x00010002", "0x00030001"), rust=("0x0001_0002", "0x0003_0001")),
        seen("swapped-halves", c=("0x00010002", "0x00020001"), rust=("0x0001_0002", "0x0002_0001")),
        seen("plain-number", c=("0x00010002", "12"), rust=("0x0001_0002", "12")),
        ok(
            "the-other-one",
            c=("0x00010002", "0x00030000"),
            rust=("0x0001_0002", "0x0003_0000"),
            stripped=COMPATIBLE,
        ),
        ok("the-last", c=("0x00010002", "0x0001ffff"), rust=("0x0001_0002", "0x0001_ffff")),
        doubtful(
            "filled-at-run-time",
            c=(
                "const uint32_t ABI = 0x00010002;",
                'uint32_t ABI;\n__attribute__((constructor)) static void set(void) { __asm__ volatile("" ::: "memory"); ABI = 0x00010002; }',
            ),
        ),
        seen("zero", c=("= 0x00010002", "= 0"), rust=("0x0001_0002", "0")),
        seen(
            "became-a-function",
            c=("const uint32_t ABI = 0x00010002;", "uint32_t ABI(void) { return 0x00010002; }"),
            rust=(
                "pub static ABI: u32 = 0x0001_0002;",
                'pub extern "C" fn ABI() -> u32 { 0x0001_0002 }',
            ),
        ),
        seen("absent", c=(" ABI", " ABI_"), rust=("ABI", "ABI_")),
        seen("widened", c=("const uint32_t", "const uint64_t"), rust=("u32", "u64")),
        ok("writable", c=("const uint32_t", "uint32_t")),
        ok(
            "in-a-section",
            c=("const uint32_t ABI", '__attribute__((section(".abi"))) const uint32_t ABI'),
        ),
    ),
)
"""`zero` in constant data is zero in the file; `filled-at-run-time` is in .bss and proves nothing."""

MODULE_TAGS = Case(
    name="module-tags",
    portable=True,
    contract=LENIENT
    + """
[exports]
module = "static Module"
callback = "fn()"
[structs.Module]
fields = ["magic: u64", "name: *const c_char", "vers: *const Vers", "hook: Option<fn()>",
  "spare: *const c_void", "flags: u32", "delta: i32", "label: [c_char; 8]", "cookie: u64"]
[structs.Vers]
fields = ["title: *const c_char", "major: u8", "minor: u8", "patch: u16", "next: *const Vers"]
[tags]
magic = { read = "module.magic", equals = 0x41503234 }
name = { read = "module.name", equals = "rewrite" }
prefix = { read = "module.name", starts_with = "re" }
pattern = { read = "module.name", matches = "^[a-z]+$" }
title = { read = "module.vers.title", accepts = ">=1.2.0, <2", decode = "semver" }
numbers = { read = "module.vers", decode = ["module.vers.major", "module.vers.minor"], accepts = ">=2.1, <3" }
patch = { read = "module.vers.patch", one_of = [3, 5] }
deep = { read = "module.vers.next.minor", at_most = 9 }
hook = { read = "module.hook", points_to = "callback" }
spare = { read = "module.spare", null = true }
flagged = { read = "module.flags", mask = 0xF0, equals = 0x30 }
shifted = { read = "module.flags", shift = 8, mask = 0xFF, at_least = 2 }
delta = { read = "module.delta", equals = -1 }
label = { read = "module.label", equals = "core" }
cookie = { read = "module.cookie", equals = "0xfedcba9876543210" }
""",
    c="""
struct Vers { const char *title; uint8_t major, minor; uint16_t patch; const struct Vers *next; };
struct Module { uint64_t magic; const char *name; const struct Vers *vers; void (*hook)(void);
  const void *spare; uint32_t flags; int32_t delta; char label[8]; uint64_t cookie; };
void callback(void) {}
static const struct Vers second = { "0.1", 0, 9, 0, 0 };
static const struct Vers first = { "1.4.2", 2, 7, 3, &second };
const struct Module module = { 0x41503234, "rewrite", &first, callback, 0, 0x0233, -1, "core", 0xfedcba9876543210 };
""",
    rust="""
#[repr(C)] pub struct Vers { title: *const c_char, major: u8, minor: u8, patch: u16, next: *const Vers }
#[repr(C)] pub struct Module { magic: u64, name: *const c_char, vers: *const Vers, hook: Option<extern "C" fn()>,
  spare: *const c_void, flags: u32, delta: i32, label: [u8; 8], cookie: u64 }
unsafe impl Sync for Vers {}
unsafe impl Sync for Module {}
#[no_mangle] pub extern "C" fn callback() {}
static second: Vers = Vers { title: c"0.1".as_ptr(), major: 0, minor: 9, patch: 0, next: null() };
static first: Vers = Vers { title: c"1.4.2".as_ptr(), major: 2, minor: 7, patch: 3, next: &second };
#[no_mangle] pub static module: Module = Module { magic: 0x41503234, name: c"rewrite".as_ptr(), vers: &first, hook: Some(callback),
  spare: null(), flags: 0x0233, delta: -1, label: *b"core\\0\\0\\0\\0", cookie: 0xfedcba9876543210 };
""",
    stripped=COMPATIBLE,
    changes=(
        seen("other-magic", c=("0x41503234", "0x41503235"), rust=("0x41503234", "0x41503235")),
        seen("other-name", c=('"rewrite"', '"rewrites"'), rust=('"rewrite"', '"rewrites"')),
        seen("empty-name", c=('"rewrite"', '""'), rust=('"rewrite"', '""')),
        seen("name-null", c=('"rewrite"', "0"), rust=('c"rewrite".as_ptr()', "null()")),
        seen(
            "pattern-broken",
            c=('"rewrite"', '"reWrite"'),
            contract=('equals = "rewrite"', 'starts_with = "re"'),
        ),
        seen("version-null", c=("&first,", "0,")),
        seen("title-too-old", c=('"1.4.2"', '"1.1.9"'), rust=('"1.4.2"', '"1.1.9"')),
        seen("title-too-new", c=('"1.4.2"', '"2.0.0"'), rust=('"1.4.2"', '"2.0.0"')),
        seen(
            "title-a-pre-release-too-old",
            c=('"1.4.2"', '"1.2.0-rc.1"'),
            rust=('"1.4.2"', '"1.2.0-rc.1"'),
        ),
        doubtful("title-no-version", c=('"1.4.2"', '"yesterday"'), stripped=None),
        seen(
            "numbers-too-old",
            c=("2, 7, 3,", "2, 0, 3,"),
            rust=("major: 2, minor: 7", "major: 2, minor: 0"),
        ),
        seen(
            "numbers-swapped",
            c=("2, 7, 3,", "7, 2, 3,"),
            rust=("major: 2, minor: 7", "major: 7, minor: 2"),
        ),
        seen("patch-neither", c=("2, 7, 3,", "2, 7, 4,"), rust=("patch: 3", "patch: 4")),
        seen("deep-too-new", c=("0, 9, 0, 0 }", "0, 10, 0, 0 }"), rust=("minor: 9", "minor: 10")),
        seen("deep-null", c=("&second }", "0 }"), rust=("next: &second", "next: null()")),
        seen(
            "hook-elsewhere",
            c=(
                "void callback(void) {}",
                'void callback(void) {}\nstatic void away(void) { __asm__ volatile(""); }',
                "&first, callback",
                "&first, away",
            ),
            rust=(
                "Some(callback)",
                "Some(away)",
                "#[no_mangle] pub extern",
                'extern "C" fn away() { unsafe { core::arch::asm!("nop") } }\n#[no_mangle] pub extern',
            ),
        ),
        seen("hook-null", c=("&first, callback", "&first, 0"), rust=("Some(callback)", "None")),
        seen("spare-set", c=("callback, 0, 0x0233", "callback, &first, 0x0233")),
        seen("flag-lost", c=("0x0233", "0x0223"), rust=("0x0233", "0x0223")),
        seen("shifted-too-low", c=("0x0233", "0x0133"), rust=("0x0233", "0x0133")),
        ok("other-bits", c=("0x0233", "0xFF0FFF3F & 0xFF00FF3F"), rust=("0x0233", "0xFF00FF3F")),
        seen("delta", c=("0x0233, -1", "0x0233, -2"), rust=("delta: -1", "delta: -2")),
        seen("label", c=('"core"', '"cord"'), rust=('b"core', 'b"cord')),
        seen(
            "label-unterminated",
            c=('"core"', '"corecore"'),
            rust=('*b"core\\0\\0\\0\\0"', '*b"corecore"'),
        ),
        seen(
            "cookie",
            c=("0xfedcba9876543210", "0xfedcba9876543211"),
            rust=("0xfedcba9876543210", "0xfedcba9876543211"),
        ),
        ok("patch-the-other", c=("2, 7, 3,", "2, 7, 5,"), rust=("patch: 3", "patch: 5")),
        ok("packed-relocations", c=(), flags="-Wl,-z,pack-relative-relocs", only=("gcc",)),
        ok(
            "packed-relocations-by-lld",
            c=(),
            flags="-fuse-ld=lld -Wl,--pack-dyn-relocs=relr",
            only=("clang",),
        ),
        ok(
            "android-relocations",
            c=(),
            flags="-fuse-ld=lld -Wl,--pack-dyn-relocs=android+relr",
            only=("clang",),
        ),
        seen(
            "other-name-and-packed-relocations",
            c=('"rewrite"', '"rewrites"'),
            flags="-Wl,-z,pack-relative-relocs",
            only=("gcc",),
        ),
        ok("symbolic", c=(), flags="-Wl,-Bsymbolic"),
        ok("exported-parts", c=("static const struct Vers", "const struct Vers")),
        ok("writable", c=("const struct Module module", "struct Module module")),
        doubtful(
            "name-imported",
            c=(
                '"rewrite"',
                "imported",
                "void callback",
                "extern const char imported[];\nvoid callback",
            ),
        ),
        unseen(
            "all-zero",
            c=(
                'const struct Module module = { 0x41503234, "rewrite", &first, callback, 0, 0x0233, -1, "core", 0xfedcba9876543210 };',
                "const void *keep(void) { return &first; }\nstruct Module module;",
            ),
        ),
        seen(
            "field-inserted",
            c=("uint64_t magic;", "uint64_t magic, more;", "{ 0x41503234,", "{ 0x41503234, 0,"),
            rust=(
                "magic: u64,",
                "magic: u64, more: u64,",
                "magic: 0x41503234,",
                "magic: 0x41503234, more: 0,",
            ),
        ),
    ),
)

LISTS = Case(
    name="list-tags",
    portable=True,
    contract=LENIENT
    + """
[exports]
modules = "static [*const Module]"
entries = "static [Entry]"
count = "static u32"
fixed = "static [u8; 4]"
[structs.Module]
fields = ["version: u32", "kind: u32"]
[structs.Entry]
fields = ["name: *const c_char", "value: i32"]
[tags]
each = { read = "modules[].version", until = "null", equals = 7 }
first = { read = "entries[0].name", equals = "alpha" }
values = { read = "entries[].value", until = { count = "count" }, at_least = 1 }
second = { read = "fixed[2]", equals = 3 }
""",
    c="""
struct Module { uint32_t version, kind; };
struct Entry { const char *name; int32_t value; };
const struct Module one = { 7, 1 }, two = { 7, 2 };
const struct Module *const modules[] = { &one, &two, 0 };
const struct Entry entries[] = { { "alpha", 1 }, { "beta", 2 }, { 0, -5 } };
const uint32_t count = 2;
const uint8_t fixed[4] = { 1, 2, 3, 4 };
""",
    stripped=COMPATIBLE,
    changes=(
        seen("second-differs", c=("two = { 7, 2 }", "two = { 8, 2 }")),
        seen("first-differs", c=("one = { 7, 1 }", "one = { 8, 1 }")),
        seen("none", c=("{ &one, &two, 0 }", "{ 0 }")),
        doubtful("no-end", c=("{ &one, &two, 0 }", "{ &one, &two }"), stripped=None),
        seen("other-first", c=('"alpha"', '"beta"')),
        seen("value-too-low", c=('{ "beta", 2 }', '{ "beta", 0 }')),
        seen("count-too-large", c=("count = 2", "count = 3")),
        doubtful("count-past-the-end", c=("count = 2", "count = 1000000")),
        seen("count-zero", c=("count = 2", "count = 0")),
        seen("fixed", c=("{ 1, 2, 3, 4 }", "{ 1, 2, 4, 3 }")),
        ok("longer", c=("{ &one, &two, 0 }", "{ &one, &two, &one, 0 }")),
        ok(
            "after-the-end",
            c=(
                "{ &one, &two, 0 }",
                "{ &one, &two, 0, &bad }",
                "two = { 7, 2 }",
                "two = { 7, 2 }, bad = { 1, 1 }",
            ),
        ),
    ),
)

SPECIAL = Case(
    name="special-tags",
    portable=True,
    contract=LENIENT
    + """
[exports]
api = "static u32"
built = "static [c_char; 24]"
old = { type = "static u32", optional = true }
[tags.api]
read = "api"
equals = 0
initial = true
[tags.built]
read = "built"
decode = "date-number"
accepts = ">=20210902"
[tags.old]
read = "old"
equals = 5
optional = true
[tags.note]
read = 'section(".abi", ".abi2")'
at = 4
type = "u32"
equals = 9
[tags.guarded]
read = "api"
at_most = 0
initial = true
when = { read = "built", starts_with = "API2" }
""",
    c='uint32_t api;\nconst char built[24] = "API20220829,NTS";\n'
    '__attribute__((section(".abi2"))) const uint32_t note[2] = { 1, 9 };\n',
    stripped=COMPATIBLE,
    changes=(
        seen("older-build", c=("20220829", "20200101")),
        seen("no-date", c=("API20220829,NTS", "API,NTS")),
        seen("old-differs", c=("uint32_t api;", "uint32_t api;\nconst uint32_t old = 6;")),
        ok("old-fits", c=("uint32_t api;", "uint32_t api;\nconst uint32_t old = 5;")),
        seen("section-absent", c=('".abi2"', '".abj2"')),
        seen("section-differs", c=("{ 1, 9 }", "{ 9, 1 }")),
        seen("section-short", c=("note[2] = { 1, 9 }", "note[1] = { 9 }")),
        ok("first-section", c=('".abi2"', '".abi"')),
        seen("set", c=("uint32_t api;", "uint32_t api = 1;")),
        seen(
            "guard-false-and-set",
            c=("uint32_t api;", "uint32_t api = 1;", "API20220829", "XPI20220829"),
        ),
        unseen(
            "not-initial",
            c=(),
            contract=("equals = 0\ninitial = true", "equals = 0"),
            stripped=frozenset({"unverified"}),
        ),
    ),
)

STRICT = Case(
    name="version-tag-of-a-release",
    portable=True,
    contract=VERSION_TAG.contract.replace(LENIENT, ""),
    c=VERSION_TAG.c,
    rust=VERSION_TAG.rust,
    changes=(
        seen("too-old", c=("0x00010002", "0x00010000"), rust=("0x0001_0002", "0x0001_0000")),
        bad("signed", c=("const uint32_t", "const int32_t"), rust=("u32", "i32")),
    ),
)

CASES = (DATA, VERSION_TAG, MODULE_TAGS, LISTS, SPECIAL, STRICT)
