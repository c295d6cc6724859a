//! The other VM: a process that runs one program after the other and prints what they print.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// What the serving script prints after each program.
const END: &[u8] = b"\0end\0\n";

/// A program that prints more has no end.
const MAX_OUTPUT: usize = 4 << 20;

/// What became of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Output(Vec<u8>),
    /// The process ended or did not answer in time: nothing can be said.
    Nothing,
}

/// A `luajit` or `nvim` that serves programs.
#[derive(Debug)]
pub struct Peer {
    path: PathBuf,
    script: PathBuf,
    running: Option<Running>,
    /// A program that takes longer is given up.
    pub patience: Duration,
}

#[derive(Debug)]
struct Running {
    process: Child,
    input: ChildStdin,
    output: Receiver<Vec<u8>>,
}

impl Peer {
    /// Prepares a peer; Neovim is told from LuaJIT by its file's name.
    ///
    /// # Errors
    ///
    /// When the script cannot be written, or the peer does not answer it.
    pub fn new(path: &Path) -> io::Result<Peer> {
        let script = std::env::temp_dir().join(format!(
            "differential-{}-{:?}.lua",
            std::process::id(),
            std::thread::current().id()
        ));
        let text = [include_str!("driver.lua"), include_str!("serve.lua")].concat();
        std::fs::write(&script, text)?;
        let mut peer = Peer {
            path: path.to_owned(),
            script,
            running: None,
            patience: Duration::from_secs(60),
        };
        peer.send("print(1)")?;
        match peer.receive() {
            Answer::Output(output) if output == b"1\n" => Ok(peer),
            answer => Err(io::Error::other(format!(
                "{} does not answer: {answer:?}",
                path.display()
            ))),
        }
    }

    fn start(&self) -> io::Result<Running> {
        let mut command = Command::new(&self.path);
        let is_neovim = self
            .path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().contains("nvim"));
        command.arg(if is_neovim { "-l" } else { "-joff" });
        let mut process = command
            .arg(&self.script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let missing = || io::Error::other("no pipe");
        let input = process.stdin.take().ok_or_else(missing)?;
        let mut stdout = process.stdout.take().ok_or_else(missing)?;
        // Bounded, so that a program that prints without end waits.
        let (sender, output) = sync_channel(16);
        std::thread::spawn(move || {
            let mut buffer = [0; 1 << 16];
            while let Ok(len) = stdout.read(&mut buffer) {
                if len == 0 || sender.send(buffer[..len].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Running {
            process,
            input,
            output,
        })
    }

    /// Hands over a program; [`Peer::receive`] tells what it printed.
    ///
    /// # Errors
    ///
    /// When the peer cannot be started.
    pub fn send(&mut self, program: &str) -> io::Result<()> {
        if self.running.is_none() {
            self.running = Some(self.start()?);
        }
        if let Some(running) = &mut self.running {
            let message = format!("{}\n{program}", program.len());
            // A peer that has just ended is noticed when its answer does not come.
            let _ = running.input.write_all(message.as_bytes());
            let _ = running.input.flush();
        }
        Ok(())
    }

    /// Waits for the output of the program that was sent.
    pub fn receive(&mut self) -> Answer {
        let Some(running) = &self.running else {
            return Answer::Nothing;
        };
        let deadline = Instant::now() + self.patience;
        let mut output = Vec::new();
        while !output.ends_with(END) {
            let left = deadline.saturating_duration_since(Instant::now());
            match running.output.recv_timeout(left) {
                Ok(bytes) if output.len() < MAX_OUTPUT => output.extend(bytes),
                _ => {
                    self.stop();
                    return Answer::Nothing;
                }
            }
        }
        output.truncate(output.len() - END.len());
        Answer::Output(output)
    }

    /// Ends the process; the next program gets a new one.
    pub fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.process.kill();
            let _ = running.process.wait();
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_file(&self.script);
    }
}
