//! Commands that run beside the VM, with a pipe to or from them (`io.popen`).

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Process;

/// Returns what runs a command as C's `system` does.
pub(super) fn shell(command: &[u8]) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg0("sh").arg("-c").arg(OsStr::from_bytes(command));
    shell
}

/// Commands whose files a program has forgotten: each must be waited for once, or it stays a zombie. The list
/// belongs to the process, so that a VM clears up after those that are gone.
static FORGOTTEN: Mutex<Vec<Child>> = Mutex::new(Vec::new());

fn forgotten() -> MutexGuard<'static, Vec<Child>> {
    FORGOTTEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets go of forgotten commands that have ended.
pub(super) fn reap() {
    forgotten().retain_mut(|child| matches!(child.try_wait(), Ok(None)));
}

/// Waits for all forgotten commands.
pub(super) fn wait_for_forgotten() {
    let children = std::mem::take(&mut *forgotten());
    for mut child in children {
        // Nobody asks how it ended.
        let _ = child.wait();
    }
}

/// The pipe of a running command.
#[derive(Debug)]
pub(super) struct Pipe {
    input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    /// Gone when it was waited for.
    child: Option<Child>,
}

impl Pipe {
    pub(super) fn start(command: &[u8], to_input: bool) -> io::Result<Pipe> {
        reap();
        let mut shell = shell(command);
        if to_input {
            shell.stdin(Stdio::piped());
        } else {
            shell.stdout(Stdio::piped());
        }
        let mut child = shell.spawn()?;
        Ok(Pipe {
            input: child.stdin.take(),
            output: child.stdout.take(),
            child: Some(child),
        })
    }

    fn close(&mut self) {
        self.input = None;
        self.output = None;
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.output {
            Some(output) => output.read(buffer),
            None => Ok(0),
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.input {
            Some(input) => input.write(bytes),
            None => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Process for Pipe {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.close();
        match self.child.take() {
            Some(mut child) => child.wait().map(|_| ()),
            None => Ok(()),
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.close();
        if let Some(mut child) = self.child.take()
            && let Ok(None) = child.try_wait()
        {
            forgotten().push(child);
        }
    }
}
