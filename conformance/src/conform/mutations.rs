//! A test of the suite: builds the library with deliberate defects of the protocol, and sees which scenario
//! notices each.

use std::ops::ControlFlow;

use bridge_wire::Mutation;

use super::{Scenario, Schedules, Shard, runner, scenarios};
use crate::{explore, library};

/// How a defect was noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The defect; none for the library without any, in which nothing may be noticed.
    pub mutation: Option<Mutation>,
    /// The scenarios that failed.
    pub caught_by: Vec<String>,
    /// How many scenarios ran.
    pub scenarios: usize,
    /// How many random programs it took to notice it, if any of those that ran did.
    pub program: Option<u64>,
}

impl Verdict {
    /// Returns whether the suite is right about it.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.mutation.is_some() != self.caught_by.is_empty()
    }
}

/// How hard to look for defects.
#[derive(Clone, Debug, Default)]
pub struct Effort {
    /// Only those whose name contains it.
    pub filter: String,
    /// For the scenarios.
    pub schedules: Schedules,
    /// A defect counts as noticed with the first scenario that fails.
    pub is_quick: bool,
    /// How many random programs may run as well, each under three schedules.
    pub programs: u64,
}

/// Runs the suite on the deterministic host for the library without a defect and for each defect.
///
/// # Errors
///
/// When the library cannot be built or there is no Neovim; the message says what to do.
pub fn run(effort: &Effort, mut tell: impl FnMut(&Verdict)) -> Result<(), String> {
    let schedules = &effort.schedules;
    let random = explore::Options {
        count: effort.programs,
        schedules: 3,
        ..explore::Options::default()
    };
    let plugin = library::build_mutated()?;
    let mut scenarios: Vec<Scenario> = scenarios("", Shard::default());
    scenarios.retain(|scenario| !scenario.is_known_gap());
    let chosen = Mutation::ALL.iter().copied().map(Some);
    let chosen =
        chosen.filter(|mutation| mutation.is_some_and(|m| m.name().contains(&effort.filter)));
    for mutation in std::iter::once(None).chain(chosen) {
        let mut verdict = Verdict {
            mutation,
            caught_by: Vec::new(),
            scenarios: 0,
            program: None,
        };
        let mut note = |scenario: &Scenario, result: Result<(), String>| {
            verdict.scenarios += 1;
            if result.is_err() {
                verdict.caught_by.push(scenario.name.clone());
                if effort.is_quick {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        };
        runner::run_mutated(plugin.clone(), mutation, &scenarios, schedules, &mut note)?;
        if let Some(mutation) = mutation {
            verdict.program = explore::programs_to_notice(plugin.clone(), mutation, &random)?;
        }
        tell(&verdict);
    }
    Ok(())
}
