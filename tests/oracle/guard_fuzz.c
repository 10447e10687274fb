/* Hands damaged copies of a plugin to the guard, under the sanitizers: fuzz PLUGIN COUNT SEED SCRATCH.
 * Prints how many were accepted, and the longest time that one took, in milliseconds. */
#define GREETER_HOST_IMPLEMENTATION
#include "greeter_host.h"

#include <time.h>

static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Where it matters most: the headers, the descriptor, and what comes before and behind it. */
static size_t some_place(const unsigned char *bytes, size_t size)
{
    static size_t note;
    size_t i;
    for (i = 0; !note && i + 8 < size; i++)
        if (!memcmp(bytes + i, "abicheck\0\0\0", 11))
            note = i;
    switch (next_random() % 4) {
    case 0: return next_random() % (size < 1024 ? size : 1024);
    case 1: return (note - 12 + next_random() % 520) % size;
    default: return next_random() % size;
    }
}

int main(int argc, char **argv)
{
    static const uint64_t odd[] = {0, 1, 2, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000,
                                   0xffffffff, 0x7fffffffffffffff, 0xffffffffffffffff};
    unsigned char *sound, *bytes;
    char message[400];
    size_t size, length;
    long count = argc > 2 ? atol(argv[2]) : 0, i, accepted = 0;
    double longest = 0;
    FILE *file = fopen(argv[1], "rb");
    fseek(file, 0, SEEK_END);
    size = (size_t)ftell(file);
    rewind(file);
    sound = malloc(size);
    bytes = malloc(size);
    if (fread(sound, 1, size, file) != size)
        return 2;
    fclose(file);
    for (i = 0; i < count; i++) {
        int changes = 1 + (int)(next_random() % 4);
        struct timespec before, after;
        state = (uint64_t)atol(argv[3]) * 0x9e3779b97f4a7c15u + (uint64_t)i + 1;
        next_random();
        memcpy(bytes, sound, size);
        length = next_random() % 8 ? size : next_random() % size;
        while (changes--) {
            size_t at = some_place(sound, size), width = (size_t)1 << next_random() % 4;
            uint64_t value = next_random() % 2 ? odd[next_random() % 12] : next_random();
            if (next_random() % 3 == 0)
                bytes[at] ^= (unsigned char)(1 << next_random() % 8);
            else if (at + width <= size)
                memcpy(bytes + at, &value, width);
        }
        file = fopen(argv[4], "wb");
        fwrite(bytes, 1, length, file);
        fclose(file);
        clock_gettime(CLOCK_MONOTONIC, &before);
        accepted += greeter_plugin_check(argv[4], message, sizeof message);
        clock_gettime(CLOCK_MONOTONIC, &after);
        if ((after.tv_sec - before.tv_sec) * 1e3 + (after.tv_nsec - before.tv_nsec) / 1e6 > longest)
            longest = (after.tv_sec - before.tv_sec) * 1e3 + (after.tv_nsec - before.tv_nsec) / 1e6;
    }
    printf("%ld accepted, %.1f ms\n", accepted, longest);
    free(sound);
    free(bytes);
    return 0;
}
