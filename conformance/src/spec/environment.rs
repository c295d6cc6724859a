//! The world of the test VM: a clock that only the scheduler moves, output that is kept, real files.

use std::cell::{Cell, RefCell};
use std::io;
use std::path::{Path, PathBuf};

use interpreter::{Environment, File, OpenMode, Process, System};

/// What `os.time()` is when a test VM begins: the first of January 2026, UTC.
const EPOCH: f64 = 1_767_225_600.0;

/// Most bytes of a test's output that are kept.
const MAX_OUTPUT: usize = 256 * 1024;

/// See the head of the file.
#[derive(Debug)]
pub(super) struct Virtual {
    system: System,
    /// Virtual nanoseconds since the VM began.
    pub(super) now: Cell<u64>,
    /// What the test has printed.
    output: RefCell<Vec<u8>>,
    /// The thread that runs has the policy `pure`.
    pub(super) is_pure: Cell<bool>,
}

impl Virtual {
    pub(super) fn new() -> Virtual {
        Virtual {
            system: System::new(),
            now: Cell::new(0),
            output: RefCell::new(Vec::new()),
            is_pure: Cell::new(false),
        }
    }

    /// Returns what has been printed since the last call.
    pub(super) fn take_output(&self) -> Vec<u8> {
        self.output.take()
    }

    fn allowed(&self) -> io::Result<&System> {
        if self.is_pure.get() {
            let message = "refused by the policy 'pure'";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
        Ok(&self.system)
    }
}

impl Environment for Virtual {
    fn time(&self) -> f64 {
        EPOCH + self.clock()
    }

    fn clock(&self) -> f64 {
        self.now.get() as f64 / 1e9
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut output = self.output.borrow_mut();
        let room = MAX_OUTPUT.saturating_sub(output.len());
        output.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(())
    }

    fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.allowed()?.read_file(path)
    }

    fn variable(&self, name: &[u8]) -> Option<Vec<u8>> {
        self.allowed().ok()?.variable(name)
    }

    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn File>> {
        self.allowed()?.open(path, mode)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.allowed()?.remove(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.allowed()?.rename(from, to)
    }

    fn temporary_file(&self) -> io::Result<PathBuf> {
        self.allowed()?.temporary_file()
    }

    fn has_shell(&self) -> bool {
        self.system.has_shell()
    }

    fn execute(&self, command: &[u8]) -> io::Result<i32> {
        self.allowed()?.execute(command)
    }

    fn start(&self, command: &[u8], to_input: bool) -> io::Result<Box<dyn Process>> {
        self.allowed()?.start(command, to_input)
    }
}
