//! What the VM knows of the world: time, output, files. All of it is injected, so that runs can be replayed.

use std::fmt;
use std::io;
use std::path::Path;

/// The world as a VM sees it; one implementation per VM, called on the thread that runs it.
pub trait Environment: fmt::Debug {
    /// Seconds since the Unix epoch, with as many decimals as known (`os.time`).
    fn time(&self) -> f64;

    /// Processor seconds used so far (`os.clock`).
    fn clock(&self) -> f64;

    /// Seconds that local time is ahead of UTC at a moment given in seconds since the epoch.
    fn utc_offset(&self, moment: i64) -> i32;

    /// Writes to standard output (`print`, `io.write`).
    ///
    /// # Errors
    ///
    /// As the operating system reports it.
    fn write(&self, bytes: &[u8]) -> io::Result<()>;

    /// Reads a whole file (`loadfile`, `require`).
    ///
    /// # Errors
    ///
    /// As the operating system reports it, or `PermissionDenied` by policy.
    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Returns an environment variable (`os.getenv`).
    fn variable(&self, name: &[u8]) -> Option<Vec<u8>>;
}

/// The real world.
#[derive(Debug)]
pub struct System {
    started: std::time::Instant,
}

impl System {
    pub fn new() -> Self {
        System { started: std::time::Instant::now() }
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

    fn utc_offset(&self, moment: i64) -> i32 {
        crate::text::time::system_utc_offset(moment)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        use io::Write;
        io::stdout().write_all(bytes)
    }

    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn variable(&self, name: &[u8]) -> Option<Vec<u8>> {
        use std::os::unix::ffi::{OsStrExt, OsStringExt};
        std::env::var_os(std::ffi::OsStr::from_bytes(name)).map(OsStringExt::into_vec)
    }
}
