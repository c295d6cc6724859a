//! The conformance suite of the sync guarantee: finds the scenarios and runs them on a host.
//!
//! A scenario is a Lua file under `scenarios/TOPIC`, written against the adapter that `SPEC.md` describes.
//! Those in `known_gaps` are expected to fail on every host that crosses a bridge, and only there.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::run::{RunOptions, run_file};
use crate::{library, neovim};

/// How long a scenario may take in Neovim before it counts as hanging.
const LIMIT: Duration = Duration::from_secs(20);

/// The same in one VM, where nothing waits for anything.
const LIMIT_ONE_MS: u64 = 10_000;

/// What begins the lines that `adapters/nvim/run.lua` writes for us.
const MARK: &str = "@scenario ";

/// The folder of scenarios that the bridge does not pass yet.
const KNOWN_GAPS: &str = "known_gaps";

/// What runs a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// One VM of ours, where sharing is native.
    One,
    /// One `luajit`, found on `PATH`.
    LuaJit,
    /// A real Neovim with real threads.
    Neovim,
}

impl Host {
    /// Returns whether variables have to cross a bridge there.
    #[must_use]
    pub fn has_bridge(self) -> bool {
        self == Host::Neovim
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "one" => Ok(Host::One),
            "luajit" => Ok(Host::LuaJit),
            "nvim" => Ok(Host::Neovim),
            "vm" | "threads" => Err(format!("the host '{name}' does not exist yet")),
            _ => Err(format!(
                "there is no host '{name}': it is `one`, `luajit` or `nvim`"
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
    mine.filter(|(number, _)| number % shard.count == shard.index - 1)
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
        Host::Neovim => run_neovim(scenarios, &mut tell)?,
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

/// A Neovim that works through a list of scenarios.
struct Runner {
    child: Child,
    lines: Receiver<String>,
}

impl Runner {
    fn start(
        program: &Path,
        plugin: &library::Plugin,
        scenarios: &VecDeque<&Scenario>,
    ) -> Result<Self, String> {
        let adapter = package().join("adapters").join("nvim");
        let mut command = neovim::command().map_err(|error| error.to_string())?;
        let mut child = command
            .args(["--clean", "--headless", "--cmd"])
            .arg(format!(
                "set runtimepath^={},{}",
                plugin.root.display(),
                adapter.display()
            ))
            .arg("-l")
            .arg(adapter.join("run.lua"))
            .args(scenarios.iter().flat_map(|scenario| words(scenario)))
            .env("THREADING_LIBRARY", &plugin.library)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", program.display()))?;
        let (sender, lines) = mpsc::channel();
        let outputs: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|pipe| Box::new(pipe) as _),
            child.stderr.take().map(|pipe| Box::new(pipe) as _),
        ];
        for pipe in outputs.into_iter().flatten() {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(pipe).split(b'\n') {
                    let Ok(line) = line else { break };
                    let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Ok(Runner { child, lines })
    }

    /// Waits for the end of the scenario that runs now: what it came to, or none if Neovim has gone before.
    fn result(&mut self, name: &str, said: &mut String) -> Option<Result<(), String>> {
        loop {
            let line = match self.lines.recv_timeout(LIMIT) {
                Ok(line) => line,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    said.push_str(&format!("still running after {LIMIT:?}"));
                    return None;
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
            };
            let Some(report) = line.strip_prefix(MARK) else {
                if !line.is_empty() {
                    said.push_str(&line);
                    said.push('\n');
                }
                continue;
            };
            let (verb, rest) = report.split_once(' ').unwrap_or((report, ""));
            let Some(message) = rest.strip_prefix(name) else {
                said.push_str(&format!("out of turn: {line}\n"));
                return None;
            };
            match verb {
                "pass" => return Some(Ok(())),
                "fail" => {
                    let message = message.trim_start().replace("\\n", "\n");
                    return Some(Err(message.replace("\\\\", "\\")));
                }
                _ => said.clear(),
            }
        }
    }

    /// Ends it, if need be by force; says how it ended.
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

/// Runs scenarios in as few Neovims as possible: a new one is started behind each that hangs or crashes.
fn run_neovim(
    scenarios: &[Scenario],
    tell: &mut impl FnMut(&Scenario, Result<(), String>),
) -> Result<(), String> {
    let program = neovim::neovim().map_err(|error| error.to_string())?;
    let plugin = library::build("dev")?;
    let mut left: VecDeque<&Scenario> = scenarios.iter().collect();
    while !left.is_empty() {
        let mut runner = Runner::start(&program, &plugin, &left)?;
        let mut broken = None;
        while let Some(scenario) = left.pop_front() {
            let mut said = String::new();
            match runner.result(&scenario.name, &mut said) {
                Some(result) => tell(scenario, result),
                None => {
                    broken = Some((scenario, said));
                    break;
                }
            }
        }
        let status = runner.stop(broken.is_some());
        if let Some((scenario, said)) = broken {
            tell(
                scenario,
                Err(format!("Neovim ended ({status}); it said: {said}")),
            );
        }
    }
    Ok(())
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
