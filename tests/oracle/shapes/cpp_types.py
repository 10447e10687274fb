"""Classes of C++ that hold C's fields and are not passed as C passes them; views in unions."""

# ruff: noqa: E501 (a change reads best on one line, beside what it must lead to)

from __future__ import annotations

from tests.oracle.corpus.case import Case, bad, ok

BY_VALUE = Case(
    name="class-by-value",
    contract='[exports]\ntake = "fn(Item) -> u32"\n[structs.Item]\nfields = ["level: u32"]\n',
    cpp="""
struct Part { uint32_t level; };
struct Item { uint32_t level; Item(uint32_t n) : level(n) {} };
extern "C" uint32_t take(Item item) { return item.level; }
extern "C" uint32_t use() { Item item(1); return take(item); }
""",
    changes=(
        bad("destructor", cpp=("Item(uint32_t n)", "~Item() {} Item(uint32_t n)")),
        bad(
            "copied",
            cpp=("Item(uint32_t n)", "Item(const Item &i) : level(i.level) {} Item(uint32_t n)"),
        ),
        bad(
            "moved",
            cpp=(
                "Item(uint32_t n)",
                "Item(Item &&i) : level(i.level) {} Item(uint32_t n)",
                "take(item)",
                "take(static_cast<Item &&>(item))",
            ),
        ),
        ok(
            "defaulted",
            cpp=(
                "Item(uint32_t n)",
                "~Item() = default; Item(const Item &) = default; Item(uint32_t n)",
            ),
        ),
        ok("assigned", cpp=("Item(uint32_t n)", "Item &operator=(const Item &i) { level = i.level; return *this; } Item(uint32_t n)")),
        bad(
            "part-with-a-destructor",
            cpp=(
                "struct Part {",
                "struct Part { ~Part() {}",
                "struct Item { uint32_t level; Item(uint32_t n) : level(n) {} };",
                "struct Item : Part { Item(uint32_t n) { level = n; } };",
            ),
        ),
        ok(
            "part",
            cpp=(
                "struct Item { uint32_t level; Item(uint32_t n) : level(n) {} };",
                "struct Item : Part { Item(uint32_t n) { level = n; } };",
            ),
        ),
        ok(
            "pointed-to",
            contract=("fn(Item)", "fn(*const Item)"),
            cpp=(
                "Item(uint32_t n)",
                "~Item() {} Item(uint32_t n)",
                "take(Item item) { return item.level; }",
                "take(const Item *item) { return item->level; }",
                "take(item)",
                "take(&item)",
            ),
        ),
    ),
)  # fmt: skip

VIEWS = Case(
    name="views-of-one-place",
    contract='[exports]\nsum = "fn(*const Point) -> u32"\n[structs.Point]\nfields = ["x: u32", "y: u32", "tail: u8"]\n',
    c="struct Point { uint32_t x, y; uint8_t tail; };\nuint32_t sum(const struct Point *p) { return p->x; }\n",
    portable=True,
    changes=(
        ok("array", c=("uint32_t x, y;", "union { struct { uint32_t x, y; }; uint32_t all[2]; };")),
        ok("bytes", c=("uint32_t x, y;", "union { struct { uint32_t x, y; }; uint8_t all[8]; };")),
        bad("wider", c=("uint32_t x, y;", "union { struct { uint32_t x, y; }; uint64_t all; };")),
        bad(
            "over-the-padding",
            c=(
                "uint32_t x, y; uint8_t tail;",
                "uint32_t x, y; union { uint8_t tail; uint8_t more[2]; };",
            ),
        ),
        bad("no-view", c=("uint8_t tail;", "uint8_t tail; uint8_t more;")),
    ),
)

WIDE = Case(
    name="bit-field-as-wide-as-its-type",
    contract='[exports]\nread = "fn(*const Flags) -> c_uint"\n[structs.Flags]\nfields = ["a: u8 : 8", "b: u8", "c: c_uint : 32", "d: c_uint : 7"]\n',
    c="struct Flags { uint8_t a : 8; uint8_t b; unsigned c : 32; unsigned d : 7; };\nunsigned read(const struct Flags *f) { return f->d; }\n",
    portable=True,
    changes=(
        ok("plain", c=("uint8_t a : 8;", "uint8_t a;")),
        bad("narrower", c=("uint8_t a : 8;", "uint8_t a : 7;")),
        bad("signed", c=("unsigned c : 32;", "int c : 32;")),
        bad("wider", c=("unsigned d : 7;", "unsigned d : 32;")),
    ),
)

DEFINED_ONCE = Case(
    name="class-that-one-unit-defines",
    contract='[exports]\ntake = "fn(Item) -> u32"\n[structs.Item]\nfields = ["level: u32"]\n',
    cpp={
        "a.cpp": "struct Item { uint32_t level; Item(uint32_t); };\n"
        'extern "C" uint32_t take(Item item) { return item.level; }\n',
        "b.cpp": "struct Item { uint32_t level; Item(uint32_t); };\n"
        "Item::Item(uint32_t n) : level(n) {}\n",
    },
    changes=(
        bad("changed", cpp=("uint32_t level;", "float level;")),
        bad(
            "with-a-destructor",
            cpp=(
                "Item(uint32_t); };",
                "Item(uint32_t); ~Item(); };",
                "level(n) {}",
                "level(n) {}\nItem::~Item() {}",
            ),
        ),
    ),
)

CASES = (DEFINED_ONCE, BY_VALUE, VIEWS, WIDE)
