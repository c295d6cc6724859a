//! Runs scenarios in processes of Neovim, for all hosts that have a bridge.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use bridge_wire::Mutation;

use super::{Host, Scenario, Schedules, package, words};
use crate::child_lines::lines_of;
use crate::{library, neovim};

/// How long a scenario may take under one schedule before it counts as hanging.
const LIMIT: Duration = Duration::from_secs(20);

/// The same where a defect is in force, which may well make it hang.
const LIMIT_MUTATED: Duration = Duration::from_secs(8);

/// What begins the lines that `adapters/nvim/lua/suite.lua` writes for us.
const MARK: &str = "@scenario ";

/// What is known of a scenario when it has ended, or its Neovim has.
#[derive(Default)]
struct Report {
    /// None if Neovim has gone before.
    result: Option<Result<(), String>>,
    /// What the last schedule was made from.
    seed: String,
    /// What Neovim wrote meanwhile.
    said: String,
}

/// In what a scenario runs.
struct Setting<'a> {
    adapter: &'a str,
    plugin: library::Plugin,
    schedules: &'a Schedules,
    mutation: Option<Mutation>,
}

impl Setting<'_> {
    fn limit(&self) -> Duration {
        match self.mutation {
            Some(_) => LIMIT_MUTATED,
            None => LIMIT,
        }
    }
}

/// A Neovim that works through a list of scenarios.
struct Runner {
    child: Child,
    lines: Receiver<String>,
}

impl Runner {
    fn start(setting: &Setting<'_>, scenarios: &VecDeque<&Scenario>) -> Result<Self, String> {
        let adapters = package().join("adapters");
        let adapter = adapters.join(setting.adapter);
        let (plugin, schedules) = (&setting.plugin, setting.schedules);
        let mut command = neovim::command().map_err(|error| error.to_string())?;
        if let Some(trace) = &schedules.trace {
            command.env("THREADING_TRACE", trace);
        }
        if let Some(mutation) = setting.mutation {
            command.env("THREADING_MUTATION", mutation.name());
        }
        let mut child = command
            .args(["--clean", "--headless", "--cmd"])
            .arg(format!(
                "set runtimepath^={},{},{}",
                plugin.root.display(),
                adapters.join("nvim").display(),
                adapter.display()
            ))
            .arg("-l")
            .arg(adapter.join("run.lua"))
            .args([schedules.count.to_string(), schedules.seed.to_string()])
            .args(scenarios.iter().flat_map(|scenario| words(scenario)))
            .env("THREADING_LIBRARY", &plugin.library)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("Neovim does not start: {error}"))?;
        let lines = lines_of(&mut child);
        Ok(Runner { child, lines })
    }

    /// Waits for the end of the scenario that runs now.
    fn result(&mut self, name: &str, limit: Duration) -> Report {
        let mut report = Report::default();
        loop {
            let line = match self.lines.recv_timeout(limit) {
                Ok(line) => line,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    report
                        .said
                        .push_str(&format!("still running after {limit:?}"));
                    return report;
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return report,
            };
            let Some(news) = line.strip_prefix(MARK) else {
                if !line.is_empty() {
                    report.said.push_str(&line);
                    report.said.push('\n');
                }
                continue;
            };
            let (verb, rest) = news.split_once(' ').unwrap_or((news, ""));
            let Some(message) = rest.strip_prefix(name) else {
                report.said.push_str(&format!("out of turn: {line}\n"));
                return report;
            };
            let message = message.trim_start();
            match verb {
                "pass" => {
                    report.result = Some(Ok(()));
                    return report;
                }
                "fail" => {
                    let message = message.replace("\\n", "\n").replace("\\\\", "\\");
                    report.result = Some(Err(message));
                    return report;
                }
                _ => {
                    report.said.clear();
                    message.clone_into(&mut report.seed);
                }
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

/// Runs scenarios on a host, in the library as it is.
pub(super) fn run(
    host: Host,
    scenarios: &[Scenario],
    schedules: &Schedules,
    tell: &mut impl FnMut(&Scenario, Result<(), String>),
) -> Result<(), String> {
    let setting = Setting {
        adapter: host.adapter().ok_or("this host is no Neovim")?,
        plugin: library::build(&schedules.profile)?,
        schedules,
        mutation: None,
    };
    work_through(&setting, scenarios, |scenario, seed, result| {
        let result = result.map_err(|why| match host {
            Host::Neovim => why,
            _ => format!(
                "{why}\nrepeat it with: sandbox conform {} --host {} --seed {seed} --schedules 1",
                scenario.name, setting.adapter
            ),
        });
        tell(scenario, result);
        ControlFlow::Continue(())
    })
}

/// Runs scenarios on the deterministic host, in a library with a defect or with none of those that it could
/// have, until it is told to stop.
pub(super) fn run_mutated(
    plugin: library::Plugin,
    mutation: Option<Mutation>,
    scenarios: &[Scenario],
    schedules: &Schedules,
    tell: &mut impl FnMut(&Scenario, Result<(), String>) -> ControlFlow<()>,
) -> Result<(), String> {
    let setting = Setting {
        adapter: "vm",
        plugin,
        schedules,
        mutation,
    };
    work_through(&setting, scenarios, |scenario, _, result| {
        tell(scenario, result)
    })
}

/// Runs scenarios in as few Neovims as possible: a new one is started behind each that hangs or crashes.
/// `tell` is given the seed of the last schedule.
fn work_through(
    setting: &Setting<'_>,
    scenarios: &[Scenario],
    mut tell: impl FnMut(&Scenario, &str, Result<(), String>) -> ControlFlow<()>,
) -> Result<(), String> {
    let mut left: VecDeque<&Scenario> = scenarios.iter().collect();
    while !left.is_empty() {
        let mut runner = Runner::start(setting, &left)?;
        let mut broken = None;
        while let Some(scenario) = left.pop_front() {
            let report = runner.result(&scenario.name, setting.limit());
            let Some(result) = report.result else {
                broken = Some((scenario, report));
                break;
            };
            if tell(scenario, &report.seed, result).is_break() {
                runner.stop(true);
                return Ok(());
            }
        }
        let status = runner.stop(broken.is_some());
        if let Some((scenario, report)) = broken {
            let why = format!("Neovim ended ({status}); it said: {}", report.said);
            if tell(scenario, &report.seed, Err(why)).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}
