//! What a program does in one VM, where sharing is native: in piccolo, which is the oracle, and in ours.

use piccolo::{Closure, Executor, Fuel};

use super::program::{Program, Spelling};
use crate::captured::{self, End, Limits};

const TRACE: &str = include_str!("trace.lua");
const HARNESS: &str = include_str!("harness.lua");
const ORACLE: &str = include_str!("oracle.lua");

/// More than any program needs.
const LIMITS: Limits = Limits {
    fuel: 20_000_000,
    memory: 512 << 20,
    stress: None,
};

/// What a program has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The last reading of its clock.
    pub clock: u32,
    /// All that can be observed of it.
    pub trace: String,
}

/// A VM in which one run of a program can be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    Piccolo,
    Ours,
}

/// Runs a program, with its callbacks where they are due: at readings of the clock, or at the end (-1).
///
/// # Errors
///
/// When the program itself fails, rather than a function of it.
pub fn run(machine: Machine, program: &Program, at: &[i64]) -> Result<Run, String> {
    let text = whole_text(program, at);
    let output = match machine {
        Machine::Piccolo => {
            std::panic::catch_unwind(|| run_piccolo(&text)).map_err(|_| "panic".to_string())??
        }
        Machine::Ours => run_ours(&text)?,
    };
    let (clock, trace) = output.split_once('\n').ok_or("no trace")?;
    Ok(Run {
        clock: clock.parse().map_err(|_| format!("no clock: {clock}"))?,
        trace: trace.to_owned(),
    })
}

/// Returns a chunk that runs a program in one VM and returns and prints what it has done.
fn whole_text(program: &Program, at: &[i64]) -> String {
    let chunk = program.render(Spelling::Oracle);
    let fires = program.render_fires();
    let due: Vec<String> = at.iter().map(i64::to_string).collect();
    let due = due.join(", ");
    format!(
        "return (function(...) {ORACLE} end)(function(...) {TRACE} end, function(...) {HARNESS} end, \
         {fires}, {{ {due} }}, function(...) {chunk} end)"
    )
}

fn run_ours(text: &str) -> Result<String, String> {
    let (output, end) = captured::run(text.as_bytes(), b"=program", &[], LIMITS);
    match end {
        End::Finished => Ok(String::from_utf8_lossy(&output).into_owned()),
        End::Failed(message) => Err(message),
        End::Interrupted(interrupt) => Err(interrupt.to_string()),
    }
}

fn run_piccolo(text: &str) -> Result<String, String> {
    let mut lua = piccolo::Lua::core();
    // In one go, so that piccolo collects no garbage meanwhile: tables whose removed keys have been collected
    // panic when they grow.
    lua.enter(|ctx| {
        let result = Closure::load(ctx, Some("program"), text.as_bytes()).map(|closure| {
            let executor = Executor::start(ctx, closure.into(), ());
            let mut left = LIMITS.fuel;
            while left > 0 {
                let mut fuel = Fuel::with(100_000);
                if executor.step(ctx, &mut fuel) {
                    let result = executor.take_result::<piccolo::String<'_>>(ctx);
                    return match result.expect("the executor has finished") {
                        Ok(text) => Ok(String::from_utf8_lossy(text.as_bytes()).into_owned()),
                        Err(error) => Err(error.to_string()),
                    };
                }
                left = left.saturating_sub(100_000);
            }
            Err("piccolo does not come to an end".to_owned())
        });
        result.unwrap_or_else(|error| Err(error.to_string()))
    })
}
