//! A test of the suite: builds the library with deliberate defects of the protocol, and sees which scenario
//! notices each.

use std::ops::ControlFlow;

use bridge_wire::Mutation;

use super::{Scenario, Schedules, Shard, runner, scenarios};
use crate::library;

/// How a defect was noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The defect; none for the library without any, in which nothing may be noticed.
    pub mutation: Option<Mutation>,
    /// The scenarios that failed.
    pub caught_by: Vec<String>,
    /// How many scenarios ran.
    pub scenarios: usize,
}

impl Verdict {
    /// Returns whether the suite is right about it.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.mutation.is_some() != self.caught_by.is_empty()
    }
}

/// Runs the suite on the deterministic host for the library without a defect and for each defect whose name
/// contains the filter. Where `is_quick`, a defect counts as noticed with the first scenario that fails.
///
/// # Errors
///
/// When the library cannot be built or there is no Neovim; the message says what to do.
pub fn run(
    filter: &str,
    schedules: &Schedules,
    is_quick: bool,
    mut tell: impl FnMut(&Verdict),
) -> Result<(), String> {
    let plugin = library::build_mutated()?;
    let mut scenarios: Vec<Scenario> = scenarios("", Shard::default());
    scenarios.retain(|scenario| !scenario.is_known_gap());
    let chosen = Mutation::ALL.iter().copied().map(Some);
    let chosen = chosen.filter(|mutation| mutation.is_some_and(|m| m.name().contains(filter)));
    for mutation in std::iter::once(None).chain(chosen) {
        let mut verdict = Verdict {
            mutation,
            caught_by: Vec::new(),
            scenarios: 0,
        };
        let mut note = |scenario: &Scenario, result: Result<(), String>| {
            verdict.scenarios += 1;
            if result.is_err() {
                verdict.caught_by.push(scenario.name.clone());
                if is_quick {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        };
        runner::run_mutated(plugin.clone(), mutation, &scenarios, schedules, &mut note)?;
        tell(&verdict);
    }
    Ok(())
}
