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

/// Fuel after which it is seen how much memory piccolo has taken, which has no limit of its own.
const STEP: u64 = 1000;

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

/// When callbacks are due: at readings of the clock, or at the end (-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due<'a> {
    pub(super) at: &'a [i64],
    /// A bit for each callback that lands before a resumption (`HERE`) instead of at the next tick.
    pub(super) early: u32,
}

impl Due<'_> {
    fn moments(self) -> impl Iterator<Item = f64> {
        let early = move |index: u32| f64::from(self.early >> index & 1) / 2.0;
        (0..)
            .zip(self.at)
            .map(move |(index, &at)| at as f64 + early(index))
    }
}

/// Runs a program, with its callbacks where they are due: at readings of the clock, or at the end (-1).
///
/// # Errors
///
/// When the program itself fails, rather than a function of it.
pub fn run(machine: Machine, program: &Program, at: &[i64]) -> Result<Run, String> {
    run_when(machine, program, Due { at, early: 0 })
}

/// The same, with callbacks before resumptions.
pub(super) fn run_when(machine: Machine, program: &Program, due: Due<'_>) -> Result<Run, String> {
    match machine {
        Machine::Piccolo => run_piccolo(program, &[due]).remove(0),
        Machine::Ours => {
            let due: Vec<String> = due.moments().map(|at| at.to_string()).collect();
            let text = whole_text(program, &format!("{{ {} }}", due.join(", ")));
            parse(&run_ours(&text)?)
        }
    }
}

/// Returns a chunk that runs a program in one VM and returns and prints what it has done; `due` is an
/// expression for the table of the moments at which callbacks are due.
fn whole_text(program: &Program, due: &str) -> String {
    let chunk = program.render(Spelling::Oracle);
    let fires = program.render_fires();
    format!(
        "return (function(...) {ORACLE} end)(function(...) {TRACE} end, function(...) {HARNESS} end, \
         {fires}, {due}, function(...) {chunk} end)"
    )
}

fn parse(output: &str) -> Result<Run, String> {
    let (clock, trace) = output.split_once('\n').ok_or("no trace")?;
    Ok(Run {
        clock: clock.parse().map_err(|_| format!("no clock: {clock}"))?,
        trace: trace.to_owned(),
    })
}

fn run_ours(text: &str) -> Result<String, String> {
    let (output, end) = captured::run(text.as_bytes(), b"=program", &[], LIMITS);
    match end {
        End::Finished => Ok(String::from_utf8_lossy(&output).into_owned()),
        End::Failed(message) => Err(message),
        End::Interrupted(interrupt) => Err(interrupt.to_string()),
    }
}

/// Runs a program in piccolo once for each list of moments. A VM that has panicked is of no more use, so
/// another one does the rest.
pub(super) fn run_piccolo(program: &Program, all: &[Due<'_>]) -> Vec<Result<Run, String>> {
    let text = whole_text(program, "...");
    let mut results = Vec::new();
    while results.len() < all.len() {
        if panics::are_caught(|| run_in_one_piccolo(&text, all, &mut results)) {
            results.push(Err("panic".to_owned()));
        }
    }
    results
}

/// Goes on behind the results that are there already.
fn run_in_one_piccolo(text: &str, all: &[Due<'_>], results: &mut Vec<Result<Run, String>>) {
    let mut lua = piccolo::Lua::core();
    // In one go, so that piccolo collects no garbage meanwhile: tables whose removed keys have been collected
    // panic when they grow.
    lua.enter(
        |ctx| match Closure::load(ctx, Some("program"), text.as_bytes()) {
            Ok(closure) => {
                for due in &all[results.len()..] {
                    let table = piccolo::Table::new(&ctx);
                    for (index, at) in (1_i64..).zip(due.moments()) {
                        let set = table.set(ctx, index, at);
                        set.expect("an integer can be a key");
                    }
                    let executor = Executor::start(ctx, closure.into(), table);
                    results.push(finish(ctx, executor).and_then(|output| parse(&output)));
                    if is_full(ctx) {
                        return;
                    }
                }
            }
            Err(error) => results.resize(all.len(), Err(error.to_string())),
        },
    );
}

fn finish<'gc>(ctx: piccolo::Context<'gc>, executor: Executor<'gc>) -> Result<String, String> {
    let mut left = LIMITS.fuel;
    while left > 0 {
        let mut fuel = Fuel::with(STEP as i32);
        if executor.step(ctx, &mut fuel) {
            let result = executor.take_result::<piccolo::String<'_>>(ctx);
            return match result.expect("the executor has finished") {
                Ok(text) => Ok(String::from_utf8_lossy(text.as_bytes()).into_owned()),
                Err(error) => Err(error.to_string()),
            };
        }
        if is_full(ctx) {
            return Err("piccolo takes too much memory".to_owned());
        }
        left = left.saturating_sub(STEP);
    }
    Err("piccolo does not come to an end".to_owned())
}

fn is_full(ctx: piccolo::Context<'_>) -> bool {
    ctx.metrics().total_allocation() > LIMITS.memory
}

/// Panics that are expected, and of which nobody need hear.
mod panics {
    use std::cell::Cell;
    use std::panic::{self, AssertUnwindSafe};
    use std::sync::Once;

    thread_local! {
        static IS_QUIET: Cell<bool> = const { Cell::new(false) };
    }

    /// Calls a function and returns whether it has panicked.
    pub(super) fn are_caught(call: impl FnOnce()) -> bool {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(|| {
            let loud = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                if !IS_QUIET.get() {
                    loud(info);
                }
            }));
        });
        IS_QUIET.set(true);
        let result = panic::catch_unwind(AssertUnwindSafe(call));
        IS_QUIET.set(false);
        result.is_err()
    }
}
