//! The test VM for users: `sandbox test` runs busted-style specs under many schedules, `sandbox replay` one again.
//!
//! - `world` is the VM with its clock and scheduler, `natives` and `lua/*.lua` what specs see in it;
//! - `schedule` decides who runs, `shrink` finds the simplest decisions that fail, `token` writes them down;
//! - `neovim` runs the same files in a real Neovim; `report` and its kin say what has come out.

pub mod command;
mod discover;
mod environment;
mod natives;
mod neovim;
mod outcome;
mod report;
mod schedule;
mod shrink;
mod sources;
pub mod token;
mod world;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use outcome::{Record, Status, ThreadTrace};
pub use schedule::{Decision, Schedule};
use shrink::Failing;
use token::{Token, name_hash};
use world::Plan;

/// What runs the specs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Host {
    /// The test VM: a virtual clock, many schedules.
    #[default]
    Vm,
    /// A real headless Neovim with real threads, once.
    Neovim,
}

/// What to run, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files, and folders with `*_spec.lua`.
    pub paths: Vec<PathBuf>,
    pub host: Host,
    pub seed: u64,
    /// How many schedules each test is run under, at least 1.
    pub schedules: u32,
    /// Lua patterns of the names of tests; one must match, if there are any.
    pub filter: Vec<String>,
    /// Lua patterns of which none may match.
    pub exclude: Vec<String>,
    /// Lua files that are run before each spec file.
    pub helpers: Vec<String>,
    /// Patterns for `package.path`.
    pub path: Vec<String>,
    /// Calls and loop iterations that a test may make.
    pub fuel: u64,
    /// Bytes that the VM may hold.
    pub memory: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            paths: Vec::new(),
            host: Host::Vm,
            seed: 0,
            schedules: 200,
            filter: Vec::new(),
            exclude: Vec::new(),
            helpers: Vec::new(),
            path: Vec::new(),
            fuel: 200_000_000,
            memory: 512 << 20,
        }
    }
}

/// What became of a test under all its schedules.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub record: Record,
    /// Under how many schedules it has run.
    pub schedules: u32,
    /// How to see it fail again, if it has failed in the test VM.
    pub replay: Option<Replay>,
}

/// A failing schedule as it is told.
#[derive(Debug, Clone)]
pub struct Replay {
    /// For `sandbox replay`.
    pub token: String,
    pub seed: u64,
    /// Number of the schedule that was the first to fail.
    pub number: u32,
    /// In how many of its choices the simplest failing schedule differs from "every thread runs until it waits".
    pub switches: usize,
    /// Whether there was anything to choose.
    pub has_choice: bool,
}

/// What became of a file.
#[derive(Debug, Clone)]
pub struct FileOutcome {
    pub file: String,
    pub tests: Vec<Outcome>,
}

/// Runs specs; `tell` hears of each file when it is done.
///
/// # Errors
///
/// When there is nothing to run, or no Neovim to run it in.
pub fn run(
    options: &Options,
    mut tell: impl FnMut(&FileOutcome),
) -> Result<Vec<FileOutcome>, String> {
    let files = discover::files(&options.paths)?;
    let mut outcomes = Vec::new();
    for file in files {
        let tests = match options.host {
            Host::Vm => run_file(options, &file),
            Host::Neovim => neovim::run_file(options, &file)?,
        };
        let outcome = FileOutcome { file, tests };
        tell(&outcome);
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn plan(options: &Options, file: &str) -> Plan {
    Plan {
        file: file.to_owned(),
        filter: options.filter.clone(),
        exclude: options.exclude.clone(),
        helpers: options.helpers.clone(),
        range: (1, u32::MAX),
        schedule: Schedule::Seeded {
            seed: options.seed,
            number: 0,
        },
        schedules: BTreeMap::new(),
        lengths: BTreeMap::new(),
        seed: options.seed,
        fuel: options.fuel,
        memory: options.memory,
        path: options.path.clone(),
        runtime: crate::neovim::runtime(),
    }
}

/// Runs a file under schedule after schedule.
fn run_file(options: &Options, file: &str) -> Vec<Outcome> {
    let mut plan = plan(options, file);
    let first = world::run(&plan);
    let lengths = first.iter().map(|record| (record.index, record.length));
    plan.lengths = lengths.collect();
    let mut outcomes: Vec<Outcome> = first
        .into_iter()
        .map(|record| Outcome {
            record,
            schedules: 1,
            replay: None,
        })
        .collect();
    // Tests without a choice do the same under every schedule.
    let has_choice = |outcome: &Outcome| {
        !outcome.record.status.is_failure() && !outcome.record.decisions.is_empty()
    };
    let mut numbers: BTreeMap<u32, u32> = BTreeMap::new();
    for number in 1..options.schedules {
        let Some(last) = outcomes
            .iter()
            .filter(|o| has_choice(o))
            .map(|o| o.record.index)
            .max()
        else {
            break;
        };
        plan.range.1 = last;
        plan.schedule = Schedule::Seeded {
            seed: options.seed,
            number,
        };
        for record in world::run(&plan) {
            let same = |o: &&mut Outcome| o.record.index == record.index && has_choice(o);
            if let Some(outcome) = outcomes.iter_mut().find(same) {
                outcome.schedules += 1;
                if record.status.is_failure() {
                    numbers.insert(record.index, number);
                    outcome.record = record;
                }
            }
        }
    }
    for outcome in &mut outcomes {
        if outcome.record.status.is_failure() && outcome.record.index != 0 {
            let number = numbers.get(&outcome.record.index).copied().unwrap_or(0);
            explain(options, file, outcome, number);
        }
    }
    outcomes
}

/// Finds the simplest failing schedule of a test that has failed, and its token.
fn explain(options: &Options, file: &str, outcome: &mut Outcome, number: u32) {
    let index = outcome.record.index;
    let mut plan = plan(options, file);
    plan.schedule = Schedule::Seeded {
        seed: options.seed,
        number,
    };
    plan.filter.clear();
    plan.exclude.clear();
    let decisions = schedule::deviations(&outcome.record.decisions);
    let speed = outcome.record.speed;
    let listed = Schedule::Listed {
        decisions: decisions.clone(),
        speed,
    };
    let mut with_those_before = false;
    let mut schedule = plan.schedule.clone();
    let mut switches = decisions.len();
    for first in [index, 1] {
        plan.range = (first, index);
        with_those_before = first != index;
        let again = shrink::run_one(&plan, index, &listed);
        if let Some(record) = again.filter(|record| record.status.is_failure()) {
            let failing = Failing {
                decisions: decisions.clone(),
                speed,
                record,
            };
            let simplest = shrink::shrink(&plan, failing);
            switches = simplest.decisions.len();
            schedule = Schedule::Listed {
                decisions: simplest.decisions,
                speed: simplest.speed,
            };
            outcome.record = simplest.record;
            break;
        }
    }
    let token = Token {
        file: file.to_owned(),
        index,
        name: name_hash(&outcome.record.name),
        seed: options.seed,
        number,
        schedule,
        with_those_before,
    };
    outcome.replay = Some(Replay {
        token: token.encode(),
        seed: options.seed,
        number,
        switches,
        has_choice: !outcome.record.decisions.is_empty(),
    });
}

/// Runs the test of a token again, under its schedule; of the options, helpers and paths count.
///
/// # Errors
///
/// When the word is no token, or the file has no such test any more.
pub fn replay(word: &str, options: &Options) -> Result<FileOutcome, String> {
    let token = Token::decode(word).map_err(|error| error.to_string())?;
    std::fs::metadata(&token.file).map_err(|error| {
        let file = &token.file;
        format!("cannot read {file}: {error}; replay it from the directory it was tested in")
    })?;
    let options = Options {
        seed: token.seed,
        ..options.clone()
    };
    let mut plan = plan(&options, &token.file);
    plan.schedule = Schedule::Seeded {
        seed: token.seed,
        number: token.number,
    };
    let first = if token.with_those_before {
        1
    } else {
        token.index
    };
    plan.range = (first, token.index);
    let mut schedules = BTreeMap::new();
    schedules.insert(token.index, token.schedule.clone());
    plan.schedules = schedules;
    let records = world::run(&plan);
    let wanted = |record: &&Record| record.index == token.index || record.index == 0;
    let Some(record) = records.iter().find(wanted) else {
        return Err(format!(
            "{} has no test number {} any more",
            token.file, token.index
        ));
    };
    if record.index != 0 && name_hash(&record.name) != token.name {
        return Err(format!(
            "{} has changed: its test number {} is now '{}'; run it again with `sandbox test`",
            token.file, token.index, record.name
        ));
    }
    let switches = match &token.schedule {
        Schedule::Listed { decisions, .. } => decisions.len(),
        Schedule::Seeded { .. } => schedule::deviations(&record.decisions).len(),
    };
    let replay = record.status.is_failure().then(|| Replay {
        token: word.to_owned(),
        seed: token.seed,
        number: token.number,
        switches,
        has_choice: !record.decisions.is_empty(),
    });
    Ok(FileOutcome {
        file: token.file,
        tests: vec![Outcome {
            record: record.clone(),
            schedules: 1,
            replay,
        }],
    })
}
