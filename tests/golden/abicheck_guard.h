/*
 * Made by abicheck 0.1.0 for the guards of all contracts; it is the same for each.
 * Changes made here are lost; it is written again beside a guard:
 *
 *     abicheck generate c CONTRACT --host
 *
 * It finds a descriptor and exports in the file of a plugin, which it only reads, and compares
 * records of descriptors. For the implementation of each NAME_host.h, which includes it.
 */
#if !defined(ABICHECK_GUARD_H)
#define ABICHECK_GUARD_H
#define ABICHECK_GUARD 1 /* what a guard expects of this file; another number, another file */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The file, what of the contract is looked at, and its descriptor with the records in it. */
typedef struct {
    FILE *stream;
    const char *contract, *path, *owner, *name;
    char *message, loaded[1024];
    unsigned char window[4096], *found, *candidate, *first, *end;
    size_t message_size, window_size, room; /* of `found` and of `candidate` */
    uint64_t start, window_at, work, base, tables[5], *offsets;
    int is_elf, is_wide, is_big_endian, is_damaged, is_ambiguous, is_aged;
} abicheck_file;

static int abicheck_guard_refuse(abicheck_file *file, const char *format, ...)
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
static const unsigned char *abicheck_guard_bytes(abicheck_file *file, uint64_t at, size_t size)
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

static uint64_t abicheck_guard_number(const unsigned char *bytes, unsigned width, int is_big_endian)
{
    uint64_t value = 0;
    unsigned i;
    for (i = 0; i < width; i++) value = value << 8 | bytes[is_big_endian ? i : width - 1 - i];
    return value;
}

static uint64_t abicheck_guard_read(abicheck_file *file, uint64_t at, unsigned width)
{
    return abicheck_guard_number(abicheck_guard_bytes(file, at, width), width, file->is_big_endian);
}

static int abicheck_guard_is(abicheck_file *file, uint64_t at, const char *text)
{
    return !memcmp(abicheck_guard_bytes(file, at, strlen(text) + 1), text, strlen(text) + 1);
}

/* A record of a descriptor. A part is a field or value of the whole that stands before it. */
typedef struct {
    const unsigned char *start, *end;
    int kind, is_part;
    const char *text[3];
} abicheck_record;
#define ABICHECK_IN(record, at, width) abicheck_guard_number((record)->start + (at), width, 0)

/* Read the record at `*at` and step over it: 1; 0 at the end; -1 where lengths do not add up. */
static int abicheck_guard_next(const unsigned char **at, const unsigned char *end, abicheck_record *record)
{
    static const unsigned char least[] = {4, 14, 23, 23, 12, 22, 24, 19, 12, 13, 17};
    static const unsigned char texts[] = {0, 3, 1, 1, 1, 3, 2, 1, 1, 3, 2};
    const size_t size = end - *at < 2 ? 0 : (size_t)abicheck_guard_number(*at, 2, 0);
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
    return record->kind == 6 && ABICHECK_IN(record, 8, 4) > (uint64_t)(record->end - text) ? -1 : 1;
}

/* Take this contract's descriptor, or one of an unknown format, out of ELF notes, as every file has it. */
static void abicheck_guard_notes(abicheck_file *file, uint64_t at, uint64_t length)
{
    unsigned char *const found = file->candidate;
    const uint64_t end = at + length;
    while (!file->is_damaged && at < end && end - at >= 12) {
        const uint64_t name = abicheck_guard_read(file, at, 4), size = abicheck_guard_read(file, at + 4, 4);
        const uint64_t type = abicheck_guard_read(file, at + 8, 4), start = at + 12 + (name + 3) / 4 * 4;
        const int is_ours = name == 9 && type == 1 && abicheck_guard_is(file, at + 12, "abicheck");
        const unsigned char *first = found + 12;
        abicheck_record record;
        file->is_damaged |= start > end || size > end - start || (is_ours && (size < 12 || size > file->room ||
            fseek(file->stream, (long)(file->start + start), SEEK_SET) || fread(found, 1, (size_t)size, file->stream) != size));
        if (is_ours && !file->is_damaged) {
            const size_t header = (size_t)abicheck_guard_number(found + 2, 2, 0);
            first = found + (header < size ? header : size);
            if (found[0] != 1 || abicheck_guard_next(&first, found + size, &record) < 1 || record.kind != 1 ||
                !strcmp(record.text[0], file->contract)) {
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
static uint64_t abicheck_guard_segment(abicheck_file *file, uint64_t i, int field)
{
    static const unsigned char fields[2][4] = {{0, 4, 8, 16}, {0, 8, 16, 32}};
    const uint64_t table = abicheck_guard_read(file, file->is_wide ? 32u : 28u, file->is_wide ? 8 : 4);
    const uint64_t at = table + i * (file->is_wide ? 56u : 32u) + fields[file->is_wide][field];
    return abicheck_guard_read(file, at, field && file->is_wide ? 8u : 4u);
}

/* Return where an address lies in the file, UINT64_MAX if nowhere. */
static uint64_t abicheck_guard_place(abicheck_file *file, uint64_t address)
{
    uint64_t i, count = abicheck_guard_read(file, file->is_wide ? 56u : 44u, 2);
    for (i = 0; i < count && !file->is_damaged; i++)
        if (abicheck_guard_segment(file, i, 0) == 1 && /* PT_LOAD */
            address - abicheck_guard_segment(file, i, 2) < abicheck_guard_segment(file, i, 3))
            return address - abicheck_guard_segment(file, i, 2) + abicheck_guard_segment(file, i, 1);
    return UINT64_MAX;
}

static void abicheck_guard_elf(abicheck_file *file)
{
    static const uint64_t tags[] = {5, 6, 4, 0x6ffffef5, 0x6ffffff0}; /* strings, symbols, hashes, versions */
    const unsigned word = file->is_wide ? 8 : 4;
    const uint64_t count = abicheck_guard_read(file, file->is_wide ? 56u : 44u, 2);
    uint64_t i, at, end, type, tag = 1, table;
    file->base = UINT64_MAX;
    for (i = 0; i < count && !file->is_damaged; i++) {
        type = abicheck_guard_segment(file, i, 0);
        at = abicheck_guard_segment(file, i, 1);
        end = at + abicheck_guard_segment(file, i, 3);
        if (type == 1 && file->base > abicheck_guard_segment(file, i, 2))
            file->base = abicheck_guard_segment(file, i, 2) & ~(uint64_t)4095;
        if (type == 4) abicheck_guard_notes(file, at, end - at);
        for (; type == 2 && tag && at < end && !file->is_damaged; at += 2 * word)
            for (tag = abicheck_guard_read(file, at, word), table = 0; table < 5; table++)
                if (tag == tags[table])
                    file->tables[table] = abicheck_guard_place(file, abicheck_guard_read(file, at + word, word));
    }
}

/* Whether a symbol has a name and is defined here, for everybody, in its default version. */
static int abicheck_guard_symbol(abicheck_file *file, uint64_t i, const char *name, uint64_t *address)
{
    const int wide = file->is_wide;
    const uint64_t at = file->tables[1] + i * (wide ? 24u : 16u), text = abicheck_guard_read(file, at, 4);
    *address = abicheck_guard_read(file, at + (wide ? 8u : 4u), wide ? 8u : 4u);
    return (abicheck_guard_read(file, at + (wide ? 4u : 12u), 1) & 15) < 3 &&
           abicheck_guard_read(file, at + (wide ? 6u : 14u), 2) && abicheck_guard_is(file, file->tables[0] + text, name) &&
           !(file->tables[4] && abicheck_guard_read(file, file->tables[4] + 2 * i, 2) & 0x8000);
}

static int abicheck_guard_export(abicheck_file *file, const char *name, uint64_t *address)
{
    const uint64_t gnu = file->tables[3], plain = file->tables[2]; /* DT_GNU_HASH, DT_HASH */
    const unsigned width = !gnu && file->is_wide && abicheck_guard_read(file, 18, 2) == 22 ? 8 : 4; /* s390x */
    const uint64_t count = abicheck_guard_read(file, gnu ? gnu : plain + width, width);
    uint64_t i, link = 0, hash = 5381, buckets = gnu + 16, chains;
    for (i = 1; !gnu && plain && i < count && !file->is_damaged; i++)
        if (abicheck_guard_symbol(file, i, name, address)) return 1;
    if (!gnu || !count) return 0;
    for (i = 0; name[i]; i++) hash = (hash * 33 + (unsigned char)name[i]) & 0xffffffff;
    buckets += abicheck_guard_read(file, gnu + 8, 4) * (file->is_wide ? 8u : 4u);
    chains = buckets + 4 * (count - abicheck_guard_read(file, gnu + 4, 4));
    i = abicheck_guard_read(file, buckets + hash % count * 4, 4);
    for (; i && !(link & 1) && !file->is_damaged; i++) {
        link = abicheck_guard_read(file, chains + 4 * i, 4);
        if ((link | 1) == (hash | 1) && abicheck_guard_symbol(file, i, name, address)) return 1;
    }
    return 0;
}

/* PE ("PE Format") and Mach-O (<mach-o/loader.h>): sections alone. */
static void abicheck_guard_pe(abicheck_file *file)
{
    const uint64_t header = abicheck_guard_read(file, 0x3c, 4);
    uint64_t at = header + 24 + abicheck_guard_read(file, header + 20, 2), used, size;
    uint64_t count = abicheck_guard_read(file, header + 6, 2);
    for (; count-- && !file->is_damaged; at += 40) {
        used = abicheck_guard_read(file, at + 8, 4);
        size = abicheck_guard_read(file, at + 16, 4);
        if (abicheck_guard_is(file, at, ".abichk"))
            abicheck_guard_notes(file, abicheck_guard_read(file, at + 20, 4), used < size ? used : size);
    }
}

static void abicheck_guard_macho(abicheck_file *file)
{
    const uint64_t end = 32 + abicheck_guard_read(file, 20, 4);
    uint64_t at, size, i;
    for (at = 32; at < end && !file->is_damaged; at += size) {
        size = abicheck_guard_read(file, at + 4, 4);
        file->is_damaged |= size < 8;
        if (abicheck_guard_read(file, at, 4) != 0x19) continue; /* LC_SEGMENT_64 */
        for (i = at + 72; i + 80 <= at + size && !file->is_damaged; i += 80)
            if (abicheck_guard_is(file, i, "__abicheck"))
                abicheck_guard_notes(file, abicheck_guard_read(file, i + 48, 4), abicheck_guard_read(file, i + 40, 8));
    }
}

/* Find a record by kind, owner and name; an anonymous member by its offset `place`. */
static int abicheck_guard_find(const unsigned char *at, const unsigned char *end, const char *owner,
                               int kind, const char *name, uint64_t place, abicheck_record *record)
{
    const char *within = "";
    while (abicheck_guard_next(&at, end, record) == 1) {
        within = record->is_part ? within : record->text[0];
        if (record->kind == kind && !strcmp(record->text[0], name) &&
            (!record->is_part || !strcmp(within, owner)) && (*name || ABICHECK_IN(record, 4, 4) == place))
            return 1;
    }
    return 0;
}

/* Whether two names are of one scalar on this machine; `char` is both one with a sign and one without. */
static int abicheck_guard_scalars(const char *one, size_t one_length, const char *other, size_t other_length)
{
    static const struct { const char *name; size_t size; int kind; } scalars[] = { /* 1 unsigned, 2 signed, 3 both, 4 float */
        {"u8", 1, 1}, {"u16", 2, 1}, {"u32", 4, 1}, {"u64", 8, 1}, {"usize", sizeof(size_t), 1},
        {"i8", 1, 2}, {"i16", 2, 2}, {"i32", 4, 2}, {"i64", 8, 2}, {"isize", sizeof(size_t), 2},
        {"uint8_t", 1, 1}, {"uint16_t", 2, 1}, {"uint32_t", 4, 1}, {"uint64_t", 8, 1}, {"size_t", sizeof(size_t), 1},
        {"int8_t", 1, 2}, {"int16_t", 2, 2}, {"int32_t", 4, 2}, {"int64_t", 8, 2}, {"ssize_t", sizeof(size_t), 2},
        {"c_uchar", 1, 1}, {"c_ushort", 2, 1}, {"c_uint", 4, 1}, {"c_ulong", sizeof(long), 1}, {"c_ulonglong", 8, 1},
        {"c_schar", 1, 2}, {"c_short", 2, 2}, {"c_int", 4, 2}, {"c_long", sizeof(long), 2}, {"c_longlong", 8, 2},
        {"uintptr_t", sizeof(size_t), 1}, {"intptr_t", sizeof(size_t), 2}, {"ptrdiff_t", sizeof(size_t), 2},
        {"c_char", 1, 3}, {"f32", 4, 4}, {"c_float", 4, 4}, {"f64", 8, 4}, {"c_double", 8, 4},
    };
    size_t i, a = 0, b = 0;
    for (i = 1; i <= sizeof scalars / sizeof *scalars; i++) {
        const size_t length = strlen(scalars[i - 1].name);
        a = length == one_length && !memcmp(one, scalars[i - 1].name, length) ? i : a;
        b = length == other_length && !memcmp(other, scalars[i - 1].name, length) ? i : b;
    }
    return a && b && scalars[a - 1].size == scalars[b - 1].size && scalars[a - 1].kind & scalars[b - 1].kind;
}

/* Whether two types come to the same: they differ in what pointers may be used for, and in names of scalars. */
static int abicheck_guard_alike(const char *ours, const char *theirs)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    if (!strncmp(ours, "static mut ", 11) && strncmp(theirs, "static mut ", 11)) return 0;
    for (;; ours++, theirs++) {
        size_t a = strspn(ours, letters), b = strspn(theirs, letters);
        if ((a == 3 && !memcmp(ours, "mut ", 4)) || (a == 5 && !memcmp(ours, "const ", 6)))
            a = strspn(ours += a + 1, letters);
        if ((b == 3 && !memcmp(theirs, "mut ", 4)) || (b == 5 && !memcmp(theirs, "const ", 6)))
            b = strspn(theirs += b + 1, letters);
        if ((a != b || memcmp(ours, theirs, a)) && !abicheck_guard_scalars(ours, a, theirs, b)) return 0;
        ours += a;
        theirs += b;
        if (*ours != *theirs && (*ours == '&' || *ours == '*') && (*theirs == '&' || *theirs == '*')) continue;
        if (*ours != *theirs || !*ours) return *ours == *theirs;
    }
}

/* Whether two bit-fields have the same bits. A sample has those of the field set; without one, their place is declared. */
static int abicheck_guard_same_bits(const abicheck_file *file, const abicheck_record *one, const abicheck_record *other)
{
    const uint64_t size = ABICHECK_IN(one, 8, 4), length = ABICHECK_IN(other, 8, 4);
    const char *const a = one->text[1] + strlen(one->text[1]) + 1, *const b = other->text[1] + strlen(other->text[1]) + 1;
    const abicheck_record *const declared = size ? other : one;
    const unsigned char *const sample = (const unsigned char *)(size ? a : b);
    const uint64_t first = ABICHECK_IN(declared, 12, 4), width = ABICHECK_IN(declared, 4, 4);
    uint64_t bit;
    if (!size == !length)
        return size ? !memcmp(a, b, (size_t)(size < length ? size : length)) : first == ABICHECK_IN(other, 12, 4);
    for (bit = 0; bit < 8 * (size + length); bit++)
        if ((sample[bit / 8] >> (file->is_big_endian ? 7 - bit % 8 : bit % 8) & 1) != (bit - first < width)) return 0;
    return 1;
}

/* Whether two parts differ in their names at most. */
static int abicheck_guard_like(const abicheck_file *file, const abicheck_record *one, const abicheck_record *other)
{
    return one->kind == other->kind && *one->text[0] && *other->text[0] &&
           !memcmp(one->start + 4, other->start + 4, one->kind == 6 ? 4 : 8) &&
           abicheck_guard_alike(one->text[1], other->text[1]) &&
           (one->kind != 6 || abicheck_guard_same_bits(file, one, other));
}

/* Find the part of another side that a part is like and whose name its own side does not know. Of several
 * such, as in unions, each has one of its own. */
static int abicheck_guard_renamed(abicheck_file *file, const unsigned char *at, const unsigned char *end,
                                  const unsigned char *side, const unsigned char *side_end, const char *owner,
                                  const abicheck_record *part, abicheck_record *found)
{
    const unsigned char *const others = at, *before = side;
    const char *within = "";
    abicheck_record known;
    size_t rank = 0;
    while (before < part->start && abicheck_guard_next(&before, side_end, found) == 1)
        if (found->is_part && abicheck_guard_like(file, found, part) && (file->work += (size_t)(end - others)) < 0x4000000)
            rank += !abicheck_guard_find(others, end, owner, part->kind, found->text[0], 0, &known);
    while (file->work < 0x4000000 && abicheck_guard_next(&at, end, found) == 1) { /* More work is no plugin's. */
        within = found->is_part ? within : found->text[0];
        if (found->is_part && !strcmp(within, owner) && abicheck_guard_like(file, found, part) &&
            (file->work += (size_t)(side_end - side)) < 0x4000000 &&
            !abicheck_guard_find(side, side_end, owner, part->kind, found->text[0], 0, &known) && !rank--)
            return 1;
    }
    return 0;
}

/* Compare two records of one name. `is_aged`: one lawfully has parts that the other lacks. */
static int abicheck_guard_same(abicheck_file *file, const char *owner, const abicheck_record *ours,
                               const abicheck_record *theirs, int is_aged)
{
    /* By kind: whether it has a type, the compiler's finding, and up to three numbers. */
    static const struct { int type, found, at[3]; } places[] = {
        {0, 0, {0, 0, 0}}, {0, 0, {0, 0, 0}}, {0, 0, {4, 8, 0}}, {0, 0, {4, 8, 0}}, {0, 0, {4, 8, 0}},
        {1, 13, {4, 8, 12}}, {1, 0, {4, 0, 0}}, {0, 0, {4, 0, 0}}, {0, 0, {4, 8, 0}}, {1, 4, {0, 0, 0}}, {1, 4, {13, 0, 0}},
    };
    static const char *const words[] = {"size", "alignment", "", "offset", "size", "kind", "width", "", "", "value",
                                        "value's high half", ""};
    const int kind = ours->kind, type = places[kind].type, found = places[kind].found;
    const int row = kind == 5 ? 3 : kind == 6 ? 6 : kind == 8 ? 9 : 0;
    int i;
    file->owner = owner;
    file->name = ours->text[0];
    if (type && !abicheck_guard_alike(ours->text[1], theirs->text[1]))
        return abicheck_guard_refuse(file, "`%s` in the plugin, `%s` in this host", theirs->text[1], ours->text[1]);
    if (found && theirs->start[found] != 1 && (theirs->start[found] || kind > 8))
        return abicheck_guard_refuse(file, "its compiler did not find it to be `%s`", theirs->text[1]);
    if (*ours->text[2] && *theirs->text[2] && strcmp(ours->text[2], theirs->text[2]))
        return abicheck_guard_refuse(file, "given back to %s in the plugin, %s in this host", theirs->text[2], ours->text[2]);
    for (i = 0; i < 3 && places[kind].at[i]; i++) {
        const int at = places[kind].at[i];
        const unsigned width = at == 12 ? 1 : 4;
        const int32_t a = (int32_t)ABICHECK_IN(theirs, at, width), b = (int32_t)ABICHECK_IN(ours, at, width);
        if (width == 1 && (!a || !b || ((a ^ b) == 3 && theirs->start[13] == 1)))
            continue; /* Not measured; or only the sign of char or of an enum, which compilers choose. */
        if (a != b && !(kind == 10 ? file->is_aged : is_aged && kind == 2))
            return abicheck_guard_refuse(file, "%s %ld in the plugin, %ld in this host", words[row + i], (long)a, (long)b);
    }
    if (kind == 6 && !abicheck_guard_same_bits(file, ours, theirs))
        return abicheck_guard_refuse(file, "other bits in the plugin than in this host");
    return 1;
}
#endif
