//! The conformance suite of the sync guarantee: finds the scenarios and runs them on a host.
//!
//! A scenario is a Lua file under `scenarios/TOPIC`, written against the adapter that `SPEC.md` describes.
//! Those in `known_gaps` are expected to fail on every host that crosses a bridge, and only there.

pub mod mutations;
mod runner;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use crate::run::{RunOptions, run_file};

/// How long a scenario may take in one VM, where nothing waits for anything.
const LIMIT_ONE_MS: u64 = 10_000;

/// The folder of scenarios that the bridge does not pass yet.
const KNOWN_GAPS: &str = "known_gaps";

/// What runs a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// One VM of ours, where sharing is native.
    One,
    /// One `luajit`, found on `PATH`.
    LuaJit,
    /// The bridge on one thread, where a schedule decides what happens next: deterministic.
    Vm,
    /// Real threads, and a main that has no event loop and random pauses.
    Threads,
    /// A real Neovim with real threads.
    Neovim,
}

impl Host {
    /// Returns whether variables have to cross a bridge there.
    #[must_use]
    pub fn has_bridge(self) -> bool {
        self.adapter().is_some()
    }

    /// The folder of the adapter, for hosts of which main is a Neovim.
    fn adapter(self) -> Option<&'static str> {
        match self {
            Host::One | Host::LuaJit => None,
            Host::Vm => Some("vm"),
            Host::Threads => Some("threads"),
            Host::Neovim => Some("nvim"),
        }
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "one" => Ok(Host::One),
            "luajit" => Ok(Host::LuaJit),
            "vm" => Ok(Host::Vm),
            "threads" => Ok(Host::Threads),
            "nvim" => Ok(Host::Neovim),
            _ => Err(format!(
                "there is no host '{name}': it is `one`, `luajit`, `vm`, `threads` or `nvim`"
            )),
        }
    }
}

/// One file of the suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Topic and file without the ending, as in `values/nil_result`.
    pub name: String,
    /// The file.
    pub file: PathBuf,
}

impl Scenario {
    /// Returns whether the bridge is known not to pass it yet.
    #[must_use]
    pub fn is_known_gap(&self) -> bool {
        self.name.split('/').next() == Some(KNOWN_GAPS)
    }
}

/// What became of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it should.
    Passed,
    /// It failed, and is known to.
    Gap(String),
    /// It failed.
    Failed(String),
    /// It is listed as a known gap, but does what it should.
    Fixed,
}

impl Outcome {
    fn new(scenario: &Scenario, host: Host, result: Result<(), String>) -> Self {
        match (scenario.is_known_gap() && host.has_bridge(), result) {
            (false, Ok(())) => Outcome::Passed,
            (false, Err(why)) => Outcome::Failed(why),
            (true, Ok(())) => Outcome::Fixed,
            (true, Err(why)) => Outcome::Gap(why),
        }
    }

    /// Returns whether that is what the suite expects.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        matches!(self, Outcome::Passed | Outcome::Gap(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Passed => write!(out, "passed"),
            Outcome::Gap(why) => write!(out, "fails as it is known to: {why}"),
            Outcome::Failed(why) => write!(out, "FAILED: {why}"),
            Outcome::Fixed => write!(
                out,
                "PASSED, although it lies in `{KNOWN_GAPS}`: move it to its topic"
            ),
        }
    }
}

/// Part `index` (from 1) of `count` equal parts of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Shard { index: 1, count: 1 }
    }
}

impl Shard {
    /// Returns whether the part has the element at an index, from 0.
    #[must_use]
    pub fn has(self, index: usize) -> bool {
        index % self.count == self.index - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, count)| {
            Some(Shard {
                index: index.parse().ok()?,
                count: count.parse().ok()?,
            })
        });
        parts
            .filter(|shard| (1..=shard.count).contains(&shard.index))
            .ok_or_else(|| format!("'{text}' is no shard: it is I/N, with I from 1 to N"))
    }
}

/// How often each scenario runs on the hosts `vm` and `threads`: there a schedule decides what happens when, or
/// how long main pauses in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedules {
    /// How many.
    pub count: u32,
    /// What the first is made from; the next is made from one more.
    pub seed: u32,
    /// A file to which `vm` appends every message, in both directions, and every outcome.
    pub trace: Option<PathBuf>,
    /// How the library is built: `dev` or `release`.
    pub profile: String,
}

impl Default for Schedules {
    fn default() -> Self {
        Schedules {
            count: 3,
            seed: 0,
            trace: None,
            profile: "dev".to_owned(),
        }
    }
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

/// Returns the scenarios whose name contains the filter, those of the shard, in order of their names.
#[must_use]
pub fn scenarios(filter: &str, shard: Shard) -> Vec<Scenario> {
    let stem = |path: &Path| {
        path.file_stem()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let mut found = Vec::new();
    for folder in entries(&package().join("scenarios")) {
        for file in entries(&folder) {
            if file.extension().is_some_and(|extension| extension == "lua") {
                let name = format!("{}/{}", stem(&folder), stem(&file));
                if name.contains(filter) {
                    found.push(Scenario { name, file });
                }
            }
        }
    }
    let mine = found.into_iter().enumerate();
    mine.filter(|(number, _)| shard.has(*number))
        .map(|(_, scenario)| scenario)
        .collect()
}

/// Runs scenarios on a host and tells what became of each, as soon as it is known.
///
/// # Errors
///
/// When there is no such host on this machine; the message says what to do.
pub fn run(
    host: Host,
    scenarios: &[Scenario],
    schedules: &Schedules,
    mut tell: impl FnMut(&Scenario, Outcome),
) -> Result<(), String> {
    let mut tell = |scenario: &Scenario, result| {
        tell(scenario, Outcome::new(scenario, host, result));
    };
    match host {
        Host::One => {
            for scenario in scenarios {
                tell(scenario, run_one(scenario));
            }
        }
        Host::LuaJit => {
            if !has_luajit() {
                return Err("there is no `luajit` on PATH".to_owned());
            }
            for scenario in scenarios {
                tell(scenario, run_luajit(scenario));
            }
        }
        Host::Vm | Host::Threads | Host::Neovim => {
            runner::run(host, scenarios, schedules, &mut tell)?
        }
    }
    Ok(())
}

/// Returns whether there is a `luajit` to validate expectations with.
#[must_use]
pub fn has_luajit() -> bool {
    Command::new("luajit").arg("-v").output().is_ok()
}

fn adapter_of_one() -> PathBuf {
    package().join("adapters").join("one.lua")
}

fn words(scenario: &Scenario) -> [OsString; 2] {
    [
        scenario.name.clone().into(),
        scenario.file.clone().into_os_string(),
    ]
}

fn run_one(scenario: &Scenario) -> Result<(), String> {
    let options = RunOptions {
        timeout_ms: Some(LIMIT_ONE_MS),
        ..RunOptions::default()
    };
    run_file(&adapter_of_one(), &words(scenario), &options).map_err(|error| error.to_string())
}

fn run_luajit(scenario: &Scenario) -> Result<(), String> {
    let output = Command::new("luajit")
        .arg("-joff")
        .arg(adapter_of_one())
        .args(words(scenario))
        .output()
        .map_err(|error| format!("luajit does not run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_a_partition() {
        let all = scenarios("", Shard::default());
        let mut parts: Vec<Scenario> = (1..=3)
            .flat_map(|index| scenarios("", Shard { index, count: 3 }))
            .collect();
        parts.sort_by(|a, b| a.file.cmp(&b.file));
        let mut sorted = all.clone();
        sorted.sort_by(|a, b| a.file.cmp(&b.file));
        assert_eq!(parts, sorted);
        assert!(all.len() >= 150, "{}", all.len());
        for bad in ["0/3", "4/3", "1", "1/0", "a/b"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_known_gap_that_passes_is_told() {
        let gap = Scenario {
            name: "known_gaps/some".to_owned(),
            file: PathBuf::new(),
        };
        let failed = Err("why".to_owned());
        assert_eq!(Outcome::new(&gap, Host::Neovim, Ok(())), Outcome::Fixed);
        assert!(!Outcome::Fixed.is_expected());
        assert!(Outcome::new(&gap, Host::Neovim, failed.clone()).is_expected());
        assert!(!Outcome::new(&gap, Host::One, failed).is_expected());
    }

    #[test]
    fn each_scenario_states_its_expectation_and_each_topic_is_specified() {
        let spec = std::fs::read_to_string(package().join("SPEC.md")).expect("SPEC.md");
        for scenario in scenarios("", Shard::default()) {
            let text = std::fs::read_to_string(&scenario.file).expect("the scenario");
            assert!(text.starts_with("--- "), "{}", scenario.name);
            assert!(text.contains("assert("), "{}", scenario.name);
            let topic = scenario.name.split('/').next().unwrap_or_default();
            assert!(spec.contains(&format!("`{topic}/")), "{topic}");
        }
    }
}
