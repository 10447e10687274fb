// Made by abicheck 0.1.0 from greeter.toml: greeter, version 1.2.
// Changes made here are lost; change the contract, and then:
//
//     abicheck generate rust greeter.toml --host
//
// A host takes this file as a module, with `libloading` among its dependencies:
//
//     mod greeter_host;
//     let plugin = greeter_host::Plugin::load(path)?;
//
// The plugin's file is read first, and nothing of it runs unless its descriptor, its
// exports and its tags are what this contract demands.
//
// Needs Rust 1.82 or newer.

use core::ffi::c_char;

/// The contract's types, bare: any pointer may be NULL.
#[rustfmt::skip]
pub mod ffi {
    use core::ffi::c_char;

    /// The contract's struct `Greeter`.
    #[allow(dead_code)]
    #[repr(C)]
    #[derive(Clone, Copy)]
    pub struct Greeter {
        /// `fn(*const c_char) -> *const c_char`: what it returns goes back to `free_greeting`.
        pub greet: Option<unsafe extern "C" fn(name: *const c_char) -> *const c_char>,
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
}

const CONTRACT: &str = "greeter";
const VERSION: &str = "1.2";

/// This host's own descriptor, with the note's header and padding.
#[rustfmt::skip]
static EXPECTED: [u8; ffi::abicheck_greeter::LENGTH] =
    ffi::abicheck_greeter::descriptor(&[]).0;
#[rustfmt::skip]
const DESCRIBED: usize = ffi::abicheck_greeter::DESCRIBED;

#[rustfmt::skip]
const TERMS: descriptor::Terms = descriptor::Terms {
    since: &[],
    growing: &[],
    closed: &[],
    exact: &[],
    optional: &[],
};

#[rustfmt::skip]
const WANTED: &[Wanted] = &[
    Wanted { name: "free_greeter", is_data: false, is_optional: false, is_described: true, is_forbidden: false },
    Wanted { name: "free_greeting", is_data: false, is_optional: false, is_described: true, is_forbidden: false },
    Wanted { name: "GREETER_ABI_VERSION", is_data: true, is_optional: false, is_described: true, is_forbidden: false },
    Wanted { name: "load_plugin", is_data: false, is_optional: false, is_described: true, is_forbidden: false },
];

#[rustfmt::skip]
#[allow(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
const TAGS: &[Tag] = &[
    Tag {
        name: "version",
        export: "GREETER_ABI_VERSION",
        at: 0,
        size: core::mem::size_of::<u32>() as u64,
        is_signed: false,
        is_optional: false,
        shift: 0,
        mask: u64::MAX,
        parts: |value| vec![(value >> 16) as u64 & 0xffff, value as u64 & 0xffff],
        fits: &[
            (">=1.0, <=1.2", |_, parts| against(parts, &[1, 0]).is_ge() && against(parts, &[1, 2]).is_le()),
        ],
    },
];

/// A loaded plugin that keeps the contract `greeter`.
///
/// The library stays loaded as long as this or anything that came from it exists.
#[allow(dead_code)]
#[derive(Clone)]
pub struct Plugin {
    loaded: std::sync::Arc<Loaded>,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Plugin").finish_non_exhaustive()
    }
}

/// The library and its exported functions.
#[rustfmt::skip]
#[allow(dead_code, non_snake_case, clippy::struct_field_names)]
struct Loaded {
    export_free_greeter: ffi::abicheck_greeter::export_free_greeter,
    export_free_greeting: ffi::abicheck_greeter::export_free_greeting,
    export_load_plugin: ffi::abicheck_greeter::export_load_plugin,
    lacking: Vec<&'static str>,
    library: Opened,
}

#[rustfmt::skip]
#[allow(clippy::unnecessary_wraps)]
impl Loaded {
    fn new(
        library: Opened,
        lacking: Vec<&'static str>,
    ) -> Result<Self, Reason> {
        Ok(Self { export_free_greeter: find(&library, "free_greeter")?, export_free_greeting: find(&library, "free_greeting")?, export_load_plugin: find(&library, "load_plugin")?, lacking, library })
    }
}

#[rustfmt::skip]
#[allow(dead_code, non_snake_case, clippy::must_use_candidate, clippy::similar_names, clippy::too_many_arguments, clippy::type_complexity, clippy::let_and_return, clippy::should_implement_trait)]
impl Plugin {
    /// Calls `free_greeter`: `fn(*mut Greeter)`.
    ///
    /// # Safety
    ///
    /// The arguments are passed on as they are.
    pub unsafe fn free_greeter(&self, argument_1: *mut ffi::Greeter) {
        let found = self.loaded.export_free_greeter;
        unsafe { found(argument_1) };
    }

    /// Calls `free_greeting`: `fn(*const c_char)`.
    ///
    /// # Safety
    ///
    /// The arguments are passed on as they are.
    pub unsafe fn free_greeting(&self, argument_1: *const c_char) {
        let found = self.loaded.export_free_greeting;
        unsafe { found(argument_1) };
    }

    /// Returns the address of `GREETER_ABI_VERSION`: `static u32`.
    ///
    /// # Errors
    ///
    /// The plugin has no such data.
    pub fn GREETER_ABI_VERSION(&self) -> Result<*const u32, Absent> {
        let absent = Absent("the plugin has no GREETER_ABI_VERSION");
        let name = "GREETER_ABI_VERSION";
        let found = find_unless(&self.loaded.lacking, &self.loaded.library, name);
        found.ok().flatten().ok_or(absent)
    }

    /// Calls `load_plugin`: `fn() -> *mut Greeter`. What it returns goes back to `free_greeter` when it is dropped.
    ///
    /// # Errors
    ///
    /// There is no such function, or it returned NULL.
    pub fn load_plugin(&self) -> Result<Owned<ffi::Greeter>, Absent> {
        let found = self.loaded.export_load_plugin;
        let result = unsafe { found() };
        let free = |loaded: &Loaded, it: *mut ffi::Greeter| {
            unsafe { (loaded.export_free_greeter)(it) };
        };
        Owned::new(result, &self.loaded, free, "load_plugin returned NULL")
    }
}

#[rustfmt::skip]
#[allow(dead_code, non_snake_case, clippy::must_use_candidate, clippy::similar_names, clippy::too_many_arguments, clippy::type_complexity, clippy::let_and_return, clippy::should_implement_trait)]
impl Pointer<ffi::Greeter> {
    /// Calls the plugin's `Greeter.greet`: `fn(*const c_char) -> *const c_char`. What it returns goes back to `free_greeting` when it is dropped.
    ///
    /// # Safety
    ///
    /// The arguments are passed on as they are.
    ///
    /// # Errors
    ///
    /// There is no such function, or it returned NULL.
    pub unsafe fn greet(&self, name: *const c_char) -> Result<Owned<c_char>, Absent> {
        let found = unsafe { (*self.as_ptr()).greet }.ok_or(Absent("Greeter.greet is NULL"))?;
        let result = unsafe { found(name) }.cast_mut();
        let free = |loaded: &Loaded, it: *mut c_char| {
            unsafe { (loaded.export_free_greeting)(it) };
        };
        Owned::new(result, &self.loaded, free, "Greeter.greet returned NULL")
    }
}

/// Why a plugin was not loaded: all reasons, not only the first.
#[derive(Debug)]
pub struct Refused {
    file: std::path::PathBuf,
    reasons: Vec<Reason>,
}

/// One reason why a plugin was not loaded.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The file cannot be read.
    Unreadable(std::io::Error),
    /// It cannot be told what the plugin is: it is damaged, or has no descriptor, or is of another platform.
    Unverified(String),
    /// The plugin differs from the contract: where, what the host expects and what the plugin has.
    Mismatch {
        /// What differs, such as `Greeter.greet`.
        subject: String,
        /// What the host was built with.
        expected: String,
        /// What the plugin has.
        found: String,
    },
    /// The plugin fits, but the operating system does not load it.
    NotLoaded(libloading::Error),
}

#[allow(dead_code)]
impl Refused {
    /// Returns every reason.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// Returns the plugin's file.
    #[must_use]
    pub fn file(&self) -> &std::path::Path {
        &self.file
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = self.file.display();
        write!(
            formatter,
            "{file} is refused as a plugin for {CONTRACT} {VERSION}"
        )?;
        for reason in &self.reasons {
            write!(formatter, "\n  {reason}")?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(error) => write!(formatter, "it cannot be read: {error}"),
            Self::Unverified(reason) => write!(formatter, "{reason}"),
            Self::Mismatch {
                subject,
                expected,
                found,
            } => {
                write!(formatter, "{subject}: expected {expected}, found {found}")
            }
            Self::NotLoaded(error) => write!(formatter, "it cannot be loaded: {error}"),
        }
    }
}

impl std::error::Error for Refused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.reasons.iter().find_map(|reason| match reason {
            Reason::Unreadable(error) => Some(error as _),
            Reason::NotLoaded(error) => Some(error as _),
            _ => None,
        })
    }
}

/// What the plugin does not have or did not return; says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absent(&'static str);

impl std::fmt::Display for Absent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for Absent {}

/// A pointer from the plugin that is not NULL; the library stays loaded as long as it exists.
pub struct Pointer<T> {
    raw: std::ptr::NonNull<T>,
    loaded: std::sync::Arc<Loaded>,
}

#[allow(dead_code)]
impl<T> Pointer<T> {
    fn new(
        raw: *mut T,
        loaded: &std::sync::Arc<Loaded>,
        absent: &'static str,
    ) -> Result<Self, Absent> {
        let raw = std::ptr::NonNull::new(raw).ok_or(Absent(absent))?;
        let loaded = std::sync::Arc::clone(loaded);
        Ok(Self { raw, loaded })
    }

    /// Returns the bare pointer.
    #[must_use]
    pub fn as_ptr(&self) -> *mut T {
        self.raw.as_ptr()
    }
}

#[allow(dead_code)]
impl Pointer<std::ffi::c_char> {
    /// Returns the text that the pointer leads to.
    ///
    /// # Safety
    ///
    /// There must be text that ends in NUL, which nobody changes for as long.
    #[must_use]
    pub unsafe fn as_c_str(&self) -> &std::ffi::CStr {
        unsafe { std::ffi::CStr::from_ptr(self.raw.as_ptr()) }
    }
}

impl<T> std::fmt::Debug for Pointer<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.raw.fmt(formatter)
    }
}

/// A pointer that is given back to the plugin, by the contract's `free`, when it is dropped.
#[derive(Debug)]
pub struct Owned<T> {
    pointer: Pointer<T>,
    free: fn(&Loaded, *mut T),
}

#[allow(dead_code)]
impl<T> Owned<T> {
    fn new(
        raw: *mut T,
        loaded: &std::sync::Arc<Loaded>,
        free: fn(&Loaded, *mut T),
        absent: &'static str,
    ) -> Result<Self, Absent> {
        let pointer = Pointer::new(raw, loaded, absent)?;
        Ok(Self { pointer, free })
    }

    /// Returns the bare pointer, which from now on the caller gives back.
    #[must_use]
    pub fn into_raw(this: Self) -> *mut T {
        let raw = this.pointer.as_ptr();
        // The library stays loaded for good, since nobody knows how long the pointer is used.
        std::mem::forget(this);
        raw
    }
}

impl<T> std::ops::Deref for Owned<T> {
    type Target = Pointer<T>;

    fn deref(&self) -> &Pointer<T> {
        &self.pointer
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        (self.free)(&self.pointer.loaded, self.pointer.as_ptr());
    }
}

/// What a tag must be, and whether a value and the parts of a version are that.
type Condition = (&'static str, fn(i128, &[u64]) -> bool);

/// A tag that the file shows without running anything, and what it must be.
#[allow(dead_code)]
struct Tag {
    name: &'static str,
    export: &'static str,
    at: usize,
    size: u64,
    is_signed: bool,
    is_optional: bool,
    shift: u32,
    mask: u64,
    parts: fn(i128) -> Vec<u64>,
    fits: &'static [Condition],
}

#[allow(dead_code, clippy::cast_possible_wrap)]
impl Tag {
    fn check(&self, image: &image::Image, reasons: &mut Vec<Reason>) {
        let Some(export) = image.export(self.export) else {
            return; // That the export is absent is a reason already, unless it is optional.
        };
        let Some(bits) = image.number(export, self.at as u64, self.size) else {
            let (name, export) = (self.name, self.export);
            let text = format!("tags.{name}: the file does not show the value of {export}");
            return reasons.push(Reason::Unverified(text));
        };
        let unused = 64 - 8 * self.size;
        let value = if self.is_signed && self.mask == u64::MAX && self.shift == 0 {
            i128::from((bits << unused) as i64 >> unused)
        } else {
            i128::from(bits >> self.shift & self.mask)
        };
        let parts = (self.parts)(value);
        if let Some((expected, _)) = self.fits.iter().find(|(_, fits)| !fits(value, &parts)) {
            let version: Vec<String> = parts.iter().map(u64::to_string).collect();
            let found = if version.is_empty() {
                value.to_string()
            } else {
                version.join(".")
            };
            let subject = format!("tags.{}", self.name);
            reasons.push(Reason::Mismatch {
                subject,
                expected: (*expected).into(),
                found,
            });
        }
    }
}

/// Compares the parts of a version with a bound, as far as the bound goes.
#[allow(dead_code)]
fn against(parts: &[u64], bound: &[u64]) -> std::cmp::Ordering {
    parts.iter().take(bound.len()).cmp(bound.iter())
}

/// An export that the file must have.
#[allow(clippy::struct_excessive_bools)]
struct Wanted {
    name: &'static str,
    is_data: bool,
    is_optional: bool,
    is_described: bool,
    is_forbidden: bool,
}

/// The machine that this host is built for, as files of each format name it.
const MACHINE: (&str, u64) = if cfg!(windows) {
    let machine = if cfg!(target_arch = "x86_64") {
        0x8664
    } else if cfg!(target_arch = "aarch64") {
        0xaa64
    } else {
        0x14c
    };
    ("PE", machine)
} else if cfg!(target_vendor = "apple") {
    let is_arm = cfg!(target_arch = "aarch64");
    ("Mach-O", if is_arm { 0x0100_000c } else { 0x0100_0007 })
} else {
    ("ELF", ELF_MACHINE)
};

/// Source: System V gABI, "ELF Header", `e_machine`. 0 is a machine whose number is not known here.
const ELF_MACHINE: u64 = if cfg!(target_arch = "x86_64") {
    62
} else if cfg!(target_arch = "x86") {
    3
} else if cfg!(target_arch = "aarch64") {
    183
} else if cfg!(target_arch = "arm") {
    40
} else if cfg!(any(target_arch = "riscv32", target_arch = "riscv64")) {
    243
} else if cfg!(target_arch = "powerpc") {
    20
} else if cfg!(target_arch = "powerpc64") {
    21
} else if cfg!(target_arch = "s390x") {
    22
} else if cfg!(any(target_arch = "mips", target_arch = "mips64")) {
    8
} else if cfg!(target_arch = "loongarch64") {
    258
} else {
    0
};

/// Checks the bytes of a plugin; returns the members that it is too old to have.
fn check(bytes: &[u8]) -> Result<Vec<&'static str>, Vec<Reason>> {
    let unverified = |text: String| vec![Reason::Unverified(text)];
    let names: Vec<&'static str> = WANTED.iter().map(|each| each.name).collect();
    let image = image::read(bytes, &names, MACHINE.1).map_err(unverified)?;
    let (format, machine, bits) = image.platform;
    let is_native = format == MACHINE.0
        && bits == size_of::<usize>() as u64 * 8
        && image.big == cfg!(target_endian = "big")
        && (machine == MACHINE.1 || MACHINE.1 == 0);
    if !is_native {
        let text = format!("it is for another platform: {format}, machine {machine}, {bits} bits");
        return Err(unverified(text));
    }
    let host = descriptor::read(&EXPECTED[24..24 + DESCRIBED]).map_err(unverified)?;
    let mut reasons = Vec::new();
    let mut lacking = Vec::new();
    match descriptor::find(&image.notes, image.big, CONTRACT) {
        Err(reason) => reasons.push(Reason::Unverified(reason)),
        Ok(plugin) => {
            lacking = descriptor::compare(&host, &plugin, &TERMS, &mut reasons);
            for wanted in WANTED {
                let is_there = image.export(wanted.name).is_some();
                if is_there
                    && wanted.is_described
                    && !plugin.is_bound(wanted.name)
                    && reasons.is_empty()
                {
                    let name = wanted.name;
                    let text = format!("{name}: the plugin's build did not compare its type");
                    reasons.push(Reason::Unverified(text));
                }
            }
        }
    }
    for wanted in WANTED {
        let expected = match (wanted.is_forbidden, wanted.is_data) {
            (true, _) => "no such export",
            (false, true) => "exported data",
            (false, false) => "an exported function",
        };
        let found = match image.export(wanted.name).map(|found| found.nature) {
            Some(_) if wanted.is_forbidden => "one",
            Some(image::Nature::Code) if wanted.is_data => "a function",
            Some(image::Nature::Data) if !wanted.is_data => "data",
            None if wanted.is_optional || wanted.is_forbidden => {
                lacking.push(wanted.name);
                continue;
            }
            None if !lacking.contains(&wanted.name) => "no such export",
            _ => continue,
        };
        let (subject, expected, found) = (wanted.name.into(), expected.into(), found.into());
        reasons.push(Reason::Mismatch {
            subject,
            expected,
            found,
        });
    }
    for tag in TAGS {
        tag.check(&image, &mut reasons);
    }
    if reasons.is_empty() {
        Ok(lacking)
    } else {
        Err(reasons)
    }
}

/// Reads a whole file, which must be a regular one.
fn read(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            "it is no regular file",
        ));
    }
    std::fs::read(path)
}

/// A library, and the copy that it was loaded from; it is unloaded before that is closed.
struct Opened {
    library: libloading::Library,
    _copy: Copied,
}

impl std::ops::Deref for Opened {
    type Target = libloading::Library;

    fn deref(&self) -> &libloading::Library {
        &self.library
    }
}

/// A copy in memory. The loader knows a library by the copy's number, and would take another
/// plugin's copy under the same number for this one: it stays open while anything is loaded from it.
#[allow(dead_code)]
struct Copied(Option<std::fs::File>);

impl Drop for Copied {
    fn drop(&mut self) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Some(file) = self.0.take() {
            use libloading::os::unix::{Library, RTLD_LAZY};
            use std::os::fd::{AsRawFd, IntoRawFd};
            // RTLD_NOLOAD, which the GNU C library has elsewhere on MIPS.
            let is_gnu_mips = cfg!(all(
                target_env = "gnu",
                any(
                    target_arch = "mips",
                    target_arch = "mips64",
                    target_arch = "mips32r6",
                    target_arch = "mips64r6"
                )
            ));
            let without_loading = if is_gnu_mips { 8 } else { 4 };
            let path = format!("/proc/self/fd/{}", file.as_raw_fd());
            // SAFETY: nothing is loaded, so that nothing of a library runs.
            if unsafe { Library::open(Some(path), RTLD_LAZY | without_loading) }.is_ok() {
                let _ = file.into_raw_fd();
            }
        }
    }
}

/// Loads exactly `bytes`, from a sealed copy in memory that no other program can change.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn open_copy(_path: &std::path::Path, bytes: &[u8]) -> Result<Opened, Reason> {
    use std::io::Write;
    use std::os::fd::{AsRawFd, FromRawFd};

    unsafe extern "C" {
        fn memfd_create(name: *const std::ffi::c_char, flags: std::ffi::c_uint) -> std::ffi::c_int;
        fn fcntl(file: std::ffi::c_int, command: std::ffi::c_int, ...) -> std::ffi::c_int;
    }
    const CLOSE_ON_EXEC_AND_SEALABLE: std::ffi::c_uint = 1 | 2;
    const ADD_SEALS: std::ffi::c_int = 1033;
    const SEAL_SHRINK_GROW_WRITE_SEAL: std::ffi::c_int = 1 | 2 | 4 | 8;
    const BUSY: i32 = 16;

    // SAFETY: the name ends in NUL.
    let file = unsafe { memfd_create(c"plugin".as_ptr(), CLOSE_ON_EXEC_AND_SEALABLE) };
    if file < 0 {
        return Err(Reason::Unreadable(std::io::Error::last_os_error()));
    }
    // SAFETY: the descriptor was just made, and nobody else has it.
    let mut file = unsafe { std::fs::File::from_raw_fd(file) };
    file.write_all(bytes).map_err(Reason::Unreadable)?;
    // The kernel may be busy with a page of the copy, once in thousands of times.
    let mut tries = 20;
    // SAFETY: sealing takes one more argument, an int.
    while unsafe { fcntl(file.as_raw_fd(), ADD_SEALS, SEAL_SHRINK_GROW_WRITE_SEAL) } != 0 {
        let error = std::io::Error::last_os_error();
        tries -= 1;
        if error.raw_os_error() != Some(BUSY) || tries == 0 {
            return Err(Reason::Unreadable(error));
        }
    }
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let copy = Copied(Some(file));
    Ok(Opened {
        library: open(std::path::Path::new(&path))?,
        _copy: copy,
    })
}

/// Loads the file at `path` while it is held open; see `Plugin::load` for what that is worth.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn open_copy(path: &std::path::Path, bytes: &[u8]) -> Result<Opened, Reason> {
    open_in_place(path, bytes)
}

/// Loads the file at its own path, and reads it again to see whether it is still the same.
fn open_in_place(path: &std::path::Path, bytes: &[u8]) -> Result<Opened, Reason> {
    let path = path.canonicalize().map_err(Reason::Unreadable)?;
    let held = hold(&path).map_err(Reason::Unreadable)?;
    if read(&path).map_err(Reason::Unreadable)? != bytes {
        return Err(Reason::Unverified("it changed while it was checked".into()));
    }
    let library = open(&path)?;
    let is_same = read(&path).map_err(Reason::Unreadable)? == bytes;
    drop(held);
    if is_same {
        Ok(Opened {
            library,
            _copy: Copied(None),
        })
    } else {
        Err(Reason::Unverified("it changed while it was loaded".into()))
    }
}

/// Opens a file so that on Windows nobody can write, rename or remove it meanwhile.
fn hold(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 1);
    options.open(path)
}

/// Loads a library with all its imports resolved at once, and its symbols its own.
fn open(path: &std::path::Path) -> Result<libloading::Library, Reason> {
    #[cfg(unix)]
    {
        use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
        // SAFETY: the file is the one that was checked; its constructors run here.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
        library.map(Into::into).map_err(Reason::NotLoaded)
    }
    #[cfg(not(unix))]
    {
        // SAFETY: the file is the one that was checked; its DllMain runs here.
        unsafe { libloading::Library::new(path) }.map_err(Reason::NotLoaded)
    }
}

/// Returns the address of an export, unless the plugin lacks it: libraries that it needs may have
/// one of this name.
#[allow(dead_code)]
fn find_unless<T: Copy>(
    lacking: &[&str],
    library: &libloading::Library,
    name: &'static str,
) -> Result<Option<T>, Reason> {
    if lacking.contains(&name) {
        return Ok(None);
    }
    find(library, name).map(Some)
}

/// Returns the address of an export that the plugin has.
#[allow(dead_code)]
fn find<T: Copy>(library: &libloading::Library, name: &'static str) -> Result<T, Reason> {
    // SAFETY: the plugin's descriptor and its file have shown that the export has this type.
    let found = unsafe { library.get::<T>(name.as_bytes()) };
    found.map(|symbol| *symbol).map_err(Reason::NotLoaded)
}

#[allow(dead_code)]
impl Plugin {
    /// Checks the plugin's file, and loads it if it keeps the contract.
    ///
    /// Nothing of it has run when it is refused. On Linux and Android the very bytes that were
    /// checked are loaded, from a copy in memory; a plugin that finds files beside itself wants
    /// [`Plugin::load_in_place`]. On Windows the file cannot be changed meanwhile. Elsewhere
    /// somebody who may write it can still exchange it between the check and the loading: it is
    /// read again afterwards and then refused, but its constructors have run.
    ///
    /// A plugin that lies about itself on purpose, or that has other errors, is not found out, and
    /// the libraries that it needs are not checked. Each call makes a copy with its own statics.
    ///
    /// # Errors
    ///
    /// [`Refused`] has every difference between the plugin and the contract.
    pub fn load(path: impl AsRef<std::path::Path>) -> Result<Self, Refused> {
        Self::load_with(path.as_ref(), open_copy)
    }

    /// Does the same, but loads the file from where it is.
    ///
    /// # Errors
    ///
    /// [`Refused`] has every difference between the plugin and the contract.
    pub fn load_in_place(path: impl AsRef<std::path::Path>) -> Result<Self, Refused> {
        Self::load_with(path.as_ref(), open_in_place)
    }

    /// Checks the plugin's file and loads nothing.
    ///
    /// # Errors
    ///
    /// [`Refused`] has every difference between the plugin and the contract.
    pub fn check(path: impl AsRef<std::path::Path>) -> Result<(), Refused> {
        let path = path.as_ref();
        let refused = |reasons| Refused {
            file: path.into(),
            reasons,
        };
        let bytes = read(path).map_err(|error| refused(vec![Reason::Unreadable(error)]))?;
        check(&bytes).map(drop).map_err(refused)
    }

    fn load_with(
        path: &std::path::Path,
        open: fn(&std::path::Path, &[u8]) -> Result<Opened, Reason>,
    ) -> Result<Self, Refused> {
        let refused = |reasons| Refused {
            file: path.into(),
            reasons,
        };
        let bytes = read(path).map_err(|error| refused(vec![Reason::Unreadable(error)]))?;
        let lacking = check(&bytes).map_err(refused)?;
        let found = open(path, &bytes).and_then(|library| Loaded::new(library, lacking));
        let loaded = found.map_err(|reason| refused(vec![reason]))?;
        Ok(Self {
            loaded: std::sync::Arc::new(loaded),
        })
    }
}

/// Reads descriptors and holds that of a plugin against the host's own, record by record.
#[allow(dead_code, clippy::cast_possible_wrap)]
mod descriptor {
    use super::Reason;

    const CONTRACT: u8 = 1;
    const STRUCT: u8 = 2;
    const UNION: u8 = 3;
    const FIELD: u8 = 5;
    const BIT_FIELD: u8 = 6;
    const ENUM: u8 = 7;
    const ENUMERATOR: u8 = 8;
    const FUNCTION: u8 = 9;
    const DATA: u8 = 10;

    /// One record; `owner` is the struct or enum to which it belongs.
    #[derive(Clone, Copy)]
    struct Record<'a> {
        kind: u8,
        owner: &'a str,
        fixed: &'a [u8],
        name: &'a str,
        texts: [&'a str; 2],
        sample: &'a [u8],
    }

    impl Record<'_> {
        fn number(&self, at: usize, size: usize) -> u64 {
            let bytes = self.fixed.get(at..at + size).unwrap_or_default();
            bytes
                .iter()
                .rev()
                .fold(0, |value, byte| value << 8 | u64::from(*byte))
        }

        fn subject(&self) -> String {
            match (self.owner, self.name) {
                ("", name) => name.into(),
                (owner, "") => format!("{owner} (anonymous member)"),
                (owner, name) => format!("{owner}.{name}"),
            }
        }
    }

    /// What one build states of itself.
    pub struct Descriptor<'a> {
        pub contract: &'a str,
        pub version: &'a str,
        build: &'a [u8],
        records: Vec<Record<'a>>,
    }

    /// What the host knows beside its own descriptor.
    pub struct Terms {
        /// Members by path, with the version that brought them.
        pub since: &'static [(&'static str, &'static str)],
        /// Structs that may be longer in a newer plugin; in any where a field tells their size.
        pub growing: &'static [(&'static str, bool)],
        /// Enums without any other values.
        pub closed: &'static [&'static str],
        /// Structs, unions and enums whose members' names are part of the contract.
        pub exact: &'static [&'static str],
        /// Exports that a plugin need not have.
        pub optional: &'static [&'static str],
    }

    /// Returns the descriptor for `contract` among the notes of a plugin's file.
    pub fn find<'a>(
        notes: &[&'a [u8]],
        big: bool,
        contract: &str,
    ) -> Result<Descriptor<'a>, String> {
        let mut found: Option<(&'a [u8], Descriptor<'a>)> = None;
        let mut others = Vec::new();
        for section in notes {
            for note in in_section(section, big)? {
                let descriptor = read(note)?;
                if descriptor.contract != contract {
                    others.push(descriptor.contract);
                } else if found.as_ref().is_some_and(|(first, _)| *first != note) {
                    return Err("it has two descriptors that differ".into());
                } else {
                    found = Some((note, descriptor));
                }
            }
        }
        match found {
            Some((_, descriptor)) => Ok(descriptor),
            None if others.is_empty() => Err("it has no descriptor: it was not built with the \
                 header or module that `abicheck generate` makes"
                .into()),
            None => Err(format!("it is a plugin for {}", others.join(", "))),
        }
    }

    /// Returns the descriptions of the notes named "abicheck" in one section or segment.
    fn in_section(section: &[u8], big: bool) -> Result<Vec<&[u8]>, String> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(header) = section.get(at..at + 12) {
            let word = |index: usize| {
                let bytes = [0, 1, 2, 3].map(|byte| header[4 * index + byte]);
                let value = if big {
                    u32::from_be_bytes(bytes)
                } else {
                    u32::from_le_bytes(bytes)
                };
                usize::try_from(value)
                    .unwrap_or(usize::MAX / 4)
                    .min(usize::MAX / 4)
            };
            let (name, size, kind) = (word(0), word(1), word(2));
            if (name, size, kind) == (0, 0, 0) {
                at += 4;
                continue;
            }
            let start = at + 12 + name.next_multiple_of(4);
            let is_ours = section.get(at + 12..at + 12 + name) == Some(b"abicheck\0");
            if is_ours && kind == 1 {
                match section.get(start..start + size) {
                    Some(bytes) => found.push(bytes),
                    None => return Err("its descriptor is truncated".into()),
                }
            }
            at = start + size.next_multiple_of(4);
        }
        Ok(found)
    }

    /// Reads the records of a descriptor.
    pub fn read(bytes: &[u8]) -> Result<Descriptor<'_>, String> {
        if bytes.first().is_some_and(|major| *major != 1) {
            return Err("its descriptor is of a newer format".into());
        }
        records(bytes).ok_or_else(|| "its descriptor is damaged".into())
    }

    fn records(bytes: &[u8]) -> Option<Descriptor<'_>> {
        let short =
            |at: usize| Some(usize::from(*bytes.get(at)?) | usize::from(*bytes.get(at + 1)?) << 8);
        let mut at = short(2)?;
        let build = bytes.get(4..10)?;
        let mut records: Vec<Record> = Vec::new();
        let mut owner = "";
        let mut stated = None;
        while at < bytes.len() {
            let length = short(at)?;
            if length == 0 {
                break;
            }
            let record = bytes.get(at..at.checked_add(length)?)?;
            let (kind, fixed) = (*record.get(2)?, usize::from(*record.get(3)?));
            let mut texts = [""; 3];
            let mut rest = record.get(fixed..)?;
            for text in texts.iter_mut().take(texts_of(kind)) {
                let end = rest.iter().position(|byte| *byte == 0)?;
                *text = std::str::from_utf8(&rest[..end]).ok()?;
                rest = &rest[end + 1..];
            }
            if !matches!(kind, FIELD | BIT_FIELD | ENUMERATOR) {
                owner = "";
            }
            let [name, first, second] = texts;
            let fixed = record.get(..fixed)?;
            let record = Record {
                kind,
                owner,
                fixed,
                name,
                texts: [first, second],
                sample: rest,
            };
            if matches!(kind, STRUCT | UNION | ENUM) {
                owner = name;
            }
            if kind == CONTRACT && stated.replace(record).is_some() {
                return None;
            }
            records.push(record);
            at += length;
        }
        let contract = stated?;
        if contract.number(12, 2) != records.len() as u64 - 1 || records[0].kind != CONTRACT {
            return None;
        }
        for (index, record) in records.iter().enumerate() {
            let stated = match record.kind {
                STRUCT | UNION => record.number(20, 2),
                ENUM => record.number(17, 2),
                _ => continue,
            };
            let follow = records[index + 1..].iter();
            let members =
                follow.take_while(|each| matches!(each.kind, FIELD | BIT_FIELD | ENUMERATOR));
            if members.count() as u64 != stated {
                return None;
            }
        }
        Some(Descriptor {
            contract: contract.name,
            version: contract.texts[0],
            build,
            records,
        })
    }

    /// Returns how many strings of a kind this reader knows.
    fn texts_of(kind: u8) -> usize {
        match kind {
            CONTRACT | FIELD | FUNCTION => 3,
            BIT_FIELD | DATA => 2,
            STRUCT | UNION | ENUM | ENUMERATOR | 4 => 1,
            _ => 0,
        }
    }

    /// Compares a plugin's descriptor with the host's; returns the members that it is too old for.
    pub fn compare(
        host: &Descriptor<'static>,
        plugin: &Descriptor,
        terms: &Terms,
        reasons: &mut Vec<Reason>,
    ) -> Vec<&'static str> {
        let mut comparison = Comparison {
            host,
            plugin,
            terms,
            reasons,
            lacking: Vec::new(),
        };
        comparison.builds(host);
        let tops = host.records.iter().filter(|each| each.owner.is_empty());
        for ours in tops.filter(|each| each.kind != CONTRACT) {
            comparison.top(host, ours);
        }
        comparison.lacking
    }

    struct Comparison<'a, 'b> {
        host: &'a Descriptor<'static>,
        plugin: &'a Descriptor<'a>,
        terms: &'a Terms,
        reasons: &'b mut Vec<Reason>,
        lacking: Vec<&'static str>,
    }

    impl<'a> Comparison<'a, '_> {
        fn mismatch(&mut self, subject: &str, expected: &str, found: &str) {
            self.reasons.push(Reason::Mismatch {
                subject: subject.into(),
                expected: expected.into(),
                found: found.into(),
            });
        }

        fn number(&mut self, subject: &str, what: &str, expected: u64, found: u64) -> bool {
            if expected != found {
                self.mismatch(subject, &format!("{what} {expected}"), &format!("{found}"));
            }
            expected == found
        }

        fn builds(&mut self, host: &Descriptor) {
            let order = ["", "little-endian", "big-endian"];
            let [ours, theirs] = [host, self.plugin].map(|each| {
                *order
                    .get(usize::from(each.build[0]))
                    .unwrap_or(&"of unknown byte order")
            });
            if ours != theirs {
                self.mismatch("the build", ours, theirs);
            }
            let is_wide = |each: &Record| each.texts[0].contains("wchar_t");
            let known = if host.records.iter().any(is_wide) {
                3
            } else {
                2
            };
            for (index, what) in [(1, "pointers"), (2, "long"), (3, "wchar_t")]
                .into_iter()
                .take(known)
            {
                let [ours, theirs] = [host, self.plugin].map(|each| u64::from(each.build[index]));
                self.number("the build", &format!("bytes of {what}:"), ours, theirs);
            }
        }

        /// Whether the plugin's contract is older than what brought a member.
        fn is_older_than(&mut self, path: &str) -> bool {
            let is_older = self.is_before(path);
            let mut since = self.terms.since.iter();
            if let Some((member, _)) = since.find(|(member, _)| is_older && *member == path) {
                self.lacking.push(member);
            }
            is_older
        }

        fn is_before(&self, path: &str) -> bool {
            let version = super::version(self.plugin.version);
            let mut since = self.terms.since.iter();
            since.any(|(member, since)| *member == path && version < super::version(since))
        }

        fn is_newer(&self, host: &Descriptor) -> bool {
            super::version(self.plugin.version) > super::version(host.version)
        }

        fn top(&mut self, host: &Descriptor<'static>, ours: &Record<'static>) {
            let name = ours.name;
            let found = self.plugin.records.iter();
            let found = found.filter(|each| each.owner.is_empty() && each.name == name);
            let Some(theirs) = found.copied().find(|each| each.kind == ours.kind) else {
                let path = match ours.kind {
                    FUNCTION | DATA => name.to_string(),
                    _ => format!("type {name}"),
                };
                if !self.is_older_than(&path) && !self.terms.optional.contains(&name) {
                    self.mismatch(name, what(ours), "none in the plugin");
                }
                return;
            };
            match ours.kind {
                STRUCT | UNION => self.members(host, ours, &theirs),
                ENUM => self.values(host, ours, &theirs),
                FUNCTION | DATA => self.export(ours, &theirs),
                _ => {
                    self.number(name, "size", ours.number(4, 4), theirs.number(4, 4));
                    self.number(name, "alignment", ours.number(8, 4), theirs.number(8, 4));
                }
            }
        }

        fn members(&mut self, host: &Descriptor<'static>, ours: &Record, theirs: &Record) {
            let (owner, before) = (ours.name, self.reasons.len());
            let plugin = self.plugin;
            let fields =
                |records: &[Record]| records.iter().filter(|each| each.owner == owner).count();
            let newer = self.is_newer(host);
            let mut growing = self.terms.growing.iter();
            let grows = growing.any(|(name, tells)| *name == owner && (*tells || newer));
            let mut extras = false;
            let mut renamed = Vec::new();
            for (index, field) in host
                .records
                .iter()
                .filter(|each| each.owner == owner)
                .enumerate()
            {
                let same = |each: &&Record| {
                    each.owner == owner && each.name == field.name && each.kind == field.kind
                };
                let theirs = if field.name.is_empty() {
                    plugin
                        .records
                        .iter()
                        .filter(|each| each.owner == owner)
                        .nth(index)
                } else {
                    plugin.records.iter().find(same)
                };
                let subject = field.subject();
                if let Some(theirs) = theirs {
                    self.member(field, theirs);
                    if ours.kind == STRUCT && !grows && self.is_before(&subject) {
                        let found = format!("one in the plugin, of version {}", plugin.version);
                        self.mismatch(&subject, "no such field yet", &found);
                    }
                } else if self.is_older_than(&subject) {
                } else if let Some(theirs) = self.renamed(field) {
                    renamed.push(theirs.name);
                    self.member(field, &theirs);
                } else {
                    self.mismatch(&subject, field.texts[0], "none in the plugin");
                }
                if self.reasons.len() > before {
                    break; // What follows is moved by this one.
                }
            }
            for extra in plugin.records.iter().filter(|each| each.owner == owner) {
                let known = |each: &Record| each.owner == owner && each.name == extra.name;
                let is_known = host.records.iter().any(known) || renamed.contains(&extra.name);
                let is_free = ours.number(22, 1) & 1 != 0 || ours.kind == UNION;
                let is_behind = extra.kind == FIELD && extra.number(4, 4) >= ours.number(4, 4);
                if !is_known && !is_free && grows && is_behind {
                    extras = true;
                } else if !is_known && !is_free {
                    let found = format!("{} at offset {}", extra.texts[0], extra.number(4, 4));
                    let found = if extra.kind == BIT_FIELD {
                        extra.texts[0]
                    } else {
                        &found
                    };
                    self.reasons.truncate(before);
                    self.mismatch(&extra.subject(), "no such field", found);
                    break;
                }
            }
            let older = fields(&host.records) > fields(&plugin.records);
            if self.reasons.len() > before || extras || older || ours.number(22, 1) & 1 != 0 {
                return;
            }
            self.number(owner, "size", ours.number(4, 4), theirs.number(4, 4));
            self.number(owner, "alignment", ours.number(8, 4), theirs.number(8, 4));
            if ours.number(22, 1) & 2 != theirs.number(22, 1) & 2 {
                self.mismatch(owner, "the same transparency", "another");
            }
        }

        /// The plugin's member that is like one of the host's but for its name, which the plugin
        /// does not know. Of several such, as in unions, each has one of its own.
        fn renamed(&self, ours: &Record) -> Option<Record<'a>> {
            let (host, plugin) = (&self.host.records, &self.plugin.records);
            if ours.name.is_empty() || self.terms.exact.contains(&ours.owner) {
                return None;
            }
            let unknown = |each: &&Record, to: &[Record]| {
                let mut same = to.iter().filter(|other| other.owner == each.owner);
                !same.any(|other| other.name == each.name)
            };
            let big = self.plugin.build[0] == 2;
            let like = |each: &&Record| is_like(ours, each, big);
            let twins = host
                .iter()
                .filter(|each| unknown(each, plugin))
                .filter(like);
            let rank = twins.take_while(|each| each.name != ours.name).count();
            let found = plugin.iter().filter(like);
            found.filter(|each| unknown(each, host)).nth(rank).copied()
        }

        fn member(&mut self, ours: &Record, theirs: &Record) {
            let subject = ours.subject();
            if ours.kind == BIT_FIELD {
                let place = (ours.number(12, 4), ours.number(4, 4));
                let found = bits(theirs, self.plugin.build[0] == 2);
                if found != Some(place) {
                    let found = found.map_or("no bits at all".into(), |(at, width)| {
                        format!("{width} at bit {at}")
                    });
                    let expected = format!("{} bits at bit {}", place.1, place.0);
                    self.mismatch(&subject, &expected, &found);
                }
                return;
            }
            let is_same = self.number(&subject, "offset", ours.number(4, 4), theirs.number(4, 4))
                && self.types(&subject, ours, theirs)
                && self.number(&subject, "size", ours.number(8, 4), theirs.number(8, 4));
            let [kind, found] = [ours, theirs].map(|each| each.number(12, 1));
            let is_known = kind != 0 && found != 0;
            let is_sign =
                matches!((kind & 15, found & 15), (1, 2) | (2, 1)) && kind & 16 == found & 16;
            let is_free = is_sign
                && [ours, theirs]
                    .iter()
                    .any(|it| self.has_free_sign(it.texts[0]));
            if is_same && is_known && kind != found && !is_free {
                self.mismatch(&subject, kind_name(kind), kind_name(found));
            } else if is_same && theirs.number(13, 1) > 1 {
                self.mismatch(
                    &subject,
                    ours.texts[0],
                    "another type, by the plugin's compiler",
                );
            } else if is_same {
                self.owner_of(&subject, ours.texts[1], theirs.texts[1]);
            }
        }

        /// Whether compilers choose the sign of a type: of `char`, and of an enum of no fixed width.
        fn has_free_sign(&self, type_: &str) -> bool {
            let element = type_.trim_start_matches('[');
            let element = element.split([';', ']']).next().unwrap_or_default();
            let is_open =
                |each: &Record| each.kind == ENUM && each.name == element && each.number(8, 1) == 2;
            element == "c_char" || self.host.records.iter().any(is_open)
        }

        /// Compares types by what they come to.
        fn types(&mut self, subject: &str, ours: &Record, theirs: &Record) -> bool {
            let [expected, found] = [ours, theirs].map(|each| each.texts[0]);
            let is_same = super::is_alike(expected, found);
            if !is_same {
                self.mismatch(subject, expected, found);
            }
            is_same
        }

        /// Compares who takes back what is returned, where both sides say so.
        fn owner_of(&mut self, subject: &str, ours: &str, theirs: &str) {
            if ours != theirs && !ours.is_empty() && !theirs.is_empty() {
                self.mismatch(subject, &format!("given back to {ours}"), theirs);
            }
        }

        fn values(&mut self, host: &Descriptor<'static>, ours: &Record, theirs: &Record) {
            let owner = ours.name;
            let plugin = self.plugin;
            self.number(owner, "size", ours.number(4, 4), theirs.number(4, 4));
            let [signed, found] = [ours, theirs].map(|each| each.number(8, 1));
            if signed != 2 && found != 2 {
                self.number(owner, "sign", signed, found);
            }
            let of = |records: &[Record<'_>], name: &str| {
                let mut found = records.iter().filter(|each| each.owner == owner);
                found
                    .find(|each| each.name == name)
                    .map(|each| each.number(4, 8))
            };
            let mut renamed = Vec::new();
            for value in host.records.iter().filter(|each| each.owner == owner) {
                let expected = value.number(4, 8) as i64;
                match of(&plugin.records, value.name).map(|found| found as i64) {
                    Some(found) if found == expected => {}
                    Some(found) => {
                        self.mismatch(&value.subject(), &expected.to_string(), &found.to_string());
                    }
                    None if self.is_older_than(&value.subject()) => {}
                    None => match self.renamed(value).map(|found| found.name) {
                        Some(name) => renamed.push(name),
                        None => {
                            self.mismatch(&value.subject(), &expected.to_string(), "no such value");
                        }
                    },
                }
            }
            for value in plugin.records.iter().filter(|each| each.owner == owner) {
                let is_known =
                    of(&host.records, value.name).is_some() || renamed.contains(&value.name);
                if self.terms.closed.contains(&owner) && !is_known {
                    self.mismatch(&value.subject(), "no such value", "one in the plugin");
                }
            }
        }

        fn export(&mut self, ours: &Record, theirs: &Record) {
            let name = ours.name;
            if theirs.number(4, 1) > 1 {
                self.mismatch(
                    name,
                    ours.texts[0],
                    "another type, by the plugin's compiler",
                );
            } else if self.types(name, ours, theirs) && ours.kind == FUNCTION {
                self.owner_of(name, ours.texts[1], theirs.texts[1]);
            } else if ours.kind == DATA {
                self.number(name, "size", ours.number(13, 4), theirs.number(13, 4));
            }
        }
    }

    impl Descriptor<'_> {
        /// Whether the compiler compared an export's prototype with what was compiled.
        pub fn is_bound(&self, name: &str) -> bool {
            let mut exports = self
                .records
                .iter()
                .filter(|each| matches!(each.kind, FUNCTION | DATA));
            exports.any(|each| each.name == name && each.number(4, 1) == 1)
        }
    }

    /// Whether two members of one owner differ in their names at most.
    fn is_like(ours: &Record, theirs: &Record, big: bool) -> bool {
        let [here, there] = [ours, theirs].map(|each| match each.kind {
            BIT_FIELD => bits(each, big),
            _ => Some((each.number(4, 4), each.number(8, 4))),
        });
        (ours.kind, ours.owner, here) == (theirs.kind, theirs.owner, there)
            && here.is_some()
            && !theirs.name.is_empty()
            && super::is_alike(ours.texts[0], theirs.texts[0])
    }

    /// Returns the place and width of a bit-field: measured by its sample, or else declared.
    fn bits(record: &Record, big: bool) -> Option<(u64, u64)> {
        let length = usize::try_from(record.number(8, 4)).ok()?;
        if length == 0 {
            return Some((record.number(12, 4), record.number(4, 4)));
        }
        let sample = record.sample.get(..length)?;
        let is_set = |bit: &usize| {
            let shift = if big { 7 - bit % 8 } else { bit % 8 };
            sample[bit / 8] >> shift & 1 == 1
        };
        let first = (0..8 * length).find(is_set)?;
        let width = (first..8 * length).take_while(is_set).count();
        let all = (0..8 * length).filter(is_set).count();
        (width == all).then_some((first as u64, width as u64))
    }

    fn what(record: &Record) -> &'static str {
        match record.kind {
            STRUCT => "a struct",
            UNION => "a union",
            ENUM => "an enum",
            FUNCTION => "a function",
            DATA => "data",
            _ => "a type",
        }
    }

    fn kind_name(kind: u64) -> &'static str {
        match kind & 15 {
            _ if kind & 16 != 0 => "an array of another kind",
            1 => "an unsigned integer",
            2 => "a signed integer",
            3 => "a bool",
            4 => "a floating-point number",
            5 => "a pointer to an object",
            6 => "a pointer to a function",
            7 => "a struct or union",
            _ => "something else",
        }
    }
}

/// Returns the parts of a version, compared part by part.
fn version(text: &str) -> Vec<u64> {
    let release = text.split(['-', '+']).next().unwrap_or_default();
    let mut parts: Vec<u64> = release
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect();
    while parts.last() == Some(&0) {
        parts.pop();
    }
    parts
}

/// Whether two types come to the same on this platform: they differ in what pointers may be used
/// for and in names of scalars, or `char` stands for a byte with a sign or without.
fn is_alike(ours: &str, theirs: &str) -> bool {
    if ours.starts_with("static mut ") && !theirs.starts_with("static mut ") {
        return false; // This host may write there.
    }
    let [ours, theirs] = [ours, theirs].map(spelling);
    let is_byte = |each: &str| matches!(each, "i8" | "u8");
    let is_char = |one: &str, other: &str| one == "c_char" && is_byte(other);
    let same = |(one, other): (&String, &String)| {
        one == other || is_char(one, other) || is_char(other, one)
    };
    ours.len() == theirs.len() && ours.iter().zip(&theirs).all(same)
}

/// Returns the words and signs of a type, in which names of one representation are one name.
fn spelling(type_: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    for letter in type_.chars().chain([' ']) {
        if letter.is_alphanumeric() || letter == '_' {
            word.push(letter);
            continue;
        }
        if !matches!(word.as_str(), "" | "mut" | "const") {
            found.push(representation(&word));
        }
        word.clear();
        if letter != ' ' {
            found.push(if letter == '&' { '*' } else { letter }.into());
        }
    }
    found
}

fn representation(word: &str) -> String {
    let pointer = usize::BITS;
    let long = std::ffi::c_long::BITS;
    let (sign, bits) = match word {
        "usize" | "size_t" | "uintptr_t" => ("u", pointer),
        "isize" | "ssize_t" | "ptrdiff_t" | "intptr_t" => ("i", pointer),
        "c_uchar" | "uint8_t" => ("u", 8),
        "c_schar" | "int8_t" => ("i", 8),
        "c_ushort" | "uint16_t" => ("u", 16),
        "c_short" | "int16_t" => ("i", 16),
        "c_uint" | "uint32_t" => ("u", 32),
        "c_int" | "int32_t" => ("i", 32),
        "c_ulong" => ("u", long),
        "c_long" => ("i", long),
        "c_ulonglong" | "uint64_t" => ("u", 64),
        "c_longlong" | "int64_t" => ("i", 64),
        "c_float" => ("f", 32),
        "c_double" => ("f", 64),
        _ => return word.into(),
    };
    format!("{sign}{bits}")
}

/// Finds descriptors and exports in a file's bytes; nothing in them is trusted.
#[allow(dead_code)]
mod image {
    /// The bytes of a file, read only where they are.
    #[derive(Clone, Copy)]
    pub struct Bytes<'a> {
        all: &'a [u8],
        big: bool,
    }

    impl<'a> Bytes<'a> {
        fn slice(self, at: u64, size: u64) -> Option<&'a [u8]> {
            let (at, size) = (usize::try_from(at).ok()?, usize::try_from(size).ok()?);
            self.all.get(at..at.checked_add(size)?)
        }

        fn number(self, at: u64, size: u64) -> Option<u64> {
            let bytes = self.slice(at, size)?.iter();
            let join = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
            Some(if self.big {
                bytes.fold(0, join)
            } else {
                bytes.rev().fold(0, join)
            })
        }

        fn u16(self, at: u64) -> Option<u64> {
            self.number(at, 2)
        }

        fn u32(self, at: u64) -> Option<u64> {
            self.number(at, 4)
        }

        /// Whether a string that ends in NUL stands at `at`.
        fn is_text(self, at: u64, text: &[u8]) -> bool {
            let end = at.saturating_add(text.len() as u64);
            self.slice(at, text.len() as u64) == Some(text) && self.number(end, 1) == Some(0)
        }
    }

    /// What a symbol stands for, as far as the file says.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum Nature {
        /// A function.
        Code,
        /// An object.
        Data,
        /// The file does not say which.
        Unknown,
    }

    /// An export: what it is, and where in the file its bytes are, if they are there.
    #[derive(Clone, Copy)]
    pub struct Export {
        pub nature: Nature,
        offset: Option<u64>,
    }

    /// A part of the address space and the bytes of the file that are put there.
    struct Mapped {
        address: u64,
        offset: u64,
        size: u64,
        nature: Nature,
    }

    /// A plugin's file: the parts of it that hold notes, and its exports under the names asked for.
    pub struct Image<'a> {
        bytes: Bytes<'a>,
        /// The format and the machine, such as ELF for machine 62.
        pub platform: (&'static str, u64, u64),
        pub notes: Vec<&'a [u8]>,
        pub big: bool,
        pub exports: Vec<(&'static str, Export)>,
    }

    impl Image<'_> {
        /// Returns the export of this name, if the file has it.
        pub fn export(&self, name: &str) -> Option<Export> {
            self.exports
                .iter()
                .find(|each| each.0 == name)
                .map(|each| each.1)
        }

        /// Returns a number from the initial bytes of exported data.
        pub fn number(&self, export: Export, at: u64, size: u64) -> Option<u64> {
            self.bytes.number(export.offset?.checked_add(at)?, size)
        }
    }

    /// Reads a file of any of the three formats; the slice of a universal file is that for `cpu`.
    pub fn read<'a>(all: &'a [u8], names: &[&'static str], cpu: u64) -> Result<Image<'a>, String> {
        let bytes = Bytes { all, big: false };
        let (format, found) = match all.get(..4).unwrap_or_default() {
            [0x7f, b'E', b'L', b'F'] => ("ELF", elf(bytes, names)),
            [b'M', b'Z', ..] => ("PE", pe(bytes, names)),
            [0xcf, 0xfa, 0xed, 0xfe] => ("Mach-O", mach_o(bytes, names)),
            [0xca, 0xfe, 0xba, 0xbe] => ("Mach-O", universal(all, names, cpu)),
            _ => return Err("it is neither ELF nor PE nor Mach-O".into()),
        };
        found.ok_or_else(|| format!("it is a damaged {format} file"))
    }

    fn place(parts: &[Mapped], address: u64) -> Option<(u64, &Mapped)> {
        let part = parts
            .iter()
            .find(|part| address >= part.address && address - part.address < part.size)?;
        Some((part.offset.checked_add(address - part.address)?, part))
    }

    // ELF. Source: System V gABI, "Object Files", "Program Loading and Dynamic Linking".

    fn elf<'a>(bytes: Bytes<'a>, names: &[&'static str]) -> Option<Image<'a>> {
        let (wide, big) = (bytes.number(4, 1)? == 2, bytes.number(5, 1)? == 2);
        let bytes = Bytes { big, ..bytes };
        let word = if wide { 8 } else { 4 };
        let table = bytes.number(if wide { 32 } else { 28 }, word)?;
        let (size, count) = if wide {
            (bytes.u16(54)?, bytes.u16(56)?)
        } else {
            (bytes.u16(42)?, bytes.u16(44)?)
        };
        if count > 1024 {
            return None;
        }
        let (mut parts, mut notes, mut dynamic) = (Vec::new(), Vec::new(), None);
        for index in 0..count {
            let at = table.checked_add(index * size)?;
            let [offset, address, filled] = if wide { [8, 16, 32] } else { [4, 8, 16] };
            let part = Mapped {
                address: bytes.number(at.checked_add(address)?, word)?,
                offset: bytes.number(at.checked_add(offset)?, word)?,
                size: bytes.number(at.checked_add(filled)?, word)?,
                nature: Nature::Unknown,
            };
            match bytes.u32(at)? {
                1 => parts.push(part),
                2 => dynamic = Some(part),
                4 => notes.push(bytes.slice(part.offset, part.size)?),
                _ => {}
            }
        }
        let platform = ("ELF", bytes.u16(18)?, 8 * word);
        let exports = elf_exports(bytes, &parts, &dynamic?, word, names)?;
        Some(Image {
            bytes,
            platform,
            notes,
            big,
            exports,
        })
    }

    fn elf_exports(
        bytes: Bytes,
        parts: &[Mapped],
        dynamic: &Mapped,
        word: u64,
        names: &[&'static str],
    ) -> Option<Vec<(&'static str, Export)>> {
        let entry = |wanted: u64| {
            (0..dynamic.size / (2 * word))
                .map_while(|index| {
                    let at = dynamic.offset.checked_add(2 * word * index)?;
                    Some((
                        bytes.number(at, word)?,
                        bytes.number(at.checked_add(word)?, word)?,
                    ))
                })
                .take_while(|(tag, _)| *tag != 0)
                .find(|(tag, _)| *tag == wanted)
                .and_then(|(_, address)| Some(place(parts, address)?.0))
        };
        let (symbols, strings, versions) = (entry(6)?, entry(5)?, entry(0x6fff_fff0));
        let count = match (entry(4), entry(0x6fff_fef5)) {
            (Some(hash), _) => bytes.u32(hash.checked_add(4)?)?,
            (None, Some(hash)) => gnu_hash_count(bytes, hash, word)?,
            (None, None) => return None,
        };
        let mut found: Vec<(&'static str, Export)> = Vec::new();
        let size = if word == 8 { 24 } else { 16 };
        let [other, section, value, flags] = if word == 8 {
            [5, 6, 8, 4]
        } else {
            [13, 14, 4, 12]
        };
        for index in 1..count {
            let at = symbols.checked_add(index.checked_mul(size)?)?;
            let Some(name) = bytes.u32(at) else { break };
            let name = strings.checked_add(name)?;
            let Some(name) = names
                .iter()
                .find(|each| bytes.is_text(name, each.as_bytes()))
            else {
                continue;
            };
            let kind = bytes.number(at.checked_add(flags)?, 1)?;
            let hidden = versions.is_some_and(|table| {
                let version = table.checked_add(2 * index).and_then(|at| bytes.u16(at));
                version.is_some_and(|version| version & 0x8000 != 0 || version == 0)
            });
            let is_visible = matches!(bytes.number(at + other, 1)? & 3, 0 | 3);
            let is_defined = bytes.u16(at + section)? != 0;
            let is_global = matches!(kind >> 4, 1 | 2 | 10);
            let nature = match kind & 15 {
                0 => Nature::Unknown,
                1 | 5 => Nature::Data,
                2 | 10 => Nature::Code,
                _ => continue,
            };
            if is_visible && is_defined && is_global && !hidden {
                let address = bytes.number(at + value, word)?;
                let offset = place(parts, address).map(|place| place.0);
                found.push((name, Export { nature, offset }));
            }
        }
        Some(found)
    }

    /// Returns the number of symbols, which this table does not state: the last chain's end.
    fn gnu_hash_count(bytes: Bytes, at: u64, word: u64) -> Option<u64> {
        let (buckets, first, blooms) = (bytes.u32(at)?, bytes.u32(at + 4)?, bytes.u32(at + 8)?);
        let table = at.checked_add(16 + blooms.checked_mul(word)?)?;
        let chains = table.checked_add(4 * buckets)?;
        bytes.slice(table, 4 * buckets)?;
        let last = (0..buckets)
            .filter_map(|index| bytes.u32(table + 4 * index))
            .max()?;
        if last < first {
            return Some(first);
        }
        let mut last = last;
        while bytes.u32(chains.checked_add(4 * (last - first))?)? & 1 == 0 {
            last += 1;
        }
        Some(last + 1)
    }

    // PE. Source: Microsoft, "PE Format".

    fn pe<'a>(bytes: Bytes<'a>, names: &[&'static str]) -> Option<Image<'a>> {
        let header = bytes.u32(60)?;
        if bytes.slice(header, 4)? != b"PE\0\0" {
            return None;
        }
        let (count, optional) = (bytes.u16(header + 6)?, bytes.u16(header + 20)?);
        let wide = bytes.u16(header + 24)? == 0x20b;
        let directories = header + 24 + if wide { 112 } else { 96 };
        if count > 96 {
            return None; // Windows loads no more sections.
        }
        let (mut parts, mut notes) = (Vec::new(), Vec::new());
        for index in 0..count {
            let at = header + 24 + optional + 40 * index;
            let (room, filled) = (bytes.u32(at + 8)?, bytes.u32(at + 16)?);
            let is_code = bytes.u32(at + 36)? & 0x2000_0000 != 0;
            let part = Mapped {
                address: bytes.u32(at + 12)?,
                offset: bytes.u32(at + 20)?,
                size: room.min(filled),
                nature: if is_code { Nature::Code } else { Nature::Data },
            };
            if bytes.slice(at, 8)? == b".abichk\0" {
                notes.push(bytes.slice(part.offset, part.size)?);
            }
            parts.push(part);
        }
        let platform = ("PE", bytes.u16(header + 4)?, if wide { 64 } else { 32 });
        let (table, size) = (bytes.u32(directories)?, bytes.u32(directories + 4)?);
        let mut exports = Vec::new();
        if table != 0 {
            let at = place(&parts, table)?.0;
            let [addresses, texts, ordinals] = [28, 32, 36].map(|field| {
                let address = bytes.u32(at.checked_add(field)?)?;
                Some(place(&parts, address)?.0)
            });
            for index in 0..bytes.u32(at.checked_add(24)?)? {
                let text = place(&parts, bytes.u32(texts?.checked_add(4 * index)?)?)?.0;
                let Some(name) = names
                    .iter()
                    .find(|each| bytes.is_text(text, each.as_bytes()))
                else {
                    continue;
                };
                let ordinal = bytes.u16(ordinals?.checked_add(2 * index)?)?;
                let address = bytes.u32(addresses?.checked_add(4 * ordinal)?)?;
                let is_forwarded = address >= table && address - table < size;
                if let (Some((offset, part)), false) = (place(&parts, address), is_forwarded) {
                    let offset = Some(offset);
                    exports.push((
                        *name,
                        Export {
                            nature: part.nature,
                            offset,
                        },
                    ));
                } else if !is_forwarded {
                    exports.push((
                        *name,
                        Export {
                            nature: Nature::Unknown,
                            offset: None,
                        },
                    ));
                }
            }
        }
        Some(Image {
            bytes,
            platform,
            notes,
            big: false,
            exports,
        })
    }

    // Mach-O. Source: Apple's mach-o/loader.h and mach-o/fat.h.

    fn universal<'a>(all: &'a [u8], names: &[&'static str], cpu: u64) -> Option<Image<'a>> {
        let bytes = Bytes { all, big: true };
        for index in 0..bytes.u32(4)?.min(64) {
            let at = 8 + 20 * index;
            if bytes.u32(at)? == cpu {
                let slice = bytes.slice(bytes.u32(at + 8)?, bytes.u32(at + 12)?)?;
                return mach_o(
                    Bytes {
                        all: slice,
                        big: false,
                    },
                    names,
                );
            }
        }
        None
    }

    fn mach_o<'a>(bytes: Bytes<'a>, names: &[&'static str]) -> Option<Image<'a>> {
        let (mut parts, mut notes, mut trie) = (Vec::new(), Vec::new(), None);
        let (mut at, mut base) = (32_u64, 0);
        for _ in 0..bytes.u32(16)? {
            let (command, size) = (bytes.u32(at)?, bytes.u32(at.checked_add(4)?)?);
            if size < 8 {
                return None;
            }
            match command {
                0x19 => {
                    if bytes.slice(at + 8, 7)? == b"__TEXT\0" {
                        base = bytes.number(at + 24, 8)?;
                    }
                    for index in 0..bytes.u32(at + 64)? {
                        let section = at.checked_add(72 + 80 * index)?;
                        let is_code = bytes.u32(section.checked_add(64)?)? & 0x8000_0400 != 0;
                        let is_filled = bytes.u32(section + 64)? & 0xff != 1;
                        let part = Mapped {
                            address: bytes.number(section + 32, 8)?,
                            offset: bytes.u32(section + 48)?,
                            size: if is_filled {
                                bytes.number(section + 40, 8)?
                            } else {
                                0
                            },
                            nature: if is_code { Nature::Code } else { Nature::Data },
                        };
                        if bytes.slice(section, 11)? == b"__abicheck\0" {
                            notes.push(bytes.slice(part.offset, part.size)?);
                        }
                        parts.push(part);
                    }
                }
                0x22 | 0x8000_0022 => {
                    trie = Some((bytes.u32(at.checked_add(40)?)?, bytes.u32(at + 44)?));
                }
                0x8000_0033 => {
                    trie = Some((bytes.u32(at.checked_add(8)?)?, bytes.u32(at + 12)?));
                }
                _ => {}
            }
            at = at.checked_add(size)?;
        }
        let (offset, size) = trie?;
        let trie = Bytes {
            all: bytes.slice(offset, size)?,
            big: false,
        };
        let mut exports = Vec::new();
        for name in names {
            if let Some(address) = in_trie(trie, name) {
                let found = base.checked_add(address).and_then(|at| place(&parts, at));
                let nature = found.map_or(Nature::Unknown, |found| found.1.nature);
                let offset = found.map(|found| found.0);
                exports.push((*name, Export { nature, offset }));
            }
        }
        let platform = ("Mach-O", bytes.u32(4)?, 64);
        Some(Image {
            bytes,
            platform,
            notes,
            big: false,
            exports,
        })
    }

    /// Follows a symbol's name through the trie of exports; returns its distance from the base.
    fn in_trie(trie: Bytes, name: &str) -> Option<u64> {
        let mut left = vec![b'_'];
        left.extend_from_slice(name.as_bytes());
        let mut node = 0;
        'next: for _ in 0..=left.len() {
            let (size, mut at) = leb128(trie, node)?;
            if left.is_empty() {
                if size == 0 {
                    return None;
                }
                let (flags, at) = leb128(trie, at)?;
                return if flags & 8 == 0 {
                    Some(leb128(trie, at)?.0)
                } else {
                    None
                };
            }
            at = at.checked_add(size)?;
            let children = trie.number(at, 1)?;
            at += 1;
            for _ in 0..children {
                let start = usize::try_from(at).ok()?;
                let length = trie.all.get(start..)?.iter().position(|byte| *byte == 0)?;
                let edge = &trie.all[start..start + length];
                let (child, end) = leb128(trie, at + length as u64 + 1)?;
                if length > 0 && left.starts_with(edge) {
                    left.drain(..length);
                    node = child;
                    continue 'next;
                }
                at = end;
            }
            return None;
        }
        None
    }

    fn leb128(bytes: Bytes, mut at: u64) -> Option<(u64, u64)> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = bytes.number(at, 1)?;
            at += 1;
            value |= (byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some((value, at));
            }
        }
        None
    }
}
