"""The fixed part of a header: how each compiler exports, packs, asserts and measures.

`@` stands for the prefix of the header's macros, `%` for that of its names. Kinds are those of
docs/descriptor.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abicheck.generation.c_names import Names

EXPORT = """\
/* What a plugin offers is marked so; define it yourself to mark it otherwise. */
#if !defined(@_EXPORT)
#if defined(_WIN32)
#define @_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define @_EXPORT __attribute__((visibility("default")))
#else
#define @_EXPORT
#endif
#endif
"""

EXTENSION = """\
/* Before what some standard of C or C++ lacks, and every compiler has. */
#if defined(__GNUC__) || defined(__clang__)
#define @_EXTENSION_ __extension__
#else
#define @_EXTENSION_
#endif
"""

PACKED = """\
#if defined(_MSC_VER) && !defined(__clang__)
#define @_PACKED_
#define @_PACK_PUSH_ __pragma(pack(push, 1))
#define @_PACK_NONE_ __pragma(pack(push)) __pragma(pack())
#define @_PACK_POP_ __pragma(pack(pop))
#else
#define @_PACKED_ __attribute__((packed))
#define @_PACK_PUSH_
#define @_PACK_NONE_
#define @_PACK_POP_
#endif
"""

ALIGNED = """\
#if defined(_MSC_VER) && !defined(__clang__)
#define @_ALIGNED_(bytes) __declspec(align(bytes))
#else
#define @_ALIGNED_(bytes) __attribute__((aligned(bytes)))
#endif
"""

FLEXIBLE_PUSH = """\
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc99-extensions"
#endif"""

FLEXIBLE_POP = """\
#if defined(__clang__)
#pragma clang diagnostic pop
#endif"""

UNALIGNED_PUSH = """\
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 8
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpacked-not-aligned"
#endif
"""

UNALIGNED_POP = """\
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 8
#pragma GCC diagnostic pop
#endif
"""

I386_CONVENTION = """\
#if defined(_M_IX86) && !defined(__clang__)
#define {macro} __{name}
#elif defined(__i386__)
#define {macro} __attribute__(({name}))
#else
#define {macro}
#endif
"""

CONVENTIONS = {
    "stdcall": I386_CONVENTION.format(macro="@_STDCALL_", name="stdcall"),
    "fastcall": I386_CONVENTION.format(macro="@_FASTCALL_", name="fastcall"),
    "thiscall": I386_CONVENTION.format(macro="@_THISCALL_", name="thiscall"),
    "system": """\
#if defined(_M_IX86) && !defined(__clang__)
#define @_SYSTEM_ __stdcall
#elif defined(_WIN32) && defined(__i386__)
#define @_SYSTEM_ __attribute__((stdcall))
#else
#define @_SYSTEM_
#endif
""",
    "vectorcall": """\
#if defined(_MSC_VER) && !defined(__clang__)
#define @_VECTORCALL_ __vectorcall
#elif defined(__clang__) && (defined(__x86_64__) || defined(__i386__))
#define @_VECTORCALL_ __attribute__((vectorcall))
#else
#error "the contract has vectorcall functions, which this compiler cannot call"
#endif
""",
    "win64": """\
#if defined(_M_X64) && !defined(__clang__)
#define @_WIN64_
#elif defined(__x86_64__)
#define @_WIN64_ __attribute__((ms_abi))
#else
#error "the contract has win64 functions, which this compiler cannot call"
#endif
""",
    "sysv64": """\
#if defined(__x86_64__)
#define @_SYSV64_ __attribute__((sysv_abi))
#else
#error "the contract has sysv64 functions, which this compiler cannot call"
#endif
""",
    "aapcs": """\
#if defined(__arm__)
#define @_AAPCS_ __attribute__((pcs("aapcs")))
#else
#error "the contract has aapcs functions, which this compiler cannot call"
#endif
""",
    "efiapi": """\
#if defined(__x86_64__)
#define @_EFIAPI_ __attribute__((ms_abi))
#else
#define @_EFIAPI_
#endif
""",
}
"""Marks of calling conventions. Outside 32-bit x86 stdcall and its like are C's own convention."""

ASSERT = """\
#if defined(__cplusplus)
#define @_ASSERT_(condition, text) static_assert(condition, text)
#elif defined(__GNUC__) || defined(__clang__)
#define @_ASSERT_(condition, text) __extension__ _Static_assert(condition, text)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define @_ASSERT_(condition, text) _Static_assert(condition, text)
#else
#define @_ASSERT_NAME_(line) %_line_##line
#define @_ASSERT_LINE_(condition, line) \\
    extern char @_ASSERT_NAME_(line)[(condition) ? 1 : -1]
#define @_ASSERT_(condition, text) @_ASSERT_LINE_(condition, __LINE__)
#endif
"""

MEASURE = """\
/*
 * What the compiler finds. @_SAME_: whether a field has a type: 1 or 2, 0 if the compiler
 * cannot say. @_KIND_: what kind of value it holds; `declared` where only that is known.
 */
#if defined(__cplusplus)

#include <type_traits>

namespace %_measured {
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
} // namespace %_measured

#define @_SAME_(type, field, ...) \\
    (std::is_same<decltype(type::field) *, __VA_ARGS__>::value ? 1 : 2)
#define @_BOUND_(name, ...) (std::is_same<decltype(&name), __VA_ARGS__>::value ? 1 : 2)
#define @_KIND_(type, field, declared) \\
    (%_measured::element_kind<decltype(type::field)>(declared))
#define @_ELEMENT_KIND_(type, field, element, declared) @_KIND_(type, field, declared)
#define @_IS_(type, ...) (std::is_same<type *, __VA_ARGS__>::value ? 1 : 2)
#define @_SIGN_(type) (%_measured::kind<type>(0) == 2 ? 1 : 0)
#define @_CHAR_IS_SIGNED_ (std::is_signed<char>::value ? 1 : 0)
#define @_SIZE_(type, field) sizeof(type::field)
#define @_ALIGNMENT_(type) alignof(type)
#define @_WRAPPED_ALIGNMENT_(type) alignof(type)
#define @_LOW_(number, shift) static_cast<unsigned char>(((number) >> (shift)) & 0xFF)
#define @_WIDE_(number) %_measured::wide(number)
#define @_CONSTANT_ constexpr

#elif defined(__GNUC__) || defined(__clang__) \\
    || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L)

#if defined(__GNUC__) || defined(__clang__)
/* What __builtin_classify_type says: 5 pointer, 8 floating point, 12 struct, 13 union. */
#define @_CLASS_(value, declared) \\
    (__builtin_classify_type(value) == 5 ? ((declared) == 6 ? 6 : 5) \\
     : __builtin_classify_type(value) == 8 ? 4 \\
     : __builtin_classify_type(value) == 12 || __builtin_classify_type(value) == 13 ? 7 \\
     : (declared))
#define @_GENERIC_ __extension__ _Generic
#define @_ALIGNMENT_(type) __extension__ _Alignof(type)
#else
#define @_CLASS_(value, declared) (declared)
#define @_GENERIC_ _Generic
#define @_ALIGNMENT_(type) _Alignof(type)
#endif
/* Inside a struct: some compilers align a double alone as they prefer. */
#define @_WRAPPED_ALIGNMENT_(type) @_ALIGNMENT_(struct { type value; })
#define @_SAME_(type, field, ...) \\
    (@_GENERIC_(&((type *)0)->field, __VA_ARGS__: 1, default: 2))
#define @_BOUND_(name, ...) (@_GENERIC_(&name, __VA_ARGS__: 1, default: 2))
#define @_KIND_OF_(value, declared) \\
    (@_GENERIC_((value), _Bool: 3, float: 4, double: 4, long double: 4, \\
        char: ((char)-1 < 1 ? 2 : 1), signed char: 2, short: 2, int: 2, long: 2, long long: 2, \\
        unsigned char: 1, unsigned short: 1, unsigned int: 1, unsigned long: 1, \\
        unsigned long long: 1, default: @_CLASS_(value, declared)))
#define @_KIND_(type, field, declared) @_KIND_OF_(((type *)0)->field, declared)
#define @_ELEMENT_KIND_(type, field, element, declared) @_KIND_(type, element, declared)
#define @_IS_(type, ...) (@_GENERIC_((type *)0, __VA_ARGS__: 1, default: 2))
#define @_SIGN_(type) (@_KIND_OF_((type)0, 0) == 2 ? 1 : 0)
#define @_CHAR_IS_SIGNED_ ((char)-1 < 1 ? 1 : 0)
#define @_SIZE_(type, field) sizeof(((type *)0)->field)
#define @_LOW_(number, shift) ((unsigned char)(((number) >> (shift)) & 0xFF))
#define @_WIDE_(number) ((unsigned long long)(number))
#define @_CONSTANT_ const

#else

#define @_SAME_(type, field, ...) 0
#define @_BOUND_(name, ...) 0
#define @_KIND_(type, field, declared) 0
#define @_ELEMENT_KIND_(type, field, element, declared) 0
#define @_IS_(type, ...) 0
#define @_SIGN_(type) 2
#define @_CHAR_IS_SIGNED_ ((char)-1 < 1 ? 1 : 0)
#define @_SIZE_(type, field) sizeof(((type *)0)->field)
#define @_ALIGNMENT_(type) __alignof(type)
#define @_WRAPPED_ALIGNMENT_(type) __alignof(type)
#define @_LOW_(number, shift) ((unsigned char)(((number) >> (shift)) & 0xFF))
#define @_WIDE_(number) ((unsigned long long)(number))
#define @_CONSTANT_ const

#endif
"""

WITHOUT_EXPORTS = """\
#if defined(@_WITHOUT_EXPORTS)
#undef @_BOUND_
#define @_BOUND_(name, ...) 0 /* nothing is declared that could be compared */
#define @_EXTENT_(name, ...) sizeof(__VA_ARGS__)
#else
#define @_EXTENT_(name, ...) sizeof(name)
#endif
"""

BYTES = """\
#define @_2_(number) @_LOW_(number, 0), @_LOW_(number, 8)
#define @_4_(number) @_2_(number), @_LOW_(number, 16), @_LOW_(number, 24)
#define @_8_(number) \\
    @_4_(@_WIDE_(number)), \\
    @_LOW_(@_WIDE_(number), 32), @_LOW_(@_WIDE_(number), 40), \\
    @_LOW_(@_WIDE_(number), 48), @_LOW_(@_WIDE_(number), 56)

/* The words of the note's header alone are in the order of the machine. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define @_BYTE_ORDER_ 2
#define @_WORD_(number) \\
    @_LOW_(number, 24), @_LOW_(number, 16), @_LOW_(number, 8), @_LOW_(number, 0)
#else
#define @_BYTE_ORDER_ 1
#define @_WORD_(number) @_4_(number)
#endif
"""

PLAIN_FUNCTIONS = """\
#if defined(__GNUC__) && !defined(__cplusplus) && defined(__x86_64__) \\
    && (defined(__ELF__) || defined(__APPLE__))
@_ASSERT_(__builtin_types_compatible_p(void (*)(void),
    void (__attribute__((sysv_abi)) *)(void)), "functions: another calling convention (-mabi)");
#endif"""

LONG_DOUBLE = """\
#if (defined(__x86_64__) || defined(__i386__)) && defined(__LDBL_MANT_DIG__) \\
    && !defined(__ANDROID__)
@_ASSERT_(__LDBL_MANT_DIG__ == (sizeof(long double) == 8 ? 53 : 64),
    "long double: another format than the platform's");
#endif
"""

SAMPLES = """\
/* A constant in which one bit-field has all bits set: C finds it by name, C++ by its place. */
#if defined(__cplusplus)
#define @_SAMPLE_(field, value, ...) { __VA_ARGS__ }
#define @_CAST_(type, value) static_cast<type>(value)
#if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 11)
/* All bits set may be no value of an enum that says nothing of its width. */
#define @_BITS_(named, value) \\
    __builtin_bit_cast(named, static_cast<std::underlying_type<named>::type>(value))
#else
#define @_BITS_(type, value) static_cast<type>(value)
#endif
#else
#define @_BITS_(type, value) ((type)(value))
#define @_SAMPLE_(field, value, ...) { .field = value }
#define @_CAST_(type, value) ((type)(value))
#endif
"""

CARRY = """\
/* Where the descriptor lies in the plugin's file, and what keeps it there. */
#if defined(__APPLE__)
#define @_PLACE_ __attribute__((section("__TEXT,__abicheck"), used, aligned(4)))
#elif defined(_MSC_VER) && !defined(__clang__)
#pragma section(".abichk", read)
#define @_PLACE_ __declspec(allocate(".abichk")) __declspec(align(4))
#elif defined(_WIN32)
#define @_PLACE_ __attribute__((section(".abichk"), used, aligned(4)))
#else
#define @_PLACE_ __attribute__((section(".note.abicheck"), used, aligned(4)))
#endif

#if !defined(_WIN32)
#define @_CARRY_ \\
    @_PLACE_ static @_CONSTANT_ struct %_descriptor abicheck_descriptor_% = \\
        @_DESCRIPTOR
#elif defined(__cplusplus)
#define @_CARRY_ \\
    extern "C" { \\
    extern @_EXPORT const struct %_descriptor abicheck_descriptor_%; \\
    } \\
    @_PLACE_ @_CONSTANT_ struct %_descriptor abicheck_descriptor_% = @_DESCRIPTOR
#else
#define @_CARRY_ \\
    extern @_EXPORT const struct %_descriptor abicheck_descriptor_%; \\
    @_PLACE_ const struct %_descriptor abicheck_descriptor_% = @_DESCRIPTOR
#endif
"""


def filled(text: str, names: Names) -> str:
    """Return a part of the header with this contract's names in it."""
    return (
        text.replace("@_", f"{names.prefix}_")
        .replace("%_", f"{names.stem}_")
        .replace("_%", f"_{names.stem}")
    )
