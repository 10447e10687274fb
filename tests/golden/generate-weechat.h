/*
 * Made by abicheck 0.1.0 from weechat.toml: weechat-plugin, version 3.8.
 * Changes made here are lost; change the contract, and then:
 *
 *     abicheck generate c weechat.toml
 *
 * A plugin includes this file wherever it defines what it exports, and says
 *
 *     WEECHAT_PLUGIN_PLUGIN;
 *
 * in one source file. That puts a descriptor into the plugin, which says how this
 * build lays out the types below, so that hosts can check it without running it.
 */

#if !defined(WEECHAT_PLUGIN_H)
#define WEECHAT_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

/* What a plugin offers is marked so; define it yourself to mark it otherwise. */
#if !defined(WEECHAT_PLUGIN_EXPORT)
#if defined(_WIN32)
#define WEECHAT_PLUGIN_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define WEECHAT_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define WEECHAT_PLUGIN_EXPORT
#endif
#endif

#if defined(__cplusplus)
extern "C" {
#endif

typedef struct Plugin Plugin;

/* Only a part of it is known: take no copy. */
struct Plugin {
    char *filename;
    void *handle;
    char *name;
    char *description;
    char *author;
    char *version;
    char *license;
    char *charset;
    int priority;
    int initialized;
};

#if !defined(WEECHAT_PLUGIN_WITHOUT_EXPORTS)
/* tags.name: weechat_plugin_name . */
extern WEECHAT_PLUGIN_EXPORT const char weechat_plugin_name[];
/* tags.version: weechat_plugin_api_version equals "20221224-02". */
extern WEECHAT_PLUGIN_EXPORT const char weechat_plugin_api_version[];
extern WEECHAT_PLUGIN_EXPORT const char weechat_plugin_author[];
extern WEECHAT_PLUGIN_EXPORT const char weechat_plugin_description[];
extern WEECHAT_PLUGIN_EXPORT const char weechat_plugin_version[];
/* tags.license: weechat_plugin_license starts with "GPL". */
extern WEECHAT_PLUGIN_EXPORT const char weechat_plugin_license[];
WEECHAT_PLUGIN_EXPORT int weechat_plugin_init(Plugin *plugin, int argc, char **argv);
WEECHAT_PLUGIN_EXPORT int weechat_plugin_end(Plugin *plugin);
/* Optional. */
extern WEECHAT_PLUGIN_EXPORT const int weechat_plugin_priority;
#endif

#if defined(__cplusplus)
}
#endif

/* From here on for the compiler: what it must agree with, and what it is asked. */

#if defined(__cplusplus)
#define WEECHAT_PLUGIN_ASSERT_(condition, text) static_assert(condition, text)
#elif defined(__GNUC__) || defined(__clang__)
#define WEECHAT_PLUGIN_ASSERT_(condition, text) __extension__ _Static_assert(condition, text)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define WEECHAT_PLUGIN_ASSERT_(condition, text) _Static_assert(condition, text)
#else
#define WEECHAT_PLUGIN_ASSERT_NAME_(line) weechat_plugin_line_##line
#define WEECHAT_PLUGIN_ASSERT_LINE_(condition, line) \
    extern char WEECHAT_PLUGIN_ASSERT_NAME_(line)[(condition) ? 1 : -1]
#define WEECHAT_PLUGIN_ASSERT_(condition, text) WEECHAT_PLUGIN_ASSERT_LINE_(condition, __LINE__)
#endif

/*
 * What the compiler finds. WEECHAT_PLUGIN_SAME_: whether a field has a type: 1 or 2, 0 if the compiler
 * cannot say. WEECHAT_PLUGIN_KIND_: what kind of value it holds; `declared` where only that is known.
 */
#if defined(__cplusplus)

#include <type_traits>

namespace weechat_plugin_measured {
template <typename T, bool is_enum> struct Sign {
    static constexpr bool value = std::is_signed<T>::value;
};
template <typename T> struct Sign<T, true> {
    static constexpr bool value = std::is_signed<typename std::underlying_type<T>::type>::value;
};
template <typename T> constexpr int kind(int declared) {
    return std::is_same<T, bool>::value ? 3
        : std::is_integral<T>::value || std::is_enum<T>::value
        ? (Sign<T, std::is_enum<T>::value>::value ? 2 : 1)
        : std::is_floating_point<T>::value ? 4
        : std::is_pointer<T>::value
        ? (std::is_function<typename std::remove_pointer<T>::type>::value ? 6 : 5)
        : std::is_class<T>::value || std::is_union<T>::value ? 7
        : declared;
}
template <typename T> constexpr int element_kind(int declared) {
    return kind<typename std::remove_cv<typename std::remove_all_extents<T>::type>::type>(declared);
}
template <typename T> constexpr unsigned long long wide(T number) {
    return static_cast<unsigned long long>(number);
}
} // namespace weechat_plugin_measured

#define WEECHAT_PLUGIN_SAME_(type, field, ...) \
    (std::is_same<decltype(type::field) *, __VA_ARGS__>::value ? 1 : 2)
#define WEECHAT_PLUGIN_BOUND_(name, ...) (std::is_same<decltype(&name), __VA_ARGS__>::value ? 1 : 2)
#define WEECHAT_PLUGIN_KIND_(type, field, declared) \
    (weechat_plugin_measured::element_kind<decltype(type::field)>(declared))
#define WEECHAT_PLUGIN_ELEMENT_KIND_(type, field, element, declared) WEECHAT_PLUGIN_KIND_(type, field, declared)
#define WEECHAT_PLUGIN_IS_(type, ...) (std::is_same<type *, __VA_ARGS__>::value ? 1 : 2)
#define WEECHAT_PLUGIN_SIGN_(type) (weechat_plugin_measured::kind<type>(0) == 2 ? 1 : 0)
#define WEECHAT_PLUGIN_CHAR_IS_SIGNED_ (std::is_signed<char>::value ? 1 : 0)
#define WEECHAT_PLUGIN_SIZE_(type, field) sizeof(type::field)
#define WEECHAT_PLUGIN_ALIGNMENT_(type) alignof(type)
#define WEECHAT_PLUGIN_WRAPPED_ALIGNMENT_(type) alignof(type)
#define WEECHAT_PLUGIN_LOW_(number, shift) static_cast<unsigned char>(((number) >> (shift)) & 0xFF)
#define WEECHAT_PLUGIN_WIDE_(number) weechat_plugin_measured::wide(number)
#define WEECHAT_PLUGIN_CONSTANT_ constexpr

#elif defined(__GNUC__) || defined(__clang__) \
    || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L)

#if defined(__GNUC__) || defined(__clang__)
/* What __builtin_classify_type says: 5 pointer, 8 floating point, 12 struct, 13 union. */
#define WEECHAT_PLUGIN_CLASS_(value, declared) \
    (__builtin_classify_type(value) == 5 ? ((declared) == 6 ? 6 : 5) \
     : __builtin_classify_type(value) == 8 ? 4 \
     : __builtin_classify_type(value) == 12 || __builtin_classify_type(value) == 13 ? 7 \
     : (declared))
#define WEECHAT_PLUGIN_GENERIC_ __extension__ _Generic
#define WEECHAT_PLUGIN_ALIGNMENT_(type) __extension__ _Alignof(type)
#else
#define WEECHAT_PLUGIN_CLASS_(value, declared) (declared)
#define WEECHAT_PLUGIN_GENERIC_ _Generic
#define WEECHAT_PLUGIN_ALIGNMENT_(type) _Alignof(type)
#endif
/* Inside a struct: some compilers align a double alone as they prefer. */
#define WEECHAT_PLUGIN_WRAPPED_ALIGNMENT_(type) WEECHAT_PLUGIN_ALIGNMENT_(struct { type value; })
#define WEECHAT_PLUGIN_SAME_(type, field, ...) \
    (WEECHAT_PLUGIN_GENERIC_(&((type *)0)->field, __VA_ARGS__: 1, default: 2))
#define WEECHAT_PLUGIN_BOUND_(name, ...) (WEECHAT_PLUGIN_GENERIC_(&name, __VA_ARGS__: 1, default: 2))
#define WEECHAT_PLUGIN_KIND_OF_(value, declared) \
    (WEECHAT_PLUGIN_GENERIC_((value), _Bool: 3, float: 4, double: 4, long double: 4, \
        char: ((char)-1 < 1 ? 2 : 1), signed char: 2, short: 2, int: 2, long: 2, long long: 2, \
        unsigned char: 1, unsigned short: 1, unsigned int: 1, unsigned long: 1, \
        unsigned long long: 1, default: WEECHAT_PLUGIN_CLASS_(value, declared)))
#define WEECHAT_PLUGIN_KIND_(type, field, declared) WEECHAT_PLUGIN_KIND_OF_(((type *)0)->field, declared)
#define WEECHAT_PLUGIN_ELEMENT_KIND_(type, field, element, declared) WEECHAT_PLUGIN_KIND_(type, element, declared)
#define WEECHAT_PLUGIN_IS_(type, ...) (WEECHAT_PLUGIN_GENERIC_((type *)0, __VA_ARGS__: 1, default: 2))
#define WEECHAT_PLUGIN_SIGN_(type) (WEECHAT_PLUGIN_KIND_OF_((type)0, 0) == 2 ? 1 : 0)
#define WEECHAT_PLUGIN_CHAR_IS_SIGNED_ ((char)-1 < 1 ? 1 : 0)
#define WEECHAT_PLUGIN_SIZE_(type, field) sizeof(((type *)0)->field)
#define WEECHAT_PLUGIN_LOW_(number, shift) ((unsigned char)(((number) >> (shift)) & 0xFF))
#define WEECHAT_PLUGIN_WIDE_(number) ((unsigned long long)(number))
#define WEECHAT_PLUGIN_CONSTANT_ const

#else

#define WEECHAT_PLUGIN_SAME_(type, field, ...) 0
#define WEECHAT_PLUGIN_BOUND_(name, ...) 0
#define WEECHAT_PLUGIN_KIND_(type, field, declared) 0
#define WEECHAT_PLUGIN_ELEMENT_KIND_(type, field, element, declared) 0
#define WEECHAT_PLUGIN_IS_(type, ...) 0
#define WEECHAT_PLUGIN_SIGN_(type) 2
#define WEECHAT_PLUGIN_CHAR_IS_SIGNED_ ((char)-1 < 1 ? 1 : 0)
#define WEECHAT_PLUGIN_SIZE_(type, field) sizeof(((type *)0)->field)
#define WEECHAT_PLUGIN_ALIGNMENT_(type) __alignof(type)
#define WEECHAT_PLUGIN_WRAPPED_ALIGNMENT_(type) __alignof(type)
#define WEECHAT_PLUGIN_LOW_(number, shift) ((unsigned char)(((number) >> (shift)) & 0xFF))
#define WEECHAT_PLUGIN_WIDE_(number) ((unsigned long long)(number))
#define WEECHAT_PLUGIN_CONSTANT_ const

#endif

#if defined(WEECHAT_PLUGIN_WITHOUT_EXPORTS)
#undef WEECHAT_PLUGIN_BOUND_
#define WEECHAT_PLUGIN_BOUND_(name, ...) 0 /* nothing is declared that could be compared */
#define WEECHAT_PLUGIN_EXTENT_(name, ...) sizeof(__VA_ARGS__)
#else
#define WEECHAT_PLUGIN_EXTENT_(name, ...) sizeof(name)
#endif

#if !defined(WEECHAT_PLUGIN_WITHOUT_ASSERTIONS)

/* Targets whose layouts are known: those with the same ones share a number. */
#if \
    (defined(__linux__) && ( \
        (defined(__x86_64__) && !defined(__ILP32__)) || \
        (defined(__aarch64__) && !defined(__ILP32__)) || \
        (defined(__riscv) && __riscv_xlen == 64) || \
        (defined(__powerpc64__) && defined(__BIG_ENDIAN__)) || \
        (defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)) || \
        defined(__s390x__) || \
        (defined(__MIPSEB__) && defined(_ABI64) && _MIPS_SIM == _ABI64) || \
        (defined(__MIPSEL__) && defined(_ABI64) && _MIPS_SIM == _ABI64) || \
        defined(__loongarch64))) \
    || (defined(__FreeBSD__) && ( \
        (defined(__x86_64__) && !defined(__ILP32__)) || \
        (defined(__aarch64__) && !defined(__ILP32__)) || \
        (defined(__riscv) && __riscv_xlen == 64) || \
        (defined(__powerpc64__) && defined(__BIG_ENDIAN__)) || \
        (defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)))) \
    || (defined(__APPLE__) && ( \
        (defined(__x86_64__) && !defined(__ILP32__)) || \
        (defined(__aarch64__) && !defined(__ILP32__)))) \
    || (defined(_WIN32) && ( \
        ((defined(__x86_64__) && !defined(__ILP32__)) || defined(_M_X64)) || \
        ((defined(__aarch64__) && !defined(__ILP32__)) || defined(_M_ARM64))))
#define WEECHAT_PLUGIN_LAYOUT_ 1
#elif \
    (defined(__linux__) && ( \
        defined(__i386__) || \
        (defined(__arm__) && defined(__ARM_EABI__)) || \
        (defined(__riscv) && __riscv_xlen == 32) || \
        (defined(__powerpc__) && !defined(__powerpc64__)) || \
        (defined(__MIPSEB__) && defined(_ABIO32) && _MIPS_SIM == _ABIO32) || \
        (defined(__MIPSEL__) && defined(_ABIO32) && _MIPS_SIM == _ABIO32))) \
    || (defined(__FreeBSD__) && ( \
        defined(__i386__) || \
        (defined(__arm__) && defined(__ARM_EABI__)) || \
        (defined(__powerpc__) && !defined(__powerpc64__)))) \
    || (defined(_WIN32) && ( \
        (defined(__i386__) || defined(_M_IX86))))
#define WEECHAT_PLUGIN_LAYOUT_ 2
#else
#define WEECHAT_PLUGIN_LAYOUT_ 0 /* an unknown target: nothing is asserted of layouts */
#endif

#if WEECHAT_PLUGIN_LAYOUT_ == 1
#define WEECHAT_PLUGIN_ON_(on_1, on_2) on_1
#elif WEECHAT_PLUGIN_LAYOUT_ == 2
#define WEECHAT_PLUGIN_ON_(on_1, on_2) on_2
#else
#define WEECHAT_PLUGIN_ON_(on_1, on_2) on_1
#endif

#if WEECHAT_PLUGIN_LAYOUT_ != 0
WEECHAT_PLUGIN_ASSERT_(offsetof(Plugin, filename) == 0,
    "Plugin.filename: another offset than the contract's");
WEECHAT_PLUGIN_ASSERT_(offsetof(Plugin, handle) == WEECHAT_PLUGIN_ON_(8, 4),
    "Plugin.handle: another offset than the contract's");
WEECHAT_PLUGIN_ASSERT_(offsetof(Plugin, name) == WEECHAT_PLUGIN_ON_(16, 8),
    "Plugin.name: another offset than the contract's");
WEECHAT_PLUGIN_ASSERT_(offsetof(Plugin, description) == WEECHAT_PLUGIN_ON_(24, 12),
    "Plugin.description: another offset than the contract's");
WEECHAT_PLUGIN_ASSERT_(offsetof(Plugin, author) == WEECHAT_PLUGIN_ON_(32, 16),
    "Plugin.author: another offset than the contract's");
WEECHAT_PLUGIN_ASSERT_(offsetof(Plugin, version) == WEECHAT_PLUGIN_ON_(40, 20),
    "Plugin.version: another offset than the contract's");
WEECHAT_PLUGIN_ASSERT_(offsetof(Plugin, license) == WEECHAT_PLUGIN_ON_(48, 24),
    "Plugin.license: another offset than the contract's");
WEECHAT_PLUGIN_ASSERT_(offsetof(Plugin, charset) == WEECHAT_PLUGIN_ON_(56, 28),
    "Plugin.charset: another offset than the contract's");
WEECHAT_PLUGIN_ASSERT_(offsetof(Plugin, priority) == WEECHAT_PLUGIN_ON_(64, 32),
    "Plugin.priority: another offset than the contract's");
WEECHAT_PLUGIN_ASSERT_(offsetof(Plugin, initialized) == WEECHAT_PLUGIN_ON_(68, 36),
    "Plugin.initialized: another offset than the contract's");
#endif

WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_SAME_(Plugin, filename, char **) != 2,
    "Plugin.filename: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_SAME_(Plugin, handle, void **) != 2,
    "Plugin.handle: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_SAME_(Plugin, name, char **) != 2,
    "Plugin.name: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_SAME_(Plugin, description, char **) != 2,
    "Plugin.description: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_SAME_(Plugin, author, char **) != 2,
    "Plugin.author: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_SAME_(Plugin, version, char **) != 2,
    "Plugin.version: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_SAME_(Plugin, license, char **) != 2,
    "Plugin.license: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_SAME_(Plugin, charset, char **) != 2,
    "Plugin.charset: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_SAME_(Plugin, priority, int *) != 2,
    "Plugin.priority: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_SAME_(Plugin, initialized, int *) != 2,
    "Plugin.initialized: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_BOUND_(weechat_plugin_name, const char (*)[]) != 2,
    "weechat_plugin_name: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_BOUND_(weechat_plugin_api_version, const char (*)[]) != 2,
    "weechat_plugin_api_version: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_BOUND_(weechat_plugin_author, const char (*)[]) != 2,
    "weechat_plugin_author: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_BOUND_(weechat_plugin_description, const char (*)[]) != 2,
    "weechat_plugin_description: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_BOUND_(weechat_plugin_version, const char (*)[]) != 2,
    "weechat_plugin_version: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_BOUND_(weechat_plugin_license, const char (*)[]) != 2,
    "weechat_plugin_license: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_BOUND_(weechat_plugin_init,
    int (*)(Plugin *, int, char **)) != 2, "weechat_plugin_init: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_BOUND_(weechat_plugin_end, int (*)(Plugin *)) != 2,
    "weechat_plugin_end: another type than the contract's");
WEECHAT_PLUGIN_ASSERT_(WEECHAT_PLUGIN_BOUND_(weechat_plugin_priority, const int *) != 2,
    "weechat_plugin_priority: another type than the contract's");
#if defined(__GNUC__) && !defined(__cplusplus) && defined(__x86_64__) \
    && (defined(__ELF__) || defined(__APPLE__))
WEECHAT_PLUGIN_ASSERT_(__builtin_types_compatible_p(void (*)(void),
    void (__attribute__((sysv_abi)) *)(void)), "functions: another calling convention (-mabi)");
#endif

#endif

#define WEECHAT_PLUGIN_2_(number) WEECHAT_PLUGIN_LOW_(number, 0), WEECHAT_PLUGIN_LOW_(number, 8)
#define WEECHAT_PLUGIN_4_(number) WEECHAT_PLUGIN_2_(number), WEECHAT_PLUGIN_LOW_(number, 16), WEECHAT_PLUGIN_LOW_(number, 24)
#define WEECHAT_PLUGIN_8_(number) \
    WEECHAT_PLUGIN_4_(WEECHAT_PLUGIN_WIDE_(number)), \
    WEECHAT_PLUGIN_LOW_(WEECHAT_PLUGIN_WIDE_(number), 32), WEECHAT_PLUGIN_LOW_(WEECHAT_PLUGIN_WIDE_(number), 40), \
    WEECHAT_PLUGIN_LOW_(WEECHAT_PLUGIN_WIDE_(number), 48), WEECHAT_PLUGIN_LOW_(WEECHAT_PLUGIN_WIDE_(number), 56)

/* The words of the note's header alone are in the order of the machine. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define WEECHAT_PLUGIN_BYTE_ORDER_ 2
#define WEECHAT_PLUGIN_WORD_(number) \
    WEECHAT_PLUGIN_LOW_(number, 24), WEECHAT_PLUGIN_LOW_(number, 16), WEECHAT_PLUGIN_LOW_(number, 8), WEECHAT_PLUGIN_LOW_(number, 0)
#else
#define WEECHAT_PLUGIN_BYTE_ORDER_ 1
#define WEECHAT_PLUGIN_WORD_(number) WEECHAT_PLUGIN_4_(number)
#endif

#pragma pack(push, 1)
struct weechat_plugin_descriptor {
    unsigned char note[24];
    unsigned char header[12];
    unsigned char fixed_1[14];
    char text_1[37];
    unsigned char fixed_2[23];
    char text_2[7];
    unsigned char fixed_3[22];
    char text_3[22];
    unsigned char fixed_4[22];
    char text_4[20];
    unsigned char fixed_5[22];
    char text_5[18];
    unsigned char fixed_6[22];
    char text_6[25];
    unsigned char fixed_7[22];
    char text_7[20];
    unsigned char fixed_8[22];
    char text_8[21];
    unsigned char fixed_9[22];
    char text_9[21];
    unsigned char fixed_10[22];
    char text_10[21];
    unsigned char fixed_11[22];
    char text_11[16];
    unsigned char fixed_12[22];
    char text_12[19];
    unsigned char fixed_13[17];
    char text_13[36];
    unsigned char fixed_14[17];
    char text_14[43];
    unsigned char fixed_15[17];
    char text_15[38];
    unsigned char fixed_16[17];
    char text_16[43];
    unsigned char fixed_17[17];
    char text_17[39];
    unsigned char fixed_18[17];
    char text_18[39];
    unsigned char fixed_19[13];
    char text_19[71];
    unsigned char fixed_20[13];
    char text_20[45];
    unsigned char fixed_21[17];
    char text_21[37];
};
#pragma pack(pop)

/* What initialises it, in format 1 of abicheck's docs/descriptor.md. */
#define WEECHAT_PLUGIN_DESCRIPTOR { \
    { WEECHAT_PLUGIN_WORD_(9), \
        WEECHAT_PLUGIN_WORD_(sizeof(struct weechat_plugin_descriptor) - 24), \
        WEECHAT_PLUGIN_WORD_(1), 'a', 'b', 'i', 'c', 'h', 'e', 'c', 'k', 0, 0, 0, 0 }, \
    { 1, 0, 12, 0, WEECHAT_PLUGIN_BYTE_ORDER_, sizeof(void *), sizeof(long), sizeof(wchar_t), \
        WEECHAT_PLUGIN_CHAR_IS_SIGNED_, sizeof(long double), 0, 0 }, \
    /* weechat-plugin 3.8 */ \
    { 51, 0, 1, 14, 0x34, 0x2E, 0xA5, 0x3E, 0x2C, 0x3C, 0xA9, 0x70, 20, 0 }, \
    "weechat-plugin\0" "3.8\0" "abicheck 0.1.0, C", \
    /* structs.Plugin */ \
    { 30, 0, 2, 23, 0, 0, 0, 0, 0, 0, 0, 0, 0x8E, 0x48, 0xF2, 0xAB, 0xD3, 0x9D, 0x88, 0x68, 10, 0, \
        1 }, \
    "Plugin", \
    /* Plugin.filename */ \
    { 44, 0, 5, 22, WEECHAT_PLUGIN_4_(offsetof(Plugin, filename)), \
        WEECHAT_PLUGIN_4_(WEECHAT_PLUGIN_SIZE_(Plugin, filename)), \
        WEECHAT_PLUGIN_KIND_(Plugin, filename, 5), \
        WEECHAT_PLUGIN_SAME_(Plugin, filename, char **), 0xB5, 0x7F, 0x38, 0x55, 0x39, 0xD5, 0xCD, \
        0xF0 }, \
    "filename\0" "*mut c_char\0" "", \
    /* Plugin.handle */ \
    { 42, 0, 5, 22, WEECHAT_PLUGIN_4_(offsetof(Plugin, handle)), \
        WEECHAT_PLUGIN_4_(WEECHAT_PLUGIN_SIZE_(Plugin, handle)), \
        WEECHAT_PLUGIN_KIND_(Plugin, handle, 5), WEECHAT_PLUGIN_SAME_(Plugin, handle, void **), \
        0x87, 0xAE, 0xE3, 0xE2, 0xA4, 0x6A, 0xF5, 0x9B }, \
    "handle\0" "*mut c_void\0" "", \
    /* Plugin.name */ \
    { 40, 0, 5, 22, WEECHAT_PLUGIN_4_(offsetof(Plugin, name)), \
        WEECHAT_PLUGIN_4_(WEECHAT_PLUGIN_SIZE_(Plugin, name)), \
        WEECHAT_PLUGIN_KIND_(Plugin, name, 5), WEECHAT_PLUGIN_SAME_(Plugin, name, char **), 0xB5, \
        0x7F, 0x38, 0x55, 0x39, 0xD5, 0xCD, 0xF0 }, \
    "name\0" "*mut c_char\0" "", \
    /* Plugin.description */ \
    { 47, 0, 5, 22, WEECHAT_PLUGIN_4_(offsetof(Plugin, description)), \
        WEECHAT_PLUGIN_4_(WEECHAT_PLUGIN_SIZE_(Plugin, description)), \
        WEECHAT_PLUGIN_KIND_(Plugin, description, 5), \
        WEECHAT_PLUGIN_SAME_(Plugin, description, char **), 0xB5, 0x7F, 0x38, 0x55, 0x39, 0xD5, \
        0xCD, 0xF0 }, \
    "description\0" "*mut c_char\0" "", \
    /* Plugin.author */ \
    { 42, 0, 5, 22, WEECHAT_PLUGIN_4_(offsetof(Plugin, author)), \
        WEECHAT_PLUGIN_4_(WEECHAT_PLUGIN_SIZE_(Plugin, author)), \
        WEECHAT_PLUGIN_KIND_(Plugin, author, 5), WEECHAT_PLUGIN_SAME_(Plugin, author, char **), \
        0xB5, 0x7F, 0x38, 0x55, 0x39, 0xD5, 0xCD, 0xF0 }, \
    "author\0" "*mut c_char\0" "", \
    /* Plugin.version */ \
    { 43, 0, 5, 22, WEECHAT_PLUGIN_4_(offsetof(Plugin, version)), \
        WEECHAT_PLUGIN_4_(WEECHAT_PLUGIN_SIZE_(Plugin, version)), \
        WEECHAT_PLUGIN_KIND_(Plugin, version, 5), WEECHAT_PLUGIN_SAME_(Plugin, version, char **), \
        0xB5, 0x7F, 0x38, 0x55, 0x39, 0xD5, 0xCD, 0xF0 }, \
    "version\0" "*mut c_char\0" "", \
    /* Plugin.license */ \
    { 43, 0, 5, 22, WEECHAT_PLUGIN_4_(offsetof(Plugin, license)), \
        WEECHAT_PLUGIN_4_(WEECHAT_PLUGIN_SIZE_(Plugin, license)), \
        WEECHAT_PLUGIN_KIND_(Plugin, license, 5), WEECHAT_PLUGIN_SAME_(Plugin, license, char **), \
        0xB5, 0x7F, 0x38, 0x55, 0x39, 0xD5, 0xCD, 0xF0 }, \
    "license\0" "*mut c_char\0" "", \
    /* Plugin.charset */ \
    { 43, 0, 5, 22, WEECHAT_PLUGIN_4_(offsetof(Plugin, charset)), \
        WEECHAT_PLUGIN_4_(WEECHAT_PLUGIN_SIZE_(Plugin, charset)), \
        WEECHAT_PLUGIN_KIND_(Plugin, charset, 5), WEECHAT_PLUGIN_SAME_(Plugin, charset, char **), \
        0xB5, 0x7F, 0x38, 0x55, 0x39, 0xD5, 0xCD, 0xF0 }, \
    "charset\0" "*mut c_char\0" "", \
    /* Plugin.priority */ \
    { 38, 0, 5, 22, WEECHAT_PLUGIN_4_(offsetof(Plugin, priority)), \
        WEECHAT_PLUGIN_4_(WEECHAT_PLUGIN_SIZE_(Plugin, priority)), \
        WEECHAT_PLUGIN_KIND_(Plugin, priority, 2), WEECHAT_PLUGIN_SAME_(Plugin, priority, int *), \
        0x45, 0x91, 0x41, 0x2B, 0x19, 0xB3, 0xF2, 0x2A }, \
    "priority\0" "c_int\0" "", \
    /* Plugin.initialized */ \
    { 41, 0, 5, 22, WEECHAT_PLUGIN_4_(offsetof(Plugin, initialized)), \
        WEECHAT_PLUGIN_4_(WEECHAT_PLUGIN_SIZE_(Plugin, initialized)), \
        WEECHAT_PLUGIN_KIND_(Plugin, initialized, 2), \
        WEECHAT_PLUGIN_SAME_(Plugin, initialized, int *), 0x45, 0x91, 0x41, 0x2B, 0x19, 0xB3, \
        0xF2, 0x2A }, \
    "initialized\0" "c_int\0" "", \
    /* weechat_plugin_name */ \
    { 53, 0, 10, 17, WEECHAT_PLUGIN_BOUND_(weechat_plugin_name, const char (*)[]), 0xEF, 0x73, \
        0x6B, 0xE5, 0x1E, 0xD1, 0x39, 0xC4, WEECHAT_PLUGIN_4_(0u) }, \
    "weechat_plugin_name\0" "static [c_char]", \
    /* weechat_plugin_api_version */ \
    { 60, 0, 10, 17, WEECHAT_PLUGIN_BOUND_(weechat_plugin_api_version, const char (*)[]), 0xEF, \
        0x73, 0x6B, 0xE5, 0x1E, 0xD1, 0x39, 0xC4, WEECHAT_PLUGIN_4_(0u) }, \
    "weechat_plugin_api_version\0" "static [c_char]", \
    /* weechat_plugin_author */ \
    { 55, 0, 10, 17, WEECHAT_PLUGIN_BOUND_(weechat_plugin_author, const char (*)[]), 0xEF, 0x73, \
        0x6B, 0xE5, 0x1E, 0xD1, 0x39, 0xC4, WEECHAT_PLUGIN_4_(0u) }, \
    "weechat_plugin_author\0" "static [c_char]", \
    /* weechat_plugin_description */ \
    { 60, 0, 10, 17, WEECHAT_PLUGIN_BOUND_(weechat_plugin_description, const char (*)[]), 0xEF, \
        0x73, 0x6B, 0xE5, 0x1E, 0xD1, 0x39, 0xC4, WEECHAT_PLUGIN_4_(0u) }, \
    "weechat_plugin_description\0" "static [c_char]", \
    /* weechat_plugin_version */ \
    { 56, 0, 10, 17, WEECHAT_PLUGIN_BOUND_(weechat_plugin_version, const char (*)[]), 0xEF, 0x73, \
        0x6B, 0xE5, 0x1E, 0xD1, 0x39, 0xC4, WEECHAT_PLUGIN_4_(0u) }, \
    "weechat_plugin_version\0" "static [c_char]", \
    /* weechat_plugin_license */ \
    { 56, 0, 10, 17, WEECHAT_PLUGIN_BOUND_(weechat_plugin_license, const char (*)[]), 0xEF, 0x73, \
        0x6B, 0xE5, 0x1E, 0xD1, 0x39, 0xC4, WEECHAT_PLUGIN_4_(0u) }, \
    "weechat_plugin_license\0" "static [c_char]", \
    /* weechat_plugin_init */ \
    { 84, 0, 9, 13, WEECHAT_PLUGIN_BOUND_(weechat_plugin_init, int (*)(Plugin *, int, char **)), \
        0x52, 0x43, 0x68, 0x45, 0x84, 0x14, 0x5E, 0x00 }, \
    "weechat_plugin_init\0" "fn(*mut Plugin, c_int, *mut *mut c_char) -> c_int\0" "", \
    /* weechat_plugin_end */ \
    { 58, 0, 9, 13, WEECHAT_PLUGIN_BOUND_(weechat_plugin_end, int (*)(Plugin *)), 0x8A, 0x1C, \
        0xDF, 0x5F, 0xF5, 0xB8, 0x1C, 0x6B }, \
    "weechat_plugin_end\0" "fn(*mut Plugin) -> c_int\0" "", \
    /* weechat_plugin_priority */ \
    { 54, 0, 10, 17, WEECHAT_PLUGIN_BOUND_(weechat_plugin_priority, const int *), 0x45, 0x91, \
        0x41, 0x2B, 0x19, 0xB3, 0xF2, 0x2A, \
        WEECHAT_PLUGIN_4_(WEECHAT_PLUGIN_EXTENT_(weechat_plugin_priority, int)) }, \
    "weechat_plugin_priority\0" "static c_int", \
}

/* Where the descriptor lies in the plugin's file, and what keeps it there. */
#if defined(__APPLE__)
#define WEECHAT_PLUGIN_PLACE_ __attribute__((section("__TEXT,__abicheck"), used, aligned(4)))
#elif defined(_MSC_VER) && !defined(__clang__)
#pragma section(".abichk", read)
#define WEECHAT_PLUGIN_PLACE_ __declspec(allocate(".abichk")) __declspec(align(4))
#elif defined(_WIN32)
#define WEECHAT_PLUGIN_PLACE_ __attribute__((section(".abichk"), used, aligned(4)))
#else
#define WEECHAT_PLUGIN_PLACE_ __attribute__((section(".note.abicheck"), used, aligned(4)))
#endif

#if !defined(_WIN32)
#define WEECHAT_PLUGIN_CARRY_ \
    WEECHAT_PLUGIN_PLACE_ static WEECHAT_PLUGIN_CONSTANT_ struct weechat_plugin_descriptor abicheck_descriptor_weechat_plugin = \
        WEECHAT_PLUGIN_DESCRIPTOR
#elif defined(__cplusplus)
#define WEECHAT_PLUGIN_CARRY_ \
    extern "C" { \
    extern WEECHAT_PLUGIN_EXPORT const struct weechat_plugin_descriptor abicheck_descriptor_weechat_plugin; \
    } \
    WEECHAT_PLUGIN_PLACE_ WEECHAT_PLUGIN_CONSTANT_ struct weechat_plugin_descriptor abicheck_descriptor_weechat_plugin = WEECHAT_PLUGIN_DESCRIPTOR
#else
#define WEECHAT_PLUGIN_CARRY_ \
    extern WEECHAT_PLUGIN_EXPORT const struct weechat_plugin_descriptor abicheck_descriptor_weechat_plugin; \
    WEECHAT_PLUGIN_PLACE_ const struct weechat_plugin_descriptor abicheck_descriptor_weechat_plugin = WEECHAT_PLUGIN_DESCRIPTOR
#endif

#if !defined(WEECHAT_PLUGIN_WITHOUT_EXPORTS)
/* Once in every plugin. */
#define WEECHAT_PLUGIN_PLUGIN \
    WEECHAT_PLUGIN_CARRY_; \
    WEECHAT_PLUGIN_ASSERT_(1, "")
#endif

#endif
