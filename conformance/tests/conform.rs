//! Runs every scenario of the sync guarantee in one VM of ours, in one `luajit` when it is there (both say what
//! native sharing gives), on the deterministic host, and with real threads, in a plain main and in a real Neovim.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use conformance::conform::mutations::{self, Effort};
use conformance::conform::{self, Host, Outcome, Scenario, Schedules, Shard};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let all = conform::scenarios("", Shard::default());
    let mut trials = Vec::new();
    let mut hosts = vec![("one", Host::One)];
    if conform::has_luajit() {
        hosts.push(("luajit", Host::LuaJit));
    }
    for (name, host) in hosts {
        for scenario in &all {
            let scenario = scenario.clone();
            trials.push(Trial::test(
                format!("{name}::{}", scenario.name),
                move || {
                    let mut outcome = None;
                    let one = std::slice::from_ref(&scenario);
                    conform::run(host, one, &Schedules::default(), |_, what| {
                        outcome = Some(what)
                    })?;
                    judge(outcome.as_ref())
                },
            ));
        }
    }
    // On each of these hosts one process runs all of them, started by whichever test comes first.
    let with_bridge = [
        ("vm", Host::Vm),
        ("threads", Host::Threads),
        ("nvim", Host::Neovim),
    ];
    for (name, host) in with_bridge {
        let outcomes = Arc::new(OnceLock::new());
        let wanted = Arc::new(wanted(&arguments, name, &all));
        for scenario in &all {
            let (outcomes, wanted) = (outcomes.clone(), wanted.clone());
            let scenario = scenario.name.clone();
            trials.push(Trial::test(format!("{name}::{scenario}"), move || {
                let outcomes = outcomes.get_or_init(|| run_all(host, &wanted)).as_ref();
                let outcomes = outcomes.map_err(Failed::from)?;
                judge(outcomes.get(&scenario))
            }));
        }
    }
    trials.push(Trial::test("same_seed_same_trace", move || {
        same_seed_same_trace(&all)
    }));
    trials.push(Trial::test(
        "each_mutation_is_noticed",
        each_mutation_is_noticed,
    ));
    libtest_mimic::run(&arguments, trials).exit();
}

/// The scenarios that the command line asks for.
fn wanted(arguments: &Arguments, host: &str, all: &[Scenario]) -> Vec<Scenario> {
    let is_wanted = |scenario: &&Scenario| {
        let name = format!("{host}::{}", scenario.name);
        arguments.filter.as_ref().is_none_or(|filter| {
            if arguments.exact {
                name == *filter
            } else {
                name.contains(filter)
            }
        })
    };
    all.iter().filter(is_wanted).cloned().collect()
}

fn run_all(host: Host, scenarios: &[Scenario]) -> Result<BTreeMap<String, Outcome>, String> {
    let mut outcomes = BTreeMap::new();
    conform::run(
        host,
        scenarios,
        &Schedules::default(),
        |scenario, outcome| {
            outcomes.insert(scenario.name.clone(), outcome);
        },
    )?;
    Ok(outcomes)
}

/// Two processes that follow the same schedules exchange the same messages, byte for byte.
fn same_seed_same_trace(scenarios: &[Scenario]) -> Result<(), Failed> {
    let trace = |name: &str| -> Result<String, Failed> {
        let path = std::env::temp_dir().join(format!("{}-{name}.trace", std::process::id()));
        let schedules = Schedules {
            count: 2,
            seed: 40,
            trace: Some(path.clone()),
            ..Schedules::default()
        };
        conform::run(Host::Vm, scenarios, &schedules, |_, _| {})?;
        let text = std::fs::read_to_string(&path)?;
        std::fs::remove_file(&path)?;
        Ok(text)
    };
    let (first, second) = (trace("first")?, trace("second")?);
    let different = first.lines().zip(second.lines()).position(|(a, b)| a != b);
    if let Some(line) = different {
        let name = first.lines().skip(line).find(|line| line.starts_with("= "));
        return Err(format!("line {} differs, in '{}'", line + 1, name.unwrap_or("?")).into());
    }
    let runs = first.lines().filter(|line| line.starts_with("= ")).count();
    if first.len() != second.len() || runs < scenarios.len() {
        return Err(format!("{} and {} bytes, {runs} runs", first.len(), second.len()).into());
    }
    Ok(())
}

/// The suite can fail: it notices every deliberate defect of the protocol, and nothing where there is none.
fn each_mutation_is_noticed() -> Result<(), Failed> {
    let effort = Effort {
        schedules: Schedules {
            count: 2,
            ..Schedules::default()
        },
        is_quick: true,
        ..Effort::default()
    };
    let (mut wrong, mut count) = (Vec::new(), 0);
    mutations::run(&effort, |verdict| {
        count += 1;
        if !verdict.is_right() {
            wrong.push(format!("{verdict:?}"));
        }
    })?;
    if !wrong.is_empty() || count < 13 {
        return Err(format!("{count} runs, wrong: {}", wrong.join("\n")).into());
    }
    Ok(())
}

fn judge(outcome: Option<&Outcome>) -> Result<(), Failed> {
    match outcome {
        Some(outcome) if outcome.is_expected() => Ok(()),
        Some(outcome) => Err(outcome.to_string().into()),
        None => Err("it has not run".into()),
    }
}
