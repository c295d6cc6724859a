//! A Neovim that runs programs for us, one after the other; another one takes its place when it hangs or dies.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use bridge_wire::Mutation;

use super::program::{Program, Spelling};
use super::schedule::{Host, Schedule};
use crate::{library, neovim};

/// How long one run may take before it counts as hanging.
const LIMIT: Duration = Duration::from_secs(20);

/// What begins the lines that `adapters/explore/run.lua` writes for us.
const MARK: &[u8] = b"@run ";

/// How long empty loops run in real threads, as a multiple of what they say.
const SPIN: u32 = 100;

/// What a host with a bridge has made of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Where each callback has landed: a reading of the clock, or -1 when the thread had ended.
    pub at: Vec<i64>,
    /// All that can be observed.
    pub trace: String,
}

struct Process {
    child: Child,
    input: ChildStdin,
    answers: Receiver<Vec<u8>>,
}

/// Runs programs on a host with a bridge.
pub struct Runner {
    host: Host,
    plugin: library::Plugin,
    mutation: Option<Mutation>,
    process: Option<Process>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Runner({:?})", self.host)
    }
}

impl Runner {
    /// Builds the library that the host loads.
    ///
    /// # Errors
    ///
    /// With what cargo said.
    pub fn new(host: Host, profile: &str) -> Result<Runner, String> {
        Ok(Runner {
            host,
            plugin: library::build(profile)?,
            mutation: None,
            process: None,
        })
    }

    /// Runs programs on the deterministic host, in a library that `library::build_mutated` has built, with a
    /// defect in force.
    pub(super) fn mutated(plugin: library::Plugin, mutation: Mutation) -> Runner {
        Runner {
            host: Host::Vm,
            plugin,
            mutation: Some(mutation),
            process: None,
        }
    }

    /// Runs a program under each of some schedules. A run that cannot be judged is an error: what went wrong.
    ///
    /// # Errors
    ///
    /// When Neovim cannot be started.
    pub fn run(
        &mut self,
        program: &Program,
        schedules: &[Schedule],
    ) -> Result<Vec<Result<Observed, String>>, String> {
        let mut results = Vec::new();
        while results.len() < schedules.len() {
            let left = &schedules[results.len()..];
            if self.process.is_none() {
                self.process = Some(self.start()?);
            }
            let process = self.process.as_mut().expect("it was started");
            let end = ask(process, self.host, program, left, &mut results);
            if let Err(reason) = end
                && let Some(mut process) = self.process.take()
            {
                // It may have ended by itself.
                let _ = process.child.kill();
                let status = process.child.wait();
                let status = status.map_or_else(|error| error.to_string(), |it| it.to_string());
                results.push(Err(format!("{reason} ({status})")));
            }
        }
        Ok(results)
    }

    fn start(&self) -> Result<Process, String> {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let adapters = package.join("adapters");
        let path = [
            self.plugin.root.clone(),
            adapters.join("nvim"),
            adapters.join("vm"),
            adapters.join("threads"),
        ];
        let path: Vec<String> = path.iter().map(|it| it.display().to_string()).collect();
        let mut command = neovim::command().map_err(|error| error.to_string())?;
        if let Some(mutation) = self.mutation {
            command.env("THREADING_MUTATION", mutation.name());
        }
        let mut child = command
            .args(["--clean", "--headless", "--cmd"])
            .arg(format!("set runtimepath^={}", path.join(",")))
            .arg("-l")
            .arg(adapters.join("explore").join("run.lua"))
            .arg(self.host.name())
            .arg(package.join("src").join("explore"))
            .env("THREADING_LIBRARY", &self.plugin.library)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("Neovim does not start: {error}"))?;
        let input = child.stdin.take().ok_or("no standard input")?;
        let output = child.stdout.take().ok_or("no standard output")?;
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            // Without an answer it has ended, and so do we.
            while let Some(answer) = read_answer(&mut output) {
                if sender.send(answer).is_err() {
                    break;
                }
            }
        });
        Ok(Process {
            child,
            input,
            answers,
        })
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if let Some(Process {
            mut child, input, ..
        }) = self.process.take()
        {
            drop(input);
            // It ends by itself when there are no more requests; nobody waits for one that does not.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn read_answer(output: &mut impl BufRead) -> Option<Vec<u8>> {
    loop {
        let mut line = Vec::new();
        if output.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        let Some(length) = line.strip_prefix(MARK) else {
            continue;
        };
        let length: usize = std::str::from_utf8(length).ok()?.trim().parse().ok()?;
        let mut answer = vec![0; length];
        output.read_exact(&mut answer).ok()?;
        return Some(answer);
    }
}

/// Makes a request and collects its answers; an error says why there are no more of them.
fn ask(
    process: &mut Process,
    host: Host,
    program: &Program,
    schedules: &[Schedule],
    results: &mut Vec<Result<Observed, String>>,
) -> Result<(), String> {
    let spin = if host == Host::Vm { 1 } else { SPIN };
    let text = program.render(Spelling::Bridge { spin });
    let fires = format!("return {}", program.render_fires());
    let mut request = format!("{} {} {}\n", schedules.len(), fires.len(), text.len());
    for schedule in schedules {
        request.push_str(&format!("{schedule}\n"));
    }
    request.push_str(&fires);
    request.push_str(&text);
    let gone = |_| "Neovim has ended".to_owned();
    process.input.write_all(request.as_bytes()).map_err(gone)?;
    process.input.flush().map_err(gone)?;
    for _ in schedules {
        let answer = process
            .answers
            .recv_timeout(LIMIT)
            .map_err(|error| match error {
                RecvTimeoutError::Timeout => format!("still running after {LIMIT:?}"),
                RecvTimeoutError::Disconnected => "Neovim has ended".to_owned(),
            })?;
        results.push(parse(&answer));
    }
    Ok(())
}

fn parse(answer: &[u8]) -> Result<Observed, String> {
    let text = String::from_utf8_lossy(answer);
    if let Some(problem) = text.strip_prefix('!') {
        return Err(problem.to_owned());
    }
    let (at, trace) = text.split_once('\n').ok_or("no trace")?;
    let at: Result<Vec<i64>, _> = at.split_whitespace().map(str::parse).collect();
    Ok(Observed {
        at: at.map_err(|error| format!("where did it land? {error}"))?,
        trace: trace.to_owned(),
    })
}
