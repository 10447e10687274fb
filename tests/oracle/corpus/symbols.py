"""Symbols: what dlsym finds, which kind it is, and what the file demands of its host.

No entry here states a type, so that the verdict does not depend on debug information.
"""

# ruff: noqa: E501 (a change reads best on one line, beside what it must lead to)

from __future__ import annotations

from .case import COMPATIBLE, HARMLESS, Case, bad, doubtful, harmless, ok, seen

NATIVE = ("gcc", "clang")


def map_file(text: str) -> tuple[str, ...]:
    """Return the edit that gives the plugin a version script."""
    return ("/*map*/", text)


SCRIPT = "-Wl,--version-script={src}/plugin.map -fno-lto"
"""Link-time optimisation cannot follow the `.symver` of an assembler."""

EXPORTS = Case(
    name="exports",
    portable=True,
    contract='[exports]\nstart = "fn"\nlimit = "static"\nextra = { type = "fn()", optional = true }\nold_start = { forbidden = true }\n',
    c="void start(void) {}\nint limit = 7;\n",
    rust='#[no_mangle] pub extern "C" fn start() {}\n#[no_mangle] pub static limit: c_int = 7;\n',
    stripped=COMPATIBLE,
    changes=(
        seen("function-missing", c=("void start", "void begin"), rust=("fn start", "fn begin")),
        seen("data-missing", c=("int limit", "int limits"), rust=("static limit", "static limits")),
        seen("static", c=("void start", "static __attribute__((used)) void start")),
        seen("hidden", c=("void start", '__attribute__((visibility("hidden"))) void start')),
        seen("internal", c=("void start", '__attribute__((visibility("internal"))) void start')),
        seen("hidden-by-flag", c=(), flags="-fvisibility=hidden"),
        seen(
            "function-became-data",
            c=("void start(void) {}", "int start = 1;"),
            rust=('pub extern "C" fn start() {}', "pub static start: c_int = 1;"),
        ),
        seen("data-became-function", c=("int limit = 7;", "void limit(void) {}")),
        seen("data-became-thread-local", c=("int limit", "_Thread_local int limit")),
        seen(
            "only-imported",
            c=("void start(void) {}", "extern void start(void); void other(void) { start(); }"),
        ),
        seen(
            "data-only-imported",
            c=("int limit = 7;", "extern int limit; int other(void) { return limit; }"),
        ),
        seen(
            "forbidden-present",
            c=("void start", "void old_start(void) {}\nvoid start"),
            rust=(
                "#[no_mangle] pub extern",
                '#[no_mangle] pub extern "C" fn old_start() {}\n#[no_mangle] pub extern',
            ),
        ),
        ok(
            "optional-present",
            c=("void start", "void extra(void) {}\nvoid start"),
            rust=(
                "#[no_mangle] pub extern",
                '#[no_mangle] pub extern "C" fn extra() {}\n#[no_mangle] pub extern',
            ),
            stripped=HARMLESS,
        ),
        bad(
            "optional-present-and-other",
            c=("void start", "void extra(int n) {}\nvoid start"),
            rust=(
                "#[no_mangle] pub extern",
                '#[no_mangle] pub extern "C" fn extra(n: c_int) {}\n#[no_mangle] pub extern',
            ),
        ),
        seen("optional-present-as-data", c=("void start", "int extra = 1;\nvoid start")),
        seen(
            "indirect",
            c=(
                "void start(void) {}",
                'static void s(void) {}\nstatic void *pick(void) { return s; }\nvoid start(void) __attribute__((ifunc("pick")));',
            ),
            only=NATIVE,
        ),
        ok(
            "indirect-allowed",
            c=(
                "void start(void) {}",
                'static void s(void) {}\nstatic void *pick(void) { return s; }\nvoid start(void) __attribute__((ifunc("pick")));',
            ),
            contract=('start = "fn"', 'start = { type = "fn", ifunc = true }'),
            only=NATIVE,
            stripped=COMPATIBLE,
        ),
        ok(
            "weak",
            c=(
                "void start",
                "__attribute__((weak)) void start",
                "int limit",
                "__attribute__((weak)) int limit",
            ),
        ),
        ok("protected", c=("void start", '__attribute__((visibility("protected"))) void start')),
        ok(
            "alias",
            c=(
                "void start(void) {}",
                'void begin(void) {}\nvoid start(void) __attribute__((alias("begin")));',
            ),
        ),
        ok(
            "weak-alias",
            c=(
                "void start(void) {}",
                'void begin(void) {}\nvoid start(void) __attribute__((weak, alias("begin")));',
            ),
        ),
        ok(
            "static-alias",
            c=(
                "void start(void) {}",
                'static void begin(void) {}\nvoid start(void) __attribute__((alias("begin")));',
            ),
        ),
        ok("zero-data", c=("int limit = 7;", "int limit;")),
        ok("common-data", c=("int limit = 7;", "int limit;"), flags="-fcommon"),
        ok("constant-data", c=("int limit", "const int limit")),
        ok("pointer-data", c=("int limit = 7;", "void *const limit = (void *)start;")),
        ok(
            "reordered",
            c=("void start(void) {}\nint limit = 7;", "int limit = 7;\nvoid start(void) {}"),
        ),
        ok("more-exports", c=("int limit", "int a; int b = 1; void c(void) {}\nint limit")),
        ok("symbolic", c=(), flags="-Wl,-Bsymbolic"),
        ok("old-hash", c=(), flags="-Wl,--hash-style=sysv", only=NATIVE, stripped=COMPATIBLE),
        ok("both-hashes", c=(), flags="-Wl,--hash-style=both"),
        ok(
            "relative-relocations",
            c=(),
            flags="-fuse-ld=lld -Wl,--pack-dyn-relocs=relr",
            only=("clang",),
        ),
        ok(
            "unloadable-sections-gone",
            c=(),
            after="/usr/lib/llvm-14/bin/llvm-objcopy --strip-sections {out}",
            only=NATIVE,
            stripped=COMPATIBLE,
        ),
        seen(
            "missing-and-unloadable-sections-gone",
            c=("void start", "void begin"),
            after="/usr/lib/llvm-14/bin/llvm-objcopy --strip-sections {out}",
            only=NATIVE,
        ),
        doubtful(
            "absolute",
            c=("void start(void) {}", '__asm__(".globl start\\n.set start, 42");'),
            only=NATIVE,
        ),
        harmless(
            "untyped-code",
            c=("void start(void) {}", '__asm__(".text\\n.globl start\\nstart: nop");'),
            only=NATIVE,
        ),
        ok(
            "assembler-function",
            c=(
                "void start(void) {}",
                '__asm__(".text\\n.globl start\\n.type start,@function\\nstart: nop\\n.size start, .-start");',
            ),
            only=NATIVE,
        ),
    ),
)

VERSIONS = Case(
    name="symbol-versions",
    contract='[exports]\nstart = "fn"\n',
    c={
        "plugin.c": "void start_1(void) {}\nvoid start_2(int a) { (void)a; }\n/*symver*/\nvoid start(void) {}\n",
        "plugin.map": "V1 { global: start; local: *; };\nV2 { } V1;\n",
    },
    flags=SCRIPT,
    stripped=COMPATIBLE,
    only=NATIVE,
    changes=(
        seen(
            "hidden-version-only",
            c=("/*symver*/\nvoid start(void) {}", '__asm__(".symver start_1, start@V1");'),
        ),
        ok(
            "default-and-hidden",
            c=(
                "/*symver*/\nvoid start(void) {}",
                '__asm__(".symver start_1, start@V1\\n.symver start_2, start@@V2");',
            ),
        ),
        ok(
            "right-version",
            c=(),
            contract=('start = "fn"', 'start = { type = "fn", symbol_version = "V1" }'),
        ),
        seen(
            "other-version",
            c=("V1", "V3"),
            contract=('start = "fn"', 'start = { type = "fn", symbol_version = "V1" }'),
        ),
        seen(
            "no-version",
            c=("V1 { global: start; local: *; };\nV2 { } V1;", "{ global: start; local: *; };"),
            contract=('start = "fn"', 'start = { type = "fn", symbol_version = "V1" }'),
        ),
        ok(
            "hidden-version-wanted",
            c=(
                "/*symver*/\nvoid start(void) {}",
                '__asm__(".symver start_1, start@V1\\n.symver start_2, start@@V2");',
            ),
            contract=('start = "fn"', 'start = { type = "fn", symbol_version = "V1" }'),
        ),
        seen("local-by-script", c=("global: start", "global: begin")),
    ),
)

VERSIONED_SIGNATURE = Case(
    name="versioned-signature",
    contract='[exports]\nstart = "fn(c_int)"\n',
    c={
        "plugin.c": 'void start_1(void) {}\nvoid start_2(int a) { (void)a; }\n__asm__(".symver start_1, start@V1\\n.symver start_2, start@@V2");\n',
        "plugin.map": "V1 { global: start; local: *; };\nV2 { } V1;\n",
    },
    flags=SCRIPT,
    only=NATIVE,
    good=HARMLESS,
    changes=(
        doubtful(
            "default-is-the-other",
            c=(
                "start_1, start@V1",
                "start_1, start@@V2",
                "start_2, start@@V2",
                "start_2, start@V1",
            ),
        ),
        harmless(
            "the-old-one-wanted",
            c=(),
            contract=('"fn(c_int)"', '{ type = "fn()", symbol_version = "V1" }'),
        ),
    ),
)

ALIASED = Case(
    name="aliases",
    contract='[exports]\nopen = "fn(*const c_char, c_int) -> c_int"\nopen64 = "fn(*const c_char, c_int) -> c_int"\n',
    c="int open(const char *name, int mode) { (void)name; return mode; }\n"
    'int open64(const char *name, int mode) __attribute__((alias("open")));\n',
    only=NATIVE,
    changes=(
        bad(
            "alias-of-another-signature",
            c=(
                'int open64(const char *name, int mode) __attribute__((alias("open")));',
                'long other(void *p) { return p != 0; }\n__asm__(".globl open64\\n.set open64, other");',
            ),
        ),
        ok(
            "aliased-by-assembler",
            c=(
                'int open64(const char *name, int mode) __attribute__((alias("open")));',
                '__asm__(".globl open64\\n.set open64, open");',
            ),
        ),
        ok(
            "of-a-static-function",
            c=(
                "int open(",
                "static int opened(",
                'alias("open")));',
                'alias("opened")));\nint open(const char *name, int mode) __attribute__((alias("opened")));',
            ),
        ),
        harmless(
            "folded",
            c=(
                'int open64(const char *name, int mode) __attribute__((alias("open")));',
                "int open64(const char *name, int mode) { (void)name; return mode; }",
            ),
            flags="-O2 -ffunction-sections -fuse-ld=lld -Wl,--icf=all",
            only=("clang",),
        ),
        doubtful(
            "folded-with-another-signature",
            c=(
                'int open64(const char *name, int mode) __attribute__((alias("open")));',
                "int open64(void *name, unsigned mode) { (void)name; return (int)mode; }",
            ),
            flags="-O2 -ffunction-sections -fuse-ld=lld -Wl,--icf=all",
            only=("clang",),
        ),
        harmless(
            "identical-code",
            c=(
                'int open64(const char *name, int mode) __attribute__((alias("open")));',
                "int open64(const char *name, int mode) { (void)name; return mode; }",
            ),
            flags="-O2",
        ),
        harmless(
            "indirect-allowed",
            c=(
                'int open64(const char *name, int mode) __attribute__((alias("open")));',
                'static void *pick(void) { return open; }\nint open64(const char *name, int mode) __attribute__((ifunc("pick")));',
            ),
            contract=(
                'open64 = "fn(*const c_char, c_int) -> c_int"',
                'open64 = { type = "fn(*const c_char, c_int) -> c_int", ifunc = true }',
            ),
        ),
    ),
)

DEPENDENCY = Case(
    name="dependency",
    contract='[exports]\nstart = "fn"\nhelper = "fn"\n[platform]\nneeded = { deny = ["libpython*"] }\n',
    c="void start(void) {}\nvoid helper(void) {}\n",
    only=NATIVE,
    stripped=COMPATIBLE,
    changes=(
        seen(
            "only-in-a-dependency",
            c=("void helper(void) {}", "extern void helper(void); void use(void) { helper(); }"),
            flags="-Wl,--no-as-needed {dir}/libhelper.so",
        ),
        ok(
            "needs-another",
            c=(
                "void helper(void) {}",
                "void helper(void) {}\nextern void help(void); void use(void) { help(); }",
            ),
            flags="-Wl,--no-as-needed {dir}/libhelper.so",
        ),
        seen(
            "needs-the-denied",
            c=(),
            contract=("libpython*", "libhelp*"),
            flags="-Wl,--no-as-needed {dir}/libhelper.so",
        ),
    ),
)

RULES = Case(
    name="plugin-rules",
    contract="""
[exports]
mod_start = "fn"
"mod_*_init" = "fn"
[plugin]
exact_exports = true
allow = ["_init", "_fini", "__*", "_edata", "_end", "rust_*"]
[[choices]]
need = 1
of = [["sm_auth", "sm_cred"], ["sm_acct"]]
""",
    c="void mod_start(void) {}\nvoid mod_x_init(void) {}\nvoid sm_acct(void) {}\n",
    stripped=COMPATIBLE,
    changes=(
        seen("nothing-fits-the-glob", c=("mod_x_init", "__mod_x_begin")),
        seen("one-too-many", c=("void mod_start", "void stray(void) {}\nvoid mod_start")),
        seen("no-choice", c=("sm_acct", "__sm_acct")),
        seen("half-a-choice", c=("sm_acct(void) {}", "sm_acct(void) {}\nvoid sm_auth(void) {}")),
        ok(
            "other-choice",
            c=("void sm_acct(void) {}", "void sm_auth(void) {}\nvoid sm_cred(void) {}"),
        ),
        ok(
            "both-choices",
            c=(
                "sm_acct(void) {}",
                "sm_acct(void) {}\nvoid sm_auth(void) {}\nvoid sm_cred(void) {}",
            ),
        ),
        ok("two-fit-the-glob", c=("void mod_start", "void mod_y_init(void) {}\nvoid mod_start")),
        seen("the-glob-is-data", c=("void mod_x_init(void) {}", "int mod_x_init = 1;")),
    ),
)

PLATFORM = Case(
    name="platform",
    contract="""
[exports]
start = "fn"
[platform]
targets = ["x86_64-linux-gnu"]
bits = 64
byte_order = "little"
versions = { at_most = { GLIBC = "2.40" } }
stack = "not-executable"
soname = "libstart.so.1"
""",
    c='extern int puts(const char *);\nvoid start(void) { puts("x"); }\n',
    flags="-Wl,-soname,libstart.so.1 -lc",
    only=NATIVE,
    stripped=COMPATIBLE,
    changes=(
        seen("executable-stack", c=(), flags="-Wl,-z,execstack"),
        seen("another-soname", c=(), contract=("libstart.so.1", "libstart.so.2")),
        seen(
            "newer-c-library",
            c=(
                "extern int puts(const char *);",
                "extern int puts(const char *); extern int arc4random(void); int r(void) { return arc4random(); }",
            ),
            contract=('"2.40"', '"2.30"'),
        ),
        ok("old-enough", c=(), contract=('"2.40"', '"2.30"')),
        seen("too-new", c=(), contract=('"2.40"', '"2.2.4"')),
        seen(
            "weak-but-newer",
            c=(
                "extern int puts(const char *);",
                "extern int puts(const char *); extern int arc4random(void) __attribute__((weak)); int r(void) { return arc4random ? arc4random() : 0; }",
            ),
            contract=('"2.40"', '"2.30"'),
        ),
        seen("another-machine", c=(), contract=("x86_64-linux-gnu", "aarch64-linux-*")),
        seen("another-c-library", c=(), contract=("x86_64-linux-gnu", "x86_64-linux-musl")),
        seen(
            "32-bits-wanted",
            c=(),
            contract=("bits = 64", "bits = 32", 'targets = ["x86_64-linux-gnu"]\n', ""),
        ),
        seen(
            "big-end-wanted",
            c=(),
            contract=('"little"', '"big"', 'targets = ["x86_64-linux-gnu"]\n', ""),
        ),
        ok("globs", c=(), contract=("x86_64-linux-gnu", "*-linux-*")),
    ),
)

CASES = (EXPORTS, VERSIONS, VERSIONED_SIGNATURE, ALIASED, DEPENDENCY, RULES, PLATFORM)
