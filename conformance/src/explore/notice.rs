//! A test of the generator: how many random programs it takes to notice a deliberate defect.

use bridge_wire::Mutation;

use super::child::Runner;
use super::generate::program;
use super::judge::{Verdict, judge_runs};
use super::search::{Options, schedules_of};
use crate::library::Plugin;

/// Runs random programs on the deterministic host with a defect in force, until one is not as it should be.
/// Returns how many it took, `None` when none of `options.count` was.
///
/// # Errors
///
/// When the host cannot be started.
pub fn programs_to_notice(
    plugin: Plugin,
    mutation: Mutation,
    options: &Options,
) -> Result<Option<u64>, String> {
    let mut runner = Runner::mutated(plugin, mutation);
    for index in 0..options.count {
        let seed = options.seed.wrapping_add(index);
        let program = program(seed, options.size);
        let schedules = schedules_of(options, seed);
        let runs = runner.run(&program, &schedules)?;
        let is_wrong = |verdict: &Option<Verdict>| verdict.as_ref().is_none_or(Verdict::is_failure);
        if judge_runs(&program, &runs).iter().any(is_wrong) {
            return Ok(Some(index + 1));
        }
    }
    Ok(None)
}
