//! What the VM knows of the world: time, output, files. All of it is injected, so that runs can be replayed.

use std::cell::{OnceCell, RefCell};
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::text::time::Offset;
use crate::text::zone::SystemZone;

/// The world as a VM sees it; one implementation per VM, called on the thread that runs it.
pub trait Environment: fmt::Debug {
    /// Seconds since the Unix epoch, with as many decimals as known (`os.time`).
    fn time(&self) -> f64;

    /// Processor seconds used so far (`os.clock`).
    fn clock(&self) -> f64;

    /// Returns what the time zone says about a moment given in seconds since the epoch; UTC by default.
    fn offset_at(&self, _moment: i64) -> Offset {
        Offset::new(0, false, b"UTC")
    }

    /// Writes to standard output (`print`, `io.write`).
    ///
    /// # Errors
    ///
    /// As the operating system reports it.
    fn write(&self, bytes: &[u8]) -> io::Result<()>;

    /// Makes sure that nothing written so far waits in a buffer.
    ///
    /// # Errors
    ///
    /// As the operating system reports it.
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    /// Writes to standard error (`io.stderr`); to standard output by default.
    ///
    /// # Errors
    ///
    /// As the operating system reports it.
    fn write_error(&self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes)
    }

    /// Reads from standard input (`io.read`), which is empty by default. Returns 0 at the end.
    ///
    /// # Errors
    ///
    /// As the operating system reports it.
    fn read_input(&self, _buffer: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }

    /// Reads a whole file (`loadfile`, `require`).
    ///
    /// # Errors
    ///
    /// As the operating system reports it, or `PermissionDenied` by policy.
    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Returns an environment variable (`os.getenv`).
    fn variable(&self, name: &[u8]) -> Option<Vec<u8>>;

    /// Opens a file (`io.open`); refused by default.
    ///
    /// # Errors
    ///
    /// As the operating system reports it, or `PermissionDenied` by policy.
    fn open(&self, _path: &Path, _mode: OpenMode) -> io::Result<Box<dyn File>> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    /// Removes a file or an empty directory (`os.remove`); refused by default.
    ///
    /// # Errors
    ///
    /// As the operating system reports it, or `PermissionDenied` by policy.
    fn remove(&self, _path: &Path) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    /// Renames a file (`os.rename`); refused by default.
    ///
    /// # Errors
    ///
    /// As the operating system reports it, or `PermissionDenied` by policy.
    fn rename(&self, _from: &Path, _to: &Path) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    /// Makes an empty file under a new name (`os.tmpname`, `io.tmpfile`); refused by default.
    ///
    /// # Errors
    ///
    /// As the operating system reports it, or `PermissionDenied` by policy.
    fn temporary_file(&self) -> io::Result<PathBuf> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    /// Runs a shell command and returns its wait status (`os.execute`); refused by default.
    ///
    /// # Errors
    ///
    /// As the operating system reports it, or `PermissionDenied` by policy.
    fn execute(&self, _command: &[u8]) -> io::Result<i32> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// An open file. It need not buffer: `io` does.
pub trait File: fmt::Debug + io::Read + io::Write + io::Seek {}

impl<T: fmt::Debug + io::Read + io::Write + io::Seek> File for T {}

/// What an open file is for, as the mode of `fopen` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenMode {
    pub read: bool,
    pub write: bool,
    /// The file is made if it is not there.
    pub create: bool,
    /// The file is emptied.
    pub truncate: bool,
    /// Every write goes to the end.
    pub append: bool,
}

impl OpenMode {
    /// Reads a mode such as `r`, `w+` or `ab`.
    pub fn parse(mode: &[u8]) -> Option<OpenMode> {
        let first = *mode.first()?;
        let update = mode.contains(&b'+');
        let mode = OpenMode {
            read: first == b'r' || update,
            write: first != b'r' || update,
            create: first != b'r',
            truncate: first == b'w',
            append: first == b'a',
        };
        matches!(first, b'r' | b'w' | b'a').then_some(mode)
    }
}

/// The real world.
///
/// Output that does not go to a terminal is kept until there is a buffer full, until `flush`, or until the
/// environment is dropped: with the last VM that uses it.
#[derive(Debug)]
pub struct System {
    started: std::time::Instant,
    zone: OnceCell<SystemZone>,
    output: RefCell<io::BufWriter<io::Stdout>>,
    is_terminal: bool,
}

impl System {
    pub fn new() -> Self {
        let output = io::stdout();
        System {
            started: std::time::Instant::now(),
            zone: OnceCell::new(),
            is_terminal: output.is_terminal(),
            output: RefCell::new(io::BufWriter::with_capacity(16 * 1024, output)),
        }
    }
}

impl Default for System {
    fn default() -> Self {
        Self::new()
    }
}

impl Environment for System {
    fn time(&self) -> f64 {
        match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => since.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        }
    }

    fn clock(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    fn offset_at(&self, moment: i64) -> Offset {
        self.zone.get_or_init(SystemZone::read).offset_at(moment)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut output = self.output.borrow_mut();
        output.write_all(bytes)?;
        if self.is_terminal {
            output.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&self) -> io::Result<()> {
        self.output.borrow_mut().flush()
    }

    fn write_error(&self, bytes: &[u8]) -> io::Result<()> {
        io::stderr().write_all(bytes)
    }

    fn read_input(&self, buffer: &mut [u8]) -> io::Result<usize> {
        io::stdin().read(buffer)
    }

    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn variable(&self, name: &[u8]) -> Option<Vec<u8>> {
        // The system's function panics on names that cannot be.
        if name.is_empty() || name.iter().any(|byte| matches!(byte, b'=' | 0)) {
            return None;
        }
        std::env::var_os(OsStr::from_bytes(name)).map(OsStringExt::into_vec)
    }

    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn File>> {
        let file = std::fs::OpenOptions::new()
            .read(mode.read)
            .write(mode.write && !mode.append)
            .append(mode.append)
            .truncate(mode.truncate)
            .create(mode.create)
            .open(path)?;
        Ok(Box::new(file))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match std::fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => std::fs::remove_dir(path),
            _ => std::fs::remove_file(path),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn temporary_file(&self) -> io::Result<PathBuf> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let name = format!("lua_{:x}_{number:x}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match std::fs::File::create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => return result.map(|_| path),
            }
        }
    }

    fn execute(&self, command: &[u8]) -> io::Result<i32> {
        self.flush()?;
        let command = OsStr::from_bytes(command);
        let status = std::process::Command::new("/bin/sh")
            .arg("-c")
            .arg(command)
            .status()?;
        Ok(status.into_raw())
    }
}

/// The world for untrusted code: time and output, but no file, no variable and no process.
#[derive(Debug, Default)]
pub struct Isolated(System);

impl Isolated {
    pub fn new() -> Self {
        Isolated(System::new())
    }
}

impl Environment for Isolated {
    fn time(&self) -> f64 {
        self.0.time()
    }

    fn clock(&self) -> f64 {
        self.0.clock()
    }

    fn offset_at(&self, moment: i64) -> Offset {
        self.0.offset_at(moment)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.write(bytes)
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }

    fn read_file(&self, _path: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn variable(&self, _name: &[u8]) -> Option<Vec<u8>> {
        None
    }
}
