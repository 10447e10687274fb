/* What is rare: arrays of functions, pointers to pointers, anonymous members in each other, odd names. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef int (*Unary)(int);
static int increment(int x) { return x + 1; }
static int negate(int x) { return -x; }

typedef enum Sign { MINUS = -1, ZERO, PLUS } Sign;
typedef struct Wrapped { double value; } Wrapped;
typedef struct Blob { _Alignas(16) unsigned char bytes[32]; } Blob;
typedef struct Odd {
    int free;
    int from;
    int _hold;
    Unary table[3];
    struct { union { struct { uint8_t low : 3, high : 5; }; uint8_t both; }; Sign sign : 2; bool on : 1; };
    int grid[2][3];
    Wrapped wrapped;
    Blob blob;
    struct Odd **links;
    const char *const *words;
} Odd;

int sum_odd(const Odd *o)
{
    int words = 0;
    while (o->words && o->words[words])
        words++;
    return o->free + o->from + o->_hold + o->low + o->high * 8 + o->sign * 1000 + o->on * 10000 +
           o->grid[1][2] * 100000 + (int)o->wrapped.value + o->blob.bytes[31] + words * 1000000;
}
void fill_odd(Odd *o)
{
    static Odd other;
    static Odd *links[2] = {&other, NULL};
    static const char *const words[] = {"one", "two", NULL};
    other.from = 77;
    *o = (Odd){1, 2, 3, {increment, negate, NULL}, {{{5, 17}}, MINUS, true}, {{1, 2, 3}, {4, 5, 6}}, {2.5}, {{9}}, links, words};
}
int run_table(const Odd *o, int x) { return o->table[0](x) + (o->table[2] ? o->table[2](x) : 0); }
double unwrap(Wrapped w) { return w.value; }
Wrapped wrap(double value) { return (Wrapped){value}; }

Odd *the_odd(void) { static Odd odd; fill_odd(&odd); return &odd; }
Odd **all_odds(void) { static Odd odd; static Odd *odds[2]; fill_odd(&odd); odds[0] = &odd; return odds; }
void get_odd(Odd **out) { *out = the_odd(); }
int sum_row(const int (*row)[3]) { return (*row)[0] + (*row)[1] + (*row)[2]; }
bool is_null(const void *p) { return !p; }
void *same(void *p) { return p; }

Unary hook = increment;
Unary no_hook;
int numbers[] = {1, 2, 3, 4};
Wrapped constant_of_plugin = {1.5};
int list_a_module = 1, list_b_module = 2;

typedef struct Sized { uint32_t size; int32_t value; } Sized;
int size_of(const Sized *s) { return (int)s->size; }

typedef void (*Visit)(void *user, const Odd *odd, Sign sign);
void visit(Visit each, void *user) { each(user, the_odd(), MINUS); }
const char *name_of(const char *(*namer)(int), int n) { return namer(n); }
static int things;
void *make_thing(void) { things++; return malloc(1); }
void free_thing(void *thing) { things--; free(thing); }
int count_things(void) { return things; }
typedef struct Maker { void *(*make)(void); } Maker;
Maker maker = {make_thing};
int stdcall_like(int x) { return x; }
int many(int a, int b, int c, int d, int e, int f, int g, int h, double i, float j)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + (int)(i + j);
}
