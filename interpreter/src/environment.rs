//! What the VM knows of the world: time, output, files. All of it is injected, so that runs can be replayed.

mod process;
mod system;

use std::fmt;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

pub use self::system::{Isolated, System};
use crate::text::time::Offset;

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

    /// Moves one of the standard streams, if it is a file (`io.stdin:seek`); it is none by default.
    ///
    /// # Errors
    ///
    /// As the operating system reports it.
    fn seek(&self, _stream: Standard, _to: SeekFrom) -> io::Result<u64> {
        Err(io::Error::from_raw_os_error(ILLEGAL_SEEK))
    }

    /// Says when written bytes leave the buffer of standard output (`io.stdout:setvbuf`).
    ///
    /// # Errors
    ///
    /// Those of writing what waits.
    fn buffer_output(&self, _buffering: Buffering) -> io::Result<()> {
        Ok(())
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

    /// Returns whether shell commands can be run at all (`os.execute()`).
    fn has_shell(&self) -> bool {
        false
    }

    /// Runs a shell command and returns its wait status (`os.execute`); refused by default.
    ///
    /// # Errors
    ///
    /// As the operating system reports it, or `PermissionDenied` by policy.
    fn execute(&self, _command: &[u8]) -> io::Result<i32> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    /// Starts a shell command with a pipe from its output, or to its input if `to_input` (`io.popen`);
    /// refused by default.
    ///
    /// # Errors
    ///
    /// As the operating system reports it, or `PermissionDenied` by policy.
    fn start(&self, _command: &[u8], _to_input: bool) -> io::Result<Box<dyn Process>> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// What C calls ESPIPE: pipes and terminals have no position.
const ILLEGAL_SEEK: i32 = 29;

/// One of the standard streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    Input,
    Output,
    Error,
}

/// When written bytes leave a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buffering {
    Full,
    Line,
    None,
}

/// Our end of the pipe of a running command.
///
/// One that is dropped, not finished, is left to end by itself.
pub trait Process: fmt::Debug + io::Read + io::Write {
    /// Closes the pipe and waits until the command ends.
    ///
    /// # Errors
    ///
    /// As the operating system reports it.
    fn finish(self: Box<Self>) -> io::Result<()>;
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
    /// It is an error if the file is there.
    pub exclusive: bool,
    /// The file is emptied.
    pub truncate: bool,
    /// Every write goes to the end.
    pub append: bool,
}

impl OpenMode {
    /// Reads a mode such as `r`, `w+` or `ab`, as the C library of Linux does: what it does not know is
    /// ignored, and so is what comes after the seventh letter.
    pub fn parse(mode: &[u8]) -> Option<OpenMode> {
        let first = *mode.first()?;
        let flags = &mode[1..mode.len().min(7)];
        let update = flags.contains(&b'+');
        let mode = OpenMode {
            read: first == b'r' || update,
            write: first != b'r' || update,
            create: first != b'r',
            exclusive: first != b'r' && flags.contains(&b'x'),
            truncate: first == b'w',
            append: first == b'a',
        };
        matches!(first, b'r' | b'w' | b'a').then_some(mode)
    }
}
