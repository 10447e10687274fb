/*
 * Made by abicheck 0.1.0 from greeter.toml: greeter, version 1.2.
 * Changes made here are lost; change the contract, and then:
 *
 *     abicheck generate c greeter.toml --host
 *
 *     #define GREETER_HOST_IMPLEMENTATION      (in one source file, before any other #include)
 *     #include "greeter_host.h"
 *
 *     greeter_plugin plugin;
 *     char message[400];
 *     if (!greeter_plugin_load(path, &plugin, message, sizeof message))
 *         fprintf(stderr, "%s\n", message);
 *
 * Before a byte of it runs, the plugin's file was found to state every layout and prototype as this
 * host was compiled with; in ELF files, also to have the exports and tags, which are looked up after
 * loading elsewhere. On Linux the bytes loaded are a sealed copy of those checked; on Windows
 * nobody can write to the file meanwhile; elsewhere, and with GREETER_LOAD_BY_PATH defined (for
 * plugins that find files by their own path), it could be replaced in between.
 * Not checked: what only `abicheck verify` reads, and whether the plugin tells the truth.
 */
#if !defined(GREETER_HOST_H)
#define GREETER_HOST_H
#if defined(GREETER_HOST_IMPLEMENTATION) && !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* for dladdr and memfd_create */
#endif
#include <stddef.h>
#include <stdint.h>
#include "greeter.h"
#if defined(__cplusplus)
extern "C" {
#endif

/* A plugin that fits, loaded: its exports, NULL for optional ones that it lacks. */
typedef struct greeter_plugin {
    void (*free_greeter)(Greeter *);
    void (*free_greeting)(const char *);
    const uint32_t *GREETER_ABI_VERSION;
    Greeter *(*load_plugin)(void); /* What it returns goes back to free_greeter(): greeter_free_load_plugin */
    void *guard_library, *guard_file; /* the guard's own */
} greeter_plugin;

/* Whether a file is a plugin that fits: 1; or 0, and why not in `message`. Runs nothing of it. */
int greeter_plugin_check(const char *path, char *message, size_t message_size);
/* Check and load: 1; or 0, an empty `plugin`, and why in `message`. Runs its constructors. */
int greeter_plugin_load(const char *path, greeter_plugin *plugin, char *message, size_t message_size);
/* Unload. Nothing that came from the plugin may be used any more, nor be running. */
void greeter_plugin_unload(greeter_plugin *plugin);

/* Give back what load_plugin() returned: once, since the pointer becomes NULL. */
static inline void greeter_free_load_plugin(const greeter_plugin *plugin, Greeter **result)
{
    if (*result)
        plugin->free_greeter(*result);
    *result = NULL;
}

/* Give back what Greeter.greet() returned: once, since the pointer becomes NULL. */
static inline void greeter_free_Greeter_greet(const greeter_plugin *plugin, const char **result)
{
    if (*result)
        plugin->free_greeting(*result);
    *result = NULL;
}
#if defined(__cplusplus)
}
#endif
#endif

#if defined(GREETER_HOST_IMPLEMENTATION) && !defined(GREETER_HOST_IMPLEMENTED)
#define GREETER_HOST_IMPLEMENTED
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <share.h>
#include <windows.h>
#else
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#if defined(__linux__)
#include <sys/sendfile.h>
#endif
#include <sys/stat.h>
#include <unistd.h>
#if defined(__GLIBC__) && !defined(__USE_GNU)
#error "greeter_host.h must come first in the file that defines GREETER_HOST_IMPLEMENTATION"
#endif
#endif

/* Every export, where it goes, and how many bytes its value has if that is a tag. */
static const struct {
    const char *name;
    int kind;
    unsigned width;
    size_t slot;
} greeter_guard_exports[] = {
    {"free_greeter", 9, 0, offsetof(greeter_plugin, free_greeter)},
    {"free_greeting", 9, 0, offsetof(greeter_plugin, free_greeting)},
    {"GREETER_ABI_VERSION", 10, sizeof(*((greeter_plugin *)0)->GREETER_ABI_VERSION), offsetof(greeter_plugin, GREETER_ABI_VERSION)},
    {"load_plugin", 9, 0, offsetof(greeter_plugin, load_plugin)},
};
enum { GREETER_GUARD_EXPORTS = 4 };

/* The file, what of the contract is looked at, and its descriptor with the records in it. */
typedef struct {
    FILE *stream;
    const char *path, *owner, *name;
    char *message, loaded[1024];
    unsigned char window[4096], found[4 * sizeof(struct greeter_descriptor) + 4096], *first, *end;
    size_t message_size, window_size;
    uint64_t start, window_at, work, base, tables[5], offsets[GREETER_GUARD_EXPORTS];
    int is_elf, is_wide, is_big_endian, is_damaged, is_ambiguous, is_aged;
} greeter_guard;

static int greeter_guard_refuse(greeter_guard *file, const char *format, ...)
{
    const size_t cut = strlen(file->path) > 150 ? strlen(file->path) - 150 : 0;
    char text[300], *each;
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    snprintf(file->message, file->message_size, "%s: %s%s%s%s%s", file->path + cut, file->owner,
             *file->owner ? "." : "", *file->owner && !*file->name ? "(anonymous)" : file->name,
             *file->owner || *file->name ? ": " : "", text);
    for (each = file->message; file->message_size && *each; each++)
        if ((unsigned char)*each < ' ') *each = '?'; /* Names of the plugin's move no cursor. */
    return 0;
}

/* Return bytes of the file. Beyond its end, or after work without end, they are zero and it is damaged. */
static const unsigned char *greeter_guard_bytes(greeter_guard *file, uint64_t at, size_t size)
{
    static const unsigned char nothing[4096] = {0};
    if (at - file->window_at > file->window_size || at - file->window_at + size > file->window_size) {
        const int is_there = at < 0x40000000 && !fseek(file->stream, (long)(file->start + at), SEEK_SET);
        file->window_size = is_there ? fread(file->window, 1, sizeof file->window, file->stream) : 0;
        file->window_at = at;
        file->work += 64;
    }
    if (file->work++ < 0x4000000 && at - file->window_at + size <= file->window_size)
        return file->window + (at - file->window_at);
    file->is_damaged = 1;
    return nothing;
}

static uint64_t greeter_guard_number(const unsigned char *bytes, unsigned width, int is_big_endian)
{
    uint64_t value = 0;
    unsigned i;
    for (i = 0; i < width; i++) value = value << 8 | bytes[is_big_endian ? i : width - 1 - i];
    return value;
}

static uint64_t greeter_guard_read(greeter_guard *file, uint64_t at, unsigned width)
{
    return greeter_guard_number(greeter_guard_bytes(file, at, width), width, file->is_big_endian);
}

static int greeter_guard_is(greeter_guard *file, uint64_t at, const char *text)
{
    return !memcmp(greeter_guard_bytes(file, at, strlen(text) + 1), text, strlen(text) + 1);
}

/* A record of a descriptor. A part is a field or value of the whole that stands before it. */
typedef struct {
    const unsigned char *start, *end;
    int kind, is_part;
    const char *text[3];
} greeter_guard_record;
#define GREETER_GUARD_IN(record, at, width) greeter_guard_number((record)->start + (at), width, 0)

/* Read the record at `*at` and step over it: 1; 0 at the end; -1 where lengths do not add up. */
static int greeter_guard_next(const unsigned char **at, const unsigned char *end, greeter_guard_record *record)
{
    static const unsigned char least[] = {4, 14, 23, 23, 12, 22, 24, 19, 12, 13, 17};
    static const unsigned char texts[] = {0, 3, 1, 1, 1, 3, 2, 1, 1, 3, 2};
    const size_t size = end - *at < 2 ? 0 : (size_t)greeter_guard_number(*at, 2, 0);
    const unsigned char *text;
    int i;
    if (size < 4 || size > (size_t)(end - *at)) return size ? -1 : 0;
    record->start = *at;
    record->end = *at += size;
    record->kind = record->start[2] < sizeof least ? record->start[2] : 0;
    record->is_part = record->kind == 5 || record->kind == 6 || record->kind == 8;
    if (record->start[3] < least[record->kind] || record->start[3] > size) return -1;
    for (i = 0, text = record->start + record->start[3]; i < 3; i++) {
        record->text[i] = i < texts[record->kind] ? (const char *)text : "";
        if (i >= texts[record->kind]) continue;
        text = (const unsigned char *)(memchr)(text, 0, (size_t)(record->end - text)); /* no macro */
        if (!text++) return -1;
    }
    return record->kind == 6 && GREETER_GUARD_IN(record, 8, 4) > (uint64_t)(record->end - text) ? -1 : 1;
}

/* Take this contract's descriptor, or one of an unknown format, out of ELF notes, as every file has it. */
static void greeter_guard_notes(greeter_guard *file, uint64_t at, uint64_t length)
{
    unsigned char found[sizeof file->found];
    const uint64_t end = at + length;
    while (!file->is_damaged && at < end && end - at >= 12) {
        const uint64_t name = greeter_guard_read(file, at, 4), size = greeter_guard_read(file, at + 4, 4);
        const uint64_t type = greeter_guard_read(file, at + 8, 4), start = at + 12 + (name + 3) / 4 * 4;
        const int is_ours = name == 9 && type == 1 && greeter_guard_is(file, at + 12, "abicheck");
        const unsigned char *first = found + 12;
        greeter_guard_record record;
        file->is_damaged |= start > end || size > end - start || (is_ours && (size < 12 || size > sizeof found ||
            fseek(file->stream, (long)(file->start + start), SEEK_SET) || fread(found, 1, (size_t)size, file->stream) != size));
        if (is_ours && !file->is_damaged) {
            const size_t header = (size_t)greeter_guard_number(found + 2, 2, 0);
            first = found + (header < size ? header : size);
            if (found[0] != 1 || greeter_guard_next(&first, found + size, &record) < 1 || record.kind != 1 ||
                !strcmp(record.text[0], "greeter")) {
                file->is_ambiguous |= file->first && (file->end != file->found + size || memcmp(found, file->found, (size_t)size));
                memcpy(file->found, found, (size_t)size);
                file->first = file->found + (header < size ? header : size);
                file->end = file->found + size;
            }
        }
        at = name || size || type ? start + (size + 3) / 4 * 4 : at + 4; /* else padding */
    }
}

/* ELF (System V gABI): p_type, p_offset, p_vaddr or p_filesz of a program header. */
static uint64_t greeter_guard_segment(greeter_guard *file, uint64_t i, int field)
{
    static const unsigned char fields[2][4] = {{0, 4, 8, 16}, {0, 8, 16, 32}};
    const uint64_t table = greeter_guard_read(file, file->is_wide ? 32u : 28u, file->is_wide ? 8 : 4);
    const uint64_t at = table + i * (file->is_wide ? 56u : 32u) + fields[file->is_wide][field];
    return greeter_guard_read(file, at, field && file->is_wide ? 8u : 4u);
}

/* Return where an address lies in the file, UINT64_MAX if nowhere. */
static uint64_t greeter_guard_place(greeter_guard *file, uint64_t address)
{
    uint64_t i, count = greeter_guard_read(file, file->is_wide ? 56u : 44u, 2);
    for (i = 0; i < count && !file->is_damaged; i++)
        if (greeter_guard_segment(file, i, 0) == 1 && /* PT_LOAD */
            address - greeter_guard_segment(file, i, 2) < greeter_guard_segment(file, i, 3))
            return address - greeter_guard_segment(file, i, 2) + greeter_guard_segment(file, i, 1);
    return UINT64_MAX;
}

static void greeter_guard_elf(greeter_guard *file)
{
    static const uint64_t tags[] = {5, 6, 4, 0x6ffffef5, 0x6ffffff0}; /* strings, symbols, hashes, versions */
    const unsigned word = file->is_wide ? 8 : 4;
    const uint64_t count = greeter_guard_read(file, file->is_wide ? 56u : 44u, 2);
    uint64_t i, at, end, type, tag = 1, table;
    file->base = UINT64_MAX;
    for (i = 0; i < count && !file->is_damaged; i++) {
        type = greeter_guard_segment(file, i, 0);
        at = greeter_guard_segment(file, i, 1);
        end = at + greeter_guard_segment(file, i, 3);
        if (type == 1 && file->base > greeter_guard_segment(file, i, 2))
            file->base = greeter_guard_segment(file, i, 2) & ~(uint64_t)4095;
        if (type == 4) greeter_guard_notes(file, at, end - at);
        for (; type == 2 && tag && at < end && !file->is_damaged; at += 2 * word)
            for (tag = greeter_guard_read(file, at, word), table = 0; table < 5; table++)
                if (tag == tags[table])
                    file->tables[table] = greeter_guard_place(file, greeter_guard_read(file, at + word, word));
    }
}

/* Whether a symbol has a name and is defined here, for everybody, in its default version. */
static int greeter_guard_symbol(greeter_guard *file, uint64_t i, const char *name, uint64_t *address)
{
    const int wide = file->is_wide;
    const uint64_t at = file->tables[1] + i * (wide ? 24u : 16u), text = greeter_guard_read(file, at, 4);
    *address = greeter_guard_read(file, at + (wide ? 8u : 4u), wide ? 8u : 4u);
    return (greeter_guard_read(file, at + (wide ? 4u : 12u), 1) & 15) < 3 &&
           greeter_guard_read(file, at + (wide ? 6u : 14u), 2) && greeter_guard_is(file, file->tables[0] + text, name) &&
           !(file->tables[4] && greeter_guard_read(file, file->tables[4] + 2 * i, 2) & 0x8000);
}

static int greeter_guard_export(greeter_guard *file, const char *name, uint64_t *address)
{
    const uint64_t gnu = file->tables[3], plain = file->tables[2]; /* DT_GNU_HASH, DT_HASH */
    const unsigned width = !gnu && file->is_wide && greeter_guard_read(file, 18, 2) == 22 ? 8 : 4; /* s390x */
    const uint64_t count = greeter_guard_read(file, gnu ? gnu : plain + width, width);
    uint64_t i, link = 0, hash = 5381, buckets = gnu + 16, chains;
    for (i = 1; !gnu && plain && i < count && !file->is_damaged; i++)
        if (greeter_guard_symbol(file, i, name, address)) return 1;
    if (!gnu || !count) return 0;
    for (i = 0; name[i]; i++) hash = (hash * 33 + (unsigned char)name[i]) & 0xffffffff;
    buckets += greeter_guard_read(file, gnu + 8, 4) * (file->is_wide ? 8u : 4u);
    chains = buckets + 4 * (count - greeter_guard_read(file, gnu + 4, 4));
    i = greeter_guard_read(file, buckets + hash % count * 4, 4);
    for (; i && !(link & 1) && !file->is_damaged; i++) {
        link = greeter_guard_read(file, chains + 4 * i, 4);
        if ((link | 1) == (hash | 1) && greeter_guard_symbol(file, i, name, address)) return 1;
    }
    return 0;
}

/* PE ("PE Format") and Mach-O (<mach-o/loader.h>): sections alone. */
static void greeter_guard_pe(greeter_guard *file)
{
    const uint64_t header = greeter_guard_read(file, 0x3c, 4);
    uint64_t at = header + 24 + greeter_guard_read(file, header + 20, 2), used, size;
    uint64_t count = greeter_guard_read(file, header + 6, 2);
    for (; count-- && !file->is_damaged; at += 40) {
        used = greeter_guard_read(file, at + 8, 4);
        size = greeter_guard_read(file, at + 16, 4);
        if (greeter_guard_is(file, at, ".abichk"))
            greeter_guard_notes(file, greeter_guard_read(file, at + 20, 4), used < size ? used : size);
    }
}

static void greeter_guard_macho(greeter_guard *file)
{
    const uint64_t end = 32 + greeter_guard_read(file, 20, 4);
    uint64_t at, size, i;
    for (at = 32; at < end && !file->is_damaged; at += size) {
        size = greeter_guard_read(file, at + 4, 4);
        file->is_damaged |= size < 8;
        if (greeter_guard_read(file, at, 4) != 0x19) continue; /* LC_SEGMENT_64 */
        for (i = at + 72; i + 80 <= at + size && !file->is_damaged; i += 80)
            if (greeter_guard_is(file, i, "__abicheck"))
                greeter_guard_notes(file, greeter_guard_read(file, i + 48, 4), greeter_guard_read(file, i + 40, 8));
    }
}

#define greeter_guard_may(how, owner, kind, name, version) 0

/* Find a record by kind, owner and name; an anonymous member by its offset `place`. */
static int greeter_guard_find(const unsigned char *at, const unsigned char *end, const char *owner, int kind,
                           const char *name, uint64_t place, greeter_guard_record *record)
{
    const char *within = "";
    while (greeter_guard_next(&at, end, record) == 1) {
        within = record->is_part ? within : record->text[0];
        if (record->kind == kind && !strcmp(record->text[0], name) &&
            (!record->is_part || !strcmp(within, owner)) && (*name || GREETER_GUARD_IN(record, 4, 4) == place))
            return 1;
    }
    return 0;
}

/* Whether the plugin's descriptor is there, for such a machine, and its lengths add up. */
static int greeter_guard_sound(greeter_guard *file, const unsigned char *own, greeter_guard_record *contract)
{
    const unsigned char *at = file->first;
    greeter_guard_record record;
    uint64_t count = 0;
    int state = file->is_damaged ? -1 : 1;
    if (!file->first && !file->is_damaged)
        return greeter_guard_refuse(file, "no descriptor of greeter: the plugin must include greeter.h and say GREETER_PLUGIN, or "
                                       "the like in its language: `abicheck generate`");
    if (file->is_ambiguous) return greeter_guard_refuse(file, "several descriptors, which differ");
    if (file->first && file->found[0] != 1)
        return greeter_guard_refuse(file, "its descriptor has format %d, newer than this guard's", file->found[0]);
    if (file->first && memcmp(file->found + 4, own + 4, 2))
        return greeter_guard_refuse(file, "built for another machine: pointers of %d bytes, byte order %d",
                                 file->found[5], file->found[4]);
    for (; state == 1 && (state = greeter_guard_next(&at, file->end, &record)) == 1; count++) {
        if ((record.kind == 1) != !count) state = -1;
        if (!count) *contract = record;
    }
    if (!state && count && count == GREETER_GUARD_IN(contract, 12, 2) + 1) return 1;
    return greeter_guard_refuse(file, "damaged");
}

/* Compare two records of one name. `is_aged`: one lawfully has parts that the other lacks. */
static int greeter_guard_same(greeter_guard *file, const char *owner, const greeter_guard_record *ours,
                           const greeter_guard_record *theirs, int is_aged)
{
    /* By kind: where the type's fingerprint is, the compiler's finding, and up to three numbers. */
    static const struct { int type, found, at[3]; } places[] = {
        {0, 0, {0, 0, 0}}, {0, 0, {0, 0, 0}}, {0, 0, {4, 8, 0}}, {0, 0, {4, 8, 0}}, {0, 0, {4, 8, 0}},
        {14, 13, {4, 8, 12}}, {16, 0, {4, 0, 0}}, {0, 0, {4, 0, 0}}, {0, 0, {4, 8, 0}}, {5, 4, {0, 0, 0}}, {5, 4, {13, 0, 0}},
    };
    static const char *const words[] = {"size", "alignment", "", "offset", "size", "kind", "width", "", "", "value", "value's high half", ""};
    const int kind = ours->kind, type = places[kind].type, found = places[kind].found;
    const int row = kind == 5 ? 3 : kind == 6 ? 6 : kind == 8 ? 9 : 0;
    int i;
    file->owner = owner;
    file->name = ours->text[0];
    if (type && GREETER_GUARD_IN(ours, type, 8) != GREETER_GUARD_IN(theirs, type, 8))
        return greeter_guard_refuse(file, "`%s` in the plugin, `%s` in this host", theirs->text[1], ours->text[1]);
    if (found && theirs->start[found] != 1 && (theirs->start[found] || kind > 8))
        return greeter_guard_refuse(file, "its compiler did not find it to be `%s`", theirs->text[1]);
    if (*ours->text[2] && *theirs->text[2] && strcmp(ours->text[2], theirs->text[2]))
        return greeter_guard_refuse(file, "given back to %s in the plugin, %s in this host", theirs->text[2], ours->text[2]);
    for (i = 0; i < 3 && places[kind].at[i]; i++) {
        const int at = places[kind].at[i];
        const unsigned width = at == 12 ? 1 : 4;
        const int32_t a = (int32_t)GREETER_GUARD_IN(theirs, at, width), b = (int32_t)GREETER_GUARD_IN(ours, at, width);
        if (width == 1 && (!a || !b || ((a ^ b) == 3 && theirs->start[13] == 1)))
            continue; /* Not measured; or only the sign of char or of an enum, which compilers choose. */
        if (a != b && !(kind == 10 ? file->is_aged : is_aged && kind == 2))
            return greeter_guard_refuse(file, "%s %ld in the plugin, %ld in this host", words[row + i], (long)a, (long)b);
    }
    return 1;
}

/* Look for each part of one descriptor's whole in the other descriptor. Returns -1 if one is missing or
 * differs, else whether some are lawfully missing. */
static int greeter_guard_parts(greeter_guard *file, const greeter_guard_record *whole, const greeter_guard_record *other,
                            const unsigned char *end, const unsigned char *others, const unsigned char *others_end,
                            const char *version, int is_ours)
{
    const unsigned char *at = whole->end;
    const char *owner = whole->text[0];
    greeter_guard_record part, found;
    int is_aged = 0;
    while (greeter_guard_next(&at, end, &part) == 1 && part.is_part) {
        const uint64_t place = GREETER_GUARD_IN(&part, 4, 4);
        file->owner = owner;
        file->name = part.text[0];
        if (greeter_guard_find(others, others_end, owner, part.kind, part.text[0], place, &found)) {
            if (is_ours && !greeter_guard_same(file, owner, &part, &found, 0)) return -1;
        } else if (is_ours ? !greeter_guard_may('-', owner, part.kind, part.text[0], version)
                   : whole->kind == 7 ? greeter_guard_may('=', "", 7, owner, version)
                   : whole->kind == 2 && !(other->start[22] & 1) &&
                     !(part.kind == 5 && place >= GREETER_GUARD_IN(other, 4, 4) && greeter_guard_may('+', "", 2, owner, version))) {
            greeter_guard_refuse(file, "%s; the plugin is of version %s", is_ours ? "not in the plugin" : "unknown to this host",
                              version);
            return -1;
        } else {
            is_aged = 1;
        }
    }
    return is_aged;
}

static int greeter_guard_compare(greeter_guard *file, const unsigned char *mine, const unsigned char *mine_end,
                              const char *version)
{
    const unsigned char *its = file->first, *its_end = file->end, *at = mine;
    greeter_guard_record ours, theirs;
    while (greeter_guard_next(&at, mine_end, &ours) == 1) {
        int newer, older;
        if (ours.is_part || ours.kind < 2) continue;
        file->owner = "";
        file->name = ours.text[0];
        if (!greeter_guard_find(its, its_end, "", ours.kind, ours.text[0], 0, &theirs)) {
            if (greeter_guard_may('-', "", ours.kind, ours.text[0], version)) continue;
            return greeter_guard_refuse(file, "not in the plugin, which is of version %s", version);
        }
        newer = greeter_guard_parts(file, &theirs, &ours, its_end, mine, mine_end, version, 0);
        older = newer < 0 ? -1 : greeter_guard_parts(file, &ours, &theirs, mine_end, its, its_end, version, 1);
        file->is_aged |= newer > 0 || older > 0;
        if (older < 0 || !greeter_guard_same(file, "", &ours, &theirs, newer > 0 || older > 0)) return 0;
    }
    return 1;
}

/* Whether the value of an export is one that the contract's tags accept. */
static int greeter_guard_tag(greeter_guard *file, int i, uint64_t value)
{
    if (i == 2 && !(((((value >> 16 & 0xFFFFu) > 1) || ((value >> 16 & 0xFFFFu) == 1 && (value >> 0 & 0xFFFFu) > 0) || ((value >> 16 & 0xFFFFu) == 1 && (value >> 0 & 0xFFFFu) == 0)) && (((value >> 16 & 0xFFFFu) < 1) || ((value >> 16 & 0xFFFFu) == 1 && (value >> 0 & 0xFFFFu) < 2) || ((value >> 16 & 0xFFFFu) == 1 && (value >> 0 & 0xFFFFu) == 2)))))
        return greeter_guard_refuse(file, "%u.%u in the plugin; this host wants %s",
            (unsigned)(value >> 16 & 0xFFFFu), (unsigned)(value >> 0 & 0xFFFFu), "accepts >=1.0, <=1.2");
    (void)file, (void)i, (void)value;
    return 1;
}

/* Examine the image at `file->start`: its descriptor, and in ELF its exports and their values. */
static int greeter_guard_image(greeter_guard *file)
{
    static GREETER_CONSTANT_ struct greeter_descriptor descriptor = GREETER_DESCRIPTOR;
    const unsigned char *own = (const unsigned char *)&descriptor + 24, *head = greeter_guard_bytes(file, 0, 32);
    greeter_guard_record contract, record;
    int i;
    memset(&contract, 0, sizeof contract);
    file->owner = file->name = "";
    file->is_elf = !memcmp(head, "\177ELF", 4);
    file->is_wide = head[4] == 2;
    file->is_big_endian = file->is_elf && head[5] == 2;
    if (file->is_elf) greeter_guard_elf(file);
    else if (!memcmp(head, "MZ", 2)) greeter_guard_pe(file);
    else if (!memcmp(head, "\317\372\355\376", 4)) greeter_guard_macho(file);
    else return greeter_guard_refuse(file, "neither an ELF file nor a DLL nor a Mach-O file of 64 bits");
    if (!greeter_guard_sound(file, own, &contract)) return 0;
    for (i = 0; i < GREETER_GUARD_EXPORTS; i++) {
        const int kind = greeter_guard_exports[i].kind;
        const unsigned width = greeter_guard_exports[i].width;
        uint64_t address = 0;
        file->name = greeter_guard_exports[i].name;
        file->offsets[i] = UINT64_MAX; /* to be NULL */
        if (greeter_guard_may('-', "", kind, file->name, contract.text[1]) &&
            (!greeter_guard_find(file->first, file->end, "", kind, file->name, 0, &record) ||
             (file->is_elf && !greeter_guard_export(file, file->name, &address))))
            continue;
        if (file->is_elf && !greeter_guard_export(file, file->name, &address))
            return greeter_guard_refuse(file, "no such export");
        file->offsets[i] = address - file->base;
        if (file->is_elf && width) {
            address = greeter_guard_place(file, address);
            if (address == UINT64_MAX) return greeter_guard_refuse(file, "its value is not in the file");
            if (!greeter_guard_tag(file, i, greeter_guard_read(file, address, width))) return 0;
        }
    }
    return greeter_guard_compare(file, own + 12, own + sizeof descriptor - 24, contract.text[1]) &&
           (!file->is_damaged || greeter_guard_refuse(file, "damaged"));
}

/* Examine a file; of a universal one each image of 64 bits, since the system chooses among them. */
static int greeter_guard_examine(greeter_guard *file)
{
    const unsigned char *head = greeter_guard_bytes(file, 0, 8);
    const uint64_t magic = greeter_guard_number(head, 4, 1), count = greeter_guard_number(head + 4, 4, 1);
    const int wide = magic == 0xcafebabf;
    uint64_t i, seen = 0;
    if (!wide && magic != 0xcafebabe) return greeter_guard_image(file);
    for (i = 0; i < count && i < 64; i++) {
        file->start = file->window_size = 0;
        head = greeter_guard_bytes(file, 8 + (wide ? 32u : 20u) * i, 16);
        if (!(head[0] & 1)) continue; /* CPU_ARCH_ABI64 */
        file->start = greeter_guard_number(head + 8, wide ? 8u : 4u, 1);
        file->window_size = 0;
        file->first = NULL;
        if (file->start > 0x40000000) return greeter_guard_refuse(file, "damaged");
        if (!greeter_guard_image(file)) return 0;
        seen++;
    }
    return seen ? 1 : greeter_guard_refuse(file, "no image of 64 bits");
}

/* Find the exports in the loaded plugin, and there alone: dlsym also looks into its dependencies. */
static int greeter_guard_resolve(greeter_guard *file, greeter_plugin *plugin)
{
    const uint16_t one = 1;
    uintptr_t first = 0;
    int i;
    for (i = 0; i < GREETER_GUARD_EXPORTS; i++) {
        const char *name = greeter_guard_exports[i].name;
        unsigned char *value = NULL;
#ifdef _WIN32
        const uintptr_t base = (uintptr_t)plugin->guard_library;
        const FARPROC address = GetProcAddress((HMODULE)plugin->guard_library, name);
#else
        void *const address = dlsym(plugin->guard_library, name);
        Dl_info image;
        const uintptr_t base = dladdr(address, &image) ? (uintptr_t)image.dli_fbase : 0;
#endif
        if (file->offsets[i] == UINT64_MAX) continue;
        file->name = name;
        memcpy(&value, &address, sizeof address);
        first = first ? first : base;
        if (!value || base != first || (file->is_elf && (uintptr_t)value - base != file->offsets[i]))
            return greeter_guard_refuse(file, value ? "found in another library" : "no such export");
        if (!file->is_elf && greeter_guard_exports[i].width &&
            !greeter_guard_tag(file, i, greeter_guard_number(value, greeter_guard_exports[i].width, !*(const char *)&one)))
            return 0;
        memcpy((char *)plugin + greeter_guard_exports[i].slot, &address, sizeof address);
    }
    return 1;
}

/* Open, examine and, where there is a `plugin`, load. */
static int greeter_guard_run(const char *path, greeter_plugin *plugin, char *message, size_t size)
{
    const char *problem = "cannot be read as a file of less than 1 GiB";
    greeter_guard file;
    int fits = 1;
    memset(&file, 0, sizeof file);
    file.path = path;
    file.owner = file.name = "";
    file.message = message;
    file.message_size = size;
#ifdef _WIN32 /* Nobody may write to it while it is open. */
    file.stream = _fsopen(path, "rb", _SH_DENYWR);
    fits = GetFullPathNameA(path, sizeof file.loaded, file.loaded, NULL) < sizeof file.loaded;
#else
    struct stat status;
    fits = !stat(path, &status) && S_ISREG(status.st_mode) && status.st_size < 0x40000000 &&
           snprintf(file.loaded, sizeof file.loaded, "%s%s", (strchr)(path, '/') ? "" : "./", path) <
               (int)sizeof file.loaded;
    file.stream = fits ? fopen(path, "rb") : NULL;
#endif
#if defined(__linux__) && defined(MFD_CLOEXEC) && !defined(GREETER_LOAD_BY_PATH)
    if (file.stream && plugin) {
        const int copy = memfd_create("plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        ssize_t count;
        while ((count = sendfile(copy, fileno(file.stream), NULL, 1 << 30)) > 0) continue;
        fits = !count && !fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
        if (!fits) problem = "cannot be copied to memory; with GREETER_LOAD_BY_PATH it need not be";
        fclose(file.stream);
        file.stream = copy < 0 ? NULL : fdopen(copy, "rb");
        snprintf(file.loaded, sizeof file.loaded, "/proc/self/fd/%d", copy);
    }
#endif
    if (!fits || !file.stream || setvbuf(file.stream, NULL, _IONBF, 0))
        fits = greeter_guard_refuse(&file, "%s", problem);
    fits = fits && greeter_guard_examine(&file);
    if (fits && plugin) {
        file.owner = file.name = "";
#ifdef _WIN32
        plugin->guard_library = (void *)LoadLibraryExA(file.loaded, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
        fits = plugin->guard_library || greeter_guard_refuse(&file, "Windows error %lu at loading", GetLastError());
#else
        plugin->guard_library = dlopen(file.loaded, RTLD_NOW | RTLD_LOCAL);
        fits = plugin->guard_library || greeter_guard_refuse(&file, "%s", dlerror());
#endif
        plugin->guard_file = file.stream; /* The loader knows a copy by its number: it stays open. */
        file.stream = NULL;
        fits = fits && greeter_guard_resolve(&file, plugin);
        if (!fits) greeter_plugin_unload(plugin);
    }
    if (file.stream) fclose(file.stream);
    return fits;
}

int greeter_plugin_check(const char *path, char *message, size_t message_size)
{
    return greeter_guard_run(path, NULL, message, message_size);
}

int greeter_plugin_load(const char *path, greeter_plugin *plugin, char *message, size_t message_size)
{
    memset(plugin, 0, sizeof *plugin);
    return greeter_guard_run(path, plugin, message, message_size);
}

void greeter_plugin_unload(greeter_plugin *plugin)
{
    FILE *stream = (FILE *)plugin->guard_file;
#ifdef _WIN32
    if (plugin->guard_library) FreeLibrary((HMODULE)plugin->guard_library);
#else
    char name[40];
    if (plugin->guard_library) dlclose(plugin->guard_library);
    snprintf(name, sizeof name, "/proc/self/fd/%d", stream ? fileno(stream) : -1);
    if (stream && dlopen(name, RTLD_LAZY | RTLD_NOLOAD)) stream = NULL; /* It stays loaded, and so its number taken. */
#endif
    if (stream) fclose(stream);
    memset(plugin, 0, sizeof *plugin);
}
#endif
