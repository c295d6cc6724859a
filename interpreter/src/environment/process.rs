//! Commands that run beside the VM, with a pipe to or from them (`io.popen`).

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

use super::Process;

/// Returns what runs a command as C's `system` does.
pub(super) fn shell(command: &[u8]) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg0("sh").arg("-c").arg(OsStr::from_bytes(command));
    shell
}

/// Commands whose files a program has forgotten: each must be waited for once, or it stays a zombie.
#[derive(Debug, Clone, Default)]
pub(super) struct Forgotten(Rc<RefCell<Vec<Child>>>);

impl Forgotten {
    /// Lets go of those that have ended.
    fn reap(&self) {
        self.0
            .borrow_mut()
            .retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    }

    /// Waits for all of them.
    pub(super) fn wait(&self) {
        for mut child in self.0.take() {
            // Nobody asks how it ended.
            let _ = child.wait();
        }
    }
}

/// The pipe of a running command.
#[derive(Debug)]
pub(super) struct Pipe {
    input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    /// Gone when it was waited for.
    child: Option<Child>,
    forgotten: Forgotten,
}

impl Pipe {
    pub(super) fn start(command: &[u8], to_input: bool, forgotten: &Forgotten) -> io::Result<Pipe> {
        forgotten.reap();
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
            forgotten: forgotten.clone(),
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
            self.forgotten.0.borrow_mut().push(child);
        }
    }
}
