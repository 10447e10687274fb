// Made by abicheck 0.1.0 from greeter.toml: greeter, version 1.2.
// Changes made here are lost; change the contract, and then:
//
//     abicheck generate rust greeter.toml
//
// A plugin takes this file as a module, and says once beside what it exports:
//
//     mod greeter;
//     use greeter::*;
//     greeter_plugin!();
//
// That puts a descriptor into the plugin, which says how this build lays out the types
// below, so that hosts can check it without running it.
//
// Needs Rust 1.82 or newer.

use core::ffi::c_char;

/// The contract's struct `Greeter`.
#[allow(dead_code)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Greeter {
    /// `fn(*const c_char) -> *const c_char`: what it returns goes back to `free_greeting`.
    pub greet: unsafe extern "C" fn(name: *const c_char) -> *const c_char,
}

// What the contract comes to on platforms that abicheck knows: the compiler must agree.
#[cfg(any(
    target_arch = "aarch64",
    target_arch = "arm",
    target_arch = "loongarch64",
    target_arch = "mips",
    target_arch = "mips64",
    target_arch = "powerpc",
    target_arch = "powerpc64",
    target_arch = "riscv32",
    target_arch = "riscv64",
    target_arch = "s390x",
    target_arch = "x86",
    target_arch = "x86_64"
))]
#[rustfmt::skip]
const _: () = {
    assert!(core::mem::offset_of!(Greeter, greet) == 0, "the offset of Greeter.greet must be 0");
    #[cfg(target_pointer_width = "64")]
    {
        assert!(core::mem::size_of::<Greeter>() == 8, "the size of Greeter must be 8");
        assert!(core::mem::align_of::<Greeter>() == 8, "the alignment of Greeter must be 8");
    }
    #[cfg(target_pointer_width = "32")]
    {
        assert!(core::mem::size_of::<Greeter>() == 4, "the size of Greeter must be 4");
        assert!(core::mem::align_of::<Greeter>() == 4, "the alignment of Greeter must be 4");
    }
};

/// The descriptor and the types of the exports; not for use by hand.
#[doc(hidden)]
#[allow(
    dead_code,
    non_camel_case_types,
    non_upper_case_globals,
    unused_imports,
    unused_unsafe,
    clippy::all,
    clippy::pedantic
)]
pub mod abicheck_greeter {
    use core::ffi::c_char;
    use core::mem::{align_of, offset_of, size_of};

    /// `fn(*mut Greeter)`
    pub type export_free_greeter = unsafe extern "C" fn(*mut super::Greeter);

    /// `fn(*const c_char)`
    pub type export_free_greeting = unsafe extern "C" fn(*const c_char);

    /// `static u32`
    pub type export_GREETER_ABI_VERSION = u32;

    /// `fn() -> *mut Greeter`
    pub type export_load_plugin = unsafe extern "C" fn() -> *mut super::Greeter;

    /// Bytes of the descriptor without the note's header, and of the whole note.
    pub const DESCRIBED: usize = 364;
    pub const LENGTH: usize = 388;

    /// An ELF note on every format; `docs/descriptor.md` specifies the bytes.
    #[repr(C, align(4))]
    pub struct Descriptor(pub [u8; LENGTH]);

    /// The descriptor of this build; `_bound` are the optional exports that it has.
    #[rustfmt::skip]
    pub const fn descriptor(_bound: &[&str]) -> Descriptor {
        Records::new()
            .record(47, 1, 14).number(0xc9b0800b4db98a7d, 8).number(6, 2).text("greeter").text("1.2").text("abicheck 0.1.0, Rust")
            .record(31, 2, 23).room::<super::Greeter>().number(0x54c124b4af367901, 8).number(1, 2).number(0, 1).text("Greeter")
            .record(77, 5, 22).field(offset_of!(super::Greeter, greet), measure(|it: *const super::Greeter| unsafe { &raw const (*it).greet })).number(0x878fac1b413e93d7, 8).text("greet").text("fn(*const c_char) -> *const c_char").text("free_greeting")
            .record(44, 9, 13).number(1, 1).number(0x94a4c0288d8d9b44, 8).text("free_greeter").text("fn(*mut Greeter)").text("")
            .record(46, 9, 13).number(1, 1).number(0xd1e5b45c31fabdef, 8).text("free_greeting").text("fn(*const c_char)").text("")
            .record(48, 10, 17).number(1, 1).number(0x4d2bdf193e8526d1, 8).number(size_of::<export_GREETER_ABI_VERSION>() as u64, 4).text("GREETER_ABI_VERSION").text("static u32")
            .record(59, 9, 13).number(1, 1).number(0x0104d68c9f122c8d, 8).text("load_plugin").text("fn() -> *mut Greeter").text("free_greeter")
            .finish()
    }

    impl Kind for super::Greeter {
        const KIND: u8 = 7;
    }

    impl<R, A0> Kind for unsafe extern "C" fn(A0) -> R {
        const KIND: u8 = 6;
    }

    /// What the compiler finds a field to be: its size, and its kind by `docs/descriptor.md`.
    #[derive(Clone, Copy)]
    struct Measured {
        size: usize,
        kind: u8,
    }

    /// Measures the type of the field that `_place` leads to; it is never called.
    const fn measure<S, F: Kind>(_place: fn(*const S) -> *const F) -> Measured {
        Measured {
            size: size_of::<F>(),
            kind: F::KIND,
        }
    }

    /// What a type is to C: a number of which sort, a pointer, an aggregate.
    trait Kind {
        /// The number of the kind in a descriptor.
        const KIND: u8;
    }

    /// Gives each of some types its kind.
    macro_rules! kinds {
        ($($kind:literal: $($type:ty)*;)*) => {
            $($(impl Kind for $type {
                const KIND: u8 = $kind;
            })*)*
        };
    }

    kinds! {
        1: u8 u16 u32 u64 u128 usize;
        2: i8 i16 i32 i64 i128 isize;
        3: bool;
        4: f32 f64;
    }

    impl<T> Kind for *const T {
        const KIND: u8 = 5;
    }

    impl<T> Kind for *mut T {
        const KIND: u8 = 5;
    }

    impl<T> Kind for core::ptr::NonNull<T> {
        const KIND: u8 = 5;
    }

    impl<T: Kind> Kind for Option<T> {
        const KIND: u8 = T::KIND;
    }

    impl<T: Kind, const N: usize> Kind for [T; N] {
        const KIND: u8 = 16 | T::KIND;
    }

    /// Puts records behind each other; all numbers are little-endian on every machine.
    struct Records {
        bytes: [u8; LENGTH],
        end: usize,
    }

    impl Records {
        /// Begins with the header of the note and of the descriptor.
        const fn new() -> Self {
            let words = [9_u32, DESCRIBED as u32, 1];
            let mut records = Self {
                bytes: [0; LENGTH],
                end: 0,
            };
            let mut word = 0;
            while word < words.len() {
                let bytes = words[word].to_ne_bytes();
                let mut at = 0;
                while at < bytes.len() {
                    records.bytes[4 * word + at] = bytes[at];
                    at += 1;
                }
                word += 1;
            }
            records.end = 12;
            records = records.text("abicheck");
            records.end = 24;
            let big = cfg!(target_endian = "big") as u64;
            let wide = if cfg!(windows) { 2 } else { 4 };
            let signed = (core::ffi::c_char::MIN != 0) as u64;
            records
                .number(1, 1)
                .number(0, 1)
                .number(12, 2)
                .number(1 + big, 1)
                .number(size_of::<*const u8>() as u64, 1)
                .number(size_of::<core::ffi::c_long>() as u64, 1)
                .number(wide, 1)
                .number(signed, 1)
                .number(0, 3)
        }

        /// Appends a number of `size` bytes.
        const fn number(mut self, value: u64, size: usize) -> Self {
            let bytes = value.to_le_bytes();
            let mut at = 0;
            while at < size {
                self.bytes[self.end] = bytes[at];
                self.end += 1;
                at += 1;
            }
            self
        }

        /// Appends a string and the NUL behind it.
        const fn text(mut self, text: &str) -> Self {
            let bytes = text.as_bytes();
            let mut at = 0;
            while at < bytes.len() {
                self.bytes[self.end] = bytes[at];
                self.end += 1;
                at += 1;
            }
            self.end += 1;
            self
        }

        /// Begins a record: its whole length, its kind, and where its strings begin.
        const fn record(self, length: u64, kind: u64, fixed: u64) -> Self {
            self.number(length, 2).number(kind, 1).number(fixed, 1)
        }

        /// Takes the measures of a type: its size and alignment.
        const fn room<T>(self) -> Self {
            let (size, alignment) = (size_of::<T>() as u64, align_of::<T>() as u64);
            self.number(size, 4).number(alignment, 4)
        }

        /// Takes the measures of a field: its offset, size and kind, and that it has its type.
        const fn field(self, offset: usize, measured: Measured) -> Self {
            self.number(offset as u64, 4)
                .number(measured.size as u64, 4)
                .number(measured.kind as u64, 1)
                .number(1, 1)
        }

        /// Returns the descriptor, all of whose room is taken.
        const fn finish(self) -> Descriptor {
            assert!(
                self.end == 24 + DESCRIBED,
                "the descriptor's length is wrong"
            );
            Descriptor(self.bytes)
        }
    }

    /// Whether `names` has `name`.
    #[allow(dead_code)]
    const fn has(names: &[&str], name: &str) -> u64 {
        let wanted = name.as_bytes();
        let mut index = 0;
        while index < names.len() {
            let found = names[index].as_bytes();
            let mut at = 0;
            while at < found.len() && at < wanted.len() && found[at] == wanted[at] {
                at += 1;
            }
            if at == found.len() && at == wanted.len() {
                return 1;
            }
            index += 1;
        }
        0
    }
}

/// Makes this crate a plugin of the contract `greeter`.
///
/// Write it once, in the module of the exported functions, behind a `use` of all that is
/// here: `greeter_plugin!();`. A function whose type is not the contract's, such as
/// one that is not `extern "C"`, does not compile.
///
/// It defines `GREETER_ABI_VERSION`, too: the version of the contract.
#[rustfmt::skip]
macro_rules! greeter_plugin {
    () => {
        const _: abicheck_greeter::export_free_greeter = free_greeter;
        const _: abicheck_greeter::export_free_greeting = free_greeting;
        const _: abicheck_greeter::export_load_plugin = load_plugin;
        /// The version of the contract that this plugin keeps, for its host.
        #[unsafe(no_mangle)]
        pub static GREETER_ABI_VERSION: abicheck_greeter::export_GREETER_ABI_VERSION = 0x10002;
        /// What `abicheck verify` reads of this build.
        #[used]
        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__TEXT,__abicheck"))]
        #[cfg_attr(windows, unsafe(link_section = ".abichk"))]
        #[cfg_attr(windows, unsafe(export_name = "abicheck_descriptor_greeter"))]
        #[cfg_attr(
            not(any(windows, target_vendor = "apple", target_family = "wasm")),
            unsafe(link_section = ".note.abicheck")
        )]
        pub static ABICHECK_DESCRIPTOR_GREETER: abicheck_greeter::Descriptor =
            abicheck_greeter::descriptor(&[]);
    };
}
#[allow(unused_imports)]
pub(crate) use greeter_plugin;
