/* One function for each way in which a value can travel; what it computes is the test's judge. */
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Scalars. */
int8_t next_i8(int8_t x) { return (int8_t)(x + 1); }
uint16_t next_u16(uint16_t x) { return (uint16_t)(x + 1); }
int add(int a, int b) { return a + b; }
uint64_t next_u64(uint64_t x) { return x + 1; }
float half_f32(float x) { return x / 2; }
double half(double x) { return x / 2; }
long double half_long(long double x) { return x / 2; }
_Bool negate(_Bool x) { return !x; }
char upper(char c) { return (char)(c - 32); }
__int128 wide(__int128 x) { return x; }

/* Enums. */
typedef enum Mode { MODE_OFF, MODE_ON, MODE_AUTO } Mode;
typedef enum Level { LEVEL_LOW = -1, LEVEL_HIGH = 1 } Level;
Mode next_mode(Mode m) { return (Mode)(m + 1); }
Level flip(Level l) { return (Level)(-(int)l * 7); }

/* Structs of every kind. */
typedef union Payload { int64_t i; double f; uint8_t bytes[16]; } Payload;
typedef struct Point { int x, y; } Point;
typedef struct Config {
    uint32_t struct_size;
    unsigned mode : 3;
    int shift : 5;
    unsigned : 0;
    Mode policy : 2;
    union { int64_t number; double real; };
    char name[32];
    Point corners[2];
    const char *title;
    __int128 big;
} Config;
typedef struct __attribute__((packed)) Packed { uint8_t a; uint32_t b; uint16_t c; double d; } Packed;
#pragma pack(push, 2)
typedef struct Packed2 { uint8_t a; uint32_t b; uint64_t c; } Packed2;
#pragma pack(pop)
typedef struct __attribute__((aligned(64))) Aligned { int a; char b; } Aligned;
typedef struct Packet { uint32_t length; uint16_t items[]; } Packet;
typedef struct Node { struct Node *next; int value; } Node;
typedef struct Module { int version; char pad[36]; unsigned long magic; char tail[64]; } Module;

int64_t sum_config(const Config *c)
{
    return c->struct_size + c->mode * 10 + c->shift * 100 + (int)c->policy * 1000 + c->number +
           (int64_t)strlen(c->name) * 100000 + c->corners[1].y * 1000000 + (c->title ? c->title[0] : 0) +
           (int64_t)(c->big >> 64);
}
void fill_config(Config *c)
{
    memset(c, 0xff, sizeof *c);
    c->struct_size = 5, c->mode = 6, c->shift = -3, c->policy = MODE_AUTO, c->real = 0.5;
    strcpy(c->name, "filled");
    c->corners[0] = (Point){1, 2}, c->corners[1] = (Point){3, 4};
    c->title = "a title", c->big = -((__int128)1 << 100);
}
double sum_packed(const Packed *p) { return p->a + p->b + p->c + p->d; }
uint64_t sum_packed2(const Packed2 *p) { return p->a + p->b + p->c; }
int sum_aligned(const Aligned *p) { return ((uintptr_t)p % 64) ? -1 : p->a + p->b; }
int sum_packet(const Packet *p) { int s = 0; for (uint32_t i = 0; i < p->length; i++) s += p->items[i]; return s; }
int sum_nodes(const Node *n) { int s = 0; for (; n; n = n->next) s += n->value; return s; }
static Module the_module = {.version = 3, .magic = 0x1234};
Module *get_module(void) { return &the_module; }
double payload_real(const Payload *p) { return p->f; }

/* By value. */
typedef struct Pair32 { float x, y; } Pair32;
typedef struct Mixed { double d; int64_t i; } Mixed;
typedef struct Large { int64_t v[4]; } Large;
typedef struct Nested { Point p; uint8_t b[3]; float f; } Nested;
typedef struct Bits { unsigned a : 4, b : 4; } Bits;
typedef struct Handle { uint64_t value; } Handle;
Point swap(Point p) { return (Point){p.y, p.x}; }
Pair32 scale(Pair32 p, float by) { return (Pair32){p.x * by, p.y * by}; }
Mixed mix(Mixed a, int n, Mixed b) { return (Mixed){a.d + b.d + n, a.i * b.i}; }
Large reverse(int lead, Large l) { return (Large){{l.v[3], l.v[2], l.v[1], l.v[0] + lead}}; }
Nested bump(Nested n) { n.p.x++, n.b[2] += 5, n.f *= 2; return n; }
int take_bits(Bits b) { return b.a; }
double take_union(Payload p) { return p.f; }
int take_packed(Packed p) { return p.a; }
Handle next_handle(Handle h) { return (Handle){h.value + 1}; }

/* Pointers, arrays, strings. */
void get_count(int *count) { *count = 42; }
int sum_ints(const int *p, size_t n) { int s = 0; while (n--) s += *p++; return s; }
void fill_bytes(uint8_t *p, size_t n) { memset(p, 7, n); }
size_t fill_text(char *p, size_t n) { return (size_t)snprintf(p, n, "written"); }
int count_words(const char *const *words, size_t n) { int s = 0; while (n--) s += (int)strlen(*words++); return s; }
int deref(const int *p) { return *p; }
const char *static_text(void) { return "static"; }
const char *no_text(void) { return NULL; }
const int *no_promise(void) { return NULL; }
int sum_all(const char *format, ...)
{
    va_list list;
    double total = 0;
    va_start(list, format);
    for (; *format; format++)
        total += *format == 'i' ? va_arg(list, int) : *format == 'd' ? va_arg(list, double)
               : *format == 'q' ? (double)va_arg(list, long long) : (double)strlen(va_arg(list, char *));
    va_end(list);
    return (int)total;
}

/* Ownership. */
static int living;
int count_living(void) { return living; }
typedef struct Inner { int value; } Inner;
typedef struct Box Box;
struct Box { Inner *inner; Inner own; char *(*describe)(Box *box); const char *(*label)(Box *box); };
typedef struct Secret Secret;
static char *describe(Box *box) { char *t = malloc(32); living++; snprintf(t, 32, "box of %d", box->own.value); return t; }
static const char *label(Box *box) { (void)box; return "label"; }
Box *make_box(int value)
{
    Box *box = calloc(1, sizeof *box);
    living++;
    *box = (Box){&box->own, {value}, describe, label};
    return box;
}
void free_box(Box *box) { if (box) { living--; memset(box, 0xee, sizeof *box); free(box); } }
void free_text(char *text) { if (text) { living--; free(text); } }
Box *make_nothing(void) { return NULL; }
const Inner *peek(const Box *box) { return box->inner; }
Box *make_bad_box(int how)
{
    Box *box = make_box(0);
    if (how == 1) box->describe = NULL;
    if (how == 2) box->describe = (char *(*)(Box *))&living;
    return box;
}
Box *unsaid_box(void) { return make_box(9); }
Secret *make_secret(void) { int *s = malloc(sizeof(int)); living++; *s = 77; return (Secret *)s; }
int read_secret(const Secret *s) { return *(const int *)s; }
void free_secret(Secret *s) { living--; free(s); }
void *make_anything(void) { living++; return malloc(8); }
void free_anything(void *p) { living--; free(p); }

/* Callbacks. */
typedef int (*Compare)(const int *a, const int *b);
typedef void (*Log)(int level, const char *message);
static Log kept_log;
void sort_ints(int *p, size_t n, Compare compare)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            if (compare(p + i, p + j) > 0) { int t = p[i]; p[i] = p[j]; p[j] = t; }
}
void set_log(Log log) { kept_log = log; }
void say(const char *text) { if (kept_log) kept_log(3, text); }
int call_back(int (*f)(int), int x) { return f(x); }
double call_real(double (*f)(float, Point), float x) { return f(x, (Point){3, 4}); }
const char *call_text(const char *(*f)(void)) { return f(); }
Mode call_mode(Mode (*f)(Mode)) { return f(MODE_AUTO); }
static void *in_thread(void *text) { say(text); return NULL; }
void say_in_thread(const char *text)
{
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, (void *)text);
    pthread_join(thread, NULL);
}
static int twice(int x) { return 2 * x; }
int (*get_twice(void))(int) { return twice; }
int (*get_null(void))(int) { return NULL; }
typedef struct Hooks { Log log; int (*filter)(int value); void *context; } Hooks;
int run_hooks(const Hooks *hooks) { if (hooks->log) hooks->log(1, "hook"); return hooks->filter(20); }
void nap(unsigned milliseconds) { usleep(milliseconds * 1000); }

/* Data. */
int counter = 5;
const int constant = 6;
const char *const motto = "motto";
Point points[3] = {{1, 2}, {3, 4}, {5, 6}};
Hooks exported_hooks = {NULL, twice, NULL};
int free_for_all(void) { return 1; }
int unload(void) { return 99; }
