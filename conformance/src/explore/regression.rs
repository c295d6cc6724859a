//! Programs that have failed once, with the schedules under which they did: `conformance/regressions`.
//!
//! A file begins with comments: what was wrong, then a line `--- fire KEY NUMBER VALUE` for each callback to
//! fire, and a line `--- schedule …` for each schedule. The rest is the program, with its ticks as `TICK`.

use std::path::{Path, PathBuf};

use super::program::{Fire, Program};
use super::schedule::Schedule;
use crate::differential::{Kind, Node};

/// A program that must not fail again.
#[derive(Clone, Debug)]
pub struct Regression {
    /// The file's name without its ending.
    pub name: String,
    pub program: Program,
    pub schedules: Vec<Schedule>,
}

impl Regression {
    /// Reads a regression from a file's text.
    ///
    /// # Errors
    ///
    /// Says which line is wrong.
    pub fn parse(name: &str, text: &str) -> Result<Regression, String> {
        let mut fires = Vec::new();
        let mut schedules = Vec::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("--- fire ") {
                let wrong = || format!("{name}: '{line}' is not `--- fire KEY NUMBER VALUE`");
                let mut words = rest.splitn(3, ' ');
                let (Some(key), Some(number), Some(value)) =
                    (words.next(), words.next(), words.next())
                else {
                    return Err(wrong());
                };
                fires.push(Fire {
                    key: key.to_owned(),
                    number: number.parse().map_err(|_| wrong())?,
                    value: value.to_owned(),
                });
            } else if let Some(rest) = line.strip_prefix("--- schedule ") {
                schedules.push(rest.parse().map_err(|why| format!("{name}: {why}"))?);
            }
        }
        if schedules.is_empty() {
            return Err(format!("{name}: no schedule"));
        }
        Ok(Regression {
            name: name.to_owned(),
            program: Program {
                tree: Node::leaf(Kind::Statement, text),
                fires,
            },
            schedules,
        })
    }
}

/// Returns all that are kept, in order of their names.
///
/// # Errors
///
/// When a file cannot be read or has no such form.
pub fn regressions() -> Result<Vec<Regression>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let entries = std::fs::read_dir(&folder).map_err(|error| error.to_string())?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let read = |file: &PathBuf| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
        Regression::parse(&name, &text)
    };
    files.iter().map(read).collect()
}
