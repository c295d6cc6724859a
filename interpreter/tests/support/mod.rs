//! Runs snippets of Lua for the tests of this folder.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod sources;

use interpreter::{Context, Failure, Interrupt, Lua, Options, Outcome, Task};

/// How a snippet ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Its results, as `tostring` shows numbers, strings, booleans and nil.
    Returned(Vec<String>),
    /// The error message.
    Raised(String),
    Interrupted(Interrupt),
    /// It was still running when the slices were used up.
    Unfinished,
}

impl End {
    /// Shorthand for the end of a snippet that returns one string.
    pub(crate) fn text(text: &str) -> End {
        End::Returned(vec![text.to_owned()])
    }
}

/// Loads a chunk and makes a task of it.
///
/// # Panics
///
/// When it does not load.
pub(crate) fn start(lua: &mut Lua, chunk: &[u8]) -> Task {
    try_start(lua, chunk).expect("the chunk loads")
}

/// Loads a chunk and makes a task of it, or returns the message why not.
pub(crate) fn try_start(lua: &mut Lua, chunk: &[u8]) -> Result<Task, String> {
    lua.enter(|ctx| {
        let prototype = ctx
            .load(chunk, b"=test")
            .map_err(|error| error.to_string())?;
        let function = ctx.main_function(prototype, ctx.globals());
        Ok(ctx.task(function, &[]))
    })
}

fn show(value: interpreter::Value<'_>) -> String {
    match value.as_string() {
        Some(string) => String::from_utf8_lossy(string.as_bytes()).into_owned(),
        None => format!("{value:?}"),
    }
}

/// Runs a task to its end, or for so many slices.
pub(crate) fn finish(lua: &mut Lua, task: &mut Task, fuel: u64, slices: usize) -> End {
    for _ in 0..slices {
        match lua.run(task, fuel) {
            Outcome::OutOfFuel => {}
            Outcome::Finished => {
                return End::Returned(
                    lua.enter(|ctx: Context<'_>| ctx.results(task).into_iter().map(show).collect()),
                );
            }
            Outcome::Failed(Failure::Error { value, .. }) => {
                return End::Raised(lua.enter(|ctx| show(ctx.unstash(value))));
            }
            Outcome::Failed(Failure::Interrupted(interrupt)) => return End::Interrupted(interrupt),
            Outcome::Suspended => panic!("nothing here suspends"),
        }
    }
    End::Unfinished
}

/// Runs a snippet in a new VM.
pub(crate) fn run_with(options: Options, source: &str) -> End {
    let mut lua = Lua::new(options);
    let mut task = start(&mut lua, source.as_bytes());
    finish(&mut lua, &mut task, 100_000, 10_000)
}

/// Runs a snippet in a new VM without limits.
pub(crate) fn run(source: &str) -> End {
    run_with(Options::default(), source)
}
