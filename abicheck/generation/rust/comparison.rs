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
