//! Runs every scenario of the sync guarantee in one VM of ours, in one `luajit` when it is there (both say what
//! native sharing gives), and in a real Neovim with real threads.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use conformance::conform::{self, Host, Outcome, Scenario, Shard};
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
                    conform::run(host, one, |_, what| outcome = Some(what))?;
                    judge(outcome.as_ref())
                },
            ));
        }
    }
    // Neovim is started once for all of them, by whichever test comes first.
    let outcomes = Arc::new(OnceLock::new());
    let wanted = Arc::new(wanted(&arguments, &all));
    for scenario in all {
        let (outcomes, wanted) = (outcomes.clone(), wanted.clone());
        trials.push(Trial::test(format!("nvim::{}", scenario.name), move || {
            let outcomes = outcomes.get_or_init(|| in_neovim(&wanted)).as_ref();
            let outcomes = outcomes.map_err(Failed::from)?;
            judge(outcomes.get(&scenario.name))
        }));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// The scenarios that the command line asks for.
fn wanted(arguments: &Arguments, all: &[Scenario]) -> Vec<Scenario> {
    let is_wanted = |scenario: &&Scenario| {
        let name = format!("nvim::{}", scenario.name);
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

fn in_neovim(scenarios: &[Scenario]) -> Result<BTreeMap<String, Outcome>, String> {
    let mut outcomes = BTreeMap::new();
    conform::run(Host::Neovim, scenarios, |scenario, outcome| {
        outcomes.insert(scenario.name.clone(), outcome);
    })?;
    Ok(outcomes)
}

fn judge(outcome: Option<&Outcome>) -> Result<(), Failed> {
    match outcome {
        Some(outcome) if outcome.is_expected() => Ok(()),
        Some(outcome) => Err(outcome.to_string().into()),
        None => Err("it has not run".into()),
    }
}
