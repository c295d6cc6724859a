//! `--host nvim`: the same spec files in a real headless Neovim, with real threads.

use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use serde_json::{Value, json};

use super::outcome::{Record, Status, ThreadTrace};
use super::{Options, Outcome};
use crate::child_lines::lines_of;
use crate::{cases, library, neovim};

/// How long a test may take before it counts as hanging.
const LIMIT: Duration = Duration::from_secs(60);

/// What begins the lines that `lua/nvim.lua` writes for us.
const MARK: &str = "@spec ";

/// The number of the last test that a file can have.
const LAST: u32 = u32::MAX;

/// Runs a file; another Neovim takes over behind a test that hangs or ends it.
///
/// # Errors
///
/// When there is no Neovim, or the plugin's library cannot be built.
pub(super) fn run_file(options: &Options, file: &str) -> Result<Vec<Outcome>, String> {
    let library = library()?;
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut first = 1;
    loop {
        let mut run = Run::start(options, file, &library, first)?;
        let ended = run.collect(&mut outcomes);
        let status = run.stop(ended.is_some());
        let Some(Ended { said, index, name }) = ended else {
            break;
        };
        let message = format!("Neovim ended ({status}); it said: {said}");
        outcomes.push(outcome(Record::ended(index, &name, file, message)));
        if index == 0 {
            break;
        }
        first = index + 1;
    }
    Ok(outcomes)
}

/// Returns the library to load: the one that `$THREADING_LIBRARY` names, else it is built as this command was.
fn library() -> Result<std::ffi::OsString, String> {
    match std::env::var_os("THREADING_LIBRARY").filter(|path| !path.is_empty()) {
        Some(path) => Ok(path),
        None => {
            let profile = if cfg!(debug_assertions) {
                "dev"
            } else {
                "release"
            };
            Ok(library::build(profile)?.library.into_os_string())
        }
    }
}

fn outcome(record: Record) -> Outcome {
    Outcome {
        record,
        schedules: 1,
        replay: None,
    }
}

/// How a run has ended before its time: what Neovim has said, and in which test.
struct Ended {
    said: String,
    index: u32,
    name: String,
}

/// One Neovim that works through a file.
struct Run {
    child: Child,
    lines: Receiver<String>,
}

impl Run {
    fn start(
        options: &Options,
        file: &str,
        library: &std::ffi::OsStr,
        first: u32,
    ) -> Result<Run, String> {
        let root = cases::root();
        let parts = root.join("conformance/src/spec/lua");
        let words = json!({
            "parts": parts,
            "file": file,
            "filter": options.filter,
            "exclude": options.exclude,
            "helpers": options.helpers,
            "path": options.path.join(";"),
            "seed": options.seed,
            "first": first,
            "last": LAST,
        });
        let mut command = neovim::command().map_err(|error| error.to_string())?;
        let mut child = command
            .args(["--clean", "--headless", "--cmd"])
            .arg(format!("set runtimepath^=.,{}", root.display()))
            .arg("-l")
            .arg(parts.join("nvim.lua"))
            .arg(words.to_string())
            .env("THREADING_LIBRARY", library)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("Neovim does not start: {error}"))?;
        let lines = lines_of(&mut child);
        Ok(Run { child, lines })
    }

    /// Takes results, up to the end of the file or of Neovim.
    fn collect(&mut self, outcomes: &mut Vec<Outcome>) -> Option<Ended> {
        let mut ended = Ended {
            said: String::new(),
            index: 0,
            name: String::new(),
        };
        loop {
            let line = match self.lines.recv_timeout(LIMIT) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => {
                    ended
                        .said
                        .push_str(&format!("still running after {LIMIT:?}"));
                    return Some(ended);
                }
                Err(RecvTimeoutError::Disconnected) => return Some(ended),
            };
            let Some(text) = line.strip_prefix(MARK) else {
                if !line.is_empty() {
                    ended.said.push_str(&format!("{line}\n"));
                }
                continue;
            };
            if text == "end" {
                return None;
            }
            let value: Value = serde_json::from_str(text).unwrap_or_default();
            let outcome = read(&value);
            ended.said.clear();
            if value["status"] == "begun" {
                (ended.index, ended.name) = (outcome.record.index, outcome.record.name);
            } else {
                outcomes.push(outcome);
            }
        }
    }

    /// Waits for its end, if need be by force; says how it ended.
    fn stop(mut self, by_force: bool) -> String {
        if by_force {
            // It may have ended by itself meanwhile.
            let _ = self.child.kill();
        }
        match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }
}

/// Reads what `lua/nvim.lua` says of a test.
fn read(value: &Value) -> Outcome {
    let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
    let number = |key: &str| value[key].as_f64().unwrap_or(0.0);
    let threads = value["threads"].as_array().map_or(&[][..], Vec::as_slice);
    let threads = threads.iter().map(|thread| ThreadTrace {
        name: text(thread, "name").unwrap_or_default(),
        traceback: text(thread, "traceback").unwrap_or_default(),
    });
    let name = text(value, "name").unwrap_or_default();
    let message = text(value, "message").unwrap_or_default();
    let file = text(value, "file").unwrap_or_default();
    let mut record = Record::ended(number("index") as u32, &name, &file, message);
    record.status = Status::parse(text(value, "status").unwrap_or_default().as_bytes());
    record.expected = text(value, "expected");
    record.actual = text(value, "actual");
    record.traceback = text(value, "traceback").unwrap_or_default();
    record.threads = threads.collect();
    record.line = number("line") as u32;
    record.output = text(value, "output").unwrap_or_default();
    record.nanoseconds = number("nanoseconds") as u64;
    outcome(record)
}
