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
#if !defined(GREETER_WITHOUT_EXPORTS)
#define GREETER_WITHOUT_EXPORTS /* A host's own functions may have their names. */
#endif
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
#include <stdlib.h>
#ifdef _WIN32
#include <share.h>
#include <windows.h>
#else
#include <dlfcn.h>
#include <errno.h>
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
#include "abicheck_guard.h"
#if ABICHECK_GUARD != 1
#error "abicheck_guard.h is of another version of abicheck than greeter_host.h: generate both again"
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

#define greeter_guard_may(how, owner, kind, name, version) 0

/* Whether the plugin's descriptor is there, for such a machine, and its lengths add up. */
static int greeter_guard_sound(abicheck_file *file, const unsigned char *own, abicheck_record *contract)
{
    const unsigned char *at = file->first;
    abicheck_record record;
    uint64_t count = 0;
    int state = file->is_damaged ? -1 : 1;
    if (!file->first && !file->is_damaged)
        return abicheck_guard_refuse(file, "no descriptor of greeter: the plugin must include greeter.h and say "
                                           "GREETER_PLUGIN, or the like in its language: `abicheck generate`");
    if (file->is_ambiguous) return abicheck_guard_refuse(file, "several descriptors, which differ");
    if (file->first && file->found[0] != 1)
        return abicheck_guard_refuse(file, "its descriptor has format %d, newer than this guard's", file->found[0]);
    if (file->first && memcmp(file->found + 4, own + 4, 2))
        return abicheck_guard_refuse(file, "built for another machine: pointers of %d bytes, byte order %d",
                                     file->found[5], file->found[4]);
    for (; state == 1 && (state = abicheck_guard_next(&at, file->end, &record)) == 1; count++) {
        if ((record.kind == 1) != !count) state = -1;
        if (!count) *contract = record;
    }
    if (!state && count && count == ABICHECK_IN(contract, 12, 2) + 1) return 1;
    return abicheck_guard_refuse(file, "damaged");
}

/* Look for each part of one descriptor's whole in the other descriptor. Returns -1 if one is missing or
 * differs, else whether some are lawfully missing. */
static int greeter_guard_parts(abicheck_file *file, const abicheck_record *whole, const abicheck_record *other,
                            const unsigned char *end, const unsigned char *others, const unsigned char *others_end,
                            const char *version, int is_ours)
{
    const unsigned char *at = whole->end;
    const char *owner = whole->text[0];
    abicheck_record part, found;
    int is_aged = 0;
    while (abicheck_guard_next(&at, end, &part) == 1 && part.is_part) {
        const uint64_t place = ABICHECK_IN(&part, 4, 4);
        file->owner = owner;
        file->name = part.text[0];
        if (abicheck_guard_find(others, others_end, owner, part.kind, part.text[0], place, &found)) {
            if (is_ours && !abicheck_guard_same(file, owner, &part, &found, 0)) return -1;
            if (is_ours && whole->kind == 2 && greeter_guard_may('-', owner, part.kind, part.text[0], version) &&
                !greeter_guard_may('+', "", 2, owner, version)) {
                abicheck_guard_refuse(file, "in the plugin, which is of version %s, before there was one", version);
                return -1;
            }
        } else if (is_ours && greeter_guard_may('-', owner, part.kind, part.text[0], version)) {
            is_aged = 1;
        } else if (!greeter_guard_may('~', "", whole->kind, owner, version) &&
                   abicheck_guard_renamed(file, others, others_end, whole->start, end, owner, &part, &found) &&
                   (is_ours || !greeter_guard_may('-', owner, part.kind, found.text[0], version))) {
            if (is_ours && !abicheck_guard_same(file, owner, &part, &found, 0)) return -1;
        } else if (is_ours ? 1 /* neither old nor renamed */
                   : whole->kind == 7 ? greeter_guard_may('=', "", 7, owner, version)
                   : whole->kind == 2 && !(other->start[22] & 1) &&
                     !(part.kind == 5 && place >= ABICHECK_IN(other, 4, 4) && greeter_guard_may('+', "", 2, owner, version))) {
            abicheck_guard_refuse(file, "%s; the plugin is of version %s",
                                  is_ours ? "not in the plugin" : "unknown to this host", version);
            return -1;
        } else {
            is_aged = 1;
        }
    }
    return is_aged;
}

static int greeter_guard_compare(abicheck_file *file, const unsigned char *mine, const unsigned char *mine_end,
                              const char *version)
{
    const unsigned char *its = file->first, *its_end = file->end, *at = mine;
    abicheck_record ours, theirs;
    while (abicheck_guard_next(&at, mine_end, &ours) == 1) {
        int newer, older;
        if (ours.is_part || ours.kind < 2) continue;
        file->owner = "";
        file->name = ours.text[0];
        if (!abicheck_guard_find(its, its_end, "", ours.kind, ours.text[0], 0, &theirs)) {
            if (greeter_guard_may('-', "", ours.kind, ours.text[0], version)) continue;
            return abicheck_guard_refuse(file, "not in the plugin, which is of version %s", version);
        }
        newer = greeter_guard_parts(file, &theirs, &ours, its_end, mine, mine_end, version, 0);
        older = newer < 0 ? -1 : greeter_guard_parts(file, &ours, &theirs, mine_end, its, its_end, version, 1);
        file->is_aged |= newer > 0 || older > 0;
        if (older < 0 || !abicheck_guard_same(file, "", &ours, &theirs, newer > 0 || older > 0)) return 0;
    }
    return 1;
}

/* Whether the value of an export is one that the contract's tags accept. */
static int greeter_guard_tag(abicheck_file *file, int i, uint64_t value)
{
    if (i == 2 && !(((((value >> 16 & 0xFFFFu) > 1) || ((value >> 16 & 0xFFFFu) == 1 && (value >> 0 & 0xFFFFu) > 0) || ((value >> 16 & 0xFFFFu) == 1 && (value >> 0 & 0xFFFFu) == 0)) && (((value >> 16 & 0xFFFFu) < 1) || ((value >> 16 & 0xFFFFu) == 1 && (value >> 0 & 0xFFFFu) < 2) || ((value >> 16 & 0xFFFFu) == 1 && (value >> 0 & 0xFFFFu) == 2)))))
        return abicheck_guard_refuse(file, "%u.%u in the plugin; this host wants %s",
            (unsigned)(value >> 16 & 0xFFFFu), (unsigned)(value >> 0 & 0xFFFFu), "accepts >=1.0, <=1.2");
    (void)file, (void)i, (void)value;
    return 1;
}

/* Examine the image at `file->start`: its descriptor, and in ELF its exports and their values. */
static int greeter_guard_image(abicheck_file *file)
{
    static GREETER_CONSTANT_ struct greeter_descriptor descriptor = GREETER_DESCRIPTOR;
    const unsigned char *own = (const unsigned char *)&descriptor + 24, *head = abicheck_guard_bytes(file, 0, 32);
    abicheck_record contract, record;
    int i;
    memset(&contract, 0, sizeof contract);
    file->owner = file->name = "";
    file->is_elf = !memcmp(head, "\177ELF", 4);
    file->is_wide = head[4] == 2;
    file->is_big_endian = file->is_elf && head[5] == 2;
    if (file->is_elf) abicheck_guard_elf(file);
    else if (!memcmp(head, "MZ", 2)) abicheck_guard_pe(file);
    else if (!memcmp(head, "\317\372\355\376", 4)) abicheck_guard_macho(file);
    else return abicheck_guard_refuse(file, "neither an ELF file nor a DLL nor a Mach-O file of 64 bits");
    if (!greeter_guard_sound(file, own, &contract)) return 0;
    for (i = 0; i < GREETER_GUARD_EXPORTS; i++) {
        const int kind = greeter_guard_exports[i].kind;
        const unsigned width = greeter_guard_exports[i].width;
        uint64_t address = 0;
        file->name = greeter_guard_exports[i].name;
        file->offsets[i] = UINT64_MAX; /* to be NULL */
        if (greeter_guard_may('-', "", kind, file->name, contract.text[1]) &&
            (!abicheck_guard_find(file->first, file->end, "", kind, file->name, 0, &record) ||
             (file->is_elf && !abicheck_guard_export(file, file->name, &address))))
            continue;
        if (file->is_elf && !abicheck_guard_export(file, file->name, &address))
            return abicheck_guard_refuse(file, "no such export");
        file->offsets[i] = address - file->base;
        if (file->is_elf && width) {
            address = abicheck_guard_place(file, address);
            if (address == UINT64_MAX) return abicheck_guard_refuse(file, "its value is not in the file");
            if (!greeter_guard_tag(file, i, abicheck_guard_read(file, address, width))) return 0;
        }
    }
    return greeter_guard_compare(file, own + 12, own + sizeof descriptor - 24, contract.text[1]) &&
           (!file->is_damaged || abicheck_guard_refuse(file, "damaged"));
}

/* Examine a file; of a universal one each image of 64 bits, since the system chooses among them. */
static int greeter_guard_examine(abicheck_file *file)
{
    const unsigned char *head = abicheck_guard_bytes(file, 0, 8);
    const uint64_t magic = abicheck_guard_number(head, 4, 1), count = abicheck_guard_number(head + 4, 4, 1);
    const int wide = magic == 0xcafebabf;
    uint64_t i, seen = 0;
    if (!wide && magic != 0xcafebabe) return greeter_guard_image(file);
    for (i = 0; i < count && i < 64; i++) {
        file->start = file->window_size = 0;
        head = abicheck_guard_bytes(file, 8 + (wide ? 32u : 20u) * i, 16);
        if (!(head[0] & 1)) continue; /* CPU_ARCH_ABI64 */
        file->start = abicheck_guard_number(head + 8, wide ? 8u : 4u, 1);
        file->window_size = 0;
        file->first = NULL;
        if (file->start > 0x40000000) return abicheck_guard_refuse(file, "damaged");
        if (!greeter_guard_image(file)) return 0;
        seen++;
    }
    return seen ? 1 : abicheck_guard_refuse(file, "no image of 64 bits");
}

/* Find the exports in the loaded plugin, and there alone: dlsym also looks into its dependencies. */
static int greeter_guard_resolve(abicheck_file *file, greeter_plugin *plugin)
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
            return abicheck_guard_refuse(file, value ? "found in another library" : "no such export");
        if (!file->is_elf && greeter_guard_exports[i].width &&
            !greeter_guard_tag(file, i, abicheck_guard_number(value, greeter_guard_exports[i].width, !*(const char *)&one)))
            return 0;
        memcpy((char *)plugin + greeter_guard_exports[i].slot, &address, sizeof address);
    }
    return 1;
}

/* Open, examine and, where there is a `plugin`, load. */
static int greeter_guard_run(const char *path, greeter_plugin *plugin, char *message, size_t size)
{
    const char *problem = "cannot be read as a file of less than 1 GiB";
    unsigned char found[2][4 * sizeof(struct greeter_descriptor) + 4096];
    uint64_t offsets[GREETER_GUARD_EXPORTS];
    abicheck_file file;
    int fits = 1;
    memset(&file, 0, sizeof file);
    file.contract = "greeter";
    file.found = found[0];
    file.candidate = found[1];
    file.room = sizeof found[0];
    file.offsets = offsets;
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
        int tries = 20; /* The kernel may be busy with a page, some times in 100 000. */
        ssize_t count;
        while ((count = sendfile(copy, fileno(file.stream), NULL, 1 << 30)) > 0) continue;
        while ((fits = !count && !fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) == 0 &&
               !count && errno == EBUSY && --tries) continue;
        if (!fits) problem = "cannot be copied to memory; with GREETER_LOAD_BY_PATH it need not be";
        fclose(file.stream);
        file.stream = copy < 0 ? NULL : fdopen(copy, "rb");
        snprintf(file.loaded, sizeof file.loaded, "/proc/self/fd/%d", copy);
    }
#endif
    if (!fits || !file.stream || setvbuf(file.stream, NULL, _IONBF, 0))
        fits = abicheck_guard_refuse(&file, "%s", problem);
    fits = fits && greeter_guard_examine(&file);
    if (fits && plugin) {
        file.owner = file.name = "";
#ifdef _WIN32
        plugin->guard_library = (void *)LoadLibraryExA(file.loaded, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
        fits = plugin->guard_library || abicheck_guard_refuse(&file, "Windows error %lu at loading", GetLastError());
#else
        plugin->guard_library = dlopen(file.loaded, RTLD_NOW | RTLD_LOCAL);
        fits = plugin->guard_library || abicheck_guard_refuse(&file, "%s", dlerror());
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
