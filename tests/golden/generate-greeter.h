/*
 * Made by abicheck 0.1.0 from greeter.toml: greeter, version 1.2.
 * Changes made here are lost; change the contract, and then:
 *
 *     abicheck generate c greeter.toml
 *
 * A plugin includes this file wherever it defines what it exports, and says
 *
 *     GREETER_PLUGIN;
 *
 * in one source file. That puts a descriptor into the plugin, which says how this
 * build lays out the types below, so that hosts can check it without running it.
 * It defines GREETER_ABI_VERSION, too.
 */

#if !defined(GREETER_H)
#define GREETER_H

#include <stddef.h>
#include <stdint.h>

/* What a plugin offers is marked so; define it yourself to mark it otherwise. */
#if !defined(GREETER_EXPORT)
#if defined(_WIN32)
#define GREETER_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define GREETER_EXPORT __attribute__((visibility("default")))
#else
#define GREETER_EXPORT
#endif
#endif

#if defined(__cplusplus)
extern "C" {
#endif

typedef struct Greeter Greeter;

struct Greeter {
    /* never NULL; what it returns goes back to free_greeting() */
    const char *(*greet)(const char *name);
};

#if !defined(GREETER_WITHOUT_EXPORTS)
GREETER_EXPORT void free_greeter(Greeter *);
GREETER_EXPORT void free_greeting(const char *);
/* GREETER_PLUGIN defines it. */
extern GREETER_EXPORT const uint32_t GREETER_ABI_VERSION;
/* What it returns goes back to free_greeter(). */
GREETER_EXPORT Greeter *load_plugin(void);
#endif

#if defined(__cplusplus)
}
#endif

/* From here on for the compiler: what it must agree with, and what it is asked. */

#if defined(__cplusplus)
#define GREETER_ASSERT_(condition, text) static_assert(condition, text)
#elif defined(__GNUC__) || defined(__clang__)
#define GREETER_ASSERT_(condition, text) __extension__ _Static_assert(condition, text)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define GREETER_ASSERT_(condition, text) _Static_assert(condition, text)
#else
#define GREETER_ASSERT_NAME_(line) greeter_line_##line
#define GREETER_ASSERT_LINE_(condition, line) \
    extern char GREETER_ASSERT_NAME_(line)[(condition) ? 1 : -1]
#define GREETER_ASSERT_(condition, text) GREETER_ASSERT_LINE_(condition, __LINE__)
#endif

/*
 * What the compiler finds. GREETER_SAME_: whether a field has a type: 1 or 2, 0 if the compiler
 * cannot say. GREETER_KIND_: what kind of value it holds; `declared` where only that is known.
 */
#if defined(__cplusplus)

#include <type_traits>

namespace greeter_measured {
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
} // namespace greeter_measured

#define GREETER_SAME_(type, field, ...) \
    (std::is_same<decltype(type::field) *, __VA_ARGS__>::value ? 1 : 2)
#define GREETER_BOUND_(name, ...) (std::is_same<decltype(&name), __VA_ARGS__>::value ? 1 : 2)
#define GREETER_KIND_(type, field, declared) \
    (greeter_measured::element_kind<decltype(type::field)>(declared))
#define GREETER_ELEMENT_KIND_(type, field, element, declared) GREETER_KIND_(type, field, declared)
#define GREETER_IS_(type, ...) (std::is_same<type *, __VA_ARGS__>::value ? 1 : 2)
#define GREETER_SIGN_(type) (greeter_measured::kind<type>(0) == 2 ? 1 : 0)
#define GREETER_CHAR_IS_SIGNED_ (std::is_signed<char>::value ? 1 : 0)
#define GREETER_SIZE_(type, field) sizeof(type::field)
#define GREETER_ALIGNMENT_(type) alignof(type)
#define GREETER_WRAPPED_ALIGNMENT_(type) alignof(type)
#define GREETER_LOW_(number, shift) static_cast<unsigned char>(((number) >> (shift)) & 0xFF)
#define GREETER_WIDE_(number) greeter_measured::wide(number)
#define GREETER_CONSTANT_ constexpr

#elif defined(__GNUC__) || defined(__clang__) \
    || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L)

#if defined(__GNUC__) || defined(__clang__)
/* What __builtin_classify_type says: 5 pointer, 8 floating point, 12 struct, 13 union. */
#define GREETER_CLASS_(value, declared) \
    (__builtin_classify_type(value) == 5 ? ((declared) == 6 ? 6 : 5) \
     : __builtin_classify_type(value) == 8 ? 4 \
     : __builtin_classify_type(value) == 12 || __builtin_classify_type(value) == 13 ? 7 \
     : (declared))
#define GREETER_GENERIC_ __extension__ _Generic
#define GREETER_ALIGNMENT_(type) __extension__ _Alignof(type)
#else
#define GREETER_CLASS_(value, declared) (declared)
#define GREETER_GENERIC_ _Generic
#define GREETER_ALIGNMENT_(type) _Alignof(type)
#endif
/* Inside a struct: some compilers align a double alone as they prefer. */
#define GREETER_WRAPPED_ALIGNMENT_(type) GREETER_ALIGNMENT_(struct { type value; })
#define GREETER_SAME_(type, field, ...) \
    (GREETER_GENERIC_(&((type *)0)->field, __VA_ARGS__: 1, default: 2))
#define GREETER_BOUND_(name, ...) (GREETER_GENERIC_(&name, __VA_ARGS__: 1, default: 2))
#define GREETER_KIND_OF_(value, declared) \
    (GREETER_GENERIC_((value), _Bool: 3, float: 4, double: 4, long double: 4, \
        char: ((char)-1 < 1 ? 2 : 1), signed char: 2, short: 2, int: 2, long: 2, long long: 2, \
        unsigned char: 1, unsigned short: 1, unsigned int: 1, unsigned long: 1, \
        unsigned long long: 1, default: GREETER_CLASS_(value, declared)))
#define GREETER_KIND_(type, field, declared) GREETER_KIND_OF_(((type *)0)->field, declared)
#define GREETER_ELEMENT_KIND_(type, field, element, declared) GREETER_KIND_(type, element, declared)
#define GREETER_IS_(type, ...) (GREETER_GENERIC_((type *)0, __VA_ARGS__: 1, default: 2))
#define GREETER_SIGN_(type) (GREETER_KIND_OF_((type)0, 0) == 2 ? 1 : 0)
#define GREETER_CHAR_IS_SIGNED_ ((char)-1 < 1 ? 1 : 0)
#define GREETER_SIZE_(type, field) sizeof(((type *)0)->field)
#define GREETER_LOW_(number, shift) ((unsigned char)(((number) >> (shift)) & 0xFF))
#define GREETER_WIDE_(number) ((unsigned long long)(number))
#define GREETER_CONSTANT_ const

#else

#define GREETER_SAME_(type, field, ...) 0
#define GREETER_BOUND_(name, ...) 0
#define GREETER_KIND_(type, field, declared) 0
#define GREETER_ELEMENT_KIND_(type, field, element, declared) 0
#define GREETER_IS_(type, ...) 0
#define GREETER_SIGN_(type) 2
#define GREETER_CHAR_IS_SIGNED_ ((char)-1 < 1 ? 1 : 0)
#define GREETER_SIZE_(type, field) sizeof(((type *)0)->field)
#define GREETER_ALIGNMENT_(type) __alignof(type)
#define GREETER_WRAPPED_ALIGNMENT_(type) __alignof(type)
#define GREETER_LOW_(number, shift) ((unsigned char)(((number) >> (shift)) & 0xFF))
#define GREETER_WIDE_(number) ((unsigned long long)(number))
#define GREETER_CONSTANT_ const

#endif

#if defined(GREETER_WITHOUT_EXPORTS)
#undef GREETER_BOUND_
#define GREETER_BOUND_(name, ...) 0 /* nothing is declared that could be compared */
#define GREETER_EXTENT_(name, ...) sizeof(__VA_ARGS__)
#else
#define GREETER_EXTENT_(name, ...) sizeof(name)
#endif

#if !defined(GREETER_WITHOUT_ASSERTIONS)

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
#define GREETER_LAYOUT_ 1
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
#define GREETER_LAYOUT_ 2
#else
#define GREETER_LAYOUT_ 0 /* an unknown target: nothing is asserted of layouts */
#endif

#if GREETER_LAYOUT_ == 1
#define GREETER_ON_(on_1, on_2) on_1
#elif GREETER_LAYOUT_ == 2
#define GREETER_ON_(on_1, on_2) on_2
#else
#define GREETER_ON_(on_1, on_2) on_1
#endif

#if GREETER_LAYOUT_ != 0
GREETER_ASSERT_(sizeof(Greeter) == GREETER_ON_(8, 4), "Greeter: another size than the contract's");
GREETER_ASSERT_(GREETER_ALIGNMENT_(Greeter) == GREETER_ON_(8, 4),
    "Greeter: another alignment than the contract's");
GREETER_ASSERT_(offsetof(Greeter, greet) == 0, "Greeter.greet: another offset than the contract's");
#endif

GREETER_ASSERT_(GREETER_SAME_(Greeter, greet, const char *(**)(const char *)) != 2,
    "Greeter.greet: another type than the contract's");
GREETER_ASSERT_(GREETER_BOUND_(free_greeter, void (*)(Greeter *)) != 2,
    "free_greeter: another type than the contract's");
GREETER_ASSERT_(GREETER_BOUND_(free_greeting, void (*)(const char *)) != 2,
    "free_greeting: another type than the contract's");
GREETER_ASSERT_(GREETER_BOUND_(GREETER_ABI_VERSION, const uint32_t *) != 2,
    "GREETER_ABI_VERSION: another type than the contract's");
GREETER_ASSERT_(GREETER_BOUND_(load_plugin, Greeter *(*)(void)) != 2,
    "load_plugin: another type than the contract's");
#if defined(__GNUC__) && !defined(__cplusplus) && defined(__x86_64__) \
    && (defined(__ELF__) || defined(__APPLE__))
GREETER_ASSERT_(__builtin_types_compatible_p(void (*)(void),
    void (__attribute__((sysv_abi)) *)(void)), "functions: another calling convention (-mabi)");
#endif

#endif

#define GREETER_2_(number) GREETER_LOW_(number, 0), GREETER_LOW_(number, 8)
#define GREETER_4_(number) GREETER_2_(number), GREETER_LOW_(number, 16), GREETER_LOW_(number, 24)
#define GREETER_8_(number) \
    GREETER_4_(GREETER_WIDE_(number)), \
    GREETER_LOW_(GREETER_WIDE_(number), 32), GREETER_LOW_(GREETER_WIDE_(number), 40), \
    GREETER_LOW_(GREETER_WIDE_(number), 48), GREETER_LOW_(GREETER_WIDE_(number), 56)

/* The words of the note's header alone are in the order of the machine. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define GREETER_BYTE_ORDER_ 2
#define GREETER_WORD_(number) \
    GREETER_LOW_(number, 24), GREETER_LOW_(number, 16), GREETER_LOW_(number, 8), GREETER_LOW_(number, 0)
#else
#define GREETER_BYTE_ORDER_ 1
#define GREETER_WORD_(number) GREETER_4_(number)
#endif

#pragma pack(push, 1)
struct greeter_descriptor {
    unsigned char note[24];
    unsigned char header[12];
    unsigned char fixed_1[14];
    char text_1[30];
    unsigned char fixed_2[23];
    char text_2[8];
    unsigned char fixed_3[22];
    char text_3[55];
    unsigned char fixed_4[13];
    char text_4[31];
    unsigned char fixed_5[13];
    char text_5[33];
    unsigned char fixed_6[17];
    char text_6[31];
    unsigned char fixed_7[13];
    char text_7[46];
    unsigned char end[3];
};
#pragma pack(pop)

/* What initialises it, in format 1 of abicheck's docs/descriptor.md. */
#define GREETER_DESCRIPTOR { \
    { GREETER_WORD_(9), GREETER_WORD_(sizeof(struct greeter_descriptor) - 24), GREETER_WORD_(1), \
        'a', 'b', 'i', 'c', 'h', 'e', 'c', 'k', 0, 0, 0, 0 }, \
    { 1, 0, 12, 0, GREETER_BYTE_ORDER_, sizeof(void *), sizeof(long), sizeof(wchar_t), \
        GREETER_CHAR_IS_SIGNED_, sizeof(long double), 0, 0 }, \
    /* greeter 1.2 */ \
    { 44, 0, 1, 14, 0x7D, 0x8A, 0xB9, 0x4D, 0x0B, 0x80, 0xB0, 0xC9, 6, 0 }, \
    "greeter\0" "1.2\0" "abicheck 0.1.0, C", \
    /* structs.Greeter */ \
    { 31, 0, 2, 23, GREETER_4_(sizeof(Greeter)), GREETER_4_(GREETER_ALIGNMENT_(Greeter)), 0x01, \
        0x79, 0x36, 0xAF, 0xB4, 0x24, 0xC1, 0x54, 1, 0, 0 }, \
    "Greeter", \
    /* Greeter.greet */ \
    { 77, 0, 5, 22, GREETER_4_(offsetof(Greeter, greet)), \
        GREETER_4_(GREETER_SIZE_(Greeter, greet)), GREETER_KIND_(Greeter, greet, 6), \
        GREETER_SAME_(Greeter, greet, const char *(**)(const char *)), 0xD7, 0x93, 0x3E, 0x41, \
        0x1B, 0xAC, 0x8F, 0x87 }, \
    "greet\0" "fn(*const c_char) -> *const c_char\0" "free_greeting", \
    /* free_greeter */ \
    { 44, 0, 9, 13, GREETER_BOUND_(free_greeter, void (*)(Greeter *)), 0x44, 0x9B, 0x8D, 0x8D, \
        0x28, 0xC0, 0xA4, 0x94 }, \
    "free_greeter\0" "fn(*mut Greeter)\0" "", \
    /* free_greeting */ \
    { 46, 0, 9, 13, GREETER_BOUND_(free_greeting, void (*)(const char *)), 0xEF, 0xBD, 0xFA, 0x31, \
        0x5C, 0xB4, 0xE5, 0xD1 }, \
    "free_greeting\0" "fn(*const c_char)\0" "", \
    /* GREETER_ABI_VERSION */ \
    { 48, 0, 10, 17, GREETER_BOUND_(GREETER_ABI_VERSION, const uint32_t *), 0xD1, 0x26, 0x85, \
        0x3E, 0x19, 0xDF, 0x2B, 0x4D, \
        GREETER_4_(GREETER_EXTENT_(GREETER_ABI_VERSION, uint32_t)) }, \
    "GREETER_ABI_VERSION\0" "static u32", \
    /* load_plugin */ \
    { 62, 0, 9, 13, GREETER_BOUND_(load_plugin, Greeter *(*)(void)), 0x8D, 0x2C, 0x12, 0x9F, 0x8C, \
        0xD6, 0x04, 0x01 }, \
    "load_plugin\0" "fn() -> *mut Greeter\0" "free_greeter", \
    { 0 }, \
}

/* Where the descriptor lies in the plugin's file, and what keeps it there. */
#if defined(__APPLE__)
#define GREETER_PLACE_ __attribute__((section("__TEXT,__abicheck"), used, aligned(4)))
#elif defined(_MSC_VER) && !defined(__clang__)
#pragma section(".abichk", read)
#define GREETER_PLACE_ __declspec(allocate(".abichk")) __declspec(align(4))
#elif defined(_WIN32)
#define GREETER_PLACE_ __attribute__((section(".abichk"), used, aligned(4)))
#else
#define GREETER_PLACE_ __attribute__((section(".note.abicheck"), used, aligned(4)))
#endif

#if !defined(_WIN32)
#define GREETER_CARRY_ \
    GREETER_PLACE_ static GREETER_CONSTANT_ struct greeter_descriptor abicheck_descriptor_greeter = \
        GREETER_DESCRIPTOR
#elif defined(__cplusplus)
#define GREETER_CARRY_ \
    extern "C" { \
    extern GREETER_EXPORT const struct greeter_descriptor abicheck_descriptor_greeter; \
    } \
    GREETER_PLACE_ GREETER_CONSTANT_ struct greeter_descriptor abicheck_descriptor_greeter = GREETER_DESCRIPTOR
#else
#define GREETER_CARRY_ \
    extern GREETER_EXPORT const struct greeter_descriptor abicheck_descriptor_greeter; \
    GREETER_PLACE_ const struct greeter_descriptor abicheck_descriptor_greeter = GREETER_DESCRIPTOR
#endif

#if !defined(GREETER_WITHOUT_EXPORTS)
/* Once in every plugin. It defines GREETER_ABI_VERSION as 1.2. */
#define GREETER_PLUGIN \
    GREETER_CARRY_; \
    const uint32_t GREETER_ABI_VERSION = 0x00010002u; \
    GREETER_ASSERT_(1, "")
#endif

#endif
