//! The world as it is, and the one for code that is not trusted.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::OsStr;
use std::fs::File as SystemFile;
use std::io::{self, IsTerminal, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::process::{Pipe, reap, shell, wait_for_forgotten};
use super::{Buffering, Environment, File, OpenMode, Process, Standard};
use crate::text::time::Offset;
use crate::text::zone::SystemZone;

/// Written bytes that are kept for one call of the operating system.
const OUTPUT_BUFFER: usize = 16 * 1024;

/// The real world.
///
/// Output that does not go to a terminal is kept until there is a buffer full, until `flush`, or until the
/// environment is dropped: with the last VM that uses it.
#[derive(Debug)]
pub struct System {
    zone: OnceCell<SystemZone>,
    input: OnceCell<Option<SystemFile>>,
    output: OnceCell<Option<SystemFile>>,
    /// Written bytes that wait.
    behind: RefCell<Vec<u8>>,
    buffering: Cell<Buffering>,
    /// Nobody reads standard output any more.
    is_broken: Cell<bool>,
    /// Stands in for both clocks: seconds since the epoch.
    clock: Option<fn() -> f64>,
}

impl System {
    pub fn new() -> Self {
        System {
            clock: None,
            zone: OnceCell::new(),
            input: OnceCell::new(),
            output: OnceCell::new(),
            behind: RefCell::new(Vec::new()),
            buffering: Cell::new(if io::stdout().is_terminal() {
                Buffering::Line
            } else {
                Buffering::Full
            }),
            is_broken: Cell::new(false),
        }
    }

    /// The real world, but for its time: `clock` tells the seconds since the Unix epoch.
    pub fn with_clock(clock: fn() -> f64) -> Self {
        let mut system = System::new();
        system.clock = Some(clock);
        system
    }

    /// Returns whether a write has failed because nobody reads standard output any more.
    pub fn is_output_broken(&self) -> bool {
        self.is_broken.get()
    }

    /// Waits until the commands end that `io.popen` has started and nothing has closed, in this process.
    pub fn wait_for_commands(&self) {
        wait_for_forgotten();
    }

    /// Returns a standard stream without the standard library's buffer, which would read ahead.
    fn input(&self) -> io::Result<&SystemFile> {
        self.input
            .get_or_init(|| own(io::stdin()))
            .as_ref()
            .ok_or_else(bad_descriptor)
    }

    fn output(&self) -> io::Result<&SystemFile> {
        self.output
            .get_or_init(|| own(io::stdout()))
            .as_ref()
            .ok_or_else(bad_descriptor)
    }

    /// Writes what waits, and drops what cannot be written as C does.
    fn send(&self, behind: &mut Vec<u8>) -> io::Result<()> {
        if behind.is_empty() {
            return Ok(());
        }
        let result = self.output().and_then(|mut file| file.write_all(behind));
        behind.clear();
        if let Err(error) = &result
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            self.is_broken.set(true);
        }
        result
    }
}

/// Returns a second descriptor of a standard stream; `None` when the process has not got it.
fn own(stream: impl AsFd) -> Option<SystemFile> {
    stream
        .as_fd()
        .try_clone_to_owned()
        .ok()
        .map(SystemFile::from)
}

fn bad_descriptor() -> io::Error {
    io::Error::from_raw_os_error(9)
}

impl Default for System {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let _ = self.flush();
        reap();
    }
}

impl Environment for System {
    fn time(&self) -> f64 {
        if let Some(clock) = self.clock {
            return clock();
        }
        match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => since.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        }
    }

    fn clock(&self) -> f64 {
        if let Some(clock) = self.clock {
            return clock();
        }
        cpu_time::ProcessTime::now().as_duration().as_secs_f64()
    }

    fn offset_at(&self, moment: i64) -> Offset {
        self.zone.get_or_init(SystemZone::read).offset_at(moment)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut behind = self.behind.borrow_mut();
        if behind.len() + bytes.len() > OUTPUT_BUFFER {
            self.send(&mut behind)?;
        }
        behind.extend_from_slice(bytes);
        let must_go = match self.buffering.get() {
            Buffering::Full => behind.len() >= OUTPUT_BUFFER,
            Buffering::Line => bytes.contains(&b'\n') || behind.len() >= OUTPUT_BUFFER,
            Buffering::None => true,
        };
        if must_go {
            self.send(&mut behind)
        } else {
            Ok(())
        }
    }

    fn flush(&self) -> io::Result<()> {
        self.send(&mut self.behind.borrow_mut())
    }

    fn write_error(&self, bytes: &[u8]) -> io::Result<()> {
        io::stderr().write_all(bytes)
    }

    fn read_input(&self, buffer: &mut [u8]) -> io::Result<usize> {
        // A program that asks a question at a terminal wants it to be seen.
        if self.buffering.get() == Buffering::Line {
            self.flush()?;
        }
        self.input()?.read(buffer)
    }

    fn seek(&self, stream: Standard, to: SeekFrom) -> io::Result<u64> {
        match stream {
            Standard::Input => self.input()?.seek(to),
            Standard::Output => {
                self.flush()?;
                self.output()?.seek(to)
            }
            Standard::Error => own(io::stderr()).ok_or_else(bad_descriptor)?.seek(to),
        }
    }

    fn buffer_output(&self, buffering: Buffering) -> io::Result<()> {
        self.buffering.set(buffering);
        self.flush()
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
        let mut file = std::fs::OpenOptions::new()
            .read(mode.read)
            .write(mode.write && !mode.append)
            .append(mode.append)
            .truncate(mode.truncate && !mode.exclusive)
            .create(mode.create && !mode.exclusive)
            .create_new(mode.exclusive)
            .open(path)?;
        if mode.append && !mode.read {
            // Not every file has a position.
            let _ = file.seek(SeekFrom::End(0));
        }
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
        const LETTERS: &[u8; 62] =
            b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        loop {
            let count = COUNTER.fetch_add(1, Ordering::Relaxed);
            let mut number = u64::from(std::process::id()) << 20 | u64::from(count & 0xf_ffff);
            // Six letters, as `mkstemp` makes them; an odd factor spreads neighbours.
            number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
            let mut name = *b"/tmp/lua_XXXXXX";
            for letter in &mut name[9..] {
                *letter = LETTERS[(number % 62) as usize];
                number /= 62;
            }
            let path = Path::new(OsStr::from_bytes(&name));
            let made = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path);
            match made {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => return result.map(|_| path.to_owned()),
            }
        }
    }

    fn has_shell(&self) -> bool {
        true
    }

    fn execute(&self, command: &[u8]) -> io::Result<i32> {
        Ok(shell(command).status()?.into_raw())
    }

    fn start(&self, command: &[u8], to_input: bool) -> io::Result<Box<dyn Process>> {
        // The command may write to the same place.
        let _ = self.flush();
        Ok(Box::new(Pipe::start(command, to_input)?))
    }
}

/// The world for untrusted code: time and output, but no file, no variable and no process.
#[derive(Debug, Default)]
pub struct Isolated {
    system: System,
    is_mute: bool,
}

impl Isolated {
    pub fn new() -> Self {
        Self::default()
    }

    /// The same without output, for a process whose terminal is another's.
    pub fn mute() -> Self {
        Isolated {
            system: System::new(),
            is_mute: true,
        }
    }

    /// Returns the world that output goes to.
    pub fn system(&self) -> &System {
        &self.system
    }
}

/// Returns the error of everything that the policy does not allow.
fn refused<T>() -> io::Result<T> {
    let message = "refused by the policy 'pure'";
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}

impl Environment for Isolated {
    fn time(&self) -> f64 {
        self.system.time()
    }

    fn clock(&self) -> f64 {
        self.system.clock()
    }

    fn offset_at(&self, moment: i64) -> Offset {
        self.system.offset_at(moment)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        if self.is_mute {
            return refused();
        }
        self.system.write(bytes)
    }

    fn flush(&self) -> io::Result<()> {
        self.system.flush()
    }

    fn write_error(&self, bytes: &[u8]) -> io::Result<()> {
        if self.is_mute {
            return refused();
        }
        self.system.write_error(bytes)
    }

    fn buffer_output(&self, buffering: Buffering) -> io::Result<()> {
        self.system.buffer_output(buffering)
    }

    fn read_file(&self, _path: &Path) -> io::Result<Vec<u8>> {
        refused()
    }

    fn variable(&self, _name: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn open(&self, _path: &Path, _mode: OpenMode) -> io::Result<Box<dyn File>> {
        refused()
    }

    fn remove(&self, _path: &Path) -> io::Result<()> {
        refused()
    }

    fn rename(&self, _from: &Path, _to: &Path) -> io::Result<()> {
        refused()
    }

    fn temporary_file(&self) -> io::Result<PathBuf> {
        refused()
    }

    fn execute(&self, _command: &[u8]) -> io::Result<i32> {
        refused()
    }

    fn start(&self, _command: &[u8], _to_input: bool) -> io::Result<Box<dyn Process>> {
        refused()
    }
}
