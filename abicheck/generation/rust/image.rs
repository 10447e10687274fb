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
