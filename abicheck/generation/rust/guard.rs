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
