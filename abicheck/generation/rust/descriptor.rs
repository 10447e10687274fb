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
